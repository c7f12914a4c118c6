package maxim

// Values that cannot be sent as they are: the table that every language has (tests/hostile_values.json), and what only
// Go has. Each gives an entry, none ends the program.

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// hostileValue is one of the table.
type hostileValue struct {
	Name      string
	Text      *string
	Hex       *string
	Times     int
	JSON      *string
	JSONHex   *string `json:"json_hex"`
	Value     string
	At        []string
	Arrives   string
	ArrivesAt map[string]string `json:"arrives_at"`
}

type throwing struct{}

func (throwing) MarshalJSON() ([]byte, error) { panic("on purpose") }

// value is what the program logs, and whether it is the whole argument.
func (h *hostileValue) value(t *testing.T) (value any, text string, whole bool) {
	unhexed := func(digits string) string {
		decoded, err := hex.DecodeString(digits)
		must(t, err)
		return string(decoded)
	}
	switch {
	case h.Text != nil:
		text = strings.Repeat(*h.Text, max(h.Times, 1))
		return text, text, false
	case h.Hex != nil:
		text = strings.Repeat(unhexed(*h.Hex), max(h.Times, 1))
		return text, text, false
	case h.JSON != nil:
		return json.RawMessage(*h.JSON), "", true
	case h.JSONHex != nil:
		return json.RawMessage(unhexed(*h.JSONHex)), "", true
	}
	switch h.Value {
	case "NaN":
		value = math.NaN()
	case "Infinity":
		value = math.Inf(1)
	case "-Infinity":
		value = math.Inf(-1)
	case "huge_integer":
		value = new(big.Int).Lsh(big.NewInt(1), 70)
	case "exact_integer":
		value = int64(1)<<53 + 1
	case "deep":
		for range 1000 {
			value = []any{value}
		}
	case "cycle":
		cycle := map[string]any{}
		cycle["self"] = cycle
		value = cycle
	case "function":
		value = func() {}
	case "date":
		value = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)
	case "throws":
		value = throwing{}
	default:
		t.Fatalf("no value %q in Go", h.Value)
	}
	return value, "", false
}

// lossy makes a client and a logger as programs have them, that hear of nothing.
func (s *server) lossy(t *testing.T) (*LogClient, *Logger) {
	t.Helper()
	heard := func(err error) { t.Errorf("OnError: %v", err) }
	clientConfig, config := s.clientConfig(t), s.config(t)
	clientConfig.Strict, config.Strict = false, false
	clientConfig.OnError, config.OnError = heard, heard
	client := openClient(t, clientConfig)
	logger := openLogger(t, config)
	return client, logger
}

func logHostile(client *LogClient, logger *Logger, place, id string, value any, text string, whole bool) error {
	object := any(map[string]any{"value": value})
	if whole {
		object = value
	}
	entry := Entry{Level: LevelInfo, Message: "m", Tags: []string{id}}
	info := ErrorInfo{Name: "Error", Message: "message", Stack: "stack"}
	trace := logger.Trace(id)
	switch place {
	case "message":
		entry.Message = text
	case "data":
		entry.Data = object
	case "tag":
		entry.Tags = append(entry.Tags, text)
	case "user_id":
		entry.UserID = text
	case "error_name":
		info.Name = text
		return client.ErrorWith("m", info, id)
	case "error_message":
		info.Message = text
		return client.ErrorWith("m", info, id)
	case "error_stack":
		info.Stack = text
		return client.ErrorWith("m", info, id)
	case "name":
		return logger.AddTrace(TraceConfig{ID: id, Name: text}).Err()
	case "tag_key":
		return trace.AddTag(text, "v")
	case "tag_value":
		return trace.AddTag("k", text)
	case "metadata":
		return trace.AddMetadata(object)
	case "input":
		return trace.SetInput(text)
	case "output":
		return trace.SetOutput(text)
	case "tool_arguments":
		return logger.Trace("parent").AddToolCall(ToolCallConfig{ID: id, Name: "tool", Args: text}).Err()
	case "model_parameters":
		return logger.Generation(id).SetModelParameters(object)
	case "message_content":
		messages := []any{map[string]any{"role": "user", "content": value}}
		return logger.Trace("parent").AddGeneration(GenerationConfig{ID: id, Model: "model", Messages: messages}).Err()
	default:
		return fmt.Errorf("no place %s", place)
	}
	return client.Log(entry)
}

func TestEveryHostileValueOfTheTableGivesOneEntry(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "tests/hostile_values.json"))
	must(t, err)
	var table struct{ Values []hostileValue }
	must(t, json.Unmarshal(content, &table))
	s := startServer(t)
	client, logger := s.lossy(t)
	type expected struct{ id, what, arrives string }
	var all []expected
	for _, hostile := range table.Values {
		for _, place := range hostile.At {
			id := fmt.Sprintf("case-%04d", len(all))
			arrives, special := hostile.ArrivesAt[place]
			if !special {
				arrives = hostile.Arrives
			}
			all = append(all, expected{id, hostile.Name + " as " + place, arrives})
			value, text, whole := hostile.value(t)
			if err := logHostile(client, logger, place, id, value, text, whole); err != nil {
				t.Errorf("%s as %s: %v", hostile.Name, place, err)
			}
		}
	}
	flushed(t, client)
	flushed(t, logger)
	lines := s.received(t)
	if len(lines) != len(all) {
		t.Errorf("%d records of %d", len(lines), len(all))
	}
	for _, each := range all {
		var found []string
		for _, line := range lines {
			if strings.Contains(line, each.id) {
				found = append(found, strings.ReplaceAll(line, `\ufffd`, "\ufffd"))
			}
		}
		if len(found) != 1 || !regexp.MustCompile("(?s)"+each.arrives).MatchString(found[0]) {
			t.Errorf("%s %s: %s is not in %.300q", each.id, each.what, each.arrives, found)
		}
	}
}

type (
	nilError    struct{ text string }
	throwsText  struct{}
	throwsStack struct{ error }
	throwsValue struct{}
	nilValue    struct{ text string }
	endless     struct{}
	textKey     struct{ text string }
	broken      struct{}
	badPanic    struct{}
	inside      struct {
		Good  string `json:"good"`
		Bad   chan int
		None  *inside `json:",omitempty"`
		inner int
		textKey
	}
)

func (e *nilError) Error() string              { return e.text }
func (throwsText) Error() string               { panic("on purpose") }
func (throwsStack) Stack() []byte              { panic("on purpose") }
func (throwsValue) LogValue() slog.Value       { panic("on purpose") }
func (v *nilValue) LogValue() slog.Value       { return slog.StringValue(v.text) }
func (v endless) LogValue() slog.Value         { return slog.AnyValue(v) }
func (k textKey) MarshalText() ([]byte, error) { return nil, errors.New("on purpose") }
func (broken) MarshalJSON() ([]byte, error)    { return []byte("{"), nil }
func (badPanic) Error() string                 { panic(badPanic{}) }

func TestNoValueOfGoCostsAnEntryOrTheProgram(t *testing.T) {
	s := startServer(t)
	client, logger := s.lossy(t)
	handler := slog.New(NewSlogHandler(client, SlogOptions{AddSource: true}))
	var none *nilError
	var noValue *nilValue
	shared := []any{make(chan int)} // encoding/json gives up at once, and is not bounded otherwise
	for range 60 {
		shared = []any{shared, shared}
	}
	doubling, tripling := any(map[string]any{}), any([]any{1})
	for range 60 {
		doubling = map[string]any{"a": doubling, "b": doubling}
		tripling = []any{tripling, tripling, tripling}
	}
	list := []any{nil}
	list[0] = list
	node := &inside{Good: "kept", Bad: make(chan int), inner: 1}
	node.None = node
	for n, each := range []struct {
		value   any
		arrives string
	}{
		{none, "<nil>"},
		{error(none), "<nil>"},
		{errors.New("its text"), "its text"},
		{throwsText{}, "[Throws: on purpose]"},
		{badPanic{}, "[Throws: maxim.badPanic]"},
		{fmt.Errorf("wrapped: %w", throwsStack{errors.New("inner")}), "wrapped: inner"},
		{throwsStack{errors.New("inner")}, "inner"},
		{throwsValue{}, ""},
		{noValue, ""},
		{endless{}, ""},
		{throwing{}, "[Throws: on purpose]"},
		{broken{}, "Throws"},
		{make(chan int), "[chan int]"},
		{func() {}, "[func()]"},
		{complex(1, 2), "(1+2i)"},
		{math.NaN(), "NaN"},
		{[]float32{float32(math.Inf(1))}, "Inf"},
		{map[any]any{1: "one", "two": 2, [1]int{3}: 3}, "one"},
		{map[textKey]int{{"k"}: 1}, "on purpose"},
		{map[float64]string{math.NaN(): "not a number"}, "not a number"},
		{list, "[Circular]"},
		{node, "kept"},
		{shared, "[left out]"},
		{doubling, "[left out]"},
		{tripling, "[left out]"},
		{json.Number("no number"), "no number"},
		{json.RawMessage("{no JSON"), "no JSON"},
		{struct{ When time.Time }{time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)}, "-0005"},
		{new(any), "null"},
		{[]byte("bytes\xff"), "Ynl0ZXP/"},
		{uintptr(7), "7"},
		{strings.Repeat("long", 100_000), "longlong"},
		{Config{APIKey: "secret-key"}, "***"},
		{&LogClientConfig{APIKey: "secret-key", Proxy: "http://user:secret-key@proxy:1"}, "***"},
	} {
		name := fmt.Sprintf("%d: %T", n, each.value)
		before := len(s.received(t))
		must(t, client.Info("plain", each.value))
		must(t, client.Info("within", map[string]any{"value": each.value, "keep": "kept"}))
		handler.Error("slog", "value", each.value, slog.Group("group", "inner", each.value), "keep", "kept")
		must(t, logger.Trace("t").AddMetadata(map[string]any{"value": each.value}))
		must(t, logger.AddTrace(TraceConfig{Tags: Tags{"value": each.value}}).Err())
		if err, is := each.value.(error); is {
			must(t, client.ErrorWith("error", InfoFrom(err)))
			must(t, logger.Trace("t").AddError(ErrorFrom(err)))
		}
		flushed(t, client)
		flushed(t, logger)
		arrived := s.received(t)[before:]
		if len(arrived) != 5 && len(arrived) != 7 {
			t.Errorf("%s: %d records: %.500q", name, len(arrived), arrived)
		}
		for _, line := range arrived {
			if strings.Contains(line, "secret-key") {
				t.Errorf("%s: a key in %s", name, line)
			}
			plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(line)
			if strings.Contains(line, `"within"`) && (!strings.Contains(plain, each.arrives) || !strings.Contains(line, "kept")) {
				t.Errorf("%s: %s is not in %.500s", name, each.arrives, line)
			}
		}
	}
}

func TestHooksThatPanicCostNothing(t *testing.T) {
	s := startServer(t)
	client, logger := s.lossy(t)
	config := s.clientConfig(t)
	config.OnError = func(error) { panic("in OnError") }
	strict := openClient(t, config)
	wantError(t, strict.Info("m", json.RawMessage("{")), ErrInvalidJSON)
	wantError(t, strict.Info("m", throwing{}), ErrInvalidJSON)
	client.hooks.onError = nil
	panicking := slog.New(NewSlogHandler(client, SlogOptions{
		Level:       (*slog.LevelVar)(nil),
		ReplaceAttr: func([]string, slog.Attr) slog.Attr { panic("in ReplaceAttr") },
		Fill:        func(_ context.Context, entry *Entry) { entry.RequestID = "r-1"; panic("in Fill") },
	}))
	panicking.Info("kept", "password", "secret")
	panicking.Info("kept", "value", throwsValue{}, "none", (*nilValue)(nil), "endless", endless{})
	flushed(t, client)
	entries := s.entries(t)
	if len(entries) != 2 || entries[0]["requestId"] != "r-1" ||
		entries[0]["data"].(map[string]any)["password"] != "[Throws: in ReplaceAttr]" {
		t.Errorf("%v", entries)
	}
	plain := slog.New(NewSlogHandler(client, SlogOptions{}))
	plain.Info("kept", "value", throwsValue{}, "none", (*nilValue)(nil), "endless", endless{})
	flushed(t, client)
	data := s.entries(t)[2]["data"].(map[string]any)
	if data["value"] != "[Throws: on purpose]" || data["none"] != "<nil>" || data["endless"] != "[Circular]" {
		t.Errorf("%v", data)
	}
	plain.Info("kept", "g", 1, slog.Group("g", "b", 2), slog.Group("h", "b", 3), "h", 4)
	flushed(t, client)
	if data := fmt.Sprint(s.entries(t)[3]["data"]); data != "map[g:map[b:2 g:1] h:map[b:3 h:4]]" {
		t.Errorf("%v", data)
	}
	var noContext context.Context
	_, trace := logger.StartTrace(noContext, TraceConfig{Name: "without a context"})
	must(t, trace.Err())
	wantError(t, (*Logger)(nil).AddTrace(TraceConfig{}).End(), ErrNullPointer)
	wantError(t, (*LogClient)(nil).Info("m", nil), ErrNullPointer)
	wantError(t, (*Flow)(nil).Info("m", nil), ErrNullPointer)
	wantError(t, (*Logger)(nil).Commit(EntityTrace, "t", "update", nil), ErrNullPointer)
}

func TestATimeIsNeverTakenForNow(t *testing.T) {
	s := startServer(t)
	client, logger := s.lossy(t)
	for _, each := range []struct {
		at     time.Time
		millis float64
		date   string
	}{
		{time.Unix(0, 0), 1, "1970-01-01T00:00:00.000001"},
		{time.Unix(math.MaxInt64/2, 0), 253402300799000, "9999-12-31"},
		{time.Unix(math.MinInt64/2, 0), -62135596800000, "0001-01-01"},
		{time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), -2208988800000, "1900-01-01"},
	} {
		before := len(s.received(t))
		must(t, client.Log(Entry{Message: "m", Time: each.at}))
		must(t, logger.AddTrace(TraceConfig{Start: each.at}).SetEndTimestamp(each.at))
		flushed(t, client)
		flushed(t, logger)
		for _, line := range s.received(t)[before:] {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) == nil {
				if entry["timestamp"] != each.millis {
					t.Errorf("%v: %v", each.at, entry["timestamp"])
				}
			} else if !strings.Contains(line, each.date) && !strings.Contains(line, "1970-01-01T00:00:00.000000") {
				t.Errorf("%v: %s", each.at, line)
			}
		}
	}
}

func TestAMaskOfTheProgramsOwnReplacesTexts(t *testing.T) {
	s := startServer(t)
	config := s.config(t)
	var deep func(n int) int
	deep = func(n int) int { // a stack that grows while C reads the arguments
		var room [512]byte
		if n == 0 {
			return int(room[0])
		}
		return deep(n-1) + int(room[n%512])
	}
	config.MaskFunc = func(entity Entity, field, text string) string {
		deep(200)
		switch {
		case strings.Contains(text, "panic"):
			panic("in the mask")
		case text == "remove":
			return ""
		}
		return strings.ReplaceAll(text, "secret", fmt.Sprintf("(%d %s)", entity, field))
	}
	config.MaskBudget = time.Minute
	logger := openLogger(t, config)
	clientConfig := s.clientConfig(t)
	clientConfig.MaskFunc, clientConfig.MaskBudget = config.MaskFunc, time.Minute
	client := openClient(t, clientConfig)
	for n := range 50 {
		done := make(chan error)
		go func() { // a goroutine of its own has a small stack
			key := fmt.Sprint("key", n)
			done <- logger.Trace(fmt.Sprint("trace-", n)).AddTag(key[:4], "a "+fmt.Sprint("secret ", n))
		}()
		must(t, <-done)
	}
	must(t, logger.Trace("t").SetInput("panic"))
	must(t, logger.Trace("t").SetOutput("remove"))
	must(t, client.Info("a secret message", map[string]any{"k": "secret"}))
	flushed(t, logger)
	flushed(t, client)
	all := strings.Join(s.received(t), "\n")
	for _, want := range []string{"id=trace-49", `"a (1 tags.`, `(-1 message) message`, `"k":"(-1 data.k)"`} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not in %s", want, all)
		}
	}
	for _, unwanted := range []string{"secret", "panic", "remove"} {
		if strings.Contains(all, unwanted) {
			t.Errorf("%s is in %s", unwanted, all)
		}
	}
	stats, err := logger.Stats()
	must(t, err)
	if stats.MasksFailed != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestResultsAreNormalisedAndLoggedErrorsGetTags(t *testing.T) {
	normal, err := NormaliseResult(json.RawMessage(`{"id":"c","object":"chat.completion","created":1,"model":"m",
		"choices":[{"index":0,"message":{"role":"assistant","content":"` + strings.Repeat("é", 5000) + `"},"finish_reason":"stop"}]}`))
	must(t, err)
	var result struct {
		Choices []struct{ Message struct{ Content string } }
	}
	must(t, json.Unmarshal(normal, &result))
	if len(result.Choices) != 1 || len([]rune(result.Choices[0].Message.Content)) != 5000 {
		t.Errorf("%.300s", normal)
	}
	_, err = NormaliseResult(func() {})
	wantError(t, err, ErrInvalidJSON)

	s := startServer(t)
	logger := s.logger(t)
	must(t, logger.Trace("t-1").AddError(ErrorConfig{ID: "e-1", Message: "failed"}))
	must(t, logger.LoggedError("e-1").AddTag("k", "v"))
	must(t, logger.LoggedError("e-1").AddMetadata(map[string]any{"n": 1}))
	flushed(t, logger)
	lines := s.received(t)
	if len(lines) != 3 || !strings.Contains(lines[1], `error{id=e-1`) || !strings.Contains(lines[2], `"n":"1"`) {
		t.Errorf("%q", lines)
	}
}
