//! What the spool has dropped and the host has not heard of, in words.
//!
//! Nothing is dropped by a call that the host could ask: the space fills up, records grow too old, or
//! somebody damages their files. So the engine looks at the spool's counts now and then.

use std::time::{Duration, Instant};

use crate::report::records;
use crate::spool::{Options, SpoolStats};
use crate::status::Status;

/// The counts are looked at so often at most, while records come and go.
const PAUSE: Duration = Duration::from_secs(1);

/// What has been told so far.
#[derive(Default)]
pub struct Losses {
    told: SpoolStats,
    looked: Option<Instant>,
}

/// Records that were dropped for one kind of reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Loss {
    pub status: Status,
    pub records: u64,
    pub message: String,
}

impl Losses {
    /// Whether it is time to look at the counts.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.looked.is_none_or(|looked| now.saturating_duration_since(looked) >= PAUSE);
        if is_due {
            self.looked = Some(now);
        }
        is_due
    }

    /// What has been dropped since the last time. `failure`: what last kept a segment from being made.
    pub fn since(&mut self, stats: SpoolStats, limits: &Options, failure: Option<String>) -> Vec<Loss> {
        let told = std::mem::replace(&mut self.told, stats);
        let new = |count: fn(&SpoolStats) -> u64| count(&self.told).saturating_sub(count(&told));
        let [memory, disk, expired, corrupt] = [
            new(|stats| stats.dropped_memory),
            new(|stats| stats.dropped_disk),
            new(|stats| stats.dropped_expired),
            new(|stats| stats.dropped_corrupt),
        ];
        let full = [
            (memory, format!("in memory (max_memory_bytes: {})", limits.max_memory_bytes)),
            (disk, format!("in files (max_disk_bytes: {})", limits.max_disk_bytes)),
        ];
        let full: Vec<String> = full
            .into_iter()
            .filter(|(dropped, _)| *dropped > 0)
            .map(|(dropped, place)| format!("{} {place}", records(dropped)))
            .collect();
        let because = failure.map_or(String::new(), |failure| format!("; {failure}"));
        let losses = [
            Loss {
                status: Status::SpoolFull,
                records: memory + disk,
                message: format!(
                    "the space for unsent records is full, so the oldest were dropped: {}{because}",
                    full.join(", ")
                ),
            },
            Loss {
                status: Status::Timeout,
                records: expired,
                message: format!(
                    "{} could not be sent within {} hours and were dropped",
                    records(expired),
                    limits.max_age.as_secs() / 3600
                ),
            },
            Loss {
                status: Status::Io,
                records: corrupt,
                message: format!(
                    "{} could not be read back and are lost: their files were damaged, cut off or removed",
                    records(corrupt)
                ),
            },
        ];
        losses.into_iter().filter(|loss| loss.records > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Identity;

    fn said(losses: &mut Losses, stats: SpoolStats) -> Vec<(Status, u64, String)> {
        let identity = Identity {
            protocol: "maxim",
            base_url: String::new(),
            repository: String::new(),
            key_fingerprint: String::new(),
        };
        let limits =
            Options { max_memory_bytes: 4_000_000, max_disk_bytes: 8_000_000, ..Options::new(identity) };
        let said = losses.since(stats, &limits, Some("no space left".into()));
        said.into_iter().map(|loss| (loss.status, loss.records, loss.message)).collect()
    }

    #[test]
    fn each_dropped_record_is_told_of_once_with_the_limit_that_it_met() {
        let mut losses = Losses::default();
        assert_eq!(said(&mut losses, SpoolStats::default()), []);
        let first = || SpoolStats { dropped_memory: 1, dropped_disk: 2, ..SpoolStats::default() };
        let full = "the space for unsent records is full, so the oldest were dropped: 1 record in memory \
                    (max_memory_bytes: 4000000), 2 records in files (max_disk_bytes: 8000000); no space left";
        assert_eq!(said(&mut losses, first()), [(Status::SpoolFull, 3, full.to_owned())]);
        assert_eq!(said(&mut losses, first()), []);
        let second = SpoolStats { dropped_expired: 5, dropped_corrupt: 7, ..first() };
        let [expired, corrupt] = [(Status::Timeout, 5), (Status::Io, 7)];
        let kinds = said(&mut losses, second).into_iter().map(|(status, records, _)| (status, records));
        assert_eq!(kinds.collect::<Vec<_>>(), [expired, corrupt]);
    }
}
