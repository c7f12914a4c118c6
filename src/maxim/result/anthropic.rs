//! Anthropic's Messages response: blocks of text, thinking and tool use.
//!
//! Its `input_tokens` leaves cached tokens out; here the prompt counts those read from the cache and
//! those written to it. Thinking tokens are part of its `output_tokens`, and are told apart only
//! where a response does so. Citations stand in the message's `citations`; the calls and results of
//! Anthropic's own tools in `server_tool_calls`, signatures of thinking in `reasoning_signatures`, other
//! blocks in `other_content`: as they came, in their order. What else it counts stays in `usage`.

use super::completion::{AssistantToolCall, Choice, Completion, Usage};
use super::parts::{append, arguments, finished, sum};
use super::value::{Read, push, rest};
use super::{Context, ResponseShape};
use serde_json::{Map, Value};

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "an Anthropic message", is, convert };

/// `pause_turn` has no counterpart and stays.
pub(super) const FINISH_REASONS: [(&str, &str); 6] = [
    ("end_turn", "stop"),
    ("stop_sequence", "stop"),
    ("max_tokens", "length"),
    ("model_context_window_exceeded", "length"),
    ("tool_use", "tool_calls"),
    ("refusal", "content_filter"),
];

fn is(value: &Value) -> bool {
    let is_content = |content: &Value| content.is_array() || content.is_string();
    let is_blocks = |content: &Value| {
        content.as_array().is_some_and(|blocks| blocks.iter().any(|block| block.text("type").is_some()))
    };
    match value.get("content") {
        Some(content) if value.get("type").is_some_and(|kind| kind == "message") => is_content(content),
        Some(content) => is_blocks(content) && value.get("stop_reason").is_some(),
        None => false,
    }
}

/// Also what the stream ends in, once it is put together.
pub(super) fn convert(value: Value, context: &mut Context<'_>) -> Value {
    message(&value).build(context)
}

pub(super) fn message(message: &Value) -> Completion {
    let mut choice = Choice { role: message.filled("role"), ..Choice::default() };
    for block in message.list("content") {
        read_block(block, &mut choice);
    }
    choice.finish_reason = finished(message, "stop_reason", &FINISH_REASONS);
    for name in ["stop_sequence", "stop_details"] {
        if let Some(member) = message.given(name) {
            choice.extra.insert(name.to_owned(), member.clone());
        }
    }
    let known =
        ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage"];
    Completion {
        id: message.filled("id"),
        model: message.filled("model"),
        choices: vec![choice],
        usage: message.given("usage").filter(|usage| usage.is_object()).map(read_usage),
        extra: rest(message, &known),
        ..Completion::default()
    }
}

fn read_block(block: &Value, choice: &mut Choice) {
    if let Value::String(text) = block {
        append(&mut choice.content, text);
        return;
    }
    let kind = block.text("type").unwrap_or_default();
    match kind {
        "text" | "output_text" | "" if block.text("text").is_some() => {
            append(&mut choice.content, block.text("text").unwrap_or_default());
            for citation in block.list("citations") {
                push(&mut choice.message, "citations", citation.clone());
            }
        }
        "thinking" if block.text("thinking").is_some() => {
            append(&mut choice.reasoning, block.text("thinking").unwrap_or_default());
            if let Some(signature) = block.filled("signature") {
                push(&mut choice.message, "reasoning_signatures", signature.into());
            }
        }
        "tool_use" => choice.tool_calls.push(AssistantToolCall {
            id: block.filled("id"),
            name: block.filled("name").unwrap_or_default(),
            arguments: arguments(block.given("input")),
            extra: rest(block, &["type", "id", "name", "input", "function"]),
        }),
        _ if kind.ends_with("tool_use") || kind.ends_with("tool_result") => {
            push(&mut choice.message, "server_tool_calls", block.clone());
        }
        _ if block.is_null() => {}
        _ => push(&mut choice.message, "other_content", block.clone()),
    }
}

fn read_usage(usage: &Value) -> Value {
    let cached = usage.count("cache_read_input_tokens");
    let cache_creation = usage.count("cache_creation_input_tokens");
    let details = usage.given("output_tokens_details");
    let tokens = Usage {
        prompt: sum(&[usage.count("input_tokens"), cached, cache_creation]),
        completion: usage.count("output_tokens").unwrap_or_default(),
        cached,
        cache_creation,
        reasoning: details.and_then(|details| details.count("thinking_tokens")),
        total: None,
    };
    let counted = ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
    let more: Map<String, Value> = rest(usage, &counted);
    tokens.build_with(more)
}
