//! The callers' side: append, and what became of it.

use super::age::AgeStamp;
use super::candidates::{self, Unusable};
use super::format::{self, Origin, STAMP, SegmentKey};
use super::held_lock::Locks;
use super::lanes::{self, Apart, LANES_MAX, Lane, LaneCell, Meetings, Quiet};
use super::secure_fs::{At, lacks_descriptors};
use super::segment::Room;
use super::state::{Location, Segment, SpoolState};
use super::store::{Store, StoreRoot};
use super::{Identity, Options, RecordKind, Refusal, SpoolStats, StorageKind, Wakeup, group};
use crate::process::{self, Undisturbed, monotonic, stamp};
use crate::sync::{Lock, LockCondvar, LockGuard, Mutex, here};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The usual size of a segment: large enough that rotating is rare, small enough that an idle
/// logger, with one segment in use and one spare, stays small.
const SEGMENT_SIZE: u64 = 1 << 20;
/// The smallest segment, for callers who give the spool very little memory.
const SEGMENT_SIZE_MIN: u64 = 16 << 10;
/// The first segment of a process that may be gone soon: many log a few records and leave their segments
/// in shared memory until another process takes them over. And of a spool that is opened while a caller waits.
const SEGMENT_SIZE_SMALL: u64 = 64 << 10;
/// The memory cap is at least this many segments: one in use, one spare, two to deliver.
const SEGMENTS_MIN: u64 = 4;
/// Troubles that wait to be told at most: they are all of one kind.
const NEWS_MAX: usize = 4;
/// A failure of a file system is told with records that are dropped so much later at most.
const FAILURE_TOLD: Duration = Duration::from_secs(60);
/// Room for the books of this many segments is reserved, so that rotating allocates nothing.
pub(super) const BOOKS_RESERVED: usize = 64;

/// What [`Spool::append_at_once`] could not do: the frame of the call. That its thread's last call has been left while it
/// held a lock shows only from a frame that is not further in than that call's.
pub struct Missed(usize);

/// The payload of one record.
pub(super) trait Payload {
    /// In bytes.
    fn length(&self) -> usize;
    /// Writes the record into the room for it.
    fn write(&self, room: Room<'_>, tag: u64, salt: u32, stamp: Option<u64>);
}

impl Payload for &[u8] {
    #[inline(always)]
    fn length(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn write(&self, room: Room<'_>, tag: u64, salt: u32, stamp: Option<u64>) {
        room.write_record(tag, salt, stamp, self);
    }
}

/// In parts, which are copied once and nowhere but into the segment.
impl Payload for &[&[u8]] {
    fn length(&self) -> usize {
        self.iter().map(|part| part.len()).sum()
    }

    fn write(&self, room: Room<'_>, tag: u64, salt: u32, stamp: Option<u64>) {
        room.write_parts(tag, salt, stamp, self);
    }
}

/// Takes records from any thread and keeps them until they are delivered.
pub struct Spool {
    pub(super) state: Apart<Lock<SpoolState>>,
    pub(super) lanes: Box<[LaneCell; LANES_MAX]>,
    /// So many of them may be in use.
    pub(super) lanes_most: usize,
    /// Lanes before this one are in use; and [`lanes::ATTENTION`]. Changed with the spool's lock held.
    pub(super) opened: AtomicUsize,
    pub(super) meetings: Apart<Meetings>,
    /// Signalled when records have left and callers wait for room.
    pub(super) space: LockCondvar,
    /// Signalled when a caller has made a segment, or could not.
    pub(super) made: LockCondvar,
    pub(super) wakeup: Arc<Wakeup>,
    pub(super) store: Store,
    pub(super) options: Options,
    /// What is wrong with files and directories, to be told to whoever runs the host.
    pub(super) news: Mutex<Vec<String>>,
    /// No file could be made because there was no descriptor: records are in memory only.
    awaits_descriptors: AtomicBool,
    /// What dead owners left and could not be read at the last look.
    pub(super) unread_orphans: AtomicU64,
    /// Appends refused because somebody held the lock and did not come back.
    stuck: AtomicU64,
    /// Of this instance's own records, those dropped so far: changed under the lock.
    own_dropped: Arc<AtomicU64>,
    /// Held while segments move to the spool directory; whether the instance has given it up.
    pub(super) left: Mutex<bool>,
    /// The size of a usual segment here.
    pub(super) segment_size: u64,
    /// The size of the first.
    pub(super) first_size: u64,
    /// So much may come into a lane before the delivery thread is woken up.
    pub(super) quiet: Quiet,
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
        let begins_small = options.short_lived || options.begins_small;
        let first_size = if begins_small { SEGMENT_SIZE_SMALL } else { SEGMENT_SIZE };
        let first_size = first_size.min(segment_size);
        let wake_bytes = if options.wake_bytes == 0 { segment_size / 2 } else { options.wake_bytes };
        let quiet =
            Quiet::new(wake_bytes, if options.wake_records == 0 { u64::MAX } else { options.wake_records });
        let (store, news, awaits_descriptors) = open_store(&options);
        // Files are read for the first one, which is not to happen in a log call.
        let _ = AgeStamp::of(Duration::ZERO);
        stamp::prepare();
        let most = if options.lanes == 0 { lanes::most(memory, segment_size) } else { options.lanes };
        let own_dropped = Arc::default();
        let spool = Spool {
            own_dropped: Arc::clone(&own_dropped),
            lanes: LaneCell::all(quiet),
            lanes_most: most.min(LANES_MAX),
            opened: AtomicUsize::new(1),
            meetings: Meetings::new(),
            state: Apart(Lock::new(SpoolState {
                closed: false,
                ever_opened: 1,
                sealed: VecDeque::with_capacity(BOOKS_RESERVED),
                adopted: VecDeque::new(),
                spares: Vec::with_capacity(BOOKS_RESERVED),
                unneeded: 0,
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
                waiting: 0,
                last_failure: None,
                own_dropped: Arc::clone(&own_dropped),
                tally: SpoolStats::default(),
            })),
            space: LockCondvar::new(),
            made: LockCondvar::new(),
            wakeup,
            store,
            unread_orphans: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            news: Mutex::new(news.into_iter().collect()),
            awaits_descriptors: AtomicBool::new(awaits_descriptors),
            options: Options { max_memory_bytes: memory, wake_bytes, ..options },
            left: Mutex::new(false),
            segment_size,
            first_size,
            quiet,
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

    /// Whether files can be made in the spool directory at this moment, as far as is known.
    pub fn has_spool_directory(&self) -> bool {
        !self.awaits_descriptors() && self.store.cold.as_ref().is_some_and(StoreRoot::is_usable)
    }

    /// Whether only the want of descriptors keeps records in memory.
    pub(super) fn awaits_descriptors(&self) -> bool {
        self.awaits_descriptors.load(Ordering::Relaxed)
    }

    /// Whether files can be made that could not before for want of descriptors: tries.
    pub(super) fn has_descriptors_again(&self) -> bool {
        let side = self.store.cold.as_ref().or(self.store.hot.as_ref());
        self.awaits_descriptors() && side.is_some_and(|side| self.store.prepare(side).is_ok())
    }

    /// What waited for descriptors has been written to files.
    pub(super) fn end_want_of_descriptors(&self) {
        self.awaits_descriptors.store(false, Ordering::Relaxed);
        if let Some(side) = self.store.cold.as_ref().or(self.store.hot.as_ref()) {
            let place = side.root.path();
            let place = place.display();
            self.tell(Some(format!("there are descriptors again: records that wait are kept in {place}")));
        }
    }

    /// Has whoever runs the host told.
    pub(super) fn tell(&self, what: Option<String>) {
        let mut news = self.news.lock();
        if news.len() < NEWS_MAX {
            news.extend(what);
        }
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
    #[allow(dead_code)] // the library has an answer of its own between the two; tests and models have none
    pub fn append(&self, kind: RecordKind, payload: &[u8]) -> Result<u64, Refusal> {
        match self.append_at_once(kind, payload) {
            Ok(sequence) => Ok(sequence),
            Err(missed) => self.append_slowly(missed, kind, payload),
        }
    }

    /// [`Spool::append`] for a payload in parts, which are copied once and nowhere but into the segment.
    pub fn append_parts(&self, kind: RecordKind, parts: &[&[u8]]) -> Result<u64, Refusal> {
        self.append_missed(Missed(here()), kind, parts)
    }

    /// [`Spool::append`] if the calling thread's lane is free and its segment has room: next to always.
    #[inline(always)]
    pub fn append_at_once(&self, kind: RecordKind, payload: &[u8]) -> Result<u64, Missed> {
        let frame = here();
        let Some(mut lane) = self.enter_own(frame) else { return Err(Missed(frame)) };
        self.put(&mut lane, kind, payload).ok_or(Missed(frame))
    }

    /// The same in any case, after that.
    pub fn append_slowly(&self, missed: Missed, kind: RecordKind, payload: &[u8]) -> Result<u64, Refusal> {
        self.append_missed(missed, kind, payload)
    }

    #[inline(never)]
    fn append_missed(
        &self,
        Missed(frame): Missed,
        kind: RecordKind,
        payload: impl Payload,
    ) -> Result<u64, Refusal> {
        let lane = match self.enter_own(frame) {
            Some(lane) => lane,
            None => self.enter_elsewhere(frame)?,
        };
        let mut lane = self.with_room(lane, payload.length())?;
        self.put(&mut lane, kind, payload).ok_or(Refusal::Full)
    }

    /// Somebody holds the lock and does not come back.
    #[cold]
    pub(super) fn stuck(&self) -> Refusal {
        self.ask_for_attention();
        self.stuck.fetch_add(1, Ordering::Relaxed);
        Refusal::Stuck
    }

    /// Sees to it that the segment in use has room for a payload.
    pub(super) fn with_room<'a>(
        &'a self,
        lane: LockGuard<'a, Lane>,
        payload: usize,
    ) -> Result<LockGuard<'a, Lane>, Refusal> {
        let has_room = |active: &Segment| active.has_room(payload);
        if lane.active.as_ref().is_some_and(has_room) { Ok(lane) } else { self.rotate(lane, payload) }
    }

    /// Writes a record into the segment in use; `None` if that has no room for it.
    #[inline(always)]
    pub(super) fn put(&self, lane: &mut Lane, kind: RecordKind, payload: impl Payload) -> Option<u64> {
        let sequence = lane.next;
        let size = lane.active.as_mut()?.write(sequence, kind, payload)?;
        lane.next += 1;
        if lane.quiet.is_over(size) {
            self.end_quiet(lane);
        }
        Some(sequence)
    }

    #[cold]
    #[inline(never)]
    fn end_quiet(&self, lane: &mut Lane) {
        lane.quiet = self.quiet;
        self.wakeup.notify();
    }

    /// Refuses records from now on; those accepted stay until they are delivered.
    pub fn close(&self) {
        let _undisturbed = Undisturbed::by_handlers();
        if self.seal_all().is_none() {
            return;
        }
        self.space.notify_all();
        self.clear_litter();
    }

    /// Takes all segments out of use, and puts none into use from now on.
    fn seal_all(&self) -> Option<LockGuard<'_, SpoolState>> {
        let each = |(): &mut (), state: &mut SpoolState, lane: &mut Lane| self.seal_active(state, lane);
        Some(self.survey_in_time(|state| state.closed = true, each)?.0)
    }

    /// How many of this spool's own records have been dropped so far, for whatever reason.
    pub fn own_dropped(&self) -> u64 {
        self.own_dropped.load(Ordering::Relaxed)
    }

    pub(super) fn is_own(&self, key: SegmentKey) -> bool {
        key.0 == self.store.origin
    }

    /// After so many bytes of records it wakes the delivery thread up.
    pub fn wake_bytes(&self) -> u64 {
        self.options.wake_bytes
    }

    /// How many records of dead owners are still to be sent.
    pub fn adopted_held(&self) -> u64 {
        self.adopted_in(|_| true)
    }

    /// How many records of dead owners are in segments of a kind.
    fn adopted_in(&self, is_meant: impl Fn(&Segment) -> bool) -> u64 {
        let _undisturbed = Undisturbed::by_handlers();
        let is_meant = |held: &&Segment| is_meant(held);
        let state = self.state.lock_in_time();
        state.map_or(0, |state| state.adopted.iter().filter(is_meant).map(Segment::unsettled).sum())
    }

    /// How many records of dead owners can be read next, as far as is known: without those in segments that have been
    /// put off, and those that wait behind one.
    pub fn adopted_ready(&self) -> u64 {
        let _undisturbed = Undisturbed::by_handlers();
        self.state.lock_in_time().map_or(0, |mut state| group::ready(&mut state.adopted, monotonic::now()))
    }

    /// How many records of dead owners are in segments that are not put off, and so may be read before long.
    pub fn adopted_readable(&self) -> u64 {
        let now = monotonic::now();
        self.adopted_in(|held| !held.is_put_off(now))
    }

    /// Whether dead owners have left something that could not be read at the last look.
    pub fn has_unread_orphans(&self) -> bool {
        self.unread_orphans.load(Ordering::Relaxed) > 0
    }

    /// What became of the records, all as of one moment. `None` while somebody holds the lock and does not come
    /// back.
    pub fn try_stats(&self) -> Option<SpoolStats> {
        self.books(false)
    }

    /// [`Spool::try_stats`] for the library's own threads, which wait.
    pub fn stats(&self) -> SpoolStats {
        self.books(true).unwrap_or_default()
    }

    fn books(&self, is_patient: bool) -> Option<SpoolStats> {
        let stats = self.sum_up(is_patient)?;
        Some(SpoolStats { refused: stats.refused + self.stuck.load(Ordering::Relaxed), ..stats })
    }

    /// What is to be said of records that were dropped: the counts, and what kept a segment from being made of
    /// late. `None` while somebody holds a lock.
    pub(super) fn losses(&self) -> Option<(SpoolStats, Option<String>)> {
        Some((self.books(false)?, self.failure()))
    }

    /// What kept a segment from being made of late, as far as that can be told now.
    pub fn failure(&self) -> Option<String> {
        let (is_cold, error, at) = {
            let _undisturbed = Undisturbed::by_handlers();
            self.state.lock_in_time()?.last_failure?
        };
        let root = if is_cold { &self.store.cold } else { &self.store.hot };
        let is_late = monotonic::now().saturating_duration_since(at) < FAILURE_TOLD;
        root.as_ref().filter(|_| is_late).map(|root| {
            let error = error.map_or_else(io::Error::from, io::Error::from_raw_os_error);
            format!("{} cannot be written to: {error}", root.root.path().display())
        })
    }

    /// How many segments records wait in.
    #[cfg(test)]
    pub fn segments_waiting(&self) -> usize {
        let waits = |held: &&Segment| held.unsettled() > 0;
        let (state, in_use) =
            self.survey(|_| 0, |found, _, lane| *found += lane.active.iter().filter(waits).count());
        in_use + state.sealed.iter().chain(&state.adopted).filter(waits).count()
    }

    /// To be called in a forked child, on a spool that the child will never use: gives back the lock
    /// descriptors it inherited, and touches nothing else.
    pub fn after_fork_in_child(&self) {
        self.store.close_inherited();
    }
}

impl Segment {
    /// The room for one more record, its header and padding included.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.size as usize - self.tail as usize
    }

    /// The room for a payload of so many bytes, and a stamp or none, if there is so much.
    #[inline(always)]
    fn room_for(&self, payload: usize, is_stamped: bool) -> Option<Room<'_>> {
        self.map.as_ref()?.room(self.tail, if is_stamped { STAMP + payload } else { payload })
    }

    pub(super) fn has_room(&self, payload: usize) -> bool {
        self.room_for(payload, self.header.stamped).is_some()
    }

    /// Gives how long the record is; `None` if there is no room for it.
    #[inline(always)]
    fn write(&mut self, sequence: u64, kind: RecordKind, payload: impl Payload) -> Option<u32> {
        let tag = format::tag(sequence, kind.0);
        let next = match self.header.stamped {
            true => self.write_stamped(tag, Some(stamp::now()), payload)?,
            false => self.write_stamped(tag, None, payload)?,
        };
        if self.records == self.settled.count {
            self.begin_to_hold();
        }
        self.records += 1;
        let size = next - self.tail;
        self.tail = next;
        Some(size)
    }

    /// Writes a record with a stamp or without one; gives where the next one goes.
    #[inline(always)]
    fn write_stamped(&self, tag: u64, stamp: Option<u64>, payload: impl Payload) -> Option<u32> {
        let room = self.room_for(payload.length(), stamp.is_some())?;
        let next = room.next;
        payload.write(room, tag, self.header.salt, stamp);
        Some(next)
    }

    /// When a record comes and there is no other.
    #[cold]
    fn begin_to_hold(&mut self) {
        self.oldest = monotonic::now();
        self.mark = None;
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let Some(state) = self.seal_all() else { return };
        // What is held stays where it is, for the next instance to adopt.
        let holds_nothing = state.sealed.is_empty() && state.adopted.is_empty();
        drop(state);
        if holds_nothing {
            self.leave();
        }
    }
}

/// The best directories there are, and what is to be told if they are not as durable as they should be.
/// The last: whether only the want of descriptors keeps records in memory.
fn open_store(options: &Options) -> (Store, Option<String>, bool) {
    let origin = Origin::new();
    let locks = Arc::new(Locks::new());
    let mut store = Store { hot: None, cold: None, origin, locks };
    if options.memory_only {
        return (store, None, false);
    }
    let side = |directory: PathBuf| {
        StoreRoot::new(&directory, &options.identity)
            .map_err(|error| Unusable(format!("{} cannot be opened: {error}", directory.display())))
    };
    let mut news = Vec::new();
    let (mut is_hot, mut hot_lacks_descriptors) = (false, false);
    let mut named_is_unused = false;
    if options.max_disk_bytes > 0 {
        let open = || candidates::spool_directory(options.dir.as_deref()).and_then(side);
        // Once more, as it was in order a moment ago if somebody named it.
        let opened = open().or_else(|_| open()).or_else(|unusable| {
            news.push(unusable.0.clone());
            named_is_unused = options.dir.is_some();
            // It was in order when the logger was made; a child may have become a user who cannot use it.
            if named_is_unused && !options.dir_fallback && !process::is_forked() {
                return Err(unusable);
            }
            candidates::default_spool_directory().and_then(side)
        });
        store.cold = opened.ok();
    }
    match candidates::hot_directory(options.hot_dir.as_deref()).and_then(side) {
        Ok(side) => match store.prepare(&side) {
            Ok(()) => (store.hot, is_hot) = (Some(side), true),
            Err(error) if lacks_descriptors(&error) => {
                news.push(format!("{} cannot be opened: {error}", side.root.path().display()));
                store.hot = Some(side);
                hot_lacks_descriptors = true;
            }
            Err(_) => news.push(format!("{} cannot be written to", side.root.path().display())),
        },
        Err(unusable) => news.push(unusable.0),
    }
    let awaits_descriptors = !is_hot
        && match store.cold.as_ref().map(|cold| store.prepare(cold)) {
            Some(prepared) => prepared.is_err_and(|error| lacks_descriptors(&error)),
            None => hot_lacks_descriptors,
        };
    let whither = match (&store.hot, &store.cold) {
        _ if awaits_descriptors => {
            "until a descriptor is to be had, records are kept in this process's memory only and end with it"
                .to_owned()
        }
        (None, None) => "records are kept in this process's memory only and end with it".to_owned(),
        (Some(hot), None) if options.max_disk_bytes > 0 => {
            let hot = hot.root.path();
            format!("records that wait are kept in {} only and end with a reboot", hot.display())
        }
        // No record is in danger, but somebody named another directory.
        (_, Some(cold)) if named_is_unused => {
            format!("records that wait are kept in {}", cold.root.path().display())
        }
        _ => return (store, None, false),
    };
    let news = format!("{whither}: {}", news.join("; "));
    (store, Some(news), awaits_descriptors)
}
