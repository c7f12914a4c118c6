//! Sessions: conversations of several traces.

use super::boundary::boundary;
use super::entities::{Event, add_attachment, add_event, create_trace, make, start, with_logger};
use super::logger::maxim_logger;
use super::structs::{maxim_attachment, maxim_session_config, maxim_trace_config};
use super::types::*;
use crate::maxim::{self, Entity};
use crate::text::object::key;

/// Begins a session.
///
/// `config` is required; `out_id`, which may be NULL, receives the session's id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_create(
    logger: *mut maxim_logger,
    config: *const maxim_session_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        let config = read(config)?;
        make(logger, ("id", config.id), out_id, |log, id| {
            log.create_session(&maxim::Session {
                id,
                name: optional("name", config.name)?,
                tags: optional_json("tags_json", config.tags_json)?,
                start: start(config.start_timestamp_us),
            })
        })
    })
}

/// Begins a trace in a session. `config.session_id` is ignored.
///
/// `config` is required; `out_id`, which may be NULL, receives the trace's id (given or generated).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_add_trace(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    config: *const maxim_trace_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| create_trace(logger, Some(("session_id", session_id)), config, out_id))
}

/// Begins a trace in a session.
#[deprecated(note = "use maxim_session_add_trace")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_trace(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    config: *const maxim_trace_config,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| create_trace(logger, Some(("session_id", session_id)), config, out_id))
}

/// Adds one tag to a session. A tag given again replaces the earlier value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_add_tag(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    key: maxim_str,
    value: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_tag(
                Entity::Session,
                required_id("session_id", session_id)?,
                required("key", key)?,
                required("value", value)?,
            )
        })
    })
}

/// Adds an event to a session, at the time of the call.
///
/// `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
/// and may be absent. `out_id`, which may be NULL, receives the event's id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_add_event(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    event_id: maxim_str,
    name: maxim_str,
    tags_json: maxim_str,
    metadata_json: maxim_str,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        let event = Event { event_id, name, tags_json, metadata_json };
        add_event(logger, Entity::Session, ("session_id", session_id), event, out_id)
    })
}

/// Adds an event to a session, at the time of the call.
///
/// `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
/// and may be absent. `out_id`, which may be NULL, receives the event's id.
#[deprecated(note = "use maxim_session_add_event")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_event(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    event_id: maxim_str,
    name: maxim_str,
    tags_json: maxim_str,
    metadata_json: maxim_str,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        let event = Event { event_id, name, tags_json, metadata_json };
        add_event(logger, Entity::Session, ("session_id", session_id), event, out_id)
    })
}

/// Adds a user's feedback to a session: a JSON object with a `score`, and `comment`, `tags` or whatever
/// else there is to say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_add_feedback(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    feedback_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_feedback(
                Entity::Session,
                required_id("session_id", session_id)?,
                required_json("feedback_json", feedback_json)?,
            )
        })
    })
}

/// Adds a user's feedback to a session: a JSON object with a `score`, and `comment`, `tags` or whatever
/// else there is to say.
#[deprecated(note = "use maxim_session_add_feedback")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_feedback(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    feedback_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_feedback(
                Entity::Session,
                required_id("session_id", session_id)?,
                required_json("feedback_json", feedback_json)?,
            )
        })
    })
}

/// Adds metadata to a session: a JSON object. Values that are not strings are sent as their JSON text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_add_metadata(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    metadata_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metadata(
                Entity::Session,
                required_id("session_id", session_id)?,
                required_json("metadata_json", metadata_json)?,
            )
        })
    })
}

/// Adds a named number to a session. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_add_metric(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    name: maxim_str,
    value: f64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metric(
                Entity::Session,
                required_id("session_id", session_id)?,
                required("name", name)?,
                value,
            )
        })
    })
}

/// Attaches a file, bytes or a URL to a session; see `maxim_attachment`.
///
/// The call returns at once: a file is read and uploaded later, by the library's own threads, and
/// must stay as it is until then; bytes are copied during the call. The attachment shows up when its
/// upload has succeeded. `out_id`, which may be NULL, receives its id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_add_attachment(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    attachment: *const maxim_attachment,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_attachment(logger, Entity::Session, ("session_id", session_id), attachment, out_id))
}

/// Has a session evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_evaluate_with_evaluators(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_evaluators(
                Entity::Session,
                required_id("session_id", session_id)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Has a session evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
/// evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_evaluate_with_variables(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    variables_json: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_variables(
                Entity::Session,
                required_id("session_id", session_id)?,
                required_json("variables_json", variables_json)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Sets when a session began, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
/// nearest is taken).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_set_start_timestamp(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    timestamp_us: i64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_time(
                Entity::Session,
                required_id("session_id", session_id)?,
                key!("startTimestamp"),
                timestamp_us,
            )
        })
    })
}

/// Sets when a session ended, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
/// nearest is taken).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_set_end_timestamp(
    logger: *mut maxim_logger,
    session_id: maxim_str,
    timestamp_us: i64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_time(
                Entity::Session,
                required_id("session_id", session_id)?,
                key!("endTimestamp"),
                timestamp_us,
            )
        })
    })
}

/// Ends a session, at the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_session_end(logger: *mut maxim_logger, session_id: maxim_str) -> maxim_status {
    boundary(|| with_logger(logger, |log| log.end(Entity::Session, required_id("session_id", session_id)?)))
}
