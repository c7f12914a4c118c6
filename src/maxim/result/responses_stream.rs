//! OpenAI's Responses stream of events: the last carries the whole response.
//!
//! A stream that was cut short has no such event. Its output is put together from what arrived: items
//! that were finished as they are, the others with the texts and arguments that came so far, in the
//! response that the first events announce, whose status stays `in_progress`. An event of an error ends it
//! with that error.

use super::parts::new_id;
use super::responses::patch;
use super::value::{self, Read, push, rest};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "an OpenAI Responses stream", is, convert };

/// The events that end a stream and carry the response.
const FINAL_EVENTS: [&str; 4] =
    ["response.completed", "response.incomplete", "response.failed", "response.done"];

fn is(value: &Value) -> bool {
    let is_event = |event: &Value| event.text("type").is_some_and(|kind| kind.starts_with("response."));
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let mut assembly = ResponseAssembly::default();
    let mut ended = None;
    for event in value.as_array().into_iter().flatten() {
        let kind = event.text("type").unwrap_or_default();
        if FINAL_EVENTS.contains(&kind) && event.object("response").is_some() {
            // A gateway may say more than the response.
            let more = rest(event, &["type", "response", "sequence_number", "event_id"]);
            ended = event.object("response").cloned().map(|mut response| {
                value::add_new(&mut response, more);
                response
            });
        } else if kind == "error" || (kind.is_empty() && event.given("error").is_some()) {
            assembly.error = Some(error::describe(event.given("error").unwrap_or(event), event));
        } else {
            assembly.read(kind, event);
        }
    }
    let mut response = assembly.finish(ended);
    patch(&mut response, context);
    Value::Object(response)
}

/// What has arrived of a response.
#[derive(Default)]
struct ResponseAssembly {
    id: Option<String>,
    response: Map<String, Value>,
    /// By `output_index`.
    items: BTreeMap<u64, Value>,
    error: Option<Value>,
}

impl ResponseAssembly {
    /// Events that are not known are passed over.
    fn read(&mut self, kind: &str, event: &Value) {
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                if let Some(response) = event.object("response") {
                    self.id = self.id.take().or_else(|| response.filled("id"));
                    // A later event may say less than the first.
                    self.response.extend(response.clone());
                }
            }
            "response.output_item.added" | "response.output_item.done" => {
                if let Some(item) = event.given("item") {
                    self.items.insert(index(event, "output_index"), item.clone());
                }
            }
            "response.content_part.added" => {
                if let (Some(item), Some(part)) = (self.item(event, "message"), event.given("part")) {
                    push(item, "content", part.clone());
                }
            }
            "response.output_text.delta" => {
                self.append_to_part(event, ("content", "content_index"), ("output_text", "text"));
            }
            // As the Realtime API has them.
            "response.text.delta" => {
                self.append_to_part(event, ("content", "content_index"), ("output_text", "text"));
            }
            "response.output_audio_transcript.delta" | "response.audio_transcript.delta" => {
                self.append_to_part(event, ("content", "content_index"), ("output_audio", "transcript"));
            }
            "response.refusal.delta" => {
                self.append_to_part(event, ("content", "content_index"), ("refusal", "refusal"));
            }
            "response.reasoning_text.delta" => {
                self.append_to_part(event, ("content", "content_index"), ("reasoning_text", "text"));
            }
            "response.reasoning_summary_text.delta" => {
                self.append_to_part(event, ("summary", "summary_index"), ("summary_text", "text"));
            }
            "response.output_text.annotation.added" => {
                let part = self.part(event, ("content", "content_index"), "output_text");
                if let (Some(part), Some(annotation)) = (part, event.given("annotation")) {
                    push(part, "annotations", annotation.clone());
                }
            }
            "response.function_call_arguments.delta" | "response.mcp_call_arguments.delta" => {
                self.append(event, "function_call", "arguments");
            }
            "response.custom_tool_call_input.delta" => self.append(event, "custom_tool_call", "input"),
            "response.code_interpreter_call_code.delta" => {
                self.append(event, "code_interpreter_call", "code")
            }
            _ => {}
        }
    }

    /// The item that an event is about; one that was not announced is begun.
    fn item(&mut self, event: &Value, kind: &str) -> Option<&mut Map<String, Value>> {
        let id = event.filled("item_id").unwrap_or_else(new_id);
        let item = self.items.entry(index(event, "output_index"));
        item.or_insert_with(|| json!({"id": id, "type": kind})).as_object_mut()
    }

    fn append(&mut self, event: &Value, kind: &str, name: &str) {
        if let (Some(item), Some(delta)) = (self.item(event, kind), event.text("delta")) {
            value::append(item, name, delta);
        }
    }

    /// The part of an item's list that an event is about; one that was not announced is begun.
    fn part(&mut self, event: &Value, list: (&str, &str), kind: &str) -> Option<&mut Map<String, Value>> {
        /// No stream has more, and an index may be anything.
        const PARTS: usize = 4096;
        let (name, place) = list;
        let at = usize::try_from(index(event, place)).ok().filter(|&at| at < PARTS)?;
        let of = if name == "summary" || kind == "reasoning_text" { "reasoning" } else { "message" };
        let item = self.item(event, of)?;
        let parts = item.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
        while parts.len() <= at {
            parts.push(json!({"type": kind}));
        }
        parts.get_mut(at)?.as_object_mut()
    }

    fn append_to_part(&mut self, event: &Value, list: (&str, &str), (kind, name): (&str, &str)) {
        if let (Some(part), Some(delta)) = (self.part(event, list, kind), event.text("delta")) {
            value::append(part, name, delta);
        }
    }

    /// The response as its last event has it, else what came of it.
    fn finish(self, ended: Option<Map<String, Value>>) -> Map<String, Value> {
        // It is the one that the first event announced, whatever a proxy has made of the ids of later ones.
        let id = self.id.map(Value::from);
        let announced = ["object", "created_at", "model"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.response.given(name)?.clone())));
        let mut response = match ended {
            Some(mut ended) => {
                value::add_new(&mut ended, announced.collect());
                ended
            }
            None => self.response,
        };
        if let Some(id) = id {
            response.insert("id".to_owned(), id);
        }
        if response.list("output").is_empty() {
            response.insert("output".to_owned(), self.items.into_values().collect());
        }
        if let Some(error) = self.error.filter(|_| response.given("error").is_none()) {
            response.insert("error".to_owned(), error);
        }
        response
    }
}

fn index(event: &Value, name: &str) -> u64 {
    event.count(name).unwrap_or_default()
}
