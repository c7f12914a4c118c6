//! Every course that a writer can take, for a few steps, in a time that stands still between them.

use super::*;
use crate::status::Status;

const INTERVAL: Duration = Duration::from_secs(1);
const UPKEEP: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(700);
const LONG: Duration = Duration::from_secs(900);
const STOP: Duration = Duration::from_secs(10);
/// How many events and results a course has.
const DEPTH: usize = 7;

fn more(counts: Counts, records: u64) -> Counts {
    (counts.total() + records).into()
}

fn observed(accepted: u64, tickets: u64) -> Observed {
    Observed { accepted: accepted.into(), settled: Counts::default(), tickets }
}

/// What may come while the writer is parked.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// Nothing, until it looks again by itself.
    Time,
    /// A record, a moment later.
    Record,
    /// So many that the spool wakes the writer up.
    Wakeup,
    Flush,
    Stop,
    /// Dead owners' records, found by the next upkeep.
    Orphans,
}

const EVENTS: [Happening; 6] = [
    Happening::Time,
    Happening::Record,
    Happening::Wakeup,
    Happening::Flush,
    Happening::Stop,
    Happening::Orphans,
];
const RESULTS: [RoundResult; 4] = [
    RoundResult::Progress,
    RoundResult::Pause { wait: SHORT, status: Status::Network },
    RoundResult::Pause { wait: LONG, status: Status::Rejected },
    RoundResult::Idle,
];

/// A writer, its surroundings, and what must hold of the two.
#[derive(Clone)]
struct Course {
    now: Instant,
    schedule: Schedule,
    seen: Observed,
    /// Records of dead owners: to be found, and held.
    left: u64,
    adopted: u64,
    /// No attempt before this.
    paused: Option<Instant>,
    stop: Option<Instant>,
    /// When the oldest own record was first seen waiting.
    first_seen: Option<Instant>,
    /// A flush waits for its attempt.
    is_asked: bool,
    path: Vec<String>,
}

impl Course {
    fn start(now: Instant) -> Course {
        Course {
            now,
            schedule: Schedule::new(now, Some(INTERVAL), 3),
            seen: Observed::default(),
            left: 0,
            adopted: 0,
            paused: None,
            stop: None,
            first_seen: None,
            is_asked: false,
            path: Vec::new(),
        }
    }

    /// Goes on until a choice has to be made, makes each, and goes on from there. Gives the number of courses.
    fn follow(mut self, choices: usize) -> usize {
        for _ in 0..8 {
            self.schedule.observe(self.now, self.seen);
            self.first_seen = match !self.seen.is_all_settled() {
                true => Some(self.first_seen.unwrap_or(self.now)),
                false => None,
            };
            match self.schedule.next(self.now, self.seen) {
                Task::Send => {
                    self.check_attempt();
                    if choices == 0 {
                        return 1;
                    }
                    return RESULTS.iter().map(|result| self.clone().sent(*result).follow(choices - 1)).sum();
                }
                Task::Rest => {
                    let is_heard = !self.is_asked || self.seen.is_all_settled();
                    assert!(is_heard, "no attempt for a flush: {self}");
                    self.is_asked = false;
                    let found = std::mem::take(&mut self.left);
                    self.adopted += found;
                    let next = Some(self.now + UPKEEP);
                    if self.schedule.maintained(self.now, next, found > 0, self.adopted) {
                        continue;
                    }
                    let until = self.schedule.wake_at(self.now, self.seen);
                    self.check_park(until);
                    if choices == 0 {
                        return 1;
                    }
                    return EVENTS
                        .iter()
                        .map(|event| self.clone().at(*event, until).follow(choices - 1))
                        .sum();
                }
                Task::LookForOrphans => {
                    assert!(self.seen.is_all_settled() && self.stop.is_some(), "{self}");
                    self.adopted += std::mem::take(&mut self.left);
                    self.schedule.looked_for_orphans(self.now, self.adopted);
                }
                Task::Exit => {
                    let by = self.stop.unwrap_or_else(|| panic!("exits without being told: {self}"));
                    let is_all_sent = self.seen.is_all_settled() && self.adopted == 0;
                    let is_hopeless = self.paused.is_some_and(|until| until >= by);
                    let gave_up = self.path.last().is_some_and(|last| last.contains("Idle"));
                    assert!(
                        self.now >= by || is_all_sent || is_hopeless || gave_up,
                        "exits too early: {self}"
                    );
                    return 1;
                }
            }
        }
        panic!("a busy loop: {self}");
    }

    fn check_attempt(&self) {
        assert!(self.paused.is_none_or(|until| self.now >= until), "an attempt during a pause: {self}");
        assert!(!self.seen.is_all_settled() || self.adopted > 0, "nothing to send: {self}");
        assert!(self.stop.is_none_or(|by| self.now < by), "an attempt after the end: {self}");
    }

    fn check_park(&self, until: Instant) {
        assert!(until > self.now, "does not sleep: {self}");
        assert!(until <= self.now + UPKEEP, "no upkeep: {self}");
        assert!(self.stop.is_none_or(|by| until <= by), "sleeps longer than it may live: {self}");
        match self.paused.filter(|pause| *pause > self.now) {
            Some(pause) if !self.seen.is_all_settled() => {
                assert!(until <= pause.max(self.now + IDLE_POLL), "sleeps longer than the pause: {self}");
            }
            Some(_) => {}
            None => {
                let waiting = self.seen.accepted.total() - self.seen.settled.total();
                assert!(waiting < 3, "a batch is full: {self}");
                let due = self.first_seen.map(|at| at + INTERVAL);
                assert!(due.is_none_or(|due| until <= due), "a record waits for too long: {self}");
                assert_eq!(self.adopted, 0, "records of dead owners wait: {self}");
            }
        }
    }

    fn sent(mut self, result: RoundResult) -> Course {
        self.path.push(format!("{result:?}"));
        self.is_asked = false;
        self.paused = None;
        match result {
            RoundResult::Progress if self.seen.is_all_settled() => self.adopted = 0,
            RoundResult::Progress => self.seen.settled = more(self.seen.settled, 1),
            // Somebody else has sent them.
            RoundResult::Idle => (self.seen.settled, self.adopted) = (self.seen.accepted, 0),
            RoundResult::Pause { wait, .. } => self.paused = Some(self.now + wait),
        }
        self.schedule.sent(self.now, result, self.adopted, self.adopted);
        self
    }

    fn at(mut self, event: Happening, until: Instant) -> Course {
        let is_open = self.stop.is_none();
        self.path.push(format!("{event:?}"));
        match event {
            Happening::Time => self.now = until,
            Happening::Record => {
                self.now += Duration::from_millis(1);
                self.seen.accepted = more(self.seen.accepted, u64::from(is_open));
            }
            Happening::Wakeup => {
                self.seen.accepted = more(self.seen.accepted, if is_open { 5 } else { 0 });
                self.schedule.woken(self.seen);
            }
            Happening::Flush => {
                self.seen.tickets += 1;
                self.is_asked = true;
                self.paused = None;
            }
            Happening::Stop => {
                let by = self.now + STOP;
                if is_open {
                    self.stop = Some(by);
                    self.paused = None;
                }
                self.schedule.stop(by, self.seen.accepted);
            }
            Happening::Orphans => self.left += 1,
        }
        self
    }
}

impl std::fmt::Display for Course {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {:?} at {:?}", self.path.join(", "), self.schedule, self.now)
    }
}

#[test]
fn on_every_course_pauses_are_kept_flushes_are_heard_and_nothing_spins_or_oversleeps() {
    let courses = Course::start(Instant::now()).follow(DEPTH);
    assert!(courses > 10_000, "{courses} courses");
}

/// What a schedule says of a spool in which `waiting` records wait.
fn at(schedule: &mut Schedule, now: Instant, waiting: u64) -> (Task, Instant) {
    let seen = observed(waiting, 0);
    schedule.observe(now, seen);
    (schedule.next(now, seen), schedule.wake_at(now, seen))
}

#[test]
fn a_record_is_due_after_the_interval_and_a_full_batch_at_once() {
    let start = Instant::now();
    let mut schedule = Schedule::new(start, Some(Duration::from_secs(30)), 10);
    schedule.maintained(start, Some(start + 10 * UPKEEP), false, 0);
    let after = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(at(&mut schedule, start, 9).0, Task::Rest);
    assert_eq!(at(&mut schedule, after(29), 9).0, Task::Rest);
    assert_eq!(at(&mut schedule, after(29), 10).0, Task::Send);
    let mut schedule = Schedule::new(start, Some(Duration::from_secs(30)), 0);
    schedule.maintained(start, Some(start + 10 * UPKEEP), false, 0);
    assert_eq!(at(&mut schedule, start, 1), (Task::Rest, after(30)));
    assert_eq!(at(&mut schedule, after(30), 1).0, Task::Send);
}

#[test]
fn without_an_interval_a_record_waits_for_a_flush_and_nobody_looks_for_more() {
    let start = Instant::now();
    let mut schedule = Schedule::new(start, None, 0);
    schedule.maintained(start, Some(start + UPKEEP), false, 0);
    assert_eq!(at(&mut schedule, start, 1_000), (Task::Rest, start + UPKEEP));
    assert_eq!(at(&mut schedule, start + 30 * UPKEEP, 1_000).0, Task::Rest);
    let seen = observed(1_000, 1);
    assert!(!schedule.observe(start, seen));
    assert_eq!(schedule.next(start, seen), Task::Send);
}

#[test]
fn the_looks_get_rarer_while_nothing_comes_and_quick_when_something_does() {
    let start = Instant::now();
    for (interval, count, rarest) in [(1_000, 0, 500), (60_000, 0, 5_000), (60_000, 5, 500), (100, 0, 500)] {
        let mut schedule = Schedule::new(start, Some(Duration::from_millis(interval)), count);
        let (mut now, mut gaps) = (start, Vec::new());
        for _ in 0..40 {
            schedule.maintained(now, Some(now + UPKEEP), false, 0);
            let until = at(&mut schedule, now, 0).1;
            gaps.push((until - now).as_millis());
            now = until;
        }
        assert_eq!(gaps.last(), Some(&rarest), "{interval} ms, {count}: {gaps:?}");
        assert!(gaps.is_sorted(), "{gaps:?}");
        let soonest = if count > 0 { 2 } else { (interval / 2).clamp(2, 5_000) };
        at(&mut schedule, now, 1);
        let poll = schedule.batching.poll.as_millis();
        assert_eq!(poll, u128::from(soonest).min(rarest), "{interval} ms, {count}");
    }
}

/// Without an interval, and with one record that it has heard of.
fn with_one_record(start: Instant) -> (Schedule, Observed) {
    let mut schedule = Schedule::new(start, None, 0);
    let seen = observed(1, 1);
    schedule.maintained(start, Some(start + UPKEEP), false, 0);
    schedule.observe(start, seen);
    (schedule, seen)
}

#[test]
fn news_of_records_wait_for_the_end_of_a_pause_and_for_an_upkeep_that_was_made() {
    let start = Instant::now();
    let (mut schedule, seen) = with_one_record(start);
    assert!(!schedule.woken(seen), "nothing is in the way");
    assert!(schedule.maintained(start, Some(start + UPKEEP), true, 1), "orphans can be sent at once");
    assert!(
        schedule.maintained(start, Some(start + 2 * UPKEEP), false, 1),
        "they are tried after each upkeep"
    );
    assert!(!schedule.maintained(start, Some(start + 2 * UPKEEP), false, 1), "and not without one");
    schedule.sent(start, RoundResult::Pause { wait: UPKEEP, status: Status::Network }, 1, 1);
    assert!(schedule.woken(seen), "a pause is");
    assert!(!schedule.maintained(start, Some(start + 3 * UPKEEP), true, 1), "so these have to wait as well");
    schedule.maintained(start, None, false, 0);
    assert!(schedule.wake_at(start, seen) > start, "a bug in it is no reason to spin");
}

#[test]
fn without_an_interval_a_pause_is_slept_through_and_no_longer() {
    let start = Instant::now();
    let (mut schedule, seen) = with_one_record(start);
    schedule.sent(start, RoundResult::Pause { wait: SHORT, status: Status::Network }, 0, 0);
    assert_eq!(schedule.wake_at(start, seen), start + SHORT);
}

#[test]
fn a_writer_that_is_told_to_exit_sleeps_no_longer_and_sends_the_orphans_that_it_finds() {
    let start = Instant::now();
    let by = start + UPKEEP / 2;
    let mut schedule = Schedule::new(start, None, 0);
    schedule.maintained(start, Some(start + UPKEEP), false, 0);
    assert_eq!((schedule.stop_by(), schedule.served()), (None, 0));
    schedule.observe(start, observed(0, 7));
    assert_eq!(schedule.served(), 7);
    schedule.stop(by, Counts::default());
    assert_eq!(schedule.stop_by(), Some(by));
    let seen = observed(0, 7);
    assert_eq!(schedule.wake_at(start, seen), by);
    assert_eq!(schedule.next(start, seen), Task::LookForOrphans);
    schedule.looked_for_orphans(start, 5);
    assert_eq!(schedule.next(start, seen), Task::Send);
    assert_eq!(schedule.stop_by(), Some(by));
    schedule.looked_for_orphans(start, 0);
    assert_eq!(schedule.next(start, seen), Task::Exit);
}

#[test]
fn records_of_dead_owners_that_cannot_be_read_leave_it_time_to_rest() {
    let start = Instant::now();
    let mut schedule = Schedule::new(start, None, 0);
    // Some of its own, which come back at once, and those of a dead owner.
    let seen = observed(1, 0);
    schedule.maintained(start, Some(start + UPKEEP), true, 5);
    schedule.observe(start, seen);
    assert_eq!(schedule.next(start, seen), Task::Send);
    schedule.sent(start, RoundResult::Progress, 5, 5);
    schedule.observe(start, seen);
    assert_eq!(schedule.next(start, seen), Task::Send);
    let later = start + Duration::from_millis(1);
    schedule.sent(later, RoundResult::Progress, 5, 0);
    schedule.observe(later, seen);
    assert_eq!(schedule.next(later, seen), Task::Rest);
    // They are tried again soon: from when they could not be read, not from when they could.
    let again = schedule.wake_at(later, seen);
    assert_eq!(again, later + READ_AGAIN);
    schedule.observe(again, seen);
    assert_eq!(schedule.next(again, seen), Task::Send);
    schedule.sent(again, RoundResult::Progress, 0, 0);
    schedule.observe(again, seen);
    assert_eq!(schedule.next(again, seen), Task::Rest);
    assert_eq!(schedule.wake_at(again, seen), start + UPKEEP);
}
