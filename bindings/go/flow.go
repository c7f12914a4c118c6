package maxim

// Flows: entries that belong together, with an index each.

// #include "shim_applog.h"
import "C"

import (
	"context"
	"runtime"
	"sync"
	"unsafe"
)

// Flow numbers its entries: steps are unique and without gaps, from whichever goroutine they come. An
// entry below the client's MinLevel is no step.
type Flow struct {
	client   *LogClient
	handle   C.uintptr_t
	id, name string
	close    sync.Once
	cleanup  runtime.Cleanup
}

// NewFlow makes a flow whose id is its name and eight random characters.
func (c *LogClient) NewFlow(name string) (*Flow, error) {
	return c.flow("LogClient.NewFlow", C.maxim_go_flow_new(c.to().c(), text(name)))
}

// NewRemoteFlow makes a flow whose id the service gives. It waits for the answer up to the context's
// deadline.
func (c *LogClient) NewRemoteFlow(ctx context.Context, name string) (*Flow, error) {
	var flow *Flow
	err := wait(ctx, func(timeout C.uint32_t) (err error) {
		flow, err = c.flow("LogClient.NewRemoteFlow", C.maxim_go_flow_new_remote(c.to().c(), text(name), timeout))
		return err
	})
	return flow, err
}

func (c *LogClient) flow(op string, made C.maxim_go_handle) (*Flow, error) {
	if err := c.to().done(op, made.failure); err != nil {
		return nil, err
	}
	f := &Flow{
		client: c,
		handle: made.handle,
		id:     C.GoString(C.maxim_go_flow_id(made.handle)),
		name:   C.GoString(C.maxim_go_flow_name(made.handle)),
	}
	f.cleanup = runtime.AddCleanup(f, freeFlow, made.handle)
	return f, nil
}

func freeFlow(handle C.uintptr_t) {
	C.free(unsafe.Pointer(C.maxim_go_flow_free(handle)))
}

// Close gives the flow back; it sends nothing and need not be called. Later entries are ErrClosed.
func (f *Flow) Close() error {
	if f == nil || f.handle == 0 {
		return nil
	}
	f.close.Do(func() {
		f.cleanup.Stop()
		freeFlow(f.handle)
	})
	return nil
}

// ID is the flow's id.
func (f *Flow) ID() string { return some(f).id }

// Name is the flow's name.
func (f *Flow) Name() string { return some(f).name }

// StepIndex is the index that the next entry gets; -1 after Close.
func (f *Flow) StepIndex() int {
	index := int(C.maxim_go_flow_step_index(f.c()))
	runtime.KeepAlive(f)
	return index
}

func (f *Flow) done(op string, failure *C.maxim_go_failure) error {
	runtime.KeepAlive(f)
	return f.to().done(op, failure)
}

// c is the flow as C has it; nil is none, which C refuses.
func (f *Flow) c() C.uintptr_t {
	if f == nil {
		return 0
	}
	return f.handle
}

// to is the owner of the client that the flow logs to.
func (f *Flow) to() *owner {
	if f == nil {
		return nil
	}
	return f.client.to()
}

// Debug logs a step with data (a JSON object; nil: none) and tags.
func (f *Flow) Debug(message string, data any, tags ...string) error {
	return withEntry(f.to(), "Flow.Debug", data, tags, func(data, tags C.maxim_str) error {
		return f.done("Flow.Debug", C.maxim_go_flow_debug(f.c(), text(message), data, tags))
	})
}

// Info logs a step with data (a JSON object; nil: none) and tags.
func (f *Flow) Info(message string, data any, tags ...string) error {
	return withEntry(f.to(), "Flow.Info", data, tags, func(data, tags C.maxim_str) error {
		return f.done("Flow.Info", C.maxim_go_flow_info(f.c(), text(message), data, tags))
	})
}

// Warn logs a step with data (a JSON object; nil: none) and tags.
func (f *Flow) Warn(message string, data any, tags ...string) error {
	return withEntry(f.to(), "Flow.Warn", data, tags, func(data, tags C.maxim_str) error {
		return f.done("Flow.Warn", C.maxim_go_flow_warn(f.c(), text(message), data, tags))
	})
}

// Error logs a step with data (a JSON object; nil: none) and tags.
func (f *Flow) Error(message string, data any, tags ...string) error {
	return withEntry(f.to(), "Flow.Error", data, tags, func(data, tags C.maxim_str) error {
		return f.done("Flow.Error", C.maxim_go_flow_error(f.c(), text(message), data, tags))
	})
}

// ErrorWith logs a step about an error: its type, message and stack (see InfoFrom).
func (f *Flow) ErrorWith(message string, info ErrorInfo, tags ...string) error {
	return withEntry(f.to(), "Flow.ErrorWith", nil, tags, func(_, tags C.maxim_str) error {
		return f.done("Flow.ErrorWith", C.maxim_go_flow_error_with(f.c(), text(message), info.c(), tags))
	})
}
