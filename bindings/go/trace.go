package maxim

// Traces.

// #include "shim.h"
import "C"

import "fmt"

// Trace is one request through the application.
type Trace struct{ entity }

// Trace is the trace with this id, made before, perhaps by another process.
func (l *Logger) Trace(id string) *Trace { return &Trace{l.existing(id)} }

// AddTrace makes a trace. If that fails, each call on it returns the error, as Err does.
func (l *Logger) AddTrace(config TraceConfig) *Trace {
	c, err := config.c()
	root := l.existing("")
	return &Trace{root.child("Logger.AddTrace", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_create(l.to().c(), c)
	})}
}

// AddTraceFrom makes a trace that goes on below another service's span, which the header traceparent (W3C Trace
// Context) of a request names. Err says when it is no such header; config has no ID.
func (l *Logger) AddTraceFrom(traceparent string, config TraceConfig) *Trace {
	c, err := config.c()
	root := l.existing("")
	return &Trace{root.child("Logger.AddTraceFrom", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_from_traceparent(l.to().c(), text(traceparent), c)
	})}
}

// TraceparentOf is the header traceparent of a span context of OpenTelemetry's own SDK, empty for one that is not valid:
//
//	trace := logger.AddTraceFrom(maxim.TraceparentOf(trace.SpanContextFromContext(ctx)), config)
//
// It asks for the methods of that type alone, so that this module does not depend on OpenTelemetry's.
func TraceparentOf[T ~[16]byte, S ~[8]byte, C interface {
	TraceID() T
	SpanID() S
	IsSampled() bool
	IsValid() bool
}](context C) string {
	if !context.IsValid() {
		return ""
	}
	sampled := 0
	if context.IsSampled() {
		sampled = 1
	}
	return fmt.Sprintf("00-%x-%x-%02x", [16]byte(context.TraceID()), [8]byte(context.SpanID()), sampled)
}

// Traceparent is the header traceparent (W3C Trace Context) for a request that is made from the trace.
func (t *Trace) Traceparent() string {
	t = some(t)
	return traceparent(t.id, EntityTrace, t.id)
}

// Traceparent is the header traceparent (W3C Trace Context) for a request that is made from the span, a span of this
// trace.
func (s *Span) Traceparent(trace *Trace) string {
	s = some(s)
	return traceparent(some(trace).id, EntitySpan, s.id)
}

// Traceparent is the header traceparent (W3C Trace Context) for the request of the generation, one of this trace.
func (g *Generation) Traceparent(trace *Trace) string {
	g = some(g)
	return traceparent(some(trace).id, EntityGeneration, g.id)
}

// Traceparent is the header traceparent (W3C Trace Context) for the requests of the tool call, one of this trace.
func (t *ToolCall) Traceparent(trace *Trace) string {
	t = some(t)
	return traceparent(some(trace).id, EntityToolCall, t.id)
}

// traceparent is empty for an id that is none.
func traceparent(trace string, entity Entity, id string) string {
	var header [C.MAXIM_TRACEPARENT_SIZE]C.char
	if C.maxim_go_span_traceparent(text(trace), C.int32_t(entity), text(id), &header[0]) != 0 {
		return ""
	}
	return C.GoString(&header[0])
}

// SetInput sets what the user asked.
func (t *Trace) SetInput(input string) error {
	t = some(t)
	return t.done("Trace.SetInput", C.maxim_go_trace_set_input(t.handle, text(t.id), text(input)))
}

// SetOutput sets what the application answered.
func (t *Trace) SetOutput(output string) error {
	t = some(t)
	return t.done("Trace.SetOutput", C.maxim_go_trace_set_output(t.handle, text(t.id), text(output)))
}

// AddToSession puts a trace that began without a session into one.
func (t *Trace) AddToSession(sessionID string) error {
	t = some(t)
	return t.done("Trace.AddToSession", C.maxim_go_trace_add_to_session(t.handle, text(t.id), text(sessionID)))
}
