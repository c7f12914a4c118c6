// Package maximtest records what a program logs, for that program's own tests. A Recorder is a service on this machine:
// what is logged goes the whole way through the library, and nothing leaves.
//
//	recorder := maximtest.New(t)
//	logger, err := maxim.New(recorder.Config())
//	…
//	logger.Flush(ctx)
//	for _, line := range recorder.Lines() { … }
package maximtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libmaxim/maxim"
)

// Line is one line of the Maxim log API: what was done with which entity.
type Line struct {
	Entity string // trace, span, generation …
	ID     string
	Action string // create, update, end, add-generation …
	Data   map[string]any
}

// Recorder is a service that keeps what it is sent. It may be used from any goroutine, and ends with its test.
type Recorder struct {
	server *httptest.Server
	key    string

	mutex   sync.Mutex
	lines   []Line
	entries []map[string]any
	status  int
}

var recorders atomic.Uint64

// New starts a recorder.
func New(t testing.TB) *Recorder {
	t.Helper()
	// Records that a test leaves unsent belong to its key: no other recorder gets them.
	r := &Recorder{key: fmt.Sprintf("maximtest-%d-%d", time.Now().UnixNano(), recorders.Add(1))}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.server.Close)
	return r
}

// Config is that of a logger that logs to the recorder and makes no files; the test may change it.
func (r *Recorder) Config() maxim.Config {
	return maxim.Config{BaseURL: r.server.URL, APIKey: r.key, RepositoryID: "maximtest", MemoryOnly: true}
}

// LogClientConfig is that of a client that logs to the recorder and makes no files; the test may change it.
func (r *Recorder) LogClientConfig() maxim.LogClientConfig {
	return maxim.LogClientConfig{Source: "maximtest", Endpoint: r.server.URL, APIKey: r.key, MemoryOnly: true}
}

// Lines are those that loggers have sent so far, in order. Flush or Close the logger first.
func (r *Recorder) Lines() []Line {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]Line(nil), r.lines...)
}

// Entries are those that clients have sent so far. Flush or Close the client first.
func (r *Recorder) Entries() []map[string]any {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]map[string]any(nil), r.entries...)
}

// Fail makes the service answer every request with an HTTP status (401: the key is refused); 0 ends that.
func (r *Recorder) Fail(status int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.status = status
}

func (r *Recorder) serve(answer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	answer.Header().Set("Content-Type", "application/json")
	if r.status != 0 || err != nil {
		answer.WriteHeader(max(r.status, http.StatusBadRequest))
		return
	}
	switch request.URL.Path {
	case "/api/sdk/v3/log":
		for _, text := range strings.Split(string(body), "\n") {
			if line, is := parsed(text); is {
				r.lines = append(r.lines, line)
			}
		}
		io.WriteString(answer, "{}")
	case "/api/sdk/v1/log-repositories/attachments/upload-url":
		fmt.Fprintf(answer, `{"data":{"url":%q}}`, "http://"+request.Host+"/upload")
	case "/v1/logs":
		var batch struct{ Logs []map[string]any }
		if json.Unmarshal(body, &batch) == nil {
			r.entries = append(r.entries, batch.Logs...)
		}
		io.WriteString(answer, "{}")
	case "/v1/flows":
		var flow struct{ Name string }
		json.Unmarshal(body, &flow)
		fmt.Fprintf(answer, `{"flowId":%q,"name":%q}`, flow.Name+"-recorded", flow.Name)
	default:
		io.WriteString(answer, "{}")
	}
}

// parsed takes `entity{id=…,action=…,data={…}}` apart.
func parsed(text string) (Line, bool) {
	entity, rest, isLine := strings.Cut(text, "{id=")
	id, rest, hasAction := strings.Cut(rest, ",action=")
	action, data, hasData := strings.Cut(rest, ",data=")
	line := Line{Entity: entity, ID: id, Action: action}
	if !isLine || !hasAction || !hasData {
		return line, false
	}
	return line, json.Unmarshal([]byte(strings.TrimSuffix(data, "}")), &line.Data) == nil
}
