//! Where the two directories of a spool may be, which of them can be used, and what to say when none can.
//!
//! A directory that somebody named is used or refused: taking another one in its stead would lose records to a
//! place that nobody knows of. Others may write to many such directories (an `emptyDir` of Kubernetes, one
//! with an `fsGroup`); there a private one within it, `maxim-<uid>`, is made and used. A symbolic link that
//! was named leads where it leads.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The access of a directory of ours.
const MODE: u32 = 0o700;
/// Who else may write: the bits that make a directory unsafe.
pub(super) const WRITABLE_BY_OTHERS: u32 = 0o022;

pub(super) fn user_id() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

/// Why a directory cannot be used, in words for whoever runs the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(pub String);

/// The spool directory: the named one, and if none was named the first that can be used.
pub(super) fn spool_directory(named: Option<&Path>) -> Result<PathBuf, Unusable> {
    match named {
        Some(path) => usable_named(path).map_err(|error| Unusable(why_not(path, &error))),
        None => default_spool_directory(),
    }
}

/// The user's state directory, or one that survives a reboot.
pub(super) fn default_spool_directory() -> Result<PathBuf, Unusable> {
    first_usable(default_candidates())
}

fn default_candidates() -> Vec<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = from("XDG_STATE_HOME").or_else(|| from("HOME").map(|home| home.join(".local/state")));
    let last = PathBuf::from(format!("/var/tmp/maxim-{}", user_id()));
    state.map(|state| state.join("maxim")).into_iter().chain([last]).collect()
}

/// The hot directory: the configured one, or on tmpfs.
pub(super) fn hot_directory(configured: Option<&Path>) -> Result<PathBuf, Unusable> {
    first_usable(hot_candidates(configured))
}

/// The places where hot segments may be, best first.
pub(super) fn hot_candidates(configured: Option<&Path>) -> Vec<PathBuf> {
    let shm = cfg!(target_os = "linux").then(|| PathBuf::from(format!("/dev/shm/maxim-{}", user_id())));
    configured.map(Path::to_owned).into_iter().chain(shm).collect()
}

/// Every directory in which a spool of this configuration may have left something.
pub(super) fn all(named: Option<&Path>, hot: Option<&Path>) -> Vec<PathBuf> {
    let named = named.and_then(|path| usable_named(path).ok());
    named.into_iter().chain(default_candidates()).chain(hot_candidates(hot)).collect()
}

fn first_usable(candidates: Vec<PathBuf>) -> Result<PathBuf, Unusable> {
    let mut refusals = Vec::new();
    for path in candidates {
        match private(&path) {
            Ok(()) => return Ok(path),
            Err(error) => refusals.push(why_not(&path, &error)),
        }
    }
    Err(Unusable(refusals.join("; ")))
}

/// The private directory to use where this one was named.
fn usable_named(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    if fs::metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        make(&path)?;
    }
    // What was named may be a link; below it nothing is.
    let path = path.canonicalize()?;
    let found = fs::metadata(&path)?;
    let is_ours = found.uid() == user_id() && found.mode() & WRITABLE_BY_OTHERS == 0;
    let path = if is_ours || !found.is_dir() { path } else { path.join(format!("maxim-{}", user_id())) };
    private(&path).map(|()| path)
}

/// Makes a directory, and those around it that are missing, with our own access to each whatever the host's umask takes.
fn make(path: &Path) -> io::Result<()> {
    let create = || DirBuilder::new().mode(MODE).create(path);
    let made = match (create(), path.parent()) {
        (Err(error), Some(around)) if error.kind() == io::ErrorKind::NotFound => {
            make(around)?;
            create()
        }
        (made, _) => made,
    };
    match made {
        // Another process was there first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) if fs::symlink_metadata(path)?.mode() & MODE == MODE => Ok(()),
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(MODE)),
    }
}

/// Makes `path` if need be, and refuses it when it cannot be written to or somebody else could put files there.
pub(super) fn private(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_err() {
        make(path)?;
    }
    let found = fs::symlink_metadata(path)?;
    let safe = found.is_dir() && found.uid() == user_id() && found.mode() & WRITABLE_BY_OTHERS == 0;
    if !safe {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    // By the oldest call for it: sandboxes answer EPERM to faccessat2, which they do not know.
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?)
}

/// What there is under a name that cannot be used, and what to do.
fn why_not(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    let user = user_id();
    let advice = format!("name a directory that the user {user} owns or may write to");
    let Ok(found) = fs::symlink_metadata(path) else {
        return format!("{shown} cannot be made: {error} ({advice})");
    };
    let kind = match found.file_type() {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_symlink() => "a symbolic link",
        _ => "no directory",
    };
    let (owner, mode) = (found.uid(), found.mode() & 0o7777);
    format!("{shown} cannot be used: {error} ({kind} of the user {owner} with mode {mode:04o}; {advice})")
}

/// Whether the named directory, if any, can be used.
pub(super) fn check_named(named: Option<&Path>) -> Result<(), Unusable> {
    named.map_or(Ok(()), |_| spool_directory(named).map(|_| ()))
}
