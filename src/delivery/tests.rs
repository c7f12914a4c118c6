//! Pipelines from end to end, with a protocol that answers as told and, where the wire matters,
//! against a server that misbehaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::sync::Mutex;

use super::http::HttpConfig;
use super::test_server::{Answer, TestServer, status};
use super::*;
use crate::report::{Report, Reporter, Silent};
use crate::spool::{BatchLimits, Identity, Options, RecordKind};
use crate::status::Status;

mod flushes;

pub(super) const LINE: RecordKind = RecordKind(0);
const UPLOAD: RecordKind = RecordKind(1);
/// Long enough never to be reached by a test that passes.
const AMPLE: Duration = Duration::from_secs(60);

/// A protocol of lines that asks a closure instead of a service.
struct Answering<F>(F);

impl<F: Fn(&str) -> Outcome + Send + Sync> Protocol for Answering<F> {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: 1 << 20, max_records: 1_000, per_record_overhead: 1 }
    }
    fn framing(&self) -> Framing {
        Framing { prefix: b"<", separator: b",", suffix: b">" }
    }
    fn send_batch(&self, _: &mut Http, body: &[u8], records: usize, _: Instant) -> Outcome {
        let body = std::str::from_utf8(body).unwrap();
        assert_eq!(body.split(',').count(), records);
        (self.0)(body)
    }
    fn send_alone(&self, _: &mut Http, _: RecordKind, payload: &[u8], _: Instant) -> Outcome {
        (self.0)(&format!("alone:{}", std::str::from_utf8(payload).unwrap()))
    }
}

/// A protocol of lines over HTTP.
struct Posted(String);

impl Protocol for Posted {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: 5 << 20, max_records: usize::MAX, per_record_overhead: 1 }
    }
    fn send_batch(&self, http: &mut Http, body: &[u8], _: usize, deadline: Instant) -> Outcome {
        let key = crate::secret::Secret::new("secret");
        let credential = Some(("x-key", &key));
        let body = Body::Bytes(body);
        http.send(
            Request { method: "POST", url: &self.0, headers: &[], credential, private: &[], body },
            deadline,
        )
        .into()
    }
}

pub(super) fn config(protocol: impl Protocol + 'static) -> PipelineConfig {
    let identity = Identity {
        protocol: "test",
        base_url: String::new(),
        repository: String::new(),
        key_fingerprint: String::new(),
    };
    PipelineConfig {
        name: "maxim-test",
        spool: Options { memory_only: true, ..Options::new(identity) },
        protocol: Arc::new(protocol),
        http: HttpConfig::default(),
        flush_interval: None,
        backoff: BackoffConfig {
            initial: Duration::from_millis(1),
            max: Duration::from_millis(1),
            max_retries: None,
        },
        reporter: Arc::new(Silent),
        synchronous: false,
    }
}

/// A pipeline whose protocol asks `answer`, and all that it was asked.
pub(super) fn asked(
    answer: impl Fn(&str) -> Outcome + Send + Sync + 'static,
) -> (PipelineConfig, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let protocol = Answering(move |body: &str| {
        hears.lock().push(body.to_owned());
        answer(body)
    });
    (config(protocol), heard)
}

/// The same with a service that is out of order until it is said to be well.
pub(super) fn asked_in_vain(
    answer: impl Fn() -> Outcome + Send + Sync + 'static,
) -> (PipelineConfig, Arc<Mutex<Vec<String>>>, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let (config, heard) =
        asked(move |_| if is_well.load(Ordering::SeqCst) { Outcome::Delivered } else { answer() });
    (config, heard, well)
}

fn append(pipeline: &Pipeline, records: std::ops::Range<usize>) {
    for n in records {
        pipeline.append(LINE, &[b"r", n.to_string().as_bytes()].concat()).unwrap();
    }
}

fn names(records: impl IntoIterator<Item = usize>) -> Vec<String> {
    records.into_iter().map(|n| format!("r{n}")).collect()
}

fn bad_request() -> Outcome {
    Outcome::BadRequest { status: 400, why: "bad".into() }
}

fn retry() -> Outcome {
    Outcome::Retry { after: None, why: "down".into() }
}

/// The records in a framed body.
pub(super) fn records(body: &str) -> Vec<String> {
    body.trim_matches(['<', '>']).split(',').map(str::to_owned).collect()
}

#[test]
fn records_arrive_framed_in_order_over_one_connection() {
    let server = TestServer::new(|_| status(200));
    let pipeline = Pipeline::open(config(Posted(server.url.clone())));
    for from in [0, 1_000, 2_000] {
        append(&pipeline, from..from + 1_000);
        pipeline.flush(AMPLE).unwrap();
    }
    let lines: Vec<String> = server.bodies().join("\n").lines().map(str::to_owned).collect();
    assert_eq!(lines, names(0..3_000));
    assert_eq!(server.connections(), 1);
    let stats = pipeline.stats().unwrap();
    assert_eq!((stats.spool.delivered, stats.retries, stats.last_http_status), (3_000, 0, 200));
}

/// A thousand records to a service that refuses whatever has one of `poison` among them: all others are delivered in
/// their order, and those set aside. Gives the number of requests.
fn deliver_a_thousand_but(poison: &[usize]) -> usize {
    let delivered = Arc::new(Mutex::new(Vec::new()));
    let (accepts, refused) = (Arc::clone(&delivered), names(poison.iter().copied()));
    let (mut config, heard) = asked(move |body| {
        let records = records(body);
        if refused.iter().any(|name| records.contains(name)) {
            return bad_request();
        }
        accepts.lock().extend(records);
        Outcome::Delivered
    });
    config.synchronous = true;
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..1_000);
    pipeline.flush(AMPLE).unwrap();
    assert_eq!(*delivered.lock(), names((0..1_000).filter(|n| !poison.contains(n))), "{poison:?}");
    assert_eq!(pipeline.stats().unwrap().spool.quarantined, poison.len() as u64);
    heard.lock().len()
}

#[test]
fn one_poison_record_among_a_thousand_costs_at_most_21_requests() {
    for poison in [0, 1, 499, 500, 777, 998, 999] {
        let requests = deliver_a_thousand_but(&[poison]);
        assert!(requests <= 21, "r{poison} took {requests} requests");
    }
}

#[test]
fn several_poison_records_are_all_found_and_the_order_is_kept() {
    deliver_a_thousand_but(&[3, 4, 100, 511, 512, 640, 999]);
}

#[test]
fn a_service_that_refuses_everything_does_not_empty_the_spool_into_quarantine() {
    let (mut config, _) = asked(|_| bad_request());
    config.synchronous = true;
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..1_000);
    let error = pipeline.flush(AMPLE).unwrap_err();
    assert_eq!(error.status, Status::Rejected);
    let stats = pipeline.stats().unwrap().spool;
    assert_eq!((stats.quarantined, stats.held), (20, 980));
    assert!(error.detail.starts_with("980 records ("), "{}", error.detail);
}

#[test]
fn requests_shrink_below_a_limit_and_stay_there_and_only_what_never_fits_is_set_aside() {
    const LIMIT: usize = 20_000;
    let (mut config, heard) = asked(|body| match body.len() {
        ..=LIMIT => Outcome::Delivered,
        _ => Outcome::TooLarge { why: "too large".into() },
    });
    config.synchronous = true;
    let pipeline = Pipeline::open(config);
    let append = |n: usize, size: usize| {
        pipeline.append(LINE, &[format!("r{n}").as_bytes(), &vec![b'x'; size]].concat()).unwrap();
    };
    (0..500).for_each(|n| append(n, 100));
    append(500, LIMIT);
    (501..1_000).for_each(|n| append(n, 100));
    pipeline.flush(AMPLE).unwrap();
    let stats = pipeline.stats().unwrap().spool;
    assert_eq!((stats.delivered, stats.quarantined), (999, 1));
    let tries = heard.lock().len();
    (0..1_000).for_each(|n| append(n, 100));
    pipeline.flush(AMPLE).unwrap();
    assert!(heard.lock()[tries..].iter().all(|body| body.len() <= LIMIT));
}

#[test]
fn a_service_that_finds_everything_too_large_is_waited_for() {
    let (config, heard, well) = asked_in_vain(|| Outcome::TooLarge { why: "too large".into() });
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..1_000);
    pipeline.flush(Duration::ZERO).unwrap();
    while heard.lock().len() < 10 {
        std::thread::yield_now();
    }
    well.store(true, Ordering::SeqCst);
    pipeline.flush(AMPLE).unwrap();
    let stats = pipeline.stats().unwrap().spool;
    assert_eq!((stats.delivered, stats.quarantined), (1_000, 0));
}

#[test]
fn failures_are_retried_until_the_service_is_back_and_nothing_is_lost_or_reordered() {
    let server = TestServer::new({
        let mut requests = 0;
        move |_| {
            requests += 1;
            match requests {
                1 => status(500),
                2 => Answer::HangUp,
                3 => Answer::Status(200, r#"{"error":{"message":"not now"}}"#.into()),
                4 => Answer::Raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".into()),
                5 => Answer::Status(429, "secret secret".into()),
                _ => status(200),
            }
        }
    });
    let pipeline = Pipeline::open(config(Posted(server.url.clone())));
    append(&pipeline, 0..100);
    pipeline.flush(AMPLE).unwrap();
    let bodies = server.bodies();
    assert_eq!(bodies.last().unwrap().lines().map(str::to_owned).collect::<Vec<_>>(), names(0..100));
    let stats = pipeline.stats().unwrap();
    // The connection that hung up was an old one: replaced at once, which is no retry.
    assert_eq!((bodies.len(), stats.retries, stats.spool.delivered), (6, 4, 100));
    assert_eq!(stats.last_error.as_deref(), Some("HTTP 429: *** ***"));
}

#[test]
fn records_move_to_files_while_a_request_waits_for_its_answer() {
    let (hot, cold) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (asking, is_asked) = crossbeam_channel::bounded(1);
    let (release, released) = crossbeam_channel::bounded(1);
    let (mut config, _) = asked(move |_| {
        asking.send(()).unwrap();
        released.recv().unwrap();
        Outcome::Delivered
    });
    config.spool = Options {
        memory_only: false,
        hot_dir: Some(hot.path().into()),
        dir: Some(cold.path().into()),
        ..config.spool
    };
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..100);
    pipeline.flush(Duration::ZERO).unwrap();
    is_asked.recv_timeout(AMPLE).unwrap();
    // The writer waits for the answer all the while.
    pipeline.spill(Duration::from_secs(10)).unwrap();
    let segments = || {
        let identity = std::fs::read_dir(cold.path()).unwrap().next().unwrap().unwrap().path();
        let instances = std::fs::read_dir(identity).unwrap().flatten();
        let files = instances.flat_map(|instance| std::fs::read_dir(instance.path()).unwrap().flatten());
        files.filter(|file| file.path().extension().is_some_and(|end| end == "seg")).count()
    };
    assert_eq!((segments(), pipeline.stats().unwrap().spool.held), (1, 100));
    release.send(()).unwrap();
    pipeline.flush(AMPLE).unwrap();
    let stats = pipeline.stats().unwrap().spool;
    assert_eq!((segments(), stats.delivered, stats.held, stats.dropped_corrupt), (0, 100, 0, 0));
}

#[test]
fn requests_grow_again_once_the_service_takes_larger_ones() {
    const RECORDS: usize = 1_000;
    let payload = "x".repeat(500);
    let is_small = Arc::new(AtomicBool::new(true));
    let small = Arc::clone(&is_small);
    let (config, heard) = asked(move |body| match small.load(Ordering::SeqCst) && body.len() > 100_000 {
        true => Outcome::TooLarge { why: "HTTP 413".into() },
        false => Outcome::Delivered,
    });
    let pipeline = Pipeline::open(config);
    let send = || {
        heard.lock().clear();
        (0..RECORDS).for_each(|_| pipeline.append(LINE, payload.as_bytes()).unwrap());
        pipeline.flush(AMPLE).unwrap();
        heard.lock().iter().map(String::len).max().unwrap()
    };
    assert!(send() > 400_000);
    is_small.store(false, Ordering::SeqCst);
    assert!(send() < 150_000);
    // Every tenth or so of the requests may have to be one that the service had refused before.
    assert!((0..100).any(|_| send() > 400_000), "requests stay small for ever");
}

#[test]
fn a_record_that_goes_alone_keeps_its_place_and_is_set_aside_when_it_is_unusable() {
    let (mut config, heard) = asked(|body| match body {
        "alone:gone" => Outcome::Unusable { why: "the file is gone".into() },
        _ => Outcome::Delivered,
    });
    config.synchronous = true;
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..2);
    pipeline.append(UPLOAD, b"up").unwrap();
    pipeline.append(UPLOAD, b"gone").unwrap();
    append(&pipeline, 2..3);
    pipeline.flush(AMPLE).unwrap();
    assert_eq!(*heard.lock(), ["<r0,r1>", "alone:up", "alone:gone", "<r2>"]);
    assert_eq!(pipeline.stats().unwrap().spool.quarantined, 1);
}

#[test]
fn a_protocol_may_append_to_another_pipeline() {
    let (config, lines) = asked(|_| Outcome::Delivered);
    let first = Arc::new(Pipeline::open(config));
    let into = Arc::clone(&first);
    let (config, _) = asked(move |_| {
        into.append(LINE, b"uploaded").unwrap();
        Outcome::Delivered
    });
    let second = Pipeline::open(config);
    second.append(UPLOAD, b"a file").unwrap();
    second.flush(AMPLE).unwrap();
    first.flush(AMPLE).unwrap();
    assert_eq!(*lines.lock(), ["<uploaded>"]);
}

/// A host whose callback calls the library, and then panics.
struct Meddler {
    pipeline: Mutex<Option<Arc<Pipeline>>>,
    heard: mpsc::Sender<(Status, Option<Status>)>,
}

impl Reporter for Meddler {
    fn error(&self, report: &Report) {
        let pipeline = self.pipeline.lock().clone();
        let answer = pipeline.and_then(|pipeline| {
            pipeline.stats().unwrap();
            pipeline.flush(Duration::ZERO).unwrap();
            pipeline.flush(AMPLE).err().map(|error| error.status)
        });
        self.heard.send((report.status, answer)).unwrap();
        panic!("the host's own fault");
    }
    fn debug(&self, _: &str) {}
}

#[test]
fn a_callback_may_call_the_library_and_its_panic_harms_nobody() {
    let (heard, hear) = mpsc::channel();
    let meddler = Arc::new(Meddler { pipeline: Mutex::new(None), heard });
    let (mut config, _, well) = asked_in_vain(retry);
    config.reporter = meddler.clone();
    let pipeline = Arc::new(Pipeline::open(config));
    *meddler.pipeline.lock() = Some(Arc::clone(&pipeline));
    append(&pipeline, 0..1);
    pipeline.flush(Duration::ZERO).unwrap();
    assert_eq!(hear.recv().unwrap(), (Status::Network, Some(Status::InvalidArgument)));
    well.store(true, Ordering::SeqCst);
    pipeline.flush(AMPLE).unwrap();
    assert_eq!(hear.recv().unwrap(), (Status::Ok, None));
    pipeline.close(AMPLE).unwrap();
    *meddler.pipeline.lock() = None;
}

#[test]
fn a_protocol_that_panics_costs_a_round_and_not_the_thread() {
    let (heard, hear) = mpsc::channel();
    let meddler = Arc::new(Meddler { pipeline: Mutex::new(None), heard });
    let panics = AtomicBool::new(true);
    let (mut config, _) = asked(move |_| {
        assert!(!panics.swap(false, Ordering::SeqCst), "a bug");
        Outcome::Delivered
    });
    config.reporter = meddler;
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..3);
    pipeline.flush(Duration::ZERO).unwrap();
    assert_eq!(hear.recv().unwrap(), (Status::Panic, None));
    pipeline.flush(AMPLE).unwrap();
    assert_eq!(pipeline.stats().unwrap().spool.delivered, 3);
}

/// A protocol whose batches are acknowledged as a whole.
struct Whole<F>(Answering<F>);

impl<F: Fn(&str) -> Outcome + Send + Sync> Protocol for Whole<F> {
    fn limits(&self) -> BatchLimits {
        self.0.limits()
    }
    fn is_whole(&self) -> bool {
        true
    }
    fn framing(&self) -> Framing {
        self.0.framing()
    }
    fn alone(&self, kind: RecordKind, len: usize) -> bool {
        self.0.alone(kind, len)
    }
    fn send_batch(&self, http: &mut Http, body: &[u8], records: usize, deadline: Instant) -> Outcome {
        self.0.send_batch(http, body, records, deadline)
    }
    fn send_alone(&self, http: &mut Http, kind: RecordKind, payload: &[u8], deadline: Instant) -> Outcome {
        self.0.send_alone(http, kind, payload, deadline)
    }
}

#[test]
fn a_batch_that_is_acknowledged_as_a_whole_is_no_smaller_after_failures() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let mut config = config(Whole(Answering(move |body: &str| {
        let mut heard = hears.lock();
        heard.push(body.to_owned());
        if heard.len() > 4 { Outcome::Delivered } else { retry() }
    })));
    config.synchronous = true;
    let pipeline = Pipeline::open(config);
    for _ in 0..50 {
        pipeline.append(LINE, &[b'x'; 10_000]).unwrap();
    }
    pipeline.flush(AMPLE).unwrap();
    let heard = heard.lock();
    assert_eq!(heard.len(), 5);
    assert!(heard.iter().all(|body| *body == heard[0]), "{:?}", heard.iter().map(String::len));
}

#[test]
fn a_failed_service_is_probed_with_small_requests_and_then_gets_large_ones_again() {
    let failures = Mutex::new(3);
    let (mut config, heard) = asked(move |_| {
        let mut failures = failures.lock();
        if *failures == 0 {
            return Outcome::Delivered;
        }
        *failures -= 1;
        retry()
    });
    config.synchronous = true;
    let pipeline = Pipeline::open(config);
    let payload = vec![b'x'; 10_000];
    for _ in 0..50 {
        pipeline.append(LINE, &payload).unwrap();
    }
    pipeline.flush(AMPLE).unwrap();
    let sizes: Vec<usize> = heard.lock().iter().map(String::len).collect();
    assert!(sizes[0] > 400_000 && sizes[1] > 400_000, "{sizes:?}");
    assert!(sizes[2] < 65_536 && sizes[3] < 65_536 && sizes[4] > 400_000, "{sizes:?}");
    assert_eq!(pipeline.stats().unwrap().spool.delivered, 50);
}
