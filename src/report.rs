//! Asynchronous outcomes: how the rooms below tell the host what happened after a call returned.

use crate::status::Status;

/// One thing worth telling: records were dropped, a batch was refused, a key is not accepted.
#[derive(Debug, Clone)]
pub struct Report {
    /// What kind of trouble.
    pub status: Status,
    /// What happened, to what, and what the library does next. Never holds a credential.
    pub message: String,
    /// How many records it concerns (0 when it concerns none).
    pub records: u64,
}

/// A number of records in words: 1 record, 2 records.
pub fn records(count: u64) -> String {
    format!("{count} {}", if count == 1 { "record" } else { "records" })
}

/// Where reports go. Called on the library's own threads, never while a lock is held.
pub trait Reporter: Send + Sync {
    /// An error the host should hear of (rate-limited by the caller's room).
    fn error(&self, report: &Report);
    /// A line for debugging; `message` is only built when [`Reporter::debug_enabled`].
    fn debug(&self, message: &str);
    /// Whether anybody listens to [`Reporter::debug`].
    fn debug_enabled(&self) -> bool {
        false
    }
}

/// A reporter that nobody listens to.
#[cfg(test)]
pub struct Silent;

#[cfg(test)]
impl Reporter for Silent {
    fn error(&self, _: &Report) {}
    fn debug(&self, _: &str) {}
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_record_is_not_many() {
        assert_eq!(
            [super::records(0), super::records(1), super::records(2)],
            ["0 records", "1 record", "2 records"]
        );
    }
}
