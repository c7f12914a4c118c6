//! The lock on the path of a log call: taken by one locked instruction, given back by a plain store.
//!
//! A usual lock is given back by a locked instruction too, as that tells whether somebody sleeps. It also
//! holds the caller up until all that was written under the lock, a record in mapped memory, has reached the
//! cache: about 8 ns of 100. Here the one who gives back stores, then looks for sleepers. The processor may do
//! these two in the other order, and so miss one who goes to sleep in that very moment; hence nobody sleeps
//! for longer than [`NAP`] without a look of his own. That is the price, and it is paid once in millions. Who gives
//! back never waits for anybody.
//!
//! Not fair, not for long sections. As the others here, it is all in its own bytes, so that a forked child can
//! make its own, and a panic does not poison it. The models in `tests/models` do not cover it: they have a lock
//! of the model checker's in its place.

use std::cell::UnsafeCell;
use std::hint;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};
use std::time::{Duration, Instant};

use super::{Condvar, Mutex, TimedOut};

/// How often a thread looks again before it sleeps. A holder needs less than a microsecond, unless the
/// system has taken the processor from it.
const SPINS: u32 = 64;
/// The longest sleep without a look.
const NAP: Duration = Duration::from_millis(1);

/// A value, and who may touch it.
pub(crate) struct Lock<T> {
    is_held: AtomicBool,
    /// Whether somebody sleeps, or is about to.
    is_awaited: AtomicBool,
    bed: Mutex<()>,
    freed: Condvar,
    value: UnsafeCell<T>,
}

// SAFETY: a reference to the value comes from a guard only, and there is one guard at a time, so sharing the
// lock sends the value from thread to thread and no more.
unsafe impl<T: Send> Sync for Lock<T> {}

/// The hold on a lock.
pub(crate) struct LockGuard<'a, T> {
    lock: &'a Lock<T>,
    /// Keeps a guard in its thread.
    _in_thread: std::marker::PhantomData<*const ()>,
}

impl<T> Lock<T> {
    /// An open one.
    pub const fn new(value: T) -> Lock<T> {
        Lock {
            is_held: AtomicBool::new(false),
            is_awaited: AtomicBool::new(false),
            bed: Mutex::new(()),
            freed: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until nobody holds it.
    #[inline(always)]
    pub fn lock(&self) -> LockGuard<'_, T> {
        self.take();
        LockGuard { lock: self, _in_thread: std::marker::PhantomData }
    }

    #[inline(always)]
    fn take(&self) {
        if !self.try_take() {
            self.wait();
        }
    }

    #[inline(always)]
    fn try_take(&self) -> bool {
        self.is_held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[inline(always)]
    fn give_back(&self) {
        self.is_held.store(false, Ordering::Release);
        // Only the processor may do these two in the other order, not the compiler.
        compiler_fence(Ordering::SeqCst);
        if self.is_awaited.load(Ordering::Relaxed) {
            self.wake();
        }
    }

    #[cold]
    #[inline(never)]
    fn wait(&self) {
        for _ in 0..SPINS {
            hint::spin_loop();
            if !self.is_held.load(Ordering::Relaxed) && self.try_take() {
                return;
            }
        }
        let mut bed = self.bed.lock();
        loop {
            // Before the look, so that whoever gives back after it wakes us.
            self.is_awaited.store(true, Ordering::SeqCst);
            if self.try_take() {
                return;
            }
            self.freed.wait_until(&mut bed, Instant::now() + NAP);
        }
    }

    #[cold]
    #[inline(never)]
    fn wake(&self) {
        // Whoever has it is on the way to sleep or from it, and looks again in a moment.
        let Some(_bed) = self.bed.try_lock() else { return };
        // Whoever sleeps on says so again.
        self.is_awaited.store(false, Ordering::Relaxed);
        self.freed.notify_all();
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the only one, by `is_held`.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for LockGuard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.lock.give_back();
    }
}

/// What somebody who holds a [`Lock`] can wait for.
pub(crate) struct LockCondvar {
    /// How often there was a notification.
    count: Mutex<u64>,
    changed: Condvar,
}

impl LockCondvar {
    /// One that nobody waits for.
    pub const fn new() -> LockCondvar {
        LockCondvar { count: Mutex::new(0), changed: Condvar::new() }
    }

    /// Waits to be notified, at most until `deadline`; gives the lock back meanwhile.
    pub fn wait_until<T>(&self, guard: &mut LockGuard<'_, T>, deadline: Instant) -> TimedOut {
        // Taken before the lock is given back, so that no notification gets between the two.
        let mut count = self.count.lock();
        let seen = *count;
        guard.lock.give_back();
        let mut waited = TimedOut(false);
        while *count == seen && !waited.timed_out() {
            waited = self.changed.wait_until(&mut count, deadline);
        }
        waited.0 &= *count == seen;
        drop(count);
        guard.lock.take();
        waited
    }

    /// Wakes every waiting thread.
    pub fn notify_all(&self) {
        *self.count.lock() += 1;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_addition_of_eight_threads_is_lost() {
        const ROUNDS: u64 = 20_000;
        let lock = Lock::new(0_u64);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..ROUNDS).for_each(|_| *lock.lock() += 1));
            }
        });
        assert_eq!(*lock.lock(), 8 * ROUNDS);
    }

    #[test]
    fn whoever_sleeps_at_a_lock_gets_it() {
        let lock = Lock::new(0);
        let held = lock.lock();
        std::thread::scope(|scope| {
            let sleepers: Vec<_> = (0..4).map(|_| scope.spawn(|| *lock.lock() += 1)).collect();
            while !lock.is_awaited.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            drop(held);
            sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
        });
        assert_eq!(*lock.lock(), 4);
    }

    #[test]
    fn a_wait_gives_the_lock_to_others_and_has_it_back_afterwards() {
        let (lock, condition) = (Lock::new(false), LockCondvar::new());
        std::thread::scope(|scope| {
            let mut held = lock.lock();
            scope.spawn(|| {
                *lock.lock() = true;
                condition.notify_all();
            });
            let day = Instant::now() + Duration::from_secs(86_400);
            while !*held {
                assert!(!condition.wait_until(&mut held, day).timed_out());
            }
            assert!(condition.wait_until(&mut held, Instant::now()).timed_out());
            *held = false;
        });
        assert!(!*lock.lock());
    }

    #[test]
    fn a_panic_gives_the_lock_back() {
        let lock = Lock::new(1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = lock.lock();
            panic!("while it is held");
        }));
        assert!(panicked.is_err());
        assert_eq!(*lock.lock(), 1);
    }
}
