//! Google's generateContent response (Gemini API and Vertex AI), whole or as the array of chunks
//! that streamGenerateContent sends: a whole response is a stream of one chunk.
//!
//! Candidates are joined by their index; counts, model and id are those of the last chunk to give
//! them. Member names are read as the JSON form of protocol buffers has them and as the messages
//! declare them (`usageMetadata`, `usage_metadata`): Google's clients write both. A blocked prompt,
//! which has no candidates, comes out as one choice that ended in `content_filter`.

use super::Shape;
use super::completion::{
    Choice, Completion, Head, ToolCall, Usage, append, arguments, filled, finish_reason, sum,
};
use super::node::{Flaw, Node, refuse_error};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const SHAPE: Shape = Shape { name: "a Google Gemini response", is, convert };

/// Those without a counterpart (`OTHER`, `LANGUAGE`, `MALFORMED_FUNCTION_CALL`, …) stay.
const FINISH_REASONS: [(&str, &str); 10] = [
    ("STOP", "stop"),
    ("MAX_TOKENS", "length"),
    ("SAFETY", "content_filter"),
    ("RECITATION", "content_filter"),
    ("BLOCKLIST", "content_filter"),
    ("PROHIBITED_CONTENT", "content_filter"),
    ("SPII", "content_filter"),
    ("IMAGE_SAFETY", "content_filter"),
    ("IMAGE_PROHIBITED_CONTENT", "content_filter"),
    ("IMAGE_RECITATION", "content_filter"),
];

const DECISIVE: [&str; 5] =
    ["candidates", "promptFeedback", "prompt_feedback", "usageMetadata", "usage_metadata"];

fn is(value: &Value) -> bool {
    let decisive = |chunk: &Value| DECISIVE.iter().any(|name| chunk.get(name).is_some());
    match value {
        Value::Array(chunks) => chunks.iter().any(decisive),
        whole => decisive(whole),
    }
}

fn convert(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let mut completion = Completion::default();
    let mut choices: BTreeMap<u64, Choice> = BTreeMap::new();
    let mut block_reason = None;
    for chunk in Node::root(&value).chunks() {
        refuse_error(&chunk)?;
        read_head(&chunk, &mut completion.head)?;
        if let Some(usage) = either(&chunk, "usageMetadata", "usage_metadata") {
            completion.usage = Some(read_usage(&usage)?);
        }
        if let Some(feedback) = either(&chunk, "promptFeedback", "prompt_feedback") {
            let reason = either(&feedback, "blockReason", "block_reason");
            block_reason = reason.map(|reason| reason.text()).transpose()?.or(block_reason);
        }
        let Some(candidates) = chunk.get("candidates") else { continue };
        for (position, candidate) in candidates.items()?.enumerate() {
            let index = candidate.get_count("index")?.unwrap_or(position as u64);
            read_candidate(&candidate, choices.entry(index).or_insert_with(|| Choice::new(index)))?;
        }
    }
    completion.choices = choices.into_values().collect();
    completion.choices.iter_mut().for_each(Choice::finish_with_calls);
    if let (Some(reason), true) = (block_reason, completion.choices.is_empty()) {
        completion.choices.push(Choice {
            refusal: Some(format!("The prompt was blocked: {reason}")),
            finish_reason: Some("content_filter".to_owned()),
            ..Choice::default()
        });
    }
    Ok(completion.build(model))
}

fn read_head(chunk: &Node<'_, '_>, head: &mut Head) -> Result<(), Flaw> {
    if let Some(id) = either(chunk, "responseId", "response_id") {
        head.id = filled(Some(id.text()?));
    }
    if let Some(model) = either(chunk, "modelVersion", "model_version") {
        head.model = filled(Some(model.text()?));
    }
    if let Some(time) = either(chunk, "createTime", "create_time") {
        let time = chrono::DateTime::parse_from_rfc3339(time.text()?)
            .map_err(|_| time.flaw("is not an RFC 3339 time"))?;
        head.created = Some(time.timestamp().into());
    }
    Ok(())
}

fn read_candidate(candidate: &Node<'_, '_>, choice: &mut Choice) -> Result<(), Flaw> {
    if let Some(content) = candidate.get("content")
        && let Some(parts) = content.get("parts")
    {
        for part in parts.items()? {
            read_part(&part, choice)?;
        }
    }
    if let Some(reason) = either(candidate, "finishReason", "finish_reason") {
        choice.finish_reason = Some(finish_reason(reason.text()?, &FINISH_REASONS));
    }
    Ok(())
}

fn read_part(part: &Node<'_, '_>, choice: &mut Choice) -> Result<(), Flaw> {
    if let Some(text) = part.get_text("text")? {
        let is_thought = part.get("thought").is_some_and(|thought| thought.value() == true);
        append(if is_thought { &mut choice.reasoning } else { &mut choice.content }, text);
    }
    if let Some(call) = either(part, "functionCall", "function_call") {
        choice.tool_calls.push(ToolCall {
            id: filled(call.get_text("id")?),
            name: call.need("name")?.text()?.to_owned(),
            arguments: arguments(call.get("args").map(|args| args.value())),
        });
    }
    Ok(())
}

/// `promptTokenCount` has the cached tokens in it; thoughts and the prompts of Google's own tools
/// are counted beside the rest, and within the total.
fn read_usage(usage: &Node<'_, '_>) -> Result<Value, Flaw> {
    let count = |camel, snake| match either(usage, camel, snake) {
        Some(member) => member.count().map(Some),
        None => Ok(None),
    };
    let reasoning = count("thoughtsTokenCount", "thoughts_token_count")?;
    let tokens = Usage {
        prompt: sum(&[
            count("promptTokenCount", "prompt_token_count")?,
            count("toolUsePromptTokenCount", "tool_use_prompt_token_count")?,
        ]),
        completion: sum(&[count("candidatesTokenCount", "candidates_token_count")?, reasoning]),
        total: count("totalTokenCount", "total_token_count")?,
        cached: count("cachedContentTokenCount", "cached_content_token_count")?,
        reasoning,
        cache_creation: None,
    };
    Ok(tokens.build())
}

/// The member under the one name or the other.
fn either<'v, 's>(node: &'s Node<'v, 's>, camel: &'static str, snake: &'static str) -> Option<Node<'v, 's>> {
    node.get(camel).or_else(|| node.get(snake))
}
