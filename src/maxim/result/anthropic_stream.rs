//! Anthropic's Messages stream: an array of events, put together to the message they tell.
//!
//! Blocks are joined by their index and then read as in a whole message. A tool's input arrives as
//! fragments of JSON text and stays a text, so that one that was cut short is kept too. Events that are not
//! known are passed over, as the documentation asks of clients; an event of an error ends it with that error.

use super::value::{self, Read, push};
use super::{Context, ResponseShape, anthropic, error};
use crate::maxim::tree;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "an Anthropic message stream", is, convert };

fn is(value: &Value) -> bool {
    let is_event = |event: &Value| {
        event.text("type").is_some_and(|kind| kind == "message_start" || kind.starts_with("content_block_"))
    };
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let mut assembly = MessageAssembly::default();
    let mut failed = None;
    for event in value.as_array().into_iter().flatten() {
        match error::error_of(event) {
            Some(error) => failed = Some(error),
            None => assembly.read(event),
        }
    }
    let mut completion = anthropic::message(&assembly.finish());
    completion.error = failed;
    completion.build(context)
}

#[derive(Default)]
struct MessageAssembly {
    message: Map<String, Value>,
    usage: Map<String, Value>,
    blocks: BTreeMap<u64, ContentBlock>,
}

#[derive(Default)]
struct ContentBlock {
    members: Map<String, Value>,
    /// A tool's input so far, as JSON text.
    input: String,
}

impl MessageAssembly {
    fn read(&mut self, event: &Value) {
        let index = event.count("index").unwrap_or_default();
        match event.text("type").unwrap_or_default() {
            "message_start" => {
                if let Some(message) = event.object("message") {
                    self.message = message.clone();
                }
                self.read_usage(event.given("message").unwrap_or(&Value::Null));
            }
            "content_block_start" => {
                let members = event.object("content_block").cloned().unwrap_or_default();
                self.blocks.insert(index, ContentBlock { members, ..ContentBlock::default() });
            }
            "content_block_delta" => {
                if let Some(delta) = event.given("delta") {
                    self.blocks.entry(index).or_default().read(delta);
                }
            }
            "message_delta" => {
                if let Some(delta) = event.object("delta") {
                    override_with(&mut self.message, delta);
                }
                if let Some(management) = event.given("context_management") {
                    self.message.insert("context_management".to_owned(), management.clone());
                }
                self.read_usage(event);
            }
            // Bedrock puts its own counts beside the last event.
            _ => {}
        }
    }

    /// Counts are cumulative: a later one replaces an earlier one.
    fn read_usage(&mut self, holder: &Value) {
        if let Some(usage) = holder.object("usage") {
            override_with(&mut self.usage, usage);
        }
    }

    fn finish(mut self) -> Value {
        let blocks: Vec<Value> = self.blocks.into_values().map(ContentBlock::finish).collect();
        if !blocks.is_empty() || self.message.list("content").is_empty() {
            self.message.insert("content".to_owned(), Value::Array(blocks));
        }
        if !self.usage.is_empty() {
            self.message.insert("usage".to_owned(), Value::Object(self.usage));
        }
        Value::Object(self.message)
    }
}

impl ContentBlock {
    fn read(&mut self, delta: &Value) {
        let kind = delta.text("type").unwrap_or_default();
        let begin = |members: &mut Map<String, Value>, kind: &str| {
            members.entry("type").or_insert_with(|| kind.into());
        };
        match kind {
            "text_delta" => {
                begin(&mut self.members, "text");
                value::append(&mut self.members, "text", delta.text("text").unwrap_or_default());
            }
            "thinking_delta" => {
                begin(&mut self.members, "thinking");
                value::append(&mut self.members, "thinking", delta.text("thinking").unwrap_or_default());
            }
            "signature_delta" => {
                value::append(&mut self.members, "signature", delta.text("signature").unwrap_or_default());
            }
            "input_json_delta" => {
                begin(&mut self.members, "tool_use");
                self.input.push_str(delta.text("partial_json").unwrap_or_default());
            }
            "citations_delta" => {
                if let Some(citation) = delta.given("citation") {
                    if !self.members.get("citations").is_some_and(Value::is_array) {
                        self.members.insert("citations".to_owned(), json!([]));
                    }
                    push(&mut self.members, "citations", citation.clone());
                }
            }
            // The deltas of other blocks carry the block's own members.
            _ => value::merge_members(&mut self.members, value::rest(delta, &["type"])),
        }
    }

    fn finish(mut self) -> Value {
        if !self.input.is_empty() {
            // What a tool of Anthropic's own was asked is shown as a whole message has it.
            let own = self.members.text("type").is_some_and(|kind| kind != "tool_use");
            let parsed = if own { tree::read(self.input.as_bytes()) } else { None };
            self.members.insert("input".to_owned(), parsed.unwrap_or(Value::String(self.input)));
        }
        Value::Object(self.members)
    }
}

/// Null says that there is nothing to say, not that there is nothing.
fn override_with(members: &mut Map<String, Value>, newer: &Map<String, Value>) {
    let said = newer.iter().filter(|(_, value)| !value.is_null());
    members.extend(said.map(|(name, value)| (name.clone(), value.clone())));
}
