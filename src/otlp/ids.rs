//! Trace and span ids from ours, the same ones each time; and W3C `traceparent`.
//!
//! A UUID's 16 bytes are a trace id as they are, and so are 32 hexadecimal digits; any other id is hashed. An id that
//! begins with a trace id and a span id, 32 and 16 digits ([`remote`]), is a part of a trace that began elsewhere. A
//! span's id is hashed from the trace, the kind and the id: providers' ids of tool calls repeat in other traces.

use sha2::{Digest, Sha256};

use super::encode::hex;

/// The trace id for an id of ours.
pub fn trace_id(id: &str) -> [u8; 16] {
    if let Some((trace, _)) = remote(id) {
        return trace;
    }
    let own = uuid(id).filter(|id| *id != [0; 16]).or_else(|| some_digits(id));
    own.unwrap_or_else(|| head(Sha256::digest(id)))
}

/// The span id for an entity of ours.
pub fn span_id(trace: &str, kind: &str, id: &str) -> [u8; 8] {
    let mut digest = Sha256::new();
    for part in [trace, "/", kind, "/", id] {
        digest.update(part);
    }
    head(digest.finalize())
}

/// The trace and the span above it, for the id of a trace that goes on with what began elsewhere.
pub fn remote(id: &str) -> Option<([u8; 16], [u8; 8])> {
    let mut parts = id.split('-');
    Some((some_digits(parts.next()?)?, some_digits(parts.next()?)?))
}

fn uuid(id: &str) -> Option<[u8; 16]> {
    let (mut packed, id) = ([0; 32], id.as_bytes());
    if id.len() != 36 || [8, 13, 18, 23].iter().any(|at| id[*at] != b'-') {
        return None;
    }
    for (to, from) in [(0..8, 0..8), (8..12, 9..13), (12..16, 14..18), (16..20, 19..23), (20..32, 24..36)] {
        packed[to].copy_from_slice(&id[from]);
    }
    digits(std::str::from_utf8(&packed).ok()?)
}

fn head<const N: usize>(digest: impl AsRef<[u8]>) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&digest.as_ref()[..N]);
    bytes
}

/// The same for an id, which is none where all of it is 0.
pub fn some_digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    digits(text).filter(|id| *id != [0; N])
}

/// Bytes from exactly twice as many hexadecimal digits.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// What a `traceparent` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace_id: [u8; 16],
    /// The span that called.
    pub span_id: [u8; 8],
    /// Whether the trace is recorded by whoever called.
    pub is_sampled: bool,
}

impl TraceParent {
    /// Reads a header: version 00, or a later one as far as this one knows it.
    pub fn parse(header: &str) -> Option<TraceParent> {
        let mut parts = header.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // What a later version adds may be anything.
        let known = [version, trace, span, flags].into_iter().flat_map(str::bytes);
        let is_lower = !known.into_iter().any(|byte| byte.is_ascii_uppercase());
        let [version] = digits::<1>(version).filter(|version| *version != [0xff])?;
        if !is_lower || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let [flags] = digits::<1>(flags)?;
        Some(TraceParent {
            trace_id: some_digits(trace)?,
            span_id: some_digits(span)?,
            is_sampled: flags & 1 == 1,
        })
    }

    /// The id of a trace of ours that goes on below that span; `number` tells it from others there.
    pub fn id_below(&self, number: u64) -> String {
        format!("{}-{}-{:08x}", hex(&self.trace_id), hex(&self.span_id), number as u32)
    }

    /// The header.
    pub fn header(&self) -> String {
        format!("00-{}-{}-0{}", hex(&self.trace_id), hex(&self.span_id), u8::from(self.is_sampled))
    }
}
