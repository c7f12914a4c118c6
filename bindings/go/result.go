package maxim

// A provider's result as the log API is sent it, and errors that were logged.

// #include "shim.h"
import "C"

import (
	"encoding/json"
	"unsafe"
)

// NormaliseResult gives what the log API is sent for a provider's result: the parser of Generation.Result as a
// function. Nothing is logged.
func NormaliseResult(result any) (json.RawMessage, error) {
	const op = "NormaliseResult"
	encoded, err := jsonText(result)
	if err != nil {
		return nil, refused(op, ErrInvalidJSON, err.Error())
	}
	// What a shape adds is little; where it is not, the library says how much is needed.
	normal := make([]byte, 2*len(encoded)+1024)
	for range 2 {
		var length C.size_t
		failure := C.maxim_go_normalise_result(optional(encoded), (*C.char)(unsafe.Pointer(unsafe.SliceData(normal))),
			C.size_t(len(normal)), &length)
		if failure == nil {
			return normal[:length], nil
		}
		err = failed(op, failure)
		if int(length) < len(normal) {
			break
		}
		normal = make([]byte, length+1) // and a NUL
	}
	return nil, err
}

// LoggedError is an error that was logged, by Trace.AddError and its like.
type LoggedError struct{ entity }

// LoggedError is the error with this id (ErrorConfig.ID), logged before, perhaps by another process.
func (l *Logger) LoggedError(id string) *LoggedError { return &LoggedError{l.existing(id)} }
