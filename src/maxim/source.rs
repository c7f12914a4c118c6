//! A file of the caller's, to be uploaded: whether it can be, and what it is.
//!
//! It is looked at when it is attached, so that the call can refuse it, and again when its turn has come.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::status::{Error, Status};

/// What is read of a file to see what it is; `infer` looks no further.
const SNIFFED_BYTES: usize = 8 * 1024;

/// A file that can be uploaded.
pub(super) struct Opened {
    pub file: File,
    /// In bytes.
    pub size: u64,
}

/// Why a file cannot.
pub(super) struct Unreadable {
    status: Status,
    pub why: String,
    /// Because this process or machine is short of something.
    pub for_now: bool,
}

impl Unreadable {
    fn io(path: &Path, error: &io::Error) -> Unreadable {
        let short = [libc::EMFILE, libc::ENFILE, libc::ENOMEM];
        Unreadable {
            status: Status::Io,
            why: format!("\"{}\" can't be read: {error}", path.display()),
            for_now: error.raw_os_error().is_some_and(|code| short.contains(&code)),
        }
    }

    /// As a call's refusal of an argument.
    pub fn error(self, argument: &str) -> Error {
        Error::new(self.status, format!("{argument}: {}", self.why))
    }
}

/// Opens a file of at most so many bytes.
pub(super) fn open(path: &Path, most: u64) -> Result<Opened, Unreadable> {
    let refused = |status, why| Err(Unreadable { status, why, for_now: false });
    // Opening a pipe would otherwise wait for somebody to write to it.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = opened.map_err(|error| Unreadable::io(path, &error))?;
    let found = file.metadata().map_err(|error| Unreadable::io(path, &error))?;
    let size = found.len();
    let path = path.display();
    if !found.is_file() {
        return refused(Status::Io, format!("\"{path}\" is not a regular file"));
    }
    if size > most {
        let why = format!("\"{path}\" has {size} bytes, more than the {most} that are allowed");
        return refused(Status::TooLarge, why);
    }
    Ok(Opened { file, size })
}

impl Opened {
    /// The beginning of the file, by which its type is told, and the file as before.
    pub fn sniffed(mut self, path: &Path) -> Result<(Vec<u8>, Opened), Unreadable> {
        let mut beginning = Vec::with_capacity(SNIFFED_BYTES);
        let read = (&mut self.file).take(SNIFFED_BYTES as u64).read_to_end(&mut beginning);
        let back = read.and_then(|_| self.file.seek(SeekFrom::Start(0)));
        back.map_err(|error| Unreadable::io(path, &error))?;
        Ok((beginning, self))
    }
}
