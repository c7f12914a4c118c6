//! Answers within something else: in the line of a batch, in what a client or a gateway made of an HTTP response, under
//! a member of the provider's own (`output`, `result`, `chatResponse`).
//!
//! What is taken out keeps what stood around it, under its own names, where the answer has none of that name.

use super::value::{Read, add_new, rest};
use super::{SHAPES, error, raw};
use serde_json::Value;

/// Envelopes within envelopes that are opened.
const MOST_NESTED: u32 = 3;

/// Members that have an answer in them.
const AROUND: [&str; 18] = [
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

/// The answer in a value that is none itself.
pub(super) fn open(value: &Value) -> Option<Value> {
    opened(value, MOST_NESTED)
}

fn opened(value: &Value, nested: u32) -> Option<Value> {
    let nested = nested.checked_sub(1)?;
    let members = value.as_object()?;
    AROUND.iter().find_map(|name| {
        let inner = match members.given(name)? {
            Value::String(text) => raw::read_whole(text)?,
            Value::Array(items) => match &items[..] {
                [one] => one.clone(),
                _ => Value::Array(items.clone()),
            },
            inner => inner.clone(),
        };
        let mut answer = if is_answer(&inner) { inner } else { opened(&inner, nested)? };
        let mut around = rest(value, &[name]);
        around.retain(|_, member| says_something(member));
        if let Value::Object(answer) = &mut answer {
            let plain = answer.clone();
            add_new(answer, around);
            if !is_answer(&Value::Object(answer.clone())) {
                *answer = plain;
            }
        }
        Some(answer)
    })
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
    SHAPES.iter().find(|shape| (shape.is)(value)).is_some_and(|shape| shape.name != error::SHAPE.name)
}

fn says_something(member: &Value) -> bool {
    match member {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
