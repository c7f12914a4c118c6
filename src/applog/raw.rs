//! Raw ingestion: documents in a format of their own, which the service takes apart.
//!
//! Asynchronously, a document is a record of the spool like any other: a small head that names the
//! request, then the body, which is sent from where it is. Synchronously, it goes straight to the
//! service, with the configured retries, and is never copied.

use std::time::{Duration, Instant};

use super::client::{Client, LOG_ENTRY};
use super::config::Environment;
use super::entry::Level;
use super::protocol::{KIND_RAW, StructuredLog};
use crate::delivery::{Http, Outcome, Policy, random_dice};
use crate::process;
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
fn head(format: Format, options: &RawOptions<'_>) -> Vec<u8> {
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

fn check(body: &[u8], options: &RawOptions<'_>) -> Result<()> {
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

impl Client {
    /// Accepts a document, to be sent like entries are.
    pub fn ingest_raw_async(&self, body: &[u8], format: Format, options: &RawOptions<'_>) -> Result<()> {
        if self.config.disabled {
            return Ok(());
        }
        check(body, options)?;
        if self.config.otlp.is_some() {
            return self.open_protocol().map(|_| ());
        }
        self.as_it_may_leave(body, options, |body, options| {
            self.append(KIND_RAW, &[&head(format, options), body])
        })
    }

    /// Sends a document and waits for the answer, with retries, up to `timeout`.
    pub fn ingest_raw(
        &self,
        body: &[u8],
        format: Format,
        options: &RawOptions<'_>,
        timeout: Duration,
    ) -> Result<()> {
        if self.config.disabled {
            return Ok(());
        }
        check(body, options)?;
        self.as_it_may_leave(body, options, |body, options| {
            let protocol = self.open_protocol()?;
            let head = head(format, options);
            process::on_own_stack("maxim-ingest", || self.send_raw(protocol, &head, body, timeout))
        })
    }

    /// Gives `send` the document as it may leave. A document is content through and through.
    fn as_it_may_leave(
        &self,
        body: &[u8],
        options: &RawOptions<'_>,
        send: impl FnOnce(&[u8], &RawOptions<'_>) -> Result<()>,
    ) -> Result<()> {
        let Some(control) = &self.control else { return send(body, options) };
        if !control.captures_content() {
            // A client without a key, or that was closed, says so all the same.
            return self.open_protocol().map(|_| ());
        }
        let text = |field: &str, given: Option<&str>| {
            given.map(|given| control.rewrite_text(LOG_ENTRY, field, given).into_owned())
        };
        let (source, dataset) = (text("source", options.source), text("dataset", options.dataset));
        let options = RawOptions { source: source.as_deref(), dataset: dataset.as_deref(), ..*options };
        send(&control.rewrite_bytes(LOG_ENTRY, "document", body), &options)
    }

    fn send_raw(&self, protocol: &StructuredLog, head: &[u8], body: &[u8], timeout: Duration) -> Result<()> {
        let (target, content_type, _) = parse(head).unwrap_or_default();
        let deadline = Instant::now() + timeout;
        let mut http = Http::new(self.config.settings.http());
        let mut policy = Policy::new(self.config.backoff, random_dice());
        loop {
            let outcome = protocol.send(&mut http, target, content_type, body, deadline).into();
            // By itself: taken together with what has a text, valgrind sees a look at a text that is not there.
            if matches!(outcome, Outcome::Delivered) {
                return Ok(());
            }
            let (status, why) = match outcome {
                Outcome::Delivered | Outcome::Partly { .. } => return Ok(()),
                Outcome::Retry { after, why } => {
                    let wait = policy.after_failure(after);
                    if policy.gave_up() {
                        (if http.last_status() == 0 { Status::Network } else { Status::Rejected }, why)
                    } else if Instant::now() + wait < deadline {
                        std::thread::sleep(wait);
                        continue;
                    } else {
                        (Status::Timeout, why)
                    }
                }
                Outcome::Unauthorized { why, .. } => (Status::Unauthorized, why),
                Outcome::TooLarge { why } => (Status::TooLarge, why),
                Outcome::BadRequest { why, .. }
                | Outcome::Hold { why }
                | Outcome::Aside { why, .. }
                | Outcome::Unusable { why } => (Status::Rejected, why),
            };
            return Err(Error::new(status, format!("the document was not sent: {why}")));
        }
    }
}
