//! Google's Interactions API: an interaction with its steps (or outputs, as it first had them), whole or as
//! the events of its stream.
//!
//! Steps of its own tools stand in the message's `server_tool_calls`, other steps in `other_content`; the
//! status of an interaction that has not completed is its finish reason.

use super::completion::{AssistantToolCall, Choice, Completion, Usage};
use super::parts::{append, arguments, finish_reason, sum};
use super::value::{self, Read, merge_members, push, rest, seconds};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "a Google interaction", is, convert };

pub(super) const STREAM: ResponseShape =
    ResponseShape { name: "a Google interaction stream", is: is_stream, convert: convert_stream };

const FINISH_REASONS: [(&str, &str); 3] =
    [("completed", "stop"), ("requires_action", "tool_calls"), ("incomplete", "length")];

fn is(value: &Value) -> bool {
    value.get("object").is_some_and(|object| object == "interaction")
}

fn is_stream(value: &Value) -> bool {
    let is_event = |event: &Value| {
        event.text("event_type").is_some_and(|kind| {
            ["interaction.", "step.", "content."].iter().any(|begin| kind.starts_with(begin))
        })
    };
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let steps = ["steps", "outputs"].map(|name| value.list(name));
    build(&value, steps.into_iter().flatten(), None, context)
}

fn build<'v>(
    interaction: &Value,
    steps: impl Iterator<Item = &'v Value>,
    failed: Option<Value>,
    context: &mut Context<'_>,
) -> Value {
    let mut choice =
        Choice { role: interaction.filled("role").filter(|role| role != "model"), ..Choice::default() };
    for step in steps {
        read_step(step, &mut choice, context);
    }
    let status = interaction.filled("status").filter(|status| status != "in_progress");
    choice.finish_reason = status.map(|status| finish_reason(&status, &FINISH_REASONS));
    choice.finish_with_calls();
    let known = ["id", "object", "model", "status", "created", "usage", "steps", "outputs", "role", "error"];
    let completion = Completion {
        id: interaction.filled("id"),
        created: interaction.given("created").and_then(seconds),
        model: interaction.filled("model").or_else(|| interaction.filled("agent")),
        choices: vec![choice],
        usage: interaction.given("usage").filter(|usage| usage.is_object()).map(read_usage),
        error: interaction.given("error").map(|error| error::describe(error, error)).or(failed),
        extra: rest(interaction, &known),
    };
    completion.build(context)
}

fn read_step(step: &Value, choice: &mut Choice, context: &mut Context<'_>) {
    let kind = step.text("type").unwrap_or_default();
    if let Some(signature) = step.filled("signature") {
        push(&mut choice.message, "reasoning_signatures", signature.into());
    }
    match kind {
        "thought" => {
            for part in step.list("summary").iter().chain(step.list("content")) {
                if let Some(text) = part.as_str().or_else(|| part.text("text")) {
                    append(&mut choice.reasoning, text);
                }
            }
        }
        "model_output" => {
            step.list("content").iter().for_each(|part| read_step(part, choice, context));
            for annotation in step.list("annotations") {
                push(&mut choice.message, "annotations", annotation.clone());
            }
        }
        "text" => {
            append(&mut choice.content, step.text("text").unwrap_or_default());
            for annotation in step.list("annotations") {
                push(&mut choice.message, "annotations", annotation.clone());
            }
        }
        "image" | "audio" | "video" | "document" => {
            let mime = step.text("mime_type");
            let kept = step.text("data").and_then(|data| context.keep_base64(mime, data));
            let name = if kept.is_some() { "images" } else { "other_content" };
            push(&mut choice.message, name, kept.unwrap_or_else(|| step.clone()));
        }
        "function_call" => choice.tool_calls.push(AssistantToolCall {
            id: step.filled("id"),
            name: step.filled("name").unwrap_or_default(),
            arguments: arguments(step.given("arguments")),
            ..AssistantToolCall::default()
        }),
        "user_input" => {}
        _ if kind.ends_with("_call") || kind.ends_with("_result") => {
            push(&mut choice.message, "server_tool_calls", step.clone());
        }
        _ => push(&mut choice.message, "other_content", step.clone()),
    }
}

fn read_usage(usage: &Value) -> Value {
    let thoughts = usage.count("total_thought_tokens").or_else(|| usage.count("total_reasoning_tokens"));
    let tokens = Usage {
        prompt: sum(&[usage.count("total_input_tokens"), usage.count("total_tool_use_tokens")]),
        completion: sum(&[usage.count("total_output_tokens"), thoughts]),
        total: usage.count("total_tokens"),
        cached: usage.count("total_cached_tokens"),
        reasoning: thoughts,
        cache_creation: None,
    };
    let counted = ["total_input_tokens", "total_output_tokens", "total_tokens", "total_cached_tokens"];
    tokens.build_with(rest(usage, &counted))
}

fn convert_stream(value: Value, context: &mut Context<'_>) -> Value {
    let mut interaction = Map::new();
    let mut steps: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let mut failed = None;
    for event in value.as_array().into_iter().flatten() {
        if let Some(error) = error::error_of(event) {
            failed = Some(error);
        }
        if let Some(news) = event.object("interaction") {
            merge_members(&mut interaction, news.clone());
        }
        let index = event.count("index").unwrap_or_default();
        if let Some(step) = event.object("step").or_else(|| event.object("content")) {
            merge_members(steps.entry(index).or_default(), step.clone());
        }
        if let Some(delta) = event.given("delta") {
            read_delta(delta, steps.entry(index).or_default());
        }
    }
    // The last event may carry the steps itself.
    let interaction = Value::Object(interaction);
    let whole: Vec<Value> =
        ["steps", "outputs"].iter().flat_map(|name| interaction.list(name)).cloned().collect();
    let steps = if whole.is_empty() { steps.into_values().map(Value::Object).collect() } else { whole };
    build(&interaction, steps.iter(), failed, context)
}

fn read_delta(delta: &Value, step: &mut Map<String, Value>) {
    let kind = delta.text("type").unwrap_or_default();
    match (kind, delta.given("arguments")) {
        (_, Some(Value::String(more))) => value::append(step, "arguments", more),
        ("text", _) => {
            let is_text = step.text("type").is_none_or(|kind| kind == "text");
            let text = delta.text("text").unwrap_or_default();
            if is_text {
                step.entry("type").or_insert_with(|| "text".into());
                value::append(step, "text", text);
            } else {
                push(step, "content", delta.clone());
            }
        }
        ("thought_signature", _) => {
            value::append(step, "signature", delta.text("signature").unwrap_or_default())
        }
        ("thought_summary", _) => push(step, "summary", delta.given("content").unwrap_or(delta).clone()),
        ("image" | "audio" | "video", _) if step.text("type") == Some("model_output") => {
            push(step, "content", delta.clone());
        }
        _ => merge_members(step, rest(delta, &["type"])),
    }
}
