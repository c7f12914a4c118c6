//! The thread that empties a spool: does what its [`Schedule`] says, and parks on the wake-up.
//!
//! Promises: no caller wakes it for a single record; idle, it wakes at most twice a second (far
//! less with a long interval); every signal is blocked on it; a panic in a protocol or in a host's
//! callback costs that round, not the thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use crate::delivery::config::PipelineConfig;
use crate::delivery::engine::{Engine, RoundResult, Supervisor};
use crate::delivery::flushes::Flushes;
use crate::delivery::http::{Http, HttpConfig, Interrupter};
use crate::delivery::policy::{Dice, Policy};
use crate::delivery::progress::Progress;
use crate::delivery::reporting::Reporting;
use crate::delivery::schedule::{Observed, PANIC_PAUSE, Schedule, Task};
use crate::delivery::state_note::StateNote;
use crate::process::{self, monotonic};
use crate::report::Report;
use crate::spool::{self, Reader, Spool, Wakeup};
use crate::status::Status;
use crate::sync::TimedMutex;

/// By when a request ends if nobody is in a hurry; its own limits are far below.
const NO_HURRY: Duration = Duration::from_secs(3_600);
/// Without a thread, the environment may freeze between two calls: connections that have been idle
/// for longer are taken for dead.
const LAMBDA_MAX_IDLE: Duration = Duration::from_secs(5);

/// What the writer is told beside the wake-up: to deliver what can be by the deadline, spill the rest, exit.
pub struct Stop {
    pub deadline: Instant,
}

/// What delivery works with, on whichever thread.
pub struct Workplace {
    pub config: Arc<PipelineConfig>,
    pub spool: Arc<Spool>,
    pub wakeup: Arc<Wakeup>,
    /// Gone once the pipeline has been left.
    pub engine: TimedMutex<Option<Engine>>,
    pub interrupter: Interrupter,
    pub progress: Progress,
    pub flushes: Flushes,
    pub note: StateNote,
    pub inbox: Receiver<Stop>,
}

impl Workplace {
    /// Opens the spool. `dice` are thrown for the jitter of retries.
    #[inline(never)]
    pub fn open(config: PipelineConfig, inbox: Receiver<Stop>, dice: Dice) -> Workplace {
        let wakeup = Arc::new(Wakeup::new());
        let short_lived = process::is_forked();
        // What is acknowledged as a whole comes from one segment: threads in lanes would make for one record each.
        let lanes = if config.protocol.is_whole() { 1 } else { config.spool.lanes };
        let options = spool::Options { wake_records: 0, short_lived, lanes, ..config.spool.clone() };
        let spool = Arc::new(Spool::open(options, Arc::clone(&wakeup)));
        let max_idle = config.http.max_idle.or(config.synchronous.then_some(LAMBDA_MAX_IDLE));
        let http = Http::new(HttpConfig { max_idle, ..config.http.clone() });
        let interrupter = http.interrupter();
        let engine = Engine::new(
            Reader::new(Arc::clone(&spool)),
            Arc::clone(&config.protocol),
            http,
            Policy::new(config.backoff, dice),
            Reporting::new(config.reporter.debug_enabled()),
            !config.synchronous,
        );
        let progress = Progress::new(Arc::clone(&spool), engine.counters());
        let (config, engine) = (Arc::new(config), TimedMutex::new(Some(engine)));
        let (flushes, note) = Default::default();
        Workplace { config, spool, wakeup, engine, interrupter, progress, flushes, note, inbox }
    }

    /// Notes what has changed before the thread rests, or `is_last` before it leaves.
    fn note(&self, is_last: bool) {
        self.note.tick(&self.spool, self.progress.counters(), is_last);
    }

    /// What has not been delivered goes to files; the engine is gone.
    pub fn leave(&self, engine: Option<Engine>) {
        let Some(mut engine) = engine else { return };
        // A bug in the last act must not keep those who wait for it.
        let _ = catch_unwind(AssertUnwindSafe(|| engine.finish()));
        let _ = catch_unwind(AssertUnwindSafe(|| engine.last_news().tell(&self.config.reporter)));
    }
}

/// The thread's body: runs until it is told to stop.
pub fn run(place: &Workplace) {
    place.progress.writer_started();
    let mut writer = Writer::new(place);
    loop {
        match writer.step() {
            Step::Again => {}
            Step::Park { until } => {
                place.note(false);
                let limit = until.saturating_duration_since(monotonic::now());
                if place.wakeup.wait(limit) {
                    writer.woken();
                }
            }
            Step::Exit => break,
        }
    }
    writer.leave();
}

/// What comes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another.
    Again,
    /// Another when it is woken up, or at this time.
    Park {
        /// At the latest.
        until: Instant,
    },
    /// None.
    Exit,
}

/// The thread's state.
pub struct Writer<'a> {
    place: &'a Workplace,
    schedule: Schedule,
    /// Records adopted so far.
    adopted: u64,
}

struct Unhurried<'a>(&'a Progress, Option<Instant>);

impl Supervisor for Unhurried<'_> {
    fn deadline(&self) -> Instant {
        self.1.unwrap_or_else(|| monotonic::now() + NO_HURRY)
    }
    fn progressed(&self) {
        self.0.records_left();
    }
}

impl<'a> Writer<'a> {
    /// One that has done nothing so far.
    pub fn new(place: &'a Workplace) -> Writer<'a> {
        let (interval, count) = (place.config.flush_interval, place.config.spool.wake_records);
        let schedule = Schedule::new(monotonic::now(), interval, count);
        Writer { place, schedule, adopted: 0 }
    }

    /// Looks, and sends at most one batch.
    pub fn step(&mut self) -> Step {
        self.read_messages();
        self.place.flushes.answer(&self.place.progress);
        let (now, seen) = (monotonic::now(), self.observed());
        if self.schedule.observe(now, seen) {
            self.place.progress.record_attempt(self.schedule.served(), RoundResult::Idle);
        }
        match self.schedule.next(now, seen) {
            Task::Exit => return Step::Exit,
            Task::Send => self.send(),
            Task::LookForOrphans => self.look_for_orphans(),
            Task::Rest => {
                if !self.maintain() {
                    let until = self.schedule.wake_at(now, seen);
                    let flushes = self.place.flushes.next_deadline();
                    return Step::Park { until: flushes.map_or(until, |first| until.min(first)) };
                }
            }
        }
        Step::Again
    }

    /// The writer has been woken up.
    pub fn woken(&mut self) {
        if self.is_own_doing() {
            return;
        }
        if self.schedule.woken(self.observed()) {
            // What came meanwhile waits for the service as well, and need not do so in memory.
            self.guarded(|engine| engine.spill());
        }
    }

    /// Whether it was woken up by what the protocol itself put back, and too little has come beside that.
    fn is_own_doing(&self) -> bool {
        let put_back = self.place.config.protocol.put_back_bytes();
        let spool = &self.place.spool;
        put_back > 0 && spool.own_bytes_held() < put_back + spool.wake_bytes()
    }

    fn observed(&self) -> Observed {
        // In this order: what was accepted before a ticket was taken is seen with it.
        let tickets = self.place.progress.tickets();
        let spool = &self.place.spool;
        Observed { tickets, accepted: spool.accepted(), settled: spool.settled() }
    }

    fn read_messages(&mut self) {
        while let Ok(Stop { deadline }) = self.place.inbox.try_recv() {
            self.schedule.stop(deadline, self.place.spool.accepted());
        }
    }

    fn send(&mut self) {
        let supervisor = Unhurried(&self.place.progress, self.schedule.stop_by());
        let result = self.guarded(|engine| engine.round(&supervisor));
        let result = result.unwrap_or(RoundResult::Pause { wait: PANIC_PAUSE, status: Status::Panic });
        let spool = &self.place.spool;
        self.schedule.sent(monotonic::now(), result, spool.adopted_held(), spool.adopted_ready());
        self.place.note.attempted(result, &self.place.spool, self.place.progress.counters());
        self.place.progress.record_attempt(self.schedule.served(), result);
    }

    /// Sees to the spool's upkeep; whether there are records of dead owners to be sent since.
    fn maintain(&mut self) -> bool {
        let next = self.guarded(Engine::maintain);
        let adopted = self.place.spool.stats().adopted;
        let found = adopted > std::mem::replace(&mut self.adopted, adopted);
        self.schedule.maintained(monotonic::now(), next, found, self.place.spool.adopted_held())
    }

    /// A process that lives for a moment may be the only one that ever comes, so what dead owners left is
    /// sent before it exits; more of it is looked for until there is none.
    ///
    /// Not in a forked child: its parent looks after its siblings' records, and a child that is gone before
    /// the answer would have sent them twice.
    fn look_for_orphans(&mut self) {
        let looked = !process::is_forked() && self.guarded(Engine::adopt).is_some();
        let held = if looked { self.place.spool.adopted_held() } else { 0 };
        self.schedule.looked_for_orphans(monotonic::now(), held);
    }

    /// Works with the engine, tells its news without its lock, and survives a panic.
    fn guarded<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> Option<T> {
        let place = self.place;
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let mut engine = place.engine.lock();
            engine.as_mut().map(|engine| (work(engine), engine.news()))
        }));
        let Ok(worked) = worked else {
            let message =
                "a bug in the library was caught on the delivery thread; the records are kept".into();
            let report = Report { status: Status::Panic, message, records: 0 };
            // A callback that panics as well has been told once.
            let _ = catch_unwind(AssertUnwindSafe(|| place.config.reporter.error(&report)));
            return None;
        };
        let (outcome, news) = worked?;
        // The host's own panic is the host's to notice; here it ends.
        let _ = catch_unwind(AssertUnwindSafe(|| news.tell(&place.config.reporter)));
        Some(outcome)
    }

    /// Moves the rest to files, answers whoever still waits, and is gone.
    pub fn leave(self) {
        self.place.note(true);
        let engine = self.place.engine.lock().take();
        self.place.leave(engine);
        self.place.progress.writer_exited();
        self.place.flushes.answer(&self.place.progress);
    }
}
