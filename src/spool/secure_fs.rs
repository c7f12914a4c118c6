//! Directories and files that are safe to use: ours alone, never through a symbolic link, never
//! inherited by another program, allocated before they are mapped.
//!
//! They are reached from a directory that is held by its descriptor ([`Base`]), so that they stay in reach when
//! the host changes its working directory or its root, or somebody mounts something over them. An error
//! says what is known and no more: `NotFound` that a file is not there, `InvalidData` that something else is
//! under its name, and anything else that it cannot be told at this moment.

use super::file_facts::{FileFacts, Inode};
use crate::process::monotonic;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant, SystemTime};

#[cfg_attr(unix, path = "secure_fs/unix.rs")]
#[cfg_attr(windows, path = "secure_fs/windows.rs")]
mod system;

pub(super) use system::{
    Base, MOVES_WHAT_IS_OPEN, OwnDescriptor, is_unlocked, lacks_descriptors, write_all_at,
};
#[cfg(unix)]
pub(super) use system::{close_inherited, try_lock};

/// A file or directory below a [`Base`].
#[derive(Clone)]
pub(super) struct At {
    base: Arc<Base>,
    below: PathBuf,
}

impl At {
    pub fn new(base: &Arc<Base>, below: impl Into<PathBuf>) -> At {
        At { base: Arc::clone(base), below: below.into() }
    }

    pub fn join(&self, name: impl AsRef<Path>) -> At {
        At::new(&self.base, self.below.join(name))
    }

    pub fn parent(&self) -> At {
        At::new(&self.base, self.below.parent().unwrap_or(Path::new("")))
    }

    pub fn name(&self) -> &OsStr {
        self.below.file_name().unwrap_or_default()
    }

    pub fn extension(&self) -> Option<&str> {
        self.below.extension().and_then(OsStr::to_str)
    }

    /// As it was when the spool was opened.
    pub fn path(&self) -> PathBuf {
        self.base.path().join(&self.below)
    }

    pub fn look(&self) -> io::Result<FileFacts> {
        self.base.look(&self.below)
    }

    /// Whether it is known not to be there.
    pub fn is_gone(&self) -> bool {
        self.look().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether it is known not to be what it was, or not there at all.
    pub fn is_no_more(&self, inode: Inode) -> bool {
        self.look().map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |found| found.inode != inode)
    }

    /// Makes the directory if need be, and refuses it when somebody else could put files there.
    pub fn private_directory(&self) -> io::Result<()> {
        if self.is_gone() {
            let is_in_base = self.below.components().count() <= 1;
            let made = match self.make_directory() {
                Err(error) if error.kind() == io::ErrorKind::NotFound && !is_in_base => {
                    self.parent().private_directory().and_then(|()| self.make_directory())
                }
                made => made,
            };
            match made {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        if self.look()?.is_private { Ok(()) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
    }

    /// Whether it is a directory that nobody but this user can put files into.
    pub fn is_private(&self) -> bool {
        self.look().is_ok_and(|found| found.is_private)
    }

    /// Makes one directory whose parent exists.
    pub fn make_directory(&self) -> io::Result<()> {
        self.base.make_directory(&self.below)
    }

    /// All that is in a directory, or nothing if not all can be told.
    pub fn entries(&self) -> io::Result<Vec<At>> {
        Ok(self.base.names(&self.below)?.into_iter().map(|name| self.join(name)).collect())
    }

    /// Opens an existing regular file of this user for reading.
    pub fn open(&self) -> io::Result<File> {
        self.base.open_to_read(&self.below)
    }

    /// Opens an existing regular file of this user for reading and writing.
    pub fn open_writable(&self) -> io::Result<File> {
        self.base.open_to_write(&self.below)
    }

    /// Makes a file that does not exist yet.
    pub fn create(&self) -> io::Result<File> {
        self.base.create(&self.below)
    }

    /// Opens the lock file of a directory; `WouldBlock` where the system tells by that already that somebody holds it.
    pub fn open_lock(&self) -> io::Result<File> {
        self.base.open_lock(&self.below)
    }

    /// Makes the lock file of a directory.
    pub fn create_lock(&self) -> io::Result<File> {
        self.base.create_lock(&self.below)
    }

    /// Makes a file of `size` zero bytes that are all really there. Removes it again when they are not.
    pub fn create_allocated(&self, size: usize) -> io::Result<File> {
        let file = self.create()?;
        match system::allocate(&file, size) {
            Ok(()) => Ok(file),
            Err(error) => {
                let _ = self.remove_file();
                Err(error)
            }
        }
    }

    pub fn remove_file(&self) -> io::Result<()> {
        self.base.remove_file(&self.below)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self) -> io::Result<()> {
        self.base.remove_directory(&self.below)
    }

    /// Removes whatever it is, with all that is in it.
    pub fn remove_all(&self) -> io::Result<()> {
        if !self.look()?.is_directory {
            return self.remove_file();
        }
        for entry in self.entries()? {
            entry.remove_all()?;
        }
        self.remove_directory()
    }

    /// Gives it another name below the same base.
    pub fn rename(&self, to: &At) -> io::Result<()> {
        self.base.rename(&self.below, &to.below)
    }

    /// Whether it last changed longer ago than this by the system's clock, which may be years off: of what is held nothing is
    /// removed because of that.
    pub fn looks_older(&self, age: Duration) -> bool {
        let Ok(found) = self.look() else { return false };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let changed = Duration::new(found.changed.0.max(0) as u64, found.changed.1 as u32);
        now.is_ok_and(|now| now.saturating_sub(changed) > age)
    }

    /// Whether this process has itself seen it unchanged for longer than this. Waits for nobody: a child forked while
    /// another thread looked would wait for ever.
    pub fn is_seen_older(&self, age: Duration) -> bool {
        let Ok(found) = self.look() else { return false };
        let mut seen = match SEEN.try_lock() {
            Ok(seen) => seen,
            Err(TryLockError::Poisoned(seen)) => seen.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        if seen.len() >= SEEN_MAX {
            seen.retain(|_, (_, since)| monotonic::now().saturating_duration_since(*since) < age);
        }
        if seen.len() >= SEEN_MAX {
            return false;
        }
        let what = (found.inode, found.changed);
        let (known, since) = seen.entry(self.path()).or_insert((what, monotonic::now()));
        if *known != what {
            (*known, *since) = (what, monotonic::now());
        }
        monotonic::now().saturating_duration_since(*since) > age
    }
}

/// What this process has seen, and since when it has been so.
type Sightings = BTreeMap<PathBuf, ((Inode, (i64, i64)), Instant)>;
static SEEN: Mutex<Sightings> = Mutex::new(BTreeMap::new());
/// Files remembered at most.
const SEEN_MAX: usize = 10_000;
