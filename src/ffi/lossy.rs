//! Lossy calls: those of loggers and clients made with `lossy`, in which values are changed instead of refused.
//!
//! What a value becomes is said in [`crate::text::lossy`]. Here is who asks for it, and where changed arguments live
//! until the call has ended.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use crate::text::lossy;

thread_local! {
    /// The changed arguments of the lossy calls that are running on this thread. Without a destructor, so that a call
    /// can be made while the thread ends: from `atexit`, or the destructor of a static object in C++. Nothing is leaked
    /// by that, because the list is given back when no call runs.
    static KEPT: ManuallyDrop<RefCell<Vec<String>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// A lossy call, as long as it runs.
pub(super) struct Call {
    _lossy: lossy::Lossy,
    /// How many changed arguments belong to the calls around it (a mask of the host's may log).
    kept_before: usize,
}

impl Call {
    /// Begins a call. One of a logger that is not lossy pays for two branches.
    #[inline(always)]
    pub(super) fn begin(is_lossy: bool, has_masks: impl FnOnce() -> bool) -> Option<Call> {
        if is_lossy { Some(Call::lossy(has_masks())) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn lossy(has_masks: bool) -> Call {
        Call { _lossy: lossy::Lossy::enter(has_masks), kept_before: KEPT.with(|kept| kept.borrow().len()) }
    }
}

impl Drop for Call {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        KEPT.with(|kept| {
            let mut kept = kept.borrow_mut();
            kept.truncate(self.kept_before);
            if kept.is_empty() && kept.capacity() > 0 {
                *kept = Vec::new();
            }
        });
    }
}

/// Keeps a changed argument until the lossy call has ended.
pub(super) fn keep<'a>(text: String) -> &'a str {
    debug_assert!(lossy::active());
    KEPT.with(|kept| {
        let mut kept = kept.borrow_mut();
        kept.push(text);
        let text: *const str = kept[kept.len() - 1].as_str();
        // SAFETY: the text's bytes do not move when the list grows, nobody changes them, and they are freed
        // when the call has ended, which no argument outlives.
        unsafe { &*text }
    })
}
