//! Which values are answers, and where one may be in another value.

use super::value::Read;
use super::{SHAPES, error};
use serde_json::Value;

/// Envelopes within envelopes that are opened.
pub(super) const MOST_NESTED: u32 = 3;

/// Members that have an answer in them.
pub(super) const AROUND: [&str; 18] = [
    "response",
    "body",
    "result",
    "output",
    "data",
    "message",
    "Response",
    "responseBody",
    "response_body",
    "modelOutput",
    "chatResponse",
    "inferenceResponse",
    "chat_response",
    "inference_response",
    "orchestration_result",
    "final_result",
    "predictions",
    "payload",
];

/// Whether it is an answer only where nothing is around it: a text alone, or numbers.
pub(super) fn is_by_chance(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.len() == 1 && members.contains_key("text"),
        Value::Array(items) => items.iter().all(|item| item.is_number() || item.is_array()),
        _ => false,
    }
}

/// Whether it is an answer, or has one around which nothing has to be read.
pub(super) fn has_answer(value: &Value) -> bool {
    fn has(value: &Value, nested: u32) -> bool {
        let within = |nested| AROUND.iter().filter_map(|name| value.given(name)).any(|it| has(it, nested));
        is_answer(value) || nested.checked_sub(1).is_some_and(within)
    }
    has(value, MOST_NESTED)
}

/// Whether it is of a shape that is no error.
pub(super) fn is_answer(value: &Value) -> bool {
    shape(value).is_some_and(|shape| shape != error::SHAPE.name)
}

/// The name of its shape.
pub(super) fn shape(value: &Value) -> Option<&'static str> {
    SHAPES.iter().find(|shape| (shape.is)(value)).map(|shape| shape.name)
}
