//! Where the two directories of a spool may be, which of them can be used, and what to say when none can.
//!
//! A directory that somebody named is used or refused: taking another one in its stead would lose records to a
//! place that nobody knows of. Others may write to many such directories (an `emptyDir` of Kubernetes, one
//! with an `fsGroup`); there a private one within it, `maxim-<uid>`, is made and used. A symbolic link that
//! was named leads where it leads.

use crate::process::{self, unique};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[cfg_attr(unix, path = "candidates/unix.rs")]
#[cfg_attr(windows, path = "candidates/windows.rs")]
pub(super) mod system;

/// Why a directory cannot be used, in words for whoever runs the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(pub String);

/// The spool directory: the named one, and if none was named the first that can be used.
pub(super) fn spool_directory(named: Option<&Path>) -> Result<PathBuf, Unusable> {
    match named {
        Some(path) => {
            let found = usable_named(path).and_then(|found| try_out(&found).map(|()| found));
            found.map_err(|error| Unusable(why_not(path, &error)))
        }
        None => default_spool_directory(),
    }
}

/// The user's state directory, or one that survives a reboot.
pub(super) fn default_spool_directory() -> Result<PathBuf, Unusable> {
    first_usable(system::default_places(), try_out)
}

/// The hot directory: the configured one, or on tmpfs.
pub(super) fn hot_directory(configured: Option<&Path>) -> Result<PathBuf, Unusable> {
    // It is used before the next call.
    first_usable(hot_candidates(configured), |_| Ok(()))
}

/// The places where hot segments may be, best first.
pub(super) fn hot_candidates(configured: Option<&Path>) -> Vec<PathBuf> {
    configured.map(Path::to_owned).into_iter().chain(system::hot_place()).collect()
}

/// Every directory in which a spool of this configuration may have left something. Makes none that was removed, which
/// may be another user's by now.
pub(super) fn all(named: Option<&Path>, hot: Option<&Path>) -> Vec<PathBuf> {
    let named = named.filter(|path| path.exists()).and_then(|path| usable_named(path).ok());
    named.into_iter().chain(system::default_places()).chain(hot_candidates(hot)).collect()
}

fn first_usable(candidates: Vec<PathBuf>, is_good: fn(&Path) -> io::Result<()>) -> Result<PathBuf, Unusable> {
    let mut refusals = Vec::new();
    for path in candidates {
        match private(&path).and_then(|()| is_good(&path)) {
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
    let can_be_used = system::is_ours_alone(&path)? || !path.is_dir();
    let path = if can_be_used { path } else { path.join(system::own_name()) };
    private(&path).map(|()| path)
}

/// Makes a directory, and those around it that are missing.
fn make(path: &Path) -> io::Result<()> {
    let made = match (system::make_one(path), path.parent()) {
        (Err(error), Some(around)) if error.kind() == io::ErrorKind::NotFound => {
            make(around)?;
            system::make_one(path)
        }
        (made, _) => made,
    };
    match made {
        // Another process was there first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Makes `path` if need be, and refuses it when it cannot be written to or somebody else could put files there.
pub(super) fn private(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_err() {
        make(path)?;
    }
    system::check(path)
}

/// A file that is there for a moment only. One that a killed process has left goes with the next trial.
const TRIED: &str = ".try";

/// Refuses a directory in which no file can be made and written, whatever its owner and mode say: one of the kernel's own
/// (`/proc`), or of a server that refuses. One that is full, or a process that lacks something, is another matter, which passes.
fn try_out(path: &Path) -> io::Result<()> {
    let tried = try_file(path).or_else(|error| match error.kind() {
        // Somebody removed the directory just now.
        io::ErrorKind::NotFound => private(path).and_then(|()| try_file(path)),
        _ => Err(error),
    });
    let passes = |error: &io::Error| {
        use io::ErrorKind::{FileTooLarge, OutOfMemory, QuotaExceeded, StorageFull};
        matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge | OutOfMemory)
            || process::is_passing(error)
    };
    match tried {
        Err(error) if !passes(&error) => {
            Err(io::Error::new(error.kind(), format!("no file can be written there: {error}")))
        }
        _ => Ok(()),
    }
}

fn try_file(directory: &Path) -> io::Result<()> {
    try_name(&directory.join(TRIED)).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Err(error),
        // Something of that name cannot be written to: another process's, made under a umask that takes all access.
        _ => {
            let _ = fs::remove_file(directory.join(TRIED));
            try_name(&directory.join(format!("{TRIED}-{:016x}", unique::number())))
        }
    })
}

fn try_name(name: &Path) -> io::Result<()> {
    let written = system::open_to_try(name)?.write_all(b"x");
    let removed = fs::remove_file(name).or_else(|error| match error.kind() {
        // Another process has tried at the same time.
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    written.and(removed)
}

/// What there is under a name that cannot be used, and what to do.
fn why_not(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    let user = system::user_id();
    let advice = format!("name a directory that the user {user} owns or may write to");
    let Ok(found) = fs::symlink_metadata(path) else {
        return format!("{shown} cannot be made: {error} ({advice})");
    };
    let kind = match found.file_type() {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_symlink() => "a symbolic link",
        _ => "no directory",
    };
    let owner = system::owner(path, &found);
    format!("{shown} cannot be used: {error} ({kind} of {owner}; {advice})")
}

/// Whether the named directory, if any, can be used.
pub(super) fn check_named(named: Option<&Path>) -> Result<(), Unusable> {
    named.map_or(Ok(()), |_| spool_directory(named).map(|_| ()))
}
