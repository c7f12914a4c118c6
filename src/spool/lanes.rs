//! Lanes: where threads that log at the same time do not meet.
//!
//! A lane has a lock, a segment in use and books of its own, on cache lines of its own; everything else is behind
//! the spool's lock, which an append takes only when its segment is full. A spool begins with one lane. A thread
//! that finds its lane taken moves to the next one and stays there; where all are taken again and again, another
//! one is opened, as long as there is room for it. When no more than one has been used for a while, the
//! spool goes back to one lane.
//!
//! Records arrive in the order in which their calls returned, over all lanes. So records carry a stamp while there is
//! more than one lane: a clock that all cores share is read under the lane's lock. The reader reads the same clock,
//! then looks at one lane after the other: what it does not see there was accepted later, so that all records with
//! stamps before its own can be merged ([`Spool::survey`], `group.rs`). The first segments of several lanes begin when
//! the one before them has been sealed, and the other way round, so that segments with stamps and segments
//! without never overlap in time.
//!
//! Locks: whoever holds the spool's may take those of lanes, one at a time and without waiting for longer than a
//! moment; whoever holds a lane's waits for nothing. A holder of a lane's lock that does not come back costs no
//! other thread its calls. Nothing is delivered before the lane has been had again, for the order's sake.

use super::Refusal;
use super::SpoolStats;
use super::format::{HEADER_SIZE, SEQUENCE_BITS, SegmentKey};
use super::scan::find_end;
use super::spool::Spool;
use super::state::{Segment, SpoolState};
use crate::process::{Undisturbed, monotonic};
use crate::sync::{Lock, LockGuard, Recover, here, lane_hint, set_lane_hint};
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The most lanes: the number has four bits of a sequence.
pub(super) const LANES_MAX: usize = 16;
/// There may be so many on any machine.
const LANES_MIN: usize = 4;
/// The lanes' segments in use take at most this share of the memory.
const MEMORY_SHARE: u64 = 4;
/// So many times a thread found all lanes taken before another one is opened: a few times it may have been chance.
const CROWDED: u32 = 64;
/// The lower bits of a sequence count the records of a lane; above them is its number.
const LANE_SHIFT: u32 = SEQUENCE_BITS - LANES_MAX.trailing_zeros();

/// How many threads can run at the same time; 0 until it has been asked for: the answer is read from files.
static PROCESSORS: AtomicUsize = AtomicUsize::new(0);

fn processors() -> usize {
    match PROCESSORS.load(Ordering::Relaxed) {
        0 => {
            let found = std::thread::available_parallelism().map_or(1, usize::from);
            PROCESSORS.store(found, Ordering::Relaxed);
            found
        }
        known => known,
    }
}

/// How many lanes a spool may have.
pub(super) fn most(memory: u64, segment_size: u64) -> usize {
    let processors = processors();
    let room = memory / (segment_size * MEMORY_SHARE);
    processors.clamp(LANES_MIN, LANES_MAX).min(room as usize).max(1)
}

/// The lane of a record.
pub(super) fn lane_of(sequence: u64) -> usize {
    (sequence >> LANE_SHIFT) as usize % LANES_MAX
}

/// What may still come before the delivery thread is woken up.
#[derive(Clone, Copy)]
pub(super) struct Quiet {
    bytes: i64,
    records: i64,
}

impl Quiet {
    /// It ends with so many bytes or records.
    pub fn new(bytes: u64, records: u64) -> Quiet {
        let before = |end: u64| end.clamp(1, i64::MAX as u64) as i64 - 1;
        Quiet { bytes: before(bytes), records: before(records) }
    }

    /// Whether it ends with a record of so many bytes.
    #[inline(always)]
    pub fn is_over(&mut self, bytes: u32) -> bool {
        self.bytes -= i64::from(bytes);
        self.records -= 1;
        self.bytes | self.records < 0
    }
}

/// What is behind a lane's lock. What each append reads and writes comes first, on the lock's own two cache lines.
#[repr(C)]
pub(super) struct Lane {
    /// The sequence of the next record.
    pub next: u64,
    /// Since the delivery thread last looked, or was last woken up for.
    pub quiet: Quiet,
    pub active: Option<Segment>,
    pub index: usize,
    /// The next record's sequence when it was last asked whether the lane is used.
    seen: u64,
}

/// A lane and its lock, on cache lines of their own: processors fetch them in pairs.
#[repr(align(128))]
pub(super) struct LaneCell(pub Lock<Lane>);

impl LaneCell {
    /// As many as there can be.
    pub fn all(quiet: Quiet) -> Box<[LaneCell; LANES_MAX]> {
        let cells: Box<[LaneCell]> = (0..LANES_MAX).map(|index| LaneCell::new(index, quiet)).collect();
        cells.try_into().unwrap_or_else(|_| unreachable!("so many were made"))
    }

    fn new(index: usize, quiet: Quiet) -> LaneCell {
        let next = (index as u64) << LANE_SHIFT | 1;
        LaneCell(Lock::new(Lane { next, quiet, active: None, index, seen: next }))
    }
}

impl Lane {
    /// How many records it has accepted.
    pub fn accepted(&self) -> u64 {
        count(self.next - 1)
    }
}

/// A record's number within its lane: 1, 2, 3 and so on.
fn count(sequence: u64) -> u64 {
    sequence & ((1 << LANE_SHIFT) - 1)
}

/// How many records each lane has had, up to some moment or of some kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; LANES_MAX]);

impl Counts {
    /// More than there can be, in each lane.
    const UNKNOWN: Counts = Counts([u64::MAX; LANES_MAX]);

    /// Of all lanes together.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |total, count| total.saturating_add(*count))
    }

    /// Whether there are so many in each lane: more in one do not make up for another.
    pub fn has_reached(&self, target: &Counts) -> bool {
        self.0.iter().zip(target.0).all(|(count, target)| *count >= target)
    }
}

/// Of the only lane.
#[cfg(test)]
impl From<u64> for Counts {
    fn from(count: u64) -> Counts {
        let mut counts = Counts::default();
        counts.0[0] = count;
        counts
    }
}

/// After a holder of the lock was stopped in the middle of an append and is gone: what counts is what the segment
/// in use holds, as after a crash.
impl Recover for Lane {
    fn recover(&mut self) {
        let Some(active) = &mut self.active else { return };
        let Some(map) = &active.map else { return };
        let published = map.published(HEADER_SIZE..map.len());
        let (records, tail) = find_end(&active.header, active.settled, published);
        active.records = records;
        active.tail = tail;
        self.next = active.header.base + u64::from(records);
    }
}

/// What has its cache lines to itself: log calls of several threads do not write to lines that others read.
#[repr(align(128))]
pub(super) struct Apart<T>(pub T);

impl<T> Deref for Apart<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// What tells threads of each other; written to when they meet, not by a call that has its lane.
pub(super) struct Meetings {
    /// Threads that go through all lanes at this moment.
    looking: AtomicU32,
    /// How often all lanes were taken, of late.
    crowded: AtomicU32,
}

impl Meetings {
    pub fn new() -> Apart<Meetings> {
        Apart(Meetings { looking: AtomicU32::new(0), crowded: AtomicU32::new(0) })
    }
}

/// While a thread goes through all lanes: whoever finds one taken has not met another caller.
pub(super) struct Looking<'a>(&'a AtomicU32);

impl<'a> Looking<'a> {
    pub fn begin(spool: &'a Spool) -> Looking<'a> {
        spool.meetings.looking.fetch_add(1, Ordering::Relaxed);
        Looking(&spool.meetings.looking)
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits for a moment, then asks whether the holder is a call of this thread that is gone.
fn have_soon(lock: &Lock<Lane>, frame: usize) -> Option<LockGuard<'_, Lane>> {
    lock.lock_briefly_in(frame).or_else(|| lock.take_from_gone_in(frame))
}

/// What was found in all lanes and behind the spool's lock, which is still held.
pub(super) type Survey<'a, A> = (LockGuard<'a, SpoolState>, A);

/// In [`Spool::opened`]: somebody waits for a lock whose holder has not come back for long. It may be a call that is
/// gone; its thread sees to that when it logs next, in whichever lane.
pub(super) const ATTENTION: usize = 1 << 16;

/// What the books say, without the tally.
#[derive(Default)]
struct Sums {
    accepted: u64,
    held: u64,
    bytes_held: u64,
    oldest: Option<Instant>,
}

impl Sums {
    fn add(&mut self, held: &Segment) {
        self.held += held.unsettled();
        self.bytes_held += held.unsettled_bytes() + held.side_bytes();
        if held.unsettled() > 0 {
            self.oldest = Some(self.oldest.map_or(held.oldest, |oldest| oldest.min(held.oldest)));
        }
    }
}

impl Spool {
    /// Shows `each` every lane that was ever opened, one after the other, while the spool's lock is held, which makes for
    /// one moment as far as segments are concerned: none is put into use or out of it meanwhile. May begin again, with
    /// what `begin` gives, if a lane is taken for long. Waits without a limit: for threads that nobody waits
    /// for without one.
    #[inline(always)]
    pub(super) fn survey<A>(
        &self,
        begin: impl FnMut(&mut SpoolState) -> A,
        each: impl FnMut(&mut A, &mut SpoolState, &mut Lane),
    ) -> Survey<'_, A> {
        let found = self.survey_within(here(), true, begin, each);
        found.unwrap_or_else(|| unreachable!("waited without a limit"))
    }

    /// [`Spool::survey`] in time; `None` while somebody holds a lock and does not come back.
    #[inline(always)]
    pub(super) fn survey_in_time<A>(
        &self,
        begin: impl FnMut(&mut SpoolState) -> A,
        each: impl FnMut(&mut A, &mut SpoolState, &mut Lane),
    ) -> Option<Survey<'_, A>> {
        self.survey_within(here(), false, begin, each)
    }

    fn survey_within<A>(
        &self,
        frame: usize,
        is_patient: bool,
        mut begin: impl FnMut(&mut SpoolState) -> A,
        mut each: impl FnMut(&mut A, &mut SpoolState, &mut Lane),
    ) -> Option<Survey<'_, A>> {
        loop {
            let mut state = self.lock_state_in(frame, is_patient)?;
            let mut found = begin(&mut state);
            let missing = {
                let _looking = Looking::begin(self);
                (0..state.ever_opened).find(|index| match self.lanes[*index].0.lock_briefly_in(frame) {
                    Some(mut lane) => {
                        each(&mut found, &mut state, &mut lane);
                        false
                    }
                    None => true,
                })
            };
            let Some(missing) = missing else {
                // All locks have been had.
                if self.opened.load(Ordering::Relaxed) >= ATTENTION {
                    self.opened.fetch_and(!ATTENTION, Ordering::Relaxed);
                }
                return Some((state, found));
            };
            drop(state);
            self.wait_for_lane(missing, frame, is_patient)?;
        }
    }

    /// Does something to a segment, wherever it is; `None` if it is not held any more. Waits as [`Spool::survey`].
    pub(super) fn with_held<R>(
        &self,
        key: SegmentKey,
        act: impl FnOnce(&mut Segment) -> R,
    ) -> Option<Survey<'_, R>> {
        let frame = here();
        loop {
            let mut state = self.lock_state_in(frame, true)?;
            if let Some(held) = state.find(key) {
                let result = act(held);
                return Some((state, result));
            }
            if !self.is_own(key) {
                return None;
            }
            let mut missing = None;
            let looking = Looking::begin(self);
            for index in 0..state.ever_opened {
                let Some(mut lane) = self.lanes[index].0.lock_briefly_in(frame) else {
                    missing = Some(index);
                    continue;
                };
                if let Some(active) = lane.active.as_mut().filter(|active| active.key() == key) {
                    let result = act(active);
                    return Some((state, result));
                }
            }
            drop((looking, state));
            self.wait_for_lane(missing?, frame, true)?;
        }
    }

    /// Waits until nobody holds the spool's lock, without a limit: for threads that nobody waits for without one.
    #[inline(always)]
    pub(super) fn lock_state(&self) -> LockGuard<'_, SpoolState> {
        let frame = here();
        self.lock_state_in(frame, true).unwrap_or_else(|| unreachable!("waited without a limit"))
    }

    fn lock_state_in(&self, frame: usize, is_patient: bool) -> Option<LockGuard<'_, SpoolState>> {
        self.wait_for(&self.state, frame, is_patient)
    }

    /// Waits until a lane has been had, with no lock held.
    fn wait_for_lane(&self, index: usize, frame: usize, is_patient: bool) -> Option<()> {
        self.wait_for(&self.lanes[index].0, frame, is_patient).map(drop)
    }

    fn wait_for<'a, T: Recover>(
        &self,
        lock: &'a Lock<T>,
        frame: usize,
        is_patient: bool,
    ) -> Option<LockGuard<'a, T>> {
        lock.lock_in_time_in(frame).or_else(|| {
            self.ask_for_attention();
            is_patient.then(|| lock.lock_in(frame))
        })
    }

    /// A holder does not come back.
    pub(super) fn ask_for_attention(&self) {
        self.opened.fetch_or(ATTENTION, Ordering::Relaxed);
    }

    /// How many lanes are in use.
    #[inline]
    pub(super) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed) & !ATTENTION
    }

    /// Takes a segment out of use, if it is in use.
    pub(super) fn seal(&self, key: SegmentKey) -> LockGuard<'_, SpoolState> {
        let seal = |(): &mut (), state: &mut SpoolState, lane: &mut Lane| {
            if lane.active.as_ref().is_some_and(|active| active.key() == key) {
                self.seal_active(state, lane);
            }
        };
        self.survey(|_| (), seal).0
    }

    /// The lane of the calling thread, unless it is taken.
    #[inline(always)]
    pub(super) fn enter_own(&self, frame: usize) -> Option<LockGuard<'_, Lane>> {
        let opened = self.opened.load(Ordering::Relaxed);
        // Where the thread has its lane costs more to find out than all of this.
        let lane = if opened == 1 { &self.lanes[0] } else { self.own_lane(opened, frame) };
        lane.0.try_lock_in(frame)
    }

    /// The calling thread's, of so many.
    #[inline(never)]
    fn own_lane(&self, opened: usize, frame: usize) -> &LaneCell {
        if opened >= ATTENTION {
            self.give_back_own(frame);
        }
        &self.lanes[self.own_index(opened & !ATTENTION)]
    }

    #[inline(always)]
    fn own_index(&self, opened: usize) -> usize {
        let hint = lane_hint();
        if hint < opened.min(LANES_MAX) { hint } else { 0 }
    }

    /// Gives back the locks that calls of this thread hold which are gone, told from a frame of the call that begins.
    #[cold]
    #[inline(never)]
    pub fn give_back_own(&self, frame: usize) {
        drop(self.state.take_from_gone_in(frame));
        self.lanes.iter().for_each(|lane| drop(lane.0.take_from_gone_in(frame)));
    }

    /// Where the calling thread has found its lane taken: another one, or the same after all.
    #[cold]
    #[inline(never)]
    pub(super) fn enter_elsewhere(&self, frame: usize) -> Result<LockGuard<'_, Lane>, Refusal> {
        let opened = self.opened();
        let taken = self.own_index(opened);
        let others = || (1..opened).map(|step| (taken + step) % opened);
        // The delivery thread takes each lane, for a moment.
        let is_looked_at = self.meetings.looking.load(Ordering::Relaxed) > 0;
        let has_met = !is_looked_at && !self.lanes[taken].0.may_be_own(frame);
        let is_to_wait = !has_met && opened > 1;
        let found = is_to_wait.then(|| self.move_to(taken, |lock| have_soon(lock, frame))).flatten();
        let found =
            found.or_else(|| others().find_map(|index| self.move_to(index, |lock| lock.try_lock_in(frame))));
        let found = found.or_else(|| {
            let has_grown = has_met && self.grow(opened);
            has_grown.then(|| self.move_to(opened, |lock| lock.try_lock_in(frame))).flatten()
        });
        if let Some(lane) = found {
            return Ok(lane);
        }
        if let Some(lane) = self.move_to(taken, |lock| lock.lock_in_time_in(frame)) {
            return Ok(lane);
        }
        // Its holder does not come back.
        let found = others().find_map(|index| self.move_to(index, |lock| lock.lock_briefly_in(frame)));
        found.ok_or_else(|| self.stuck())
    }

    /// The calling thread's lane is another one from now on, if that can be had. It is noted before the lane is taken:
    /// if a handler jumps out of this, the thread comes back to the lane that it holds, and proves that it is free.
    fn move_to<'a>(
        &'a self,
        index: usize,
        take: impl FnOnce(&'a Lock<Lane>) -> Option<LockGuard<'a, Lane>>,
    ) -> Option<LockGuard<'a, Lane>> {
        set_lane_hint(index);
        take(&self.lanes[index].0)
    }

    /// Opens another lane if threads have found `opened` ones too few, and there is room for it.
    pub fn grow(&self, opened: usize) -> bool {
        // Who says how many lanes there may be wants to have them.
        let enough = if self.options.lanes == 0 { CROWDED } else { 0 };
        let crowded = &self.meetings.crowded;
        if opened >= self.lanes_most || crowded.fetch_add(1, Ordering::Relaxed) < enough {
            return false;
        }
        let _undisturbed = Undisturbed::by_handlers();
        let frame = here();
        let Some(mut state) = self.state.try_lock_in(frame) else { return false };
        // Not to be asked again at every meeting.
        crowded.store(0, Ordering::Relaxed);
        let has_room = state.memory_in_use() + self.segment_size <= self.options.max_memory_bytes / 2;
        if state.closed || !has_room || self.is_short_of_disk(&state) || self.opened() != opened {
            return false;
        }
        // What has no stamp comes before all that has one. There is one lane, and nobody can put a segment into
        // use in it before the spool's lock is free again.
        if opened == 1 {
            let Some(mut lane) = self.lanes[0].0.lock_briefly_in(frame) else { return false };
            self.seal_active(&mut state, &mut lane);
        }
        state.ever_opened = state.ever_opened.max(opened + 1);
        self.opened.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Goes back to one lane if no more than one has been used since the last time, and gives up the segments of those
    /// that have not. But not for the price of a segment in each lane that holds a few records: as long as nothing
    /// can be sent, each time would cost as many again.
    pub fn close_lanes(&self) {
        self.meetings.crowded.store(0, Ordering::Relaxed);
        if self.opened() == 1 {
            return;
        }
        let unused = |(used, waiting): &mut (u32, u32), state: &mut SpoolState, lane: &mut Lane| {
            let is_used = lane.seen != lane.next;
            let has_records = lane.active.as_ref().is_some_and(|active| active.unsettled() > 0);
            *used += u32::from(is_used);
            *waiting += u32::from(has_records);
            if !is_used && !has_records {
                self.seal_active(state, lane);
            }
        };
        let (state, (used, waiting)) = self.survey(|_| (0, 0), unused);
        drop(state);
        let is_one_enough = used <= 1 && waiting <= 1;
        let seal = |(): &mut (), state: &mut SpoolState, lane: &mut Lane| {
            if is_one_enough {
                self.seal_active(state, lane);
            }
            lane.seen = lane.next;
        };
        let (state, ()) = self.survey(|_| (), seal);
        // All that has a stamp has been sealed, and comes before all that has none.
        if is_one_enough {
            self.opened.fetch_sub(self.opened() - 1, Ordering::Relaxed);
        }
        drop(state);
        self.clear_litter();
    }

    /// How many records have been accepted in each lane; more than there can be while that cannot be told.
    pub fn accepted(&self) -> Counts {
        self.count_accepted().unwrap_or(Counts::UNKNOWN)
    }

    /// So many of this spool's own records, the oldest of each lane, have left: delivered, dropped or quarantined.
    pub fn settled(&self) -> Counts {
        self.count_settled().unwrap_or_default()
    }

    fn count_accepted(&self) -> Option<Counts> {
        let _undisturbed = Undisturbed::by_handlers();
        let each = |counts: &mut Counts, _: &mut SpoolState, lane: &mut Lane| {
            counts.0[lane.index] = lane.accepted();
        };
        Some(self.survey_in_time(|_| Counts::default(), each)?.1)
    }

    /// Each lane for itself: where a segment cannot be read, or the clock has been set back, records leave before older
    /// ones of another lane.
    fn count_settled(&self) -> Option<Counts> {
        let _undisturbed = Undisturbed::by_handlers();
        let first_of_sealed = |state: &mut SpoolState| {
            let mut first = [None; LANES_MAX];
            for held in state.sealed.iter().filter(|held| held.unsettled() > 0) {
                first[lane_of(held.header.base)].get_or_insert(held.first_unsettled());
            }
            (first, Counts::default())
        };
        let (_, (_, counts)) = self.survey_in_time(first_of_sealed, |(first, counts), _, lane| {
            let active = lane.active.as_ref().filter(|active| active.unsettled() > 0);
            let first = first[lane.index].or_else(|| active.map(Segment::first_unsettled));
            counts.0[lane.index] = first.map_or(lane.accepted(), |first| count(first - 1));
        })?;
        Some(counts)
    }

    /// How many bytes of records of its own are held, for its delivery thread.
    pub fn own_bytes_held(&self) -> u64 {
        let _undisturbed = Undisturbed::by_handlers();
        let each = |sum: &mut u64, _: &mut SpoolState, lane: &mut Lane| {
            *sum += lane.active.as_ref().map_or(0, Segment::unsettled_bytes);
        };
        let (state, in_use) = self.survey(|_| 0, each);
        in_use + state.sealed.iter().map(Segment::unsettled_bytes).sum::<u64>()
    }

    /// The books, whether somebody waits for them or not.
    pub(super) fn sum_up(&self, is_patient: bool) -> Option<SpoolStats> {
        let _undisturbed = Undisturbed::by_handlers();
        let begin = |_: &mut SpoolState| Sums::default();
        let each = |sums: &mut Sums, _: &mut SpoolState, lane: &mut Lane| {
            sums.accepted += lane.accepted();
            lane.active.iter().for_each(|active| sums.add(active));
        };
        let (state, mut sums) = self.survey_within(here(), is_patient, begin, each)?;
        state.adopted.iter().chain(&state.sealed).for_each(|held| sums.add(held));
        let age = |at| monotonic::now().saturating_duration_since(at);
        Some(SpoolStats {
            accepted: sums.accepted,
            held: sums.held,
            bytes_held: sums.bytes_held,
            oldest_held_ms: sums.oldest.map_or(Duration::ZERO, age).as_millis() as u64,
            ..state.tally.clone()
        })
    }
}
