//! The structs of the ABI: configurations in, numbers out. Here are their defaults and the numbers in them; the structs
//! themselves are in the files below, by noun.
//!
//! Each starts with `struct_size`, so that it can grow: the library reads and writes only what the
//! caller's size covers. Zero is the default of every field unless its documentation says otherwise;
//! the `MAXIM_…_INIT` macros at the end of the header set the rest.

mod entities;
mod log_client;
mod logger;
mod stats;

use std::mem::size_of;

pub use entities::*;
pub use log_client::*;
pub use logger::*;
pub use stats::*;

use super::types::{CBool, SizedStruct, zeros};
use super::{MAXIM_ENVIRONMENT_NONE, MAXIM_LEVEL_NONE};

/// Default of the maximum time a record waits to be batched, in milliseconds.
pub const MAXIM_DEFAULT_FLUSH_INTERVAL_MS: u32 = 10_000;

/// How many bytes a `traceparent` needs: 55 characters and a NUL.
pub const MAXIM_TRACEPARENT_SIZE: usize = 56;

/// Default of the number of buffered entries that triggers a send.
pub const MAXIM_DEFAULT_BATCH_SIZE: u32 = 10;
/// Default of the maximum time an entry waits to be batched, in milliseconds.
pub const MAXIM_DEFAULT_LOG_FLUSH_INTERVAL_MS: u32 = 5_000;
/// Default of the number of retries before a structured log client reports the failure.
pub const MAXIM_DEFAULT_MAX_RETRIES: u32 = 3;
/// Default of the upper bound of the first retry delay, in milliseconds.
pub const MAXIM_DEFAULT_INITIAL_DELAY_MS: u32 = 1_000;
/// Default of the upper bound of any retry delay, in milliseconds.
pub const MAXIM_DEFAULT_MAX_DELAY_MS: u32 = 30_000;

/// What happens to a record when the configured space is full: one of MAXIM_OVERFLOW_….
#[allow(non_camel_case_types)]
pub type maxim_overflow_policy = i32;
/// Evict the oldest unsent records when the configured space is full (the default).
pub const MAXIM_OVERFLOW_DROP_OLDEST: maxim_overflow_policy = 0;
/// Refuse new records with MAXIM_ERR_SPOOL_FULL when the configured space is full.
pub const MAXIM_OVERFLOW_DROP_NEWEST: maxim_overflow_policy = 1;
/// Let a log call wait up to `block_timeout_ms` for space, then refuse it. The only policy under
/// which a log call may block.
pub const MAXIM_OVERFLOW_BLOCK: maxim_overflow_policy = 2;

/// Whether something is on: one of MAXIM_SWITCH_….
#[allow(non_camel_case_types)]
pub type maxim_switch = i32;
/// What the environment says, else the default.
pub const MAXIM_SWITCH_DEFAULT: maxim_switch = 0;
/// On, whatever the environment says.
pub const MAXIM_SWITCH_ON: maxim_switch = 1;
/// Off, whatever the environment says.
pub const MAXIM_SWITCH_OFF: maxim_switch = 2;

/// Who is spoken to: one of MAXIM_PROTOCOL_….
#[allow(non_camel_case_types)]
pub type maxim_protocol = i32;
/// The Maxim log API, or, for a log client, the structured log API.
pub const MAXIM_PROTOCOL_MAXIM: maxim_protocol = 0;
/// OpenTelemetry's protocol (OTLP) over HTTP.
pub const MAXIM_PROTOCOL_OTLP: maxim_protocol = 1;

/// How requests of OTLP are written: one of MAXIM_OTLP_….
#[allow(non_camel_case_types)]
pub type maxim_otlp_encoding = i32;
/// What the environment says, else protobuf.
pub const MAXIM_OTLP_DEFAULT: maxim_otlp_encoding = 0;
/// Protobuf, which every backend takes.
pub const MAXIM_OTLP_PROTOBUF: maxim_otlp_encoding = 1;
/// JSON, for debugging.
pub const MAXIM_OTLP_JSON: maxim_otlp_encoding = 2;

/// Default of the time that a mask callback may take for one record, in microseconds.
pub const MAXIM_DEFAULT_MASK_BUDGET_US: u32 = 10_000;
/// The `entity` that a mask callback gets for an entry of a structured log client; for a logger it is one of
/// MAXIM_ENTITY_….
pub const MAXIM_MASK_LOG_ENTRY: i32 = -1;

/// Where the content of an attachment is: one of MAXIM_ATTACHMENT_….
#[allow(non_camel_case_types)]
pub type maxim_attachment_kind = i32;
/// A file, named by `path`.
pub const MAXIM_ATTACHMENT_FILE: maxim_attachment_kind = 1;
/// Bytes, at `data`.
pub const MAXIM_ATTACHMENT_DATA: maxim_attachment_kind = 2;
/// A URL, which is logged and not fetched.
pub const MAXIM_ATTACHMENT_URL: maxim_attachment_kind = 3;

/// Declares the structs of the ABI, with those of their defaults that are not zero.
macro_rules! sized {
    ($($type:ident $({ $($field:ident: $value:expr),* $(,)? })?),* $(,)?) => {
        $(
            // SAFETY: `repr(C)`, `struct_size` first, and nothing in it but integers, floats,
            // pointers, optional function pointers and `CBool`s.
            unsafe impl SizedStruct for $type {
                const NAME: &'static str = stringify!($type);

                fn defaults() -> Self {
                    $type { struct_size: size_of::<$type>(), $($($field: $value,)*)? ..zeros() }
                }
            }
        )*
    };
}

sized!(
    maxim_logger_config { auto_flush: CBool::TRUE, flush_interval_ms: MAXIM_DEFAULT_FLUSH_INTERVAL_MS },
    maxim_session_config,
    maxim_trace_config,
    maxim_span_config,
    maxim_retrieval_config,
    maxim_generation_config,
    maxim_tool_call_config,
    maxim_error_config,
    maxim_event_config,
    maxim_attachment,
    maxim_stats,
    maxim_log_client_config {
        batch_size: MAXIM_DEFAULT_BATCH_SIZE,
        flush_interval_ms: MAXIM_DEFAULT_LOG_FLUSH_INTERVAL_MS,
        max_retries: MAXIM_DEFAULT_MAX_RETRIES,
        initial_delay_ms: MAXIM_DEFAULT_INITIAL_DELAY_MS,
        max_delay_ms: MAXIM_DEFAULT_MAX_DELAY_MS,
    },
    maxim_log_options,
    maxim_log_error_info,
    maxim_log_entry { step_index: -1 },
    maxim_raw_options { environment: MAXIM_ENVIRONMENT_NONE, level: MAXIM_LEVEL_NONE },
);
