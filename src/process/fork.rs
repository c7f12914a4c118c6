//! The epoch of this process: a number that a fork changes.
//!
//! One mapped page holds it. The kernel hands a child that page zeroed (`MADV_WIPEONFORK`, Linux
//! 4.14), also after a raw `clone` that no library sees; a `pthread_atfork` handler stores the zero too, for
//! where it can't. Whoever reads zero takes the next number: [`LAST`] is ordinary memory, so a
//! child finds its parent's number there.
//!
//! Promises: two loads when nothing happened, no lock ever, callable from any thread at any time.
//! Siblings may have the same epoch (they share nothing that could be mistaken); a process
//! and its ancestors never do. `vfork` shares the parent's memory and is the parent to us.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

/// The cell that a fork zeroes; null until the first call.
static CELL: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
/// The highest number handed out in this line of descent.
static LAST: AtomicU64 = AtomicU64::new(0);
/// The number of the process in which the library was first called.
static FIRST: AtomicU64 = AtomicU64::new(0);
/// The cell when no page can be mapped; only the fork handler zeroes it.
static UNMAPPED_CELL: AtomicU64 = AtomicU64::new(0);
/// Whether the fork handlers are installed.
static HANDLER: AtomicBool = AtomicBool::new(false);
/// How many forks this process has begun, as far as the C library tells.
static FORKS_BEGUN: AtomicU64 = AtomicU64::new(0);
/// How many of those are over.
static FORKS_ENDED: AtomicU64 = AtomicU64::new(0);

/// The epoch of this process, never 0.
#[inline]
pub fn epoch() -> u64 {
    let cell = CELL.load(Ordering::Acquire);
    if !cell.is_null() {
        // SAFETY: a non-null CELL points to a cell that is never unmapped.
        let epoch = unsafe { &*cell }.load(Ordering::Relaxed);
        if epoch != 0 {
            return epoch;
        }
    }
    next_epoch()
}

/// The first call of a process, or of a child: takes a number above every ancestor's.
#[cold]
fn next_epoch() -> u64 {
    let mut cell = CELL.load(Ordering::Acquire);
    if cell.is_null() {
        install_fork_handler();
        let fresh = map_cell();
        match CELL.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => cell = fresh,
            Err(first) => {
                unmap_cell(fresh);
                cell = first;
            }
        }
    }
    // LAST moves before the cell: a fork between the two leaves the child a number above ours.
    let mine = LAST.fetch_add(1, Ordering::AcqRel) + 1;
    // SAFETY: CELL is not null here, and points to a cell that is never unmapped.
    let epoch = match unsafe { &*cell }.compare_exchange(0, mine, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => mine,
        Err(first) => first,
    };
    // Only the first process finds none here.
    let _ = FIRST.compare_exchange(0, epoch, Ordering::AcqRel, Ordering::Acquire);
    epoch
}

/// Whether this process was forked from one that had called the library before.
pub fn is_forked() -> bool {
    let epoch = epoch();
    // 0 while another thread makes the first call: there was none before it.
    let first = FIRST.load(Ordering::Acquire);
    first != 0 && first != epoch
}

/// How many forks have begun so far, or `None` while another thread is forking. If it is the same before and after
/// something, no child has been made in between.
pub fn forks() -> Option<u64> {
    epoch();
    let ended = FORKS_ENDED.load(Ordering::SeqCst);
    let begun = FORKS_BEGUN.load(Ordering::SeqCst);
    (begun == ended).then_some(begun)
}

/// Registers what runs around a fork, once. The library is never unloaded (`-z nodelete`), so the
/// handlers stay valid.
fn install_fork_handler() {
    if !HANDLER.swap(true, Ordering::AcqRel) {
        // SAFETY: the handlers are async-signal-safe and outlive the process's use of them. Failure
        // (no memory) leaves the page to do the work, and forks uncounted.
        unsafe { libc::pthread_atfork(Some(begin_fork), Some(end_fork), Some(forget_epoch)) };
    }
}

extern "C" fn begin_fork() {
    FORKS_BEGUN.fetch_add(1, Ordering::SeqCst);
}

/// In the parent, also of a fork that failed.
extern "C" fn end_fork() {
    FORKS_ENDED.fetch_add(1, Ordering::SeqCst);
}

/// Runs in a child of `fork`: stores, of which a wiped page doesn't need the last.
extern "C" fn forget_epoch() {
    // The parent's other threads, which may have been forking too, are not here.
    FORKS_ENDED.store(FORKS_BEGUN.load(Ordering::SeqCst), Ordering::SeqCst);
    let cell = CELL.load(Ordering::Relaxed);
    if !cell.is_null() {
        // SAFETY: a non-null CELL points to a cell that is never unmapped.
        unsafe { &*cell }.store(0, Ordering::Relaxed);
    }
}

/// The length of the mapping: the kernel rounds it up to a page.
const CELL_BYTES: usize = size_of::<AtomicU64>();

/// A zeroed page that a fork zeroes again, or [`UNMAPPED_CELL`].
fn map_cell() -> *mut AtomicU64 {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new anonymous mapping; no existing memory is touched.
    let page = unsafe { libc::mmap(ptr::null_mut(), CELL_BYTES, protection, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        return unmapped_cell();
    }
    #[cfg(target_os = "linux")]
    // SAFETY: the range is the mapping just made. Where the kernel refuses, the handler remains.
    unsafe {
        libc::madvise(page, CELL_BYTES, libc::MADV_WIPEONFORK)
    };
    page.cast()
}

fn unmapped_cell() -> *mut AtomicU64 {
    ptr::from_ref(&UNMAPPED_CELL).cast_mut()
}

/// Gives back a cell that lost the race to be the first.
fn unmap_cell(cell: *mut AtomicU64) {
    if cell != unmapped_cell() {
        // SAFETY: the cell comes from `map_cell` and was never published.
        unsafe { libc::munmap(cell.cast(), CELL_BYTES) };
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// What the child of `fork` saw, as its exit code: whether its epoch was above `parent`.
    fn child_moves_on(fork: impl Fn() -> libc::pid_t, parent: u64) -> bool {
        let child = fork();
        if child == 0 {
            let moved = epoch() > parent && epoch() == epoch() && is_forked();
            // SAFETY: leaves the child at once, without the test harness's exit handlers.
            unsafe { libc::_exit(if moved { 42 } else { 1 }) };
        }
        assert!(child > 0, "fork failed");
        let mut status = 0;
        // SAFETY: waits for the child made above; `status` outlives the call.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 42
    }

    #[test]
    fn a_process_keeps_its_epoch_on_every_thread() {
        let here = epoch();
        let there: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(epoch)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_ne!(here, 0);
        assert_eq!(there, vec![here; 4]);
        assert!(!is_forked());
    }

    #[test]
    fn a_forked_child_has_another_epoch() {
        let parent = epoch();
        // SAFETY: the child only reads atomics and leaves.
        assert!(child_moves_on(|| unsafe { libc::fork() }, parent));
        assert_eq!(epoch(), parent);
    }

    #[test]
    fn forks_are_counted_and_over_in_parent_and_child() {
        let counted = || loop {
            // Other tests fork too.
            if let Some(forks) = forks() {
                return forks;
            }
        };
        let before = counted();
        // SAFETY: the child only reads atomics and leaves.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: leaves the child at once, without the test harness's exit handlers.
            unsafe { libc::_exit(if forks().is_some_and(|forks| forks > before) { 42 } else { 1 }) };
        }
        assert!(child > 0 && counted() > before);
        let mut status = 0;
        // SAFETY: waits for the child made above; `status` outlives the call.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(libc::WEXITSTATUS(status), 42);
    }

    #[test]
    fn a_child_of_a_raw_clone_has_another_epoch() {
        let parent = epoch();
        let clone = || {
            // SAFETY: a clone without shared memory is a fork that runs no handlers; the child only
            // reads atomics and leaves.
            unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) as libc::pid_t }
        };
        assert!(child_moves_on(clone, parent));
        assert_eq!(epoch(), parent);
    }
}
