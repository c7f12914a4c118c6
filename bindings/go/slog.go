package maxim

// log/slog through a client.

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the structured log API, in characters: what is longer is cut rather than refused, because
// the caller of slog would not hear of it.
const (
	maxMessage    = 10_000
	maxErrorName  = 200
	maxErrorStack = 10_000
)

// SlogOptions change what a SlogHandler does.
type SlogOptions struct {
	// Level is the least level that is logged; nil: what the client's MinLevel lets through.
	Level slog.Leveler
	// AddSource puts the place of the log call into the data, as "source".
	AddSource bool
	// ReplaceAttr may change or drop (the zero Attr) each attribute that is not a group, as in
	// slog.HandlerOptions. Time, level and message are fields of the entry and are not given to it.
	ReplaceAttr func(groups []string, attr slog.Attr) slog.Attr
	// Fill may fill further fields of each entry from the context: a request id, a user, tags.
	Fill func(ctx context.Context, entry *Entry)
}

// SlogHandler is a slog.Handler that logs to a LogClient. Attributes become the entry's data, groups
// objects in it. The first error among the attributes gives the entry's error name and stack.
type SlogHandler struct {
	client  *LogClient
	options SlogOptions
	groups  []string
	attrs   []held
}

// held are attributes that WithAttrs was given, and the groups that were open then.
type held struct {
	groups []string
	attrs  []slog.Attr
}

// NewSlogHandler makes a handler for slog.New. The client is still the caller's to close.
func NewSlogHandler(client *LogClient, options SlogOptions) *SlogHandler {
	return &SlogHandler{client: client, options: options}
}

// levelOf is the client's level for a level of slog, which has more of them.
func levelOf(level slog.Level) Level {
	switch {
	case level < slog.LevelInfo:
		return LevelDebug
	case level < slog.LevelWarn:
		return LevelInfo
	case level < slog.LevelError:
		return LevelWarn
	}
	return LevelError
}

// Enabled says whether a level is logged.
func (h *SlogHandler) Enabled(_ context.Context, level slog.Level) bool {
	if h.options.Level != nil && level < h.options.Level.Level() {
		return false
	}
	return h.client.WouldLog(levelOf(level))
}

// WithAttrs gives a handler that adds these attributes to every entry, in the groups open now.
func (h *SlogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	with := *h
	with.attrs = append(slices.Clip(h.attrs), held{h.groups, attrs})
	return &with
}

// WithGroup gives a handler that puts later attributes into a group.
func (h *SlogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.groups = append(slices.Clip(h.groups), name)
	return &with
}

// Handle logs a record. The error says why an entry was refused; slog itself ignores it, so the client's
// OnError is told as well.
func (h *SlogHandler) Handle(ctx context.Context, record slog.Record) error {
	b := builder{data: map[string]any{}, replace: h.options.ReplaceAttr}
	for _, held := range h.attrs {
		for _, attr := range held.attrs {
			b.add(held.groups, attr)
		}
	}
	record.Attrs(func(attr slog.Attr) bool {
		b.add(h.groups, attr)
		return true
	})
	if h.options.AddSource && record.PC != 0 {
		frame, _ := runtime.CallersFrames([]uintptr{record.PC}).Next()
		b.add(nil, slog.Any(slog.SourceKey,
			&slog.Source{Function: frame.Function, File: frame.File, Line: frame.Line}))
	}
	entry := Entry{Level: levelOf(record.Level), Message: shortened(record.Message, maxMessage), Time: record.Time}
	if entry.Message == "" {
		entry.Message = "(no message)" // the API takes none that is empty
	}
	if len(b.data) > 0 {
		entry.Data = b.data
	}
	if b.err != nil {
		info := InfoFrom(b.err)
		entry.ErrorName = shortened(info.Name, maxErrorName)
		entry.ErrorStack = shortened(info.Stack, maxErrorStack)
	}
	if h.options.Fill != nil {
		h.options.Fill(ctx, &entry)
	}
	return h.client.Log(entry)
}

// builder puts attributes into an entry's data.
type builder struct {
	data    map[string]any
	replace func([]string, slog.Attr) slog.Attr
	err     error
}

func (b *builder) add(groups []string, attr slog.Attr) {
	attr.Value = attr.Value.Resolve()
	if attr.Value.Kind() == slog.KindGroup {
		if attr.Key != "" {
			groups = append(slices.Clip(groups), attr.Key)
		}
		for _, member := range attr.Value.Group() {
			b.add(groups, member)
		}
		return
	}
	if b.replace != nil {
		attr = b.replace(groups, attr)
		attr.Value = attr.Value.Resolve()
		if attr.Value.Kind() == slog.KindGroup {
			// Its members have been replaced with it.
			unreplaced := builder{data: b.data, err: b.err}
			unreplaced.add(groups, attr)
			b.err = unreplaced.err
			return
		}
	}
	if attr.Equal(slog.Attr{}) {
		return
	}
	// A group exists once something is in it.
	into := b.data
	for _, group := range groups {
		inner, ok := into[group].(map[string]any)
		if !ok {
			inner = map[string]any{}
			into[group] = inner
		}
		into = inner
	}
	into[attr.Key] = b.value(attr.Value)
}

// value is what becomes of an attribute's value in JSON: as slog's own JSON handler does it.
func (b *builder) value(value slog.Value) any {
	switch value.Kind() {
	case slog.KindDuration:
		return int64(value.Duration())
	case slog.KindFloat64:
		number := value.Float64()
		if encoded, err := json.Marshal(number); err == nil {
			return json.RawMessage(encoded)
		}
		return strconv.FormatFloat(number, 'g', -1, 64) // NaN and infinities
	case slog.KindAny:
		if err, ok := value.Any().(error); ok {
			if b.err == nil {
				b.err = err
			}
			if _, marshals := err.(json.Marshaler); !marshals {
				return err.Error()
			}
		}
		encoded, err := json.Marshal(value.Any())
		if err != nil {
			return "!ERROR:" + err.Error()
		}
		return json.RawMessage(encoded)
	}
	return value.Any()
}

// shortened cuts a text after so many characters.
func shortened(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// InfoFrom describes a Go error: its type, its text, and a stack. The stack is the error's own if it has
// one (a method `Stack() []byte`, or more than its text with the verb %+v), else the caller's.
func InfoFrom(err error) ErrorInfo {
	if err == nil {
		return ErrorInfo{}
	}
	info := ErrorInfo{Name: fmt.Sprintf("%T", err), Message: err.Error()}
	if with, ok := err.(interface{ Stack() []byte }); ok {
		info.Stack = string(with.Stack())
	} else if detailed, ok := err.(fmt.Formatter); ok {
		if long := fmt.Sprintf("%+v", detailed); strings.Contains(long, "\n") {
			info.Stack = long
		}
	}
	if info.Stack == "" {
		info.Stack = callStack()
	}
	return info
}

// maxFrames is more than fits into an entry's stack.
const maxFrames = 100

// callStack is that of the program's function that logs: without slog's frames and those of this file.
func callStack() string {
	var counters [maxFrames]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(1, counters[:])])
	self, _ := runtime.CallersFrames(counters[:1]).Next()
	var text strings.Builder
	for outside := false; ; {
		frame, more := frames.Next()
		outside = outside || frame.File != self.File && !strings.HasPrefix(frame.Function, "log/slog.")
		if outside && frame.Function != "" {
			fmt.Fprintf(&text, "%s\n\t%s:%d\n", frame.Function, frame.File, frame.Line)
		}
		if !more {
			return text.String()
		}
	}
}
