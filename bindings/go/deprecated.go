//go:build cgo

package maxim

// The names that earlier versions of the documented API had. Each is its new name.

// Trace is the old name of AddTrace.
//
// Deprecated: use AddTrace.
func (s *Session) Trace(config TraceConfig) *Trace { return s.AddTrace(config) }

// Event is the old name of AddEvent.
//
// Deprecated: use AddEvent.
func (s *Session) Event(event Event) error { return s.AddEvent(event) }

// Feedback is the old name of AddFeedback.
//
// Deprecated: use AddFeedback.
func (s *Session) Feedback(feedback any) error { return s.AddFeedback(feedback) }

// Generation is the old name of AddGeneration.
//
// Deprecated: use AddGeneration.
func (t *Trace) Generation(config GenerationConfig) *Generation { return t.AddGeneration(config) }

// Retrieval is the old name of AddRetrieval.
//
// Deprecated: use AddRetrieval.
func (t *Trace) Retrieval(config RetrievalConfig) *Retrieval { return t.AddRetrieval(config) }

// Span is the old name of AddSpan.
//
// Deprecated: use AddSpan.
func (t *Trace) Span(config SpanConfig) *Span { return t.AddSpan(config) }

// Event is the old name of AddEvent.
//
// Deprecated: use AddEvent.
func (t *Trace) Event(event Event) error { return t.AddEvent(event) }

// Feedback is the old name of AddFeedback.
//
// Deprecated: use AddFeedback.
func (t *Trace) Feedback(feedback any) error { return t.AddFeedback(feedback) }

// Generation is the old name of AddGeneration.
//
// Deprecated: use AddGeneration.
func (s *Span) Generation(config GenerationConfig) *Generation { return s.AddGeneration(config) }

// Retrieval is the old name of AddRetrieval.
//
// Deprecated: use AddRetrieval.
func (s *Span) Retrieval(config RetrievalConfig) *Retrieval { return s.AddRetrieval(config) }

// Span is the old name of AddSubSpan.
//
// Deprecated: use AddSubSpan.
func (s *Span) Span(config SpanConfig) *Span { return s.AddSubSpan(config) }

// Event is the old name of AddEvent.
//
// Deprecated: use AddEvent.
func (s *Span) Event(event Event) error { return s.AddEvent(event) }

// Input is the old name of SetInput.
//
// Deprecated: use SetInput.
func (r *Retrieval) Input(input string) error { return r.SetInput(input) }

// Output is the old name of SetOutput.
//
// Deprecated: use SetOutput.
func (r *Retrieval) Output(documents any) error { return r.SetOutput(documents) }
