//! The part of a configuration that the logger and the log client have alike, checked and made into
//! [`Settings`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::structs::*;
use super::types::*;
use crate::delivery::{
    DEFAULT_MAX_DISK_BYTES, MAX_AGE, Settings, check_ca_file, checked_url, default_max_memory_bytes,
};
use crate::otlp::config::certificate;
use crate::otlp::encode::Signal;
use crate::report::Reporter;
use crate::secret::Secret;
use crate::spool::Overflow;
use crate::status::{Error, Result, Status};

/// Declares a struct of fields that a logger's and a log client's C configuration both have, made from either.
macro_rules! common_fields {
    ($(#[$doc:meta])* $Part:ident { $($field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        pub(super) struct $Part {
            $(pub(super) $field: $kind,)*
        }

        impl From<&maxim_logger_config> for $Part {
            fn from(given: &maxim_logger_config) -> $Part {
                $Part { $($field: given.$field,)* }
            }
        }

        impl From<&maxim_log_client_config> for $Part {
            fn from(given: &maxim_log_client_config) -> $Part {
                $Part { $($field: given.$field,)* }
            }
        }
    };
}
pub(super) use common_fields;

common_fields!(
    /// Where records are kept, and how they are sent.
    CommonConfig {
        spool_dir: maxim_str,
        max_memory_bytes: u64,
        max_disk_bytes: u64,
        overflow_policy: i32,
        block_timeout_ms: u32,
        ca_file: maxim_str,
        proxy: maxim_str,
        allow_plaintext: CBool,
        max_age_ms: u64,
        quarantine_max_age_ms: u64,
        memory_only: CBool,
        spool_dir_fallback: CBool,
    }
);

impl CommonConfig {
    /// As [`CommonConfig::settings`], for an endpoint of OTLP: without headers there is no credential to be protected.
    pub(super) fn otlp_settings(
        mut self,
        otlp: &crate::otlp::config::OtlpConfig,
        signal: Signal,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Settings> {
        if otlp.headers.is_empty() {
            self.allow_plaintext = CBool::TRUE;
        }
        let [traces_from, logs_from] = &otlp.url_names;
        // Where a trace is told of after its end, too.
        checked_url(logs_from, &otlp.logs_url, true)?;
        let (from, url) = match signal {
            Signal::Traces => (traces_from, &otlp.traces_url),
            Signal::Logs => (logs_from, &otlp.logs_url),
        };
        let has_ca_file = optional("ca_file", self.ca_file)?.is_some();
        let mut settings = self.settings(from, url, reporter)?;
        if !has_ca_file {
            settings.ca_file = certificate(signal).map(PathBuf::from);
        }
        match settings.http().check(&settings.base_url) {
            Ok(()) => Ok(settings),
            Err(why) => Err(Error::new(Status::InvalidArgument, why)),
        }
    }

    /// The settings for a service at `url`, which the configuration calls `url_name`.
    pub(super) fn settings(self, url_name: &str, url: &str, reporter: Arc<dyn Reporter>) -> Result<Settings> {
        let allow_plaintext = self.allow_plaintext.get();
        let settings = Settings {
            base_url: checked_url(url_name, url, allow_plaintext)?,
            spool_dir: spool_dir(self.spool_dir)?,
            max_memory_bytes: match self.max_memory_bytes {
                0 => default_max_memory_bytes(),
                given => given,
            },
            max_disk_bytes: or_default(self.max_disk_bytes, DEFAULT_MAX_DISK_BYTES),
            overflow: overflow(self.overflow_policy, self.block_timeout_ms)?,
            max_age: or_else(self.max_age_ms, MAX_AGE),
            quarantine_max_age: (self.quarantine_max_age_ms != 0)
                .then(|| Duration::from_millis(self.quarantine_max_age_ms)),
            memory_only: self.memory_only.get(),
            spool_dir_fallback: self.spool_dir_fallback.get() || has_fallback(),
            ca_file: optional("ca_file", self.ca_file)?.map(PathBuf::from),
            proxy: optional("proxy", self.proxy)?.map(str::to_owned),
            allow_plaintext,
            reporter,
        };
        if let Some(path) = &settings.ca_file {
            check_ca_file(path).map_err(|error| {
                let path = path.display();
                let reason = format!("ca_file: the CA file {path}: {error}; name a PEM file of certificates");
                Error::new(Status::Io, reason)
            })?;
        }
        match settings.http().check(&settings.base_url) {
            Ok(()) => Ok(settings),
            Err(why) => Err(Error::new(Status::InvalidArgument, why)),
        }
    }
}

/// The directory given, else that of `MAXIM_SPOOL_DIR`: absolute, since the host may change its own.
fn spool_dir(given: maxim_str) -> Result<Option<PathBuf>> {
    let from_environment = || std::env::var_os("MAXIM_SPOOL_DIR").filter(|path| !path.is_empty());
    let given = optional("spool_dir", given)?.filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(path) = given.or_else(|| from_environment().map(PathBuf::from)) else { return Ok(None) };
    let absolute = std::path::absolute(&path);
    absolute
        .map(Some)
        .map_err(|error| Error::new(Status::Io, format!("spool_dir: {}: {error}", path.display())))
}

/// A value given, else an environment variable's, else nothing. Empty ones count as absent.
pub(super) fn given_or_env(given: Option<&str>, variable: &str) -> Option<String> {
    given
        .map(str::to_owned)
        .filter(|text| !text.is_empty())
        .or_else(|| std::env::var(variable).ok().filter(|text| !text.is_empty()))
}

/// A key that can be sent in a header; a refusal does not show it.
pub(super) fn checked_key(key: &str) -> Result<Secret> {
    let Some(at) = key.bytes().position(|byte| !(0x21..0x7f).contains(&byte)) else {
        return Ok(Secret::new(key));
    };
    let found = match key.as_bytes()[at] {
        b'\n' | b'\r' => "a line break",
        b' ' | b'\t' => "a space",
        0..0x20 | 0x7f => "a control character",
        _ => "no ASCII",
    };
    let reason = format!(
        "api_key: byte {} of {} is {found}; only visible ASCII characters can be sent",
        at + 1,
        key.len()
    );
    Err(Error::new(Status::InvalidArgument, reason))
}

/// A repository's id without what only a slip of the hand puts there, such as the line break of `echo`:
/// its records would go nowhere.
pub(super) fn checked_repository(id: String) -> Result<String> {
    if id.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let reason = format!("repository_id: {id:?} has a space, a line break or a control character in it");
        return Err(Error::new(Status::InvalidArgument, reason));
    }
    Ok(id)
}

/// Zero says "the default".
pub(super) fn or_default(given: u64, default: u64) -> u64 {
    if given == 0 { default } else { given }
}

/// Whether the environment makes a report of an unusable spool directory instead of an error.
fn has_fallback() -> bool {
    std::env::var_os("MAXIM_SPOOL_DIR_FALLBACK").is_some_and(|value| value == "1")
}

/// Milliseconds, of which zero says "the default".
fn or_else(given_ms: u64, default: Duration) -> Duration {
    if given_ms == 0 { default } else { Duration::from_millis(given_ms) }
}

/// What to do when the space is full.
fn overflow(policy: i32, block_timeout_ms: u32) -> Result<Overflow> {
    match policy {
        MAXIM_OVERFLOW_DROP_OLDEST => Ok(Overflow::DropOldest),
        MAXIM_OVERFLOW_DROP_NEWEST => Ok(Overflow::DropNewest),
        MAXIM_OVERFLOW_BLOCK => Ok(Overflow::Block(Duration::from_millis(block_timeout_ms.into()))),
        other => Err(Error::new(
            Status::InvalidArgument,
            format!("overflow_policy: {other} is none of MAXIM_OVERFLOW_…"),
        )),
    }
}
