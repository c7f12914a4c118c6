//! Files beside the segments: counted like what is in them, and gone when their record is.

use super::*;
use crate::spool::{Overflow, Refusal, SpoolStats};
use std::os::unix::ffi::OsStrExt;

const SIZE: u64 = 100_000;

/// Appends a record with a file; whether it was accepted.
fn append_file(spool: &Spool, number: u8) -> Result<Option<u64>, Refusal> {
    spool.append_with_file(RecordKind(7), b"head ", &[number; SIZE as usize])
}

/// The side files, by name.
fn side_files(site: &Site) -> Vec<PathBuf> {
    let mut files = site.files();
    files.retain(|path| path.parent().is_some_and(|directory| directory.ends_with("attachments")));
    files
}

#[track_caller]
fn no_side_files(site: &Site) {
    assert_eq!(side_files(site), Vec::<PathBuf>::new());
}

/// The path in a record's payload.
fn path_of(payload: &[u8]) -> PathBuf {
    let (length, path) = payload.strip_prefix(b"head ").unwrap().split_first_chunk::<4>().unwrap();
    assert_eq!(u32::from_le_bytes(*length) as usize, path.len());
    PathBuf::from(std::ffi::OsStr::from_bytes(path))
}

fn append_files(spool: &Spool, numbers: std::ops::RangeInclusive<u8>) {
    for number in numbers {
        append_file(spool, number).unwrap();
    }
}

/// Delivers everything, and gives the first byte of each file and what else there was.
fn deliver(reader: &mut Reader) -> Vec<u8> {
    let mut seen = Vec::new();
    while let Some(mut batch) = reader.next_batch(&LIMITS, &|kind, _| kind == RecordKind(7)) {
        for record in batch.records() {
            match record.kind {
                RecordKind(7) => {
                    let content = std::fs::read(path_of(record.payload)).unwrap();
                    assert_eq!(content.len() as u64, SIZE);
                    seen.push(content[0]);
                }
                _ => seen.push(0),
            }
        }
        acknowledge_all(reader, &mut batch);
    }
    seen
}

#[test]
fn a_file_is_there_until_its_record_has_left() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    for number in 1..=3 {
        assert_eq!(append_file(&spool, number), Ok(Some(2 * u64::from(number) - 1)));
        spool.append(RecordKind(0), b"line").unwrap();
    }
    assert_eq!(side_files(&site).len(), 3);
    assert!(check(&spool).bytes_held > 3 * SIZE);
    let alone = |kind: RecordKind, _: usize| kind == RecordKind(7);
    let mut batch = reader.next_batch(&LIMITS, &alone).unwrap();
    reader.acknowledge(&mut batch, 1);
    assert_eq!(side_files(&site).len(), 2);
    assert_eq!(deliver(&mut reader), [0, 2, 0, 3, 0]);
    no_side_files(&site);
    assert_eq!(check(&spool).bytes_held, 0);
}

#[test]
fn files_and_segments_share_the_cap_and_the_oldest_go_first() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    let mut last = SpoolStats::default();
    for number in 1..=60 {
        assert!(append_file(&spool, number).unwrap().is_some());
        last = check(&spool);
        let bytes: u64 = side_files(&site).iter().map(|path| path.metadata().unwrap().len()).sum();
        assert!(bytes <= 2 << 20, "{bytes} bytes of files");
        assert_eq!(last.held * SIZE, bytes);
    }
    assert!(last.held > 10, "{last:?}");
    let oldest = 60 - last.held as u8 + 1;
    assert_eq!(deliver(&mut reader), (oldest..=60).collect::<Vec<u8>>());
    no_side_files(&site);
}

#[test]
fn records_that_move_to_the_disk_make_room_for_themselves_among_files() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    for number in 1..=100 {
        append_file(&spool, number).unwrap();
        spool.append(RecordKind(0), &[1; 30_000]).unwrap();
        reader.spill();
        check(&spool);
        let mut files = Vec::new();
        files_below(site.cold.path(), &mut files);
        let bytes: u64 = files.iter().map(|path| path.metadata().unwrap().len()).sum();
        assert!(bytes <= 2 << 20, "{bytes} bytes on disk");
    }
}

#[test]
fn what_was_refused_leaves_no_file() {
    let site = Site::new();
    let (spool, mut reader) = open(Options { overflow: Overflow::DropNewest, ..site.options() });
    let accepted = (1..=60).filter(|number| append_file(&spool, *number) != Err(Refusal::Full)).count();
    let stats = check(&spool);
    assert!(accepted < 60);
    assert_eq!((stats.accepted, stats.refused), (accepted as u64, 60 - accepted as u64));
    assert_eq!(side_files(&site).len(), accepted);
    assert_eq!(deliver(&mut reader).len(), accepted);
    assert!(append_file(&spool, 1).unwrap().is_some());
    spool.close();
    assert_eq!(append_file(&spool, 1), Err(Refusal::Closed));
    assert_eq!(side_files(&site).len(), 1);
}

#[test]
fn a_spool_without_a_disk_says_so() {
    let site = Site::new();
    let (spool, _reader) = open(Options { max_disk_bytes: 0, ..site.options() });
    assert_eq!(append_file(&spool, 1), Ok(None));
    let (small, _reader) = open(Options { max_disk_bytes: 64 << 10, ..site.options() });
    assert_eq!(append_file(&small, 1), Ok(None));
    assert_eq!(check(&small).accepted, 0);
    no_side_files(&site);
}

#[test]
fn whoever_adopts_a_record_adopts_its_file() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    append_files(&spool, 1..=8);
    let mut batch = reader.next_batch(&LIMITS, &|_, _| true).unwrap();
    reader.acknowledge(&mut batch, 1);
    drop(batch);
    crash(spool, reader);
    let (heir, mut reader) = site.open();
    reader.upkeep();
    let stats = check(&heir);
    assert_eq!(stats.adopted, 7);
    assert!(stats.bytes_held > 7 * SIZE, "{stats:?}");
    // Its own come under the same cap.
    append_files(&heir, 11..=23);
    let stats = check(&heir);
    assert!(stats.dropped_disk + stats.dropped_memory > 0, "{stats:?}");
    assert_eq!(side_files(&site).len() as u64, stats.held);
    let mut delivered = deliver(&mut reader);
    delivered.sort_unstable();
    assert_eq!(delivered.len() as u64, stats.held);
    assert!(delivered.ends_with(&(11..=23).collect::<Vec<u8>>()), "{delivered:?}");
    no_side_files(&site);
}

#[test]
fn a_file_that_outlived_its_record_goes_when_the_segment_is_adopted() {
    let site = Site::new();
    // Enough for all three to be of one segment.
    let options = || Options { max_disk_bytes: 8 << 20, ..site.options() };
    let (spool, mut reader) = open(options());
    append_files(&spool, 1..=3);
    let first = side_files(&site)[0].clone();
    let mut batch = reader.next_batch(&LIMITS, &|_, _| true).unwrap();
    reader.acknowledge(&mut batch, 1);
    drop(batch);
    // As if the crash had come between the two.
    std::fs::write(&first, "left behind").unwrap();
    crash(spool, reader);
    let (heir, mut reader) = open(options());
    reader.upkeep();
    assert_eq!(side_files(&site).len(), 2);
    assert_eq!(check(&heir).adopted, 2);
    assert_eq!(deliver(&mut reader), [2, 3]);
}

#[test]
fn the_file_of_a_quarantined_record_is_kept_there() {
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_disk_bytes: 4 << 20, ..site.options() });
    append_file(&spool, 1).unwrap();
    let mut batch = reader.next_batch(&LIMITS, &|_, _| true).unwrap();
    let kept = reader.quarantine(&mut batch, "a test").unwrap();
    no_side_files(&site);
    let beside = std::fs::read_dir(kept.parent().unwrap()).unwrap().flatten();
    let sizes: Vec<u64> = beside.map(|entry| entry.metadata().unwrap().len()).collect();
    assert!(sizes.contains(&SIZE), "{sizes:?}");
    assert_eq!(check(&spool).quarantined, 1);
}

#[test]
fn files_of_another_identity_go_when_none_of_it_lives_and_all_is_too_old() {
    let site = Site::new();
    let mut options = site.options();
    options.identity.key_fingerprint = "another".into();
    let (stranger, reader) = open(options);
    append_file(&stranger, 1).unwrap();
    let (sweeper, _reader) = open(Options {
        max_age: std::time::Duration::ZERO,
        given_up_after: std::time::Duration::ZERO,
        ..site.options()
    });
    sweeper.sweep_foreign(&mut sweeper.foreign());
    assert_eq!(side_files(&site).len(), 1);
    crash(stranger, reader);
    let (patient, _reader) = site.open();
    patient.sweep_foreign(&mut patient.foreign());
    assert_eq!(side_files(&site).len(), 1);
    // Ages have whole seconds.
    while !side_files(&site).is_empty() {
        sweeper.sweep_foreign(&mut sweeper.foreign());
    }
    assert_eq!(std::fs::read_dir(site.cold.path()).unwrap().count(), 0);
    let stats = check(&sweeper);
    assert_eq!((stats.adopted, stats.dropped_expired), (1, 1));
}

#[test]
fn a_purge_by_another_leaves_the_files_of_whoever_lives_with_other_memory() {
    let (site, elsewhere) = (Site::new(), Site::new());
    let (spool, mut reader) = site.open();
    assert!(append_file(&spool, 1).unwrap().is_some());
    // It sees no more of the other than the spool directory that both have.
    let other = Options { hot_dir: Some(elsewhere.hot.path().into()), ..site.options() };
    let (other, _reader) = open(other);
    other.purge().unwrap();
    assert_eq!(side_files(&site).len(), 1);
    assert_eq!(deliver(&mut reader), [1]);
    assert_eq!(check(&spool).delivered, 1);
}
