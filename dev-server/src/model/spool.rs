//! The library's spool, read from outside: what has not left this machine yet, and what was set aside and why.
//!
//! Nothing is locked, moved or written, so a running process is not disturbed. The format is described in the
//! library's `src/spool`; what is read here is version 2 of a segment. A record that is being written or settled at
//! the same moment may be missing or still be there.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model::loggers::{self, Note};

const MAGIC: &[u8] = b"maximspl";
const VERSION: u32 = 2;
/// The header's two copies.
const HEADER_AT: [usize; 2] = [0, 128];
const CURSOR_AT: usize = 320;
const HEARTBEAT_AT: usize = 328;
const FIRST_RECORD: usize = 4096;
const RECORD_HEADER: usize = 16;
/// A segment is never larger than one record of the longest payload.
const MAX_SEGMENT_BYTES: u64 = 80 << 20;
/// Files of a quarantine that are read.
const MAX_QUARANTINED: usize = 1000;

/// What one logger left or holds.
pub struct Holder {
    /// The directory of its identity: whose records these are, as a hash.
    pub identity: String,
    /// `<unix time in ns>-<pid>-<random>`
    pub instance: String,
    pub pid: u32,
    /// Whether the process that owned it is there.
    pub is_alive: bool,
    pub place: PathBuf,
    pub records: Vec<Vec<u8>>,
    /// Segments that could not be read: of another version, or damaged.
    pub unread: u64,
    /// Records of these segments that have left, or were dropped.
    pub settled: u64,
    /// Unix seconds since when the oldest of them has waited, at most; and of the owner's last sign of life.
    pub oldest: Option<u64>,
    pub heartbeat: Option<u64>,
    /// What it last said of itself.
    pub note: Option<Note>,
}

pub struct SetAside {
    pub path: PathBuf,
    pub reason: String,
    pub record: String,
}

#[derive(Default)]
pub struct Spool {
    pub holders: Vec<Holder>,
    pub quarantine: Vec<SetAside>,
    pub attachments: u64,
    /// Directories that were looked at and are there.
    pub places: Vec<PathBuf>,
}

/// Where a library without configuration keeps records: the hot place, then the one on disk.
pub fn usual_places() -> Vec<PathBuf> {
    let uid = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cold = variable("MAXIM_SPOOL_DIR")
        .or_else(|| variable("XDG_STATE_HOME").map(|state| state.join("maxim")))
        .or_else(|| variable("HOME").map(|home| home.join(".local/state/maxim")));
    let mut places = vec![PathBuf::from(format!("/dev/shm/maxim-{uid}"))];
    places.extend(cold);
    places.push(PathBuf::from(format!("/var/tmp/maxim-{uid}")));
    places
}

/// Reads what is below these directories; one that is not there holds nothing.
pub fn read(places: &[PathBuf]) -> Spool {
    let mut spool = Spool::default();
    for place in places {
        let Ok(identities) = directories(place) else { continue };
        spool.places.push(place.clone());
        for identity in identities {
            for part in directories(&identity).unwrap_or_default() {
                match name(&part).as_str() {
                    "quarantine" => spool.quarantine.extend(set_aside(&part)),
                    "attachments" => spool.attachments += files(&part).len() as u64,
                    instance if !instance.starts_with('.') => {
                        spool.holders.extend(
                            holder(&identity, &part)
                                .filter(|h| h.is_alive || !h.records.is_empty() || h.unread > 0),
                        );
                    }
                    _ => {}
                }
            }
        }
    }
    // The age of the owner is the order in which its records were accepted.
    spool.holders.sort_by(|a, b| a.instance.cmp(&b.instance));
    spool
}

fn holder(identity: &Path, directory: &Path) -> Option<Holder> {
    let instance = name(directory);
    let pid: u32 = instance.split('-').nth(1)?.parse().ok()?;
    let mut segments: Vec<_> = files(directory)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "seg"))
        .collect();
    segments.sort();
    let (mut found, mut unread) = (Vec::new(), 0);
    for path in segments {
        let bytes = fs::symlink_metadata(&path).and_then(|file| {
            let is_small = file.is_file() && file.len() <= MAX_SEGMENT_BYTES;
            if is_small { fs::read(&path) } else { Err(ErrorKind::InvalidData.into()) }
        });
        match bytes.map(|bytes| segment(&bytes)) {
            Ok(Segment::Records(segment)) => found.push(segment),
            Ok(Segment::Blank) => {}
            // Its records have left while this looked.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => unread += 1,
        }
    }
    found.sort_by_key(|segment| segment.number);
    let settled = found.iter().map(|segment| segment.settled).sum();
    let oldest = found.iter().filter(|segment| !segment.records.is_empty()).map(|s| s.created).min();
    // 0: none was written yet.
    let heartbeat = found.iter().map(|segment| segment.heartbeat).filter(|&at| at > 0).max();
    let records = found.into_iter().flat_map(|segment| segment.records).collect();
    Some(Holder {
        identity: name(identity),
        instance,
        pid,
        is_alive: loggers::is_alive(directory, pid),
        note: loggers::note(directory),
        place: directory.to_owned(),
        records,
        unread,
        settled,
        oldest,
        heartbeat,
    })
}

/// A segment, and the records in it that have not left.
struct Read {
    number: u64,
    created: u64,
    heartbeat: u64,
    settled: u64,
    records: Vec<Vec<u8>>,
}

enum Segment {
    Records(Read),
    /// Prepared for its next use.
    Blank,
    Foreign,
}

fn segment(bytes: &[u8]) -> Segment {
    let header = HEADER_AT
        .into_iter()
        .filter_map(|at| bytes.get(at..at + 80))
        .find(|header| header.starts_with(MAGIC));
    let Some(header) = header else {
        let is_blank = bytes.iter().take(8).all(|&byte| byte == 0);
        return if is_blank { Segment::Blank } else { Segment::Foreign };
    };
    let word = |at: usize| {
        header.get(at..at + 4).map_or(0, |b| u32::from_le_bytes(b.try_into().unwrap_or_default()))
    };
    let long = |at: usize| {
        header.get(at..at + 8).map_or(0, |b| u64::from_le_bytes(b.try_into().unwrap_or_default()))
    };
    if word(8) != VERSION {
        return Segment::Foreign;
    }
    let (number, base) = (long(40), long(48));
    let cursor = u64_at(bytes, CURSOR_AT).unwrap_or(0);
    let mut at = ((cursor & 0xff_ffff) * 8).max(FIRST_RECORD as u64) as usize;
    let mut expected = base.wrapping_add((cursor >> 24) & 0xff_ffff);
    let mut records = Vec::new();
    while let Some(length) =
        bytes.get(at..at + 4).map(|b| u32::from_le_bytes(b.try_into().unwrap_or_default()))
    {
        let Some(payload) = bytes.get(at + RECORD_HEADER..at + length as usize) else { break };
        // A sequence that does not go on is a record of the memory's earlier use.
        if u64_at(bytes, at + 8).is_none_or(|tag| tag >> 8 != expected) {
            break;
        }
        records.push(payload.to_vec());
        expected = expected.wrapping_add(1);
        at += (length as usize).next_multiple_of(8);
    }
    let heartbeat = u64_at(bytes, HEARTBEAT_AT).unwrap_or(0);
    Segment::Records(Read {
        number,
        created: long(56),
        heartbeat,
        settled: (cursor >> 24) & 0xff_ffff,
        records,
    })
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn set_aside(directory: &Path) -> Vec<SetAside> {
    let mut paths = files(directory);
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let reason = if value.is_object() { word("reason") } else { "not a segment, or damaged".to_owned() };
        SetAside { reason, record: word("record"), path }
    };
    paths.into_iter().rev().take(MAX_QUARANTINED).map(read).collect()
}

fn directories(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found: Vec<_> = fs::read_dir(path)?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    Ok(found)
}

fn files(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_content_of_a_file_is_a_panic() {
        for bytes in [&b""[..], b"maximspl", &[0; 5000], &[0xff; 5000]] {
            let mut whole = bytes.to_vec();
            segment(&whole);
            whole.splice(0..0, b"maximspl\x02\0\0\0".iter().copied());
            whole.resize(6000, 0xff);
            segment(&whole);
        }
    }
}
