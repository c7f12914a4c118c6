//go:build cgo

package maxim

// Traces and spans that nest through the context: what is started under a context goes to the span,
// trace or session that it carries.

import "context"

type (
	sessionKey struct{}
	parentKey  struct{}
)

// parent is what can hold spans and what happens in them: a trace or a span.
type parent interface {
	addSpan(SpanConfig) *Span
	AddGeneration(GenerationConfig) *Generation
	AddRetrieval(RetrievalConfig) *Retrieval
	AddToolCall(ToolCallConfig) *ToolCall
	AddError(ErrorConfig) error
}

func (t *Trace) addSpan(config SpanConfig) *Span { return t.AddSpan(config) }
func (s *Span) addSpan(config SpanConfig) *Span  { return s.AddSubSpan(config) }

// parentOf is the innermost span or trace of a context. Without one it is a trace whose calls all
// return ErrInvalidArgument, so that code that logs need not know whether its caller does.
func parentOf(ctx context.Context) parent {
	if p, ok := valueOf(ctx, parentKey{}).(parent); ok {
		return p
	}
	return &Trace{unmade(nil, refused("context", ErrInvalidArgument, "no trace or span in the context"))}
}

// valueOf is a context's value; of a context of the program's own that panics, none.
func valueOf(ctx context.Context, key any) (value any) {
	defer func() {
		if recover() != nil {
			value = nil
		}
	}()
	return orBackground(ctx).Value(key)
}

// orBackground is the context, or where a program has none, an empty one.
func orBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}

// with gives a context a value.
func with(ctx context.Context, key, value any) context.Context {
	return context.WithValue(orBackground(ctx), key, value)
}

// StartSession makes a session, and a context whose traces belong to it.
func (l *Logger) StartSession(ctx context.Context, config SessionConfig) (context.Context, *Session) {
	session := l.AddSession(config)
	return ContextWithSession(ctx, session), session
}

// StartTrace makes a trace, and a context whose spans, generations, retrievals and tool calls belong to
// it. If that fails, each call on it returns the error, as Err does; so does what is started under it.
func (l *Logger) StartTrace(ctx context.Context, config TraceConfig) (context.Context, *Trace) {
	var trace *Trace
	session, _ := valueOf(ctx, sessionKey{}).(*Session)
	switch {
	case session == nil || config.SessionID != "":
		trace = l.AddTrace(config)
	case session.err != nil:
		trace = &Trace{unmade(l, session.err)}
	default:
		config.SessionID = session.id
		trace = l.AddTrace(config)
	}
	return ContextWithTrace(ctx, trace), trace
}

// StartSpan makes a span in the context's span or trace, and a context whose spans, generations,
// retrievals and tool calls belong to it.
func StartSpan(ctx context.Context, config SpanConfig) (context.Context, *Span) {
	span := parentOf(ctx).addSpan(config)
	return ContextWithSpan(ctx, span), span
}

// StartGeneration makes a generation in the context's span or trace.
func StartGeneration(ctx context.Context, config GenerationConfig) *Generation {
	return parentOf(ctx).AddGeneration(config)
}

// StartRetrieval makes a retrieval in the context's span or trace.
func StartRetrieval(ctx context.Context, config RetrievalConfig) *Retrieval {
	return parentOf(ctx).AddRetrieval(config)
}

// StartToolCall makes a tool call in the context's span or trace.
func StartToolCall(ctx context.Context, config ToolCallConfig) *ToolCall {
	return parentOf(ctx).AddToolCall(config)
}

// AddError logs an error in the context's span or trace.
func AddError(ctx context.Context, config ErrorConfig) error {
	return parentOf(ctx).AddError(config)
}

// ContextWithSession gives a context whose traces belong to the session.
func ContextWithSession(ctx context.Context, session *Session) context.Context {
	return with(ctx, sessionKey{}, session)
}

// ContextWithTrace gives a context in which the trace is the parent: to go on with one by its id.
func ContextWithTrace(ctx context.Context, trace *Trace) context.Context {
	return with(ctx, parentKey{}, parent(trace))
}

// ContextWithSpan gives a context in which the span is the parent: to go on with one by its id.
func ContextWithSpan(ctx context.Context, span *Span) context.Context {
	return with(ctx, parentKey{}, parent(span))
}
