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
//
// A handle cannot be made up in Go, so what C calls an invalid handle is a logger, client or flow that was closed:
// ErrClosed. A null pointer is a zero value where New or its like must make one.
type Code int32

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
