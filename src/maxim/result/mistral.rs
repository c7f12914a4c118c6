//! Mistral's chat completion, where it is not OpenAI's.
//!
//! Its envelope is OpenAI's, and a response that uses nothing else passes as one. What is its own:
//! content as an array of parts (text, thinking, references), tool-call arguments as an object,
//! `prefix` in the message, the finish reasons `model_length` and `error`, and its own count of
//! cached tokens.

use super::completion::{Choice, Completion, Usage, append, filled, finish_reason};
use super::node::{Flaw, Node};
use super::openai_stream::read_head;
use super::{Shape, openai_chat};
use serde_json::Value;

pub(super) const SHAPE: Shape = Shape { name: "a Mistral chat completion", is, convert };

/// `error` has no counterpart and stays.
pub(super) const FINISH_REASONS: [(&str, &str); 1] = [("model_length", "length")];

fn is(value: &Value) -> bool {
    let choices = value.get("choices").and_then(Value::as_array);
    choices.is_some_and(|choices| choices.iter().any(is_its_own))
}

fn is_its_own(choice: &Value) -> bool {
    let Some(message) = choice.get("message") else { return false };
    let calls = message.get("tool_calls").and_then(Value::as_array);
    message.get("content").is_some_and(is_its_own_content)
        || message.get("prefix").is_some()
        || choice.get("finish_reason").is_some_and(|reason| reason == "model_length")
        || calls
            .into_iter()
            .flatten()
            .any(|call| call.pointer("/function/arguments").is_some_and(Value::is_object))
}

/// Parts that the log API takes are left to it: other providers send those, and Mistral does not.
fn is_its_own_content(content: &Value) -> bool {
    let is_taken = |part: &Value| part.get("type").is_some_and(|kind| kind == "image_url" || kind == "audio");
    content.as_array().is_some_and(|parts| !parts.iter().any(is_taken))
}

fn convert(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let response = Node::root(&value);
    let mut completion = Completion::default();
    read_head(&response, &mut completion.head)?;
    for (position, choice) in response.need("choices")?.items()?.enumerate() {
        completion.choices.push(read_choice(&choice, position as u64)?);
    }
    completion.usage = response.get("usage").map(|usage| read_usage(&usage)).transpose()?;
    Ok(completion.build(model))
}

fn read_choice(choice: &Node<'_, '_>, position: u64) -> Result<Choice, Flaw> {
    let mut read = Choice::new(choice.get_count("index")?.unwrap_or(position));
    let message = choice.need("message")?;
    read.role = filled(message.get_text("role")?);
    if let Some(content) = message.get("content") {
        read_content(&content, &mut read)?;
    }
    read.tool_calls = openai_chat::read_calls(&message)?;
    let reason = choice.get_text("finish_reason")?;
    read.finish_reason = reason.map(|reason| finish_reason(reason, &FINISH_REASONS));
    Ok(read)
}

/// Reads content that is a text or an array of parts; Mistral's streams carry both too.
pub(super) fn read_content(content: &Node<'_, '_>, choice: &mut Choice) -> Result<(), Flaw> {
    if !content.value().is_array() {
        append(&mut choice.content, content.text()?);
        return Ok(());
    }
    for part in content.items()? {
        match part.need("type")?.text()? {
            "text" => append(&mut choice.content, part.need("text")?.text()?),
            "thinking" => {
                let thinking = part.need("thinking")?;
                if !thinking.value().is_array() {
                    append(&mut choice.reasoning, thinking.text()?);
                    continue;
                }
                for thought in thinking.items()? {
                    if let Some(text) = thought.get_text("text")? {
                        append(&mut choice.reasoning, text);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_usage(usage: &Node<'_, '_>) -> Result<Value, Flaw> {
    let of_details = match usage.get("prompt_tokens_details") {
        Some(details) => details.get_count("cached_tokens")?,
        None => None,
    };
    let tokens = Usage {
        prompt: usage.need("prompt_tokens")?.count()?,
        completion: usage.get_count("completion_tokens")?.unwrap_or_default(),
        total: usage.get_count("total_tokens")?,
        cached: of_details.or(usage.get_count("num_cached_tokens")?),
        ..Usage::default()
    };
    Ok(tokens.build())
}
