//! Raw ingestion: documents in a format of their own, which the service takes apart.
//!
//! Asynchronously, a document is a record of the spool like any other. Synchronously, it goes straight to the
//! service, with the configured retries, and is never copied.

use std::time::{Duration, Instant};

use super::client::Client;
use super::document::{Format, RawOptions, check, head, parse};
use super::entry::LOG_ENTRY;
use super::protocol::{KIND_RAW, StructuredLog};
use crate::delivery::{Http, Outcome, Policy, random_dice};
use crate::process;
use crate::status::{Error, Result, Status};

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
                | Outcome::Left { why }
                | Outcome::Aside { why, .. }
                | Outcome::Unusable { why } => (Status::Rejected, why),
            };
            return Err(Error::new(status, format!("the document was not sent: {why}")));
        }
    }
}
