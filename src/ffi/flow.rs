//! Flows: entries that are the steps of one thing.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::Arc;

use super::boundary::{boundary, boundary_or, slow_boundary};
use super::callbacks::{Callbacks, c_text};
use super::handle::{self, handled};
use super::log_client::{callbacks_of, error_call, log_call, maxim_log_client, with_client};
use super::lossy;
use super::structs::*;
use super::types::*;
use crate::applog::{Flow, Level};
use crate::status::Result;

/// Entries that belong together, as numbered steps: an opaque handle, made by `maxim_flow_new` and freed by
/// `maxim_flow_free`. As safe against misuse as a `maxim_logger`.
#[allow(non_camel_case_types)]
pub struct maxim_flow {
    _opaque: [u8; 0],
}

/// What a flow's handle stands for.
struct OwnedFlow {
    flow: Flow,
    callbacks: Arc<Callbacks>,
    id: CString,
    name: CString,
}

handled!(OwnedFlow, "flow", 0x5);

fn with_flow<R>(flow: *const maxim_flow, body: impl FnOnce(&OwnedFlow) -> Result<R>) -> Result<R> {
    handle::with::<OwnedFlow, _>(flow.addr(), |owned| {
        let client = owned.flow.client();
        let _call = lossy::Call::begin(client.is_lossy(), || client.has_masks());
        owned.callbacks.hearing(|| body(owned))
    })
}

fn insert(flow: Flow, client: *const maxim_log_client, out: *mut *mut maxim_flow) -> Result<()> {
    let callbacks = callbacks_of(client)?;
    let (id, name) = (c_text(flow.id()), c_text(flow.name()));
    write_handle(out, OwnedFlow { flow, callbacks, id, name })
}

/// Begins a flow with a local id: the name, a hyphen and eight random hexadecimal digits.
///
/// `name` has 1 to 41 characters; a lossy client cuts a longer one in the id, and has `(no name)` there for an empty
/// one. `*out` is set to NULL first, and to the flow on success; the caller
/// frees it with `maxim_flow_free`. The flow is good as long as its client is.
///
/// @param name Its name, 1 to 41 characters.
/// @gives CLOSED
#[must_use = "without the handle it cannot be used or freed"]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_new(
    client: *mut maxim_log_client,
    name: maxim_str,
    out: *mut *mut maxim_flow,
) -> maxim_status {
    boundary(|| {
        no_handle(out)?;
        let flow = with_client(client, |client| Flow::new(client.clone(), required("name", name)?))?;
        insert(flow, client, out)
    })
}

/// Begins a flow whose id the service gives. **May block** up to `timeout_ms` milliseconds.
///
/// `name` has 1 to 50 characters, or is changed as by `maxim_flow_new`; `out` as for `maxim_flow_new`. Errors: MAXIM_ERR_NOT_CONFIGURED without
/// an API key, MAXIM_ERR_NETWORK, MAXIM_ERR_TIMEOUT, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_REJECTED.
///
/// @param name Its name, 1 to 50 characters.
/// @param timeout_ms How long to wait for the service, in milliseconds.
/// @gives CLOSED NOT_CONFIGURED NETWORK TIMEOUT UNAUTHORIZED REJECTED
#[must_use = "without the handle it cannot be used or freed"]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_new_remote(
    client: *mut maxim_log_client,
    name: maxim_str,
    timeout_ms: u32,
    out: *mut *mut maxim_flow,
) -> maxim_status {
    slow_boundary(|| {
        no_handle(out)?;
        let flow = with_client(client, |client| {
            Flow::new_remote(client.clone(), required("name", name)?, milliseconds(timeout_ms))
        })?;
        insert(flow, client, out)
    })
}

/// A flow's id, NUL-terminated; good until the flow is freed. NULL for a bad handle.
///
/// @return The id; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_id(flow: *const maxim_flow) -> *const c_char {
    boundary_or(ptr::null(), || with_flow(flow, |flow| Ok(flow.id.as_ptr())))
}

/// A flow's name, NUL-terminated; good until the flow is freed. NULL for a bad handle.
///
/// @return The name; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_name(flow: *const maxim_flow) -> *const c_char {
    boundary_or(ptr::null(), || with_flow(flow, |flow| Ok(flow.name.as_ptr())))
}

/// The index that the flow's next step will have, 0 to 1,001; -1 for a bad handle.
///
/// @return The index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_step_index(flow: *const maxim_flow) -> i32 {
    boundary_or(-1, || with_flow(flow, |flow| Ok(flow.flow.step_index())))
}

/// Logs a step at level DEBUG. Arguments and errors as for `maxim_log_debug`.
///
/// Steps are numbered from 0 without a gap, in the order of the calls; a step that is filtered or refused
/// takes no number. After 1,001 steps the flow is used up: MAXIM_ERR_FLOW_EXHAUSTED.
///
/// @logs
/// @gives FLOW_EXHAUSTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_debug(
    flow: *mut maxim_flow,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| step(flow, Level::Debug, message, data_json, options))
}

/// Logs a step at level INFO; see `maxim_flow_debug`.
///
/// @logs
/// @gives FLOW_EXHAUSTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_info(
    flow: *mut maxim_flow,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| step(flow, Level::Info, message, data_json, options))
}

/// Logs a step at level WARN; see `maxim_flow_debug`.
///
/// @logs
/// @gives FLOW_EXHAUSTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_warn(
    flow: *mut maxim_flow,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| step(flow, Level::Warn, message, data_json, options))
}

/// Logs a step at level ERROR; see `maxim_flow_debug`.
///
/// @logs
/// @gives FLOW_EXHAUSTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_error(
    flow: *mut maxim_flow,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| step(flow, Level::Error, message, data_json, options))
}

/// Logs a step at level ERROR, with an error; see `maxim_flow_debug` and `maxim_log_error_with`.
///
/// @logs
/// @gives FLOW_EXHAUSTED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_error_with(
    flow: *mut maxim_flow,
    message: maxim_str,
    error: *const maxim_log_error_info,
    options: *const maxim_log_options,
) -> maxim_status {
    boundary(|| {
        with_flow(flow, |flow| {
            if !flow.flow.client().would_log(Level::Error) {
                return Ok(());
            }
            error_call(message, error, options, |entry| flow.flow.log(entry))
        })
    })
}

/// Frees a flow; entries already logged are unaffected. NULL is a no-op.
///
/// Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before.
///
/// @param flow The flow. May be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_flow_free(flow: *mut maxim_flow) -> maxim_status {
    boundary(|| {
        if !flow.is_null() {
            handle::remove::<OwnedFlow>(flow.addr())?;
        }
        Ok(())
    })
}

fn step(
    flow: *mut maxim_flow,
    level: Level,
    message: maxim_str,
    data_json: maxim_str,
    options: *const maxim_log_options,
) -> Result<()> {
    with_flow(flow, |flow| {
        if !flow.flow.client().would_log(level) {
            return Ok(());
        }
        log_call(level, message, data_json, options, |entry| flow.flow.log(entry))
    })
}
