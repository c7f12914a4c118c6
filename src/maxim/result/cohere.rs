//! Cohere's chat response, of both versions of its API, whole or as a stream of events.
//!
//! Version 2 has a message with parts and tool calls in OpenAI's form; version 1 has a `text` beside
//! the history, and tool calls without ids. Both count the tokens that the model saw and, apart,
//! those that are billed: the former are taken, the latter only in their place, and kept beside them. Cohere
//! documents its counts as floats. Citations stand in the message; documents, search queries and whatever
//! else the response says stay under their own names.

use super::completion::{AssistantToolCall, Choice, Completion, Usage};
use super::parts::{append, arguments, finished};
use super::value::{self, Read, push, rest};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const V1: ResponseShape =
    ResponseShape { name: "a Cohere chat response (v1)", is: is_v1, convert: convert_v1 };

pub(super) const V2: ResponseShape =
    ResponseShape { name: "a Cohere chat response (v2)", is: is_v2, convert: convert_v2 };

pub(super) const V1_STREAM: ResponseShape =
    ResponseShape { name: "a Cohere chat stream (v1)", is: is_v1_stream, convert: convert_v1_stream };

pub(super) const V2_STREAM: ResponseShape =
    ResponseShape { name: "a Cohere chat stream (v2)", is: is_v2_stream, convert: convert_v2_stream };

/// Those without a counterpart (`ERROR`, `TIMEOUT`, `USER_CANCEL`) stay.
pub(super) const FINISH_REASONS: [(&str, &str); 6] = [
    ("COMPLETE", "stop"),
    ("STOP_SEQUENCE", "stop"),
    ("MAX_TOKENS", "length"),
    ("ERROR_LIMIT", "length"),
    ("TOOL_CALL", "tool_calls"),
    ("ERROR_TOXIC", "content_filter"),
];

fn is_v1(value: &Value) -> bool {
    let names = ["generation_id", "response_id", "chat_history"];
    value.get("text").is_some() && names.iter().any(|name| value.get(name).is_some())
}

fn is_v2(value: &Value) -> bool {
    let Some(message) = value.given("message").filter(|message| message.is_object()) else { return false };
    // One that was cut short has no reason yet, and the parts of a message that is nobody else's.
    let is_begun = || {
        message.text("role") == Some("assistant")
            && ["content", "tool_calls"].iter().any(|name| message.given(name).is_some_and(Value::is_array))
            && ["type", "model", "id"].iter().all(|name| message.get(*name).is_none())
            && ["done", "created_at", "model"].iter().all(|name| value.get(*name).is_none())
    };
    value.get("finish_reason").is_some() || is_begun()
}

fn is_v1_stream(value: &Value) -> bool {
    let is_event = |event: &Value| {
        event
            .get("event_type")
            .is_some_and(|kind| kind == "text-generation" || kind == "stream-start" || kind == "stream-end")
            || (event.get("is_finished").is_some() && event.get("text").is_some())
    };
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn is_v2_stream(value: &Value) -> bool {
    let kinds = ["message-start", "content-delta", "message-end", "tool-call-start", "tool-plan-delta"];
    let is_event = |event: &Value| event.text("type").is_some_and(|kind| kinds.contains(&kind));
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn convert_v1(value: Value, context: &mut Context<'_>) -> Value {
    v1(&value).build(context)
}

fn v1(response: &Value) -> Completion {
    let mut choice = Choice { content: response.filled("text"), ..Choice::default() };
    if choice.content.is_none() {
        choice.content = response.text("text").map(str::to_owned);
    }
    for call in response.list("tool_calls") {
        choice.tool_calls.push(AssistantToolCall {
            name: call.filled("name").unwrap_or_default(),
            arguments: arguments(call.given("parameters")),
            ..AssistantToolCall::default()
        });
    }
    for citation in response.list("citations") {
        push(&mut choice.message, "citations", citation.clone());
    }
    choice.finish_reason = finished(response, "finish_reason", &FINISH_REASONS);
    choice.finish_with_calls();
    let known = [
        "text",
        "tool_calls",
        "citations",
        "finish_reason",
        "generation_id",
        "response_id",
        "chat_history",
        "meta",
        "message",
        "is_finished",
        "event_type",
        "amazon-bedrock-invocationMetrics",
    ];
    let meta = response.given("meta");
    let mut extra = rest(response, &known);
    value::add_new(
        &mut extra,
        meta.map(|meta| rest(meta, &["tokens", "billed_units", "cached_tokens"])).unwrap_or_default(),
    );
    Completion {
        id: response.filled("generation_id").or_else(|| response.filled("response_id")),
        choices: vec![choice],
        usage: meta.and_then(read_usage).or_else(|| super::generators::invocation_usage(response)),
        extra,
        ..Completion::default()
    }
}

fn convert_v2(value: Value, context: &mut Context<'_>) -> Value {
    v2(&value).build(context)
}

fn v2(response: &Value) -> Completion {
    let message = response.given("message").unwrap_or(&Value::Null);
    let mut choice = Choice { role: message.filled("role"), ..Choice::default() };
    if let Some(plan) = message.text("tool_plan") {
        append(&mut choice.reasoning, plan);
    }
    for part in message.list("content") {
        let kind = part.text("type").unwrap_or_default();
        match (part.as_str().or_else(|| part.text("text")), part.text("thinking")) {
            (_, Some(thinking)) if kind == "thinking" => append(&mut choice.reasoning, thinking),
            (Some(text), _) if matches!(kind, "text" | "") => append(&mut choice.content, text),
            _ => push(&mut choice.message, "other_content", part.clone()),
        }
    }
    for call in message.list("tool_calls") {
        let function = call.given("function").unwrap_or(&Value::Null);
        choice.tool_calls.push(AssistantToolCall {
            id: call.filled("id"),
            name: function.filled("name").unwrap_or_default(),
            arguments: arguments(function.given("arguments")),
            ..AssistantToolCall::default()
        });
    }
    choice.finish_reason = finished(response, "finish_reason", &FINISH_REASONS);
    choice.logprobs = response.given("logprobs").map(|logprobs| json!({"content": logprobs}));
    value::add_new(&mut choice.message, rest(message, &["role", "content", "tool_plan", "tool_calls"]));
    let known = ["id", "message", "finish_reason", "usage", "logprobs", "error"];
    Completion {
        id: response.filled("id"),
        choices: vec![choice],
        usage: response.given("usage").and_then(read_usage),
        error: response.given("error").map(|error| error::describe(error, error)),
        extra: rest(response, &known),
        ..Completion::default()
    }
}

/// Reads `usage` of version 2 or `meta` of version 1, which count alike.
fn read_usage(counts: &Value) -> Option<Value> {
    let tokens = counts.either(&["tokens", "billed_units"])?;
    let usage = Usage {
        prompt: tokens.count("input_tokens").unwrap_or_default(),
        completion: tokens.count("output_tokens").unwrap_or_default(),
        cached: counts.count("cached_tokens"),
        reasoning: tokens.count("reasoning_tokens").or_else(|| counts.count("reasoning_tokens")),
        ..Usage::default()
    };
    let mut more = rest(tokens, &["input_tokens", "output_tokens", "reasoning_tokens"]);
    if let Some(billed) = counts.given("billed_units") {
        more.insert("billed_units".to_owned(), billed.clone());
    }
    value::add_new(
        &mut more,
        rest(counts, &["tokens", "billed_units", "cached_tokens", "api_version", "warnings"]),
    );
    Some(usage.build_with(more))
}

/// The end of a stream of version 1 carries the whole response; a stream that was cut short has none.
fn convert_v1_stream(value: Value, context: &mut Context<'_>) -> Value {
    let mut assembled = Map::new();
    let mut failed = None;
    for event in value.as_array().into_iter().flatten() {
        failed = error::error_of(event).or(failed);
        if let Some(response) = event.object("response") {
            let whole = response.clone();
            assembled.extend(whole.into_iter().filter(|(_, member)| !member.is_null()));
        } else if let Some(text) = event.text("text") {
            value::append(&mut assembled, "text", text);
        }
        let lists = ["tool_calls", "citations", "documents", "search_queries", "search_results"];
        for name in lists {
            if let (Some(more), None) = (event.given(name), event.given("response")) {
                let before = assembled.entry(name).or_insert_with(|| json!([]));
                value::merge(before, more);
            }
        }
        let known = ["response", "text", "event_type", "is_finished", "tool_call_delta", "error"];
        let mut more = rest(event, &known);
        more.retain(|name, _| !lists.contains(&name.as_str()));
        value::merge_members(&mut assembled, more);
    }
    let mut completion = v1(&Value::Object(assembled));
    completion.error = failed;
    completion.build(context)
}

fn convert_v2_stream(value: Value, context: &mut Context<'_>) -> Value {
    let mut response = Map::new();
    let mut message = Map::new();
    let mut parts: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let mut calls: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let mut failed = None;
    let nothing = Value::Null;
    for event in value.as_array().into_iter().flatten() {
        failed = error::error_of(event).or(failed);
        let index = event.count("index").unwrap_or_default();
        let delta = event.given("delta").unwrap_or(&nothing);
        let said = delta.given("message").unwrap_or(&nothing);
        match event.text("type").unwrap_or_default() {
            "message-start" => {
                response.insert("id".to_owned(), event.given("id").cloned().unwrap_or_default());
                message.insert("role".to_owned(), said.given("role").cloned().unwrap_or_default());
            }
            "content-start" | "content-delta" => {
                join(parts.entry(index).or_default(), said.given("content"), &["text", "thinking"]);
                if let Some(logprobs) = event.given("logprobs").or_else(|| delta.given("logprobs")) {
                    push(&mut response, "logprobs", logprobs.clone());
                }
            }
            "tool-plan-delta" => {
                value::append(&mut message, "tool_plan", said.text("tool_plan").unwrap_or_default());
            }
            "tool-call-start" | "tool-call-delta" => {
                for call in said.list("tool_calls").iter().take(1) {
                    let whole = calls.entry(index).or_default();
                    let mut function = match whole.remove("function") {
                        Some(Value::Object(function)) => function,
                        _ => Map::new(),
                    };
                    join(&mut function, call.given("function"), &["arguments"]);
                    value::merge_members(whole, rest(call, &["function"]));
                    whole.insert("function".to_owned(), Value::Object(function));
                }
            }
            "citation-start" => {
                for citation in said.list("citations") {
                    push(&mut message, "citations", citation.clone());
                }
            }
            "message-end" => {
                value::merge_members(&mut response, rest(delta, &["error"]));
                failed = delta.given("error").map(|error| error::describe(error, error)).or(failed);
            }
            _ => {}
        }
    }
    let objects = |members: BTreeMap<u64, Map<String, Value>>| {
        members.into_values().map(Value::Object).collect::<Vec<_>>()
    };
    message.insert("content".to_owned(), objects(parts).into());
    message.insert("tool_calls".to_owned(), objects(calls).into());
    response.insert("message".to_owned(), Value::Object(message));
    let mut completion = v2(&Value::Object(response));
    completion.error = failed;
    completion.build(context)
}

/// Adds a fragment: these texts grow, other members are set.
fn join(whole: &mut Map<String, Value>, fragment: Option<&Value>, growing: &[&str]) {
    for (name, part) in fragment.and_then(Value::as_object).into_iter().flatten() {
        match part {
            Value::String(text) if growing.contains(&name.as_str()) => value::append(whole, name, text),
            Value::Null => {}
            part => drop(whole.insert(name.clone(), part.clone())),
        }
    }
}
