//! Buffers that a thread uses again and again, so that a log call allocates nothing.

use super::buffer::Buffer;
use crate::process::Undisturbed;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// A buffer that grew beyond this for one large record is not kept.
const KEEP_BYTES: usize = 64 * 1024;

/// Enough for most lines, so that a new thread's first calls do not grow a buffer step by step.
const FIRST_BYTES: usize = 1024;

thread_local! {
    // Behind pointers, so that lending and giving back move one word.
    // Two, because building a line needs one for the line and one for a value that is rewritten.
    static BUFFERS: [Cell<Option<Box<Buffer>>>; 2] = const { [Cell::new(None), Cell::new(None)] };
}

/// An empty buffer on loan, for the length of a call. `None` only while it is given back.
pub struct Lent(Option<Box<Buffer>>);

const LENT: &str = "a buffer that is lent is there";

/// Lends a buffer. Calls may nest; the innermost ones allocate.
#[inline(always)]
pub fn lend() -> Lent {
    let mut buffer = match BUFFERS.try_with(|buffers| buffers[0].take()) {
        Ok(Some(buffer)) => buffer,
        _ => another(),
    };
    buffer.clear();
    Lent(Some(buffer))
}

/// The second buffer, or a new one.
#[inline(never)]
fn another() -> Box<Buffer> {
    let second = BUFFERS.try_with(|buffers| buffers[1].take());
    second.ok().flatten().unwrap_or_else(|| {
        // A handler of the host's may jump out of a log call, with the buffer that was lent: the next call is here. If it
        // jumped out of here, the allocator's lock would go with it.
        let _undisturbed = Undisturbed::by_handlers();
        Box::new(Buffer::with_room(FIRST_BYTES))
    })
}

/// Frees a buffer, as undisturbed as it was made.
#[cold]
#[inline(never)]
fn discard(buffer: Box<Buffer>) {
    let _undisturbed = Undisturbed::by_handlers();
    drop(buffer);
}

impl Deref for Lent {
    type Target = Buffer;

    #[inline(always)]
    fn deref(&self) -> &Buffer {
        self.0.as_ref().expect(LENT)
    }
}

impl DerefMut for Lent {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Buffer {
        self.0.as_mut().expect(LENT)
    }
}

impl Lent {
    /// Gives the buffer back. So does going out of scope, but that is not done in line, and a call that has
    /// succeeded should not pay for it.
    #[inline(always)]
    pub fn give_back(mut self) {
        keep(self.0.take());
        std::mem::forget(self);
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        keep(self.0.take());
    }
}

#[inline(always)]
fn keep(buffer: Option<Box<Buffer>>) {
    let Some(buffer) = buffer else { return };
    if buffer.capacity() > KEEP_BYTES {
        discard(buffer);
        return;
    }
    let mut kept = Some(buffer);
    match BUFFERS.try_with(|buffers| buffers[0].replace(kept.take())) {
        Ok(None) => {}
        Ok(Some(former)) => put_aside(former),
        // The thread is ending.
        Err(_) => kept.take().into_iter().for_each(discard),
    }
    // It is empty: without this, freeing it would stand here in line, and keep this from standing in line itself.
    std::mem::forget(kept);
}

/// Keeps a second buffer.
#[cold]
#[inline(never)]
fn put_aside(buffer: Box<Buffer>) {
    if let Ok(Some(third)) = BUFFERS.try_with(|buffers| buffers[1].replace(Some(buffer))) {
        discard(third);
    }
}
