//! Messages of any shape as a conversation.

use maud::{Markup, html};
use serde_json::Value;

use crate::model::entities::{Entity, message_content, plain};
use crate::web::text::{listed, shown};

/// Pictures that a browser decodes and nothing else; SVG can hold scripts.
const PICTURES: [&str; 4] = [
    "data:image/png;base64,",
    "data:image/jpeg;base64,",
    "data:image/gif;base64,",
    "data:image/webp;base64,",
];

pub enum Part {
    Text(String),
    Picture(String),
    Call { name: String, arguments: String },
}

pub struct Message {
    pub role: String,
    pub parts: Vec<Part>,
}

impl Message {
    fn new(role: &str, parts: Vec<Part>) -> Option<Message> {
        (!parts.is_empty()).then(|| Message { role: role.to_owned(), parts })
    }

    /// Its text alone, to compare.
    pub fn text(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Picture(_) => "(picture)".to_owned(),
            Part::Call { name, arguments } => format!("{name}({arguments})"),
        });
        parts.collect::<Vec<_>>().join("\n")
    }
}

/// What went into an entity.
pub fn input(entity: &Entity) -> Vec<Message> {
    let mut messages = Vec::new();
    for message in entity.get("messages").as_array().into_iter().flatten() {
        messages.extend(message_of(message, "user"));
    }
    let role = if entity.kind == "trace" { "user" } else { "input" };
    for (name, role) in [("input", role), ("args", "arguments")] {
        messages.extend(Message::new(role, parts(entity.get(name))));
    }
    messages
}

/// What came out of it.
pub fn output(entity: &Entity) -> Vec<Message> {
    let mut messages = Vec::new();
    let result = entity.get("result");
    for choice in result["choices"].as_array().into_iter().flatten() {
        messages.extend(message_of(&choice["message"], "assistant"));
        messages.extend(Message::new("assistant", parts(&choice["text"])));
    }
    for item in result["output"].as_array().into_iter().flatten() {
        messages.extend(message_of(item, "assistant"));
    }
    if !result.is_object() {
        messages.extend(Message::new("result", parts(result)));
    } else if messages.is_empty()
        && result["error"].is_null()
        && result.as_object().is_some_and(|o| !o.is_empty())
    {
        messages.extend(Message::new("result", vec![Part::Text(pretty(result))]));
    }
    let role = if entity.kind == "trace" { "assistant" } else { "output" };
    messages.extend(Message::new(role, parts(entity.get("output"))));
    for document in entity.get("docs").as_array().into_iter().flatten() {
        messages.extend(Message::new("document", parts(document)));
    }
    messages
}

fn message_of(message: &Value, default_role: &str) -> Option<Message> {
    let role = message["role"].as_str().or(message["type"].as_str()).unwrap_or(default_role);
    let mut all = parts(message_content(message));
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let function = &call["function"];
        let name = function["name"].as_str().unwrap_or("?").to_owned();
        all.push(Part::Call { name, arguments: plain(&function["arguments"]) });
    }
    if let Some(name) = message["name"].as_str().filter(|_| message["type"] == "function_call") {
        all = vec![Part::Call { name: name.to_owned(), arguments: plain(&message["arguments"]) }];
    }
    Message::new(role, all)
}

fn parts(value: &Value) -> Vec<Part> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::Object(object) if object.contains_key("value") => parts(&object["value"]),
        Value::Array(items)
            if items.iter().any(|item| item["type"].is_string() || item["text"].is_string()) =>
        {
            items.iter().map(part).collect()
        }
        Value::String(text) => vec![Part::Text(text.clone())],
        other => vec![Part::Text(pretty(other))],
    }
}

fn part(item: &Value) -> Part {
    let url = item["image_url"]["url"].as_str().or(item["image_url"].as_str());
    if let Some(url) = url.filter(|url| PICTURES.iter().any(|start| url.starts_with(start))) {
        return Part::Picture(url.to_owned());
    }
    match item["text"].as_str() {
        Some(text) => Part::Text(text.to_owned()),
        None => Part::Text(pretty(item)),
    }
}

pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

pub fn markup(messages: &[Message]) -> Markup {
    html! {
        ol.chat {
            @for message in messages {
                li.message.(role_class(&message.role)) {
                    span.role { (listed(&message.role)) }
                    @for part in &message.parts {
                        @match part {
                            Part::Text(text) => p.said dir="auto" { (shown(text)) },
                            Part::Picture(url) => img.picture src=(url) alt="a picture in the message";
                            Part::Call { name, arguments } => div.call {
                                span.call-name { (listed(name)) }
                                pre tabindex="0" { (shown(arguments)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn role_class(role: &str) -> &'static str {
    match role {
        "user" | "input" => "r-user",
        "assistant" | "output" | "result" => "r-assistant",
        "system" | "developer" => "r-system",
        "tool" => "r-tool",
        _ => "r-other",
    }
}
