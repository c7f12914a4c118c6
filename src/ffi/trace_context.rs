//! W3C trace context: traces that go on below those of other services and SDKs.

use std::ffi::c_char;

use super::boundary::boundary;
use super::entities::create_trace;
use super::logger::maxim_logger;
use super::maxim_entity;
use super::structs::*;
use super::types::*;
use crate::maxim::Entity;
use crate::otlp::ids::{self, TraceParent};
use crate::process::unique;
use crate::status::{Error, Status};

/// Begins a trace that continues one of another service or of another OpenTelemetry SDK: by OTLP, the header's
/// trace is its trace, and the header's span is above it. Its id begins with both.
///
/// `config` is as for `maxim_trace_create`, without an id. A later version of the header is read as far as this one
/// is known.
///
/// Errors: MAXIM_ERR_INVALID_ARGUMENT for a header that is not one of W3C Trace Context: begin a trace of your own
/// then.
///
/// @param traceparent The value of the header `traceparent`.
/// @param config The trace. May be NULL.
/// @param out_id Receives the trace's id. May be NULL.
/// @gives INVALID_ARGUMENT
/// @logs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_from_traceparent(
    logger: *mut maxim_logger,
    traceparent: maxim_str,
    config: *const maxim_trace_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        let given = required("traceparent", traceparent)?;
        let parent = TraceParent::parse(given).ok_or_else(|| {
            let shown: String = given.chars().take(64).flat_map(char::escape_debug).collect();
            let reason = format!("traceparent: \"{shown}\" is no header of W3C Trace Context");
            Error::new(Status::InvalidArgument, reason)
        })?;
        let mut config = config_or_defaults(config)?;
        unused("id", !config.id.data.is_null())?;
        let id = parent.id_below(unique::number());
        config.id = maxim_str { data: id.as_ptr().cast(), len: id.len() };
        create_trace(logger, None, &config, out_id)
    })
}

/// The header `traceparent` for a request that is made within a trace, span, generation, retrieval or tool call: the
/// service that is called goes on below it. The same ids give the same header each time; no logger is needed.
///
/// Writes 55 characters and a NUL to `out`.
///
/// @param trace_id The trace's id.
/// @param entity What is above the request: MAXIM_ENTITY_TRACE, _SPAN, _GENERATION, _RETRIEVAL or _TOOL_CALL.
/// @param entity_id Its id; the trace's own for MAXIM_ENTITY_TRACE.
/// @param out Receives the header's value.
/// @param capacity How many bytes there are at `out`: at least MAXIM_TRACEPARENT_SIZE.
/// @gives INVALID_ID INVALID_ARGUMENT TOO_LARGE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_traceparent(
    trace_id: maxim_str,
    entity: maxim_entity,
    entity_id: maxim_str,
    out: *mut c_char,
    capacity: usize,
) -> maxim_status {
    boundary(|| {
        let trace = required_id("trace_id", trace_id)?;
        let id = required_id("entity_id", entity_id)?;
        let kind = enum_from_abi("entity", entity, &Entity::ALL)?;
        if !matches!(
            kind,
            Entity::Trace | Entity::Span | Entity::Generation | Entity::Retrieval | Entity::ToolCall
        ) {
            let reason = format!("entity: a {} is no span", kind.name());
            return Err(Error::new(Status::InvalidArgument, reason));
        }
        let parent = TraceParent {
            trace_id: ids::trace_id(trace),
            span_id: ids::span_id(trace, kind.name(), id),
            is_sampled: true,
        };
        write_text("out", out, capacity, parent.header().as_bytes())
    })
}
