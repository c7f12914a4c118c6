//! What is set aside so that it is in nobody's way: records the service will never take, and files
//! that are no segments. Both stay readable; the oldest go when there are too many.

use super::batch::Batch;
use super::place;
use super::reader::Reader;
use super::spool::unix_time;
use super::store::PARTIAL;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The directory beside the instances.
const DIRECTORY: &str = "quarantine";
/// The end of the name of a file that is no segment.
const BAD: &str = "bad";
/// Files kept at most.
const FILES_MAX: usize = 1000;
/// Bytes kept at most, where the caps allow that much.
const BYTES_MAX: u64 = 16 << 20;
/// The share of a cap that the quarantine may use.
const SHARE_OF_CAP: u64 = 8;

/// The bytes that may lie in quarantine under a cap on everything.
pub(super) fn cap(total: u64) -> u64 {
    (total / SHARE_OF_CAP).min(BYTES_MAX)
}

impl Reader {
    /// Puts the first record of the batch aside: it leaves the batch and the spool, and is kept as
    /// JSON (`time`, `reason`, `kind`, `record`) in `quarantine/` of the spool directory. Gives the
    /// file, if there is a place for it; so is the record's side file. Counted in any case.
    pub fn quarantine(&mut self, batch: &mut Batch, reason: &str) -> Option<PathBuf> {
        let record = batch.get(0)?;
        let text = serde_json::json!({
            "time": unix_time(),
            "reason": reason,
            "kind": record.kind.0,
            "record": String::from_utf8_lossy(record.payload),
        });
        let number = self.spool.next_file_number();
        let name = format!("{:010}-{}-{number:08}.json", unix_time(), self.spool.store.origin.name());
        let kept = self.spool.store.cold.as_ref().and_then(|side| {
            let cap = cap(self.spool.options.max_disk_bytes);
            keep(&side.root, &name, text.to_string().as_bytes(), cap).ok()
        });
        let entry = &batch.waiting()[0];
        self.spool.set_side_file_aside(batch.pieces[entry.piece as usize].key, entry.cursor.count);
        self.settle(batch, 1, |tally, records, _| tally.quarantined += records);
        kept
    }
}

fn keep(root: &Path, name: &str, content: &[u8], cap: u64) -> io::Result<PathBuf> {
    if content.len() as u64 > cap {
        return Err(io::Error::from(io::ErrorKind::StorageFull));
    }
    let directory = root.join(DIRECTORY);
    place::private_directory(&directory)?;
    trim(&directory, FILES_MAX - 1, cap - content.len() as u64);
    let partial = directory.join(format!("{name}.{PARTIAL}"));
    let path = directory.join(name);
    let written = place::create(&partial).and_then(|mut file| file.write_all(content));
    let done = written.and_then(|()| fs::rename(&partial, &path));
    if done.is_err() {
        let _ = fs::remove_file(&partial);
    }
    done.map(|()| path)
}

/// Moves files that belong nowhere else out of the way, and removes those that there is no room for.
/// All at once, because a look at the quarantine costs as much as moving a thousand files.
pub(super) fn set_aside(root: &Path, files: &[PathBuf], cap: u64) {
    let directory = root.join(DIRECTORY);
    let mut bytes = 0;
    let mut kept = Vec::new();
    for file in files {
        let length = fs::symlink_metadata(file).map_or(u64::MAX, |metadata| metadata.len());
        if kept.len() < FILES_MAX && length <= cap - bytes {
            bytes += length;
            kept.push(file);
        } else {
            remove(file);
        }
    }
    if kept.is_empty() {
        return;
    }
    let has_room = place::private_directory(&directory).is_ok();
    if has_room {
        trim(&directory, FILES_MAX - kept.len(), cap - bytes);
    }
    for file in kept {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let aside = directory.join(format!("{:010}-{name}.{BAD}", unix_time()));
        if !has_room || fs::rename(file, aside).is_err() {
            remove(file);
        }
    }
}

/// Removes whatever it is.
fn remove(path: &Path) {
    if fs::remove_file(path).is_err() {
        let _ = fs::remove_dir_all(path);
    }
}

/// Removes the oldest files until at most so many files and bytes are left. Names begin with the
/// time, in ten digits.
fn trim(directory: &Path, files: usize, bytes: u64) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut kept: Vec<(PathBuf, u64)> =
        entries.flatten().filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len()))).collect();
    kept.sort();
    let mut total: u64 = kept.iter().map(|(_, length)| length).sum();
    let mut count = kept.len();
    for (path, length) in kept {
        if count <= files && total <= bytes {
            break;
        }
        remove(&path);
        count -= 1;
        total -= length;
    }
}
