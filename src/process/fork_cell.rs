//! A value that a forked child makes anew: it holds what belongs to one process only (threads,
//! locks, mapped segments, sockets).
//!
//! The child takes no lock of what it inherited, because it may be held by a thread that the child does not have, and
//! closes its copies of the files' locks; otherwise the inherited value is leaked, once per fork and cell.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::{Undisturbed, fork};

struct OfProcess<T> {
    epoch: u64,
    value: T,
}

/// One value per process of a fork tree.
pub struct ForkCell<T> {
    current: AtomicPtr<OfProcess<T>>,
}

impl<T: Send + Sync> ForkCell<T> {
    /// A cell with this process's value.
    pub fn new(value: T) -> ForkCell<T> {
        ForkCell { current: AtomicPtr::new(own(value)) }
    }

    /// This process's value. In a child's first call `renew` makes it, from the inherited one, of
    /// which it may use only what no lock guards.
    #[inline]
    pub fn get(&self, renew: impl FnOnce(&T) -> T) -> &T {
        // SAFETY: `current` always comes from `own`, and what it points to is freed only in `drop`.
        let owned = unsafe { &*self.current.load(Ordering::Acquire) };
        if owned.epoch == fork::epoch() { &owned.value } else { self.renewed(owned, renew) }
    }

    #[cold]
    fn renewed<'a>(&'a self, inherited: &'a OfProcess<T>, renew: impl FnOnce(&T) -> T) -> &'a T {
        // The child's first call may be a log call, and makes directories and files here.
        let _undisturbed = Undisturbed::by_ourselves();
        let fresh = own(renew(&inherited.value));
        let expected = ptr::from_ref(inherited).cast_mut();
        match self.current.compare_exchange(expected, fresh, Ordering::AcqRel, Ordering::Acquire) {
            // The inherited value is leaked on purpose.
            // SAFETY: as in `get`.
            Ok(_) => unsafe { &(*fresh).value },
            Err(other) => {
                // SAFETY: `fresh` was never shared; `other` is the value of a sibling thread.
                unsafe {
                    drop(Box::from_raw(fresh));
                    &(*other).value
                }
            }
        }
    }
}

fn own<T>(value: T) -> *mut OfProcess<T> {
    Box::into_raw(Box::new(OfProcess { epoch: fork::epoch(), value }))
}

impl<T> Drop for ForkCell<T> {
    fn drop(&mut self) {
        let owned = *self.current.get_mut();
        // SAFETY: nobody else can reach the cell any more, and `owned` comes from `own`.
        unsafe {
            // An inherited value is not ours to take down.
            if (*owned).epoch == fork::epoch() {
                drop(Box::from_raw(owned));
            }
        }
    }
}
