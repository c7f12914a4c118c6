//! Directories that are this user's alone, by a Unix's means: an owner and a mode.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::process::beyond_standard;

/// The access of a directory of ours.
const MODE: u32 = 0o700;
/// And of a file.
const FILE_MODE: u32 = 0o600;
/// Who else may write: the bits that make a directory unsafe.
pub const WRITABLE_BY_OTHERS: u32 = 0o022;

pub fn user_id() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

/// The user's state directory, and one that survives a reboot.
pub fn default_places() -> Vec<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = from("XDG_STATE_HOME").or_else(|| from("HOME").map(|home| home.join(".local/state")));
    let last = Path::new("/var/tmp").join(own_name());
    state.map(|state| state.join("maxim")).into_iter().chain([last]).collect()
}

/// On tmpfs, where there is one.
pub fn hot_place() -> Option<PathBuf> {
    cfg!(target_os = "linux").then(|| Path::new("/dev/shm").join(own_name()))
}

/// The name of this user's directory within one that others may use.
pub fn own_name() -> String {
    format!("maxim-{}", user_id())
}

/// Whether a directory that was named can be used itself.
pub fn is_ours_alone(path: &Path) -> io::Result<bool> {
    let found = fs::metadata(path)?;
    Ok(found.uid() == user_id() && found.mode() & WRITABLE_BY_OTHERS == 0)
}

/// Makes one directory whose parent exists, with our own access to it whatever the host's umask takes.
pub fn make_one(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(MODE).create(path)?;
    if fs::symlink_metadata(path)?.mode() & MODE == MODE {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(MODE))
}

/// Opens a file to be written, made if it is not there. A link is none.
pub fn open_to_try(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let made = options.open(path)?;
    Ok(File::from(beyond_standard(made)?))
}

/// Refuses a directory that cannot be written to, or that somebody else could put files into.
pub fn check(path: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    let safe = found.is_dir() && found.uid() == user_id() && found.mode() & WRITABLE_BY_OTHERS == 0;
    if !safe {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    // By the oldest call for it: sandboxes answer EPERM to faccessat2, which they do not know.
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?)
}

/// Whose what is under a name is, for whoever runs the host.
pub fn owner(_: &Path, found: &Metadata) -> String {
    format!("the user {} with mode {:04o}", found.uid(), found.mode() & 0o7777)
}
