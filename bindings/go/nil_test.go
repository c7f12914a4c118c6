package maxim

// What a program has when its telemetry was not set up: pointers that are nil, zero values, no context, closed loggers.
// Every exported method and function is called with them: none panics, and each that cannot do its work says so.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// exported gives the names of the package's exported functions, and of its types with exported methods on pointers.
func exported(t *testing.T) (functions, types []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		for _, declaration := range file.Decls {
			function, is := declaration.(*ast.FuncDecl)
			if !is || !function.Name.IsExported() {
				continue
			}
			if function.Recv == nil {
				functions = append(functions, function.Name.Name)
			} else if pointer, is := function.Recv.List[0].Type.(*ast.StarExpr); is {
				types = append(types, pointer.X.(*ast.Ident).Name)
			}
		}
	}
	slices.Sort(types)
	return functions, slices.Compact(types)
}

// called calls every exported method with a pointer receiver, with arguments that are nothing, and gives how many there
// were. `receiver` gives a new one for each call.
func called(t *testing.T, kind reflect.Type, receiver func() reflect.Value) int {
	t.Helper()
	count := 0
	for n := range kind.NumMethod() {
		method := kind.Method(n)
		if _, ofValue := kind.Elem().MethodByName(method.Name); ofValue {
			continue // Go itself panics before the method is reached
		}
		count++
		arguments := []reflect.Value{receiver()}
		for each := 1; each < method.Type.NumIn(); each++ {
			arguments = append(arguments, reflect.Zero(method.Type.In(each)))
		}
		func() {
			defer func() {
				if reason := recover(); reason != nil {
					t.Errorf("%v.%s panics: %v", kind, method.Name, reason)
				}
			}()
			call := method.Func.Call
			if method.Type.IsVariadic() {
				call = method.Func.CallSlice
			}
			for _, result := range call(arguments) {
				if err, is := result.Interface().(error); is && err.Error() == "" {
					t.Errorf("%v.%s gives an error without a text", kind, method.Name)
				}
			}
		}()
	}
	return count
}

// nothings are a nil pointer of each type that has methods on pointers.
var nothings = map[string]any{
	"Error": (*Error)(nil), "Flow": (*Flow)(nil), "Generation": (*Generation)(nil), "LogClient": (*LogClient)(nil),
	"LoggedError": (*LoggedError)(nil), "Logger": (*Logger)(nil), "Retrieval": (*Retrieval)(nil), "Session": (*Session)(nil),
	"SlogHandler": (*SlogHandler)(nil), "Span": (*Span)(nil), "ToolCall": (*ToolCall)(nil), "Trace": (*Trace)(nil),
}

func TestEveryMethodOfANilPointerAndOfAZeroValueIsANoOp(t *testing.T) {
	_, types := exported(t)
	count := 0
	for _, name := range types {
		nothing, known := nothings[name]
		if !known {
			t.Errorf("%s has methods on pointers and is not among the nothings", name)
			continue
		}
		kind := reflect.TypeOf(nothing)
		count += called(t, kind, func() reflect.Value { return reflect.Zero(kind) })
		called(t, kind, func() reflect.Value { return reflect.New(kind.Elem()) })
	}
	if count < 150 {
		t.Errorf("only %d methods were called", count)
	}
	wantError(t, (*Trace)(nil).Err(), ErrNullPointer)
	wantError(t, (*Trace)(nil).AddGeneration(GenerationConfig{}).End(), ErrNullPointer)
	wantError(t, new(Span).SetEndTimestamp(firstTime), ErrNullPointer)
}

func TestEveryMethodTakesArgumentsThatAreNothing(t *testing.T) {
	s := startServer(t)
	config, clientConfig := s.config(t), s.clientConfig(t)
	config.Strict, clientConfig.Strict = false, false
	config.OnError, clientConfig.OnError = func(error) {}, func(error) {}
	config.CloseTimeout, clientConfig.CloseTimeout = -1, -1
	var open []interface{ Close() error }
	made := func() (*Logger, *LogClient) {
		logger, err := New(config)
		must(t, err)
		client, err := NewLogClient(clientConfig)
		must(t, err)
		open = append(open, logger, client)
		return logger, client
	}
	// A logger of its own for each method of a logger and client, as some of them close it.
	called(t, reflect.TypeFor[*Logger](), func() reflect.Value { logger, _ := made(); return reflect.ValueOf(logger) })
	called(t, reflect.TypeFor[*LogClient](), func() reflect.Value { _, client := made(); return reflect.ValueOf(client) })
	logger, client := made()
	closed, closedClient := made()
	must(t, errors.Join(closed.Close(), closedClient.Close()))
	for _, logger := range []*Logger{logger, closed} {
		for _, entity := range []any{
			logger.Session("id"), logger.Trace("id"), logger.Span("id"), logger.Generation("id"), logger.Retrieval("id"),
			logger.ToolCall("id"), logger.LoggedError("id"), logger.AddTrace(TraceConfig{ID: "no id"}),
		} {
			called(t, reflect.TypeOf(entity), func() reflect.Value { return reflect.ValueOf(entity) })
		}
	}
	for _, client := range []*LogClient{client, closedClient, nil} {
		flow, _ := client.NewFlow("f")
		called(t, reflect.TypeFor[*Flow](), func() reflect.Value { return reflect.ValueOf(flow) })
		called(t, reflect.TypeFor[*SlogHandler](), func() reflect.Value {
			return reflect.ValueOf(NewSlogHandler(client, SlogOptions{}))
		})
	}
	for _, each := range open {
		each.Close()
	}
}

// oddContext is a context of a program's own that cannot be asked.
type oddContext struct{ context.Context }

func (oddContext) Value(any) any { panic("on purpose") }

// noSpan is a span context of OpenTelemetry's that is none.
type noSpan struct{}

func (noSpan) TraceID() [16]byte { return [16]byte{} }
func (noSpan) SpanID() [8]byte   { return [8]byte{} }
func (noSpan) IsSampled() bool   { return false }
func (noSpan) IsValid() bool     { return false }

func TestEveryFunctionTakesArgumentsThatAreNothing(t *testing.T) {
	t.Setenv("MAXIM_API_KEY", "")
	t.Setenv("MAXIM_SPOOL_DIR", t.TempDir())
	table := map[string]func(context.Context){
		"New": func(context.Context) { _, err := New(Config{}); wantError(t, err, ErrNotConfigured) },
		"NewLogClient": func(context.Context) {
			_, err := NewLogClient(LogClientConfig{})
			wantError(t, err, ErrInvalidArgument)
		},
		"NewSlogHandler":     func(ctx context.Context) { NewSlogHandler(nil, SlogOptions{}).Enabled(ctx, 0) },
		"Version":            func(context.Context) { Version() },
		"IsRunningOnLambda":  func(context.Context) { IsRunningOnLambda() },
		"InfoFrom":           func(context.Context) { InfoFrom(nil) },
		"ErrorFrom":          func(context.Context) { ErrorFrom(nil); ErrorFrom((*Error)(nil)) },
		"NormaliseResult":    func(context.Context) { _, err := NormaliseResult(nil); wantError(t, err, ErrInvalidArgument) },
		"TraceparentOf":      func(context.Context) { TraceparentOf[[16]byte, [8]byte](noSpan{}) },
		"StartSpan":          func(ctx context.Context) { StartSpan(ctx, SpanConfig{}) },
		"StartGeneration":    func(ctx context.Context) { StartGeneration(ctx, GenerationConfig{}) },
		"StartRetrieval":     func(ctx context.Context) { StartRetrieval(ctx, RetrievalConfig{}) },
		"StartToolCall":      func(ctx context.Context) { StartToolCall(ctx, ToolCallConfig{}) },
		"AddError":           func(ctx context.Context) { wantError(t, AddError(ctx, ErrorConfig{}), ErrInvalidArgument) },
		"ContextWithSession": func(ctx context.Context) { (*Logger)(nil).StartTrace(ContextWithSession(ctx, nil), TraceConfig{}) },
		"ContextWithTrace":   func(ctx context.Context) { StartGeneration(ContextWithTrace(ctx, nil), GenerationConfig{}) },
		"ContextWithSpan":    func(ctx context.Context) { StartSpan(ContextWithSpan(ctx, nil), SpanConfig{}) },
	}
	functions, _ := exported(t)
	for _, name := range functions {
		call, known := table[name]
		if !known {
			t.Errorf("%s is not in the table", name)
			continue
		}
		for _, ctx := range []context.Context{nil, context.Background(), oddContext{context.Background()}} {
			func() {
				defer func() {
					if reason := recover(); reason != nil {
						t.Errorf("%s panics: %v", name, reason)
					}
				}()
				call(ctx)
			}()
		}
	}
}

// withoutLogger is a host process of its own: what it says on standard error is looked at.
func withoutLogger() {
	for range 100 {
		var trace *Trace
		fmt.Println(trace.SetInput("x") != nil, trace.AddSpan(SpanConfig{}).End() != nil)
		var client *LogClient
		fmt.Println(client.Info("m", nil) != nil)
	}
	logger, err := New(Config{CloseTimeout: -1})
	fmt.Println(err, logger.Close())
	for range 100 {
		fmt.Println(logger.Trace("t").End())
	}
}

// toldBy runs a host whose service is away, and gives what it says on standard output and on standard error.
func toldBy(t *testing.T, host string) (string, string) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "MAXIM_TEST_HOST="+host, "MAXIM_BASE_URL=http://127.0.0.1:9", "MAXIM_API_KEY="+testKey,
		"MAXIM_LOG_REPO_ID=repo-1", "MAXIM_SPOOL_DIR="+spoolDir(t))
	var said, warned bytes.Buffer
	command.Stdout, command.Stderr = &said, &warned
	must(t, command.Run())
	return said.String(), warned.String()
}

func TestAProgramWithoutALoggerGoesOnAndIsWarnedOnce(t *testing.T) {
	said, warned := toldBy(t, "nothing")
	want := strings.Repeat("true true\ntrue\n", 100) + "<nil> <nil>\n" + strings.Repeat("maxim: Trace.End: closed\n", 100)
	if said != want {
		t.Errorf("%q", said)
	}
	lines := strings.Split(strings.TrimSpace(warned), "\n")
	// On a machine that took more than ten seconds for this there are more.
	if !strings.Contains(lines[0], "logger: must not be NULL") || !slices.Contains(lines, "maxim: Trace.End: closed") || len(lines) > 9 {
		t.Errorf("%q", lines)
	}
}

// unmadeEntities is a host process of its own, whose logger has been closed while requests still log.
func unmadeEntities() {
	logger, err := New(Config{CloseTimeout: -1, OnError: func(error) {}})
	fmt.Println(err, logger.Close())
	trace := logger.AddTrace(TraceConfig{})
	span := trace.AddSpan(SpanConfig{})
	generation := StartGeneration(context.Background(), GenerationConfig{})
	for _, err := range []error{
		trace.Err(), trace.SetInput("x"), trace.AddTag("k", "v"), trace.AddMetadata(Tags{}), trace.AddEvent(Event{}), trace.End(),
		trace.AddError(ErrorConfig{Message: "m"}), trace.AddMetric("m", 1), trace.SetStartTimestamp(time.Now()), span.End(),
		span.AddAttachment(Attachment{URL: "http://127.0.0.1/x"}), trace.EvaluateWithEvaluators("e"),
	} {
		fmt.Println(errors.Is(err, ErrClosed))
	}
	for _, err := range []error{generation.Err(), generation.Result(1), generation.Error(ErrorConfig{}), generation.AddCost(Cost{}), generation.AddTotalCost(1)} {
		fmt.Println(errors.Is(err, ErrInvalidArgument))
	}
}

func TestCallsOnWhatCouldNotBeMadeGiveWhyAndTellNobodyOfALoggerThatIsNotThere(t *testing.T) {
	said, warned := toldBy(t, "unmade")
	if want := "<nil> <nil>\n" + strings.Repeat("true\n", 17); said != want {
		t.Errorf("%q", said)
	}
	if warned != "" {
		t.Errorf("%q", warned)
	}
}
