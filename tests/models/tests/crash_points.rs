//! A crash at any moment of an append, a rotation, an acknowledgement or a second use of a segment: the
//! next owner finds every record that was accepted and not acknowledged, once and in order, and takes
//! nothing for damaged. The order of the stores is what the memory model allows, not what one compiler
//! made of them: see `src/stores.rs`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use maxim_models::spool::{BatchLimits, Identity, Options, Reader, RecordKind, Spool, Wakeup};
use maxim_models::stores::{Files, left_by_a_crash_in};
use maxim_models::use_lane;
use tempfile::TempDir;

/// Two records of this size fill a segment of the smallest size, 16 KiB less its first page.
const RECORD: usize = (16 << 10 >> 1) - (4 << 10 >> 1) - 16;
const LIMITS: BatchLimits = BatchLimits { max_bytes: 1 << 20, max_records: 100, per_record_overhead: 0 };

/// What a stamp takes of the room for a record.
const STAMP: usize = 8;

fn open(hot: &Path, cold: &Path) -> (Arc<Spool>, Reader) {
    let identity = Identity {
        protocol: "model",
        base_url: String::new(),
        repository: String::new(),
        key_fingerprint: String::new(),
    };
    let options = Options {
        hot_dir: Some(hot.into()),
        dir: Some(cold.into()),
        max_memory_bytes: 128 << 10,
        lanes: 2,
        ..Options::new(identity)
    };
    let spool = Arc::new(Spool::open(options, Arc::new(Wakeup::new())));
    (Arc::clone(&spool), Reader::new(spool))
}

/// A spool in directories that go with the first of these; the second is that of its files in memory.
fn begin() -> (TempDir, PathBuf, Arc<Spool>, Reader) {
    let site = tempfile::tempdir().unwrap();
    let root = site.path().join("hot");
    let (spool, reader) = open(&root, &site.path().join("cold"));
    (site, root, spool, reader)
}

fn record(number: u8) -> Vec<u8> {
    (0..RECORD).map(|at| (at as u8).wrapping_mul(number | 1) ^ number).collect()
}

fn number(payload: &[u8]) -> u8 {
    (0..=u8::MAX)
        .find(|number| record(*number)[..payload.len()] == *payload)
        .expect("a record that was appended")
}

/// What one crash can have left, and which records must be found in it.
struct Case {
    left: BTreeSet<Files>,
    /// Accepted and not acknowledged, whenever the crash came.
    must: Vec<u8>,
    /// Those and what was just being appended or acknowledged.
    may: Vec<u8>,
    what: &'static str,
}

/// Checks what a new owner makes of the files.
fn check(case: &Case, root: &Path, files: &Files, site: &TempDir) {
    let (hot, cold) = (site.path().join("hot"), site.path().join("cold"));
    for (path, content) in files {
        let path = hot.join(path.strip_prefix(root).unwrap());
        let directory = path.parent().unwrap();
        std::fs::create_dir_all(directory).unwrap();
        std::fs::write(directory.join("lock"), b"").unwrap();
        std::fs::write(path, content).unwrap();
    }
    let (spool, mut reader) = open(&hot, &cold);
    reader.maintain();
    let mut found = Vec::new();
    while let Some(mut batch) = reader.next_batch(&LIMITS, &|_, _| false) {
        found.extend(batch.records().map(|record| number(record.payload)));
        let all = batch.len();
        reader.acknowledge(&mut batch, all);
    }
    let stats = spool.stats();
    let what = case.what;
    let in_order = |some: &[u8], all: &[u8]| {
        let mut all = all.iter();
        some.iter().all(|one| all.any(|other| other == one))
    };
    assert!(in_order(&case.must, &found), "{what}: {found:?} found of {:?}", case.must);
    assert!(in_order(&found, &case.may), "{what}: {found:?} found of at most {:?}", case.may);
    assert_eq!((stats.dropped_corrupt, stats.files_set_aside), (0, 0), "{what}: {stats:?}");
    reader.finish();
}

#[test]
fn a_crash_at_any_moment_costs_no_accepted_record_and_leaves_no_damage() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_site, root, spool, mut reader) = begin();
    let (mut cases, mut held, mut next) = (Vec::new(), Vec::<u8>::new(), 0);
    // The segments are used again and again: 16 of them would take 32 records before one is.
    for round in 0..4 {
        for _ in 0..3 {
            let must = held.clone();
            let left = left_by_a_crash_in(|| {
                let payload = record(next);
                let (start, rest) = payload.split_at(payload.len() / 3);
                // In one part and in two: these are written differently.
                match next % 2 {
                    0 => spool.append(RecordKind(0), &payload).unwrap(),
                    _ => spool.append_parts(RecordKind(0), &[start, rest]).unwrap(),
                };
            });
            held.push(next);
            next += 1;
            cases.push(Case { left, must, may: held.clone(), what: "append" });
        }
        let mut batch = reader.next_batch(&LIMITS, &|_, _| false).unwrap();
        for count in [1, if round % 2 == 0 { 2 } else { 1 }] {
            let may = held.clone();
            let left = left_by_a_crash_in(|| reader.acknowledge(&mut batch, count));
            held.drain(..count);
            cases.push(Case { left, must: held.clone(), may, what: "acknowledge" });
        }
        drop(batch);
        let left = left_by_a_crash_in(|| reader.upkeep());
        cases.push(Case { left, must: held.clone(), may: held.clone(), what: "upkeep" });
    }
    let left = left_by_a_crash_in(|| spool.close());
    cases.push(Case { left, must: held.clone(), may: held.clone(), what: "close" });

    check_all(&cases, &root);
}

fn deliver_all(reader: &mut Reader, held: &mut Vec<u8>) {
    while let Some(mut batch) = reader.next_batch(&LIMITS, &|_, _| false) {
        let all = batch.len();
        reader.acknowledge(&mut batch, all);
        held.drain(..all);
    }
}

#[test]
fn a_crash_while_lanes_are_opened_used_and_given_up_costs_no_accepted_record_and_no_order() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_site, root, spool, mut reader) = begin();
    let (mut cases, mut held, mut next) = (Vec::new(), Vec::<u8>::new(), 0);
    let mut append = |cases: &mut Vec<Case>, held: &mut Vec<u8>, lane| {
        use_lane(lane);
        let must = held.clone();
        let payload = &record(next)[..RECORD - STAMP];
        let left = left_by_a_crash_in(|| assert!(spool.append(RecordKind(0), payload).is_ok()));
        held.push(next);
        next += 1;
        cases.push(Case { left, must, may: held.clone(), what: "append in a lane" });
    };
    for round in 0..2 {
        append(&mut cases, &mut held, 0);
        let left = left_by_a_crash_in(|| {
            // Later there may be no room, as spare segments take some.
            let is_opened = spool.grow(1);
            assert!(is_opened || round > 0);
        });
        cases.push(Case { left, must: held.clone(), may: held.clone(), what: "open a lane" });
        for lane in [1, 0, 0, 1, 0, 1] {
            append(&mut cases, &mut held, lane);
        }
        // The first without a stamp, then those of both lanes.
        for count in [1, 2] {
            let mut batch = reader.next_batch(&LIMITS, &|_, _| false).unwrap();
            let may = held.clone();
            let left = left_by_a_crash_in(|| reader.acknowledge(&mut batch, count));
            held.drain(..count);
            // Each lane has a cursor of its own: one may have been moved, and the other not.
            let must = held.clone();
            cases.push(Case { left, must, may, what: "acknowledge records of lanes" });
        }
        deliver_all(&mut reader, &mut held);
        // With records in one of them at most. The first time both have been used since the last look.
        append(&mut cases, &mut held, 1);
        for _ in 0..2 {
            let left = left_by_a_crash_in(|| spool.close_lanes());
            cases.push(Case { left, must: held.clone(), may: held.clone(), what: "give lanes up" });
        }
        deliver_all(&mut reader, &mut held);
    }
    append(&mut cases, &mut held, 1);
    let left = left_by_a_crash_in(|| spool.close());
    cases.push(Case { left, must: held.clone(), may: held.clone(), what: "close" });
    check_all(&cases, &root);
}

/// One test at a time: whoever records stores sees those of all threads.
static ALONE: Mutex<()> = Mutex::new(());

fn check_all(cases: &[Case], root: &Path) {
    let mut moments = 0;
    for case in cases {
        for files in &case.left {
            moments += 1;
            check(case, root, files, &tempfile::tempdir().unwrap());
        }
    }
    println!("{moments} different states of {} steps", cases.len());
    assert!(moments > 500, "only {moments} states were seen: were the stores?");
}
