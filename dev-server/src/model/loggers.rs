//! How delivery stands for each logger of this machine: what it says of itself in its lock file (the library's
//! `src/delivery/state_note.rs`), and what its segments still hold.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::spool::Holder;

/// A note is half of this.
const MAX_NOTE_BYTES: u64 = 4096;

/// What a logger last said of itself. Times are Unix milliseconds.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
pub struct Note {
    pub at_ms: i64,
    pub protocol: String,
    pub to: String,
    pub repository: String,
    pub accepted: u64,
    /// Taken over from loggers that ended.
    pub adopted: u64,
    pub delivered: u64,
    pub dropped: u64,
    pub purged: u64,
    pub quarantined: u64,
    pub last_error: Option<String>,
    pub error_at_ms: Option<i64>,
    /// When there will be another attempt, after one that failed.
    pub next_attempt_ms: Option<i64>,
}

/// The note in an instance's directory. None of an earlier version, or before the first.
pub fn note(directory: &Path) -> Option<Note> {
    let mut text = String::new();
    fs::File::open(directory.join("lock")).ok()?.take(MAX_NOTE_BYTES).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether the owner of a directory is there: its process is, and still holds the lock. The number of a process may
/// be another one's by now.
pub fn is_alive(directory: &Path, pid: u32) -> bool {
    if !Path::new(&format!("/proc/{pid}")).exists() {
        return false;
    }
    let inode = fs::metadata(directory.join("lock")).map(|lock| format!(":{}", lock.ino()));
    // Where the kernel does not tell who holds locks, the process has to do.
    match (inode, fs::read_to_string("/proc/locks")) {
        (Ok(inode), Ok(locks)) if !locks.is_empty() => locks.lines().any(|line| {
            let mut words = line.split_whitespace();
            words.any(|word| word == "FLOCK") && words.any(|word| word.ends_with(&inode))
        }),
        _ => true,
    }
}

/// A record as a person reads it: of an attachment, its description.
pub fn text(record: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(described(record))
}

/// What a record of an attachment says of it: JSON, before which stands its length in four bytes, of which the last is 0
/// (`src/maxim/uploads.rs`). In quarantine these are text, with longer stand-ins for those that are none. Any other record
/// is given as it is.
pub fn described(record: &[u8]) -> &[u8] {
    const LENGTH_AS_TEXT: usize = 4 * char::REPLACEMENT_CHARACTER.len_utf8();
    let start =
        memchr::memmem::find(&record[..record.len().min(LENGTH_AS_TEXT + 1)], b"\0{").map_or(0, |at| at + 1);
    &record[start..]
}

/// One logger, wherever its files are.
pub struct Logger {
    pub pid: u32,
    pub is_alive: bool,
    pub places: Vec<PathBuf>,
    pub note: Option<Note>,
    /// Records that have not left.
    pub waiting: u64,
    /// The first of them.
    pub first: Option<Vec<u8>>,
    /// Unix seconds since when the oldest of them has waited, at most; and of the owner's last sign of life.
    pub oldest: Option<u64>,
    pub heartbeat: Option<u64>,
    /// Segments that could not be read.
    pub unread: u64,
}

impl Logger {
    /// Records accepted so far. The note may be older than what the segments hold.
    pub fn accepted(&self) -> Option<u64> {
        let note = self.note.as_ref()?;
        let settled = note.delivered + note.dropped + note.purged + note.quarantined;
        Some(note.accepted.max((settled + self.waiting).saturating_sub(note.adopted)))
    }

    /// The trouble that keeps records here at present.
    pub fn trouble(&self) -> Option<&str> {
        let note = self.note.as_ref()?;
        note.last_error.as_deref().filter(|_| note.next_attempt_ms.is_some())
    }
}

/// The loggers of these directories: those that run first, and of those the ones that wait longest.
pub fn loggers(holders: &[Holder]) -> Vec<Logger> {
    let mut by_instance = BTreeMap::<(&str, &str), Logger>::new();
    for holder in holders {
        let logger = by_instance.entry((&holder.instance, &holder.identity)).or_insert_with(|| Logger {
            pid: holder.pid,
            is_alive: false,
            places: Vec::new(),
            note: None,
            waiting: 0,
            first: None,
            oldest: None,
            heartbeat: None,
            unread: 0,
        });
        logger.is_alive |= holder.is_alive;
        logger.places.push(holder.place.clone());
        let at = |note: &Option<Note>| note.as_ref().map(|note| note.at_ms);
        if at(&holder.note) > at(&logger.note) {
            logger.note.clone_from(&holder.note);
        }
        logger.waiting += holder.waiting();
        let is_older = logger.oldest.is_none_or(|oldest| holder.oldest.is_some_and(|at| at <= oldest));
        if let Some(first) = holder.records.first().filter(|_| is_older || logger.first.is_none()) {
            logger.first = Some(first.clone());
        }
        logger.oldest = logger.oldest.into_iter().chain(holder.oldest).min();
        logger.heartbeat = logger.heartbeat.max(holder.heartbeat);
        logger.unread += holder.unread;
    }
    let mut loggers: Vec<_> = by_instance.into_values().collect();
    loggers.sort_by_key(|logger| (!logger.is_alive, logger.oldest.unwrap_or(u64::MAX)));
    loggers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(place: &str, records: &[&str], oldest: Option<u64>, note: Option<Note>) -> Holder {
        Holder {
            identity: "i".into(),
            instance: "1-7-a".into(),
            pid: 7,
            is_alive: place == "hot",
            place: place.into(),
            records: records.iter().map(|record| record.as_bytes().to_vec()).collect(),
            counted: 0,
            unread: 0,
            settled: 0,
            oldest,
            heartbeat: None,
            note,
        }
    }

    #[test]
    fn the_places_of_a_logger_are_one_logger_with_its_latest_note() {
        let note = |at_ms, delivered| Some(Note { at_ms, delivered, ..Note::default() });
        let holders =
            [holder("hot", &["c"], Some(9), note(2, 5)), holder("cold", &["a", "b"], Some(3), note(1, 4))];
        let loggers = loggers(&holders);
        let [logger] = loggers.as_slice() else { panic!("{} loggers", loggers.len()) };
        assert!(logger.is_alive && logger.places.len() == 2);
        assert_eq!((logger.waiting, logger.oldest, logger.first.as_deref()), (3, Some(3), Some(&b"a"[..])));
        assert_eq!(logger.accepted(), Some(8));
    }

    #[test]
    fn an_attachment_is_shown_by_its_description() {
        let json = format!("{{\"record\":\"{}\"}}", "a".repeat(500));
        let record = [&(json.len() as u32).to_le_bytes(), json.as_bytes()].concat();
        assert_eq!(text(&record), json);
        // As it stands in quarantine.
        let set_aside = String::from_utf8_lossy(&record).into_owned();
        assert_eq!(text(set_aside.as_bytes()), json);
        for line in ["trace{id=a,action=b,data={}}", "{\"message\":\"m\"}", "\u{1}x", ""] {
            assert_eq!(text(line.as_bytes()), line);
        }
    }

    #[test]
    fn no_content_of_a_lock_file_is_more_than_no_note() {
        let directory = std::env::temp_dir().join(format!("maxim-note-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        for bytes in [&b""[..], b"{", b"5", b"{\"accepted\":-1}", &[0xff; 9000]] {
            fs::write(directory.join("lock"), bytes).expect("written");
            assert_eq!(note(&directory), None, "{bytes:?}");
        }
        fs::write(directory.join("lock"), b"{\"accepted\":3, \"later\":{}}    \n").expect("written");
        assert_eq!(note(&directory).map(|note| note.accepted), Some(3));
        fs::remove_dir_all(directory).expect("removed");
    }
}
