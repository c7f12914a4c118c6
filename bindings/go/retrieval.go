package maxim

// Retrievals.

// #include "shim.h"
import "C"

import "time"

// Retrieval is one look-up of documents.
type Retrieval struct{ entity }

// Retrieval is the retrieval with this id, made before, perhaps by another process.
func (l *Logger) Retrieval(id string) *Retrieval { return &Retrieval{l.existing(id)} }

// SetInput sets what the retrieval looks for, as text.
func (r *Retrieval) SetInput(input string) error {
	r = some(r)
	return r.done("Retrieval.SetInput", C.maxim_go_retrieval_set_input(r.handle, text(r.id), text(input)))
}

// SetInputJSON sets what the retrieval looks for, as any JSON value.
func (r *Retrieval) SetInputJSON(input any) error {
	r = some(r)
	return r.withJSON("Retrieval.SetInputJSON", input, func(input C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_retrieval_set_input_json(r.handle, text(r.id), input)
	})
}

// SetOutput logs the documents that were found, and ends the retrieval: an array of strings or objects;
// any other value is the only document.
func (r *Retrieval) SetOutput(documents any) error {
	r = some(r)
	return r.withJSON("Retrieval.SetOutput", documents, func(documents C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_retrieval_set_output(r.handle, text(r.id), documents)
	})
}

// AddTag adds one tag. A tag given again replaces the earlier value.
func (r *Retrieval) AddTag(key, value string) error {
	r = some(r)
	return r.done("Retrieval.AddTag", C.maxim_go_retrieval_add_tag(r.handle, text(r.id), text(key), text(value)))
}

// AddMetadata adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
func (r *Retrieval) AddMetadata(metadata any) error {
	r = some(r)
	return r.withJSON("Retrieval.AddMetadata", metadata, func(metadata C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_retrieval_add_metadata(r.handle, text(r.id), metadata)
	})
}

// AddMetric adds a named number. NaN and infinities are ErrInvalidArgument.
func (r *Retrieval) AddMetric(name string, value float64) error {
	r = some(r)
	return r.done("Retrieval.AddMetric", C.maxim_go_retrieval_add_metric(r.handle, text(r.id), text(name), C.double(value)))
}

// EvaluateWithEvaluators has the retrieval evaluated by the evaluators named, at least one.
func (r *Retrieval) EvaluateWithEvaluators(evaluators ...string) error {
	r = some(r)
	return r.evaluate("Retrieval.EvaluateWithEvaluators", evaluators, func(names C.maxim_str) *C.maxim_go_failure {
		return C.maxim_go_retrieval_evaluate_with_evaluators(r.handle, text(r.id), names)
	})
}

// EvaluateWithVariables has the retrieval evaluated with values for the evaluators' variables (a JSON
// object) by the evaluators named, at least one.
func (r *Retrieval) EvaluateWithVariables(variables any, evaluators ...string) error {
	r = some(r)
	return r.evaluateWith("Retrieval.EvaluateWithVariables", variables, evaluators,
		func(variables, names C.maxim_str) *C.maxim_go_failure {
			return C.maxim_go_retrieval_evaluate_with_variables(r.handle, text(r.id), variables, names)
		})
}

// SetStartTimestamp sets when the retrieval began (years 1 to 9999).
func (r *Retrieval) SetStartTimestamp(at time.Time) error {
	r = some(r)
	return r.done("Retrieval.SetStartTimestamp", C.maxim_go_retrieval_set_start_timestamp(r.handle, text(r.id), C.int64_t(inRange(at).UnixMicro())))
}

// SetEndTimestamp sets when the retrieval ended (years 1 to 9999).
func (r *Retrieval) SetEndTimestamp(at time.Time) error {
	r = some(r)
	return r.done("Retrieval.SetEndTimestamp", C.maxim_go_retrieval_set_end_timestamp(r.handle, text(r.id), C.int64_t(inRange(at).UnixMicro())))
}

// End ends the retrieval, at the time of the call.
func (r *Retrieval) End() error {
	r = some(r)
	return r.done("Retrieval.End", C.maxim_go_retrieval_end(r.handle, text(r.id)))
}
