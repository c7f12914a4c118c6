package maxim

// Sessions.

// #include "shim.h"
import "C"

import "time"

// Session is a conversation of several traces.
type Session struct{ entity }

// Session is the session with this id, made before, perhaps by another process.
func (l *Logger) Session(id string) *Session { return &Session{l.existing(id)} }

// AddSession makes a session. If that fails, each call on it returns the error, as Err does.
func (l *Logger) AddSession(config SessionConfig) *Session {
	c, err := config.c()
	root := l.existing("")
	return &Session{root.child("Logger.AddSession", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_session_create(l.to().c(), c)
	})}
}

// AddTrace makes a trace in the session.
func (s *Session) AddTrace(config TraceConfig) *Trace {
	s = some(s)
	c, err := config.c()
	return &Trace{s.child("Session.AddTrace", config.ID, err, func() C.maxim_go_created {
		return C.maxim_go_session_add_trace(s.handle, text(s.id), c)
	})}
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (s *Session) AddTag(key, value string) error {
	s = some(s)
	return s.done("Session.AddTag", C.maxim_go_session_add_tag(s.handle, text(s.id), text(key), text(value)))
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (s *Session) AddMetadata(metadata any) error {
	s = some(s)
	return s.withJSON("Session.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_session_add_metadata(s.handle, text(s.id), metadata)
	})
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (s *Session) AddMetric(name string, value float64) error {
	s = some(s)
	return s.done("Session.AddMetric", C.maxim_go_session_add_metric(s.handle, text(s.id), text(name), C.double(value)))
}

// AddEvent adds an event, at the time of the call.
func (s *Session) AddEvent(event Event) error {
	s = some(s)
	return s.event("Session.AddEvent", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_session_add_event(s.handle, text(s.id), config)
	})
}

// AddFeedback adds a user's feedback: a JSON object with a score, and comment, tags or whatever else there is.
func (s *Session) AddFeedback(feedback any) error {
	s = some(s)
	return s.withJSON("Session.AddFeedback", feedback, func(feedback C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_session_add_feedback(s.handle, text(s.id), feedback)
	})
}

// EvaluateWithEvaluators has the session evaluated by the evaluators named, at least one.
func (s *Session) EvaluateWithEvaluators(evaluators ...string) error {
	s = some(s)
	return s.evaluate("Session.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_session_evaluate_with_evaluators(s.handle, text(s.id), names)
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

// SetStartTimestamp sets when the session began (years 1 to 9999).
func (s *Session) SetStartTimestamp(at time.Time) error {
	s = some(s)
	return s.done("Session.SetStartTimestamp", C.maxim_go_session_set_start_timestamp(s.handle, text(s.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the session ended (years 1 to 9999).
func (s *Session) SetEndTimestamp(at time.Time) error {
	s = some(s)
	return s.done("Session.SetEndTimestamp", C.maxim_go_session_set_end_timestamp(s.handle, text(s.id), C.int64_t(inRange(at).UnixMicro())))
}

// End ends the session, at the time of the call.
func (s *Session) End() error {
	s = some(s)
	return s.done("Session.End", C.maxim_go_session_end(s.handle, text(s.id)))
}
