//! The C ABI: pointers become references, panics become statuses.
//!
//! `include/maxim.h` is generated from this room by `tools/abi`, documentation included; the exports of the entities
//! are made of the table `entities.shapes` at each build. Every export is one call of the [`boundary`], and reads like
//! safe Rust: arguments checked by [`types`], handles looked up by [`handle`], then the core's function. All `unsafe`
//! about foreign pointers is in [`types`].
//!
//! # Safety
//!
//! One contract for all exports, as the header's first comment has it: a string or buffer given is
//! readable for the length given and unchanged during the call; a struct given is readable for its
//! `struct_size`; an output is NULL or writable. Handles may be anything.

#![allow(clippy::missing_safety_doc)] // The contract is the one above.

mod boundary;
mod callbacks;
mod control;
mod entities;
mod exports {
    include!(concat!(env!("OUT_DIR"), "/exports.rs"));
}
mod flow;
mod handle;
mod ingest;
mod log_client;
mod logger;
mod lossy;
mod otlp;
mod refusals;
mod results;
mod settings;
pub mod structs;
mod trace_context;
mod types;

use std::ffi::c_char;

use boundary::boundary_or;
pub use types::{maxim_id, maxim_status, maxim_str};

use crate::status::Status;

/// Major version of the library that this header belongs to.
pub const MAXIM_VERSION_MAJOR: i32 = 0;
/// Minor version of the library that this header belongs to.
pub const MAXIM_VERSION_MINOR: i32 = 1;
/// Patch version of the library that this header belongs to.
pub const MAXIM_VERSION_PATCH: i32 = 0;

/// The call succeeded.
pub const MAXIM_OK: maxim_status = 0;
/// A pointer that must not be NULL was NULL.
pub const MAXIM_ERR_NULL_POINTER: maxim_status = 1;
/// The handle was never made, or has been freed.
pub const MAXIM_ERR_INVALID_HANDLE: maxim_status = 2;
/// An argument is out of its range; the detail names it.
pub const MAXIM_ERR_INVALID_ARGUMENT: maxim_status = 3;
/// A string is not UTF-8.
pub const MAXIM_ERR_INVALID_UTF8: maxim_status = 4;
/// A JSON text does not parse, or is not of the kind asked for; the detail has line and column.
pub const MAXIM_ERR_INVALID_JSON: maxim_status = 5;
/// An id does not match `[A-Za-z0-9_-]+` or is longer than 256 characters.
pub const MAXIM_ERR_INVALID_ID: maxim_status = 6;
/// A provider's result has a shape that is not known: told to the error callback, or with MAXIM_RESULT_STRICT
/// the call's answer.
pub const MAXIM_ERR_INVALID_RESULT: maxim_status = 7;
/// The logger or client has been cleaned up or disconnected.
pub const MAXIM_ERR_CLOSED: maxim_status = 8;
/// The time given ran out; what was not delivered is still held.
pub const MAXIM_ERR_TIMEOUT: maxim_status = 9;
/// The configured space is full and the overflow policy refuses the newest record.
pub const MAXIM_ERR_SPOOL_FULL: maxim_status = 10;
/// A record or attachment is above its size limit.
pub const MAXIM_ERR_TOO_LARGE: maxim_status = 11;
/// A file could not be read or written.
pub const MAXIM_ERR_IO: maxim_status = 12;
/// The service could not be reached.
pub const MAXIM_ERR_NETWORK: maxim_status = 13;
/// The service answered with an error.
pub const MAXIM_ERR_REJECTED: maxim_status = 14;
/// The service refused the API key.
pub const MAXIM_ERR_UNAUTHORIZED: maxim_status = 15;
/// There is no API key, repository or endpoint to log to.
pub const MAXIM_ERR_NOT_CONFIGURED: maxim_status = 16;
/// A flow has used all of its step indices.
pub const MAXIM_ERR_FLOW_EXHAUSTED: maxim_status = 17;
/// A bug in the library was caught at its boundary; the host is unharmed. Please report it.
pub const MAXIM_ERR_PANIC: maxim_status = 18;
/// Memory, a thread or another resource is not available. From a log call or the stats: there is no memory for its text,
/// or another thread was stopped in
/// the middle of a log call and has not come back, as after `longjmp` out of a signal handler. The first such call
/// takes one second, later ones milliseconds; logging goes on once that thread calls again.
pub const MAXIM_ERR_NO_RESOURCES: maxim_status = 19;

/// How a result is to be taken: 0, MAXIM_RESULT_FORCE or MAXIM_RESULT_STRICT.
#[allow(non_camel_case_types)]
pub type maxim_result_flags = u32;
/// Send a result as it is, whatever its shape.
pub const MAXIM_RESULT_FORCE: maxim_result_flags = 1;
/// Refuse a result whose shape is not known, and a provider's error.
pub const MAXIM_RESULT_STRICT: maxim_result_flags = 2;

/// What a line is about: one of MAXIM_ENTITY_….
#[allow(non_camel_case_types)]
pub type maxim_entity = i32;
/// A conversation of several traces.
pub const MAXIM_ENTITY_SESSION: maxim_entity = 0;
/// One request through the application.
pub const MAXIM_ENTITY_TRACE: maxim_entity = 1;
/// A step within a trace.
pub const MAXIM_ENTITY_SPAN: maxim_entity = 2;
/// One call of a model.
pub const MAXIM_ENTITY_GENERATION: maxim_entity = 3;
/// A user's rating.
pub const MAXIM_ENTITY_FEEDBACK: maxim_entity = 4;
/// One look-up of documents.
pub const MAXIM_ENTITY_RETRIEVAL: maxim_entity = 5;
/// One call of a tool.
pub const MAXIM_ENTITY_TOOL_CALL: maxim_entity = 6;
/// Something that went wrong.
pub const MAXIM_ENTITY_ERROR: maxim_entity = 7;
/// A line that was too large to be sent as one.
pub const MAXIM_ENTITY_STORAGE: maxim_entity = 8;

/// The severity of an entry: one of MAXIM_LEVEL_….
#[allow(non_camel_case_types)]
pub type maxim_level = i32;
/// Not specified.
pub const MAXIM_LEVEL_NONE: maxim_level = -1;
/// Diagnostic detail.
pub const MAXIM_LEVEL_DEBUG: maxim_level = 0;
/// Normal operation.
pub const MAXIM_LEVEL_INFO: maxim_level = 1;
/// Unexpected but recoverable.
pub const MAXIM_LEVEL_WARN: maxim_level = 2;
/// A failure.
pub const MAXIM_LEVEL_ERROR: maxim_level = 3;

/// Where an application runs: one of MAXIM_ENVIRONMENT_….
#[allow(non_camel_case_types)]
pub type maxim_environment = i32;
/// Not specified.
pub const MAXIM_ENVIRONMENT_NONE: maxim_environment = -1;
/// On a developer's machine.
pub const MAXIM_ENVIRONMENT_DEVELOPMENT: maxim_environment = 0;
/// Staging.
pub const MAXIM_ENVIRONMENT_STAGING: maxim_environment = 1;
/// Production.
pub const MAXIM_ENVIRONMENT_PRODUCTION: maxim_environment = 2;

/// What a raw document is: one of MAXIM_FORMAT_….
#[allow(non_camel_case_types)]
pub type maxim_format = i32;
/// One JSON document.
pub const MAXIM_FORMAT_JSON: maxim_format = 0;
/// A JSON document a line.
pub const MAXIM_FORMAT_JSONL: maxim_format = 1;
/// Syslog lines.
pub const MAXIM_FORMAT_SYSLOG: maxim_format = 2;
/// Plain text.
pub const MAXIM_FORMAT_TEXT: maxim_format = 3;
/// Comma-separated values with a head line.
pub const MAXIM_FORMAT_CSV: maxim_format = 4;
/// The service's own format.
pub const MAXIM_FORMAT_OBL: maxim_format = 5;

/// The version of the library that is running, as "0.1.0"; static, never NULL.
///
/// @return The version, static.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_version() -> *const c_char {
    const VERSION: *const c_char = concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast();
    boundary_or(VERSION, || Ok(VERSION))
}

/// A status's name, as "MAXIM_ERR_INVALID_ID"; "MAXIM_ERR_UNKNOWN" for a number that is none. Static,
/// never NULL.
///
/// @param status The status.
/// @return The name, static.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_status_str(status: maxim_status) -> *const c_char {
    boundary_or(c"MAXIM_ERR_UNKNOWN".as_ptr(), || {
        let known = usize::try_from(status).ok().and_then(|number| Status::ALL.get(number));
        Ok(known.map_or(c"MAXIM_ERR_UNKNOWN", |status| status.name()).as_ptr())
    })
}

/// What was wrong with the last call that failed on the calling thread: which argument, which limit,
/// what to do. Empty when none failed. UTF-8, at most 1,023 bytes, never NULL, never a credential;
/// good until the next call fails on this thread, or the thread ends.
///
/// @return The detail.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_last_error() -> *const c_char {
    boundary_or(c"".as_ptr(), || Ok(boundary::last_error()))
}

/// Makes the next call on this thread panic inside the boundary: for the test that proves that every
/// export has one. Not in a release.
#[cfg(feature = "test-hooks")]
#[doc(hidden)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_test_panic_next_call() {
    boundary::panic_next();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maxim::Entity;

    #[test]
    fn the_headers_status_codes_are_the_librarys() {
        let header = [
            MAXIM_OK,
            MAXIM_ERR_NULL_POINTER,
            MAXIM_ERR_INVALID_HANDLE,
            MAXIM_ERR_INVALID_ARGUMENT,
            MAXIM_ERR_INVALID_UTF8,
            MAXIM_ERR_INVALID_JSON,
            MAXIM_ERR_INVALID_ID,
            MAXIM_ERR_INVALID_RESULT,
            MAXIM_ERR_CLOSED,
            MAXIM_ERR_TIMEOUT,
            MAXIM_ERR_SPOOL_FULL,
            MAXIM_ERR_TOO_LARGE,
            MAXIM_ERR_IO,
            MAXIM_ERR_NETWORK,
            MAXIM_ERR_REJECTED,
            MAXIM_ERR_UNAUTHORIZED,
            MAXIM_ERR_NOT_CONFIGURED,
            MAXIM_ERR_FLOW_EXHAUSTED,
            MAXIM_ERR_PANIC,
            MAXIM_ERR_NO_RESOURCES,
        ];
        assert!(Status::ALL.into_iter().map(|status| status as i32).eq(header));
        assert!(Status::ALL.into_iter().enumerate().all(|(number, status)| status as usize == number));
    }

    #[test]
    fn the_headers_entities_are_the_librarys() {
        let header = [
            (MAXIM_ENTITY_SESSION, Entity::Session),
            (MAXIM_ENTITY_TRACE, Entity::Trace),
            (MAXIM_ENTITY_SPAN, Entity::Span),
            (MAXIM_ENTITY_GENERATION, Entity::Generation),
            (MAXIM_ENTITY_FEEDBACK, Entity::Feedback),
            (MAXIM_ENTITY_RETRIEVAL, Entity::Retrieval),
            (MAXIM_ENTITY_TOOL_CALL, Entity::ToolCall),
            (MAXIM_ENTITY_ERROR, Entity::Error),
            (MAXIM_ENTITY_STORAGE, Entity::Storage),
        ];
        for (number, entity) in header {
            assert_eq!(Entity::ALL[number as usize], entity);
        }
    }

    #[test]
    fn the_headers_version_is_the_crates() {
        let header = format!("{MAXIM_VERSION_MAJOR}.{MAXIM_VERSION_MINOR}.{MAXIM_VERSION_PATCH}");
        assert_eq!(header, env!("CARGO_PKG_VERSION"));
    }
}
