//! What a pipeline and its writer share: the messages between them, how far delivery has come, and
//! the waiting for it.
//!
//! Promises: whoever waits is woken by progress, by the writer's end or by the deadline, whichever
//! comes first; no wait needs the engine's lock, but for [`Shared::work_here`], which does the
//! writer's work on the caller's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use crate::delivery::engine::{Counters, Engine, Round, Supervisor};
use crate::delivery::http::{Http, HttpConfig, Interrupter};
use crate::delivery::pipeline::{Done, PipelineConfig};
use crate::delivery::policy::{Policy, random_dice};
use crate::delivery::reporting::Reporting;
use crate::delivery::writer;
use crate::process;
use crate::spool::{self, Bell, Reader, Spool};
use crate::status::{Error, Result, Status};
use crate::sync::{Condvar, Mutex, TimedMutex};

/// After a failed attempt to start the thread, appends try again this often.
const THREAD_RETRY: Duration = Duration::from_secs(10);
/// Without a thread, the environment may freeze between two calls: connections that have been idle
/// for longer are taken for dead.
const LAMBDA_MAX_IDLE: Duration = Duration::from_secs(5);
/// Without a thread, adopting and expiring are seen to at most this often.
const MAINTENANCE: Duration = Duration::from_secs(60);

/// What the pipeline and its writer share.
pub(super) struct Shared {
    pub config: Arc<PipelineConfig>,
    pub spool: Arc<Spool>,
    pub bell: Arc<Bell>,
    /// Gone once the pipeline has left.
    pub engine: TimedMutex<Option<Engine>>,
    /// Flush requests so far: each is worth one attempt at once.
    pub tickets: AtomicU64,
    pub inbox: Receiver<Message>,
    outbox: Sender<Message>,
    pub counters: Arc<Counters>,
    pub interrupter: Interrupter,
    progress: Mutex<Progress>,
    progressed: Condvar,
    /// To wait for the thread's very end, once it has left.
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether there ought to be a thread and is none.
    pub thread_missing: AtomicBool,
    pub closed: AtomicBool,
}

/// What the writer is told beside the bell.
pub(super) enum Message {
    /// Call back when everything accepted so far has left, or at the deadline.
    Flush { goal: Goal, ticket: u64, deadline: Instant, done: Done },
    /// Deliver what can be by the deadline, spill the rest, leave.
    Stop { deadline: Instant },
}

/// What a flush waits for.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    /// Own records up to this one have left.
    pub target: u64,
    /// So have those of dead owners.
    pub leftovers: bool,
    /// How many of the own records had been dropped when it was set: if there are more in the end, it was not
    /// reached by delivering.
    pub dropped: u64,
}

impl Goal {
    /// All that a spool has accepted by now.
    pub fn own(spool: &Spool) -> Goal {
        Goal { target: spool.accepted(), leftovers: false, dropped: spool.own_dropped() }
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

impl Shared {
    /// The spool is open, the thread not started.
    #[inline(never)]
    pub fn open(config: PipelineConfig) -> Arc<Shared> {
        let bell = Arc::new(Bell::new());
        let brief = process::is_forked();
        let options = spool::Options { ring_records: 0, brief, ..config.spool.clone() };
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
        Arc::new(Shared {
            counters: engine.counters(),
            config: Arc::new(config),
            spool,
            bell,
            engine: TimedMutex::new(Some(engine)),
            tickets: AtomicU64::new(0),
            inbox,
            outbox,
            interrupter,
            progress: Mutex::default(),
            progressed: Condvar::new(),
            thread: Mutex::new(None),
            thread_missing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        })
    }

    /// Whether there is a thread, started now if it can be.
    pub fn ensure_writer(self: &Arc<Shared>) -> bool {
        let shared = self;
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

    /// The append side of [`Shared::ensure_writer`]: now and then, and without waiting.
    #[cold]
    pub fn retry_writer(self: &Arc<Shared>) {
        let due = self.progress.try_lock().is_some_and(|progress| match progress.writer {
            Writer::Unstartable(tried) => tried.elapsed() >= THREAD_RETRY,
            _ => false,
        });
        if due {
            self.ensure_writer();
        }
    }

    /// A message and the bell.
    pub fn tell(&self, message: Message) {
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
            return Some(self.reached(goal));
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

    pub fn wait_for(&self, goal: Goal, ticket: u64, deadline: Instant) -> Result {
        let mut progress = self.progress.lock();
        loop {
            if let Some(outcome) = self.outcome_with(&progress, goal, ticket, deadline) {
                return outcome;
            }
            self.progressed.wait_until(&mut progress, deadline);
        }
    }

    pub fn wait_until_left(&self, deadline: Instant) -> bool {
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

    pub fn has_writer(&self) -> bool {
        matches!(self.progress.lock().writer, Writer::Running(_))
    }

    pub fn has_left(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// A callback runs on the writer's thread, where a wait for the writer would never end.
    pub fn refuse_to_wait_for_itself(&self) -> Result {
        match self.progress.lock().writer {
            Writer::Running(Some(thread)) if thread == std::thread::current().id() => Err(Error::new(
                Status::InvalidArgument,
                "a callback cannot wait for the thread that it runs on; give a timeout of 0",
            )),
            _ => Ok(()),
        }
    }

    /// What there is to say when a goal has been reached: not that all is well if records were dropped on the way.
    pub fn reached(&self, goal: Goal) -> Result {
        match self.spool.own_dropped().saturating_sub(goal.dropped) {
            0 => Ok(()),
            dropped => Err(Error::new(
                Status::Io,
                format!("{dropped} records were dropped while they waited; the stats say for which reason"),
            )),
        }
    }

    pub fn has_reached(&self, goal: Goal) -> bool {
        let leftovers = || self.spool.adopted_held() > 0 || self.spool.has_unread_orphans();
        self.spool.settled() >= goal.target && !(goal.leftovers && leftovers())
    }

    /// Does the writer's work on this thread until the goal is reached.
    pub fn work_here(&self, goal: Goal, deadline: Instant) -> Result {
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
                true => return self.reached(goal),
                false => engine_here.round(&Here(self, deadline)),
            };
            let news = engine_here.news();
            drop(engine);
            news.tell(&self.config.reporter);
            match round {
                Round::Idle if self.has_reached(goal) => return self.reached(goal),
                // Another thread has the rest in its hands, or it can't be read.
                Round::Idle => return Err(self.unfinished(Status::Io)),
                Round::Progress => {}
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
    pub fn leave(&self, deadline: Instant) {
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
