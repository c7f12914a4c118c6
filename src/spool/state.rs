//! What a spool holds: the segments in memory of the process that owns them, and the tally of all
//! records that came and went.

use super::SpoolStats;
use super::format::{Cursor, Header, Origin, Seal, SegmentKey};
use super::segment::Mapping;
use super::sidefile::SideFile;
use crate::process::monotonic;
use crate::sync::Recover;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where the bytes of a segment are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A file in the hot directory.
    Hot(Box<str>),
    /// A file in the spool directory.
    Cold(Box<str>),
    /// Nowhere but in this process.
    Memory,
}

impl Location {
    pub fn is_cold(&self) -> bool {
        matches!(self, Location::Cold(_))
    }
}

/// A segment that is ready for use.
pub(super) struct BlankSegment {
    pub location: Location,
    pub map: Arc<Mapping>,
}

/// A segment with records. What an append reads and writes comes first.
#[repr(C)]
pub(super) struct Segment {
    /// While mapped. Cold segments of others are never mapped: somebody could truncate them.
    pub map: Option<Arc<Mapping>>,
    pub records: u32,
    /// The offset behind the last record.
    pub tail: u32,
    pub settled: Cursor,
    /// When it was sealed (Unix seconds); `None` while it is being written to.
    pub sealed: Option<u64>,
    pub header: Header,
    pub location: Location,
    /// The bytes it takes where it is kept.
    pub size: u64,
    /// Shared with the batches that show its records.
    pub pin: Arc<()>,
    /// No record that is still here was accepted before this.
    pub oldest: Instant,
    /// No record came after this, once sealed.
    pub newest: Instant,
    /// Records from this count on were accepted after that moment.
    pub mark: Option<(u32, Instant)>,
    /// The files of records that are still here, by sequence.
    pub sides: Vec<SideFile>,
    /// Since when it cannot be read.
    pub unread: Option<PutOff>,
}

/// A segment that could not be read when it was to be.
#[derive(Clone, Copy)]
pub(super) struct PutOff {
    pub since: Instant,
    /// When it is tried again.
    pub again: Instant,
}

/// How long those behind a segment that cannot be read wait for it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Segment {
    pub fn key(&self) -> SegmentKey {
        self.header.key()
    }

    pub fn unsettled(&self) -> u64 {
        u64::from(self.records - self.settled.count)
    }

    pub fn unsettled_bytes(&self) -> u64 {
        u64::from(self.tail.saturating_sub(self.settled.offset))
    }

    /// The sequence of the first record that has not left.
    pub fn first_unsettled(&self) -> u64 {
        self.header.base + u64::from(self.settled.count)
    }

    /// What the files of its records take in the spool directory.
    pub fn side_bytes(&self) -> u64 {
        self.sides.iter().map(|side| side.size).sum()
    }

    pub fn takes_disk_space(&self) -> bool {
        self.location.is_cold() || !self.sides.is_empty()
    }

    /// The files of records that have left since the last time.
    pub fn take_left_sides(&mut self) -> Vec<SideFile> {
        let first = self.first_unsettled();
        let left = self.sides.partition_point(|side| side.sequence < first);
        self.sides.drain(..left).collect()
    }

    /// Whether it could not be read, and is not to be tried yet.
    pub fn is_put_off(&self, now: Instant) -> bool {
        self.unread.is_some_and(|unread| now < unread.again)
    }

    /// Whether those behind it wait until it is tried again.
    pub fn is_waited_for(&self, now: Instant) -> bool {
        self.unread.is_some_and(|unread| now < unread.again && now < unread.since + PATIENCE)
    }

    /// Whether a batch shows some of its records at this moment.
    pub fn is_pinned(&self) -> bool {
        Arc::strong_count(&self.pin) > 1
    }

    pub fn seal(&self) -> Option<Seal> {
        self.sealed.map(|sealed| Seal { records: self.records, tail: self.tail, sealed })
    }

    /// Moves the settled cursor; gives the number of records that it passed.
    pub fn settle(&mut self, cursor: Cursor) -> u64 {
        let passed = cursor.count.saturating_sub(self.settled.count);
        self.settled = cursor;
        self.unread = None;
        if let Some((_, at)) = self.mark.take_if(|(count, _)| cursor.count >= *count) {
            self.oldest = at;
        }
        u64::from(passed)
    }
}

/// What has come off the books and is to be removed once the lock has been given back: the file system may take long.
pub(super) enum Litter {
    File(Location),
    Memory(Arc<Mapping>),
    /// Files of records, by their maker.
    Sides(Origin, Vec<SideFile>),
}

/// Why a record was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    Memory,
    Disk,
    Expired,
    Corrupt,
    /// Because it was asked for.
    Purged,
}

/// Everything behind the spool's lock; what an append changes is behind those of the lanes.
pub(super) struct SpoolState {
    pub closed: bool,
    /// Lanes from this one on have never been used.
    pub ever_opened: usize,
    /// This instance's full segments, oldest first.
    pub sealed: VecDeque<Segment>,
    /// Segments of dead owners, oldest first.
    pub adopted: VecDeque<Segment>,
    pub spares: Vec<BlankSegment>,
    /// So many of the spare ones nobody has needed since the last look.
    pub unneeded: usize,
    pub litter: Vec<Litter>,
    /// The files of segments whose remaining records are damaged, off the books, to be set aside.
    pub damaged: Vec<Location>,
    /// Callers that are making a segment, without the lock.
    pub making: u32,
    /// The number of the next segment, and of the last file.
    pub next_segment: u64,
    pub next_file: u64,
    /// When a segment was last put into use.
    pub last_rotation: Instant,
    pub hot_bytes: u64,
    pub cold_bytes: u64,
    /// No segment could be made there; tried again at the next upkeep.
    pub hot_failed: bool,
    pub cold_failed: bool,
    /// There was no memory or address space for one; tried again when some has been given back, too.
    pub memory_failed: bool,
    /// The last such failure of a file system: whether in the spool directory, the system's error, and when.
    pub last_failure: Option<(bool, Result<i32, io::ErrorKind>, Instant)>,
    /// Callers waiting for room.
    pub waiting: u32,
    /// Of this instance's own records, those dropped for whatever reason. Read without the lock too.
    pub own_dropped: Arc<AtomicU64>,
    /// What has gone; the rest is computed from the segments when asked.
    pub tally: SpoolStats,
}

/// Nobody is stopped in the middle of changing it: signals that somebody could jump out of are blocked.
impl Recover for SpoolState {
    fn recover(&mut self) {}
}

impl SpoolState {
    /// A sealed or adopted segment.
    pub fn find(&mut self, key: SegmentKey) -> Option<&mut Segment> {
        self.sealed.iter_mut().chain(&mut self.adopted).find(|held| held.key() == key)
    }

    /// Takes a sealed or adopted segment off the books, without a word about its records.
    pub fn take(&mut self, key: SegmentKey) -> Option<Segment> {
        let remove = |list: &mut VecDeque<Segment>| {
            list.iter().position(|held| held.key() == key).and_then(|index| list.remove(index))
        };
        let held = remove(&mut self.sealed).or_else(|| remove(&mut self.adopted))?;
        self.uncharge(&held.location, held.size);
        self.cold_bytes -= held.side_bytes();
        Some(held)
    }

    pub fn charge(&mut self, location: &Location, size: u64) {
        if location.is_cold() {
            self.cold_bytes += size;
        } else {
            self.hot_bytes += size;
        }
    }

    pub fn uncharge(&mut self, location: &Location, size: u64) {
        if location.is_cold() {
            self.cold_bytes -= size;
        } else {
            self.hot_bytes -= size;
        }
    }

    /// The memory that segments with records, or in use, take: what is kept ready is room for what comes.
    pub fn memory_in_use(&self) -> u64 {
        let spares = self.spares.iter().filter(|spare| !spare.location.is_cold());
        self.hot_bytes - spares.map(|spare| spare.map.len() as u64).sum::<u64>()
    }

    /// Gives a spare segment up.
    pub fn discard(&mut self, spare: BlankSegment) {
        self.uncharge(&spare.location, spare.map.len() as u64);
        self.litter.push(Litter::Memory(spare.map));
        self.litter.push(Litter::File(spare.location));
    }

    /// A segment could not be made at a place that had been charged for it.
    pub fn give_up(&mut self, location: &Location, size: u64, error: &io::Error) {
        self.uncharge(location, size);
        self.memory_failed |= error.kind() == io::ErrorKind::OutOfMemory;
        if *location != Location::Memory {
            let error = error.raw_os_error().ok_or(error.kind());
            self.last_failure = Some((location.is_cold(), error, monotonic::now()));
        }
        match location {
            Location::Hot(_) => self.hot_failed = true,
            Location::Cold(_) => self.cold_failed = true,
            Location::Memory => self.memory_failed = true,
        }
    }

    /// Something has changed since a segment could not be made somewhere.
    pub fn try_places_again(&mut self) {
        self.hot_failed = false;
        self.cold_failed = false;
        self.memory_failed = false;
    }

    /// `own`: of this instance's own records, for which somebody may be waiting.
    pub fn count_dropped(&mut self, why: Dropped, records: u64, own: bool) {
        self.own_dropped.fetch_add(if own { records } else { 0 }, Ordering::Relaxed);
        let tally = &mut self.tally;
        match why {
            Dropped::Memory => tally.dropped_memory += records,
            Dropped::Disk => tally.dropped_disk += records,
            Dropped::Expired => tally.dropped_expired += records,
            Dropped::Corrupt => tally.dropped_corrupt += records,
            Dropped::Purged => tally.purged += records,
        }
    }
}
