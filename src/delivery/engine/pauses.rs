//! What a round that failed comes to: how long to wait before the next, and what is said of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Engine;
use crate::delivery::policy::HOLD;
use crate::process::monotonic;
use crate::status::Status;

impl Engine {
    pub(super) fn retry(
        &mut self,
        records: usize,
        after: Option<Duration>,
        why: String,
    ) -> (Duration, Status) {
        self.counters.retries.fetch_add(1, Ordering::Relaxed);
        let wait = self.policy.after_failure(after);
        let why = match self.policy.gave_up() {
            true => format!("giving up for now, the records stay held: {why}"),
            false => why,
        };
        self.pause(records, wait, Status::Network, why)
    }

    /// Some wait although the service takes others: no failure of the service.
    pub(super) fn aside(&mut self, wait: Duration, status: Status, why: String) -> (Duration, Status) {
        self.failures = 0;
        self.note(&why);
        let message = self.kept(&why, wait);
        self.reporting.debug(|| message.clone());
        self.reporting.delayed(status, 1, message, monotonic::now());
        (wait, status)
    }

    pub(super) fn hold(&mut self, records: usize, why: String) -> (Duration, Status) {
        self.pause(records, HOLD, Status::Rejected, why)
    }

    /// Nothing is wrong, but the pipeline has ended before its records: whoever closes it is told in its answer.
    pub(super) fn leave_to_next(&mut self, why: String) -> (Duration, Status) {
        self.note(&why);
        self.reporting.debug(|| why);
        (HOLD, Status::Timeout)
    }

    pub(super) fn pause(
        &mut self,
        records: usize,
        wait: Duration,
        status: Status,
        why: String,
    ) -> (Duration, Status) {
        let now = monotonic::now();
        self.failures += 1;
        self.failing_since.get_or_insert(now);
        self.note(&why);
        let message = self.kept(&why, wait);
        self.reporting.debug(|| message.clone());
        self.reporting.delayed(status, records as u64, message, now);
        (wait, status)
    }

    /// What is said of records that stay: whoever closes a logger makes no other attempt.
    fn kept(&self, why: &str, wait: Duration) -> String {
        match self.http.is_interrupted() {
            true => format!("{why}; kept for the next logger"),
            false => format!("{why}; kept, next attempt in {:.1} s", wait.as_secs_f64()),
        }
    }
}
