//! What the delivery thread does besides delivering: prepare segments, look after the directories,
//! drop what is too old, and leave without litter.

use super::age::AgeStamp;
use super::foreign::SWEEP_INTERVAL;
use super::format::{STAMP_AT, SegmentKey};
use super::lanes::Lane;
use super::reader::Reader;
use super::rotate::MAPPED_MAX;
use super::spool::unix_time;
use super::state::{BlankSegment, Dropped, Location, Segment, SpoolState};
use super::{Spool, SpoolStats};
use crate::process::monotonic;
use crate::sync::LockGuard;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often directories are looked at, orphans adopted and old records dropped: the last interval
/// repeats, until an instance of the same identity comes or goes. The first ones are short because a
/// process is often replaced at once, when the kernel or the owner's own writer has not let go of the
/// lock yet, and because what comes and goes often dies young; what it left should not wait for a minute.
const UPKEEP_INTERVALS: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(15), Duration::from_secs(60)];
/// Without a new segment for this long, spare ones are given back.
const QUIET: Duration = Duration::from_secs(2);
/// A segment takes records for at most this share of the maximum age, so that its age says enough
/// about its records.
const AGE_STEPS: u32 = 8;

/// When directories are looked after.
pub(super) struct UpkeepSchedule {
    /// When they last were; for a short-lived process at first, when it began.
    last: Option<Instant>,
    /// How many intervals have passed since the last change among the instances.
    passed: usize,
    /// When the directories that hold the instances had last changed, before the last upkeep.
    changed: Vec<Option<(i64, i64)>>,
    looked: Instant,
}

impl UpkeepSchedule {
    /// A process looks after what others left as soon as it logs, unless it is `short_lived`: it may be gone in the
    /// middle of sending the records of others like it, which are then sent twice.
    pub fn new(short_lived: bool) -> UpkeepSchedule {
        let now = monotonic::now();
        UpkeepSchedule { last: short_lived.then_some(now), passed: 0, changed: Vec::new(), looked: now }
    }

    fn interval(&self) -> Duration {
        UPKEEP_INTERVALS[self.passed.min(UPKEEP_INTERVALS.len() - 1)]
    }

    fn next(&self) -> Instant {
        self.last.map_or_else(monotonic::now, |last| last + self.interval())
    }

    fn is_due(&mut self, spool: &Spool) -> bool {
        let Some(last) = self.last else { return true };
        if passed(self.looked) >= UPKEEP_INTERVALS[0] {
            self.looked = monotonic::now();
            for side in [&spool.store.hot, &spool.store.cold].into_iter().flatten() {
                spool.store.check_lock(side);
            }
            if changes(spool) != self.changed || spool.awaits_descriptors() {
                self.passed = 0;
            }
        }
        let is_due = passed(last) >= self.interval();
        self.passed += usize::from(is_due);
        is_due
    }

    /// An upkeep begins. Whoever comes from now on makes for a change.
    fn begin(&mut self, spool: &Spool) {
        self.last = Some(monotonic::now());
        self.changed = changes(spool);
    }
}

/// How long ago a moment is.
fn passed(since: Instant) -> Duration {
    monotonic::now().saturating_duration_since(since)
}

/// Whether few records come: one spare segment is enough.
pub(super) fn is_quiet(state: &SpoolState) -> bool {
    passed(state.last_rotation) >= QUIET
}

/// When an instance last came or went.
fn changes(spool: &Spool) -> Vec<Option<(i64, i64)>> {
    let sides = [&spool.store.hot, &spool.store.cold];
    sides.into_iter().flatten().map(|side| side.root.look().ok().map(|found| found.changed)).collect()
}

fn place_of(held: &Segment) -> (SegmentKey, Location) {
    (held.key(), held.location.clone())
}

impl Reader {
    /// To be called when idle, and at [`Reader::next_upkeep`]. Cheap before that; gives whether it was due,
    /// and files were looked at.
    pub fn maintain(&mut self) -> bool {
        self.spool.prepare_spare();
        let is_time = passed(self.lanes_looked) >= QUIET;
        self.spool.trim_spares(is_time);
        if is_time {
            self.lanes_looked = monotonic::now();
            self.spool.close_lanes();
        }
        let is_due = self.schedule.is_due(&self.spool);
        if is_due || self.more_orphans {
            self.upkeep();
        }
        is_due
    }

    /// When directories are to be looked after again.
    pub fn next_upkeep(&self) -> Instant {
        self.schedule.next()
    }

    /// The part of the upkeep that asks the file system: at once, however long ago the last was.
    pub fn upkeep(&mut self) {
        let spool = Arc::clone(&self.spool);
        self.schedule.begin(&spool);
        for side in [&spool.store.hot, &spool.store.cold].into_iter().flatten() {
            spool.tell(side.news(spool.store.check(side)));
        }
        let has_descriptors = spool.has_descriptors_again();
        {
            let mut state = spool.look_after_active();
            state.try_places_again();
            spool.discard_spare_memory(&mut state);
            spool.expire(&mut state);
        }
        spool.clear_litter();
        self.rescue();
        // What had to be in memory is to survive the process from now on.
        if spool.save_makeshift() && has_descriptors {
            spool.end_want_of_descriptors();
        }
        spool.expire_quarantine();
        self.more_orphans = self.adopt();
        if self.swept.is_none_or(|at| passed(at) >= SWEEP_INTERVAL) {
            self.swept = Some(monotonic::now());
            spool.stamp_held();
            self.unswept = spool.foreign();
        }
        if !self.unswept.is_empty() {
            spool.sweep_foreign(&mut self.unswept);
        }
        if spool.stats().held == 0 {
            self.drop_buffers();
        }
    }

    /// Finds segments whose files somebody removed, and writes those again that are still mapped.
    fn rescue(&mut self) {
        let spool = Arc::clone(&self.spool);
        let places: Vec<(SegmentKey, Location)> = {
            let is_meant = |held: &&Segment| held.map.is_some() && held.unsettled() > 0;
            // What comes into one that holds nothing yet would be nowhere but in this process.
            let each = |found: &mut Vec<_>, _: &mut SpoolState, lane: &mut Lane| {
                found.extend(lane.active.iter().filter(|active| active.map.is_some()).map(place_of));
            };
            let (state, mut found) = spool.survey(|_| Vec::new(), each);
            found.extend(state.sealed.iter().filter(is_meant).map(place_of));
            found
        };
        for (key, location) in places {
            if location == Location::Memory || !spool.store.is_gone(&location) {
                continue;
            }
            drop(spool.seal(key));
            spool.rescue(key);
        }
        spool.discard_lost_spares();
    }

    /// Leaves: refuses further records, moves everything unsent to the spool directory, and removes
    /// every file and directory that holds nothing. What is held then waits for the next instance.
    pub fn finish(&self) -> SpoolStats {
        self.spool.close();
        self.spool.spill_and_leave();
        self.spool.stats()
    }
}

impl Spool {
    /// Drops the oldest segment that takes room in the spool directory, itself or by its records' files, and
    /// that no batch shows.
    pub(super) fn evict_oldest_cold(&self, state: &mut SpoolState) -> bool {
        let mut all = state.adopted.iter().chain(&state.sealed);
        let oldest = all.find(|held| held.takes_disk_space() && !held.is_pinned()).map(Segment::key);
        let Some(held) = oldest.and_then(|key| state.take(key)) else { return false };
        state.count_dropped(Dropped::Disk, held.unsettled(), self.is_own(held.key()));
        self.retire(state, held);
        true
    }

    /// Keeps one spare segment when few records come, as many as [`Spool::prepare_spare`] makes then; and after a burst,
    /// when it `is_time`, those that were needed since the last time.
    fn trim_spares(&self, is_time: bool) {
        let surplus: Vec<BlankSegment> = {
            let mut state = self.lock_state();
            let there = state.spares.len();
            let kept = match is_quiet(&state) {
                true => 1,
                false if is_time => there.saturating_sub(state.unneeded).max(MAPPED_MAX),
                false => there,
            };
            if is_time {
                state.unneeded = there.min(kept);
            }
            if there <= kept {
                return;
            }
            let surplus = state.spares.split_off(kept);
            for spare in &surplus {
                state.uncharge(&spare.location, spare.map.len() as u64);
            }
            surplus
        };
        for BlankSegment { location, map } in surplus {
            // Not every system removes a file that is mapped.
            drop(map);
            self.store.remove(&location);
        }
    }

    /// Gives up spare segments that are in memory only for want of a better place: the next may have one.
    fn discard_spare_memory(&self, state: &mut SpoolState) {
        while let Some(index) = state.spares.iter().position(|spare| self.is_makeshift(&spare.location)) {
            let spare = state.spares.swap_remove(index);
            state.discard(spare);
        }
    }

    /// Gives up spare segments whose files somebody removed.
    fn discard_lost_spares(&self) {
        let places: Vec<Location> =
            self.lock_state().spares.iter().map(|spare| spare.location.clone()).collect();
        for place in places {
            if place == Location::Memory || !self.store.is_gone(&place) {
                continue;
            }
            let mut state = self.lock_state();
            if let Some(index) = state.spares.iter().position(|spare| spare.location == place) {
                let spare = state.spares.swap_remove(index);
                state.discard(spare);
            }
        }
        self.clear_litter();
    }

    /// How long a segment takes records once it holds one.
    pub(super) fn segment_span(&self) -> Duration {
        self.options.max_age / AGE_STEPS
    }

    /// Notes how old the records in files are, so that it is known after a reboot too.
    fn stamp_held(&self) {
        let held: Vec<_> = {
            let state = self.lock_state();
            let held = state.adopted.iter().chain(&state.sealed).filter(|held| held.location.is_cold());
            held.map(|held| (held.location.clone(), passed(held.newest), held.header.salt)).collect()
        };
        for (location, age, salt) in held {
            // Without it they are younger to the next owner than they are.
            let _ = self.store.write_at(&location, STAMP_AT, &AgeStamp::of(age).encode(salt));
        }
    }

    /// Notes in segments in use that their owner is alive, and takes those out of use that have been for long.
    fn look_after_active(&self) -> LockGuard<'_, SpoolState> {
        let span = self.segment_span();
        let each = |(): &mut (), state: &mut SpoolState, lane: &mut Lane| {
            let Some(active) = &lane.active else { return };
            if active.unsettled() > 0 && passed(active.oldest) > span {
                return self.seal_active(state, lane);
            }
            if let Some(map) = &active.map {
                map.set_stamp(&AgeStamp::of(Duration::ZERO), active.header.salt);
                map.set_heartbeat(unix_time());
            }
        };
        self.survey(|_| (), each).0
    }

    /// Drops segments all of whose records are older than the maximum age.
    fn expire(&self, state: &mut SpoolState) {
        let limit = self.options.max_age;
        let is_old = |held: &Segment| passed(held.newest) > limit && !held.is_pinned();
        let old: Vec<SegmentKey> =
            state.adopted.iter().chain(&state.sealed).filter(|held| is_old(held)).map(Segment::key).collect();
        for key in old {
            if let Some(held) = state.take(key) {
                state.count_dropped(Dropped::Expired, held.unsettled(), self.is_own(key));
                self.retire(state, held);
            }
        }
    }
}
