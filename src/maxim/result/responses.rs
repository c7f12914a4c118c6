//! OpenAI's Responses object, which the log API accepts as it is, and what is compacted of one.
//!
//! A missing id, time, model, output or count is filled in; nothing else is touched.

use super::openai::{patch_counts, patch_head};
use super::value::{Read, is_integer};
use super::{Context, ResponseShape};
use serde_json::{Map, Value, json};

const OBJECT: &str = "response";

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "an OpenAI Responses object", is, convert };

fn is(value: &Value) -> bool {
    let is_item = |item: &Value| item.get("type").is_some_and(Value::is_string);
    let is_known = |item: &Value| {
        item.text("type").is_some_and(|kind| {
            ["message", "reasoning", "compaction"].contains(&kind)
                || kind.ends_with("_call")
                || kind.ends_with("_output")
                || kind.starts_with("mcp_")
        })
    };
    let has_items = value
        .get("output")
        .and_then(Value::as_array)
        .is_some_and(|items| items.iter().all(is_item) && items.iter().any(is_known));
    value.is_object() && (value.text("object").is_some_and(|object| object.starts_with(OBJECT)) || has_items)
}

fn convert(mut value: Value, context: &mut Context<'_>) -> Value {
    if let Value::Object(response) = &mut value {
        patch(response, context);
    }
    value
}

/// Makes a response what the log API takes.
pub(super) fn patch(response: &mut Map<String, Value>, context: &Context<'_>) {
    if response.get("object").is_some_and(|object| object != OBJECT) {
        let given = response.insert("object".to_owned(), OBJECT.into()).unwrap_or_default();
        response.entry("provider_object").or_insert(given);
    }
    // OpenAI documents a number; its own clients write it as a float.
    let time =
        response.get("created_at").filter(|time| time.as_f64().is_some_and(|time| time >= 0.0)).cloned();
    patch_head(response, OBJECT, "created_at", context);
    if let Some(time) = time.filter(|time| !is_integer(time)) {
        response.insert("created_at".to_owned(), time);
    }
    let output = response.entry("output").or_insert(Value::Null);
    match output {
        Value::Array(items) => items.iter_mut().for_each(patch_item),
        Value::Null => *output = Value::Array(Vec::new()),
        other => {
            patch_item(other);
            *other = json!([other.take()]);
        }
    }
    const COUNTS: [&str; 3] = ["input_tokens", "output_tokens", "total_tokens"];
    patch_counts(response, COUNTS, ["prompt_tokens", "completion_tokens"]);
}

fn patch_item(item: &mut Value) {
    match item {
        Value::Object(members) if members.get("type").is_some_and(Value::is_string) => {}
        Value::Object(members) => drop(members.insert("type".to_owned(), "message".into())),
        other => {
            let text = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            *other = json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]});
        }
    }
}
