//! What one line or entry says, as columns and as an event for those who watch.

use serde_json::{Map, Value, json};

use crate::model::entities::{is_merged, made_kind, message_content, plain};
use crate::model::figures::{Tokens, unix_us};
use crate::model::line;

/// Characters of a text that a list shows.
const PREVIEW_CHARACTERS: usize = 200;

/// A line of the Maxim log API, understood.
pub struct Said {
    /// Whom it is about.
    pub kind: String,
    pub id: String,
    pub action: String,
    /// Whom it makes below that, if it does.
    pub made: Option<(String, String)>,
    /// Whether `data` are members of the entity (or of the one made), or of something that happened to it.
    pub is_merged: bool,
    pub data: Map<String, Value>,
}

impl Said {
    pub fn new(text: &[u8]) -> Option<Said> {
        let line = line::parse(text)?;
        let data: Map<String, Value> = serde_json::from_slice(line.data).ok()?;
        let id = || data.get("id").and_then(Value::as_str).unwrap_or("(without an id)").to_owned();
        let made = made_kind(line.action).map(|kind| (kind, id()));
        let is_merged = made.is_some() || is_merged(line.action);
        let (kind, id, action) = (line.entity.to_owned(), line.id.to_owned(), line.action.to_owned());
        Some(Said { kind, id, action, made, is_merged, data })
    }

    fn get(&self, name: &str) -> &Value {
        self.data.get(name).unwrap_or(&Value::Null)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str().filter(|text| !text.is_empty())
    }

    pub fn time(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(unix_us)
    }

    pub fn tokens(&self) -> Option<Tokens> {
        Some(Tokens::of(&self.get("result")["usage"])).filter(|tokens| !tokens.is_zero())
    }

    pub fn cost(&self) -> Option<f64> {
        self.get("cost")["total"].as_f64()
    }

    pub fn model(&self) -> Option<&str> {
        self.text("model").or_else(|| self.get("result")["model"].as_str())
    }

    /// The message and the type of an error that it reports.
    pub fn error(&self) -> Option<(String, Option<String>)> {
        let made_kind = self.made.as_ref().map_or(self.kind.as_str(), |(kind, _)| kind.as_str());
        let of = |error: &Value| match error {
            Value::String(text) => Some((text.clone(), None)),
            Value::Object(error) => {
                let word = |name: &str| match error.get(name) {
                    Some(Value::String(text)) => Some(text.clone()),
                    Some(Value::Number(number)) => Some(number.to_string()),
                    _ => None,
                };
                Some((
                    word("message").unwrap_or_else(|| "(no message)".into()),
                    word("type").or(word("code")),
                ))
            }
            _ => None,
        };
        if made_kind == "error" && self.is_merged {
            let message = self.text("message").unwrap_or("(no message)").to_owned();
            return Some((message, self.text("errorType").or(self.text("code")).map(str::to_owned)));
        }
        of(self.get("error")).or_else(|| of(&self.get("result")["error"]))
    }

    /// What it is about in few words: an input, the last message, a document.
    pub fn preview(&self) -> Option<String> {
        if let Some(input) =
            ["input", "args", "message"].iter().map(|name| self.get(name)).find(|v| !v.is_null())
        {
            return Some(shown(input)).filter(|text| !text.is_empty());
        }
        let last = self.get("messages").as_array()?.last()?;
        Some(shown(message_content(last))).filter(|text| !text.is_empty())
    }

    /// All texts in it, for the search.
    pub fn words(&self) -> String {
        let mut words = format!("{} {}", self.id, self.action);
        for (name, value) in &self.data {
            words.push(' ');
            words.push_str(name);
            collect_words(value, &mut words);
        }
        words
    }

    /// The members of `tags` and of `metadata`.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &str, String)> {
        [("tag", "tags"), ("meta", "metadata")].into_iter().flat_map(|(kind, member)| {
            let members = self.get(member).as_object().into_iter().flatten();
            members.map(move |(name, value)| (kind, name.as_str(), plain(value)))
        })
    }

    pub fn event(&self, repo: &str, at: i64, cost: Option<f64>) -> Value {
        let (kind, id) = self.made.as_ref().unwrap_or(&(String::new(), String::new())).clone();
        let (kind, id) = if kind.is_empty() { (self.kind.clone(), self.id.clone()) } else { (kind, id) };
        let error = self.error();
        let mut event = json!({
            "at": at, "source_kind": "line", "repo": repo, "kind": kind, "id": id, "action": self.action,
            "of": format!("{} {}", self.kind, self.id),
            "level": if error.is_some() { "error" } else { "info" },
        });
        let tokens = self.tokens().unwrap_or_default();
        let duration = self
            .time("endTimestamp")
            .zip(self.time("startTimestamp"))
            .map(|(end, start)| end.saturating_sub(start));
        let members: [(&str, Value); 12] = [
            ("name", self.text("name").into()),
            ("session", self.text("sessionId").into()),
            ("model", self.model().into()),
            ("provider", self.text("provider").into()),
            ("message", self.preview().into()),
            ("error", error.map(|(message, kind)| format!("{message} {}", kind.unwrap_or_default())).into()),
            ("cost", cost.into()),
            ("tokens", Some(tokens.input + tokens.output).filter(|&all| all > 0).into()),
            ("dur", duration.into()),
            ("tags", self.get("tags").clone()),
            ("metadata", self.get("metadata").clone()),
            ("output", Some(shown(self.get("output"))).filter(|text| !text.is_empty()).into()),
        ];
        for (name, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
            event[name] = value;
        }
        event
    }
}

/// A structured log entry as an event.
pub fn entry_event(entry: &Value, at: i64) -> Value {
    let mut event = json!({"at": at, "source_kind": "entry", "kind": "entry"});
    let members = [
        ("level", "level"),
        ("message", "message"),
        ("flow", "flowId"),
        ("step", "stepIndex"),
        ("source", "source"),
        ("session", "sessionId"),
        ("user", "userId"),
        ("env", "environment"),
        ("error", "errorName"),
        ("tags", "tags"),
        ("metadata", "data"),
    ];
    for (name, member) in members {
        if !entry[member].is_null() {
            event[name] = entry[member].clone();
        }
    }
    event
}

/// The start of a text in any of the shapes it comes in.
pub fn shown(value: &Value) -> String {
    let mut words = String::new();
    match value {
        Value::Null => {}
        Value::String(text) => words.push_str(text),
        Value::Object(object) if object.contains_key("value") => words = plain(&object["value"]),
        Value::Array(parts) if parts.iter().any(|part| part["text"].is_string()) => {
            words = parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join(" ");
        }
        other => words = other.to_string(),
    }
    let mut short: String = words.trim().chars().take(PREVIEW_CHARACTERS).collect();
    if short.len() < words.trim().len() {
        short.push('…');
    }
    short
}

pub fn collect_words(value: &Value, words: &mut String) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => words.push_str(&format!(" {number}")),
        Value::String(text) => {
            words.push(' ');
            words.push_str(text);
        }
        Value::Array(items) => items.iter().for_each(|item| collect_words(item, words)),
        Value::Object(members) => {
            for (name, member) in members {
                words.push(' ');
                words.push_str(name);
                collect_words(member, words);
            }
        }
    }
}
