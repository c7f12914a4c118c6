package maxim

// Spans.

// #include "shim.h"
import "C"

// Span is a step within a trace.
type Span struct{ entity }

// Span is the span with this id, made before, perhaps by another process.
func (l *Logger) Span(id string) *Span { return &Span{l.existing(id)} }

// SetInput sets what the span works on.
func (s *Span) SetInput(input string) error {
	s = some(s)
	return s.done("Span.SetInput", C.maxim_go_span_set_input(s.handle, text(s.id), text(input)))
}
