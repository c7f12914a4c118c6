//! How a structured log client is made, and what it logs.

use std::ffi::c_void;

use super::super::types::{
    CBool, maxim_debug_callback, maxim_error_callback, maxim_mask_callback, maxim_str,
};
use super::super::{maxim_environment, maxim_level};
use super::{maxim_otlp_encoding, maxim_overflow_policy, maxim_protocol, maxim_switch};

/// How a structured log client is made. Initialise with MAXIM_LOG_CLIENT_CONFIG_INIT.
///
/// There is no sample rate: entries belong to no trace by whose id a share could be chosen alike everywhere. `min_level`
/// limits what is logged.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_log_client_config {
    /// sizeof(maxim_log_client_config).
    pub struct_size: usize,
    /// What logs: the name of an application or service. Required, and not empty.
    pub source: maxim_str,
    /// Where it runs: one of MAXIM_ENVIRONMENT_….
    pub environment: maxim_environment,
    /// The API key; default: the environment's MAXIM_API_KEY. Without one, log calls are discarded (`ignored` in the
    /// stats counts them, and there is a warning) and raw ingestion is MAXIM_ERR_NOT_CONFIGURED.
    pub api_key: maxim_str,
    /// The service; default: the environment's MAXIM_LOG_ENDPOINT, else the public one. Plain http is refused for
    /// any host but this machine, unless `allow_plaintext` is set.
    pub endpoint: maxim_str,
    /// The application's version.
    pub version: maxim_str,
    /// The dataset that entries go to, up to 50 characters.
    pub dataset: maxim_str,
    /// The user of entries that name none, up to 100 characters; see `maxim_log_set_user_id`.
    pub user_id: maxim_str,
    /// The session of entries that name none, up to 100 characters; see `maxim_log_set_session_id`.
    pub session_id: maxim_str,
    /// Number of buffered entries that triggers a send: 1 to 100; 10 after MAXIM_LOG_CLIENT_CONFIG_INIT. A higher number
    /// counts as 100. What has been buffered goes in requests of up to 100 entries.
    pub batch_size: u32,
    /// Maximum time an entry waits to be batched, in milliseconds, at least 1; 5,000 after
    /// MAXIM_LOG_CLIENT_CONFIG_INIT.
    pub flush_interval_ms: u32,
    /// Entries below this level are discarded: one of MAXIM_LEVEL_….
    pub min_level: maxim_level,
    /// How many retries of a failed request are made before the error callback is called, and before
    /// `maxim_ingest_raw` gives up; 3 after MAXIM_LOG_CLIENT_CONFIG_INIT. Entries are held and tried
    /// again beyond that.
    pub max_retries: u32,
    /// Upper bound of the first retry delay, in milliseconds; doubles with each attempt. 1,000 after
    /// MAXIM_LOG_CLIENT_CONFIG_INIT. Values below 100 count as 100.
    pub initial_delay_ms: u32,
    /// Upper bound of any retry delay, in milliseconds; 30,000 after MAXIM_LOG_CLIENT_CONFIG_INIT. Values below 1,000
    /// count as 1,000.
    pub max_delay_ms: u32,
    /// As in `maxim_logger_config`.
    pub spool_dir: maxim_str,
    /// As in `maxim_logger_config`.
    pub max_memory_bytes: u64,
    /// As in `maxim_logger_config`.
    pub max_disk_bytes: u64,
    /// As in `maxim_logger_config`.
    pub overflow_policy: maxim_overflow_policy,
    /// As in `maxim_logger_config`.
    pub block_timeout_ms: u32,
    /// As in `maxim_logger_config`.
    pub ca_file: maxim_str,
    /// As in `maxim_logger_config`.
    pub proxy: maxim_str,
    /// As in `maxim_logger_config`.
    pub is_debug: CBool,
    /// As in `maxim_logger_config`.
    pub error_callback: maxim_error_callback,
    /// As in `maxim_logger_config`.
    pub debug_callback: maxim_debug_callback,
    /// Passed to the callbacks; must stay valid until `maxim_log_client_free` has returned.
    pub user_data: *mut c_void,
    /// As in `maxim_logger_config`.
    pub allow_plaintext: CBool,
    /// As in `maxim_logger_config`; neither a key nor a source is needed then.
    pub disabled: CBool,
    /// As in `maxim_logger_config`. When off, messages, data and stacks of errors stay here, and raw documents are
    /// accepted and discarded; levels, times, error names, tags and ids go.
    pub capture_content: maxim_switch,
    /// As in `maxim_logger_config`.
    pub masks_json: maxim_str,
    /// As in `maxim_logger_config`.
    pub mask_callback: maxim_mask_callback,
    /// As in `maxim_logger_config`.
    pub mask_budget_us: u32,
    /// As in `maxim_logger_config`. With a limit, a message or stack above 10,000 characters is cut to that
    /// and not refused.
    pub max_field_bytes: u64,
    /// As in `maxim_logger_config`.
    pub max_age_ms: u64,
    /// As in `maxim_logger_config`.
    pub quarantine_max_age_ms: u64,
    /// As in `maxim_logger_config`.
    pub memory_only: CBool,
    /// As in `maxim_logger_config`.
    pub lossy: CBool,
    /// As in `maxim_logger_config`.
    pub spool_dir_fallback: CBool,
    /// OTLP: the exact address that log records are sent to. Default: that of the base address
    /// (`endpoint`, else the environment's OTEL_EXPORTER_OTLP_LOGS_ENDPOINT as it is, else OTEL_EXPORTER_OTLP_ENDPOINT,
    /// else http://localhost:4318) with /v1/logs behind it.
    pub otlp_url: maxim_str,
    /// OTLP: headers of each request, as key=value,key=value with values percent-encoded. Kept like the API key. Default:
    /// the environment's OTEL_EXPORTER_OTLP_LOGS_HEADERS, else OTEL_EXPORTER_OTLP_HEADERS.
    pub otlp_headers: maxim_str,
    /// OTLP: what the service is called (service.name). Default: the environment's OTEL_SERVICE_NAME, else `source`.
    pub service_name: maxim_str,
    /// OTLP: what else is known of the service, as key=value,key=value with values percent-encoded; beside the
    /// environment's OTEL_RESOURCE_ATTRIBUTES, and before it.
    pub resource_attributes: maxim_str,
    /// One of MAXIM_PROTOCOL_…: who is spoken to. With MAXIM_PROTOCOL_OTLP no key is needed, plain http is refused only where
    /// there are headers, and OTEL_SDK_DISABLED=true in the environment disables it.
    pub protocol: maxim_protocol,
    /// OTLP: one of MAXIM_OTLP_…, how requests are written. Default: what the environment's
    /// OTEL_EXPORTER_OTLP_PROTOCOL says, else protobuf.
    pub otlp_encoding: maxim_otlp_encoding,
    /// OTLP: one of MAXIM_SWITCH_…, whether requests are compressed with gzip. Default: what the environment's
    /// OTEL_EXPORTER_OTLP_COMPRESSION says, else once the endpoint has taken a request.
    pub otlp_compression: maxim_switch,
}

/// What a log call may say beside message and data. Initialise with MAXIM_LOG_OPTIONS_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_log_options {
    /// sizeof(maxim_log_options).
    pub struct_size: usize,
    /// Tags: a JSON array of up to 20 strings of up to 50 characters.
    pub tags_json: maxim_str,
}

/// An error to log. Initialise with MAXIM_LOG_ERROR_INFO_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_log_error_info {
    /// sizeof(maxim_log_error_info).
    pub struct_size: usize,
    /// The kind of error, up to 200 characters.
    pub name: maxim_str,
    /// What it says; becomes `data.message`.
    pub message: maxim_str,
    /// Where it came from, up to 10,000 characters.
    pub stack: maxim_str,
}

/// Everything that an entry can say. Initialise with MAXIM_LOG_ENTRY_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_log_entry {
    /// sizeof(maxim_log_entry).
    pub struct_size: usize,
    /// One of MAXIM_LEVEL_….
    pub level: maxim_level,
    /// What happened, 1 to 10,000 characters. Required.
    pub message: maxim_str,
    /// Additional data: a JSON object.
    pub data_json: maxim_str,
    /// The user it concerns, up to 100 characters; the client's default when absent.
    pub user_id: maxim_str,
    /// The session it belongs to, up to 100 characters; the client's default when absent.
    pub session_id: maxim_str,
    /// The request it belongs to, up to 100 characters.
    pub request_id: maxim_str,
    /// The kind of error, up to 200 characters.
    pub error_name: maxim_str,
    /// Where it came from, up to 10,000 characters.
    pub error_stack: maxim_str,
    /// Tags: a JSON array of up to 20 strings of up to 50 characters.
    pub tags_json: maxim_str,
    /// The flow it is a step of, up to 50 characters.
    pub flow_id: maxim_str,
    /// Number of the step, 0 to 1,000; -1 after MAXIM_LOG_ENTRY_INIT: none.
    pub step_index: i32,
    /// Another dataset than the client's, up to 50 characters.
    pub dataset: maxim_str,
    /// Time of the entry, in milliseconds since 1970-01-01 UTC; 0: now.
    pub timestamp_ms: i64,
    /// The client's IP address, up to 100 characters.
    pub ip_address: maxim_str,
    /// The client's country, up to 10 characters.
    pub country: maxim_str,
}

/// Options of a raw document, passed to the service. Initialise with MAXIM_RAW_OPTIONS_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_raw_options {
    /// sizeof(maxim_raw_options).
    pub struct_size: usize,
    /// What logs, up to 1,000 bytes.
    pub source: maxim_str,
    /// Where it runs; MAXIM_ENVIRONMENT_NONE after MAXIM_RAW_OPTIONS_INIT: not specified.
    pub environment: maxim_environment,
    /// The level of entries that have none; MAXIM_LEVEL_NONE after MAXIM_RAW_OPTIONS_INIT: not specified.
    pub level: maxim_level,
    /// The dataset, up to 1,000 bytes.
    pub dataset: maxim_str,
}
