//! The Converse response of AWS Bedrock: the same for every model it hosts.
//!
//! It names neither a model nor a time, and its id is the request's, where the AWS client put that
//! beside the response. `inputTokens` leaves cached tokens out, as Anthropic's does; the total is
//! the sum, so that it always matches its parts.

use super::Shape;
use super::completion::{
    Choice, Completion, Head, ToolCall, Usage, append, arguments, filled, finish_reason, sum,
};
use super::node::{Flaw, Node};
use serde_json::Value;

pub(super) const SHAPE: Shape = Shape { name: "an AWS Bedrock Converse response", is, convert };

/// Those without a counterpart (`malformed_tool_use`, …) stay.
const FINISH_REASONS: [(&str, &str); 7] = [
    ("end_turn", "stop"),
    ("stop_sequence", "stop"),
    ("max_tokens", "length"),
    ("model_context_window_exceeded", "length"),
    ("tool_use", "tool_calls"),
    ("guardrail_intervened", "content_filter"),
    ("content_filtered", "content_filter"),
];

fn is(value: &Value) -> bool {
    value.get("output").is_some_and(|output| output.get("message").is_some())
}

fn convert(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let response = Node::root(&value);
    let output = response.need("output")?;
    let message = output.need("message")?;
    let mut choice = Choice { role: filled(message.get_text("role")?), ..Choice::default() };
    for block in message.need("content")?.items()? {
        read_block(&block, &mut choice)?;
    }
    let reason = response.get_text("stopReason")?;
    choice.finish_reason = reason.map(|reason| finish_reason(reason, &FINISH_REASONS));
    let completion = Completion {
        head: Head { id: request_id(&response)?, ..Head::default() },
        choices: vec![choice],
        usage: response.get("usage").map(|usage| read_usage(&usage)).transpose()?,
        ..Completion::default()
    };
    Ok(completion.build(model))
}

/// Where the AWS clients for Python and JavaScript put the id of the request.
fn request_id(response: &Node<'_, '_>) -> Result<Option<String>, Flaw> {
    for (metadata, name) in [("ResponseMetadata", "RequestId"), ("$metadata", "requestId")] {
        if let Some(metadata) = response.get(metadata) {
            return Ok(filled(metadata.get_text(name)?));
        }
    }
    Ok(None)
}

/// A block is a union: the one member it has says what it is.
fn read_block(block: &Node<'_, '_>, choice: &mut Choice) -> Result<(), Flaw> {
    if let Some(text) = block.get_text("text")? {
        append(&mut choice.content, text);
    } else if let Some(tool) = block.get("toolUse") {
        choice.tool_calls.push(ToolCall {
            id: filled(tool.get_text("toolUseId")?),
            name: tool.need("name")?.text()?.to_owned(),
            arguments: arguments(tool.get("input").map(|input| input.value())),
        });
    } else if let Some(reasoning) = block.get("reasoningContent") {
        if let Some(text) = reasoning.get("reasoningText") {
            append(&mut choice.reasoning, text.need("text")?.text()?);
        }
    } else if let Some(cited) = block.get("citationsContent")
        && let Some(parts) = cited.get("content")
    {
        for part in parts.items()? {
            if let Some(text) = part.get_text("text")? {
                append(&mut choice.content, text);
            }
        }
    }
    Ok(())
}

fn read_usage(usage: &Node<'_, '_>) -> Result<Value, Flaw> {
    let cached = usage.get_count("cacheReadInputTokens")?;
    let cache_creation = usage.get_count("cacheWriteInputTokens")?;
    let tokens = Usage {
        prompt: sum(&[usage.get_count("inputTokens")?, cached, cache_creation]),
        completion: usage.get_count("outputTokens")?.unwrap_or_default(),
        cached,
        cache_creation,
        total: None,
        reasoning: None,
    };
    Ok(tokens.build())
}
