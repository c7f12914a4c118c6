//! The one way from C into the library: a panic becomes a status, a refusal sets the last error.
//!
//! Every export's body is one call of [`boundary`], [`slow_boundary`] (files, threads, the network), [`roomy_boundary`]
//! (what is large besides) or [`boundary_or`] (no status); `tests/boundary.rs` proves it.

use std::alloc::{Layout, alloc_zeroed};
use std::cell::Cell;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::types::maxim_status;
use crate::process::{NoMemory, Undisturbed, can_map, on_own_stack, system_has, without_waiting};
use crate::status::{Error, Result, Status};
use crate::sync::beginning_here;

/// Runs the body of an export that answers with a status.
#[inline]
pub(super) fn boundary(body: impl FnOnce() -> Result<()>) -> maxim_status {
    match catch_unwind(AssertUnwindSafe(|| {
        test_panic();
        body()
    })) {
        Ok(Ok(())) => Status::Ok as maxim_status,
        Ok(Err(error)) => refuse(&error),
        Err(payload) => caught(payload),
    }
}

/// As [`boundary`], for an export that works with files, threads or the network on the caller's thread: of
/// that the thread hears nothing ([`Undisturbed`]).
#[inline(always)]
pub(super) fn slow_boundary(body: impl FnOnce() -> Result<()>) -> maxim_status {
    BEGINNING.set(beginning_here());
    undisturbed(body)
}

#[inline(never)]
fn undisturbed(body: impl FnOnce() -> Result<()>) -> maxim_status {
    let _undisturbed = Undisturbed::by_ourselves();
    boundary(body)
}

/// Where on the stack the export of a [`slow_boundary`] has begun that this thread is in. A log call of the thread that is
/// gone (a signal handler jumped out of it) was further in, so what it held can be given back.
pub(super) fn beginning() -> usize {
    BEGINNING.get()
}

/// As [`slow_boundary`], for an export that makes something large: on a stack of its own, as the caller may
/// have little. `clear` is done first, whatever comes of the rest.
pub(super) fn roomy_boundary(
    clear: impl FnOnce() -> Result<()>,
    body: impl FnOnce() -> Result<()>,
) -> maxim_status {
    struct Moved<F>(F);
    // SAFETY: the caller waits until the body has run, so that what it was given stays as it is and nobody else
    // looks at it; nothing in it belongs to one thread.
    unsafe impl<F> Send for Moved<F> {}
    impl<F: FnOnce() -> Result<()>> Moved<F> {
        fn run(self) -> Result<()> {
            (self.0)()
        }
    }
    let body = Moved(body);
    slow_boundary(move || {
        clear()?;
        check_memory()?;
        on_own_stack("maxim-new", move || body.run())
    })
}

/// What is made on a stack of its own takes less: two stacks, two segments and the certificates of authorities.
const ROOMY_BYTES: usize = 8 << 20;

/// Refuses before anything is begun for which there is no memory. Asks the system, as an allocator may have some left
/// for this thread only.
fn check_memory() -> Result<()> {
    if can_map(ROOMY_BYTES) { Ok(()) } else { Err(Error::new(Status::NoResources, NO_MEMORY)) }
}

const NO_MEMORY: &str = "there is not enough memory or address space";

/// Runs the body of an export that answers with something else; `fallback` is its answer to a
/// refusal or a panic.
#[inline]
pub(super) fn boundary_or<T>(fallback: T, body: impl FnOnce() -> Result<T>) -> T {
    match catch_unwind(AssertUnwindSafe(|| {
        test_panic();
        body()
    })) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => {
            refuse(&error);
            fallback
        }
        Err(payload) => {
            caught(payload);
            fallback
        }
    }
}

#[cold]
fn refuse(error: &Error) -> maxim_status {
    set_last_error(&error.detail);
    error.status as maxim_status
}

#[cold]
fn caught(payload: Box<dyn std::any::Any + Send>) -> maxim_status {
    if payload.is::<NoMemory>() {
        return refuse(&Error::new(Status::NoResources, NO_MEMORY));
    }
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    set_last_error(&format!("a bug in libmaxim was caught at its boundary, please report it: {message}"));
    // Dropping a foreign payload could panic again.
    std::mem::forget(payload);
    Status::Panic as maxim_status
}

/// Room for a detail and its NUL; longer ones are cut at a character.
const LAST_ERROR_BYTES: usize = 1024;

/// Where a thread's last detail stands, with its NUL.
type Detail = [u8; LAST_ERROR_BYTES];

thread_local! {
    // Constant and without a destructor: usable at any time in a thread's life, even while the thread is being torn down. And
    // small: a host that is loaded late, with code whose variables of a thread have fixed places (Go's runtime), finds little
    // room for those of the whole of it (docs/decisions/last-error.md).
    static LAST_ERROR: Cell<*mut Detail> = const { Cell::new(ptr::null_mut()) };
    /// Ends with the thread.
    static DETAIL_OWNER: DetailOwner = const { DetailOwner };
    /// There was no memory for a detail.
    static IS_UNTOLD: Cell<bool> = const { Cell::new(false) };
    static BEGINNING: Cell<usize> = const { Cell::new(0) };
    static PANIC_NEXT: Cell<bool> = const { Cell::new(false) };
}

/// Frees the thread's detail. One that is made afterwards, by a destructor that comes later, is not freed.
struct DetailOwner;

impl Drop for DetailOwner {
    fn drop(&mut self) {
        let detail = LAST_ERROR.replace(ptr::null_mut());
        if !detail.is_null() {
            // SAFETY: it comes from `detail_of_thread`, and only this thread reaches it.
            drop(unsafe { Box::from_raw(detail) });
        }
    }
}

/// The thread's place for a detail, made for the first one; null where there is no memory for it.
fn detail_of_thread() -> *mut Detail {
    // The C library ends a process that it cannot note a destructor in.
    if LAST_ERROR.get().is_null() && system_has(2 * LAST_ERROR_BYTES) {
        // SAFETY: the layout has a size, and all zeros is a valid detail.
        LAST_ERROR.set(without_waiting(|| unsafe { alloc_zeroed(Layout::new::<Detail>()) }).cast());
        let _ = DETAIL_OWNER.try_with(|_| ());
    }
    LAST_ERROR.get()
}

fn set_last_error(detail: &str) {
    let longest = detail.len().min(LAST_ERROR_BYTES - 1);
    let end = (0..=longest).rev().find(|&end| detail.is_char_boundary(end)).unwrap_or(0);
    // SAFETY: only this thread reaches its detail, and no reference to it is held elsewhere;
    // C has only the pointer, and is told that the next failure overwrites the text.
    let Some(buffer) = (unsafe { detail_of_thread().as_mut() }) else {
        IS_UNTOLD.set(true);
        return;
    };
    for (to, from) in buffer.iter_mut().zip(&detail.as_bytes()[..end]) {
        // A NUL inside the detail would hide what follows it.
        *to = if *from == 0 { b' ' } else { *from };
    }
    buffer[end] = 0;
}

/// The detail of the last refusal on this thread; empty when there was none.
pub(super) fn last_error() -> *const c_char {
    match LAST_ERROR.get() {
        detail if !detail.is_null() => detail.cast::<c_char>().cast_const(),
        _ if IS_UNTOLD.get() => c"there is not enough memory for the detail".as_ptr(),
        _ => c"".as_ptr(),
    }
}

/// Makes the next export called on this thread panic inside the boundary.
#[cfg(feature = "test-hooks")]
pub(super) fn panic_next() {
    PANIC_NEXT.set(true);
}

#[inline]
fn test_panic() {
    if cfg!(feature = "test-hooks") && PANIC_NEXT.replace(false) {
        panic!("asked for by a test");
    }
}
