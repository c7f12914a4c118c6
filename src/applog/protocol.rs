//! How entries travel to the structured log API: `{"logs":[…]}`, up to 100 in a request; raw documents
//! one by one.

use std::time::Instant;

use super::config::{ClientConfig, MAX_BATCH_ENTRIES};
use super::document;
use crate::delivery::{Body, Framing, Http, Outcome, Protocol, Reach, Request, Response, TransportError};
use crate::secret::Secret;
use crate::spool::{BatchLimits, RecordKind};
use crate::status::{Error, Result, Status};

/// One entry, as JSON.
pub const KIND_ENTRY: RecordKind = RecordKind(0);
/// A raw document with its head.
pub const KIND_RAW: RecordKind = RecordKind(1);

/// The largest entries (a message and a stack of 10,000 characters and data) keep well below it.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// Requests under way at a time, at most: 32,000 entries a second to a service 50 ms away. The order of entries
/// is told by their time and step, not by their arrival.
const IN_FLIGHT: usize = 16;

/// The structured log API, as one client uses it.
pub struct StructuredLog {
    endpoint: String,
    api_key: Secret,
}

impl StructuredLog {
    /// The API that a configuration names.
    pub fn new(config: &ClientConfig, api_key: Secret) -> StructuredLog {
        StructuredLog { endpoint: config.settings.base_url.clone(), api_key }
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
            private: &[],
            headers: &[("content-type", content_type)],
            body: Body::Bytes(body),
        };
        http.send(request, deadline)
    }

    /// A question that the caller waits for: the body of the answer.
    pub(super) fn ask(
        &self,
        config: &ClientConfig,
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
            // The batch size says when to send; a backlog goes as fast as the service takes it.
            max_records: MAX_BATCH_ENTRIES as usize,
            per_record_overhead: 1,
        }
    }

    fn reach(&self) -> Reach {
        Reach { requests: IN_FLIGHT, bytes: 0 }
    }

    fn framing(&self) -> Framing {
        Framing { prefix: b"{\"logs\":[", separator: b",", suffix: b"]}" }
    }

    fn send_batch(&self, http: &mut Http, body: &[u8], _records: usize, deadline: Instant) -> Outcome {
        self.send(http, "/v1/logs", "application/json", body, deadline).into()
    }

    fn send_alone(&self, http: &mut Http, kind: RecordKind, payload: &[u8], deadline: Instant) -> Outcome {
        match document::parse(payload).filter(|_| kind == KIND_RAW) {
            Some((target, content_type, body)) => {
                self.send(http, target, content_type, body, deadline).into()
            }
            None => Outcome::unknown_kind(kind),
        }
    }
}
