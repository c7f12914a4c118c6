//! What a logger says of itself in its lock file (the library's `src/delivery/state_note.rs`), and whether it is there.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

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
