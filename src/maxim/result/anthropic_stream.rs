//! Anthropic's Messages stream: an array of events, put together to the message they tell.
//!
//! Blocks are joined by their index and then read as in a whole message. A tool's input arrives as
//! fragments of JSON text and stays a text, so that one that was cut short is kept too. Events and
//! deltas that are not known are passed over, as the documentation asks of clients.

use super::node::{Flaw, Node, has_chunk, refuse_error};
use super::{Shape, anthropic};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const SHAPE: Shape = Shape { name: "an Anthropic message stream", is, convert };

fn is(value: &Value) -> bool {
    has_chunk(value, "type", |event| event == "message_start")
}

fn convert(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let mut assembly = Assembly::default();
    for event in Node::root(&value).chunks() {
        refuse_error(&event)?;
        assembly.read(&event)?;
    }
    anthropic::convert(assembly.finish(), model)
}

#[derive(Default)]
struct Assembly {
    message: Map<String, Value>,
    usage: Map<String, Value>,
    blocks: BTreeMap<u64, Block>,
}

#[derive(Default)]
struct Block {
    members: Map<String, Value>,
    /// A tool's input so far, as JSON text.
    input: String,
}

impl Assembly {
    fn read(&mut self, event: &Node<'_, '_>) -> Result<(), Flaw> {
        match event.need("type")?.text()? {
            "message_start" => {
                let message = event.need("message")?;
                self.message = message.value().as_object().cloned().unwrap_or_default();
                self.read_usage(&message);
            }
            "content_block_start" => {
                let block = event.need("content_block")?.value().as_object().cloned().unwrap_or_default();
                let index = event.need("index")?.count()?;
                self.blocks.insert(index, Block { members: block, ..Block::default() });
            }
            "content_block_delta" => {
                let index = event.need("index")?;
                let block = self.blocks.get_mut(&index.count()?);
                let block = block.ok_or_else(|| index.flaw("is of a block that was not started"))?;
                block.read(&event.need("delta")?)?;
            }
            "message_delta" => {
                let delta = event.get("delta");
                if let Some(Value::Object(delta)) = delta.map(|delta| delta.value()) {
                    override_with(&mut self.message, delta);
                }
                self.read_usage(event);
            }
            _ => {}
        }
        Ok(())
    }

    /// Counts are cumulative: a later one replaces an earlier one.
    fn read_usage(&mut self, holder: &Node<'_, '_>) {
        let usage = holder.get("usage");
        if let Some(Value::Object(usage)) = usage.map(|usage| usage.value()) {
            override_with(&mut self.usage, usage);
        }
    }

    fn finish(mut self) -> Value {
        let blocks = self.blocks.into_values().map(Block::finish).collect();
        self.message.insert("content".to_owned(), Value::Array(blocks));
        if !self.usage.is_empty() {
            self.message.insert("usage".to_owned(), Value::Object(self.usage));
        }
        Value::Object(self.message)
    }
}

impl Block {
    fn read(&mut self, delta: &Node<'_, '_>) -> Result<(), Flaw> {
        match delta.need("type")?.text()? {
            "text_delta" => append(&mut self.members, "text", delta.need("text")?.text()?),
            "thinking_delta" => append(&mut self.members, "thinking", delta.need("thinking")?.text()?),
            "input_json_delta" => self.input.push_str(delta.need("partial_json")?.text()?),
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Value {
        if !self.input.is_empty() {
            self.members.insert("input".to_owned(), Value::String(self.input));
        }
        Value::Object(self.members)
    }
}

fn append(members: &mut Map<String, Value>, name: &str, part: &str) {
    match members.get_mut(name) {
        Some(Value::String(text)) => text.push_str(part),
        _ => {
            members.insert(name.to_owned(), Value::from(part));
        }
    }
}

/// Null says that there is nothing to say, not that there is nothing.
fn override_with(members: &mut Map<String, Value>, newer: &Map<String, Value>) {
    let said = newer.iter().filter(|(_, value)| !value.is_null());
    members.extend(said.map(|(name, value)| (name.clone(), value.clone())));
}
