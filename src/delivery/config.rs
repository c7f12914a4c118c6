//! How a pipeline is to work.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::http::HttpConfig;
use crate::delivery::policy::BackoffConfig;
use crate::delivery::protocol::Protocol;
use crate::report::Reporter;
use crate::spool;

/// How a pipeline is to work.
#[derive(Clone)]
pub struct PipelineConfig {
    /// The thread's name; up to 15 bytes are shown by the system.
    pub name: &'static str,
    /// Where records are kept. `wake_records` means here: a batch is due once so many wait; the
    /// writer looks for itself, no caller wakes it for that.
    pub spool: spool::Options,
    /// How records become requests.
    pub protocol: Arc<dyn Protocol>,
    /// How requests travel.
    pub http: HttpConfig,
    /// Maximum time a record waits to be batched. `None`: until a flush, or half a segment is full.
    pub flush_interval: Option<Duration>,
    /// How long to wait after failures.
    pub backoff: BackoffConfig,
    /// Who hears of trouble. Called on the pipeline's thread, while no lock is held; waiting calls
    /// made from there are refused.
    pub reporter: Arc<dyn Reporter>,
    /// No thread: flush does the work, and batches that fail stay in memory.
    pub synchronous: bool,
}
