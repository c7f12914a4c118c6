//! How old records and files are, whatever the system's clock says: it may be years off, and be set right at any
//! moment.
//!
//! A segment carries an [`AgeStamp`]: in which boot of the machine it was last known to be young, by that boot's own
//! clock, and how old it was then. A process that takes it over in another boot goes on counting from there, so
//! that what is counted is time that the machine has run, and nothing is ever removed by one look at a clock.
//! Without a stamp (an earlier version's file, or a damaged one) a segment is new to whoever finds it. Files that are
//! no segments have their ages in a [note](old_entries) beside their directory.

use super::secure_fs::At;
use super::store::PARTIAL;
use crate::process::{boot, unique};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::Duration;

/// The length of a stamp in a segment.
pub(super) const STAMP_LEN: usize = 32;
/// What the stamp's checksum covers.
const CHECKED: usize = 28;
/// A note is written again after this share of the age that matters, if nothing else has changed.
const NOTE_STEPS: u32 = 16;

/// An age, and when it was that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AgeStamp {
    boot: [u8; 16],
    seconds: u64,
    aged: u32,
}

impl AgeStamp {
    /// Something is of this age now.
    pub fn of(age: Duration) -> AgeStamp {
        let aged = age.as_secs().try_into().unwrap_or(u32::MAX);
        AgeStamp { boot: boot::id(), seconds: boot::elapsed().as_secs(), aged }
    }

    /// How old it is by now, as far as that is known.
    pub fn age(&self) -> Duration {
        let now = boot::elapsed().as_secs();
        let since = if self.is_of_this_boot() { now.saturating_sub(self.seconds) } else { 0 };
        Duration::from_secs(u64::from(self.aged).saturating_add(since))
    }

    /// Whether time goes on being counted from it.
    pub fn is_of_this_boot(&self) -> bool {
        self.boot == boot::id() && self.boot != [0; 16]
    }

    pub fn encode(&self, salt: u32) -> [u8; STAMP_LEN] {
        let mut out = [0; STAMP_LEN];
        out[..16].copy_from_slice(&self.boot);
        out[16..24].copy_from_slice(&self.seconds.to_le_bytes());
        out[24..CHECKED].copy_from_slice(&self.aged.to_le_bytes());
        let check = crc32c::crc32c_append(salt, &out[..CHECKED]);
        out[CHECKED..].copy_from_slice(&check.to_le_bytes());
        out
    }

    pub fn decode(bytes: &[u8], salt: u32) -> Option<AgeStamp> {
        let check = bytes.get(CHECKED..STAMP_LEN)?;
        if crc32c::crc32c_append(salt, &bytes[..CHECKED]).to_le_bytes() != *check {
            return None;
        }
        Some(AgeStamp {
            boot: bytes[..16].try_into().ok()?,
            seconds: u64::from_le_bytes(bytes[16..24].try_into().ok()?),
            aged: u32::from_le_bytes(bytes[24..CHECKED].try_into().ok()?),
        })
    }
}

/// What has been in a directory for longer than `limit`. Since when each entry has been there is kept in the file
/// `note`: a stamp, and a line for each entry with its age at that moment and its name.
pub(super) fn old_entries(directory: &At, note: &At, limit: Duration) -> Vec<At> {
    let Ok(entries) = directory.entries() else {
        if directory.is_gone() {
            let _ = note.remove_file();
        }
        return Vec::new();
    };
    let (stamp, noted) = read_note(note);
    let since = stamp.map_or(Duration::ZERO, |stamp| stamp.age());
    let mut ages = String::new();
    let mut old = Vec::new();
    let mut is_same = noted.len() == entries.len();
    for entry in entries {
        let name = entry.name().to_string_lossy().into_owned();
        let before = noted.get(&name);
        is_same &= before.is_some();
        let age = before.map_or(Duration::ZERO, |age| *age + since);
        ages.push_str(&format!("{} {name}\n", age.as_secs()));
        if age > limit {
            old.push(entry);
        }
    }
    if ages.is_empty() {
        let _ = note.remove_file();
    } else if !is_same || since > limit / NOTE_STEPS || stamp.is_none_or(|stamp| !stamp.is_of_this_boot()) {
        write_note(note, &ages);
    }
    old
}

fn read_note(note: &At) -> (Option<AgeStamp>, BTreeMap<String, Duration>) {
    let mut bytes = Vec::new();
    let read = note.open().and_then(|mut file| file.read_to_end(&mut bytes));
    let Some(stamp) = read.ok().and_then(|_| AgeStamp::decode(&bytes, 0)) else {
        return (None, BTreeMap::new());
    };
    let text = String::from_utf8_lossy(bytes.get(STAMP_LEN..).unwrap_or_default());
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let ages =
        lines.filter_map(|(age, name)| Some((name.to_owned(), Duration::from_secs(age.parse().ok()?))));
    (Some(stamp), ages.collect())
}

/// What cannot be noted is younger to the next look than it is.
fn write_note(note: &At, ages: &str) {
    let partial = note.parent().join(format!("{:016x}.{PARTIAL}", unique::number()));
    let stamp = AgeStamp::of(Duration::ZERO).encode(0);
    let write =
        |mut file: std::fs::File| file.write_all(&stamp).and_then(|()| file.write_all(ages.as_bytes()));
    let written = partial.create().and_then(write).and_then(|()| partial.rename(note));
    if written.is_err() {
        let _ = partial.remove_file();
    }
}

#[cfg(test)]
mod tests {
    use super::super::secure_fs::Base;
    use super::*;
    use std::fs;

    #[test]
    fn a_stamp_goes_on_counting_in_its_boot_only() {
        let age = Duration::from_secs(1000);
        let stamp = AgeStamp::of(age);
        assert!((1000..1100).contains(&stamp.age().as_secs()));
        let earlier = AgeStamp { seconds: stamp.seconds.saturating_sub(50), ..stamp };
        assert!((1050..1150).contains(&earlier.age().as_secs()) || stamp.seconds < 50);
        assert_eq!(AgeStamp { boot: [7; 16], ..earlier }.age(), age);
        assert_eq!(AgeStamp { boot: [0; 16], ..earlier }.age(), age);
        assert_eq!(AgeStamp { seconds: u64::MAX, ..stamp }.age(), age);
    }

    #[test]
    fn a_stamp_is_read_as_written_and_a_damaged_one_is_none() {
        let stamp = AgeStamp::of(Duration::from_secs(77));
        let bytes = stamp.encode(5);
        assert_eq!(AgeStamp::decode(&bytes, 5), Some(stamp));
        assert_eq!(AgeStamp::decode(&bytes, 6), None);
        assert_eq!(AgeStamp::decode(&bytes[..31], 5), None);
        for at in 0..STAMP_LEN {
            let mut damaged = bytes;
            damaged[at] ^= 1;
            assert_eq!(AgeStamp::decode(&damaged, 5), None);
        }
    }

    #[test]
    fn what_a_note_says_is_old_is_found_whoever_wrote_it() {
        let scratch = tempfile::tempdir().unwrap();
        let base = Base::open(scratch.path()).unwrap();
        let (directory, note) = (At::new(&base, "d"), At::new(&base, "note"));
        fs::create_dir(scratch.path().join("d")).unwrap();
        fs::write(scratch.path().join("d/one"), "").unwrap();
        let limit = Duration::from_secs(3600);
        assert!(old_entries(&directory, &note, limit).is_empty());
        // Another boot, and almost old enough in this one.
        let stamp = AgeStamp { boot: [7; 16], seconds: 0, aged: 3000 }.encode(0);
        fs::write(scratch.path().join("note"), [&stamp[..], b"500 one\n1 gone\n"].concat()).unwrap();
        fs::write(scratch.path().join("d/two"), "").unwrap();
        assert!(old_entries(&directory, &note, limit).is_empty());
        assert_eq!(read_note(&note).1.keys().collect::<Vec<_>>(), ["one", "two"]);
        let stamp = AgeStamp { boot: [7; 16], seconds: 0, aged: 101 }.encode(0);
        fs::write(scratch.path().join("note"), [&stamp[..], b"3500 one\n"].concat()).unwrap();
        let old = old_entries(&directory, &note, limit);
        assert_eq!(old.iter().map(|at| at.name().to_owned()).collect::<Vec<_>>(), ["one"]);
        fs::remove_file(scratch.path().join("d/one")).unwrap();
        fs::remove_file(scratch.path().join("d/two")).unwrap();
        old_entries(&directory, &note, limit);
        assert!(note.is_gone());
    }
}
