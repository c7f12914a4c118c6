//! Flushes with a callback: the delivery thread answers them between its steps. A request may take longer than
//! they wait, so a thread of their own answers those whose time is up.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::delivery::progress::{FlushTarget, Progress};
use crate::process::monotonic;
use crate::status::Result;
use crate::sync::{Condvar, Mutex};

/// Called once with the result of a flush.
pub type Done = Box<dyn FnOnce(Result) + Send>;

/// A flush with a callback.
pub struct Flush {
    pub target: FlushTarget,
    pub ticket: u64,
    pub deadline: Instant,
    pub done: Done,
}

/// Those that have not been answered.
#[derive(Default)]
pub struct Flushes {
    state: Mutex<FlushesState>,
    /// One has come, or the last has been answered.
    changed: Condvar,
}

#[derive(Default)]
struct FlushesState {
    waiting: Vec<Flush>,
    is_watched: bool,
}

impl FlushesState {
    fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|flush| flush.deadline).min()
    }
}

impl Flushes {
    /// Adds one; whether somebody has to [`Flushes::watch`] from now on.
    pub fn add(&self, flush: Flush) -> bool {
        let mut state = self.state.lock();
        state.waiting.push(flush);
        let is_watched = std::mem::replace(&mut state.is_watched, true);
        drop(state);
        self.changed.notify_all();
        !is_watched
    }

    /// When the first of them is over.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.state.lock().next_deadline()
    }

    /// Calls back for those that have come to an end.
    pub fn answer(&self, progress: &Progress) {
        loop {
            let mut state = self.state.lock();
            let ended = state.waiting.iter().enumerate().find_map(|(index, flush)| {
                Some((index, progress.outcome(flush.target, flush.ticket, flush.deadline)?))
            });
            let Some((index, outcome)) = ended else { return };
            let flush = state.waiting.swap_remove(index);
            drop(state);
            self.changed.notify_all();
            let outcome = progress.in_words(flush.target, outcome);
            // The host's own panic is the host's to notice; here it ends.
            let _ = catch_unwind(AssertUnwindSafe(|| (flush.done)(outcome)));
        }
    }

    /// Answers each whose time is up, until none waits.
    pub fn watch(&self, progress: &Progress) {
        loop {
            let mut state = self.state.lock();
            let Some(deadline) = state.next_deadline() else { return state.is_watched = false };
            if monotonic::now() < deadline {
                self.changed.wait_until(&mut state, deadline);
                continue;
            }
            drop(state);
            self.answer(progress);
        }
    }

    /// The thread that was to watch cannot be had: the delivery thread answers all.
    pub fn unwatched(&self) {
        self.state.lock().is_watched = false;
    }
}
