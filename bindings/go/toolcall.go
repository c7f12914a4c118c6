package maxim

// Tool calls.

// #include "shim.h"
import "C"

import "time"

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

// Error logs that the tool failed, and ends the tool call. Message, Code and Type are used.
func (call *ToolCall) Error(config ErrorConfig) error {
	call = some(call)
	c, err := config.c()
	if err := call.logger.to().unfit("ToolCall.Error", err); err != nil {
		return err
	}
	return call.done("ToolCall.Error", C.maxim_go_tool_call_error(call.handle, text(call.id), c))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (call *ToolCall) AddTag(key, value string) error {
	call = some(call)
	return call.done("ToolCall.AddTag", C.maxim_go_tool_call_add_tag(call.handle, text(call.id), text(key), text(value)))
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (call *ToolCall) AddMetadata(metadata any) error {
	call = some(call)
	return call.withJSON("ToolCall.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_tool_call_add_metadata(call.handle, text(call.id), metadata)
	})
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (call *ToolCall) AddMetric(name string, value float64) error {
	call = some(call)
	return call.done("ToolCall.AddMetric", C.maxim_go_tool_call_add_metric(call.handle, text(call.id), text(name), C.double(value)))
}

// SetStartTimestamp sets when the tool call began (years 1 to 9999).
func (call *ToolCall) SetStartTimestamp(at time.Time) error {
	call = some(call)
	return call.done("ToolCall.SetStartTimestamp", C.maxim_go_tool_call_set_start_timestamp(call.handle, text(call.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the tool call ended (years 1 to 9999).
func (call *ToolCall) SetEndTimestamp(at time.Time) error {
	call = some(call)
	return call.done("ToolCall.SetEndTimestamp", C.maxim_go_tool_call_set_end_timestamp(call.handle, text(call.id), C.int64_t(inRange(at).UnixMicro())))
}

// End ends the tool call, at the time of the call.
func (call *ToolCall) End() error {
	call = some(call)
	return call.done("ToolCall.End", C.maxim_go_tool_call_end(call.handle, text(call.id)))
}
