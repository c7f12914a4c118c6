package maxim

// Generations.

// #include "shim.h"
import "C"

// Generation is one call of a model.
type Generation struct{ entity }

// Generation is the generation with this id, made before, perhaps by another process.
func (l *Logger) Generation(id string) *Generation { return &Generation{l.existing(id)} }

// SetModel sets the model.
func (g *Generation) SetModel(model string) error {
	g = some(g)
	return g.done("Generation.SetModel", C.maxim_go_generation_set_model(g.handle, text(g.id), text(model)))
}

// SetProvider sets who runs the model.
func (g *Generation) SetProvider(provider string) error {
	g = some(g)
	return g.done("Generation.SetProvider", C.maxim_go_generation_set_provider(g.handle, text(g.id), text(provider)))
}

// SetName sets the name.
func (g *Generation) SetName(name string) error {
	g = some(g)
	return g.done("Generation.SetName", C.maxim_go_generation_set_name(g.handle, text(g.id), text(name)))
}

// AddMessage adds a message: a JSON object with role and content. Images and audio in it become attachments.
func (g *Generation) AddMessage(message any) error {
	g = some(g)
	return g.withJSON("Generation.AddMessage", message, func(message C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_generation_add_message(g.handle, text(g.id), message)
	})
}

// SetModelParameters sets the model's parameters: a JSON object. Null members are left out.
func (g *Generation) SetModelParameters(parameters any) error {
	g = some(g)
	return g.withJSON("Generation.SetModelParameters", parameters, func(parameters C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_generation_set_model_parameters(g.handle, text(g.id), parameters)
	})
}

// Result logs what the model answered, and ends the generation.
//
// The result is the provider's own response as json.RawMessage, []byte, or a value to marshal, whole or as the
// array of its stream's chunks; json.RawMessage may also be the stream as server-sent events or lines of JSON.
// What is not known is sent as it is and reported to Config.OnError.
func (g *Generation) Result(result any) error {
	g = some(g)
	return g.result("Generation.Result", result, 0)
}

// ForceResult is Result for any JSON object, which is sent as it is.
func (g *Generation) ForceResult(result any) error {
	g = some(g)
	return g.result("Generation.ForceResult", result, C.MAXIM_RESULT_FORCE)
}

// StrictResult is Result, but refuses a result whose shape is not known, and a provider's error.
func (g *Generation) StrictResult(result any) error {
	g = some(g)
	return g.result("Generation.StrictResult", result, C.MAXIM_RESULT_STRICT)
}

func (g *Generation) result(op string, result any, flags C.uint32_t) error {
	return g.withJSON(op, result, func(result C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_generation_result(g.handle, text(g.id), result, flags)
	})
}

// Cost is what a generation cost, in US dollars.
type Cost struct{ Input, Output, Total float64 }

// AddCost adds what the generation cost. NaN and infinities are ErrInvalidArgument.
func (g *Generation) AddCost(cost Cost) error {
	g = some(g)
	return g.done("Generation.AddCost", C.maxim_go_generation_add_cost(g.handle, text(g.id),
		C.double(cost.Input), C.double(cost.Output), C.double(cost.Total)))
}

// AddTotalCost adds what the generation cost in all, in US dollars, where the parts are not known.
func (g *Generation) AddTotalCost(total float64) error {
	g = some(g)
	return g.done("Generation.AddTotalCost", C.maxim_go_generation_add_total_cost(g.handle, text(g.id), C.double(total)))
}

// SetMaximPromptID sets the Maxim prompt that was used.
func (g *Generation) SetMaximPromptID(id string) error {
	g = some(g)
	return g.done("Generation.SetMaximPromptID", C.maxim_go_generation_set_maxim_prompt_id(g.handle, text(g.id), text(id)))
}

// SetMaximPromptVersionID sets the version of the Maxim prompt that was used.
func (g *Generation) SetMaximPromptVersionID(id string) error {
	g = some(g)
	return g.done("Generation.SetMaximPromptVersionID", C.maxim_go_generation_set_maxim_prompt_version_id(g.handle, text(g.id), text(id)))
}
