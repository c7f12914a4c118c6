//! What a logger is told at its birth, with the environment and the defaults filled in.

use std::sync::Arc;
use std::time::Duration;

use crate::control;
use crate::delivery::{Pipeline, Protocol, Settings};
use crate::otlp;
use crate::secret::Secret;
use crate::spool;

/// The public log API.
pub const DEFAULT_BASE_URL: &str = "https://app.getmaxim.ai";
/// The largest attachment accepted unless configured otherwise.
pub const DEFAULT_MAX_ATTACHMENT_BYTES: u64 = 100 << 20;

/// Everything a logger needs to know; cheap to clone.
#[derive(Clone)]
pub struct LoggerConfig {
    /// The log API, and what every pipeline is told.
    pub settings: Settings,
    /// The key for the log API.
    pub api_key: Secret,
    /// The log repository.
    pub repository: String,
    /// `None`: nothing is sent but by a flush or when a segment is half full.
    pub flush_interval: Option<Duration>,
    /// The largest attachment accepted.
    pub max_attachment_bytes: u64,
    /// What may leave. A sink's is not asked: the logger's holds for its sinks too.
    pub control: control::ControlConfig,
    /// The share of traces that is sent.
    pub sample_rate: f64,
    /// Whether images and audio in messages become attachments.
    pub extract_media: bool,
    /// Whether a value that cannot be sent is changed rather than its record refused.
    pub lossy: bool,
    /// Where it goes by OTLP instead of the log API.
    pub otlp: Option<otlp::config::OtlpConfig>,
}

impl LoggerConfig {
    /// Where the records of one protocol wait.
    pub(super) fn spool(&self, protocol: &'static str) -> spool::Options {
        self.settings.spool(protocol, &self.repository, &self.api_key)
    }

    /// Opens a pipeline to the log API, whose thread has this name.
    pub(super) fn open(
        &self,
        protocol: &'static str,
        thread: &'static str,
        sender: Arc<dyn Protocol>,
    ) -> Pipeline {
        self.open_with(self.spool(protocol), thread, sender)
    }

    /// As [`LoggerConfig::open`], with a spool of other options.
    pub(super) fn open_with(
        &self,
        spool: spool::Options,
        thread: &'static str,
        sender: Arc<dyn Protocol>,
    ) -> Pipeline {
        Pipeline::open(self.settings.pipeline(thread, spool, sender, self.flush_interval))
    }
}
