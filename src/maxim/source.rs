//! A file of the caller's, to be uploaded: whether it can be, what it is, and whether it is still what was attached.
//!
//! It is looked at when it is attached, so that the call can refuse it, and again when its turn has come. What
//! is then at its path is uploaded only if it is the same file, no shorter, and unchanged or only longer; no more
//! of it than it had at the call. So nobody who may write to its directory can put another file in its
//! place, or a link to one, and what a program appends to a log later stays where it is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::process::{self, FileFacts};
use crate::spool::Spool;
use crate::status::{Error, Status};

/// What is read of a file to see what it is; `infer` looks no further.
const SNIFFED_BYTES: u64 = 8 * 1024;

/// What tells a file from others, and from itself at another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileStamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
}

/// A file that can be uploaded.
pub(super) struct Opened {
    pub file: File,
    /// In bytes: how much is to be uploaded.
    pub size: u64,
}

/// Why a file cannot.
#[derive(Debug)]
pub(super) struct Unreadable {
    status: Status,
    pub why: String,
    /// Because this process, the machine or a server of files is short of something.
    pub for_now: bool,
}

impl Unreadable {
    fn io(path: &Path, error: &io::Error) -> Unreadable {
        Unreadable {
            status: Status::Io,
            why: format!("\"{}\" can't be read: {error}", path.display()),
            for_now: process::is_passing(error),
        }
    }

    /// As a call's refusal of an argument.
    pub fn error(self, argument: &str) -> Error {
        Error::new(self.status, format!("{argument}: {}", self.why))
    }
}

impl FileStamp {
    fn of(found: &FileFacts) -> FileStamp {
        FileStamp { device: found.device, inode: found.number, size: found.size, modified: found.modified }
    }

    /// What has become of the file since, unless nothing that matters has.
    fn change(&self, now: &FileStamp) -> Option<&'static str> {
        match () {
            () if (self.device, self.inode) != (now.device, now.inode) => {
                Some("another file has taken its place since it was attached")
            }
            () if now.size < self.size => Some("it has become shorter since it was attached"),
            () if now.size == self.size && now.modified != self.modified => {
                Some("it has been changed since it was attached")
            }
            () => None,
        }
    }
}

/// Looks at a file of at most so many bytes that is being attached. A process without a descriptor left sees
/// all but whether it may read the file.
pub(super) fn stamp(path: &Path, most: u64) -> Result<FileStamp, Unreadable> {
    match open(path, most, None) {
        Ok(Opened { mut file, size }) => {
            // Of what has no size no more than that would be uploaded.
            let has_content = size == 0 && file.read(&mut [0]).is_ok_and(|read| read > 0);
            let found = process::file_facts(&file).map_err(|error| Unreadable::io(path, &error))?;
            if has_content && found.size == 0 {
                let why = format!(
                    "\"{}\" has content and no size, as files of /proc have: read it, and attach the bytes",
                    path.display()
                );
                return Err(Unreadable { status: Status::Io, why, for_now: false });
            }
            Ok(FileStamp::of(&found))
        }
        Err(refused) if refused.for_now => {
            let found = process::facts_at(path).map_err(|_| refused)?;
            usable(path, &found, found.size, most).map(|()| FileStamp::of(&found))
        }
        Err(refused) => Err(refused),
    }
}

/// Opens a file of at most so many bytes; with a stamp, the file that had it.
pub(super) fn open(path: &Path, most: u64, stamp: Option<&FileStamp>) -> Result<Opened, Unreadable> {
    let file = process::open_for_reading(path).map_err(|error| Unreadable::io(path, &error))?;
    checked(path, file, most, stamp)
}

/// Opens a file of the spool, of at most so many bytes; without a spool, for it is just being opened, by its path.
/// It is given up only where it is known to be gone.
pub(super) fn open_beside(path: &Path, most: u64, spool: Option<&Spool>) -> Result<Opened, Unreadable> {
    let Some(spool) = spool else {
        return open(path, most, None).map_err(|refused| Unreadable { for_now: true, ..refused });
    };
    let file = spool.open_side_file(path).map_err(|error| {
        let is_certain = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData);
        Unreadable { for_now: !is_certain, ..Unreadable::io(path, &error) }
    })?;
    checked(path, file, most, None)
}

fn checked(path: &Path, file: File, most: u64, stamp: Option<&FileStamp>) -> Result<Opened, Unreadable> {
    let found = process::file_facts(&file).map_err(|error| Unreadable::io(path, &error))?;
    if let Some(change) = stamp.and_then(|stamp| stamp.change(&FileStamp::of(&found))) {
        let why = format!("\"{}\": {change}", path.display());
        return Err(Unreadable { status: Status::Io, why, for_now: false });
    }
    let size = stamp.map_or(found.size, |stamp| stamp.size);
    usable(path, &found, size, most)?;
    Ok(Opened { file, size })
}

/// Whether so much of a file may be uploaded.
fn usable(path: &Path, found: &FileFacts, size: u64, most: u64) -> Result<(), Unreadable> {
    let refused = |status, why| Err(Unreadable { status, why, for_now: false });
    let path = path.display();
    if !found.is_file {
        return refused(Status::Io, format!("\"{path}\" is not a regular file"));
    }
    if size > most {
        let why = format!("\"{path}\" has {size} bytes, more than the {most} that are allowed");
        return refused(Status::TooLarge, why);
    }
    Ok(())
}

impl Opened {
    /// The beginning of the file, by which its type is told, and the file as before.
    pub fn sniffed(mut self, path: &Path) -> Result<(Vec<u8>, Opened), Unreadable> {
        let wanted = self.size.min(SNIFFED_BYTES);
        let mut beginning = Vec::with_capacity(wanted as usize);
        let read = (&mut self.file).take(wanted).read_to_end(&mut beginning);
        let back = read.and_then(|_| self.file.seek(SeekFrom::Start(0)));
        // It could be opened: what keeps it from being read may pass.
        back.map_err(|error| Unreadable { for_now: true, ..Unreadable::io(path, &error) })?;
        Ok((beginning, self))
    }
}
