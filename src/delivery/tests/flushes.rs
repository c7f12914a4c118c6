//! When records leave without being asked for, and what a flush and a close say.

use super::*;
use crate::delivery::progress::FlushTarget;
use crate::process::monotonic::{self, VirtualTime};

#[test]
fn a_refused_key_ends_a_flush_at_once_and_the_next_flush_tries_again() {
    let (config, heard, accepted) =
        asked_in_vain(|| Outcome::Unauthorized { status: 401, why: "HTTP 401: no such key".into() });
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..3);
    let error = pipeline.flush(Duration::from_secs(59)).unwrap_err();
    assert_eq!(error.status, Status::Unauthorized);
    assert!(error.detail.starts_with("3 records (") && error.detail.ends_with("HTTP 401: no such key"));
    accepted.store(true, Ordering::SeqCst);
    pipeline.flush(AMPLE).unwrap();
    assert_eq!(heard.lock().len(), 2);
}

#[test]
fn a_flush_returns_when_its_time_is_up_and_says_what_is_held() {
    let server = TestServer::new(|_| Answer::Silence);
    let pipeline = Pipeline::open(config(Posted(server.url.clone())));
    append(&pipeline, 0..7);
    let error = pipeline.flush(Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.status, Status::Timeout);
    assert!(error.detail.starts_with("7 records ("), "{}", error.detail);
    // Interrupts the request, which would otherwise wait for its own 15 s.
    let error = pipeline.close(Duration::from_millis(100)).unwrap_err();
    assert_eq!(error.status, Status::Timeout);
    assert_eq!(pipeline.append(LINE, b"late").unwrap_err().status, Status::Closed);
}

#[test]
fn close_delivers_the_rest_and_later_calls_find_it_closed() {
    let (config, heard) = asked(|_| Outcome::Delivered);
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..10);
    pipeline.close(AMPLE).unwrap();
    assert_eq!(heard.lock().iter().flat_map(|body| records(body)).collect::<Vec<_>>(), names(0..10));
    assert_eq!(pipeline.append(LINE, b"late").unwrap_err().status, Status::Closed);
    pipeline.flush(AMPLE).unwrap();
    pipeline.spill(AMPLE).unwrap();
    pipeline.close(AMPLE).unwrap();
    pipeline.abandon();
}

#[test]
fn many_threads_may_flush_at_once() {
    let (config, heard) = asked(|_| Outcome::Delivered);
    let pipeline = Pipeline::open(config);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..50 {
                    append(&pipeline, n..n + 1);
                    pipeline.flush(AMPLE).unwrap();
                }
            });
        }
    });
    assert_eq!(heard.lock().iter().map(|body| records(body).len()).sum::<usize>(), 400);
}

/// A pipeline to a service that answers nothing while the gate is locked.
fn gated() -> (Pipeline, Arc<Mutex<()>>) {
    let gate = Arc::new(Mutex::new(()));
    let wait = Arc::clone(&gate);
    let (config, _) = asked(move |_| {
        drop(wait.lock());
        Outcome::Delivered
    });
    (Pipeline::open(config), gate)
}

#[test]
fn a_flush_with_a_callback_returns_at_once_and_calls_back() {
    let (pipeline, gate) = gated();
    let (said, hear) = mpsc::channel();
    let closed = gate.lock();
    append(&pipeline, 0..1);
    pipeline.flush_async(AMPLE, Box::new(move |result| said.send(result).unwrap()));
    assert!(hear.try_recv().is_err());
    drop(closed);
    assert_eq!(hear.recv().unwrap(), Ok(()));
}

#[test]
fn a_flush_with_a_callback_ends_in_time_while_the_service_takes_longer() {
    let (pipeline, gate) = gated();
    let (said, hear) = mpsc::channel();
    let closed = gate.lock();
    append(&pipeline, 0..1);
    for timeout in [20, 10, 30] {
        let said = said.clone();
        let done = Box::new(move |result| said.send((timeout, result)).unwrap());
        pipeline.flush_async(Duration::from_millis(timeout), done);
    }
    let mut ended: Vec<u64> = (0..3)
        .map(|_| {
            let (timeout, result) = hear.recv_timeout(AMPLE).expect("it waits for the service");
            assert_eq!(result.unwrap_err().status, Status::Timeout);
            timeout
        })
        .collect();
    ended.sort_unstable();
    assert_eq!(ended, [10, 20, 30]);
    pipeline.flush_async(AMPLE, Box::new(move |result| said.send((0, result)).unwrap()));
    drop(closed);
    assert_eq!(hear.recv().unwrap(), (0, Ok(())));
}

#[test]
fn a_flush_with_a_callback_that_can_no_longer_succeed_says_so() {
    let (said, hear) = mpsc::channel();
    let (config, _) = asked(|_| retry());
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..1);
    let also = said.clone();
    pipeline.flush_async(Duration::from_millis(20), Box::new(move |result| said.send(result).unwrap()));
    assert_eq!(hear.recv().unwrap().unwrap_err().status, Status::Timeout);
    pipeline.flush_async(AMPLE, Box::new(move |result| also.send(result).unwrap()));
    pipeline.abandon();
    assert_eq!(hear.recv().unwrap().unwrap_err().status, Status::Closed);
}

#[test]
fn a_flush_with_a_callback_that_comes_as_the_thread_has_left_is_answered_at_once() {
    let (said, hear) = mpsc::channel();
    let (config, _) = asked(|_| retry());
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..1);
    let target = FlushTarget::own(pipeline.spool());
    // Joins the thread.
    assert_eq!(pipeline.close(Duration::from_secs(1)).unwrap_err().status, Status::Timeout);
    let deadline = monotonic::now() + 60 * AMPLE;
    pipeline.answer_later(target, deadline, Box::new(move |result| said.send(result).unwrap()));
    // By this thread, or by the other with its last look.
    let answer = hear.recv_timeout(AMPLE).expect("it is left waiting");
    assert_eq!(answer.unwrap_err().status, Status::Closed);
}

/// A service that takes all, and the bodies as they come.
fn telling() -> (PipelineConfig, mpsc::Receiver<String>) {
    let (said, hear) = mpsc::channel();
    let (config, _) = asked(move |body| {
        said.send(body.to_owned()).unwrap();
        Outcome::Delivered
    });
    (config, hear)
}

#[test]
fn a_record_is_sent_within_the_interval_without_a_flush() {
    let (mut config, hear) = telling();
    config.flush_interval = Some(Duration::from_millis(20));
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..1);
    assert_eq!(hear.recv().unwrap(), "<r0>");
}

#[test]
fn a_batch_by_count_is_sent_without_a_flush_and_not_before_it_is_full() {
    let (mut config, hear) = telling();
    config.flush_interval = Some(Duration::from_secs(3_600));
    config.spool.wake_records = 10;
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..9);
    append(&pipeline, 9..10);
    assert_eq!(records(&hear.recv().unwrap()).len(), 10);
}

#[test]
fn without_a_writer_a_flush_does_the_work_while_it_waits_and_what_fails_stays() {
    let well = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let (mut config, heard) = asked(move |_| {
        // Not on the caller's stack, of which there may be little.
        assert_eq!(std::thread::current().name(), Some("maxim-flush"));
        if is_well.load(Ordering::SeqCst) { Outcome::Delivered } else { retry() }
    });
    config.synchronous = true;
    let pipeline = Pipeline::open(config);
    append(&pipeline, 0..5);
    while heard.lock().len() < 2 {
        let error = pipeline.flush(Duration::from_millis(20)).unwrap_err();
        assert_eq!((error.status, pipeline.stats().unwrap().spool.held), (Status::Timeout, 5));
    }
    well.store(true, Ordering::SeqCst);
    pipeline.flush(AMPLE).unwrap();
    assert_eq!(pipeline.stats().unwrap().spool.delivered, 5);
    pipeline.close(AMPLE).unwrap();
}

#[test]
fn without_a_writer_a_flush_ends_when_its_time_is_up_although_each_request_succeeds() {
    let time = VirtualTime::start();
    let clock = time.clone();
    let (mut config, heard) = asked(move |_| {
        clock.advance(Duration::from_secs(4));
        Outcome::Delivered
    });
    config.synchronous = true;
    let pipeline = Pipeline::open(config);
    (0..5).for_each(|n| pipeline.append(UPLOAD, format!("u{n}").as_bytes()).unwrap());
    let error = pipeline.flush(Duration::from_secs(6)).unwrap_err();
    assert_eq!((error.status, heard.lock().len()), (Status::Timeout, 2));
    assert!(error.detail.starts_with("3 records ("), "{}", error.detail);
    pipeline.flush(AMPLE).unwrap();
    assert_eq!(heard.lock().len(), 5);
}

/// What was told, and of how many records.
#[derive(Default)]
struct Told(Mutex<Vec<(Status, u64)>>);

impl Reporter for Told {
    fn error(&self, report: &Report) {
        self.0.lock().push((report.status, report.records));
    }
    fn debug(&self, _: &str) {}
}

#[test]
fn what_is_dropped_as_the_rest_moves_to_files_is_told_of() {
    let (hot, cold) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut config, _) = asked(|_| retry());
    let told = Arc::new(Told::default());
    config.reporter = told.clone();
    config.synchronous = true;
    config.spool = Options {
        memory_only: false,
        dir: Some(cold.path().into()),
        hot_dir: Some(hot.path().into()),
        max_memory_bytes: 4 << 20,
        max_disk_bytes: 1 << 20,
        ..config.spool
    };
    let pipeline = Pipeline::open(config);
    (0..3_000).for_each(|_| pipeline.append(LINE, &[b'x'; 1_000]).unwrap());
    assert_eq!(pipeline.stats().unwrap().spool.held, 3_000);
    pipeline.abandon();
    let dropped = pipeline.stats().unwrap().spool.dropped_disk;
    assert!(dropped > 0);
    let told: u64 = told.0.lock().iter().filter(|told| told.0 == Status::SpoolFull).map(|told| told.1).sum();
    assert_eq!(told, dropped);
}
