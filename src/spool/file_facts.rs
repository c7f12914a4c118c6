//! What is known of a file or directory of the spool.

use std::fs::File;
use std::io::{self, Write};

/// What is known of a file or directory.
pub(super) struct FileFacts {
    pub inode: Inode,
    pub is_directory: bool,
    pub length: u64,
    /// When it was last written to, or something last came into or went out of it, by the system's clock:
    /// good for telling whether that happened, not when.
    pub changed: (i64, i64),
    /// Whether it is a directory that nobody but this user can put files into.
    pub is_private: bool,
}

/// What tells one file from another that has its name or its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inode {
    pub device: u64,
    pub number: u64,
}

/// Has all of a file really be there, where the system has no call for that.
pub(super) fn write_zeros(mut file: &File, size: usize) -> io::Result<()> {
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
