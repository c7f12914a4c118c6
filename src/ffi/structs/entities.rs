//! What entities, errors, events and attachments are made from.

use super::super::types::{maxim_str, maxim_tag};
use super::maxim_attachment_kind;

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
/// of a longer one, as much as it had at the call. Otherwise, or if it is gone, it is counted as
/// quarantined and the error callback is called. What the storage refuses steps aside for other uploads, and is counted so when
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
    /// Display name; a file without one is named after itself.
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
