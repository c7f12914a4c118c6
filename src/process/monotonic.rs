//! The monotonic clock by which records are sent and expire. A test may put a virtual one in its place.

use std::time::{Duration, Instant};

/// The present moment.
#[cfg(not(test))]
#[inline(always)]
pub fn now() -> Instant {
    Instant::now()
}

/// Waits for `duration`.
#[cfg(not(test))]
pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

#[cfg(test)]
pub use virtual_time::{VirtualTime, inherited, now, sleep};

#[cfg(test)]
mod virtual_time {
    use std::cell::RefCell;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::{Duration, Instant};

    thread_local! {
        static TIME: RefCell<Option<VirtualTime>> = const { RefCell::new(None) };
    }

    /// A clock that moves only when it is told to, or when somebody sleeps by it.
    #[derive(Clone)]
    pub struct VirtualTime(Arc<Mutex<Instant>>);

    impl VirtualTime {
        /// From now on the time of this thread and of those that it starts.
        pub fn start() -> VirtualTime {
            let time = VirtualTime(Arc::new(Mutex::new(Instant::now())));
            time.clone().enter();
            time
        }

        /// What it shows.
        pub fn now(&self) -> Instant {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Moves it to a later moment; an earlier one is passed already.
        pub fn advance_to(&self, moment: Instant) {
            let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *now = moment.max(*now);
        }

        /// Moves it on.
        pub fn advance(&self, by: Duration) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }

        fn enter(self) {
            TIME.set(Some(self));
        }
    }

    fn current() -> Option<VirtualTime> {
        TIME.with_borrow(Clone::clone)
    }

    /// The present moment.
    pub fn now() -> Instant {
        current().map_or_else(Instant::now, |time| time.now())
    }

    /// Waits for `duration`, which in virtual time has passed at once.
    pub fn sleep(duration: Duration) {
        match current() {
            Some(time) => time.advance(duration),
            None => std::thread::sleep(duration),
        }
    }

    /// The body of a new thread that has the time of the one that starts it.
    pub fn inherited<T>(body: impl FnOnce() -> T) -> impl FnOnce() -> T {
        let time = current();
        move || {
            if let Some(time) = time {
                time.enter();
            }
            body()
        }
    }
}
