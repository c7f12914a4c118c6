//! Taking over what dead owners left behind.
//!
//! An orphan is a directory of the same identity whose lock nobody holds. Its segments are renamed
//! into this instance's directories while both of its locks, hot and cold, are held; then the empty
//! directories are removed and the locks given back. So the files of any number of dead owners come
//! under one owner's caps, no descriptor stays open, and each record has one owner at any moment.

use super::age::AgeStamp;
use super::claim::{Claim, UNFINISHED};
use super::format::{
    self, Cursor, HEADER_SIZE, Header, OPENING_SIZE, Opening, Origin, SEGMENT_MAX, Seal, SegmentKey,
};
use super::reader::Reader;
use super::scan::find_end;
use super::secure_fs::{self, At};
use super::state::{Location, Segment};
use super::store::{self, PARTIAL, SEGMENT, StoreRoot};
use super::{Overflow, Spool, quarantine};
use crate::process::monotonic;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Dead owners taken over at a time, so that own records are not kept waiting.
const ORPHANS_AT_ONCE: usize = 64;
/// A directory or file that was never finished is litter after this long.
const LITTER_AGE: Duration = Duration::from_secs(3600);

/// A segment file of a dead owner.
struct FoundSegment {
    at: At,
    location: Location,
    held: Segment,
}

impl FoundSegment {
    /// Which of two files of the same segment to keep: one that is whole, with more records, at rest.
    fn worth(&self) -> (bool, u32, bool) {
        (self.held.size >= u64::from(self.held.tail), self.held.records, self.location.is_cold())
    }
}

impl Reader {
    /// Takes over the records of dead owners of the same identity. Gives whether there may be more.
    pub(super) fn adopt(&mut self) -> bool {
        let spool = Arc::clone(&self.spool);
        let orphans = spool.orphans();
        spool.unread_orphans.store(0, Ordering::Relaxed);
        // Lazily: most of these may be living instances, which cost a look and do not count.
        let taken = orphans.iter().filter(|orphan| spool.adopt_one(&orphan.name()));
        let taken = taken.take(ORPHANS_AT_ONCE).count();
        let more = taken == ORPHANS_AT_ONCE;
        // What others left in memory must not take the room of what comes.
        if taken > 0 && spool.lock_state().memory_in_use() > spool.options.max_memory_bytes / 2 {
            spool.spill();
        }
        if spool.options.overflow == Overflow::DropOldest {
            let mut state = spool.lock_state();
            while state.cold_bytes > spool.disk_cap() && spool.evict_oldest_cold(&mut state) {}
        }
        spool.clear_litter();
        more
    }
}

/// The instances that have a directory in `root`; removes unfinished directories on the way.
pub(super) fn instances_in(root: &At) -> Vec<Origin> {
    let mut found = Vec::new();
    for entry in root.entries().unwrap_or_default() {
        let Some(name) = entry.name().to_str() else { continue };
        if let Some(origin) = Origin::parse(name) {
            found.push(origin);
        } else if name.starts_with(UNFINISHED) && entry.is_seen_older(LITTER_AGE) {
            let _ = entry.remove_all();
        }
    }
    found
}

impl Spool {
    /// Something that a dead owner left cannot be read: it stays, and is tried again.
    fn note_orphan(&self, at: &At, error: &io::Error) {
        self.unread_orphans.fetch_add(1, Ordering::Relaxed);
        self.note_trouble(at, error);
    }

    /// The other instances that have a directory, most of which may be alive.
    pub(super) fn orphans(&self) -> BTreeSet<Origin> {
        let mut orphans = BTreeSet::new();
        for side in [&self.store.hot, &self.store.cold].into_iter().flatten() {
            orphans.extend(side.roots().into_iter().flat_map(instances_in));
        }
        orphans.remove(&self.store.origin);
        orphans
    }

    /// Gives whether the orphan is gone.
    fn adopt_one(&self, name: &str) -> bool {
        // Not while records are purged, or after the instance has left.
        let left = self.left.lock();
        !*left && self.adopt_claimed(name)
    }

    /// [`Spool::adopt_one`], for whoever holds `left`.
    pub(super) fn adopt_claimed(&self, name: &str) -> bool {
        let mut claims = Vec::new();
        for side in [&self.store.hot, &self.store.cold].into_iter().flatten() {
            for directory in side.roots().map(|root| root.join(name)) {
                if !directory.is_gone() {
                    match Claim::seize(directory.clone(), &self.store.locks) {
                        Ok(Some(claim)) => claims.push((side, claim)),
                        // Somebody clears it away, or was killed while he did: that hides nothing that is elsewhere.
                        Ok(None) if has_no_segments(&directory) => {}
                        Ok(None) => return false,
                        Err(error) => {
                            self.note_orphan(&directory, &error);
                            return false;
                        }
                    }
                }
            }
        }
        if claims.is_empty() {
            return false;
        }
        let mut segments: BTreeMap<SegmentKey, FoundSegment> = BTreeMap::new();
        for (side, claim) in &claims {
            self.collect_segments(side, claim.directory(), &mut segments);
        }
        for found in segments.into_values() {
            self.adopt_segment(found);
        }
        let stay = claims.into_iter().filter_map(|(_, claim)| (!claim.release()).then_some(())).count();
        stay == 0
    }

    /// Reads the directory of a dead owner. A segment that is there twice, because its owner died
    /// between copying it to the spool directory and removing the hot one, is taken once, with the
    /// cursor that has come further; a damaged copy does not stand in for a whole one.
    fn collect_segments(
        &self,
        side: &StoreRoot,
        directory: &At,
        segments: &mut BTreeMap<SegmentKey, FoundSegment>,
    ) {
        let entries = match directory.entries() {
            Ok(entries) => entries,
            Err(error) => return self.note_orphan(directory, &error),
        };
        let mut foreign = Vec::new();
        let is_hot = self.store.hot.as_ref().is_some_and(|hot| std::ptr::eq(hot, side));
        for at in entries {
            let name = at.name().to_string_lossy().into_owned();
            match at.extension() {
                Some(SEGMENT) => {}
                Some(PARTIAL) => {
                    let _ = at.remove_file();
                    continue;
                }
                _ => {
                    if name != super::claim::LOCK {
                        foreign.push(at);
                    }
                    continue;
                }
            }
            let location = if is_hot { Location::Hot } else { Location::Cold }(name.into_boxed_str());
            match self.examine(&at, &location) {
                Ok(Some(held)) => self.keep_one(segments, FoundSegment { at, location, held }),
                Ok(None) => drop(at.remove_file()),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => foreign.push(at),
                // What could not be read stays for the next look, whoever takes it.
                Err(error) => self.note_orphan(&at, &error),
            }
        }
        self.set_aside(side, &foreign);
    }

    fn keep_one(&self, segments: &mut BTreeMap<SegmentKey, FoundSegment>, found: FoundSegment) {
        let key = found.held.key();
        let Some(other) = segments.remove(&key) else {
            segments.insert(key, found);
            return;
        };
        let (mut kept, gone) = if found.worth() > other.worth() { (found, other) } else { (other, found) };
        if gone.held.settled.count > kept.held.settled.count {
            kept.held.settled = gone.held.settled;
            let word = kept.held.settled.pack(kept.held.header.salt).to_le_bytes();
            let _ = kept
                .at
                .open_writable()
                .and_then(|file| secure_fs::write_all_at(&file, &word, format::CURSOR_AT));
        }
        let _ = gone.at.remove_file();
        segments.insert(key, kept);
    }

    fn adopt_segment(&self, found: FoundSegment) {
        let FoundSegment { at, location, mut held } = found;
        held.sides = self.find_side_files(&held);
        if held.unsettled() == 0 {
            let _ = at.remove_file();
            return;
        }
        if let Err(error) = self.store.take(&location, &at) {
            return self.note_orphan(&at, &error);
        }
        // Whoever has the file next goes on counting. Without it its records are younger than they are.
        let age = monotonic::now().saturating_duration_since(held.newest);
        let _ = self.store.write_at(&location, format::STAMP_AT, &AgeStamp::of(age).encode(held.header.salt));
        let mut state = self.lock_state();
        state.charge(&location, held.size);
        state.cold_bytes += held.side_bytes();
        state.tally.adopted += held.unsettled();
        let index = state.adopted.partition_point(|other| other.key() < held.key());
        state.adopted.insert(index, held);
    }

    /// Sets the files of segments aside whose remaining records are damaged: somebody may make more of them. For
    /// whoever holds `left`.
    pub(super) fn set_damaged_aside(&self) {
        let damaged = std::mem::take(&mut self.lock_state().damaged);
        let (cold, hot): (Vec<_>, Vec<_>) = damaged.into_iter().partition(Location::is_cold);
        for (side, locations) in [(&self.store.cold, cold), (&self.store.hot, hot)] {
            let files: Vec<At> =
                locations.iter().filter_map(|location| self.store.at(location).ok()).collect();
            if let (Some(side), false) = (side, files.is_empty()) {
                self.set_aside(side, &files);
            }
        }
    }

    fn set_aside(&self, side: &StoreRoot, files: &[At]) {
        let is_cold = self.store.cold.as_ref().is_some_and(|cold| std::ptr::eq(cold, side));
        let total = if is_cold { self.options.max_disk_bytes } else { self.options.max_memory_bytes };
        let moved = quarantine::set_aside(&side.root, files, quarantine::cap(total));
        self.lock_state().tally.files_set_aside += moved;
    }

    /// Reads what a segment file holds. `None`: nothing. `InvalidData`: it was read, and is not one of ours.
    pub(super) fn examine(&self, at: &At, location: &Location) -> io::Result<Option<Segment>> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let file = at.open()?;
        let size = file.metadata()?.len();
        let mut bytes = Vec::new();
        store::read_range(&file, 0, OPENING_SIZE, &mut bytes)?;
        let header = match Header::open(&bytes) {
            Opening::Segment(header) if size <= SEGMENT_MAX as u64 => header,
            Opening::Blank => return Ok(None),
            _ => return Err(invalid()),
        };
        let cursor = Cursor::read(&bytes, header.salt);
        let seal = Seal::decode(&bytes, header.salt);
        let age = stamp(&bytes, &header).map_or(Duration::ZERO, |stamp| stamp.age());
        let alive = header.created.max(format::heartbeat(&bytes));
        let (records, tail) = match seal {
            Some(seal) => (seal.records, seal.tail),
            None => {
                store::read_range(&file, HEADER_SIZE, SEGMENT_MAX, &mut bytes)?;
                find_end(&header, cursor, &bytes)
            }
        };
        let span = self.segment_span();
        let newest = match seal {
            Some(_) => age,
            None => age.saturating_sub(span),
        };
        let took_records =
            Duration::from_secs(seal.map_or(alive, |seal| seal.sealed).saturating_sub(header.created));
        let oldest = age + took_records.min(span);
        // Whoever has it next knows the age of the newest, and by this the oldest's.
        let spread = oldest.saturating_sub(newest).as_secs();
        let sealed = seal.map_or(header.created.saturating_add(spread), |seal| seal.sealed);
        let now = monotonic::now();
        let before = |age: Duration| now.checked_sub(age).unwrap_or(now);
        Ok(Some(Segment {
            header,
            location: location.clone(),
            size,
            map: None,
            records: records.max(cursor.count),
            tail: tail.max(cursor.offset),
            settled: cursor,
            sealed: Some(sealed),
            pin: Arc::new(()),
            oldest: before(oldest),
            newest: before(newest),
            mark: None,
            sides: Vec::new(),
            unread: None,
        }))
    }
}

/// Whether a directory is known to hold no segment. One that lives has its locks on both sides.
fn has_no_segments(directory: &At) -> bool {
    directory.entries().is_ok_and(|entries| entries.iter().all(|entry| entry.extension() != Some(SEGMENT)))
}

/// How old a segment was when that was last noted, from its first page.
pub(super) fn stamp(page: &[u8], header: &Header) -> Option<AgeStamp> {
    AgeStamp::decode(page.get(format::STAMP_AT..)?, header.salt)
}
