//! What a structured log client is told at its birth.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::entry::Level;
use crate::delivery::BackoffConfig;
use crate::report::Reporter;
use crate::secret::Secret;
use crate::spool::Overflow;

/// The public structured log service.
pub const DEFAULT_ENDPOINT: &str = "https://timberlogs-ingest.enaboapps.workers.dev";
/// The service takes no more entries in one request.
pub const MAX_BATCH_ENTRIES: u32 = 100;

/// Where an application runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine.
    Development,
    /// Before production.
    Staging,
    /// For real.
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
pub struct Config {
    /// What logs: the name of an application or service.
    pub source: String,
    /// Where it runs.
    pub environment: Environment,
    /// The key; `None` makes a client that lets everything go.
    pub api_key: Option<Secret>,
    /// The service, without a slash at the end.
    pub endpoint: String,
    /// The application's version.
    pub version: Option<String>,
    /// The dataset that entries go to.
    pub dataset: Option<String>,
    /// The user of entries that name none; can be changed later.
    pub user_id: Option<String>,
    /// The session of entries that name none; can be changed later.
    pub session_id: Option<String>,
    /// So many waiting entries are sent without waiting for the interval; also the most in a request.
    pub batch_size: u32,
    /// How long an entry waits for company.
    pub flush_interval: Duration,
    /// Entries below it are let go.
    pub min_level: Level,
    /// How failed requests are tried again.
    pub backoff: BackoffConfig,
    /// Where entries go that cannot be sent; `None`: the default chain.
    pub spool_dir: Option<PathBuf>,
    /// Space for entries in memory.
    pub max_memory_bytes: u64,
    /// Space for entries in the spool directory.
    pub max_disk_bytes: u64,
    /// What happens when both are full.
    pub overflow: Overflow,
    /// Roots to trust beside the platform's.
    pub ca_file: Option<PathBuf>,
    /// A proxy instead of the environment's.
    pub proxy: Option<String>,
    /// Whether the key may travel over plain http to another host.
    pub allow_plaintext: bool,
    /// Where asynchronous errors and debug lines go.
    pub reporter: Arc<dyn Reporter>,
}
