//! What a pipeline must know of an API.
//!
//! The Maxim log API and the structured log API differ in framing, limits, endpoints and headers:
//! in one implementation of [`Protocol`] each, and nowhere else.

use std::time::Instant;

use crate::delivery::http::Http;
use crate::delivery::link::Reach;
use crate::delivery::outcome::Outcome;
use crate::spool::{Batch, BatchLimits, Record, RecordKind};

/// One API: how records become requests.
///
/// Both `send_` functions run on the pipeline's thread and may block, but not past `deadline`.
pub trait Protocol: Send + Sync {
    /// How much goes into one request.
    fn limits(&self) -> BatchLimits;

    /// How far a request may go beyond these limits, and how many may be under way, while there is a
    /// backlog for a service that is far away.
    fn reach(&self) -> Reach {
        Reach::USUAL
    }

    /// Whether a batch is acknowledged as a whole wherever the process ends. It then ends with the spool's segment.
    fn is_whole(&self) -> bool {
        false
    }

    /// What stands around and between the records of a batch: unless a protocol says otherwise, each is a line.
    fn framing(&self) -> Framing {
        Framing { prefix: b"", separator: b"\n", suffix: b"" }
    }

    /// Whether a record of this kind and length is sent by itself, by [`Protocol::send_alone`]: unless a protocol says
    /// otherwise, each that is not of kind 0.
    fn alone(&self, kind: RecordKind, _len: usize) -> bool {
        kind != RecordKind(0)
    }

    /// Sends a framed batch of `records` records; normally one request.
    fn send_batch(&self, http: &mut Http, body: &[u8], records: usize, deadline: Instant) -> Outcome;

    /// Sends one record by itself: an upload, a raw ingestion.
    fn send_alone(&self, _http: &mut Http, kind: RecordKind, _payload: &[u8], _deadline: Instant) -> Outcome {
        Outcome::unknown_kind(kind)
    }

    /// Called on the pipeline's thread before it reads records: what is purged from now on may be among them.
    fn before_reading(&self) {}

    /// Called when a batch has been read, before it is sent; it may be of a dead owner.
    fn has_read(&self, _is_adopted: bool) {}

    /// About how many bytes of what waits in the spool it has put back there itself: no reason to send.
    fn put_back_bytes(&self) -> u64 {
        0
    }

    /// Forgets what it keeps of records beside the spool; whether there was any. Called around a purge, by any thread.
    fn purge(&self) -> bool {
        false
    }

    /// Called on the pipeline's thread whenever its spool has looked after its files: the moment to do so
    /// for what is kept elsewhere.
    fn upkeep(&self) {}
}

/// What stands around and between the records of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// Before the first record.
    pub prefix: &'static [u8],
    /// Between two records.
    pub separator: &'static [u8],
    /// After the last record.
    pub suffix: &'static [u8],
}

impl Framing {
    /// The size of the body that a batch becomes.
    pub fn size_of(&self, batch: &Batch) -> usize {
        let around = self.prefix.len() + self.suffix.len();
        around + batch.bytes() + batch.len() * self.separator.len()
    }

    /// Frames records into `body`: one copy each.
    pub fn frame<'a>(&self, body: &mut Vec<u8>, records: impl Iterator<Item = Record<'a>>) {
        body.clear();
        body.extend_from_slice(self.prefix);
        for (index, record) in records.enumerate() {
            if index > 0 {
                body.extend_from_slice(self.separator);
            }
            body.extend_from_slice(record.payload);
        }
        body.extend_from_slice(self.suffix);
    }
}
