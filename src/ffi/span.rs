//! Spans: steps within a trace.

use super::boundary::boundary;
use super::entities::*;
use super::logger::maxim_logger;
use super::structs::*;
use super::types::*;
use crate::maxim::Entity;
use crate::text::object::key;

/// Begins a generation in a span.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_generation(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    config: *const maxim_generation_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_generation(logger, Entity::Span, ("span_id", span_id), config, out_id))
}

/// Begins a generation in a span.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[deprecated(note = "use maxim_span_add_generation")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_generation(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    config: *const maxim_generation_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_generation(logger, Entity::Span, ("span_id", span_id), config, out_id))
}

/// Begins a retrieval in a span.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_retrieval(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    config: *const maxim_retrieval_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_retrieval(logger, Entity::Span, ("span_id", span_id), config, out_id))
}

/// Begins a retrieval in a span.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[deprecated(note = "use maxim_span_add_retrieval")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_retrieval(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    config: *const maxim_retrieval_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_retrieval(logger, Entity::Span, ("span_id", span_id), config, out_id))
}

/// Begins a span in a span.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_sub_span(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    config: *const maxim_span_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_span(logger, Entity::Span, ("span_id", span_id), config, out_id))
}

/// Begins a span in a span.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[deprecated(note = "use maxim_span_add_sub_span")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_span(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    config: *const maxim_span_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_span(logger, Entity::Span, ("span_id", span_id), config, out_id))
}

/// Begins a tool call in a span.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_tool_call(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    config: *const maxim_tool_call_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_tool_call(logger, Entity::Span, ("span_id", span_id), config, out_id))
}

/// Logs an error in a span. `config.message` is required.
///
/// `out_id`, which may be NULL, receives the error's id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_error(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    config: *const maxim_error_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_error(logger, Entity::Span, ("span_id", span_id), config, out_id))
}

/// Sets what a span works on, as text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_set_input(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    input: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_span_input(required_id("span_id", span_id)?, required("input", input)?)
        })
    })
}

/// Adds one tag to a span. A tag given again replaces the earlier value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_tag(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    key: maxim_str,
    value: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_tag(
                Entity::Span,
                required_id("span_id", span_id)?,
                required("key", key)?,
                required("value", value)?,
            )
        })
    })
}

/// Adds an event to a span, at the time of the call.
///
/// `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
/// and may be absent. `out_id`, which may be NULL, receives the event's id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_event(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    event_id: maxim_str,
    name: maxim_str,
    tags_json: maxim_str,
    metadata_json: maxim_str,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        let event = Event { event_id, name, tags_json, metadata_json };
        add_event(logger, Entity::Span, ("span_id", span_id), event, out_id)
    })
}

/// Adds an event to a span, at the time of the call.
///
/// `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
/// and may be absent. `out_id`, which may be NULL, receives the event's id.
#[deprecated(note = "use maxim_span_add_event")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_event(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    event_id: maxim_str,
    name: maxim_str,
    tags_json: maxim_str,
    metadata_json: maxim_str,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        let event = Event { event_id, name, tags_json, metadata_json };
        add_event(logger, Entity::Span, ("span_id", span_id), event, out_id)
    })
}

/// Adds metadata to a span: a JSON object. Values that are not strings are sent as their JSON text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_metadata(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    metadata_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metadata(
                Entity::Span,
                required_id("span_id", span_id)?,
                required_json("metadata_json", metadata_json)?,
            )
        })
    })
}

/// Attaches a file, bytes or a URL to a span; see `maxim_attachment`.
///
/// The call returns at once: a file is read and uploaded later, by the library's own threads, and
/// must stay as it is until then; bytes are copied during the call. The attachment shows up when its
/// upload has succeeded. `out_id`, which may be NULL, receives its id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_add_attachment(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    attachment: *const maxim_attachment,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_attachment(logger, Entity::Span, ("span_id", span_id), attachment, out_id))
}

/// Has a span evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_evaluate_with_evaluators(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_evaluators(
                Entity::Span,
                required_id("span_id", span_id)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Has a span evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
/// evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_evaluate_with_variables(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    variables_json: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_variables(
                Entity::Span,
                required_id("span_id", span_id)?,
                required_json("variables_json", variables_json)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Sets when a span began, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
/// nearest is taken).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_set_start_timestamp(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    timestamp_us: i64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_time(Entity::Span, required_id("span_id", span_id)?, key!("startTimestamp"), timestamp_us)
        })
    })
}

/// Sets when a span ended, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
/// nearest is taken).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_set_end_timestamp(
    logger: *mut maxim_logger,
    span_id: maxim_str,
    timestamp_us: i64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_time(Entity::Span, required_id("span_id", span_id)?, key!("endTimestamp"), timestamp_us)
        })
    })
}

/// Ends a span, at the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_span_end(logger: *mut maxim_logger, span_id: maxim_str) -> maxim_status {
    boundary(|| with_logger(logger, |log| log.end(Entity::Span, required_id("span_id", span_id)?)))
}
