//! OpenTelemetry for Rust, OTLP over HTTP, default settings of its batch processors. A tag of its own is no
//! record in OpenTelemetry, so there is no row for it; a span is started, gets its attributes and ends.

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::trace::{
    Span, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{LogExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

fn main() {
    let arguments = peers::arguments();
    let traces = format!("{}/v1/traces", arguments.url);
    let spans = SpanExporter::builder().with_http().with_endpoint(traces).build().unwrap();
    let provider = SdkTracerProvider::builder().with_batch_exporter(spans).build();
    let tracer = provider.tracer("bench");
    let trace = SpanContext::new(
        TraceId::from_bytes([7; 16]),
        SpanId::from_bytes([7; 8]),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    let trace = Context::new().with_remote_span_context(trace);
    if arguments.is_throughput {
        let log = |number: usize| {
            let mut span = tracer.start_with_context("mark", &trace);
            span.set_attribute(KeyValue::new("mark", format!("seq-w-{number}")));
            span.end();
        };
        peers::throughput("spans", arguments.count, log, || provider.shutdown().unwrap());
        return;
    }
    if arguments.is_threads {
        let log = || {
            let mut span = tracer.start_with_context("agent step", &trace);
            span.set_attribute(KeyValue::new("step", "1"));
            span.set_attribute(KeyValue::new("agent", "weather"));
            span.end();
        };
        peers::threads(arguments.count, log, || provider.force_flush().unwrap_or_default());
        return;
    }
    peers::latency("empty", arguments.count, || {});
    peers::latency("span", arguments.count, || {
        let mut span = tracer.start_with_context("agent step", &trace);
        span.set_attribute(KeyValue::new("step", "1"));
        span.set_attribute(KeyValue::new("agent", "weather"));
        span.end();
    });
    let completion = peers::chat_completion();
    peers::latency("result", arguments.count, || {
        let mut span = tracer.start_with_context("generation", &trace);
        span.set_attribute(KeyValue::new("result", completion.clone()));
        span.end();
    });
    provider.shutdown().unwrap();

    let logs = format!("{}/v1/logs", arguments.url);
    let exporter = LogExporter::builder().with_http().with_endpoint(logs).build().unwrap();
    let provider = SdkLoggerProvider::builder().with_batch_exporter(exporter).build();
    let logger = provider.logger("bench");
    peers::latency("info", arguments.count, || {
        let mut record = logger.create_log_record();
        record.set_severity_number(Severity::Info);
        record.set_body(AnyValue::from("order placed"));
        record.add_attribute("order", "A-1001");
        record.add_attribute("items", 3);
        record.add_attribute("total", 59.9);
        record.add_attribute("express", true);
        logger.emit(record);
    });
    provider.shutdown().unwrap();
}
