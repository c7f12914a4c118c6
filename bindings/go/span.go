package maxim

// Spans.

// #include "shim.h"
import "C"

import "time"

// Span is a step within a trace.
type Span struct{ entity }

// Span is the span with this id, made before, perhaps by another process.
func (l *Logger) Span(id string) *Span { return &Span{l.existing(id)} }

// AddGeneration makes a generation in the span.
func (s *Span) AddGeneration(config GenerationConfig) *Generation {
	s = some(s)
	c, err := config.c()
	return &Generation{s.child("Span.AddGeneration", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_add_generation(s.handle, text(s.id), c)
	})}
}

// AddRetrieval makes a retrieval in the span.
func (s *Span) AddRetrieval(config RetrievalConfig) *Retrieval {
	s = some(s)
	c, err := config.c()
	return &Retrieval{s.child("Span.AddRetrieval", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_add_retrieval(s.handle, text(s.id), c)
	})}
}

// AddToolCall makes a tool call in the span.
func (s *Span) AddToolCall(config ToolCallConfig) *ToolCall {
	s = some(s)
	c, err := config.c()
	return &ToolCall{s.child("Span.AddToolCall", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_add_tool_call(s.handle, text(s.id), c)
	})}
}

// AddSubSpan makes a span in the span.
func (s *Span) AddSubSpan(config SpanConfig) *Span {
	s = some(s)
	c, err := config.c()
	return &Span{s.child("Span.AddSubSpan", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_add_sub_span(s.handle, text(s.id), c)
	})}
}

// AddError logs an error in the span. Its message is required.
func (s *Span) AddError(config ErrorConfig) error {
	s = some(s)
	c, err := config.c()
	if err := s.logger.to().unfit("Span.AddError", err); err != nil {
		return err
	}
	return s.done("Span.AddError", C.maxim_go_span_add_error(s.handle, text(s.id), c).failure)
}

// SetInput sets what the span works on.
func (s *Span) SetInput(input string) error {
	s = some(s)
	return s.done("Span.SetInput", C.maxim_go_span_set_input(s.handle, text(s.id), text(input)))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (s *Span) AddTag(key, value string) error {
	s = some(s)
	return s.done("Span.AddTag", C.maxim_go_span_add_tag(s.handle, text(s.id), text(key), text(value)))
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (s *Span) AddMetadata(metadata any) error {
	s = some(s)
	return s.withJSON("Span.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_span_add_metadata(s.handle, text(s.id), metadata)
	})
}

// AddEvent adds an event, at the time of the call.
func (s *Span) AddEvent(event Event) error {
	s = some(s)
	return s.event("Span.AddEvent", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_span_add_event(s.handle, text(s.id), config)
	})
}

// EvaluateWithEvaluators has the span evaluated by the evaluators named, at least one.
func (s *Span) EvaluateWithEvaluators(evaluators ...string) error {
	s = some(s)
	return s.evaluate("Span.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_span_evaluate_with_evaluators(s.handle, text(s.id), names)
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

// SetStartTimestamp sets when the span began (years 1 to 9999).
func (s *Span) SetStartTimestamp(at time.Time) error {
	s = some(s)
	return s.done("Span.SetStartTimestamp", C.maxim_go_span_set_start_timestamp(s.handle, text(s.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the span ended (years 1 to 9999).
func (s *Span) SetEndTimestamp(at time.Time) error {
	s = some(s)
	return s.done("Span.SetEndTimestamp", C.maxim_go_span_set_end_timestamp(s.handle, text(s.id), C.int64_t(inRange(at).UnixMicro())))
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (s *Span) AddMetric(name string, value float64) error {
	s = some(s)
	return s.done("Span.AddMetric", C.maxim_go_span_add_metric(s.handle, text(s.id), text(name), C.double(value)))
}

// End ends the span, at the time of the call.
func (s *Span) End() error {
	s = some(s)
	return s.done("Span.End", C.maxim_go_span_end(s.handle, text(s.id)))
}
