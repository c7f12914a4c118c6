//! How structured entries travel to an endpoint of OTLP: log records, grouped by the service that they say they
//! are of.

use std::time::Instant;

use super::config::OtlpConfig;
use super::encode::{self, Signal};
use super::entry::{self, EntryOrigin};
use super::export::Exporter;
use super::model::Resource;
use crate::delivery::{Http, Outcome, Protocol, Reach};
use crate::process::clock;
use crate::spool::BatchLimits;

/// Backends take a megabyte at least (New Relic: exactly that, compressed).
const MAX_BATCH_BYTES: usize = 900 << 10;
/// The order of entries is told by their time, not by their arrival.
const IN_FLIGHT: usize = 8;

/// The logs of one client at one endpoint.
pub struct Logs {
    exporter: Exporter,
}

impl Logs {
    /// The endpoint that a configuration names.
    pub fn new(config: OtlpConfig) -> Logs {
        Logs { exporter: Exporter::new(config) }
    }

    /// The request for entries, one a line; an error names what is none.
    pub fn request(&self, entries: &[u8]) -> Result<Vec<u8>, String> {
        let config = self.exporter.config();
        let encoding = config.encoding;
        let now_ns = clock::now_us() as u64 * 1_000;
        let mut groups: Vec<(EntryOrigin, Vec<u8>)> = Vec::new();
        for line in entries.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let (origin, record) = entry::fold(line, now_ns)?;
            let at = groups.iter().position(|(known, _)| *known == origin).unwrap_or_else(|| {
                groups.push((origin, Vec::new()));
                groups.len() - 1
            });
            let pieces = &mut groups[at].1;
            if !pieces.is_empty() {
                pieces.extend_from_slice(encode::separator(encoding));
            }
            encode::push_log(pieces, &record, encoding);
        }
        let groups: Vec<(Resource, Vec<u8>)> = groups
            .into_iter()
            .map(|(origin, pieces)| {
                (Resource { attributes: origin.resource(&config.resource.attributes) }, pieces)
            })
            .collect();
        let groups: Vec<(&Resource, &[u8])> =
            groups.iter().map(|(resource, pieces)| (resource, &pieces[..])).collect();
        Ok(encode::requests(Signal::Logs, &groups, encoding))
    }
}

impl Protocol for Logs {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: MAX_BATCH_BYTES, max_records: usize::MAX, per_record_overhead: 1 }
    }

    fn reach(&self) -> Reach {
        Reach { requests: IN_FLIGHT, bytes: 0 }
    }

    fn send_batch(&self, http: &mut Http, body: &[u8], _records: usize, deadline: Instant) -> Outcome {
        match self.request(body) {
            Ok(request) => self.exporter.send(http, &self.exporter.config().logs_url, &request, deadline),
            Err(why) => Outcome::Unusable { why: format!("no entry: {why}") },
        }
    }
}
