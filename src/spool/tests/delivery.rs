//! In, through and out: the ordinary life of records.

use super::*;

#[test]
fn records_come_out_once_and_in_order_over_many_segments() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    let mut seen = Vec::new();
    for round in 0..50 {
        append(&spool, round * 100..(round + 1) * 100);
        seen.extend(deliver_all(&mut reader));
        reader.maintain();
    }
    assert_eq!(seen, lines(0..5000));
    let stats = check(&spool);
    assert_eq!((stats.delivered, stats.held), (5000, 0));
    assert_eq!(spool.settled().total(), 5000);
}

#[test]
fn an_instance_that_ends_empty_leaves_no_files() {
    let (site, spool, mut reader) = Site::with(0..1000);
    deliver_all(&mut reader);
    reader.finish();
    drop(spool);
    site.assert_empty();
}

#[test]
fn what_a_crash_leaves_is_adopted_by_the_next_instance() {
    let site = Site::new();
    site.crash_with(0..5000);
    let (spool, mut reader) = site.open();
    append(&spool, 5000..5010);
    reader.maintain();
    let mut seen = deliver_all(&mut reader);
    seen.rotate_left(10);
    assert_eq!(seen, lines(0..5010));
    assert_eq!(check(&spool).adopted, 5000);
    reader.finish();
    site.assert_empty();
}

#[test]
fn an_unacknowledged_batch_is_offered_again() {
    let (_site, spool, mut reader) = Site::with(0..100);
    drop(next(&mut reader));
    let mut batch = next(&mut reader).unwrap();
    reader.acknowledge(&mut batch, 40);
    assert_eq!((batch.len(), spool.settled().total()), (60, 40));
    assert_eq!(batch.get(0).unwrap().payload, line(40));
    assert_eq!(batch.range(10..1000).next().unwrap().payload, line(50));
    drop(batch);
    assert_eq!(deliver_all(&mut reader), lines(40..100));
}

#[test]
fn a_batch_keeps_to_its_limits_and_lets_lonely_records_alone() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    for kind in [0, 0, 0, 1, 0, 0] {
        spool.append(RecordKind(kind), b"0123456789").unwrap();
    }
    spool.append(RecordKind(0), &[b'x'; 500]).unwrap();
    let limits = BatchLimits { max_bytes: 22, max_records: 10, per_record_overhead: 1 };
    let mut sizes = Vec::new();
    while let Some(mut batch) = reader.next_batch(&limits, &|kind, _| kind == RecordKind(1)) {
        let all = batch.len();
        sizes.push((all, batch.bytes()));
        reader.acknowledge(&mut batch, all);
    }
    assert_eq!(sizes, [(2, 20), (1, 10), (1, 10), (2, 20), (1, 500)]);
}

#[test]
fn a_record_larger_than_a_segment_keeps_its_place() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    let large = vec![b'l'; 300 << 10];
    append(&spool, 0..10);
    assert_eq!(spool.append(RecordKind(7), &large), Ok(11));
    append(&spool, 10..20);
    let mut expected = lines(0..20);
    expected.insert(10, large);
    assert_eq!(deliver_all(&mut reader), expected);
    check(&spool);
}

#[test]
fn an_empty_record_is_a_record() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    spool.append(RecordKind(3), &[]).unwrap();
    assert_eq!(deliver_all(&mut reader), [b""]);
    assert_eq!(check(&spool).delivered, 1);
}

#[test]
fn the_steady_state_uses_the_same_segments_again() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    let mut files = std::collections::BTreeSet::new();
    for round in 0..200 {
        append(&spool, round * 500..(round + 1) * 500);
        deliver_all(&mut reader);
        files.extend(site.files());
    }
    // One lock, and a handful of files for 100,000 records in hundreds of segments.
    assert!(files.len() < 16, "{files:?}");
    assert_eq!(check(&spool).delivered, 100_000);
}

#[test]
fn after_close_nothing_is_accepted_and_everything_is_delivered() {
    let (_site, spool, mut reader) = Site::with(0..10);
    spool.close();
    assert_eq!(spool.append(RecordKind(0), b"late"), Err(crate::spool::Refusal::Closed));
    assert_eq!(deliver_all(&mut reader), lines(0..10));
}

#[test]
fn a_quarantined_record_is_readable_and_the_others_are_delivered() {
    let (_site, spool, mut reader) = Site::with(0..3);
    let mut batch = next(&mut reader).unwrap();
    reader.acknowledge(&mut batch, 1);
    let file = reader.quarantine(&mut batch, "400 bad line").unwrap();
    reader.acknowledge(&mut batch, 1);
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(kept["record"].as_str().unwrap().as_bytes(), line(1));
    assert_eq!(kept["reason"], "400 bad line");
    let stats = check(&spool);
    assert_eq!((stats.delivered, stats.quarantined, stats.held), (2, 1, 0));
}

#[test]
fn the_writer_is_woken_up_for_enough_bytes_or_records_and_not_before() {
    let site = Site::new();
    let wakeup = Arc::new(Wakeup::new());
    let spool = Spool::open(Options { wake_records: 10, ..site.options() }, Arc::clone(&wakeup));
    append(&spool, 0..9);
    assert!(!wakeup.wait(std::time::Duration::ZERO));
    append(&spool, 9..10);
    assert!(wakeup.wait(std::time::Duration::ZERO));
    let wakeup = Arc::new(Wakeup::new());
    let spool = Spool::open(Options { wake_bytes: 1000, ..site.options() }, Arc::clone(&wakeup));
    spool.append(RecordKind(0), &[0; 900]).unwrap();
    assert!(!wakeup.wait(std::time::Duration::ZERO));
    spool.append(RecordKind(0), &[0; 100]).unwrap();
    assert!(wakeup.wait(std::time::Duration::ZERO));
}

#[test]
fn many_threads_get_every_sequence_once_and_keep_their_own_order() {
    const THREADS: u64 = 4;
    const EACH: u64 = 5000;
    let site = Site::new();
    let (spool, mut reader) = site.open();
    let writers: Vec<_> = (0..THREADS)
        .map(|thread| {
            let spool = Arc::clone(&spool);
            let write =
                move |number: u64| spool.append(RecordKind(thread as u8), &number.to_le_bytes()).unwrap();
            std::thread::spawn(move || (0..EACH).map(write).collect::<Vec<u64>>())
        })
        .collect();
    let mut seen = vec![0u64; THREADS as usize];
    while seen.iter().sum::<u64>() < THREADS * EACH {
        while let Some(mut batch) = next(&mut reader) {
            for record in batch.records() {
                let expected = &mut seen[usize::from(record.kind.0)];
                assert_eq!(record.payload, expected.to_le_bytes());
                *expected += 1;
            }
            acknowledge_all(&mut reader, &mut batch);
            check(&spool);
        }
        std::thread::yield_now();
    }
    let mut sequences: Vec<u64> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    sequences.sort_unstable();
    sequences.dedup();
    assert_eq!(sequences.len() as u64, THREADS * EACH);
    assert_eq!(spool.settled().total(), THREADS * EACH);
}
