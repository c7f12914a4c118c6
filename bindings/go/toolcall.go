package maxim

// Tool calls.

// #include "shim.h"
import "C"

// ToolCall is one call of a tool.
type ToolCall struct{ entity }

// ToolCall is the tool call with this id, made before, perhaps by another process.
func (l *Logger) ToolCall(id string) *ToolCall { return &ToolCall{l.existing(id)} }

// Update changes any members of the tool call: a JSON object.
func (call *ToolCall) Update(members any) error {
	call = some(call)
	return call.withJSON("ToolCall.Update", members, func(members C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_tool_call_update(call.handle, text(call.id), members)
	})
}

// Result logs what the tool gave, as text, and ends the tool call.
func (call *ToolCall) Result(result string) error {
	call = some(call)
	return call.done("ToolCall.Result", C.maxim_go_tool_call_result(call.handle, text(call.id), text(result)))
}
