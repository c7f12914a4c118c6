package maxim

// Structured logs: the client, flows, raw documents, and log/slog.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"
)

func (s *server) clientConfig(t testing.TB) LogClientConfig {
	return LogClientConfig{
		Strict:        true,
		Source:        "svc",
		Environment:   Production,
		APIKey:        testKey,
		Endpoint:      s.url,
		SpoolDir:      spoolDir(t),
		FlushInterval: 100 * time.Millisecond,
	}
}

func (s *server) client(t testing.TB) *LogClient {
	t.Helper()
	client, err := NewLogClient(s.clientConfig(t))
	must(t, err)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// entries are those that the server has accepted.
func (s *server) entries(t testing.TB) []map[string]any {
	t.Helper()
	var entries []map[string]any
	for _, line := range s.received(t) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		entries = append(entries, entry)
	}
	return entries
}

func TestTheHandlerIsWhatSlogExpects(t *testing.T) {
	s := startServer(t)
	client := s.client(t)
	var timed []bool
	handler := NewSlogHandler(client, SlogOptions{
		Fill: func(_ context.Context, entry *Entry) { timed = append(timed, !entry.Time.IsZero()) },
	})
	err := slogtest.TestHandler(handler, func() []map[string]any {
		flushed(t, client)
		var results []map[string]any
		for n, entry := range s.entries(t) {
			result := map[string]any{slog.LevelKey: entry["level"], slog.MessageKey: entry["message"]}
			// The library gives its own time to an entry that the handler gave none.
			if at, ok := entry["timestamp"].(float64); ok && timed[n] {
				result[slog.TimeKey] = time.UnixMilli(int64(at))
			}
			data, _ := entry["data"].(map[string]any)
			for key, value := range data {
				result[key] = value
			}
			results = append(results, result)
		}
		return results
	})
	must(t, err)
}

type stacked struct{ error }

func (stacked) Stack() []byte { return []byte("stack of its own") }

func TestErrorsAndPlacesArriveThroughSlog(t *testing.T) {
	s := startServer(t)
	config := s.clientConfig(t)
	config.Strict = false
	client := openClient(t, config)
	type requestKey struct{}
	logger := slog.New(NewSlogHandler(client, SlogOptions{
		AddSource: true,
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if attr.Key == "password" {
				return slog.Attr{}
			}
			return attr
		},
		Fill: func(ctx context.Context, entry *Entry) {
			entry.RequestID, _ = ctx.Value(requestKey{}).(string)
			entry.Tags = []string{"slog"}
		},
	}))
	ctx := context.WithValue(context.Background(), requestKey{}, "r-1")
	logger.ErrorContext(ctx, "failed", "error", fmt.Errorf("while reading: %w", errors.New("boom")), "password", "x",
		"nan", math.NaN(), "took", time.Second)
	logger.Error("failed too", "error", stacked{errors.New("boom")})
	logger.Info(strings.Repeat("é", 20_000))
	logger.Info("")
	flushed(t, client)
	entries := s.entries(t)
	if len(entries) != 4 {
		t.Fatalf("%d entries", len(entries))
	}
	first, data := entries[0], entries[0]["data"].(map[string]any)
	if first["level"] != "error" || first["errorName"] != "*fmt.wrapError" || first["requestId"] != "r-1" ||
		!strings.Contains(first["errorStack"].(string), "TestErrorsAndPlacesArriveThroughSlog") ||
		strings.HasPrefix(first["errorStack"].(string), "log/slog") {
		t.Errorf("%v", first)
	}
	if data["error"] != "while reading: boom" || data["password"] != nil || data["nan"] != "NaN" ||
		data["took"] != float64(time.Second) ||
		!strings.HasSuffix(data["source"].(map[string]any)["file"].(string), "logclient_test.go") {
		t.Errorf("%v", data)
	}
	if entries[1]["errorStack"] != "stack of its own" {
		t.Errorf("%v", entries[1])
	}
	if length := len([]rune(entries[2]["message"].(string))); length < 9_900 || length > 10_000 {
		t.Errorf("a long message has %d characters", length)
	}
}

func TestSlogPutsNothingIntoTheProgramsMaps(t *testing.T) {
	s := startServer(t)
	client := openClient(t, s.clientConfig(t))
	shared := map[string]any{"tenant": "acme"}
	log := slog.New(NewSlogHandler(client, SlogOptions{}))
	log.With("request", shared).Info("a group", slog.Group("request", "id", 7))
	log.With("request", shared).Info("again", "request", "again")
	log.WithGroup("request").Info("within", slog.Any("a", shared), slog.Group("a", "b", 1))
	var all sync.WaitGroup
	for writer := range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for id := range 200 {
				log.With("request", shared).Debug("at once", slog.Group("request", "id", id, fmt.Sprint(writer), id))
			}
		}()
	}
	all.Wait()
	flushed(t, client)
	if !reflect.DeepEqual(shared, map[string]any{"tenant": "acme"}) {
		t.Errorf("the program's map is now %v", shared)
	}
	wanted := map[string]string{
		"a group": `{"request":{"id":7,"request":{"tenant":"acme"}}}`,
		"again":   `{"request":"again"}`,
		"within":  `{"request":{"a":{"a":{"tenant":"acme"},"b":1}}}`,
	}
	for _, entry := range s.entries(t) {
		data, err := json.Marshal(entry["data"])
		must(t, err)
		message := entry["message"].(string)
		if text, is := wanted[message]; is && string(data) != text {
			t.Errorf("%s: %s", message, data)
		}
		delete(wanted, message)
	}
	if len(wanted) > 0 {
		t.Errorf("these are missing: %v", wanted)
	}
}

func TestSlogLogsWhatItsLevelLetsThrough(t *testing.T) {
	s := startServer(t)
	config := s.clientConfig(t)
	config.MinLevel = LevelWarn
	client := openClient(t, config)
	ctx := context.Background()
	handler := NewSlogHandler(client, SlogOptions{})
	if handler.Enabled(ctx, slog.LevelInfo) || !handler.Enabled(ctx, slog.LevelWarn) || !handler.Enabled(ctx, slog.LevelError+4) {
		t.Error("the client's level does not count")
	}
	strict := NewSlogHandler(client, SlogOptions{Level: slog.LevelError})
	if strict.Enabled(ctx, slog.LevelWarn) || !strict.Enabled(ctx, slog.LevelError) {
		t.Error("the handler's level does not count")
	}
}

func TestStepsOfAFlowAreUniqueAndWithoutGaps(t *testing.T) {
	const writers, steps = 10, 50
	s := startServer(t)
	client := s.client(t)
	flow, err := client.NewFlow("checkout")
	must(t, err)
	if !strings.HasPrefix(flow.ID(), "checkout-") || flow.Name() != "checkout" || flow.StepIndex() != 0 {
		t.Fatalf("flow %q %q %d", flow.ID(), flow.Name(), flow.StepIndex())
	}
	var group sync.WaitGroup
	for range writers {
		group.Add(1)
		go func() {
			defer group.Done()
			for range steps {
				if err := flow.Info("step", nil); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	flushed(t, client)
	seen := map[float64]bool{}
	for _, entry := range s.entries(t) {
		seen[entry["stepIndex"].(float64)] = true
	}
	if len(seen) != writers*steps || !seen[0] || !seen[writers*steps-1] || flow.StepIndex() != writers*steps {
		t.Errorf("%d steps, next is %d", len(seen), flow.StepIndex())
	}
	must(t, flow.Close())
	must(t, flow.Close())
	wantError(t, flow.Info("late", nil), ErrClosed)
	if flow.StepIndex() != -1 {
		t.Error("a closed flow has a step")
	}
}

func TestBadEntriesAndClosedClientsAreErrors(t *testing.T) {
	s := startServer(t)
	client := s.client(t)
	for what, err := range map[string]error{
		"message": client.Info("", nil),
		"tags":    client.Info("m", nil, make([]string, 21)...),
		"step":    client.Log(Entry{Message: "m", Step: new(int), FlowID: strings.Repeat("f", 51)}),
		"level":   client.Log(Entry{Message: "m", Level: 7}),
	} {
		if !errors.Is(err, ErrInvalidArgument) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", what, err)
		}
	}
	wantError(t, client.Info("m", json.RawMessage("{")), ErrInvalidJSON)
	wantError(t, client.Info("m", make(chan int)), ErrInvalidJSON)
	must(t, client.Close())
	must(t, client.Close())
	wantError(t, client.Info("m", nil), ErrClosed)
	wantError(t, client.Flush(context.Background()), ErrClosed)
	wantError(t, client.SetUserID("u"), ErrClosed)
	_, err := client.NewFlow("f")
	wantError(t, err, ErrClosed)
	if client.WouldLog(LevelError) {
		t.Error("a closed client would log")
	}
	wantError(t, new(LogClient).FlushNow(), ErrNullPointer)
	wantError(t, new(Flow).Info("m", nil), ErrNullPointer)
}

// An entry as the vectors have it.
func (a args) entry(n int) (Entry, error) {
	var given struct {
		Entry object `json:"$entry"`
	}
	json.Unmarshal(a[n], &given)
	o := given.Entry
	entry := Entry{Message: o.str("message"), Data: o.json("data"), UserID: o.str("user_id"),
		SessionID: o.str("session_id"), RequestID: o.str("request_id"), ErrorName: o.str("error_name"),
		ErrorStack: o.str("error_stack"), FlowID: o.str("flow_id"), Dataset: o.str("dataset"),
		IPAddress: o.str("ip_address"), Country: o.str("country")}
	json.Unmarshal(o["tags"], &entry.Tags)
	json.Unmarshal(o["step_index"], &entry.Step)
	level, there := map[string]Level{"debug": LevelDebug, "info": LevelInfo, "warn": LevelWarn, "error": LevelError}[o.str("level")]
	if !there {
		level = 99 // a level is a constant in Go: this one is none
	}
	entry.Level = level
	return entry, nil
}

func (a args) options(n int) []string {
	var given struct {
		Options struct{ Tags []string } `json:"$opt"`
	}
	if a.has(n) {
		json.Unmarshal(a[n], &given)
	}
	return given.Options.Tags
}

// exception is what the vectors raised; its stack is Python's.
func (a args) exception(n int) (ErrorInfo, bool) {
	var given struct {
		Text *string `json:"$exc"`
	}
	if !a.has(n) || json.Unmarshal(a[n], &given) != nil || given.Text == nil {
		return ErrorInfo{}, false
	}
	return ErrorInfo{Name: "ValueError", Message: *given.Text, Stack: "a stack"}, true
}

// leveled is what a client and a flow have in common.
type leveled interface {
	Debug(string, any, ...string) error
	Info(string, any, ...string) error
	Warn(string, any, ...string) error
	Error(string, any, ...string) error
	ErrorWith(string, ErrorInfo, ...string) error
}

func (a args) log(to leveled, level string) error {
	if info, is := a.exception(1); is {
		return to.ErrorWith(a.str(0), info, a.options(2)...)
	}
	var data any
	if len(a) > 1 {
		data = a.json(1)
	}
	call := map[string]func(string, any, ...string) error{
		"debug": to.Debug, "info": to.Info, "warn": to.Warn, "error": to.Error}[level]
	return call(a.str(0), data, a.options(2)...)
}

func (a args) steps(n int, flow *Flow) error {
	var steps []args
	json.Unmarshal(a[n], &steps)
	for _, step := range steps {
		if err := step[1:].log(flow, step.str(0)); err != nil {
			return err
		}
	}
	return flow.Close()
}

func (a args) raw() (body []byte, format Format, options RawOptions) {
	format, there := map[string]Format{"json": FormatJSON, "jsonl": FormatJSONL, "syslog": FormatSyslog,
		"text": FormatText, "csv": FormatCSV, "obl": FormatOBL}[a.str(1)]
	if !there {
		format = 99 // a format is a constant in Go: this one is none
	}
	if len(a) > 2 {
		var given struct {
			Raw object `json:"$raw"`
		}
		json.Unmarshal(a[2], &given)
		options.Source = given.Raw.str("source")
	}
	return []byte(a.str(0)), format, options
}

func TestEveryStepOfTheStructuredVectorsGivesTheSameEntries(t *testing.T) {
	s := startServer(t)
	var client *LogClient
	var refusedConfig error
	ctx, cancel := context.WithTimeout(context.Background(), 10*patience)
	defer cancel()
	for _, step := range vectors(t, "structured-logs.jsonl") {
		name := fmt.Sprintf("%d %s", step.Step, step.Call)
		before := len(s.received(t))
		a := args(step.Args)
		var err error
		switch step.Call {
		case "client":
			o := a.object(0)
			config := s.clientConfig(t)
			config.Source, config.APIKey, config.Version = o.str("source"), o.str("api_key"), o.str("version")
			config.UserID, config.SessionID, config.Dataset = o.str("user_id"), o.str("session_id"), o.str("dataset")
			config.Environment = map[string]Environment{"development": Development, "production": Production}[o.str("environment")]
			if o.str("min_level") == "warn" {
				config.MinLevel = LevelWarn
			}
			client, refusedConfig = NewLogClient(config)
			if refusedConfig == nil {
				own := client
				t.Cleanup(func() { own.Close() })
			}
			continue
		case "debug", "info", "warn", "error":
			if a.str(0) == "after clear" {
				// The steps that cleared the ids are not in the sample.
				must(t, client.SetUserID(""))
				must(t, client.SetSessionID(""))
			}
			if client == nil {
				// The captured client refuses an empty source at the first entry, we when it is made.
				err = refusedConfig
			} else {
				err = a.log(client, step.Call)
			}
		case "log":
			var entry Entry
			entry, err = a.entry(0)
			must(t, err)
			err = client.Log(entry)
		case "set_user_id":
			must(t, client.SetUserID(a.str(0)))
			continue
		case "set_session_id":
			must(t, client.SetSessionID(a.str(0)))
			continue
		case "flow", "flow_async":
			var flow *Flow
			if step.Call == "flow" {
				flow, err = client.NewFlow(a.str(0))
			} else {
				flow, err = client.NewRemoteFlow(ctx, a.str(0))
			}
			must(t, err)
			err = a.steps(1, flow)
		case "ingest_raw":
			body, format, options := a.raw()
			err = client.IngestRaw(ctx, body, format, options)
		case "ingest_raw_async":
			body, format, options := a.raw()
			err = client.IngestRawAsync(body, format, options)
		default:
			t.Errorf("%s: the binding has no such call", name)
			continue
		}
		if (err != nil) != (step.Raised != nil) {
			t.Errorf("%s: error %v, captured %v", name, err, step.Raised)
		}
		if client == nil {
			continue
		}
		flushed(t, client)
		compareEntries(t, name, s.received(t)[before:], step.entries())
	}
}

// entries are those of the step's requests, and the lines of raw documents.
func (s *step) entries() []string {
	var entries []string
	for _, request := range s.Requests {
		var batch struct{ Logs []json.RawMessage }
		switch {
		case !strings.HasPrefix(request.Target, "/v1/logs"):
		case strings.Contains(request.Target, "?"):
			entries = append(entries, strings.FieldsFunc(request.Body, func(r rune) bool { return r == '\n' })...)
		case json.Unmarshal([]byte(request.Body), &batch) == nil:
			for _, entry := range batch.Logs {
				entries = append(entries, string(entry))
			}
		}
	}
	return entries
}

// compareEntries fails the test when entries differ. Ours say when they were logged; stacks are the
// test's, and the ends of flows' ids are random.
func compareEntries(t *testing.T, name string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d entries, not %d:\n  got  %s\n  want %s", name, len(got), len(want), got, want)
		return
	}
	for n := range want {
		if gotEntry, wantEntry := normaliseEntry(got[n]), normaliseEntry(want[n]); gotEntry != wantEntry {
			t.Errorf("%s:\n  got  %s\n  want %s", name, gotEntry, wantEntry)
		}
	}
}

func normaliseEntry(text string) string {
	var entry map[string]any
	if json.Unmarshal([]byte(text), &entry) != nil {
		return text
	}
	delete(entry, "timestamp")
	if stack, ok := entry["errorStack"].(string); ok && (stack == "a stack" || strings.HasPrefix(stack, "Traceback")) {
		entry["errorStack"] = "(stack)"
	}
	if id, ok := entry["flowId"].(string); ok && strings.HasPrefix(id, "checkout-") {
		entry["flowId"] = "checkout-(id)"
	}
	encoded, _ := json.Marshal(entry)
	return string(encoded)
}

type failure struct {
	Err  error
	Next *failure
}

func TestErrorsWithinValuesAreTheirTexts(t *testing.T) {
	s := startServer(t)
	client := openClient(t, s.clientConfig(t))
	boom := errors.New("boom")
	values := []any{
		map[string]any{"err": boom},
		[]error{boom},
		[]any{1, boom},
		map[string]error{"err": boom},
		struct{ Err error }{boom},
		&failure{Next: &failure{Err: boom}},
		map[string]any{"deep": []any{struct{ List []error }{[]error{nil, boom}}}},
		[]fmt.Stringer{time.Second, nil, stringer{boom}},
	}
	for _, value := range values {
		must(t, client.Info("failed", map[string]any{"value": value}))
		slog.New(NewSlogHandler(client, SlogOptions{})).Info("failed", "value", value)
	}
	flushed(t, client)
	entries := s.entries(t)
	if len(entries) != 2*len(values) {
		t.Fatalf("%d entries", len(entries))
	}
	for _, entry := range entries {
		if text := fmt.Sprint(entry["data"]); !strings.Contains(text, "boom") {
			t.Errorf("the error is lost: %s", text)
		}
	}
}

type stringer struct{ error }

func (stringer) String() string { return "" }

// locked has its JSON from its pointer's method alone, which would take a lock.
type locked struct{ Items map[string]any }

func (*locked) MarshalJSON() ([]byte, error) { return []byte(`"locked"`), nil }

type unread []any

func TestErrorsAreNotLookedForInValuesWhosePointersMarshalThemselves(t *testing.T) {
	boom := errors.New("boom")
	held := locked{map[string]any{"err": boom}}
	type cache struct{ Held locked }
	type embedding struct{ unread }
	for _, value := range []any{&held, &cache{held}, []locked{held}, embedding{unread{boom}}} {
		if holdsErrors(value) {
			t.Errorf("%T: what encoding/json does not read was looked into", value)
		}
	}
	// Without an address there is no pointer to ask.
	if !holdsErrors(cache{held}) {
		t.Error("the error is not found")
	}
	value := &struct {
		Cache cache
		Err   error
	}{cache{held}, boom}
	if !holdsErrors(value) {
		t.Error("the error beside it is not found")
	}
	if got := string(degraded(value)); got != `{"Cache":{"Held":"locked"},"Err":"boom"}` {
		t.Error(got)
	}
}
