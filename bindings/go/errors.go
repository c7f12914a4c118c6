package maxim

// #include "shim.h"
import "C"

import (
	"context"
	"strconv"
	"strings"
	"unsafe"
)

// Code says what kind of error it is. Each is an error itself, to be compared with errors.Is:
//
//	if errors.Is(err, maxim.ErrInvalidID) { … }
type Code int32

// The codes of the library. A handle cannot be made up in Go, so what C calls an invalid handle is a
// logger, client or flow that was closed: ErrClosed.
const (
	ErrNullPointer     Code = C.MAXIM_ERR_NULL_POINTER     // a zero value was used where New or its like must make one
	ErrInvalidHandle   Code = C.MAXIM_ERR_INVALID_HANDLE   // never returned; ErrClosed is
	ErrInvalidArgument Code = C.MAXIM_ERR_INVALID_ARGUMENT // an argument is out of its range
	ErrInvalidUTF8     Code = C.MAXIM_ERR_INVALID_UTF8     // a string is not UTF-8
	ErrInvalidJSON     Code = C.MAXIM_ERR_INVALID_JSON     // a value has no JSON, or not of the kind asked for
	ErrInvalidID       Code = C.MAXIM_ERR_INVALID_ID       // an id does not match [A-Za-z0-9_-]{1,256}
	ErrInvalidResult   Code = C.MAXIM_ERR_INVALID_RESULT   // a provider's result has a shape that is not known
	ErrClosed          Code = C.MAXIM_ERR_CLOSED           // the logger, client or flow has been closed
	ErrTimeout         Code = C.MAXIM_ERR_TIMEOUT          // the time ran out; what was not delivered is still held
	ErrSpoolFull       Code = C.MAXIM_ERR_SPOOL_FULL       // the configured space is full
	ErrTooLarge        Code = C.MAXIM_ERR_TOO_LARGE        // a record or attachment is above its limit
	ErrIO              Code = C.MAXIM_ERR_IO               // a file could not be read or written
	ErrNetwork         Code = C.MAXIM_ERR_NETWORK          // the service could not be reached
	ErrRejected        Code = C.MAXIM_ERR_REJECTED         // the service answered with an error
	ErrUnauthorized    Code = C.MAXIM_ERR_UNAUTHORIZED     // the service refused the API key
	ErrNotConfigured   Code = C.MAXIM_ERR_NOT_CONFIGURED   // no API key, repository or endpoint
	ErrFlowExhausted   Code = C.MAXIM_ERR_FLOW_EXHAUSTED   // a flow has used all of its step indices
	ErrPanic           Code = C.MAXIM_ERR_PANIC            // a bug in the library was caught at its boundary
	ErrNoResources     Code = C.MAXIM_ERR_NO_RESOURCES     // memory, a thread or the like could not be had
)

// Error gives the code's name in C, as "MAXIM_ERR_INVALID_ID".
func (c Code) Error() string {
	return C.GoString(C.maxim_status_str(C.maxim_status(c)))
}

// Error is what went wrong with one call, or, from OnError, with the delivery of records.
type Error struct {
	Op      string // the call, as "Trace.AddTag", or "delivery"
	Code    Code   // for errors.Is
	Detail  string // which argument, which limit, what to do
	Records uint64 // how many records it concerns; 0: none, or the one of the call
}

func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	text := "maxim: " + e.Op + ": "
	if e.Detail == "" {
		text += e.Code.Error()
	} else {
		text += e.Detail
	}
	if e.Records > 0 {
		text += " (" + strconv.FormatUint(e.Records, 10) + " records)"
	}
	return text
}

// Unwrap gives the code, so that errors.Is finds it. A time that ran out is context.DeadlineExceeded
// as well, whether the context or the library noticed first.
func (e *Error) Unwrap() []error {
	if e == nil {
		return nil
	}
	if e.Code == ErrTimeout {
		return []error{e.Code, context.DeadlineExceeded}
	}
	return []error{e.Code}
}

// failed makes an Error of what went wrong with a call, and frees what C said of it.
func failed(op string, failure *C.maxim_go_failure) *Error {
	err := &Error{Op: op, Code: Code(failure.status), Detail: C.GoString(C.maxim_go_detail(failure))}
	C.free(unsafe.Pointer(failure))
	if err.Code == ErrInvalidHandle {
		err.Code, err.Detail = ErrClosed, "closed"
	}
	return err
}

// refused is an error that Go finds before C is called.
func refused(op string, code Code, detail ...string) *Error {
	return &Error{Op: op, Code: code, Detail: strings.Join(detail, "")}
}
