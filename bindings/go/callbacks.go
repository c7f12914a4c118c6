package maxim

// The functions that the library calls, on threads of its own. What they were given is copied before
// they return; what they call is the program's, so nothing is locked here.

// #cgo CFLAGS: -I${SRCDIR}/../../include
// #include "callbacks.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime/cgo"
	"sync/atomic"
	"time"
)

// hooks are the program's functions that a logger or client tells about its work. They hold no
// reference to it, so that a logger that nobody knows any more can be collected.
type hooks struct {
	onError func(error)
	onDebug func(string)
	mask    MaskFunc
}

// report tells the program of an error, if it wants to know. The library warns of what it refuses without a hook; but of
// a logger that was closed it knows nothing any more.
func (h *hooks) report(err error) {
	switch {
	case h == nil:
	case h.onError != nil:
		guarded("OnError", func() { h.onError(err) })
	case errors.Is(err, ErrClosed):
		warnOfClosed(err)
	}
}

// warningPause is how long another warning of calls after Close is kept back.
const warningPause = 10 * time.Second

// warned is when the last warning was written, in nanoseconds since the epoch; 0: never.
var warned atomic.Int64

// warnOfClosed writes a line to standard error, at most one in warningPause.
func warnOfClosed(err error) {
	now, last := time.Now().UnixNano(), warned.Load()
	if last != 0 && now-last < int64(warningPause) || os.Getenv("MAXIM_WARNINGS") == "0" || !warned.CompareAndSwap(last, now) {
		return
	}
	fmt.Fprintln(os.Stderr, err)
}

//export maximGoOnError
func maximGoOnError(userData C.uintptr_t, status C.int32_t, message *C.char, records C.uint64_t) {
	to := cgo.Handle(userData).Value().(*hooks)
	to.report(&Error{Op: "delivery", Code: Code(status), Detail: C.GoString(message), Records: uint64(records)})
}

//export maximGoOnDebug
func maximGoOnDebug(userData C.uintptr_t, message *C.char) {
	line := C.GoString(message)
	guarded("OnDebug", func() { cgo.Handle(userData).Value().(*hooks).onDebug(line) })
}

//export maximGoOnFlush
func maximGoOnFlush(userData C.uintptr_t, status C.int32_t, detail *C.char) {
	handle := cgo.Handle(userData)
	done := handle.Value().(chan *Error)
	handle.Delete()
	if status == 0 {
		done <- nil
	} else {
		done <- &Error{Code: Code(status), Detail: C.GoString(detail)}
	}
}
