//! Ollama's own API: chat and generate, whole or as the array of its lines (NDJSON).
//!
//! A whole answer is a stream of one line. Durations and the like stay under their own names; the `context`
//! of generate, a list of token numbers, is left out.

use super::completion::{AssistantToolCall, Choice, Completion, plain_usage};
use super::openai_stream::chunks;
use super::parts::{append, arguments, finished};
use super::value::{Read, merge_members, rest, seconds};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value, json};

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "an Ollama response", is, convert };

const FINISH_REASONS: [(&str, &str); 0] = [];

fn is(value: &Value) -> bool {
    // What was cut short says when it was made, and of which model it is.
    let is_begun = |line: &Value| line.text("created_at").is_some() && line.text("model").is_some();
    let is_line = |line: &Value| {
        (line.get("done").is_some_and(Value::is_boolean) || is_begun(line))
            && (line.get("message").is_some_and(Value::is_object)
                || line.get("response").is_some_and(Value::is_string))
    };
    chunks(value).iter().any(is_line)
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let mut completion = Completion::default();
    let mut choice = Choice::default();
    let mut counts = Map::new();
    for line in chunks(&value) {
        if let Some(error) = error::error_of(line) {
            completion.error = Some(error);
            continue;
        }
        completion.model = completion.model.take().or_else(|| line.filled("model"));
        completion.created = completion.created.take().or_else(|| line.given("created_at").and_then(seconds));
        let message = line.given("message").unwrap_or(line);
        read_message(message, &mut choice);
        if let Some(text) = line.text("response") {
            append(&mut choice.content, text);
        }
        if let Some(reason) = finished(line, "done_reason", &FINISH_REASONS) {
            choice.finish_reason = Some(reason);
        }
        for name in ["prompt_eval_count", "eval_count"] {
            if let Some(count) = line.given(name) {
                counts.insert(name.to_owned(), count.clone());
            }
        }
        let known = [
            "model",
            "created_at",
            "message",
            "response",
            "thinking",
            "tool_calls",
            "done",
            "done_reason",
            "prompt_eval_count",
            "eval_count",
            "context",
            "role",
            "content",
        ];
        merge_members(&mut completion.extra, rest(line, &known));
    }
    choice.finish_with_calls();
    completion.choices = vec![choice];
    completion.usage = plain_usage(&json!(counts), "prompt_eval_count", "eval_count", "");
    completion.build(context)
}

fn read_message(message: &Value, choice: &mut Choice) {
    if let Some(role) = message.filled("role") {
        choice.role = Some(role);
    }
    if let Some(text) = message.text("content") {
        append(&mut choice.content, text);
    }
    if let Some(thinking) = message.text("thinking") {
        append(&mut choice.reasoning, thinking);
    }
    for call in message.list("tool_calls") {
        let function = call.given("function").unwrap_or(call);
        choice.tool_calls.push(AssistantToolCall {
            id: call.filled("id"),
            name: function.filled("name").unwrap_or_default(),
            arguments: arguments(function.given("arguments")),
            ..AssistantToolCall::default()
        });
    }
    if message.get("done").is_none() {
        let known = ["role", "content", "thinking", "tool_calls"];
        merge_members(&mut choice.message, rest(message, &known));
    }
}
