//! The one way from C into the library: a panic becomes a status, a refusal sets the last error.
//!
//! Every export's body is one call of [`boundary`], [`slow_boundary`] or [`boundary_or`]; `tests/boundary.rs` proves it.

use std::cell::{Cell, UnsafeCell};
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::types::maxim_status;
use crate::process::{NoMemory, Undisturbed, can_map, on_own_stack};
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

thread_local! {
    // Constant and without a destructor: usable at any time in a thread's life, even while the
    // thread is being torn down.
    static LAST_ERROR: UnsafeCell<[u8; LAST_ERROR_BYTES]> = const { UnsafeCell::new([0; LAST_ERROR_BYTES]) };
    static BEGINNING: Cell<usize> = const { Cell::new(0) };
    static PANIC_NEXT: Cell<bool> = const { Cell::new(false) };
}

fn set_last_error(detail: &str) {
    let longest = detail.len().min(LAST_ERROR_BYTES - 1);
    let end = (0..=longest).rev().find(|&end| detail.is_char_boundary(end)).unwrap_or(0);
    LAST_ERROR.with(|buffer| {
        // SAFETY: only this thread reaches its buffer, and no reference to it is held elsewhere;
        // C has only the pointer, and is told that the next failure overwrites the text.
        let buffer = unsafe { &mut *buffer.get() };
        for (to, from) in buffer.iter_mut().zip(&detail.as_bytes()[..end]) {
            // A NUL inside the detail would hide what follows it.
            *to = if *from == 0 { b' ' } else { *from };
        }
        buffer[end] = 0;
    });
}

/// The detail of the last refusal on this thread; empty when there was none.
pub(super) fn last_error() -> *const c_char {
    LAST_ERROR.with(|buffer| buffer.get().cast::<c_char>().cast_const())
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
