//! The Maxim logger's life: making, flushing, cleaning up, freeing, numbers.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::boundary::{beginning, boundary, boundary_or, roomy_boundary, slow_boundary};
use super::callbacks::{Callbacks, FlushCallback, c_text};
use super::control::{GivenControl, for_the_logger, is_disabled, sample_rate, switch};
use super::handle::{self, handled};
use super::lossy;
use super::maxim_entity;
use super::otlp::GivenOtlp;
use super::refusals::Refused;
use super::settings::{CommonConfig, checked_key, checked_repository, given_or_env, or_default};
use super::structs::*;
use super::types::*;
use crate::delivery::{self, Settings};
use crate::maxim::config;
use crate::maxim::{Entity, Logger, LoggerConfig};
use crate::otlp::encode::Signal;
use crate::process::{is_running_on_lambda, on_own_stack};
use crate::report::Reporter;
use crate::secret::Secret;
use crate::status::{Error, Result, Status};

/// A logger for one repository of the Maxim log API: an opaque handle, made by `maxim_logger_new`
/// and freed by `maxim_logger_free`. Never look inside or compute with it. Using it after it was
/// freed, or freeing it twice, is refused with MAXIM_ERR_INVALID_HANDLE and touches nothing.
#[allow(non_camel_case_types)]
pub struct maxim_logger {
    _opaque: [u8; 0],
}

/// What a logger's handle stands for.
pub(super) struct LoggerObject {
    /// None when it is disabled.
    pub(super) logger: Option<Logger>,
    pub(super) callbacks: Arc<Callbacks>,
    repository: CString,
    spool_dir: Option<CString>,
}

handled!(LoggerObject, "logger", 0x1);

/// Runs a call on the logger behind a handle; a disabled one has nothing to do.
#[inline(always)]
pub(super) fn with_logger<R: Default>(
    logger: *const maxim_logger,
    body: impl FnOnce(&Logger) -> Result<R>,
) -> Result<R> {
    handle::with::<LoggerObject, _>(logger.addr(), |owned| match &owned.logger {
        Some(logger) => {
            let _call = lossy::Call::begin(logger.is_lossy(), || logger.has_masks());
            owned.callbacks.hearing(|| body(logger))
        }
        None => Ok(R::default()),
    })
}

/// As [`with_logger`] in a [`slow_boundary`], for what needs the locks of log calls.
fn with_whole_logger<R: Default>(
    logger: *const maxim_logger,
    body: impl FnOnce(&Logger) -> Result<R>,
) -> Result<R> {
    with_logger(logger, |log| {
        log.give_back_own(beginning());
        body(log)
    })
}

/// Makes a logger. Does no network I/O; makes the spool directory and starts the writer thread.
///
/// `*out` is set to NULL first, and to the logger on success. The caller frees it with
/// `maxim_logger_free`.
///
/// Errors: MAXIM_ERR_NOT_CONFIGURED without an API key or repository id, MAXIM_ERR_INVALID_ARGUMENT
/// for a field out of its range (the detail names it), MAXIM_ERR_IO when the spool directory that was named cannot
/// be used, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_NO_RESOURCES when less than 8 MiB of memory or address space are left.
///
/// @gives NOT_CONFIGURED IO
#[must_use = "without the handle it cannot be used or freed"]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_logger_new(
    config: *const maxim_logger_config,
    out: *mut *mut maxim_logger,
) -> maxim_status {
    roomy_boundary(|| no_handle(out), || write_handle(out, new_logger(&config_or_defaults(config)?)?))
}

fn new_logger(given: &maxim_logger_config) -> Result<LoggerObject> {
    let callbacks = Arc::new(Callbacks::new(given.into()));
    let (logger, repository) = match is_disabled(given.disabled)? || GivenOtlp::from(given).is_disabled()? {
        true => (None, optional("repository_id", given.repository_id)?.unwrap_or("").to_owned()),
        false => {
            let config = resolve(given, &callbacks)?;
            let repository = config.repository.clone();
            (Some(Logger::new(config)), repository)
        }
    };
    let repository = c_text(&repository);
    let spool_dir = c_path(logger.as_ref().and_then(Logger::spool_dir));
    Ok(LoggerObject { logger, callbacks, repository, spool_dir })
}

fn resolve(given: &maxim_logger_config, callbacks: &Arc<Callbacks>) -> Result<LoggerConfig> {
    let reporter = Arc::clone(callbacks) as Arc<dyn Reporter>;
    let otlp = GivenOtlp::from(given).config(Signal::Traces, given.base_url, given.incomplete_after_ms)?;
    let (settings, api_key, repository) = match &otlp {
        Some(otlp) => (
            CommonConfig::from(given).otlp_settings(otlp, Signal::Traces, reporter)?,
            otlp.secret(),
            optional("repository_id", given.repository_id)?.unwrap_or_default().to_owned(),
        ),
        None => service(given, reporter)?,
    };
    let config = LoggerConfig {
        api_key,
        settings,
        repository,
        flush_interval: match (given.auto_flush.get(), given.flush_interval_ms) {
            (true, 0) => {
                let reason = "flush_interval_ms: must be at least 1 when auto_flush is set";
                return Err(Error::new(Status::InvalidArgument, reason));
            }
            (true, ms) => Some(Duration::from_millis(ms.into())),
            (false, _) => None,
        },
        max_attachment_bytes: or_default(given.max_attachment_bytes, config::DEFAULT_MAX_ATTACHMENT_BYTES),
        control: GivenControl::from(given).config(callbacks)?,
        sample_rate: sample_rate(given.sample_rate)?,
        extract_media: switch("extract_media", given.extract_media, None, true)?,
        lossy: given.lossy.get(),
        otlp,
    };
    // The last, as it may make the directory.
    config.settings.check_spool_dir()?;
    Ok(config)
}

/// The log API that a configuration and the environment name: settings, key and repository.
fn service(given: &maxim_logger_config, reporter: Arc<dyn Reporter>) -> Result<(Settings, Secret, String)> {
    let missing = |name: &str, variable: &str| {
        Error::new(Status::NotConfigured, format!("{name}: give it, or set {variable} in the environment"))
    };
    let base_url = given_or_env(optional("base_url", given.base_url)?, "MAXIM_BASE_URL")
        .unwrap_or_else(|| config::DEFAULT_BASE_URL.to_owned());
    let api_key = given_or_env(optional("api_key", given.api_key)?, "MAXIM_API_KEY")
        .ok_or_else(|| missing("api_key", "MAXIM_API_KEY"))?;
    let repository = given_or_env(optional("repository_id", given.repository_id)?, "MAXIM_LOG_REPO_ID")
        .ok_or_else(|| missing("repository_id", "MAXIM_LOG_REPO_ID"))?;
    let api_key = checked_key(&api_key)?;
    let settings = CommonConfig::from(given).settings("base_url", &base_url, reporter)?;
    Ok((settings, api_key, checked_repository(repository)?))
}

/// Frees a logger. NULL is a no-op.
///
/// Does not wait for the network: what is still held is put into files in the background and sent
/// by the next logger for the same repository. Call `maxim_cleanup` first to have it sent now. When
/// this returns, no error or debug callback of the logger runs any more, but for the one that the call is
/// made in. A callback that is running is waited for, for a second at most. Records that were dropped since the last report
/// are not told of any more; `maxim_cleanup` tells of them.
///
/// Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before; MAXIM_ERR_TIMEOUT when a callback still runs
/// after that second: the logger is freed, and `user_data` must stay good until the callback returns.
///
/// @param logger The logger. May be NULL.
/// @gives TIMEOUT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_logger_free(logger: *mut maxim_logger) -> maxim_status {
    slow_boundary(|| {
        if logger.is_null() {
            return Ok(());
        }
        let owned = handle::remove::<LoggerObject>(logger.addr())?;
        if let Some(logger) = &owned.value().logger {
            logger.give_back_own(beginning());
            logger.abandon();
        }
        owned.value().callbacks.mute()
    })
}

/// The log repository's id, NUL-terminated; good until the logger is freed. NULL for a bad handle.
///
/// @return The id; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_logger_repository_id(logger: *const maxim_logger) -> *const c_char {
    boundary_or(ptr::null(), || {
        handle::with::<LoggerObject, _>(logger.addr(), |owned| Ok(owned.repository.as_ptr()))
    })
}

/// Runs a call that may wait so many milliseconds.
fn waiting(
    logger: *mut maxim_logger,
    timeout_ms: u32,
    body: impl FnOnce(&Logger, Duration) -> Result<()>,
) -> Result<()> {
    handle::with::<LoggerObject, _>(logger.addr(), |owned| {
        owned.callbacks.told_within(milliseconds(timeout_ms), |limit| match &owned.logger {
            Some(logger) => {
                logger.give_back_own(beginning());
                body(logger, limit)
            }
            None => Ok(()),
        })
    })
}

/// Sends everything that was accepted before the call, and waits until it has arrived, up to
/// `timeout_ms` milliseconds. **May block**, never longer than that; with 0 it starts the work and
/// returns MAXIM_OK at once. A retry that is waiting is tried at once.
///
/// What earlier loggers for the same repository left behind is sent beside it and not waited for:
/// `maxim_flush_log_files` and `maxim_cleanup` wait for that too.
///
/// Errors: MAXIM_ERR_TIMEOUT when something is still held (the detail says how much and why); nothing
/// is lost by that. MAXIM_ERR_IO when what is held cannot be read at present, or when records that it waited
/// for were dropped instead of sent.
///
/// @gives TIMEOUT CLOSED IO UNAUTHORIZED REJECTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flush(logger: *mut maxim_logger, timeout_ms: u32) -> maxim_status {
    slow_boundary(|| waiting(logger, timeout_ms, |log, limit| log.flush(limit)))
}

/// As `maxim_flush`, without waiting: `callback` is called once, on a thread of the library, when all
/// has arrived or `timeout_ms` milliseconds are over, also when the logger has been freed by then. It is not
/// called when this function fails.
///
/// `user_data` is passed to the callback and must stay good until then.
///
/// @gives CLOSED NO_RESOURCES
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flush_async(
    logger: *mut maxim_logger,
    timeout_ms: u32,
    callback: maxim_flush_callback,
    user_data: *mut c_void,
) -> maxim_status {
    slow_boundary(|| {
        let callback = FlushCallback::new(callback, user_data)?;
        handle::with::<LoggerObject, _>(logger.addr(), |owned| {
            let done = callback.done(&owned.callbacks);
            match &owned.logger {
                Some(log) => {
                    log.give_back_own(beginning());
                    log.flush_async(milliseconds(timeout_ms), done);
                }
                None => done(Ok(())),
            }
            Ok(())
        })
    })
}

/// Sends all log lines, and waits for them: `maxim_flush` without attachments. **May block** up to
/// `timeout_ms` milliseconds.
///
/// @gives TIMEOUT CLOSED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flush_commit_logs(logger: *mut maxim_logger, timeout_ms: u32) -> maxim_status {
    slow_boundary(|| waiting(logger, timeout_ms, |log, limit| log.flush_lines(limit)))
}

/// Uploads all attachments, and waits for them: `maxim_flush` without log lines, but for those that the
/// uploads make, which are sent afterwards. **May block** up to `timeout_ms` milliseconds.
///
/// @gives TIMEOUT CLOSED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flush_attachments(logger: *mut maxim_logger, timeout_ms: u32) -> maxim_status {
    slow_boundary(|| waiting(logger, timeout_ms, |log, limit| log.flush_uploads(limit)))
}

/// Sends what earlier loggers for the same repository left behind in files, and everything else that
/// is held. **May block** up to `timeout_ms` milliseconds; errors as for `maxim_flush`.
///
/// @gives TIMEOUT CLOSED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flush_log_files(logger: *mut maxim_logger, timeout_ms: u32) -> maxim_status {
    slow_boundary(|| waiting(logger, timeout_ms, |log, limit| log.flush_leftovers(limit)))
}

/// Writes everything that is held to files in the spool directory, where it survives a reboot too.
/// **May block** up to `timeout_ms` milliseconds.
///
/// Errors: MAXIM_ERR_IO when there is no file system to write to, MAXIM_ERR_TIMEOUT.
///
/// @gives IO TIMEOUT CLOSED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_write_to_file(logger: *mut maxim_logger, timeout_ms: u32) -> maxim_status {
    slow_boundary(|| waiting(logger, timeout_ms, |log, limit| log.write_to_file(limit)))
}

/// Closes a logger: refuses further records (MAXIM_ERR_CLOSED), sends what it can within
/// `timeout_ms` milliseconds, leaves the rest in files for the next logger, and stops its threads.
/// **May block**, never longer than `timeout_ms`. The handle must still be freed.
///
/// Once its own records have arrived it looks for what earlier loggers for the same repository left
/// behind, and sends that while there is time: where every process is short, as on a command line, nobody
/// else would. A forked child leaves that to its parent.
///
/// Errors: MAXIM_ERR_TIMEOUT when something is left for the next logger, MAXIM_ERR_UNAUTHORIZED or MAXIM_ERR_REJECTED
/// when the service refused it before the time was up; the detail says how much and why.
///
/// @gives TIMEOUT CLOSED UNAUTHORIZED REJECTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_cleanup(logger: *mut maxim_logger, timeout_ms: u32) -> maxim_status {
    slow_boundary(|| waiting(logger, timeout_ms, |log, limit| log.close(limit)))
}

/// Deletes everything that is held and not delivered, as a request to delete data asks for: records and attachments of
/// this logger and its sinks, what earlier loggers for the same repository left behind, and what is in quarantine; no
/// byte of them is left in the spool directories, in memory or on disk. Files are removed, not overwritten. **May
/// block** on the file system; does no network I/O.
///
/// A request that is under way at that moment may still arrive; so may what other running processes hold for the
/// repository: call it in each. `purged` in the stats counts the records. The logger can be used as before; after
/// `maxim_cleanup`, make a new one for it.
///
/// Errors: MAXIM_ERR_IO when something could not be removed or read (the detail says what; the rest is gone, and the
/// call can be made again), MAXIM_ERR_CLOSED after `maxim_cleanup`.
///
/// @gives IO CLOSED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_purge(logger: *mut maxim_logger) -> maxim_status {
    slow_boundary(|| with_whole_logger(logger, |log| on_own_stack("maxim-purge", || log.purge())))
}

/// Asks the service whether the log repository exists and the API key is accepted. **May block** up to `timeout_ms`
/// milliseconds. Nothing is logged; a disabled logger makes no request.
///
/// Errors: MAXIM_ERR_UNAUTHORIZED when the key is refused, MAXIM_ERR_REJECTED when the service has no such repository
/// (the detail is what it says), MAXIM_ERR_NETWORK, MAXIM_ERR_TIMEOUT.
///
/// @param timeout_ms How long to wait for the answer, in milliseconds.
/// @gives UNAUTHORIZED REJECTED NETWORK TIMEOUT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_check(logger: *mut maxim_logger, timeout_ms: u32) -> maxim_status {
    slow_boundary(|| {
        with_logger(logger, |log| on_own_stack("maxim-check", || log.check(milliseconds(timeout_ms))))
    })
}

/// Whether the spool directory can be written to, as far as is known; when not, records are kept in memory only and may end
/// with the process. Also false while the process has no descriptor left to open it with, and while it has been
/// removed and cannot be made again. The library tries every few seconds for want of descriptors, else once a minute at
/// least, and writes what waits to files then. A file that cannot be made in it at some moment does not make it false.
///
/// @return Whether files can be written; false for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_can_access_filesystem(logger: *const maxim_logger) -> bool {
    boundary_or(false, || with_logger(logger, |log| Ok(log.has_spool_dir())))
}

/// The spool directory in use, where records wait that cannot be sent yet: absolute, and NUL-terminated; good until
/// the logger is freed. It is the one that was named, a private one within it, or one of the defaults (`spool_dir` of
/// the config says which).
///
/// @return The directory; NULL when there is none, so that records are kept in memory only, and for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_logger_spool_dir(logger: *const maxim_logger) -> *const c_char {
    boundary_or(ptr::null(), || {
        handle::with::<LoggerObject, _>(logger.addr(), |owned| Ok(c_pointer(&owned.spool_dir)))
    })
}

/// Whether this process runs on AWS Lambda (AWS_LAMBDA_FUNCTION_NAME is set). Then there is no writer
/// thread: records are sent by `maxim_flush` on the caller's thread, before the function's answer
/// lets the machine freeze.
///
/// @return Whether it does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_is_running_on_lambda() -> bool {
    boundary_or(false, || Ok(is_running_on_lambda()))
}

/// What became of the logger's records. `stats->struct_size` must be set (MAXIM_STATS_INIT).
///
/// @gives NO_RESOURCES
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_logger_stats(
    logger: *const maxim_logger,
    stats: *mut maxim_stats,
) -> maxim_status {
    slow_boundary(|| write_sized(stats, &self::stats(logger, 0)?))
}

/// What became of the records of one of the logger's sinks, numbered as by `maxim_logger_add_sink`.
///
/// @param sink The number of the sink; 0: the logger itself.
/// @gives INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_logger_sink_stats(
    logger: *const maxim_logger,
    sink: u32,
    stats: *mut maxim_stats,
) -> maxim_status {
    slow_boundary(|| write_sized(stats, &self::stats(logger, sink as usize)?))
}

fn stats(logger: *const maxim_logger, sink: usize) -> Result<maxim_stats> {
    let (numbers, counts) = with_whole_logger(logger, |log| Ok((log.stats(sink)?, log.gate_counts())))?;
    let (sampled_out, masks_failed) = counts;
    let refused = handle::with::<LoggerObject, _>(logger.addr(), |owned| Ok(owned.callbacks.refusals()))?;
    Ok(maxim_stats { sampled_out, masks_failed, ..to_c(&numbers, &refused) })
}

/// Sends every record from now on to a further repository or endpoint as well, with a spool and a
/// delivery state of its own: one that fails never holds another back. At most 8.
///
/// `config` is as for `maxim_logger_new`; its callbacks and `user_data` are ignored, the logger's are
/// used. What the logger sends is what the sink is sent: masks, sampling and their like are the logger's,
/// and are MAXIM_ERR_INVALID_ARGUMENT here. `out_sink`, which may be NULL, receives the sink's number (1
/// and up). Does no network I/O.
///
/// @param out_sink Receives the number of the sink. May be NULL.
/// @gives NOT_CONFIGURED IO CLOSED NO_RESOURCES
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_logger_add_sink(
    logger: *mut maxim_logger,
    config: *const maxim_logger_config,
    out_sink: *mut u32,
) -> maxim_status {
    roomy_boundary(
        || Ok(()),
        || {
            let config = config_or_defaults(config)?;
            unused("error_callback", config.error_callback.is_some())?;
            unused("debug_callback", config.debug_callback.is_some())?;
            unused("user_data", !config.user_data.is_null())?;
            unused("is_debug", config.is_debug.get())?;
            GivenControl::from(&config).refuse_for_a_sink()?;
            let own_only = [
                ("disabled", config.disabled.get()),
                ("extract_media", config.extract_media != MAXIM_SWITCH_DEFAULT),
                ("sample_rate", config.sample_rate != 0.0),
            ];
            if let Some((name, _)) = own_only.into_iter().find(|(_, is_given)| *is_given) {
                return Err(for_the_logger(name));
            }
            let number = handle::with::<LoggerObject, _>(logger.addr(), |owned| match &owned.logger {
                Some(log) => log.add_sink(resolve(&config, &owned.callbacks)?),
                // Nothing goes there either.
                None => Ok(1),
            })?;
            write(out_sink, number as u32);
            Ok(())
        },
    )
}

/// Sends one line of the caller's making: any action on any entity.
///
/// `entity` is one of MAXIM_ENTITY_…, `action` as in `create`, `update`, `end` or `add-event` (a-z and
/// hyphens), `data_json` a JSON object.
///
/// @param entity What the line is about.
/// @param entity_id Its id.
/// @param action The action, as in `create`, `update`, `end` or `add-event`: a-z and hyphens.
/// @param data_json The line's data: a JSON object.
/// @logs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_commit(
    logger: *mut maxim_logger,
    entity: maxim_entity,
    entity_id: maxim_str,
    action: maxim_str,
    data_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        let entity =
            usize::try_from(entity).ok().and_then(|number| Entity::ALL.get(number)).ok_or_else(|| {
                Error::new(Status::InvalidArgument, format!("entity: {entity} is none of MAXIM_ENTITY_…"))
            })?;
        with_logger(logger, |log| {
            log.commit(
                *entity,
                required_id("entity_id", entity_id)?,
                required("action", action)?,
                required_json("data_json", data_json)?,
            )
        })
    })
}

/// The numbers as the ABI has them.
pub(super) fn to_c(numbers: &delivery::Stats, refused: &Refused) -> maxim_stats {
    maxim_stats {
        struct_size: 0,
        accepted: numbers.spool.accepted,
        delivered: numbers.spool.delivered,
        held: numbers.spool.held,
        dropped_memory: numbers.spool.dropped_memory,
        dropped_disk: numbers.spool.dropped_disk,
        dropped_expired: numbers.spool.dropped_expired,
        quarantined: numbers.spool.quarantined,
        retries: numbers.retries,
        bytes_delivered: numbers.spool.bytes_delivered,
        bytes_held: numbers.spool.bytes_held,
        adopted: numbers.spool.adopted,
        oldest_held_ms: numbers.spool.oldest_held_ms,
        last_http_status: numbers.last_http_status.into(),
        ignored: 0,
        refused: numbers.spool.refused,
        dropped_corrupt: numbers.spool.dropped_corrupt,
        sampled_out: 0,
        masks_failed: 0,
        results_unrecognised: numbers.remarked,
        refused_invalid: refused.invalid,
        refused_too_large: refused.too_large,
        refused_closed: refused.closed,
        refused_other: refused.other,
        purged: numbers.spool.purged,
    }
}
