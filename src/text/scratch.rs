//! Buffers that a thread uses again and again, so that a log call allocates nothing.

use std::cell::RefCell;

/// A buffer that grew beyond this for one large record is not kept.
const KEEP_BYTES: usize = 64 * 1024;

/// Enough for most lines, so that a new thread's first calls do not grow a buffer step by step.
const FIRST_BYTES: usize = 1024;

thread_local! {
    // Two, because building a line needs one for the line and one for a value that is rewritten.
    static BUFFERS: [RefCell<Vec<u8>>; 2] = const { [RefCell::new(Vec::new()), RefCell::new(Vec::new())] };
}

/// Lends an empty buffer for the length of a call. Calls may nest; the innermost ones allocate.
#[inline]
pub fn with<R>(body: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut body = Some(body);
    let lent = BUFFERS.try_with(|buffers| {
        let mut buffer = buffers.iter().find_map(|buffer| buffer.try_borrow_mut().ok())?;
        let body = body.take()?;
        buffer.clear();
        buffer.reserve(FIRST_BYTES);
        let result = body(&mut buffer);
        if buffer.capacity() > KEEP_BYTES {
            *buffer = Vec::new();
        }
        Some(result)
    });
    match (lent, body) {
        (Ok(Some(result)), _) => result,
        (_, Some(body)) => body(&mut Vec::with_capacity(FIRST_BYTES)),
        // `body` is taken only on the way to a result.
        (_, None) => unreachable!("a buffer was lent without a result"),
    }
}
