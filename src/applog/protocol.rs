//! How entries travel to the structured log API: `{"logs":[…]}`, up to 100 in a request; raw documents
//! one by one.

use std::time::Instant;

use super::config::{Config, MAX_BATCH_ENTRIES};
use super::raw;
use crate::delivery::{Body, Framing, Http, Outcome, Protocol, Request, Response, TransportError};
use crate::secret::Secret;
use crate::spool::{BatchLimits, Kind};
use crate::status::{Error, Result, Status};

/// One entry, as JSON.
pub const KIND_ENTRY: Kind = Kind(0);
/// A raw document with its head.
pub const KIND_RAW: Kind = Kind(1);

/// The largest entries (a message and a stack of 10,000 characters and data) keep well below it.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// The structured log API, as one client uses it.
pub struct StructuredLog {
    endpoint: String,
    api_key: Secret,
    batch_size: u32,
}

impl StructuredLog {
    /// The API that a configuration names.
    pub fn new(config: &Config, api_key: Secret) -> StructuredLog {
        StructuredLog {
            endpoint: config.settings.base_url.clone(),
            api_key,
            batch_size: config.batch_size.clamp(1, MAX_BATCH_ENTRIES),
        }
    }

    /// One request.
    pub(super) fn send(
        &self,
        http: &mut Http,
        target: &str,
        content_type: &str,
        body: &[u8],
        deadline: Instant,
    ) -> std::result::Result<Response, TransportError> {
        let request = Request {
            method: "POST",
            url: &format!("{}{target}", self.endpoint),
            credential: Some(("x-api-key", &self.api_key)),
            headers: &[("content-type", content_type)],
            body: Body::Bytes(body),
        };
        http.send(request, deadline)
    }

    /// A question that the caller waits for: the body of the answer.
    pub(super) fn ask(
        &self,
        config: &Config,
        target: &str,
        body: &[u8],
        deadline: Instant,
    ) -> Result<Vec<u8>> {
        let mut http = Http::new(config.settings.http());
        match self.send(&mut http, target, "application/json", body, deadline) {
            Ok(response) => Outcome::of(&response).told().map(|()| response.body),
            Err(error) if Instant::now() >= deadline => Err(Error::new(Status::Timeout, error.why)),
            Err(error) => Err(Error::new(Status::Network, error.why)),
        }
    }
}

impl Protocol for StructuredLog {
    fn limits(&self) -> BatchLimits {
        BatchLimits {
            max_bytes: MAX_BATCH_BYTES,
            max_records: self.batch_size as usize,
            per_record_overhead: 1,
        }
    }

    fn framing(&self) -> Framing {
        Framing { prefix: b"{\"logs\":[", separator: b",", suffix: b"]}" }
    }

    fn alone(&self, kind: Kind, _len: usize) -> bool {
        kind != KIND_ENTRY
    }

    fn send_batch(&self, http: &mut Http, body: &[u8], _records: usize, deadline: Instant) -> Outcome {
        self.send(http, "/v1/logs", "application/json", body, deadline).into()
    }

    fn send_alone(&self, http: &mut Http, kind: Kind, payload: &[u8], deadline: Instant) -> Outcome {
        match raw::parse(payload).filter(|_| kind == KIND_RAW) {
            Some((target, content_type, body)) => {
                self.send(http, target, content_type, body, deadline).into()
            }
            // Written by a later version and adopted by this one.
            None => {
                Outcome::Unusable { why: format!("a record of kind {} is not known to this version", kind.0) }
            }
        }
    }
}
