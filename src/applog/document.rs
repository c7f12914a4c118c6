//! A raw document in the spool: a small head that names the request, then the body, which is sent from where it
//! is.

use super::config::Environment;
use super::entry::Level;
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::escape::push_percent_encoded;

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// A JSON document a line.
    Jsonl,
    /// Syslog lines.
    Syslog,
    /// Plain text.
    Text,
    /// Comma-separated values with a head line.
    Csv,
    /// The service's own format.
    Obl,
}

impl Format {
    /// Every format, in the order of its number in the ABI.
    pub const ALL: [Format; 6] =
        [Format::Json, Format::Jsonl, Format::Syslog, Format::Text, Format::Csv, Format::Obl];

    /// The name in the query.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Syslog => "syslog",
            Format::Text => "text",
            Format::Csv => "csv",
            Format::Obl => "obl",
        }
    }

    /// The content type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Jsonl => "application/x-ndjson",
            Format::Syslog => "application/x-syslog",
            Format::Text => "text/plain",
            Format::Csv => "text/csv",
            Format::Obl => "application/x-obl",
        }
    }
}

/// What the service is told about a document beside its format.
#[derive(Clone, Copy, Default)]
pub struct RawOptions<'a> {
    /// What logs.
    pub source: Option<&'a str>,
    /// Where it runs.
    pub environment: Option<Environment>,
    /// How bad entries without a level are.
    pub level: Option<Level>,
    /// The dataset.
    pub dataset: Option<&'a str>,
}

/// The head of a raw record: the request's path with its query, then the content type, each after its
/// length (u16, little-endian).
pub(super) fn head(format: Format, options: &RawOptions<'_>) -> Vec<u8> {
    let mut target = Buffer::new();
    target.extend_from_slice(b"/v1/logs?format=");
    target.extend_from_slice(format.name().as_bytes());
    let members = [
        ("source", options.source),
        ("environment", options.environment.map(Environment::name)),
        ("level", options.level.map(Level::name)),
        ("dataset", options.dataset),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            target.push(b'&');
            target.extend_from_slice(name.as_bytes());
            target.push(b'=');
            push_percent_encoded(&mut target, value);
        }
    }
    let mut head = Vec::new();
    for text in [&target[..], format.content_type().as_bytes()] {
        head.extend_from_slice(&(text.len() as u16).to_le_bytes());
        head.extend_from_slice(text);
    }
    head
}

/// A raw record taken apart: target, content type, body. `None` for what is none.
pub(super) fn parse(record: &[u8]) -> Option<(&str, &str, &[u8])> {
    fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (text, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        Some((std::str::from_utf8(text).ok()?, rest))
    }
    let (target, rest) = text(record)?;
    let (content_type, body) = text(rest)?;
    Some((target, content_type, body))
}

/// Source and dataset are names, not documents; longer ones would not fit a request's first line.
const MAX_OPTION_BYTES: usize = 1_000;

/// Whether a document may be sent so.
pub(super) fn check(body: &[u8], options: &RawOptions<'_>) -> Result<()> {
    let refuse = |reason: &str| Err(Error::new(Status::InvalidArgument, reason));
    if body.is_empty() {
        return refuse("body: is empty");
    }
    if options.source.is_some_and(|source| source.len() > MAX_OPTION_BYTES) {
        return refuse("source: is longer than 1000 bytes");
    }
    if options.dataset.is_some_and(|dataset| dataset.len() > MAX_OPTION_BYTES) {
        return refuse("dataset: is longer than 1000 bytes");
    }
    Ok(())
}
