//! Locks that a fork leaves in order, and the atomics of the spool: all in one place, so that `tests/models`
//! can put a model checker's in theirs and run the spool's own code through every interleaving.
//!
//! A forked child starts with the locks of its parent as they were, held by threads that it does not have;
//! it never touches those ([`crate::process::ForkCell`]) and makes its own. That is of use only if a lock is all in
//! its own bytes, as the standard library's are. Locks that keep their waiting threads in a table of the
//! process's (parking_lot) are not: the child inherits the table, with entries that point into the
//! stacks of threads that are gone, and hangs or crashes over them at a lock that it made itself.
//!
//! Panics don't poison: what a lock guards here is in order at every moment that could panic.

mod futex;
mod lock;
mod seen;

pub(crate) use futex::Futex;
pub(crate) use lock::{Lock, LockCondvar, LockGuard, Recover, beginning_here, here};

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::{self, PoisonError, TryLockError};
use std::time::Instant;

use seen::Instrumented;

pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64};

thread_local! {
    static LANE: Cell<usize> = const { Cell::new(0) };
}

/// The lane of a spool that the calling thread used last, whichever spool it was.
#[inline(always)]
pub(crate) fn lane_hint() -> usize {
    LANE.get()
}

/// As of the next append.
pub(crate) fn set_lane_hint(index: usize) {
    LANE.set(index);
}

/// The standard library's, without poisoning.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(sync::Mutex<Instrumented<T>>);

/// The hold on a lock. `None` only while a thread waits.
pub(crate) struct MutexGuard<'a, T>(Option<sync::MutexGuard<'a, Instrumented<T>>>);

impl<T> Mutex<T> {
    /// An open one.
    pub const fn new(value: T) -> Mutex<T> {
        Mutex(sync::Mutex::new(Instrumented::new(value)))
    }

    /// Waits until nobody holds it.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard::of(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Unless somebody holds it.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(held) => Some(MutexGuard::of(held)),
            Err(TryLockError::Poisoned(poisoned)) => Some(MutexGuard::of(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl<'a, T> MutexGuard<'a, T> {
    #[inline]
    fn of(held: sync::MutexGuard<'a, Instrumented<T>>) -> MutexGuard<'a, T> {
        held.taken();
        MutexGuard(Some(held))
    }

    /// What a condition gives back and takes again while it waits.
    fn take(&mut self) -> Option<sync::MutexGuard<'a, Instrumented<T>>> {
        self.0.take().inspect(|held| held.given_back())
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(held) = &self.0 {
            held.given_back();
        }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.as_deref().expect("held")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_deref_mut().expect("held")
    }
}

/// The standard library's, with deadlines.
#[derive(Debug, Default)]
pub(crate) struct Condvar(sync::Condvar);

/// Whether a wait ended for want of time.
pub(crate) struct TimedOut(bool);

impl TimedOut {
    /// Whether it did.
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// One that nobody waits for.
    pub const fn new() -> Condvar {
        Condvar(sync::Condvar::new())
    }

    /// Waits to be notified, at most until `deadline`. May wake for no reason.
    pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, deadline: Instant) -> TimedOut {
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(held) = guard.take() else { return TimedOut(false) };
        let (held, waited) = self.0.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner);
        *guard = MutexGuard::of(held);
        TimedOut(waited.timed_out())
    }

    /// Waits to be notified. May wake for no reason.
    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let Some(held) = guard.take() else { return };
        *guard = MutexGuard::of(self.0.wait(held).unwrap_or_else(PoisonError::into_inner));
    }

    /// Wakes one waiting thread.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes every waiting thread.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// A mutex that may be held for long, and that others wait for only so long.
#[derive(Debug, Default)]
pub(crate) struct TimedMutex<T> {
    value: Mutex<T>,
    is_held: Mutex<bool>,
    released: Condvar,
}

/// What [`TimedMutex::lock`] gives.
pub(crate) struct TimedGuard<'a, T> {
    // Unlocked before the turn is given away: fields are dropped in this order.
    value: MutexGuard<'a, T>,
    _turn: InLine<'a, T>,
}

struct InLine<'a, T>(&'a TimedMutex<T>);

impl<T> TimedMutex<T> {
    /// An open one.
    pub const fn new(value: T) -> TimedMutex<T> {
        TimedMutex { value: Mutex::new(value), is_held: Mutex::new(false), released: Condvar::new() }
    }

    /// Waits until nobody holds it.
    pub fn lock(&self) -> TimedGuard<'_, T> {
        let mut is_held = self.is_held.lock();
        while *is_held {
            self.released.wait(&mut is_held);
        }
        self.take(is_held)
    }

    /// Waits until nobody holds it, or until `deadline`.
    pub fn try_lock_until(&self, deadline: Instant) -> Option<TimedGuard<'_, T>> {
        let mut is_held = self.is_held.lock();
        let mut is_late = false;
        while *is_held {
            if is_late {
                return None;
            }
            is_late = self.released.wait_until(&mut is_held, deadline).timed_out();
        }
        Some(self.take(is_held))
    }

    fn take<'a>(&'a self, mut is_held: MutexGuard<'a, bool>) -> TimedGuard<'a, T> {
        *is_held = true;
        TimedGuard { value: self.value.lock(), _turn: InLine(self) }
    }
}

impl<T> Drop for InLine<'_, T> {
    fn drop(&mut self) {
        *self.0.is_held.lock() = false;
        self.0.released.notify_one();
    }
}

impl<T> Deref for TimedGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for TimedGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_timed_mutex_admits_one_at_a_time_and_gives_up_at_the_deadline() {
        let mutex = TimedMutex::new(0);
        let held = mutex.lock();
        std::thread::scope(|scope| {
            let late =
                scope.spawn(|| mutex.try_lock_until(Instant::now() + Duration::from_millis(5)).is_none());
            assert!(late.join().unwrap());
        });
        drop(held);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| *mutex.lock() += 1));
            }
        });
        let soon = Instant::now() + Duration::from_secs(60);
        assert_eq!(mutex.try_lock_until(soon).map(|value| *value), Some(4_000));
    }

    #[test]
    fn a_panic_leaves_the_locks_usable() {
        let (mutex, timed) = (Mutex::new(1), TimedMutex::new(1));
        let panicked = std::panic::catch_unwind(|| {
            let _both = (mutex.lock(), timed.lock());
            panic!("while both are held");
        });
        assert!(panicked.is_err());
        assert_eq!(*mutex.lock(), 1);
        assert_eq!(mutex.try_lock().map(|value| *value), Some(1));
        assert_eq!(*timed.lock(), 1);
    }
}
