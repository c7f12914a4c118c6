//! What happens when the space is full: the caps hold, and every record is accounted for.

use super::*;
use crate::spool::{Overflow, Refusal};
use std::time::Duration;

fn fill(spool: &Spool, records: u64) -> u64 {
    (0..records)
        .filter(|number| spool.append(RecordKind(0), &[&line(*number)[..], &[b'f'; 1000]].concat()).is_ok())
        .count() as u64
}

/// Bytes of segment files below a directory.
fn bytes_below(directory: &Path) -> u64 {
    let mut files = Vec::new();
    files_below(directory, &mut files);
    files.iter().map(|file| std::fs::metadata(file).unwrap().len()).sum()
}

#[test]
fn the_oldest_go_first_and_both_caps_hold() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    let accepted = fill(&spool, 5000);
    let stats = check(&spool);
    assert_eq!(accepted, 5000);
    assert!(stats.dropped_memory + stats.dropped_disk > 1000, "{stats:?}");
    assert!(bytes_below(site.hot.path()) <= 512 << 10);
    assert!(bytes_below(site.cold.path()) <= 2 << 20);
    let delivered = deliver_all(&mut reader);
    assert_eq!(delivered.len() as u64, stats.held);
    assert!(delivered.last().unwrap().starts_with(&line(4999)));
    assert_eq!(spool.settled().total(), 5000);
    check(&spool);
}

#[test]
fn spilling_makes_room_in_memory_and_keeps_to_the_disk_cap() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    for _ in 0..50 {
        fill(&spool, 100);
        reader.spill();
        check(&spool);
        assert!(bytes_below(site.cold.path()) <= 2 << 20);
    }
    let stats = check(&spool);
    assert_eq!(deliver_all(&mut reader).len() as u64, stats.held);
    assert!(stats.dropped_disk > 0);
}

#[test]
fn refusing_the_newest_keeps_what_was_accepted() {
    let site = Site::new();
    let (spool, mut reader) =
        open(Options { overflow: Overflow::DropNewest, max_disk_bytes: 0, ..site.options() });
    let accepted = fill(&spool, 1000);
    assert!(accepted < 1000);
    let stats = check(&spool);
    assert_eq!((stats.held, stats.refused), (accepted, 1000 - accepted));
    let delivered = deliver_all(&mut reader);
    assert!(delivered.iter().zip(lines(0..accepted)).all(|(found, line)| found.starts_with(&line)));
    assert_eq!(fill(&spool, 10), 10);
}

#[test]
fn blocking_gives_up_after_its_time_and_goes_on_when_there_is_room() {
    let site = Site::new();
    let options = |limit| Options {
        overflow: Overflow::Block(limit),
        max_disk_bytes: 0,
        max_memory_bytes: 64 << 10,
        ..site.options()
    };
    let (spool, _reader) = open(options(Duration::from_millis(1)));
    fill(&spool, 1000);
    assert_eq!(spool.append(RecordKind(0), &[0; 5000]), Err(Refusal::Full));

    let (spool, mut reader) = open(options(Duration::from_secs(600)));
    let writer = std::thread::spawn({
        let spool = Arc::clone(&spool);
        move || fill(&spool, 500)
    });
    let mut delivered = 0;
    while delivered < 500 {
        delivered += deliver_all(&mut reader).len();
        spool.wakeup.wait(Duration::from_millis(1));
    }
    assert_eq!(writer.join().unwrap(), 500);
    check(&spool);
}

#[test]
fn closing_frees_a_blocked_caller() {
    let site = Site::new();
    let (spool, _reader) = open(Options {
        overflow: Overflow::Block(Duration::MAX),
        max_disk_bytes: 0,
        max_memory_bytes: 64 << 10,
        ..site.options()
    });
    let writer = std::thread::spawn({
        let spool = Arc::clone(&spool);
        move || loop {
            if let Err(why) = spool.append(RecordKind(0), &[0; 1000]) {
                return why;
            }
        }
    });
    while spool.state.lock().waiting == 0 {
        std::thread::yield_now();
    }
    spool.close();
    assert_eq!(writer.join().unwrap(), Refusal::Closed);
}

#[test]
fn an_outstanding_batch_survives_the_eviction_of_everything_else() {
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_disk_bytes: 0, ..site.options() });
    fill(&spool, 50);
    let limits = BatchLimits { max_bytes: 10_000, ..LIMITS };
    let mut batch = reader.next_batch(&limits, &|_, _| false).unwrap();
    fill(&spool, 2000);
    let shown: Vec<Vec<u8>> = batch.records().map(|record| record.payload.to_vec()).collect();
    assert!(shown.iter().zip(lines(0..50)).all(|(found, line)| found.starts_with(&line)));
    let all = batch.len();
    reader.acknowledge(&mut batch, all);
    let stats = check(&spool);
    assert_eq!(stats.delivered, all as u64);
    assert!(stats.dropped_memory > 0);
}

#[test]
fn a_record_that_can_never_fit_is_refused_with_the_limit() {
    let site = Site::new();
    let (spool, mut reader) =
        open(Options { max_memory_bytes: 64 << 10, max_disk_bytes: 0, ..site.options() });
    let Err(Refusal::TooLarge { limit }) = spool.append(RecordKind(0), &vec![0; 65 << 10]) else {
        panic!("accepted")
    };
    fill(&spool, 10);
    deliver_all(&mut reader);
    assert!(spool.append(RecordKind(0), &vec![0; limit as usize]).is_ok());
    assert_eq!(deliver_all(&mut reader)[0].len() as u64, limit);
    assert!(spool.append(RecordKind(0), &vec![0; limit as usize + 1]).is_err());
    check(&spool);
}

#[test]
fn records_that_are_too_old_are_dropped_and_counted() {
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_age: Duration::ZERO, ..site.options() });
    append(&spool, 0..10);
    reader.upkeep();
    let stats = check(&spool);
    assert_eq!((stats.dropped_expired, stats.held), (10, 0));
    assert_eq!(spool.settled().total(), 10);
}
