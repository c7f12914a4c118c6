//! The lock file that says that a directory's owner lives: an `flock`, which the kernel gives back when the last process
//! that holds the descriptor is gone. So that no forked child holds its parent's, it closes its copies at once.

use super::file_facts::Inode;
use super::secure_fs::{self, At, OwnDescriptor};
use crate::process;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

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
pub(super) struct HeldLock {
    pub file: OwnDescriptor,
    slot: Option<&'static LockSlot>,
    pub locks: Arc<Locks>,
}

impl HeldLock {
    /// Locks what `open` opens; `WouldBlock` if somebody else holds it.
    pub fn take(locks: &Arc<Locks>, open: impl Fn() -> io::Result<File>) -> io::Result<HeldLock> {
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

impl HeldLock {
    /// Removes the lock file, called `name`, and goes on to hold it.
    pub fn remove(&self, name: &At) {
        let _ = name.remove_file();
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
