//! Directories and files that are safe to use: ours alone, never through a symbolic link, never
//! inherited by another program, allocated before they are mapped.
//!
//! They are reached from a directory that is held by its descriptor ([`Base`]), so that they stay in reach when
//! the host changes its working directory or its root, or somebody mounts something over them. An error
//! says what is known and no more: `NotFound` that a file is not there, `InvalidData` that something else is
//! under its name, and anything else that it cannot be told at this moment.

use super::candidates::{self, WRITABLE_BY_OTHERS, user_id};
use crate::process::{Undisturbed, beyond_standard};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant, SystemTime};

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// No descriptor.
const NONE: RawFd = -1;

/// A descriptor of ours in a process that is not: its host may close it and have its number used for something
/// else, which is then neither used nor closed.
pub(super) struct OwnDescriptor {
    descriptor: AtomicI32,
    pub inode: Inode,
}

impl OwnDescriptor {
    pub fn new(descriptor: impl Into<OwnedFd>) -> io::Result<OwnDescriptor> {
        let descriptor = descriptor.into();
        let inode = Inode::of(&rustix::fs::fstat(&descriptor)?);
        Ok(OwnDescriptor { descriptor: AtomicI32::new(descriptor.into_raw_fd()), inode })
    }

    fn get(&self) -> Option<BorrowedFd<'_>> {
        let descriptor = self.as_raw_fd();
        if descriptor == NONE || Inode::of_descriptor(descriptor) != Some(self.inode) {
            return None;
        }
        // SAFETY: it is open, and ours by its inode; it is closed when `self` is dropped.
        Some(unsafe { BorrowedFd::borrow_raw(descriptor) })
    }

    /// Writes at the beginning of the file.
    pub fn write_at_start(&self, bytes: &[u8]) -> io::Result<()> {
        let file = self.get().ok_or(io::ErrorKind::NotFound)?;
        rustix::io::pwrite(file, bytes, 0)?;
        Ok(())
    }

    /// Whether it is still there, and ours.
    pub fn is_open(&self) -> bool {
        self.get().is_some()
    }

    /// The host has closed it: the number is nobody's of ours from now on.
    pub fn forget(&self) {
        self.descriptor.store(NONE, Ordering::Release);
    }

    /// Closes it early.
    pub fn close(&self) {
        close_inherited(self.descriptor.swap(NONE, Ordering::AcqRel), self.inode);
    }
}

impl AsRawFd for OwnDescriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.load(Ordering::Acquire)
    }
}

impl Drop for OwnDescriptor {
    fn drop(&mut self) {
        self.close();
    }
}

/// Whether something failed because no descriptor was to be had.
pub(super) fn lacks_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// A directory that everything else is found from.
pub(super) struct Base {
    path: PathBuf,
    /// `None` until there is one to be had. Whoever uses it holds a share, so that it is closed behind the last.
    /// Of the standard library, so that the model checker need not explore what has no part in the protocol.
    kept: Mutex<Option<Arc<OwnDescriptor>>>,
}

impl Base {
    /// An existing directory. Its path is absolute.
    pub fn open(path: &Path) -> io::Result<Arc<Base>> {
        let kept = OwnDescriptor::new(open_directory(path)?)?;
        Ok(Arc::new(Base { path: path.to_owned(), kept: Mutex::new(Some(Arc::new(kept))) }))
    }

    /// One for which no descriptor is to be had at the moment: [`Base::renew`] tries again.
    pub fn unopened(path: &Path) -> Arc<Base> {
        Arc::new(Base { path: path.to_owned(), kept: Mutex::new(None) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock_kept(&self) -> MutexGuard<'_, Option<Arc<OwnDescriptor>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> Option<Arc<OwnDescriptor>> {
        let _undisturbed = Undisturbed::by_handlers();
        self.lock_kept().clone()
    }

    /// Whether there was a descriptor for it.
    pub fn is_opened(&self) -> bool {
        self.kept().is_some()
    }

    /// Whether it is known to have been removed, so that nothing can be made in it any more.
    fn is_removed(&self) -> bool {
        let Some(kept) = self.kept() else { return false };
        match kept.get() {
            Some(directory) => match rustix::fs::fstat(directory) {
                // Some file systems count no links: then the path still leads there.
                Ok(found) => found.st_nlink == 0 && !self.is_at_path(kept.inode),
                Err(error) => error == rustix::io::Errno::STALE,
            },
            // The host has closed it.
            None => {
                fs::symlink_metadata(&self.path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
            }
        }
    }

    fn is_at_path(&self, inode: Inode) -> bool {
        rustix::fs::lstat(&self.path).is_ok_and(|found| Inode::of(&found) == inode)
    }

    /// Makes the directory again if somebody has removed it, and opens it if that could not be done before. Gives
    /// whether it had been removed.
    pub fn renew(&self) -> io::Result<bool> {
        let before = self.kept();
        if before.is_some() && !self.is_removed() {
            return Ok(false);
        }
        candidates::private(&self.path)?;
        let again = OwnDescriptor::new(open_directory(&self.path)?)?;
        if let Some(before) = before.filter(|before| before.get().is_none()) {
            // Its number may be the new one's.
            before.forget();
        }
        let again = Some(Arc::new(again));
        let _undisturbed = Undisturbed::by_handlers();
        let before = std::mem::replace(&mut *self.lock_kept(), again);
        Ok(before.is_some())
    }

    fn with<T>(&self, action: impl FnOnce(BorrowedFd<'_>) -> rustix::io::Result<T>) -> io::Result<T> {
        let kept = self.kept().ok_or_else(|| io::Error::from_raw_os_error(libc::EMFILE))?;
        if let Some(directory) = kept.get() {
            return Ok(action(directory)?);
        }
        // The host has closed it, as programs do that become daemons.
        let again = OwnDescriptor::new(open_directory(&self.path)?)?;
        if again.inode != kept.inode {
            return Err(io::Error::from_raw_os_error(libc::ESTALE));
        }
        let descriptor = again.descriptor.swap(NONE, Ordering::AcqRel);
        kept.descriptor.store(descriptor, Ordering::Release);
        let directory = kept.get().ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))?;
        Ok(action(directory)?)
    }

    /// In a forked child that has no use for it.
    pub fn close_inherited(&self) {
        // Where a thread that the child lacks held the lock at that moment, the descriptor stays open.
        if let Ok(kept) = self.kept.try_lock()
            && let Some(kept) = &*kept
        {
            kept.close();
        }
    }
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    beyond_standard(rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

/// A file or directory below a [`Base`].
#[derive(Clone)]
pub(super) struct At {
    base: Arc<Base>,
    below: PathBuf,
}

/// What is known of a file or directory.
pub(super) struct FileFacts {
    pub inode: Inode,
    pub is_directory: bool,
    pub length: u64,
    /// When it was last written to, or something last came into or went out of it, by the system's clock:
    /// good for telling whether that happened, not when.
    pub changed: (i64, i64),
    is_private: bool,
}

/// Whether something that was made with `mode` has less.
fn lacks(found: rustix::fs::RawMode, mode: Mode) -> bool {
    !Mode::from_raw_mode(found).contains(mode)
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
        self.base.path.join(&self.below)
    }

    /// What the system calls it, seen from the base.
    fn below(&self) -> &Path {
        if self.below.as_os_str().is_empty() { Path::new(".") } else { &self.below }
    }

    pub fn look(&self) -> io::Result<FileFacts> {
        let found =
            self.base.with(|base| rustix::fs::statat(base, self.below(), AtFlags::SYMLINK_NOFOLLOW))?;
        let mode = found.st_mode;
        let is_directory = FileType::from_raw_mode(mode) == FileType::Directory;
        #[allow(clippy::unnecessary_cast, clippy::useless_conversion)] // widths differ between platforms
        Ok(FileFacts {
            inode: Inode::of(&found),
            is_directory,
            length: found.st_size as u64,
            changed: (found.st_mtime as i64, found.st_mtime_nsec as i64),
            is_private: is_directory
                && found.st_uid == user_id()
                && u32::from(mode) & WRITABLE_BY_OTHERS == 0,
        })
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
        let mode = Mode::from_raw_mode(DIRECTORY_MODE as _);
        self.base.with(|base| {
            rustix::fs::mkdirat(base, self.below(), mode)?;
            // The host's umask may have taken our own access.
            let made = rustix::fs::statat(base, self.below(), AtFlags::SYMLINK_NOFOLLOW)?;
            match lacks(made.st_mode, mode) {
                true => rustix::fs::chmodat(base, self.below(), mode, AtFlags::empty()),
                false => Ok(()),
            }
        })
    }

    /// All that is in a directory, or nothing if not all can be told.
    pub fn entries(&self) -> io::Result<Vec<At>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory =
            self.base.with(|base| rustix::fs::openat(base, self.below(), flags, Mode::empty()))?;
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::new(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                entries.push(self.join(OsStr::from_bytes(name)));
            }
        }
        Ok(entries)
    }

    fn open_with(&self, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(FILE_MODE as _);
        let opened = self.base.with(|base| rustix::fs::openat(base, self.below(), flags, mode))?;
        Ok(File::from(beyond_standard(opened)?))
    }

    /// Opens an existing regular file of this user for reading.
    pub fn open(&self) -> io::Result<File> {
        checked(self.open_with(OFlags::RDONLY))
    }

    /// Opens an existing regular file of this user for reading and writing.
    pub fn open_writable(&self) -> io::Result<File> {
        checked(self.open_with(OFlags::RDWR))
    }

    /// Makes a file that does not exist yet.
    pub fn create(&self) -> io::Result<File> {
        let file = self.open_with(OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)?;
        // The host's umask may have taken our own access, and that of whoever adopts it.
        let mode = Mode::from_raw_mode(FILE_MODE as _);
        if lacks(rustix::fs::fstat(&file)?.st_mode, mode) {
            rustix::fs::fchmod(&file, mode)?;
        }
        Ok(file)
    }

    /// Makes a file of `size` zero bytes that are all really there. Removes it again when they are not.
    pub fn create_allocated(&self, size: usize) -> io::Result<File> {
        let file = self.create()?;
        match allocate(&file, size) {
            Ok(()) => Ok(file),
            Err(error) => {
                let _ = self.remove_file();
                Err(error)
            }
        }
    }

    pub fn remove_file(&self) -> io::Result<()> {
        self.base.with(|base| rustix::fs::unlinkat(base, self.below(), AtFlags::empty()))
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self) -> io::Result<()> {
        self.base.with(|base| rustix::fs::unlinkat(base, self.below(), AtFlags::REMOVEDIR))
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
        self.base.with(|base| rustix::fs::renameat(base, self.below(), base, to.below()))
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
            seen.retain(|_, (_, since)| since.elapsed() < age);
        }
        if seen.len() >= SEEN_MAX {
            return false;
        }
        let what = (found.inode, found.changed);
        let (known, since) = seen.entry(self.path()).or_insert((what, Instant::now()));
        if *known != what {
            (*known, *since) = (what, Instant::now());
        }
        since.elapsed() > age
    }
}

/// What this process has seen, and since when it has been so.
type Sightings = BTreeMap<PathBuf, ((Inode, (i64, i64)), Instant)>;
static SEEN: Mutex<Sightings> = Mutex::new(BTreeMap::new());
/// Files remembered at most.
const SEEN_MAX: usize = 10_000;

/// A file that is safe to use. What is under its name and is no file, or a link to one, is `InvalidData`.
fn checked(opened: io::Result<File>) -> io::Result<File> {
    let is_other = |error: &io::Error| {
        matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENXIO | libc::ENODEV | libc::EISDIR))
    };
    let file =
        opened.map_err(
            |error| if is_other(&error) { io::Error::from(io::ErrorKind::InvalidData) } else { error },
        )?;
    let found = rustix::fs::fstat(&file)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    if found.st_uid != user_id() {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    Ok(file)
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, size: usize) -> io::Result<()> {
    let length = libc::off_t::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    loop {
        // SAFETY: the descriptor is open; fallocate touches no memory of ours.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL) => return write_zeros(file, size),
            _ => return Err(error),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(file: &File, size: usize) -> io::Result<()> {
    write_zeros(file, size)
}

fn write_zeros(mut file: &File, size: usize) -> io::Result<()> {
    // Not on the stack, of which a host's thread may have little.
    static ZEROS: [u8; 4 << 10] = [0; 4 << 10];
    let mut left = size;
    while left > 0 {
        let step = left.min(ZEROS.len());
        file.write_all(&ZEROS[..step])?;
        left -= step;
    }
    Ok(())
}

/// Tries to become the one holder of a lock file; never waits.
pub(super) fn try_lock(file: &impl AsRawFd) -> bool {
    loop {
        // SAFETY: the descriptor is open; flock touches no memory.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
            return true;
        }
        if io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
            return false;
        }
    }
}

/// Whether nobody holds a lock file.
pub(super) fn is_unlocked(file: &File) -> bool {
    // SAFETY: the descriptor is open; flock touches no memory. Said aloud, as closing it would leave the lock to a child
    // that has been forked in between.
    try_lock(file) && unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) } == 0
}

/// What tells one file from another that has its name or its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inode {
    pub device: u64,
    pub number: u64,
}

impl Inode {
    #[allow(clippy::unnecessary_cast)] // the fields differ in width between platforms
    fn of(found: &rustix::fs::Stat) -> Inode {
        Inode { device: found.st_dev as u64, number: found.st_ino as u64 }
    }

    fn of_descriptor(descriptor: RawFd) -> Option<Inode> {
        // SAFETY: `stat` is plain data for which all zeros is a valid value.
        let mut found: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: fstat writes one `stat` to the place given and checks the descriptor.
        let is_open = unsafe { libc::fstat(descriptor, &mut found) } == 0;
        #[allow(clippy::unnecessary_cast)] // as above
        is_open.then_some(Inode { device: found.st_dev as u64, number: found.st_ino as u64 })
    }
}

/// Closes `descriptor` if it still is the file it was. Loads and system calls only, for a fork handler.
pub(super) fn close_inherited(descriptor: RawFd, inode: Inode) {
    if descriptor != NONE && Inode::of_descriptor(descriptor) == Some(inode) {
        // SAFETY: it is ours by its inode, and nobody uses it any more.
        unsafe { libc::close(descriptor) };
    }
}
