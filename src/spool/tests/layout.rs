//! Which cache lines threads that log in lanes share: none.

use super::lanes::{append_in_turns, open_with_lanes, roomy};
use super::*;
use crate::spool::format::HEADER_SIZE;
use crate::spool::lanes::LANES_MAX;
use crate::sync::set_lane_hint;

/// Processors fetch cache lines in pairs.
const LINES: usize = 128;

/// The pairs of cache lines that a value has a part of: processors fetch them in pairs.
fn lines_of<T>(value: &T) -> std::ops::RangeInclusive<usize> {
    let start = std::ptr::from_ref(value).addr();
    start / LINES..=(start + size_of::<T>() - 1) / LINES
}

#[test]
fn no_two_threads_that_log_write_to_one_cache_line() {
    let site = Site::new();
    let (spool, _reader) = open(roomy(&site, LANES_MAX));
    let mut written: Vec<usize> = spool.lanes.iter().flat_map(lines_of).collect();
    written.extend(lines_of(&spool.state).chain(lines_of(&spool.meetings)));
    // What each call reads, and none writes to.
    let read = lines_of(&spool.opened).chain(lines_of(&spool.lanes)).chain(lines_of(&spool.wakeup));
    let read: Vec<usize> = read.chain(lines_of(&*spool.wakeup)).collect();
    let mut apart = written.clone();
    apart.sort_unstable();
    apart.dedup();
    assert_eq!(apart.len(), written.len(), "two locks share a line");
    assert!(read.iter().all(|line| !written.contains(line)), "what is read shares a line with a lock");
}

#[test]
fn what_an_append_touches_of_its_lane_is_one_pair_of_cache_lines() {
    let site = Site::new();
    let (spool, _reader) = open(roomy(&site, 1));
    append(&spool, 0..1);
    let cell = lines_of(&spool.lanes[0]);
    let lane = spool.lanes[0].0.lock();
    let active = lane.active.as_ref().unwrap();
    let touched = [
        lines_of(&lane.next),
        lines_of(&lane.quiet),
        lines_of(&active.map),
        lines_of(&active.records),
        lines_of(&active.tail),
        lines_of(&active.settled),
        lines_of(&active.sealed),
        lines_of(&active.header.salt),
        lines_of(&active.header.stamped),
    ];
    // The lock's word is the first of all.
    assert!(touched.into_iter().all(|of| of == (*cell.start()..=*cell.start())));
}

#[test]
fn segments_of_two_lanes_share_no_cache_line() {
    let site = Site::new();
    let (spool, _reader) = open_with_lanes(&site, 2, 2);
    append_in_turns(&spool, 0..2, 2);
    let pages = [0, 1].map(|lane| {
        let lane = spool.lanes[lane].0.lock();
        let map = lane.active.as_ref().unwrap().map.clone().unwrap();
        let records = map.published(HEADER_SIZE..map.len()).as_ptr_range();
        records.start.addr() / LINES..records.end.addr() / LINES
    });
    assert!(pages[0].end <= pages[1].start || pages[1].end <= pages[0].start);
}

/// What is in a value's memory, padding included.
fn memory_of<T>(value: &T) -> Vec<u8> {
    let mut bytes = vec![0; size_of::<T>()];
    // SAFETY: as many bytes as there are on both sides; nobody writes to the value meanwhile.
    unsafe {
        std::ptr::copy_nonoverlapping(std::ptr::from_ref(value).cast(), bytes.as_mut_ptr(), bytes.len())
    };
    bytes
}

#[test]
fn an_append_changes_its_own_lane_and_nothing_else_of_the_spool() {
    let site = Site::new();
    let (spool, _reader) = open_with_lanes(&site, 4, 4);
    append_in_turns(&spool, 0..4, 4);
    for own in 0..4 {
        let others = || (0..4).filter(|lane| *lane != own).map(|lane| memory_of(&spool.lanes[lane]));
        let before = (memory_of(&spool), others().collect::<Vec<_>>(), memory_of(&spool.lanes[own]));
        set_lane_hint(own);
        append(&spool, 4..1_000);
        assert!(before.0 == memory_of(&spool), "a line that all threads share");
        assert!(before.1 == others().collect::<Vec<_>>(), "a line of another lane");
        assert!(before.2 != memory_of(&spool.lanes[own]));
    }
    set_lane_hint(0);
}
