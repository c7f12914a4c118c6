//! How a logger is made.

use std::ffi::c_void;

use super::super::types::{
    CBool, maxim_debug_callback, maxim_error_callback, maxim_mask_callback, maxim_str,
};
use super::{maxim_otlp_encoding, maxim_overflow_policy, maxim_protocol, maxim_switch};

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
    /// says why; with `spool_dir_fallback` another of these is used instead, and the error callback is called. It is
    /// also called when records are in memory only. `maxim_logger_spool_dir` gives the one in use.
    pub spool_dir: maxim_str,
    /// Most bytes of unsent records in memory (tmpfs, where there is one); 0: 64 MiB, or an eighth
    /// of the memory limit of the container (control group) that the process is in, if that is less; at least 1 MiB.
    pub max_memory_bytes: u64,
    /// Most bytes of unsent records in the spool directory, and as many again of unsent attachments (not of
    /// files attached by their path); 0: 1 GiB.
    pub max_disk_bytes: u64,
    /// One of MAXIM_OVERFLOW_…: what happens when both are full.
    pub overflow_policy: maxim_overflow_policy,
    /// How long a log call waits for space under MAXIM_OVERFLOW_BLOCK, in milliseconds.
    pub block_timeout_ms: u32,
    /// A PEM file of certificates to trust instead of the platform's, as issuers or as the service's own
    /// (a self-signed one). It must be there now, a regular file of at most 16 MiB; one that is missing later is tried
    /// again.
    pub ca_file: maxim_str,
    /// A proxy (http://host:port) instead of what the environment's HTTPS_PROXY, HTTP_PROXY, ALL_PROXY
    /// and NO_PROXY say. It is asked for a tunnel (CONNECT), for http as for https; with an http address, which
    /// would show it the API key, only if `allow_plaintext` is set. SOCKS proxies are not supported: one that
    /// is given here is refused, one of the environment is reported while records are held.
    pub proxy: maxim_str,
    /// Called with errors that occur after a call has returned; NULL: none.
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
    /// descriptor is kept (making one may use a thread for a moment), and neither key nor repository is needed. Also when the environment's
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
    /// Called with every text after `masks_json` has been applied, to replace it; NULL: none.
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
    /// Whether a `spool_dir` that was named and cannot be used is replaced by a default one and told of, where it
    /// is an error of `maxim_logger_new` otherwise. Also when the environment's MAXIM_SPOOL_DIR_FALLBACK is 1.
    pub spool_dir_fallback: CBool,
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
