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
	"strings"
	"sync"
	"testing"
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
	if len(read.Texts) != 60 {
		t.Fatalf("%d texts", len(read.Texts))
	}
	return read
}

// tell gives a text to every call that takes one.
func tell(t *testing.T, logger *Logger, client *LogClient, text string) {
	data := map[string]any{"plain": text, text: []any{text, map[string]any{"deep": text}}}
	tags := Tags{text: text}
	broken := ErrorConfig{Message: text, Name: text, Code: text, Type: text, Tags: tags, Metadata: data}
	messages := []any{map[string]any{"role": "user", "content": text}}

	session := logger.AddSession(SessionConfig{Name: text, Tags: tags})
	must(t, session.AddEvent(Event{Name: text, Tags: tags, Metadata: data}))
	must(t, session.AddFeedback(map[string]any{"score": 1, "comment": text}))
	trace := session.AddTrace(TraceConfig{Name: text, Input: text, Tags: tags})
	must(t, trace.AddTag(text, text))
	must(t, trace.SetInput(text))
	must(t, trace.SetOutput(text))
	must(t, trace.AddMetadata(data))
	must(t, trace.AddError(broken))
	must(t, trace.AddAttachment(Attachment{URL: text, Name: text, Tags: tags, Metadata: data}))
	span := trace.AddSpan(SpanConfig{Name: text, Tags: tags})
	must(t, span.SetInput(text))
	generation := span.AddGeneration(GenerationConfig{Name: text, Model: text, Messages: messages, Tags: tags,
		ModelParameters: map[string]any{"system": text}})
	must(t, generation.AddMessage(messages[0]))
	must(t, generation.ForceResult(map[string]any{"mine": text}))
	must(t, generation.Error(ErrorConfig{Message: text}))
	must(t, generation.EvaluateWithVariables(map[string]any{"x": text}, text))
	retrieval := trace.AddRetrieval(RetrievalConfig{Name: text, Tags: tags})
	must(t, retrieval.SetInput(text))
	must(t, retrieval.SetOutput([]any{text}))
	tool := trace.AddToolCall(ToolCallConfig{Name: text, Description: text, Args: text, Tags: tags})
	must(t, tool.Result(text))
	must(t, trace.End())

	must(t, client.Info(text, data))
	must(t, client.ErrorWith(text, ErrorInfo{Message: text, Stack: text}))
	must(t, client.IngestRawAsync([]byte("say "+text), FormatText, RawOptions{}))
}

// tellAll logs every text of the table by a logger and a client of these configurations.
func tellAll(t *testing.T, table table, config Config, clientConfig LogClientConfig) (*Logger, *LogClient) {
	t.Helper()
	logger, err := New(config)
	must(t, err)
	t.Cleanup(func() { logger.Close() })
	client, err := NewLogClient(clientConfig)
	must(t, err)
	t.Cleanup(func() { client.Close() })
	for _, each := range table.Texts {
		tell(t, logger, client, each.Text)
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
	clientConfig.Masks = table.Rules
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
	logger, err := New(config)
	must(t, err)
	defer logger.Close()
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
