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
/// The first refusal is the answer if the second call is refused too: it is about what the caller gave. `refused` is
/// told of it. The call stands here once, so that it is compiled in line.
#[inline(always)]
pub(super) fn or_again<R>(
    is_lossy: impl Fn() -> bool,
    refused: impl Fn(&Error),
    mut call: impl FnMut() -> Result<R>,
) -> Result<R> {
    let mut second = None;
    loop {
        match call() {
            Ok(value) => return Ok(value),
            Err(refusal) => second = Some(Second::after(second, refusal, &is_lossy, &refused)?),
        }
    }
}

/// The second call, with what the first one was refused for.
struct Second {
    refusal: Option<Error>,
    _lossy: lossy::Lossy,
}

impl Second {
    /// The call to be made after a refusal; the refusal, if there is none to be made.
    #[cold]
    #[inline(never)]
    fn after(
        second: Option<Second>,
        refusal: Error,
        is_lossy: &impl Fn() -> bool,
        refused: &impl Fn(&Error),
    ) -> Result<Second> {
        if let Some(first) = second.and_then(|mut second| second.refusal.take()) {
            refused(&first);
            return Err(first);
        }
        let is_about_a_value = matches!(
            refusal.status,
            Status::InvalidArgument | Status::InvalidUtf8 | Status::InvalidJson | Status::InvalidId
        );
        if !is_about_a_value || lossy::active() || !is_lossy() {
            refused(&refusal);
            return Err(refusal);
        }
        Ok(Second { refusal: Some(refusal), _lossy: lossy::Lossy::enter() })
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        KEPT.with_borrow_mut(Vec::clear);
    }
}

/// Keeps a changed argument until the lossy call has ended.
pub(super) fn keep<'a>(text: String) -> &'a str {
    debug_assert!(lossy::active());
    KEPT.with_borrow_mut(|kept| {
        kept.push(text);
        let text: *const str = kept[kept.len() - 1].as_str();
        // SAFETY: the text's bytes do not move when the list grows, nobody changes them, and they are freed
        // when the second call has ended, which no argument outlives.
        unsafe { &*text }
    })
}
