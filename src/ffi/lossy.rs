//! Lossy calls: a call refused for one of its values is made again, with values changed instead of refused.
//!
//! What a value becomes is said in [`crate::text::lossy`]. Here is who asks for it (loggers and clients made
//! with `lossy`), and where changed arguments live until the call has ended.

use std::cell::RefCell;

use crate::status::{Error, Result, Status};
use crate::text::lossy;

thread_local! {
    /// The changed arguments of the lossy call that is running on this thread.
    static KEPT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Makes a call; when it is refused for a value and the logger is lossy, makes it again as a lossy one.
///
/// The first refusal is the answer if the second call is refused too: it is about what the caller gave.
#[inline(always)]
pub(super) fn or_again<R>(is_lossy: bool, mut call: impl FnMut() -> Result<R>) -> Result<R> {
    match call() {
        Err(refusal) if is_lossy => again(refusal, call),
        result => result,
    }
}

#[cold]
#[inline(never)]
fn again<R>(refusal: Error, call: impl FnMut() -> Result<R>) -> Result<R> {
    let is_about_a_value = matches!(
        refusal.status,
        Status::InvalidArgument | Status::InvalidUtf8 | Status::InvalidJson | Status::InvalidId
    );
    if !is_about_a_value || lossy::active() {
        return Err(refusal);
    }
    let result = lossy::run(call);
    KEPT.with_borrow_mut(Vec::clear);
    result.map_err(|_| refusal)
}

/// Keeps a changed argument until the lossy call has ended.
pub(super) fn keep<'a>(text: String) -> &'a str {
    debug_assert!(lossy::active());
    KEPT.with_borrow_mut(|kept| {
        kept.push(text);
        let text: *const str = kept[kept.len() - 1].as_str();
        // SAFETY: the text's bytes do not move when the list grows, nobody changes them, and they are freed
        // when `again` has returned from the call, which no argument outlives.
        unsafe { &*text }
    })
}
