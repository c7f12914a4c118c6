//! The Maxim logger: where its lines go, and its life.
//!
//! A line goes to the logger's own pipeline and to that of every sink. Each pipeline has a spool, a
//! writer and a delivery state of its own, so that a sink that fails holds nobody back.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::config::{Config, MAX_AGE};
use super::line::Lines;
use super::protocol::{KIND_LINE, MaximLog};
use crate::delivery::{self, Pipeline, PipelineConfig};
use crate::process::{ForkCell, is_running_on_lambda};
use crate::spool::{self, Identity};
use crate::status::{Error, Result, Status};
use crate::text::scratch;

/// Sinks beside the logger's own pipeline.
pub const MAX_SINKS: usize = 8;

/// A logger for one repository, and any number up to [`MAX_SINKS`] of further ones.
pub struct Logger {
    config: Config,
    sinks: [OnceLock<Sink>; MAX_SINKS],
    pipeline: ForkCell<Pipeline>,
}

struct Sink {
    config: Config,
    pipeline: ForkCell<Pipeline>,
}

impl Logger {
    /// A logger; opens its spool and starts its writer, without touching the network.
    pub fn new(config: Config) -> Logger {
        let pipeline = ForkCell::new(open(&config));
        Logger { config, sinks: [const { OnceLock::new() }; MAX_SINKS], pipeline }
    }

    /// The log repository's id.
    pub fn repository(&self) -> &str {
        &self.config.repository
    }

    /// The configuration, for a sink that shares most of it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Sends every record from now on to a further repository or endpoint too; gives its number.
    pub fn add_sink(&self, config: Config) -> Result<usize> {
        let sink = Sink { pipeline: ForkCell::new(open(&config)), config };
        let mut sink = Some(sink);
        for (index, place) in self.sinks.iter().enumerate() {
            if place.get().is_none() {
                place.get_or_init(|| sink.take().expect("taken once"));
            }
            if sink.is_none() {
                return Ok(index + 1);
            }
        }
        Err(Error::new(Status::NoResources, format!("a logger has at most {MAX_SINKS} sinks")))
    }

    #[inline]
    fn own(&self) -> &Pipeline {
        self.pipeline.get(|inherited| {
            inherited.after_fork_in_child();
            open(&self.config)
        })
    }

    /// The logger's own pipeline and those of its sinks.
    fn pipelines(&self) -> impl Iterator<Item = &Pipeline> {
        std::iter::once(self.own()).chain(self.sink_pipelines())
    }

    fn sink_pipelines(&self) -> impl Iterator<Item = &Pipeline> {
        // Sinks fill up from the first place, so the first empty one is the end.
        self.sinks.iter().map_while(OnceLock::get).map(|sink| {
            sink.pipeline.get(|inherited| {
                inherited.after_fork_in_child();
                open(&sink.config)
            })
        })
    }

    /// Builds the lines of one call and appends them everywhere.
    #[inline]
    pub(super) fn log(&self, build: impl FnOnce(&mut Lines<'_>) -> Result<()>) -> Result<()> {
        scratch::with(|buffer| {
            let mut lines = Lines::new(buffer);
            build(&mut lines)?;
            for line in lines.iter() {
                self.append(KIND_LINE, &[line])?;
            }
            Ok(())
        })
    }

    /// Appends one record to every pipeline; the first refusal is the answer, after all were tried.
    #[inline]
    pub(super) fn append(&self, kind: spool::Kind, parts: &[&[u8]]) -> Result<()> {
        let mut result = self.own().append(kind, parts);
        for pipeline in self.sink_pipelines() {
            let outcome = pipeline.append(kind, parts);
            result = result.and(outcome);
        }
        result
    }

    /// Waits until everything accepted so far has been delivered everywhere.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        self.wait_for_all(timeout, Pipeline::flush)
    }

    /// As [`Logger::flush`], without waiting: `done` is called when all has arrived or the time is over.
    pub fn flush_async(&self, timeout: Duration, done: delivery::Done) {
        let waits: Vec<&Pipeline> = self.pipelines().collect();
        let [only] = waits[..] else {
            let round = Gathered::new(waits.len(), done);
            for pipeline in waits {
                let round = Arc::clone(&round);
                pipeline.flush_async(timeout, Box::new(move |result| round.add(result)));
            }
            return;
        };
        only.flush_async(timeout, done);
    }

    /// Whether records that cannot be sent can be put into files.
    pub fn has_files(&self) -> bool {
        self.own().has_files()
    }

    /// Writes everything that is held to files in the spool directory.
    pub fn write_to_file(&self, timeout: Duration) -> Result<()> {
        self.wait_for_all(timeout, Pipeline::spill)
    }

    /// Refuses further records, delivers what it can in the time, leaves the rest in files.
    pub fn close(&self, timeout: Duration) -> Result<()> {
        self.wait_for_all(timeout, Pipeline::close)
    }

    /// Ends without waiting: the writers put what is left into files by themselves.
    pub fn abandon(&self) {
        self.pipelines().for_each(Pipeline::abandon);
    }

    /// Numbers of the logger's own pipeline (0) or of a sink (1 and up).
    pub fn stats(&self, sink: usize) -> Result<delivery::Stats> {
        self.pipelines()
            .nth(sink)
            .map(Pipeline::stats)
            .ok_or_else(|| Error::new(Status::InvalidArgument, format!("sink: there is no sink {sink}")))
    }

    /// Starts all pipelines on their work first, then waits for each within the one timeout.
    fn wait_for_all(
        &self,
        timeout: Duration,
        work: impl Fn(&Pipeline, Duration) -> Result<()>,
    ) -> Result<()> {
        let deadline = Instant::now() + timeout;
        if self.sinks[0].get().is_some() {
            for pipeline in self.pipelines() {
                pipeline.flush(Duration::ZERO)?;
            }
        }
        let mut result = Ok(());
        for pipeline in self.pipelines() {
            let outcome = work(pipeline, deadline.saturating_duration_since(Instant::now()));
            result = result.and(outcome);
        }
        result
    }
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

fn open(config: &Config) -> Pipeline {
    let identity = Identity {
        protocol: "maxim",
        base_url: config.base_url.clone(),
        repository: config.repository.clone(),
        key_fingerprint: config.api_key.fingerprint(),
    };
    Pipeline::open(PipelineConfig {
        spool: spool::Options {
            dir: config.spool_dir.clone(),
            max_memory_bytes: config.max_memory_bytes,
            max_disk_bytes: config.max_disk_bytes,
            overflow: config.overflow,
            max_age: MAX_AGE,
            ..spool::Options::new(identity)
        },
        protocol: Arc::new(MaximLog::new(config)),
        http: delivery::HttpConfig {
            ca_file: config.ca_file.clone(),
            proxy: config.proxy.clone(),
            allow_plaintext: config.allow_plaintext,
            ..delivery::HttpConfig::default()
        },
        flush_interval: config.flush_interval,
        backoff: delivery::BackoffConfig::default(),
        reporter: Arc::clone(&config.reporter),
        synchronous: is_running_on_lambda(),
        name: "maxim-writer",
    })
}
