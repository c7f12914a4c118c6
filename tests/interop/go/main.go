// A service that OpenTelemetry's own SDK instruments and that logs its agent by this library: one trace of both.
package main

import (
	"context"
	"log"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"libmaxim/maxim"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	must(err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	tracer := provider.Tracer("interop")
	records, err := otlploghttp.New(ctx)
	must(err)
	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records)))
	logger, err := maxim.New(maxim.Config{Protocol: maxim.ProtocolOTLP})
	must(err)

	ctx, request := tracer.Start(ctx, "GET /ask", trace.WithSpanKind(trace.SpanKindServer))
	// A record of the SDK's own, within that span.
	var asked otellog.Record
	asked.SetSeverity(otellog.SeverityWarn)
	asked.SetBody(otellog.StringValue("asked twice"))
	asked.AddAttributes(otellog.Int("times", 2))
	logs.Logger("interop").Emit(ctx, asked)
	// Below the span that is current in the context.
	answer := logger.AddTraceFrom(maxim.TraceparentOf(trace.SpanContextFromContext(ctx)), maxim.TraceConfig{Name: "answer"})
	must(answer.Err())
	generation := answer.AddGeneration(maxim.GenerationConfig{Provider: "openai", Model: "gpt-4o"})
	// What the SDK records of the call goes below the generation.
	header := propagation.MapCarrier{"traceparent": generation.Traceparent(answer)}
	_, call := tracer.Start(propagation.TraceContext{}.Extract(ctx, header), "POST /v1/chat", trace.WithSpanKind(trace.SpanKindClient))
	call.End()
	generation.Result(`{"choices":[{"message":{"role":"assistant","content":"Hello"}}],"usage":{"prompt_tokens":8,"completion_tokens":2}}`)
	answer.End()
	request.End()

	must(logger.Close())
	must(provider.Shutdown(ctx))
	must(logs.Shutdown(ctx))
}
