//! How lines travel to the Maxim log API: batches of lines joined by a newline, up to 1 MiB.

use std::sync::Weak;
use std::time::Instant;

use super::config::LoggerConfig;
use super::line::{Entity, KIND_LINE, Lines, action};
use super::storage::{Storage, UploadOutcome};
use super::upload_pipeline::UploadPipeline;
use crate::delivery::{Body, Http, Outcome, Protocol, Reach, Request};
use crate::process::unique::Uuid;
use crate::secret::Secret;
use crate::spool::{BatchLimits, RecordKind};
use crate::sync::Mutex;
use crate::text::buffer::Buffer;
use crate::text::escape::push_percent_encoded;
use crate::text::object::{Object, key};
use crate::text::scratch;

/// The API takes 5 MiB. Batches of 1 MiB ship faster (5.6 against 4.5 million lines a second on
/// loopback, two cores), need less memory, and repeat less after a crash.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// To a service far away, while there is a backlog: 200,000 lines of 200 bytes a second at 100 ms.
const MAX_FAR_BATCH_BYTES: usize = 4_900_000;

/// A longer line is uploaded, and a storage line that names it is sent in its place (wire protocol).
const LARGE_LINE_BYTES: usize = 900 << 10;

/// Refusals of one large line by the storage, each of a fresh URL and after a longer wait (minutes in all), after
/// which the fault is the line's.
const REFUSALS_BELIEVED: u32 = 12;

/// The Maxim log API, as one logger uses it.
pub struct MaximLog {
    push_url: String,
    api_key: Secret,
    storage: Storage,
    /// The checksum of the large line that the storage refused last, and how often.
    refused: Mutex<Option<(u32, u32)>>,
    /// Where this logger's attachments go, to be looked after on the way.
    uploads: Weak<UploadPipeline>,
}

impl MaximLog {
    /// The API that a configuration names.
    pub(super) fn new(config: &LoggerConfig, uploads: Weak<UploadPipeline>) -> MaximLog {
        let mut repository = Buffer::new();
        push_percent_encoded(&mut repository, &config.repository);
        let repository = String::from_utf8_lossy(&repository);
        MaximLog {
            push_url: format!("{}/api/sdk/v3/log?id={repository}", config.settings.base_url),
            api_key: config.api_key.clone(),
            storage: Storage::new(config),
            refused: Mutex::default(),
            uploads,
        }
    }

    fn push(&self, http: &mut Http, body: &[u8], deadline: Instant) -> Outcome {
        let request = Request {
            method: "POST",
            url: &self.push_url,
            credential: Some(("x-maxim-api-key", &self.api_key)),
            private: &[],
            headers: &[
                ("x-maxim-sdk-version", env!("CARGO_PKG_VERSION")),
                ("content-type", "text/plain; charset=utf-8"),
            ],
            body: Body::Bytes(body),
        };
        http.send(request, deadline).into()
    }

    /// What becomes of a large line. Lines keep their order, so that the others wait for it: one that the storage
    /// goes on refusing is set aside, for a storage that took none at all would be wrong for longer.
    fn classify(&self, line: &[u8], uploaded: UploadOutcome) -> Outcome {
        let mut refused = self.refused.lock();
        match uploaded {
            UploadOutcome::Refused(why) => {
                let which = crc32c::crc32c(line);
                let times = refused.filter(|(known, _)| *known == which).map_or(0, |(_, times)| times) + 1;
                *refused = Some((which, times));
                if times > REFUSALS_BELIEVED {
                    return Outcome::Unusable { why };
                }
                Outcome::Retry { after: None, why }
            }
            other => other.outcome(),
        }
    }

    fn push_large(&self, http: &mut Http, line: &[u8], deadline: Instant) -> Outcome {
        let id = Uuid::new();
        let key = format!("{}/large-logs/{}", self.storage.repository, id.as_str());
        let body = Body::Bytes(line);
        let uploaded = self.storage.upload(http, &key, "text/plain", line.len() as u64, body, deadline);
        match self.classify(line, uploaded) {
            Outcome::Delivered => {}
            other => return other,
        }
        let stored: &mut Buffer = &mut scratch::lend();
        let members = |line: &mut Object<'_>| {
            line.text(key!("key"), &key);
            Ok(())
        };
        match Lines::new(stored).line(Entity::Storage, id.as_str(), action!("process-large-log"), members) {
            Ok(()) => self.push(http, stored, deadline),
            Err(error) => Outcome::Unusable { why: error.into_detail() },
        }
    }
}

impl Protocol for MaximLog {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: MAX_BATCH_BYTES, max_records: usize::MAX, per_record_overhead: 1 }
    }

    fn reach(&self) -> Reach {
        Reach { requests: 1, bytes: MAX_FAR_BATCH_BYTES }
    }

    fn alone(&self, kind: RecordKind, len: usize) -> bool {
        kind != KIND_LINE || len > LARGE_LINE_BYTES
    }

    fn send_batch(&self, http: &mut Http, body: &[u8], _records: usize, deadline: Instant) -> Outcome {
        self.push(http, body, deadline)
    }

    fn send_alone(&self, http: &mut Http, kind: RecordKind, payload: &[u8], deadline: Instant) -> Outcome {
        match kind {
            KIND_LINE => self.push_large(http, payload, deadline),
            _ => Outcome::unknown_kind(kind),
        }
    }

    fn upkeep(&self) {
        if let Some(uploads) = self.uploads.upgrade() {
            uploads.adopt();
        }
    }
}
