package maxim

// What may leave; docs/what-leaves.md explains it. A mask that is a Go function is not offered: the strings of a log
// call may lie on the goroutine's stack, which must not move while C reads them.

// #include "shim.h"
import "C"

import "encoding/json"

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
