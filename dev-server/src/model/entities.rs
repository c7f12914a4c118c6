//! Entities out of log lines: sessions, traces, spans, generations and the rest, with all that lines said of them.
//!
//! Lines are applied in order of arrival to a table; parents are found as they are named, so the order of the lines
//! does not matter. An entity that other lines only speak of is in the table as well, marked as never created.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::model::line::{self, Line};

/// What lines said about one entity.
pub struct Entity {
    pub kind: String,
    pub id: String,
    /// Whether a line made it, or others only speak of it.
    pub is_created: bool,
    /// The members of all its lines; objects such as tags are joined, messages appended.
    pub data: Map<String, Value>,
    /// Events, feedback, attachments and the like: the action and its data.
    pub happened: Vec<(String, Value)>,
    pub parent: Option<usize>,
    pub children: Vec<usize>,
}

/// The entities of one repository.
#[derive(Default)]
pub struct Entities {
    pub all: Vec<Entity>,
    index: HashMap<(String, String), usize>,
    pub malformed: Vec<String>,
    unnamed: usize,
}

/// The kind of entity that an action makes below the one that it is about.
pub fn made_kind(action: &str) -> Option<String> {
    match action {
        "add-span" | "add-generation" | "add-retrieval" | "add-tool-call" | "add-error" => {
            Some(action["add-".len()..].replace('-', "_"))
        }
        _ => None,
    }
}

/// Whether the members of an action's data become members of the entity.
pub fn is_merged(action: &str) -> bool {
    matches!(action, "create" | "update" | "end" | "result" | "error" | "add-cost")
}

impl Entities {
    pub fn entity(&mut self, kind: &str, id: &str) -> usize {
        let key = (kind.to_owned(), id.to_owned());
        *self.index.entry(key).or_insert_with(|| {
            self.all.push(Entity {
                kind: kind.to_owned(),
                id: id.to_owned(),
                is_created: false,
                data: Map::new(),
                happened: Vec::new(),
                parent: None,
                children: Vec::new(),
            });
            self.all.len() - 1
        })
    }

    pub fn find(&self, kind: &str, id: &str) -> Option<usize> {
        self.index.get(&(kind.to_owned(), id.to_owned())).copied()
    }

    /// Applies a line.
    pub fn apply(&mut self, text: &[u8]) {
        let parsed = line::parse(text)
            .and_then(|line| serde_json::from_slice::<Map<String, Value>>(line.data).ok().map(|d| (line, d)));
        let Some((Line { entity, id, action, .. }, data)) = parsed else {
            self.malformed.push(String::from_utf8_lossy(text).into_owned());
            return;
        };
        let at = self.entity(entity, id);
        if is_merged(action) {
            self.all[at].is_created |= action == "create";
            self.all[at].merge(data);
        } else if let Some(kind) = made_kind(action) {
            let child_id = match data.get("id").and_then(Value::as_str) {
                Some(id) => id.to_owned(),
                None => {
                    self.unnamed += 1;
                    format!("(without an id, {})", self.unnamed)
                }
            };
            let child = self.entity(&kind, &child_id);
            self.all[child].is_created = true;
            self.all[child].merge(data);
            self.adopt(at, child);
        } else {
            self.all[at].happened.push((action.to_owned(), Value::Object(data)));
        }
    }

    /// Makes `child` a child of `parent`, once.
    pub fn adopt(&mut self, parent: usize, child: usize) {
        if self.all[child].parent.is_none() && parent != child {
            self.all[child].parent = Some(parent);
            self.all[parent].children.push(child);
        }
    }
}

impl Entity {
    fn merge(&mut self, data: Map<String, Value>) {
        for (name, value) in data {
            match (self.data.get_mut(&name), value) {
                (Some(Value::Object(known)), Value::Object(more)) if name != "result" => known.extend(more),
                (Some(Value::Array(known)), Value::Array(more)) if name == "messages" => known.extend(more),
                (_, value) => {
                    self.data.insert(name, value);
                }
            }
        }
    }

    pub fn get(&self, name: &str) -> &Value {
        self.data.get(name).unwrap_or(&Value::Null)
    }

    pub fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }
}

/// Where a message or an output item has its text.
pub fn message_content(message: &Value) -> &Value {
    let places = ["content", "output", "arguments", "summary"];
    places.iter().map(|name| &message[*name]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

/// A value as the text that a tag's value is compared with.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
