//! Answers within something else: in the line of a batch, in what a client or a gateway made of an HTTP response, under
//! a member of the provider's own (`output`, `result`, `chatResponse`).
//!
//! What is taken out keeps what stood around it, under its own names, where the answer has none of that name.

use super::answer::{AROUND, MOST_NESTED, is_by_chance, shape};
use super::value::{Read, add_new, rest};
use super::{error, raw};
use serde_json::{Map, Value};

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
        let is_certain = |inner: &Value| !is_by_chance(inner) || is_of_http(value);
        let found = shape(inner).filter(|shape| *shape != error::SHAPE.name && is_certain(inner));
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

/// Whether it is what a client or a gateway makes of an HTTP response.
fn is_of_http(value: &Value) -> bool {
    let has_status = |name| value.count(name).is_some_and(|status| (100..600).contains(&status));
    has_status("statusCode") || has_status("status") && value.either(&["statusText", "headers"]).is_some()
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
