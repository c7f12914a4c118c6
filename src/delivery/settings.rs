//! What a pipeline is told whatever it delivers: where records go, how much may be kept of them, and how
//! requests travel. The rooms above add what is theirs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::delivery::config::PipelineConfig;
use crate::delivery::http::HttpConfig;
use crate::delivery::policy::BackoffConfig;
use crate::delivery::protocol::Protocol;
use crate::process::{self, is_running_on_lambda};
use crate::report::Reporter;
use crate::secret::Secret;
use crate::spool::{self, Identity, Overflow};
use crate::status::{Error, Result, Status};

/// Who asks.
const USER_AGENT: &str = concat!("libmaxim/", env!("CARGO_PKG_VERSION"));
/// Space for records in memory (tmpfs) before new segments go to the spool directory, unless a container has little.
const DEFAULT_MAX_MEMORY_BYTES: u64 = 64 << 20;
/// The part of a container's memory that may be used: an eighth.
const PART_OF_CONTAINER: u64 = 8;
/// Of however little.
const LEAST_MAX_MEMORY_BYTES: u64 = 1 << 20;
/// Space for records in the spool directory.
pub const DEFAULT_MAX_DISK_BYTES: u64 = 1 << 30;
/// Unsent records older than this are given up (architecture: the outage that a spool bridges).
pub const MAX_AGE: Duration = Duration::from_secs(72 * 3600);

/// The space for records in memory where none is given: what is there counts towards a container's limit, beyond which the
/// kernel kills the process, and stays there for the next one.
pub fn default_max_memory_bytes() -> u64 {
    let part = process::memory_limit().map_or(u64::MAX, |limit| limit / PART_OF_CONTAINER);
    part.clamp(LEAST_MAX_MEMORY_BYTES, DEFAULT_MAX_MEMORY_BYTES)
}

/// What every pipeline needs to know; cheap to clone.
#[derive(Clone)]
pub struct Settings {
    /// The service, without a slash at the end.
    pub base_url: String,
    /// Where records go that cannot be sent; `None`: the default chain.
    pub spool_dir: Option<PathBuf>,
    /// Space for records in memory.
    pub max_memory_bytes: u64,
    /// Space for records in the spool directory.
    pub max_disk_bytes: u64,
    /// What happens when both are full.
    pub overflow: Overflow,
    /// Unsent records older than this are given up.
    pub max_age: Duration,
    /// Files in quarantine older than this are removed; `None`: none is for its age.
    pub quarantine_max_age: Option<Duration>,
    /// Touch no file system at all.
    pub memory_only: bool,
    /// Whether an unusable spool directory is a report instead of an error.
    pub spool_dir_fallback: bool,
    /// Certificates to trust instead of the platform's.
    pub ca_file: Option<PathBuf>,
    /// A proxy instead of the environment's.
    pub proxy: Option<String>,
    /// Whether the key may travel over plain http to another host.
    pub allow_plaintext: bool,
    /// Where asynchronous errors and debug lines go.
    pub reporter: Arc<dyn Reporter>,
}

impl Settings {
    /// A spool of this protocol's records for `repository`; only loggers with the same key adopt them.
    pub fn spool(&self, protocol: &'static str, repository: &str, api_key: &Secret) -> spool::Options {
        spool::Options {
            dir: self.spool_dir.clone(),
            dir_fallback: self.spool_dir_fallback,
            max_memory_bytes: self.max_memory_bytes,
            max_disk_bytes: self.max_disk_bytes,
            overflow: self.overflow,
            max_age: self.max_age,
            memory_only: self.memory_only,
            quarantine_max_age: self.quarantine_max_age,
            ..spool::Options::new(Identity {
                protocol,
                base_url: self.base_url.clone(),
                repository: repository.to_owned(),
                key_fingerprint: api_key.fingerprint(),
            })
        }
    }

    /// Whether the spool directory that was named, if any, can be used, or need not be.
    pub fn check_spool_dir(&self) -> Result<()> {
        if self.memory_only || self.spool_dir_fallback {
            return Ok(());
        }
        let checked = spool::check_directory(self.spool_dir.as_deref());
        checked.map_err(|unusable| Error::new(Status::Io, format!("spool_dir: {}", unusable.0)))
    }

    /// How requests travel.
    pub fn http(&self) -> HttpConfig {
        HttpConfig {
            ca_file: self.ca_file.clone(),
            proxy: self.proxy.clone(),
            allow_plaintext: self.allow_plaintext,
            user_agent: USER_AGENT.to_owned(),
            ..HttpConfig::default()
        }
    }

    /// A pipeline that delivers what `spool` keeps.
    pub fn pipeline(
        &self,
        name: &'static str,
        spool: spool::Options,
        protocol: Arc<dyn Protocol>,
        flush_interval: Option<Duration>,
    ) -> PipelineConfig {
        PipelineConfig {
            name,
            spool,
            protocol,
            http: self.http(),
            flush_interval,
            backoff: BackoffConfig::default(),
            reporter: Arc::clone(&self.reporter),
            synchronous: is_running_on_lambda(),
        }
    }
}
