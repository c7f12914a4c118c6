//! The structured log client: its life, log calls, defaults.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::boundary::{beginning, boundary, boundary_or, roomy_boundary, slow_boundary};
use super::callbacks::{Callbacks, FlushCallback};
use super::control::{GivenControl, is_disabled};
use super::handle::{self, handled};
use super::logger::to_c;
use super::lossy;
use super::maxim_level;
use super::otlp::GivenOtlp;
use super::settings::{CommonConfig, checked_key, given_or_env};
use super::structs::*;
use super::types::*;
use crate::applog::config::{self, Environment};
use crate::applog::defaults::DefaultField;
use crate::applog::{Client, ClientConfig, Entry, Level};
use crate::delivery::BackoffConfig;
use crate::otlp::encode::Signal;
use crate::process::{clock, on_own_stack};
use crate::report::Reporter;
use crate::status::{Error, Result, Status};

/// A client of the structured log API: an opaque handle, made by `maxim_log_client_new` and freed by
/// `maxim_log_client_free`. As safe against misuse as a `maxim_logger`.
#[allow(non_camel_case_types)]
pub struct maxim_log_client {
    _opaque: [u8; 0],
}

const WITHOUT_KEY: &str =
    "api_key: none was given and MAXIM_API_KEY is not set: entries are discarded and only counted";

/// What a client's handle stands for.
pub(super) struct OwnedClient {
    pub(super) client: Arc<Client>,
    callbacks: Arc<Callbacks>,
    spool_dir: Option<CString>,
}

handled!(OwnedClient, "client", 0x3);

/// Runs a call on the client behind a handle.
#[inline(always)]
pub(super) fn with_client<R>(
    client: *const maxim_log_client,
    body: impl FnOnce(&Arc<Client>) -> Result<R>,
) -> Result<R> {
    handle::with::<OwnedClient, _>(client.addr(), |owned| {
        let _call = lossy::Call::begin(owned.client.is_lossy(), || owned.client.has_masks());
        owned.callbacks.hearing(|| body(&owned.client))
    })
}

/// As [`with_client`] in a [`slow_boundary`], for what needs the locks of log calls.
fn with_whole_client<R>(
    client: *const maxim_log_client,
    body: impl FnOnce(&Arc<Client>) -> Result<R>,
) -> Result<R> {
    with_client(client, |client| {
        client.give_back_own(beginning());
        body(client)
    })
}

/// Who hears of the client behind a handle.
pub(super) fn callbacks_of(client: *const maxim_log_client) -> Result<Arc<Callbacks>> {
    handle::with::<OwnedClient, _>(client.addr(), |owned| Ok(Arc::clone(&owned.callbacks)))
}

/// Makes a structured log client. Does no network I/O; makes the spool directory and starts the writer
/// thread, or neither without an API key.
///
/// `*out` is set to NULL first, and to the client on success. The caller frees it with
/// `maxim_log_client_free`.
///
/// Errors: MAXIM_ERR_INVALID_ARGUMENT for a field out of its range (the detail names it), MAXIM_ERR_IO when the spool
/// directory that was named cannot be used, MAXIM_ERR_NULL_POINTER.
///
/// @gives IO
#[must_use = "without the handle it cannot be used or freed"]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_client_new(
    config: *const maxim_log_client_config,
    out: *mut *mut maxim_log_client,
) -> maxim_status {
    roomy_boundary(|| no_handle(out), || write_handle(out, new_client(&config_or_defaults(config)?)?))
}

fn new_client(given: &maxim_log_client_config) -> Result<OwnedClient> {
    let callbacks = Arc::new(Callbacks::new(given.into()));
    let config = resolve(given, &callbacks)?;
    let has_key = config.api_key.is_some() || config.disabled;
    let client = Arc::new(Client::new(config)?);
    if !has_key {
        callbacks.told_or_warned(Status::NotConfigured, WITHOUT_KEY);
    }
    let spool_dir = c_path(client.spool_dir());
    Ok(OwnedClient { client, callbacks, spool_dir })
}

fn resolve(given: &maxim_log_client_config, callbacks: &Arc<Callbacks>) -> Result<ClientConfig> {
    let reporter = Arc::clone(callbacks) as Arc<dyn Reporter>;
    let otlp = GivenOtlp::from(given);
    let disabled = is_disabled(given.disabled)? || otlp.is_disabled()?;
    let otlp = otlp.config(Signal::Logs, given.endpoint, 0)?;
    let refuse = |reason: &str| Err(Error::new(Status::InvalidArgument, reason));
    let owned = |name: &str, text: maxim_str| optional(name, text).map(|text| text.map(str::to_owned));
    let endpoint = given_or_env(optional("endpoint", given.endpoint)?, "MAXIM_LOG_ENDPOINT")
        .unwrap_or_else(|| config::DEFAULT_ENDPOINT.to_owned());
    let api_key = given_or_env(optional("api_key", given.api_key)?, "MAXIM_API_KEY");
    if given.batch_size == 0 {
        return refuse("batch_size: must be at least 1");
    }
    if given.flush_interval_ms == 0 {
        return refuse("flush_interval_ms: must be at least 1");
    }
    let settings = match &otlp {
        Some(otlp) => CommonConfig::from(given).otlp_settings(otlp, Signal::Logs, reporter)?,
        None => CommonConfig::from(given).settings("endpoint", &endpoint, reporter)?,
    };
    Ok(ClientConfig {
        otlp,
        source: match disabled {
            true => optional("source", given.source)?.unwrap_or_default().to_owned(),
            false => required("source", given.source)?.to_owned(),
        },
        environment: enum_from_abi("environment", given.environment, &Environment::ALL)?,
        api_key: api_key.as_deref().map(checked_key).transpose()?,
        settings,
        version: owned("version", given.version)?,
        dataset: owned("dataset", given.dataset)?,
        user_id: owned("user_id", given.user_id)?,
        session_id: owned("session_id", given.session_id)?,
        batch_size: given.batch_size,
        flush_interval: milliseconds(given.flush_interval_ms),
        min_level: enum_from_abi("min_level", given.min_level, &Level::ALL)?,
        lossy: given.lossy.get(),
        backoff: BackoffConfig::of_host(
            milliseconds(given.initial_delay_ms),
            milliseconds(given.max_delay_ms),
            given.max_retries,
        ),
        control: GivenControl::from(given).config(callbacks)?,
        disabled,
    })
}

/// Frees a client. NULL is a no-op.
///
/// Does not wait for the network: what is still held is put into files in the background and sent
/// by the next client for the same source. Call `maxim_log_disconnect` first to have it sent now. When
/// this returns, no callback of the client runs any more, as `maxim_logger_free` has it. Its flows answer
/// MAXIM_ERR_CLOSED from then on and must still be freed.
///
/// Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before; MAXIM_ERR_TIMEOUT as for `maxim_logger_free`.
///
/// @param client The client. May be NULL.
/// @gives TIMEOUT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_client_free(client: *mut maxim_log_client) -> maxim_status {
    slow_boundary(|| {
        if client.is_null() {
            return Ok(());
        }
        let owned = handle::remove::<OwnedClient>(client.addr())?;
        owned.value().client.give_back_own(beginning());
        owned.value().client.abandon();
        owned.value().callbacks.mute()
    })
}

/// The tags of a call's options, which may be NULL.
pub(super) fn tags<'a>(options: *const maxim_log_options) -> Result<Option<crate::text::object::Json<'a>>> {
    if options.is_null() {
        return Ok(None);
    }
    optional_json("tags", read(options)?.tags_json)
}

/// Runs a log call, if its level is logged: nothing else is looked at before that. Each export calls this itself: by a
/// function between them, which is given the texts, a filtered call has 98 instructions rather than 75
/// (`scripts/instructions.sh`).
#[inline(always)]
fn with_level(
    client: *const maxim_log_client,
    level: Level,
    body: impl FnOnce(&Arc<Client>) -> Result<()>,
) -> Result<()> {
    let would_log = |owned: &OwnedClient| owned.client.would_log(level);
    handle::with_wanted(client.addr(), would_log, |owned| {
        let _call = lossy::Call::begin(owned.client.is_lossy(), || owned.client.has_masks());
        owned.callbacks.hearing(|| body(&owned.client))
    })
}

/// Builds the entry of a call and gives it to `log`.
#[inline]
pub(super) fn log_call(
    level: Level,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
    log: impl FnOnce(&Entry<'_>) -> Result<()>,
) -> Result<()> {
    let entry = Entry::new(level, required("message", message)?, clock::now_ms());
    log(&Entry { data: optional_json("data_json", data_json)?, tags: tags(options)?, ..entry })
}

/// Builds the entry of an error and gives it to `log`.
pub(super) fn error_call(
    message: maxim_str,
    error: *const maxim_log_error_info,
    options: *const maxim_log_options,
    log: impl FnOnce(&Entry<'_>) -> Result<()>,
) -> Result<()> {
    let error = read(error)?;
    let entry = Entry::new(Level::Error, required("message", message)?, clock::now_ms());
    log(&Entry {
        error_name: optional("error_name", error.name)?,
        error_message: optional("error_message", error.message)?,
        error_stack: optional("error_stack", error.stack)?,
        tags: tags(options)?,
        ..entry
    })
}

/// Logs at level DEBUG. `message` has 1 to 10,000 characters; `data_json` is a JSON object and may be
/// absent; `options` may be NULL. Below the client's `min_level` nothing is looked at and nothing is done.
///
/// Errors: MAXIM_ERR_INVALID_ARGUMENT names the field, its limit and its length; nothing else is lost.
///
/// @logs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_debug(
    client: *mut maxim_log_client,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| {
        with_level(client, Level::Debug, |client| {
            log_call(Level::Debug, message, data_json, options, |entry| client.log(entry))
        })
    })
}

/// Logs at level INFO. Arguments and errors as for `maxim_log_debug`.
///
/// @logs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_info(
    client: *mut maxim_log_client,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| {
        with_level(client, Level::Info, |client| {
            log_call(Level::Info, message, data_json, options, |entry| client.log(entry))
        })
    })
}

/// Logs at level WARN. Arguments and errors as for `maxim_log_debug`.
///
/// @logs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_warn(
    client: *mut maxim_log_client,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| {
        with_level(client, Level::Warn, |client| {
            log_call(Level::Warn, message, data_json, options, |entry| client.log(entry))
        })
    })
}

/// Logs at level ERROR. Arguments and errors as for `maxim_log_debug`.
///
/// @logs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_error(
    client: *mut maxim_log_client,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| {
        with_level(client, Level::Error, |client| {
            log_call(Level::Error, message, data_json, options, |entry| client.log(entry))
        })
    })
}

/// Logs an error with its kind and stack; its own message becomes `data.message`. `error` is required,
/// `options` may be NULL. Errors as for `maxim_log_debug`.
///
/// @logs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_error_with(
    client: *mut maxim_log_client,
    message: maxim_str,
    error: *const maxim_log_error_info,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| {
        with_level(client, Level::Error, |client| {
            error_call(message, error, options, |entry| client.log(entry))
        })
    })
}

/// Logs an entry with any of its fields. Errors as for `maxim_log_debug`.
///
/// @param entry The entry. Not NULL.
/// @logs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log(
    client: *mut maxim_log_client,
    entry: *const maxim_log_entry,
) -> maxim_status {
    boundary(|| {
        with_client(client, |client| {
            let given = read(entry)?;
            let level = enum_from_abi("level", given.level, &Level::ALL)?;
            if !client.would_log(level) {
                return Ok(());
            }
            let timestamp = if given.timestamp_ms == 0 { clock::now_ms() } else { given.timestamp_ms };
            client.log(&Entry {
                data: optional_json("data_json", given.data_json)?,
                user_id: optional("user_id", given.user_id)?,
                session_id: optional("session_id", given.session_id)?,
                request_id: optional("request_id", given.request_id)?,
                error_name: optional("error_name", given.error_name)?,
                error_stack: optional("error_stack", given.error_stack)?,
                tags: optional_json("tags", given.tags_json)?,
                flow_id: optional("flow_id", given.flow_id)?,
                step_index: (given.step_index != -1).then_some(given.step_index),
                dataset: optional("dataset", given.dataset)?,
                ip_address: optional("ip_address", given.ip_address)?,
                country: optional("country", given.country)?,
                ..Entry::new(level, required("message", given.message)?, timestamp)
            })
        })
    })
}

/// Sets the user of entries that name none, from now on and on all threads; absent clears it. Up to 100
/// characters.
///
/// @param user_id The user, up to 100 characters; absent: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_set_user_id(
    client: *mut maxim_log_client,
    user_id: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_client(client, |client| client.set_default(DefaultField::User, optional("user_id", user_id)?))
    })
}

/// Sets the session of entries that name none, from now on and on all threads; absent clears it. Up to
/// 100 characters.
///
/// @param session_id The session, up to 100 characters; absent: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_set_session_id(
    client: *mut maxim_log_client,
    session_id: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_client(client, |client| {
            client.set_default(DefaultField::Session, optional("session_id", session_id)?)
        })
    })
}

/// Runs a call that may wait so many milliseconds.
fn waiting(
    client: *mut maxim_log_client,
    timeout_ms: u32,
    body: impl FnOnce(&Client, Duration) -> Result<()>,
) -> Result<()> {
    handle::with::<OwnedClient, _>(client.addr(), |owned| {
        owned.callbacks.told_within(milliseconds(timeout_ms), |limit| {
            owned.client.give_back_own(beginning());
            body(&owned.client, limit)
        })
    })
}

/// Sends everything that was accepted before the call, and waits until it has arrived, up to
/// `timeout_ms` milliseconds. **May block**, never longer than that; with 0 it starts the work and
/// returns MAXIM_OK at once.
///
/// Errors: MAXIM_ERR_TIMEOUT when something is still held (the detail says how much and why); nothing
/// is lost by that.
///
/// @gives TIMEOUT CLOSED UNAUTHORIZED REJECTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_flush(client: *mut maxim_log_client, timeout_ms: u32) -> maxim_status {
    slow_boundary(|| waiting(client, timeout_ms, |client, limit| client.flush(limit)))
}

/// As `maxim_log_flush`, without waiting; see `maxim_flush_async`.
///
/// @gives CLOSED NO_RESOURCES
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_flush_async(
    client: *mut maxim_log_client,
    timeout_ms: u32,
    callback: maxim_flush_callback,
    user_data: *mut c_void,
) -> maxim_status {
    slow_boundary(|| {
        let callback = FlushCallback::new(callback, user_data)?;
        handle::with::<OwnedClient, _>(client.addr(), |owned| {
            owned.client.give_back_own(beginning());
            owned.client.flush_async(milliseconds(timeout_ms), callback.done(&owned.callbacks));
            Ok(())
        })
    })
}

/// Deletes everything that is held and not delivered: `maxim_purge` for a client. **May block** on the file system.
///
/// Errors: MAXIM_ERR_IO when something could not be removed or read, MAXIM_ERR_CLOSED after `maxim_log_disconnect`.
///
/// @gives IO CLOSED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_purge(client: *mut maxim_log_client) -> maxim_status {
    slow_boundary(|| with_whole_client(client, |client| on_own_stack("maxim-purge", || client.purge())))
}

/// Closes a client: refuses further entries (MAXIM_ERR_CLOSED), sends what it can within
/// `timeout_ms` milliseconds, leaves the rest in files for the next client, and stops its thread. **May
/// block**, never longer than `timeout_ms`. The handle must still be freed.
///
/// Once its own entries have arrived it sends what earlier clients for the same source left behind, while there
/// is time, as `maxim_cleanup` does.
///
/// Errors: MAXIM_ERR_TIMEOUT when something is left for the next client, MAXIM_ERR_UNAUTHORIZED or MAXIM_ERR_REJECTED
/// when the service refused it before the time was up; the detail says how much and why.
///
/// @gives TIMEOUT CLOSED UNAUTHORIZED REJECTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_disconnect(
    client: *mut maxim_log_client,
    timeout_ms: u32,
) -> maxim_status {
    slow_boundary(|| waiting(client, timeout_ms, |client, limit| client.close(limit)))
}

/// Whether an entry of a level (MAXIM_LEVEL_…) would be logged: false below `min_level`, for a number
/// that is no level, and for a bad handle.
///
/// @return Whether it would.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_would_log(client: *const maxim_log_client, level: maxim_level) -> bool {
    boundary_or(false, || {
        with_client(client, |client| Ok(client.would_log(enum_from_abi("level", level, &Level::ALL)?)))
    })
}

/// The client's spool directory, as `maxim_logger_spool_dir` gives a logger's.
///
/// @return The directory, good until the client is freed; NULL when there is none, and for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_client_spool_dir(client: *const maxim_log_client) -> *const c_char {
    boundary_or(ptr::null(), || {
        handle::with::<OwnedClient, _>(client.addr(), |owned| Ok(c_pointer(&owned.spool_dir)))
    })
}

/// What became of the client's entries. `stats->struct_size` must be set (MAXIM_STATS_INIT).
///
/// @gives NO_RESOURCES
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_log_client_stats(
    client: *const maxim_log_client,
    stats: *mut maxim_stats,
) -> maxim_status {
    slow_boundary(|| {
        let ((numbers, ignored), masks_failed) =
            with_whole_client(client, |client| Ok((client.stats()?, client.masks_failed())))?;
        let refused = callbacks_of(client)?.refusals();
        write_sized(stats, &maxim_stats { ignored, masks_failed, ..to_c(&numbers, &refused) })
    })
}
