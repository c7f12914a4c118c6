//! Generations: one call of a model.

use super::boundary::boundary;
use super::entities::{add_attachment, failure, force, with_logger};
use super::logger::maxim_logger;
use super::structs::{maxim_attachment, maxim_error_config};
use super::types::*;
use crate::maxim::Entity;
use crate::maxim::create::provider_name;
use crate::text::object::key;

/// Sets the model of a generation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_set_model(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    model: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_text(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                key!("model"),
                required("model", model)?,
            )
        })
    })
}

/// Sets the provider of a generation: openai, azure, anthropic, huggingface, together, google, groq,
/// bedrock, cohere, fireworks or elevenlabs, in any case; others are logged as `unknown`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_set_provider(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    provider: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            let provider = provider_name(Some(required("provider", provider)?));
            log.set_text(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                key!("provider"),
                provider,
            )
        })
    })
}

/// Sets the name of a generation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_set_name(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    name: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_text(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                key!("name"),
                required("name", name)?,
            )
        })
    })
}

/// Adds a message to a generation: a JSON object with `role` and `content`.
///
/// Images and audio in it become attachments of the generation, as in `maxim_generation_config.messages_json`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_add_message(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    message_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_message(
                required_id("generation_id", generation_id)?,
                required_json("message_json", message_json)?,
            )
        })
    })
}

/// Sets the model's parameters: a JSON object. Values that are not strings are sent as their JSON text,
/// null members are left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_set_model_parameters(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    parameters_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_model_parameters(
                required_id("generation_id", generation_id)?,
                required_json("parameters_json", parameters_json)?,
            )
        })
    })
}

/// Logs what the model answered, and ends the generation.
///
/// `result_json` is the provider's own response: an OpenAI chat completion, text completion or
/// Responses object, an Anthropic message, a Gemini generateContent response, an AWS Bedrock Converse
/// response, a Mistral or Cohere chat response, or the array of chunks of an OpenAI or Anthropic
/// stream. Anything else is MAXIM_ERR_INVALID_RESULT, with the reason in `maxim_last_error`, and nothing
/// is logged; with MAXIM_RESULT_FORCE in `flags` (else 0) any JSON object is sent as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_result(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    result_json: maxim_str,
    flags: u32,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.generation_result(
                required_id("generation_id", generation_id)?,
                required_json("result_json", result_json)?,
                force(flags)?,
            )
        })
    })
}

/// Logs that the model failed, and ends the generation. Of `config`, the message, code and type are
/// used; all may be absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_error(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    config: *const maxim_error_config,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            let config = read(config)?;
            log.generation_error(required_id("generation_id", generation_id)?, failure(&config)?)
        })
    })
}

/// Adds what a generation cost, in US dollars. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_add_cost(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    input: f64,
    output: f64,
    total: f64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_cost(required_id("generation_id", generation_id)?, input, output, total)
        })
    })
}

/// Adds a named number to a generation. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_add_metric(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    name: maxim_str,
    value: f64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metric(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                required("name", name)?,
                value,
            )
        })
    })
}

/// Adds one tag to a generation. A tag given again replaces the earlier value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_add_tag(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    key: maxim_str,
    value: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_tag(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                required("key", key)?,
                required("value", value)?,
            )
        })
    })
}

/// Adds metadata to a generation: a JSON object. Values that are not strings are sent as their JSON text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_add_metadata(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    metadata_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.add_metadata(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                required_json("metadata_json", metadata_json)?,
            )
        })
    })
}

/// Attaches a file, bytes or a URL to a generation; see `maxim_attachment`.
///
/// The call returns at once: a file is read and uploaded later, by the library's own threads, and
/// must stay as it is until then; bytes are copied during the call. The attachment shows up when its
/// upload has succeeded. `out_id`, which may be NULL, receives its id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_add_attachment(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    attachment: *const maxim_attachment,
    out_id: *mut maxim_id,
) -> maxim_status {
    boundary(|| {
        add_attachment(logger, Entity::Generation, ("generation_id", generation_id), attachment, out_id)
    })
}

/// Has a generation evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_evaluate_with_evaluators(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_evaluators(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Has a generation evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
/// evaluators named in `evaluators_json`, a JSON array of at least one string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_evaluate_with_variables(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    variables_json: maxim_str,
    evaluators_json: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.evaluate_with_variables(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                required_json("variables_json", variables_json)?,
                required_json("evaluators_json", evaluators_json)?,
            )
        })
    })
}

/// Sets when a generation began, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
/// nearest is taken).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_set_start_timestamp(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    timestamp_us: i64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_time(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                key!("startTimestamp"),
                timestamp_us,
            )
        })
    })
}

/// Sets when a generation ended, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
/// nearest is taken).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_set_end_timestamp(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
    timestamp_us: i64,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| {
            log.set_time(
                Entity::Generation,
                required_id("generation_id", generation_id)?,
                key!("endTimestamp"),
                timestamp_us,
            )
        })
    })
}

/// Ends a generation, at the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_generation_end(
    logger: *mut maxim_logger,
    generation_id: maxim_str,
) -> maxim_status {
    boundary(|| {
        with_logger(logger, |log| log.end(Entity::Generation, required_id("generation_id", generation_id)?))
    })
}
