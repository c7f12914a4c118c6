//! The locks and atomics that the spool is made of, in one place, so that `tests/models` can put a model
//! checker's in theirs and run the spool's own code through every interleaving.

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
pub(crate) use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};
