//! The thread that empties a spool, and when it does so.
//!
//! It parks on the bell. It ships when half a segment is full (the spool rings), when a record has
//! waited for the flush interval, when enough records wait for a batch by count, when a flush or
//! stop asks for it, and when a backoff ends. It keeps shipping as long as there was more than a
//! partial batch.
//!
//! Promises: no caller wakes it for a single record; idle, it wakes at most twice a second (far
//! less with a long interval); every signal is blocked on it; a panic in a protocol or in a host's
//! callback costs that round, not the thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::delivery::engine::{Engine, Round, Supervisor};
use crate::delivery::pipeline::Done;
use crate::delivery::shared::{Goal, Message, Shared};
use crate::process;
use crate::report::Report;
use crate::status::Status;

/// Between two looks at the number of waiting records while records keep coming.
const BUSY_POLL: Duration = Duration::from_millis(2);
/// The longest time between two looks when nothing comes and a batch may fill up quickly.
const IDLE_POLL: Duration = Duration::from_millis(500);
/// The same when only the flush interval counts: half of that, but no more than this.
const LAZY_POLL: Duration = Duration::from_secs(5);
/// By when a request ends if nobody is in a hurry; its own limits are far below.
const NO_HURRY: Duration = Duration::from_secs(3_600);
/// The wait after a panic: a bug does not go away quickly.
const PANIC_PAUSE: Duration = Duration::from_secs(60);

/// The thread's body: runs until it is told to stop.
pub fn run(shared: &Shared) {
    shared.writer_started();
    let mut writer = Writer::new(shared);
    while !writer.step() {}
    writer.leave();
}

struct Writer<'a> {
    shared: &'a Shared,
    flushes: Vec<Flush>,
    /// Set once: leave by this time.
    stop: Option<Instant>,
    /// Own records up to this one are to be sent now.
    target: u64,
    /// Whether records of dead owners wait.
    foreign: bool,
    /// The number of tickets that attempts have been made for.
    served: u64,
    /// No attempt before this, unless somebody asks for one.
    pause: Option<Instant>,
    /// When the oldest waiting record must be sent.
    due: Option<Instant>,
    /// When the spool's next upkeep is due.
    upkeep: Instant,
    /// Records adopted so far.
    adopted: u64,
    looked: Instant,
    seen: u64,
    poll: Duration,
}

/// A flush with a callback.
struct Flush {
    goal: Goal,
    ticket: u64,
    deadline: Instant,
    done: Done,
}

struct Unhurried<'a>(&'a Shared, Option<Instant>);

impl Supervisor for Unhurried<'_> {
    fn deadline(&self) -> Instant {
        self.1.unwrap_or_else(|| Instant::now() + NO_HURRY)
    }
    fn progressed(&self) {
        self.0.records_left();
    }
}

impl<'a> Writer<'a> {
    fn new(shared: &'a Shared) -> Writer<'a> {
        let now = Instant::now();
        Writer {
            shared,
            flushes: Vec::new(),
            stop: None,
            target: 0,
            foreign: false,
            served: 0,
            pause: None,
            due: None,
            upkeep: now,
            adopted: 0,
            looked: now,
            seen: 0,
            poll: BUSY_POLL,
        }
    }

    /// Looks, sends at most one batch, or sleeps; whether it is time to leave.
    fn step(&mut self) -> bool {
        self.read_messages();
        self.answer_flushes();
        let now = Instant::now();
        let (accepted, settled) = self.look(now);
        if let Some(stop) = self.stop {
            // A pause that outlasts the time given won't be waited for.
            let hopeless = self.pause.is_some_and(|until| until >= stop);
            if now >= stop || hopeless {
                return true;
            }
            // Its own come first: while those cannot be sent, nobody else's can.
            if settled >= accepted && !self.foreign && !self.adopt_before_leaving() {
                return true;
            }
        }
        let sending = settled < self.target || self.foreign;
        if sending && self.pause.is_none_or(|until| now >= until) {
            self.round();
        } else if !self.adopt() {
            self.sleep(now, sending);
        }
        false
    }

    /// Sees to the spool's upkeep; whether there are records of dead owners to be sent since.
    fn adopt(&mut self) -> bool {
        let before = self.upkeep;
        let due = self.guarded(|engine| engine.maintain());
        self.upkeep = due.unwrap_or_else(|| Instant::now() + PANIC_PAUSE);
        let adopted = self.shared.spool.stats().adopted;
        // What could not be read when it was to be sent is tried again after each upkeep.
        let again = due.is_some_and(|due| due > before) && self.shared.spool.adopted_held() > 0;
        let more = adopted > self.adopted || again;
        self.adopted = adopted;
        self.foreign |= more;
        // While nothing can be sent, news of more is no reason not to sleep.
        more && self.pause.is_none()
    }

    /// A process that lives for a moment may be the only one that ever comes, so what dead owners left is
    /// sent before it leaves. Whether there is any; more of it is looked for until there is none.
    ///
    /// Not in a forked child: its parent looks after its siblings' records, and a child that is gone before
    /// the answer would have sent them twice.
    fn adopt_before_leaving(&mut self) -> bool {
        let looked = !process::is_forked() && self.guarded(Engine::adopt).is_some();
        self.foreign = looked && self.shared.spool.adopted_held() > 0;
        self.foreign
    }

    fn read_messages(&mut self) {
        while let Ok(message) = self.shared.inbox.try_recv() {
            match message {
                Message::Flush { goal, ticket, deadline, done } => {
                    self.flushes.push(Flush { goal, ticket, deadline, done });
                }
                Message::Stop { deadline } => {
                    let first = self.stop.is_none();
                    self.stop = Some(self.stop.map_or(deadline, |stop| stop.min(deadline)));
                    if first {
                        self.target = self.shared.spool.accepted();
                        self.pause = None;
                    }
                }
            }
        }
    }

    /// Notes what has come since the last look, and decides what is to be sent.
    fn look(&mut self, now: Instant) -> (u64, u64) {
        let spool = &self.shared.spool;
        let (accepted, settled) = (spool.accepted(), spool.settled());
        let tickets = self.shared.tickets.load(std::sync::atomic::Ordering::SeqCst);
        if tickets > self.served {
            self.served = tickets;
            self.target = accepted;
            self.pause = None;
            if settled >= accepted {
                self.shared.attempted(tickets, Round::Idle);
            }
        }
        let config = &self.shared.config;
        let enough = config.spool.ring_records;
        if enough > 0 && accepted.saturating_sub(settled) >= enough {
            self.target = accepted;
        }
        if settled >= accepted {
            self.due = None;
        } else if let Some(interval) = config.flush_interval {
            // What is new came after the last look.
            let due = *self.due.get_or_insert(self.looked + interval);
            if now >= due {
                self.target = accepted;
                self.due = None;
            }
        }
        self.poll =
            if accepted != self.seen { self.busy_poll() } else { self.poll * 2 }.min(self.idle_poll());
        self.seen = accepted;
        self.looked = now;
        (accepted, settled)
    }

    fn round(&mut self) {
        let supervisor = Unhurried(self.shared, self.stop);
        let round = self.guarded(|engine| engine.round(&supervisor));
        let round = round.unwrap_or(Round::Pause { wait: PANIC_PAUSE, status: Status::Panic });
        match round {
            Round::Idle => {
                // Whatever was to be sent is gone, or in no state to be read.
                self.pause = None;
                self.foreign = false;
                self.target = 0;
                // Nothing will change before it leaves.
                self.stop = self.stop.map(|stop| stop.min(Instant::now()));
            }
            Round::Progress => {
                self.pause = None;
                self.foreign = self.foreign && self.shared.spool.adopted_held() > 0;
            }
            Round::Pause { wait, .. } => self.pause = Some(Instant::now() + wait),
        }
        self.shared.attempted(self.served, round);
    }

    /// Works with the engine, tells its news without its lock, and survives a panic.
    fn guarded<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> Option<T> {
        let shared = self.shared;
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let mut engine = shared.engine.lock();
            engine.as_mut().map(|engine| (work(engine), engine.news()))
        }));
        let Ok(worked) = worked else {
            let message =
                "a bug in the library was caught on the delivery thread; the records are kept".into();
            let report = Report { status: Status::Panic, message, records: 0 };
            // A callback that panics as well has been told once.
            let _ = catch_unwind(AssertUnwindSafe(|| shared.config.reporter.error(&report)));
            return None;
        };
        let (outcome, news) = worked?;
        // The host's own panic is the host's to notice; here it ends.
        let _ = catch_unwind(AssertUnwindSafe(|| news.tell(&shared.config.reporter)));
        Some(outcome)
    }

    /// Calls back for the flushes that have come to an end.
    fn answer_flushes(&mut self) {
        let mut index = 0;
        while let Some(flush) = self.flushes.get(index) {
            match self.shared.outcome(flush.goal, flush.ticket, flush.deadline) {
                Some(outcome) => {
                    let flush = self.flushes.swap_remove(index);
                    let _ = catch_unwind(AssertUnwindSafe(|| (flush.done)(outcome)));
                }
                None => index += 1,
            }
        }
    }

    /// Parks until there may be something to do.
    fn sleep(&mut self, now: Instant, paused: bool) {
        let shared = self.shared;
        let mut until = self.upkeep;
        let mut not_after = |limit: Option<Instant>| {
            if let Some(limit) = limit {
                until = until.min(limit);
            }
        };
        not_after(self.stop);
        not_after(self.flushes.iter().map(|flush| flush.deadline).min());
        if paused {
            not_after(self.pause);
        } else {
            not_after(self.due);
            let by_count = shared.config.spool.ring_records > 0;
            let timed = shared.config.flush_interval.is_some() && self.due.is_none();
            not_after((by_count || timed).then(|| now + self.poll));
        }
        let rung = shared.bell.wait(until.saturating_duration_since(now));
        if rung {
            if paused {
                // What came meanwhile waits for the service as well, and need not do so in memory.
                self.guarded(|engine| engine.spill());
            }
            self.target = shared.spool.accepted();
        }
    }

    fn busy_poll(&self) -> Duration {
        match self.shared.config.flush_interval {
            Some(interval) if self.shared.config.spool.ring_records == 0 => {
                (interval / 2).clamp(BUSY_POLL, LAZY_POLL)
            }
            _ => BUSY_POLL,
        }
    }

    fn idle_poll(&self) -> Duration {
        match self.shared.config.flush_interval {
            Some(interval) if self.shared.config.spool.ring_records == 0 => {
                (interval / 2).clamp(IDLE_POLL, LAZY_POLL)
            }
            _ => IDLE_POLL,
        }
    }

    /// Moves the rest to files, says good-bye to whoever still waits, and is gone.
    fn leave(mut self) {
        let mut engine = self.shared.engine.lock().take();
        let news = engine.as_mut().map(Engine::last_news);
        // A bug in the last act must not keep those who wait for it.
        let _ = catch_unwind(AssertUnwindSafe(|| engine.map(|engine| engine.finish())));
        let _ = catch_unwind(AssertUnwindSafe(|| news.map(|news| news.tell(&self.shared.config.reporter))));
        self.shared.writer_left();
        self.read_messages();
        self.answer_flushes();
    }
}
