//! How far delivery has come, and the waiting for it.
//!
//! Promises: whoever waits is woken by progress, by the writer's exit or by the deadline, whichever
//! comes first; no wait needs the engine's lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use crate::delivery::engine::{Counters, RoundResult};
use crate::process::monotonic;
use crate::report::records;
use crate::spool::{Counts, Spool, SpoolStats};
use crate::status::{Error, Result, Status};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// After a failed attempt to start the thread, appends try again this often.
const THREAD_RETRY: Duration = Duration::from_secs(10);

/// What a flush waits for.
#[derive(Clone, Copy)]
pub struct FlushTarget {
    /// So many own records of each lane have left.
    pub accepted: Counts,
    /// So have those of dead owners.
    pub leftovers: bool,
    /// How many of the own records had been dropped when it was set: if there are more in the end, it was not
    /// reached by delivering.
    pub dropped: u64,
}

impl FlushTarget {
    /// All that a spool has accepted by now.
    pub fn own(spool: &Spool) -> FlushTarget {
        FlushTarget { accepted: spool.accepted(), leftovers: false, dropped: spool.own_dropped() }
    }

    /// The same, and all that it has adopted.
    pub fn all(spool: &Spool) -> FlushTarget {
        FlushTarget { leftovers: true, ..FlushTarget::own(spool) }
    }
}

/// What a flush has come to: it has reached its target, or the reason why not.
pub type Outcome = std::result::Result<(), Status>;

/// What waiting calls look at.
pub struct Progress {
    spool: Arc<Spool>,
    counters: Arc<Counters>,
    /// Flush requests so far: each is worth one attempt at once.
    tickets: AtomicU64,
    state: Mutex<ProgressState>,
    changed: Condvar,
}

#[derive(Default)]
struct ProgressState {
    writer: WriterThread,
    /// To wait for the thread's very end, once it has exited.
    thread: Option<JoinHandle<()>>,
    /// Tickets that the last attempt counts for.
    served: u64,
    /// Why nothing is sent at present, and until when.
    pause: Option<(Instant, Status)>,
}

/// The thread that empties the spool.
#[derive(Default)]
enum WriterThread {
    /// Not started so far, or none is wanted.
    #[default]
    None,
    /// It could not be started; tried at this time.
    Unstartable(Instant),
    /// Known by its id once it runs.
    Running(Option<ThreadId>),
    Exited,
}

impl Progress {
    /// That of a spool from which nothing has been sent.
    pub fn new(spool: Arc<Spool>, counters: Arc<Counters>) -> Progress {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Progress { spool, counters, tickets: AtomicU64::new(0), state, changed }
    }

    /// The figures that delivery keeps.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Asks for an attempt at once, even during a backoff; the number by which it is known.
    pub fn take_ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// How many attempts have been asked for.
    pub fn tickets(&self) -> u64 {
        self.tickets.load(Ordering::SeqCst)
    }

    /// Whether there is a writer, or one could be started now: by `start`, called at most once.
    pub fn ensure_writer(&self, start: impl FnOnce() -> Option<JoinHandle<()>>) -> bool {
        let mut state = self.state.lock();
        match state.writer {
            WriterThread::Running(_) => return true,
            WriterThread::Exited => return false,
            WriterThread::None | WriterThread::Unstartable(_) => {}
        }
        // The thread's first act is to take the lock held here.
        state.thread = start();
        let started = state.thread.is_some();
        state.writer = match started {
            true => WriterThread::Running(None),
            false => WriterThread::Unstartable(monotonic::now()),
        };
        started
    }

    /// Whether it is time for another try to start the writer. Waits for nobody.
    pub fn is_retry_due(&self) -> bool {
        self.state.try_lock().is_some_and(|state| match state.writer {
            WriterThread::Unstartable(tried) => {
                monotonic::now().saturating_duration_since(tried) >= THREAD_RETRY
            }
            _ => false,
        })
    }

    /// The writer's first act.
    pub fn writer_started(&self) {
        self.state.lock().writer = WriterThread::Running(Some(std::thread::current().id()));
    }

    /// The writer's last act.
    pub fn writer_exited(&self) {
        self.state.lock().writer = WriterThread::Exited;
        self.changed.notify_all();
    }

    /// Whether there is a writer.
    pub fn has_writer(&self) -> bool {
        matches!(self.state.lock().writer, WriterThread::Running(_))
    }

    /// A callback runs on the writer's thread, where a wait for the writer would never end.
    pub fn refuse_to_wait_for_itself(&self) -> Result {
        match self.state.lock().writer {
            WriterThread::Running(Some(thread)) if thread == std::thread::current().id() => Err(Error::new(
                Status::InvalidArgument,
                "a callback cannot wait for the thread that it runs on; give a timeout of 0",
            )),
            _ => Ok(()),
        }
    }

    /// Waits until the writer's thread is gone; whether it is.
    pub fn wait_until_exited(&self, deadline: Instant) -> bool {
        let mut state = self.state.lock();
        while !matches!(state.writer, WriterThread::Exited) {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        if !matches!(state.writer, WriterThread::Exited) {
            return false;
        }
        let thread = state.thread.take();
        drop(state);
        // It has said its last word, so this waits for the system to take its stack back, no more.
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        true
    }

    /// Records that an attempt for `served` tickets has come to `result`.
    pub fn record_attempt(&self, served: u64, result: RoundResult) {
        let mut state = self.state.lock();
        state.served = served;
        state.pause = match result {
            RoundResult::Pause { wait, status } => Some((monotonic::now() + wait, status)),
            _ => None,
        };
        drop(state);
        self.changed.notify_all();
    }

    /// Records have left the spool: whoever waits may look.
    pub fn records_left(&self) {
        // Taking the lock closes the gap between a waiter's look and its sleep.
        drop(self.state.lock());
        self.changed.notify_all();
    }

    /// How a flush for `target` and `ticket` that may wait until `deadline` stands at present.
    pub fn outcome(&self, target: FlushTarget, ticket: u64, deadline: Instant) -> Option<Outcome> {
        self.outcome_with(&self.state.lock(), target, ticket, deadline)
    }

    fn outcome_with(
        &self,
        state: &MutexGuard<'_, ProgressState>,
        target: FlushTarget,
        ticket: u64,
        deadline: Instant,
    ) -> Option<Outcome> {
        if self.has_reached(target) {
            return Some(Ok(()));
        }
        let status = match (&state.writer, state.pause) {
            (WriterThread::Exited, _) => Status::Closed,
            // Refused after this flush's own attempt, and not tried again in time.
            (_, Some((until, status))) if state.served >= ticket && until > deadline && !may_pass(status) => {
                status
            }
            (_, pause) if monotonic::now() >= deadline => at_the_end(pause),
            _ => return None,
        };
        Some(Err(status))
    }

    /// An outcome in words. To be called without a lock that others wait for: it may have to wait for memory.
    pub fn in_words(&self, target: FlushTarget, outcome: Outcome) -> Result {
        match outcome {
            Ok(()) => self.reached(target),
            Err(status) => Err(self.unfinished(status)),
        }
    }

    /// Waits for [`Progress::outcome`].
    pub fn wait_for(&self, target: FlushTarget, ticket: u64, deadline: Instant) -> Result {
        let mut state = self.state.lock();
        let outcome = loop {
            if let Some(outcome) = self.outcome_with(&state, target, ticket, deadline) {
                break outcome;
            }
            self.changed.wait_until(&mut state, deadline);
        };
        drop(state);
        self.in_words(target, outcome)
    }

    /// Whether all that a flush waits for has left the spool.
    pub fn has_reached(&self, target: FlushTarget) -> bool {
        let leftovers = || self.spool.adopted_held() > 0 || self.spool.has_unread_orphans();
        self.spool.settled().has_reached(&target.accepted) && !(target.leftovers && leftovers())
    }

    /// What there is to say when a target has been reached: not that all is well if records were dropped on the way.
    pub fn reached(&self, target: FlushTarget) -> Result {
        match self.spool.own_dropped().saturating_sub(target.dropped) {
            0 => Ok(()),
            dropped => Err(Error::new(
                Status::Io,
                format!("{} dropped before they were sent; the stats say for which reason", records(dropped)),
            )),
        }
    }

    /// Why something is left: the service's refusal, if that came before the time was up. Files that could not be
    /// read are the reason however long the writer took to leave.
    pub fn why_left(&self, deadline: Instant) -> Status {
        match self.state.lock().pause {
            Some((_, status)) if !may_pass(status) && monotonic::now() < deadline => status,
            pause => at_the_end(pause),
        }
    }

    /// What a waiting call says of the records that it leaves behind.
    pub fn unfinished(&self, status: Status) -> Error {
        let mut detail = match self.spool.try_stats() {
            Some(SpoolStats { held, bytes_held, oldest_held_ms, .. }) => {
                let oldest = oldest_held_ms as f64 / 1_000.0;
                format!("{} ({bytes_held} bytes) still held, oldest {oldest:.1} s", records(held))
            }
            None => "records are still held; a thread that stopped in the middle of a log call keeps them from being counted".to_owned(),
        };
        let error = self.counters.last_error.lock().clone();
        if let Some(error) = error {
            detail.push_str("; last error: ");
            detail.push_str(&error);
        }
        Error::new(status, detail)
    }

    /// [`Progress::unfinished`], and what the file system says.
    pub fn unfinished_because(&self, status: Status, failure: &str) -> Error {
        Error::new(status, format!("{failure}; {}", self.unfinished(status)))
    }
}

/// Whether it is a trouble that more time is a remedy for.
pub fn may_pass(status: Status) -> bool {
    matches!(status, Status::Network | Status::NoResources)
}

/// What a call whose time is up says: that it is, unless files could not be read, which more time is no remedy for.
fn at_the_end(pause: Option<(Instant, Status)>) -> Status {
    match pause {
        Some((_, Status::Io)) => Status::Io,
        _ => Status::Timeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::monotonic::VirtualTime;
    use crate::spool::{BatchLimits, Identity, Options, READ_AGAIN, Reader, RecordKind, Wakeup};
    use crate::sync::set_lane_hint;
    use std::path::PathBuf;

    fn options() -> Options {
        Options::new(Identity {
            protocol: "test",
            base_url: String::new(),
            repository: String::new(),
            key_fingerprint: String::new(),
        })
    }

    /// The only segment in files, somewhere below.
    fn segment_below(directory: PathBuf) -> Option<PathBuf> {
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).find_map(|path| {
            match path.is_dir() {
                true => segment_below(path),
                false => (path.extension()? == "seg").then_some(path),
            }
        })
    }

    /// Delivers what can be read.
    fn deliver(reader: &mut Reader) -> usize {
        let limits = BatchLimits { max_bytes: 1 << 20, max_records: 100, per_record_overhead: 1 };
        let mut delivered = 0;
        while let Some(mut batch) = reader.next_batch(&limits, &|_, _| false) {
            delivered += batch.len();
            let all = batch.len();
            reader.acknowledge(&mut batch, all);
        }
        delivered
    }

    #[test]
    fn newer_records_of_one_lane_do_not_pass_for_older_ones_of_another_that_cannot_be_read() {
        let time = VirtualTime::start();
        let (hot, cold) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (hot_dir, dir) = (Some(hot.path().into()), Some(cold.path().into()));
        let options = Options { hot_dir, dir, lanes: 2, ..options() };
        let spool = Arc::new(Spool::open(options, Arc::new(Wakeup::new())));
        let mut reader = Reader::new(Arc::clone(&spool));
        let progress = Progress::new(Arc::clone(&spool), Arc::default());
        assert!(spool.grow(1));
        set_lane_hint(0);
        (0..3).for_each(|_| assert!(spool.append(RecordKind(0), b"older").is_ok()));
        assert!(spool.spill_all());
        let segment = segment_below(cold.path().into()).unwrap();
        let (directory, aside) = (segment.parent().unwrap(), cold.path().join("aside"));
        // No directory, so that what is in it cannot be opened.
        std::fs::rename(directory, &aside).unwrap();
        std::fs::write(directory, "").unwrap();
        let target = FlushTarget::own(&spool);
        set_lane_hint(1);
        (0..3).for_each(|_| assert!(spool.append(RecordKind(0), b"newer").is_ok()));
        set_lane_hint(0);
        assert_eq!(deliver(&mut reader), 0, "the newer ones wait for the older");
        time.advance(Duration::from_secs(61));
        assert_eq!(deliver(&mut reader), 3, "and not for ever");
        assert_eq!(spool.stats().held, 3);
        assert!(spool.settled().total() >= target.accepted.total(), "so many records have left");
        assert!(progress.outcome(target, 1, time.now() + Duration::from_secs(1)).is_none());
        assert_eq!(progress.wait_for(target, 1, time.now()).unwrap_err().status, Status::Timeout);
        assert!(!progress.has_reached(FlushTarget::all(&spool)));
        std::fs::remove_file(directory).unwrap();
        std::fs::rename(&aside, directory).unwrap();
        time.advance(READ_AGAIN);
        assert_eq!(deliver(&mut reader), 3);
        assert_eq!(progress.wait_for(target, 1, time.now()), Ok(()));
    }

    #[test]
    fn files_that_cannot_be_read_are_the_reason_even_when_they_were_being_tried_again_in_the_end() {
        let options = Options { memory_only: true, ..options() };
        let spool = Arc::new(Spool::open(options, Arc::new(Wakeup::new())));
        spool.append(RecordKind(0), b"held").unwrap();
        let target = FlushTarget::own(&spool);
        let progress = Progress::new(spool, Arc::default());
        for status in [Status::Io, Status::Network] {
            // The wait after it is over, so that the next attempt is under way.
            progress.record_attempt(0, RoundResult::Pause { wait: Duration::ZERO, status });
            let outcome = progress.wait_for(target, 1, monotonic::now());
            let told = if status == Status::Io { Status::Io } else { Status::Timeout };
            assert_eq!(outcome.unwrap_err().status, told);
        }
    }
}
