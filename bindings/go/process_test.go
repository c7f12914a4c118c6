package maxim

// Processes that end in every way: what was accepted arrives, with the next process.

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const hostRecords = 2000

// logMarked logs marked records, which the server counts.
func logMarked(trace *Trace, writer string, count int) error {
	for n := range count {
		if err := trace.AddTag("seq", fmt.Sprintf("seq-%s-%d", writer, n)); err != nil {
			return err
		}
	}
	return nil
}

// runHost is a host process of the tests' own: it logs and ends without Close.
func runHost(part string) {
	if part == "nothing" {
		withoutLogger()
		return
	}
	if part == "unmade" {
		unmadeEntities()
		return
	}
	logger, err := New(Config{NoAutoFlush: true})
	if err != nil {
		fmt.Println(err)
		os.Exit(97)
	}
	if err := logMarked(logger.Trace("t-1"), part, hostRecords); err != nil {
		fmt.Println(err)
		os.Exit(98)
	}
	switch part {
	case "exit":
		os.Exit(3)
	case "panic":
		go func() { panic("on purpose") }()
		select {}
	case "return":
	case "kill":
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	}
}

func TestNothingIsLostWhenAProcessEndsWithoutClose(t *testing.T) {
	for part, want := range map[string]int{"exit": 3, "panic": 2, "return": 0, "kill": -1} {
		t.Run(part, func(t *testing.T) {
			s := startServer(t, "--check-seq")
			config := s.config(t)
			output, code := host(t, s, config.SpoolDir, part)
			if code != want {
				t.Fatalf("exit code %d: %s", code, output)
			}
			if part == "panic" && !strings.Contains(output, "panic: on purpose") {
				t.Fatalf("the panic is not Go's own: %s", output)
			}
			logger, err := New(config)
			must(t, err)
			defer logger.Close()
			s.wantAtLeastOnce(t, hostRecords)
		})
	}
}

func TestGoroutinesLogWhileProcessesStartAndTheCollectorRuns(t *testing.T) {
	const writers, records = 100, 200
	s := startServer(t, "--check-seq")
	logger := s.logger(t)
	trace := logger.AddTrace(TraceConfig{Name: "storm"})
	must(t, trace.Err())
	var group sync.WaitGroup
	failures := make(chan error, writers+40)
	for w := range writers {
		group.Add(1)
		go func() {
			defer group.Done()
			failures <- logMarked(trace, fmt.Sprintf("w%d", w), records)
		}()
	}
	for range 20 {
		group.Add(2)
		go func() {
			defer group.Done()
			failures <- exec.Command("true").Run()
		}()
		go func() {
			defer group.Done()
			runtime.GC()
			failures <- nil
		}()
	}
	group.Wait()
	close(failures)
	for err := range failures {
		must(t, err)
	}
	flushed(t, logger)
	s.wantSequences(t, writers*records)
}

func TestAForgottenLoggerLeavesItsRecordsToTheNext(t *testing.T) {
	const records = 100
	s := startServer(t, "--check-seq")
	config := s.config(t)
	config.NoAutoFlush = true
	handle := func() *Logger {
		forgotten, err := New(config)
		must(t, err)
		must(t, logMarked(forgotten.Trace("t-1"), "forgotten", records))
		return &Logger{owner{handle: forgotten.handle}} // to ask after it, without keeping it
	}()
	eventually(t, "the collector gave the logger back", func() bool {
		runtime.GC()
		_, err := handle.Stats()
		return errors.Is(err, ErrClosed)
	})
	// Its records become files in the background; a logger takes over at its start what is there.
	eventually(t, "a later logger sent the records", func() bool {
		next, err := New(config)
		must(t, err)
		defer next.Close()
		flushed(t, next)
		return s.sequences(t).Unique == records
	})
	s.wantSequences(t, records)
}

func TestCloseWithTheServerAwayKeepsWhatIsHeld(t *testing.T) {
	const records = 100
	s := startServer(t, "--check-seq")
	s.control(t, `{"status": 503}`)
	config := s.config(t)
	config.CloseTimeout = 200 * time.Millisecond
	first, err := New(config)
	must(t, err)
	must(t, logMarked(first.Trace("t-1"), "first", records))
	wantError(t, first.Close(), ErrTimeout)
	wantError(t, first.Close(), ErrTimeout) // as the first time, and without a crash
	s.control(t, `{"status": null}`)
	second, err := New(config)
	must(t, err)
	defer second.Close()
	s.wantSequences(t, records)
}
