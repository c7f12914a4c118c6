// An agent's conversation, logged with libmaxim.
//
// Without configuration it talks to a local maxim-dev:
//
//	make lib server && build/bin/maxim-dev &
//	cd examples/go && go run ./conversation
//
// Set MAXIM_BASE_URL, MAXIM_API_KEY and MAXIM_LOG_REPO_ID to log to your own repository.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"libmaxim/maxim"
)

// work stands in for what happens between two log calls.
func work(d time.Duration) { time.Sleep(d) }

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// What the model answered, as the provider's client got it.
var toolChoice = json.RawMessage(`{
	"id": "chatcmpl-1", "object": "chat.completion", "created": 1767323045, "model": "gpt-4o-2024-08-06",
	"choices": [{"index": 0, "message": {"role": "assistant", "content": null,
		"tool_calls": [{"id": "call_oslo", "type": "function",
			"function": {"name": "forecast", "arguments": "{\"city\":\"Oslo\"}"}}]},
		"logprobs": null, "finish_reason": "tool_calls"}],
	"usage": {"prompt_tokens": 31, "completion_tokens": 17, "total_tokens": 48}}`)

// askForWeather is the first turn: the model asks for a tool, then answers.
func askForWeather(ctx context.Context, logger *maxim.Logger) {
	const question = "Do I need an umbrella in Oslo today?"
	ctx, trace := logger.StartTrace(ctx, maxim.TraceConfig{Name: "weather question", Input: question})
	defer trace.End()

	forecast(ctx, question)
	trace.SetOutput("Yes: it rains from noon.")
	trace.AddFeedback(map[string]any{"score": 5, "comment": "stayed dry"})
}

// forecast is a step of the first turn. It knows nothing of the logger: the context does.
func forecast(ctx context.Context, question string) {
	ctx, span := maxim.StartSpan(ctx, maxim.SpanConfig{
		Name: "agent step",
		Tags: maxim.Tags{"step": 1, "agent": "weather"},
	})
	defer span.End()

	generation := maxim.StartGeneration(ctx, maxim.GenerationConfig{
		Name:     "choose a tool",
		Provider: "openai",
		Model:    "gpt-4o",
		Messages: []message{
			{"system", "You are a helpful assistant."},
			{"user", question},
		},
		ModelParameters: map[string]any{"temperature": 0.2, "max_tokens": 256},
	})
	work(30 * time.Millisecond)
	generation.Result(toolChoice)

	call := maxim.StartToolCall(ctx, maxim.ToolCallConfig{
		ID:          "call_oslo",
		Name:        "forecast",
		Description: "Weather forecast for a city",
		Args:        `{"city":"Oslo"}`,
	})
	work(12 * time.Millisecond)
	call.Result("rain from noon, 9 degrees")
}

// askForRules is the second turn: documents are looked up, and the model is not to be reached.
func askForRules(ctx context.Context, logger *maxim.Logger) {
	ctx, trace := logger.StartTrace(ctx, maxim.TraceConfig{
		Name:  "question about rules",
		Input: "May I take the umbrella on the plane?",
	})
	defer trace.End()

	lookup := maxim.StartRetrieval(ctx, maxim.RetrievalConfig{Name: "airline rules"})
	lookup.SetInput("umbrella cabin baggage")
	work(8 * time.Millisecond)
	lookup.SetOutput([]string{
		"Umbrellas up to 60 cm are allowed in the cabin.",
		"Sharp tips must be covered.",
	})

	generation := maxim.StartGeneration(ctx, maxim.GenerationConfig{
		Name: "answer", Provider: "anthropic", Model: "claude-sonnet-4",
	})
	work(20 * time.Millisecond)
	failure := maxim.ErrorConfig{Message: "the provider is overloaded", Code: "529", Type: "overloaded_error"}
	generation.Error(failure)
	maxim.AddError(ctx, failure)
	trace.AddEvent(maxim.Event{Name: "fallback answer", Tags: maxim.Tags{"source": "template"}})
	trace.SetOutput("Please ask again in a minute.")
}

func main() {
	logger, err := maxim.New(maxim.Config{
		BaseURL:      cmp.Or(os.Getenv("MAXIM_BASE_URL"), "http://127.0.0.1:8899"),
		APIKey:       cmp.Or(os.Getenv("MAXIM_API_KEY"), "local-development"),
		RepositoryID: cmp.Or(os.Getenv("MAXIM_LOG_REPO_ID"), "conversation"),
		// Log calls need no check of their own: whatever is refused is told here.
		OnError: func(err error) { log.Print(err) },
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx, session := logger.StartSession(context.Background(), maxim.SessionConfig{
		Name: "travel assistant",
		Tags: maxim.Tags{"user": "ada", "channel": "web"},
	})
	askForWeather(ctx, logger)
	askForRules(ctx, logger)
	session.End()

	// Whatever cannot be sent within the time waits in files for the next run.
	flushed, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	sent := logger.Flush(flushed)
	stats, err := logger.Stats()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("logged %d records, delivered %d, held %d\n", stats.Accepted, stats.Delivered, stats.Held)
	if err := logger.Close(); sent != nil || err != nil {
		log.Fatal("not everything was sent: ", errors.Join(sent, err))
	}
}
