//! DashScope's streams. Each event has the whole text so far, or only what is new (`incremental_output`): the first kind is
//! what its last event says, the second is read as the chunks of an OpenAI stream.

use std::collections::BTreeMap;

use super::openai_stream;
use super::value::Read;
use super::{Context, ResponseShape, one};
use serde_json::{Map, Value, json};

pub(super) const STREAM: ResponseShape = ResponseShape { name: "a DashScope stream", is, convert };

fn is(value: &Value) -> bool {
    let is_event = |event: &Value| {
        event.get("request_id").is_some()
            && event.given("output").is_some_and(|output| {
                output.get("choices").is_some_and(Value::is_array)
                    || output.get("text").is_some_and(Value::is_string)
            })
    };
    value.as_array().is_some_and(|events| events.len() > 1 && events.iter().all(is_event))
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let Value::Array(mut events) = value else { return value };
    let said: Vec<BTreeMap<TextPlace, String>> = events.iter().map(said).collect();
    let repeats = said.windows(2).all(|pair| match pair {
        [before, after] => before.iter().all(|(place, text)| {
            text.is_empty() || after.get(place).is_some_and(|after| after.starts_with(text.as_str()))
        }),
        _ => true,
    });
    match events.pop() {
        Some(last) if repeats => one(last, context).0,
        Some(last) => {
            events.push(last);
            let chunks: Vec<Value> = events.iter().map(chunk).collect();
            (openai_stream::CHAT.convert)(chunks.into(), context)
        }
        None => Value::Array(events),
    }
}

/// Where a text of an event stands: the choice, the tool call in it, and the member.
type TextPlace = (u64, Option<u64>, &'static str);

/// All that an event says.
fn said(event: &Value) -> BTreeMap<TextPlace, String> {
    let output = event.given("output").unwrap_or(&Value::Null);
    let mut said = BTreeMap::new();
    let choices = output.list("choices");
    if choices.is_empty() {
        said.insert((0, None, "content"), output.text("text").unwrap_or_default().to_owned());
    }
    for (position, choice) in choices.iter().enumerate() {
        let index = choice.count("index").unwrap_or(position as u64);
        let message = choice.given("message").unwrap_or(&Value::Null);
        said.insert((index, None, "content"), text(message));
        let reasoning = message.text("reasoning_content").unwrap_or_default();
        said.insert((index, None, "reasoning_content"), reasoning.to_owned());
        for (position, call) in message.list("tool_calls").iter().enumerate() {
            let place = call.count("index").unwrap_or(position as u64);
            let function = call.given("function").unwrap_or(&Value::Null);
            for name in ["name", "arguments"] {
                let piece = function.text(name).unwrap_or_default();
                said.insert((index, Some(place), name), piece.to_owned());
            }
        }
    }
    said
}

/// The text of a message.
fn text(message: &Value) -> String {
    match message.given("content") {
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.text("text")).collect(),
        content => content.and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}

fn chunk(event: &Value) -> Value {
    let output = event.given("output").unwrap_or(&Value::Null);
    let reason = |of: &Value| of.filled("finish_reason").filter(|reason| reason != "null");
    let mut choices = Vec::new();
    for (position, choice) in output.list("choices").iter().enumerate() {
        let mut delta = choice.object("message").cloned().unwrap_or_default();
        if delta.get("content").is_some_and(Value::is_array) {
            let text = choice.given("message").map(text).unwrap_or_default();
            delta.insert("content".to_owned(), text.into());
        }
        let index = choice.count("index").unwrap_or(position as u64);
        choices.push(json!({"index": index, "delta": delta, "finish_reason": reason(choice)}));
    }
    if let Some(text) = output.text("text").filter(|_| choices.is_empty()) {
        choices.push(json!({"index": 0, "delta": {"content": text}, "finish_reason": reason(output)}));
    }
    let mut chunk = Map::new();
    chunk.insert("object".to_owned(), "chat.completion.chunk".into());
    chunk.insert("choices".to_owned(), choices.into());
    for (from, to) in [("request_id", "id"), ("usage", "usage"), ("model", "model")] {
        if let Some(member) = event.given(from) {
            chunk.insert(to.to_owned(), member.clone());
        }
    }
    Value::Object(chunk)
}
