//! Directories and files that are safe to use: ours alone, never through a symbolic link, never
//! inherited by another program, allocated before they are mapped.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Who else may write: the bits that make a directory unsafe.
const WRITABLE_BY_OTHERS: u32 = 0o022;

pub(super) fn user_id() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

/// The places where the spool directory may be, best first: the configured one, then
/// `MAXIM_SPOOL_DIR`, the state directory of the user, and a directory that survives a reboot.
pub(super) fn spool_candidates(configured: Option<PathBuf>) -> Vec<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = from("XDG_STATE_HOME").or_else(|| from("HOME").map(|home| home.join(".local/state")));
    let last = PathBuf::from(format!("/var/tmp/maxim-{}", user_id()));
    let chain = [configured, from("MAXIM_SPOOL_DIR"), state.map(|state| state.join("maxim")), Some(last)];
    chain.into_iter().flatten().collect()
}

/// The places where hot segments may be, best first: the configured one, then tmpfs.
pub(super) fn hot_candidates(configured: Option<PathBuf>) -> Vec<PathBuf> {
    let shm = cfg!(target_os = "linux").then(|| PathBuf::from(format!("/dev/shm/maxim-{}", user_id())));
    [configured, shm].into_iter().flatten().collect()
}

/// Makes `path` if need be, and refuses it when somebody else could put files there.
pub(super) fn private_directory(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_err() {
        DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)?;
    }
    if is_private(path) { Ok(()) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
}

/// Whether `path` is a directory that nobody but this user can put files into.
pub(super) fn is_private(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_dir() && found.uid() == user_id() && found.mode() & WRITABLE_BY_OTHERS == 0
    })
}

/// When a file was last written to, or something last came into or went out of a directory.
pub(super) fn changed(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).and_then(|found| found.modified()).ok()
}

/// Whether a file or directory last changed longer ago than this.
pub(super) fn is_older(path: &Path, age: Duration) -> bool {
    let since = changed(path).and_then(|at| SystemTime::now().duration_since(at).ok());
    since.is_some_and(|since| since > age)
}

/// Makes one directory whose parent exists.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(DIRECTORY_MODE).create(path)
}

/// Whether this process may make files in `path`.
pub(super) fn is_writable(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(path) = std::ffi::CString::new(path.as_os_str().as_bytes()) else { return false };
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) == 0 }
}

fn safely() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE_MODE).custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK);
    options
}

/// Opens an existing regular file of this user for reading.
pub(super) fn open(path: &Path) -> io::Result<File> {
    checked(safely().read(true).open(path)?)
}

/// Opens an existing regular file of this user for reading and writing.
pub(super) fn open_writable(path: &Path) -> io::Result<File> {
    checked(safely().read(true).write(true).open(path)?)
}

/// Makes a file that does not exist yet.
pub(super) fn create(path: &Path) -> io::Result<File> {
    safely().read(true).write(true).create_new(true).open(path)
}

fn checked(file: File) -> io::Result<File> {
    let found = file.metadata()?;
    let safe = found.is_file() && found.uid() == user_id();
    if safe { Ok(file) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
}

/// Makes a file of `size` zero bytes that are all really there. Removes it again when they are not.
pub(super) fn create_allocated(path: &Path, size: usize) -> io::Result<File> {
    let file = create(path)?;
    match allocate(&file, size) {
        Ok(()) => Ok(file),
        Err(error) => {
            let _ = fs::remove_file(path);
            Err(error)
        }
    }
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
    static ZEROS: [u8; 16 << 10] = [0; 16 << 10];
    let mut left = size;
    while left > 0 {
        let step = left.min(ZEROS.len());
        file.write_all(&ZEROS[..step])?;
        left -= step;
    }
    Ok(())
}

/// Tries to become the one holder of a lock file; never waits.
pub(super) fn try_lock(file: &File) -> bool {
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

/// What tells one file from another that has its name or its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inode {
    pub device: u64,
    pub number: u64,
}

impl Inode {
    pub fn of(metadata: &Metadata) -> Inode {
        Inode { device: metadata.dev(), number: metadata.ino() }
    }

    pub fn at(path: &Path) -> Option<Inode> {
        fs::symlink_metadata(path).ok().map(|metadata| Inode::of(&metadata))
    }
}

/// Closes `descriptor` if it still is the file it was: a host may have closed and reused it.
pub(super) fn close_inherited(descriptor: i32, inode: Inode) {
    // SAFETY: `stat` is plain data for which all zeros is a valid value.
    let mut found: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: fstat writes one `stat` to the place given and checks the descriptor.
    if unsafe { libc::fstat(descriptor, &mut found) } != 0 {
        return;
    }
    #[allow(clippy::unnecessary_cast)] // the fields differ in width between platforms
    let same = inode == Inode { device: found.st_dev as u64, number: found.st_ino as u64 };
    if same {
        // SAFETY: the descriptor is the lock file's, and nothing in this child uses it.
        unsafe { libc::close(descriptor) };
    }
}
