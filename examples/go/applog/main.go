// An application's own logs, sent with libmaxim: through log/slog, and as the steps of a flow.
//
// Without configuration it talks to a local maxim-dev:
//
//	make lib server && build/bin/maxim-dev &
//	cd examples/go && go run ./applog
//
// Set MAXIM_LOG_ENDPOINT and MAXIM_LOG_API_KEY to log to your own account.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"libmaxim/maxim"
)

var errDeclined = errors.New("the card was declined")

// pay is a function that fails in the usual way.
func pay(cents int) error { return fmt.Errorf("paying %d cents: %w", cents, errDeclined) }

// checkout logs the steps of one purchase as a flow.
func checkout(client *maxim.LogClient) error {
	flow, err := client.NewFlow("checkout")
	if err != nil {
		return err
	}
	defer flow.Close()
	flow.Info("cart opened", map[string]any{"items": 3})
	flow.Info("address checked", nil, "address")
	if err := pay(4200); err != nil {
		flow.ErrorWith("payment failed", maxim.InfoFrom(err), "payment")
	}
	fmt.Printf("flow %s has %d steps\n", flow.ID(), flow.StepIndex())
	return nil
}

func main() {
	client, err := maxim.NewLogClient(maxim.LogClientConfig{
		Source:      "shop",
		Environment: maxim.Development,
		Version:     "1.4.0",
		Endpoint:    cmp.Or(os.Getenv("MAXIM_LOG_ENDPOINT"), os.Getenv("MAXIM_BASE_URL"), "http://127.0.0.1:8899"),
		APIKey:      cmp.Or(os.Getenv("MAXIM_LOG_API_KEY"), "local-development"),
		OnError:     func(err error) { log.Print(err) },
	})
	if err != nil {
		log.Fatal(err)
	}
	client.SetUserID("ada")

	logger := slog.New(maxim.NewSlogHandler(client, maxim.SlogOptions{AddSource: true}))
	logger.Info("shop opened", "port", 8080)
	request := logger.With("request", "r-17").WithGroup("http")
	request.Debug("request", "method", "GET", "path", "/cart")
	request.Warn("slow answer", "took", 1200*time.Millisecond)
	if err := pay(100); err != nil {
		logger.Error("payment failed", "error", err)
	}
	if err := checkout(client); err != nil {
		log.Fatal(err)
	}

	flushed, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	sent := client.Flush(flushed)
	stats, err := client.Stats()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("logged %d entries, delivered %d, held %d\n", stats.Accepted, stats.Delivered, stats.Held)
	if err := client.Close(); sent != nil || err != nil {
		log.Fatal("not everything was sent: ", errors.Join(sent, err))
	}
}
