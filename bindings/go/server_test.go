package maxim

// What the tests share: a maxim-dev process, and host processes of the tests' own.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const root = "../.."

// testKey is of this run alone: what earlier tests left for a server at the same port is not adopted.
var testKey = fmt.Sprintf("key-%d-%d", os.Getpid(), time.Now().UnixNano())

// patience is how long anything is waited for: for a busy machine, not for a promise.
const patience = 120 * time.Second

// server is a running maxim-dev; it ends with the test.
type server struct {
	url   string
	lines string // the file of accepted lines
}

func startServer(t testing.TB, flags ...string) *server {
	t.Helper()
	program, err := filepath.Abs(filepath.Join(root, "build/bin/maxim-dev"))
	if err != nil {
		t.Fatal(err)
	}
	lines := filepath.Join(t.TempDir(), "lines")
	flags = append([]string{"--port", "0", "--mode", "quiet", "--exit-when-stdin-closes", "--lines", lines}, flags...)
	command := exec.Command(program, flags...)
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatalf("%v: run `make lib server` first", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		command.Wait()
	})
	said, err := bufio.NewReader(stdout).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(said), "listening on ")
	if err != nil || !found {
		t.Fatalf("maxim-dev said %q: %v", said, err)
	}
	go io.Copy(io.Discard, stdout)
	return &server{url: url, lines: lines}
}

// openLogger makes a logger that the test's end closes.
func openLogger(t testing.TB, config Config) *Logger {
	t.Helper()
	logger, err := New(config)
	must(t, err)
	t.Cleanup(func() { logger.Close() })
	return logger
}

// openClient makes a client that the test's end closes.
func openClient(t testing.TB, config LogClientConfig) *LogClient {
	t.Helper()
	client, err := NewLogClient(config)
	must(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

// get decodes the JSON answer of a GET.
func (s *server) get(t testing.TB, path string, into any) {
	t.Helper()
	answer, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

// control changes how the server behaves.
func (s *server) control(t testing.TB, behaviour string) {
	t.Helper()
	answer, err := http.Post(s.url+"/control", "application/json", strings.NewReader(behaviour))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("control %s: %v %v", behaviour, answer, err)
	}
	answer.Body.Close()
}

// received gives the lines that were accepted so far.
func (s *server) received(t testing.TB) []string {
	t.Helper()
	content, err := os.ReadFile(s.lines)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(content), func(r rune) bool { return r == '\n' })
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not so after %v: %s", patience, what)
		}
	}
}

// sequences is what became of marked records: the server must check them (--check-seq).
type sequences struct {
	Count, Unique, Duplicates, Missing uint64
}

func (s *server) sequences(t testing.TB) sequences {
	t.Helper()
	var all struct{ Totals sequences }
	s.get(t, "/seq", &all)
	return all.Totals
}

// wantAtLeastOnce waits until this many different records have arrived: a batch that was on its way when
// a process died is sent again by the next.
func (s *server) wantAtLeastOnce(t testing.TB, want uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d records arrived", want), func() bool { return s.sequences(t).Unique >= want })
	if got := s.sequences(t); got.Unique != want || got.Missing != 0 {
		t.Fatalf("of %d records: %+v", want, got)
	}
}

// wantSequences waits until exactly this many different records have arrived, none twice.
func (s *server) wantSequences(t testing.TB, want uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d records arrived", want), func() bool { return s.sequences(t).Unique >= want })
	if got := s.sequences(t); got != (sequences{Count: want, Unique: want}) {
		t.Fatalf("of %d records: %+v", want, got)
	}
}

// config is that of a logger of the test's own.
func (s *server) config(t testing.TB) Config {
	return Config{
		Strict:        true,
		BaseURL:       s.url,
		APIKey:        testKey,
		RepositoryID:  "repo-1",
		SpoolDir:      spoolDir(t),
		FlushInterval: 100 * time.Millisecond,
	}
}

// spoolDir is a spool directory, removed with the test: as soon as the loggers that were freed have put
// into files there what they held.
func spoolDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "maxim-go-spool")
	must(t, err)
	t.Cleanup(func() {
		eventually(t, "the spool could be removed", func() bool { return os.RemoveAll(dir) == nil })
	})
	return filepath.Join(dir, "spool")
}

// logger makes a logger, and closes it with the test.
func (s *server) logger(t testing.TB) *Logger {
	t.Helper()
	logger, err := New(s.config(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := logger.Close(); err != nil {
			t.Error(err)
		}
	})
	return logger
}

// must fails the test at an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func flushed(t testing.TB, logger interface{ Flush(context.Context) error }) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must(t, logger.Flush(ctx))
}

// TestMain lets the test program be a host process: with MAXIM_TEST_HOST it does that part only.
func TestMain(m *testing.M) {
	if part := os.Getenv("MAXIM_TEST_HOST"); part != "" {
		runHost(part)
		return
	}
	os.Exit(m.Run())
}

// host runs this test program as a host process and gives what it printed and its exit code.
func host(t testing.TB, s *server, spool, part string) (string, int) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "MAXIM_TEST_HOST="+part, "MAXIM_BASE_URL="+s.url,
		"MAXIM_API_KEY="+testKey, "MAXIM_LOG_REPO_ID=repo-1", "MAXIM_SPOOL_DIR="+spool)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return output.String(), command.ProcessState.ExitCode()
}
