//! The AI SDK's own forms: what `generateText` and a provider's `doGenerate` answer, what `streamText`, `doStream` and the
//! UI message stream send, and a UI message. Versions 4 to 6.
//!
//! Its parts become members of a chat completion's message. Calls of tools that the provider has run itself stand in
//! `server_tool_calls`, results of the caller's tools in `other_content`, sources in `citations`. Of several steps the
//! last is the answer, those before it are its `earlier_responses`; a stream of several steps is one answer.

use std::collections::BTreeMap;

use super::completion::{AssistantToolCall, Choice, Completion, Usage};
use super::parts::{append, arguments, finish_reason};
use super::value::{Read, count, merge_members, push, rest, seconds};
use super::{Context, ResponseShape, error, several};
use serde_json::{Map, Value, json};

pub(super) const STREAM: ResponseShape =
    ResponseShape { name: "an AI SDK stream", is: is_stream, convert: convert_stream };

pub(super) const RESULT: ResponseShape =
    ResponseShape { name: "an AI SDK result", is: is_result, convert: convert_result };

pub(super) const MESSAGE: ResponseShape =
    ResponseShape { name: "an AI SDK message", is: is_message, convert: convert_message };

const FINISH_REASONS: [(&str, &str); 2] =
    [("content-filter", "content_filter"), ("tool-calls", "tool_calls")];

/// Events that only these streams have.
const DECISIVE: [&str; 12] = [
    "text-start",
    "text-delta",
    "reasoning-start",
    "reasoning-delta",
    "reasoning",
    "tool-input-start",
    "tool-input-available",
    "tool-input-delta",
    "start-step",
    "finish-step",
    "step-finish",
    "response-metadata",
];

/// Parts of a content, beside the tool parts of a UI message.
const PARTS: [&str; 13] = [
    "text",
    "reasoning",
    "tool-call",
    "tool-result",
    "tool-error",
    "tool-approval-request",
    "source",
    "source-url",
    "source-document",
    "file",
    "reasoning-file",
    "custom",
    "step-start",
];

fn kind(value: &Value) -> &str {
    value.text("type").unwrap_or_default()
}

fn is_part(part: &Value) -> bool {
    PARTS.contains(&kind(part)) || is_ui_tool(kind(part)) || kind(part).starts_with("data-")
}

fn is_ui_tool(kind: &str) -> bool {
    kind == "dynamic-tool" || (kind.starts_with("tool-") && !PARTS.contains(&kind))
}

fn are_parts(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_array).is_some_and(|parts| parts.iter().all(is_part))
}

fn is_stream(value: &Value) -> bool {
    let is_event = |event: &Value| {
        DECISIVE.contains(&kind(event))
            && ["id", "delta", "text", "textDelta", "toolCallId", "modelId", "usage", "finishReason"]
                .iter()
                .any(|name| event.get(*name).is_some())
            // An item of OpenAI's Responses has this type, too.
            && (kind(event) != "reasoning" || event.text("text").or_else(|| event.text("textDelta")).is_some())
    };
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn is_result(value: &Value) -> bool {
    let is_step = |step: &Value| step.get("finishReason").is_some() && are_parts(step, "content");
    let steps = value.list("steps");
    let is_of_text = || {
        value.get("text").is_some_and(Value::is_string)
            && ["usage", "steps", "toolCalls", "providerMetadata", "totalUsage"]
                .iter()
                .any(|name| value.get(*name).is_some())
            && value.get("apiFormat").is_none()
    };
    is_step(value)
        || (value.get("finishReason").is_some() && is_of_text())
        || (!steps.is_empty() && steps.iter().all(is_step))
}

fn is_message(value: &Value) -> bool {
    value.text("role") == Some("assistant")
        && are_parts(value, "parts")
        && !value.list("parts").is_empty()
        && value.list("parts").iter().all(|part| part.get("type").is_some())
}

fn convert_message(value: Value, context: &mut Context<'_>) -> Value {
    let mut choice = Choice::default();
    value.list("parts").iter().for_each(|part| read_part(part, &mut choice, context));
    let metadata = value.given("metadata");
    let given = |name: &str| metadata.and_then(|metadata| metadata.given(name));
    choice.finish_reason = given("finishReason").and_then(reason);
    let completion = Completion {
        id: value.filled("id"),
        model: given("model").and_then(super::value::filled),
        usage: given("usage").or_else(|| given("totalUsage")).and_then(read_usage),
        choices: vec![choice],
        extra: rest(&value, &["id", "role", "parts", "content"]),
        ..Completion::default()
    };
    completion.build(context)
}

fn convert_result(value: Value, context: &mut Context<'_>) -> Value {
    let own = value.get("text").is_some() || value.get("content").is_some();
    let steps = value.list("steps");
    let Some((last, earlier)) = steps.split_last() else { return result(&value, context) };
    let mut answers: Vec<Value> = earlier.to_vec();
    if own {
        answers.push(without_steps(&value));
    } else {
        // What is counted for all steps is the answer's, as it is where the SDK says it itself.
        let mut last = last.clone();
        if let Value::Object(last) = &mut last {
            for name in ["totalUsage", "usage"] {
                if let Some(usage) = value.given(name) {
                    last.insert(name.to_owned(), usage.clone());
                }
            }
        }
        answers.push(last);
    }
    several(answers, context).0
}

fn without_steps(value: &Value) -> Value {
    Value::Object(rest(value, &["steps"]))
}

fn result(value: &Value, context: &mut Context<'_>) -> Value {
    let mut choice = Choice::default();
    let content = value.list("content");
    content.iter().for_each(|part| read_part(part, &mut choice, context));
    if content.is_empty() {
        read_flat(value, &mut choice, context);
    }
    choice.finish_reason = value.given("finishReason").and_then(reason);
    let response = value.given("response");
    let of_response = |name: &str| response.and_then(|response| response.given(name));
    let known = [
        "content",
        "text",
        "reasoning",
        "reasoningText",
        "reasoningDetails",
        "toolCalls",
        "toolResults",
        "staticToolCalls",
        "staticToolResults",
        "dynamicToolCalls",
        "dynamicToolResults",
        "sources",
        "files",
        "finishReason",
        "usage",
        "totalUsage",
        "request",
        "response",
        "rawCall",
    ];
    let mut extra = rest(value, &known);
    let usage = value.given("totalUsage").or_else(|| value.given("usage"));
    let counts = usage.and_then(read_usage);
    if let (Some(other), None) = (usage, &counts) {
        extra.insert("provider_usage".to_owned(), other.clone());
    }
    // The answer's own `object` says what kind it is.
    if let Some(object) = extra.shift_remove("object") {
        extra.insert("generated_object".to_owned(), object);
    }
    if let Some(headers) = of_response("headers") {
        extra.insert("response_headers".to_owned(), headers.clone());
    }
    let completion = Completion {
        id: of_response("id").and_then(super::value::filled),
        created: of_response("timestamp").and_then(seconds),
        model: of_response("modelId").and_then(super::value::filled),
        choices: vec![choice],
        usage: counts,
        error: value.given("error").map(|error| error::describe(error, error)),
        extra,
    };
    completion.build(context)
}

/// A result whose parts stand under names of their own.
fn read_flat(value: &Value, choice: &mut Choice, context: &mut Context<'_>) {
    if let Some(text) = value.text("text") {
        append(&mut choice.content, text);
    }
    match value.either(&["reasoning", "reasoningText"]) {
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.text("text")).for_each(|text| {
            append(&mut choice.reasoning, text);
        }),
        Some(Value::String(text)) => append(&mut choice.reasoning, text),
        _ => {}
    }
    value.list("toolCalls").iter().for_each(|call| read_call(call, choice));
    for (from, to) in [("toolResults", "other_content"), ("sources", "citations")] {
        value.list(from).iter().for_each(|item| push(&mut choice.message, to, item.clone()));
    }
    value.list("files").iter().for_each(|file| read_file(file, choice, context));
}

fn read_part(part: &Value, choice: &mut Choice, context: &mut Context<'_>) {
    match kind(part) {
        "text" => append(&mut choice.content, part.text("text").unwrap_or_default()),
        "reasoning" => {
            let text = part.text("text").or_else(|| part.text("reasoning")).unwrap_or_default();
            append(&mut choice.reasoning, text);
        }
        "tool-call" => read_call(part, choice),
        "source" | "source-url" | "source-document" => push(&mut choice.message, "citations", part.clone()),
        "file" | "reasoning-file" => read_file(part, choice, context),
        "step-start" => {}
        tool if is_ui_tool(tool) => {
            let mut call = part.as_object().cloned().unwrap_or_default();
            call.entry("toolName").or_insert_with(|| tool.trim_start_matches("tool-").into());
            read_call(&Value::Object(call), choice);
            if part.either(&["output", "errorText"]).is_some() {
                push(&mut choice.message, "other_content", part.clone());
            }
        }
        _ => push(&mut choice.message, "other_content", part.clone()),
    }
}

fn read_call(call: &Value, choice: &mut Choice) {
    if call.get("providerExecuted").is_some_and(|executed| executed == true) {
        return push(&mut choice.message, "server_tool_calls", call.clone());
    }
    choice.tool_calls.push(AssistantToolCall {
        id: call.filled("toolCallId"),
        name: call.filled("toolName").unwrap_or_default(),
        arguments: arguments(call.either(&["input", "args"])),
        ..AssistantToolCall::default()
    });
}

fn read_file(part: &Value, choice: &mut Choice, context: &mut Context<'_>) {
    let file = part.given("file").filter(|file| file.is_object()).unwrap_or(part);
    let mime = file.either(&["mediaType", "mimeType"]).and_then(Value::as_str);
    let data = file.either(&["base64Data", "base64", "data", "url"]).unwrap_or(&Value::Null);
    let data = data.as_str().or_else(|| data.text("data"));
    let kept = data.and_then(|data| match data.starts_with("data:") {
        true => context.keep_data_uri(data),
        false if data.starts_with("http") => Some(context.keep_url(data)),
        false => context.keep_base64(mime, data),
    });
    let name = if kept.is_some() { "images" } else { "other_content" };
    push(&mut choice.message, name, kept.unwrap_or_else(|| part.clone()));
}

/// A text, or (version 6) the SDK's word and the provider's.
fn reason(given: &Value) -> Option<String> {
    let text = given.text("unified").or_else(|| given.as_str())?;
    Some(finish_reason(text, &FINISH_REASONS))
}

fn read_usage(usage: &Value) -> Option<Value> {
    let total_of = |names: &[&str]| {
        let given = usage.either(names)?;
        count(given).or_else(|| given.count("total"))
    };
    let detail = |of: &str, names: &[&str]| {
        [of, &format!("{}Details", of.trim_end_matches('s'))]
            .iter()
            .find_map(|holder| usage.given(holder)?.either(names).and_then(count))
    };
    let prompt = total_of(&["inputTokens", "promptTokens"]);
    let completion = total_of(&["outputTokens", "completionTokens"]);
    let total = usage.count("totalTokens");
    if prompt.is_none() && completion.is_none() && total.is_none() {
        return None;
    }
    let cached = usage.count("cachedInputTokens");
    let reasoning = usage.count("reasoningTokens");
    let tokens = Usage {
        prompt: prompt.unwrap_or_default(),
        completion: completion.unwrap_or_default(),
        total,
        cached: cached.or_else(|| detail("inputTokens", &["cacheRead", "cacheReadTokens"])),
        cache_creation: detail("inputTokens", &["cacheWrite", "cacheWriteTokens"]),
        reasoning: reasoning.or_else(|| detail("outputTokens", &["reasoning", "reasoningTokens"])),
    };
    let counted = ["inputTokens", "outputTokens", "promptTokens", "completionTokens", "totalTokens"];
    Some(tokens.build_with(rest(usage, &counted)))
}

fn convert_stream(value: Value, context: &mut Context<'_>) -> Value {
    let mut completion = Completion::default();
    let mut choice = Choice::default();
    // Calls of which only the beginning is known, and the places of those that may go on, by id.
    let mut inputs: Vec<Option<Map<String, Value>>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for event in value.as_array().into_iter().flatten() {
        let text =
            || ["delta", "text", "textDelta"].iter().find_map(|name| event.text(name)).unwrap_or_default();
        match kind(event) {
            "text-delta" | "text" => append(&mut choice.content, text()),
            "reasoning-delta" | "reasoning" => append(&mut choice.reasoning, text()),
            "tool-input-start" | "tool-input-delta" | "tool-call-streaming-start" | "tool-call-delta" => {
                let id = event.filled("toolCallId").or_else(|| event.filled("id")).unwrap_or_default();
                let at = *places.entry(id.clone()).or_insert(inputs.len());
                if at == inputs.len() {
                    inputs.push(None);
                }
                let Some(place) = inputs.get_mut(at) else { continue };
                let call =
                    place.get_or_insert_with(|| Map::from_iter([("toolCallId".to_owned(), id.into())]));
                for name in ["toolName", "providerExecuted"] {
                    if let Some(member) = event.given(name) {
                        call.insert(name.to_owned(), member.clone());
                    }
                }
                let piece = ["delta", "inputTextDelta", "argsTextDelta"];
                if let Some(piece) = piece.iter().find_map(|name| event.text(name)) {
                    super::value::append(call, "input", piece);
                }
            }
            "tool-call" | "tool-input-available" => {
                let at = event.filled("toolCallId").and_then(|id| places.remove(&id));
                if let Some(place) = at.and_then(|at| inputs.get_mut(at)) {
                    *place = None;
                }
                read_call(event, &mut choice);
            }
            "source" | "source-url" | "source-document" | "file" | "reasoning-file" => {
                read_part(event, &mut choice, context);
            }
            "error" => {
                let given = event.either(&["error", "errorText"]).unwrap_or(event);
                completion.error = Some(error::describe(given, event));
            }
            "start" | "response-metadata" | "finish" | "finish-step" | "step-finish" => {
                read_event(event, &mut completion, &mut choice);
            }
            "text-start" | "text-end" | "reasoning-start" | "reasoning-end" | "tool-input-end"
            | "start-step" | "stream-start" | "step-start" | "raw" | "" => {}
            _ => push(&mut choice.message, "other_content", event.clone()),
        }
    }
    inputs.into_iter().flatten().for_each(|call| read_call(&Value::Object(call), &mut choice));
    completion.choices.push(choice);
    completion.build(context)
}

/// What tells of the answer as a whole.
fn read_event(event: &Value, completion: &mut Completion, choice: &mut Choice) {
    let response = event.given("response").unwrap_or(event);
    completion.id = completion.id.take().or_else(|| {
        let of_event = if kind(event) == "response-metadata" { event.filled("id") } else { None };
        of_event.or_else(|| event.filled("messageId")).or_else(|| event.given("response")?.filled("id"))
    });
    completion.model = response.filled("modelId").or(completion.model.take());
    completion.created = response.given("timestamp").and_then(seconds).or(completion.created.take());
    choice.finish_reason = event.given("finishReason").and_then(reason).or(choice.finish_reason.take());
    let usage = event.given("totalUsage").or_else(|| event.given("usage")).and_then(read_usage);
    completion.usage = usage.or(completion.usage.take());
    if let Some(metadata) = event.either(&["providerMetadata", "messageMetadata"]).filter(|it| it.is_object())
    {
        merge_members(
            &mut completion.extra,
            Map::from_iter([("provider_metadata".to_owned(), json!(metadata))]),
        );
    }
}
