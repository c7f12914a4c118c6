//! OpenAI's Responses stream of events: the last carries the whole response.
//!
//! A stream that was cut short has no such event. Its output is put together from what arrived: items
//! that were finished as they are, the others with the texts and arguments that came so far, in the
//! response that the first events announce, whose status stays `in_progress`.

use super::Shape;
use super::node::{Flaw, Node, has_chunk, refuse_error};
use super::openai_responses::check;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const SHAPE: Shape = Shape { name: "an OpenAI Responses stream", is, convert };

/// The events that end a stream and carry the response.
const FINAL_EVENTS: [&str; 3] = ["response.completed", "response.incomplete", "response.failed"];

fn is(value: &Value) -> bool {
    has_chunk(value, "type", |event| event.starts_with("response."))
}

fn convert(value: Value, _model: Option<&str>) -> Result<Value, Flaw> {
    let mut assembly = Assembly::default();
    for event in Node::root(&value).chunks() {
        refuse_error(&event)?;
        let kind = event.get_text("type")?.unwrap_or_default();
        if kind == "error" {
            let code = event.get_text("code")?.unwrap_or("of no kind");
            return Err(Flaw(format!(
                "the stream has an error in it ({code}): log it as the generation's error"
            )));
        }
        if FINAL_EVENTS.contains(&kind) {
            let response = event.need("response")?;
            check(&response)?;
            return Ok(response.value().clone());
        }
        assembly.read(kind, &event)?;
    }
    let response =
        assembly.finish().ok_or_else(|| Flaw("it has no event that carries the response".to_owned()))?;
    check(&Node::root(&response))?;
    Ok(response)
}

/// What has arrived of a response.
#[derive(Default)]
struct Assembly {
    response: Option<Map<String, Value>>,
    /// By `output_index`.
    items: BTreeMap<u64, Value>,
}

impl Assembly {
    /// Events that are not known are passed over.
    fn read(&mut self, kind: &str, event: &Node<'_, '_>) -> Result<(), Flaw> {
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                self.response = event.need("response")?.value().as_object().cloned();
            }
            "response.output_item.added" | "response.output_item.done" => {
                let index = event.need("output_index")?.count()?;
                self.items.insert(index, event.need("item")?.value().clone());
            }
            "response.content_part.added" => {
                let part = event.need("part")?.value().clone();
                if let Some(Value::Array(parts)) = self.member(event, "content")? {
                    parts.push(part);
                }
            }
            "response.output_text.delta" => self.append_to_part(event, "text")?,
            "response.refusal.delta" => self.append_to_part(event, "refusal")?,
            "response.function_call_arguments.delta" => {
                let delta = event.need("delta")?.text()?;
                append(self.member(event, "arguments")?, delta);
            }
            "response.custom_tool_call_input.delta" => {
                let delta = event.need("delta")?.text()?;
                append(self.member(event, "input")?, delta);
            }
            _ => {}
        }
        Ok(())
    }

    /// A member of the item that an event is about.
    fn member(&mut self, event: &Node<'_, '_>, name: &str) -> Result<Option<&mut Value>, Flaw> {
        let index = event.need("output_index")?.count()?;
        Ok(self.items.get_mut(&index).and_then(|item| item.get_mut(name)))
    }

    fn append_to_part(&mut self, event: &Node<'_, '_>, name: &str) -> Result<(), Flaw> {
        let delta = event.need("delta")?.text()?;
        let index = event.need("content_index")?.count()?;
        let parts = self.member(event, "content")?;
        let part = parts.and_then(|parts| parts.get_mut(usize::try_from(index).ok()?));
        append(part.and_then(|part| part.get_mut(name)), delta);
        Ok(())
    }

    fn finish(self) -> Option<Value> {
        let mut response = self.response?;
        response.insert("output".to_owned(), self.items.into_values().collect());
        Some(Value::Object(response))
    }
}

fn append(text: Option<&mut Value>, delta: &str) {
    if let Some(Value::String(text)) = text {
        text.push_str(delta);
    }
}
