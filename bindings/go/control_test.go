package maxim

// What must not leave does not: the table of tests/masks.json through this binding, and which traces a sample has.

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// escaped gives a text as it may stand in JSON, in JSON in a JSON string, and so on.
func escaped(t *testing.T, text string) []string {
	forms := []string{text}
	for range 3 {
		var quoted strings.Builder
		encoder := json.NewEncoder(&quoted)
		encoder.SetEscapeHTML(false)
		must(t, encoder.Encode(forms[len(forms)-1]))
		forms = append(forms, strings.TrimSuffix(quoted.String(), "\n")[1:quoted.Len()-2])
	}
	return forms
}

// table is tests/masks.json.
type table struct {
	Rules []Mask
	Given map[string]any
	Texts []struct {
		Text    string
		Secrets []string
	}
}

func readTable(t *testing.T) table {
	content, err := os.ReadFile(filepath.Join(root, "tests/masks.json"))
	must(t, err)
	var read table
	must(t, json.Unmarshal(content, &read))
	if len(read.Texts) != 76 {
		t.Fatalf("%d texts", len(read.Texts))
	}
	return read
}

// filled is a template of the table with the text in each place.
func filled(template any, text string) any {
	switch template := template.(type) {
	case string:
		if template == "$" {
			return text
		}
	case []any:
		list := make([]any, len(template))
		for i, each := range template {
			list[i] = filled(each, text)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(template))
		for key, value := range template {
			object[filled(key, text).(string)] = filled(value, text)
		}
		return object
	}
	return template
}

// value is one of a type with the text in each place that takes one. What a value that may be anything has to be is
// found by the name of the method or member that takes it, as the table has it.
func (read *table) value(t *testing.T, of reflect.Type, name, text string) reflect.Value {
	made := reflect.New(of).Elem()
	switch {
	case of == reflect.TypeFor[time.Time]():
		made.Set(reflect.ValueOf(time.Now()))
	case of == reflect.TypeFor[Tags]():
		made.Set(reflect.ValueOf(Tags{text: text}))
	case of.Kind() == reflect.String:
		made.SetString(text)
	case of.Kind() == reflect.Float64:
		made.SetFloat(1)
	case of.Kind() == reflect.Int32 || of.Kind() == reflect.Pointer: // no text
	case of.Kind() == reflect.Interface:
		made.Set(reflect.ValueOf(filled(read.template(name), text)))
	case of.Kind() == reflect.Struct:
		for i := range of.NumField() {
			field := of.Field(i)
			isID := strings.HasSuffix(field.Name, "ID")
			isAnother := of == reflect.TypeFor[Attachment]() && field.Name == "Path"
			if !isID && !isAnother && field.Type.Kind() != reflect.Slice {
				made.Field(i).Set(read.value(t, field.Type, field.Name, text))
			}
		}
	default:
		t.Fatalf("%s takes a %v: say what that is to be", name, of)
	}
	return made
}

// template is what the table gives a parameter or member with this name.
func (read *table) template(name string) any {
	own := map[string]string{
		"AddFeedback": "feedback_json", "Feedback": "feedback_json", "AddMessage": "message_json", "Messages": "messages_json",
		"ModelParameters": "model_parameters_json", "SetModelParameters": "parameters_json",
		"Result": "result_json", "ForceResult": "result_json", "SetInputJSON": "input_json", "Update": "data_json",
		"Output": "documents_json", "SetOutput": "documents_json", "EvaluateWithVariables": "variables_json",
	}
	if template, ok := read.Given[own[name]]; ok {
		return template
	}
	return read.Given["metadata_json"]
}

// tell gives a text to every call that takes one: to each method of each entity, so that a new one is among them.
func (read *table) tell(t *testing.T, logger *Logger, client *LogClient, text string) {
	metadata := filled(read.Given["metadata_json"], text)
	trace := logger.AddTrace(read.value(t, reflect.TypeFor[TraceConfig](), "", text).Interface().(TraceConfig))
	entities := []any{
		logger.AddSession(read.value(t, reflect.TypeFor[SessionConfig](), "", text).Interface().(SessionConfig)), trace,
		logger.Span("span-1"), logger.Generation("generation-1"), logger.Retrieval("retrieval-1"), logger.ToolCall("tool-1"),
		logger.LoggedError("error-1"),
	}
	calls := 0
	for _, entity := range entities {
		of := reflect.TypeOf(entity)
		for i := range of.NumMethod() {
			method := of.Method(i)
			switch method.Name {
			case "ID", "Err", "Traceparent", "StrictResult":
				continue // take no text, or refuse this one
			}
			given := []reflect.Value{reflect.ValueOf(entity)}
			for at := 1; at < method.Type.NumIn(); at++ {
				of := method.Type.In(at)
				if method.Type.IsVariadic() && at == method.Type.NumIn()-1 {
					of = of.Elem()
				}
				given = append(given, read.value(t, of, method.Name, text))
			}
			switch method.Name {
			case "AddToSession", "SetMaximPromptID", "SetMaximPromptVersionID":
				given[1] = reflect.ValueOf("id-1")
			case "Error":
				// What ends with an error has its name and tags already.
				given[1] = reflect.ValueOf(ErrorConfig{Message: text, Code: text, Type: text})
			}
			made := method.Func.Call(given)
			if err, ok := made[0].Interface().(error); ok {
				t.Errorf("%v.%s: %v", of, method.Name, err)
			}
			if child, ok := made[0].Interface().(interface{ Err() error }); ok {
				must(t, child.Err())
			}
			calls++
		}
	}
	if calls < 80 {
		t.Errorf("%d calls", calls)
	}
	must(t, logger.AddTraceFrom("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TraceConfig{Name: text, Input: text}).Err())
	must(t, logger.Commit(EntityTrace, trace.ID(), "update", map[string]any{text: text, "whatever": []any{text}}))

	must(t, client.Info(text, metadata, text))
	must(t, client.ErrorWith(text, ErrorInfo{Name: text, Message: text, Stack: text}, text))
	entry := read.value(t, reflect.TypeFor[Entry](), "", text).Interface().(Entry)
	entry.UserID, entry.SessionID, entry.RequestID, entry.FlowID, entry.Tags = text, text, text, text, []string{text}
	must(t, client.Log(entry))
	must(t, client.IngestRawAsync([]byte("say "+text), FormatText, RawOptions{Source: text, Dataset: text}))
}

// tellAll logs every text of the table by a logger and a client of these configurations.
func tellAll(t *testing.T, table table, config Config, clientConfig LogClientConfig) (*Logger, *LogClient) {
	t.Helper()
	logger := openLogger(t, config)
	client := openClient(t, clientConfig)
	for _, each := range table.Texts {
		table.tell(t, logger, client, each.Text)
	}
	return logger, client
}

func wantNoSecret(t *testing.T, table table, found string) {
	t.Helper()
	if !strings.Contains(found, "[email]") || !strings.Contains(found, "[customer]") {
		t.Error("nothing was masked")
	}
	for _, each := range table.Texts {
		for _, secret := range each.Secrets {
			for _, form := range escaped(t, secret) {
				if strings.Contains(found, form) {
					t.Errorf("%q left", form)
				}
			}
		}
	}
}

// contents is all that is in the files below a directory, with their names.
func contents(t *testing.T, directory string) string {
	var all strings.Builder
	must(t, filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil // it has just been removed
		}
		content, _ := os.ReadFile(path)
		all.WriteString(path)
		all.Write(content)
		return nil
	}))
	return all.String()
}

func TestNoSecretOfTheTableLeaves(t *testing.T) {
	table := readTable(t)
	record := filepath.Join(t.TempDir(), "record")
	s := startServer(t, "--record", record)
	config := s.config(t)
	config.Masks = table.Rules
	clientConfig := s.clientConfig(t)
	clientConfig.Masks, clientConfig.Strict = table.Rules, false
	logger, client := tellAll(t, table, config, clientConfig)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must(t, logger.Flush(ctx))
	must(t, client.Flush(ctx))

	left, err := os.ReadFile(record)
	must(t, err)
	wantNoSecret(t, table, string(left))
}

func TestNoSecretOfTheTableLiesInTheSpoolOrInQuarantineOrIsTold(t *testing.T) {
	table := readTable(t)
	s := startServer(t, "--status", "400")
	var lock sync.Mutex
	var told strings.Builder
	tells := func(line string) {
		lock.Lock()
		defer lock.Unlock()
		told.WriteString(line)
	}
	config := s.config(t)
	config.Masks, config.Debug, config.OnDebug = table.Rules, true, tells
	config.OnError = func(err error) { tells(err.Error()) }
	config.CloseTimeout = -1
	clientConfig := s.clientConfig(t)
	clientConfig.Masks, clientConfig.Debug, clientConfig.OnDebug = table.Rules, true, tells
	clientConfig.Strict = false
	clientConfig.OnError = config.OnError
	clientConfig.CloseTimeout = -1
	logger, client := tellAll(t, table, config, clientConfig)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must(t, logger.WriteToFile(ctx))
	kept := contents(t, config.SpoolDir)
	if !strings.Contains(kept, "[email]") {
		t.Error("nothing was kept")
	}
	// Refused by the service, each by itself.
	eventually(t, "a record is in quarantine", func() bool {
		stats, err := logger.Stats()
		must(t, err)
		return stats.Quarantined > 0
	})
	logger.Close()
	client.Close()
	left := contents(t, config.SpoolDir)
	if !strings.Contains(left, "quarantine") {
		t.Error("there is no quarantine")
	}
	lock.Lock()
	defer lock.Unlock()
	wantNoSecret(t, table, kept+left+told.String())
}

func TestASampleIsTheDocumentedOne(t *testing.T) {
	s := startServer(t)
	config := s.config(t)
	config.SampleRate = 0.3
	logger := openLogger(t, config)
	wanted := map[string]bool{}
	for number := range 40 {
		id := fmt.Sprintf("trace-%d", number)
		digest := sha256.Sum256([]byte(id))
		wanted[id] = float64(binary.BigEndian.Uint64(digest[:8])>>11) < 0.3*math.Pow(2, 53)
		logger.AddTrace(TraceConfig{ID: id})
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must(t, logger.Flush(ctx))
	received := strings.Join(s.received(t), "\n")
	for id, in := range wanted {
		if strings.Contains(received, "trace{id="+id+",") != in {
			t.Errorf("%s: in the sample should be %v", id, in)
		}
	}
	stats, err := logger.Stats()
	must(t, err)
	if stats.SampledOut == 0 || stats.SampledOut+stats.Accepted != 40 {
		t.Errorf("%+v", stats)
	}
}

func TestWithoutContentItStaysAndDisabledNothingGoes(t *testing.T) {
	s := startServer(t)
	config := s.config(t)
	off := false
	config.CaptureContent = &off
	logger, err := New(config)
	must(t, err)
	logger.AddTrace(TraceConfig{ID: "t-1", Name: "named", Input: "content"})
	must(t, logger.Close())
	received := strings.Join(s.received(t), "\n")
	if !strings.Contains(received, "named") || strings.Contains(received, "content") {
		t.Error(received)
	}
	quiet, err := New(Config{Disabled: true})
	must(t, err)
	must(t, quiet.AddTrace(TraceConfig{Name: "x"}).End())
	must(t, quiet.Close())
	if _, err := New(Config{BaseURL: s.url, APIKey: "k", RepositoryID: "r", Masks: []Mask{{Preset: "mail"}}}); err == nil || !strings.Contains(err.Error(), "rule 1") {
		t.Errorf("a bad rule: %v", err)
	}
}
