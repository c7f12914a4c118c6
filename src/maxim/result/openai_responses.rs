//! OpenAI's Responses object, which the log API accepts as it is, and its stream of events, of which
//! the last carries the whole object.

use super::Shape;
use super::node::{Flaw, Node, has_chunk, refuse_error};
use serde_json::Value;

const OBJECT: &str = "response";

pub(super) const SHAPE: Shape = Shape { name: "an OpenAI Responses object", is, convert };

pub(super) const STREAM: Shape =
    Shape { name: "an OpenAI Responses stream", is: is_stream, convert: convert_stream };

/// The events that end a stream and carry the response.
const FINAL_EVENTS: [&str; 3] = ["response.completed", "response.incomplete", "response.failed"];

fn is(value: &Value) -> bool {
    value.get("object").is_some_and(|object| object == OBJECT)
}

fn convert(value: Value, _model: Option<&str>) -> Result<Value, Flaw> {
    check(&Node::root(&value))?;
    Ok(value)
}

fn check(response: &Node<'_, '_>) -> Result<(), Flaw> {
    let object = response.need("object")?;
    if object.text()? != OBJECT {
        return Err(object.flaw("is not `response`"));
    }
    response.need("id")?.text()?;
    response.get_text("model")?;
    if let Some(created) = response.get("created_at") {
        // OpenAI documents a number; its own clients write it as a float.
        created.count()?;
    }
    for item in response.need("output")?.items()? {
        item.need("type")?.text()?;
    }
    if let Some(usage) = response.get("usage") {
        for name in ["input_tokens", "output_tokens", "total_tokens"] {
            usage.need(name)?.integer()?;
        }
    }
    Ok(())
}

fn is_stream(value: &Value) -> bool {
    has_chunk(value, "type", |event| event.starts_with("response."))
}

fn convert_stream(value: Value, _model: Option<&str>) -> Result<Value, Flaw> {
    let root = Node::root(&value);
    for event in root.chunks().iter().rev() {
        refuse_error(event)?;
        let kind = event.get_text("type")?.unwrap_or_default();
        if FINAL_EVENTS.contains(&kind) {
            let response = event.need("response")?;
            check(&response)?;
            return Ok(response.value().clone());
        }
    }
    Err(Flaw(format!("it has none of the events that carry the response: {}", FINAL_EVENTS.join(", "))))
}
