package maxim

// Retrievals.

// #include "shim.h"
import "C"

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
