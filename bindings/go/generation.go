package maxim

// Generations.

// #include "shim.h"
import "C"

import "time"

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
// What is not known is sent as it is and told to Config.OnError.
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

// Error logs that the model failed, and ends the generation. Message, Code and Type are used.
func (g *Generation) Error(config ErrorConfig) error {
	g = some(g)
	c, err := config.c()
	if err := g.logger.to().unfit("Generation.Error", err); err != nil {
		return err
	}
	return g.done("Generation.Error", C.maxim_go_generation_error(g.handle, text(g.id), c))
}

// Cost is what a generation cost, in US dollars.
type Cost struct{ Input, Output, Total float64 }

// AddCost adds what the generation cost. NaN and infinities are ErrInvalidArgument.
func (g *Generation) AddCost(cost Cost) error {
	g = some(g)
	return g.done("Generation.AddCost", C.maxim_go_generation_add_cost(g.handle, text(g.id),
		C.double(cost.Input), C.double(cost.Output), C.double(cost.Total)))
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (g *Generation) AddTag(key, value string) error {
	g = some(g)
	return g.done("Generation.AddTag", C.maxim_go_generation_add_tag(g.handle, text(g.id), text(key), text(value)))
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (g *Generation) AddMetadata(metadata any) error {
	g = some(g)
	return g.withJSON("Generation.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_generation_add_metadata(g.handle, text(g.id), metadata)
	})
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (g *Generation) AddMetric(name string, value float64) error {
	g = some(g)
	return g.done("Generation.AddMetric", C.maxim_go_generation_add_metric(g.handle, text(g.id), text(name), C.double(value)))
}

// EvaluateWithEvaluators has the generation evaluated by the evaluators named, at least one.
func (g *Generation) EvaluateWithEvaluators(evaluators ...string) error {
	g = some(g)
	return g.evaluate("Generation.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_generation_evaluate_with_evaluators(g.handle, text(g.id), names)
	})
}

// EvaluateWithVariables has the generation evaluated with values for the evaluators' variables (a JSON
// object) by the evaluators named, at least one.
func (g *Generation) EvaluateWithVariables(variables any, evaluators ...string) error {
	g = some(g)
	return g.evaluateWith("Generation.EvaluateWithVariables", variables, evaluators,
		func(variables, names C.maxim_str) *C.maxim_go_failure {
			return C.maxim_go_generation_evaluate_with_variables(g.handle, text(g.id), variables, names)
		})
}

// SetStartTimestamp sets when the generation began (years 1 to 9999).
func (g *Generation) SetStartTimestamp(at time.Time) error {
	g = some(g)
	return g.done("Generation.SetStartTimestamp", C.maxim_go_generation_set_start_timestamp(g.handle, text(g.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the generation ended (years 1 to 9999).
func (g *Generation) SetEndTimestamp(at time.Time) error {
	g = some(g)
	return g.done("Generation.SetEndTimestamp", C.maxim_go_generation_set_end_timestamp(g.handle, text(g.id), C.int64_t(inRange(at).UnixMicro())))
}

// AddEvent adds an event, at the time of the call.
func (g *Generation) AddEvent(event Event) error {
	g = some(g)
	return g.event("Generation.AddEvent", &event, func(config C.maxim_event_config) C.maxim_go_created {
		return C.maxim_go_generation_add_event(g.handle, text(g.id), config)
	})
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

// End ends the generation, at the time of the call.
func (g *Generation) End() error {
	g = some(g)
	return g.done("Generation.End", C.maxim_go_generation_end(g.handle, text(g.id)))
}
