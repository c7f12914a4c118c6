//! The lock on the path of a log call: taken by one locked instruction, given back by a plain store.
//!
//! A usual lock is given back by a locked instruction too, as that tells whether somebody sleeps. It also
//! holds the caller up until all that was written under the lock, a record in mapped memory, has reached the
//! cache: a record of 256 bytes is copied under this lock in 7 ns, under the standard library's in 12 ns
//! (`cargo run --release -p maxim-parts`). And it wakes a sleeper, which costs the caller a system call of microseconds:
//! that, and what comes next, is what this lock is for. Here giving back is one store: who waits looks again by itself,
//! after a short spin and a few yields in sleeps that grow. The delivery thread, which waits most, pays; a log call
//! never wakes anybody here.
//!
//! **A holder that never comes back** (a signal handler interrupted a log call and left by `longjmp`) must not stop
//! the others. So the lock tells who holds it, by an address in the holder's frame on its stack, and
//! [`Lock::lock_in_time`] gives up after a while; while the same holder is in the way, the next callers give up
//! after a moment. It is taken over by whoever can prove that the holder is gone: the thread on whose
//! stack that frame was, from a frame at the same place or further out. Such a holder may have left the value halfway:
//! [`Recover::recover`] sees to that.
//!
//! Not fair, not for long sections. As the others here, it is all in its own bytes, so that a forked child can
//! make its own, and a panic does not poison it. The models in `tests/models` do not cover it: they have a lock
//! of the model checker's in its place.

use std::cell::UnsafeCell;
use std::hint;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use super::TimedOut;
use super::futex::{Futex, park};
use crate::process::own_stack;

/// How often a thread looks again before it yields. A holder needs less than a microsecond, unless the
/// system has taken the processor from it.
const SPINS: u32 = 64;
/// How often it lets others run before it sleeps.
const YIELDS: u32 = 8;
/// The first sleep and the longest one; each is half as long again as the one before.
const FIRST_PARK: Duration = Duration::from_micros(20);
const MAX_PARK: Duration = Duration::from_millis(1);
/// Whoever holds another lock parks until its parks are this long: about a millisecond in all.
const BRIEF_PARK_MAX: Duration = Duration::from_micros(400);
/// After so long it is worth asking whether the holder is gone.
const DOUBT: Duration = Duration::from_millis(4);
/// How long a holder that was in the way for the whole of somebody's limit is waited for.
const MOMENT: Duration = Duration::from_millis(8);
/// A holder's frame is not looked for further in on the stack: where the stack is costs a look at a file.
const FURTHEST: usize = 1 << 20;
/// So far away it may be of the same thread at first sight: more would take the frames of others with small stacks for it.
const NEARBY: usize = 64 << 10;
/// The longest that a log call waits for a lock.
pub(crate) const LOCK_LIMIT: Duration = Duration::from_secs(1);

/// An address in the frame of the function in which this is called.
#[inline(always)]
pub(crate) fn here() -> usize {
    let frame = MaybeUninit::<u8>::uninit();
    frame.as_ptr() as usize
}

/// Less than a signal's frame on the stack: from a handler's call to what it has interrupted it is further (the kernel
/// leaves 128 bytes of red zone on x86-64 and puts the registers, over a kilobyte with the floating-point ones, below).
const SIGNAL_FRAME: usize = 512;

/// The address for a call that begins now, for [`Lock::take_from_gone_in`]: further out than any frame of an earlier call
/// from the same function of the host's that is gone, and further in than what a handler has interrupted.
#[inline(always)]
pub(crate) fn beginning_here() -> usize {
    here() + SIGNAL_FRAME
}

/// Nobody holds it.
const FREE: usize = 0;

/// A value that can be put in order after its holder was stopped in the middle of changing it.
pub(crate) trait Recover {
    /// Does so.
    fn recover(&mut self);
}

/// A value, and who may touch it. The value is beside the holder: what of it comes first is on the same cache line.
#[repr(C)]
pub(crate) struct Lock<T> {
    /// [`FREE`], or an address in the holder's frame.
    holder: AtomicUsize,
    value: UnsafeCell<T>,
    /// A holder that was in the way for too long.
    stuck: AtomicUsize,
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
        Lock { holder: AtomicUsize::new(FREE), stuck: AtomicUsize::new(FREE), value: UnsafeCell::new(value) }
    }

    #[inline(always)]
    fn try_take(&self, frame: usize) -> bool {
        self.holder.compare_exchange(FREE, frame, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[inline(always)]
    fn give_back(&self) {
        self.holder.store(FREE, Ordering::Release);
    }

    #[inline(always)]
    fn held(&self) -> LockGuard<'_, T> {
        LockGuard { lock: self, _in_thread: std::marker::PhantomData }
    }
}

impl<T: Recover> Lock<T> {
    /// [`Lock::lock_in`] the calling frame.
    #[cfg(test)]
    #[inline(always)]
    pub fn lock(&self) -> LockGuard<'_, T> {
        self.lock_in(here())
    }

    /// Unless somebody holds it. `frame` is that of the call that will hold it ([`here`]).
    #[inline(always)]
    pub fn try_lock_in(&self, frame: usize) -> Option<LockGuard<'_, T>> {
        self.try_take(frame).then(|| self.held())
    }

    /// Waits until nobody holds it, without a limit: for threads that nobody waits for without one.
    pub fn lock_in(&self, frame: usize) -> LockGuard<'_, T> {
        if !self.try_take(frame) {
            self.wait(frame, None);
        }
        self.held()
    }

    /// Waits for a moment: for whoever holds another lock meanwhile.
    #[inline]
    pub fn lock_briefly_in(&self, frame: usize) -> Option<LockGuard<'_, T>> {
        (self.try_take(frame) || self.wait_briefly(frame)).then(|| self.held())
    }

    /// If its holder was a call of this thread that is gone.
    #[cold]
    pub fn take_from_gone_in(&self, frame: usize) -> Option<LockGuard<'_, T>> {
        let holder = self.holder.load(Ordering::Relaxed);
        (holder != FREE && is_gone(holder, frame) && self.take_over(holder, frame)).then(|| self.held())
    }

    /// [`Lock::lock_in_time`] for a frame further out.
    pub fn lock_in_time_in(&self, frame: usize) -> Option<LockGuard<'_, T>> {
        (self.try_take(frame) || self.wait(frame, Some(LOCK_LIMIT))).then(|| self.held())
    }

    /// Whether the holder may be a call of this thread's own that is gone: then it is for this thread to find out.
    pub fn may_be_own(&self, frame: usize) -> bool {
        is_within(NEARBY, self.holder.load(Ordering::Relaxed), frame)
    }

    /// Whether somebody has waited for its holder in vain.
    #[cfg(test)]
    pub fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed) != FREE
    }

    /// Waits until nobody holds it, at most for [`LOCK_LIMIT`].
    #[inline(always)]
    pub fn lock_in_time(&self) -> Option<LockGuard<'_, T>> {
        self.lock_in_time_in(here())
    }

    /// For who looks again and again: it writes nothing as long as somebody holds it.
    fn try_take_free(&self, frame: usize) -> bool {
        self.holder.load(Ordering::Relaxed) == FREE && self.try_take(frame)
    }

    /// Gives whether it was taken.
    fn spin(&self, frame: usize) -> bool {
        (0..SPINS).any(|_| {
            hint::spin_loop();
            self.try_take_free(frame)
        })
    }

    /// Gives whether it was taken.
    #[cold]
    #[inline(never)]
    fn wait_briefly(&self, frame: usize) -> bool {
        if self.spin(frame) {
            return true;
        }
        let mut length = FIRST_PARK;
        while length < BRIEF_PARK_MAX {
            park(length);
            length = length * 3 / 2;
            if self.try_take_free(frame) {
                return true;
            }
        }
        false
    }

    /// Gives whether it was taken.
    #[cold]
    #[inline(never)]
    fn wait(&self, frame: usize, limit: Option<Duration>) -> bool {
        if self.spin(frame) {
            return true;
        }
        for _ in 0..YIELDS {
            // On a busy machine others then run for long, and it is known to be of no use.
            let holder = self.holder.load(Ordering::Relaxed);
            if holder != FREE && holder == self.stuck.load(Ordering::Relaxed) {
                break;
            }
            yield_now();
            if self.try_take_free(frame) {
                return true;
            }
        }
        self.sleep(frame, limit)
    }

    fn sleep(&self, frame: usize, limit: Option<Duration>) -> bool {
        let began = Instant::now();
        let first = self.holder.load(Ordering::Relaxed);
        // Whether it is the same holder all the time.
        let mut is_same = first != FREE;
        let mut has_asked = false;
        let mut length = FIRST_PARK;
        loop {
            park(length);
            length = (length * 3 / 2).min(MAX_PARK);
            if self.try_take_free(frame) {
                self.stuck.store(FREE, Ordering::Relaxed);
                return true;
            }
            let holder = self.holder.load(Ordering::Relaxed);
            is_same &= holder == first;
            let waited = began.elapsed();
            if is_same && !has_asked && waited >= DOUBT {
                has_asked = true;
                if is_gone(holder, frame) && self.take_over(holder, frame) {
                    return true;
                }
            }
            let Some(limit) = limit else { continue };
            let is_stuck = is_same && self.stuck.load(Ordering::Relaxed) == holder;
            if waited >= limit || is_stuck && waited >= MOMENT {
                if is_same {
                    self.stuck.store(holder, Ordering::Relaxed);
                }
                return false;
            }
        }
    }

    /// From a holder that is gone; gives whether nobody else was faster.
    fn take_over(&self, holder: usize, frame: usize) -> bool {
        let exchange = self.holder.compare_exchange(holder, frame, Ordering::Acquire, Ordering::Relaxed);
        if exchange.is_ok() {
            self.stuck.store(FREE, Ordering::Relaxed);
            // SAFETY: the lock is held by this thread, and no guard has been given yet.
            unsafe { &mut *self.value.get() }.recover();
        }
        exchange.is_ok()
    }
}

/// Whether a holder's frame is at the same place as another frame, or further in by so much at most.
fn is_within(distance: usize, holder: usize, frame: usize) -> bool {
    frame.checked_sub(holder).is_some_and(|between| between <= distance)
}

/// Whether a frame that holds something is known to be gone, told from another frame that waits for that: it
/// was on this thread's stack, at the same place or further in, where there is nothing now.
fn is_gone(holder: usize, frame: usize) -> bool {
    is_within(FURTHEST, holder, frame)
        && own_stack().is_some_and(|stack| stack.contains(&holder) && stack.contains(&frame))
}

impl<T> LockGuard<'_, T> {
    /// The frame that holds it: for the same call to take it again from further in.
    pub fn frame(&self) -> usize {
        self.lock.holder.load(Ordering::Relaxed)
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the only one, by `holder`.
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
    count: Futex,
}

impl LockCondvar {
    /// One that nobody waits for.
    pub const fn new() -> LockCondvar {
        LockCondvar { count: Futex::new(0) }
    }

    /// Waits to be notified, at most until `deadline`; gives the lock back meanwhile. `None` if it cannot be had
    /// again in time ([`Lock::lock_in_time`]).
    pub fn wait_until<'a, T: Recover>(
        &self,
        guard: LockGuard<'a, T>,
        deadline: Instant,
    ) -> Option<(LockGuard<'a, T>, TimedOut)> {
        // Read before the lock is given back, so that no notification gets between the two.
        let seen = self.count.load(Ordering::Acquire);
        let lock = guard.lock;
        // The frame stands for the same call afterwards.
        let frame = lock.holder.load(Ordering::Relaxed);
        drop(guard);
        let mut is_late = false;
        while self.count.load(Ordering::Acquire) == seen && !is_late {
            let left = deadline.saturating_duration_since(Instant::now());
            is_late = left.is_zero();
            if !is_late {
                self.count.wait(seen, Some(left));
            }
        }
        lock.lock_in_time_in(frame).map(|guard| (guard, TimedOut(is_late)))
    }

    /// Wakes every waiting thread.
    pub fn notify_all(&self) {
        self.count.fetch_add(1, Ordering::Release);
        self.count.wake_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Recover for u64 {
        fn recover(&mut self) {
            *self += 1_000_000;
        }
    }

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
        let lock = Lock::new(0_u64);
        let held = lock.lock();
        std::thread::scope(|scope| {
            let sleepers: Vec<_> = (0..4).map(|_| scope.spawn(|| *lock.lock() += 1)).collect();
            std::thread::sleep(Duration::from_millis(5));
            drop(held);
            sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
        });
        assert_eq!(*lock.lock(), 4);
    }

    #[test]
    fn a_holder_that_does_not_come_back_costs_the_first_caller_its_limit_and_the_next_ones_a_moment() {
        let lock = Lock::new(0_u64);
        let held = lock.lock();
        std::thread::scope(|scope| {
            let callers = || assert!(lock.lock_in_time().is_none());
            scope.spawn(callers).join().unwrap();
            assert_ne!(lock.stuck.load(Ordering::Relaxed), FREE);
            // A hundred times the limit would be more than anybody waits for a test.
            scope.spawn(move || (0..100).for_each(|_| callers())).join().unwrap();
        });
        drop(held);
        std::thread::scope(|scope| {
            scope.spawn(|| *lock.lock_in_time().unwrap() += 1);
        });
        assert_eq!(*lock.lock(), 1, "the holder came back, and nobody took the lock from it");
    }

    /// Takes a lock and goes, as a handler's `longjmp` does.
    #[inline(never)]
    fn leave_with(lock: &Lock<u64>) {
        std::mem::forget(lock.lock());
    }

    #[test]
    fn a_holder_whose_frame_is_gone_is_followed_by_its_own_thread_and_by_nobody_else() {
        let lock = Lock::new(0_u64);
        leave_with(&lock);
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(lock.lock_in_time().is_none()));
        });
        // From further out on the stack than where it was taken.
        assert_eq!(lock.lock_in_time().map(|value| *value), Some(1_000_000), "the value is put in order");
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(*lock.lock(), 1_000_000));
        });
    }

    /// What a handler on a stack of its own within the thread's has found: whether a frame that is there is gone.
    static FOUND: AtomicUsize = AtomicUsize::new(0);
    /// That frame.
    static LIVE: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn ask(_: libc::c_int) {
        let frame = here();
        let holder = LIVE.load(Ordering::SeqCst);
        // The case in question: the handler's stack is further out than what it interrupts.
        assert!(holder < frame);
        FOUND.store(1 + usize::from(is_gone(holder, frame)), Ordering::SeqCst);
    }

    #[inline(never)]
    fn interrupt_further_in() {
        LIVE.store(here(), Ordering::SeqCst);
        // SAFETY: the signal goes to this thread.
        unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGWINCH) };
    }

    /// The signal is one that no other test uses.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_handler_whose_stack_lies_within_the_threads_own_takes_no_lock_from_what_it_interrupts() {
        let mut place = [0_u8; 32 << 10];
        // SAFETY: the handler's stack is there until it is given up, before `place` goes; the old action comes back.
        unsafe {
            let mut old_stack = std::mem::zeroed();
            let size = place.len();
            let stack = libc::stack_t { ss_sp: place.as_mut_ptr().cast(), ss_flags: 0, ss_size: size };
            assert_eq!(libc::sigaltstack(&stack, &mut old_stack), 0);
            let mut action: libc::sigaction = std::mem::zeroed();
            let mut old_action = std::mem::zeroed();
            action.sa_sigaction = ask as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_ONSTACK;
            assert_eq!(libc::sigaction(libc::SIGWINCH, &action, &mut old_action), 0);
            interrupt_further_in();
            libc::sigaction(libc::SIGWINCH, &old_action, std::ptr::null_mut());
            libc::sigaltstack(&old_stack, std::ptr::null_mut());
        }
        assert_eq!(FOUND.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_wait_gives_the_lock_to_others_and_has_it_back_afterwards() {
        let (lock, condition) = (Lock::new(0_u64), LockCondvar::new());
        std::thread::scope(|scope| {
            let mut held = lock.lock();
            scope.spawn(|| {
                *lock.lock() = 1;
                condition.notify_all();
            });
            let day = Instant::now() + Duration::from_secs(86_400);
            while *held == 0 {
                let (again, waited) = condition.wait_until(held, day).unwrap();
                assert!(!waited.timed_out());
                held = again;
            }
            let (mut held, waited) = condition.wait_until(held, Instant::now()).unwrap();
            assert!(waited.timed_out());
            *held = 2;
        });
        assert_eq!(*lock.lock(), 2);
    }

    #[test]
    fn a_panic_gives_the_lock_back() {
        let lock = Lock::new(1_u64);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = lock.lock();
            panic!("while it is held");
        }));
        assert!(panicked.is_err());
        assert_eq!(*lock.lock(), 1);
    }
}
