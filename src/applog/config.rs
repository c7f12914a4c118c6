//! What a structured log client is told at its birth.

use std::time::Duration;

use super::entry::Level;
use crate::control;
use crate::delivery::{BackoffConfig, Settings};
use crate::otlp;
use crate::secret::Secret;

/// The public structured log service.
pub const DEFAULT_ENDPOINT: &str = "https://timberlogs-ingest.enaboapps.workers.dev";
/// The service takes no more entries in one request.
pub const MAX_BATCH_ENTRIES: u32 = 100;

/// Where an application runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine.
    Development,
    /// Staging.
    Staging,
    /// Production.
    Production,
}

impl Environment {
    /// Every environment, in the order of its number in the ABI.
    pub const ALL: [Environment; 3] =
        [Environment::Development, Environment::Staging, Environment::Production];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Environment::Development => "development",
            Environment::Staging => "staging",
            Environment::Production => "production",
        }
    }
}

/// Everything a client needs to know.
#[derive(Clone)]
pub struct ClientConfig {
    /// The service, and what every pipeline is told.
    pub settings: Settings,
    /// What logs: the name of an application or service.
    pub source: String,
    /// Where it runs.
    pub environment: Environment,
    /// The key; `None` makes a client that lets everything go.
    pub api_key: Option<Secret>,
    /// The application's version.
    pub version: Option<String>,
    /// The dataset that entries go to.
    pub dataset: Option<String>,
    /// The user of entries that name none; can be changed later.
    pub user_id: Option<String>,
    /// The session of entries that name none; can be changed later.
    pub session_id: Option<String>,
    /// Number of buffered entries that triggers a send; also the most in a request.
    pub batch_size: u32,
    /// Maximum time an entry waits to be batched.
    pub flush_interval: Duration,
    /// Entries below it are discarded.
    pub min_level: Level,
    /// How failed requests are tried again.
    pub backoff: BackoffConfig,
    /// What may leave.
    pub control: control::ControlConfig,
    /// Nothing is done at all.
    pub disabled: bool,
    /// Whether a value that cannot be sent is changed rather than its entry refused.
    pub lossy: bool,
    /// Where it goes by OTLP instead of the structured log API.
    pub otlp: Option<otlp::config::OtlpConfig>,
}
