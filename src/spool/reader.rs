//! The delivery thread's side: batches out, acknowledgements in.

use super::batch::{Batch, BatchRecord, Memory, Piece};
use super::foreign::ForeignIdentity;
use super::format::{Cursor, Header, Scan, SegmentKey};
use super::state::{Dropped, Litter, Location, PutOff, Segment};
use super::upkeep::UpkeepSchedule;
use super::{RecordKind, Spool};
use crate::process::monotonic;
use std::borrow::Borrow;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// While own records wait, one batch in so many comes from dead owners.
const ADOPTED_SHARE: u32 = 4;
/// Buffers kept for reading files: what a batch needs is used again for the next one.
const BUFFERS_MAX: usize = 6;

/// How long after a segment could not be read it is tried again.
pub const READ_AGAIN: Duration = Duration::from_secs(1);

/// How large a batch may be.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Payload and overhead of all records together. A single larger record is a batch of its own.
    pub max_bytes: usize,
    /// The number of records.
    pub max_records: usize,
    /// What each record costs on the wire beyond its payload.
    pub per_record_overhead: usize,
}

/// Takes records out of a [`Spool`], oldest first. There is one reader for a spool, used by one
/// thread at a time. A batch that is not acknowledged is simply offered again.
pub struct Reader {
    pub(super) spool: Arc<Spool>,
    buffers: Vec<ReadBuffer>,
    /// Whether a batch is of one segment, and so acknowledged at once.
    one_segment: bool,
    /// Batches since one came from a dead owner.
    own_batches: u32,
    /// Whether the last look for dead owners left some for the next.
    pub(super) more_orphans: bool,
    pub(super) schedule: UpkeepSchedule,
    /// When other identities' directories were last looked at.
    pub(super) swept: Option<Instant>,
    /// What a look that took too long has not come to.
    pub(super) unswept: Vec<ForeignIdentity>,
}

/// Bytes of a segment file, kept for the next batch from the same segment.
struct ReadBuffer {
    key: SegmentKey,
    from: usize,
    bytes: Arc<Vec<u8>>,
}

/// Why there is no record in the first segment.
enum Unread {
    /// It could not be read, for want of a descriptor, of memory, of permission or of a device that answers.
    ForNow(io::Error),
    /// The file is gone or damaged.
    ForGood,
}

/// One segment as the lock showed it.
struct View {
    header: Header,
    location: Location,
    map: Option<Arc<super::segment::Mapping>>,
    cursor: Cursor,
    tail: usize,
    records: u32,
    pin: Arc<()>,
}

impl View {
    fn of(held: &Segment) -> View {
        View {
            header: held.header,
            location: held.location.clone(),
            map: held.map.clone(),
            cursor: held.settled,
            tail: held.tail as usize,
            records: held.records,
            pin: Arc::clone(&held.pin),
        }
    }
}

impl Reader {
    /// The reader of a spool.
    pub fn new(spool: Arc<Spool>) -> Reader {
        let schedule = UpkeepSchedule::new(spool.options.short_lived);
        Reader {
            spool,
            buffers: Vec::new(),
            one_segment: false,
            own_batches: 0,
            more_orphans: false,
            schedule,
            swept: None,
            unswept: Vec::new(),
        }
    }

    /// Whether a batch is to be of one segment: whenever the process ends, all of it has been acknowledged, or nothing.
    pub fn set_one_segment(&mut self, one: bool) {
        self.one_segment = one;
    }

    /// The next records, oldest first: this spool's own, and in between a bounded share of those of
    /// dead owners. A record for which `alone` is true (told its kind and length) is a batch of its
    /// own. `None` when nothing waits. Starts at the first record that is not settled.
    pub fn next_batch(
        &mut self,
        limits: &BatchLimits,
        alone: &dyn Fn(RecordKind, usize) -> bool,
    ) -> Option<Batch> {
        let mut is_damaged = false;
        let batch = loop {
            self.spool.prepare_spare();
            let Some(views) = self.views(limits) else { break None };
            let (first, location) = (views[0].header.key(), views[0].location.clone());
            match self.collect(views, limits, alone) {
                Ok(batch) => break Some(batch),
                Err(Unread::ForNow(error)) => self.put_off(first, &location, &error),
                Err(Unread::ForGood) => {
                    self.abandon(first, &location);
                    is_damaged = true;
                }
            }
        };
        // All at once, as there may be thousands.
        if is_damaged {
            let _left = self.spool.left.lock();
            self.spool.set_damaged_aside();
        }
        batch
    }

    /// Whether a batch is of a dead owner.
    pub fn is_adopted(&self, batch: &Batch) -> bool {
        batch.pieces.first().is_some_and(|piece| !self.spool.is_own(piece.key))
    }

    /// The segments that the next batch is made of.
    fn views(&mut self, limits: &BatchLimits) -> Option<Vec<View>> {
        let mut state = self.spool.state.lock();
        state.unread_bytes = 0;
        state.unread_records = 0;
        let now = monotonic::now();
        let own_waits = ready(state.own(), now).next().is_some();
        let adopted_waits = ready(state.adopted.iter(), now).next().is_some();
        let own_turn = own_waits && (!adopted_waits || self.own_batches + 1 < ADOPTED_SHARE);
        self.own_batches = if own_turn { self.own_batches + 1 } else { 0 };
        let mut views = Vec::new();
        let mut bytes = 0;
        let state = &mut *state;
        let own = state.sealed.iter_mut().chain(&mut state.active);
        let (mut own, mut adopted) = (own, state.adopted.iter_mut());
        let segments: &mut dyn Iterator<Item = &mut Segment> = if own_turn { &mut own } else { &mut adopted };
        for held in ready(segments, now) {
            if bytes >= limits.max_bytes || (self.one_segment && !views.is_empty()) {
                break;
            }
            bytes += held.unsettled_bytes() as usize;
            held.mark.get_or_insert((held.records, now));
            views.push(View::of(held));
        }
        (!views.is_empty()).then_some(views)
    }

    fn collect(
        &mut self,
        views: Vec<View>,
        limits: &BatchLimits,
        alone: &dyn Fn(RecordKind, usize) -> bool,
    ) -> Result<Batch, Unread> {
        let mut batch = Batch { pieces: Vec::new(), entries: Vec::new(), done: 0 };
        let mut bytes = 0;
        'views: for view in views {
            let from = view.cursor.offset as usize;
            let (memory, to) = match self.memory(&view, from) {
                Ok(found) => found,
                Err(why) if batch.entries.is_empty() => return Err(why),
                // Whatever is wrong with a later segment is seen to when it is the first.
                Err(_) => break,
            };
            let first = view.header.base + u64::from(view.cursor.count);
            let last = view.header.base + u64::from(view.records);
            let mut entries = 0;
            for frame in Scan::new(memory.get(from..to), from, view.header.salt, first..last) {
                let length = frame.payload.len();
                let kind = RecordKind(frame.kind);
                let is_alone = alone(kind, length);
                let cost = length + limits.per_record_overhead;
                let full = bytes + cost > limits.max_bytes || batch.entries.len() >= limits.max_records;
                if !batch.entries.is_empty() && (is_alone || full) {
                    break 'views;
                }
                if entries == 0 {
                    let memory = Some(memory.clone());
                    batch.pieces.push(Piece { key: view.header.key(), memory, _pin: Arc::clone(&view.pin) });
                }
                entries += 1;
                bytes += cost;
                batch.entries.push(BatchRecord {
                    piece: batch.pieces.len() as u32 - 1,
                    kind,
                    start: frame.payload.start as u32,
                    length: length as u32,
                    cursor: Cursor {
                        offset: frame.end as u32,
                        count: (frame.sequence + 1 - view.header.base) as u32,
                    },
                });
                if is_alone {
                    break 'views;
                }
            }
            if entries == 0 {
                break;
            }
        }
        if batch.entries.is_empty() { Err(Unread::ForGood) } else { Ok(batch) }
    }

    /// The bytes of a segment from `from` on, and where they end.
    fn memory(&mut self, view: &View, from: usize) -> Result<(Memory, usize), Unread> {
        if let Some(map) = &view.map {
            return Ok((Memory::Mapped(Arc::clone(map)), view.tail));
        }
        let key = view.header.key();
        let known = self.buffers.iter().find(|buffer| buffer.key == key && buffer.from <= from);
        let (bytes, start) = match known {
            Some(buffer) => (Arc::clone(&buffer.bytes), buffer.from),
            None => (self.read(view, from)?, from),
        };
        let end = start + bytes.len();
        if end < from { Err(Unread::ForGood) } else { Ok((Memory::Read(bytes, start), end)) }
    }

    /// Reads a segment file into a buffer that no batch uses any more.
    fn read(&mut self, view: &View, from: usize) -> Result<Arc<Vec<u8>>, Unread> {
        let free = self.buffers.iter().position(|buffer| Arc::strong_count(&buffer.bytes) == 1);
        let free = free.map(|index| self.buffers.remove(index).bytes);
        let mut bytes = free.and_then(Arc::into_inner).unwrap_or_default();
        let read = self.spool.store.read(&view.location, from, view.tail, &mut bytes);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::InvalidData => Unread::ForGood,
            _ => Unread::ForNow(error),
        })?;
        let bytes = Arc::new(bytes);
        if self.buffers.len() >= BUFFERS_MAX {
            self.buffers.remove(0);
        }
        self.buffers.push(ReadBuffer { key: view.header.key(), from, bytes: Arc::clone(&bytes) });
        Ok(bytes)
    }

    /// Leaves a segment that cannot be read at present where it is, and says so.
    fn put_off(&mut self, key: SegmentKey, location: &Location, error: &io::Error) {
        let now = monotonic::now();
        if let Some(held) = self.spool.state.lock().find(key) {
            held.unread = Some(PutOff {
                since: held.unread.map_or(now, |before| before.since),
                again: now + READ_AGAIN,
            });
        }
        self.spool.note_unread(location, error);
    }

    /// How many records could not be read and are held, if there are any. [`Reader::next_batch`] has found nothing: it does
    /// not matter whether the time for another try has come since.
    pub fn unreadable(&self) -> Option<u64> {
        let state = self.spool.state.lock();
        let records = state.all().filter(|held| held.unread.is_some()).map(Segment::unsettled).sum();
        (records > 0).then_some(records)
    }

    /// What is wrong with files and directories and has not been told yet.
    pub fn take_news(&mut self) -> Vec<String> {
        self.spool.take_news()
    }

    /// [`Spool::spill`], by the delivery thread.
    pub fn spill(&mut self) -> bool {
        self.spool.spill()
    }

    /// Forgets the buffers: nothing is being read.
    pub(super) fn drop_buffers(&mut self) {
        self.buffers.clear();
    }

    /// Settles a segment whose remaining records are damaged, or gone, at this place; its file is to be set aside.
    pub(super) fn abandon(&mut self, key: SegmentKey, location: &Location) {
        let mut state = self.spool.state.lock();
        if state.find(key).is_some_and(|held| held.location != *location) {
            // It has moved to the spool directory meanwhile, and is to be read from there.
            return;
        }
        if state.active.as_ref().is_some_and(|active| active.key() == key) {
            self.spool.seal_active(&mut state);
        }
        if let Some(mut held) = state.take(key) {
            state.count_dropped(Dropped::Corrupt, held.unsettled(), self.spool.is_own(key));
            if *location == Location::Memory {
                self.spool.retire(&mut state, held);
            } else {
                // Not for another use.
                state.litter.extend(held.map.take().map(Litter::Memory));
                state.litter.push(Litter::Sides(key.0, std::mem::take(&mut held.sides)));
                state.damaged.push(held.location);
            }
        }
        drop(state);
        self.spool.clear_litter();
    }

    /// The first `n` records of the batch have been delivered: they leave the batch and the spool.
    pub fn acknowledge(&mut self, batch: &mut Batch, n: usize) {
        let n = n.min(batch.len());
        self.settle(batch, n, |tally, records, bytes| {
            tally.delivered += records;
            tally.bytes_delivered += bytes;
        });
    }

    /// Lets the first `n` records leave the batch and the spool, and has them counted in the same
    /// moment. Records that were lost between them are counted as corrupt.
    pub(super) fn settle(
        &mut self,
        batch: &mut Batch,
        n: usize,
        count: impl Fn(&mut super::Stats, u64, u64),
    ) {
        let mut left = n;
        while left > 0 {
            let waiting = batch.waiting();
            let index = waiting[0].piece;
            let run = waiting.iter().take(left).take_while(|entry| entry.piece == index).count();
            let bytes = waiting[..run].iter().map(|entry| u64::from(entry.length)).sum();
            let cursor = waiting[run - 1].cursor;
            let finished = waiting.get(run).is_none_or(|entry| entry.piece != index);
            batch.done += run;
            left -= run;
            let piece = &mut batch.pieces[index as usize];
            if finished {
                piece.memory = None;
            }
            self.move_cursor(piece.key, cursor, |tally| count(tally, run as u64, bytes), run as u64);
        }
        self.spool.clear_litter();
        let mut state = self.spool.state.lock();
        if state.memory_failed {
            // What the batch showed may be unmapped now.
            state.try_places_again();
        }
    }

    /// Moves the cursor of a segment, first on the file and then on the books; lets go of the
    /// segment when all of its records have left.
    fn move_cursor(
        &mut self,
        key: SegmentKey,
        cursor: Cursor,
        count: impl FnOnce(&mut super::Stats),
        records: u64,
    ) {
        let spool = &*self.spool;
        let mut told = None;
        let mut state = loop {
            let mut state = spool.state.lock();
            let Some(held) = state.find(key) else { return };
            let (map, location, salt) = (held.map.clone(), held.location.clone(), held.header.salt);
            // Again if it has moved to the spool directory meanwhile.
            if told.as_ref() == Some(&location) {
                break state;
            }
            drop(state);
            match map {
                Some(map) => map.set_cursor(cursor, salt),
                None => {
                    // A cursor that cannot be written costs a second delivery after a crash.
                    let word = cursor.pack(salt).to_le_bytes();
                    let _ = spool.store.write_at(&location, super::format::CURSOR_AT, &word);
                }
            }
            told = Some(location);
        };
        let Some(held) = state.find(key) else { return };
        let passed = held.settle(cursor);
        let finished = held.unsettled() == 0 && held.sealed.is_some();
        let sides = held.take_left_sides();
        state.cold_bytes -= sides.iter().map(|side| side.size).sum::<u64>();
        if !sides.is_empty() {
            state.litter.push(Litter::Sides(key.0, sides));
        }
        count(&mut state.tally);
        state.count_dropped(Dropped::Corrupt, passed.saturating_sub(records), spool.is_own(key));
        if finished && let Some(held) = state.take(key) {
            spool.retire(&mut state, held);
        }
        if state.waiting > 0 {
            spool.space.notify_all();
        }
    }
}

/// The segments whose turn it is. Behind one that cannot be read the others wait, for the order's sake, but not
/// for ever.
pub(super) fn ready<H: Borrow<Segment>>(
    segments: impl Iterator<Item = H>,
    now: Instant,
) -> impl Iterator<Item = H> {
    segments
        .filter(|held| held.borrow().unsettled() > 0)
        .take_while(move |held| !held.borrow().is_waited_for(now))
        .filter(move |held| !held.borrow().is_put_off(now))
}
