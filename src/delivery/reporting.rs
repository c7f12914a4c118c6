//! What the host hears of delivery: each kind of trouble at most once in ten seconds, and its end.
//!
//! News are gathered while the engine works and told when its lock has been given back, so that a
//! host may call the library from its callback.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::report::{Report, Reporter};
use crate::status::Status;

/// The same kind of trouble is not reported more often.
const QUIET: Duration = Duration::from_secs(10);

/// Decides what is worth telling, and keeps it until it can be told.
pub struct Reporting {
    debug: bool,
    kinds: Vec<Kind>,
    pending: News,
}

/// What has been said of one kind of trouble.
struct Kind {
    status: Status,
    said: Instant,
    unsaid: u64,
}

/// Reports and debug lines, in order.
#[derive(Default)]
pub struct News(Vec<Item>);

enum Item {
    Error(Report),
    Debug(String),
}

impl News {
    /// Tells everything; to be called while no lock is held.
    pub fn tell(self, reporter: &Arc<dyn Reporter>) {
        for item in self.0 {
            match item {
                Item::Error(report) => reporter.error(&report),
                Item::Debug(line) => reporter.debug(&line),
            }
        }
    }
}

impl Reporting {
    /// `debug`: whether debug lines are wanted at all.
    pub fn new(debug: bool) -> Reporting {
        Reporting { debug, kinds: Vec::new(), pending: News::default() }
    }

    /// Something went wrong for `records` records.
    pub fn trouble(&mut self, status: Status, records: u64, message: String, now: Instant) {
        let unsaid = match self.kinds.iter_mut().find(|kind| kind.status == status) {
            Some(kind) if now.saturating_duration_since(kind.said) < QUIET => {
                kind.unsaid += 1;
                return;
            }
            Some(kind) => {
                kind.said = now;
                std::mem::take(&mut kind.unsaid)
            }
            None => {
                self.kinds.push(Kind { status, said: now, unsaid: 0 });
                0
            }
        };
        let message = match unsaid {
            0 => message,
            more => format!("{message} ({more} more of this kind since the last report)"),
        };
        self.pending.0.push(Item::Error(Report { status, message, records }));
    }

    /// Records are being delivered again; said (as [`Status::Ok`]) if trouble was.
    pub fn recovered(&mut self, message: impl FnOnce() -> String) {
        if !self.kinds.is_empty() {
            self.kinds.clear();
            self.pending.0.push(Item::Error(Report { status: Status::Ok, message: message(), records: 0 }));
        }
    }

    /// A line for whoever debugs; only built if somebody does.
    pub fn debug(&mut self, line: impl FnOnce() -> String) {
        if self.debug {
            self.pending.0.push(Item::Debug(line()));
        }
    }

    /// What there is to tell.
    pub fn take(&mut self) -> News {
        std::mem::take(&mut self.pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Mutex;

    #[derive(Default)]
    struct Heard(Mutex<Vec<(Status, String)>>);

    impl Reporter for Heard {
        fn error(&self, report: &Report) {
            self.0.lock().push((report.status, report.message.clone()));
        }
        fn debug(&self, message: &str) {
            self.0.lock().push((Status::Ok, message.to_owned()));
        }
    }

    #[test]
    fn each_kind_of_trouble_is_said_once_in_ten_seconds_with_what_was_left_out() {
        let mut reporting = Reporting::new(false);
        let start = Instant::now();
        for second in 0..=10 {
            let now = start + Duration::from_secs(second);
            reporting.trouble(Status::Network, 1, "down".into(), now);
        }
        reporting.trouble(Status::Unauthorized, 1, "key".into(), start);
        reporting.debug(|| unreachable!("nobody debugs"));
        let heard = Arc::new(Heard::default());
        let reporter: Arc<dyn Reporter> = heard.clone();
        reporting.take().tell(&reporter);
        let expected = [
            (Status::Network, "down".to_owned()),
            (Status::Network, "down (9 more of this kind since the last report)".to_owned()),
            (Status::Unauthorized, "key".to_owned()),
        ];
        assert_eq!(*heard.0.lock(), expected);
    }

    #[test]
    fn the_end_of_trouble_is_said_once_and_only_after_trouble() {
        let mut reporting = Reporting::new(false);
        reporting.recovered(|| "well".into());
        assert!(reporting.take().0.is_empty());
        reporting.trouble(Status::Network, 1, "down".into(), Instant::now());
        reporting.recovered(|| "well".into());
        reporting.recovered(|| "well".into());
        assert_eq!(reporting.take().0.len(), 2);
    }
}
