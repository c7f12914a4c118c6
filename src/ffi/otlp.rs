//! The part of a configuration that says how to speak OTLP, and W3C trace context.

use std::ffi::c_char;
use std::time::Duration;

use super::boundary::boundary;
use super::entities::{create_trace, unused};
use super::log_client::enum_from_abi;
use super::logger::maxim_logger;
use super::maxim_entity;
use super::structs::*;
use super::types::*;
use crate::maxim::Entity;
use crate::otlp::config::{self, OtlpConfig};
use crate::otlp::encode::{Encoding, Signal};
use crate::otlp::ids::{self, TraceParent};
use crate::process::unique;
use crate::status::{Error, Result, Status};

/// The fields of a C configuration about OTLP that both kinds have.
pub(super) struct GivenOtlp {
    pub(super) protocol: i32,
    pub(super) base: maxim_str,
    pub(super) url: maxim_str,
    pub(super) headers: maxim_str,
    pub(super) encoding: i32,
    pub(super) compression: i32,
    pub(super) service_name: maxim_str,
    pub(super) resource_attributes: maxim_str,
    pub(super) incomplete_after_ms: u64,
}

/// The [`GivenOtlp`] of a C configuration.
macro_rules! otlp_config {
    ($config:expr, $base:expr, $incomplete_after_ms:expr) => {
        $crate::ffi::otlp::GivenOtlp {
            protocol: $config.protocol,
            base: $base,
            url: $config.otlp_url,
            headers: $config.otlp_headers,
            encoding: $config.otlp_encoding,
            compression: $config.otlp_compression,
            service_name: $config.service_name,
            resource_attributes: $config.resource_attributes,
            incomplete_after_ms: $incomplete_after_ms,
        }
    };
}
pub(super) use otlp_config;

impl GivenOtlp {
    /// Whether OTLP is spoken.
    pub(super) fn is_chosen(&self) -> Result<bool> {
        match self.protocol {
            MAXIM_PROTOCOL_MAXIM => Ok(false),
            MAXIM_PROTOCOL_OTLP => Ok(true),
            other => {
                let reason = format!("protocol: {other} is none of MAXIM_PROTOCOL_…");
                Err(Error::new(Status::InvalidArgument, reason))
            }
        }
    }

    /// Whether the environment says that nothing is to be sent by OTLP.
    pub(super) fn is_disabled(&self) -> Result<bool> {
        Ok(self.is_chosen()? && config::is_disabled())
    }

    /// How OTLP is spoken, if it is.
    pub(super) fn config(&self, signal: Signal) -> Result<Option<OtlpConfig>> {
        if !self.is_chosen()? {
            return Ok(None);
        }
        let given = config::Given {
            base_url: optional("base_url", self.base)?,
            url: optional("otlp_url", self.url)?,
            headers: optional("otlp_headers", self.headers)?,
            encoding: match self.encoding {
                MAXIM_OTLP_DEFAULT => None,
                MAXIM_OTLP_PROTOBUF => Some(Encoding::Protobuf),
                MAXIM_OTLP_JSON => Some(Encoding::Json),
                other => {
                    let reason = format!("otlp_encoding: {other} is none of MAXIM_OTLP_…");
                    return Err(Error::new(Status::InvalidArgument, reason));
                }
            },
            compression: match self.compression {
                MAXIM_SWITCH_DEFAULT => None,
                MAXIM_SWITCH_ON => Some(true),
                MAXIM_SWITCH_OFF => Some(false),
                other => {
                    let reason = format!("otlp_compression: {other} is none of MAXIM_SWITCH_…");
                    return Err(Error::new(Status::InvalidArgument, reason));
                }
            },
            service_name: optional("service_name", self.service_name)?,
            resource_attributes: optional("resource_attributes", self.resource_attributes)?,
            incomplete_after: (self.incomplete_after_ms != 0)
                .then(|| Duration::from_millis(self.incomplete_after_ms)),
        };
        config::resolve(signal, &given).map(Some)
    }
}

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
