package maxim

// What calls return, and what they tell.

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func wantError(t testing.TB, err error, code Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Fatalf("error is %v, not %v", err, code)
	}
	var detailed *Error
	if !errors.As(err, &detailed) || detailed.Op == "" {
		t.Fatalf("%v is not an *Error that says which call", err)
	}
}

func TestBadInputIsAnErrorThatSaysWhatIsWrong(t *testing.T) {
	s := startServer(t)
	var told []error
	config := s.config(t)
	config.OnError = func(err error) { told = append(told, err) }
	logger := openLogger(t, config)
	trace := logger.Trace("t-1")
	for what, bad := range map[string]struct {
		err  error
		code Code
	}{
		"id":          {logger.Trace("no spaces").AddTag("k", "v"), ErrInvalidID},
		"empty id":    {logger.Trace("").End(), ErrInvalidID},
		"utf-8":       {trace.AddTag("k", "\xff"), ErrInvalidUTF8},
		"json":        {trace.AddMetadata(json.RawMessage(`{"a":`)), ErrInvalidJSON},
		"json bytes":  {trace.AddMetadata([]byte(`[1]`)), ErrInvalidJSON},
		"marshal":     {trace.AddMetadata(make(chan int)), ErrInvalidJSON},
		"tags":        {trace.AddEvent(Event{Name: "e", Tags: Tags{"c": make(chan int)}}), ErrInvalidJSON},
		"result":      {logger.Generation("g-1").StrictResult(json.RawMessage(`{"a" 1}`)), ErrInvalidJSON},
		"strict":      {logger.Generation("g-1").StrictResult(map[string]any{"mine": 1}), ErrInvalidResult},
		"number":      {trace.AddMetric("m", math.NaN()), ErrInvalidArgument},
		"evaluators":  {trace.EvaluateWithEvaluators(), ErrInvalidArgument},
		"child":       {trace.AddSpan(SpanConfig{ID: "a}"}).Err(), ErrInvalidID},
		"child's own": {trace.AddSpan(SpanConfig{ID: "a}"}).AddGeneration(GenerationConfig{}).End(), ErrInvalidID},
	} {
		if !errors.Is(bad.err, bad.code) {
			t.Errorf("%s: error is %v, not %v", what, bad.err, bad.code)
		}
	}
	if len(told) != 13 {
		t.Errorf("OnError was told %d errors, not each once: %v", len(told), told)
	}
	if text := trace.AddMetadata(json.RawMessage(`{"a":`)).Error(); !strings.Contains(text, "Trace.AddMetadata") ||
		!strings.Contains(text, "line 1") {
		t.Errorf("the error does not say where: %s", text)
	}
	flushed(t, logger)
	if lines := s.received(t); len(lines) != 0 {
		t.Errorf("something was logged: %q", lines)
	}
}

func TestUseAfterCloseIsAnError(t *testing.T) {
	s := startServer(t)
	logger, err := New(s.config(t))
	must(t, err)
	trace := logger.AddTrace(TraceConfig{})
	must(t, trace.Err())
	must(t, logger.Close())
	must(t, logger.Close())
	ctx := context.Background()
	wantError(t, trace.AddTag("k", "v"), ErrClosed)
	wantError(t, trace.AddSpan(SpanConfig{}).Err(), ErrClosed)
	wantError(t, logger.AddSession(SessionConfig{}).Err(), ErrClosed)
	wantError(t, logger.Flush(ctx), ErrClosed)
	wantError(t, logger.FlushNow(), ErrClosed)
	wantError(t, logger.FlushCommitLogs(ctx), ErrClosed)
	wantError(t, logger.WriteToFile(ctx), ErrClosed)
	_, err = logger.Stats()
	wantError(t, err, ErrClosed)
	_, err = logger.AddSink(s.config(t))
	wantError(t, err, ErrClosed)
	if logger.RepositoryID() != "" || logger.SpoolDir() != "" || logger.CanAccessFilesystem() {
		t.Error("a closed logger still knows things")
	}
	var none *Logger
	must(t, none.Close())
	wantError(t, new(Logger).FlushNow(), ErrNullPointer)
}

func TestALoggerWithoutAKeyOrRepositoryIsRefused(t *testing.T) {
	t.Setenv("MAXIM_API_KEY", "")
	t.Setenv("MAXIM_LOG_REPO_ID", "")
	_, err := New(Config{RepositoryID: "r"})
	wantError(t, err, ErrNotConfigured)
	_, err = New(Config{APIKey: "k"})
	wantError(t, err, ErrNotConfigured)
	_, err = New(Config{APIKey: "k", RepositoryID: "r", FlushInterval: -1})
	wantError(t, err, ErrInvalidArgument)
}

func TestSpansNestThroughTheContext(t *testing.T) {
	s := startServer(t)
	logger := s.logger(t)
	ctx, session := logger.StartSession(context.Background(), SessionConfig{ID: "s-1"})
	ctx, trace := logger.StartTrace(ctx, TraceConfig{ID: "t-1"})
	outer, span := StartSpan(ctx, SpanConfig{ID: "sp-1"})
	inner, sub := StartSpan(outer, SpanConfig{ID: "sp-2"})
	generation := StartGeneration(inner, GenerationConfig{ID: "g-1", Model: "m"})
	retrieval := StartRetrieval(outer, RetrievalConfig{ID: "r-1"})
	call := StartToolCall(ctx, ToolCallConfig{ID: "c-1", Name: "tool"})
	for _, err := range []error{session.Err(), trace.Err(), span.Err(), sub.Err(), generation.Err(), retrieval.Err(),
		call.Err(), AddError(inner, ErrorFrom(errors.New("boom"))), sub.End(), span.End(), trace.End()} {
		must(t, err)
	}
	flushed(t, logger)
	lines := strings.Join(s.received(t), "\n")
	for _, want := range []string{
		"trace{id=t-1,action=create", `"sessionId":"s-1"`, "trace{id=t-1,action=add-span", "span{id=sp-1,action=add-span",
		"span{id=sp-2,action=add-generation", "span{id=sp-1,action=add-retrieval", "trace{id=t-1,action=add-tool-call",
		"span{id=sp-2,action=add-error", `"message":"boom"`,
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("no %s in\n%s", want, lines)
		}
	}
	if strings.Contains(lines, "span{id=sp-2,action=add-retrieval") {
		t.Error("a context knows of a span that was started from it")
	}
	_, orphan := StartSpan(context.Background(), SpanConfig{})
	wantError(t, orphan.AddTag("k", "v"), ErrInvalidArgument)
}

func TestGeneratedIDsAreDifferent(t *testing.T) {
	s := startServer(t)
	logger := s.logger(t)
	seen := map[string]bool{}
	for range 100 {
		trace := logger.AddTrace(TraceConfig{})
		must(t, trace.Err())
		if len(trace.ID()) != 36 || seen[trace.ID()] {
			t.Fatalf("id %q", trace.ID())
		}
		seen[trace.ID()] = true
	}
}

func TestEmptyTextIsTextAndUnicodeArrivesAsItIs(t *testing.T) {
	s := startServer(t)
	logger := s.logger(t)
	must(t, logger.Trace("t-1").SetInput(""))
	must(t, logger.Trace("t-2").SetInput("héllo 你好 \x00 😀"))
	flushed(t, logger)
	lines := s.received(t)
	if len(lines) != 2 || !strings.Contains(lines[0], `{"input":""}`) || !strings.Contains(lines[1], "héllo 你好 \\u0000 😀") {
		t.Fatalf("%q", lines)
	}
}

func TestOnErrorIsToldOfARefusedKey(t *testing.T) {
	s := startServer(t, "--unauthorized")
	var mutex sync.Mutex
	var told []error
	config := s.config(t)
	config.CloseTimeout = -1
	config.OnError = func(err error) {
		mutex.Lock()
		defer mutex.Unlock()
		told = append(told, err)
	}
	logger := openLogger(t, config)
	must(t, logger.Trace("t-1").AddTag("k", "v"))
	eventually(t, "OnError was told of ErrUnauthorized", func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		for _, err := range told {
			if errors.Is(err, ErrUnauthorized) {
				return true
			}
		}
		return false
	})
}

func TestDebugLinesGoToOnDebug(t *testing.T) {
	s := startServer(t)
	told := make(chan string, 1000)
	config := s.config(t)
	config.Debug = true
	config.OnDebug = func(line string) {
		select {
		case told <- line:
		default:
		}
	}
	logger := openLogger(t, config)
	must(t, logger.Trace("t-1").AddTag("k", "v"))
	flushed(t, logger)
	select {
	case <-told:
	case <-time.After(patience):
		t.Fatal("no debug line")
	}
}

func TestFlushEndsWithItsContext(t *testing.T) {
	s := startServer(t)
	s.control(t, `{"status": 503}`)
	config := s.config(t)
	config.CloseTimeout = -1
	logger := openLogger(t, config)
	must(t, logger.Trace("t-1").AddTag("k", "v"))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- logger.Flush(ctx) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled Flush gave %v", err)
	}
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	for _, err := range []error{logger.Flush(short), logger.FlushLogFiles(short)} {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a flush whose time ran out gave %v", err)
		}
	}
	soon, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := logger.FlushLogFiles(soon)
	wantError(t, err, ErrTimeout)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v is not context.DeadlineExceeded", err)
	}
}

func TestSinksGetEveryRecordToo(t *testing.T) {
	s, other := startServer(t), startServer(t)
	logger := s.logger(t)
	sink, err := logger.AddSink(other.config(t))
	must(t, err)
	must(t, logger.Trace("t-1").AddTag("k", "v"))
	must(t, logger.Commit(EntityTrace, "t-1", "update", map[string]string{"own": "member"}))
	flushed(t, logger)
	if got := other.received(t); len(got) != 2 || !strings.Contains(got[1], `{"own":"member"}`) {
		t.Errorf("the sink got %q", got)
	}
	for what, counts := range map[string]func() (Stats, error){
		"logger": logger.Stats, "sink": func() (Stats, error) { return logger.SinkStats(sink) },
	} {
		stats, err := counts()
		must(t, err)
		if stats.Accepted != 2 || stats.Delivered != 2 || stats.Held != 0 || stats.LastHTTPStatus != 200 {
			t.Errorf("%s: %+v", what, stats)
		}
	}
	if logger.RepositoryID() != "repo-1" || !filepath.IsAbs(logger.SpoolDir()) || !logger.CanAccessFilesystem() || IsRunningOnLambda() || Version() == "" {
		t.Error("the logger does not know itself")
	}
}

func TestATagCallAllocatesNothingInGo(t *testing.T) {
	// Another test of this process may have had a MaskFunc: from then on strings are copied.
	defer hasMaskFunc.Store(hasMaskFunc.Swap(false))
	s := startServer(t)
	logger := s.logger(t)
	trace := logger.Trace("t-1")
	generation := logger.Generation("g-1")
	key, value := "key", strings.Repeat("v", 50)
	for what, call := range map[string]func() error{
		"AddTag":    func() error { return trace.AddTag(key, value) },
		"AddMetric": func() error { return generation.AddMetric(key, 1.5) },
		"SetInput":  func() error { return trace.SetInput(value) },
	} {
		if count := testing.AllocsPerRun(1000, func() { must(t, call()) }); count != 0 {
			t.Errorf("%s allocates %v times", what, count)
		}
	}
}
