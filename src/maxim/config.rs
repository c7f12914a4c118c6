//! What a logger is told at its birth, with the environment and the defaults filled in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::report::Reporter;
use crate::secret::Secret;
use crate::spool::Overflow;
use crate::status::{Error, Result, Status};

/// The public log API.
pub const DEFAULT_BASE_URL: &str = "https://app.getmaxim.ai";
/// Space for records in memory (tmpfs) before new segments go to the spool directory.
pub const DEFAULT_MAX_MEMORY_BYTES: u64 = 64 << 20;
/// Space for records in the spool directory.
pub const DEFAULT_MAX_DISK_BYTES: u64 = 1 << 30;
/// Unsent records older than this are given up (architecture: the outage that a spool bridges).
pub const MAX_AGE: Duration = Duration::from_secs(72 * 3600);
/// The largest attachment accepted unless configured otherwise.
pub const DEFAULT_MAX_ATTACHMENT_BYTES: u64 = 100 << 20;

/// Everything a logger needs to know; cheap to clone.
#[derive(Clone)]
pub struct Config {
    /// The log API, without a slash at the end.
    pub base_url: String,
    /// The key for it.
    pub api_key: Secret,
    /// The log repository.
    pub repository: String,
    /// `None`: nothing is sent but by a flush or when a segment is half full.
    pub flush_interval: Option<Duration>,
    /// Where records go that cannot be sent; `None`: the default chain.
    pub spool_dir: Option<PathBuf>,
    /// Space for records in memory.
    pub max_memory_bytes: u64,
    /// Space for records in the spool directory.
    pub max_disk_bytes: u64,
    /// What happens when both are full.
    pub overflow: Overflow,
    /// Roots to trust instead of the platform's.
    pub ca_file: Option<PathBuf>,
    /// A proxy instead of the environment's.
    pub proxy: Option<String>,
    /// Whether the key may travel over plain http to another host.
    pub allow_plaintext: bool,
    /// The largest attachment accepted.
    pub max_attachment_bytes: u64,
    /// Where asynchronous errors and debug lines go.
    pub reporter: Arc<dyn Reporter>,
}

/// A value given, else an environment variable's, else nothing. Empty ones count as absent.
pub fn given_or_env(given: Option<&str>, variable: &str) -> Option<String> {
    given
        .map(str::to_owned)
        .filter(|text| !text.is_empty())
        .or_else(|| std::env::var(variable).ok().filter(|text| !text.is_empty()))
}

/// Checks a URL that credentials are sent to, and removes slashes at its end.
pub fn checked_url(name: &str, url: &str, allow_plaintext: bool) -> Result<String> {
    let refuse = |reason: String| Err(Error::new(Status::InvalidArgument, format!("{name}: {reason}")));
    let uri: ureq::http::Uri = match url.parse() {
        Ok(uri) => uri,
        Err(error) => return refuse(format!("not a URL ({error})")),
    };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return refuse("a URL with a host is needed, as in https://app.getmaxim.ai".to_owned());
    };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return refuse("a URL must not hold a user name or password".to_owned());
    }
    if uri.query().is_some() {
        return refuse("a URL without a query is needed".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if allow_plaintext || crate::delivery::is_loopback(host) => {}
        Some("http") => {
            return refuse(format!(
                "the API key would travel unencrypted to {host}; use https, or set allow_plaintext"
            ));
        }
        _ => return refuse("the scheme must be https or http".to_owned()),
    }
    Ok(url.trim_end_matches('/').to_owned())
}
