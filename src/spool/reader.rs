//! The delivery thread's side: batches out, acknowledgements in.

use super::batch::{Batch, Memory};
use super::foreign::ForeignIdentity;
use super::format::{Cursor, SegmentKey};
use super::group::{Group, Unread, View, merge};
use super::lanes::LANES_MAX;
use super::state::{Dropped, Litter, Location, PutOff, Segment, SpoolState};
use super::upkeep::UpkeepSchedule;
use super::{RecordKind, Spool};
use crate::process::{monotonic, stamp};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// While own records wait, one batch in so many comes from dead owners.
const ADOPTED_SHARE: u32 = 4;
/// Buffers kept for reading files: what a batch needs is used again for the next one.
const BUFFERS_MAX: usize = 6 + LANES_MAX;
/// Bytes of those among them that the next batch is not read from.
const BUFFERS_BYTES: usize = 8 << 20;

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
    pub(super) buffers: Vec<ReadBuffer>,
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
    /// When it was last asked which lanes are used.
    pub(super) lanes_looked: Instant,
}

/// Bytes of a segment file, kept for the next batch from the same segment.
pub(super) struct ReadBuffer {
    pub key: SegmentKey,
    from: usize,
    pub bytes: Arc<Vec<u8>>,
}

impl ReadBuffer {
    /// Whether one of these segments is read from it.
    fn is_of(&self, views: &[View]) -> bool {
        views.iter().any(|view| view.header.key() == self.key)
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
            lanes_looked: monotonic::now(),
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
        let mut looks = 0;
        let batch = loop {
            self.spool.prepare_spare();
            let Some(mut group) = self.next_group(limits) else { break None };
            if looks > 1 {
                // The clock has been set back: better in another order than not at all.
                group.cut = u64::MAX;
            }
            let views = &group.views;
            match self.collect(&group, limits, alone) {
                Ok(batch) => break Some(batch),
                Err((_, Unread::TooYoung)) => looks += 1,
                Err((view, Unread::ForNow(error))) => {
                    self.put_off(views[view].header.key(), &views[view].location, &error);
                }
                Err((view, Unread::ForGood)) => {
                    self.abandon(views[view].header.key(), &views[view].location);
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
    fn next_group(&mut self, limits: &BatchLimits) -> Option<Group> {
        let now = monotonic::now();
        // What is not seen in a lane from here on was accepted behind this moment.
        let begin = |_: &mut SpoolState| (stamp::before_what_follows(), Vec::new());
        let (mut state, (cut, actives)) = self.spool.survey(begin, |(_, actives), _, lane| {
            lane.quiet = self.spool.quiet;
            actives.extend(
                lane.active.as_mut().filter(|held| held.unsettled() > 0).map(|held| View::of(held, now)),
            );
        });
        let SpoolState { sealed, adopted, .. } = &mut *state;
        // With one byte the first segment is enough.
        let max_bytes = if self.one_segment { 1 } else { limits.max_bytes };
        let mut of_dead = || Group::new(max_bytes, u64::MAX).of(adopted.iter_mut(), Vec::new(), now);
        let is_their_turn = self.own_batches + 1 >= ADOPTED_SHARE;
        let theirs = if is_their_turn { of_dead() } else { None };
        let own = match theirs {
            Some(_) => None,
            None => Group::new(max_bytes, cut).of(sealed.iter_mut(), actives, now),
        };
        self.own_batches = if own.is_some() { self.own_batches.saturating_add(1) } else { 0 };
        theirs.or(own).or_else(of_dead)
    }

    /// A batch out of these segments; or which of them is in the way of one, and why.
    fn collect(
        &mut self,
        group: &Group,
        limits: &BatchLimits,
        alone: &dyn Fn(RecordKind, usize) -> bool,
    ) -> Result<Batch, (usize, Unread)> {
        let views = &group.views;
        // Once for all of them, as there may be thousands.
        self.forget_other_buffers(views);
        if views[0].header.stamped {
            let mut sources = Vec::with_capacity(views.len());
            for (index, view) in views.iter().enumerate() {
                let from = view.cursor.offset as usize;
                let (memory, to) = self.memory(views, view, from).map_err(|why| (index, why))?;
                sources.push((memory, from, to));
            }
            return merge(group, &sources, limits, alone, self.one_segment);
        }
        let mut batch = Batch { pieces: Vec::new(), entries: Vec::new(), done: 0 };
        let mut bytes = 0;
        for (index, view) in views.iter().enumerate() {
            let from = view.cursor.offset as usize;
            let (memory, to) = match self.memory(views, view, from) {
                Ok(found) => found,
                Err(why) if batch.entries.is_empty() => return Err((index, why)),
                // Whatever is wrong with a later segment is seen to when it is the first.
                Err(_) => break,
            };
            let before = batch.entries.len();
            let mut is_full = false;
            for frame in view.scan(memory.get(from..to), from) {
                if !batch.takes(view, &memory, &frame, &mut bytes, limits, alone) {
                    is_full = true;
                    break;
                }
            }
            if is_full || batch.entries.len() == before {
                break;
            }
        }
        if batch.entries.is_empty() { Err((0, Unread::ForGood)) } else { Ok(batch) }
    }

    /// The bytes of a segment, one of these, from `from` on, and where they end.
    fn memory(&mut self, views: &[View], view: &View, from: usize) -> Result<(Memory, usize), Unread> {
        if let Some(map) = &view.map {
            return Ok((Memory::Mapped(Arc::clone(map)), view.tail));
        }
        let key = view.header.key();
        let known = self.buffers.iter().find(|buffer| buffer.key == key && buffer.from <= from);
        let (bytes, start) = match known {
            Some(buffer) => (Arc::clone(&buffer.bytes), buffer.from),
            None => (self.read(views, view, from)?, from),
        };
        let end = start + bytes.len();
        if end < from { Err(Unread::ForGood) } else { Ok((Memory::Read(bytes, start), end)) }
    }

    /// Reads a segment file into a buffer that no batch uses any more, and none of these segments will.
    fn read(&mut self, views: &[View], view: &View, from: usize) -> Result<Arc<Vec<u8>>, Unread> {
        let is_free = |buffer: &ReadBuffer| Arc::strong_count(&buffer.bytes) == 1 && !buffer.is_of(views);
        let free = self.buffers.iter().position(is_free).map(|index| self.buffers.remove(index).bytes);
        let mut bytes = free.and_then(Arc::into_inner).unwrap_or_default();
        let read = self.spool.store.read(&view.location, from, view.tail, &mut bytes);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::InvalidData => Unread::ForGood,
            _ => Unread::ForNow(error),
        })?;
        let bytes = Arc::new(bytes);
        self.buffers.push(ReadBuffer { key: view.header.key(), from, bytes: Arc::clone(&bytes) });
        Ok(bytes)
    }

    /// Frees the oldest buffers of other segments than these, if they are too many or too large.
    fn forget_other_buffers(&mut self, views: &[View]) {
        let (mut others, mut room) = (BUFFERS_MAX.saturating_sub(views.len()), BUFFERS_BYTES);
        for index in (0..self.buffers.len()).rev() {
            let buffer = &self.buffers[index];
            if buffer.is_of(views) {
                continue;
            }
            match (others.checked_sub(1), room.checked_sub(buffer.bytes.capacity())) {
                (Some(fewer), Some(less)) => (others, room) = (fewer, less),
                _ => drop(self.buffers.remove(index)),
            }
        }
    }

    /// Leaves a segment that cannot be read at present where it is, and says so.
    fn put_off(&mut self, key: SegmentKey, location: &Location, error: &io::Error) {
        let now = monotonic::now();
        if let Some(held) = self.spool.lock_state().find(key) {
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
        let state = self.spool.lock_state();
        // Segments in use are mapped, and so can be read.
        let held = state.adopted.iter().chain(&state.sealed).filter(|held| held.unread.is_some());
        let records = held.map(Segment::unsettled).sum();
        (records > 0).then_some(records)
    }

    /// What is to be said of records that were dropped: the counts, the limits, and what kept a segment from being
    /// made of late. `None` while somebody holds a lock.
    pub fn losses(&self) -> Option<(super::SpoolStats, &super::Options, Option<String>)> {
        let (stats, failure) = self.spool.losses()?;
        Some((stats, &self.spool.options, failure))
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
    pub fn drop_buffers(&mut self) {
        self.buffers.clear();
    }

    /// Settles a segment whose remaining records are damaged, or gone, at this place; its file is to be set aside.
    pub(super) fn abandon(&mut self, key: SegmentKey, location: &Location) {
        let mut state = self.spool.seal(key);
        if state.find(key).is_some_and(|held| held.location != *location) {
            // It has moved to the spool directory meanwhile, and is to be read from there.
            return;
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
        count: impl Fn(&mut super::SpoolStats, u64, u64),
    ) {
        let leaving = batch.done..batch.done + n.min(batch.len());
        batch.done = leaving.end;
        for (index, piece) in batch.pieces.iter_mut().enumerate() {
            if piece.end <= leaving.start {
                continue;
            }
            let mut records = 0;
            let mut bytes = 0;
            let mut cursor = None;
            for entry in batch.entries[leaving.clone()].iter().filter(|entry| entry.piece == index as u32) {
                records += 1;
                bytes += u64::from(entry.length);
                cursor = Some(entry.cursor);
            }
            let Some(cursor) = cursor else { continue };
            if piece.end <= leaving.end {
                piece.memory = None;
            }
            self.move_cursor(piece.key, cursor, |tally| count(tally, records, bytes), records);
        }
        self.spool.clear_litter();
        let mut state = self.spool.lock_state();
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
        count: impl FnOnce(&mut super::SpoolStats),
        records: u64,
    ) {
        let spool = &*self.spool;
        let mut told = None;
        let (mut state, (passed, finished, sides)) = loop {
            // Again if it has moved to the spool directory meanwhile.
            let step = spool.with_held(key, |held| {
                if told.as_ref() == Some(&held.location) {
                    let passed = held.settle(cursor);
                    let finished = held.unsettled() == 0 && held.sealed.is_some();
                    return Ok((passed, finished, held.take_left_sides()));
                }
                Err((held.map.clone(), held.location.clone(), held.header.salt))
            });
            let Some((state, step)) = step else { return };
            let (map, location, salt) = match step {
                Ok(settled) => break (state, settled),
                Err(untold) => untold,
            };
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
        state.cold_bytes -= sides.iter().map(|side| side.size).sum::<u64>();
        if !sides.is_empty() {
            state.litter.push(Litter::Sides(key.0, sides));
        }
        count(&mut state.tally);
        state.count_dropped(Dropped::Corrupt, passed.saturating_sub(records), spool.is_own(key));
        let held = if finished { state.take(key) } else { None };
        if let Some(held) = held {
            spool.retire(&mut state, held);
        }
        if state.waiting > 0 {
            spool.space.notify_all();
        }
    }
}
