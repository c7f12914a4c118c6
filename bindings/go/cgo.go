package maxim

// How Go's values become C's. Strings are not copied: their bytes' address is a direct argument of the
// call, alone or in a struct that is passed by value, which cgo's pointer rules allow without pinning;
// C keeps nothing after the call.

// #include "shim.h"
import "C"

import (
	"encoding/json"
	"math"
	"time"
	"unsafe"
)

// text passes a string as it is. An empty one may have no address; shim.h sees to it that it is not
// taken for an absent one.
func text(s string) C.maxim_str {
	if hasMaskFunc.Load() {
		s = unmoving(s)
	}
	return C.maxim_str{data: (*C.char)(unsafe.Pointer(unsafe.StringData(s))), len: C.size_t(len(s))}
}

// optional passes a string, or an absent one for "".
func optional(s string) C.maxim_str {
	if s == "" {
		return C.maxim_str{}
	}
	return text(s)
}

// jsonText gives the JSON text of a value: json.RawMessage and []byte are it, nil is absent (""),
// anything else is marshalled. What has no JSON is changed, and the error says why: strict callers refuse it.
func jsonText(value any) (string, error) {
	var encoded []byte
	var err error
	switch v := value.(type) {
	case nil:
		return "", nil
	case json.RawMessage:
		encoded = v
	case []byte:
		encoded = v
	default:
		if left := maxPlainValues; holdsErrors(value) || isEndless(value, &left, 0) {
			encoded = degraded(value)
		} else if encoded, err = marshalled(value); err != nil {
			encoded = degraded(value)
		}
	}
	return unsafe.String(unsafe.SliceData(encoded), len(encoded)), err
}

// Tags are names with values; a value that is not a string is sent as its JSON text.
type Tags map[string]any

// tagsText gives the JSON of tags, "" without any.
func tagsText(tags Tags) (string, error) {
	if tags == nil {
		return "", nil
	}
	return jsonText(map[string]any(tags))
}

// microseconds is a time as C has it, where 0 is now: the zero time is, and the epoch is not.
func microseconds(t time.Time) C.int64_t {
	if t.IsZero() {
		return 0
	}
	return C.int64_t(notZero(inRange(t).UnixMicro()))
}

// milliseconds is a duration as C has it, rounded up, so that a short wait does not become none.
func milliseconds(d time.Duration) C.uint32_t {
	if d <= 0 {
		return 0
	}
	ms := (d + time.Millisecond - 1) / time.Millisecond
	return C.uint32_t(min(int64(ms), math.MaxUint32))
}
