//! Traces that stay open, through both spools: for an hour, in virtual time; and while the second spool is full.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::config::{Given, resolve_with};
use super::super::encode::Signal;
use super::super::traces::{KIND_LINE, LineFolding};
use super::*;
use crate::delivery::{
    BackoffConfig, Framing, Http, HttpConfig, Outcome, Pipeline, PipelineConfig, Protocol,
};
use crate::process::monotonic::VirtualTime;
use crate::report::Silent;
use crate::spool::{BatchLimits, Identity, Options, Overflow};
use crate::sync::Mutex;

/// A service that takes all spans.
struct Taken(Arc<Mutex<Vec<u8>>>);

impl Protocol for Taken {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: 900 << 10, max_records: usize::MAX, per_record_overhead: 0 }
    }
    fn framing(&self) -> Framing {
        Framing { prefix: b"", separator: b"", suffix: b"" }
    }
    fn send_batch(&self, _: &mut Http, body: &[u8], _: usize, _: std::time::Instant) -> Outcome {
        self.0.lock().extend_from_slice(body);
        Outcome::Delivered
    }
}

fn pipeline(protocol: Arc<dyn Protocol>, what: &'static str) -> Pipeline {
    pipeline_of(protocol, what, Options::new)
}

fn pipeline_of(
    protocol: Arc<dyn Protocol>,
    what: &'static str,
    options: impl FnOnce(Identity) -> Options,
) -> Pipeline {
    let text = String::new;
    let identity = Identity { protocol: what, base_url: text(), repository: text(), key_fingerprint: text() };
    Pipeline::open(PipelineConfig {
        name: "maxim-test",
        spool: Options { memory_only: true, ..options(identity) },
        protocol,
        http: HttpConfig::default(),
        flush_interval: None,
        backoff: BackoffConfig { initial: Duration::ZERO, max: Duration::ZERO, max_retries: None },
        reporter: Arc::new(Silent),
        synchronous: true,
    })
}

#[test]
fn a_trace_that_stays_open_for_an_hour_pins_no_more_than_two_segments() {
    let time = VirtualTime::start();
    let taken = Arc::<Mutex<Vec<u8>>>::default();
    let spans = Arc::new(pipeline(Arc::new(Taken(Arc::clone(&taken))), "spans"));
    let config = resolve_with(Signal::Traces, &Given::default(), &|_| None).unwrap();
    let folding = Arc::new(LineFolding::new(&config, Arc::clone(&spans)));
    let lines = Arc::new(pipeline(Arc::clone(&folding) as Arc<dyn Protocol>, "lines"));
    folding.set_pipeline(Arc::downgrade(&lines));
    let log = |text: String| lines.append(KIND_LINE, text.as_bytes()).unwrap();
    let at = "2026-11-21T02:31:00.000000+00:00";
    log(line("trace", "open", "create", json!({"name": "open", "startTimestamp": at})));
    let padding = "x".repeat(2_000);
    // Each second some that come and go, of more than a segment in a minute; the open one hears of each minute.
    for second in 0..3_600 {
        time.advance(Duration::from_secs(1));
        if second % 60 == 0 {
            log(line("trace", "open", "add-tag", json!({"tags": {format!("{second}"): "minute"}})));
        }
        for number in 0..20 {
            let id = format!("{second}-{number}");
            log(line(
                "trace",
                &id,
                "create",
                json!({"name": "short", "input": padding, "startTimestamp": at}),
            ));
            log(line("trace", &id, "end", json!({"endTimestamp": at})));
        }
        lines.flush(Duration::from_secs(60)).unwrap();
        spans.flush(Duration::from_secs(60)).unwrap();
        let waiting = lines.spool().segments_waiting() + spans.spool().segments_waiting();
        assert!(waiting <= 2, "{waiting} segments after {second} s");
    }
    let held = lines.stats().unwrap().spool;
    assert!(held.held <= 1 && held.bytes_held < 8_192, "{} records, {} bytes", held.held, held.bytes_held);
    let delivered = spans.stats().unwrap().spool.delivered;
    assert_eq!(delivered, 3_600 * 20);
    log(line("trace", "open", "end", json!({"endTimestamp": at})));
    lines.flush(Duration::from_secs(60)).unwrap();
    spans.flush(Duration::from_secs(60)).unwrap();
    let taken = taken.lock();
    for said in ["maxim.tag.0", "maxim.tag.3540"] {
        assert!(memchr::memmem::find(&taken, said.as_bytes()).is_some(), "{said}");
    }
}

/// Lines that are folded into a spool for spans with little room.
struct FullSoon {
    /// What the service has been sent.
    taken: Arc<Mutex<Vec<u8>>>,
    spans: Arc<Pipeline>,
    folding: Arc<LineFolding>,
    lines: Arc<Pipeline>,
}

impl FullSoon {
    fn new() -> FullSoon {
        let taken = Arc::<Mutex<Vec<u8>>>::default();
        let small = |identity| Options {
            max_memory_bytes: 64 << 10,
            overflow: Overflow::DropNewest,
            ..Options::new(identity)
        };
        let spans = Arc::new(pipeline_of(Arc::new(Taken(Arc::clone(&taken))), "spans", small));
        let config = resolve_with(Signal::Traces, &Given::default(), &|_| None).unwrap();
        let folding = Arc::new(LineFolding::new(&config, Arc::clone(&spans)));
        let lines = Arc::new(pipeline(Arc::clone(&folding) as Arc<dyn Protocol>, "lines"));
        folding.set_pipeline(Arc::downgrade(&lines));
        FullSoon { taken, spans, folding, lines }
    }
}

#[test]
fn what_could_not_be_passed_on_is_folded_once_whoever_else_is_read_meanwhile() {
    let FullSoon { taken, spans, folding, lines: _lines } = FullSoon::new();
    let at = "2026-11-21T02:31:00.000000+00:00";
    // One that stays open, and more than the second spool has room for.
    let body = |name: &str| -> String {
        let create = |id: &str| line("trace", id, "create", json!({"name": id, "startTimestamp": at}));
        let mut all = vec![
            create(name),
            line("trace", name, "add-event", json!({"id": name, "name": format!("event-of-{name}")})),
        ];
        for number in 0..300 {
            let id = format!("{name}-{number}");
            all.extend([create(&id), line("trace", &id, "end", json!({"endTimestamp": at}))]);
        }
        all.join("\n")
    };
    let mut http = Http::new(HttpConfig::default());
    let mut send = |is_adopted: bool, body: &str| {
        folding.before_reading();
        folding.has_read(is_adopted);
        let records = body.lines().count();
        folding.send_batch(&mut http, body.as_bytes(), records, std::time::Instant::now())
    };
    let (own, adopted) = (body("own"), body("adopted"));
    for (is_adopted, body) in [(false, &own), (true, &adopted), (false, &own), (true, &adopted)] {
        let outcome = send(is_adopted, body);
        assert!(matches!(outcome, Outcome::Retry { .. }), "the second spool was to be full");
    }
    for (is_adopted, body) in [(true, &adopted), (false, &own)] {
        // Each time there is room for some more.
        while matches!(send(is_adopted, body), Outcome::Retry { .. }) {
            spans.flush(Duration::from_secs(60)).unwrap();
        }
    }
    let ends = ["own", "adopted"].map(|name| line("trace", name, "end", json!({"endTimestamp": at})));
    assert!(matches!(send(false, &ends.join("\n")), Outcome::Delivered));
    spans.flush(Duration::from_secs(60)).unwrap();
    assert_eq!(spans.stats().unwrap().spool.delivered, 602);
    for name in ["event-of-own", "event-of-adopted"] {
        assert_eq!(memchr::memmem::find_iter(&taken.lock(), name).count(), 1, "{name}");
    }
}

#[test]
fn what_was_folded_is_not_folded_again_when_lines_before_it_have_been_dropped() {
    let FullSoon { taken, spans, folding, lines: _lines } = FullSoon::new();
    let at = "2026-11-21T02:31:00.000000+00:00";
    // Traces with an event each, which stay open, among more that end than the second spool has room for.
    let mut all = Vec::new();
    for number in 0..300 {
        let (short, open) = (format!("short-{number}"), format!("open-{number}"));
        for id in [&short, &open] {
            all.push(line("trace", id, "create", json!({"name": id, "startTimestamp": at})));
        }
        all.push(line("trace", &short, "end", json!({"endTimestamp": at})));
        all.push(line(
            "trace",
            &open,
            "add-event",
            json!({"id": open, "name": format!("event-{number}-once")}),
        ));
    }
    let mut http = Http::new(HttpConfig::default());
    let mut send = |lines: &[String]| {
        folding.before_reading();
        folding.has_read(false);
        folding.send_batch(&mut http, lines.join("\n").as_bytes(), lines.len(), std::time::Instant::now())
    };
    let is_refused = |outcome: Outcome| matches!(outcome, Outcome::Retry { .. });
    assert!(is_refused(send(&all)), "the second spool was to be full");
    // The first spool drops its oldest; then it is read to another length, shorter and longer.
    let more = [line("trace", "more", "create", json!({"name": "more", "startTimestamp": at}))];
    let longer = [&all[400..], &more].concat();
    for lines in [&all[200..], &all[300..700], &longer, &longer[..500]] {
        assert!(is_refused(send(lines)), "the second spool was to be full");
    }
    for lines in [&longer[..500], &longer[500..]] {
        // Each time there is room for some more.
        while is_refused(send(lines)) {
            spans.flush(Duration::from_secs(60)).unwrap();
        }
    }
    let ends: Vec<_> = (0..300)
        .map(|number| line("trace", &format!("open-{number}"), "end", json!({"endTimestamp": at})))
        .collect();
    while is_refused(send(&ends)) {
        spans.flush(Duration::from_secs(60)).unwrap();
    }
    spans.flush(Duration::from_secs(60)).unwrap();
    assert_eq!(spans.stats().unwrap().spool.delivered, 600);
    let taken = taken.lock();
    for number in 0..300 {
        let name = format!("event-{number}-once");
        assert_eq!(memchr::memmem::find_iter(&taken, &name).count(), 1, "{name}");
    }
}
