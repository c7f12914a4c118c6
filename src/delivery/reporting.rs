//! What the host hears of delivery: each kind of trouble at most once in ten seconds, and its end.
//!
//! What is left out meanwhile is counted in the next report of its kind. Records that are gone for good
//! are told of in any case, at the latest when the pipeline leaves: the numbers of records in those
//! reports add up.
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
    kinds: Vec<TroubleKind>,
    pending: News,
}

/// What has been said of one kind of trouble.
struct TroubleKind {
    status: Status,
    /// Whether it costs records for good: what keeps others of the same status back must not be told in its stead.
    is_gone: bool,
    said: Instant,
    suppressed: Suppressed,
}

/// What has not been said yet.
#[derive(Default)]
struct Suppressed {
    /// How many times.
    times: u64,
    /// Records that are gone.
    gone: u64,
    /// What would have been said last.
    message: String,
}

/// Reports and debug lines, in order.
#[derive(Default)]
pub struct News(Vec<NewsItem>);

enum NewsItem {
    Error(Report),
    Debug(String),
}

impl News {
    /// Tells everything; to be called while no lock is held.
    pub fn tell(self, reporter: &Arc<dyn Reporter>) {
        for item in self.0 {
            match item {
                NewsItem::Error(report) => reporter.error(&report),
                NewsItem::Debug(line) => reporter.debug(&line),
            }
        }
    }
}

impl Suppressed {
    /// A message, and how often it stands for others.
    fn counted(&self, message: String) -> String {
        match self.times {
            0 => message,
            more => format!("{message} ({more} more of this kind since the last report)"),
        }
    }
}

impl Reporting {
    /// `debug`: whether debug lines are wanted at all.
    pub fn new(debug: bool) -> Reporting {
        Reporting { debug, kinds: Vec::new(), pending: News::default() }
    }

    /// Something keeps `records` records for now.
    pub fn delayed(&mut self, status: Status, records: u64, message: String, now: Instant) {
        self.say(status, records, 0, message, now);
    }

    /// Records were accepted, `times` of them, of which something is worth telling.
    pub fn remarked(&mut self, status: Status, times: u64, message: String, now: Instant) {
        self.say(status, 0, 0, message, now);
        if let Some(kind) = self.kinds.iter_mut().find(|kind| kind.status == status && !kind.is_gone) {
            kind.suppressed.times += times.saturating_sub(1);
        }
    }

    /// Records are gone for good.
    pub fn gone(&mut self, status: Status, records: u64, message: String, now: Instant) {
        self.say(status, 0, records, message, now);
    }

    fn say(&mut self, status: Status, kept: u64, gone: u64, message: String, now: Instant) {
        let is_gone = gone > 0;
        let is_same = |kind: &&mut TroubleKind| kind.status == status && kind.is_gone == is_gone;
        let suppressed = match self.kinds.iter_mut().find(is_same) {
            Some(kind) if now.saturating_duration_since(kind.said) < QUIET => {
                kind.suppressed.times += 1;
                kind.suppressed.gone += gone;
                kind.suppressed.message = message;
                return;
            }
            Some(kind) => {
                kind.said = now;
                std::mem::take(&mut kind.suppressed)
            }
            None => {
                let suppressed = Suppressed::default();
                self.kinds.push(TroubleKind { status, is_gone, said: now, suppressed });
                Suppressed::default()
            }
        };
        let records = kept + gone + suppressed.gone;
        self.pending.0.push(NewsItem::Error(Report {
            status,
            message: suppressed.counted(message),
            records,
        }));
    }

    /// Tells of records that are gone and could not be told of when they went, `quiet` or sooner ago.
    fn flush_suppressed(&mut self, quiet: Duration, now: Instant) {
        for kind in &mut self.kinds {
            if kind.suppressed.gone == 0 || now.saturating_duration_since(kind.said) < quiet {
                continue;
            }
            kind.said = now;
            let mut suppressed = std::mem::take(&mut kind.suppressed);
            // The last one is said itself.
            suppressed.times -= 1;
            let message = suppressed.counted(suppressed.message.clone());
            let report = Report { status: kind.status, message, records: suppressed.gone };
            self.pending.0.push(NewsItem::Error(report));
        }
    }

    /// To be called now and then: tells what the quiet time kept back.
    pub fn tick(&mut self, now: Instant) {
        self.flush_suppressed(QUIET, now);
    }

    /// To be called in the end: tells what the quiet time has kept back so far.
    pub fn close(&mut self, now: Instant) {
        self.flush_suppressed(Duration::ZERO, now);
    }

    /// Records are being delivered again; said (as [`Status::Ok`]) if trouble was.
    pub fn recovered(&mut self, now: Instant, message: impl FnOnce() -> String) {
        if !self.kinds.is_empty() {
            self.close(now);
            self.kinds.clear();
            self.pending.0.push(NewsItem::Error(Report {
                status: Status::Ok,
                message: message(),
                records: 0,
            }));
        }
    }

    /// A line for whoever debugs; only built if somebody does.
    pub fn debug(&mut self, line: impl FnOnce() -> String) {
        if self.debug {
            self.pending.0.push(NewsItem::Debug(line()));
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
    use crate::sync::Mutex;

    #[derive(Default)]
    struct Heard(Mutex<Vec<(Status, String, u64)>>);

    impl Reporter for Heard {
        fn error(&self, report: &Report) {
            self.0.lock().push((report.status, report.message.clone(), report.records));
        }
        fn debug(&self, message: &str) {
            self.0.lock().push((Status::Ok, message.to_owned(), 0));
        }
    }

    #[test]
    fn each_kind_of_trouble_is_said_once_in_ten_seconds_with_what_was_left_out() {
        let mut reporting = Reporting::new(false);
        let start = Instant::now();
        for second in 0..=10 {
            let now = start + Duration::from_secs(second);
            reporting.delayed(Status::Network, 1, "down".into(), now);
        }
        reporting.delayed(Status::Unauthorized, 1, "key".into(), start);
        reporting.debug(|| unreachable!("nobody debugs"));
        let expected = [
            (Status::Network, "down".to_owned(), 1),
            (Status::Network, "down (9 more of this kind since the last report)".to_owned(), 1),
            (Status::Unauthorized, "key".to_owned(), 1),
        ];
        assert_eq!(heard(&mut reporting), expected);
    }

    #[test]
    fn what_is_kept_is_not_told_in_the_stead_of_what_is_gone() {
        let mut reporting = Reporting::new(false);
        let start = Instant::now();
        reporting.delayed(Status::Io, 0, "unreadable".into(), start);
        reporting.gone(Status::Io, 3, "lost".into(), start);
        reporting.gone(Status::Io, 2, "lost".into(), start);
        reporting.delayed(Status::Io, 0, "unreadable".into(), start);
        let said = |text: &str, records| (Status::Io, text.to_owned(), records);
        assert_eq!(heard(&mut reporting), [said("unreadable", 0), said("lost", 3)]);
        reporting.close(start);
        assert_eq!(heard(&mut reporting), [said("lost", 2)]);
    }

    fn heard(reporting: &mut Reporting) -> Vec<(Status, String, u64)> {
        let heard = Arc::new(Heard::default());
        let reporter: Arc<dyn Reporter> = heard.clone();
        reporting.take().tell(&reporter);
        heard.0.lock().clone()
    }

    #[test]
    fn every_record_that_is_gone_is_told_of() {
        let start = Instant::now();
        let refused = |reporting: &mut Reporting, name: &str, second| {
            reporting.gone(Status::Rejected, 1, name.into(), start + Duration::from_secs(second));
        };
        let said = |text: &str, records| (Status::Rejected, text.to_owned(), records);
        let mut reporting = Reporting::new(false);
        for (name, second) in [("a", 0), ("b", 1), ("c", 2), ("d", 10), ("e", 11), ("f", 12)] {
            refused(&mut reporting, name, second);
        }
        let more = |name: &str, count| format!("{name} ({count} more of this kind since the last report)");
        assert_eq!(heard(&mut reporting), [said("a", 1), said(&more("d", 2), 3)]);
        reporting.tick(start + Duration::from_secs(19));
        assert_eq!(heard(&mut reporting), []);
        reporting.tick(start + Duration::from_secs(20));
        assert_eq!(heard(&mut reporting), [said(&more("f", 1), 2)]);
        refused(&mut reporting, "g", 21);
        reporting.close(start);
        reporting.close(start);
        assert_eq!(heard(&mut reporting), [said("g", 1)]);
    }

    #[test]
    fn what_is_told_of_many_at_once_counts_each_and_debug_lines_go_to_whoever_debugs() {
        let mut reporting = Reporting::new(true);
        let start = Instant::now();
        reporting.remarked(Status::Rejected, 3, "odd".into(), start);
        reporting.remarked(Status::Rejected, 4, "odd".into(), start);
        reporting.remarked(Status::Rejected, 1, "odd".into(), start + QUIET);
        reporting.debug(|| "line".to_owned());
        let expected = [
            (Status::Rejected, "odd".to_owned(), 0),
            (Status::Rejected, "odd (6 more of this kind since the last report)".to_owned(), 0),
            (Status::Ok, "line".to_owned(), 0),
        ];
        assert_eq!(heard(&mut reporting), expected);
    }

    #[test]
    fn the_end_of_trouble_is_said_once_and_only_after_trouble() {
        let mut reporting = Reporting::new(false);
        let now = Instant::now();
        reporting.recovered(now, || "well".into());
        assert!(reporting.take().0.is_empty());
        reporting.delayed(Status::Network, 1, "down".into(), now);
        reporting.recovered(now, || "well".into());
        reporting.recovered(now, || "well".into());
        assert_eq!(reporting.take().0.len(), 2);
    }
}
