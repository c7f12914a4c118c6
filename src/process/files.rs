//! What is known of a file that is not the library's own.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use super::system::{file_facts, open_for_reading};

/// What tells a file from others, and from itself at another time.
#[derive(Clone, Copy, Debug)]
pub struct FileFacts {
    /// Where it is.
    pub device: u64,
    /// Which one it is there.
    pub number: u64,
    /// In bytes.
    pub size: u64,
    /// Unix time of the last change: seconds and nanoseconds.
    pub modified: (i64, i64),
    /// Whether it is a regular file.
    pub is_file: bool,
}

/// Opens a regular file of at most so many bytes: a pipe would have to be waited for, and a device may have no end.
pub fn open_small(path: &Path, most: u64) -> Result<File> {
    let file = open_for_reading(path)?;
    let found = file_facts(&file)?;
    let refused = |why| Err(Error::new(ErrorKind::InvalidInput, why));
    match found.size {
        _ if !found.is_file => refused("not a regular file".to_owned()),
        size if size > most => refused(format!("{size} bytes long, more than the {most} that are read")),
        _ => Ok(file),
    }
}

/// The content of such a file.
pub fn read_small(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    open_small(path, most)?.take(most).read_to_end(&mut content)?;
    Ok(content)
}
