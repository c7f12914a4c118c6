//! One segment after the other: making them, putting them into use and out of it, and making room for them.
//!
//! No file is made or removed under the spool's lock: what has come off the books is litter until
//! [`Spool::clear_litter`].

use super::age::AgeStamp;
use super::format::{self, Cursor, HEADER_SIZE, Header, RECORD_HEADER, RECORD_MAX, STAMP};
use super::lanes::Lane;
use super::spool::{BOOKS_RESERVED, unix_time};
use super::state::{BlankSegment, Dropped, Litter, Location, Segment, SpoolState};
use super::upkeep::is_quiet;
use super::{Overflow, Refusal, Spool, quarantine};
use crate::process::{Undisturbed, monotonic};
use crate::sync::{LockGuard, here, set_lane_hint};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sealed segments that stay mapped for the reader; later ones are unmapped when they are sealed
/// and read back from the file, so that a slow consumer does not fill the host's memory. With several lanes, those in
/// shared memory stay, see [`Spool::stays_mapped`].
const MAPPED_SEALED_MAX: usize = 12;
/// Sealed and spare segments that stay mapped at most: what a busy delivery thread has in flight,
/// so that the same memory is used again and again.
pub(super) const MAPPED_MAX: usize = 16;
/// How long somebody waits for another caller that makes a segment.
const MAKING_MAX: Duration = Duration::from_secs(1);

impl Spool {
    /// Puts a new segment into use that has room for a payload; seals the present one. The lane is another one
    /// if that has been closed meanwhile.
    #[cold]
    #[inline(never)]
    pub(super) fn rotate<'a>(
        &'a self,
        lane: LockGuard<'a, Lane>,
        payload: usize,
    ) -> Result<LockGuard<'a, Lane>, Refusal> {
        let (mut index, frame) = (lane.index, lane.frame());
        // The spool's lock comes first.
        drop(lane);
        let _by_ourselves = Undisturbed::by_ourselves();
        let mut by_handlers = Undisturbed::by_handlers();
        let needed = HEADER_SIZE + format::record_size(STAMP + payload);
        let in_time = || self.state.lock_in_time_in(frame).ok_or_else(|| self.stuck());
        let mut state = in_time()?;
        let size = (needed.next_multiple_of(4096) as u64).max(self.next_size(&state));
        let cap = self.options.max_memory_bytes.max(self.disk_cap());
        if payload > RECORD_MAX || size > cap {
            let limit = ((cap & !4095) as usize - HEADER_SIZE - RECORD_HEADER - STAMP).min(RECORD_MAX) as u64;
            return Err(Refusal::TooLarge { limit });
        }
        let mut deadline = None;
        let mut has_waited = false;
        loop {
            if state.closed {
                return Err(Refusal::Closed);
            }
            if index >= self.opened() {
                index = 0;
                set_lane_hint(index);
            }
            let Some(mut lane) = self.lanes[index].0.lock_briefly_in(frame) else {
                // Nobody waits for a lane for long who holds the spool's lock.
                drop(state);
                drop(self.lanes[index].0.lock_in_time_in(frame).ok_or_else(|| self.stuck())?);
                state = in_time()?;
                continue;
            };
            // While this thread waited, another one may have made room.
            if lane.active.as_ref().is_some_and(|active| active.has_room(payload)) {
                return Ok(lane);
            }
            if let Some(spare) = take_spare(&mut state, size) {
                let is_first = lane.active.is_none();
                self.seal_active(&mut state, &mut lane);
                self.begin(&mut state, &mut lane, spare);
                // The next one had better be prepared by the delivery thread.
                if state.spares.is_empty() && !is_first {
                    self.wakeup.notify();
                }
                return Ok(lane);
            }
            drop(lane);
            // Another caller makes one that is as good: two would evict twice as much.
            if state.making > 0 && size <= self.segment_size && !has_waited {
                has_waited = true;
                let until = Instant::now() + MAKING_MAX;
                state = self.made.wait_until(state, until).ok_or_else(|| self.stuck())?.0;
                continue;
            }
            if let Some(location) = self.reserve(&mut state, size) {
                state.making += 1;
                drop(state);
                state = self.make(location, size).ok_or_else(|| self.stuck())?;
                state.making -= 1;
                self.made.notify_all();
                continue;
            }
            if self.give_back_idle(&mut state) || self.give_back_memory(&mut state) {
                continue;
            }
            if self.options.overflow == Overflow::DropOldest && self.evict_oldest(&mut state) {
                continue;
            }
            // That may be long, and has no lock.
            drop(by_handlers);
            state = self.wait_for_room(state, &mut deadline)?;
            by_handlers = Undisturbed::by_handlers();
        }
    }

    /// Waits for room where that is the overflow policy: then it is worth another look.
    /// `deadline` is that of the caller's wait, set at its first.
    pub(super) fn wait_for_room<'a>(
        &'a self,
        mut state: LockGuard<'a, SpoolState>,
        deadline: &mut Option<Instant>,
    ) -> Result<LockGuard<'a, SpoolState>, Refusal> {
        let is_worth_it = match self.options.overflow {
            Overflow::DropOldest | Overflow::DropNewest => false,
            Overflow::Block(limit) => {
                // A limit beyond what the clock can express is a day at a time.
                let now = Instant::now();
                let day = Duration::from_secs(86_400);
                let until = *deadline.get_or_insert(now.checked_add(limit).unwrap_or(now + day));
                self.wakeup.notify();
                state.waiting += 1;
                let Some((again, waited)) = self.space.wait_until(state, until) else {
                    return Err(self.stuck());
                };
                state = again;
                state.waiting -= 1;
                !waited.timed_out()
            }
        };
        if is_worth_it {
            return Ok(state);
        }
        state.tally.refused += 1;
        Err(Refusal::Full)
    }

    /// What segments may take in the spool directory: the cap without the quarantine's share.
    pub(super) fn disk_cap(&self) -> u64 {
        let total = self.options.max_disk_bytes;
        if self.store.cold.is_some() { total - quarantine::cap(total) } else { 0 }
    }

    /// Whether segments are made in the spool directory at once, and one that no record needs yet would leave less than
    /// half of it for those that do: beyond that they are kept in memory, which a crash takes with it.
    pub(super) fn is_short_of_disk(&self, state: &SpoolState) -> bool {
        let has_hot = self.store.hot.is_some() && !state.hot_failed;
        let has_cold = self.store.cold.is_some() && !state.cold_failed;
        !has_hot && has_cold && state.cold_bytes + self.segment_size > self.disk_cap() / 2
    }

    /// The size of the next segment, if no record needs a larger one.
    fn next_size(&self, state: &SpoolState) -> u64 {
        if state.next_segment == 1 { self.first_size } else { self.segment_size }
    }

    /// Makes a segment at a place that is charged for it, without the lock, and puts it among the spare ones.
    /// `None` if the lock cannot be had afterwards.
    fn make(&self, location: Location, size: u64) -> Option<LockGuard<'_, SpoolState>> {
        self.clear_litter();
        let made = self.store.create(&location, size as usize);
        let mut state = self.state.lock_in_time()?;
        match made {
            Ok(map) if state.closed => state.discard(BlankSegment { location, map: Arc::new(map) }),
            Ok(map) => state.spares.push(BlankSegment { location, map: Arc::new(map) }),
            Err(error) => state.give_up(&location, size, &error),
        }
        Some(state)
    }

    /// Removes what has come off the books: the file system may take long, so without the lock.
    pub(super) fn clear_litter(&self) {
        if self.state.lock_in_time().is_none_or(|state| state.litter.is_empty()) {
            return;
        }
        // The places of files are behind a lock too, which nobody takes over.
        let _undisturbed = Undisturbed::by_handlers();
        let mut litter = Vec::with_capacity(BOOKS_RESERVED);
        if let Some(mut state) = self.state.lock_in_time() {
            std::mem::swap(&mut state.litter, &mut litter);
        }
        for piece in litter {
            match piece {
                Litter::File(location) => self.store.remove(&location),
                Litter::Memory(map) => drop(map),
                Litter::Sides(maker, files) => self.remove_side_files(&maker, &files),
            }
        }
    }

    /// The best place for a segment of `size` bytes that the caps and the file systems allow:
    /// tmpfs, then the spool directory, then plain memory. Its space is charged.
    fn reserve(&self, state: &mut SpoolState, size: u64) -> Option<Location> {
        let fits_memory = state.hot_bytes + size <= self.options.max_memory_bytes;
        let location = if fits_memory && self.store.hot.is_some() && !state.hot_failed {
            self.name_file(state, Location::Hot)
        } else if state.cold_bytes + size <= self.disk_cap() && !state.cold_failed {
            self.name_file(state, Location::Cold)
        } else if fits_memory {
            Location::Memory
        } else {
            return None;
        };
        // Memory that cannot be had is not asked for again before the next upkeep.
        if location == Location::Memory && state.memory_failed {
            return None;
        }
        state.charge(&location, size);
        Some(location)
    }

    pub(super) fn next_file_number(&self) -> u64 {
        let mut state = self.lock_state();
        state.next_file += 1;
        state.next_file
    }

    /// A place under a name that no other file of any instance has.
    pub(super) fn name_file(&self, state: &mut SpoolState, location: fn(Box<str>) -> Location) -> Location {
        state.next_file += 1;
        location(self.store.file_name(state.next_file))
    }

    fn header(&self, number: u64, base: u64, size: u64) -> Header {
        let origin = self.store.origin;
        // Any value that differs between uses of the same memory will do.
        let salt = (origin.random ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 16;
        let stamped = self.opened() > 1;
        Header { salt: salt as u32, origin, number, base, created: unix_time(), size, stamped }
    }

    /// Puts a blank segment into use.
    fn begin(&self, state: &mut SpoolState, lane: &mut Lane, spare: BlankSegment) {
        let size = spare.map.len() as u64;
        let header = self.header(state.next_segment, lane.next, size);
        state.next_segment += 1;
        spare.map.set_stamp(&AgeStamp::of(Duration::ZERO), header.salt);
        spare.map.begin(&header);
        let now = monotonic::now();
        state.last_rotation = now;
        lane.active = Some(Segment {
            header,
            location: spare.location,
            size,
            map: Some(spare.map),
            records: 0,
            tail: HEADER_SIZE as u32,
            settled: Cursor::START,
            sealed: None,
            pin: Arc::new(()),
            oldest: now,
            newest: now,
            mark: None,
            sides: Vec::new(),
            unread: None,
        });
    }

    /// Takes the segment in use out of use; one without waiting records is ready for its next use.
    pub(super) fn seal_active(&self, state: &mut SpoolState, lane: &mut Lane) {
        let Some(mut held) = lane.active.take() else { return };
        held.sealed = Some(unix_time());
        held.newest = monotonic::now();
        if held.unsettled() == 0 {
            state.uncharge(&held.location, held.size);
            return self.retire(state, held);
        }
        if let (Some(map), Some(seal)) = (&held.map, held.seal()) {
            map.set_stamp(&AgeStamp::of(Duration::ZERO), held.header.salt);
            map.seal(&seal, held.header.salt);
        }
        if held.location != Location::Memory
            && !self.stays_mapped(&held.location, state.sealed.len() < MAPPED_SEALED_MAX)
        {
            state.litter.extend(held.map.take().map(Litter::Memory));
        }
        state.sealed.push_back(held);
    }

    /// Whether a segment stays mapped: while there `are_few`, but with several lanes whatever lies in memory. Threads
    /// that log at the same time fill a segment in less time than the system needs for making one and for removing it,
    /// and would do that in their calls. It is memory that counts towards the cap, mapped or not.
    fn stays_mapped(&self, location: &Location, are_few: bool) -> bool {
        are_few || self.opened() > 1 && !location.is_cold()
    }

    /// Whether a segment is in memory because there was no better place at that moment.
    pub(super) fn is_makeshift(&self, location: &Location) -> bool {
        *location == Location::Memory && (self.store.hot.is_some() || self.store.cold.is_some())
    }

    /// What remains of a segment that is off the books and whose records have all left: a spare
    /// segment if one is wanted, else nothing.
    pub(super) fn retire(&self, state: &mut SpoolState, mut held: Segment) {
        if !held.sides.is_empty() {
            state.litter.push(Litter::Sides(held.header.origin, std::mem::take(&mut held.sides)));
        }
        let are_few = state.spares.len() + state.sealed.len() < MAPPED_MAX;
        let wanted =
            !state.closed && !self.is_makeshift(&held.location) && self.stays_mapped(&held.location, are_few);
        if let Some(mut map) = held.map {
            if wanted
                && held.size == self.segment_size
                && (self.store.hot.is_none() || !held.location.is_cold())
                && Arc::get_mut(&mut map).is_some()
            {
                map.recycle();
                state.charge(&held.location, held.size);
                state.spares.push(BlankSegment { location: held.location, map });
                return;
            }
            state.litter.push(Litter::Memory(map));
        }
        state.litter.push(Litter::File(held.location));
    }

    /// Drops the oldest segment that no batch shows. Gives whether there was one.
    fn evict_oldest(&self, state: &mut SpoolState) -> bool {
        // Where no file can be made, room in the spool directory is of no use; where there is no memory, what
        // takes none.
        let useless = |held: &Segment| {
            state.cold_failed && held.location.is_cold() || state.memory_failed && held.map.is_none()
        };
        let oldest =
            state.adopted.iter().chain(&state.sealed).find(|held| !held.is_pinned() && !useless(held));
        if let Some(key) = oldest.map(Segment::key) {
            if let Some(held) = state.take(key) {
                let why = if held.location.is_cold() { Dropped::Disk } else { Dropped::Memory };
                state.count_dropped(why, held.unsettled(), self.is_own(key));
                self.retire(state, held);
            }
            return true;
        }
        // Nothing but the segments in use: the next turn of the caller finds the oldest of them sealed.
        self.seal_oldest(state, |active| !active.is_pinned())
    }

    /// Takes the oldest of those segments in use out of use that are of a kind. Gives whether there was one. A lane that
    /// is taken for longer than a moment has none.
    pub(super) fn seal_oldest(&self, state: &mut SpoolState, is_meant: impl Fn(&Segment) -> bool) -> bool {
        let frame = here();
        let lanes = || (0..state.ever_opened).filter_map(|index| self.lanes[index].0.lock_briefly_in(frame));
        let number =
            |lane: &Lane| lane.active.as_ref().filter(|held| is_meant(held)).map(|held| held.header.number);
        let Some(oldest) = lanes().filter_map(|lane| number(&lane)).min() else { return false };
        let Some(mut lane) = lanes().find(|lane| number(lane) == Some(oldest)) else { return false };
        self.seal_active(state, &mut lane);
        true
    }

    /// Makes room at no cost: a spare segment that is too small for what is wanted, or a segment in
    /// use from which everything has left. Gives whether there was one.
    pub(super) fn give_back_idle(&self, state: &mut SpoolState) -> bool {
        if let Some(spare) = state.spares.pop() {
            state.discard(spare);
            return true;
        }
        self.seal_oldest(state, |active| active.unsettled() == 0)
    }

    /// Makes room where a segment could not be made for want of memory: unmaps what can be read from its file as
    /// well. Gives whether there was any.
    fn give_back_memory(&self, state: &mut SpoolState) -> bool {
        if !state.memory_failed {
            return false;
        }
        while self.seal_oldest(state, |active| active.unsettled() > 0) {}
        let in_files = state.sealed.iter_mut().filter(|held| held.location != Location::Memory);
        let before = state.litter.len();
        state.litter.extend(in_files.filter_map(|held| held.map.take()).map(Litter::Memory));
        let is_any = state.litter.len() > before;
        if is_any {
            state.try_places_again();
        }
        is_any
    }

    /// Makes spare segments as long as there are too few, the caps allow it and they are likely to be used. Callers
    /// go on meanwhile.
    pub(super) fn prepare_spare(&self) {
        self.clear_litter();
        loop {
            let (location, size) = {
                // Behind a small first segment a large one is worth its room once the first fills up.
                let is_early = |active: &Segment| {
                    active.size < self.segment_size && active.room() > active.size as usize / 2
                };
                let each = |early: &mut bool, _: &mut SpoolState, lane: &mut Lane| {
                    *early |= lane.active.as_ref().is_some_and(is_early);
                };
                let (mut state, early) = self.survey(|_| false, each);
                // Several lanes may need the next one at the same time.
                let one_is_enough = is_quiet(&state) || self.is_short_of_disk(&state);
                let wanted = if one_is_enough { 1 } else { self.opened().div_ceil(2) };
                if state.closed || state.spares.len() >= wanted || early {
                    return;
                }
                let size = self.next_size(&state);
                (self.reserve(&mut state, size), size)
            };
            let Some(location) = location else { return };
            if self.make(location, size).is_none() {
                return;
            }
        }
    }

    /// Makes a spare segment that survives the process, unless there is one. Gives whether there is.
    pub(super) fn prepare_file(&self) -> bool {
        loop {
            let (location, size) = {
                let mut state = self.lock_state();
                if state.spares.iter().any(|spare| spare.location != Location::Memory) {
                    return true;
                }
                if state.closed {
                    return false;
                }
                let size = self.next_size(&state);
                match self.reserve(&mut state, size) {
                    Some(Location::Memory) => {
                        state.uncharge(&Location::Memory, size);
                        return false;
                    }
                    Some(location) => (location, size),
                    None => return false,
                }
            };
            // Where that fails, the next turn tries the next place.
            if self.make(location, size).is_none() {
                return false;
            }
        }
    }

    /// Removes every file of an instance that holds no records, once it is closed.
    pub(super) fn leave(&self) {
        let Some(mut state) = self.state.lock_in_time() else { return };
        // Whoever is making a file is done with it soon, and makes no other.
        let until = Instant::now() + MAKING_MAX;
        while state.making > 0 {
            let Some((again, waited)) = self.made.wait_until(state, until) else { return };
            state = again;
            if waited.timed_out() {
                break;
            }
        }
        while let Some(spare) = state.spares.pop() {
            state.discard(spare);
        }
        drop(state);
        self.clear_litter();
        self.store.release();
    }
}

/// A spare segment of `size` bytes, if there is one.
fn take_spare(state: &mut SpoolState, size: u64) -> Option<BlankSegment> {
    let index = state.spares.iter().rposition(|spare| spare.map.len() as u64 == size)?;
    let spare = state.spares.swap_remove(index);
    state.unneeded = state.unneeded.min(state.spares.len());
    Some(spare)
}
