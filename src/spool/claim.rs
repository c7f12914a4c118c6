//! Who owns a directory of segments: one directory per logger instance, held by a lock file.
//!
//! The system gives the lock back when its holder is gone, however it went (`held_lock`). A directory appears under
//! its name only when its lock is held already, so nobody can take it for an orphan in between.

use super::file_facts::Inode;
use super::held_lock::{HeldLock, Locks};
use super::secure_fs::{At, MOVES_WHAT_IS_OPEN};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub(super) const LOCK: &str = "lock";
/// Before the name of a directory that is still being made.
pub(super) const UNFINISHED: &str = ".new-";
/// A directory without a lock file is an orphan when nothing has changed in it for this long. Its
/// owner, if there is one, puts the lock file back every minute.
const GRACE: Duration = Duration::from_secs(300);
/// A directory that this instance alone may read, write and remove.
pub(super) struct Claim {
    directory: At,
    inode: Inode,
    lock: HeldLock,
}

impl Claim {
    /// Makes the directory `name` in `root`, locked from the first moment on.
    pub fn create(root: &At, name: &str, locks: &Arc<Locks>) -> io::Result<Claim> {
        // Elsewhere a lock file is locked from the moment on when it is there, and a directory without one is nobody's orphan
        // before a while has passed.
        let making =
            if MOVES_WHAT_IS_OPEN { root.join(format!("{UNFINISHED}{name}")) } else { root.join(name) };
        // Another instance may remove the empty root between our making it and our using it.
        for attempt in 0.. {
            root.private_directory()?;
            match making.make_directory() {
                Ok(()) => break,
                Err(error) if attempt < 8 && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let made = Claim::fill(&making, root.join(name), locks);
        if made.is_err() {
            let _ = making.join(LOCK).remove_file();
            let _ = making.remove_directory();
        }
        made
    }

    fn fill(making: &At, directory: At, locks: &Arc<Locks>) -> io::Result<Claim> {
        let name = making.join(LOCK);
        let lock = HeldLock::take(locks, || made_or_there(&name))?;
        if MOVES_WHAT_IS_OPEN {
            making.rename(&directory)?;
        }
        let inode = directory.look()?.inode;
        Ok(Claim { directory, inode, lock })
    }

    /// Takes the directory of a dead owner; `None` when its owner lives or somebody else was faster.
    pub fn seize(directory: At, locks: &Arc<Locks>) -> io::Result<Option<Claim>> {
        let inode = match directory.look() {
            Ok(found) if directory.is_private() => found.inode,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(None),
        };
        let name = directory.join(LOCK);
        let lock = HeldLock::take(locks, || match name.open_lock() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            // Where the system's clock is late, nothing looks old to it.
            Err(_) if directory.looks_older(GRACE) || directory.is_seen_older(GRACE) => name.create_lock(),
            Err(_) => Err(io::Error::from(io::ErrorKind::WouldBlock)),
            opened => opened,
        });
        let lock = match lock {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        let claim = Claim { directory, inode, lock };
        Ok(claim.is_intact().then_some(claim))
    }

    pub fn directory(&self) -> &At {
        &self.directory
    }

    /// Writes a note into the lock file, over the one before; without effect where that fails.
    pub fn note(&self, text: &[u8]) {
        let _ = self.lock.file.write_at_start(text);
    }

    /// Whether the directory and its lock file are known to be those that were claimed.
    pub fn is_intact(&self) -> bool {
        let is_same = |at: &At, inode| at.look().is_ok_and(|found| found.inode == inode);
        is_same(&self.directory, self.inode) && is_same(&self.directory.join(LOCK), self.lock.file.inode)
    }

    /// Whether the directory is known to be gone, with or without its lock file. What cannot be told is
    /// still ours: whoever gives a lock up gives all its records away.
    pub fn is_lost(&self) -> bool {
        self.directory.is_no_more(self.inode)
    }

    /// Whether the lock is held: the host may have closed its descriptor.
    pub fn is_held(&self) -> bool {
        self.lock.file.is_open()
    }

    /// Puts the lock file back if somebody has removed it from under us, and locks it again if the host has closed
    /// its descriptor. Gives whether the directory is still ours: not if somebody else was faster.
    pub fn renew(&mut self) -> bool {
        let name = self.directory.join(LOCK);
        if self.is_held() && !name.is_no_more(self.lock.file.inode) {
            return true;
        }
        if !self.is_held() {
            // The same file may come under the same number, and is not to be closed with this one.
            self.lock.file.forget();
        }
        match HeldLock::take(&self.lock.locks, || made_or_there(&name)) {
            Ok(lock) => {
                self.lock = lock;
                true
            }
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    /// Gives the directory up, and removes it when there is nothing in it. The lock is given back
    /// last: whoever waited for it finds the directory gone. Says whether it is.
    pub fn release(self) -> bool {
        let is_lock_alone =
            self.directory.entries().is_ok_and(|entries| entries.iter().all(|entry| entry.name() == LOCK));
        if self.is_intact() && is_lock_alone {
            self.lock.remove(&self.directory.join(LOCK));
            let _ = self.directory.remove_directory();
            // Succeeds only for the last instance of this identity.
            let _ = self.directory.parent().remove_directory();
        }
        self.is_lost()
    }
}

/// The lock file of a directory of our own.
fn made_or_there(name: &At) -> io::Result<File> {
    name.create_lock().or_else(|_| name.open_lock())
}
