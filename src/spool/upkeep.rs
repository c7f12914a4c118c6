//! What the delivery thread does besides delivering: prepare segments, move what waits to the spool
//! directory, look after the directories, drop what is too old, and leave without litter.

use super::format::{HEADER_SIZE, Key};
use super::held::{Dropped, Held, Place, Spare, State};
use super::reader::Reader;
use super::spool::unix_time;
use super::{Overflow, Spool, Stats, store};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often directories are looked at, orphans adopted and old records dropped: the last interval
/// repeats. The first ones are short because a process is often replaced at once, when the kernel or the
/// owner's own writer has not let go of the lock yet; what it left should not wait for a minute.
const UPKEEP_INTERVALS: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(15), Duration::from_secs(60)];
/// Without a new segment for this long, spare ones are given back.
const QUIET: Duration = Duration::from_secs(2);
/// A segment takes records for at most this share of the maximum age, so that its age says enough
/// about its records.
const AGE_STEPS: u32 = 8;

impl Reader {
    /// To be called when idle, and at least every minute. Cheap unless a minute has passed; gives whether
    /// it had, and files were looked at.
    pub fn maintain(&mut self) -> bool {
        self.spool.prepare_spare();
        self.spool.trim_spares();
        let interval = UPKEEP_INTERVALS[self.upkeeps.min(UPKEEP_INTERVALS.len() - 1)];
        let is_due = self.last_upkeep.is_none_or(|at| at.elapsed() >= interval);
        if is_due || self.more_orphans {
            if self.last_upkeep.replace(Instant::now()).is_some() && is_due {
                self.upkeeps += 1;
            }
            self.upkeep();
        }
        is_due
    }

    /// The part of the upkeep that asks the file system: at once, however long ago the last was.
    pub fn upkeep(&mut self) {
        let spool = Arc::clone(&self.spool);
        for side in [&spool.store.hot, &spool.store.cold].into_iter().flatten() {
            spool.store.check(side);
        }
        {
            let mut state = spool.state.lock();
            state.hot_failed = false;
            state.cold_failed = false;
            state.memory_failed = false;
            spool.expire(&mut state);
            if let Some(map) = state.active.as_ref().and_then(|active| active.map.as_ref()) {
                map.set_heartbeat(unix_time());
            }
        }
        self.rescue();
        self.more_orphans = self.adopt();
        if spool.state.lock().all().all(|held| held.unsettled() == 0) {
            self.drop_buffers();
        }
    }

    /// Moves full segments from memory to files in the spool directory, oldest first, as far as its
    /// cap allows: for when the service does not take records for a while. Gives whether all of them
    /// are there.
    pub fn spill(&mut self) -> bool {
        let keys: Vec<Key> = {
            let state = self.spool.state.lock();
            let sealed = state.adopted.iter().chain(&state.sealed);
            sealed.filter(|held| !held.place.is_cold() && held.unsettled() > 0).map(Held::key).collect()
        };
        keys.into_iter().all(|key| self.spill_one(key))
    }

    /// [`Reader::spill`], the segment in use included.
    pub fn spill_all(&mut self) -> bool {
        {
            let mut state = self.spool.state.lock();
            if state.active.as_ref().is_some_and(|active| active.unsettled() > 0) {
                self.spool.seal_active(&mut state);
            }
        }
        self.spill()
    }

    /// Copies one segment to the spool directory and lets go of where it was. Gives whether the
    /// next one is worth trying.
    fn spill_one(&mut self, key: Key) -> bool {
        let spool = Arc::clone(&self.spool);
        let (from, page, map, tail) = {
            let mut state = spool.state.lock();
            let Some(held) = state.find(key) else { return true };
            let page = store::header_page(&held.header, held.seal(), held.settled);
            (held.place.clone(), page, held.map.clone(), held.tail as usize)
        };
        let mut bytes = Vec::new();
        let records = match &map {
            Some(map) => map.published(HEADER_SIZE..tail),
            None => match spool.store.read(&from, HEADER_SIZE, tail, &mut bytes) {
                Ok(()) => &bytes[..],
                // Noticed when its turn to be delivered comes.
                Err(_) => return true,
            },
        };
        let size = (HEADER_SIZE + records.len()) as u64;
        let Some(place) = spool.reserve_cold(&mut spool.state.lock(), size) else { return false };
        let written = spool.store.write_cold(&place, &page, records);
        let mut state = spool.state.lock();
        match written {
            Ok(()) => spool.move_to_cold(&mut state, key, place, size),
            Err(_) => state.give_up(&place, size),
        }
        !state.cold_failed
    }

    /// Finds segments whose files somebody removed, and writes those again that are still mapped.
    fn rescue(&mut self) {
        let spool = Arc::clone(&self.spool);
        let places: Vec<(Key, Place)> = {
            let state = spool.state.lock();
            let mapped = state.own().filter(|held| held.map.is_some() && held.unsettled() > 0);
            mapped.map(|held| (held.key(), held.place.clone())).collect()
        };
        for (key, place) in places {
            if place == Place::Memory || spool.store.exists(&place) {
                continue;
            }
            let mut state = spool.state.lock();
            if state.active.as_ref().is_some_and(|active| active.key() == key) {
                spool.seal_active(&mut state);
            }
            drop(state);
            self.spill_one(key);
        }
    }

    /// Leaves: refuses further records, moves everything unsent to the spool directory, and removes
    /// every file and directory that holds nothing. What is held then waits for the next instance.
    pub fn finish(mut self) -> Stats {
        self.spool.close();
        self.spill_all();
        let mut state = self.spool.state.lock();
        self.spool.leave(&mut state);
        state.stats()
    }
}

impl Spool {
    /// Room in the spool directory for a file that is to be written; evicts for it if that is the
    /// policy.
    fn reserve_cold(&self, state: &mut State, size: u64) -> Option<Place> {
        let cap = self.disk_cap();
        if size > cap || state.cold_failed {
            return None;
        }
        while state.cold_bytes + size > cap {
            if self.options.overflow != Overflow::DropOldest || !self.evict_oldest_cold(state) {
                return None;
            }
        }
        let place = self.name_file(state, Place::Cold);
        state.charge(&place, size);
        Some(place)
    }

    /// Drops the oldest segment that takes room in the spool directory, itself or by its records' files, and
    /// that no batch shows.
    pub(super) fn evict_oldest_cold(&self, state: &mut State) -> bool {
        let mut all = state.adopted.iter().chain(&state.sealed);
        let oldest = all.find(|held| held.takes_disk_space() && !held.is_pinned()).map(Held::key);
        let Some(held) = oldest.and_then(|key| state.take(key)) else { return false };
        state.count_dropped(Dropped::Disk, held.unsettled());
        self.retire(state, held);
        true
    }

    /// Notes that a segment is now in the spool directory, and lets go of where it was.
    fn move_to_cold(&self, state: &mut State, key: Key, place: Place, size: u64) {
        let Some(held) = state.find(key) else {
            // Evicted in the meantime.
            state.uncharge(&place, size);
            return self.store.remove(&place);
        };
        let old_place = std::mem::replace(&mut held.place, place);
        let old_size = std::mem::replace(&mut held.size, size);
        held.map = None;
        state.uncharge(&old_place, old_size);
        self.store.remove(&old_place);
        if state.waiting > 0 {
            self.space.notify_all();
        }
    }

    /// Keeps one spare segment when few records come.
    fn trim_spares(&self) {
        let surplus: Vec<Spare> = {
            let mut state = self.state.lock();
            if state.spares.len() <= 1 || state.last_rotation.elapsed() < QUIET {
                return;
            }
            let surplus = state.spares.split_off(1);
            for spare in &surplus {
                state.uncharge(&spare.place, spare.map.len() as u64);
            }
            surplus
        };
        for spare in surplus {
            self.store.remove(&spare.place);
        }
    }

    /// How long a segment takes records once it holds one.
    pub(super) fn segment_span(&self) -> Duration {
        self.options.max_age / AGE_STEPS
    }

    /// Drops segments all of whose records are older than the maximum age.
    fn expire(&self, state: &mut State) {
        let limit = self.options.max_age;
        let span = self.segment_span();
        if state
            .active
            .as_ref()
            .is_some_and(|active| active.unsettled() > 0 && active.oldest.elapsed() > span)
        {
            self.seal_active(state);
        }
        let is_old = |held: &Held| held.newest.elapsed() > limit && !held.is_pinned();
        let old: Vec<Key> =
            state.adopted.iter().chain(&state.sealed).filter(|held| is_old(held)).map(Held::key).collect();
        for key in old {
            if let Some(held) = state.take(key) {
                state.count_dropped(Dropped::Expired, held.unsettled());
                self.retire(state, held);
            }
        }
    }
}
