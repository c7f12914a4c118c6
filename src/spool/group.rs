//! What a batch is made of: which segments, and their records in the order in which they came.

use super::RecordKind;
use super::batch::{Batch, BatchRecord, Memory, Piece};
use super::format::{Cursor, Header};
use super::lanes::lane_of;
use super::reader::BatchLimits;
use super::scan::{Frame, Scan};
use super::state::{Location, Segment};
use crate::process;
use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// Why there is no record in the first segment.
pub(super) enum Unread {
    /// All there are were accepted while it was looked at them: the next look sees what else was.
    TooYoung,
    /// It could not be read, for want of a descriptor, of memory, of permission or of a device that answers.
    ForNow(io::Error),
    /// The file is gone or damaged.
    ForGood,
}

/// One segment as the lock showed it.
pub(super) struct View {
    pub header: Header,
    pub location: Location,
    pub map: Option<Arc<super::segment::Mapping>>,
    pub cursor: Cursor,
    pub tail: usize,
    records: u32,
    pin: Arc<()>,
    lane: usize,
    /// So many of its records had been accepted before this look began.
    before: u32,
    /// Whether the lane has another segment behind this one.
    has_next: bool,
}

/// What the next batch is made of: segments one after the other, or, with stamps, the oldest of each lane.
pub(super) struct Group {
    pub views: Vec<View>,
    bytes: usize,
    max_bytes: usize,
    /// Of records with stamps, those before this one: all of them have been seen.
    pub cut: u64,
}

/// Whether a group takes further segments.
type Offered = ControlFlow<Option<Group>, Group>;

impl Group {
    pub fn new(max_bytes: usize, cut: u64) -> Group {
        Group { views: Vec::new(), bytes: 0, max_bytes, cut }
    }

    /// Takes a segment with records, the next in the order.
    fn offer(mut self, held: &mut Segment, now: Instant) -> Offered {
        let header = &held.header;
        if let Some(first) = self.views.first().map(|view| &view.header) {
            let is_same =
                first.stamped == header.stamped && (!first.stamped || first.origin == header.origin);
            if !is_same || !first.stamped && self.bytes >= self.max_bytes {
                return ControlFlow::Break(Some(self));
            }
        }
        if self.has_lane_of(header) {
            return ControlFlow::Continue(self);
        }
        // Behind one that cannot be read the others wait, for the order's sake, but not for ever. With stamps it may
        // hold some that are older than what the others hold.
        if held.is_waited_for(now) {
            let has_some = !self.views.is_empty() && !header.stamped;
            return ControlFlow::Break(has_some.then_some(self));
        }
        if held.is_put_off(now) {
            return ControlFlow::Continue(self);
        }
        self.push(View::of(held, now));
        ControlFlow::Continue(self)
    }

    /// Takes a segment in use.
    fn offer_active(mut self, view: View) -> Group {
        let is_same = self.views.first().is_none_or(|first| first.header.stamped == view.header.stamped);
        let has_room = view.header.stamped || self.bytes < self.max_bytes;
        if is_same && !self.has_lane_of(&view.header) && has_room {
            self.push(view);
        }
        self
    }

    fn push(&mut self, view: View) {
        self.bytes += view.tail.saturating_sub(view.cursor.offset as usize);
        self.views.push(view);
    }

    /// With stamps: whether there is a segment of the same lane already, which comes before.
    fn has_lane_of(&mut self, header: &Header) -> bool {
        let lane = lane_of(header.base);
        let before = self.views.iter_mut().find(|view| header.stamped && view.lane == lane);
        before.map(|view| view.has_next = true).is_some()
    }

    /// The group out of these segments, and those in use behind them; `None` if nothing can be had at present.
    pub fn of<'a>(
        self,
        sealed: impl Iterator<Item = &'a mut Segment>,
        actives: Vec<View>,
        now: Instant,
    ) -> Option<Group> {
        let mut waiting = sealed.filter(|held| held.unsettled() > 0);
        let group = match waiting.try_fold(self, |group, held| group.offer(held, now)) {
            ControlFlow::Break(ended) => ended,
            ControlFlow::Continue(group) => Some(actives.into_iter().fold(group, Group::offer_active)),
        };
        group.filter(|group| !group.views.is_empty())
    }
}

impl View {
    pub fn of(held: &mut Segment, now: Instant) -> View {
        // It was set at an earlier look.
        let seen = held.mark.map_or(0, |(records, _)| records);
        held.mark.get_or_insert((held.records, now));
        View {
            before: if held.sealed.is_some() { held.records } else { seen },
            lane: lane_of(held.header.base),
            has_next: false,
            header: held.header,
            location: held.location.clone(),
            map: held.map.clone(),
            cursor: held.settled,
            tail: held.tail as usize,
            records: held.records,
            pin: Arc::clone(&held.pin),
        }
    }

    /// Where a record comes among those of several lanes, which have been looked at since `cut`. One that was there before
    /// and has a later stamp was accepted before the clock was set back: before all whose stamps can be believed.
    fn order(&self, record: &Frame, cut: u64) -> (bool, u64) {
        let was_there = record.sequence - self.header.base < u64::from(self.before);
        (!was_there || record.stamp <= cut, record.stamp)
    }

    /// The records that have not left, in these bytes of the segment.
    pub fn scan<'a>(&self, bytes: &'a [u8], from: usize) -> Scan<'a> {
        let first = self.header.base + u64::from(self.cursor.count);
        let last = self.header.base + u64::from(self.records);
        Scan::new(bytes, from, &self.header, first..last)
    }
}

impl Batch {
    /// Takes another record if there is room for it; gives whether there may be room for more.
    pub(super) fn takes(
        &mut self,
        view: &View,
        memory: &Memory,
        frame: &Frame,
        bytes: &mut usize,
        limits: &BatchLimits,
        alone: &dyn Fn(RecordKind, usize) -> bool,
    ) -> bool {
        let length = frame.payload.len();
        let kind = RecordKind(frame.kind);
        let is_alone = alone(kind, length);
        let cost = length + limits.per_record_overhead;
        let full = *bytes + cost > limits.max_bytes || self.entries.len() >= limits.max_records;
        // No more than there is memory for.
        let has_room = self.entries.len() < self.entries.capacity()
            || process::without_waiting(|| self.entries.try_reserve(1)).is_ok();
        if !self.entries.is_empty() && (is_alone || full || !has_room) {
            return false;
        }
        let key = view.header.key();
        // Of a few at most, and mostly the last one.
        let piece = match self.pieces.iter().rposition(|piece| piece.key == key) {
            Some(piece) => piece,
            None => {
                let (memory, pin) = (Some(memory.clone()), Arc::clone(&view.pin));
                self.pieces.push(Piece { key, memory, end: 0, _pin: pin });
                self.pieces.len() - 1
            }
        };
        *bytes += cost;
        self.entries.push(BatchRecord {
            piece: piece as u32,
            kind,
            start: frame.payload.start as u32,
            length: length as u32,
            cursor: Cursor {
                offset: frame.end as u32,
                count: (frame.sequence + 1 - view.header.base) as u32,
            },
        });
        self.pieces[piece].end = self.entries.len();
        !is_alone
    }
}

/// How many records the next batch out of these segments can have: what has been put off is not among them, nor what
/// waits behind it.
pub(super) fn ready(segments: &mut VecDeque<Segment>, now: Instant) -> u64 {
    let group = Group::new(1, u64::MAX).of(segments.iter_mut(), Vec::new(), now);
    group.iter().flat_map(|group| &group.views).map(|view| u64::from(view.records - view.cursor.count)).sum()
}

/// The records of several lanes in the order of their stamps, before the cut, and up to the end of a segment that has
/// another one behind it.
pub(super) fn merge(
    Group { views, cut, .. }: &Group,
    sources: &[(Memory, usize, usize)],
    limits: &BatchLimits,
    alone: &dyn Fn(RecordKind, usize) -> bool,
    one_segment: bool,
) -> Result<Batch, (usize, Unread)> {
    let mut batch = Batch { pieces: Vec::new(), entries: Vec::new(), done: 0 };
    let mut bytes = 0;
    let mut heads: Vec<(Option<Frame>, Scan<'_>)> = Vec::with_capacity(views.len());
    for (view, (memory, from, to)) in views.iter().zip(sources) {
        let mut scan = view.scan(memory.get(*from..*to), *from);
        heads.push((scan.next(), scan));
    }
    // The order of its stamps is not known before its records are read.
    let mut ended = heads.iter().zip(views).position(|((head, _), view)| head.is_none() && view.has_next);
    let mut is_young = false;
    while ended.is_none() {
        let ordered = heads
            .iter()
            .enumerate()
            .filter_map(|(index, (head, _))| Some((views[index].order(head.as_ref()?, *cut), index)));
        let Some((order, index)) = ordered.min() else { break };
        if one_segment && batch.pieces.first().is_some_and(|piece| piece.key != views[index].header.key()) {
            break;
        }
        is_young = order >= (true, *cut);
        let (head, scan) = &mut heads[index];
        let Some(frame) = head.take().filter(|_| !is_young) else { break };
        if !batch.takes(&views[index], &sources[index].0, &frame, &mut bytes, limits, alone) {
            break;
        }
        *head = scan.next();
        if head.is_none() && views[index].has_next {
            ended = Some(index);
        }
    }
    match (batch.entries.is_empty(), is_young) {
        (false, _) => Ok(batch),
        (true, true) => Err((0, Unread::TooYoung)),
        (true, false) => Err((ended.unwrap_or(0), Unread::ForGood)),
    }
}
