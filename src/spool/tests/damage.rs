//! Whatever is in a file: no panic, no record of others lost, everything accounted for.

use super::*;
use crate::spool::format::{HEADER_AT, HEADER_SIZE, RECORD_HEADER};
use crate::spool::state::PutOff;
use std::path::PathBuf;

/// Puts `content` where a dead instance would have left it.
fn plant(site: &Site, content: &[u8]) {
    let root = site.cold.path().join(site.options().identity.name());
    let directory = root.join("00000000000000000001-1-0000000000000001");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("lock"), b"").unwrap();
    std::fs::write(directory.join("planted.seg"), content).unwrap();
}

/// The file of a sealed segment with the lines 0 to `records`.
fn segment(records: u64) -> Vec<u8> {
    let (site, _spool, reader) = Site::with(0..records);
    assert!(reader.spool.spill_all());
    let is_segment = |file: &PathBuf| file.starts_with(site.cold.path()) && file.extension().is_some();
    let file = site.files().into_iter().find(is_segment).unwrap();
    std::fs::read(file).unwrap()
}

/// What a new instance makes of a planted file: the lines it delivers.
fn adopt(site: &Site, content: &[u8]) -> (Vec<Vec<u8>>, crate::spool::SpoolStats) {
    plant(site, content);
    // No hot directory: this is about the file, and there are thousands of them.
    let options = Options { max_memory_bytes: 0, ..site.options() };
    let (spool, mut reader) = open(options);
    reader.maintain();
    let seen = deliver_all(&mut reader);
    (seen, check(&spool))
}

#[test]
fn every_bit_flipped_in_turn_costs_at_most_the_record_it_is_in() {
    const RECORDS: u64 = 8;
    let whole = segment(RECORDS);
    let site = Site::new();
    let header = HEADER_AT[0]..HEADER_AT[1] + 256;
    for at in header.chain(HEADER_SIZE..whole.len()) {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            let (seen, stats) = adopt(&site, &bytes);
            // Not even that where the byte only fills up a word.
            assert!(stats.dropped_corrupt <= u64::from(at >= HEADER_SIZE), "byte {at} bit {bit}");
            assert_eq!(seen.len() as u64, RECORDS - stats.dropped_corrupt, "byte {at} bit {bit}");
            let mut all = lines(0..RECORDS).into_iter();
            assert!(seen.iter().all(|found| all.any(|line| line == *found)), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn a_truncated_file_gives_the_records_that_are_whole() {
    const RECORDS: u64 = 20;
    let whole = segment(RECORDS);
    let site = Site::new();
    for length in 0..whole.len() {
        let (seen, stats) = adopt(&site, &whole[..length]);
        assert_eq!(seen, lines(0..seen.len() as u64));
        if length >= HEADER_SIZE {
            assert_eq!(seen.len() as u64 + stats.dropped_corrupt, RECORDS);
        }
    }
}

#[test]
fn a_file_that_was_never_sealed_gives_its_records_too() {
    let mut bytes = segment(20);
    bytes[256..280].fill(0);
    let (seen, stats) = adopt(&Site::new(), &bytes);
    assert_eq!((seen, stats.dropped_corrupt), (lines(0..20), 0));
}

#[test]
fn a_lost_record_is_counted_by_whoever_has_its_segment_last() {
    let site = Site::new();
    site.crash_with(0..1);
    site.damage_segments(HEADER_SIZE + RECORD_HEADER);
    let (spool, mut reader) = site.open_as_heir();
    assert!(reader.spill());
    assert_eq!(check(&spool).held, 1);
    crash(spool, reader);
    let (spool, mut reader) = site.open_as_heir();
    assert_eq!(deliver_all(&mut reader), Vec::<Vec<u8>>::new());
    assert_eq!(check(&spool).dropped_corrupt, 1);
}

#[test]
fn a_wiped_header_is_damage_where_records_follow() {
    let mut bytes = segment(5);
    bytes[..512].fill(0);
    let (seen, stats) = adopt(&Site::new(), &bytes);
    assert_eq!((seen.len(), stats.files_set_aside), (0, 1));
}

#[test]
fn foreign_and_future_files_are_set_aside_and_in_nobodys_way() {
    let whole = segment(5);
    let mut future = whole.clone();
    for at in HEADER_AT {
        future[at + 8] += 1;
    }
    for content in [&future[..], b"not a segment at all", &[0xff; 10_000]] {
        let site = Site::new();
        site.crash_with(0..10);
        let (seen, stats) = adopt(&site, content);
        assert_eq!(seen, lines(0..10));
        assert_eq!(stats.files_set_aside, 1);
        let aside: Vec<PathBuf> = site.files();
        assert!(aside.iter().any(|file| file.extension().is_some_and(|end| end == "bad")), "{aside:?}");
    }
}

#[test]
fn random_files_do_no_harm() {
    let site = Site::new();
    let whole = segment(20);
    // A linear congruential generator (Knuth's MMIX): the same files in every run.
    let mut state: u64 = 42;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for round in 0..2000 {
        let mut bytes = if round % 2 == 0 { whole.clone() } else { vec![0; random() as usize % 20_000] };
        let hits = if round % 2 == 0 { 1 + random() as usize % 64 } else { bytes.len() };
        for _ in 0..hits.min(bytes.len()) {
            let at = random() as usize % bytes.len();
            bytes[at] = random() as u8;
        }
        adopt(&site, &bytes);
    }
}

#[test]
fn a_cut_copy_of_a_segment_does_not_replace_the_whole_one() {
    const RECORDS: u64 = 20;
    let whole = segment(RECORDS);
    for cut in [100, 4096, 4200, whole.len() - 1] {
        // Which of the two is found first is up to the file system.
        for names in [["a", "z"], ["z", "a"]] {
            let site = Site::new();
            plant(&site, &whole);
            let planted = site.files().into_iter().find(|file| file.extension().is_some()).unwrap();
            std::fs::remove_file(&planted).unwrap();
            std::fs::write(planted.with_file_name(format!("{}.seg", names[0])), &whole).unwrap();
            std::fs::write(planted.with_file_name(format!("{}.seg", names[1])), &whole[..cut]).unwrap();
            let (spool, mut reader) = open(Options { max_memory_bytes: 0, ..site.options() });
            reader.maintain();
            assert_eq!(deliver_all(&mut reader), lines(0..RECORDS), "cut at {cut}");
            check(&spool);
        }
    }
}

#[test]
fn records_behind_what_cannot_be_read_are_held_and_not_ready() {
    let site = Site::new();
    for _ in 0..2 {
        site.crash_with(0..5);
    }
    let (spool, _reader) = site.open_as_heir();
    assert_eq!((spool.adopted_held(), spool.adopted_ready()), (10, 5), "of one segment at least");
    assert_eq!(spool.adopted_readable(), 10);
    let now = crate::process::monotonic::now();
    let put_off = PutOff { since: now, again: now + std::time::Duration::from_secs(3600) };
    spool.state.lock().adopted[0].unread = Some(put_off);
    assert_eq!((spool.adopted_held(), spool.adopted_ready()), (10, 0));
    assert_eq!(spool.adopted_readable(), 5);
}
