package maximtest_test

import (
	"errors"
	"testing"
	"time"

	"libmaxim/maxim"
	"libmaxim/maxim/maximtest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestARecorderKeepsWhatAProgramLogs(t *testing.T) {
	recorder := maximtest.New(t)
	logger, err := maxim.New(recorder.Config())
	must(t, err)
	trace := logger.AddTrace(maxim.TraceConfig{ID: "t-1", Name: "question", Tags: maxim.Tags{"k": "v,action=x"}})
	must(t, trace.AddAttachment(maxim.Attachment{Data: []byte("content"), Name: "file"}))
	must(t, trace.End())
	must(t, logger.Close())
	client, err := maxim.NewLogClient(recorder.LogClientConfig())
	must(t, err)
	must(t, client.Info("hello", map[string]any{"n": 1}))
	must(t, client.Close())

	lines, entries := recorder.Lines(), recorder.Entries()
	if len(lines) != 3 || lines[0].Entity != "trace" || lines[0].ID != "t-1" || lines[0].Action != "create" ||
		lines[0].Data["name"] != "question" {
		t.Errorf("%+v", lines)
	}
	if len(entries) != 1 || entries[0]["message"] != "hello" {
		t.Errorf("%v", entries)
	}
}

func TestARecorderCanRefuseTheKey(t *testing.T) {
	recorder := maximtest.New(t)
	recorder.Fail(401)
	config := recorder.Config()
	config.CloseTimeout = 100 * time.Millisecond
	heard := make(chan error, 10)
	config.OnError = func(err error) { heard <- err }
	logger, err := maxim.New(config)
	must(t, err)
	must(t, logger.AddTrace(maxim.TraceConfig{}).Err())
	if err := logger.FlushNow(); err != nil {
		t.Error(err)
	}
	if err := <-heard; !errors.Is(err, maxim.ErrUnauthorized) {
		t.Error(err)
	}
	logger.Close()
	if len(recorder.Lines()) != 0 {
		t.Error("lines in spite of a refused key")
	}
}
