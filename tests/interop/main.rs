//! A real OpenTelemetry Collector takes what the library sends, and gives the same back: `make interop`.
//!
//! COLLECTOR names the Collector (`scripts/collector.sh` builds one), and INTEROP_… the programs that log by
//! OpenTelemetry's own SDKs as well (`scripts/interop.sh` builds them). What the Collector exports goes to a receiver of
//! this test's own, and is compared with what was sent.

#[path = "../common/mod.rs"]
mod common;
// The folding, as `maxim-dev` includes it: the library exports nothing but its C ABI.
#[path = "../../dev-server/src/otlp/mod.rs"]
mod otlp;
#[path = "../../dev-server/src/text/mod.rs"]
mod text;
// By which the folding judges an answer.
#[allow(dead_code)]
#[path = "../../src/delivery/answer.rs"]
mod answer;
mod delivery {
    pub use crate::answer::Said;
}

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::collector::{Collector, taken, texts};
use common::port::free_port;
use common::{Scratch, Server, both, built, compile, run};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use otlp::encode::Encoding;
use otlp::fold::{FoldOptions, Folder};
use otlp::model::{Out, Resource};
use otlp::whole;
use prost::Message;
use serde_json::Value;

/// How long a Collector may take to start and to pass something on.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Collector that passes on to a receiver.
struct Real {
    child: Child,
    port: u16,
    passed_on: Collector,
    _scratch: Scratch,
}

impl Real {
    fn start() -> Real {
        let program = std::env::var("COLLECTOR").expect("COLLECTOR names no Collector: run `make interop`");
        let passed_on = Collector::start(|_| taken());
        let scratch = Scratch::new("interop");
        let port = free_port();
        let config = scratch.path().join("config.yaml");
        let text = format!(
            "receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}}}\n\
             exporters: {{otlphttp: {{endpoint: '{}', compression: none}}}}\n\
             service:\n  telemetry: {{metrics: {{level: none}}}}\n  pipelines:\n    \
             traces: {{receivers: [otlp], exporters: [otlphttp]}}\n    \
             logs: {{receivers: [otlp], exporters: [otlphttp]}}\n",
            passed_on.url()
        );
        std::fs::write(&config, text).unwrap();
        let log = std::fs::File::create(scratch.path().join("log")).unwrap();
        let child = Command::new(program)
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let real = Real { child, port, passed_on, _scratch: scratch };
        real.wait_until("listens", |real| TcpStream::connect(("127.0.0.1", real.port)).is_ok());
        real
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&Real) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < end, "the Collector never {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The spans that it has passed on, by id, once there are as many.
    fn spans(&self, count: usize) -> BTreeMap<Vec<u8>, Span> {
        self.wait_until("passed on all spans", |real| real.passed_on.spans().len() >= count);
        self.passed_on.spans().into_iter().map(|span| (span.span_id.clone(), span)).collect()
    }

    /// Sends a request as it is; gives the status.
    fn post(&self, body: &[u8], content_type: &str, gzip: bool) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let encoding = if gzip { "Content-Encoding: gzip\r\n" } else { "" };
        let body = if gzip { gzipped(body) } else { body.to_vec() };
        write!(
            stream,
            "POST /v1/traces HTTP/1.1\r\nHost: c\r\nConnection: close\r\nContent-Type: {content_type}\r\n{encoding}\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(&body).unwrap();
        std::io::read_to_string(stream).unwrap().lines().next().unwrap().to_owned()
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn unix_ns() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    // The library's clock is never behind by more than a microsecond.
    u64::try_from(now.as_nanos()).unwrap() / 1000 * 1000
}

/// A program that a variable of `scripts/interop.sh` names.
fn named(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} names no program: run `make interop`"))
}

/// Runs a service that OpenTelemetry's own SDK instruments and that logs its agent by the library, and looks at the one
/// trace that the Collector makes of both.
fn one_trace_of(mut program: Command, sdk_language: &str) {
    let real = Real::start();
    let scratch = Scratch::new("interop-sdk");
    run(program
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", real.url())
        .env("OTEL_SERVICE_NAME", "shop")
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool")));
    let spans = real.spans(4);
    let named: BTreeMap<&str, &Span> = spans.values().map(|span| (span.name.as_str(), span)).collect();
    // Kinds as the protocol numbers them: 1 internal, 2 server, 3 client.
    for (name, parent, kind) in [
        ("GET /ask", "", 2),
        ("answer", "GET /ask", 1),
        ("chat gpt-4o", "answer", 3),
        ("POST /v1/chat", "chat gpt-4o", 3),
    ] {
        let span = named.get(name).unwrap_or_else(|| panic!("no {name} among {:?}", named.keys()));
        assert_eq!(span.trace_id, named["GET /ask"].trace_id, "{name}");
        let above = named.get(parent).map(|span| span.span_id.clone()).unwrap_or_default();
        assert_eq!(span.parent_span_id, above, "{name}");
        assert_eq!(span.kind, kind, "{name}");
        assert!(
            span.start_time_unix_nano > 0 && span.start_time_unix_nano <= span.end_time_unix_nano,
            "{name}"
        );
    }
    assert_eq!(spans.len(), 4, "{:?}", named.keys());
    assert_eq!(texts(&named["chat gpt-4o"].attributes)["llm.token_count.total"], "10");
    let requests = real.passed_on.taken();
    let languages: Vec<_> =
        requests.iter().filter_map(|arrived| arrived.resource.get("telemetry.sdk.language")).collect();
    assert!(languages.iter().any(|language| *language == sdk_language), "{languages:?}");
    assert!(requests.iter().all(|arrived| arrived.resource["service.name"] == "shop"));
}

#[test]
fn go_with_opentelemetrys_own_sdk_and_the_library_gives_one_trace() {
    one_trace_of(Command::new(named("INTEROP_GO")), "go");
}

#[test]
fn node_with_opentelemetrys_own_sdk_and_the_library_gives_one_trace() {
    let mut program = Command::new(named("INTEROP_NODE"));
    program.arg(named("INTEROP_SCRIPT"));
    one_trace_of(program, "nodejs");
}

#[test]
fn gos_own_sdk_sends_spans_and_records_to_maxim_dev_itself_which_shows_one_trace_of_both() {
    let scratch = Scratch::new("interop-maxim-dev");
    let record = scratch.path().join("requests");
    let server = Server::start(&["--mode", "tree", "--record", record.to_str().unwrap()]);
    let output = Command::new(named("INTEROP_GO"))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", server.url())
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .env("OTEL_SERVICE_NAME", "shop")
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", both(&output));
    let export = server.get("/export/otlp");
    let spans: BTreeMap<&str, &Value> = export["resourceSpans"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|resource| resource["scopeSpans"][0]["spans"].as_array().unwrap())
        .map(|span| (span["name"].as_str().unwrap(), span))
        .collect();
    for (name, parent) in [
        ("GET /ask", None),
        ("answer", Some("GET /ask")),
        ("chat gpt-4o", Some("answer")),
        ("POST /v1/chat", Some("chat gpt-4o")),
    ] {
        let span = spans.get(name).unwrap_or_else(|| panic!("no {name} among {:?}", spans.keys()));
        assert_eq!(span["traceId"], spans["GET /ask"]["traceId"], "{name}");
        let above = parent.map(|parent| &spans[parent]["spanId"]);
        assert_eq!(
            span["parentSpanId"].as_str().filter(|id| !id.is_empty()),
            above.and_then(Value::as_str),
            "{name}"
        );
    }
    assert_eq!((spans.len(), server.count("spans"), server.count("entries")), (4, 4, 1));
    // Most was compressed, and all of it protobuf.
    let requests = std::fs::read_to_string(&record).unwrap();
    let requests: Vec<Value> = requests.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let header = |request: &Value, name: &str| request["headers"].to_string().to_lowercase().contains(name);
    assert!(requests.iter().all(|request| header(request, "application/x-protobuf")), "{requests:?}");
    for path in ["/v1/traces", "/v1/logs"] {
        let is_of_sdk = |request: &&Value| request["target"] == path && header(request, "gzip");
        assert!(requests.iter().any(|request| is_of_sdk(&request)), "{path}: {requests:?}");
    }
    // One page has both, and the record leads there.
    let page = |path: &str| {
        let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        std::io::read_to_string(stream).unwrap()
    };
    let address = format!("/trace/shop/{}", spans["GET /ask"]["traceId"].as_str().unwrap());
    let trace = page(&address);
    for shown in ["GET /ask", "answer", "gpt-4o", "POST /v1/chat"] {
        assert!(trace.contains(shown), "{shown} in {trace}");
    }
    let logs = page("/logs");
    assert!(logs.contains("asked twice") && logs.contains(&address), "{logs}");
}

/// The spans of every captured step.
fn captured() -> Vec<otlp::model::OtlpSpan<'static>> {
    let mut folder = Folder::named("interop", FoldOptions { incomplete_after: Duration::from_secs(1) });
    let now_ns = 1_800_000_000_000_000_000;
    for step in include_str!("../vectors/maxim.jsonl").lines() {
        let step: Value = serde_json::from_str(step).unwrap();
        for request in step["requests"].as_array().unwrap() {
            if request["target"].as_str().unwrap().contains("/log?") {
                for line in request["body"].as_str().unwrap().split('\n') {
                    // A line that the captured client made wrong is none.
                    let _ = folder.line(line.as_bytes(), now_ns);
                }
            }
        }
    }
    folder.expire(now_ns + 3_600_000_000_000);
    folder
        .take()
        .into_iter()
        .filter_map(|out| match out {
            Out::Span(span) => Some(span),
            Out::Log(_) => None,
        })
        .collect()
}

#[test]
fn every_captured_span_comes_back_as_it_was_sent_in_either_encoding() {
    let spans = captured();
    assert!(spans.len() > 20, "{}", spans.len());
    let resource = Resource { attributes: vec![("service.name".into(), "interop".into())] };
    let sent = whole::traces(&resource, &spans, Encoding::Protobuf);
    let sent = ExportTraceServiceRequest::decode(&sent[..]).unwrap().resource_spans.remove(0);
    let sent: BTreeMap<Vec<u8>, Span> =
        sent.scope_spans[0].spans.iter().map(|span| (span.span_id.clone(), span.clone())).collect();
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        for gzip in [false, true] {
            let real = Real::start();
            let body = whole::traces(&resource, &spans, encoding);
            let status = real.post(&body, encoding.content_type(), gzip);
            assert!(status.contains("200"), "{encoding:?}, gzip {gzip}: {status}");
            let mut back = real.spans(sent.len());
            assert_eq!(back.len(), sent.len(), "{encoding:?}, gzip {gzip}");
            for (id, sent) in &sent {
                let span = back.get_mut(id).unwrap();
                // It says what is not said: that there are no flags, and that nothing is known of success.
                span.flags = 0;
                span.status = span.status.take().filter(|status| *status != Status::default());
                assert_eq!(span, sent, "{encoding:?}, gzip {gzip}");
            }
            assert_eq!(real.passed_on.taken()[0].resource["service.name"], "interop");
        }
    }
}

#[test]
fn a_program_is_seen_through_it_with_parents_times_kinds_and_tokens() {
    for (protocol, compression) in
        [("http/protobuf", "gzip"), ("http/protobuf", "none"), ("http/json", "gzip"), ("http/json", "none")]
    {
        let real = Real::start();
        let scratch = Scratch::new("interop-program");
        let program = compile("tests/c/otlp.c", &scratch);
        let began = unix_ns();
        for verbs in [&["conversation"][..], &["entries", "20"]] {
            let output = Command::new(&program)
                .args(verbs)
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", real.url())
                .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
                .env("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
                .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", both(&output));
        }
        let spans = real.spans(6);
        let named: BTreeMap<&str, &Span> = spans.values().map(|span| (span.name.as_str(), span)).collect();
        // Of the dialects, OpenInference has the kind, and the protocol a number: 1 internal, 3 client.
        for (name, parent, kind, number) in [
            ("question", "", "CHAIN", 1),
            ("step", "question", "CHAIN", 1),
            ("chat gpt-4o", "step", "LLM", 3),
            ("more", "", "CHAIN", 1),
            ("retrieval wiki", "more", "RETRIEVER", 3),
            ("execute_tool weather", "more", "TOOL", 1),
        ] {
            assert_eq!(texts(&named[name].attributes)["openinference.span.kind"], kind, "{name}");
            assert_eq!(named[name].kind, number, "{name}");
            let above = named.get(parent).map(|span| span.span_id.clone()).unwrap_or_default();
            assert_eq!(named[name].parent_span_id, above, "{name}");
            let (start, end) = (named[name].start_time_unix_nano, named[name].end_time_unix_nano);
            assert!((began..=unix_ns()).contains(&start) && (start..=unix_ns()).contains(&end), "{name}");
        }
        for (name, attribute, value) in [
            ("chat gpt-4o", "llm.token_count.total", "30"),
            ("chat gpt-4o", "gen_ai.request.model", "gpt-4o"),
            ("chat gpt-4o", "gen_ai.operation.name", "chat"),
            ("question", "input.value", "Why is the sky blue?"),
            ("more", "session.id", "session-1"),
            ("execute_tool weather", "gen_ai.tool.name", "weather"),
        ] {
            let found = texts(&named[name].attributes);
            assert_eq!(found.get(attribute).map(String::as_str), Some(value), "{attribute} of {name}");
        }
        real.wait_until("passed on all records", |real| real.passed_on.records().len() >= 20);
        assert!(real.passed_on.records().iter().all(|record| record.severity_number == 9));
    }
}

/// `maxim-dev relay` in front of the Collector; it ends with this value.
struct Relay(Child);

impl Relay {
    fn start(otlp: &str, scratch: &Scratch) -> (Relay, String) {
        let port_file = scratch.path().join("port");
        let mut command = Command::new(built("bin/maxim-dev"));
        command.args(["relay", "--port", "0", "--otlp", otlp, "--exit-when-stdin-closes"]);
        command.arg("--store").arg(scratch.path().join("relay.db")).arg("--port-file").arg(&port_file);
        let relay = Relay(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
        let end = Instant::now() + PATIENCE;
        let port = loop {
            match std::fs::read_to_string(&port_file) {
                Ok(port) => break port,
                Err(_) => assert!(Instant::now() < end, "the relay never listened"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        (relay, format!("http://127.0.0.1:{}", port.trim()))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_quickstarts_conversation_is_seen_through_a_relay_and_the_collector() {
    let real = Real::start();
    let scratch = Scratch::new("interop-quickstart");
    let (_relay, url) = Relay::start(&real.url(), &scratch);
    let began = unix_ns();
    run(Command::new(compile("examples/c/quickstart.c", &scratch))
        .env("MAXIM_BASE_URL", url)
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool")));
    let spans = real.spans(7);
    let named: BTreeMap<&str, &Span> = spans.values().map(|span| (span.name.as_str(), span)).collect();
    for (name, parent, kind) in [
        ("weather question", "", "CHAIN"),
        ("agent step", "weather question", "CHAIN"),
        ("chat gpt-4o", "agent step", "LLM"),
        ("execute_tool forecast", "agent step", "TOOL"),
        ("question about rules", "", "CHAIN"),
        ("retrieval airline rules", "question about rules", "RETRIEVER"),
        ("chat claude-sonnet-4", "question about rules", "LLM"),
    ] {
        let span = named.get(name).unwrap_or_else(|| panic!("no {name} among {:?}", named.keys()));
        let attributes = texts(&span.attributes);
        assert_eq!(attributes["openinference.span.kind"], kind, "{name}");
        let above = named.get(parent);
        assert_eq!(span.parent_span_id, above.map(|span| span.span_id.clone()).unwrap_or_default(), "{name}");
        assert!(above.is_none_or(|above| above.trace_id == span.trace_id), "{name}");
        let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
        assert!((began..=unix_ns()).contains(&start) && (start..=unix_ns()).contains(&end), "{name}");
    }
    assert_eq!(spans.len(), 7, "{:?}", named.keys());
    let answer = texts(&named["chat gpt-4o"].attributes);
    for (attribute, value) in [
        ("gen_ai.usage.input_tokens", "31"),
        ("gen_ai.usage.output_tokens", "17"),
        ("llm.token_count.total", "48"),
    ] {
        assert_eq!(answer[attribute], value, "{attribute}");
    }
    let session = |name: &str| texts(&named[name].attributes)["session.id"].clone();
    assert_eq!(session("weather question"), session("question about rules"));
    // 2 is an error.
    let failed = named["chat claude-sonnet-4"].status.clone().unwrap_or_default();
    assert_eq!((failed.code, failed.message.as_str()), (2, "the provider is overloaded"));
}
