//! Taking over what dead owners left behind.
//!
//! An orphan is a directory of the same identity whose lock nobody holds. Its segments are renamed
//! into this instance's directories while both of its locks, hot and cold, are held; then the empty
//! directories are removed and the locks given back. So the files of any number of dead owners come
//! under one owner's caps, no descriptor stays open, and each record has one owner at any moment.

use super::claim::{Claim, UNFINISHED};
use super::format::{
    self, Cursor, HEADER_SIZE, Header, Key, OPENING_SIZE, Opening, Origin, RECORD_HEADER, SEGMENT_MAX, Scan,
    Seal,
};
use super::held::{Held, Place};
use super::reader::{Reader, is_shortage};
use super::spool::unix_time;
use super::store::{self, PARTIAL, SEGMENT, Side};
use super::{Overflow, Spool, place, quarantine};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Dead owners taken over at a time, so that own records are not kept waiting.
const ORPHANS_AT_ONCE: usize = 64;
/// A directory or file that was never finished is litter after this long.
const LITTER_AGE: Duration = Duration::from_secs(3600);

/// A segment file of a dead owner.
struct Found {
    path: PathBuf,
    place: Place,
    held: Held,
}

impl Found {
    /// Which of two files of the same segment to keep: one that is whole, with more records, at rest.
    fn worth(&self) -> (bool, u32, bool) {
        (self.held.size >= u64::from(self.held.tail), self.held.records, self.place.is_cold())
    }
}

impl Reader {
    /// Takes over the records of dead owners of the same identity. Gives whether there may be more.
    pub(super) fn adopt(&mut self) -> bool {
        let spool = Arc::clone(&self.spool);
        let mut orphans = BTreeSet::new();
        for side in [&spool.store.hot, &spool.store.cold].into_iter().flatten() {
            orphans.extend(side.roots().into_iter().flat_map(instances_in));
        }
        orphans.remove(&spool.store.origin);
        // Lazily: most of these may be living instances, which cost a look and do not count.
        let taken = orphans.iter().filter(|orphan| spool.adopt_one(&orphan.name()));
        let more = taken.take(ORPHANS_AT_ONCE).count() == ORPHANS_AT_ONCE;
        // What others left in memory must not take the room of what comes.
        if spool.state.lock().hot_bytes > spool.options.max_memory_bytes / 2 {
            spool.spill();
        }
        if spool.options.overflow == Overflow::DropOldest {
            let mut state = spool.state.lock();
            while state.cold_bytes > spool.disk_cap() && spool.evict_oldest_cold(&mut state) {}
        }
        more
    }
}

/// The instances that have a directory in `root`; removes unfinished directories on the way.
pub(super) fn instances_in(root: &Path) -> Vec<Origin> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Some(origin) = Origin::parse(name) {
            found.push(origin);
        } else if name.starts_with(UNFINISHED) && place::is_older(&entry.path(), LITTER_AGE) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    found
}

impl Spool {
    /// Gives whether the orphan is gone.
    fn adopt_one(&self, name: &str) -> bool {
        let mut claims = Vec::new();
        for side in [&self.store.hot, &self.store.cold].into_iter().flatten() {
            for path in side.roots().map(|root| root.join(name)) {
                if fs::symlink_metadata(&path).is_ok() {
                    let Some(claim) = Claim::seize(&path, &self.store.locks) else { return false };
                    claims.push((side, claim));
                }
            }
        }
        let mut segments: BTreeMap<Key, Found> = BTreeMap::new();
        for (side, claim) in &claims {
            self.collect_segments(side, claim.path(), &mut segments);
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
    fn collect_segments(&self, side: &Side, directory: &Path, segments: &mut BTreeMap<Key, Found>) {
        let Ok(entries) = fs::read_dir(directory) else { return };
        let mut strangers = Vec::new();
        let is_hot = self.store.hot.as_ref().is_some_and(|hot| std::ptr::eq(hot, side));
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let end = path.extension().and_then(|end| end.to_str());
            if end == Some(PARTIAL) {
                let _ = fs::remove_file(&path);
                continue;
            }
            if end != Some(SEGMENT) {
                if name != super::claim::LOCK {
                    strangers.push(path);
                }
                continue;
            }
            let place = if is_hot { Place::Hot } else { Place::Cold }(name.into_boxed_str());
            match self.examine(&path, &place) {
                Ok(Some(held)) => self.keep_one(segments, Found { path, place, held }),
                Ok(None) => drop(fs::remove_file(&path)),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => strangers.push(path),
                // Out of descriptors or the like: the file stays for the next look.
                Err(_) => {}
            }
        }
        self.set_aside(side, &strangers);
    }

    fn keep_one(&self, segments: &mut BTreeMap<Key, Found>, found: Found) {
        let key = found.held.key();
        let Some(other) = segments.remove(&key) else {
            segments.insert(key, found);
            return;
        };
        let (mut kept, gone) = if found.worth() > other.worth() { (found, other) } else { (other, found) };
        if gone.held.settled.count > kept.held.settled.count {
            kept.held.settled = gone.held.settled;
            let word = kept.held.settled.pack(kept.held.header.salt).to_le_bytes();
            let _ = place::open_writable(&kept.path)
                .and_then(|file| store::write_all_at(&file, &word, format::CURSOR_AT));
        }
        let _ = fs::remove_file(&gone.path);
        segments.insert(key, kept);
    }

    fn adopt_segment(&self, found: Found) {
        let Found { path, place, mut held } = found;
        held.sides = self.find_side_files(&held);
        if held.unsettled() == 0 {
            let _ = fs::remove_file(&path);
            return;
        }
        if self.store.take(&place, &path).is_err() {
            return;
        }
        let mut state = self.state.lock();
        state.charge(&place, held.size);
        state.cold_bytes += held.side_bytes();
        state.tally.adopted += held.unsettled();
        let index = state.adopted.partition_point(|other| other.key() < held.key());
        state.adopted.insert(index, held);
    }

    fn set_aside(&self, side: &Side, files: &[PathBuf]) {
        let is_cold = self.store.cold.as_ref().is_some_and(|cold| std::ptr::eq(cold, side));
        let total = if is_cold { self.options.max_disk_bytes } else { self.options.max_memory_bytes };
        quarantine::set_aside(&side.root, files, quarantine::cap(total));
        self.state.lock().tally.files_set_aside += files.len() as u64;
    }

    /// Reads what a segment file holds. `None`: nothing. `InvalidData`: it is not one of ours.
    pub(super) fn examine(&self, path: &Path, place: &Place) -> io::Result<Option<Held>> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let file = place::open(path).map_err(|error| if is_shortage(&error) { error } else { invalid() })?;
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
        let alive = header.created.max(format::heartbeat(&bytes));
        let (records, tail) = match seal {
            Some(seal) => (seal.records, seal.tail),
            None => {
                store::read_range(&file, HEADER_SIZE, SEGMENT_MAX, &mut bytes)?;
                find_end(&header, cursor, &bytes)
            }
        };
        let (now, time) = (Instant::now(), unix_time());
        let at = |unix: u64| now.checked_sub(Duration::from_secs(time.saturating_sub(unix))).unwrap_or(now);
        // A segment that its owner could not seal: some time after the last sign of life.
        let unsealed = alive.saturating_add(self.segment_span().as_secs());
        let sealed = seal.map_or(unsealed, |seal| seal.sealed);
        Ok(Some(Held {
            header,
            place: place.clone(),
            size,
            map: None,
            records: records.max(cursor.count),
            tail: tail.max(cursor.offset),
            settled: cursor,
            sealed: Some(sealed),
            pin: Arc::new(()),
            oldest: at(header.created),
            newest: at(sealed),
            mark: None,
            sides: Vec::new(),
        }))
    }
}

/// How many records a segment has whose owner could not seal it, and where they end.
fn find_end(header: &Header, cursor: Cursor, records: &[u8]) -> (u32, u32) {
    let from = (cursor.offset as usize - HEADER_SIZE).min(records.len());
    let first = header.base.saturating_add(u64::from(cursor.count));
    let most = first.saturating_add((records.len() / RECORD_HEADER) as u64);
    let mut scan = Scan::new(&records[from..], cursor.offset as usize, header.salt, first..most);
    let mut end = (cursor.count, cursor.offset);
    for frame in scan.by_ref() {
        end = ((frame.sequence + 1 - header.base) as u32, frame.end as u32);
    }
    // A record behind the last sound one, of which nothing is known but that it was there.
    if scan.damaged_tail() { (end.0 + 1, end.1 + RECORD_HEADER as u32) } else { end }
}
