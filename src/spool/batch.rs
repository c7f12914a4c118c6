//! Records on their way out: a run of records, oldest first, that stays readable whatever happens
//! to the segments it came from.

use super::RecordKind;
use super::format::{Cursor, SegmentKey};
use super::segment::Mapping;
use std::ops::Range;
use std::sync::Arc;

/// One record as a batch shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What the caller said it is.
    pub kind: RecordKind,
    /// The bytes appended.
    pub payload: &'a [u8],
}

/// Tells a record from every other one of its spool, in whichever batch it is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordId(SegmentKey, u32);

impl RecordId {
    /// Whether it stands between two others of one segment, or is one of them.
    pub fn is_between(&self, first: &RecordId, last: &RecordId) -> bool {
        self.0 == first.0 && first.0 == last.0 && (first.1..=last.1).contains(&self.1)
    }

    /// Whether the two are of one segment.
    pub fn is_beside(&self, other: &RecordId) -> bool {
        self.0 == other.0
    }
}

/// The bytes of a segment, for as long as a batch needs them.
#[derive(Clone)]
pub(super) enum Memory {
    Mapped(Arc<Mapping>),
    /// A part of a file that begins at this offset of the segment.
    Read(Arc<Vec<u8>>, usize),
}

impl Memory {
    /// A range of the segment, which the caller knows to be published and present.
    pub fn get(&self, range: Range<usize>) -> &[u8] {
        match self {
            Memory::Mapped(map) => map.published(range),
            Memory::Read(bytes, from) => bytes.get(range.start - from..range.end - from).unwrap_or_default(),
        }
    }
}

/// One segment's share of a batch.
pub(super) struct Piece {
    pub key: SegmentKey,
    /// Dropped once all of its records have left, so that the segment can be used again.
    pub memory: Option<Memory>,
    /// Behind its last record in the batch.
    pub end: usize,
    /// Keeps the segment from being evicted.
    pub _pin: Arc<()>,
}

/// One record of a batch.
pub(super) struct BatchRecord {
    pub piece: u32,
    pub kind: RecordKind,
    pub start: u32,
    pub length: u32,
    /// Where the segment's cursor stands once this record has left.
    pub cursor: Cursor,
}

/// A run of records in order, all its own: later evictions cannot touch it. Counts, indices and
/// ranges refer to the records not yet acknowledged or quarantined; the first of them is number 0.
pub struct Batch {
    pub(super) pieces: Vec<Piece>,
    pub(super) entries: Vec<BatchRecord>,
    /// How many entries have left.
    pub(super) done: usize,
}

impl Batch {
    /// The number of records still to be settled.
    pub fn len(&self) -> usize {
        self.entries.len() - self.done
    }

    /// The payload bytes still to be settled.
    pub fn bytes(&self) -> usize {
        self.waiting().iter().map(|entry| entry.length as usize).sum()
    }

    /// The record at an index.
    pub fn get(&self, index: usize) -> Option<Record<'_>> {
        self.waiting().get(index).map(|entry| self.record(entry))
    }

    /// Which record it is that stands at an index.
    pub fn id(&self, index: usize) -> Option<RecordId> {
        let entry = self.waiting().get(index)?;
        Some(RecordId(self.pieces[entry.piece as usize].key, entry.start))
    }

    /// All records still to be settled, in order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.waiting().iter().map(|entry| self.record(entry))
    }

    /// Some of the records still to be settled; a range beyond the end is cut.
    pub fn range(&self, range: Range<usize>) -> impl ExactSizeIterator<Item = Record<'_>> {
        let end = range.end.min(self.len());
        self.waiting()[range.start.min(end)..end].iter().map(|entry| self.record(entry))
    }

    pub(super) fn waiting(&self) -> &[BatchRecord] {
        &self.entries[self.done..]
    }

    fn record(&self, entry: &BatchRecord) -> Record<'_> {
        let start = entry.start as usize;
        let memory = self.pieces[entry.piece as usize].memory.as_ref();
        let payload = memory.map_or(&[][..], |memory| memory.get(start..start + entry.length as usize));
        Record { kind: entry.kind, payload }
    }
}
