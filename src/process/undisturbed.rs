//! Work with files on the host's own thread, which must not end that thread or its process.
//!
//! A log call makes no system call; now and then one has to (a segment is full, a logger is made, content
//! goes into a file). Such work is done under an [`Undisturbed`], and until it is dropped:
//!
//! - A signal that our own system call raises does not reach the host: `SIGXFSZ` (its files have a size
//!   limit, also those on tmpfs) and `SIGPIPE` are blocked, and what came of our work is taken away before
//!   they are let in again. The call fails as on a full disk, and the next place is tried.
//! - A thread that is cancelled goes on, and is cancelled by the host's next call that can be: unwinding
//!   through Rust is not defined, and glibc ends the process over it.
//! - With [`Undisturbed::by_handlers`] no handler of the host's runs either, from which it could jump out
//!   and leave a lock held. That is for work that ends by itself, such as making a file or waiting a second at
//!   most for another thread that makes one; never for a wait that the host or the service ends.
//!
//! The library's own threads are disturbed by nothing: there it asks the system for nothing.
//!
//! Faults of the processor (`SIGSEGV`, `SIGBUS` and the like) and `SIGSYS` cannot be held back: the kernel
//! ends a process that blocks them. A cancellation of type `PTHREAD_CANCEL_ASYNCHRONOUS` comes anywhere.

use std::marker::PhantomData;

/// Keeps signals and cancellation from this thread while it exists.
pub struct Undisturbed {
    /// What is to be put back; `None` on a thread of ours.
    #[cfg(unix)]
    before: Option<unix::SavedState>,
    /// It belongs to its thread.
    _in_thread: PhantomData<*const ()>,
}

impl Undisturbed {
    /// By the signals that our own system calls raise, and by cancellation.
    pub fn by_ourselves() -> Undisturbed {
        Undisturbed {
            #[cfg(unix)]
            before: unix::SavedState::of_host(unix::ours),
            _in_thread: PhantomData,
        }
    }

    /// By every signal that can be blocked, and by cancellation.
    pub fn by_handlers() -> Undisturbed {
        Undisturbed {
            #[cfg(unix)]
            before: unix::SavedState::of_host(unix::all_but_faults),
            _in_thread: PhantomData,
        }
    }
}

/// Whether a thread can be cancelled.
#[derive(Clone, Copy)]
pub struct Cancellation(#[cfg(unix)] std::ffi::c_int);

/// Holds the cancellation of this thread back, until [`Cancellation::put_back`].
pub fn hold_cancellation() -> Cancellation {
    Cancellation(
        #[cfg(unix)]
        unix::disable_cancellation(),
    )
}

impl Cancellation {
    /// As it was. Nothing to be dropped, as frames have it through which a host's function may leave.
    pub fn put_back(self) {
        #[cfg(unix)]
        unix::set_cancellation(self.0);
    }
}

#[cfg(unix)]
impl Drop for Undisturbed {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            before.put_back();
        }
    }
}

#[cfg(unix)]
mod unix {
    use crate::process::threads;
    use libc::{c_int, sigset_t};
    use std::mem::MaybeUninit;
    use std::ptr;

    /// What our own system calls may raise.
    const OURS: [c_int; 2] = [libc::SIGXFSZ, libc::SIGPIPE];
    /// What must not be blocked: raised by the processor, or for a call that a sandbox does not know, they
    /// end the process then.
    const FAULTS: [c_int; 6] =
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

    /// POSIX: what a thread's cancelability state is set to. Android knows no cancellation.
    #[cfg(not(target_os = "android"))]
    mod cancel {
        use libc::c_int;

        #[cfg(any(target_os = "linux", target_os = "freebsd"))]
        pub const DISABLED: c_int = 1;
        #[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
        pub const DISABLED: c_int = 0;

        unsafe extern "C" {
            pub fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
        }
    }

    /// Small, as it stands on a thread's stack that may be: a set of signals takes 128 bytes.
    pub struct SavedState {
        mask: sigset_t,
        /// Which of ours are to be taken away at the end.
        taken: [bool; OURS.len()],
        cancel_state: c_int,
    }

    fn set_of(signals: impl IntoIterator<Item = c_int>) -> sigset_t {
        let mut set = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` initialises the set; the signals exist.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            let mut set = set.assume_init();
            for signal in signals {
                libc::sigaddset(&mut set, signal);
            }
            set
        }
    }

    pub fn ours() -> sigset_t {
        set_of(OURS)
    }

    pub fn all_but_faults() -> sigset_t {
        let mut set = MaybeUninit::uninit();
        // SAFETY: `sigfillset` initialises the set; the signals exist.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            let mut set = set.assume_init();
            for signal in FAULTS {
                libc::sigdelset(&mut set, signal);
            }
            set
        }
    }

    impl SavedState {
        /// Blocks them, if this is a thread of the host's.
        pub fn of_host(signals: fn() -> sigset_t) -> Option<SavedState> {
            (!threads::is_ours()).then(|| SavedState::block(signals))
        }

        #[inline(never)]
        fn block(signals: fn() -> sigset_t) -> SavedState {
            // First, since what follows may be where a thread is cancelled.
            let cancel_state = disable_cancellation();
            let signals = signals();
            // SAFETY: a set of signals is plain memory, and the call gives it its value.
            let mask = unsafe { MaybeUninit::zeroed().assume_init() };
            let mut saved = SavedState { mask, taken: [true; OURS.len()], cancel_state };
            // SAFETY: both sets are valid.
            unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &signals, &mut saved.mask) };
            for (taken, signal) in saved.taken.iter_mut().zip(OURS) {
                // One that the host blocks itself and that waits already is the host's.
                *taken = !is_in(&saved.mask, signal) || !is_waiting(signal);
            }
            saved
        }

        #[inline(never)]
        pub fn put_back(&self) {
            self.take_away();
            // SAFETY: the mask is the one that this thread had.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.mask, ptr::null_mut()) };
            set_cancellation(self.cancel_state);
        }

        /// Takes blocked signals away that have come meanwhile.
        #[inline(never)]
        fn take_away(&self) {
            let ours = OURS.into_iter().zip(self.taken).filter_map(|(signal, taken)| taken.then_some(signal));
            take_away(ours);
        }
    }

    fn is_in(set: &sigset_t, signal: c_int) -> bool {
        // SAFETY: the set is initialised and the signal exists.
        unsafe { libc::sigismember(set, signal) == 1 }
    }

    #[cold]
    #[inline(never)]
    fn is_waiting(signal: c_int) -> bool {
        let mut set = set_of([]);
        // SAFETY: the set is ours to be written to.
        unsafe { libc::sigpending(&mut set) };
        is_in(&set, signal)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn take_away(signals: impl Iterator<Item = c_int>) {
        let signals = set_of(signals);
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: both are valid, and nothing is asked about the signal.
        while unsafe { libc::sigtimedwait(&signals, ptr::null_mut(), &at_once) } > 0 {}
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn take_away(signals: impl Iterator<Item = c_int>) {
        for signal in signals {
            let mut taken = 0;
            while is_waiting(signal) {
                // SAFETY: the signal is blocked and waits, so this takes it and returns.
                unsafe { libc::sigwait(&set_of([signal]), &mut taken) };
            }
        }
    }

    #[cfg(not(target_os = "android"))]
    pub fn disable_cancellation() -> c_int {
        let mut before = 0;
        // SAFETY: touches nothing but the calling thread's state.
        unsafe { cancel::pthread_setcancelstate(cancel::DISABLED, &mut before) };
        before
    }

    #[cfg(not(target_os = "android"))]
    pub fn set_cancellation(state: c_int) {
        let mut before = 0;
        // SAFETY: as above, with the state that this thread had.
        unsafe { cancel::pthread_setcancelstate(state, &mut before) };
    }

    #[cfg(target_os = "android")]
    pub fn disable_cancellation() -> c_int {
        0
    }

    #[cfg(target_os = "android")]
    pub fn set_cancellation(_: c_int) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static RUNS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count(_: libc::c_int) {
        RUNS.fetch_add(1, Ordering::SeqCst);
    }

    fn raise(signal: libc::c_int) {
        // SAFETY: the signal goes to this thread, where it is blocked or has the handler above.
        unsafe { libc::pthread_kill(libc::pthread_self(), signal) };
    }

    /// One test, as a handler belongs to the process.
    #[test]
    fn what_we_raise_never_arrives_and_what_the_host_held_back_stays_with_it() {
        // SAFETY: a handler of one atomic addition, for signals that no other test uses.
        unsafe {
            libc::signal(libc::SIGXFSZ, count as *const () as libc::sighandler_t);
            libc::signal(libc::SIGUSR2, count as *const () as libc::sighandler_t);
        }
        for guard in [Undisturbed::by_ourselves, Undisturbed::by_handlers] {
            let outer = guard();
            let inner = guard();
            raise(libc::SIGXFSZ);
            drop(inner);
            raise(libc::SIGXFSZ);
            drop(outer);
        }
        assert_eq!(RUNS.load(Ordering::SeqCst), 0);
        let guard = Undisturbed::by_ourselves();
        raise(libc::SIGUSR2);
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
        drop(guard);
        let guard = Undisturbed::by_handlers();
        raise(libc::SIGUSR2);
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
        drop(guard);
        assert_eq!(RUNS.load(Ordering::SeqCst), 2);
        // The host's own, blocked and waiting before.
        let host = unix::ours();
        // SAFETY: a valid set; the mask is put back below.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &host, std::ptr::null_mut()) };
        raise(libc::SIGXFSZ);
        drop(Undisturbed::by_ourselves());
        assert_eq!(RUNS.load(Ordering::SeqCst), 2);
        // SAFETY: as above.
        unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &host, std::ptr::null_mut()) };
        assert_eq!(RUNS.load(Ordering::SeqCst), 3);
    }
}
