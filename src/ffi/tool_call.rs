//! Tool calls: one call of a tool.

use super::boundary::boundary;
use super::entities::{failure, with_logger};
use super::logger::maxim_logger;
use super::structs::maxim_error_config;
use super::types::*;
use crate::maxim::Entity;

/// Changes members of a tool call: a JSON object, whose null members are left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_tool_call_update(
    logger: *mut maxim_logger,
    tool_call_id: maxim_str,
    data_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.tool_call_update(
                required_id("tool_call_id", tool_call_id)?,
                required_json("data_json", data_json)?,
            )
        })
    })
}

/// Logs what the tool answered, as text, and ends the tool call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_tool_call_result(
    logger: *mut maxim_logger,
    tool_call_id: maxim_str,
    result: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.tool_call_result(required_id("tool_call_id", tool_call_id)?, required("result", result)?)
        })
    })
}

/// Logs that the tool failed, and ends the tool call. Of `config`, the message, code and type are used;
/// all may be absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_tool_call_error(
    logger: *mut maxim_logger,
    tool_call_id: maxim_str,
    config: *const maxim_error_config,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            let config = read(config)?;
            log.tool_call_error(required_id("tool_call_id", tool_call_id)?, failure(&config)?)
        })
    })
}

/// Adds one tag to a tool call. A tag given again replaces the earlier value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_tool_call_add_tag(
    logger: *mut maxim_logger,
    tool_call_id: maxim_str,
    key: maxim_str,
    value: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_tag(
                Entity::ToolCall,
                required_id("tool_call_id", tool_call_id)?,
                required("key", key)?,
                required("value", value)?,
            )
        })
    })
}

/// Adds metadata to a tool call: a JSON object. Values that are not strings are sent as their JSON text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_tool_call_add_metadata(
    logger: *mut maxim_logger,
    tool_call_id: maxim_str,
    metadata_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metadata(
                Entity::ToolCall,
                required_id("tool_call_id", tool_call_id)?,
                required_json("metadata_json", metadata_json)?,
            )
        })
    })
}

/// Adds a named number to a tool call. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_tool_call_add_metric(
    logger: *mut maxim_logger,
    tool_call_id: maxim_str,
    name: maxim_str,
    value: f64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metric(
                Entity::ToolCall,
                required_id("tool_call_id", tool_call_id)?,
                required("name", name)?,
                value,
            )
        })
    })
}

/// Ends a tool call, at the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_tool_call_end(
    logger: *mut maxim_logger,
    tool_call_id: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| log.end(Entity::ToolCall, required_id("tool_call_id", tool_call_id)?))
    })
}
