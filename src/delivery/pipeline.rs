//! A pipeline: a spool, and whoever empties it. This is what the rooms above hold in their hands.
//!
//! Usually that is a thread of its own ([`super::writer`]). Where a thread is of no use (Lambda:
//! [`PipelineConfig::synchronous`]) or can't be had, [`Pipeline::flush`] and [`Pipeline::close`]
//! do the work while their caller waits ([`super::synchronous`]), with the same engine.
//!
//! Promises: [`Pipeline::append`] never waits for the network; a waiting call returns within its
//! timeout and says what is still held; any number of threads may wait at once.
//!
//! Does not: reopen itself after a fork. Its owner notices, calls
//! [`Pipeline::after_fork_in_child`], leaks it, and opens another.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::delivery::config::PipelineConfig;
use crate::delivery::engine::Engine;
use crate::delivery::flushes::{Done, Flush};
use crate::delivery::policy::random_dice;
use crate::delivery::progress::FlushTarget;
use crate::delivery::synchronous;
use crate::delivery::writer::{self, Stop, Workplace};
use crate::process::{self, monotonic};
use crate::spool::{self, Missed, RecordKind, Refusal, Spool, StorageKind};
use crate::status::{Error, Result, Status};

/// The name of the thread that moves records to files when somebody asks for it.
const SPILL_THREAD: &str = "maxim-spill";
/// The name of the thread that makes a pipeline.
const OPEN_THREAD: &str = "maxim-open";
/// The name of the thread that sends while a caller waits for it, where there is no writer.
const HERE_THREAD: &str = "maxim-flush";
/// The name of the thread that answers flushes with a callback when their time is up.
const WATCH_THREAD: &str = "maxim-watch";
/// Of the time given to close, what is kept for moving the rest to files: a tenth, at most this.
const SPILL_RESERVE: Duration = Duration::from_millis(250);
/// "No limit" for a wait: more than any process lives, and safe to add to an instant.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// What became of the records and of the attempts to send them.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Accepted, delivered, held, dropped, quarantined; the age of the oldest.
    pub spool: spool::SpoolStats,
    /// Attempts that failed and were or will be repeated.
    pub retries: u64,
    /// The status of the last answer; 0 before the first.
    pub last_http_status: u16,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Remarks on accepted records ([`Pipeline::remark`]).
    pub remarked: u64,
}

impl Stats {
    /// Adds the numbers of another pipeline; the last status and error stay those of this one, unless
    /// it has none.
    pub fn add(&mut self, other: &Stats) {
        self.spool.add(&other.spool);
        self.retries += other.retries;
        self.remarked += other.remarked;
        if self.last_http_status == 0 {
            self.last_http_status = other.last_http_status;
        }
        if self.last_error.is_none() {
            self.last_error.clone_from(&other.last_error);
        }
    }
}

/// Records go in, and are delivered.
pub struct Pipeline {
    /// Beside what else an append needs: each pointer that is followed is a cache line.
    spool: Arc<Spool>,
    place: Arc<Workplace>,
    outbox: Sender<Stop>,
    /// Whether there ought to be a thread and is none.
    thread_missing: AtomicBool,
    closed: AtomicBool,
}

impl Pipeline {
    /// Opens the spool and starts the thread. No network; what can't be had is made up for later.
    #[inline(never)]
    pub fn open(config: PipelineConfig) -> Pipeline {
        // A log call may be what makes an upload's, or a forked child's.
        let pipeline = process::on_own_stack(OPEN_THREAD, || {
            let (outbox, inbox) = crossbeam_channel::unbounded();
            let place = Arc::new(Workplace::open(config, inbox, random_dice()));
            let (thread_missing, closed) = (AtomicBool::new(false), AtomicBool::new(false));
            Pipeline { spool: Arc::clone(&place.spool), place, outbox, thread_missing, closed }
        });
        if !pipeline.ensure_writer() {
            // What the writer would say first.
            let news = pipeline.place.engine.lock().as_mut().map(Engine::news);
            news.into_iter().for_each(|news| news.tell(&pipeline.place.config.reporter));
        }
        pipeline
    }

    /// Whether there is a thread, started now if it can be.
    fn ensure_writer(&self) -> bool {
        let place = &self.place;
        if place.config.synchronous {
            return false;
        }
        let start = || {
            let place = Arc::clone(place);
            let thread = process::spawn_masked(self.place.config.name, move || writer::run(&place)).ok();
            self.thread_missing.store(thread.is_none(), Ordering::Relaxed);
            thread
        };
        place.progress.ensure_writer(|| if self.is_closed() { None } else { start() })
    }

    /// The append side of [`Pipeline::ensure_writer`]: now and then, and without waiting.
    #[cold]
    fn retry_writer(&self) {
        if self.place.progress.is_retry_due() {
            self.ensure_writer();
        }
    }

    /// A message and a wake-up.
    fn tell(&self, message: Stop) {
        // The receiver lives as long as `self`.
        let _ = self.outbox.send(message);
        self.place.wakeup.notify();
    }

    /// Accepts one record.
    #[inline(always)]
    pub fn append(&self, kind: RecordKind, payload: &[u8]) -> Result {
        match self.spool.append_at_once(kind, payload) {
            Ok(_) => {
                self.accepted();
                Ok(())
            }
            Err(missed) => self.append_slowly(missed, kind, payload),
        }
    }

    /// Out of the way of the usual call.
    #[cold]
    #[inline(never)]
    fn append_slowly(&self, missed: Missed, kind: RecordKind, payload: &[u8]) -> Result {
        self.answer(self.spool.append_slowly(missed, kind, payload))
    }

    /// Accepts one record, given in parts.
    pub fn append_parts(&self, kind: RecordKind, parts: &[&[u8]]) -> Result {
        self.answer(self.spool.append_parts(kind, parts))
    }

    fn answer(&self, appended: std::result::Result<u64, Refusal>) -> Result {
        match appended {
            Ok(_) => {
                self.accepted();
                Ok(())
            }
            Err(refusal) => Err(refused(refusal)),
        }
    }

    /// Accepts one record with a file of its own ([`Spool::append_with_file`]); `false` if no such file can
    /// be made, and nothing was accepted.
    pub fn append_with_file(&self, kind: RecordKind, payload: &[u8], content: &[u8]) -> Result<bool> {
        let sequence = self.place.spool.append_with_file(kind, payload, content).map_err(refused)?;
        if sequence.is_some() {
            self.accepted();
        }
        Ok(sequence.is_some())
    }

    #[inline]
    fn accepted(&self) {
        if self.thread_missing.load(Ordering::Relaxed) {
            self.retry_writer();
        }
    }

    /// Lets the writer look at once.
    pub fn nudge(&self) {
        self.place.wakeup.notify();
    }

    /// Waits until everything accepted before this call has left, at most for `timeout`. Makes an
    /// attempt at once, even during a backoff. A zero timeout starts the work and returns.
    ///
    /// [`Status::Timeout`] if time ran out, and at once [`Status::Unauthorized`] or
    /// [`Status::Rejected`] if the service refuses for longer than the time left; the detail says
    /// what is still held.
    pub fn flush(&self, timeout: Duration) -> Result {
        let deadline = within(timeout);
        self.flush_until(FlushTarget::own(&self.place.spool), timeout, deadline)
    }

    fn flush_until(&self, target: FlushTarget, timeout: Duration, deadline: Instant) -> Result {
        let progress = &self.place.progress;
        if progress.has_reached(target) {
            return Ok(());
        }
        if self.ensure_writer() {
            let ticket = progress.take_ticket();
            self.nudge();
            if timeout.is_zero() {
                return Ok(());
            }
            progress.refuse_to_wait_for_itself()?;
            return progress.wait_for(target, ticket, deadline);
        }
        if self.is_closed() {
            return Err(progress.unfinished(Status::Closed));
        }
        if timeout.is_zero() {
            return Ok(());
        }
        self.send_here(target, deadline)
    }

    /// Does the writer's work while the caller waits.
    fn send_here(&self, target: FlushTarget, deadline: Instant) -> Result {
        process::on_own_stack(HERE_THREAD, || synchronous::send_until(&self.place, target, deadline))
    }

    /// As [`Pipeline::flush`], for what dead owners have left by now too.
    pub fn flush_leftovers(&self, timeout: Duration) -> Result {
        let deadline = within(timeout);
        let target = self.look_for_leftovers(deadline);
        self.flush_until(target, timeout, deadline)
    }

    /// Takes over what dead owners have left; what there is to be sent then.
    fn look_for_leftovers(&self, deadline: Instant) -> FlushTarget {
        // Whoever holds the engine for longer looks for them by itself, if later.
        if let Some(engine) =
            self.place.engine.try_lock_until(deadline).as_mut().and_then(|engine| engine.as_mut())
        {
            engine.adopt();
        }
        FlushTarget::all(&self.place.spool)
    }

    /// As [`Pipeline::flush`], but returns at once and calls `done` on the pipeline's thread, or when the time is up on
    /// one that watches for that. Where there is no thread, does the work and calls `done` before it returns.
    pub fn flush_async(&self, timeout: Duration, done: Done) {
        let target = FlushTarget::own(&self.place.spool);
        let deadline = within(timeout);
        if !self.ensure_writer() {
            done(self.flush(timeout));
            return;
        }
        self.answer_later(target, deadline, done);
    }

    /// Leaves a flush to the writer, which may be leaving itself.
    pub(super) fn answer_later(&self, target: FlushTarget, deadline: Instant, done: Done) {
        let place = &self.place;
        let ticket = place.progress.take_ticket();
        if place.flushes.add(Flush { target, ticket, deadline, done }) {
            let watched = Arc::clone(place);
            let watch = move || watched.flushes.watch(&watched.progress);
            if process::spawn_masked(WATCH_THREAD, watch).is_err() {
                place.flushes.unwatched();
            }
        }
        // The writer is gone before it answers for the last time, so one of the two sees this flush.
        if !place.progress.has_writer() {
            place.flushes.answer(&place.progress);
        }
        self.nudge();
    }

    /// Moves everything that waits to files, what is on its way to the service included: that stays on
    /// its way, and a file whose records have arrived is removed. [`Status::Io`] if not all of it could
    /// be moved.
    ///
    /// On a thread of its own, for the writer may be waiting for an answer and a disk may be slow.
    pub fn spill(&self, timeout: Duration) -> Result {
        let progress = &self.place.progress;
        let deadline = within(timeout);
        let (answer, answered) = crossbeam_channel::bounded(1);
        let spool = Arc::clone(&self.place.spool);
        let spill = move || {
            // Whoever asked may have given up.
            let _ = answer.send(spool.spill_all());
        };
        let synchronous = self.place.config.synchronous;
        if synchronous || process::spawn_masked(SPILL_THREAD, spill.clone()).is_err() {
            spill();
        }
        if timeout.is_zero() {
            return Ok(());
        }
        match answered.recv_deadline(deadline) {
            Ok(true) => Ok(()),
            Ok(false) => Err(match self.place.spool.failure() {
                Some(failure) => progress.unfinished_because(Status::Io, &failure),
                None => progress.unfinished(Status::Io),
            }),
            Err(_) => Err(progress.unfinished(Status::Timeout)),
        }
    }

    /// Drops everything that is held and removes it from the directories ([`Spool::purge`]). A request that is under way
    /// may still arrive.
    pub fn purge(&self) -> Result {
        if self.is_closed() {
            return Err(refused(Refusal::Closed));
        }
        let protocol = &self.place.config.protocol;
        protocol.purge();
        let mut purged = self.place.spool.purge();
        // A batch that was under way meanwhile may have put something back.
        if protocol.purge() {
            purged = purged.and(self.place.spool.purge());
        }
        self.place.progress.records_left();
        purged.map_err(|error| Error::new(Status::Io, format!("not all could be removed: {error}")))
    }

    /// Stops accepting, delivers what can be delivered within `timeout`, then what dead owners have left,
    /// moves the rest to files and ends the thread. [`Status::Timeout`] if there is a rest of either, or the status of a service that
    /// refused for longer than the time left. Returns by then in any case; a zero timeout is [`Pipeline::abandon`].
    pub fn close(&self, timeout: Duration) -> Result {
        if timeout.is_zero() {
            self.abandon();
            return Ok(());
        }
        let (place, progress) = (&self.place, &self.place.progress);
        place.spool.close();
        let deadline = within(timeout);
        let send_until = deadline - (timeout / 10).min(SPILL_RESERVE);
        let first = !self.closed.swap(true, Ordering::SeqCst);
        if progress.has_writer() {
            self.tell(Stop { deadline: send_until });
            progress.refuse_to_wait_for_itself()?;
            if !progress.wait_until_exited(send_until) {
                place.interrupter.interrupt();
                progress.wait_until_exited(deadline);
            }
        } else if first {
            // What could not be delivered is told below. As the writer does, dead owners' records come last.
            let own = self.send_here(FlushTarget::own(&place.spool), send_until);
            if own.is_ok() && !process::is_forked() {
                let _ = self.send_here(self.look_for_leftovers(send_until), send_until);
            }
            self.leave(deadline);
        }
        match progress.has_reached(FlushTarget::all(&place.spool)) {
            true => Ok(()),
            false => Err(progress.unfinished(progress.why_left(deadline))),
        }
    }

    /// Without a thread: what is not delivered goes to files.
    fn leave(&self, deadline: Instant) {
        let engine = self.place.engine.try_lock_until(deadline).and_then(|mut engine| engine.take());
        self.place.leave(engine);
    }

    /// Stops accepting and lets the thread leave by itself, waiting for nothing. What is not
    /// delivered stays in the spool, for the next of its kind.
    pub fn abandon(&self) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.place.spool.close();
        if self.place.progress.has_writer() {
            self.tell(Stop { deadline: monotonic::now() });
        } else {
            self.leave(monotonic::now());
        }
    }

    /// In a forked child, on the pipeline that it inherited: closes the child's copies of the locks on
    /// the parent's files. The parent keeps its records, threads and sockets, and the child never
    /// touches this pipeline again: every lock in it may be held by a thread that the child lacks.
    pub fn after_fork_in_child(&self) {
        self.place.spool.after_fork_in_child();
    }

    /// Whether this is the thread that empties the spool, as in a callback.
    pub fn is_on_its_thread(&self) -> bool {
        self.place.progress.refuse_to_wait_for_itself().is_err()
    }

    /// Whether [`Pipeline::close`] or [`Pipeline::abandon`] has been called.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// The spool, to look after the files beside its records.
    pub fn spool(&self) -> &Arc<Spool> {
        &self.place.spool
    }

    /// Whether it can be written to, as far as is known.
    pub fn has_spool_dir(&self) -> bool {
        self.place.spool.has_spool_directory()
    }

    /// The directory for records that have to wait, if there is a file system for them.
    pub fn spool_dir(&self) -> Option<PathBuf> {
        let of_identity = match self.place.spool.location() {
            StorageKind::Hot { cold, .. } => cold,
            StorageKind::DiskOnly(cold) => Some(cold),
            StorageKind::Memory => None,
        };
        of_identity?.parent().map(Path::to_owned)
    }

    /// What became of the records so far; [`Status::NoResources`] while that cannot be told.
    pub fn stats(&self) -> Result<Stats> {
        let counters = self.place.progress.counters();
        Ok(Stats {
            spool: self.place.spool.try_stats().ok_or_else(stuck)?,
            retries: counters.retries.load(Ordering::Relaxed),
            last_http_status: counters.last_http_status.load(Ordering::Relaxed),
            last_error: counters.last_error.lock().clone(),
            remarked: counters.remarked.load(Ordering::Relaxed),
        })
    }

    /// Has the host told of something about a record that was accepted, on the pipeline's thread when it next
    /// looks: the caller neither waits nor wakes it. Counted in [`Stats::remarked`].
    pub fn remark(&self, status: Status, message: String) {
        self.place.progress.counters().remark(status, message);
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// The moment at which a call with this timeout returns.
fn within(timeout: Duration) -> Instant {
    monotonic::now() + timeout.min(FOREVER)
}

/// The spool's refusal in the words of the ABI.
#[cold]
fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Full => Error::new(Status::SpoolFull, "the configured space for records is full"),
        Refusal::TooLarge { limit } => {
            Error::new(Status::TooLarge, format!("a record may have at most {limit} bytes"))
        }
        Refusal::Closed => {
            Error::new(Status::Closed, "logging has been closed; log before that, or make another one")
        }
        Refusal::Stuck => stuck(),
    }
}

/// A thread of the host's was stopped in the middle of a log call.
fn stuck() -> Error {
    Error::new(
        Status::NoResources,
        "a thread stopped in the middle of a log call and has not come back (did a signal handler jump out of it?)",
    )
}
