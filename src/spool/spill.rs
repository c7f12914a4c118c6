//! Moving what waits to files in the spool directory.
//!
//! Any thread may ask for it, also while a batch is on its way: what the batch shows stays readable,
//! and its acknowledgement finds the segment where it is by then. One thread at a time does it, and
//! none once the instance has left.

use super::age::AgeStamp;
use super::format::{CURSOR_AT, HEADER_SIZE, SegmentKey};
use super::lanes::Lane;
use super::state::{Litter, Location, Segment, SpoolState};
use super::{Overflow, Spool, store};
use crate::process::monotonic;

impl Spool {
    /// Moves full segments from memory to files in the spool directory, oldest first, as far as its
    /// cap allows: for when the service does not take records for a while. Gives whether all of them
    /// are there.
    pub fn spill(&self) -> bool {
        let left = self.left.lock();
        *left || self.spill_sealed()
    }

    /// [`Spool::spill`], the segment in use included.
    pub fn spill_all(&self) -> bool {
        let left = self.left.lock();
        *left || self.seal_and_spill()
    }

    /// The last act: as [`Spool::spill_all`], and gives the directories up. What could not be moved
    /// stays where it is, for the next instance.
    pub(super) fn spill_and_leave(&self) {
        let mut left = self.left.lock();
        self.seal_and_spill();
        *left = true;
        self.leave();
    }

    /// Writes a segment whose file somebody has removed to another one, while it is mapped.
    pub(super) fn rescue(&self, key: SegmentKey) {
        let left = self.left.lock();
        if !*left {
            let place = |state: &mut SpoolState, size| {
                self.reserve_file(state, size).or_else(|| self.reserve_cold(state, size))
            };
            self.move_one(key, &mut true, place);
            self.clear_litter();
        }
    }

    /// Writes the segments to files that are in memory only because none could be made at that moment. Gives whether
    /// all of them are there. Nothing is evicted for them: they wait where they are for the next try.
    pub(super) fn save_makeshift(&self) -> bool {
        let left = self.left.lock();
        if *left {
            return true;
        }
        let each = |found: &mut bool, _: &mut SpoolState, lane: &mut Lane| {
            *found |= lane.active.as_ref().is_some_and(|active| self.is_makeshift(&active.location));
        };
        let is_any_in_use = self.survey(|_| false, each).1;
        // The next one is to be in a file, or as much memory as before would be taken for it each time.
        if is_any_in_use {
            if !self.prepare_file() {
                return false;
            }
            let each = |(): &mut (), state: &mut SpoolState, lane: &mut Lane| {
                if lane.active.as_ref().is_some_and(|active| self.is_makeshift(&active.location)) {
                    self.seal_active(state, lane);
                }
            };
            drop(self.survey(|_| (), each));
        }
        let is_meant = |held: &&Segment| self.is_makeshift(&held.location) && held.unsettled() > 0;
        let keys: Vec<SegmentKey> =
            self.lock_state().sealed.iter().filter(is_meant).map(Segment::key).collect();
        for key in keys {
            self.move_one(key, &mut true, |state, size| self.reserve_file(state, size));
        }
        self.clear_litter();
        !self.lock_state().sealed.iter().any(|held| is_meant(&held))
    }

    fn seal_and_spill(&self) -> bool {
        drop(self.survey(
            |_| (),
            |(), state, lane| {
                if lane.active.as_ref().is_some_and(|active| active.unsettled() > 0) {
                    self.seal_active(state, lane);
                }
            },
        ));
        self.spill_sealed()
    }

    fn spill_sealed(&self) -> bool {
        let keys: Vec<SegmentKey> = {
            let state = self.lock_state();
            let sealed = state.adopted.iter().chain(&state.sealed);
            sealed.filter(|held| !held.location.is_cold() && held.unsettled() > 0).map(Segment::key).collect()
        };
        let mut all = true;
        let all = keys.into_iter().all(|key| self.spill_one(key, &mut all)) && all;
        self.clear_litter();
        all
    }

    /// Copies one segment to the spool directory and lets go of where it was. Gives whether the
    /// next one is worth trying; `done` stays as it is if this one is where it should be.
    fn spill_one(&self, key: SegmentKey, done: &mut bool) -> bool {
        self.move_one(key, done, |state, size| self.reserve_cold(state, size))
    }

    /// The same, to a file at the `place` that is reserved for it.
    fn move_one(
        &self,
        key: SegmentKey,
        done: &mut bool,
        place: impl Fn(&mut SpoolState, u64) -> Option<Location>,
    ) -> bool {
        let (from, page, cursor, map, tail) = {
            let mut state = self.lock_state();
            let Some(held) = state.find(key) else { return true };
            let page = {
                let stamp = AgeStamp::of(monotonic::now().saturating_duration_since(held.newest));
                store::header_page(&held.header, held.seal(), held.settled, &stamp)
            };
            (held.location.clone(), page, held.settled, held.map.clone(), held.tail as usize)
        };
        let mut bytes = Vec::new();
        let records = match &map {
            Some(map) => map.published(HEADER_SIZE..tail),
            None => match self.store.read(&from, HEADER_SIZE, tail, &mut bytes) {
                Ok(()) => &bytes[..],
                // Noticed when its turn to be delivered comes.
                Err(_) => {
                    *done = false;
                    return true;
                }
            },
        };
        let size = (HEADER_SIZE + records.len()) as u64;
        let Some(location) = place(&mut self.lock_state(), size) else { return false };
        self.clear_litter();
        let written = self.store.write_whole(&location, &page, records);
        let mut told = cursor;
        let mut state = loop {
            let mut state = self.lock_state();
            let Some(held) = state.find(key).filter(|held| written.is_ok() && held.settled != told) else {
                break state;
            };
            // Acknowledged meanwhile, which only the old file has been told. Nobody else writes to the new one
            // before the books name it.
            told = held.settled;
            let word = told.pack(held.header.salt).to_le_bytes();
            drop(state);
            let _ = self.store.write_at(&location, CURSOR_AT, &word);
        };
        if let Err(error) = written {
            state.give_up(&location, size, &error);
        } else if let Some(held) = state.find(key) {
            let old_location = std::mem::replace(&mut held.location, location);
            let old_size = std::mem::replace(&mut held.size, size);
            let map = held.map.take();
            state.uncharge(&old_location, old_size);
            state.litter.extend(map.map(Litter::Memory));
            state.litter.push(Litter::File(old_location));
            if state.waiting > 0 {
                self.space.notify_all();
            }
        } else {
            // Evicted or delivered in the meantime.
            state.uncharge(&location, size);
            state.litter.push(Litter::File(location));
        }
        !state.cold_failed
    }

    /// Room for a file that is to be written, in the spool directory, else where segments are made. There it takes no
    /// more memory than what is moved gives back.
    fn reserve_file(&self, state: &mut SpoolState, size: u64) -> Option<Location> {
        let location = if state.cold_bytes + size <= self.disk_cap() && !state.cold_failed {
            self.name_file(state, Location::Cold)
        } else if self.store.hot.is_some() && !state.hot_failed {
            self.name_file(state, Location::Hot)
        } else {
            return None;
        };
        state.charge(&location, size);
        Some(location)
    }

    /// Room in the spool directory for a file that is to be written; evicts for it if that is the
    /// policy.
    fn reserve_cold(&self, state: &mut SpoolState, size: u64) -> Option<Location> {
        let cap = self.disk_cap();
        if size > cap || state.cold_failed {
            return None;
        }
        while state.cold_bytes + size > cap {
            if self.options.overflow != Overflow::DropOldest || !self.evict_oldest_cold(state) {
                return None;
            }
        }
        let location = self.name_file(state, Location::Cold);
        state.charge(&location, size);
        Some(location)
    }
}
