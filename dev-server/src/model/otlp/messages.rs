//! Messages of a conversation, by either convention, as those of a chat completion.

use serde_json::{Map, Value, json};

use super::values::{parsed, take, take_indexed};
use crate::model::entities::plain;

/// What the model was asked.
pub fn input_messages(all: &mut Map<String, Value>) -> Vec<Value> {
    let mut messages = Vec::new();
    if let Some(system) = take(all, &["gen_ai.system_instructions"]).map(parsed) {
        let parts = if system.is_array() { system } else { json!([{"type": "text", "content": system}]) };
        messages.push(message(&json!({"role": "system", "parts": parts})));
    }
    if let Some(Value::Array(given)) = take(all, &["gen_ai.input.messages"]).map(parsed) {
        messages.extend(given.iter().map(message));
    }
    for (prefix, inner) in [("llm.input_messages.", "message."), ("gen_ai.prompt.", "")] {
        let given = take_indexed(all, prefix);
        if messages.is_empty() {
            messages.extend(given.into_iter().map(|members| flat_message(members, inner)));
        }
    }
    messages
}

/// What it answered, as choices of a completion.
pub fn output_messages(all: &mut Map<String, Value>) -> Vec<Value> {
    let mut given = Vec::new();
    if let Some(Value::Array(messages)) = take(all, &["gen_ai.output.messages"]).map(parsed) {
        given.extend(messages.iter().map(|said| (message(said), said["finish_reason"].clone())));
    }
    for (prefix, inner) in [("llm.output_messages.", "message."), ("gen_ai.completion.", "")] {
        let flat = take_indexed(all, prefix);
        if given.is_empty() {
            given.extend(flat.into_iter().map(|mut members| {
                let reason = members.shift_remove("finish_reason").unwrap_or_default();
                (flat_message(members, inner), reason)
            }));
        }
    }
    let reasons = take(all, &["gen_ai.response.finish_reasons"]).unwrap_or_default();
    let choices = given.into_iter().enumerate().map(|(at, (message, reason))| {
        let reason = if reason.is_null() { reasons[at].clone() } else { reason };
        json!({"index": at, "message": message, "finish_reason": reason})
    });
    choices.collect()
}

/// A message of the convention: a role and parts.
fn message(said: &Value) -> Value {
    let mut content = Vec::new();
    let mut calls = Vec::new();
    for part in said["parts"].as_array().into_iter().flatten() {
        match part["type"].as_str().unwrap_or_default() {
            "tool_call" => calls.push(json!({
                "id": part["id"], "type": "function",
                "function": {"name": part["name"], "arguments": plain(&part["arguments"])},
            })),
            "tool_call_response" => {
                let text = [&part["response"], &part["result"]].into_iter().find(|value| !value.is_null());
                content.push(json!({"type": "text", "text": text.map(plain).unwrap_or_default()}));
            }
            "uri" => content.push(json!({"type": "image_url", "image_url": {"url": part["uri"]}})),
            "blob" => {
                let mime = part["mime_type"].as_str().unwrap_or("application/octet-stream");
                let url = format!("data:{mime};base64,{}", plain(&part["content"]));
                content.push(json!({"type": "image_url", "image_url": {"url": url}}));
            }
            _ if part["content"].is_string() => {
                content.push(json!({"type": "text", "text": part["content"]}))
            }
            _ => content.push(json!({"type": "text", "text": part.to_string()})),
        }
    }
    if !said["parts"].is_array() && !said["content"].is_null() {
        return said.clone();
    }
    joined(said["role"].clone(), content, calls)
}

/// A message whose members are attributes of their own.
fn flat_message(mut members: Map<String, Value>, prefix: &str) -> Value {
    let mut get = |name: &str| members.shift_remove(&format!("{prefix}{name}"));
    let role = get("role").unwrap_or_default();
    let mut content: Vec<Value> =
        get("content").map(|text| json!({"type": "text", "text": plain(&text)})).into_iter().collect();
    for mut part in take_indexed(&mut members, &format!("{prefix}contents.")) {
        if let Some(text) = take(&mut part, &["message_content.text"]) {
            content.push(json!({"type": "text", "text": text}));
        } else if let Some(url) = take(&mut part, &["message_content.image.image.url"]) {
            content.push(json!({"type": "image_url", "image_url": {"url": url}}));
        }
    }
    let calls = take_indexed(&mut members, &format!("{prefix}tool_calls.")).into_iter().map(|mut call| {
        let mut get = |names: &[&str]| take(&mut call, names).unwrap_or_default();
        json!({"id": get(&["tool_call.id", "id"]), "type": "function", "function": {
            "name": get(&["tool_call.function.name", "name"]),
            "arguments": plain(&get(&["tool_call.function.arguments", "arguments"])),
        }})
    });
    joined(role, content, calls.collect())
}

fn joined(role: Value, mut content: Vec<Value>, calls: Vec<Value>) -> Value {
    let content = match content.as_mut_slice() {
        [] => Value::Null,
        [one] if one["type"] == "text" => one["text"].take(),
        _ => Value::Array(content),
    };
    let mut message = json!({"role": role, "content": content});
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    message
}
