package maxim

// The calls that several kinds of entity have, each in one place. The methods stand on each kind, not on entity: a
// promoted method does not work on a nil pointer.

// #include "shim.h"
import "C"

import "time"

// AddTag adds one tag. A tag given again replaces the earlier value.
func (s *Session) AddTag(key, value string) error {
	s = some(s)
	return s.done("Session.AddTag", C.maxim_go_session_add_tag(s.handle, text(s.id), text(key), text(value)))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (t *Trace) AddTag(key, value string) error {
	t = some(t)
	return t.done("Trace.AddTag", C.maxim_go_trace_add_tag(t.handle, text(t.id), text(key), text(value)))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (s *Span) AddTag(key, value string) error {
	s = some(s)
	return s.done("Span.AddTag", C.maxim_go_span_add_tag(s.handle, text(s.id), text(key), text(value)))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (g *Generation) AddTag(key, value string) error {
	g = some(g)
	return g.done("Generation.AddTag", C.maxim_go_generation_add_tag(g.handle, text(g.id), text(key), text(value)))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (r *Retrieval) AddTag(key, value string) error {
	r = some(r)
	return r.done("Retrieval.AddTag", C.maxim_go_retrieval_add_tag(r.handle, text(r.id), text(key), text(value)))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (call *ToolCall) AddTag(key, value string) error {
	call = some(call)
	return call.done("ToolCall.AddTag", C.maxim_go_tool_call_add_tag(call.handle, text(call.id), text(key), text(value)))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (e *LoggedError) AddTag(key, value string) error {
	e = some(e)
	return e.done("LoggedError.AddTag", C.maxim_go_error_add_tag(e.handle, text(e.id), text(key), text(value)))
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (s *Session) AddMetadata(metadata any) error {
	s = some(s)
	return s.withJSON("Session.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_session_add_metadata(s.handle, text(s.id), metadata)
	})
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (t *Trace) AddMetadata(metadata any) error {
	t = some(t)
	return t.withJSON("Trace.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_trace_add_metadata(t.handle, text(t.id), metadata)
	})
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (s *Span) AddMetadata(metadata any) error {
	s = some(s)
	return s.withJSON("Span.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_span_add_metadata(s.handle, text(s.id), metadata)
	})
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (g *Generation) AddMetadata(metadata any) error {
	g = some(g)
	return g.withJSON("Generation.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_generation_add_metadata(g.handle, text(g.id), metadata)
	})
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (r *Retrieval) AddMetadata(metadata any) error {
	r = some(r)
	return r.withJSON("Retrieval.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_retrieval_add_metadata(r.handle, text(r.id), metadata)
	})
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (call *ToolCall) AddMetadata(metadata any) error {
	call = some(call)
	return call.withJSON("ToolCall.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_tool_call_add_metadata(call.handle, text(call.id), metadata)
	})
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (e *LoggedError) AddMetadata(metadata any) error {
	e = some(e)
	return e.withJSON("LoggedError.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_error_add_metadata(e.handle, text(e.id), metadata)
	})
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (s *Session) AddMetric(name string, value float64) error {
	s = some(s)
	return s.done("Session.AddMetric", C.maxim_go_session_add_metric(s.handle, text(s.id), text(name), C.double(value)))
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (t *Trace) AddMetric(name string, value float64) error {
	t = some(t)
	return t.done("Trace.AddMetric", C.maxim_go_trace_add_metric(t.handle, text(t.id), text(name), C.double(value)))
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (s *Span) AddMetric(name string, value float64) error {
	s = some(s)
	return s.done("Span.AddMetric", C.maxim_go_span_add_metric(s.handle, text(s.id), text(name), C.double(value)))
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (g *Generation) AddMetric(name string, value float64) error {
	g = some(g)
	return g.done("Generation.AddMetric", C.maxim_go_generation_add_metric(g.handle, text(g.id), text(name), C.double(value)))
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (r *Retrieval) AddMetric(name string, value float64) error {
	r = some(r)
	return r.done("Retrieval.AddMetric", C.maxim_go_retrieval_add_metric(r.handle, text(r.id), text(name), C.double(value)))
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (call *ToolCall) AddMetric(name string, value float64) error {
	call = some(call)
	return call.done("ToolCall.AddMetric", C.maxim_go_tool_call_add_metric(call.handle, text(call.id), text(name), C.double(value)))
}

// AddEvent adds an event, at the time of the call.
func (s *Session) AddEvent(event Event) error {
	s = some(s)
	return s.event("Session.AddEvent", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_session_add_event(s.handle, text(s.id), config)
	})
}

// AddEvent adds an event, at the time of the call.
func (t *Trace) AddEvent(event Event) error {
	t = some(t)
	return t.event("Trace.AddEvent", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_trace_add_event(t.handle, text(t.id), config)
	})
}

// AddEvent adds an event, at the time of the call.
func (s *Span) AddEvent(event Event) error {
	s = some(s)
	return s.event("Span.AddEvent", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_span_add_event(s.handle, text(s.id), config)
	})
}

// AddEvent adds an event, at the time of the call.
func (g *Generation) AddEvent(event Event) error {
	g = some(g)
	return g.event("Generation.AddEvent", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_generation_add_event(g.handle, text(g.id), config)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (s *Session) AddAttachment(attachment Attachment) error {
	s = some(s)
	return s.attach("Session.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_session_add_attachment(s.handle, text(s.id), c)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (t *Trace) AddAttachment(attachment Attachment) error {
	t = some(t)
	return t.attach("Trace.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_trace_add_attachment(t.handle, text(t.id), c)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (s *Span) AddAttachment(attachment Attachment) error {
	s = some(s)
	return s.attach("Span.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_span_add_attachment(s.handle, text(s.id), c)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (g *Generation) AddAttachment(attachment Attachment) error {
	g = some(g)
	return g.attach("Generation.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_generation_add_attachment(g.handle, text(g.id), c)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (r *Retrieval) AddAttachment(attachment Attachment) error {
	r = some(r)
	return r.attach("Retrieval.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_retrieval_add_attachment(r.handle, text(r.id), c)
	})
}

// AddFeedback adds a user's feedback: a JSON object with a score, and comment, tags or whatever else there is.
func (s *Session) AddFeedback(feedback any) error {
	s = some(s)
	return s.withJSON("Session.AddFeedback", feedback, func(feedback C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_session_add_feedback(s.handle, text(s.id), feedback)
	})
}

// AddFeedback adds a user's feedback: a JSON object with a score, and comment, tags or whatever else there is.
func (t *Trace) AddFeedback(feedback any) error {
	t = some(t)
	return t.withJSON("Trace.AddFeedback", feedback, func(feedback C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_trace_add_feedback(t.handle, text(t.id), feedback)
	})
}

// EvaluateWithEvaluators has the session evaluated by the evaluators named, at least one.
func (s *Session) EvaluateWithEvaluators(evaluators ...string) error {
	s = some(s)
	return s.evaluate("Session.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_session_evaluate_with_evaluators(s.handle, text(s.id), names)
	})
}

// EvaluateWithEvaluators has the trace evaluated by the evaluators named, at least one.
func (t *Trace) EvaluateWithEvaluators(evaluators ...string) error {
	t = some(t)
	return t.evaluate("Trace.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_trace_evaluate_with_evaluators(t.handle, text(t.id), names)
	})
}

// EvaluateWithEvaluators has the span evaluated by the evaluators named, at least one.
func (s *Span) EvaluateWithEvaluators(evaluators ...string) error {
	s = some(s)
	return s.evaluate("Span.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_span_evaluate_with_evaluators(s.handle, text(s.id), names)
	})
}

// EvaluateWithEvaluators has the generation evaluated by the evaluators named, at least one.
func (g *Generation) EvaluateWithEvaluators(evaluators ...string) error {
	g = some(g)
	return g.evaluate("Generation.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_generation_evaluate_with_evaluators(g.handle, text(g.id), names)
	})
}

// EvaluateWithEvaluators has the retrieval evaluated by the evaluators named, at least one.
func (r *Retrieval) EvaluateWithEvaluators(evaluators ...string) error {
	r = some(r)
	return r.evaluate("Retrieval.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_retrieval_evaluate_with_evaluators(r.handle, text(r.id), names)
	})
}

// EvaluateWithVariables has the session evaluated with values for the evaluators' variables (a JSON
// object) by the evaluators named, at least one.
func (s *Session) EvaluateWithVariables(variables any, evaluators ...string) error {
	s = some(s)
	return s.evaluateWith("Session.EvaluateWithVariables", variables, evaluators,
		func(variables, names C.maxim_str) *C.maxim_go_failure {
			return C.maxim_go_session_evaluate_with_variables(s.handle, text(s.id), variables, names)
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

// EvaluateWithVariables has the span evaluated with values for the evaluators' variables (a JSON
// object) by the evaluators named, at least one.
func (s *Span) EvaluateWithVariables(variables any, evaluators ...string) error {
	s = some(s)
	return s.evaluateWith("Span.EvaluateWithVariables", variables, evaluators,
		func(variables, names C.maxim_str) *C.maxim_go_failure {
			return C.maxim_go_span_evaluate_with_variables(s.handle, text(s.id), variables, names)
		})
}

// EvaluateWithVariables has the generation evaluated with values for the evaluators' variables (a JSON
// object) by the evaluators named, at least one.
func (g *Generation) EvaluateWithVariables(variables any, evaluators ...string) error {
	g = some(g)
	return g.evaluateWith("Generation.EvaluateWithVariables", variables, evaluators,
		func(variables, names C.maxim_str) *C.maxim_go_failure {
			return C.maxim_go_generation_evaluate_with_variables(g.handle, text(g.id), variables, names)
		})
}

// EvaluateWithVariables has the retrieval evaluated with values for the evaluators' variables (a JSON
// object) by the evaluators named, at least one.
func (r *Retrieval) EvaluateWithVariables(variables any, evaluators ...string) error {
	r = some(r)
	return r.evaluateWith("Retrieval.EvaluateWithVariables", variables, evaluators,
		func(variables, names C.maxim_str) *C.maxim_go_failure {
			return C.maxim_go_retrieval_evaluate_with_variables(r.handle, text(r.id), variables, names)
		})
}

// SetStartTimestamp sets when the session began (years 1 to 9999).
func (s *Session) SetStartTimestamp(at time.Time) error {
	s = some(s)
	return s.done("Session.SetStartTimestamp", C.maxim_go_session_set_start_timestamp(s.handle, text(s.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetStartTimestamp sets when the trace began (years 1 to 9999).
func (t *Trace) SetStartTimestamp(at time.Time) error {
	t = some(t)
	return t.done("Trace.SetStartTimestamp", C.maxim_go_trace_set_start_timestamp(t.handle, text(t.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetStartTimestamp sets when the span began (years 1 to 9999).
func (s *Span) SetStartTimestamp(at time.Time) error {
	s = some(s)
	return s.done("Span.SetStartTimestamp", C.maxim_go_span_set_start_timestamp(s.handle, text(s.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetStartTimestamp sets when the generation began (years 1 to 9999).
func (g *Generation) SetStartTimestamp(at time.Time) error {
	g = some(g)
	return g.done("Generation.SetStartTimestamp", C.maxim_go_generation_set_start_timestamp(g.handle, text(g.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetStartTimestamp sets when the retrieval began (years 1 to 9999).
func (r *Retrieval) SetStartTimestamp(at time.Time) error {
	r = some(r)
	return r.done("Retrieval.SetStartTimestamp", C.maxim_go_retrieval_set_start_timestamp(r.handle, text(r.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetStartTimestamp sets when the tool call began (years 1 to 9999).
func (call *ToolCall) SetStartTimestamp(at time.Time) error {
	call = some(call)
	return call.done("ToolCall.SetStartTimestamp", C.maxim_go_tool_call_set_start_timestamp(call.handle, text(call.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the session ended (years 1 to 9999).
func (s *Session) SetEndTimestamp(at time.Time) error {
	s = some(s)
	return s.done("Session.SetEndTimestamp", C.maxim_go_session_set_end_timestamp(s.handle, text(s.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the trace ended (years 1 to 9999).
func (t *Trace) SetEndTimestamp(at time.Time) error {
	t = some(t)
	return t.done("Trace.SetEndTimestamp", C.maxim_go_trace_set_end_timestamp(t.handle, text(t.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the span ended (years 1 to 9999).
func (s *Span) SetEndTimestamp(at time.Time) error {
	s = some(s)
	return s.done("Span.SetEndTimestamp", C.maxim_go_span_set_end_timestamp(s.handle, text(s.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the generation ended (years 1 to 9999).
func (g *Generation) SetEndTimestamp(at time.Time) error {
	g = some(g)
	return g.done("Generation.SetEndTimestamp", C.maxim_go_generation_set_end_timestamp(g.handle, text(g.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the retrieval ended (years 1 to 9999).
func (r *Retrieval) SetEndTimestamp(at time.Time) error {
	r = some(r)
	return r.done("Retrieval.SetEndTimestamp", C.maxim_go_retrieval_set_end_timestamp(r.handle, text(r.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the tool call ended (years 1 to 9999).
func (call *ToolCall) SetEndTimestamp(at time.Time) error {
	call = some(call)
	return call.done("ToolCall.SetEndTimestamp", C.maxim_go_tool_call_set_end_timestamp(call.handle, text(call.id), C.int64_t(inRange(at).UnixMicro())))
}

// End ends the session, at the time of the call.
func (s *Session) End() error {
	s = some(s)
	return s.done("Session.End", C.maxim_go_session_end(s.handle, text(s.id)))
}

// End ends the trace, at the time of the call.
func (t *Trace) End() error {
	t = some(t)
	return t.done("Trace.End", C.maxim_go_trace_end(t.handle, text(t.id)))
}

// End ends the span, at the time of the call.
func (s *Span) End() error {
	s = some(s)
	return s.done("Span.End", C.maxim_go_span_end(s.handle, text(s.id)))
}

// End ends the generation, at the time of the call.
func (g *Generation) End() error {
	g = some(g)
	return g.done("Generation.End", C.maxim_go_generation_end(g.handle, text(g.id)))
}

// End ends the retrieval, at the time of the call.
func (r *Retrieval) End() error {
	r = some(r)
	return r.done("Retrieval.End", C.maxim_go_retrieval_end(r.handle, text(r.id)))
}

// End ends the tool call, at the time of the call.
func (call *ToolCall) End() error {
	call = some(call)
	return call.done("ToolCall.End", C.maxim_go_tool_call_end(call.handle, text(call.id)))
}
