//! The wake-up between callers and the delivery thread.
//!
//! Notifying costs one swap when nobody waits; only a waiting thread is ever notified, because notifying
//! costs about 4 µs. A notification that comes before the wait is not lost, and what was written before it is
//! seen after the wait. Nothing here is locked: whoever notifies may be stopped at any point and never come back.
//! One thread waits at a time.

use crate::sync::Futex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const EMPTY: u32 = 0;
const PARKED: u32 = 1;
const NOTIFIED: u32 = 2;

/// A small parker that remembers one notification.
#[derive(Default)]
pub struct Wakeup {
    state: Futex,
}

impl Wakeup {
    /// One that has not been notified.
    pub fn new() -> Wakeup {
        Wakeup::default()
    }

    /// Wakes the waiting thread, or lets the next wait return at once.
    #[inline]
    pub fn notify(&self) {
        // Always a swap: a plain load could see an old notification that the waiter has answered already.
        if self.state.swap(NOTIFIED, Ordering::Release) == PARKED {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        self.state.wake_one();
    }

    /// Waits until it is notified, at most for `limit` of monotonic time; says whether it was.
    pub fn wait(&self, limit: Duration) -> bool {
        let deadline = Instant::now().checked_add(limit);
        let _ = self.state.compare_exchange(EMPTY, PARKED, Ordering::Relaxed, Ordering::Relaxed);
        while self.state.load(Ordering::Acquire) != NOTIFIED {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            self.state.wait(PARKED, left);
        }
        self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_notification_before_the_wait_is_not_lost_and_counts_once() {
        let wakeup = Wakeup::new();
        wakeup.notify();
        wakeup.notify();
        assert!(wakeup.wait(Duration::from_secs(60)));
        assert!(!wakeup.wait(Duration::ZERO));
    }

    #[test]
    fn a_ring_wakes_a_waiting_thread() {
        let wakeup = Arc::new(Wakeup::new());
        let waiter = std::thread::spawn({
            let wakeup = Arc::clone(&wakeup);
            move || wakeup.wait(Duration::from_secs(60))
        });
        wakeup.notify();
        assert!(waiter.join().unwrap());
    }
}
