//! How much goes to the service at a time, by how long its answers take.
//!
//! To a service nearby, requests one after the other, of a moderate size, are the fastest and cost the least. To one
//! that is far away nearly all of the time is waiting: while there is a backlog, a request grows up to what the
//! service takes, and where order is not told by arrival, several are under way. Both come back to one
//! moderate request as soon as something fails, the answers are quick, or there is no backlog.
//!
//! What has been delivered behind a request that failed is remembered, so that it is not sent again with it.

use std::time::Duration;

use crate::delivery::outcome::Outcome;
use crate::spool::{Batch, BatchLimits, RecordId};

/// Answers that take longer are worth waiting for several at a time, quicker ones are not.
const SLOW: Duration = Duration::from_millis(10);
const QUICK: Duration = Duration::from_millis(2);
/// What one slow round makes of the next.
const GROWTH: usize = 4;
/// Runs of delivered records remembered at most.
const AHEAD_MAX: usize = 64;
/// After so many batches without one of them, they have all had their turn.
const UNMET_MAX: usize = 64;

/// What is known of the way to the service.
pub struct Link {
    /// So many times the usual.
    reach: usize,
    /// Runs of records that were delivered before their turn: the first and the last of each.
    ahead: Vec<(RecordId, RecordId)>,
    /// Batches since one had some of them.
    unmet: usize,
}

/// How far a protocol lets a link reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Requests under way at a time; more than 1 only where order is not told by arrival.
    pub requests: usize,
    /// A single request may grow to so many bytes.
    pub bytes: usize,
}

impl Reach {
    /// One request of the usual size at a time.
    pub const USUAL: Reach = Reach { requests: 1, bytes: 0 };
}

/// A run of records that goes into one request.
#[derive(Debug)]
pub struct Run {
    /// How many records.
    pub len: usize,
    /// They have been delivered already.
    pub is_delivered: bool,
    /// What sending them came to, if it was tried and they are not.
    pub outcome: Option<Outcome>,
}

impl Link {
    /// A link of which nothing is known.
    pub fn new() -> Link {
        Link { reach: 1, ahead: Vec::new(), unmet: 0 }
    }

    /// Requests under way at a time.
    pub fn requests(&self, reach: Reach) -> usize {
        self.reach.min(reach.requests).max(1)
    }

    /// The limits of one request.
    pub fn request(&self, usual: BatchLimits, reach: Reach) -> BatchLimits {
        let most = reach.bytes.max(usual.max_bytes);
        BatchLimits { max_bytes: usual.max_bytes.saturating_mul(self.reach).min(most), ..usual }
    }

    /// A whole batch has been delivered in so many requests at a time; `is_full` if there was as much as fits.
    pub fn delivered(&mut self, took: Duration, is_full: bool, reach: Reach, usual: BatchLimits) {
        if self.unmet > UNMET_MAX {
            self.ahead.clear();
        }
        let most = reach.requests.max(reach.bytes.div_ceil(usual.max_bytes.max(1))).max(1);
        if took < QUICK || !is_full {
            self.reach = 1;
        } else if took > SLOW {
            self.reach = (self.reach * GROWTH).min(most);
        }
    }

    /// Something failed.
    pub fn failed(&mut self) {
        self.reach = 1;
    }

    /// A batch in runs for one request each.
    pub fn runs(&mut self, batch: &Batch, request: &BatchLimits) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut sum = 0;
        self.unmet += 1;
        for (index, record) in batch.records().enumerate() {
            let is_delivered = !self.ahead.is_empty()
                && batch
                    .id(index)
                    .is_some_and(|id| self.ahead.iter().any(|(first, last)| id.is_between(first, last)));
            if is_delivered {
                self.unmet = 0;
            }
            let bytes = record.payload.len() + request.per_record_overhead;
            let fits = |run: &Run| run.len < request.max_records && sum + bytes <= request.max_bytes;
            match runs
                .last_mut()
                .filter(|run| run.is_delivered == is_delivered && (is_delivered || fits(run)))
            {
                Some(run) => run.len += 1,
                None => {
                    sum = 0;
                    runs.push(Run { len: 1, is_delivered, outcome: None });
                }
            }
            sum += bytes;
        }
        runs
    }

    /// A round ends before its end: what of the rest of its batch, all runs of it, has been delivered.
    pub fn remember(&mut self, batch: &Batch, runs: impl Iterator<Item = Run>) {
        let runs: Vec<Run> = runs.collect();
        let mut index = batch.len() - runs.iter().map(|run| run.len).sum::<usize>().min(batch.len());
        for run in runs {
            let ids =
                (index..index + run.len).filter(|_| run.is_delivered).filter_map(|index| batch.id(index));
            // Records of several segments may take turns, in each of them one after the other.
            let before = self.ahead.len();
            for id in ids {
                match self.ahead[before..].iter_mut().find(|(first, _)| first.is_beside(&id)) {
                    Some((_, last)) => *last = id,
                    None => self.ahead.push((id.clone(), id)),
                }
            }
            index += run.len;
        }
        let too_many = self.ahead.len().saturating_sub(AHEAD_MAX);
        self.ahead.drain(..too_many);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;
    use crate::delivery::http::HttpConfig;
    use crate::delivery::policy::BackoffConfig;
    use crate::delivery::{Framing, Http, Pipeline, PipelineConfig, Protocol};
    use crate::report::Silent;
    use crate::spool::{Identity, Options, RecordKind};
    use crate::sync::Mutex;

    const USUAL: BatchLimits = BatchLimits { max_bytes: 1_000, max_records: 10, per_record_overhead: 1 };

    #[test]
    fn a_link_reaches_far_while_answers_are_slow_and_there_is_a_backlog() {
        let (entries, lines) = (Reach { requests: 16, bytes: 0 }, Reach { requests: 1, bytes: 4_900 });
        let mut link = Link::new();
        for (requests, bytes) in [(1, 1_000), (4, 4_000), (16, 4_900), (16, 4_900)] {
            assert_eq!((link.requests(entries), link.requests(lines)), (requests, 1));
            assert_eq!(
                (link.request(USUAL, lines).max_bytes, link.request(USUAL, entries).max_bytes),
                (bytes, 1_000)
            );
            link.delivered(Duration::from_millis(50), true, entries, USUAL);
        }
        link.delivered(Duration::from_millis(5), true, entries, USUAL);
        assert_eq!(link.requests(entries), 16);
        link.delivered(Duration::from_millis(50), false, entries, USUAL);
        assert_eq!(link.requests(entries), 1);
        link.delivered(Duration::from_millis(50), true, entries, USUAL);
        link.failed();
        assert_eq!((link.requests(entries), link.request(USUAL, lines).max_bytes), (1, 1_000));
    }

    /// A service far away that refuses some requests, and counts what it takes.
    struct Far {
        taken: Arc<Mutex<BTreeMap<String, u32>>>,
        asked: Mutex<u32>,
        poison: &'static str,
    }

    impl Protocol for Far {
        fn limits(&self) -> BatchLimits {
            USUAL
        }
        fn reach(&self) -> Reach {
            Reach { requests: 8, bytes: 0 }
        }
        fn framing(&self) -> Framing {
            Framing { prefix: b"", separator: b",", suffix: b"" }
        }
        fn send_batch(&self, _: &mut Http, body: &[u8], records: usize, _: Instant) -> Outcome {
            std::thread::sleep(SLOW + Duration::from_millis(2));
            let body = std::str::from_utf8(body).unwrap();
            assert!(records <= USUAL.max_records && records == body.split(',').count(), "{body}");
            if body.split(',').any(|record| record == self.poison) {
                return Outcome::BadRequest { status: 400, why: "bad".into() };
            }
            let mut asked = self.asked.lock();
            *asked += 1;
            // Once several are under way, some of them fail.
            if *asked > 10 && *asked % 5 == 0 {
                return Outcome::Retry { after: None, why: "down".into() };
            }
            body.split(',').for_each(|record| *self.taken.lock().entry(record.to_owned()).or_default() += 1);
            Outcome::Delivered
        }
    }

    #[test]
    fn requests_under_way_at_once_deliver_each_record_once_though_some_fail() {
        let taken = Arc::<Mutex<BTreeMap<String, u32>>>::default();
        let protocol = Far { taken: Arc::clone(&taken), asked: Mutex::new(0), poison: "r517" };
        let text = String::new;
        let identity =
            Identity { protocol: "far", base_url: text(), repository: text(), key_fingerprint: text() };
        let pipeline = Pipeline::open(PipelineConfig {
            name: "maxim-test",
            spool: Options { memory_only: true, ..Options::new(identity) },
            protocol: Arc::new(protocol),
            http: HttpConfig::default(),
            flush_interval: None,
            backoff: BackoffConfig { initial: QUICK, max: QUICK, max_retries: None },
            reporter: Arc::new(Silent),
            synchronous: false,
        });
        (0..1_000).for_each(|n| pipeline.append(RecordKind(0), format!("r{n}").as_bytes()).unwrap());
        pipeline.flush(Duration::from_secs(60)).unwrap();
        let stats = pipeline.stats().unwrap();
        assert_eq!((stats.spool.delivered, stats.spool.quarantined), (999, 1));
        assert!(stats.retries > 3, "{} retries", stats.retries);
        let taken = taken.lock();
        assert_eq!((taken.len(), taken.values().max()), (999, Some(&1)), "{:?}", &*taken);
    }
}
