//! What is set aside so that it is in nobody's way: records the service will never take, and files
//! that are no segments. Both stay readable; the oldest go when there are too many.

use super::batch::Batch;
use super::reader::Reader;
use super::secure_fs::At;
use super::spool::unix_time;
use super::store::PARTIAL;
use std::io::{self, Write};
use std::path::PathBuf;

/// The directory beside the instances.
pub(super) const DIRECTORY: &str = "quarantine";
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
        // Nothing is put here behind a purge.
        let spool = std::sync::Arc::clone(&self.spool);
        let _left = spool.left.lock();
        let is_held = self.holds(batch);
        let kept = self.spool.store.cold.as_ref().filter(|_| is_held).and_then(|side| {
            let cap = cap(self.spool.options.max_disk_bytes);
            let text = text.to_string();
            let store = &self.spool.store;
            store.again_if_removed(side, || keep(&side.root, &name, text.as_bytes(), cap)).ok()
        });
        let entry = &batch.waiting()[0];
        self.spool.set_side_file_aside(batch.pieces[entry.piece as usize].key, entry.cursor.count);
        self.settle(batch, 1, |tally, records, _| tally.quarantined += records);
        kept
    }
}

/// Removes whatever is set aside below the directory of an identity.
pub(super) fn clear(root: &At) -> io::Result<()> {
    let entries = match root.join(DIRECTORY).entries() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listed => listed?,
    };
    let mut cleared = Ok(());
    for entry in entries {
        cleared = cleared.and(entry.remove_all());
    }
    cleared
}

fn keep(root: &At, name: &str, content: &[u8], cap: u64) -> io::Result<PathBuf> {
    if content.len() as u64 > cap {
        return Err(io::Error::from(io::ErrorKind::StorageFull));
    }
    let directory = root.join(DIRECTORY);
    directory.private_directory()?;
    trim(&directory, FILES_MAX - 1, cap - content.len() as u64);
    let partial = directory.join(format!("{name}.{PARTIAL}"));
    let path = directory.join(name);
    let written = partial.create().and_then(|mut file| file.write_all(content));
    let done = written.and_then(|()| partial.rename(&path));
    if done.is_err() {
        let _ = partial.remove_file();
    }
    done.map(|()| path.path())
}

/// Moves files that belong nowhere else out of the way, and removes those that there is no room for.
/// All at once, because a look at the quarantine costs as much as moving a thousand files. Gives how many are
/// out of the way.
pub(super) fn set_aside(root: &At, files: &[At], cap: u64) -> u64 {
    let directory = root.join(DIRECTORY);
    let mut bytes = 0;
    let mut kept = Vec::new();
    let mut moved = 0;
    for file in files {
        // What cannot be looked at stays where it is.
        let Ok(found) = file.look() else { continue };
        if kept.len() < FILES_MAX && found.length <= cap - bytes {
            bytes += found.length;
            kept.push(file);
        } else {
            moved += u64::from(file.remove_all().is_ok());
        }
    }
    if kept.is_empty() || directory.private_directory().is_err() {
        return moved;
    }
    trim(&directory, FILES_MAX - kept.len(), cap - bytes);
    for file in kept {
        let name = file.name().to_string_lossy();
        let aside = directory.join(format!("{:010}-{name}.{BAD}", unix_time()));
        moved += u64::from(file.rename(&aside).is_ok());
    }
    moved
}

/// Removes the oldest files until at most so many files and bytes are left. Names begin with the
/// time, in ten digits.
fn trim(directory: &At, files: usize, bytes: u64) {
    let entries = directory.entries().unwrap_or_default();
    let mut kept: Vec<(At, u64)> =
        entries.into_iter().filter_map(|at| at.look().ok().map(|found| (at, found.length))).collect();
    kept.sort_by(|(one, _), (other, _)| one.name().cmp(other.name()));
    let mut total: u64 = kept.iter().map(|(_, length)| length).sum();
    let mut count = kept.len();
    for (at, length) in kept {
        if count <= files && total <= bytes {
            break;
        }
        let _ = at.remove_all();
        count -= 1;
        total -= length;
    }
}
