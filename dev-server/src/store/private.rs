//! Files that their owner alone may read: the database, the record, the lines.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Opens a file for appending that its owner alone may read: a new one, or a regular one with this name only.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options.open(path).map_err(|error| match error.raw_os_error() {
        #[cfg(unix)]
        Some(libc::ELOOP) => io::Error::new(error.kind(), "it is a symbolic link, which is not followed"),
        _ => error,
    })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    #[cfg(unix)]
    {
        if metadata.nlink() > 1 {
            return Err(io::Error::other("it has a second name (a hard link)"));
        }
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
