//! A pipeline: a spool, and whoever empties it. This is what the rooms above hold in their hands.
//!
//! Usually that is a thread of its own ([`super::writer`]). Where a thread is of no use (Lambda:
//! [`PipelineConfig::synchronous`]) or can't be had, [`Pipeline::flush`] and [`Pipeline::close`]
//! do the work on the thread that calls them, with the same engine.
//!
//! Promises: [`Pipeline::append`] never waits for the network; a waiting call returns within its
//! timeout and says what is still held; any number of threads may wait at once; nothing here is
//! needed from a lock to open a fresh pipeline in a forked child ([`Pipeline::config`]).
//!
//! Does not: reopen itself after a fork. Its owner notices, calls
//! [`Pipeline::after_fork_in_child`], leaks it, and opens another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use parking_lot::{Condvar, Mutex};

use crate::delivery::engine::{Counters, Engine, Round, Supervisor};
use crate::delivery::http::{Http, HttpConfig, Interrupter};
use crate::delivery::policy::{BackoffConfig, Policy, random_dice};
use crate::delivery::protocol::Protocol;
use crate::delivery::reporting::Reporting;
use crate::delivery::writer;
use crate::process;
use crate::report::Reporter;
use crate::spool::{self, Bell, Kind, Location, Reader, Refusal, Spool};
use crate::status::{Error, Result, Status};

/// After a failed attempt to start the thread, appends try again this often.
const THREAD_RETRY: Duration = Duration::from_secs(10);
/// Of the time given to close, what is kept for moving the rest to files: a tenth, at most this.
const SPILL_RESERVE: Duration = Duration::from_millis(250);
/// Without a thread, adopting and expiring are seen to at most this often.
pub(super) const MAINTENANCE: Duration = Duration::from_secs(60);
/// Without a thread, the environment may freeze between two calls: connections that have been idle
/// for longer are taken for dead.
const LAMBDA_MAX_IDLE: Duration = Duration::from_secs(5);
/// "No limit" for a wait: more than any process lives, and safe to add to an instant.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// How a pipeline is to work.
#[derive(Clone)]
pub struct PipelineConfig {
    /// The thread's name; up to 15 bytes are shown by the system.
    pub name: &'static str,
    /// Where records are kept. `ring_records` means here: a batch is due once so many wait; the
    /// writer looks for itself, no caller wakes it for that.
    pub spool: spool::Options,
    /// How records become requests.
    pub protocol: Arc<dyn Protocol>,
    /// How requests travel.
    pub http: HttpConfig,
    /// How long a record may wait for company. `None`: until a flush, or half a segment is full.
    pub flush_interval: Option<Duration>,
    /// How long to wait after failures.
    pub backoff: BackoffConfig,
    /// Who hears of trouble. Called on the pipeline's thread, while no lock is held; waiting calls
    /// made from there are refused.
    pub reporter: Arc<dyn Reporter>,
    /// No thread: flush does the work, and batches that fail stay in memory.
    pub synchronous: bool,
}

/// What became of the records and of the attempts to send them.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Accepted, delivered, held, dropped, quarantined; the age of the oldest.
    pub spool: spool::Stats,
    /// Attempts that failed and were or will be repeated.
    pub retries: u64,
    /// The status of the last answer; 0 before the first.
    pub last_http_status: u16,
    /// What went wrong last.
    pub last_error: Option<String>,
}

impl Stats {
    /// Adds the numbers of another pipeline; the last status and error stay those of this one, unless
    /// it has none.
    pub fn add(&mut self, other: &Stats) {
        self.spool.add(&other.spool);
        self.retries += other.retries;
        if self.last_http_status == 0 {
            self.last_http_status = other.last_http_status;
        }
        if self.last_error.is_none() {
            self.last_error.clone_from(&other.last_error);
        }
    }
}

/// Called once with the result of a flush.
pub type Done = Box<dyn FnOnce(Result) + Send>;

/// Records go in, and are delivered.
pub struct Pipeline {
    shared: Arc<Shared>,
}

/// What the pipeline and its writer share.
pub(super) struct Shared {
    pub config: Arc<PipelineConfig>,
    pub spool: Arc<Spool>,
    pub bell: Arc<Bell>,
    /// Gone once the pipeline has left.
    pub engine: Mutex<Option<Engine>>,
    /// Flush requests so far: each is worth one attempt at once.
    pub tickets: AtomicU64,
    pub inbox: Receiver<Message>,
    outbox: Sender<Message>,
    counters: Arc<Counters>,
    interrupter: Interrupter,
    progress: Mutex<Progress>,
    progressed: Condvar,
    /// To wait for the thread's very end, once it has left.
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether there ought to be a thread and is none.
    thread_missing: AtomicBool,
    closed: AtomicBool,
}

/// What the writer is told beside the bell.
pub(super) enum Message {
    /// Call back when everything accepted so far has left, or at the deadline.
    Flush { target: u64, ticket: u64, deadline: Instant, done: Done },
    /// Move everything that waits to files, then answer.
    Spill(Sender<bool>),
    /// Deliver what can be by the deadline, spill the rest, leave.
    Stop { deadline: Instant },
}

/// What a flush waits for.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    /// Own records up to this one have left.
    target: u64,
    /// So have those of dead owners.
    leftovers: bool,
}

impl Goal {
    pub fn own(target: u64) -> Goal {
        Goal { target, leftovers: false }
    }
}

/// What waiting calls look at.
#[derive(Default)]
struct Progress {
    writer: Writer,
    /// Tickets that the last attempt counts for.
    served: u64,
    /// Why nothing is sent at present, and until when.
    pause: Option<(Instant, Status)>,
    last_maintenance: Option<Instant>,
}

#[derive(Default)]
enum Writer {
    /// There is none: synchronous, not startable (tried at this time), or left.
    #[default]
    None,
    Unstartable(Instant),
    Running(Option<ThreadId>),
    Left,
}

impl Pipeline {
    /// Opens the spool and starts the thread. No network; what can't be had is made up for later.
    pub fn open(config: PipelineConfig) -> Pipeline {
        let bell = Arc::new(Bell::new());
        let options = spool::Options { ring_records: 0, ..config.spool.clone() };
        let spool = Arc::new(Spool::open(options, Arc::clone(&bell)));
        let max_idle = config.http.max_idle.or(config.synchronous.then_some(LAMBDA_MAX_IDLE));
        let http = Http::new(HttpConfig { max_idle, ..config.http.clone() });
        let interrupter = http.interrupter();
        let engine = Engine::new(
            Reader::new(Arc::clone(&spool)),
            Arc::clone(&config.protocol),
            http,
            Policy::new(config.backoff, random_dice()),
            Reporting::new(config.reporter.debug_enabled()),
            !config.synchronous,
        );
        let (outbox, inbox) = crossbeam_channel::unbounded();
        let shared = Arc::new(Shared {
            counters: engine.counters(),
            config: Arc::new(config),
            spool,
            bell,
            engine: Mutex::new(Some(engine)),
            tickets: AtomicU64::new(0),
            inbox,
            outbox,
            interrupter,
            progress: Mutex::default(),
            progressed: Condvar::new(),
            thread: Mutex::new(None),
            thread_missing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let pipeline = Pipeline { shared };
        pipeline.ensure_writer();
        pipeline
    }

    /// The configuration, to open another pipeline like this one.
    pub fn config(&self) -> &Arc<PipelineConfig> {
        &self.shared.config
    }

    /// Accepts one record, given in parts. Inlined, so that one part costs no loop.
    #[inline(always)]
    pub fn append(&self, kind: Kind, parts: &[&[u8]]) -> Result {
        match self.shared.spool.append(kind, parts) {
            Ok(_) => {
                self.accepted();
                Ok(())
            }
            Err(refusal) => Err(refused(refusal)),
        }
    }

    /// Accepts one record with a file of its own ([`Spool::append_with_file`]); `false` if no such file can
    /// be made, and nothing was accepted.
    pub fn append_with_file(&self, kind: Kind, parts: &[&[u8]], content: &[u8]) -> Result<bool> {
        let sequence = self.shared.spool.append_with_file(kind, parts, content).map_err(refused)?;
        if sequence.is_some() {
            self.accepted();
        }
        Ok(sequence.is_some())
    }

    #[inline]
    fn accepted(&self) {
        if self.shared.thread_missing.load(Ordering::Relaxed) {
            self.retry_writer();
        }
    }

    /// Lets the writer look at once.
    pub fn nudge(&self) {
        self.shared.bell.ring();
    }

    /// Waits until everything accepted before this call has left, at most for `timeout`. Makes an
    /// attempt at once, even during a backoff. A zero timeout starts the work and returns.
    ///
    /// [`Status::Timeout`] if time ran out, and at once [`Status::Unauthorized`] or
    /// [`Status::Rejected`] if the service refuses for longer than the time left; the detail says
    /// what is still held.
    pub fn flush(&self, timeout: Duration) -> Result {
        let deadline = Instant::now() + timeout.min(FOREVER);
        self.flush_until(Goal::own(self.shared.spool.accepted()), timeout, deadline)
    }

    fn flush_until(&self, goal: Goal, timeout: Duration, deadline: Instant) -> Result {
        let shared = &self.shared;
        if shared.has_reached(goal) {
            return Ok(());
        }
        if self.ensure_writer() {
            let ticket = shared.tickets.fetch_add(1, Ordering::SeqCst) + 1;
            shared.bell.ring();
            if timeout.is_zero() {
                return Ok(());
            }
            shared.refuse_to_wait_for_itself()?;
            return shared.wait_for(goal, ticket, deadline);
        }
        if shared.has_left() {
            return Err(shared.unfinished(Status::Closed));
        }
        if timeout.is_zero() {
            return Ok(());
        }
        shared.work_here(goal, deadline)
    }

    /// As [`Pipeline::flush`], for what dead owners have left by now too.
    pub fn flush_leftovers(&self, timeout: Duration) -> Result {
        let shared = &self.shared;
        let deadline = Instant::now() + timeout.min(FOREVER);
        // Whoever holds the engine for longer looks for them by itself, if later.
        if let Some(engine) =
            shared.engine.try_lock_until(deadline).as_mut().and_then(|engine| engine.as_mut())
        {
            engine.adopt();
        }
        self.flush_until(Goal { target: shared.spool.accepted(), leftovers: true }, timeout, deadline)
    }

    /// As [`Pipeline::flush`], but returns at once and calls `done` on the pipeline's thread. Where
    /// there is no thread, does the work and calls `done` before it returns.
    pub fn flush_async(&self, timeout: Duration, done: Done) {
        let shared = &self.shared;
        let target = shared.spool.accepted();
        let deadline = Instant::now() + timeout.min(FOREVER);
        if !self.ensure_writer() {
            done(self.flush(timeout));
            return;
        }
        let ticket = shared.tickets.fetch_add(1, Ordering::SeqCst) + 1;
        shared.tell(Message::Flush { target, ticket, deadline, done });
    }

    /// Moves everything that waits to files. [`Status::Io`] if not all of it could be moved.
    pub fn spill(&self, timeout: Duration) -> Result {
        let shared = &self.shared;
        let deadline = Instant::now() + timeout.min(FOREVER);
        let spilled = if self.ensure_writer() {
            shared.refuse_to_wait_for_itself()?;
            let (answer, answered) = crossbeam_channel::bounded(1);
            shared.tell(Message::Spill(answer));
            if timeout.is_zero() {
                return Ok(());
            }
            // A writer that has left has moved everything.
            match answered.recv_deadline(deadline) {
                Err(RecvTimeoutError::Timeout) => None,
                answer => Some(answer.unwrap_or(true)),
            }
        } else {
            let engine = shared.engine.try_lock_until(deadline);
            engine.map(|mut engine| engine.as_mut().is_none_or(Engine::spill_all))
        };
        match spilled {
            Some(true) => Ok(()),
            Some(false) => Err(shared.unfinished(Status::Io)),
            None => Err(shared.unfinished(Status::Timeout)),
        }
    }

    /// Stops accepting, delivers what can be delivered within `timeout`, moves the rest to files
    /// and ends the thread. Returns by then in any case; a zero timeout is [`Pipeline::abandon`].
    pub fn close(&self, timeout: Duration) -> Result {
        let shared = &self.shared;
        if timeout.is_zero() {
            self.abandon();
            return Ok(());
        }
        shared.spool.close();
        let deadline = Instant::now() + timeout.min(FOREVER);
        let send_until = deadline - (timeout / 10).min(SPILL_RESERVE);
        let first = !shared.closed.swap(true, Ordering::SeqCst);
        if shared.has_writer() {
            shared.tell(Message::Stop { deadline: send_until });
            shared.refuse_to_wait_for_itself()?;
            if !shared.wait_until_left(send_until) {
                shared.interrupter.interrupt();
                shared.wait_until_left(deadline);
            }
        } else if first {
            // What could not be delivered is told below.
            let _ = shared.work_here(Goal::own(shared.spool.accepted()), send_until);
            shared.leave(deadline);
        }
        match shared.spool.settled() >= shared.spool.accepted() {
            true => Ok(()),
            false => Err(shared.unfinished(Status::Timeout)),
        }
    }

    /// Stops accepting and lets the thread leave by itself, waiting for nothing. What is not
    /// delivered stays in the spool, for the next of its kind.
    pub fn abandon(&self) {
        let shared = &self.shared;
        if shared.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        shared.spool.close();
        if shared.has_writer() {
            shared.tell(Message::Stop { deadline: Instant::now() });
        } else {
            shared.leave(Instant::now());
        }
    }

    /// In a forked child, on the pipeline that it inherited: closes the child's copies of the locks on
    /// the parent's files. The parent keeps its records, threads and sockets, and the child never
    /// touches this pipeline again: every lock in it may be held by a thread that the child lacks.
    pub fn after_fork_in_child(&self) {
        self.shared.spool.after_fork_in_child();
    }

    /// Whether [`Pipeline::close`] or [`Pipeline::abandon`] has been called.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::SeqCst)
    }

    /// The spool, to look after the files beside its records.
    pub fn spool(&self) -> &Spool {
        &self.shared.spool
    }

    /// Whether there is a file system for records that have to wait.
    pub fn has_files(&self) -> bool {
        match self.shared.spool.location() {
            Location::Hot { cold, .. } => cold.is_some(),
            Location::DiskOnly(_) => true,
            Location::Memory => false,
        }
    }

    /// What became of the records so far.
    pub fn stats(&self) -> Stats {
        let counters = &self.shared.counters;
        Stats {
            spool: self.shared.spool.stats(),
            retries: counters.retries.load(Ordering::Relaxed),
            last_http_status: counters.last_http_status.load(Ordering::Relaxed),
            last_error: counters.last_error.lock().clone(),
        }
    }

    /// Whether there is a thread, started now if it can be.
    fn ensure_writer(&self) -> bool {
        let shared = &self.shared;
        if shared.config.synchronous {
            return false;
        }
        let mut progress = shared.progress.lock();
        match progress.writer {
            Writer::Running(_) => return true,
            Writer::Left => return false,
            Writer::None | Writer::Unstartable(_) => {}
        }
        if shared.closed.load(Ordering::SeqCst) {
            return false;
        }
        let run = Arc::clone(shared);
        // The thread's first act is to take the lock held here.
        let thread = process::spawn_masked(shared.config.name, move || writer::run(&run)).ok();
        let started = thread.is_some();
        *shared.thread.lock() = thread;
        progress.writer = if started { Writer::Running(None) } else { Writer::Unstartable(Instant::now()) };
        shared.thread_missing.store(!started, Ordering::Relaxed);
        started
    }

    /// The append side of [`Pipeline::ensure_writer`]: now and then, and without waiting.
    #[cold]
    fn retry_writer(&self) {
        let due = self.shared.progress.try_lock().is_some_and(|progress| match progress.writer {
            Writer::Unstartable(tried) => tried.elapsed() >= THREAD_RETRY,
            _ => false,
        });
        if due {
            self.ensure_writer();
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl Shared {
    /// A message and the bell.
    fn tell(&self, message: Message) {
        // The receiver lives as long as `self`.
        let _ = self.outbox.send(message);
        self.bell.ring();
    }

    /// The writer's first act.
    pub fn writer_started(&self) {
        self.progress.lock().writer = Writer::Running(Some(std::thread::current().id()));
    }

    /// The writer's last act.
    pub fn writer_left(&self) {
        self.progress.lock().writer = Writer::Left;
        self.progressed.notify_all();
    }

    /// Records that an attempt for `served` tickets has come to `round`.
    pub fn attempted(&self, served: u64, round: Round) {
        let mut progress = self.progress.lock();
        progress.served = served;
        progress.pause = match round {
            Round::Pause { wait, status } => Some((Instant::now() + wait, status)),
            _ => None,
        };
        drop(progress);
        self.progressed.notify_all();
    }

    /// Records have left the spool: whoever waits may look.
    pub fn records_left(&self) {
        // Taking the lock closes the gap between a waiter's look and its sleep.
        drop(self.progress.lock());
        self.progressed.notify_all();
    }

    /// How a flush for `target` and `ticket` that may wait until `deadline` stands at present.
    pub fn outcome(&self, goal: Goal, ticket: u64, deadline: Instant) -> Option<Result> {
        let progress = self.progress.lock();
        self.outcome_with(&progress, goal, ticket, deadline)
    }

    fn outcome_with(
        &self,
        progress: &Progress,
        goal: Goal,
        ticket: u64,
        deadline: Instant,
    ) -> Option<Result> {
        if self.has_reached(goal) {
            return Some(Ok(()));
        }
        let status = match (&progress.writer, progress.pause) {
            (Writer::Left, _) => Status::Closed,
            // Refused after this flush's own attempt, and not tried again in time.
            (_, Some((until, status)))
                if progress.served >= ticket && until > deadline && status != Status::Network =>
            {
                status
            }
            _ if Instant::now() >= deadline => Status::Timeout,
            _ => return None,
        };
        Some(Err(self.unfinished(status)))
    }

    fn wait_for(&self, goal: Goal, ticket: u64, deadline: Instant) -> Result {
        let mut progress = self.progress.lock();
        loop {
            if let Some(outcome) = self.outcome_with(&progress, goal, ticket, deadline) {
                return outcome;
            }
            self.progressed.wait_until(&mut progress, deadline);
        }
    }

    fn wait_until_left(&self, deadline: Instant) -> bool {
        let mut progress = self.progress.lock();
        while !matches!(progress.writer, Writer::Left) {
            if self.progressed.wait_until(&mut progress, deadline).timed_out() {
                break;
            }
        }
        if !matches!(progress.writer, Writer::Left) {
            return false;
        }
        drop(progress);
        // It has said its last word, so this waits for the system to take its stack back, no more.
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        true
    }

    fn has_writer(&self) -> bool {
        matches!(self.progress.lock().writer, Writer::Running(_))
    }

    fn has_left(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// A callback runs on the writer's thread, where a wait for the writer would never end.
    fn refuse_to_wait_for_itself(&self) -> Result {
        match self.progress.lock().writer {
            Writer::Running(Some(thread)) if thread == std::thread::current().id() => Err(Error::new(
                Status::InvalidArgument,
                "a callback cannot wait for the thread that it runs on; give a timeout of 0",
            )),
            _ => Ok(()),
        }
    }

    fn has_reached(&self, goal: Goal) -> bool {
        self.spool.settled() >= goal.target && !(goal.leftovers && self.spool.adopted_held() > 0)
    }

    /// Does the writer's work on this thread until the goal is reached.
    fn work_here(&self, goal: Goal, deadline: Instant) -> Result {
        struct Here<'a>(&'a Shared, Instant);
        impl Supervisor for Here<'_> {
            fn deadline(&self) -> Instant {
                self.1
            }
            fn progressed(&self) {
                self.0.records_left();
            }
        }
        loop {
            let Some(mut engine) = self.engine.try_lock_until(deadline) else {
                return Err(self.unfinished(Status::Timeout));
            };
            let Some(engine_here) = engine.as_mut() else {
                return Err(self.unfinished(Status::Closed));
            };
            if self.maintenance_is_due() {
                engine_here.maintain();
            }
            let round = match self.has_reached(goal) {
                true => return Ok(()),
                false => engine_here.round(&Here(self, deadline)),
            };
            let news = engine_here.news();
            drop(engine);
            news.tell(&self.config.reporter);
            match round {
                Round::Idle if self.has_reached(goal) => return Ok(()),
                // Another thread has the rest in its hands, or it can't be read.
                Round::Idle => return Err(self.unfinished(Status::Io)),
                Round::Progress { .. } => {}
                Round::Pause { wait, status } => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if wait >= left {
                        // Nothing will change by the deadline.
                        let status = if status == Status::Network { Status::Timeout } else { status };
                        return Err(self.unfinished(status));
                    }
                    std::thread::sleep(wait);
                }
            }
        }
    }

    fn maintenance_is_due(&self) -> bool {
        let mut progress = self.progress.lock();
        let due = progress.last_maintenance.is_none_or(|last| last.elapsed() >= MAINTENANCE);
        if due {
            progress.last_maintenance = Some(Instant::now());
        }
        due
    }

    /// Without a thread: what is not delivered goes to files.
    fn leave(&self, deadline: Instant) {
        let engine = self.engine.try_lock_until(deadline).and_then(|mut engine| engine.take());
        if let Some(mut engine) = engine {
            let news = engine.last_news();
            engine.finish();
            news.tell(&self.config.reporter);
        }
    }

    /// What a waiting call says of the records that it leaves behind.
    pub fn unfinished(&self, status: Status) -> Error {
        let stats = self.spool.stats();
        let error = self.counters.last_error.lock().clone();
        let oldest = stats.oldest_held_ms as f64 / 1_000.0;
        let mut detail =
            format!("{} records ({} bytes) still held, oldest {oldest:.1} s", stats.held, stats.bytes_held);
        if let Some(error) = error {
            detail.push_str("; last error: ");
            detail.push_str(&error);
        }
        Error::new(status, detail)
    }
}

/// The spool's refusal in the words of the ABI.
#[cold]
fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Full => Error::new(Status::SpoolFull, "the configured space for records is full"),
        Refusal::TooLarge { limit } => {
            Error::new(Status::TooLarge, format!("a record may have at most {limit} bytes"))
        }
        Refusal::Closed => Error::new(Status::Closed, "logging has been closed"),
    }
}
