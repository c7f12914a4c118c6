//! The callers' side: append, rotate, make room.

use super::age::AgeStamp;
use super::candidates::{self, Unusable};
use super::claim::Locks;
use super::format::{self, Cursor, HEADER_SIZE, Header, Origin, RECORD_HEADER, RECORD_MAX, SegmentKey};
use super::secure_fs::At;
use super::segment::Mapping;
use super::state::{BlankSegment, Dropped, Litter, Location, Segment, SpoolState};
use super::store::{Store, StoreRoot};
use super::{
    Identity, Options, Overflow, RecordKind, Refusal, Stats, StorageKind, Wakeup, quarantine, reader,
};
use crate::process::{Undisturbed, monotonic};
use crate::sync::{Lock, LockCondvar, LockGuard, Mutex};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The usual size of a segment: large enough that rotating is rare, small enough that an idle
/// logger, with one segment in use and one spare, stays small.
const SEGMENT_SIZE: u64 = 1 << 20;
/// The smallest segment, for callers who give the spool very little memory.
const SEGMENT_SIZE_MIN: u64 = 16 << 10;
/// The first segment of a process that may be gone soon: many log a few records and leave their segments
/// in shared memory until another process takes them over.
const SEGMENT_SIZE_SHORT_LIVED: u64 = 64 << 10;
/// The memory cap is at least this many segments: one in use, one spare, two to deliver.
const SEGMENTS_MIN: u64 = 4;
/// Sealed segments that stay mapped for the reader; later ones are unmapped when they are sealed
/// and read back from the file, so that a slow consumer does not fill the host's memory.
const MAPPED_SEALED_MAX: usize = 12;
/// Sealed and spare segments that stay mapped at most: what a busy delivery thread has in flight,
/// so that the same memory is used again and again.
const MAPPED_MAX: usize = 16;
/// Troubles that wait to be told at most: they are all of one kind.
const NEWS_MAX: usize = 4;
/// How long somebody waits for another caller that makes a segment.
const MAKING_MAX: Duration = Duration::from_secs(1);
/// Room for the books of this many segments is reserved, so that rotating allocates nothing.
const BOOKS_RESERVED: usize = 64;

/// Writes one record into a segment, given its place, tag and salt; gives where the next one goes.
pub(super) trait WriteRecord: FnOnce(&Mapping, usize, u64, u32) -> usize {}
impl<F: FnOnce(&Mapping, usize, u64, u32) -> usize> WriteRecord for F {}

/// Takes records from any thread and keeps them until they are delivered.
pub struct Spool {
    pub(super) state: Lock<SpoolState>,
    /// Signalled when records have left and callers wait for room.
    pub(super) space: LockCondvar,
    /// Signalled when a caller has made a segment, or could not.
    made: LockCondvar,
    pub(super) wakeup: Arc<Wakeup>,
    pub(super) store: Store,
    pub(super) options: Options,
    /// What is wrong with files and directories, to be told to whoever runs the host.
    pub(super) news: Mutex<Vec<String>>,
    /// What dead owners left and could not be read at the last look.
    pub(super) unread_orphans: AtomicU64,
    /// Appends refused because somebody held the lock and did not come back.
    stuck: AtomicU64,
    /// Held while segments move to the spool directory; whether the instance has given it up.
    pub(super) left: Mutex<bool>,
    /// The size of a usual segment here.
    pub(super) segment_size: u64,
    /// The size of the first.
    first_size: u64,
    wake_bytes: u64,
    wake_records: u64,
}

pub(super) fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Spool {
    /// Opens a spool; never fails. Falls back from tmpfs to the spool directory alone, and from
    /// there to memory: [`Spool::location`] tells which. Notifies `wakeup` when there is enough to read.
    pub fn open(options: Options, wakeup: Arc<Wakeup>) -> Spool {
        let memory = options.max_memory_bytes.max(SEGMENTS_MIN * SEGMENT_SIZE_MIN);
        let segment_size = (memory / (2 * SEGMENTS_MIN)).clamp(SEGMENT_SIZE_MIN, SEGMENT_SIZE) & !4095;
        let first_size = if options.short_lived { SEGMENT_SIZE_SHORT_LIVED } else { SEGMENT_SIZE };
        let first_size = first_size.min(segment_size);
        let wake_bytes = if options.wake_bytes == 0 { segment_size / 2 } else { options.wake_bytes };
        let wake_records = if options.wake_records == 0 { u64::MAX } else { options.wake_records };
        let (store, news) = open_store(&options);
        // Files are read for the first one, which is not to happen in a log call.
        let _ = AgeStamp::of(Duration::ZERO);
        let spool = Spool {
            state: Lock::new(SpoolState {
                closed: false,
                next: 1,
                active: None,
                sealed: VecDeque::with_capacity(BOOKS_RESERVED),
                adopted: VecDeque::new(),
                spares: Vec::with_capacity(BOOKS_RESERVED),
                litter: Vec::with_capacity(BOOKS_RESERVED),
                damaged: Vec::new(),
                making: 0,
                next_segment: 1,
                next_file: 0,
                hot_failed: false,
                cold_failed: false,
                memory_failed: false,
                hot_bytes: 0,
                cold_bytes: 0,
                last_rotation: monotonic::now(),
                unread_bytes: 0,
                unread_records: 0,
                waiting: 0,
                own_dropped: 0,
                tally: Stats::default(),
            }),
            space: LockCondvar::new(),
            made: LockCondvar::new(),
            wakeup,
            store,
            unread_orphans: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            news: Mutex::new(news.into_iter().collect()),
            options: Options { max_memory_bytes: memory, ..options },
            left: Mutex::new(false),
            segment_size,
            first_size,
            wake_bytes,
            wake_records,
        };
        spool.prepare_spare();
        spool
    }

    /// Whose records it keeps.
    pub fn identity(&self) -> &Identity {
        &self.options.identity
    }

    /// Leaves a note for whoever looks at the files from outside: where it is `everywhere`, in each directory.
    pub fn note(&self, text: &[u8], everywhere: bool) {
        self.store.note(text, everywhere);
    }

    /// Where the records are kept.
    pub fn location(&self) -> StorageKind {
        let cold = self.store.cold.as_ref().map(|side| side.root.path());
        match (&self.store.hot, cold) {
            (Some(hot), cold) => StorageKind::Hot { hot: hot.root.path(), cold },
            (None, Some(cold)) => StorageKind::DiskOnly(cold),
            (None, None) => StorageKind::Memory,
        }
    }

    /// What is wrong with files and directories and has not been told yet.
    pub fn take_news(&self) -> Vec<String> {
        std::mem::take(&mut *self.news.lock())
    }

    /// Something cannot be read or looked at: it stays as it is, and is tried again.
    pub(super) fn note_trouble(&self, at: &At, error: &io::Error) {
        let mut news = self.news.lock();
        if news.len() < NEWS_MAX {
            news.push(format!(
                "{} cannot be read, and is kept for another try: {error}",
                at.path().display()
            ));
        }
    }

    /// As [`Spool::note_trouble`], for a segment of ours.
    pub(super) fn note_unread(&self, location: &Location, error: &io::Error) {
        match self.store.at(location) {
            Ok(at) => self.note_trouble(&at, error),
            Err(_) => self.news.lock().push(format!("a record's memory cannot be read: {error}")),
        }
    }

    /// Accepts one record; gives its sequence: 1, 2, 3 and so on. When this returns,
    /// the record survives the process.
    #[inline(always)]
    pub fn append(&self, kind: RecordKind, payload: &[u8]) -> Result<u64, Refusal> {
        self.append_by(kind, payload.len(), |map, at, tag, salt| map.write_record(at, tag, salt, payload))
    }

    /// [`Spool::append`] for a payload in parts, which are copied once and nowhere but into the segment.
    pub fn append_parts(&self, kind: RecordKind, parts: &[&[u8]]) -> Result<u64, Refusal> {
        let payload = parts.iter().map(|part| part.len()).sum();
        self.append_by(kind, payload, |map, at, tag, salt| map.write_parts(at, tag, salt, parts))
    }

    #[inline(always)]
    fn append_by(&self, kind: RecordKind, payload: usize, write: impl WriteRecord) -> Result<u64, Refusal> {
        let Some(state) = self.state.lock_in_time() else { return Err(self.stuck()) };
        let mut state = self.with_room(state, payload)?;
        self.put(&mut state, kind, payload, write)
    }

    /// Somebody holds the lock and does not come back.
    #[cold]
    pub(super) fn stuck(&self) -> Refusal {
        self.stuck.fetch_add(1, Ordering::Relaxed);
        Refusal::Stuck
    }

    /// Sees to it that the segment in use has room for a payload.
    #[inline(always)]
    pub(super) fn with_room<'a>(
        &'a self,
        state: LockGuard<'a, SpoolState>,
        payload: usize,
    ) -> Result<LockGuard<'a, SpoolState>, Refusal> {
        let has_room = |active: &Segment| active.room() >= format::record_size(payload);
        if state.active.as_ref().is_some_and(has_room) { Ok(state) } else { self.rotate(state, payload) }
    }

    /// Writes a record into the segment in use, which has room for it.
    #[inline(always)]
    pub(super) fn put(
        &self,
        state: &mut SpoolState,
        kind: RecordKind,
        payload: usize,
        write: impl WriteRecord,
    ) -> Result<u64, Refusal> {
        let Some(active) = &mut state.active else { return Err(Refusal::Full) };
        let sequence = state.next;
        active.write(sequence, kind, write)?;
        state.next += 1;
        state.unread_bytes += format::record_size(payload) as u64;
        state.unread_records += 1;
        if state.unread_bytes >= self.wake_bytes || state.unread_records >= self.wake_records {
            state.unread_bytes = 0;
            state.unread_records = 0;
            self.wakeup.notify();
        }
        Ok(sequence)
    }

    /// Refuses records from now on; those accepted stay until they are delivered.
    pub fn close(&self) {
        let Some(mut state) = self.state.lock_in_time() else { return };
        state.closed = true;
        self.seal_active(&mut state);
        drop(state);
        self.space.notify_all();
        self.clear_litter();
    }

    /// The last sequence accepted; beyond every other while that cannot be told.
    pub fn accepted(&self) -> u64 {
        self.state.lock_in_time().map_or(u64::MAX, |state| state.next - 1)
    }

    /// Every record of this spool's own up to this sequence has left: delivered, dropped or
    /// quarantined.
    pub fn settled(&self) -> u64 {
        self.state.lock_in_time().map_or(0, |state| state.settled())
    }

    /// How many of this spool's own records have been dropped so far, for whatever reason.
    pub fn own_dropped(&self) -> u64 {
        self.state.lock_in_time().map_or(0, |state| state.own_dropped)
    }

    pub(super) fn is_own(&self, key: SegmentKey) -> bool {
        key.0 == self.store.origin
    }

    /// How many records of dead owners are still to be sent.
    pub fn adopted_held(&self) -> u64 {
        let state = self.state.lock_in_time();
        state.map_or(0, |state| state.adopted.iter().map(Segment::unsettled).sum())
    }

    /// How many records of dead owners can be read at present, as far as is known: without those in segments that have
    /// been put off, and those that wait behind one.
    pub fn adopted_ready(&self) -> u64 {
        let state = self.state.lock_in_time();
        let ready = |state: LockGuard<'_, SpoolState>| {
            reader::ready(state.adopted.iter(), monotonic::now()).map(Segment::unsettled).sum()
        };
        state.map_or(0, ready)
    }

    /// Whether dead owners have left something that could not be read at the last look.
    pub fn has_unread_orphans(&self) -> bool {
        self.unread_orphans.load(Ordering::Relaxed) > 0
    }

    /// What became of the records, all as of one moment. `None` while somebody holds the lock and does not come
    /// back.
    pub fn try_stats(&self) -> Option<Stats> {
        let stats = self.state.lock_in_time()?.stats();
        Some(Stats { refused: stats.refused + self.stuck.load(Ordering::Relaxed), ..stats })
    }

    /// [`Spool::try_stats`] for the library's own threads, which wait.
    pub fn stats(&self) -> Stats {
        let stats = self.state.lock().stats();
        Stats { refused: stats.refused + self.stuck.load(Ordering::Relaxed), ..stats }
    }

    /// How many segments records wait in.
    #[cfg(test)]
    pub fn segments_waiting(&self) -> usize {
        self.state.lock().all().filter(|held| held.unsettled() > 0).count()
    }

    /// To be called in a forked child, on a spool that the child will never use: gives back the lock
    /// descriptors it inherited, and touches nothing else.
    pub fn after_fork_in_child(&self) {
        self.store.close_inherited();
    }

    /// Puts a new segment into use that has room for a payload; seals the present one.
    #[cold]
    #[inline(never)]
    pub(super) fn rotate<'a>(
        &'a self,
        mut state: LockGuard<'a, SpoolState>,
        payload: usize,
    ) -> Result<LockGuard<'a, SpoolState>, Refusal> {
        let _by_ourselves = Undisturbed::by_ourselves();
        let mut by_handlers = Undisturbed::by_handlers();
        let needed = HEADER_SIZE + format::record_size(payload);
        let size = (needed.next_multiple_of(4096) as u64).max(self.next_size(&state));
        let cap = self.options.max_memory_bytes.max(self.disk_cap());
        if payload > RECORD_MAX || size > cap {
            let limit = ((cap & !4095) as usize - HEADER_SIZE - RECORD_HEADER).min(RECORD_MAX) as u64;
            return Err(Refusal::TooLarge { limit });
        }
        let mut deadline = None;
        let mut has_waited = false;
        loop {
            if state.closed {
                return Err(Refusal::Closed);
            }
            // While this thread waited, another one may have made room.
            if state.active.as_ref().is_some_and(|active| active.room() >= needed - HEADER_SIZE) {
                return Ok(state);
            }
            if let Some(spare) = take_spare(&mut state, size) {
                let is_first = state.active.is_none();
                self.seal_active(&mut state);
                self.begin(&mut state, spare);
                // The next one had better be prepared by the delivery thread.
                if state.spares.is_empty() && !is_first {
                    self.wakeup.notify();
                }
                return Ok(state);
            }
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
        let mut state = self.state.lock();
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
        Header { salt: salt as u32, origin, number, base, created: unix_time(), size }
    }

    /// Puts a blank segment into use.
    fn begin(&self, state: &mut SpoolState, spare: BlankSegment) {
        let size = spare.map.len() as u64;
        let header = self.header(state.next_segment, state.next, size);
        state.next_segment += 1;
        spare.map.set_stamp(&AgeStamp::of(Duration::ZERO), header.salt);
        spare.map.begin(&header);
        let now = monotonic::now();
        state.last_rotation = now;
        state.active = Some(Segment {
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
    pub(super) fn seal_active(&self, state: &mut SpoolState) {
        let Some(mut held) = state.active.take() else { return };
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
        if state.sealed.len() >= MAPPED_SEALED_MAX && held.location != Location::Memory {
            state.litter.extend(held.map.take().map(Litter::Memory));
        }
        state.sealed.push_back(held);
    }

    /// What remains of a segment that is off the books and whose records have all left: a spare
    /// segment if one is wanted, else nothing.
    pub(super) fn retire(&self, state: &mut SpoolState, mut held: Segment) {
        if !held.sides.is_empty() {
            state.litter.push(Litter::Sides(held.header.origin, std::mem::take(&mut held.sides)));
        }
        let wanted = state.spares.len() + state.sealed.len() < MAPPED_MAX && !state.closed;
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
    pub(super) fn evict_oldest(&self, state: &mut SpoolState) -> bool {
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
        // Nothing but the segment in use: the next turn of the caller finds it sealed.
        let is_free = state.active.as_ref().is_some_and(|active| !active.is_pinned());
        if is_free {
            self.seal_active(state);
        }
        is_free
    }

    /// Makes room at no cost: a spare segment that is too small for what is wanted, or a segment in
    /// use from which everything has left. Gives whether there was one.
    pub(super) fn give_back_idle(&self, state: &mut SpoolState) -> bool {
        if let Some(spare) = state.spares.pop() {
            state.discard(spare);
            return true;
        }
        let is_idle = state.active.as_ref().is_some_and(|active| active.unsettled() == 0);
        if is_idle {
            self.seal_active(state);
        }
        is_idle
    }

    /// Makes room where a segment could not be made for want of memory: unmaps what can be read from its file as
    /// well. Gives whether there was any.
    fn give_back_memory(&self, state: &mut SpoolState) -> bool {
        if !state.memory_failed {
            return false;
        }
        if state.active.as_ref().is_some_and(|active| active.unsettled() > 0) {
            self.seal_active(state);
        }
        let in_files = state.sealed.iter_mut().filter(|held| held.location != Location::Memory);
        let before = state.litter.len();
        state.litter.extend(in_files.filter_map(|held| held.map.take()).map(Litter::Memory));
        let is_any = state.litter.len() > before;
        if is_any {
            state.try_places_again();
        }
        is_any
    }

    /// Makes a spare segment if there is none, the caps allow it and it is likely to be used. Callers
    /// go on meanwhile.
    pub(super) fn prepare_spare(&self) {
        self.clear_litter();
        loop {
            let (location, size) = {
                let mut state = self.state.lock();
                // Behind a small first segment a large one is worth its room once the first fills up.
                let is_early = |active: &Segment| {
                    active.size < self.segment_size && active.room() > active.size as usize / 2
                };
                if state.closed || !state.spares.is_empty() || state.active.as_ref().is_some_and(is_early) {
                    return;
                }
                let size = self.next_size(&state);
                (self.reserve(&mut state, size), size)
            };
            let Some(location) = location else { return };
            if self.make(location, size).is_none_or(|state| !state.spares.is_empty()) {
                return;
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
    Some(state.spares.swap_remove(index))
}

impl Segment {
    /// The room for one more record, its header and padding included.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.size as usize - self.tail as usize
    }

    #[inline(always)]
    fn write(&mut self, sequence: u64, kind: RecordKind, write: impl WriteRecord) -> Result<(), Refusal> {
        let Some(map) = &self.map else { return Err(Refusal::Full) };
        let tag = format::tag(sequence, kind.0);
        let next = write(map, self.tail as usize, tag, self.header.salt);
        if self.records == self.settled.count {
            self.oldest = monotonic::now();
            self.mark = None;
        }
        self.records += 1;
        self.tail = next as u32;
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let Some(mut state) = self.state.lock_in_time() else { return };
        state.closed = true;
        self.seal_active(&mut state);
        // What is held stays where it is, for the next instance to adopt.
        let holds_nothing = state.all().next().is_none();
        drop(state);
        if holds_nothing {
            self.leave();
        }
    }
}

/// The best directories there are, and what is to be told if they are not as durable as they should be.
fn open_store(options: &Options) -> (Store, Option<String>) {
    let origin = Origin::new();
    let locks = Arc::new(Locks::new());
    let mut store = Store { hot: None, cold: None, origin, locks };
    if options.memory_only {
        return (store, None);
    }
    let side = |directory: PathBuf| {
        StoreRoot::new(&directory, &options.identity)
            .map_err(|error| Unusable(format!("{} cannot be opened: {error}", directory.display())))
    };
    let mut news = Vec::new();
    let mut named_is_unused = false;
    if options.max_disk_bytes > 0 {
        let opened = candidates::spool_directory(options.dir.as_deref()).and_then(side).or_else(|unusable| {
            news.push(unusable.0);
            named_is_unused = options.dir.is_some();
            candidates::default_spool_directory().and_then(side)
        });
        store.cold = opened.ok();
    }
    let hot = candidates::hot_directory(options.hot_dir.as_deref()).and_then(side);
    match hot {
        Ok(side) if store.prepare(&side).is_ok() => store.hot = Some(side),
        Ok(side) => news.push(format!("{} cannot be written to", side.root.path().display())),
        Err(unusable) => news.push(unusable.0),
    }
    let whither = match (&store.hot, &store.cold) {
        (None, None) => "records are kept in this process's memory only and end with it".to_owned(),
        (Some(hot), None) if options.max_disk_bytes > 0 => {
            let hot = hot.root.path();
            format!("records that wait are kept in {} only and end with a reboot", hot.display())
        }
        // No record is in danger, but somebody named another directory.
        (_, Some(cold)) if named_is_unused => {
            format!("records that wait are kept in {}", cold.root.path().display())
        }
        _ => return (store, None),
    };
    let news = format!("{whither}: {}", news.join("; "));
    (store, Some(news))
}
