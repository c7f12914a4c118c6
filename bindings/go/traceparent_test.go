package maxim

import (
	"regexp"
	"testing"
)

// What trace.SpanContext of go.opentelemetry.io/otel has.
type (
	otherTraceID [16]byte
	otherSpanID  [8]byte
	otherContext struct {
		trace otherTraceID
		span  otherSpanID
		valid bool
	}
)

func (c otherContext) TraceID() otherTraceID { return c.trace }
func (c otherContext) SpanID() otherSpanID   { return c.span }
func (c otherContext) IsSampled() bool       { return true }
func (c otherContext) IsValid() bool         { return c.valid }

func TestATraceGoesOnBelowAnotherServicesSpan(t *testing.T) {
	logger, err := New(Config{Protocol: ProtocolOTLP, BaseURL: "http://127.0.0.1:1", SpoolDir: spoolDir(t), CloseTimeout: -1,
		OTLP: OTLP{ServiceName: "go", Headers: "x-key=secret", Encoding: OTLPJSON}})
	must(t, err)
	defer logger.Close()
	header := TraceparentOf(otherContext{otherTraceID{0: 0xab}, otherSpanID{7: 0xcd}, true})
	if header != "00-ab000000000000000000000000000000-00000000000000cd-01" {
		t.Errorf("the header is %q", header)
	}
	if header := TraceparentOf(otherContext{}); header != "" {
		t.Errorf("an invalid context gives %q", header)
	}
	trace := logger.AddTraceFrom(header, TraceConfig{Name: "joined"})
	must(t, trace.Err())
	span := trace.AddSpan(SpanConfig{Name: "step"})
	own := regexp.MustCompile(`^00-ab0{30}-[0-9a-f]{16}-01$`)
	for _, header := range []string{trace.Traceparent(), span.Traceparent(trace)} {
		if !own.MatchString(header) {
			t.Errorf("the trace's own header is %q", header)
		}
	}
	if trace.Traceparent() == span.Traceparent(trace) {
		t.Error("trace and span have one header")
	}
	if logger.AddTraceFrom("nonsense", TraceConfig{}).Err() == nil {
		t.Error("nonsense was taken for a header")
	}
}
