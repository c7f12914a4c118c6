//! Callers and the delivery thread in every order in which they can meet: see `explore`. What holds for
//! each of them: no deadlock, no lost wake-up, every record once and in its writer's order, bytes of a
//! batch that stay what they are, and books that balance.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use loom::thread;
use maxim_models::explore;
use maxim_models::spool::{
    Batch, BatchLimits, Identity, Options, Overflow, Reader, RecordKind, Refusal, Spool, Wakeup,
};

/// Two records of this size fill a segment of the smallest size, 16 KiB less its first page.
const RECORD: usize = (16 << 10 >> 1) - (4 << 10 >> 1) - 16;
/// Room for five segments of two records each.
const MEMORY: u64 = 80 << 10;
/// Half of the memory is for segments in use, and what is ready for them: four and four of 16 KiB.
const MEMORY_OF_LANES: u64 = 64 << 10;
const LIMITS: BatchLimits = BatchLimits { max_bytes: 1 << 20, max_records: 3, per_record_overhead: 0 };

fn open(overflow: Overflow) -> (Arc<Spool>, Reader, Arc<Wakeup>) {
    open_with(Options { max_memory_bytes: MEMORY, overflow, ..options() })
}

/// With up to so many lanes, each of which is opened when two threads meet.
fn open_lanes(lanes: usize) -> (Arc<Spool>, Reader, Arc<Wakeup>) {
    open_with(Options { max_memory_bytes: 2 * MEMORY_OF_LANES, lanes, ..options() })
}

fn options() -> Options {
    let identity = Identity {
        protocol: "model",
        base_url: String::new(),
        repository: String::new(),
        key_fingerprint: String::new(),
    };
    Options { memory_only: true, ..Options::new(identity) }
}

fn open_with(options: Options) -> (Arc<Spool>, Reader, Arc<Wakeup>) {
    let wakeup = Arc::new(Wakeup::new());
    let spool = Arc::new(Spool::open(options, Arc::clone(&wakeup)));
    (Arc::clone(&spool), Reader::new(spool), wakeup)
}

/// Appends records that say who wrote them and which they are; gives how many were accepted.
fn write(spool: &Spool, writer: u8, count: u8) -> u64 {
    let append = |number| {
        spool.append(RecordKind(writer), &[&[writer, number][..], &[writer ^ number; RECORD - 2]].concat())
    };
    (0..count).filter(|number| append(*number).is_ok()).count() as u64
}

/// A thread that has all of these accepted.
fn write_elsewhere(spool: &Arc<Spool>, writer: u8, count: u8) -> thread::JoinHandle<()> {
    let spool = Arc::clone(spool);
    thread::spawn(move || assert_eq!(write(&spool, writer, count), u64::from(count)))
}

/// A spool with so many records, to which another thread is adding four.
fn open_between_writers(overflow: Overflow, records: u8) -> (Arc<Spool>, Reader, thread::JoinHandle<()>) {
    let (spool, reader, _) = open(overflow);
    assert_eq!(write(&spool, 0, records), u64::from(records));
    let writer = write_elsewhere(&spool, 1, 4);
    (spool, reader, writer)
}

/// Explores a model, and says how many orders there were.
fn in_every_order(model: impl Fn() + Send + Sync + 'static) {
    println!("{} orders", explore(model));
}

/// Reads the records and sees that each is whole and behind those of its writer that came before.
fn read(batch: &Batch, last: &mut HashMap<u8, u8>) {
    for record in batch.records() {
        let [writer, number, rest @ ..] = record.payload else { panic!("{} bytes", record.payload.len()) };
        assert_eq!((record.kind, rest.len()), (RecordKind(*writer), RECORD - 2));
        assert!(rest.iter().all(|byte| *byte == writer ^ number), "a record has changed");
        let before = last.insert(*writer, *number);
        assert!(before.is_none_or(|before| before < *number), "{number} of {writer} after {before:?}");
    }
}

fn check(spool: &Spool) {
    let s = spool.stats();
    let dropped = s.dropped_memory + s.dropped_disk + s.dropped_expired + s.dropped_corrupt;
    assert_eq!(s.accepted, s.delivered + s.held + dropped, "{s:?}");
    assert_eq!(s.dropped_corrupt, 0);
}

/// Delivers until nothing is left; gives how many records there were.
fn deliver(reader: &mut Reader, last: &mut HashMap<u8, u8>) -> u64 {
    let mut count = 0;
    while let Some(mut batch) = reader.next_batch(&LIMITS, &|_, _| false) {
        // Another thread may append, rotate or evict here.
        thread::yield_now();
        read(&batch, last);
        let all = batch.len();
        reader.acknowledge(&mut batch, all);
        count += all as u64;
    }
    count
}

/// What they log arrives, each record once.
fn two_writers_and_a_reader((spool, mut reader, _bell): (Arc<Spool>, Reader, Arc<Wakeup>)) {
    let writers = [1, 2].map(|writer| {
        let spool = Arc::clone(&spool);
        thread::spawn(move || assert_eq!(write(&spool, writer, 2), 2))
    });
    let mut last = HashMap::new();
    let mut count = deliver(&mut reader, &mut last);
    check(&spool);
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    count += deliver(&mut reader, &mut last);
    assert_eq!((count, spool.accepted().total(), spool.settled().total()), (4, 4, 4));
    check(&spool);
}

#[test]
fn two_writers_and_a_reader_lose_and_repeat_nothing() {
    in_every_order(|| two_writers_and_a_reader(open(Overflow::DropNewest)));
}

#[test]
fn writers_that_meet_in_lanes_lose_and_repeat_nothing() {
    in_every_order(|| two_writers_and_a_reader(open_lanes(2)));
}

#[test]
fn a_writer_that_was_told_of_a_record_comes_behind_it_in_whichever_lane() {
    in_every_order(|| {
        let (spool, mut reader, _bell) = open_lanes(3);
        let told = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let first = {
            let (spool, told) = (Arc::clone(&spool), Arc::clone(&told));
            thread::spawn(move || {
                write(&spool, 1, 1);
                told.store(true, Ordering::Release);
            })
        };
        let second = {
            let (spool, told) = (Arc::clone(&spool), Arc::clone(&told));
            thread::spawn(move || {
                let was_told = told.load(Ordering::Acquire);
                write(&spool, 2, 1);
                was_told
            })
        };
        // In the way of both.
        write(&spool, 3, 1);
        let mut came = Vec::new();
        let mut take = |reader: &mut Reader| {
            while let Some(mut batch) = reader.next_batch(&LIMITS, &|_, _| false) {
                came.extend(batch.records().map(|record| record.kind.0));
                let all = batch.len();
                reader.acknowledge(&mut batch, all);
            }
        };
        take(&mut reader);
        first.join().unwrap();
        let was_told = second.join().unwrap();
        take(&mut reader);
        assert_eq!(came.len(), 3);
        let location = |writer| came.iter().position(|one| *one == writer);
        assert!(!was_told || location(1) < location(2), "{came:?}");
        check(&spool);
    });
}

#[test]
fn segments_are_used_again_only_when_no_batch_shows_them() {
    in_every_order(|| {
        let (spool, mut reader, writer) = open_between_writers(Overflow::DropNewest, 4);
        let mut last = HashMap::new();
        let mut count = 0;
        for part in [1, 2] {
            let Some(mut batch) = reader.next_batch(&LIMITS, &|_, _| false) else { break };
            let part = part.min(batch.len() - 1);
            reader.acknowledge(&mut batch, part);
            thread::yield_now();
            let rest = batch.len();
            read(&batch, &mut last);
            reader.acknowledge(&mut batch, rest);
            count = spool.stats().delivered;
        }
        writer.join().unwrap();
        count += deliver(&mut reader, &mut last);
        assert_eq!(count, 8);
        check(&spool);
    });
}

#[test]
fn evicting_the_oldest_never_touches_a_batch_and_counts_what_it_takes() {
    in_every_order(|| {
        let (spool, mut reader, writer) = open_between_writers(Overflow::DropOldest, 9);
        let mut last = HashMap::new();
        deliver(&mut reader, &mut last);
        check(&spool);
        writer.join().unwrap();
        deliver(&mut reader, &mut last);
        check(&spool);
        assert_eq!(spool.settled().total(), 13);
    });
}

#[test]
fn a_caller_that_waits_for_room_is_woken_when_there_is_some() {
    in_every_order(|| {
        let (spool, mut reader, wakeup) = open(Overflow::Block(Duration::from_secs(3600)));
        assert_eq!(write(&spool, 0, 10), 10);
        let writer = write_elsewhere(&spool, 1, 2);
        let mut last = HashMap::new();
        let mut count = 0;
        while count < 12 {
            count += deliver(&mut reader, &mut last);
            if count < 12 {
                wakeup.wait(Duration::MAX);
            }
        }
        writer.join().unwrap();
        check(&spool);
    });
}

#[test]
fn closing_frees_a_caller_that_waits_for_room() {
    in_every_order(|| {
        let (spool, _reader, _bell) = open(Overflow::Block(Duration::from_secs(3600)));
        assert_eq!(write(&spool, 0, 10), 10);
        let writer = {
            let spool = Arc::clone(&spool);
            thread::spawn(move || spool.append(RecordKind(1), &[0; RECORD]))
        };
        spool.close();
        assert_eq!(writer.join().unwrap(), Err(Refusal::Closed));
        check(&spool);
    });
}

#[test]
fn a_ring_is_never_lost_and_shows_what_came_before_it() {
    in_every_order(|| {
        let wakeup = Arc::new(Wakeup::new());
        let work = Arc::new(loom::sync::atomic::AtomicU32::new(0));
        let ringers = [1, 2].map(|_| {
            let (wakeup, work) = (Arc::clone(&wakeup), Arc::clone(&work));
            thread::spawn(move || {
                work.fetch_add(1, Ordering::Relaxed);
                wakeup.notify();
            })
        });
        // Until both are seen: a lost notification would leave this waiting for ever.
        while work.load(Ordering::Relaxed) < 2 {
            assert!(wakeup.wait(Duration::MAX));
        }
        ringers.into_iter().for_each(|ringer| ringer.join().unwrap());
    });
}

#[test]
fn what_was_written_before_a_ring_is_seen_after_it() {
    in_every_order(|| {
        let wakeup = Arc::new(Wakeup::new());
        let work = Arc::new(loom::sync::atomic::AtomicU32::new(0));
        let ringer = {
            let (wakeup, work) = (Arc::clone(&wakeup), Arc::clone(&work));
            thread::spawn(move || {
                work.store(1, Ordering::Relaxed);
                wakeup.notify();
            })
        };
        assert!(wakeup.wait(Duration::MAX));
        assert_eq!(work.load(Ordering::Relaxed), 1);
        ringer.join().unwrap();
    });
}
