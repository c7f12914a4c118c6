//! Who owns a directory of segments: one directory per logger instance, held by a lock file.
//!
//! The lock is an flock: the kernel gives it back when the last process that holds the descriptor
//! is gone, however it went. A directory appears under its name only when its lock is held already,
//! so nobody can take it for an orphan in between.

use super::secure_fs::{self, At, Inode, OwnDescriptor};
use crate::process;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

pub(super) const LOCK: &str = "lock";
/// Before the name of a directory that is still being made.
pub(super) const UNFINISHED: &str = ".new-";
/// A directory without a lock file is an orphan when nothing has changed in it for this long. Its
/// owner, if there is one, puts the lock file back every minute.
const GRACE: Duration = Duration::from_secs(300);
/// The lock files one spool can hold at once: hot and cold, its own and those of one dead owner, whose
/// directories may be under the identity's former name too.
const SLOTS: usize = 6;
/// How often another thread's fork is waited for, which takes milliseconds where the process is large, and how long each
/// time. A child of one that takes longer may hold the lock too.
const FORK_WAITS: u32 = 100;
const FORK_WAIT: Duration = Duration::from_millis(1);

/// The descriptors of one spool's held locks, readable without any lock: a forked child closes its copies,
/// or the locks would stay held as long as the child lives, and nobody could adopt its dead parent's records.
pub(super) struct Locks(&'static LockTable);

/// Never freed, so that the fork handler can go through all tables whatever other threads were doing: one
/// whose spool is gone is the next spool's.
struct LockTable {
    slots: [LockSlot; SLOTS],
    is_taken: AtomicBool,
    next: AtomicPtr<LockTable>,
}

/// All tables of this process.
static TABLES: AtomicPtr<LockTable> = AtomicPtr::new(ptr::null_mut());
/// Whether [`close_all_inherited`] has been registered.
static IS_HANDLED: AtomicBool = AtomicBool::new(false);

fn tables() -> impl Iterator<Item = &'static LockTable> {
    // SAFETY: what is in the list comes from `Box::leak`, and nothing is ever taken out.
    let at = |table: &AtomicPtr<LockTable>| unsafe { table.load(Ordering::Acquire).as_ref() };
    std::iter::successors(at(&TABLES), move |table| at(&table.next))
}

/// Runs in every child of `fork`, before anything else can: loads, stores and `close`, which are safe there.
extern "C" fn close_all_inherited() {
    tables().for_each(LockTable::close_inherited);
}

struct LockSlot {
    descriptor: AtomicI32,
    device: AtomicU64,
    number: AtomicU64,
}

/// A slot that holds no descriptor.
const FREE: i32 = -1;
/// A slot whose descriptor is being written down.
const TAKEN: i32 = -2;

impl Default for LockSlot {
    fn default() -> LockSlot {
        LockSlot { descriptor: AtomicI32::new(FREE), device: AtomicU64::new(0), number: AtomicU64::new(0) }
    }
}

impl Locks {
    /// A table of one's own.
    pub fn new() -> Locks {
        if !IS_HANDLED.swap(true, Ordering::AcqRel) {
            // SAFETY: the handler is async-signal-safe, and the library is never unloaded. Without it (no
            // memory) a child closes its copies with its first call.
            unsafe { libc::pthread_atfork(None, None, Some(close_all_inherited)) };
        }
        let free = tables().find(|table| !table.is_taken.swap(true, Ordering::AcqRel));
        Locks(free.unwrap_or_else(|| {
            let table = Box::leak(Box::new(LockTable {
                slots: Default::default(),
                is_taken: AtomicBool::new(true),
                next: AtomicPtr::default(),
            }));
            let mut first = TABLES.load(Ordering::Acquire);
            loop {
                table.next.store(first, Ordering::Relaxed);
                let pushed = TABLES.compare_exchange(first, table, Ordering::AcqRel, Ordering::Acquire);
                match pushed {
                    Ok(_) => return table,
                    Err(other) => first = other,
                }
            }
        }))
    }

    fn enter(&self, lock: &OwnDescriptor) -> Option<&'static LockSlot> {
        let is_taken = |slot: &&LockSlot| {
            slot.descriptor.compare_exchange(FREE, TAKEN, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        let slot = self.0.slots.iter().find(is_taken)?;
        slot.device.store(lock.inode.device, Ordering::Relaxed);
        slot.number.store(lock.inode.number, Ordering::Relaxed);
        slot.descriptor.store(lock.as_raw_fd(), Ordering::Release);
        Some(slot)
    }

    /// In a forked child: gives back the inherited descriptors, so that the parent's death frees the
    /// locks. A plain close does not release them while the parent lives.
    pub fn close_inherited(&self) {
        self.0.close_inherited();
    }
}

impl Drop for Locks {
    fn drop(&mut self) {
        self.0.is_taken.store(false, Ordering::Release);
    }
}

impl LockTable {
    fn close_inherited(&self) {
        for slot in &self.slots {
            let descriptor = slot.descriptor.swap(FREE, Ordering::AcqRel);
            if descriptor >= 0 {
                let device = slot.device.load(Ordering::Relaxed);
                let number = slot.number.load(Ordering::Relaxed);
                secure_fs::close_inherited(descriptor, Inode { device, number });
            }
        }
    }
}

/// A lock file that this process holds, and no child of it: its descriptor is in a table before it is locked, so that
/// every child closes its copy.
struct HeldLock {
    file: OwnDescriptor,
    slot: Option<&'static LockSlot>,
    locks: Arc<Locks>,
}

impl HeldLock {
    /// Locks what `open` opens; `WouldBlock` if somebody else holds it.
    fn take(locks: &Arc<Locks>, open: impl Fn() -> io::Result<File>) -> io::Result<HeldLock> {
        for wait in 0.. {
            let before = process::forks();
            let file = OwnDescriptor::new(open()?)?;
            let slot = locks.enter(&file);
            let held = HeldLock { file, slot, locks: Arc::clone(locks) };
            // A child that has been forked in between knows nothing of its copy, and would hold the lock too.
            let is_ours_alone = before.is_some() && before == process::forks();
            if is_ours_alone || wait == FORK_WAITS {
                return match secure_fs::try_lock(&held.file) {
                    true => Ok(held),
                    false => Err(io::Error::from(io::ErrorKind::WouldBlock)),
                };
            }
            drop(held);
            if process::forks().is_none() {
                let cancellation = process::hold_cancellation();
                thread::sleep(FORK_WAIT);
                cancellation.put_back();
            }
        }
        unreachable!("the last turn has returned")
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // Closed first: a child that is forked in between finds something else under the number, or nothing.
        self.file.close();
        if let Some(slot) = self.slot {
            slot.descriptor.store(FREE, Ordering::Release);
        }
    }
}

/// A directory that this instance alone may read, write and remove.
pub(super) struct Claim {
    directory: At,
    inode: Inode,
    lock: HeldLock,
}

impl Claim {
    /// Makes the directory `name` in `root`, locked from the first moment on.
    pub fn create(root: &At, name: &str, locks: &Arc<Locks>) -> io::Result<Claim> {
        let making = root.join(format!("{UNFINISHED}{name}"));
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
        making.rename(&directory)?;
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
        let lock = HeldLock::take(locks, || match name.open_writable() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            // Where the system's clock is late, nothing looks old to it.
            Err(_) if directory.looks_older(GRACE) || directory.is_seen_older(GRACE) => name.create(),
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
            let _ = self.directory.join(LOCK).remove_file();
            let _ = self.directory.remove_directory();
            // Succeeds only for the last instance of this identity.
            let _ = self.directory.parent().remove_directory();
        }
        self.is_lost()
    }
}

/// The lock file of a directory of our own.
fn made_or_there(name: &At) -> io::Result<File> {
    name.create().or_else(|_| name.open_writable())
}
