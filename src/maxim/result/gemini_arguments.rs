//! A Gemini call's arguments that arrive in pieces, each with the path of what it adds to.
//!
//! A path is a JSONPath of names and indexes (`$.places[0].name`, `$['a b']`); a text whose piece
//! `willContinue` grows with the next piece of the same path.

use super::value::Read;
use crate::maxim::tree;
use serde_json::{Map, Value};

/// Arguments so far.
pub(super) struct Partial {
    args: Value,
    /// The path of the text that goes on.
    open: Option<String>,
}

enum PathStep<'a> {
    Member(&'a str),
    Item(usize),
}

/// No call has more in one list, and an index may be anything.
const ITEMS: usize = 4096;

impl Partial {
    pub fn new(args: Map<String, Value>) -> Partial {
        Partial { args: Value::Object(args), open: None }
    }

    pub fn add(&mut self, piece: &Value) {
        let Some(path) = piece.either(&["jsonPath", "json_path"]).and_then(Value::as_str) else { return };
        let text = piece.either(&["stringValue", "string_value"]).and_then(Value::as_str);
        let other = piece.either(&["numberValue", "number_value", "boolValue", "bool_value"]);
        let goes_on = self.open.as_deref() == Some(path);
        let Some(place) = place(&mut self.args, path) else { return };
        match (place, text) {
            (Value::String(before), Some(text)) if goes_on => before.push_str(text),
            (place, Some(text)) => *place = text.into(),
            (place, None) => *place = other.cloned().unwrap_or_default(),
        }
        let continues = piece.either(&["willContinue", "will_continue"]).is_some_and(|more| more == true);
        self.open = continues.then(|| path.to_owned());
    }

    pub fn finish(self) -> Value {
        self.args
    }
}

/// Where a path leads, made as far as it is not there.
fn place<'v>(root: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let mut at = root;
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut levels = 1;
    while let Some((step, after)) = next(rest) {
        rest = after;
        levels += 1;
        if !tree::admits(levels) {
            return None;
        }
        at = match step {
            PathStep::Member(name) => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                at.as_object_mut()?.entry(name).or_insert(Value::Null)
            }
            PathStep::Item(index) => {
                if !at.is_array() {
                    *at = Value::Array(Vec::new());
                }
                let items = at.as_array_mut()?;
                if index >= ITEMS {
                    return None;
                }
                if items.len() <= index {
                    items.resize(index + 1, Value::Null);
                }
                items.get_mut(index)?
            }
        };
    }
    Some(at)
}

fn next(path: &str) -> Option<(PathStep<'_>, &str)> {
    let path = path.strip_prefix('.').unwrap_or(path);
    if let Some(bracket) = path.strip_prefix('[') {
        let (inside, after) = bracket.split_once(']')?;
        return Some(match inside.parse() {
            Ok(index) => (PathStep::Item(index), after),
            Err(_) => (PathStep::Member(inside.trim_matches(['\'', '"'])), after),
        });
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, after) = path.split_at(end);
    (!name.is_empty()).then_some((PathStep::Member(name), after))
}
