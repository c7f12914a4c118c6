//! Safe directories and files by a Unix's means: reached from a descriptor, told apart by inode, locked by `flock`.

use crate::process::{Undisturbed, beyond_standard, unique};
use crate::spool::candidates;
use crate::spool::candidates::system::{WRITABLE_BY_OTHERS, user_id};
use crate::spool::file_facts::{FileFacts, Inode, write_zeros};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether a directory can be renamed while a file in it is open.
pub const MOVES_WHAT_IS_OPEN: bool = true;

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// No descriptor.
const NONE: RawFd = -1;

/// A descriptor of ours in a process that is not: its host may close it and have its number used for something
/// else, which is then neither used nor closed.
pub struct OwnDescriptor {
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
pub fn lacks_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// A directory that everything else is found from.
pub struct Base {
    path: PathBuf,
    /// `None` until there is one to be had. Whoever uses it holds a share, so that it is closed behind the last.
    /// Of the standard library, so that the model checker need not explore what has no part in the protocol.
    kept: Mutex<Option<Arc<OwnDescriptor>>>,
    /// Held by who opens it again, so that only one descriptor is kept.
    reopening: Mutex<()>,
    /// Whom it belongs to: a host may become somebody else, who must not make it again.
    owner: u32,
}

impl Base {
    /// An existing directory. Its path is absolute.
    pub fn open(path: &Path) -> io::Result<Arc<Base>> {
        let opened = open_directory(path)?;
        let owner = rustix::fs::fstat(&opened)?.st_uid;
        Ok(Base::new(path, Some(OwnDescriptor::new(opened)?), owner))
    }

    /// One for which no descriptor is to be had at the moment: [`Base::renew`] tries again.
    pub fn unopened(path: &Path) -> Arc<Base> {
        Base::new(path, None, user_id())
    }

    fn new(path: &Path, kept: Option<OwnDescriptor>, owner: u32) -> Arc<Base> {
        let kept = Mutex::new(kept.map(Arc::new));
        Arc::new(Base { path: path.to_owned(), kept, reopening: Mutex::new(()), owner })
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
                // Some file systems count no links: then the path still leads there. Where overlayfs has merged it there
                // is always one: it is gone if nothing can be made in it. A host that has another root than before, or
                // another file system there, does not find it at its path either.
                Ok(found) => {
                    !self.is_at_path(kept.inode) && (found.st_nlink == 0 || takes_nothing(directory))
                }
                Err(error) => error == rustix::io::Errno::STALE,
            },
            // The host has closed it.
            None => match rustix::fs::lstat(&self.path) {
                Ok(found) => Inode::of(&found) != kept.inode,
                Err(error) => error == rustix::io::Errno::NOENT,
            },
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
        let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
        // Made by another user it would be of no use to whom it belonged to, who could not remove it either.
        if user_id() != self.owner {
            return Err(refused());
        }
        candidates::private(&self.path)?;
        let again = open_directory(&self.path)?;
        let found = rustix::fs::fstat(&again)?;
        if found.st_uid != self.owner || is_writable_by_others(&found) {
            return Err(refused());
        }
        let again = OwnDescriptor::new(again)?;
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
        self.reopen(&kept)?;
        let directory = kept.get().ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))?;
        Ok(action(directory)?)
    }

    /// Where the host has closed it, as programs do that become daemons.
    fn reopen(&self, kept: &OwnDescriptor) -> io::Result<()> {
        let _undisturbed = Undisturbed::by_handlers();
        let _one = self.reopening.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have done it meanwhile.
        if kept.is_open() {
            return Ok(());
        }
        let again = OwnDescriptor::new(open_directory(&self.path)?)?;
        if again.inode != kept.inode {
            return Err(io::Error::from_raw_os_error(libc::ESTALE));
        }
        kept.descriptor.store(again.descriptor.swap(NONE, Ordering::AcqRel), Ordering::Release);
        Ok(())
    }

    /// In a forked child that has no use for it.
    pub fn close_inherited(&self) {
        // Where a thread that the child lacks held the lock at that moment, the descriptor stays open.
        if let Ok(kept) = self.kept.try_lock() {
            if let Some(kept) = &*kept {
                kept.close();
            }
        }
    }

    /// What is known of what is there.
    pub fn look(&self, below: &Path) -> io::Result<FileFacts> {
        let found = self.with(|base| rustix::fs::statat(base, seen(below), AtFlags::SYMLINK_NOFOLLOW))?;
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

    /// Makes one directory whose parent exists.
    pub fn make_directory(&self, below: &Path) -> io::Result<()> {
        let mode = Mode::from_raw_mode(DIRECTORY_MODE as _);
        self.with(|base| {
            rustix::fs::mkdirat(base, seen(below), mode)?;
            // The host's umask may have taken our own access.
            let made = rustix::fs::statat(base, seen(below), AtFlags::SYMLINK_NOFOLLOW)?;
            match lacks(made.st_mode, mode) {
                true => rustix::fs::chmodat(base, seen(below), mode, AtFlags::empty()),
                false => Ok(()),
            }
        })
    }

    /// The names of all that is in a directory, or nothing if not all can be told.
    pub fn names(&self, below: &Path) -> io::Result<Vec<OsString>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = self.with(|base| rustix::fs::openat(base, seen(below), flags, Mode::empty()))?;
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::new(beyond_standard(directory)?)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    fn open_with(&self, below: &Path, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(FILE_MODE as _);
        let opened = self.with(|base| rustix::fs::openat(base, seen(below), flags, mode))?;
        Ok(File::from(beyond_standard(opened)?))
    }

    /// Opens an existing regular file of this user for reading.
    pub fn open_to_read(&self, below: &Path) -> io::Result<File> {
        checked(self.open_with(below, OFlags::RDONLY))
    }

    /// Opens an existing regular file of this user for reading and writing.
    pub fn open_to_write(&self, below: &Path) -> io::Result<File> {
        checked(self.open_with(below, OFlags::RDWR))
    }

    /// Makes a file that does not exist yet.
    pub fn create(&self, below: &Path) -> io::Result<File> {
        let file = self.open_with(below, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)?;
        // The host's umask may have taken our own access, and that of whoever adopts it.
        let mode = Mode::from_raw_mode(FILE_MODE as _);
        if lacks(rustix::fs::fstat(&file)?.st_mode, mode) {
            rustix::fs::fchmod(&file, mode)?;
        }
        Ok(file)
    }

    /// To be locked: see [`try_lock`].
    pub fn open_lock(&self, below: &Path) -> io::Result<File> {
        self.open_to_write(below)
    }

    /// To be locked: see [`try_lock`].
    pub fn create_lock(&self, below: &Path) -> io::Result<File> {
        self.create(below)
    }

    pub fn remove_file(&self, below: &Path) -> io::Result<()> {
        self.with(|base| rustix::fs::unlinkat(base, seen(below), AtFlags::empty()))
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, below: &Path) -> io::Result<()> {
        self.with(|base| rustix::fs::unlinkat(base, seen(below), AtFlags::REMOVEDIR))
    }

    pub fn rename(&self, below: &Path, to: &Path) -> io::Result<()> {
        self.with(|base| rustix::fs::renameat(base, seen(below), base, seen(to)))
    }
}

/// Whether a directory is known to be gone: the kernel finds nothing there to make another one in.
fn takes_nothing(directory: BorrowedFd<'_>) -> bool {
    let name = format!(".try-{:016x}", unique::number());
    match rustix::fs::mkdirat(directory, &name, Mode::from_raw_mode(DIRECTORY_MODE as _)) {
        Ok(()) => {
            let _ = rustix::fs::unlinkat(directory, &name, AtFlags::REMOVEDIR);
            false
        }
        Err(error) => error == rustix::io::Errno::NOENT,
    }
}

/// What the system calls it, seen from the base.
fn seen(below: &Path) -> &Path {
    if below.as_os_str().is_empty() { Path::new(".") } else { below }
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    beyond_standard(rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

#[allow(clippy::useless_conversion)] // widths differ between platforms
fn is_writable_by_others(found: &rustix::fs::Stat) -> bool {
    u32::from(found.st_mode) & WRITABLE_BY_OTHERS != 0
}

/// Whether something that was made with `mode` has less.
fn lacks(found: rustix::fs::RawMode, mode: Mode) -> bool {
    !Mode::from_raw_mode(found).contains(mode)
}

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
pub fn allocate(file: &File, size: usize) -> io::Result<()> {
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
pub fn allocate(file: &File, size: usize) -> io::Result<()> {
    write_zeros(file, size)
}

/// Writes all of `bytes` at a place in a file.
pub fn write_all_at(file: &File, bytes: &[u8], at: usize) -> io::Result<()> {
    file.write_all_at(bytes, at as u64)
}

/// Tries to become the one holder of a lock file; never waits.
pub fn try_lock(file: &impl AsRawFd) -> bool {
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
pub fn is_unlocked(file: &File) -> bool {
    // SAFETY: the descriptor is open; flock touches no memory. Said aloud, as closing it would leave the lock to a child
    // that has been forked in between.
    try_lock(file) && unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) } == 0
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
pub fn close_inherited(descriptor: RawFd, inode: Inode) {
    if descriptor != NONE && Inode::of_descriptor(descriptor) == Some(inode) {
        // SAFETY: it is ours by its inode, and nobody uses it any more.
        unsafe { libc::close(descriptor) };
    }
}
