//! What `src/sync` is to the library, for a model: within [`explore`] the locks and the wake-up's atomic
//! are loom's, which tries every order; elsewhere they are the usual ones. The atomics of mapped memory
//! are real, since a segment is not made of Rust values, and tell [`stores`] of each store.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::stores;

/// How often the scheduler may take the processor from a thread that could go on. Two finds nearly all
/// that there is to find (CHESS, PLDI 2007), and keeps the number of orders small.
const PREEMPTIONS: usize = 3;
/// Steps of one execution: far above what any model here takes.
const STEPS: usize = 20_000;

thread_local! {
    static EXPLORING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `model` in every order of its threads (`loom::thread`), with at most [`PREEMPTIONS`]. Gives how
/// many orders there were.
pub fn explore(model: impl Fn() + Send + Sync + 'static) -> u64 {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.max_branches = STEPS;
    let orders = Arc::new(std::sync::atomic::AtomicU64::new(0));
    EXPLORING.set(true);
    builder.check({
        let orders = Arc::clone(&orders);
        move || {
            orders.fetch_add(1, Ordering::Relaxed);
            model();
        }
    });
    EXPLORING.set(false);
    orders.load(Ordering::Relaxed)
}

/// A model checker's or the usual.
enum Either<L, P> {
    Loom(L),
    Plain(P),
}

impl<L, P> Either<L, P> {
    fn new(loom: impl FnOnce() -> L, plain: impl FnOnce() -> P) -> Either<L, P> {
        if EXPLORING.get() { Either::Loom(loom()) } else { Either::Plain(plain()) }
    }
}

macro_rules! either {
    ($value:expr, $it:ident => $result:expr) => {
        either!($value, Loom($it) => $result, Plain($it) => $result)
    };
    ($value:expr, Loom($loom:ident) => $one:expr, Plain($plain:ident) => $other:expr) => {
        match $value {
            Either::Loom($loom) => $one,
            Either::Plain($plain) => $other,
        }
    };
}

/// A lock as parking_lot has it.
pub(crate) struct Mutex<T>(Either<loom::sync::Mutex<T>, parking_lot::Mutex<T>>);

impl<T> Mutex<T> {
    pub fn new(value: T) -> Mutex<T> {
        Mutex(if EXPLORING.get() {
            Either::Loom(loom::sync::Mutex::new(value))
        } else {
            Either::Plain(parking_lot::Mutex::new(value))
        })
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        stores::note_lock();
        MutexGuard(match &self.0 {
            Either::Loom(mutex) => Either::Loom(mutex.lock().ok()),
            Either::Plain(mutex) => Either::Plain(mutex.lock()),
        })
    }
}

/// What puts a value in order after its holder is gone: no holder goes in a model.
pub(crate) trait Recover {
    #[allow(dead_code)]
    fn recover(&mut self);
}

impl<T: Recover> Mutex<T> {
    pub fn lock_in_time(&self) -> Option<MutexGuard<'_, T>> {
        Some(self.lock())
    }
}

impl<T> Mutex<T> {
    pub fn lock_in(&self, _: usize) -> MutexGuard<'_, T> {
        self.lock()
    }

    pub fn lock_briefly_in(&self, _: usize) -> Option<MutexGuard<'_, T>> {
        Some(self.lock())
    }

    /// No holder goes in a model.
    pub fn take_from_gone_in(&self, _: usize) -> Option<MutexGuard<'_, T>> {
        None
    }

    /// No holder goes in a model.
    pub fn may_be_own(&self, _: usize) -> bool {
        false
    }

    pub fn lock_in_time_in(&self, _: usize) -> Option<MutexGuard<'_, T>> {
        Some(self.lock())
    }

    pub fn try_lock_in(&self, _: usize) -> Option<MutexGuard<'_, T>> {
        stores::note_lock();
        Some(MutexGuard(match &self.0 {
            Either::Loom(mutex) => Either::Loom(Some(mutex.try_lock().ok()?)),
            Either::Plain(mutex) => Either::Plain(mutex.try_lock()?),
        }))
    }
}

pub(crate) fn here() -> usize {
    0
}

thread_local! {
    static LANE: Cell<usize> = const { Cell::new(0) };
}

/// In a model every thread has the lane that the model has said, the first if none: what it used last would differ
/// from run to run.
pub(crate) fn lane_hint() -> usize {
    LANE.get()
}

pub(crate) fn set_lane_hint(_: usize) {}

/// Records are appended in this lane from now on, if it is open.
pub fn use_lane(index: usize) {
    LANE.set(index);
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

pub(crate) use {Mutex as Lock, MutexGuard as LockGuard};

pub(crate) struct LockCondvar(Condvar);

impl LockCondvar {
    pub fn new() -> LockCondvar {
        LockCondvar(Condvar::new())
    }

    pub fn wait_until<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        deadline: Instant,
    ) -> Option<(MutexGuard<'a, T>, TimedOut)> {
        let waited = self.0.wait_until(&mut guard, deadline);
        Some((guard, waited))
    }

    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// The hold on a lock. `None` only while a thread waits.
pub(crate) struct MutexGuard<'a, T>(
    Either<Option<loom::sync::MutexGuard<'a, T>>, parking_lot::MutexGuard<'a, T>>,
);

impl<T> MutexGuard<'_, T> {
    pub fn frame(&self) -> usize {
        0
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        either!(&self.0, Loom(guard) => guard.as_ref().expect("held"), Plain(guard) => guard)
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        either!(&mut self.0, Loom(guard) => guard.as_mut().expect("held"), Plain(guard) => guard)
    }
}

/// A condition as parking_lot has it; in a model no wait ever times out, so a wake-up that is lost shows
/// as a deadlock.
pub(crate) struct Condvar(Either<loom::sync::Condvar, parking_lot::Condvar>);

impl Condvar {
    pub fn new() -> Condvar {
        Condvar(Either::new(loom::sync::Condvar::new, parking_lot::Condvar::new))
    }

    pub fn notify_one(&self) {
        either!(&self.0, condvar => { condvar.notify_one(); });
    }

    pub fn notify_all(&self) {
        either!(&self.0, condvar => { condvar.notify_all(); });
    }

    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        match (&self.0, &mut guard.0) {
            (Either::Loom(condvar), Either::Loom(held)) => {
                *held = held.take().and_then(|guard| condvar.wait(guard).ok());
            }
            (Either::Plain(condvar), Either::Plain(guard)) => condvar.wait(guard),
            _ => unreachable!("made outside the model in which it is used"),
        }
    }

    pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, deadline: Instant) -> TimedOut {
        if let (Either::Plain(condvar), Either::Plain(guard)) = (&self.0, &mut guard.0) {
            return TimedOut(condvar.wait_until(guard, deadline).timed_out());
        }
        self.wait(guard);
        TimedOut(false)
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}

pub(crate) struct TimedOut(bool);

impl TimedOut {
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

/// The wake-up's word. The kernel looks at it and lets the caller sleep in one step, before or after any wake-up: so
/// does a lock around both.
pub(crate) struct Futex {
    value: Either<loom::sync::atomic::AtomicU32, std::sync::atomic::AtomicU32>,
    mutex: Mutex<()>,
    woken: Condvar,
}

impl Default for Futex {
    fn default() -> Futex {
        let value = Either::new(Default::default, Default::default);
        Futex { value, mutex: Mutex::default(), woken: Condvar::new() }
    }
}

impl Futex {
    pub fn load(&self, ordering: Ordering) -> u32 {
        either!(&self.value, atomic => atomic.load(ordering))
    }

    pub fn swap(&self, value: u32, ordering: Ordering) -> u32 {
        either!(&self.value, atomic => atomic.swap(value, ordering))
    }

    pub fn compare_exchange(&self, from: u32, to: u32, yes: Ordering, no: Ordering) -> Result<u32, u32> {
        either!(&self.value, atomic => atomic.compare_exchange(from, to, yes, no))
    }

    pub fn wait(&self, expected: u32, limit: Option<Duration>) {
        let mut mutex = self.mutex.lock();
        if self.load(Ordering::Relaxed) != expected {
            return;
        }
        match limit.and_then(|limit| Instant::now().checked_add(limit)) {
            Some(deadline) => drop(self.woken.wait_until(&mut mutex, deadline)),
            None => self.woken.wait(&mut mutex),
        }
    }

    pub fn wake_one(&self) {
        drop(self.mutex.lock());
        self.woken.notify_one();
    }
}

macro_rules! in_mapped_memory {
    ($atomic:ident, $value:ty) => {
        /// An atomic of mapped memory, and nothing else: the spool casts pointers to it.
        #[repr(transparent)]
        pub(crate) struct $atomic(std::sync::atomic::$atomic);

        impl $atomic {
            pub fn store(&self, value: $value, ordering: Ordering) {
                stores::note_atomic(self.0.as_ptr() as usize, &value.to_ne_bytes(), ordering);
                self.0.store(value, ordering);
            }

            #[allow(dead_code)] // faults pages in, where the system cannot be asked to
            pub fn fetch_or(&self, value: $value, ordering: Ordering) -> $value {
                self.0.fetch_or(value, ordering)
            }
        }
    };
}

in_mapped_memory!(AtomicU32, u32);
in_mapped_memory!(AtomicU64, u64);
