//go:build cgo

package maxim

// log/slog through a client.

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strings"
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
	h = some(h)
	if h.options.Level != nil && level < leastOf(h.options.Level) {
		return false
	}
	return h.client.WouldLog(levelOf(level))
}

// leastOf is a Leveler's level; one that panics lets everything through.
func leastOf(leveler slog.Leveler) (level slog.Level) {
	defer func() {
		if recover() != nil {
			level = math.MinInt
		}
	}()
	return leveler.Level()
}

// WithAttrs gives a handler that adds these attributes to every entry, in the groups open now.
func (h *SlogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h = some(h)
	if len(attrs) == 0 {
		return h
	}
	with := *h
	with.attrs = append(slices.Clip(h.attrs), held{h.groups, attrs})
	return &with
}

// WithGroup gives a handler that puts later attributes into a group.
func (h *SlogHandler) WithGroup(name string) slog.Handler {
	h = some(h)
	if name == "" {
		return h
	}
	with := *h
	with.groups = append(slices.Clip(h.groups), name)
	return &with
}

// Handle logs a record. The error says why an entry was refused; slog itself ignores it, so the client's
// OnError is called as well.
func (h *SlogHandler) Handle(ctx context.Context, record slog.Record) error {
	h = some(h)
	b := builder{data: attrGroup{}, replace: h.options.ReplaceAttr}
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
	entry := Entry{Level: levelOf(record.Level), Message: record.Message, Time: record.Time}
	if len(b.data) > 0 {
		entry.Data = b.data.plain()
	}
	if b.err != nil {
		info := InfoFrom(b.err)
		entry.ErrorName, entry.ErrorStack = info.Name, info.Stack
	}
	if h.options.Fill != nil {
		h.fill(ctx, &entry)
	}
	return h.client.Log(entry)
}

// fill lets the program fill an entry; one at which it panics is logged as far as it has come.
func (h *SlogHandler) fill(ctx context.Context, entry *Entry) {
	defer func() {
		if reason := recover(); reason != nil {
			h.client.to().refuse(refused("SlogOptions.Fill", ErrInvalidArgument, panicked{reason}.Error()))
		}
	}()
	h.options.Fill(ctx, entry)
}

// resolved is a value behind its LogValue methods; "<nil>" for one that a nil pointer's method fails at.
func resolved(value slog.Value) slog.Value {
	// As slog has it: longer chains are loops.
	const longest = 100
	for range longest {
		valuer, is := value.Any().(slog.LogValuer)
		if value.Kind() != slog.KindLogValuer || !is {
			return value
		}
		var next slog.Value
		if failed := fenced(valuer, func() string { next = valuer.LogValue(); return "" }); failed != "" {
			return slog.StringValue(failed)
		}
		value = next
	}
	return slog.StringValue("[Circular]")
}

// replaced is an attribute after the program's ReplaceAttr. Where that panics nothing of the value is shown: it may
// have been there to hide it.
func (b *builder) replaced(groups []string, attr slog.Attr) (after slog.Attr) {
	defer func() {
		if reason := recover(); reason != nil {
			after = slog.String(attr.Key, throws(reason))
		}
	}()
	return b.replace(groups, attr)
}

// attrGroup is a group that a builder has made. A map among the values is the program's: it is written as it is, and
// nothing is put into it.
type attrGroup map[string]any

// plain is the group as encoding/json and what looks for endless values know it.
func (g attrGroup) plain() map[string]any {
	for name, member := range g {
		if inner, is := member.(attrGroup); is {
			g[name] = inner.plain()
		}
	}
	return g
}

// builder puts attributes into an entry's data.
type builder struct {
	data    attrGroup
	replace func([]string, slog.Attr) slog.Attr
	err     error
}

func (b *builder) add(groups []string, attr slog.Attr) {
	attr.Value = resolved(attr.Value)
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
		attr = b.replaced(groups, attr)
		attr.Value = resolved(attr.Value)
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
		before, exists := into[group]
		inner, ok := before.(attrGroup)
		if !ok {
			inner = attrGroup{}
			if exists {
				inner[group] = before // a value that has the group's name
			}
			into[group] = inner
		}
		into = inner
	}
	if group, is := into[attr.Key].(attrGroup); is {
		into = group // a group that has the value's name
	}
	into[attr.Key] = b.value(attr.Value)
}

// value is what becomes of an attribute's value in JSON: as slog's own JSON handler does it.
func (b *builder) value(value slog.Value) any {
	switch value.Kind() {
	case slog.KindDuration:
		return int64(value.Duration())
	case slog.KindAny:
		if err, ok := value.Any().(error); ok {
			if b.err == nil {
				b.err = err
			}
			if !marshalsItself(err) {
				return errorText(err)
			}
		}
	}
	return value.Any()
}

// InfoFrom describes a Go error: its type, its text, and a stack. The stack is the error's own if it has
// one (a method `Stack() []byte`, or more than its text with the verb %+v), else the caller's.
func InfoFrom(err error) ErrorInfo {
	if err == nil {
		return ErrorInfo{}
	}
	info := ErrorInfo{Name: fmt.Sprintf("%T", err), Message: errorText(err)}
	if with, ok := err.(interface{ Stack() []byte }); ok {
		info.Stack = fenced(err, func() string { return string(with.Stack()) })
	} else if detailed, ok := err.(fmt.Formatter); ok {
		// fmt has a fence of its own.
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
