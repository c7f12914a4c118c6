//! DashScope's streams. Each event has the whole text so far, or only what is new (`incremental_output`): the first kind is
//! what its last event says, the second is read as the chunks of an OpenAI stream.

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
    let texts: Vec<String> = events.iter().map(text).collect();
    let repeats =
        texts.windows(2).all(|pair| matches!(pair, [before, after] if after.starts_with(before.as_str())));
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

/// What an event says.
fn text(event: &Value) -> String {
    let output = event.given("output").unwrap_or(&Value::Null);
    let message = output.list("choices").first().and_then(|choice| choice.given("message"));
    let content = message.and_then(|message| message.given("content"));
    match content {
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.text("text")).collect(),
        Some(content) => content.as_str().unwrap_or_default().to_owned(),
        None => output.text("text").unwrap_or_default().to_owned(),
    }
}

fn chunk(event: &Value) -> Value {
    let output = event.given("output").unwrap_or(&Value::Null);
    let reason = |of: &Value| of.filled("finish_reason").filter(|reason| reason != "null");
    let mut choices = Vec::new();
    for (position, choice) in output.list("choices").iter().enumerate() {
        let mut delta = choice.object("message").cloned().unwrap_or_default();
        if delta.get("content").is_some_and(Value::is_array) {
            delta.insert("content".to_owned(), text(event).into());
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
