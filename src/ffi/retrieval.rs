//! Retrievals: one look-up of documents.

use super::boundary::boundary;
use super::entities::{add_attachment, with_logger};
use super::logger::maxim_logger;
use super::structs::maxim_attachment;
use super::types::*;
use crate::maxim::Entity;
use crate::text::json::Shape;
use crate::text::object::key;

/// Sets what a retrieval looks for, as text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_set_input(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    input: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_text(
                Entity::Retrieval,
                required_id("retrieval_id", retrieval_id)?,
                key!("input"),
                required("input", input)?,
            )
        })
    })
}

/// Sets what a retrieval looks for, as any JSON value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_set_input_json(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    input_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_json(
                Entity::Retrieval,
                required_id("retrieval_id", retrieval_id)?,
                key!("input"),
                required_json("input_json", input_json)?,
                Shape::Any,
            )
        })
    })
}

/// Sets what a retrieval looks for, as text.
#[deprecated(note = "use maxim_retrieval_set_input")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_input(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    input: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_text(
                Entity::Retrieval,
                required_id("retrieval_id", retrieval_id)?,
                key!("input"),
                required("input", input)?,
            )
        })
    })
}

/// Logs the documents that were found, and ends the retrieval: a JSON array of strings or objects; any
/// other JSON value is taken as the only document.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_set_output(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    documents_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.retrieval_output(
                required_id("retrieval_id", retrieval_id)?,
                required_json("documents_json", documents_json)?,
            )
        })
    })
}

/// Logs the documents that were found, and ends the retrieval: a JSON array of strings or objects; any
/// other JSON value is taken as the only document.
#[deprecated(note = "use maxim_retrieval_set_output")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_output(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    documents_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.retrieval_output(
                required_id("retrieval_id", retrieval_id)?,
                required_json("documents_json", documents_json)?,
            )
        })
    })
}

/// Adds one tag to a retrieval. A tag given again replaces the earlier value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_add_tag(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    key: maxim_str,
    value: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_tag(
                Entity::Retrieval,
                required_id("retrieval_id", retrieval_id)?,
                required("key", key)?,
                required("value", value)?,
            )
        })
    })
}

/// Adds metadata to a retrieval: a JSON object. Values that are not strings are sent as their JSON text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_add_metadata(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    metadata_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metadata(
                Entity::Retrieval,
                required_id("retrieval_id", retrieval_id)?,
                required_json("metadata_json", metadata_json)?,
            )
        })
    })
}

/// Adds a named number to a retrieval. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_add_metric(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    name: maxim_str,
    value: f64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metric(
                Entity::Retrieval,
                required_id("retrieval_id", retrieval_id)?,
                required("name", name)?,
                value,
            )
        })
    })
}

/// Attaches a file, bytes or a URL to a retrieval; see `maxim_attachment`.
///
/// The call returns at once: a file is read and uploaded later, by the library's own threads, and
/// must stay as it is until then; bytes are copied during the call. The attachment shows up when its
/// upload has succeeded. `out_id`, which may be NULL, receives its id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_add_attachment(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    attachment: *const maxim_attachment,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| add_attachment(logger, Entity::Retrieval, ("retrieval_id", retrieval_id), attachment, out_id))
}

/// Has a retrieval evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_evaluate_with_evaluators(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_evaluators(
                Entity::Retrieval,
                required_id("retrieval_id", retrieval_id)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Has a retrieval evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
/// evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_evaluate_with_variables(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
    variables_json: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_variables(
                Entity::Retrieval,
                required_id("retrieval_id", retrieval_id)?,
                required_json("variables_json", variables_json)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Ends a retrieval, at the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_retrieval_end(
    logger: *mut maxim_logger,
    retrieval_id: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| log.end(Entity::Retrieval, required_id("retrieval_id", retrieval_id)?))
    })
}
