package maxim

// What may leave; docs/what-leaves.md explains it.

// #include "shim.h"
import "C"

import (
	"encoding/json"
	"math"
	"runtime/cgo"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

// switched is a wish as C has it; nil leaves it to the environment.
func switched(on *bool) C.int32_t {
	switch {
	case on == nil:
		return C.MAXIM_SWITCH_DEFAULT
	case *on:
		return C.MAXIM_SWITCH_ON
	default:
		return C.MAXIM_SWITCH_OFF
	}
}

// Mask is a rule by which texts are masked: give exactly one of Preset, Key and Regex.
type Mask struct {
	Preset  string  `json:"preset,omitempty"`  // email, card, api_key, phone or ip
	Key     string  `json:"key,omitempty"`     // the name of members whose value is masked
	Regex   string  `json:"regex,omitempty"`   // without look-around and back-references
	Replace *string `json:"replace,omitempty"` // what takes the place; nil: a name in brackets
	Name    string  `json:"name,omitempty"`    // for messages about the rule
}

// maskRules gives rules as the library has them, "" without any.
func maskRules(masks []Mask) string {
	if len(masks) == 0 {
		return ""
	}
	encoded, err := json.Marshal(masks)
	if err != nil {
		// Nothing in a Mask can fail.
		return "[]"
	}
	return string(encoded)
}

// MaskFunc replaces a text of a record before it is kept or sent. It is given the entity (MaskLogEntry for what a
// LogClient logs), the name of the member that the text is in, those within it behind dots, as in "messages.content",
// and the text; it gives what takes the text's place, "" to remove it.
//
// It runs inside the log call, on its goroutine, and on many at once. When it panics, or takes longer than
// Config.MaskBudget for one record, the texts that it has not gone over are dropped, and the record goes without them.
type MaskFunc func(entity Entity, field, text string) string

// MaskLogEntry is the entity that a MaskFunc gets for entries of a LogClient.
const MaskLogEntry Entity = C.MAXIM_MASK_LOG_ENTRY

func maskBudget(budget time.Duration) C.uint32_t {
	if budget <= 0 {
		return 0
	}
	return C.uint32_t(min(max(budget.Microseconds(), 1), math.MaxUint32))
}

// hasMaskFunc is set once a logger or client has had a MaskFunc. Go code that runs inside a log call may move the
// goroutine's stack, so that from then on the strings that C reads must not lie there.
var hasMaskFunc atomic.Bool

// unmoving is a copy of a string that is not on the stack.
//
//go:noinline
func unmoving(s string) string { return strings.Clone(s) }

// hold gives the number by which C names the hooks in its callbacks.
func (h *hooks) hold() cgo.Handle {
	if h.mask != nil {
		hasMaskFunc.Store(true)
	}
	return cgo.NewHandle(h)
}

// maximGoOnMask gives a text to the MaskFunc: 0 and nothing for one that stays, 0 and C's memory for another one, which
// the caller frees.
//
//export maximGoOnMask
func maximGoOnMask(userData C.uintptr_t, entity C.int32_t, field, text *C.char, length C.size_t,
	out **C.char, outLength *C.size_t) (failed C.int32_t) {
	defer func() {
		if recover() != nil {
			failed = 1
		}
	}()
	mask := cgo.Handle(userData).Value().(*hooks).mask
	given := string(unsafe.Slice((*byte)(unsafe.Pointer(text)), int(length)))
	if masked := mask(Entity(entity), C.GoString(field), given); masked != given {
		*out, *outLength = C.CString(masked), C.size_t(len(masked))
	}
	return 0
}
