//! Cohere's chat response, of both versions of its API.
//!
//! Version 2 has a message with parts and tool calls in OpenAI's form; version 1 has a `text` beside
//! the history, and tool calls without ids. Both count the tokens that the model saw and, apart,
//! those that are billed: the former are taken, the latter only in their place. Cohere documents
//! its counts as floats.

use super::completion::{
    Choice, Completion, Head, ToolCall, Usage, append, arguments, filled, finish_reason,
};
use super::node::{Flaw, Node};
use super::{Shape, openai_chat};
use serde_json::Value;

pub(super) const V1: Shape = Shape { name: "a Cohere chat response (v1)", is: is_v1, convert: convert_v1 };

pub(super) const V2: Shape = Shape { name: "a Cohere chat response (v2)", is: is_v2, convert: convert_v2 };

/// Those without a counterpart (`ERROR`, `TIMEOUT`, `USER_CANCEL`) stay.
const FINISH_REASONS: [(&str, &str); 6] = [
    ("COMPLETE", "stop"),
    ("STOP_SEQUENCE", "stop"),
    ("MAX_TOKENS", "length"),
    ("ERROR_LIMIT", "length"),
    ("TOOL_CALL", "tool_calls"),
    ("ERROR_TOXIC", "content_filter"),
];

fn is_v1(value: &Value) -> bool {
    value.get("text").is_some()
        && ["generation_id", "response_id", "chat_history"].iter().any(|name| value.get(name).is_some())
}

fn is_v2(value: &Value) -> bool {
    value.get("message").is_some() && value.get("finish_reason").is_some()
}

fn convert_v1(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let response = Node::root(&value);
    let mut choice = Choice { content: Some(response.need("text")?.text()?.to_owned()), ..Choice::default() };
    if let Some(calls) = response.get("tool_calls") {
        for call in calls.items()? {
            choice.tool_calls.push(ToolCall {
                id: None,
                name: call.need("name")?.text()?.to_owned(),
                arguments: arguments(call.get("parameters").map(|parameters| parameters.value())),
            });
        }
    }
    choice.finish_reason = read_finish_reason(&response)?;
    choice.finish_with_calls();
    let id = filled(response.get_text("generation_id")?).or(filled(response.get_text("response_id")?));
    build(id, choice, response.get("meta"), model)
}

fn convert_v2(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let response = Node::root(&value);
    let message = response.need("message")?;
    let mut choice = Choice { role: filled(message.get_text("role")?), ..Choice::default() };
    if let Some(plan) = message.get_text("tool_plan")? {
        append(&mut choice.reasoning, plan);
    }
    if let Some(content) = message.get("content") {
        for part in content.items()? {
            match part.need("type")?.text()? {
                "text" => append(&mut choice.content, part.need("text")?.text()?),
                "thinking" => append(&mut choice.reasoning, part.need("thinking")?.text()?),
                _ => {}
            }
        }
    }
    choice.tool_calls = openai_chat::read_calls(&message)?;
    choice.finish_reason = read_finish_reason(&response)?;
    build(filled(response.get_text("id")?), choice, response.get("usage"), model)
}

fn read_finish_reason(response: &Node<'_, '_>) -> Result<Option<String>, Flaw> {
    let reason = response.get_text("finish_reason")?;
    Ok(reason.map(|reason| finish_reason(reason, &FINISH_REASONS)))
}

fn build(
    id: Option<String>,
    choice: Choice,
    counts: Option<Node<'_, '_>>,
    model: Option<&str>,
) -> Result<Value, Flaw> {
    let usage = match counts {
        Some(counts) => read_usage(&counts)?,
        None => None,
    };
    let head = Head { id, ..Head::default() };
    Ok(Completion { head, choices: vec![choice], usage, ..Completion::default() }.build(model))
}

/// Reads `usage` of version 2 or `meta` of version 1, which count alike.
fn read_usage(counts: &Node<'_, '_>) -> Result<Option<Value>, Flaw> {
    let Some(tokens) = counts.get("tokens").or_else(|| counts.get("billed_units")) else {
        return Ok(None);
    };
    let usage = Usage {
        prompt: tokens.get_count("input_tokens")?.unwrap_or_default(),
        completion: tokens.get_count("output_tokens")?.unwrap_or_default(),
        cached: counts.get_count("cached_tokens")?,
        ..Usage::default()
    };
    Ok(Some(usage.build()))
}
