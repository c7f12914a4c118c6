//! The structs of the ABI: configurations in, numbers out.
//!
//! Each starts with `struct_size`, so that it can grow: the library reads and writes only what the
//! caller's size covers. Zero is the default of every field unless its documentation says otherwise;
//! the `MAXIM_…_INIT` macros at the end of the header set the rest.

use std::ffi::c_void;
use std::mem::size_of;

use super::types::{
    CBool, Sized, maxim_debug_callback, maxim_error_callback, maxim_mask_callback, maxim_str, maxim_tag,
    zeros,
};
use super::{MAXIM_ENVIRONMENT_NONE, MAXIM_LEVEL_NONE, maxim_environment, maxim_level};

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
/// The entity that a mask callback is told for what a structured log client logs; for a logger it is one of
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
            unsafe impl Sized for $type {
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

/// How a logger is made. Initialise with MAXIM_LOGGER_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_logger_config {
    /// sizeof(maxim_logger_config).
    pub struct_size: usize,
    /// The log API; default: the environment's MAXIM_BASE_URL, else https://app.getmaxim.ai. Plain
    /// http is refused for any host but this machine, unless `allow_plaintext` is set.
    pub base_url: maxim_str,
    /// The API key; default: the environment's MAXIM_API_KEY. Without one the logger is not made
    /// (MAXIM_ERR_NOT_CONFIGURED). Kept in memory that is wiped, never written or shown.
    pub api_key: maxim_str,
    /// The log repository's id; default: the environment's MAXIM_LOG_REPO_ID. Without one the logger
    /// is not made (MAXIM_ERR_NOT_CONFIGURED).
    pub repository_id: maxim_str,
    /// Whether records are sent every `flush_interval_ms`. True after MAXIM_LOGGER_CONFIG_INIT. When false, they are
    /// sent by `maxim_flush` and when half a segment is full.
    pub auto_flush: CBool,
    /// Maximum time a record waits to be batched, in milliseconds; 10,000 after
    /// MAXIM_LOGGER_CONFIG_INIT. Zero with `auto_flush` is MAXIM_ERR_INVALID_ARGUMENT.
    pub flush_interval_ms: u32,
    /// Whether debug output is written: to `debug_callback`, else to stderr.
    pub is_debug: CBool,
    /// The directory for records that cannot be sent yet. Default: the environment's MAXIM_SPOOL_DIR, else
    /// $XDG_STATE_HOME/maxim, else ~/.local/state/maxim, else /var/tmp/maxim-<uid>. Made when it is
    /// missing, with access for this user only. In one that others may write to as well, such as an emptyDir
    /// of Kubernetes, a private directory maxim-<uid> is made and used. A relative one is taken from the
    /// working directory of this call. One that was named and cannot be used is MAXIM_ERR_IO, and the detail
    /// says why; with MAXIM_SPOOL_DIR_FALLBACK=1 in the environment another of these is used instead, and
    /// the error callback is told. It is also told when records are in memory only.
    pub spool_dir: maxim_str,
    /// Most bytes of unsent records in memory (tmpfs, where there is one); 0: 64 MiB.
    pub max_memory_bytes: u64,
    /// Most bytes of unsent records in the spool directory, and as many again of unsent attachments (not of
    /// files attached by their path); 0: 1 GiB.
    pub max_disk_bytes: u64,
    /// One of MAXIM_OVERFLOW_…: what happens when both are full.
    pub overflow_policy: maxim_overflow_policy,
    /// How long a log call waits for space under MAXIM_OVERFLOW_BLOCK, in milliseconds.
    pub block_timeout_ms: u32,
    /// A PEM file of certificates to trust instead of the platform's, as issuers or as the service's own
    /// (a self-signed one). It must be there now; one that is missing later is tried again.
    pub ca_file: maxim_str,
    /// A proxy (http://host:port) instead of what the environment's HTTPS_PROXY, HTTP_PROXY, ALL_PROXY
    /// and NO_PROXY say. It is asked for a tunnel (CONNECT), for http as for https; with an http address, which
    /// would show it the API key, only if `allow_plaintext` is set. SOCKS proxies are not supported: one that
    /// is given here is refused, one of the environment is told of while records are held.
    pub proxy: maxim_str,
    /// Told of errors that happen after a call has returned; NULL: nobody is.
    pub error_callback: maxim_error_callback,
    /// Given debug lines when `is_debug` is set; NULL: they go to stderr.
    pub debug_callback: maxim_debug_callback,
    /// Passed to the callbacks; must stay valid until `maxim_logger_free` has returned.
    pub user_data: *mut c_void,
    /// Whether the API key may be sent over plain http to another host, where others on the way can read it. False by
    /// default.
    pub allow_plaintext: CBool,
    /// The largest attachment that is accepted, in bytes; 0: 100 MiB.
    pub max_attachment_bytes: u64,
    /// Whether the library does nothing at all: calls are accepted and their records discarded, no thread, file or
    /// descriptor is made, and neither key nor repository is needed. Also when the environment's
    /// MAXIM_DISABLED is 1.
    pub disabled: CBool,
    /// One of MAXIM_SWITCH_…: whether inputs, outputs, messages, documents, attachments and tool arguments are
    /// sent. When off they stay here, and names, times, models, tokens, costs, tags, metadata and errors go.
    /// Default: the environment's MAXIM_CAPTURE_CONTENT (0 or 1), else on.
    pub capture_content: maxim_switch,
    /// One of MAXIM_SWITCH_…: whether images and audio in messages are taken out and become attachments;
    /// when off they stay in the messages. Default: on.
    pub extract_media: maxim_switch,
    /// What is masked before a record is kept or sent: a JSON array of rules, each an object with one of
    /// `preset` (email, card, api_key, phone or ip), `key` (the name of members whose value is masked) and
    /// `regex` (matched in linear time), and optionally `replace` (the text that takes the place) and
    /// `name` (for messages). Searched are all texts of a record, also within JSON, and text that is JSON
    /// itself; not ids, times and the contents of attachments. A rule that cannot be used is
    /// MAXIM_ERR_INVALID_ARGUMENT, and the detail names it. Default: the environment's MAXIM_MASKS.
    pub masks_json: maxim_str,
    /// Given every text that `masks_json` has gone over, to replace it; NULL: nobody is.
    pub mask_callback: maxim_mask_callback,
    /// How long `mask_callback` may take for one record, in microseconds; 0: 10,000. The texts of a record
    /// that come after that are dropped, and so is the one that took too long.
    pub mask_budget_us: u32,
    /// The share of traces that is sent, up to 1, chosen by the trace's id, so that every process and
    /// language chooses alike: SHA-256 of the id, of its first 8 bytes as a big-endian number the highest 53
    /// bits, divided by 2^53, is below this. What belongs to another trace is discarded (`sampled_out` in the
    /// stats counts it), but for errors and feedback, which are always sent; so are sessions. An entity that
    /// was begun in another process is sent. Negative: of no trace more than errors and feedback. 0: the
    /// environment's MAXIM_SAMPLE_RATE, else all.
    pub sample_rate: f64,
    /// Longer texts are cut at a character to so many bytes, and marked at their end; 0: no limit but that
    /// of a record.
    pub max_field_bytes: u64,
    /// Records that could not be sent for so long are given up, in milliseconds; 0: 72 hours.
    pub max_age_ms: u64,
    /// Files in the spool directory's `quarantine` are removed after so long, in milliseconds; 0: they stay
    /// until there are too many.
    pub quarantine_max_age_ms: u64,
    /// Whether records are kept in this process's memory only and no file is made. They are lost with the
    /// process, and an attachment of bytes takes its size in memory until it is sent.
    pub memory_only: CBool,
    /// Whether a call is accepted although a value in it cannot be sent as it is: the value is changed, and the
    /// record kept. Bytes that are not UTF-8 become U+FFFD, and so does half of a surrogate pair in JSON; texts over a
    /// limit are cut at a character and marked with "…" (a message or a stack in its middle), surplus tags left
    /// out; NaN and infinities become null; an id with other characters becomes a valid one, the same each time;
    /// a text that is no JSON stands as text, with the reason. False by default: such calls are refused.
    pub lossy: CBool,
    /// OTLP: the exact address that spans are sent to. Default: that of the base address
    /// (`base_url`, else the environment's OTEL_EXPORTER_OTLP_TRACES_ENDPOINT as it is, else OTEL_EXPORTER_OTLP_ENDPOINT,
    /// else http://localhost:4318) with /v1/traces behind it.
    pub otlp_url: maxim_str,
    /// OTLP: headers of each request, as key=value,key=value with values percent-encoded. Kept like the API key. Default:
    /// the environment's OTEL_EXPORTER_OTLP_TRACES_HEADERS, else OTEL_EXPORTER_OTLP_HEADERS.
    pub otlp_headers: maxim_str,
    /// OTLP: what the service is called (service.name). Default: the environment's OTEL_SERVICE_NAME.
    pub service_name: maxim_str,
    /// OTLP: what else is known of the service, as key=value,key=value with values percent-encoded; beside the
    /// environment's OTEL_RESOURCE_ATTRIBUTES, and before it.
    pub resource_attributes: maxim_str,
    /// OTLP: an entity that has not ended for so long leaves as it is, marked maxim.incomplete, in milliseconds; 0: an
    /// hour.
    pub incomplete_after_ms: u64,
    /// One of MAXIM_PROTOCOL_…: who is spoken to. With MAXIM_PROTOCOL_OTLP neither key nor repository is needed, plain http is refused only where
    /// there are headers, and OTEL_SDK_DISABLED=true in the environment disables it.
    pub protocol: maxim_protocol,
    /// OTLP: one of MAXIM_OTLP_…, how requests are written. Default: what the environment's
    /// OTEL_EXPORTER_OTLP_PROTOCOL says, else protobuf.
    pub otlp_encoding: maxim_otlp_encoding,
    /// OTLP: one of MAXIM_SWITCH_…, whether requests are compressed with gzip. Default: what the environment's
    /// OTEL_EXPORTER_OTLP_COMPRESSION says, else once the endpoint has taken a request.
    pub otlp_compression: maxim_switch,
}

/// A new session. Initialise with MAXIM_SESSION_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_session_config {
    /// sizeof(maxim_session_config).
    pub struct_size: usize,
    /// Its id; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// Display name.
    pub name: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// When it began, in microseconds since 1970-01-01 UTC; 0: now.
    pub start_timestamp_us: i64,
}

/// A new trace. Initialise with MAXIM_TRACE_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_trace_config {
    /// sizeof(maxim_trace_config).
    pub struct_size: usize,
    /// Its id; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// Display name.
    pub name: maxim_str,
    /// The session it belongs to; may be absent.
    pub session_id: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// What the user asked, as text.
    pub input: maxim_str,
    /// When it began, in microseconds since 1970-01-01 UTC; 0: now.
    pub start_timestamp_us: i64,
}

/// A new span. Initialise with MAXIM_SPAN_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_span_config {
    /// sizeof(maxim_span_config).
    pub struct_size: usize,
    /// Its id; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// Display name.
    pub name: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// When it began, in microseconds since 1970-01-01 UTC; 0: now.
    pub start_timestamp_us: i64,
}

/// A new retrieval. Initialise with MAXIM_RETRIEVAL_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_retrieval_config {
    /// sizeof(maxim_retrieval_config).
    pub struct_size: usize,
    /// Its id; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// Display name.
    pub name: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// When it began, in microseconds since 1970-01-01 UTC; 0: now.
    pub start_timestamp_us: i64,
}

/// A new generation. Initialise with MAXIM_GENERATION_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_generation_config {
    /// sizeof(maxim_generation_config).
    pub struct_size: usize,
    /// Its id; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// Display name.
    pub name: maxim_str,
    /// Who runs the model; as in `maxim_generation_set_provider`. Absent: logged as `unknown`.
    pub provider: maxim_str,
    /// Which model.
    pub model: maxim_str,
    /// The messages given to the model: a JSON array of objects with `role` and `content`. Images, sounds and files
    /// in them become attachments of the generation; those in a tool's result also stay there.
    pub messages_json: maxim_str,
    /// The model's parameters: a JSON object. Values that are not strings are sent as their JSON text,
    /// null members are left out.
    pub model_parameters_json: maxim_str,
    /// The span it belongs to, where the parent does not say it.
    pub span_id: maxim_str,
    /// The Maxim prompt that was used.
    pub maxim_prompt_id: maxim_str,
    /// The version of that prompt.
    pub maxim_prompt_version_id: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// When it began, in microseconds since 1970-01-01 UTC; 0: now.
    pub start_timestamp_us: i64,
}

/// A new tool call. Initialise with MAXIM_TOOL_CALL_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_tool_call_config {
    /// sizeof(maxim_tool_call_config).
    pub struct_size: usize,
    /// Its id, as a rule the one that the model gave; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// The tool.
    pub name: maxim_str,
    /// What the tool does.
    pub description: maxim_str,
    /// What it was called with, as the model wrote it: text, usually JSON.
    pub args: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// When it began, in microseconds since 1970-01-01 UTC; 0: now.
    pub start_timestamp_us: i64,
}

/// An error. Initialise with MAXIM_ERROR_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_error_config {
    /// sizeof(maxim_error_config).
    pub struct_size: usize,
    /// Its id; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// Display name.
    pub name: maxim_str,
    /// What happened.
    pub message: maxim_str,
    /// A code, as text.
    pub code: maxim_str,
    /// The kind of error.
    pub r#type: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// Anything else: a JSON object.
    pub metadata_json: maxim_str,
}

/// Something that happened at one time. Initialise with MAXIM_EVENT_CONFIG_INIT.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_event_config {
    /// sizeof(maxim_event_config).
    pub struct_size: usize,
    /// Its id; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// What happened. Required.
    pub name: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// Anything else: a JSON object. Values that are not strings are sent as their JSON text.
    pub metadata_json: maxim_str,
    /// When it happened, in microseconds since 1970-01-01 UTC; 0: now.
    pub timestamp_us: i64,
}

/// A file, bytes or a URL to attach. Initialise with MAXIM_ATTACHMENT_INIT.
///
/// A file that cannot be read is refused with MAXIM_ERR_IO, and content above `max_attachment_bytes` with
/// MAXIM_ERR_TOO_LARGE. A file is opened at the call and again when its turn has come. It is uploaded only
/// if it is the same file then (not another one or a link in its place), no shorter, and unchanged or only longer;
/// of a longer one, as much as it had at the call. Otherwise, or if it is gone, that is told by the error callback
/// and counted as quarantined. What the storage refuses steps aside for other uploads, and is counted so when
/// it has refused it for some seconds while it takes others. Each repository has up to 4 uploads under way at a time,
/// with a thread, a file and a connection each, which end with them; log lines do not wait for uploads.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_attachment {
    /// sizeof(maxim_attachment).
    pub struct_size: usize,
    /// Its id; generated (UUID version 4) when absent.
    pub id: maxim_str,
    /// One of MAXIM_ATTACHMENT_….
    pub kind: maxim_attachment_kind,
    /// Display name.
    pub name: maxim_str,
    /// MAXIM_ATTACHMENT_FILE: the file, read when it is uploaded.
    pub path: maxim_str,
    /// MAXIM_ATTACHMENT_DATA: the bytes, copied during the call.
    pub data: *const u8,
    /// MAXIM_ATTACHMENT_DATA: how many bytes.
    pub data_len: usize,
    /// MAXIM_ATTACHMENT_URL: the URL.
    pub url: maxim_str,
    /// The MIME type, as in image/png; used where the content does not tell, and before what the end of the file's name
    /// or of `name` says (.csv, .json, .md, .txt and their like). Anything else, or more than 255
    /// bytes, is MAXIM_ERR_INVALID_ARGUMENT.
    pub mime_type: maxim_str,
    /// Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their JSON text.
    pub tags_json: maxim_str,
    /// Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
    pub tags: *const maxim_tag,
    /// How many tags are at `tags`.
    pub tag_count: usize,
    /// Anything else: a JSON object.
    pub metadata_json: maxim_str,
    /// When it was made, in seconds since 1970-01-01 UTC; 0: not specified.
    pub timestamp_s: i64,
}

/// What became of the records of one logger, sink or client. Set `struct_size` before the call
/// (MAXIM_STATS_INIT).
///
/// At any moment accepted + adopted = delivered + held + dropped_memory + dropped_disk +
/// dropped_expired + dropped_corrupt + quarantined + purged.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct maxim_stats {
    /// sizeof(maxim_stats), set by the caller.
    pub struct_size: usize,
    /// Records that calls accepted with MAXIM_OK.
    pub accepted: u64,
    /// Records that the service has confirmed.
    pub delivered: u64,
    /// Records that are still to be sent.
    pub held: u64,
    /// Records evicted because memory was full and there was no disk to go to.
    pub dropped_memory: u64,
    /// Records evicted because the disk space was full.
    pub dropped_disk: u64,
    /// Records given up because they could not be sent for 72 hours; also those that a logger with another
    /// repository or key left here and never came back for (they count as adopted too).
    pub dropped_expired: u64,
    /// Records that the service refused for what they are; kept in the spool directory's `quarantine`.
    pub quarantined: u64,
    /// Requests that were retried.
    pub retries: u64,
    /// Bytes of delivered records.
    pub bytes_delivered: u64,
    /// Bytes of held records.
    pub bytes_held: u64,
    /// Records taken over from loggers that ended before they could send them.
    pub adopted: u64,
    /// How long the oldest held record has been waiting, in milliseconds.
    pub oldest_held_ms: u64,
    /// The HTTP status of the last answer; 0: none yet.
    pub last_http_status: i32,
    /// Log calls that a client without an API key discarded, as documented; 0 for a logger.
    pub ignored: u64,
    /// Calls that were refused because the configured space was full.
    pub refused: u64,
    /// Records that could not be read back (a damaged file).
    pub dropped_corrupt: u64,
    /// Records that were discarded because their trace is not in the sample; not accepted, so in no sum.
    pub sampled_out: u64,
    /// Texts that were dropped because a mask failed or took too long; their records went without them.
    pub masks_failed: u64,
    /// Generations' results of a shape that is not known, which were sent as they are.
    pub results_unrecognised: u64,
    /// Calls that were refused for an argument: out of its range, not UTF-8, no JSON, no id. For a flow, its client's.
    pub refused_invalid: u64,
    /// Calls that were refused because a record or attachment was above its limit.
    pub refused_too_large: u64,
    /// Calls that were refused because the logger or client had been closed.
    pub refused_closed: u64,
    /// Calls that were refused for another reason, such as a file that could not be read. Those for want of space are
    /// `refused`.
    pub refused_other: u64,
    /// Records deleted by `maxim_purge` or `maxim_log_purge`.
    pub purged: u64,
}

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

/// What the service is told about a raw document. Initialise with MAXIM_RAW_OPTIONS_INIT.
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
