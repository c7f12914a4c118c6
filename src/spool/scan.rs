//! Finds the records of a segment again in whatever is left of a file.
//!
//! As in [format](super::format), no content whatsoever can cause a panic, and none costs more than a bounded search.

use super::checksum::checksum;
use super::format::{Cursor, HEADER_SIZE, Header, RECORD_HEADER, RecordHead, STAMP, u32_at, u64_at};
use std::ops::Range;

/// How many times its own length a damaged segment may cost in checksums before the search for
/// further records is given up: bounds the work that crafted content can cause.
const RESYNC_BUDGET: usize = 16;

/// One intact record, by its place in the segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub sequence: u64,
    pub kind: u8,
    /// When it was accepted, by a clock for comparing only; 0 without stamps.
    pub stamp: u64,
    pub payload: Range<usize>,
    /// Where the next record begins.
    pub end: usize,
}

/// Walks the intact records in a part of a segment. Behind a damaged record it goes on in steps of
/// eight bytes until a record with a sound checksum and a plausible sequence is found.
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    /// The offset of `bytes` in the segment.
    origin: usize,
    salt: u32,
    stamped: bool,
    at: usize,
    /// The lowest sequence that may follow, and the highest.
    plausible: Range<u64>,
    budget: usize,
    /// Whether there was something that is no record where a record should begin.
    damaged_tail: bool,
}

impl<'a> Scan<'a> {
    /// Walks `bytes`, which begin at offset `origin` of the segment, for the given sequences.
    pub fn new(bytes: &'a [u8], origin: usize, header: &Header, plausible: Range<u64>) -> Scan<'a> {
        let budget = bytes.len().saturating_mul(RESYNC_BUDGET);
        Scan {
            bytes,
            origin,
            salt: header.salt,
            stamped: header.stamped,
            at: 0,
            plausible,
            budget,
            damaged_tail: false,
        }
    }

    /// After the walk: whether a record was lost behind the last intact one.
    pub fn damaged_tail(&self) -> bool {
        self.damaged_tail
    }

    fn frame(&mut self, at: usize) -> Option<Frame> {
        let head = RecordHead::read(self.bytes, at)?;
        let RecordHead { length, tag, .. } = head;
        if !self.plausible.contains(&head.sequence()) {
            return None;
        }
        self.budget = self.budget.checked_sub(length)?;
        let payload = self.bytes.get(at + RECORD_HEADER..at + length)?;
        if checksum(payload, tag, length as u32, self.salt) != head.checksum {
            return None;
        }
        // A sound record costs nothing: the budget is for the search.
        self.budget += length;
        let (stamp, start) = match self.stamped {
            true => (u64_at(payload, 0)?, at + RECORD_HEADER + STAMP),
            false => (0, at + RECORD_HEADER),
        };
        Some(Frame {
            sequence: head.sequence(),
            kind: tag as u8,
            stamp,
            payload: start + self.origin..at + length + self.origin,
            end: at + head.step() + self.origin,
        })
    }
}

impl Iterator for Scan<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let mut at = self.at;
        self.damaged_tail = false;
        while at + RECORD_HEADER <= self.bytes.len() {
            if let Some(frame) = self.frame(at) {
                self.at = frame.end - self.origin;
                self.plausible.start = frame.sequence + 1;
                return Some(frame);
            }
            self.damaged_tail |= at == self.at && u32_at(self.bytes, at) != Some(0);
            at += 8;
        }
        None
    }
}

/// How many records a segment has whose owner could not seal it, and where they end.
pub(super) fn find_end(header: &Header, cursor: Cursor, records: &[u8]) -> (u32, u32) {
    let from = (cursor.offset as usize - HEADER_SIZE).min(records.len());
    let first = header.base.saturating_add(u64::from(cursor.count));
    let most = first.saturating_add((records.len() / RECORD_HEADER) as u64);
    let mut scan = Scan::new(&records[from..], cursor.offset as usize, header, first..most);
    let mut end = (cursor.count, cursor.offset);
    for frame in scan.by_ref() {
        end = ((frame.sequence + 1 - header.base) as u32, frame.end as u32);
    }
    // A record behind the last sound one, of which nothing is known but that it was there.
    if scan.damaged_tail() { (end.0 + 1, end.1 + RECORD_HEADER as u32) } else { end }
}
