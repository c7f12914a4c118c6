//! Days of faults in virtual time: the writer, the engine and a spool in memory as they are, with a service of
//! a script and a clock that moves when the writer would sleep. What a seed decides happens again with it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::flushes::Flush;
use super::policy::{Dice, HOLD, RETRY_AFTER, dice};
use super::progress::FlushTarget;
use super::tests::{LINE, asked, config, records};
use super::writer::{Step, Stop, Workplace, Writer};
use super::*;
use crate::process::monotonic::VirtualTime;
use crate::report::{Report, Reporter};
use crate::spool::{self, BatchLimits, Counts, Spool};
use crate::status::{Result, Status};
use crate::sync::Mutex;

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// The longest that the service thinks about a request.
const SLOWEST: Duration = Duration::from_secs(15);
const MAX_AGE: Duration = Duration::from_secs(2 * 3_600);
const BACKOFF: BackoffConfig =
    BackoffConfig { initial: Duration::from_millis(500), max: Duration::from_secs(60), max_retries: None };

/// How the service behaves for a while.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Well,
    Slow,
    /// No connection, or a 5xx.
    Down,
    /// It takes the records, and the answer is lost.
    Forgetful,
    /// A 503 that names a time.
    Busy,
    Unauthorized,
    Elsewhere,
    /// A 413 for more than this.
    Narrow(usize),
    /// A 400 for every record whose number can be divided by 50.
    Picky,
}

/// When the next attempt is to be made after one that failed.
#[derive(Clone, Copy, Debug)]
enum Next {
    By(Instant),
    At(Instant),
}

/// The service, and what it saw.
struct Service {
    time: VirtualTime,
    dice: Dice,
    mood: Mood,
    mood_until: Instant,
    next: Option<Next>,
    /// A flush lifts the next pause.
    is_asked: bool,
    failures: u32,
    refusals: usize,
    attempts: u64,
    taken: BTreeSet<u64>,
    last_first: u64,
    poisoned: BTreeSet<u64>,
}

fn below(dice: &mut Dice, bound: u64) -> u64 {
    dice() % bound
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Service {
    fn new(time: VirtualTime, seed: u64) -> Service {
        Service {
            mood_until: time.now(),
            time,
            dice: dice(seed),
            mood: Mood::Well,
            next: None,
            is_asked: false,
            failures: 0,
            refusals: 0,
            attempts: 0,
            taken: BTreeSet::new(),
            last_first: 0,
            poisoned: BTreeSet::new(),
        }
    }

    fn change_mood(&mut self) {
        let now = self.time.now();
        if now < self.mood_until {
            return;
        }
        self.mood = match below(&mut self.dice, 14) {
            0..=4 => Mood::Well,
            5 => Mood::Slow,
            6 | 7 => Mood::Down,
            8 => Mood::Forgetful,
            9 => Mood::Busy,
            10 => Mood::Unauthorized,
            11 => Mood::Elsewhere,
            12 => Mood::Narrow(5_000),
            _ => Mood::Picky,
        };
        // From seconds to hours.
        let most = 4u64 << below(&mut self.dice, 13);
        self.mood_until = now + seconds(1 + below(&mut self.dice, most));
    }

    /// Answers a request, and checks that it comes when and with what it should.
    fn answer(&mut self, body: &str) -> Outcome {
        let numbers: Vec<u64> = records(body).iter().map(|name| number(name)).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "out of order: {numbers:?}");
        // What is sent again begins where the last request did or later, never before.
        assert!(numbers[0] >= self.last_first, "{} after {}", numbers[0], self.last_first);
        self.last_first = numbers[0];
        self.attempts += 1;
        let now = self.time.now();
        if !std::mem::take(&mut self.is_asked) {
            match self.next {
                Some(Next::By(moment)) => assert!(now <= moment, "{:?} too late", now - moment),
                Some(Next::At(moment)) => assert_eq!(now, moment, "not when it was said"),
                None => {}
            }
        }
        self.next = None;
        self.change_mood();
        let outcome = self.outcome(body, &numbers);
        let now = self.time.now();
        match &outcome {
            Outcome::Delivered => (self.failures, self.refusals) = (0, 0),
            Outcome::Retry { after: Some(after), .. } => {
                self.failures += 1;
                let wait = (*after).clamp(*RETRY_AFTER.start(), *RETRY_AFTER.end());
                self.next = Some(Next::At(now + wait));
            }
            Outcome::Retry { .. } => {
                let doubled = 2u32.checked_pow(self.failures).unwrap_or(u32::MAX);
                self.failures += 1;
                let bound = BACKOFF.initial.saturating_mul(doubled).min(BACKOFF.max);
                self.next = Some(Next::By(now + bound));
            }
            Outcome::Unauthorized { .. } => {
                let wait = [60, 300, 900][self.refusals.min(2)];
                self.refusals += 1;
                self.next = Some(Next::At(now + seconds(wait)));
            }
            Outcome::Hold { .. } => self.next = Some(Next::At(now + HOLD)),
            _ => {}
        }
        outcome
    }

    fn outcome(&mut self, body: &str, numbers: &[u64]) -> Outcome {
        let why = format!("{:?}", self.mood);
        match self.mood {
            Mood::Well => {}
            Mood::Slow => {
                let milliseconds = below(&mut self.dice, SLOWEST.as_millis() as u64);
                self.time.advance(Duration::from_millis(milliseconds));
            }
            Mood::Down => return Outcome::Retry { after: None, why },
            Mood::Forgetful => {
                self.taken.extend(numbers);
                return Outcome::Retry { after: None, why };
            }
            Mood::Busy => {
                let after = Some(seconds(below(&mut self.dice, 3_600)));
                return Outcome::Retry { after, why };
            }
            Mood::Unauthorized => return Outcome::Unauthorized { status: 401, why },
            Mood::Elsewhere => return Outcome::Hold { why },
            Mood::Narrow(limit) if body.len() > limit => return Outcome::TooLarge { why },
            Mood::Narrow(_) => {}
            Mood::Picky => {
                let is_bad = |number: &u64| number % 50 == 0;
                if numbers.iter().any(is_bad) {
                    if let [number] = numbers {
                        self.poisoned.insert(*number);
                    }
                    return Outcome::BadRequest { status: 400, why };
                }
            }
        }
        self.taken.extend(numbers);
        Outcome::Delivered
    }
}

/// The number in a record of some length.
fn number(name: &str) -> u64 {
    name.trim_start_matches('r').trim_end_matches('x').parse().unwrap()
}

/// A flush that waits to be answered.
struct Asked {
    deadline: Instant,
    accepted: Counts,
    answer: Arc<Mutex<Option<Result>>>,
}

/// The records of which the host is told that they were dropped.
#[derive(Default)]
struct ToldOfDrops(AtomicU64);

impl Reporter for ToldOfDrops {
    fn error(&self, report: &Report) {
        if matches!(report.status, Status::SpoolFull | Status::Timeout) {
            self.0.fetch_add(report.records, Ordering::Relaxed);
        }
    }
    fn debug(&self, _: &str) {}
}

/// A day with this seed; what became of the records.
fn a_day(seed: u64) -> (Stats, u64) {
    let time = VirtualTime::start();
    let mut chance = dice(seed);
    let service = Arc::new(Mutex::new(Service::new(time.clone(), seed ^ 1)));
    let asks = Arc::clone(&service);
    let (mut config, _) = asked(move |body| asks.lock().answer(body));
    let told = Arc::new(ToldOfDrops::default());
    config.reporter = told.clone();
    config.backoff = BACKOFF;
    config.spool.max_age = MAX_AGE;
    (config.flush_interval, config.spool.wake_records) =
        [(Some(seconds(1)), 0), (Some(seconds(10)), 20), (Some(seconds(60)), 0), (None, 5)]
            [below(&mut chance, 4) as usize];
    // Not enough for hours without a service, now and then.
    let is_narrow = below(&mut chance, 3) == 0;
    config.spool.max_memory_bytes = if is_narrow { 256 << 10 } else { 64 << 20 };
    let (outbox, inbox) = crossbeam_channel::unbounded();
    let place = Workplace::open(config, inbox, dice(seed ^ 2));
    let mut writer = Writer::new(&place);
    let start = time.now();
    let mut asked: Vec<Asked> = Vec::new();
    let (mut record, mut steps) = (start, 0u64);
    let mut number = 0u64;
    loop {
        steps += 1;
        let step = writer.step();
        check_sums(&place.spool.stats());
        let now = time.now();
        asked.retain(|flush| {
            let answer = flush.answer.lock().clone();
            let is_late = now > flush.deadline + SLOWEST;
            assert!(answer.is_some() || !is_late, "seed {seed}: a flush is not answered in time");
            if answer == Some(Ok(())) {
                assert!(place.spool.settled().has_reached(&flush.accepted), "seed {seed}: flushed too early");
            }
            answer.is_none()
        });
        let until = match step {
            Step::Again => continue,
            Step::Park { until } => until,
            Step::Exit => break,
        };
        assert!(until > now, "seed {seed}: a busy loop");
        if now > start + DAY {
            let mut service = service.lock();
            (service.mood, service.mood_until) = (Mood::Well, now + DAY);
            service.is_asked = true;
            outbox.send(Stop { deadline: now + seconds(60) }).unwrap();
            continue;
        }
        time.advance_to(until.min(record));
        if until >= record {
            for _ in 0..1 + below(&mut chance, 8) {
                number += 1;
                let filling = "x".repeat(below(&mut chance, 400) as usize);
                place.spool.append(LINE, format!("r{number}{filling}").as_bytes()).unwrap();
            }
            record += Duration::from_millis(below(&mut chance, 120_000));
            if below(&mut chance, 40) == 0 {
                let target = FlushTarget::own(&place.spool);
                let deadline = time.now() + seconds(below(&mut chance, 600));
                let answer = Arc::new(Mutex::new(None));
                asked.push(Asked { deadline, accepted: target.accepted, answer: Arc::clone(&answer) });
                let done = Box::new(move |result| {
                    assert!(answer.lock().replace(result).is_none(), "a flush is answered twice");
                });
                let ticket = place.progress.take_ticket();
                service.lock().is_asked = !place.spool.settled().has_reached(&target.accepted);
                place.flushes.add(Flush { target, ticket, deadline, done });
                place.wakeup.notify();
            }
        }
        if place.wakeup.wait(Duration::ZERO) {
            writer.woken();
        }
    }
    let stats = place.spool.stats();
    assert_eq!(stats.held, 0, "seed {seed}");
    writer.leave();
    let dropped = stats.dropped_memory + stats.dropped_disk + stats.dropped_expired;
    assert_eq!(told.0.load(Ordering::Relaxed), dropped, "seed {seed}: dropped, and not all told of");
    let service = service.lock();
    let dropped = stats.dropped_memory + stats.dropped_expired;
    let taken = service.taken.len() as u64;
    assert!(stats.delivered <= taken && taken <= stats.delivered + dropped + stats.quarantined);
    // What was not taken is dropped, or in quarantine: and nothing else is there.
    let missing = (1..=number).filter(|number| !service.taken.contains(number)).count() as u64;
    assert!(missing <= dropped + stats.quarantined, "seed {seed}: {missing} missing, {stats:?}");
    assert!(stats.quarantined <= service.poisoned.len() as u64, "seed {seed}: good records in quarantine");
    // A second's poll at the most often, and what is sent beside it.
    assert!(steps < 1_000_000, "seed {seed}: {steps} steps");
    // At most a batch for each time that records came, and an attempt in half of the longest wait; in a day.
    let (bisections, waits) = (25 * service.poisoned.len() as u64, 4 * DAY.as_secs() / BACKOFF.max.as_secs());
    let most = number + bisections + waits;
    assert!(service.attempts <= most, "seed {seed}: {} attempts, {most} at the most", service.attempts);
    let retries = place.progress.counters().retries.load(std::sync::atomic::Ordering::Relaxed);
    let stats = Stats { spool: stats, retries, ..Stats::default() };
    (stats, service.attempts)
}

fn check_sums(stats: &spool::SpoolStats) {
    let dropped = stats.dropped_memory + stats.dropped_disk + stats.dropped_expired + stats.dropped_corrupt;
    let sum = stats.delivered + stats.held + dropped + stats.quarantined;
    assert_eq!(stats.accepted + stats.adopted, sum, "{stats:?}");
}

#[test]
fn a_day_of_faults_loses_nothing_uncounted_keeps_the_order_and_never_hurries() {
    let mut sum = Stats::default();
    for seed in 0..4 {
        let (stats, attempts) = a_day(seed);
        assert!(attempts > 100 && stats.retries > 0 && stats.spool.accepted > 1_000, "{stats:?}");
        sum.add(&stats);
    }
    let stats = sum.spool;
    // Or the days were too quiet to show anything.
    assert!(stats.delivered > 5_000 && stats.dropped_expired > 0 && stats.dropped_memory > 0, "{stats:?}");
    assert!(stats.quarantined > 0, "{stats:?}");
}

/// A flush without a writer, in virtual time, of a service that answers with `answers` in turn, the last of
/// them for ever. What came of it, after how long, in how many attempts.
fn flushed_here(answers: Vec<Outcome>, timeout: Duration) -> (Result, Duration, usize) {
    let time = VirtualTime::start();
    let left = Mutex::new(answers.into_iter());
    let last = Mutex::new(Outcome::Delivered);
    let (mut config, heard) = asked(move |_| {
        if let Some(next) = left.lock().next() {
            *last.lock() = next;
        }
        last.lock().clone()
    });
    config.synchronous = true;
    config.backoff = BACKOFF;
    let pipeline = Pipeline::open(config);
    pipeline.append(LINE, b"r1").unwrap();
    let start = time.now();
    let result = pipeline.flush(timeout);
    let attempts = heard.lock().len();
    (result, time.now() - start, attempts)
}

#[test]
fn without_a_writer_a_flush_waits_as_long_as_the_service_says_and_no_longer_than_it_may() {
    let busy = |after: u64| Outcome::Retry { after: Some(seconds(after)), why: "busy".into() };
    let refused = || Outcome::Unauthorized { status: 401, why: "no".into() };
    let (result, took, attempts) =
        flushed_here(vec![busy(7), busy(0), busy(100_000), Outcome::Delivered], seconds(3_600));
    assert_eq!((result, took, attempts), (Ok(()), seconds(7 + 1 + 900), 4));
    let (result, took, attempts) =
        flushed_here(vec![refused(), refused(), Outcome::Delivered], seconds(3_600));
    assert_eq!((result, took, attempts), (Ok(()), seconds(60 + 300), 3));
    // What will not change by the deadline is said at once.
    let (result, took, attempts) = flushed_here(vec![refused()], seconds(60));
    assert_eq!((result.unwrap_err().status, took, attempts), (Status::Unauthorized, seconds(0), 1));
    let (result, took, attempts) = flushed_here(vec![busy(30)], seconds(100));
    assert_eq!((result.unwrap_err().status, took, attempts), (Status::Timeout, seconds(90), 4));
}

#[test]
fn records_expire_once_they_are_too_old_and_not_before() {
    let time = VirtualTime::start();
    let (mut config, _) = asked(|_| Outcome::Hold { why: "elsewhere".into() });
    config.spool.max_age = MAX_AGE;
    config.flush_interval = Some(seconds(1));
    let (_outbox, inbox) = crossbeam_channel::unbounded();
    let place = Workplace::open(config, inbox, dice(1));
    let mut writer = Writer::new(&place);
    let start = time.now();
    place.spool.append(LINE, b"r1").unwrap();
    let mut gone = None;
    while time.now() < start + 2 * MAX_AGE {
        if let Step::Park { until } = writer.step() {
            time.advance_to(until);
        }
        if place.spool.stats().dropped_expired == 1 {
            gone.get_or_insert(time.now() - start);
        }
    }
    let gone = gone.expect("it never expired");
    // A segment takes records for an eighth of that time, and its last counts.
    assert!(gone >= MAX_AGE && gone <= MAX_AGE + MAX_AGE / 8 + seconds(180), "{gone:?}");
}

/// A protocol that puts all that it reads back, as what is open is.
#[derive(Default)]
struct PutsBack {
    spool: OnceLock<Arc<Spool>>,
    put_back: AtomicU64,
    batches: AtomicU64,
}

impl Protocol for Arc<PutsBack> {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: 1 << 20, max_records: usize::MAX, per_record_overhead: 1 }
    }
    fn is_whole(&self) -> bool {
        true
    }
    fn send_batch(&self, _: &mut Http, body: &[u8], _: usize, _: Instant) -> Outcome {
        self.batches.fetch_add(1, Ordering::Relaxed);
        for line in body.split(|byte| *byte == b'\n') {
            let bytes = spool::record_size(line.len()) as u64;
            if line[0] == b'!' {
                self.put_back.fetch_sub(bytes, Ordering::Relaxed);
            }
            let record = [b"!", line.strip_prefix(b"!").unwrap_or(line)].concat();
            self.spool.wait().append(LINE, &record).unwrap();
            self.put_back.fetch_add(spool::record_size(record.len()) as u64, Ordering::Relaxed);
        }
        Outcome::Delivered
    }
    fn put_back_bytes(&self) -> u64 {
        self.put_back.load(Ordering::Relaxed)
    }
}

#[test]
fn what_a_protocol_puts_back_is_sent_again_after_the_interval_and_not_before() {
    let time = VirtualTime::start();
    let protocol = Arc::new(PutsBack::default());
    let mut config = config(Arc::clone(&protocol));
    config.flush_interval = Some(seconds(1));
    let (_outbox, inbox) = crossbeam_channel::unbounded();
    let place = Workplace::open(config, inbox, dice(1));
    protocol.spool.set(Arc::clone(&place.spool)).ok().unwrap();
    let mut writer = Writer::new(&place);
    let append = |records: usize| {
        let record = [b'x'; 400];
        for _ in 0..records {
            place.spool.append(LINE, &record).unwrap();
        }
    };
    // Until it would sleep; whether there was anything to do before that.
    let mut until_it_rests = || {
        let before = protocol.batches.load(Ordering::Relaxed);
        for _ in 0..1_000 {
            if let Step::Park { until } = writer.step() {
                if !place.wakeup.wait(Duration::ZERO) {
                    return (until, protocol.batches.load(Ordering::Relaxed) > before);
                }
                writer.woken();
            }
        }
        panic!("a busy loop");
    };
    append(5_000);
    let start = time.now();
    while time.now() < start + seconds(60) {
        let (until, _) = until_it_rests();
        // A few come all the time.
        append(2);
        time.advance_to(until);
    }
    let batches = protocol.batches.load(Ordering::Relaxed);
    // All of it is two and a half segments.
    assert!((60..=60 * 5).contains(&batches), "{batches} batches in a minute");
    until_it_rests();
    assert!(!until_it_rests().1);
    append(3_000);
    assert!(until_it_rests().1, "half a segment has come, and is not sent");
}
