package maxim

// The calls that make an entity in another one, and those that log an error.

// #include "shim.h"
import "C"

// AddTrace makes a trace in the session.
func (s *Session) AddTrace(config TraceConfig) *Trace {
	s = some(s)
	c, err := config.c()
	return &Trace{s.child("Session.AddTrace", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_session_add_trace(s.handle, text(s.id), c)
	})}
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

// AddGeneration makes a generation in the span.
func (s *Span) AddGeneration(config GenerationConfig) *Generation {
	s = some(s)
	c, err := config.c()
	return &Generation{s.child("Span.AddGeneration", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_add_generation(s.handle, text(s.id), c)
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

// AddRetrieval makes a retrieval in the span.
func (s *Span) AddRetrieval(config RetrievalConfig) *Retrieval {
	s = some(s)
	c, err := config.c()
	return &Retrieval{s.child("Span.AddRetrieval", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_span_add_retrieval(s.handle, text(s.id), c)
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

// AddError logs an error in the trace. Its message is required.
func (t *Trace) AddError(config ErrorConfig) error {
	t = some(t)
	c, err := config.c()
	if err := t.logger.to().unfit("Trace.AddError", err); err != nil {
		return err
	}
	return t.done("Trace.AddError", C.maxim_go_trace_add_error(t.handle, text(t.id), c).failure)
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

// Error logs that the model failed, and ends the generation. Message, Code and Type are used.
func (g *Generation) Error(config ErrorConfig) error {
	g = some(g)
	c, err := config.c()
	if err := g.logger.to().unfit("Generation.Error", err); err != nil {
		return err
	}
	return g.done("Generation.Error", C.maxim_go_generation_error(g.handle, text(g.id), c))
}

// Error logs that the tool failed, and ends the tool call. Message, Code and Type are used.
func (call *ToolCall) Error(config ErrorConfig) error {
	call = some(call)
	c, err := config.c()
	if err := call.logger.to().unfit("ToolCall.Error", err); err != nil {
		return err
	}
	return call.done("ToolCall.Error", C.maxim_go_tool_call_error(call.handle, text(call.id), c))
}
