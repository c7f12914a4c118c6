package maxim

// A new user's most likely mistakes in Go: the error is of the right kind, and its text names the option or the call,
// the value (never a key), and what to do.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestEachMistakeIsAnsweredWithTheOptionTheValueAndTheRemedy(t *testing.T) {
	t.Setenv("MAXIM_API_KEY", "")
	t.Setenv("MAXIM_LOG_REPO_ID", "")
	s := startServer(t)
	made := func(change func(*Config)) error {
		config := s.config(t)
		change(&config)
		logger, err := New(config)
		if err == nil {
			logger.Close()
		}
		return err
	}
	logger := s.logger(t)
	closed := s.logger(t)
	must(t, closed.Close())
	client := s.client(t)
	heard := make(chan error, 1)
	hearing := s.config(t)
	hearing.OnError = func(err error) { heard <- err }
	hears := openLogger(t, hearing)
	go hears.Trace("t").AddTag("k", "\xff")

	for name, each := range map[string]struct {
		err   error
		code  Code
		words []string
	}{
		"no key":                 {made(func(c *Config) { c.APIKey = "" }), ErrNotConfigured, []string{"api_key", "MAXIM_API_KEY"}},
		"no repository":          {made(func(c *Config) { c.RepositoryID = "" }), ErrNotConfigured, []string{"repository_id", "MAXIM_LOG_REPO_ID"}},
		"a key from a file":      {made(func(c *Config) { c.APIKey = "secret\n" }), ErrInvalidArgument, []string{"api_key", "line break"}},
		"plain http":             {made(func(c *Config) { c.BaseURL = "http://app.example.test" }), ErrInvalidArgument, []string{"base_url", "app.example.test", "https"}},
		"no directory":           {made(func(c *Config) { c.SpoolDir = "/proc/nowhere" }), ErrIO, []string{"spool_dir", "/proc/nowhere"}},
		"no source":              {func() error { _, err := NewLogClient(LogClientConfig{APIKey: "k"}); return err }(), ErrInvalidArgument, []string{"source"}},
		"an id with a space":     {logger.Trace("order 17").End(), ErrInvalidID, []string{"Trace.End", "order 17", "A-Z"}},
		"a value without JSON":   {logger.Trace("t").AddMetadata(func() {}), ErrInvalidJSON, []string{"Trace.AddMetadata", "func"}},
		"JSON in single quotes":  {logger.Trace("t").AddMetadata(json.RawMessage("{'a':1}")), ErrInvalidJSON, []string{"metadata", "column 2"}},
		"an array for data":      {client.Info("m", []int{1}), ErrInvalidJSON, []string{"LogClient.Info", "object"}},
		"an empty message":       {client.Info("", nil), ErrInvalidArgument, []string{"LogClient.Info", "message"}},
		"no trace in a context":  {StartGeneration(context.Background(), GenerationConfig{}).End(), ErrInvalidArgument, []string{"context", "no trace or span"}},
		"a call after Close":     {closed.Trace("t").End(), ErrClosed, []string{"Trace.End", "closed"}},
		"a logger not made":      {new(Logger).Trace("t").End(), ErrNullPointer, []string{"Trace.End"}},
		"an error not looked at": {<-heard, ErrInvalidUTF8, []string{"Trace.AddTag", "UTF-8"}},
	} {
		t.Run(name, func(t *testing.T) {
			if each.err == nil || !errors.Is(each.err, each.code) {
				t.Fatalf("%v, not %v", each.err, each.code)
			}
			text := fmt.Sprint(each.err)
			for _, word := range each.words {
				if !strings.Contains(text, word) {
					t.Errorf("%q is not in %s", word, text)
				}
			}
			if strings.Contains(text, "secret") {
				t.Errorf("a key in %s", text)
			}
		})
	}
}
