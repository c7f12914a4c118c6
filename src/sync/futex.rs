//! A word that threads wait at in the kernel: what wakes and waits here takes no lock, so that nobody who is
//! stopped in the middle of it stops others. No call here is a cancellation point.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// An atomic that can be waited at.
#[derive(Debug, Default)]
pub(crate) struct Futex(AtomicU32);

impl Futex {
    /// With a value.
    pub const fn new(value: u32) -> Futex {
        Futex(AtomicU32::new(value))
    }

    #[inline]
    pub fn load(&self, ordering: Ordering) -> u32 {
        self.0.load(ordering)
    }

    #[inline]
    pub fn swap(&self, value: u32, ordering: Ordering) -> u32 {
        self.0.swap(value, ordering)
    }

    #[inline]
    pub fn fetch_add(&self, value: u32, ordering: Ordering) -> u32 {
        self.0.fetch_add(value, ordering)
    }

    #[inline]
    pub fn compare_exchange(&self, from: u32, to: u32, yes: Ordering, no: Ordering) -> Result<u32, u32> {
        self.0.compare_exchange(from, to, yes, no)
    }

    /// Sleeps while the value is the `expected` one, until it is woken, at most for `limit`. May wake for no
    /// reason.
    pub fn wait(&self, expected: u32, limit: Option<Duration>) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::thread::futex::{self, Flags, Timespec};
            let limit = limit.map(|limit| Timespec {
                tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: limit.subsec_nanos().into(),
            });
            // Woken, too late, changed meanwhile, interrupted: whoever waits looks again.
            let _ = futex::wait(&self.0, Flags::PRIVATE, expected, limit.as_ref());
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        if self.0.load(Ordering::Acquire) == expected {
            std::thread::sleep(limit.map_or(FALLBACK, |limit| limit.min(FALLBACK)));
        }
    }

    /// Wakes at most one of those that wait.
    pub fn wake_one(&self) {
        self.wake(1);
    }

    /// Wakes all that wait.
    pub fn wake_all(&self) {
        self.wake(i32::MAX as u32);
    }

    fn wake(&self, _count: u32) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::thread::futex::{self, Flags};
            let _ = futex::wake(&self.0, Flags::PRIVATE, _count);
        }
    }
}

/// The time between two looks where the system cannot wait at a word.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FALLBACK: Duration = Duration::from_millis(1);

/// Sleeps for a moment; may be shorter.
pub(super) fn park(length: Duration) {
    Futex::new(0).wait(0, Some(length));
}
