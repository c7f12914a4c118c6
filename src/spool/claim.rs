//! Who owns a directory of segments: one directory per logger instance, held by a lock file.
//!
//! The lock is an flock: the kernel gives it back when the last process that holds the descriptor
//! is gone, however it went. A directory appears under its name only when its lock is held already,
//! so nobody can take it for an orphan in between.

use super::place::{self, Inode};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, Ordering};
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

/// The descriptors of one spool's held locks, readable without any lock: a forked child closes its copies,
/// or the locks would stay held as long as the child lives, and nobody could adopt its dead parent's records.
pub(super) struct Locks(&'static Table);

/// Never freed, so that the fork handler can go through all tables whatever other threads were doing: one
/// whose spool is gone is the next spool's.
struct Table {
    slots: [Slot; SLOTS],
    is_taken: AtomicBool,
    next: AtomicPtr<Table>,
}

/// All tables of this process.
static TABLES: AtomicPtr<Table> = AtomicPtr::new(ptr::null_mut());
/// Whether [`close_all_inherited`] has been registered.
static IS_HANDLED: AtomicBool = AtomicBool::new(false);

fn tables() -> impl Iterator<Item = &'static Table> {
    // SAFETY: what is in the list comes from `Box::leak`, and nothing is ever taken out.
    let at = |table: &AtomicPtr<Table>| unsafe { table.load(Ordering::Acquire).as_ref() };
    std::iter::successors(at(&TABLES), move |table| at(&table.next))
}

/// Runs in every child of `fork`, before anything else can: loads, stores and `close`, which are safe there.
extern "C" fn close_all_inherited() {
    tables().for_each(Table::close_inherited);
}

struct Slot {
    descriptor: AtomicI32,
    device: AtomicU64,
    number: AtomicU64,
}

/// A slot that holds no descriptor.
const FREE: i32 = -1;
/// A slot whose descriptor is being written down.
const TAKEN: i32 = -2;

impl Default for Slot {
    fn default() -> Slot {
        Slot { descriptor: AtomicI32::new(FREE), device: AtomicU64::new(0), number: AtomicU64::new(0) }
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
            let table = Box::leak(Box::new(Table {
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

    fn enter(&self, file: &File, inode: Inode) {
        for slot in &self.0.slots {
            let exchange = slot.descriptor.compare_exchange(FREE, TAKEN, Ordering::AcqRel, Ordering::Relaxed);
            if exchange.is_ok() {
                slot.device.store(inode.device, Ordering::Relaxed);
                slot.number.store(inode.number, Ordering::Relaxed);
                slot.descriptor.store(file.as_raw_fd(), Ordering::Release);
                return;
            }
        }
    }

    fn leave(&self, file: &File) {
        for slot in &self.0.slots {
            let descriptor = file.as_raw_fd();
            let _ = slot.descriptor.compare_exchange(descriptor, FREE, Ordering::AcqRel, Ordering::Relaxed);
        }
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

impl Table {
    fn close_inherited(&self) {
        for slot in &self.slots {
            let descriptor = slot.descriptor.swap(FREE, Ordering::AcqRel);
            if descriptor >= 0 {
                let device = slot.device.load(Ordering::Relaxed);
                let number = slot.number.load(Ordering::Relaxed);
                place::close_inherited(descriptor, Inode { device, number });
            }
        }
    }
}

/// A directory that this instance alone may read, write and remove.
pub(super) struct Claim {
    path: PathBuf,
    directory: Inode,
    lock: File,
    locks: Arc<Locks>,
}

impl Claim {
    /// Makes the directory `name` in `root`, locked from the first moment on.
    pub fn create(root: &Path, name: &str, locks: &Arc<Locks>) -> io::Result<Claim> {
        let making = root.join(format!("{UNFINISHED}{name}"));
        let path = root.join(name);
        // Another instance may remove the empty root between our making it and our using it.
        for attempt in 0.. {
            place::private_directory(root)?;
            match place::make_directory(&making) {
                Ok(()) => break,
                Err(error) if attempt < 8 && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let made = Claim::fill(&making, &path, locks);
        if made.is_err() {
            let _ = fs::remove_file(making.join(LOCK));
            let _ = fs::remove_dir(&making);
        }
        made
    }

    fn fill(making: &Path, path: &Path, locks: &Arc<Locks>) -> io::Result<Claim> {
        let lock = place::create(&making.join(LOCK))?;
        if !place::try_lock(&lock) {
            return Err(io::Error::from(io::ErrorKind::WouldBlock));
        }
        fs::rename(making, path)?;
        let directory = Inode::at(path).ok_or(io::ErrorKind::NotFound)?;
        Claim::held(path.to_owned(), directory, lock, locks)
    }

    /// Takes the directory of a dead owner; `None` when its owner lives or somebody else was faster.
    pub fn seize(path: &Path, locks: &Arc<Locks>) -> Option<Claim> {
        let directory = Inode::at(path).filter(|_| place::is_private(path))?;
        let name = path.join(LOCK);
        let lock = match place::open_writable(&name) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound && place::is_older(path, GRACE) => {
                place::create(&name).ok()?
            }
            Err(_) => return None,
        };
        if !place::try_lock(&lock) {
            return None;
        }
        let claim = Claim::held(path.to_owned(), directory, lock, locks).ok()?;
        claim.is_intact().then_some(claim)
    }

    fn held(path: PathBuf, directory: Inode, lock: File, locks: &Arc<Locks>) -> io::Result<Claim> {
        locks.enter(&lock, Inode::of(&lock.metadata()?));
        Ok(Claim { path, directory, lock, locks: Arc::clone(locks) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the directory and its lock file are still those that were claimed.
    pub fn is_intact(&self) -> bool {
        let lock = self.lock.metadata().ok().map(|metadata| Inode::of(&metadata));
        Inode::at(&self.path) == Some(self.directory)
            && lock.is_some()
            && Inode::at(&self.path.join(LOCK)) == lock
    }

    /// Whether the directory is still there, with or without its lock file.
    pub fn directory_exists(&self) -> bool {
        Inode::at(&self.path) == Some(self.directory)
    }

    /// Puts a lock file back that somebody removed from under us.
    pub fn renew(&mut self) -> io::Result<()> {
        let name = self.path.join(LOCK);
        let lock = match place::create(&name) {
            Ok(lock) => lock,
            Err(_) => place::open_writable(&name)?,
        };
        if !place::try_lock(&lock) {
            return Err(io::Error::from(io::ErrorKind::WouldBlock));
        }
        let inode = Inode::of(&lock.metadata()?);
        self.locks.leave(&self.lock);
        self.lock = lock;
        self.locks.enter(&self.lock, inode);
        Ok(())
    }

    /// Gives the directory up, and removes it when there is nothing in it. The lock is given back
    /// last: whoever waited for it finds the directory gone. Says whether it is.
    pub fn release(self) -> bool {
        let is_lock_alone = fs::read_dir(&self.path)
            .is_ok_and(|entries| entries.flatten().all(|entry| entry.file_name() == LOCK));
        if self.is_intact() && is_lock_alone {
            let _ = fs::remove_file(self.path.join(LOCK));
            let _ = fs::remove_dir(&self.path);
            if let Some(root) = self.path.parent() {
                // Succeeds only for the last instance of this identity.
                let _ = fs::remove_dir(root);
            }
        }
        !self.directory_exists()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.locks.leave(&self.lock);
    }
}
