package maxim

// Sessions.

// #include "shim.h"
import "C"

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
