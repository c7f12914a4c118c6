//! OTLP through the C ABI: the set of spans that arrive is the set that is expected, whatever happens to the process
//! and whatever the endpoint answers.
//!
//! The receiver is the test's own ([`common::collector`]) and decodes with the published definitions.

mod common;
#[path = "otlp/entries.rs"]
mod entries;
#[path = "otlp/environment.rs"]
mod environment;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use common::collector::{Collector, taken, texts};
use common::host::Host;
use common::{Server, both, ids};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;

fn host(name: &str) -> Host {
    Host::new("tests/c/otlp.c", name)
}

impl Host {
    /// A program that logs to an endpoint.
    fn command(&self, url: &str, verbs: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // What the machine says of OpenTelemetry is not for these.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OTEL_")) {
            command.env_remove(name);
        }
        // A port may be one that a test had before, whose killed processes have left records for whoever comes next.
        let scratch = self.scratch.path().file_name().unwrap().to_str().unwrap();
        command
            .args(verbs)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", url)
            .env("OTEL_RESOURCE_ATTRIBUTES", format!("test.scratch={scratch}"))
            .env("MAXIM_SPOOL_DIR", self.spool());
        command
    }

    /// The same to an endpoint that is not on this machine, as far as the program knows: the collector is its proxy.
    fn elsewhere(&self, collector: &Collector, verbs: &[&str]) -> Command {
        let mut command = self.command("http://collector.test:4318", verbs);
        command.env("http_proxy", collector.url()).env_remove("no_proxy").env_remove("NO_PROXY");
        command
    }

    fn run(&self, url: &str, verbs: &[&str]) -> String {
        said(self.command(url, verbs).output().unwrap())
    }
}

fn said(output: Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, both(&output));
    both(&output)
}

/// The ids of the spans of `count` traces of the program.
fn expected(prefix: &str, numbers: std::ops::Range<usize>) -> BTreeSet<Vec<u8>> {
    let of = |number: usize| {
        let trace = format!("{prefix}-{number}");
        let ids = [("trace", String::new()), ("span", "-span".into()), ("generation", "-generation".into())];
        ids.map(|(kind, suffix)| ids::span_id(&trace, kind, &format!("{trace}{suffix}")).to_vec())
    };
    numbers.flat_map(of).collect()
}

fn ids_of(spans: &[Span]) -> BTreeSet<Vec<u8>> {
    spans.iter().map(|span| span.span_id.clone()).collect()
}

fn named(spans: &[Span]) -> BTreeMap<&str, &Span> {
    spans.iter().map(|span| (span.name.as_str(), span)).collect()
}

#[test]
fn a_conversation_arrives_as_a_tree_of_spans() {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-conversation");
    let mut command = host.command(&collector.url(), &["conversation"]);
    command.env("OTEL_EXPORTER_OTLP_HEADERS", "x-maxim-repo-id=repo,authorization=Bearer%20secret");
    command.env("OTEL_RESOURCE_ATTRIBUTES", "team=a");
    let answer = said(command.output().unwrap());
    assert!(answer.starts_with("MAXIM_OK") && answer.contains("held 0 balance 1"), "{answer}");
    let arrived = collector.taken();
    assert!(arrived.iter().all(|request| request.path == "/v1/traces"));
    assert!(arrived.iter().all(|request| request.headers["authorization"] == "Bearer secret"));
    assert_eq!(arrived[0].resource["service.name"], "otlp-test");
    assert_eq!(arrived[0].resource["team"], "a");
    let spans = collector.spans();
    let spans_by_name = named(&spans);
    let names: Vec<&str> = spans_by_name.keys().copied().collect();
    assert_eq!(names, ["chat gpt-4o", "execute_tool weather", "more", "question", "retrieval wiki", "step"]);
    for (child, parent) in [
        ("chat gpt-4o", "step"),
        ("step", "question"),
        ("execute_tool weather", "more"),
        ("retrieval wiki", "more"),
    ] {
        let (child, parent) = (spans_by_name[child], spans_by_name[parent]);
        assert_eq!(child.parent_span_id, parent.span_id, "{}", child.name);
        assert_eq!(child.trace_id, parent.trace_id);
        assert!(child.start_time_unix_nano >= parent.start_time_unix_nano);
        assert!(child.end_time_unix_nano <= parent.end_time_unix_nano);
    }
    let model = texts(&spans_by_name["chat gpt-4o"].attributes);
    assert_eq!(model["openinference.span.kind"], "LLM");
    assert_eq!(model["gen_ai.usage.input_tokens"], "10");
    assert_eq!(texts(&spans_by_name["execute_tool weather"].attributes)["session.id"], "session-1");
}

/// What arrives of a conversation that is logged with this variable.
fn conversation_with(variable: &str, value: &str) -> Collector {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-variable");
    let mut command = host.command(&collector.url(), &["conversation"]);
    said(command.env(variable, value).output().unwrap());
    collector
}

#[test]
fn json_is_sent_when_the_environment_asks_for_it() {
    let collector = conversation_with("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
    let spans: Vec<Value> = collector
        .taken()
        .iter()
        .flat_map(|request| {
            assert_eq!(request.headers["content-type"], "application/json");
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
        })
        .collect();
    assert_eq!(spans.len(), 6);
}

#[test]
fn a_killed_process_loses_no_span_and_its_open_trace_is_ended_by_the_next() {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-killed");
    let output = host.command(&collector.url(), &["killed", "k", "400"]).output().unwrap();
    assert!(!output.status.success(), "it was to be killed");
    let answer = host.run(&collector.url(), &["end", "open"]);
    assert!(answer.contains("MAXIM_OK") && answer.contains("balance 1"), "{answer}");
    let spans = collector.spans();
    let mut all = expected("k", 0..400);
    all.insert(ids::span_id("open", "trace", "open").to_vec());
    let arrived = ids_of(&spans);
    assert_eq!(arrived.symmetric_difference(&all).count(), 0);
    // The trace says what was said in both processes, whichever of its spans one looks at last.
    let open: Vec<&Span> = spans.iter().filter(|span| span.name == "open").collect();
    let open = texts(&open.last().unwrap().attributes);
    assert_eq!(open["input.value"], "begun in a process that was killed");
    assert_eq!(open["maxim.tag.ended"], "yes");
}

#[test]
fn processes_that_are_killed_at_any_moment_lose_no_span() {
    const ROUNDS: usize = 12;
    let collector = Collector::start(|_| taken());
    let host = host("otlp-killed-often");
    let mut all = BTreeSet::new();
    for round in 0..ROUNDS {
        let prefix = format!("round{round}");
        let mut child =
            host.command(&collector.url(), &["forever", &prefix]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Further each time: before, within and after the first flushes.
        let until = 1 + round * round * 20;
        let told = lines.by_ref().take(until).last().unwrap().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.last().map_or(told, Result::unwrap);
        // A line that was cut is shorter than the number was.
        let last = last.parse::<usize>().unwrap().max(until - 1);
        all.extend(expected(&prefix, 0..last + 1));
    }
    // One takes over what all of them left. What it does not come to within the 100 s that it has, it leaves for another.
    for turn in 1.. {
        let answer = host.run(&collector.url(), &["end", "nobody"]);
        assert!(answer.contains("balance 1") && answer.contains("dropped 0"), "{answer}");
        let missing = all.difference(&ids_of(&collector.spans())).count();
        if missing == 0 {
            break;
        }
        assert!(turn < 10, "{missing} spans are missing: {answer}");
    }
    let spans = collector.spans();
    // What came twice is the same both times.
    let mut seen: BTreeMap<Vec<u8>, &Span> = BTreeMap::new();
    for span in &spans {
        let first = seen.entry(span.span_id.clone()).or_insert(span);
        assert_eq!(*first, span);
    }
    // Given up is only what a process was killed in the middle of.
    assert_eq!(given_up(&host, &collector).intersection(&all).count(), 0);
}

/// The spans that a process gives up that waits for none to end.
fn given_up(host: &Host, collector: &Collector) -> BTreeSet<Vec<u8>> {
    let mut command = host.command(&collector.url(), &["end", "nobody"]);
    said(command.env("INCOMPLETE_AFTER_MS", "1").output().unwrap());
    let is_given_up = |span: &Span| texts(&span.attributes).contains_key("maxim.incomplete");
    collector.spans().into_iter().filter(is_given_up).map(|span| span.span_id).collect()
}

#[test]
fn what_had_ended_when_its_process_was_killed_is_not_taken_for_open() {
    const TRACES: usize = 20_000;
    let collector = Collector::start(|_| taken());
    let host = host("otlp-killed-late");
    // Many are being folded when it is killed, with what was open in between noted behind them all.
    let output = host.command(&collector.url(), &["killed", "k", &TRACES.to_string()]).output().unwrap();
    assert!(!output.status.success(), "it was to be killed");
    let answer = host.run(&collector.url(), &["end", "open"]);
    assert!(answer.contains("balance 1") && answer.contains("dropped 0"), "{answer}");
    let given_up = given_up(&host, &collector);
    assert!(given_up.is_empty(), "{} were given up: {:?}", given_up.len(), given_up.first());
    let mut all = expected("k", 0..TRACES);
    all.insert(ids::span_id("open", "trace", "open").to_vec());
    assert_eq!(ids_of(&collector.spans()).symmetric_difference(&all).count(), 0);
}

#[test]
fn an_outage_and_throttling_delay_and_lose_nothing() {
    let mut left = 3;
    let collector = Collector::start(move |_| {
        left -= 1;
        match left {
            2 => (503, "Retry-After: 1\r\n".to_owned(), b"busy".to_vec()),
            1 => (429, "Retry-After: 1\r\n".to_owned(), Vec::new()),
            _ => taken(),
        }
    });
    let host = host("otlp-outage");
    let answer = host.run(&collector.url(), &["traces", "o", "50"]);
    assert!(answer.contains("balance 1"), "{answer}");
    // Whatever the first process could not send in its time, the next one does.
    host.run(&collector.url(), &["end", "nobody"]);
    assert_eq!(ids_of(&collector.spans()), expected("o", 0..50));
}

#[test]
fn a_limit_is_learned_and_what_is_refused_for_good_keeps_nothing_else() {
    const LIMIT: usize = 64 * 1024;
    let collector = Collector::start(|request| {
        let is_poison = request.spans.iter().any(|span| span.name == "poison");
        match request.body.len() {
            _ if is_poison => (400, String::new(), b"a poisonous span".to_vec()),
            length if length > LIMIT => (413, String::new(), Vec::new()),
            _ => taken(),
        }
    });
    let host = host("otlp-hostile");
    let answer = host.run(&collector.url(), &["traces", "large", "300"]);
    assert!(answer.contains("quarantined 0 dropped 0 held 0 balance 1"), "{answer}");
    assert_eq!(ids_of(&collector.spans()), expected("large", 0..300));
    let answer = host.run(&collector.url(), &["poison"]);
    assert!(answer.contains("quarantined 1 dropped 0 held 0 balance 1"), "{answer}");
    let mut all: BTreeSet<_> = expected("large", 0..300).union(&expected("p", 0..5)).cloned().collect();
    all.remove(&ids::span_id("p-2", "trace", "p-2")[..]);
    assert_eq!(ids_of(&collector.spans()), all);
}

#[test]
fn no_request_is_larger_than_the_megabyte_that_new_relic_takes() {
    const LIMIT: usize = 1_000_000;
    const TRACES: usize = 60;
    let mut is_first = true;
    let collector = Collector::start(move |request| {
        let sent: usize = request.headers["content-length"].parse().unwrap();
        match sent {
            // Meanwhile more is logged than one request has room for.
            _ if std::mem::take(&mut is_first) => (503, "Retry-After: 1\r\n".to_owned(), Vec::new()),
            1..=LIMIT => taken(),
            _ => (413, String::new(), Vec::new()),
        }
    });
    let host = host("otlp-megabyte");
    // Not compressed at first, and then as far as it goes.
    let answer = said(host.elsewhere(&collector, &["large", "l", &TRACES.to_string()]).output().unwrap());
    assert!(answer.contains("quarantined 0 dropped 0 held 0 balance 1"), "{answer}");
    assert_eq!(collector.seen().len(), collector.taken().len() + 1, "one was too large");
    let trace =
        |number: usize| ids::span_id(&format!("l-{number}"), "trace", &format!("l-{number}")).to_vec();
    assert_eq!(ids_of(&collector.spans()), (0..TRACES).map(trace).collect());
}

#[test]
fn a_partial_success_is_told_and_not_sent_again() {
    // partial_success { rejected_spans: 2, error_message: "no" }
    let body = [&[0x0a, 6, 0x08, 2, 0x12, 2][..], b"no"].concat();
    let collector = Collector::start(move |_| (200, String::new(), body.clone()));
    let host = host("otlp-partial");
    let answer = host.run(&collector.url(), &["traces", "p", "1"]);
    assert!(answer.contains("refused 2 of a request: no"), "{answer}");
    assert_eq!(collector.spans().len(), 3);
}

#[test]
fn a_forked_child_and_its_parent_send_each_span_once() {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-forked");
    let answer = host.run(&collector.url(), &["forked", "50"]);
    assert!(answer.contains("MAXIM_OK") && answer.contains("balance 1"), "{answer}");
    let spans = collector.spans();
    let all: BTreeSet<_> = expected("parent", 0..51).union(&expected("child", 1..51)).cloned().collect();
    assert_eq!(ids_of(&spans), all);
    assert_eq!(spans.len(), all.len(), "some came twice");
}

#[test]
fn a_trace_that_stays_open_keeps_nothing_but_itself() {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-open");
    let answer = host.run(&collector.url(), &["open", "2000"]);
    let held = answer.lines().find(|line| line.starts_with("open: held")).unwrap();
    let bytes: u64 = held.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(bytes < 4096, "{held}");
    // Nothing was refused, so nothing but the answer says it.
    let is_said =
        |line: &str| line.contains("last error: 1 entity has not ended and is left for the next logger");
    assert!(answer.lines().any(|line| line.starts_with("MAXIM_ERR_TIMEOUT") && is_said(line)), "{answer}");
    assert!(!answer.contains("told:"), "{answer}");
    assert_eq!(ids_of(&collector.spans()), expected("closed", 0..2000));
    // It is left for the next one, which gives it up after a while.
    let mut command = host.command(&collector.url(), &["end", "nobody"]);
    said(command.env("INCOMPLETE_AFTER_MS", "1").output().unwrap());
    let spans = collector.spans();
    let given_up = spans.iter().find(|span| span.span_id == ids::span_id("open", "trace", "open")).unwrap();
    assert_eq!(texts(&given_up.attributes)["maxim.incomplete"], "true");
}

#[test]
fn the_log_api_and_a_sink_by_otlp_get_the_same_and_neither_waits_for_the_other() {
    let collector = Collector::start(|_| (503, String::new(), Vec::new()));
    let server = Server::start(&[]);
    let host = host("otlp-sink");
    let mut command = host.command(&collector.url(), &["sink"]);
    command.env("MAXIM_BASE_URL", server.url()).env("MAXIM_API_KEY", "key").env("MAXIM_LOG_REPO_ID", "repo");
    command.env("CLEANUP_MS", "2000");
    let mut process = command.spawn().unwrap();
    server.wait_for("lines", 16, std::time::Duration::from_secs(60));
    process.wait().unwrap();
    assert_eq!(collector.spans().len(), 0);
    let collector = Collector::start(|_| taken());
    let mut again = host.command(&collector.url(), &["sink"]);
    again.env("MAXIM_BASE_URL", server.url()).env("MAXIM_API_KEY", "key").env("MAXIM_LOG_REPO_ID", "repo");
    said(again.output().unwrap());
    assert_eq!(ids_of(&collector.spans()).len(), 6);
}

#[test]
fn what_can_be_put_right_is_kept_and_what_cannot_is_set_aside() {
    for status in [401, 403, 404, 415, 500, 502, 503, 504] {
        let is_well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let well = std::sync::Arc::clone(&is_well);
        let collector = Collector::start(move |_| match well.load(std::sync::atomic::Ordering::SeqCst) {
            true => taken(),
            false => (status, String::new(), Vec::new()),
        });
        let host = host("otlp-statuses");
        let mut command = host.command(&collector.url(), &["traces", "s", "3"]);
        let answer = said(command.env("CLEANUP_MS", "1000").output().unwrap());
        assert!(
            !answer.contains("MAXIM_OK") && answer.contains("quarantined 0 dropped 0"),
            "{status}: {answer}"
        );
        assert!(answer.contains("balance 1"), "{status}: {answer}");
        assert_eq!(collector.spans().len(), 0, "{status}");
        is_well.store(true, std::sync::atomic::Ordering::SeqCst);
        host.run(&collector.url(), &["end", "nobody"]);
        assert_eq!(ids_of(&collector.spans()), expected("s", 0..3), "{status}");
    }
    // A 400 is for good: each span stands alone, and each is set aside.
    let collector = Collector::start(|_| (400, String::new(), b"no such thing".to_vec()));
    let host = host("otlp-permanent");
    let answer = host.run(&collector.url(), &["traces", "s", "2"]);
    assert!(answer.contains("quarantined 6 dropped 0 held 0 balance 1"), "{answer}");
}

#[test]
fn headers_are_not_sent_in_the_clear_to_another_machine() {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-plain");
    let mut command = host.elsewhere(&collector, &["traces", "p", "2"]);
    let output = command.env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret").output().unwrap();
    let said = both(&output);
    assert!(!said.contains("Bearer") && !said.contains("MAXIM_OK"), "{said}");
    assert_eq!(collector.seen().len(), 0, "{said}");
    // Without any, as to a Collector in the same cluster, they are sent.
    let mut command = host.elsewhere(&collector, &["traces", "p", "2"]);
    assert!(command.output().unwrap().status.success());
    assert_eq!(ids_of(&collector.spans()), expected("p", 0..2));
}

#[test]
fn what_was_purged_is_in_no_file_and_never_arrives() {
    let (url, port) = common::nobody();
    let host = host("otlp-purged");
    let secret = format!("to be deleted, {}", host.scratch.path().display());
    let mut command = host.command(&url, &["purged", &secret, "2000"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "purged");
    let found = common::kept_with(&host.spool(), secret.as_bytes());
    assert!(found.is_empty(), "{found:?}");
    let collector = Collector::start_at(port.parse().unwrap(), |_| taken());
    child.stdin.take().unwrap();
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{said:?}");
    assert!(said.iter().any(|line| line.contains("dropped 0 held 0 balance 1")), "{said:?}");
    assert_eq!(ids_of(&collector.spans()), expected("afterwards", 0..1));
    assert!(
        collector
            .seen()
            .iter()
            .all(|request| memchr::memmem::find(&request.body, secret.as_bytes()).is_none())
    );
}

#[test]
fn a_value_of_whatever_depth_and_a_number_of_whatever_length_cost_no_span_and_no_entry() {
    // As deep as a call takes it; the receiver reads 100 messages within each other, as most do.
    for depth in [1, 24, 25, 40, 128] {
        let collector = Collector::start(|_| taken());
        let host = host("otlp-nested");
        let answer = host.run(&collector.url(), &["nested", &depth.to_string()]);
        assert!(answer.contains("quarantined 0 dropped 0 held 0 balance 1"), "{depth}: {answer}");
        let (spans, records) = (collector.spans(), collector.records());
        assert_eq!(spans.len(), 2, "{depth}");
        let generation = spans.iter().find(|span| !span.parent_span_id.is_empty()).unwrap();
        let [record] = records.as_slice() else { panic!("{depth}: {} records", records.len()) };
        let parameters = &texts(&generation.attributes)["llm.invocation_parameters"];
        assert!(
            parameters.contains("18446744073709551615") && parameters.contains('7'),
            "{depth}: {parameters}"
        );
        let entry = texts(&record.attributes);
        assert_eq!(entry["whole"], "18446744073709551615", "{depth}");
        assert!(entry["nested"].contains('7'), "{depth}: {}", entry["nested"]);
    }
}

#[test]
fn nothing_is_sent_when_the_environment_disables_the_sdk() {
    let collector = conversation_with("OTEL_SDK_DISABLED", "true");
    assert_eq!(collector.seen().len(), 0);
}
