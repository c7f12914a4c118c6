//! One round of delivery: a batch from the spool, framed, sent, and settled by its outcome.
//!
//! Promises: records leave the spool in order and only by an answer that says so; one bad record
//! among a thousand costs at most 21 requests; a batch costs one copy per record and no allocation
//! in the steady state; while a service fails, requests are small.
//!
//! Does not: wait, or know why it is called. Waiting is the writer's part.

mod pauses;

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::sync::Mutex;

use crate::delivery::body_limit::{self, BodyLimit};
use crate::delivery::http::Http;
use crate::delivery::link::{Link, Run};
use crate::delivery::losses::{Loss, Losses};
use crate::delivery::outcome::Outcome;
use crate::delivery::policy::Policy;
use crate::delivery::protocol::Protocol;
use crate::delivery::reporting::{News, Reporting};
use crate::delivery::scarcity::{MEMORY_PAUSE, NO_MEMORY, Room, Scarcity};
use crate::process::{self, monotonic};
use crate::spool::{Batch, BatchLimits, READ_AGAIN, Reader, Record, RecordKind};
use crate::status::Status;

/// After two failures in a row, requests are kept below this until one succeeds: a struggling
/// service, a slow link or one that resets large requests gets something it can take.
const PROBE_BYTES: usize = 64 * 1024;
/// After so many records in a row were refused one by one, with none delivered in between, the
/// fault is not the records'.
const REFUSALS_BELIEVED: u32 = 20;
/// A framing buffer above this is given back when nothing has been sent for [`IDLE`].
const IDLE_BODY_BYTES: usize = 64 * 1024;
const IDLE: Duration = Duration::from_secs(1);
/// Without a thread, adopting and expiring are seen to at most this often.
const MAINTENANCE: Duration = Duration::from_secs(60);

/// Figures that anybody may read while the engine works.
#[derive(Default)]
pub struct Counters {
    /// Attempts that failed and will be repeated.
    pub retries: AtomicU64,
    /// Status of the last answer; 0 before the first.
    pub last_http_status: AtomicU16,
    /// What went wrong last.
    pub last_error: Mutex<Option<String>>,
    /// Records that were accepted although something about them is worth telling.
    pub remarked: AtomicU64,
    /// The latest such remark that has not been told, and how many there were.
    pub remarks: Mutex<Option<(Status, String, u64)>>,
}

impl Counters {
    /// Keeps a remark until the host is told of it.
    pub fn remark(&self, status: Status, message: String) {
        self.remarked.fetch_add(1, Ordering::Relaxed);
        let mut remarks = self.remarks.lock();
        let before = remarks.take().map_or(0, |(_, _, times)| times);
        *remarks = Some((status, message, before + 1));
    }
}

/// What a round came to: one batch, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundResult {
    /// There was nothing to send.
    Idle,
    /// A batch has been dealt with.
    Progress,
    /// Nothing more before this much time has passed.
    Pause {
        /// How long.
        wait: Duration,
        /// What kind of trouble.
        status: Status,
    },
}

/// What the engine asks of whoever runs it.
pub trait Supervisor {
    /// By when a request that is started now must end.
    fn deadline(&self) -> Instant;
    /// Records have left the spool.
    fn progressed(&self);
}

/// The spool's one reader, and all it takes to empty it.
pub struct Engine {
    reader: Reader,
    protocol: Arc<dyn Protocol>,
    http: Http,
    policy: Policy,
    reporting: Reporting,
    losses: Losses,
    counters: Arc<Counters>,
    /// Whether what failed moves to files at once.
    spill_on_failure: bool,
    /// The framed batch, kept for the next.
    body: Vec<u8>,
    /// The size of the last request's body.
    sent_bytes: usize,
    /// When a batch was last asked for.
    used: Instant,
    /// When the spool's upkeep was last seen to.
    maintained: Option<Instant>,
    body_limit: BodyLimit,
    link: Link,
    /// The connections beside the first, while several requests are under way.
    siblings: Vec<Http>,
    scarcity: Scarcity,
    failures: u32,
    failing_since: Option<Instant>,
    refused_in_a_row: u32,
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// All of it, or of a run, has been dealt with.
    End,
    /// The rest is for the next round, at once.
    Again,
    /// Nothing more before this much time has passed.
    Pause(Duration, Status),
}

impl Stop {
    fn pause((wait, status): (Duration, Status)) -> Stop {
        Stop::Pause(wait, status)
    }
}

/// A run of records at the front of a batch that goes into one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    len: usize,
    /// It is known to hold a bad record.
    refused: bool,
    /// If it is delivered, the next window is known to hold one.
    clears_next: bool,
}

impl Window {
    fn of(len: usize) -> Window {
        Window { len, refused: false, clears_next: false }
    }
}

impl Engine {
    /// An engine that reads from `reader` and sends through `http`.
    pub fn new(
        mut reader: Reader,
        protocol: Arc<dyn Protocol>,
        http: Http,
        policy: Policy,
        reporting: Reporting,
        spill_on_failure: bool,
    ) -> Engine {
        reader.set_one_segment(protocol.is_whole());
        Engine {
            reader,
            protocol,
            http,
            policy,
            reporting,
            losses: Losses::default(),
            counters: Arc::default(),
            spill_on_failure,
            body: Vec::new(),
            sent_bytes: 0,
            used: monotonic::now(),
            maintained: None,
            body_limit: BodyLimit::new(),
            link: Link::new(),
            siblings: Vec::new(),
            scarcity: Scarcity::new(),
            failures: 0,
            failing_since: None,
            refused_in_a_row: 0,
        }
    }

    /// The figures it keeps.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Takes one batch and sends it, in as many requests as it takes.
    pub fn round(&mut self, supervisor: &dyn Supervisor) -> RoundResult {
        let (mut usual, reach) = (self.protocol.limits(), self.protocol.reach());
        usual.max_bytes = usual.max_bytes.min(self.body_limit.bytes());
        let scarce = self.scarcity.limit();
        if scarce.is_some() {
            self.link.failed();
        }
        let struggling = (self.failures >= 2).then_some(PROBE_BYTES);
        // What is acknowledged as a whole has been looked at as a whole.
        if let Some(most) = scarce.or(struggling).filter(|_| !self.protocol.is_whole()) {
            usual.max_bytes = usual.max_bytes.min(most);
        }
        let mut request = self.link.request(usual, reach);
        request.max_bytes = request.max_bytes.min(self.body_limit.bytes());
        let at_once = self.link.requests(reach);
        let limits = BatchLimits {
            max_bytes: request.max_bytes.saturating_mul(at_once),
            max_records: request.max_records.saturating_mul(at_once),
            ..request
        };
        let protocol = Arc::clone(&self.protocol);
        let alone = |kind: RecordKind, len: usize| protocol.alone(kind, len);
        self.used = monotonic::now();
        protocol.before_reading();
        let Some(mut batch) = self.reader.next_batch(&limits, &alone) else {
            return self.nothing();
        };
        let framed = protocol.framing().size_of(&batch);
        let most = if at_once > 1 { request.max_bytes.min(framed) } else { framed };
        match self.scarcity.room(&mut self.body, most) {
            Room::Enough => {}
            Room::ForLess => return RoundResult::Progress,
            Room::None => return self.no_memory(batch),
        }
        protocol.has_read(self.reader.is_adopted(&batch));
        let is_full = batch.len() >= limits.max_records || batch.bytes() > limits.max_bytes / 2;
        match self.deliver(&mut batch, &request, at_once, supervisor) {
            Stop::Pause(wait, status) => {
                self.link.failed();
                self.failed(batch, wait, status)
            }
            Stop::Again => {
                self.link.failed();
                RoundResult::Progress
            }
            Stop::End => {
                self.link.delivered(passed(self.used), is_full, reach, usual);
                if self.link.requests(reach) == 1 {
                    self.siblings.clear();
                }
                RoundResult::Progress
            }
        }
    }

    /// What waits does so in files.
    fn failed(&mut self, batch: Batch, wait: Duration, status: Status) -> RoundResult {
        self.siblings.clear();
        drop(batch);
        if self.spill_on_failure {
            self.reader.spill();
        }
        RoundResult::Pause { wait, status }
    }

    /// Nothing can be sent until there is memory again; what is kept for the next round is given up.
    fn no_memory(&mut self, batch: Batch) -> RoundResult {
        self.body = Vec::new();
        self.reader.drop_buffers();
        let (wait, status) = self.pause(batch.len(), MEMORY_PAUSE, Status::NoResources, NO_MEMORY.to_owned());
        self.failed(batch, wait, status)
    }

    /// There was nothing that could be read.
    fn nothing(&mut self) -> RoundResult {
        let Some(unreadable) = self.reader.unreadable() else { return RoundResult::Idle };
        // None of them is any report's: those that prove to be lost are told of when they are.
        let why =
            format!("{} that wait in files cannot be read at present", crate::report::records(unreadable));
        let (wait, status) = self.pause(0, READ_AGAIN, Status::Io, why);
        RoundResult::Pause { wait, status }
    }

    /// Sends all of `batch` from the front, in runs for one request each, the first of them at once.
    fn deliver(
        &mut self,
        batch: &mut Batch,
        request: &BatchLimits,
        at_once: usize,
        supervisor: &dyn Supervisor,
    ) -> Stop {
        let mut runs = self.link.runs(batch, request);
        if at_once > 1 {
            self.send_at_once(batch, &mut runs, at_once, supervisor.deadline());
        }
        let mut runs = runs.into_iter();
        while let Some(mut run) = runs.next() {
            // A purge has taken it away.
            if !self.reader.holds(batch) {
                return Stop::End;
            }
            let before = batch.len();
            let stop = match run.is_delivered {
                true => {
                    self.acknowledge(batch, run.len, supervisor);
                    Stop::End
                }
                false => self.deliver_run(batch, run.len, run.outcome.take(), supervisor),
            };
            if stop != Stop::End {
                run.len -= before - batch.len();
                self.link.remember(batch, std::iter::once(run).chain(runs));
                return stop;
            }
        }
        Stop::End
    }

    /// Sends the first runs at the same time, each over a connection of its own.
    fn send_at_once(&mut self, batch: &Batch, runs: &mut [Run], at_once: usize, deadline: Instant) {
        let mut starts = 0;
        let mut jobs: Vec<(&mut Run, usize)> = Vec::with_capacity(at_once);
        for run in runs {
            let start = starts;
            starts += run.len;
            if !run.is_delivered && jobs.len() < at_once {
                jobs.push((run, start));
            }
        }
        let alone = |record: Record<'_>| self.protocol.alone(record.kind, record.payload.len());
        if jobs.len() < 2 || batch.get(0).is_some_and(alone) {
            return;
        }
        while self.siblings.len() + 1 < jobs.len() {
            self.siblings.push(self.http.sibling());
        }
        let protocol = &*self.protocol;
        let send = |http: &mut Http, body: &mut Vec<u8>, run: &mut Run, start: usize| {
            protocol.framing().frame(body, batch.range(start..start + run.len));
            match protocol.send_batch(http, body, run.len, deadline) {
                Outcome::Delivered => run.is_delivered = true,
                outcome => run.outcome = Some(outcome),
            }
            body.len()
        };
        let (http, body) = (&mut self.http, &mut self.body);
        let sent = std::thread::scope(|scope| {
            let (first, start) = jobs.remove(0);
            // One that cannot be had leaves its run for later.
            let threads: Vec<_> = jobs
                .into_iter()
                .zip(&mut self.siblings)
                .filter_map(|((run, start), http)| {
                    let send = &send;
                    let body = move || send(http, &mut Vec::new(), run, start);
                    process::spawn_scoped_masked(scope, "maxim-send", body).ok()
                })
                .collect();
            let sent = send(http, body, first, start);
            for thread in threads {
                if let Err(panic) = thread.join() {
                    std::panic::resume_unwind(panic);
                }
            }
            sent
        });
        self.sent_bytes = sent;
        self.counters.last_http_status.store(self.http.last_status(), Ordering::Relaxed);
    }

    fn acknowledge(&mut self, batch: &mut Batch, records: usize, supervisor: &dyn Supervisor) {
        self.reader.acknowledge(batch, records);
        self.body_limit.accepted(self.sent_bytes);
        self.delivered(records);
        supervisor.progressed();
    }

    /// Moves full segments to files, for when the service takes no records.
    pub fn spill(&mut self) {
        self.reader.spill();
    }

    /// The spool's own upkeep: adopts what dead owners left, expires what is too old. Gives when the
    /// next is due.
    pub fn maintain(&mut self) -> Instant {
        self.maintained = Some(monotonic::now());
        if self.reader.maintain() {
            self.protocol.upkeep();
        }
        self.reporting.tick(monotonic::now());
        if self.body.capacity() > IDLE_BODY_BYTES && passed(self.used) > IDLE {
            self.body = Vec::new();
        }
        self.reader.next_upkeep()
    }

    /// The same where no thread does it in time, at most once a minute.
    pub fn maintain_now_and_then(&mut self) {
        if self.maintained.is_none_or(|last| passed(last) >= MAINTENANCE) {
            self.maintain();
        }
    }

    /// Adopts at once what dead owners have left by now.
    pub fn adopt(&mut self) {
        self.reader.upkeep();
    }

    /// The last act: what has not been delivered moves to files, where a successor finds it.
    pub fn finish(&mut self) {
        self.reader.finish();
    }

    /// What there is left to tell the host after the last act, which may have dropped records to make room for others.
    pub fn last_news(mut self) -> News {
        self.tell_losses();
        self.reporting.close(monotonic::now());
        self.news()
    }

    /// What there is to tell the host, once the engine's lock has been given back.
    pub fn news(&mut self) -> News {
        let remarks = self.counters.remarks.lock().take();
        if let Some((status, message, times)) = remarks {
            self.reporting.remarked(status, times, message, monotonic::now());
        }
        let troubles = self.reader.take_news().join("; ");
        if !troubles.is_empty() {
            self.note(&troubles);
            self.reporting.delayed(Status::Io, 0, troubles, monotonic::now());
        }
        if self.losses.is_due(monotonic::now()) {
            self.tell_losses();
        }
        self.reporting.take()
    }

    /// Tells of records that the spool has dropped.
    fn tell_losses(&mut self) {
        let Some((stats, limits, failure)) = self.reader.losses() else { return };
        for Loss { status, records, message } in self.losses.since(stats, limits, failure) {
            self.note(&message);
            self.reporting.gone(status, records, message, monotonic::now());
        }
    }

    /// Sends a run at the front of `batch`, of which the first attempt may have been made.
    fn deliver_run(
        &mut self,
        batch: &mut Batch,
        records: usize,
        mut known: Option<Outcome>,
        supervisor: &dyn Supervisor,
    ) -> Stop {
        // As many as are behind it, when it has left.
        let behind = batch.len() - records;
        let mut windows = vec![Window::of(records)];
        let mut any_refused = false;
        while let Some(window) = windows.pop() {
            if window.refused && window.len > 1 {
                // Half of it holds the bad record. If the left half is delivered it was the right.
                let left = window.len / 2;
                windows.push(Window::of(window.len - left));
                windows.push(Window { clears_next: true, ..Window::of(left) });
                continue;
            }
            let outcome = match known.take() {
                Some(outcome) => outcome,
                None => self.send(batch, window.len, supervisor.deadline()),
            };
            self.counters.last_http_status.store(self.http.last_status(), Ordering::Relaxed);
            let is_refused = matches!(outcome, Outcome::BadRequest { .. });
            if let Outcome::Partly { why, .. } = &outcome {
                self.note(why);
                self.counters.remark(Status::Rejected, why.clone());
            }
            match outcome {
                Outcome::Delivered | Outcome::Partly { .. } => {
                    self.acknowledge(batch, window.len, supervisor);
                    if let Some(next) = windows.last_mut().filter(|_| window.clears_next) {
                        next.refused = true;
                    }
                }
                Outcome::BadRequest { why, .. }
                    if window.len == 1 && self.refused_in_a_row == REFUSALS_BELIEVED =>
                {
                    self.refused_in_a_row = 0;
                    let why = format!("{REFUSALS_BELIEVED} records in a row were refused; {why}");
                    return Stop::pause(self.hold(batch.len(), why));
                }
                Outcome::BadRequest { why, .. } | Outcome::Unusable { why } if window.len == 1 => {
                    // What is unusable is so whatever the service thinks.
                    self.refused_in_a_row += u32::from(is_refused);
                    self.quarantine(batch, Status::Rejected, &why);
                    supervisor.progressed();
                    // The bad record explains every refusal so far. After the first, the rest is
                    // worth a try as a whole.
                    if !any_refused {
                        windows.clear();
                        let left = batch.len() - behind;
                        windows.extend((left > 0).then(|| Window::of(left)));
                    }
                    any_refused = true;
                    for window in &mut windows {
                        *window = Window::of(window.len);
                    }
                }
                Outcome::BadRequest { why, .. } | Outcome::Unusable { why } => {
                    self.reporting.debug(|| format!("{} records refused, halving: {why}", window.len));
                    windows.push(Window { refused: true, ..window });
                }
                Outcome::TooLarge { why } if self.sent_bytes <= body_limit::LEAST => {
                    return Stop::pause(self.retry(batch.len(), None, why));
                }
                Outcome::TooLarge { why } if window.len == 1 => {
                    self.quarantine(batch, Status::TooLarge, &why);
                    supervisor.progressed();
                }
                Outcome::TooLarge { why } => {
                    self.body_limit.refused(self.sent_bytes);
                    let limit = self.body_limit.bytes();
                    self.reporting.debug(|| format!("requests stay below {limit} bytes for now: {why}"));
                    // The next round takes a smaller batch.
                    return Stop::Again;
                }
                Outcome::Retry { after, why } => return Stop::pause(self.retry(batch.len(), after, why)),
                Outcome::Unauthorized { why, .. } => {
                    let wait = self.policy.after_unauthorized();
                    return Stop::pause(self.pause(batch.len(), wait, Status::Unauthorized, why));
                }
                Outcome::Hold { why } => return Stop::pause(self.hold(batch.len(), why)),
                Outcome::Left { why } => return Stop::pause(self.leave_to_next(why)),
                Outcome::Aside { .. } if window.len > 1 => {
                    // Those before the first that has to wait leave.
                    windows.clear();
                    windows.push(Window::of(window.len / 2));
                }
                Outcome::Aside { wait, status, why } => return Stop::pause(self.aside(wait, status, why)),
            }
        }
        // Where some have stepped aside, the others of this run are for the next round.
        if batch.len() > behind { Stop::Again } else { Stop::End }
    }

    /// Sends the first `count` records of `batch`.
    fn send(&mut self, batch: &Batch, count: usize, deadline: Instant) -> Outcome {
        let only = if count == 1 { batch.get(0) } else { None };
        let is_alone = |record: &Record| self.protocol.alone(record.kind, record.payload.len());
        if let Some(Record { kind, payload }) = only.filter(is_alone) {
            self.sent_bytes = payload.len();
            return self.protocol.send_alone(&mut self.http, kind, payload, deadline);
        }
        self.protocol.framing().frame(&mut self.body, batch.range(0..count));
        self.sent_bytes = self.body.len();
        self.protocol.send_batch(&mut self.http, &self.body, count, deadline)
    }

    /// The service takes records: whatever was wrong is over.
    fn delivered(&mut self, records: usize) {
        self.policy.succeeded();
        self.refused_in_a_row = 0;
        let failures = std::mem::take(&mut self.failures);
        let since = self.failing_since.take();
        self.reporting.debug(|| format!("delivered {}", crate::report::records(records as u64)));
        if failures > 0 {
            self.reporting.recovered(monotonic::now(), || {
                let seconds = since.map_or(0.0, |since| passed(since).as_secs_f64());
                format!("delivering again after {failures} failed attempts in {seconds:.1} s")
            });
        }
    }

    /// Sets the first record of `batch` aside.
    fn quarantine(&mut self, batch: &mut Batch, status: Status, why: &str) {
        self.reader.quarantine(batch, why);
        self.note(why);
        let message = format!("a record was refused for good and is kept in quarantine: {why}");
        self.reporting.gone(status, 1, message, monotonic::now());
    }

    fn note(&self, why: &str) {
        *self.counters.last_error.lock() = Some(why.to_owned());
    }
}

/// How long ago a moment is.
fn passed(since: Instant) -> Duration {
    monotonic::now().saturating_duration_since(since)
}
