//go:build cgo

package maxim

// The program's own methods that a log call runs (Error, MarshalJSON, MarshalText, LogValue, Stack, Format): what they
// do wrong costs a value, and neither the record nor the program.

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"time"
)

// throws stands where a value's own method failed: the text that every binding has there.
func throws(reason any) (text string) {
	// The reason may be a value whose own methods fail.
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("[Throws: %T]", reason)
		}
	}()
	if err, is := reason.(error); is {
		return "[Throws: " + err.Error() + "]"
	}
	return fmt.Sprintf("[Throws: %v]", reason)
}

// isNilPointer says whether a value is a pointer, map or the like that is nil, whose methods cannot be asked.
func isNilPointer(value any) bool {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// fenced gives what a method of a value says; "<nil>" for one that a nil pointer's method fails at, as slog has it.
func fenced(value any, method func() string) (text string) {
	defer func() {
		if reason := recover(); reason != nil {
			if isNilPointer(value) {
				text = "<nil>"
			} else {
				text = throws(reason)
			}
		}
	}()
	return method()
}

// errorText is an error's own text.
func errorText(err error) string {
	return fenced(err, err.Error)
}

// marshalled is json.Marshal, with a panic as an error.
func marshalled(value any) (encoded []byte, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			encoded, err = nil, panicked{reason}
		}
	}()
	return json.Marshal(value)
}

// panicked is the error of a method that panicked.
type panicked struct{ reason any }

func (p panicked) Error() string {
	text := throws(p.reason)
	return "panicked: " + text[len("[Throws: "):len(text)-1]
}

// guarded runs a hook of the program's. A panic in it is told on standard error: there is nobody else to hear of it.
func guarded(name string, hook func()) {
	defer func() {
		if reason := recover(); reason != nil {
			fmt.Fprintf(os.Stderr, "maxim: %s %s\n", name, panicked{reason})
		}
	}()
	hook()
}

// The years that the API takes; a time outside them is kept as the nearest one inside, where it must be a number.
var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// inRange is the nearest time that has a date of four digits.
func inRange(t time.Time) time.Time {
	switch {
	case t.Before(firstTime):
		return firstTime
	case t.After(lastTime):
		return lastTime
	}
	return t
}

// notZero is a time as a number that C does not take for an absent one: the epoch is a time like any other.
func notZero(number int64) int64 {
	if number == 0 {
		return 1
	}
	return number
}
