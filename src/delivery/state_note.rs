//! What a pipeline says of itself beside its records: counts, the last error and the next attempt, as a line of JSON
//! in its lock file, for whoever looks from outside (`maxim-dev`).
//!
//! Written by the delivery thread alone: at once when an attempt has failed, at most four times a second while all
//! goes well, and before the thread rests. One `pwrite` of a file that is open already; a failure is of no
//! consequence.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::delivery::engine::{Counters, RoundResult};
use crate::process::{clock, monotonic};
use crate::spool::{Identity, Spool};
use crate::sync::Mutex;

/// The line's length with the spaces behind it: it is written over the one before.
const NOTE_BYTES: usize = 2048;
/// Characters of an error or of a repository's name that are kept.
const KEPT_CHARACTERS: usize = 300;
/// Least time between two notes while records are delivered.
const LEAST_PAUSE: Duration = Duration::from_millis(250);
/// An older note is written anew when the thread is awake anyway: it has records that were dropped since.
const MOST_AGE: Duration = Duration::from_secs(10);

/// What has been noted, and what has come since.
#[derive(Default)]
pub struct StateNote(Mutex<NotedState>);

#[derive(Default)]
struct NotedState {
    written: Option<Instant>,
    is_stale: bool,
    last_error: Option<String>,
    /// When it was noticed, and when the next attempt is due, in Unix milliseconds.
    error_at_ms: i64,
    next_attempt_ms: Option<i64>,
}

impl StateNote {
    /// An attempt has come to `result`.
    pub fn attempted(&self, result: RoundResult, spool: &Spool, counters: &Counters) {
        let mut state = self.0.lock();
        state.is_stale = true;
        let now_ms = clock::now_ms();
        state.next_attempt_ms = match result {
            RoundResult::Pause { wait, .. } => {
                state.error_at_ms = now_ms;
                Some(now_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
            }
            RoundResult::Idle | RoundResult::Progress => None,
        };
        if state.next_attempt_ms.is_some() || state.is_older_than(LEAST_PAUSE) {
            state.write(spool, counters, false);
        }
    }

    /// Notes what has not been noted yet. `is_last`: wherever this logger has files, since one of the places is given
    /// up.
    pub fn tick(&self, spool: &Spool, counters: &Counters, is_last: bool) {
        let mut state = self.0.lock();
        if state.is_stale || is_last || state.is_older_than(MOST_AGE) {
            state.write(spool, counters, is_last);
        }
    }
}

impl NotedState {
    fn is_older_than(&self, age: Duration) -> bool {
        self.written.is_none_or(|at| monotonic::now().saturating_duration_since(at) >= age)
    }

    fn write(&mut self, spool: &Spool, counters: &Counters, is_last: bool) {
        let Some(stats) = spool.try_stats() else { return };
        self.is_stale = false;
        self.written = Some(monotonic::now());
        let last_error = counters.last_error.lock().as_deref().map(head);
        if last_error != self.last_error {
            self.error_at_ms = clock::now_ms();
            self.last_error = last_error;
        }
        let Identity { protocol, base_url, repository, .. } = spool.identity();
        let dropped =
            stats.dropped_memory + stats.dropped_disk + stats.dropped_expired + stats.dropped_corrupt;
        let error_at_ms = self.last_error.as_ref().map(|_| self.error_at_ms);
        let note = json!({
            "version": 1, "at_ms": clock::now_ms(), "protocol": protocol, "to": origin(base_url),
            "repository": head(repository), "accepted": stats.accepted, "adopted": stats.adopted,
            "delivered": stats.delivered, "dropped": dropped, "purged": stats.purged,
            "quarantined": stats.quarantined, "last_error": self.last_error, "error_at_ms": error_at_ms,
            "next_attempt_ms": self.next_attempt_ms,
        });
        let mut line = note.to_string();
        // Escapes make a text longer.
        if line.len() < NOTE_BYTES {
            line.extend(std::iter::repeat_n(' ', NOTE_BYTES - 1 - line.len()));
            line.push('\n');
            spool.note(line.as_bytes(), is_last);
        }
    }
}

fn head(text: &str) -> String {
    text.chars().take(KEPT_CHARACTERS).collect()
}

/// An endpoint without what may be secret in it: user, path and query.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    head(&format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_noted_without_what_may_be_secret_in_it() {
        for (url, noted) in [
            ("https://app.test", "https://app.test"),
            ("https://user:word@app.test:8080/v1/key?token=x", "https://app.test:8080"),
            ("http://[::1]:4318/v1/traces", "http://[::1]:4318"),
        ] {
            assert_eq!(origin(url), noted);
        }
    }
}
