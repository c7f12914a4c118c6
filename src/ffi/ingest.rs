//! Raw ingestion: documents in a format of their own.

use super::boundary::{boundary, slow_boundary};
use super::log_client::{maxim_log_client, with_client};
use super::structs::maxim_raw_options;
use super::types::*;
use super::{MAXIM_ENVIRONMENT_NONE, MAXIM_LEVEL_NONE, maxim_format};
use crate::applog::{Environment, Format, Level, RawOptions};
use crate::status::Result;

fn options<'a>(given: *const maxim_raw_options) -> Result<RawOptions<'a>> {
    if given.is_null() {
        return Ok(RawOptions::default());
    }
    let given = read(given)?;
    Ok(RawOptions {
        source: optional("source", given.source)?,
        environment: (given.environment != MAXIM_ENVIRONMENT_NONE)
            .then_some(given.environment)
            .map(|number| enum_from_abi("environment", number, &Environment::ALL))
            .transpose()?,
        level: (given.level != MAXIM_LEVEL_NONE)
            .then_some(given.level)
            .map(|number| enum_from_abi("level", number, &Level::ALL))
            .transpose()?,
        dataset: optional("dataset", given.dataset)?,
    })
}

/// Sends a document of `body_len` bytes as it is, and waits for the answer, with the client's retries.
/// **May block** up to `timeout_ms` milliseconds. The body is not copied.
///
/// `format` is one of MAXIM_FORMAT_…; `options` may be NULL. Errors: MAXIM_ERR_INVALID_ARGUMENT for an
/// unknown format or an empty body, MAXIM_ERR_NOT_CONFIGURED without an API key, MAXIM_ERR_NETWORK,
/// MAXIM_ERR_TIMEOUT, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_REJECTED, MAXIM_ERR_TOO_LARGE.
///
/// @param timeout_ms How long to wait, in milliseconds.
/// @gives NOT_CONFIGURED NETWORK TIMEOUT UNAUTHORIZED REJECTED TOO_LARGE CLOSED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_ingest_raw(
    client: *mut maxim_log_client,
    body: *const u8,
    body_len: usize,
    format: maxim_format,
    options: *const maxim_raw_options,
    timeout_ms: u32,
) -> maxim_status {
    slow_boundary(|| {
        with_client(client, |client| {
            let format = enum_from_abi("format", format, &Format::ALL)?;
            let body = bytes("body", body, body_len)?;
            client.ingest_raw(body, format, &self::options(options)?, milliseconds(timeout_ms))
        })
    })
}

/// Accepts a document of `body_len` bytes, up to 64 MiB, to be sent as entries are: it survives the
/// process and an outage. The body is copied once; above 1 MiB the call makes a segment of its own for
/// it, which takes system calls and no more.
///
/// Arguments as for `maxim_ingest_raw`. Errors: MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_NOT_CONFIGURED
/// without an API key, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_SPOOL_FULL.
///
/// @logs
/// @gives NOT_CONFIGURED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_ingest_raw_async(
    client: *mut maxim_log_client,
    body: *const u8,
    body_len: usize,
    format: maxim_format,
    options: *const maxim_raw_options,
) -> maxim_status {
    boundary(|| {
        with_client(client, |client| {
            let format = enum_from_abi("format", format, &Format::ALL)?;
            client.ingest_raw_async(bytes("body", body, body_len)?, format, &self::options(options)?)
        })
    })
}
