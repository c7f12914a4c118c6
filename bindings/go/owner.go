package maxim

// What a Logger and a LogClient have in common: a handle of C's, the program's hooks, and how both are given back.

// #include "shim.h"
import "C"

import (
	"runtime"
	"runtime/cgo"
	"sync"
	"time"
	"unsafe"
)

// owner has the handle that calls are made with. A nil owner is that of a nil Logger or LogClient: C refuses its calls.
type owner struct {
	handle       C.uintptr_t
	hooks        *hooks
	closeTimeout C.uint32_t
	strict       bool
	free         func(owned)
	close        sync.Once
	closed       error
	cleanup      runtime.Cleanup
	release      owned
}

// owned is what a logger or client has to give back in C, and the hooks that C holds until then.
type owned struct {
	handle C.uintptr_t
	hooks  cgo.Handle
}

// freed gives back what was owned; `free` is C's function of its kind. No hook runs after this returns.
func freed(o owned, free func(C.uintptr_t) *C.maxim_go_failure) {
	C.free(unsafe.Pointer(free(o.handle)))
	o.hooks.Delete()
}

// open takes over what create makes in C, and the hooks that C holds until it is freed.
func (o *owner) open(op string, h *hooks, strict bool, timeout time.Duration, free func(owned),
	create func(hooks C.uintptr_t, onError, onDebug, mask C.bool) C.maxim_go_handle) error {
	held := h.hold()
	made := create(C.uintptr_t(held), C.bool(h.onError != nil), C.bool(h.onDebug != nil), C.bool(h.mask != nil))
	if made.failure != nil {
		held.Delete()
		return failed(op, made.failure)
	}
	o.hooks, o.strict, o.closeTimeout = h, strict, closeTimeout(timeout)
	o.handle, o.release, o.free = made.handle, owned{made.handle, held}, free
	return nil
}

// c is the handle as C has it; nil has none, which C refuses.
func (o *owner) c() C.uintptr_t {
	if o == nil {
		return 0
	}
	return o.handle
}

// unfit is the refusal of a value that has no JSON; nil where what was made of it is sent instead.
func (o *owner) unfit(op string, err error) error {
	if err == nil || o == nil || !o.strict {
		return nil
	}
	return o.refuse(refused(op, ErrInvalidJSON, err.Error()))
}

// done gives the error of a call, and tells OnError of it.
func (o *owner) done(op string, failure *C.maxim_go_failure) error {
	// The owner must outlive the call, or its cleanup might run during it.
	runtime.KeepAlive(o)
	if failure == nil {
		return nil
	}
	return o.refuse(failed(op, failure))
}

// refuse tells OnError of an error and gives it back.
func (o *owner) refuse(err error) error {
	if o != nil {
		o.hooks.report(err)
	}
	return err
}

// shut sends what is held with C's function for that, and gives the handle back. Later calls wait for the first and
// return what it returned.
func (o *owner) shut(op string, send func(handle C.uintptr_t, timeout C.uint32_t) *C.maxim_go_failure) error {
	if o.c() == 0 {
		return nil
	}
	o.close.Do(func() {
		o.cleanup.Stop()
		o.closed = o.done(op, send(o.handle, o.closeTimeout))
		o.free(o.release)
	})
	return o.closed
}
