//! When the writer does what: a state machine that is told the time and what there is to send, and says the
//! next thing to do. It reads no clock, takes no lock and waits for nothing.
//!
//! ```text
//!             wanted                    failed
//!   Idle ───────────────► Sending ───────────────► Paused { until }
//!    ▲  ◄───────────────     ▲  ◄───────────────      │
//!    │     all has left         until, or a flush     │
//!    └────────────────────────────────────────────────┘ until, and nothing is wanted
//!   any ──── stop ────► Stopping { by } ──── all has left, or by ────► exit
//! ```
//!
//! Records are wanted when a flush or a stop asks for them, when one has waited for the flush interval,
//! when enough wait for a batch by count, when the spool wakes it up (half a segment is full), and when those of
//! dead owners have been adopted.
//!
//! Promises: no attempt during a pause unless a flush asks for one, and then one; the next time to look is
//! never later than the end of a pause, a due record, the spool's upkeep or the time to stop.

use std::time::{Duration, Instant};

use crate::delivery::engine::RoundResult;
use crate::spool::{Counts, READ_AGAIN};

/// Between two looks at the number of waiting records while records keep coming.
const BUSY_POLL: Duration = Duration::from_millis(2);
/// The longest time between two looks when nothing comes and a batch may fill up quickly.
const IDLE_POLL: Duration = Duration::from_millis(500);
/// The same when only the flush interval counts: half of that, but no more than this.
const LAZY_POLL: Duration = Duration::from_secs(5);
/// The wait after a panic: a bug does not go away quickly.
pub const PANIC_PAUSE: Duration = Duration::from_secs(60);

/// What the spool and the callers have come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Own records accepted.
    pub accepted: Counts,
    /// Own records that have left, from the oldest on.
    pub settled: Counts,
    /// Attempts that flushes have asked for.
    pub tickets: u64,
}

impl Observed {
    fn is_all_settled(&self) -> bool {
        self.settled.has_reached(&self.accepted)
    }
}

/// What the writer is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Send a batch, and tell [`Schedule::sent`].
    Send,
    /// See to the spool's upkeep, tell [`Schedule::maintained`], and unless that finds something park until
    /// [`Schedule::wake_at`].
    Rest,
    /// Look for what dead owners have left by now, and tell [`Schedule::looked_for_orphans`].
    LookForOrphans,
    /// Leave.
    Exit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is to be sent.
    Idle,
    /// Something is.
    Sending,
    /// The last attempt failed; no other before this.
    Paused { until: Instant },
    /// Sends what can be sent by this time, then exits. The last attempt may have failed.
    Stopping { by: Instant, paused: Option<Instant> },
}

/// The writer's state.
#[derive(Clone, Debug)]
pub struct Schedule {
    phase: Phase,
    /// Own records up to these are to be sent now.
    target: Counts,
    /// So are records of dead owners.
    orphans: bool,
    /// So are others of theirs from this time on, which could not be read.
    unread: Option<Instant>,
    /// The number of tickets that attempts have been made for.
    served: u64,
    batching: Batching,
    /// When the spool's next upkeep is due.
    upkeep: Instant,
}

impl Schedule {
    /// A writer that starts now. A record waits for `interval` at most, and less if `count` (unless 0) wait.
    pub fn new(now: Instant, interval: Option<Duration>, count: u64) -> Schedule {
        Schedule {
            phase: Phase::Idle,
            target: Counts::default(),
            orphans: false,
            unread: None,
            served: 0,
            batching: Batching { interval, count, due: None, looked: now, seen: 0, poll: BUSY_POLL },
            upkeep: now,
        }
    }

    /// The number of tickets that the next attempt counts for.
    pub fn served(&self) -> u64 {
        self.served
    }

    /// By when the writer exits, if it has been told to.
    pub fn stop_by(&self) -> Option<Instant> {
        match self.phase {
            Phase::Stopping { by, .. } => Some(by),
            _ => None,
        }
    }

    /// Takes note of what has come since the last look; whether a flush asks for what has been sent already.
    pub fn observe(&mut self, now: Instant, seen: Observed) -> bool {
        let is_asked = seen.tickets > self.served;
        if is_asked {
            self.served = seen.tickets;
            self.target = seen.accepted;
            self.resume();
        }
        if self.batching.is_due(now, &seen) {
            self.target = seen.accepted;
        }
        self.orphans |= self.unread.take_if(|again| now >= *again).is_some();
        if matches!(self.phase, Phase::Paused { until } if now >= until) {
            self.phase = Phase::Idle;
        }
        if let Phase::Idle | Phase::Sending = self.phase {
            self.phase = if self.is_wanted(&seen) { Phase::Sending } else { Phase::Idle };
        }
        is_asked && seen.is_all_settled()
    }

    /// What is to be done, after [`Schedule::observe`].
    pub fn next(&self, now: Instant, seen: Observed) -> Task {
        match self.phase {
            // A pause that outlasts the time given won't be waited for.
            Phase::Stopping { by, paused } if now >= by || paused.is_some_and(|until| until >= by) => {
                Task::Exit
            }
            // Its own come first: while those cannot be sent, nobody else's can.
            Phase::Stopping { .. } if seen.is_all_settled() && !self.orphans => Task::LookForOrphans,
            Phase::Stopping { paused, .. }
                if self.is_wanted(&seen) && paused.is_none_or(|until| now >= until) =>
            {
                Task::Send
            }
            Phase::Sending => Task::Send,
            _ => Task::Rest,
        }
    }

    /// A batch has been sent, with this result; `adopted_held` records of dead owners are still there, of which
    /// `adopted_ready` can be read. Where none can, that is no reason not to rest: own records that come back at once
    /// would keep it busy.
    pub fn sent(&mut self, now: Instant, result: RoundResult, adopted_held: u64, adopted_ready: u64) {
        match result {
            RoundResult::Idle => {
                // Whatever was to be sent is gone, or in no state to be read.
                self.resume();
                self.orphans = false;
                self.target = Counts::default();
                // Nothing will change before it exits.
                if let Phase::Stopping { by, .. } = &mut self.phase {
                    *by = now.min(*by);
                }
            }
            RoundResult::Progress => {
                self.resume();
                if self.orphans && adopted_ready == 0 && adopted_held > 0 {
                    self.unread = Some(now + READ_AGAIN);
                }
                self.orphans = self.orphans && adopted_ready > 0;
            }
            RoundResult::Pause { wait, .. } => match &mut self.phase {
                Phase::Stopping { paused, .. } => *paused = Some(now + wait),
                phase => *phase = Phase::Paused { until: now + wait },
            },
        }
    }

    /// The spool's upkeep has been seen to, and is due again at `next` (`None`: a bug prevented it); `found`:
    /// records of dead owners have been adopted, `adopted_held` are held now. Whether they can be sent at once.
    pub fn maintained(
        &mut self,
        now: Instant,
        next: Option<Instant>,
        found: bool,
        adopted_held: u64,
    ) -> bool {
        // What could not be read when it was to be sent is tried again after each upkeep.
        let again = next.is_some_and(|next| next > self.upkeep) && adopted_held > 0;
        self.upkeep = next.unwrap_or(now + PANIC_PAUSE);
        self.orphans |= found || again;
        // While nothing can be sent, news of more is no reason not to sleep.
        (found || again) && !self.is_paused()
    }

    /// Dead owners have been looked for before the exit: `adopted_held` records of theirs are to be sent.
    pub fn looked_for_orphans(&mut self, now: Instant, adopted_held: u64) {
        self.orphans = adopted_held > 0;
        match &mut self.phase {
            Phase::Stopping { by, .. } if !self.orphans => *by = now.min(*by),
            _ => {}
        }
    }

    /// Exit by this time; sends what can be sent of the `accepted` records before.
    pub fn stop(&mut self, by: Instant, accepted: Counts) {
        match &mut self.phase {
            Phase::Stopping { by: earlier, .. } => *earlier = by.min(*earlier),
            phase => {
                *phase = Phase::Stopping { by, paused: None };
                self.target = accepted;
            }
        }
    }

    /// The spool woke the writer up: what has been `accepted` is to be sent. Whether it has to wait, because of a pause.
    pub fn woken(&mut self, seen: Observed) -> bool {
        let is_held_up = self.is_paused() && self.is_wanted(&seen);
        self.target = seen.accepted;
        is_held_up
    }

    /// When to look again if nobody wakes it up.
    pub fn wake_at(&self, now: Instant, seen: Observed) -> Instant {
        let (stop, pause) = match self.phase {
            Phase::Paused { until } => (None, Some(until)),
            Phase::Stopping { by, paused } => (Some(by), paused),
            _ => (None, None),
        };
        let work = match pause.filter(|_| self.is_wanted(&seen)) {
            Some(until) => Some(until),
            None => self.batching.wake_at(now),
        };
        [stop, work, self.unread].into_iter().flatten().fold(self.upkeep, Instant::min)
    }

    fn is_wanted(&self, seen: &Observed) -> bool {
        !seen.settled.has_reached(&self.target) || self.orphans
    }

    fn is_paused(&self) -> bool {
        matches!(self.phase, Phase::Paused { .. } | Phase::Stopping { paused: Some(_), .. })
    }

    /// A pause is over.
    fn resume(&mut self) {
        match &mut self.phase {
            Phase::Stopping { paused, .. } => *paused = None,
            phase => *phase = Phase::Idle,
        }
    }
}

/// When records have waited for long enough, or enough of them wait.
#[derive(Clone, Debug)]
struct Batching {
    interval: Option<Duration>,
    count: u64,
    /// When the oldest waiting record must be sent.
    due: Option<Instant>,
    looked: Instant,
    seen: u64,
    poll: Duration,
}

impl Batching {
    /// Whether what has been accepted is to be sent now.
    fn is_due(&mut self, now: Instant, seen: &Observed) -> bool {
        let accepted = seen.accepted.total();
        let mut is_due = self.count > 0 && accepted.saturating_sub(seen.settled.total()) >= self.count;
        if seen.is_all_settled() {
            self.due = None;
        } else if let Some(interval) = self.interval {
            // What is new came after the last look.
            let due = *self.due.get_or_insert(self.looked + interval);
            if now >= due {
                is_due = true;
                self.due = None;
            }
        }
        let limits = self.polls();
        self.poll = if accepted != self.seen { limits.0 } else { self.poll * 2 }.min(limits.1);
        self.seen = accepted;
        self.looked = now;
        is_due
    }

    /// When to look again.
    fn wake_at(&self, now: Instant) -> Option<Instant> {
        let polls = self.count > 0 || (self.interval.is_some() && self.due.is_none());
        let poll = polls.then(|| now + self.poll);
        [self.due, poll].into_iter().flatten().min()
    }

    /// The times between two looks while records come and while none do.
    fn polls(&self) -> (Duration, Duration) {
        match self.interval {
            Some(interval) if self.count == 0 => {
                let half = interval / 2;
                (half.clamp(BUSY_POLL, LAZY_POLL), half.clamp(IDLE_POLL, LAZY_POLL))
            }
            _ => (BUSY_POLL, IDLE_POLL),
        }
    }
}

#[cfg(test)]
mod tests;
