//! Anthropic's Messages response: blocks of text, thinking and tool use.
//!
//! Its `input_tokens` leaves cached tokens out; here the prompt counts those read from the cache and
//! those written to it. Thinking tokens are part of its `output_tokens`, and are told apart only
//! where a response does so.

use super::Shape;
use super::completion::{
    Choice, Completion, Head, ToolCall, Usage, append, arguments, filled, finish_reason, sum,
};
use super::node::{Flaw, Node};
use serde_json::Value;

pub(super) const SHAPE: Shape = Shape { name: "an Anthropic message", is, convert };

/// `pause_turn` has no counterpart and stays.
const FINISH_REASONS: [(&str, &str); 6] = [
    ("end_turn", "stop"),
    ("stop_sequence", "stop"),
    ("max_tokens", "length"),
    ("model_context_window_exceeded", "length"),
    ("tool_use", "tool_calls"),
    ("refusal", "content_filter"),
];

fn is(value: &Value) -> bool {
    value.get("type").is_some_and(|kind| kind == "message")
}

/// Also what the stream ends in, once it is put together.
pub(super) fn convert(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let message = Node::root(&value);
    let mut choice = Choice { role: filled(message.get_text("role")?), ..Choice::default() };
    for block in message.need("content")?.items()? {
        read_block(&block, &mut choice)?;
    }
    let reason = message.get_text("stop_reason")?;
    choice.finish_reason = reason.map(|reason| finish_reason(reason, &FINISH_REASONS));
    let completion = Completion {
        head: Head {
            id: filled(message.get_text("id")?),
            model: filled(message.get_text("model")?),
            created: None,
        },
        choices: vec![choice],
        usage: message.get("usage").map(|usage| read_usage(&usage)).transpose()?,
        ..Completion::default()
    };
    Ok(completion.build(model))
}

fn read_block(block: &Node<'_, '_>, choice: &mut Choice) -> Result<(), Flaw> {
    match block.need("type")?.text()? {
        "text" => append(&mut choice.content, block.need("text")?.text()?),
        "thinking" => append(&mut choice.reasoning, block.need("thinking")?.text()?),
        "tool_use" => choice.tool_calls.push(ToolCall {
            id: filled(block.get_text("id")?),
            name: block.need("name")?.text()?.to_owned(),
            arguments: arguments(block.get("input").map(|input| input.value())),
        }),
        _ => {}
    }
    Ok(())
}

fn read_usage(usage: &Node<'_, '_>) -> Result<Value, Flaw> {
    let cached = usage.get_count("cache_read_input_tokens")?;
    let cache_creation = usage.get_count("cache_creation_input_tokens")?;
    let reasoning = match usage.get("output_tokens_details") {
        Some(details) => details.get_count("thinking_tokens")?,
        None => None,
    };
    let tokens = Usage {
        prompt: sum(&[usage.get_count("input_tokens")?, cached, cache_creation]),
        completion: usage.get_count("output_tokens")?.unwrap_or_default(),
        cached,
        cache_creation,
        reasoning,
        total: None,
    };
    Ok(tokens.build())
}
