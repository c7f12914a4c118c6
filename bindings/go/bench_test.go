package maxim

// What a call costs on the caller's goroutine.
//
//	go test -run '^$' -bench Tag

import (
	"math"
	"testing"
	"time"

	"libmaxim/maxim/internal/cloop"
)

const benchmarkTrace, benchmarkKey, benchmarkValue = "8a0c2a7e-6cf1-4b62-8a7e-0d7a8f6c2b11", "customer", "a value of some forty characters, as usual"

// benchmarkLogger has room for what is logged faster than it is sent: evicting is not measured.
func benchmarkLogger(b *testing.B) *Logger {
	s := startServer(b, "--mode", "count")
	config := s.config(b)
	config.CloseTimeout = -1
	logger, err := New(config)
	must(b, err)
	b.Cleanup(func() { logger.Close() })
	return logger
}

func BenchmarkTag(b *testing.B) {
	trace := benchmarkLogger(b).Trace(benchmarkTrace)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := trace.AddTag(benchmarkKey, benchmarkValue); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTagAgainstC takes turns between Go and a C loop of the same call, and reports the cheapest
// round of each and their difference: on a busy machine only the cheapest rounds are comparable.
func BenchmarkTagAgainstC(b *testing.B) {
	const round = 500
	logger := benchmarkLogger(b)
	trace := logger.Trace(benchmarkTrace)
	inGo, inC := math.Inf(1), math.Inf(1)
	b.ResetTimer()
	for range b.N {
		start := time.Now()
		for range round {
			if err := trace.AddTag(benchmarkKey, benchmarkValue); err != nil {
				b.Fatal(err)
			}
		}
		middle := time.Now()
		must(b, cloop.AddTags(uintptr(logger.handle), benchmarkTrace, benchmarkKey, benchmarkValue, round))
		inGo = min(inGo, float64(middle.Sub(start).Nanoseconds())/round)
		inC = min(inC, float64(time.Since(middle).Nanoseconds())/round)
	}
	b.ReportMetric(inGo, "ns/Go-call")
	b.ReportMetric(inC, "ns/C-call")
	b.ReportMetric(inGo-inC, "ns/difference")
}

func BenchmarkTagParallel(b *testing.B) {
	trace := benchmarkLogger(b).Trace(benchmarkTrace)
	b.RunParallel(func(each *testing.PB) {
		for each.Next() {
			if err := trace.AddTag(benchmarkKey, benchmarkValue); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkAddSpan(b *testing.B) {
	trace := benchmarkLogger(b).Trace(benchmarkTrace)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := trace.AddSpan(SpanConfig{Name: "step"}).Err(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefusedTag(b *testing.B) {
	trace := benchmarkLogger(b).Trace("not an id")
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if trace.AddTag(benchmarkKey, benchmarkValue) == nil {
			b.Fatal("not refused")
		}
	}
}
