//! A locked value, as ThreadSanitizer sees it (feature `thread-sanitizer`, set by `scripts/sanitize.sh`).
//!
//! The standard library comes compiled, without the sanitizer in it. Of a lock that a thread had to wait for,
//! the sanitizer sees nothing, and so takes what two threads did one after the other for a race. With the
//! feature each lock has an atomic that is stored before the lock is given back and loaded after it was
//! taken: that orders for the sanitizer what the lock orders for the processor, and no more. Without it there
//! is a value and nothing else.

use std::ops::{Deref, DerefMut};

#[cfg(feature = "thread-sanitizer")]
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug, Default)]
pub(super) struct Instrumented<T> {
    value: T,
    #[cfg(feature = "thread-sanitizer")]
    order: AtomicBool,
}

impl<T> Instrumented<T> {
    pub const fn new(value: T) -> Instrumented<T> {
        Instrumented {
            value,
            #[cfg(feature = "thread-sanitizer")]
            order: AtomicBool::new(false),
        }
    }

    /// To be called by the new holder.
    #[inline(always)]
    pub fn taken(&self) {
        #[cfg(feature = "thread-sanitizer")]
        self.order.load(Ordering::Acquire);
    }

    /// To be called by the holder before it is none any more.
    #[inline(always)]
    pub fn given_back(&self) {
        #[cfg(feature = "thread-sanitizer")]
        self.order.store(true, Ordering::Release);
    }
}

impl<T> Deref for Instrumented<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Instrumented<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}
