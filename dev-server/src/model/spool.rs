//! The library's spool, read from outside: what has not left this machine yet, and what was set aside and why.
//!
//! Nothing is locked, moved or written, so a running process is not disturbed. The format is the library's own
//! `src/spool/format.rs`, included. Checksums of records are not looked at: one whose number goes on is shown. A record
//! that is being written or settled at the same moment may be missing or still be there.

#[path = "../../../src/spool/format.rs"]
#[allow(dead_code)] // the library uses the rest of it
mod format;

use std::borrow::Cow;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model::note::{self, Note};
use format::{
    Cursor, HEADER_SIZE, Header, Opening, Origin, RECORD_HEADER, RecordHead, SEGMENT_MAX, STAMP, Seal,
};

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
    /// Further ones, in segments of which only the number was read.
    pub counted: u64,
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
    /// Files in quarantine that were not read.
    pub more_set_aside: u64,
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
    // One that is not there holds nothing.
    places.extend(cold.and_then(|cold| places_of(&cold).ok()).unwrap_or_default());
    places.push(PathBuf::from(format!("/var/tmp/maxim-{uid}")));
    places
}

/// Where a library keeps records that was given this directory: in it, or, where others may write to it, in one for each
/// user below it. An error if it is no directory that can be read.
pub fn places_of(given: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_of_a_user = |path: &PathBuf| {
        name(path).strip_prefix("maxim-").is_some_and(|user| user.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut places: Vec<_> = directories(given)?.into_iter().filter(is_of_a_user).collect();
    places.insert(0, given.to_owned());
    Ok(places)
}

/// Reads what is below these directories; one that is not there holds nothing.
pub fn read(places: &[PathBuf]) -> Spool {
    read_up_to(places, u64::MAX, MAX_QUARANTINED)
}

/// The same, but of full segments beyond so many bytes only how many records they have, and the newest few files of each
/// quarantine: for who looks every second.
pub fn read_up_to(places: &[PathBuf], mut bytes: u64, set_aside_files: usize) -> Spool {
    let mut spool = Spool::default();
    for place in places {
        let Ok(identities) = directories(place) else { continue };
        spool.places.push(place.clone());
        for identity in identities {
            for part in directories(&identity).unwrap_or_default() {
                match name(&part).as_str() {
                    "quarantine" => {
                        let (read, more) = set_aside(&part, set_aside_files);
                        spool.quarantine.extend(read);
                        spool.more_set_aside += more as u64;
                    }
                    "attachments" => spool.attachments += files(&part).len() as u64,
                    instance if !instance.starts_with('.') => {
                        spool.holders.extend(
                            holder(&identity, &part, &mut bytes)
                                .filter(|h| h.is_alive || h.waiting() > 0 || h.unread > 0),
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

/// How many records wait in those places that are none of the others, where any do.
pub fn waiting_elsewhere(places: &[PathBuf], others: &[PathBuf]) -> Vec<(PathBuf, u64)> {
    let waiting = |place: &PathBuf| {
        let holders = read_up_to(std::slice::from_ref(place), 0, 0).holders;
        (place.clone(), holders.iter().map(Holder::waiting).sum())
    };
    let places = places.iter().filter(|place| !others.contains(place));
    places.map(waiting).filter(|(_, records)| *records > 0).collect()
}

impl Holder {
    /// Records that have not left.
    pub fn waiting(&self) -> u64 {
        self.records.len() as u64 + self.counted
    }
}

/// Reads at most `budget` bytes of full segments, and takes them off it.
fn holder(identity: &Path, directory: &Path, budget: &mut u64) -> Option<Holder> {
    let instance = name(directory);
    let pid: u32 = instance.split('-').nth(1)?.parse().ok()?;
    let mut segments: Vec<_> = files(directory)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "seg"))
        .collect();
    segments.sort();
    let (mut found, mut unread, mut counted) = (Vec::new(), 0, 0);
    for path in segments {
        let size = fs::symlink_metadata(&path).map_or(0, |file| file.len());
        if size > *budget {
            if let Some(records) = count_of(&path) {
                counted += records;
                continue;
            }
        }
        *budget = budget.saturating_sub(size);
        let look = || -> std::io::Result<Segment> {
            let file = fs::symlink_metadata(&path)?;
            let is_small = file.is_file() && file.len() <= SEGMENT_MAX as u64;
            if is_small { Ok(segment(&fs::read(&path)?)) } else { Err(ErrorKind::InvalidData.into()) }
        };
        let seen = match look() {
            // Its owner may have put it into use between the reading of its first page and of the next.
            Ok(Segment::Foreign) => look(),
            seen => seen,
        };
        match seen {
            Ok(Segment::Records(segment)) => found.push(segment),
            Ok(Segment::Blank) => {}
            // Its records have left while this looked.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => unread += 1,
        }
    }
    let settled = found.iter().map(|segment| segment.settled).sum();
    let oldest = found.iter().filter(|segment| !segment.records.is_empty()).map(|s| s.created).min();
    // 0: none was written yet.
    let heartbeat = found.iter().map(|segment| segment.heartbeat).filter(|&at| at > 0).max();
    let records = in_order(found);
    Some(Holder {
        identity: name(identity),
        instance,
        pid,
        is_alive: note::is_alive(directory, pid),
        note: note::note(directory),
        counted,
        place: directory.to_owned(),
        records,
        unread,
        settled,
        oldest,
        heartbeat,
    })
}

/// How many records of a full segment have not left, by its first page alone.
fn count_of(path: &Path) -> Option<u64> {
    let mut page = [0; HEADER_SIZE];
    fs::File::open(path).ok()?.read_exact(&mut page).ok()?;
    let Opening::Segment(header) = Header::open(&page) else { return None };
    let seal = Seal::decode(&page, header.salt)?;
    Some(u64::from(seal.records.saturating_sub(Cursor::read(&page, header.salt).count)))
}

/// The records of all segments, by number, of one maker after the other. Those of a maker's segments with stamps that
/// follow each other are of several threads at a time, and in the order of their stamps.
fn in_order(mut segments: Vec<Read>) -> Vec<Vec<u8>> {
    segments.sort_by_key(|segment| (segment.origin, segment.number));
    let mut records = Vec::new();
    let (mut group, mut stamped_before) = (0, None);
    for segment in segments {
        let stamped = segment.is_stamped.then_some(segment.origin);
        group += u64::from(stamped.is_none() || stamped != stamped_before);
        stamped_before = stamped;
        records.extend(segment.records.into_iter().map(|(stamp, record)| (group, stamp, record)));
    }
    records.sort_by_key(|(group, stamp, _)| (*group, *stamp));
    records.into_iter().map(|(_, _, record)| record).collect()
}

/// A segment, and the records in it that have not left.
struct Read {
    /// Who made it.
    origin: Origin,
    number: u64,
    created: u64,
    heartbeat: u64,
    settled: u64,
    is_stamped: bool,
    /// Each with its stamp, or 0.
    records: Vec<(u64, Vec<u8>)>,
}

enum Segment {
    Records(Read),
    /// Prepared for its next use.
    Blank,
    Foreign,
}

fn segment(bytes: &[u8]) -> Segment {
    let header = match Header::open(bytes) {
        Opening::Segment(header) => header,
        Opening::Blank => return Segment::Blank,
        Opening::Foreign => return Segment::Foreign,
    };
    let cursor = Cursor::read(bytes, header.salt);
    let (mut at, mut expected) = (cursor.offset as usize, header.base + u64::from(cursor.count));
    let mut records = Vec::new();
    // A number that does not go on is that of a record of the memory's earlier use.
    while let Some(head) = RecordHead::read(bytes, at).filter(|head| head.sequence() == expected) {
        let payload = &bytes[at + RECORD_HEADER..at + head.length];
        records.push(match payload.split_first_chunk::<STAMP>().filter(|_| header.stamped) {
            Some((stamp, text)) => (u64::from_le_bytes(*stamp), text.to_vec()),
            None => (0, payload.to_vec()),
        });
        expected += 1;
        at += head.step();
    }
    Segment::Records(Read {
        origin: header.origin,
        number: header.number,
        created: header.created,
        heartbeat: format::heartbeat(bytes),
        settled: u64::from(cursor.count),
        is_stamped: header.stamped,
        records,
    })
}

/// A record as a person reads it: of an attachment, its description.
pub fn text(record: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(described(record))
}

/// What a record of an attachment says of it: JSON, before which stands its length in four bytes, of which the last is 0
/// (`src/maxim/uploads.rs`). In quarantine these are text, with longer stand-ins for those that are none. Any other record
/// is given as it is.
fn described(record: &[u8]) -> &[u8] {
    const LENGTH_AS_TEXT: usize = 4 * char::REPLACEMENT_CHARACTER.len_utf8();
    let start =
        memchr::memmem::find(&record[..record.len().min(LENGTH_AS_TEXT + 1)], b"\0{").map_or(0, |at| at + 1);
    &record[start..]
}

/// The newest files of a quarantine, and how many others there are.
fn set_aside(directory: &Path, most: usize) -> (Vec<SetAside>, usize) {
    let mut paths = files(directory);
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let word = |name: &str| value[name].as_str().unwrap_or_default();
        let reason = match value.is_object() {
            true => word("reason"),
            // The library adds to the name that a file had.
            false if name(&path).contains(".seg") => "not a segment, or damaged",
            false => "content that belongs to a record which was set aside",
        };
        let record = self::text(word("record").as_bytes()).into_owned();
        SetAside { reason: reason.to_owned(), record, path }
    };
    let more = paths.len().saturating_sub(most);
    (paths.into_iter().rev().take(most).map(read).collect(), more)
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
    fn no_content_of_a_file_is_a_panic() {
        for bytes in [&b""[..], b"maximspl", &[0; 5000], &[0xff; 5000]] {
            segment(bytes);
            let mut whole = page(1, 1, false);
            whole.extend_from_slice(bytes);
            segment(&whole);
        }
    }

    const SALT: u32 = 7;

    /// The first page of a segment of this maker, with this number.
    fn page(maker: u64, number: u64, stamped: bool) -> Vec<u8> {
        let header = Header {
            salt: SALT,
            origin: Origin { time: maker, pid: 1, random: 1 },
            number,
            base: 1,
            created: 1_700_000_000,
            size: 1 << 20,
            stamped,
        };
        let mut bytes = vec![0; HEADER_SIZE];
        bytes[..format::HEADER_LEN].copy_from_slice(&header.encode());
        bytes
    }

    fn add_record(bytes: &mut Vec<u8>, sequence: u64, payload: &[u8]) {
        bytes.extend(((RECORD_HEADER + payload.len()) as u32).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(format::tag(sequence, 0).to_le_bytes());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }

    /// A segment of so many records, of which some have left.
    fn file(records: u32, settled: u32, is_full: bool) -> Vec<u8> {
        let mut bytes = page(1, 1, false);
        let behind = |records: u32| (HEADER_SIZE + records as usize * format::record_size(8)) as u32;
        if is_full {
            let seal = Seal { records, tail: behind(records), sealed: 1_700_000_000 };
            bytes[format::SEAL_AT..][..format::SEAL_LEN].copy_from_slice(&seal.encode(SALT));
        }
        let cursor = Cursor { offset: behind(settled), count: settled }.pack(SALT);
        bytes[format::CURSOR_AT..][..8].copy_from_slice(&cursor.to_le_bytes());
        for sequence in 1..=u64::from(records) {
            add_record(&mut bytes, sequence, b"payload!");
        }
        bytes
    }

    #[test]
    fn what_lies_in_quarantine_is_told_by_what_it_is() {
        let place = std::env::temp_dir().join(format!("maxim-set-aside-{}", std::process::id()));
        fs::create_dir_all(&place).expect("a directory");
        for (name, content) in [
            ("1-1-1-a-00000003.json", r#"{"reason":"400","record":"trace{}"}"#),
            ("2-1-1-a.0000000000000001.bad", "an attachment's bytes"),
            ("3-1-1-a-7.seg.bad", "damaged"),
        ] {
            fs::write(place.join(name), content).expect("written");
        }
        let (found, more) = set_aside(&place, 10);
        let mut reasons: Vec<_> = found.iter().map(|aside| aside.reason.as_str()).collect();
        reasons.sort_unstable();
        let content = "content that belongs to a record which was set aside";
        assert_eq!((reasons, more), (vec!["400", content, "not a segment, or damaged"], 0));
        fs::remove_dir_all(place).expect("removed");
    }

    #[test]
    fn what_two_makers_left_in_one_directory_is_not_mixed() {
        let of = |maker: u64, number, stamps: &[u64]| {
            let mut bytes = page(maker, number, true);
            for (sequence, stamp) in (1u64..).zip(stamps) {
                let mut payload = stamp.to_le_bytes().to_vec();
                payload.push(maker as u8 * 10 + *stamp as u8);
                add_record(&mut bytes, sequence, &payload);
            }
            let Segment::Records(read) = segment(&bytes) else { panic!("no segment") };
            read
        };
        // Stamps tell nothing of another maker's records, which may be of before the machine's start.
        let found = vec![of(2, 1, &[1, 4]), of(1, 2, &[3, 6]), of(2, 2, &[2, 3]), of(1, 1, &[5, 7])];
        let records: Vec<u8> = in_order(found).concat();
        assert_eq!(records, [13, 15, 16, 17, 21, 22, 23, 24]);
    }

    #[test]
    fn of_more_than_is_to_be_read_it_is_known_how_many_records_wait() {
        let place = std::env::temp_dir().join(format!("maxim-spool-{}", std::process::id()));
        let directory = place.join("identity/1-1-a");
        fs::create_dir_all(&directory).expect("a directory");
        for (name, bytes) in
            [("a.seg", file(100, 30, true)), ("b.seg", file(50, 0, true)), ("c.seg", file(7, 2, false))]
        {
            fs::write(directory.join(name), bytes).expect("written");
        }
        // All; the first and the one in use; the one in use, whose number its header does not say.
        for (bytes, read_records) in [(u64::MAX, 125), (7000, 75), (0, 5)] {
            let spool = read_up_to(std::slice::from_ref(&place), bytes, 1);
            let [holder] = spool.holders.as_slice() else { panic!("{} holders", spool.holders.len()) };
            assert_eq!(
                (holder.waiting(), holder.records.len(), holder.unread),
                (125, read_records, 0),
                "{bytes}"
            );
        }
        // Who looks at another place hears of them.
        let places = [place.join("identity"), place.clone()];
        assert_eq!(waiting_elsewhere(&places, &[]), [(place.clone(), 125)]);
        assert_eq!(waiting_elsewhere(&places, std::slice::from_ref(&place)), []);
        fs::remove_dir_all(place).expect("removed");
    }
}
