//! Threads that the host does not notice.
//!
//! Promises: a thread made here has every signal blocked from its first instruction, so a handler
//! of the host never runs on it (and a `SIGPIPE` raised on it never reaches the host); a thread
//! that can't be had is an error to return, never a panic.

use std::cell::Cell;
use std::ffi::c_void;
use std::io;
use std::panic::resume_unwind;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

use super::memory::{self, Patience};
use super::system::{self, SignalsBlocked};

thread_local! {
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread was made here, so that every signal stays blocked on it and nobody can cancel it.
#[cfg(unix)]
pub(super) fn is_ours() -> bool {
    IS_OURS.get()
}

/// Starts a thread called `name` (15 bytes are shown by the system) with all signals blocked.
pub fn spawn_masked<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    check_memory()?;
    let _blocked = SignalsBlocked::new();
    #[cfg(test)]
    let body = super::monotonic::inherited(body);
    let body = || {
        IS_OURS.set(true);
        Patience::ENDLESS.set_here();
        body()
    };
    Builder::new().name(name.to_owned()).spawn(body)
}

/// The same for a thread that ends within `scope`.
pub fn spawn_scoped_masked<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    body: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    check_memory()?;
    let _blocked = SignalsBlocked::new();
    #[cfg(test)]
    let body = super::monotonic::inherited(body);
    // A thread of the host's may wait for this one.
    let patience = Patience::of_this_thread();
    let body = move || {
        IS_OURS.set(true);
        patience.set_here();
        body()
    };
    Builder::new().name(name.to_owned()).spawn_scoped(scope, body)
}

/// Runs `work` on a thread of its own and waits for it: for what needs more of the stack than a thread of the
/// host's may have. `None`: no thread can be had.
pub fn try_on_own_stack<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = spawn_scoped_masked(scope, name, work).ok()?;
        Some(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// As [`try_on_own_stack`], for what must be done, as TLS. Where no thread can be had, this one does it on a stack that is
/// made for it, and on its own only if there is no memory for that.
pub fn on_own_stack<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> T {
    // Or what it needs of the stack would be the caller's to have.
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let mut work = Some(work);
    let mut run = || work.take().map(apart);
    let done =
        try_on_own_stack(name, &mut run).unwrap_or_else(|| match memory::can_map(2 * OWN_STACK_BYTES) {
            true => stacker::grow(OWN_STACK_BYTES, run),
            false => run(),
        });
    done.expect("work is done once")
}

/// For what is not done on a thread. The most that is known to be needed is 55 KiB (`maxim_logger_new`).
const OWN_STACK_BYTES: usize = 512 << 10;

/// Refuses a thread that would have a stack and nothing else: the C library and the standard library end the process where
/// they have no memory for a thread's first needs, and several such threads would wait for each other's.
fn check_memory() -> io::Result<()> {
    let has_some = memory::system_has(FIRST_NEEDS) && memory::can_map(BARE_STACK_BYTES + THREAD_BYTES);
    if has_some { Ok(()) } else { Err(io::Error::from(io::ErrorKind::OutOfMemory)) }
}

/// Starts a thread with all signals blocked that `body` may leave as C code does, by `pthread_exit` too: the
/// standard library's threads end the process over that. Nobody waits for it.
pub(crate) fn spawn_bare(
    body: extern "C-unwind" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> io::Result<()> {
    check_memory()?;
    let _blocked = SignalsBlocked::new();
    system::start_thread(body, argument, BARE_STACK_BYTES)
}

/// The standard library's for its threads.
const BARE_STACK_BYTES: usize = 2 << 20;
/// What a thread needs before it begins, and beside its stack.
const FIRST_NEEDS: usize = 64 << 10;
const THREAD_BYTES: usize = 1 << 20;

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn is_blocked(signal: libc::c_int) -> bool {
        // SAFETY: with no new set, the call only fills `mask`.
        unsafe {
            let mut mask = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &mut mask);
            libc::sigismember(&mask, signal) == 1
        }
    }

    #[test]
    fn a_thread_of_ours_blocks_the_signals_and_its_maker_keeps_its_own_mask() {
        let signals = [libc::SIGTERM, libc::SIGINT, libc::SIGPIPE, libc::SIGUSR1, libc::SIGPROF];
        let before = signals.map(is_blocked);
        let within = spawn_masked("masked", move || signals.map(is_blocked)).unwrap().join().unwrap();
        assert_eq!(within, [true; 5]);
        let within = std::thread::scope(|scope| {
            spawn_scoped_masked(scope, "scoped", || signals.map(is_blocked)).unwrap().join().unwrap()
        });
        assert_eq!(within, [true; 5]);
        assert_eq!(signals.map(is_blocked), before);
    }

    #[test]
    fn only_a_thread_made_here_is_known_as_ours() {
        assert!(spawn_masked("masked", is_ours).unwrap().join().unwrap());
        assert!(try_on_own_stack("scoped", is_ours).unwrap());
        assert!(!std::thread::spawn(is_ours).join().unwrap());
    }
}
