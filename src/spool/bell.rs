//! The wake-up between callers and the delivery thread.
//!
//! Ringing costs one swap when nobody waits; only a waiting thread is ever notified, because notifying
//! costs about 4 µs. A ring that comes before the wait is not lost, and what was written before it is
//! seen after the wait. Nothing here is locked: whoever rings may be stopped at any point and never come back.
//! One thread waits at a time.

use crate::sync::Futex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const QUIET: u32 = 0;
const AWAITED: u32 = 1;
const RUNG: u32 = 2;

/// A tiny wake-up that remembers one ring.
#[derive(Default)]
pub struct Bell {
    state: Futex,
}

impl Bell {
    /// A bell that has not been rung.
    pub fn new() -> Bell {
        Bell::default()
    }

    /// Wakes the waiting thread, or lets the next wait return at once.
    #[inline]
    pub fn ring(&self) {
        // Always a swap: a plain look could see an old ring that the waiter has answered already.
        if self.state.swap(RUNG, Ordering::Release) == AWAITED {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        self.state.wake_one();
    }

    /// Waits until the bell is rung, at most for `limit` of monotonic time; says whether it was.
    pub fn wait(&self, limit: Duration) -> bool {
        let deadline = Instant::now().checked_add(limit);
        let _ = self.state.compare_exchange(QUIET, AWAITED, Ordering::Relaxed, Ordering::Relaxed);
        while self.state.load(Ordering::Acquire) != RUNG {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            self.state.wait(AWAITED, left);
        }
        self.state.swap(QUIET, Ordering::Acquire) == RUNG
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_ring_before_the_wait_is_not_lost_and_counts_once() {
        let bell = Bell::new();
        bell.ring();
        bell.ring();
        assert!(bell.wait(Duration::from_secs(60)));
        assert!(!bell.wait(Duration::ZERO));
    }

    #[test]
    fn a_ring_wakes_a_waiting_thread() {
        let bell = Arc::new(Bell::new());
        let waiter = std::thread::spawn({
            let bell = Arc::clone(&bell);
            move || bell.wait(Duration::from_secs(60))
        });
        bell.ring();
        assert!(waiter.join().unwrap());
    }
}
