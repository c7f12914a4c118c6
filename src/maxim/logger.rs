//! The Maxim logger: where its lines go, and its life.
//!
//! A line goes to the logger's own repository and to that of every sink. Each has pipelines of its own,
//! one for lines and, from the first on, one for uploads: a spool, a writer and a delivery state, so that
//! nobody who fails holds another back.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::sync::Mutex;

use super::attachment::{Attachment, Content};
use super::config::LoggerConfig;
use super::gate::{Gate, Passed};
use super::line::{Entity, KIND_LINE, Lines};
use super::models::Models;
use super::protocol::MaximLog;
use super::upload_pipeline::UploadPipeline;
use crate::delivery::{self, Outcome, Pipeline, Protocol};
use crate::otlp::traces::{self, Spans};
use crate::process::{self, ForkCell, Undisturbed};
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::{lossy, scratch};

/// Sinks beside the logger's own pipeline.
pub const MAX_SINKS: usize = 8;

/// Of the time to close, the part that uploads leave for the lines that they make: a quarter.
const CLOSING_OF_LINES: u32 = 4;
/// Of the time to close, the part that folding lines into spans may take before: half.
const FOLDING_BEFORE_CLOSING: u32 = 2;

/// A logger for one repository, and any number up to [`MAX_SINKS`] of further ones.
pub struct Logger {
    /// What every line passes before it is appended anywhere; `None`: nothing is to be looked at.
    gate: Option<Box<Gate>>,
    /// What generations' results may need.
    pub(super) models: Models,
    first: Target,
    sinks: [OnceLock<Target>; MAX_SINKS],
}

/// One repository to log to.
struct Target {
    config: LoggerConfig,
    own: ForkCell<Pipelines>,
}

/// What belongs to one process: the pipeline of lines, and that of uploads once there is one.
struct Pipelines {
    lines: Arc<Pipeline>,
    uploads: Arc<UploadPipeline>,
    /// Where the lines go that become spans.
    spans: Option<Arc<Pipeline>>,
}

impl Target {
    fn new(config: LoggerConfig) -> Target {
        let own = ForkCell::new(Pipelines::open(&config));
        Target { config, own }
    }

    #[inline]
    fn own(&self) -> &Pipelines {
        self.own.get(|inherited| {
            inherited.all().for_each(Pipeline::after_fork_in_child);
            Pipelines::open(&self.config)
        })
    }
}

impl Pipelines {
    fn open(config: &LoggerConfig) -> Pipelines {
        let uploads = Arc::new(UploadPipeline::new(config));
        if let Some(otlp) = &config.otlp {
            let (lines, spans) = open_spans(config, otlp);
            return Pipelines { lines, uploads, spans: Some(spans) };
        }
        let protocol = Arc::new(MaximLog::new(config, Arc::downgrade(&uploads)));
        let lines = Arc::new(config.open(LINES, "maxim-writer", protocol));
        uploads.set_lines(Arc::downgrade(&lines));
        Pipelines { lines, uploads, spans: None }
    }

    /// The uploads come first: a finished one makes a line. Spans come last: lines make them.
    fn all(&self) -> impl Iterator<Item = &Pipeline> {
        self.uploads.get().into_iter().chain(Some(&*self.lines)).chain(self.spans.as_deref())
    }

    /// Lines, and the spans that they become, one after the other.
    fn lines_and_spans(
        &self,
        deadline: Instant,
        timeout: Duration,
        work: impl Fn(&Pipeline, Duration) -> Result<()>,
    ) -> Result<()> {
        let Some(spans) = &self.spans else { return work(&self.lines, at_least(timeout, left(deadline))) };
        let half = left(deadline) - left(deadline) / 4;
        let folded = work(&self.lines, at_least(timeout, half));
        folded.and(work(spans, at_least(timeout, left(deadline))))
    }
}

impl Logger {
    /// A logger; opens its spool and starts its writer, without touching the network.
    pub fn new(config: LoggerConfig) -> Logger {
        let gate = Gate::new(&config);
        Logger {
            models: Models::new(),
            gate,
            first: Target::new(config),
            sinks: [const { OnceLock::new() }; MAX_SINKS],
        }
    }

    /// How it was made.
    pub(super) fn config(&self) -> &LoggerConfig {
        &self.first.config
    }

    /// Sends every record from now on to a further repository or endpoint too; gives its number.
    pub fn add_sink(&self, config: LoggerConfig) -> Result<usize> {
        let mut target = Some(Target::new(config));
        for (index, place) in self.sinks.iter().enumerate() {
            target = target.and_then(|given| place.set(given).err());
            if target.is_none() {
                return Ok(index + 1);
            }
        }
        Err(Error::new(Status::NoResources, format!("a logger has at most {MAX_SINKS} sinks")))
    }

    /// The logger's own repository and those of its sinks.
    fn targets(&self) -> impl Iterator<Item = &Target> {
        // Sinks fill up from the first place, so the first empty one is the end.
        std::iter::once(&self.first).chain(self.sinks.iter().map_while(OnceLock::get))
    }

    fn pipelines(&self) -> impl Iterator<Item = &Pipeline> {
        self.targets().flat_map(|target| target.own().all())
    }

    /// Gives back what log calls of this thread hold which are gone: [`Spool::give_back_own`](crate::spool::Spool::give_back_own).
    pub fn give_back_own(&self, frame: usize) {
        self.pipelines().for_each(|pipeline| pipeline.spool().give_back_own(frame));
    }

    /// Tells the host that a result was sent as it came, and why it was not recognised.
    #[cold]
    pub(super) fn remark_result(&self, generation: &str, why: &str) {
        let message = format!("generation {generation}: the result {why}; it was sent as it is");
        self.first.own().lines.remark(Status::InvalidResult, message);
    }

    /// Builds the lines of one call and appends them everywhere.
    #[inline(always)]
    pub(super) fn log(&self, build: impl FnOnce(&mut Lines<'_>) -> Result<()>) -> Result<()> {
        let mut buffer = scratch::lend();
        let mut lines = Lines::new(&mut buffer);
        build(&mut lines)?;
        if self.is_lossy() {
            lossy::replace_lone_surrogates(lines.written());
        }
        let accepted = match lines.only() {
            Some(line) => self.append(line),
            // Where one is refused, the next may still be taken elsewhere.
            None => first_failure(lines.iter().map(|line| self.append(line))),
        };
        buffer.give_back();
        accepted
    }

    /// Whether a value that cannot be sent is changed rather than its record refused.
    #[inline]
    pub fn is_lossy(&self) -> bool {
        self.first.config.lossy
    }

    /// Whether texts are looked at before they leave.
    pub fn has_masks(&self) -> bool {
        self.gate.is_some()
    }

    /// Lets one line pass the gate, if there is one, and appends it to every pipeline of lines.
    #[inline(never)]
    pub(super) fn append(&self, line: &[u8]) -> Result<()> {
        match &self.gate {
            None => self.append_passed(line),
            Some(gate) => self.append_through(gate, line),
        }
    }

    #[cold]
    #[inline(never)]
    fn append_through(&self, gate: &Gate, line: &[u8]) -> Result<()> {
        let rewritten: &mut Buffer = &mut scratch::lend();
        match gate.pass(line, rewritten) {
            Passed::Same => self.append_passed(line),
            Passed::Rewritten => self.append_passed(rewritten),
            Passed::Nothing => Ok(()),
        }
    }

    /// Appends one line to every pipeline of lines; the first refusal is the answer, after all were
    /// tried.
    #[inline(always)]
    fn append_passed(&self, line: &[u8]) -> Result<()> {
        let result = self.first.own().lines.append(KIND_LINE, line);
        if self.sinks[0].get().is_none() { result } else { result.and(self.append_to_sinks(line)) }
    }

    #[inline(never)]
    fn append_to_sinks(&self, line: &[u8]) -> Result<()> {
        let sinks = self.sinks.iter().map_while(OnceLock::get);
        first_failure(sinks.map(|target| target.own().lines.append(KIND_LINE, line)))
    }

    /// Attaches something to an entity, everywhere. What has no content is a line, anything else an
    /// upload that makes a line when it has succeeded.
    pub fn attach(&self, entity: Entity, id: &str, attachment: &Attachment<'_>) -> Result<()> {
        // Before a mask sees it.
        let attachment = &attachment.named();
        match &self.gate {
            None => self.attach_passed(entity, id, attachment),
            Some(gate) if !gate.takes_attachment(entity, id) => Ok(()),
            Some(gate) => {
                gate.attachment(entity, attachment, |passed| self.attach_passed(entity, id, passed))
            }
        }
    }

    fn attach_passed(&self, entity: Entity, id: &str, attachment: &Attachment<'_>) -> Result<()> {
        let _undisturbed = Undisturbed::by_ourselves();
        let mut result = Ok(());
        for target in self.targets() {
            let outcome = match attachment.content {
                _ if target.config.otlp.is_some() => {
                    append_built(target, |line| attachment.reference_line(entity, id, line))
                }
                Content::Url(_) => append_built(target, |line| {
                    attachment.url_line(&target.config.repository, entity, id, line)
                }),
                _ => attachment.upload(&target.config, entity, id, target.own().uploads.open()),
            };
            result = result.and(outcome);
        }
        result
    }

    /// Whether images and audio in messages become attachments.
    pub(super) fn extracts_media(&self) -> bool {
        self.gate.as_ref().is_none_or(|gate| gate.extracts_media())
    }

    /// Records that were discarded because their trace is not in the sample, and texts at which a mask failed.
    pub fn gate_counts(&self) -> (u64, u64) {
        self.gate.as_ref().map_or((0, 0), |gate| gate.counted())
    }

    /// Waits until everything accepted so far has been delivered everywhere: first the uploads, then the
    /// lines, those that the uploads made included.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        self.wait_for_all(timeout, 0, Pipeline::flush)
    }

    /// As [`Logger::flush`] for lines only.
    pub fn flush_lines(&self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        self.at_once(timeout, |own| own.lines_and_spans(deadline, timeout, Pipeline::flush))
    }

    /// As [`Logger::flush`] for uploads only.
    pub fn flush_uploads(&self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        self.at_once(timeout, |own| {
            own.uploads.get().map_or(Ok(()), |uploads| uploads.flush(at_least(timeout, left(deadline))))
        })
    }

    /// As [`Logger::flush`], for what loggers that have ended by now left behind too.
    pub fn flush_leftovers(&self, timeout: Duration) -> Result<()> {
        self.targets().for_each(|target| target.own().uploads.adopt());
        self.wait_for_all(timeout, 0, Pipeline::flush_leftovers)
    }

    /// As [`Logger::flush`], without waiting: `done` is called when all has arrived or the time is over.
    pub fn flush_async(&self, timeout: Duration, done: delivery::Done) {
        let targets: Vec<&Pipelines> = self.targets().map(Target::own).collect();
        // No line waits for an upload before it.
        for target in &targets {
            // With no time to wait, this only starts the work.
            let _ = target.lines.flush(Duration::ZERO);
        }
        let round = Gathered::new(targets.len(), done);
        let deadline = Instant::now() + timeout;
        for target in targets {
            let (round, lines) = (Arc::clone(&round), Arc::clone(&target.lines));
            let spans = target.spans.clone();
            let then_lines = move |uploaded: Result<()>| {
                let then_spans = Box::new(move |told: Result<()>| {
                    let add = move |told| round.add(with_attachments(uploaded, told));
                    match spans {
                        Some(spans) => {
                            let done = move |result: Result<()>| add(told.and(result));
                            spans.flush_async(left(deadline), Box::new(done));
                        }
                        None => add(told),
                    }
                });
                lines.flush_async(left(deadline), then_spans);
            };
            match target.uploads.get() {
                Some(uploads) => uploads.flush_async(timeout, Box::new(then_lines)),
                None => then_lines(Ok(())),
            }
        }
    }

    /// Asks the endpoint of OTLP whether it takes a request, which is empty.
    pub(super) fn check_otlp(&self, otlp: &crate::otlp::config::OtlpConfig, deadline: Instant) -> Result<()> {
        let mut http = delivery::Http::new(self.first.config.settings.http());
        match Spans::new(otlp.clone()).check(&mut http, deadline) {
            Outcome::Retry { why, .. } if Instant::now() >= deadline => Err(Error::new(Status::Timeout, why)),
            Outcome::Retry { why, .. } if http.last_status() == 0 => Err(Error::new(Status::Network, why)),
            outcome => outcome.told(),
        }
    }

    /// Whether there is a directory for them that can be written to, as far as is known.
    pub fn has_spool_dir(&self) -> bool {
        self.first.own().lines.has_spool_dir()
    }

    /// The directory for records that cannot be sent, if they can be put into files.
    pub fn spool_dir(&self) -> Option<PathBuf> {
        self.first.own().lines.spool_dir()
    }

    /// Writes everything that is held to files in the spool directory.
    pub fn write_to_file(&self, timeout: Duration) -> Result<()> {
        self.wait_for_all(timeout, 0, Pipeline::spill)
    }

    /// Drops everything that is held, for every repository, uploads included.
    pub fn purge(&self) -> Result<()> {
        first_failure(self.targets().map(Target::own).map(|own| {
            // Opened for it, as an earlier logger may have left some.
            let uploads = own.uploads.open().purge();
            let lines = own.lines.purge();
            // Last: lines may have become spans until now.
            let spans = own.spans.as_deref().map_or(Ok(()), Pipeline::purge);
            uploads.and(lines).and(spans)
        }))
    }

    /// Refuses further records, delivers what it can in the time, and what loggers that have ended left
    /// behind; leaves the rest in files.
    pub fn close(&self, timeout: Duration) -> Result<()> {
        if !timeout.is_zero() {
            self.targets().for_each(|target| target.own().uploads.adopt());
            let deadline = Instant::now() + timeout;
            // What is folded is put back where it is still open, which a closed spool refuses.
            let folded = |own: &Pipelines| match &own.spans {
                Some(_) => own.lines.flush(at_least(timeout, left(deadline) / FOLDING_BEFORE_CLOSING)),
                None => Ok(()),
            };
            // Whatever was not is the next logger's.
            let _ = self.at_once(timeout, folded);
            return self.wait_for_all(at_least(timeout, left(deadline)), CLOSING_OF_LINES, Pipeline::close);
        }
        self.wait_for_all(timeout, CLOSING_OF_LINES, Pipeline::close)
    }

    /// Ends without waiting: the writers put what is left into files by themselves.
    pub fn abandon(&self) {
        self.pipelines().for_each(Pipeline::abandon);
    }

    /// Numbers of the logger's own repository (0) or of a sink (1 and up), lines and uploads together.
    pub fn stats(&self, sink: usize) -> Result<delivery::Stats> {
        let target = self
            .targets()
            .nth(sink)
            .ok_or_else(|| Error::new(Status::InvalidArgument, format!("sink: there is no sink {sink}")))?;
        let own = target.own();
        let mut numbers = own.lines.stats()?;
        if let Some(spans) = &own.spans {
            // What was heard last is what the endpoint said.
            let lines = std::mem::replace(&mut numbers, spans.stats()?);
            numbers.remarked = 0;
            numbers.add(&lines);
        }
        if let Some(uploads) = own.uploads.get() {
            numbers.add(&uploads.stats()?);
        }
        Ok(numbers)
    }

    /// Starts all pipelines on their work first, then waits for each within the one timeout, all
    /// repositories at the same time: none takes another's. Within one the uploads come first, and leave
    /// the lines `of_lines` of the time, as one part in so many (0: none; the lines have been at work all
    /// the while).
    fn wait_for_all(
        &self,
        timeout: Duration,
        of_lines: u32,
        work: impl Fn(&Pipeline, Duration) -> Result<()> + Sync,
    ) -> Result<()> {
        let deadline = Instant::now() + timeout;
        if self.pipelines().nth(1).is_some() {
            first_failure(self.pipelines().map(|pipeline| pipeline.flush(Duration::ZERO)))?;
        }
        self.at_once(timeout, |own| {
            let uploaded = match own.uploads.get() {
                Some(uploads) => {
                    let left = left(deadline);
                    work(uploads, at_least(timeout, left - left.checked_div(of_lines).unwrap_or_default()))
                }
                None => Ok(()),
            };
            with_attachments(uploaded, own.lines_and_spans(deadline, timeout, &work))
        })
    }

    /// Does something for each repository, on a thread for each but the first if it may take time. The first
    /// failure is the answer, after all were tried.
    fn at_once(&self, timeout: Duration, work: impl Fn(&Pipelines) -> Result<()> + Sync) -> Result<()> {
        let targets: Vec<&Pipelines> = self.targets().map(Target::own).collect();
        // A callback waits for nobody, and is told so by the pipeline whose thread it is on.
        if targets.len() == 1 || timeout.is_zero() || self.pipelines().any(Pipeline::is_on_its_thread) {
            return first_failure(targets.into_iter().map(work));
        }
        let work = &work;
        std::thread::scope(|scope| {
            let others: Vec<_> = targets[1..]
                .iter()
                .map(|own| (own, process::spawn_scoped_masked(scope, "maxim-flush", move || work(own))))
                .collect();
            let first = work(targets[0]);
            let results = others.into_iter().map(|(own, thread)| match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // There are no more threads to be had.
                Err(_) => work(own),
            });
            first_failure(std::iter::once(first).chain(results))
        })
    }
}

/// What is to be said of a repository's attachments and of all else that was logged for it.
fn with_attachments(uploaded: Result<()>, others: Result<()>) -> Result<()> {
    let Err(held) = uploaded else { return others };
    let detail = match others {
        Ok(()) => format!("attachments: {held}"),
        Err(others) => format!("{others}; attachments: {held}"),
    };
    Err(Error::new(held.status, detail))
}

/// The first failure of several, all of which are tried.
fn first_failure(results: impl Iterator<Item = Result<()>>) -> Result<()> {
    let mut first = Ok(());
    for result in results {
        first = first.and(result);
    }
    first
}

/// A time that is up is not the same as none given, which only starts the work.
fn at_least(given: Duration, left: Duration) -> Duration {
    if given.is_zero() { left } else { left.max(Duration::from_nanos(1)) }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// The results of several pipelines on their way to one callback.
struct Gathered {
    state: Mutex<(usize, Result<()>, Option<delivery::Done>)>,
}

impl Gathered {
    fn new(count: usize, done: delivery::Done) -> Arc<Gathered> {
        Arc::new(Gathered { state: Mutex::new((count, Ok(()), Some(done))) })
    }

    /// Takes one result; the last one sets the callback off, with the first failure there was.
    fn add(&self, result: Result<()>) {
        let finished = {
            let mut state = self.state.lock();
            state.0 -= 1;
            if state.1.is_ok() {
                state.1 = result;
            }
            if state.0 == 0 { state.2.take().map(|done| (done, state.1.clone())) } else { None }
        };
        if let Some((done, result)) = finished {
            done(result);
        }
    }
}

/// Puts a line that `build` makes into one place's spool.
#[inline(never)]
fn append_built(target: &Target, build: impl FnOnce(&mut Buffer) -> Result<()>) -> Result<()> {
    let line: &mut Buffer = &mut scratch::lend();
    build(line)?;
    target.own().lines.append(KIND_LINE, line)
}

/// The protocols, by which a spool tells one identity's records from another's.
const LINES: &str = "maxim";
const FOLDED: &str = "otlp-lines";
const SPANS: &str = "otlp-spans";

/// The pipeline of lines that are folded, and that of the spans which they become.
fn open_spans(
    config: &LoggerConfig,
    otlp: &crate::otlp::config::OtlpConfig,
) -> (Arc<Pipeline>, Arc<Pipeline>) {
    let open = |protocol, name, sender| {
        let spool = config.settings.spool(protocol, &otlp.identity(), &otlp.secret());
        Arc::new(Pipeline::open(config.settings.pipeline(name, spool, sender, config.flush_interval)))
    };
    let spans = open(SPANS, "maxim-spans", Arc::new(Spans::new(otlp.clone())) as Arc<dyn Protocol>);
    let folding = Arc::new(traces::LineFolding::new(otlp, Arc::clone(&spans)));
    let lines = open(FOLDED, "maxim-fold", Arc::clone(&folding) as Arc<dyn Protocol>);
    folding.set_pipeline(Arc::downgrade(&lines));
    (lines, spans)
}
