//! The Converse response of AWS Bedrock, the same for every model it hosts, its stream, and the answer of
//! retrieveAndGenerate.
//!
//! It names neither a model nor a time, and its id is the request's, where the AWS client put that
//! beside the response. `inputTokens` leaves cached tokens out, as Anthropic's does; the total is
//! the sum, so that it always matches its parts. Citations stand in the message's `citations`, images become
//! attachments, other blocks stand in `other_content`; the guardrail's trace and whatever else the response
//! says stays under its own name.

use super::completion::{AssistantToolCall, Choice, Completion, Usage};
use super::parts::{append, arguments, finished, sum};
use super::value::{self, Read, merge_members, push, rest};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const SHAPE: ResponseShape =
    ResponseShape { name: "an AWS Bedrock Converse response", is, convert };

pub(super) const STREAM: ResponseShape =
    ResponseShape { name: "an AWS Bedrock ConverseStream", is: is_stream, convert: convert_stream };

pub(super) const RETRIEVED: ResponseShape = ResponseShape {
    name: "an AWS Bedrock retrieveAndGenerate response",
    is: is_retrieved,
    convert: retrieved,
};

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

const EVENTS: [&str; 6] =
    ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];

fn is(value: &Value) -> bool {
    // Cohere's and Ollama's bodies have a message too, and may stand in somebody's output.
    let others = ["finish_reason", "done", "created_at"];
    value.get("output").is_some_and(|output| {
        let is_message = output.object("message").is_some_and(|message| {
            ["content", "role"].iter().any(|name| message.contains_key(*name))
                || ["stopReason", "usage", "metrics"].iter().any(|name| value.get(name).is_some())
        });
        is_message && others.iter().all(|name| output.get(name).is_none())
    })
}

fn is_stream(value: &Value) -> bool {
    let is_event = |event: &Value| EVENTS[..5].iter().any(|name| event.object(name).is_some());
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn is_retrieved(value: &Value) -> bool {
    const AROUND: [&str; 6] =
        ["citations", "sessionId", "guardrailAction", "ResponseMetadata", "$metadata", "request_id"];
    value.get("output").is_some_and(|output| {
        output.get("text").is_some_and(Value::is_string)
            && output.get("generation_id").is_none()
            && (AROUND.iter().any(|name| value.get(name).is_some())
                || rest(output, &["text", "finish_reason"]).is_empty())
    })
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    build(&value, None, context)
}

fn build(response: &Value, failed: Option<Value>, context: &mut Context<'_>) -> Value {
    let empty = Value::Null;
    let message = response.given("output").and_then(|output| output.given("message")).unwrap_or(&empty);
    let mut choice = Choice { role: message.filled("role"), ..Choice::default() };
    for block in message.list("content") {
        read_block(block, &mut choice, context);
    }
    choice.finish_reason = finished(response, "stopReason", &FINISH_REASONS);
    let known = ["output", "stopReason", "usage", "ResponseMetadata", "$metadata"];
    let completion = Completion {
        id: request_id(response),
        choices: vec![choice],
        usage: response.given("usage").filter(|usage| usage.is_object()).map(read_usage),
        error: failed,
        extra: rest(response, &known),
        ..Completion::default()
    };
    completion.build(context)
}

/// Where the AWS clients for Python and JavaScript put the id of the request.
fn request_id(response: &Value) -> Option<String> {
    let places = [("ResponseMetadata", "RequestId"), ("$metadata", "requestId")];
    places.iter().find_map(|(metadata, name)| response.given(metadata)?.filled(name))
}

/// A block is a union: the one member it has says what it is.
fn read_block(block: &Value, choice: &mut Choice, context: &mut Context<'_>) {
    if let Some(text) = block.as_str().or_else(|| block.text("text")) {
        append(&mut choice.content, text);
    } else if let Some(tool) = block.object("toolUse") {
        choice.tool_calls.push(AssistantToolCall {
            id: tool.filled("toolUseId"),
            name: tool.filled("name").unwrap_or_default(),
            arguments: arguments(tool.given("input")),
            // A tool of the service's own says so.
            extra: tool
                .given("type")
                .map(|kind| ("tool_type".to_owned(), kind.clone()))
                .into_iter()
                .collect(),
        });
    } else if let Some(text) = block.given("reasoningContent").and_then(|given| given.object("reasoningText"))
    {
        append(&mut choice.reasoning, text.text("text").unwrap_or_default());
        if let Some(signature) = text.filled("signature") {
            push(&mut choice.message, "reasoning_signatures", signature.into());
        }
    } else if let Some(cited) = block.given("citationsContent") {
        for part in cited.list("content") {
            append(&mut choice.content, part.text("text").unwrap_or_default());
        }
        for citation in cited.list("citations") {
            push(&mut choice.message, "citations", citation.clone());
        }
    } else if let Some(image) = block.given("image") {
        let mime = image.text("format").map(|format| format!("image/{format}"));
        let bytes = image.given("source").and_then(|source| source.text("bytes"));
        let kept = bytes.and_then(|bytes| context.keep_base64(mime.as_deref(), bytes));
        let name = if kept.is_some() { "images" } else { "other_content" };
        push(&mut choice.message, name, kept.unwrap_or_else(|| block.clone()));
    } else if block.get("toolResult").is_some() {
        push(&mut choice.message, "server_tool_calls", block.clone());
    } else if !block.is_null() {
        push(&mut choice.message, "other_content", block.clone());
    }
}

fn read_usage(usage: &Value) -> Value {
    let cached = usage.count("cacheReadInputTokens");
    let cache_creation = usage.count("cacheWriteInputTokens");
    let tokens = Usage {
        prompt: sum(&[usage.count("inputTokens"), cached, cache_creation]),
        completion: usage.count("outputTokens").unwrap_or_default(),
        cached,
        cache_creation,
        total: None,
        reasoning: None,
    };
    let counted = [
        "inputTokens",
        "outputTokens",
        "totalTokens",
        "cacheReadInputTokens",
        "cacheWriteInputTokens",
        "cacheReadInputTokenCount",
        "cacheWriteInputTokenCount",
    ];
    let mut more = rest(usage, &counted);
    more.retain(|_, value| value.as_object().is_none_or(|members| !members.is_empty()));
    tokens.build_with(more)
}

/// The events of a stream, put together to the response that they tell.
fn convert_stream(value: Value, context: &mut Context<'_>) -> Value {
    let mut response = Map::new();
    let mut role = None;
    let mut blocks: BTreeMap<u64, ConverseBlock> = BTreeMap::new();
    let mut failed = None;
    for event in value.as_array().into_iter().flatten() {
        if let Some(error) = error::error_of(event) {
            failed = Some(error);
            continue;
        }
        if let Some(start) = event.given("messageStart") {
            role = start.filled("role");
        }
        if let Some(started) = event.given("contentBlockStart") {
            let block = blocks.entry(started.count("contentBlockIndex").unwrap_or_default()).or_default();
            merge_members(&mut block.members, started.object("start").cloned().unwrap_or_default());
        }
        if let Some(more) = event.given("contentBlockDelta") {
            let block = blocks.entry(more.count("contentBlockIndex").unwrap_or_default()).or_default();
            block.read(more.given("delta").unwrap_or(&Value::Null));
        }
        for name in ["messageStop", "metadata"] {
            merge_members(&mut response, event.object(name).cloned().unwrap_or_default());
        }
        merge_members(&mut response, rest(event, &EVENTS));
    }
    let content: Vec<Value> = blocks.into_values().map(ConverseBlock::finish).collect();
    response.insert("output".to_owned(), json!({"message": {"role": role, "content": content}}));
    build(&Value::Object(response), failed, context)
}

/// A block of a stream.
#[derive(Default)]
struct ConverseBlock {
    members: Map<String, Value>,
    text: Option<String>,
    /// A tool's input so far, as JSON text.
    input: Option<String>,
    reasoning: Map<String, Value>,
    citations: Vec<Value>,
}

impl ConverseBlock {
    fn read(&mut self, delta: &Value) {
        if let Some(text) = delta.text("text") {
            append(&mut self.text, text);
        }
        if let Some(input) = delta.given("toolUse").and_then(|tool| tool.given("input")) {
            append(&mut self.input, &arguments(Some(input)));
        }
        for (name, part) in delta.object("reasoningContent").into_iter().flatten() {
            match part {
                Value::String(part) => value::append(&mut self.reasoning, name, part),
                part => drop(self.reasoning.insert(name.clone(), part.clone())),
            }
        }
        if let Some(citation) = delta.given("citation") {
            self.citations.push(citation.clone());
        }
        let known = ["text", "toolUse", "reasoningContent", "citation"];
        merge_members(&mut self.members, rest(delta, &known));
    }

    fn finish(mut self) -> Value {
        if let Some(input) = self.input {
            let tool = self.members.entry("toolUse").or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(tool) = tool {
                tool.insert("input".to_owned(), input.into());
            }
        }
        if let Some(redacted) = self.reasoning.remove("redactedContent") {
            self.members.insert("reasoningContent".to_owned(), json!({"redactedContent": redacted}));
        } else if !self.reasoning.is_empty() {
            self.members.insert("reasoningContent".to_owned(), json!({"reasoningText": self.reasoning}));
        }
        match (self.text, self.citations.is_empty()) {
            (text, false) => {
                let content: Vec<Value> = text.into_iter().map(|text| json!({"text": text})).collect();
                let cited = json!({"content": content, "citations": self.citations});
                self.members.insert("citationsContent".to_owned(), cited);
            }
            (Some(text), true) => drop(self.members.insert("text".to_owned(), text.into())),
            (None, true) => {}
        }
        Value::Object(self.members)
    }
}

fn retrieved(value: Value, context: &mut Context<'_>) -> Value {
    let output = value.given("output").unwrap_or(&Value::Null);
    let mut choice = Choice { content: output.text("text").map(str::to_owned), ..Choice::default() };
    for citation in value.list("citations") {
        push(&mut choice.message, "citations", citation.clone());
    }
    let is_stopped = value.text("guardrailAction") == Some("INTERVENED");
    // DashScope says there how it ended.
    let reason = output.filled("finish_reason").filter(|reason| reason != "null");
    let reason = if is_stopped { "content_filter".to_owned() } else { reason.unwrap_or("stop".to_owned()) };
    choice.finish_reason = Some(reason);
    let mut extra = rest(&value, &["output", "citations", "ResponseMetadata", "$metadata"]);
    merge_members(&mut extra, rest(output, &["text", "finish_reason"]));
    let completion =
        Completion { id: request_id(&value), choices: vec![choice], extra, ..Completion::default() };
    completion.build(context)
}
