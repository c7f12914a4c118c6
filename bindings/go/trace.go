package maxim

// Traces.

// #include "shim.h"
import "C"

import (
	"fmt"
	"time"
)

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

// AddSpan makes a span in the trace.
func (t *Trace) AddSpan(config SpanConfig) *Span {
	t = some(t)
	c, err := config.c()
	return &Span{t.child("Trace.AddSpan", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_add_span(t.handle, text(t.id), c)
	})}
}

// AddGeneration makes a generation in the trace.
func (t *Trace) AddGeneration(config GenerationConfig) *Generation {
	t = some(t)
	c, err := config.c()
	return &Generation{t.child("Trace.AddGeneration", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_add_generation(t.handle, text(t.id), c)
	})}
}

// AddRetrieval makes a retrieval in the trace.
func (t *Trace) AddRetrieval(config RetrievalConfig) *Retrieval {
	t = some(t)
	c, err := config.c()
	return &Retrieval{t.child("Trace.AddRetrieval", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_add_retrieval(t.handle, text(t.id), c)
	})}
}

// AddToolCall makes a tool call in the trace.
func (t *Trace) AddToolCall(config ToolCallConfig) *ToolCall {
	t = some(t)
	c, err := config.c()
	return &ToolCall{t.child("Trace.AddToolCall", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_add_tool_call(t.handle, text(t.id), c)
	})}
}

// AddError logs an error in the trace. Its message is required.
func (t *Trace) AddError(config ErrorConfig) error {
	t = some(t)
	c, err := config.c()
	if err := t.logger.to().unfit("Trace.AddError", err); err != nil {
		return err
	}
	return t.done("Trace.AddError", C.maxim_go_trace_add_error(t.handle, text(t.id), c).failure)
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

// AddTag adds one tag. A tag given again replaces the earlier value.
func (t *Trace) AddTag(key, value string) error {
	t = some(t)
	return t.done("Trace.AddTag", C.maxim_go_trace_add_tag(t.handle, text(t.id), text(key), text(value)))
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (t *Trace) AddMetadata(metadata any) error {
	t = some(t)
	return t.withJSON("Trace.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_trace_add_metadata(t.handle, text(t.id), metadata)
	})
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (t *Trace) AddMetric(name string, value float64) error {
	t = some(t)
	return t.done("Trace.AddMetric", C.maxim_go_trace_add_metric(t.handle, text(t.id), text(name), C.double(value)))
}

// AddEvent adds an event, at the time of the call.
func (t *Trace) AddEvent(event Event) error {
	t = some(t)
	return t.event("Trace.AddEvent", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_trace_add_event(t.handle, text(t.id), config)
	})
}

// AddFeedback adds a user's feedback: a JSON object with a score, and comment, tags or whatever else there is.
func (t *Trace) AddFeedback(feedback any) error {
	t = some(t)
	return t.withJSON("Trace.AddFeedback", feedback, func(feedback C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_trace_add_feedback(t.handle, text(t.id), feedback)
	})
}

// EvaluateWithEvaluators has the trace evaluated by the evaluators named, at least one.
func (t *Trace) EvaluateWithEvaluators(evaluators ...string) error {
	t = some(t)
	return t.evaluate("Trace.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_trace_evaluate_with_evaluators(t.handle, text(t.id), names)
	})
}

// EvaluateWithVariables has the trace evaluated with values for the evaluators' variables (a JSON
// object) by the evaluators named, at least one.
func (t *Trace) EvaluateWithVariables(variables any, evaluators ...string) error {
	t = some(t)
	return t.evaluateWith("Trace.EvaluateWithVariables", variables, evaluators,
		func(variables, names C.maxim_str) *C.maxim_go_failure {
			return C.maxim_go_trace_evaluate_with_variables(t.handle, text(t.id), variables, names)
		})
}

// SetStartTimestamp sets when the trace began (years 1 to 9999).
func (t *Trace) SetStartTimestamp(at time.Time) error {
	t = some(t)
	return t.done("Trace.SetStartTimestamp", C.maxim_go_trace_set_start_timestamp(t.handle, text(t.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the trace ended (years 1 to 9999).
func (t *Trace) SetEndTimestamp(at time.Time) error {
	t = some(t)
	return t.done("Trace.SetEndTimestamp", C.maxim_go_trace_set_end_timestamp(t.handle, text(t.id), C.int64_t(inRange(at).UnixMicro())))
}

// End ends the trace, at the time of the call.
func (t *Trace) End() error {
	t = some(t)
	return t.done("Trace.End", C.maxim_go_trace_end(t.handle, text(t.id)))
}
