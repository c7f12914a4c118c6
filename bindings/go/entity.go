package maxim

// What sessions, traces, spans, generations, retrievals and tool calls have in common, and their
// configurations.

// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
	"time"
)

// entity is something in a repository: a logger and an id, nothing that must be given back. One that
// could not be made keeps the error, and each of its calls returns it.
type entity struct {
	logger *Logger
	handle C.uintptr_t
	id     string
	err    error
}

// some is a value behind a pointer that a program may have left nil: then one of no logger, whose calls do nothing and
// say so. Telemetry that was not set up must not end the program.
func some[T any](pointer *T) *T {
	if pointer == nil {
		return new(T)
	}
	return pointer
}

// reason is why it could not be made, or nil.
func (e *entity) reason(kind string) error {
	if e.err == nil && e.logger == nil {
		return refused(kind, ErrNullPointer, "it is nil or a zero value: a Logger or a parent must make it")
	}
	return e.err
}

// The id and the error of each kind: not promoted from entity, which a nil pointer has none of.

// ID is the id, given or generated; "" when it could not be made.
func (s *Session) ID() string { return some(s).id }

// Err is why it could not be made, or nil.
func (s *Session) Err() error { return some(s).reason("Session") }

// ID is the id, given or generated; "" when it could not be made.
func (t *Trace) ID() string { return some(t).id }

// Err is why it could not be made, or nil.
func (t *Trace) Err() error { return some(t).reason("Trace") }

// ID is the id, given or generated; "" when it could not be made.
func (s *Span) ID() string { return some(s).id }

// Err is why it could not be made, or nil.
func (s *Span) Err() error { return some(s).reason("Span") }

// ID is the id, given or generated; "" when it could not be made.
func (g *Generation) ID() string { return some(g).id }

// Err is why it could not be made, or nil.
func (g *Generation) Err() error { return some(g).reason("Generation") }

// ID is the id, given or generated; "" when it could not be made.
func (r *Retrieval) ID() string { return some(r).id }

// Err is why it could not be made, or nil.
func (r *Retrieval) Err() error { return some(r).reason("Retrieval") }

// ID is the id, given or generated; "" when it could not be made.
func (t *ToolCall) ID() string { return some(t).id }

// Err is why it could not be made, or nil.
func (t *ToolCall) Err() error { return some(t).reason("ToolCall") }

// ID is the id, given or generated; "" when it could not be made.
func (e *LoggedError) ID() string { return some(e).id }

// Err is why it could not be made, or nil.
func (e *LoggedError) Err() error { return some(e).reason("LoggedError") }

// existing is an entity that was made before, perhaps by another process.
func (l *Logger) existing(id string) entity {
	return entity{logger: l, handle: l.to().c(), id: id}
}

// unmade is an entity that could not be made.
func unmade(l *Logger, err error) entity {
	return entity{logger: l, handle: C.MAXIM_GO_UNMADE, err: err}
}

// child is the entity that a call makes, under the given id or the one that is generated. `err` is
// that of its configuration.
func (e *entity) child(op, id string, err error, call func() C.maxim_go_created) entity {
	if e.err != nil {
		return unmade(e.logger, e.err)
	}
	if err := e.logger.to().unfit(op, err); err != nil {
		return unmade(e.logger, err)
	}
	made := call()
	if err := e.done(op, made.failure); err != nil {
		return unmade(e.logger, err)
	}
	if id == "" {
		id = C.GoString(&made.id.text[0])
	}
	return entity{logger: e.logger, handle: e.handle, id: id}
}

// done gives the error of a call: the one from its making, if that failed.
func (e *entity) done(op string, failure *C.maxim_go_failure) error {
	// The logger must outlive the call, or its cleanup might run during it.
	runtime.KeepAlive(e.logger)
	if failure == nil {
		return nil
	}
	return e.failed(op, failure)
}

// failed is apart from done so that done is small enough to be inlined.
func (e *entity) failed(op string, failure *C.maxim_go_failure) error {
	err := failed(op, failure)
	if e.err != nil {
		return e.err
	}
	return e.logger.to().refuse(err)
}

// withJSON gives a call the JSON of a value.
func (e *entity) withJSON(op string, value any, call func(C.maxim_str) *C.maxim_go_failure) error {
	encoded, err := jsonText(value)
	if err := e.logger.to().unfit(op, err); err != nil {
		return err
	}
	return e.done(op, call(optional(encoded)))
}

// evaluate gives a call the JSON of evaluators' names.
func (e *entity) evaluate(op string, evaluators []string, call func(C.maxim_str) *C.maxim_go_failure) error {
	if evaluators == nil {
		evaluators = []string{}
	}
	return e.withJSON(op, evaluators, call)
}

// evaluateWith gives a call the JSON of variables and of evaluators' names.
func (e *entity) evaluateWith(op string, variables any, evaluators []string,
	call func(variables, evaluators C.maxim_str) *C.maxim_go_failure) error {
	return e.withJSON(op, variables, func(variables C.maxim_str) *C.maxim_go_failure {
		// Names always have a JSON.
		names, _ := jsonText(append([]string{}, evaluators...))
		return call(variables, text(names))
	})
}

// SessionConfig describes a session: a conversation of several traces.
type SessionConfig struct {
	ID    string // default: generated (UUID version 4)
	Name  string
	Tags  Tags
	Start time.Time // default: now
}

func (c *SessionConfig) c() (C.maxim_session_config, error) {
	tags, err := tagsText(c.Tags)
	return C.maxim_session_config{
		id:                 optional(c.ID),
		name:               optional(c.Name),
		tags_json:          optional(tags),
		start_timestamp_us: microseconds(c.Start),
	}, err
}

// TraceConfig describes a trace: one request through the application.
type TraceConfig struct {
	ID        string // default: generated (UUID version 4)
	Name      string
	SessionID string // default, for StartTrace: the context's session
	Tags      Tags
	Input     string    // what the user asked
	Start     time.Time // default: now
}

func (c *TraceConfig) c() (C.maxim_trace_config, error) {
	tags, err := tagsText(c.Tags)
	return C.maxim_trace_config{
		id:                 optional(c.ID),
		name:               optional(c.Name),
		session_id:         optional(c.SessionID),
		tags_json:          optional(tags),
		input:              optional(c.Input),
		start_timestamp_us: microseconds(c.Start),
	}, err
}

// SpanConfig describes a span: a step within a trace.
type SpanConfig struct {
	ID    string // default: generated (UUID version 4)
	Name  string
	Tags  Tags
	Start time.Time // default: now
}

func (c *SpanConfig) c() (C.maxim_span_config, error) {
	tags, err := tagsText(c.Tags)
	return C.maxim_span_config{
		id:                 optional(c.ID),
		name:               optional(c.Name),
		tags_json:          optional(tags),
		start_timestamp_us: microseconds(c.Start),
	}, err
}

// RetrievalConfig describes a retrieval: one look-up of documents.
type RetrievalConfig struct {
	ID    string // default: generated (UUID version 4)
	Name  string
	Tags  Tags
	Start time.Time // default: now
}

func (c *RetrievalConfig) c() (C.maxim_retrieval_config, error) {
	tags, err := tagsText(c.Tags)
	return C.maxim_retrieval_config{
		id:                 optional(c.ID),
		name:               optional(c.Name),
		tags_json:          optional(tags),
		start_timestamp_us: microseconds(c.Start),
	}, err
}

// GenerationConfig describes a generation: one call of a model.
type GenerationConfig struct {
	ID       string // default: generated (UUID version 4)
	Name     string
	Provider string // openai, azure, anthropic, …; others are logged as they are
	Model    string
	// Messages is a JSON array of objects with role and content: json.RawMessage, []byte, or a value
	// to marshal. Images and audio in them become attachments.
	Messages any
	// ModelParameters is a JSON object, in the same way.
	ModelParameters      any
	SpanID               string // the span it belongs to, where the parent does not say it
	MaximPromptID        string
	MaximPromptVersionID string
	Tags                 Tags
	Start                time.Time // default: now
}

func (c *GenerationConfig) c() (C.maxim_generation_config, error) {
	tags, err := tagsText(c.Tags)
	messages, messagesErr := jsonText(c.Messages)
	parameters, parametersErr := jsonText(c.ModelParameters)
	for _, other := range []error{messagesErr, parametersErr} {
		if err == nil {
			err = other
		}
	}
	return C.maxim_generation_config{
		id:                      optional(c.ID),
		name:                    optional(c.Name),
		provider:                optional(c.Provider),
		model:                   optional(c.Model),
		messages_json:           optional(messages),
		model_parameters_json:   optional(parameters),
		span_id:                 optional(c.SpanID),
		maxim_prompt_id:         optional(c.MaximPromptID),
		maxim_prompt_version_id: optional(c.MaximPromptVersionID),
		tags_json:               optional(tags),
		start_timestamp_us:      microseconds(c.Start),
	}, err
}

// ToolCallConfig describes one call of a tool.
type ToolCallConfig struct {
	ID          string // as a rule the one that the model gave; default: generated (UUID version 4)
	Name        string
	Description string
	Args        string // what it was called with, as the model wrote it
	Tags        Tags
	Start       time.Time // default: now
}

func (c *ToolCallConfig) c() (C.maxim_tool_call_config, error) {
	tags, err := tagsText(c.Tags)
	return C.maxim_tool_call_config{
		id:                 optional(c.ID),
		name:               optional(c.Name),
		description:        optional(c.Description),
		args:               optional(c.Args),
		tags_json:          optional(tags),
		start_timestamp_us: microseconds(c.Start),
	}, err
}

// ErrorConfig describes something that went wrong in the application.
type ErrorConfig struct {
	ID       string // default: generated (UUID version 4)
	Name     string
	Message  string
	Code     string
	Type     string
	Tags     Tags
	Metadata any // a JSON object: json.RawMessage, []byte, or a value to marshal
}

// ErrorFrom describes a Go error: its text and its type.
func ErrorFrom(err error) ErrorConfig {
	if err == nil {
		return ErrorConfig{}
	}
	return ErrorConfig{Message: errorText(err), Type: fmt.Sprintf("%T", err)}
}

func (c *ErrorConfig) c() (C.maxim_error_config, error) {
	tags, err := tagsText(c.Tags)
	metadata, metadataErr := jsonText(c.Metadata)
	if err == nil {
		err = metadataErr
	}
	return C.maxim_error_config{
		id:            optional(c.ID),
		name:          optional(c.Name),
		message:       optional(c.Message),
		code:          optional(c.Code),
		_type:         optional(c.Type),
		tags_json:     optional(tags),
		metadata_json: optional(metadata),
	}, err
}

// Event describes something that happened at one time.
type Event struct {
	ID       string // default: generated (UUID version 4)
	Name     string
	Tags     Tags
	Metadata any // a JSON object: json.RawMessage, []byte, or a value to marshal
}

func (e *Event) c() (C.maxim_event_config, error) {
	tags, err := tagsText(e.Tags)
	metadata, metadataErr := jsonText(e.Metadata)
	if err == nil {
		err = metadataErr
	}
	return C.maxim_event_config{
		id:            optional(e.ID),
		name:          text(e.Name),
		tags_json:     optional(tags),
		metadata_json: optional(metadata),
	}, err
}

// event gives a call an event.
func (e *entity) event(op string, event *Event, call func(C.maxim_event_config) C.maxim_go_created) error {
	config, err := event.c()
	if err := e.logger.to().unfit(op, err); err != nil {
		return err
	}
	return e.done(op, call(config).failure)
}
