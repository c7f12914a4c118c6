//! Whose turn it is among the uploads that wait: those that failed before step aside for those that did not.
//!
//! A storage looks at content, and so does what stands before it; an attachment that it refuses must not hold
//! the others back. So each upload that fails waits for a time of its own, which doubles, and comes after
//! those that have failed less. What goes on failing while others succeed is given up: its fault it is. While
//! none succeeds, nothing is given up, for then the fault may be the storage's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::status::Status;

/// Refusals, each of a fresh URL, after which the fault is the content's if others have succeeded meanwhile.
const REFUSALS_BELIEVED: u32 = 5;
/// The same for failures that may be the network's (no answer, 5xx), which takes about an hour.
const FAILURES_BELIEVED: u32 = 14;
/// The first wait of an upload that failed, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// So many failures with no success among them end a round.
const ENOUGH: u32 = 16;
/// The waits between two rounds; the longest is for what may have come meanwhile.
const LEAST_WAIT: Duration = Duration::from_millis(10);
const ROUND_WAIT: Duration = Duration::from_secs(5);
/// Records remembered at most, of each kind; more than a batch has. Forgotten ones are uploaded again.
const REMEMBERED: usize = 8_192;

/// What is remembered of uploads that have not left.
#[derive(Default)]
pub(super) struct Turns {
    /// Those that have succeeded and stand behind one that has not.
    finished: BTreeSet<String>,
    /// Those that have not.
    setbacks: BTreeMap<String, Setback>,
    /// When one last succeeded.
    succeeded: Option<Instant>,
    /// How many records the last round was of, and whether it, or a larger one before it, left some that were
    /// never tried.
    round: (usize, bool),
}

/// What an upload has met with so far.
struct Setback {
    refusals: u32,
    failures: u32,
    /// Of these, the last one's kind.
    is_unread: bool,
    /// It is of no use to try again.
    given_up: bool,
    first: Instant,
    not_before: Instant,
    why: String,
}

/// How a round goes.
#[derive(Default)]
pub(super) struct Round {
    successes: u32,
    setbacks: u32,
}

impl Round {
    /// Whether it goes badly enough.
    pub fn is_barren(&self) -> bool {
        self.successes == 0 && self.setbacks >= ENOUGH
    }
}

/// How an upload failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It was refused.
    Refusal,
    /// There was no answer, or one that says nothing about the content.
    Failure,
    /// Its content cannot be read at present.
    Unread,
    /// It can never succeed.
    Final,
}

/// What there is to do about some uploads.
pub(super) enum Verdict {
    /// All have succeeded.
    Finished,
    /// At least one is given up.
    GivenUp(String),
    /// Some have to wait, for trouble of this kind.
    Wait(Duration, Status, String),
}

impl Turns {
    /// The indices of those to be tried now, in this order.
    pub fn due(&self, records: &[&str], now: Instant) -> Vec<usize> {
        let tries =
            |record: &str| self.setbacks.get(record).map_or(0, |setback| setback.refusals + setback.failures);
        let is_due = |record: &str| {
            let waits = |setback: &Setback| setback.given_up || setback.not_before > now;
            !self.finished.contains(record) && !self.setbacks.get(record).is_some_and(waits)
        };
        let mut due: Vec<usize> = (0..records.len()).filter(|index| is_due(records[*index])).collect();
        due.sort_by_key(|index| (tries(records[*index]), *index));
        due
    }

    /// A round over so many records has ended, with `left` as the next to be tried. Of a batch that is halved, the
    /// larger parts come first.
    pub fn round_ended(&mut self, records: usize, left: Option<&str>) {
        let is_part = records < self.round.0;
        let is_new = left.is_some_and(|record| !self.setbacks.contains_key(record));
        self.round = (records, is_new || (is_part && self.round.1));
    }

    pub fn succeeded(&mut self, record: &str, round: &mut Round, now: Instant) {
        round.successes += 1;
        self.succeeded = Some(now);
        self.setbacks.remove(record);
        if self.finished.len() >= REMEMBERED {
            self.finished.clear();
        }
        self.finished.insert(record.to_owned());
    }

    pub fn failed(&mut self, record: &str, trouble: Trouble, why: String, round: &mut Round, now: Instant) {
        round.setbacks += u32::from(trouble != Trouble::Final);
        if self.setbacks.len() >= REMEMBERED {
            self.setbacks.clear();
        }
        let setback = self.setbacks.entry(record.to_owned()).or_insert_with(|| Setback {
            refusals: 0,
            failures: 0,
            is_unread: false,
            given_up: false,
            first: now,
            not_before: now,
            why: String::new(),
        });
        match trouble {
            Trouble::Refusal => setback.refusals += 1,
            Trouble::Failure | Trouble::Unread => setback.failures += 1,
            Trouble::Final => setback.given_up = true,
        }
        setback.is_unread = trouble == Trouble::Unread;
        let doubled = 2_u32.saturating_pow((setback.refusals + setback.failures).saturating_sub(1));
        setback.not_before = now + FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT);
        setback.why = why;
    }

    /// What becomes of these, after a round of which nothing general is to be said.
    pub fn verdict(&mut self, records: &[&str], now: Instant) -> Verdict {
        let others_succeed = |setback: &Setback| self.succeeded.is_some_and(|at| at >= setback.first);
        let waiting = || records.iter().filter_map(|record| self.setbacks.get(*record));
        let given_up = waiting().find(|setback| {
            let believed = setback.refusals > REFUSALS_BELIEVED
                || setback.refusals + setback.failures > FAILURES_BELIEVED;
            setback.given_up || (believed && others_succeed(setback))
        });
        if let Some(given_up) = given_up {
            let why = given_up.why.clone();
            // Alone, it leaves.
            if let [record] = records {
                self.setbacks.remove(*record);
            }
            return Verdict::GivenUp(why);
        }
        let Some(first) = waiting().min_by_key(|setback| setback.not_before) else {
            if records.iter().all(|record| self.finished.contains(*record)) {
                records.iter().for_each(|record| _ = self.finished.remove(*record));
                return Verdict::Finished;
            }
            return Verdict::Wait(
                FIRST_WAIT,
                Status::Network,
                "there was no time to try all uploads".to_owned(),
            );
        };
        let own = first.not_before.saturating_duration_since(now);
        let why = first.why.clone();
        let status = match first {
            Setback { is_unread: true, .. } => Status::Io,
            Setback { refusals: 0, .. } => Status::Network,
            _ => Status::Rejected,
        };
        // Behind those that are refused, others have not had their turn yet.
        let longest = if first.refusals > 0 && self.round.1 { FIRST_WAIT } else { ROUND_WAIT };
        Verdict::Wait(own.clamp(LEAST_WAIT, longest), status, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds of one refused upload beside what `beside` says of others; the time until it is given up.
    fn until_given_up(trouble: Trouble, beside: bool) -> Option<Duration> {
        let mut turns = Turns::default();
        let start = Instant::now();
        let mut now = start;
        for number in 0..200 {
            let mut round = Round::default();
            if !turns.due(&["bad"], now).is_empty() {
                turns.failed("bad", trouble, "refused".into(), &mut round, now);
            }
            if beside {
                turns.succeeded(&format!("good-{number}"), &mut round, now);
            }
            match turns.verdict(&["bad"], now) {
                Verdict::GivenUp(_) => return Some(now - start),
                Verdict::Wait(wait, ..) => now += wait,
                Verdict::Finished => panic!("it never succeeded"),
            }
        }
        None
    }

    #[test]
    fn what_is_refused_while_others_succeed_is_given_up_and_otherwise_never() {
        let seconds = |trouble| until_given_up(trouble, true).map(|after| after.as_secs());
        assert_eq!(seconds(Trouble::Refusal), Some(15));
        assert_eq!(seconds(Trouble::Final), Some(0));
        assert_eq!(until_given_up(Trouble::Refusal, false), None);
        assert_eq!(until_given_up(Trouble::Failure, false), None);
    }

    #[test]
    fn a_failure_of_the_network_is_believed_to_be_the_contents_after_fourteen_and_not_before() {
        let mut turns = Turns::default();
        let now = Instant::now();
        let mut round = Round::default();
        for _ in 0..FAILURES_BELIEVED {
            turns.failed("bad", Trouble::Failure, "no answer".into(), &mut round, now);
        }
        turns.succeeded("good", &mut round, now);
        assert!(!round.is_barren() && round.setbacks == FAILURES_BELIEVED);
        assert!(matches!(turns.verdict(&["bad"], now), Verdict::Wait(_, Status::Network, _)));
        for _ in 0..ENOUGH {
            turns.failed("bad", Trouble::Failure, "no answer".into(), &mut round, now);
        }
        assert!(!round.is_barren(), "one of the round has succeeded");
        assert!(matches!(turns.verdict(&["bad"], now), Verdict::GivenUp(_)));
        turns.failed("refused", Trouble::Refusal, "no".into(), &mut round, now);
        assert!(matches!(turns.verdict(&["refused"], now), Verdict::Wait(_, Status::Rejected, _)));
        turns.succeeded("refused", &mut round, now);
        assert!(matches!(turns.verdict(&["good", "refused"], now), Verdict::Finished));
    }

    #[test]
    fn those_that_failed_less_come_first_and_those_that_wait_not_at_all() {
        let mut turns = Turns::default();
        let now = Instant::now();
        let records = ["a", "b", "c", "d"];
        let mut round = Round::default();
        turns.failed("a", Trouble::Refusal, String::new(), &mut round, now);
        turns.failed("a", Trouble::Failure, String::new(), &mut round, now);
        turns.failed("b", Trouble::Refusal, String::new(), &mut round, now);
        turns.succeeded("c", &mut round, now);
        assert_eq!(turns.due(&records, now), [3]);
        assert_eq!(turns.due(&records, now + LONGEST_WAIT), [3, 1, 0]);
        assert!(matches!(turns.verdict(&["c"], now), Verdict::Finished));
    }

    #[test]
    fn a_round_with_nothing_but_setbacks_ends_early_and_the_next_is_not_far() {
        let mut turns = Turns::default();
        let now = Instant::now();
        let names: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let records: Vec<&str> = names.iter().map(String::as_str).collect();
        for _ in 0..3 {
            let mut round = Round::default();
            for index in turns.due(&records, now) {
                turns.failed(records[index], Trouble::Refusal, String::new(), &mut round, now);
                if round.is_barren() {
                    break;
                }
            }
            assert_eq!(round.setbacks, ENOUGH);
            assert!(matches!(turns.verdict(&records, now), Verdict::Wait(wait, ..) if wait <= ROUND_WAIT));
        }
        // Each round tried others.
        assert_eq!(turns.setbacks.len(), 3 * ENOUGH as usize);
        // However often the first has been refused, the wait is short while others have not been tried.
        for _ in 0..5 {
            turns.failed("0", Trouble::Refusal, String::new(), &mut Round::default(), now);
        }
        let mut wait = |left| {
            turns.round_ended(records.len(), left);
            turns.round_ended(1, None);
            match turns.verdict(&records[..1], now) {
                Verdict::Wait(wait, ..) => wait,
                _ => panic!("it is to wait"),
            }
        };
        assert_eq!(wait(Some("99")), FIRST_WAIT);
        assert_eq!(wait(Some("0")), ROUND_WAIT);
        assert_eq!(wait(None), ROUND_WAIT);
    }
}
