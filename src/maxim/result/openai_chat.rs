//! OpenAI's chat completion, which passes as it is, and what its relatives have in common with it.
//!
//! The checks are those of the log API's public clients, which drop what fails them without raising
//! an error; here the caller is told. OpenAI-compatible providers (Azure, Groq, Together, …)
//! send the same shape.

use super::Shape;
use super::completion::{ToolCall, arguments, filled};
use super::node::{Flaw, Node};
use serde_json::Value;

pub(super) const SHAPE: Shape = Shape { name: "an OpenAI chat completion", is, convert };

fn is(value: &Value) -> bool {
    value.get("choices").is_some() || value.get("object").is_some_and(|object| object == "chat.completion")
}

fn convert(value: Value, _model: Option<&str>) -> Result<Value, Flaw> {
    check_completion(&Node::root(&value), check_message)?;
    Ok(value)
}

/// Checks a completion, and each choice by what is its own: a message or a text.
pub(super) fn check_completion(
    response: &Node<'_, '_>,
    check_choice: fn(&Node<'_, '_>) -> Result<(), Flaw>,
) -> Result<(), Flaw> {
    response.need("id")?.text()?;
    response.get_text("object")?;
    response.need("created")?.integer()?;
    response.get_text("model")?;
    for choice in response.need("choices")?.items()? {
        choice.need("index")?.integer()?;
        choice.get_text("finish_reason")?;
        check_choice(&choice)?;
    }
    if let Some(usage) = response.get("usage") {
        check_usage(&usage)?;
    }
    if let Some(error) = response.get("error") {
        error.need("message")?.text()?;
    }
    Ok(())
}

/// Checks the counts that the log API reads.
pub(super) fn check_usage(usage: &Node<'_, '_>) -> Result<(), Flaw> {
    for name in ["prompt_tokens", "completion_tokens", "total_tokens"] {
        usage.need(name)?.integer()?;
    }
    Ok(())
}

fn check_message(choice: &Node<'_, '_>) -> Result<(), Flaw> {
    let message = choice.need("message")?;
    message.need("role")?.text()?;
    if let Some(content) = message.get("content") {
        check_content(&content)?;
    }
    if let Some(call) = message.get("function_call") {
        call.need("name")?.text()?;
    }
    if let Some(calls) = message.get("tool_calls") {
        for call in calls.items()? {
            call.need("id")?.text()?;
            call.get_text("type")?;
            if let Some(function) = call.get("function") {
                function.need("name")?.text()?;
            }
        }
    }
    Ok(())
}

/// A text, or parts of the kinds that the log API knows.
fn check_content(content: &Node<'_, '_>) -> Result<(), Flaw> {
    if !content.value().is_array() {
        return content.text().map(|_| ());
    }
    for part in content.items()? {
        let kind = part.need("type")?;
        match kind.text()? {
            "text" => part.need("text")?.text().map(|_| ())?,
            "audio" | "image_url" => {}
            _ => return Err(kind.flaw("is none of `text`, `audio`, `image_url`")),
        }
    }
    Ok(())
}

/// Reads the tool calls of a message of a provider that sends them in OpenAI's form, or nearly so.
pub(super) fn read_calls(message: &Node<'_, '_>) -> Result<Vec<ToolCall>, Flaw> {
    let Some(calls) = message.get("tool_calls") else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for call in calls.items()? {
        let function = call.need("function")?;
        read.push(ToolCall {
            id: filled(call.get_text("id")?),
            name: function.need("name")?.text()?.to_owned(),
            arguments: arguments(function.get("arguments").map(|given| given.value())),
        });
    }
    Ok(read)
}
