//! Buffers that a thread uses again and again, so that a log call allocates nothing.

use std::cell::Cell;

/// A buffer that grew beyond this for one large record is not kept.
const KEEP_BYTES: usize = 64 * 1024;

/// Enough for most lines, so that a new thread's first calls do not grow a buffer step by step.
const FIRST_BYTES: usize = 1024;

thread_local! {
    // Two, because building a line needs one for the line and one for a value that is rewritten. One
    // without capacity is lent, or was never made.
    static BUFFERS: [Cell<Vec<u8>>; 2] = const { [Cell::new(Vec::new()), Cell::new(Vec::new())] };
}

/// Lends an empty buffer for the length of a call. Calls may nest; the innermost ones allocate.
#[inline(always)]
pub fn with<R>(body: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut buffer = BUFFERS.try_with(|buffers| buffers[0].take()).unwrap_or_default();
    if buffer.capacity() == 0 {
        buffer = another();
    }
    buffer.clear();
    let result = body(&mut buffer);
    give_back(buffer);
    result
}

/// The second buffer, or a new one.
#[inline(never)]
fn another() -> Vec<u8> {
    let mut buffer = BUFFERS.try_with(|buffers| buffers[1].take()).unwrap_or_default();
    buffer.clear();
    buffer.reserve(FIRST_BYTES);
    buffer
}

#[inline]
fn give_back(buffer: Vec<u8>) {
    if buffer.capacity() > KEEP_BYTES {
        return;
    }
    let _ = BUFFERS.try_with(|buffers| {
        let former = buffers[0].replace(buffer);
        if former.capacity() > 0 {
            buffers[1].set(former);
        }
    });
}
