//! Several lanes: the order over all of them, opened and given up, before and after a crash.

use super::*;
use crate::process::monotonic;
use crate::spool::lanes::{ATTENTION, LANES_MAX, Looking};
use crate::spool::rotate::MAPPED_MAX;
use crate::spool::segment::Room;
use crate::spool::spool::Payload;
use crate::sync::set_lane_hint;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Opens lanes until there are so many.
pub(super) fn open_lanes(spool: &Spool, count: usize) {
    for opened in 1..count {
        assert!(spool.grow(opened), "lane {opened}");
    }
}

/// Appends the lines, each in another lane than the one before.
pub(super) fn append_in_turns(spool: &Spool, numbers: std::ops::Range<u64>, lanes: u64) {
    for number in numbers {
        set_lane_hint((number * 7 % lanes) as usize);
        spool.append(RecordKind(0), &line(number)).unwrap();
    }
    set_lane_hint(0);
}

pub(super) fn roomy(site: &Site, lanes: usize) -> Options {
    Options { lanes, max_memory_bytes: 4 << 20, max_disk_bytes: 64 << 20, ..site.options() }
}

/// So many lanes of those that there may be.
pub(super) fn open_with_lanes(site: &Site, count: usize, most: usize) -> (Arc<Spool>, Reader) {
    let (spool, reader) = open(roomy(site, most));
    open_lanes(&spool, count);
    (spool, reader)
}

#[test]
fn records_of_all_lanes_come_in_the_order_of_their_calls() {
    let site = Site::new();
    let (spool, mut reader) = open(roomy(&site, LANES_MAX));
    append(&spool, 0..1_000);
    open_lanes(&spool, 4);
    append_in_turns(&spool, 1_000..20_000, 4);
    assert_eq!(check(&spool).held, 20_000);
    assert_eq!(deliver_all(&mut reader), lines(0..20_000));
    assert_eq!((spool.accepted().total(), spool.settled().total(), check(&spool).held), (20_000, 20_000, 0));
}

#[test]
fn a_spool_goes_back_to_one_lane_and_the_order_holds() {
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_memory_bytes: 64 << 20, ..roomy(&site, 8) });
    for round in 0..4 {
        let start = round * 4_000;
        append(&spool, start..start + 1_000);
        open_lanes(&spool, 3);
        append_in_turns(&spool, start + 1_000..start + 3_000, 3);
        spool.close_lanes();
        // All have been used since.
        append_in_turns(&spool, start + 3_000..start + 3_500, 3);
        spool.close_lanes();
        assert_eq!(spool.opened(), 3);
        while spool.seal_oldest(&mut spool.lock_state(), |_| true) {}
        append(&spool, start + 3_500..start + 4_000);
        spool.close_lanes();
        spool.close_lanes();
        assert_eq!(spool.opened(), 1);
    }
    assert_eq!(deliver_all(&mut reader), lines(0..16_000));
    check(&spool);
}

#[test]
fn a_batch_that_is_acknowledged_as_a_whole_is_of_one_lane_and_the_order_holds() {
    let site = Site::new();
    let (spool, mut reader) = open(roomy(&site, 3));
    reader.set_one_segment(true);
    append(&spool, 0..100);
    open_lanes(&spool, 3);
    append_in_turns(&spool, 100..1_000, 3);
    let mut came = Vec::new();
    while let Some(mut batch) = next(&mut reader) {
        let lanes: BTreeSet<_> = batch.waiting().iter().map(|entry| entry.piece).collect();
        assert_eq!(lanes.len(), 1);
        came.extend(batch.records().map(|record| record.payload.to_vec()));
        acknowledge_all(&mut reader, &mut batch);
    }
    assert_eq!(came, lines(0..1_000));
    check(&spool);
}

#[test]
fn whoever_adopts_the_records_of_several_lanes_sends_them_in_order() {
    let site = Site::new();
    for spilled in [false, true] {
        let (spool, mut reader) = open(roomy(&site, 8));
        append(&spool, 0..500);
        open_lanes(&spool, 5);
        append_in_turns(&spool, 500..15_000, 5);
        let limits = BatchLimits { max_records: 3_210, ..LIMITS };
        let mut batch = reader.next_batch(&limits, &|_, _| false).unwrap();
        let sent = batch.len() as u64;
        reader.acknowledge(&mut batch, sent as usize);
        drop(batch);
        let mut batch = reader.next_batch(&limits, &|_, _| false).unwrap();
        reader.acknowledge(&mut batch, 1_001);
        drop(batch);
        if spilled {
            assert!(spool.spill_all());
        }
        crash(spool, reader);
        let (spool, mut reader) = open(roomy(&site, 8));
        reader.maintain();
        assert_eq!(deliver_all(&mut reader), lines(sent + 1_001..15_000));
        assert_eq!(check(&spool).dropped_corrupt, 0);
        reader.finish();
    }
    site.assert_empty();
}

#[test]
fn a_thread_that_was_told_of_a_record_logs_behind_it() {
    const TURNS: u64 = 4_000;
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_memory_bytes: 16 << 20, ..roomy(&site, 4) });
    open_lanes(&spool, 4);
    let turn = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (spool, turn) = (&spool, &turn);
            scope.spawn(move || {
                set_lane_hint(thread as usize);
                for number in (thread..TURNS).step_by(4) {
                    while turn.load(Ordering::Acquire) != number {
                        std::thread::yield_now();
                    }
                    spool.append(RecordKind(0), &line(number)).unwrap();
                    turn.store(number + 1, Ordering::Release);
                }
            });
        }
        let mut next_number = 0;
        while next_number < TURNS {
            let Some(mut batch) = next(&mut reader) else { continue };
            for record in batch.records() {
                assert_eq!(record.payload, line(next_number));
                next_number += 1;
            }
            acknowledge_all(&mut reader, &mut batch);
        }
    });
    check(&spool);
}

#[test]
fn a_damaged_segment_of_one_lane_costs_the_others_nothing() {
    let site = Site::new();
    let (spool, reader) = open_with_lanes(&site, 3, 4);
    append_in_turns(&spool, 0..3_000, 3);
    crash(spool, reader);
    let segments: Vec<_> =
        site.files().into_iter().filter(|file| std::fs::read(file).unwrap().len() > 300_000).collect();
    assert!(segments.len() >= 3);
    let damaged = segments.iter().find(|file| std::fs::read(file).unwrap()[4096] != 0).unwrap();
    flip_byte(damaged, 4096 + 300);
    let (spool, mut reader) = open(roomy(&site, 4));
    reader.maintain();
    let came = deliver_all(&mut reader);
    let all = lines(0..3_000);
    let mut rest = all.iter();
    assert!(came.iter().all(|one| rest.any(|other| other == one)), "in order, none twice");
    assert_eq!((came.len(), check(&spool).dropped_corrupt), (2_999, 1));
}

#[test]
fn threads_that_meet_open_lanes_and_lose_and_repeat_nothing() {
    const THREADS: u64 = 8;
    const EACH: u64 = 20_000;
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_memory_bytes: 16 << 20, ..roomy(&site, LANES_MAX) });
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let spool = &spool;
            scope.spawn(move || {
                for number in 0..EACH {
                    spool.append(RecordKind(thread as u8), &line(number)).unwrap();
                }
            });
        }
        let mut next_numbers = [0; THREADS as usize];
        while next_numbers.iter().sum::<u64>() < THREADS * EACH {
            let Some(mut batch) = next(&mut reader) else { continue };
            for record in batch.records() {
                let number = &mut next_numbers[usize::from(record.kind.0)];
                assert_eq!(record.payload, line(*number));
                *number += 1;
            }
            acknowledge_all(&mut reader, &mut batch);
            check(&spool);
        }
    });
    assert_eq!((check(&spool).held, spool.settled().total()), (0, THREADS * EACH));
}

/// Holds a lane until it is told to let go.
fn hold_lane<'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    spool: &'scope Spool,
    index: usize,
) -> std::sync::mpsc::Sender<()> {
    let (let_go, until) = std::sync::mpsc::channel();
    let (held, is_held) = std::sync::mpsc::channel();
    scope.spawn(move || {
        let _held = spool.lanes[index].0.lock();
        held.send(()).unwrap();
        let _ = until.recv();
    });
    is_held.recv().unwrap();
    let_go
}

/// Waits until somebody has waited for a lane for as long as a log call would.
fn until_a_lane_is_missed(spool: &Spool) {
    while spool.opened.load(Ordering::Relaxed) < ATTENTION {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn while_a_lane_is_held_nothing_is_sent_and_afterwards_all_of_it_once_and_in_order() {
    let site = Site::new();
    let (spool, mut reader) = open_with_lanes(&site, 3, 4);
    append_in_turns(&spool, 0..3_000, 3);
    let limits = BatchLimits { max_records: 1_000, ..LIMITS };
    let mut batch = reader.next_batch(&limits, &|_, _| false).unwrap();
    std::thread::scope(|scope| {
        let let_go = hold_lane(scope, &spool, 1);
        let delivery = scope.spawn(|| {
            reader.acknowledge(&mut batch, 1_000);
            deliver_all(&mut reader)
        });
        until_a_lane_is_missed(&spool);
        for number in 3_000..4_000 {
            set_lane_hint((number % 2 * 2) as usize);
            spool.append(RecordKind(0), &line(number)).unwrap();
        }
        set_lane_hint(0);
        assert!(!delivery.is_finished());
        drop(let_go);
        assert_eq!(delivery.join().unwrap(), lines(1_000..4_000));
    });
    assert_eq!((check(&spool).held, spool.settled().total()), (0, 4_000));
}

#[test]
fn a_thread_whose_lane_is_held_for_long_goes_on_in_another() {
    let site = Site::new();
    let (spool, mut reader) = open_with_lanes(&site, 2, 4);
    std::thread::scope(|scope| {
        let let_go = hold_lane(scope, &spool, 1);
        set_lane_hint(1);
        append(&spool, 0..10);
        set_lane_hint(0);
        drop(let_go);
    });
    assert_eq!(deliver_all(&mut reader), lines(0..10));
}

/// Takes a lane and goes, as a handler's `longjmp` does, from far in on the stack.
#[inline(never)]
fn leave_with_lane(spool: &Spool, depth: usize) -> u64 {
    let room = std::hint::black_box([depth as u64; 256]);
    if depth > 0 {
        return leave_with_lane(spool, depth - 1) + room[depth];
    }
    std::mem::forget(spool.lanes[1].0.lock());
    room[0]
}

#[test]
fn a_lane_whose_holder_is_gone_is_had_again_when_its_thread_logs_in_any_lane() {
    let site = Site::new();
    let (spool, mut reader) = open_with_lanes(&site, 3, 4);
    append_in_turns(&spool, 0..300, 3);
    std::thread::scope(|scope| {
        let (went, is_gone) = std::sync::mpsc::channel();
        let spool = &spool;
        scope.spawn(move || {
            // 200 KiB and more.
            leave_with_lane(spool, 100);
            went.send(()).unwrap();
            until_a_lane_is_missed(spool);
            set_lane_hint(2);
            spool.append(RecordKind(0), &line(300)).unwrap();
        });
        is_gone.recv().unwrap();
        let mut came = Vec::new();
        while came.len() < 301 {
            came.extend(deliver_all(&mut reader));
        }
        assert_eq!(came, lines(0..301));
    });
    check(&spool);
}

#[test]
fn the_segment_in_use_of_another_lane_goes_when_it_is_the_oldest_that_can() {
    let site = Site::new();
    let (spool, mut reader) =
        open(Options { lanes: 3, max_memory_bytes: 64 << 10, max_disk_bytes: 0, ..site.options() });
    open_lanes(&spool, 3);
    for (lane, size) in [(2, 10), (1, 8_000), (2, 8_000), (1, 8_000), (2, 8_000)] {
        set_lane_hint(lane);
        spool.append(RecordKind(0), &vec![lane as u8; size]).unwrap();
    }
    // Both lanes begin their second segments; the batch shows the first ones.
    let batch = next(&mut reader).unwrap();
    assert_eq!(batch.len(), 2);
    set_lane_hint(0);
    spool.append(RecordKind(0), &[0; 8_000]).unwrap();
    let stats = check(&spool);
    assert_eq!((stats.accepted, stats.held, stats.dropped_memory), (6, 5, 1));
}

struct FromTheFuture<'a>(&'a [u8]);

impl Payload for FromTheFuture<'_> {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn write(&self, room: Room<'_>, tag: u64, salt: u32, stamp: Option<u64>) {
        room.write_record(tag, salt, stamp.map(|stamp| stamp + (1 << 50)), self.0);
    }
}

#[test]
fn a_clock_that_was_set_back_keeps_nothing_from_being_sent() {
    let site = Site::new();
    let (spool, mut reader) = open_with_lanes(&site, 2, 2);
    append_in_turns(&spool, 0..10, 2);
    let mut lane = spool.lanes[1].0.lock();
    let payload = line(10);
    spool.put(&mut lane, RecordKind(0), FromTheFuture(&payload)).unwrap();
    drop(lane);
    append(&spool, 11..20);
    let came = deliver_all(&mut reader);
    assert_eq!(sorted(came), sorted(lines(0..20)));
    check(&spool);
}

/// A lane whose record was accepted before the clock was set back, in use or sealed, while another is logged in.
fn send_while_another_lane_is_logged_in(is_sealed: bool) {
    let site = Site::new();
    let (spool, mut reader) = open_with_lanes(&site, 2, 2);
    let mut lane = spool.lanes[1].0.lock();
    lane = spool.with_room(lane, 100).unwrap();
    let payload = line(0);
    spool.put(&mut lane, RecordKind(0), FromTheFuture(&payload)).unwrap();
    drop(lane);
    set_lane_hint(1);
    append(&spool, 1..2);
    set_lane_hint(0);
    if is_sealed {
        assert!(spool.spill_all());
    }
    let mut came = Vec::new();
    for number in 2..12 {
        append(&spool, number..number + 1);
        let mut batch = next(&mut reader).unwrap();
        came.extend(batch.records().map(|record| record.payload.to_vec()));
        acknowledge_all(&mut reader, &mut batch);
    }
    let place = |number| came.iter().position(|payload| *payload == line(number));
    assert!(place(0).unwrap() < place(1).unwrap(), "the order within the lane");
    assert_eq!(check(&spool).held, 0);
    assert_eq!(sorted(came), sorted(lines(0..12)));
}

#[test]
fn a_clock_that_was_set_back_keeps_no_lane_waiting_while_another_is_logged_in() {
    send_while_another_lane_is_logged_in(false);
    send_while_another_lane_is_logged_in(true);
}

#[test]
fn a_segment_in_a_file_is_read_once_while_those_of_another_lane_come_and_go() {
    let site = Site::new();
    let (spool, mut reader) = open_with_lanes(&site, 2, 2);
    for (lane, numbers) in [(1, 0..10), (1, 10..20), (1, 20..30), (0, 30..40)] {
        set_lane_hint(lane);
        append(&spool, numbers);
        set_lane_hint(0);
        assert!(spool.spill_all());
    }
    let mut bytes_of_lane_0 = BTreeSet::new();
    let mut came = Vec::new();
    while let Some(mut batch) = next(&mut reader) {
        came.extend(batch.records().map(|record| record.payload.to_vec()));
        acknowledge_all(&mut reader, &mut batch);
        let buffers = reader.buffers.iter().filter(|buffer| buffer.key.1 == 4);
        bytes_of_lane_0.extend(buffers.map(|buffer| buffer.bytes.as_ptr()));
    }
    assert_eq!(came, lines(0..40));
    assert_eq!(bytes_of_lane_0.len(), 1);
    check(&spool);
}

#[test]
fn threads_that_log_at_the_same_time_have_their_segments_again_and_give_them_back_after_a_burst() {
    const RECORDS: u64 = 250;
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_memory_bytes: 64 << 20, ..roomy(&site, 4) });
    open_lanes(&spool, 2);
    // More segments than stay mapped with one lane, and all of them in memory.
    let payload = vec![b'x'; 100 << 10];
    let burst = |reader: &mut Reader| {
        for number in 0..RECORDS {
            set_lane_hint((number % 2) as usize);
            spool.append(RecordKind(0), &payload).unwrap();
        }
        set_lane_hint(0);
        assert_eq!(deliver_all(reader).len() as u64, RECORDS);
        spool.lock_state().next_file
    };
    let made = burst(&mut reader);
    for _ in 0..2 {
        assert_eq!(burst(&mut reader), made);
    }
    let kept = spool.lock_state().spares.len();
    assert!(kept > MAPPED_MAX, "{kept}");
    assert_eq!(check(&spool).dropped_memory + check(&spool).dropped_disk, 0);
    // What nobody has needed between two looks is given back, and so is what the lanes had that are not used any more.
    for _ in 0..3 {
        reader.lanes_looked = monotonic::now().checked_sub(Duration::from_secs(60)).unwrap();
        reader.maintain();
    }
    let state = spool.lock_state();
    assert!(state.spares.len() <= MAPPED_MAX, "{}", state.spares.len());
    assert!(state.hot_bytes <= (MAPPED_MAX as u64 + 2) * spool.segment_size);
}

#[test]
fn segments_that_are_kept_ready_are_not_made_and_removed_again_and_again() {
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_memory_bytes: 16 << 20, ..roomy(&site, 4) });
    open_lanes(&spool, 4);
    append_in_turns(&spool, 0..400, 4);
    reader.maintain();
    // No segment has begun for a minute.
    let minute = Duration::from_secs(60);
    spool.lock_state().last_rotation = monotonic::now().checked_sub(minute).unwrap();
    reader.maintain();
    let made = || spool.lock_state().next_file;
    let before = made();
    for _ in 0..4 {
        reader.maintain();
        deliver_all(&mut reader);
    }
    assert_eq!(made(), before);
}

#[test]
fn threads_that_log_now_and_then_during_an_outage_do_not_take_a_segment_for_each_record() {
    let site = Site::new();
    let (spool, mut reader) =
        open(Options { lanes: 3, max_memory_bytes: 512 << 10, max_disk_bytes: 0, ..site.options() });
    // A thread misses one look in three.
    open_lanes(&spool, 3);
    for round in 0..100 {
        for lane in (0..3).filter(|lane| *lane != round % 3) {
            set_lane_hint(lane);
            spool.append(RecordKind(0), &line(round as u64)).unwrap();
        }
        spool.close_lanes();
    }
    // All log, and then none for a while.
    for round in 0..100 {
        while spool.opened() < 3 {
            assert!(spool.grow(spool.opened()));
        }
        for lane in 0..3 {
            set_lane_hint(lane);
            spool.append(RecordKind(0), &line(round)).unwrap();
        }
        spool.close_lanes();
        spool.close_lanes();
    }
    set_lane_hint(0);
    let stats = check(&spool);
    assert_eq!((stats.accepted, stats.held), (500, 500));
    assert_eq!(deliver_all(&mut reader).len(), 500);
    // What is held by nobody is given back.
    spool.close_lanes();
    spool.close_lanes();
    assert_eq!(spool.opened(), 1);
}

#[test]
fn lanes_leave_room_in_a_small_spool_directory_for_records() {
    let site = Site::new();
    let options = Options { max_memory_bytes: 64 << 20, max_disk_bytes: 8 << 20, ..roomy(&site, 16) };
    let mut spool = Spool::open(options, Arc::new(Wakeup::new()));
    // As where there is no memory file system.
    spool.give_back_idle(&mut spool.lock_state());
    spool.clear_litter();
    spool.store.hot = None;
    let spool = Arc::new(spool);
    let mut reader = Reader::new(Arc::clone(&spool));
    set_lane_hint(0);
    append(&spool, 0..1);
    while spool.grow(spool.opened()) {
        set_lane_hint(spool.opened() - 1);
        append(&spool, 0..1);
    }
    assert!((2..16).contains(&spool.opened()), "{}", spool.opened());
    for _ in 0..4 {
        reader.maintain();
    }
    for lane in 0..spool.opened() as u64 {
        append_in_turns(&spool, lane..lane + 1, spool.opened() as u64);
    }
    set_lane_hint(0);
    let state = spool.lock_state();
    assert_eq!(state.hot_bytes, 0, "in memory, which a crash takes with it");
    assert!(state.cold_bytes <= spool.disk_cap() / 2 + spool.segment_size);
}

#[test]
fn a_call_within_another_one_of_its_thread_goes_on_in_another_lane_without_waiting() {
    let site = Site::new();
    let (spool, mut reader) = open_with_lanes(&site, 2, 4);
    let held = spool.lanes[1].0.lock();
    set_lane_hint(1);
    append_further_in(&spool);
    set_lane_hint(0);
    assert!(!spool.lanes[1].0.is_stuck(), "was waited for until its time was up");
    drop(held);
    assert_eq!(deliver_all(&mut reader), lines(0..10));
}

#[inline(never)]
fn append_further_in(spool: &Spool) {
    append(spool, 0..10);
}

#[test]
fn a_thread_finds_a_free_lane_while_the_delivery_thread_goes_through_all_of_them() {
    let site = Site::new();
    let (spool, mut reader) = open_with_lanes(&site, 2, 4);
    std::thread::scope(|scope| {
        let let_go = hold_lane(scope, &spool, 1);
        let looking = Looking::begin(&spool);
        set_lane_hint(1);
        append(&spool, 0..10);
        set_lane_hint(0);
        drop(looking);
        assert!(!spool.lanes[1].0.is_stuck(), "was waited for until its time was up");
        assert_eq!(spool.opened(), 2);
        drop(let_go);
    });
    assert_eq!(deliver_all(&mut reader), lines(0..10));
}
