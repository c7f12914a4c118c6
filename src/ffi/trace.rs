//! Traces: one request through the application.

use super::boundary::boundary;
use super::entities::*;
use super::logger::maxim_logger;
use super::structs::*;
use super::types::*;
use crate::maxim::Entity;
use crate::text::object::key;

/// Begins a trace, in the session that `config.session_id` names if it is given.
///
/// `config` is required; `out_id`, which may be NULL, receives the trace's id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_create(
    logger: *mut maxim_logger,
    config: *const maxim_trace_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| create_trace(logger, None, config, out_id))
}

/// Begins a generation in a trace.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_generation(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    config: *const maxim_generation_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_generation(logger, Entity::Trace, ("trace_id", trace_id), config, out_id))
}

/// Begins a generation in a trace.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[deprecated(note = "use maxim_trace_add_generation")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_generation(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    config: *const maxim_generation_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_generation(logger, Entity::Trace, ("trace_id", trace_id), config, out_id))
}

/// Begins a retrieval in a trace.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_retrieval(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    config: *const maxim_retrieval_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_retrieval(logger, Entity::Trace, ("trace_id", trace_id), config, out_id))
}

/// Begins a retrieval in a trace.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[deprecated(note = "use maxim_trace_add_retrieval")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_retrieval(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    config: *const maxim_retrieval_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_retrieval(logger, Entity::Trace, ("trace_id", trace_id), config, out_id))
}

/// Begins a span in a trace.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_span(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    config: *const maxim_span_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_span(logger, Entity::Trace, ("trace_id", trace_id), config, out_id))
}

/// Begins a span in a trace.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[deprecated(note = "use maxim_trace_add_span")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_span(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    config: *const maxim_span_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_span(logger, Entity::Trace, ("trace_id", trace_id), config, out_id))
}

/// Begins a tool call in a trace.
///
/// `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_tool_call(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    config: *const maxim_tool_call_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_tool_call(logger, Entity::Trace, ("trace_id", trace_id), config, out_id))
}

/// Logs an error in a trace. `config.message` is required.
///
/// `out_id`, which may be NULL, receives the error's id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_error(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    config: *const maxim_error_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_error(logger, Entity::Trace, ("trace_id", trace_id), config, out_id))
}

/// Adds one tag to a trace. A tag given again replaces the earlier value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_tag(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    key: maxim_str,
    value: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_tag(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                required("key", key)?,
                required("value", value)?,
            )
        })
    })
}

/// Adds an event to a trace, at the time of the call.
///
/// `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
/// and may be absent. `out_id`, which may be NULL, receives the event's id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_event(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    event_id: maxim_str,
    name: maxim_str,
    tags_json: maxim_str,
    metadata_json: maxim_str,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        let event = Event { event_id, name, tags_json, metadata_json };
        add_event(logger, Entity::Trace, ("trace_id", trace_id), event, out_id)
    })
}

/// Adds an event to a trace, at the time of the call.
///
/// `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
/// and may be absent. `out_id`, which may be NULL, receives the event's id.
#[deprecated(note = "use maxim_trace_add_event")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_event(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    event_id: maxim_str,
    name: maxim_str,
    tags_json: maxim_str,
    metadata_json: maxim_str,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        let event = Event { event_id, name, tags_json, metadata_json };
        add_event(logger, Entity::Trace, ("trace_id", trace_id), event, out_id)
    })
}

/// Sets what the user asked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_set_input(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    input: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_text(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                key!("input"),
                required("input", input)?,
            )
        })
    })
}

/// Sets what the application answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_set_output(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    output: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_text(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                key!("output"),
                required("output", output)?,
            )
        })
    })
}

/// Adds a user's feedback to a trace: a JSON object with a `score`, and `comment`, `tags` or whatever
/// else there is to say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_feedback(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    feedback_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_feedback(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                required_json("feedback_json", feedback_json)?,
            )
        })
    })
}

/// Adds a user's feedback to a trace: a JSON object with a `score`, and `comment`, `tags` or whatever
/// else there is to say.
#[deprecated(note = "use maxim_trace_add_feedback")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_feedback(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    feedback_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_feedback(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                required_json("feedback_json", feedback_json)?,
            )
        })
    })
}

/// Adds metadata to a trace: a JSON object. Values that are not strings are sent as their JSON text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_metadata(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    metadata_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metadata(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                required_json("metadata_json", metadata_json)?,
            )
        })
    })
}

/// Adds a named number to a trace. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_metric(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    name: maxim_str,
    value: f64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metric(Entity::Trace, required_id("trace_id", trace_id)?, required("name", name)?, value)
        })
    })
}

/// Attaches a file, bytes or a URL to a trace; see `maxim_attachment`.
///
/// The call returns at once: a file is read and uploaded later, by the library's own threads, and
/// must stay as it is until then; bytes are copied during the call. The attachment shows up when its
/// upload has succeeded. `out_id`, which may be NULL, receives its id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_attachment(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    attachment: *const maxim_attachment,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_attachment(logger, Entity::Trace, ("trace_id", trace_id), attachment, out_id))
}

/// Puts a trace that began without a session into one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_add_to_session(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    session_id: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_text(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                key!("sessionId"),
                required_id("session_id", session_id)?,
            )
        })
    })
}

/// Has a trace evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_evaluate_with_evaluators(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_evaluators(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Has a trace evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
/// evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_evaluate_with_variables(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    variables_json: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_variables(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                required_json("variables_json", variables_json)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Sets when a trace began, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
/// nearest is taken).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_set_start_timestamp(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    timestamp_us: i64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_time(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                key!("startTimestamp"),
                timestamp_us,
            )
        })
    })
}

/// Sets when a trace ended, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
/// nearest is taken).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_set_end_timestamp(
    logger: *mut maxim_logger,
    trace_id: maxim_str,
    timestamp_us: i64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_time(
                Entity::Trace,
                required_id("trace_id", trace_id)?,
                key!("endTimestamp"),
                timestamp_us,
            )
        })
    })
}

/// Ends a trace, at the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_trace_end(logger: *mut maxim_logger, trace_id: maxim_str) -> maxim_status {
    boundary(|| with_logger(logger, |log| log.end(Entity::Trace, required_id("trace_id", trace_id)?)))
}
