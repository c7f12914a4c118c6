//! Buffers that a thread uses again and again, so that a log call allocates nothing.

use std::cell::Cell;

/// A buffer that grew beyond this for one large record is not kept.
const KEEP_BYTES: usize = 64 * 1024;

/// Enough for most lines, so that a new thread's first calls do not grow a buffer step by step.
const FIRST_BYTES: usize = 1024;

thread_local! {
    // Two, because building a line needs one for the line and one for a value that is rewritten.
    static BUFFERS: [Cell<Vec<u8>>; 2] = const { [Cell::new(Vec::new()), Cell::new(Vec::new())] };
}

/// Lends an empty buffer for the length of a call. Calls may nest; the innermost ones allocate.
#[inline]
pub fn with<R>(body: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut buffer = BUFFERS
        .try_with(|buffers| {
            let first = buffers[0].take();
            if first.capacity() > 0 { first } else { buffers[1].take() }
        })
        .unwrap_or_default();
    buffer.clear();
    buffer.reserve(FIRST_BYTES);
    let result = body(&mut buffer);
    if buffer.capacity() <= KEEP_BYTES {
        let _ = BUFFERS.try_with(|buffers| {
            let first = buffers[0].take();
            if first.capacity() == 0 {
                buffers[0].set(buffer);
            } else {
                buffers[0].set(first);
                buffers[1].set(buffer);
            }
        });
    }
    result
}
