//! OpenAI's Responses object, which the log API accepts as it is.

use super::Shape;
use super::node::{Flaw, Node};
use serde_json::Value;

const OBJECT: &str = "response";

pub(super) const SHAPE: Shape = Shape { name: "an OpenAI Responses object", is, convert };

fn is(value: &Value) -> bool {
    value.get("object").is_some_and(|object| object == OBJECT)
}

fn convert(value: Value, _model: Option<&str>) -> Result<Value, Flaw> {
    check(&Node::root(&value))?;
    Ok(value)
}

/// Checks what the log API reads of a response.
pub(super) fn check(response: &Node<'_, '_>) -> Result<(), Flaw> {
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
