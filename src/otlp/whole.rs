//! What a pipeline does piece by piece, at one go: a folder that keeps what leaves it, and a whole request. For tests and
//! for `maxim-dev`, which includes this file; the library has no use for either.

use super::encode::{Encoding, Signal, push_log, push_span, request, separator};
use super::fold::{FoldOptions, Folder};
use super::model::Out;
use super::model::{LogRecord, OtlpSpan, Resource};

impl Folder {
    /// One of which nothing is known yet; no other has its `name`.
    pub fn named(name: &str, options: FoldOptions) -> Folder {
        Folder::leaving_to(Vec::new(), name, options)
    }

    /// What has left since the last call, in order.
    pub fn take(&mut self) -> Vec<Out> {
        std::mem::take(self.out())
    }
}

/// A request of spans of one resource.
pub fn traces(resource: &Resource, spans: &[OtlpSpan<'_>], encoding: Encoding) -> Vec<u8> {
    request(Signal::Traces, resource, &pieces(spans, push_span, encoding), encoding)
}

/// A request of log records of one resource.
pub fn logs(resource: &Resource, records: &[LogRecord<'_>], encoding: Encoding) -> Vec<u8> {
    request(Signal::Logs, resource, &pieces(records, push_log, encoding), encoding)
}

fn pieces<T>(items: &[T], push: fn(&mut Vec<u8>, &T, Encoding), encoding: Encoding) -> Vec<u8> {
    let mut pieces = Vec::new();
    for (index, item) in items.iter().enumerate() {
        pieces.extend_from_slice(if index > 0 { separator(encoding) } else { b"" });
        push(&mut pieces, item, encoding);
    }
    pieces
}
