package maxim

// The names that earlier versions of the documented API had. Each does what its new name does.

// #include "shim.h"
import "C"

// Trace is the old name of AddTrace.
//
// Deprecated: use AddTrace.
func (s *Session) Trace(config TraceConfig) *Trace {
	s = some(s)
	c, err := config.c()
	return &Trace{s.child("Session.Trace", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_session_trace(s.handle, text(s.id), c)
	})}
}

// Event is the old name of AddEvent.
//
// Deprecated: use AddEvent.
func (s *Session) Event(event Event) error {
	s = some(s)
	return s.event("Session.Event", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_session_event(s.handle, text(s.id), config)
	})
}

// Feedback is the old name of AddFeedback.
//
// Deprecated: use AddFeedback.
func (s *Session) Feedback(feedback any) error {
	s = some(s)
	return s.withJSON("Session.Feedback", feedback, func(feedback C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_session_feedback(s.handle, text(s.id), feedback)
	})
}

// Generation is the old name of AddGeneration.
//
// Deprecated: use AddGeneration.
func (t *Trace) Generation(config GenerationConfig) *Generation {
	t = some(t)
	c, err := config.c()
	return &Generation{t.child("Trace.Generation", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_generation(t.handle, text(t.id), c)
	})}
}

// Retrieval is the old name of AddRetrieval.
//
// Deprecated: use AddRetrieval.
func (t *Trace) Retrieval(config RetrievalConfig) *Retrieval {
	t = some(t)
	c, err := config.c()
	return &Retrieval{t.child("Trace.Retrieval", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_retrieval(t.handle, text(t.id), c)
	})}
}

// Span is the old name of AddSpan.
//
// Deprecated: use AddSpan.
func (t *Trace) Span(config SpanConfig) *Span {
	t = some(t)
	c, err := config.c()
	return &Span{t.child("Trace.Span", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_trace_span(t.handle, text(t.id), c)
	})}
}

// Event is the old name of AddEvent.
//
// Deprecated: use AddEvent.
func (t *Trace) Event(event Event) error {
	t = some(t)
	return t.event("Trace.Event", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_trace_event(t.handle, text(t.id), config)
	})
}

// Feedback is the old name of AddFeedback.
//
// Deprecated: use AddFeedback.
func (t *Trace) Feedback(feedback any) error {
	t = some(t)
	return t.withJSON("Trace.Feedback", feedback, func(feedback C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_trace_feedback(t.handle, text(t.id), feedback)
	})
}

// Generation is the old name of AddGeneration.
//
// Deprecated: use AddGeneration.
func (s *Span) Generation(config GenerationConfig) *Generation {
	s = some(s)
	c, err := config.c()
	return &Generation{s.child("Span.Generation", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_generation(s.handle, text(s.id), c)
	})}
}

// Retrieval is the old name of AddRetrieval.
//
// Deprecated: use AddRetrieval.
func (s *Span) Retrieval(config RetrievalConfig) *Retrieval {
	s = some(s)
	c, err := config.c()
	return &Retrieval{s.child("Span.Retrieval", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_retrieval(s.handle, text(s.id), c)
	})}
}

// Span is the old name of AddSubSpan.
//
// Deprecated: use AddSubSpan.
func (s *Span) Span(config SpanConfig) *Span {
	s = some(s)
	c, err := config.c()
	return &Span{s.child("Span.Span", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_span(s.handle, text(s.id), c)
	})}
}

// Event is the old name of AddEvent.
//
// Deprecated: use AddEvent.
func (s *Span) Event(event Event) error {
	s = some(s)
	return s.event("Span.Event", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_span_event(s.handle, text(s.id), config)
	})
}

// Input is the old name of SetInput.
//
// Deprecated: use SetInput.
func (r *Retrieval) Input(input string) error {
	r = some(r)
	return r.done("Retrieval.Input", C.maxim_go_retrieval_input(r.handle, text(r.id), text(input)))
}

// Output is the old name of SetOutput.
//
// Deprecated: use SetOutput.
func (r *Retrieval) Output(documents any) error {
	r = some(r)
	return r.withJSON("Retrieval.Output", documents, func(documents C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_retrieval_output(r.handle, text(r.id), documents)
	})
}
