//! Answers within something else: in the line of a batch, in what a client or a gateway made of an HTTP response, under
//! a member of the provider's own (`output`, `result`, `chatResponse`).
//!
//! What is taken out keeps what stood around it, under its own names, where the answer has none of that name.

use super::value::{Read, add_new, rest};
use super::{SHAPES, error, raw};
use serde_json::{Map, Value};

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

/// An answer that was taken out of its envelope.
pub(super) struct Opened {
    /// With what stood around it, as far as it is still the same answer with that.
    pub answer: Value,
    /// What else stood around it, which would make another answer of it.
    pub around: Map<String, Value>,
}

/// The answer in a value that is none itself.
pub(super) fn open(value: &Value) -> Option<Opened> {
    opened(value, MOST_NESTED)
}

fn opened(value: &Value, nested: u32) -> Option<Opened> {
    let nested = nested.checked_sub(1)?;
    let members = value.as_object()?;
    AROUND.iter().find_map(|name| {
        let read;
        let inner = match members.given(name)? {
            Value::String(text) => {
                read = raw::read_whole(text)?;
                &read
            }
            Value::Array(items) if items.len() == 1 => items.first()?,
            inner => inner,
        };
        let found = shape(inner).filter(|shape| *shape != error::SHAPE.name && !is_by_chance(inner));
        let mut opened = match found {
            Some(_) => Opened { answer: inner.clone(), around: Map::new() },
            None => opened(inner, nested)?,
        };
        let mut around = rest(value, &[name]);
        around.retain(|_, member| says_something(member));
        if let Value::Object(answer) = &opened.answer {
            let mut whole = answer.clone();
            add_new(&mut whole, around.clone());
            let whole = Value::Object(whole);
            if shape(&whole) == shape(&opened.answer) {
                opened.answer = whole;
                return Some(opened);
            }
        }
        add_new(&mut opened.around, around);
        Some(opened)
    })
}

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

fn shape(value: &Value) -> Option<&'static str> {
    SHAPES.iter().find(|shape| (shape.is)(value)).map(|shape| shape.name)
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
