// Package maxim logs what AI applications do: sessions, traces, spans, generations, retrievals and tool
// calls to the Maxim log API, and application logs to the structured log API. It is a binding to
// libmaxim; that library's header, include/maxim.h, says what holds for every call.
//
//	logger, err := maxim.New(maxim.Config{})
//	…
//	defer logger.Close()
//	ctx, trace := logger.StartTrace(ctx, maxim.TraceConfig{Name: "question", Input: question})
//	defer trace.End()
//	generation := maxim.StartGeneration(ctx, maxim.GenerationConfig{Provider: "openai", Model: "gpt-4o"})
//	generation.Result(response)
//
// # Errors
//
// Log calls return an error that may be ignored: an invalid id, a value without a JSON. Config.OnError
// is told of each as well, and of what goes wrong later, with the delivery. Compare with errors.Is:
// ErrInvalidID and its like. Something that could not be made (a trace with an invalid id) is not nil:
// its Err, and each call on it, returns that error.
//
// # Waiting
//
// A log call formats a record, copies it into memory that survives the process, and returns: it does no
// I/O and allocates nothing in Go. Only Close and the functions that take a context may wait.
//
// # Nothing is lost
//
// What a log call accepted is sent even when the process ends without Close, by os.Exit, a panic or a
// kill: by the next logger for the same repository.
//
// # JSON
//
// Where a value is given as `any`, json.RawMessage and []byte are taken as JSON, nil as absent, and
// anything else is marshalled with encoding/json.
package maxim
