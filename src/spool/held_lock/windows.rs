//! The lock file that says that a directory's owner lives: it is open, and nobody else can open it to write. The system
//! closes it when the process is gone, however it went. No process is forked, and no child inherits it.

use super::secure_fs::{At, OwnDescriptor};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Nothing has to be known of locks that no child has.
pub(super) struct Locks;

impl Locks {
    pub fn new() -> Locks {
        Locks
    }

    pub fn close_inherited(&self) {}
}

/// A lock file that this process holds.
pub(super) struct HeldLock {
    pub file: OwnDescriptor,
    pub locks: Arc<Locks>,
}

impl HeldLock {
    /// Holds what `open` opens; `WouldBlock` if somebody else holds it.
    pub fn take(locks: &Arc<Locks>, open: impl Fn() -> io::Result<File>) -> io::Result<HeldLock> {
        Ok(HeldLock { file: OwnDescriptor::new(open()?)?, locks: Arc::clone(locks) })
    }

    /// Removes the lock file, and holds it no more: an open file would keep its directory from being removed. Without a lock
    /// file the directory is nobody's orphan for a while.
    pub fn remove(&self, _: &At) {
        self.file.remove();
    }
}
