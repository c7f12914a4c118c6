//! Answers within something else: in the line of a batch, in what a client or a gateway made of an HTTP response, under
//! a member of the provider's own (`output`, `result`, `chatResponse`) or of whoever recorded it (`completion`, `raw`,
//! `chunks`).
//!
//! Members of known names are looked into first. Under any other name an answer is taken for the result's own if it is
//! the only one, and if what it is in is no answer itself; what was asked for is not looked into.
//!
//! What is taken out keeps what stood around it, under its own names, where the answer has none of that name.

use super::value::{Read, add_new, rest};
use super::{SHAPES, error, frameworks, generators, images, other, raw};
use serde_json::{Map, Value, json};

/// Envelopes within envelopes that are opened.
const MOST_NESTED: u32 = 6;
/// Members that are looked into, whatever they are called.
const MOST_MEMBERS: usize = 64;

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

/// Members that have what was asked for in them, or said before.
const ASKED: [&str; 18] = [
    "request",
    "req",
    "input",
    "inputs",
    "prompt",
    "messages",
    "history",
    "chat_history",
    "config",
    "params",
    "parameters",
    "arguments",
    "modelInput",
    "postData",
    "tools",
    "error",
    "examples",
    "previous",
];

/// What the names of members say that have the answer of a model in them.
const ANSWERING: [&str; 10] =
    ["raw", "response", "completion", "answer", "reply", "generation", "output", "result", "body", "json"];

/// Shapes that other values may have by chance.
const BY_CHANCE: [&str; 6] = [
    frameworks::MESSAGE.name,
    generators::SHAPE.name,
    images::SHAPE.name,
    other::EMBEDDINGS.name,
    other::SPEECH.name,
    other::DOCUMENT.name,
];

/// An answer out of its envelope.
pub(super) struct Opened {
    pub answer: Value,
    /// What stood around the events of a stream, which have no place for it.
    pub around: Map<String, Value>,
}

/// The answer in a value that is none itself.
pub(super) fn open(value: &Value) -> Option<Opened> {
    opened(value, MOST_NESTED)
}

/// The same under members of known names only, as the events of a stream are in envelopes, or the lines of a batch.
pub(super) fn open_known(value: &Value) -> Option<Value> {
    let (name, inner) = known(value, MOST_NESTED, open_known_nested)?;
    Some(with_around(value, name, inner).answer)
}

fn open_known_nested(value: &Value, nested: u32) -> Option<Opened> {
    let nested = nested.checked_sub(1)?;
    let (name, inner) = known(value, nested, open_known_nested)?;
    Some(with_around(value, name, inner))
}

fn opened(value: &Value, nested: u32) -> Option<Opened> {
    let nested = nested.checked_sub(1)?;
    let known = known(value, nested, opened);
    let (name, inner) = match known {
        Some((name, inner)) if is_beyond_chance(&inner.answer) => (name, inner),
        known => only_one(value, nested).or(known)?,
    };
    Some(with_around(value, name, inner))
}

/// What opens a value that is no answer, so many times more.
type Open = fn(&Value, u32) -> Option<Opened>;

/// The first member of a known name that has an answer in it.
fn known(value: &Value, nested: u32, open: Open) -> Option<(&str, Opened)> {
    let members = value.as_object()?;
    AROUND.iter().find_map(|name| Some((*name, within(members.given(name)?, nested, open)?)))
}

/// The only member that has an answer in it, whatever its name; of several that are the same, the first.
fn only_one(value: &Value, nested: u32) -> Option<(&str, Opened)> {
    let members = value.as_object().filter(|members| members.len() <= MOST_MEMBERS)?;
    let mut found: Option<(&str, Opened)> = None;
    let others = members.iter().filter(|(name, _)| !ASKED.contains(&name.as_str()));
    for (name, member) in others {
        let Some(inner) = within(member, nested, opened) else { continue };
        let says_so = || {
            let name = name.to_ascii_lowercase();
            ANSWERING.iter().any(|word| name.contains(word))
        };
        if !is_beyond_chance(&inner.answer) && !says_so() {
            continue;
        }
        match &found {
            Some((_, before)) if is_beyond_chance(&before.answer) => {
                // Which is meant is not known.
                if is_beyond_chance(&inner.answer) && inner.answer != before.answer {
                    return None;
                }
            }
            Some(_) if !is_beyond_chance(&inner.answer) => return None,
            _ => found = Some((name, inner)),
        }
    }
    found
}

/// The answer that a member is or has in it.
fn within(member: &Value, nested: u32, open: Open) -> Option<Opened> {
    let plain = |answer: Value| Opened { answer, around: Map::new() };
    match member {
        Value::String(text) => {
            let inner = raw::read_whole(text).or_else(|| raw::read_base64(text))?;
            if is_all_answers(&inner) { Some(plain(inner)) } else { open(&inner, nested) }
        }
        Value::Array(items) => match &items[..] {
            [one] if is_answer(one) => Some(plain(one.clone())),
            [one] if one.is_object() => open(one, nested),
            _ if is_answer(member) => Some(plain(member.clone())),
            [Value::Object(_) | Value::Array(_) | Value::String(_) | Value::Null, ..] => {
                let events = raw::unwrap(member.clone());
                if is_all_answers(&events) { Some(plain(events)) } else { column(items).map(plain) }
            }
            _ => None,
        },
        Value::Object(_) if is_answer(member) => Some(plain(member.clone())),
        Value::Object(_) => open(member, nested),
        _ => None,
    }
}

/// What stands around an answer, added to it.
fn with_around(value: &Value, name: &str, inner: Opened) -> Opened {
    let Opened { mut answer, around: mut kept } = inner;
    let mut around = rest(value, &[name]);
    around.retain(|_, member| says_something(member));
    match &mut answer {
        Value::Object(members) => {
            let plain = members.clone();
            add_new(members, around);
            if !is_answer(&answer) {
                answer = Value::Object(plain);
            }
        }
        _ => add_new(&mut kept, around),
    }
    Opened { answer, around: kept }
}

/// The events of a stream that stand in the items of a list with something beside each, such as when it came: in a
/// member of one name, or at one place of each.
pub(super) fn column(items: &[Value]) -> Option<Value> {
    /// Of so many items at the beginning, one has the member.
    const FIRST: usize = 3;
    let of = |take: &dyn Fn(&Value) -> Option<Value>| {
        let taken: Vec<Value> = items.iter().filter_map(take).filter(|it| !it.is_null()).collect();
        if taken.is_empty() || taken.len() * 2 < items.len() {
            return None;
        }
        let is_event = |event: &Value| event.is_object() || event.is_array() || event.is_string();
        let events = if taken.iter().all(is_event) { raw::unwrap(Value::Array(taken)) } else { return None };
        is_all_answers(&events).then_some(events)
    };
    let first = &items[..items.len().min(FIRST)];
    let names = first.iter().filter_map(Value::as_object).flat_map(Map::keys);
    let of_member = names.into_iter().find_map(|name| of(&|item| item.given(name).cloned()));
    let longest = first.iter().filter_map(Value::as_array).map(Vec::len).max().unwrap_or_default();
    of_member.or_else(|| (0..longest.min(FIRST)).find_map(|at| of(&|item| item.get(at).cloned())))
}

/// The error in a value that has no answer in it, as the line of a batch has it.
pub(super) fn error(value: &Value) -> Option<Value> {
    fn within(value: &Value, nested: u32) -> Option<Value> {
        let nested = nested.checked_sub(1)?;
        AROUND.iter().filter_map(|name| value.given(name)).find_map(|member| {
            let read;
            let member = match member {
                Value::String(text) => {
                    read = raw::read_whole(text)?;
                    &read
                }
                member => member,
            };
            error::told(member).or_else(|| ended(member)).or_else(|| within(member, nested))
        })
    }
    let failed = within(value, MOST_NESTED)?;
    let mut body = Map::new();
    body.insert("error".to_owned(), failed);
    add_new(&mut body, rest(value, &AROUND));
    Some(error::convert_alone(&body.into()))
}

/// What became of a request of a batch that nobody answered.
fn ended(result: &Value) -> Option<Value> {
    let kind = result.text("type").filter(|kind| matches!(*kind, "expired" | "canceled"))?;
    (result.as_object()?.len() == 1)
        .then(|| json!({"message": format!("the request was {kind}"), "code": "", "type": kind}))
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

/// Whether it is an answer, or a list of nothing else.
fn is_all_answers(value: &Value) -> bool {
    let is_one = |item: &Value| item.is_object() && is_answer(item);
    is_answer(value) || value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_one))
}

fn is_beyond_chance(answer: &Value) -> bool {
    match (shape(answer), answer) {
        (Some(name), _) => !BY_CHANCE.contains(&name),
        (None, Value::Array(items)) => {
            items.iter().all(|item| shape(item).is_some_and(|name| !BY_CHANCE.contains(&name)))
        }
        (None, _) => false,
    }
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
