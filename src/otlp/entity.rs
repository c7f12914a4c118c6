//! An entity that is open: what its lines have said so far.
//!
//! Members of updates take the place of earlier ones; tags, metadata, metrics, parameters and costs are merged by
//! key, messages come one after the other, and what happened at a time is kept in order.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::text::time::parse_rfc3339;

/// One line of the log API, taken apart.
#[derive(Debug)]
pub struct Line<'a> {
    /// `trace`, `generation` …
    pub kind: &'a str,
    /// Whose line it is.
    pub id: &'a str,
    /// `create`, `update` …
    pub action: &'a str,
    /// The members.
    pub data: Map<String, Value>,
}

impl<'a> Line<'a> {
    /// Takes a line apart.
    pub fn parse(line: &'a [u8]) -> Result<Line<'a>, String> {
        let text = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
        let parts = || {
            let (kind, rest) = text.split_once("{id=")?;
            let (id, rest) = rest.split_once(",action=")?;
            let (action, rest) = rest.split_once(",data=")?;
            Some((kind, id, action, rest.strip_suffix('}')?))
        };
        let (kind, id, action, data) = parts().ok_or("no line of the log API")?;
        let data = serde_json::from_str(data).map_err(|error| format!("its data: {error}"))?;
        Ok(Line { kind, id, action, data })
    }
}

/// Something that happened to an entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    /// The line's action.
    pub action: String,
    /// Its members.
    pub data: Map<String, Value>,
}

/// An entity that is open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// `trace`, `span`, `generation`, `retrieval` or `tool_call`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The trace it belongs to, if that is known.
    pub trace: Option<String>,
    /// The session of that trace.
    pub session: Option<String>,
    /// The kind and id of the entity above it.
    pub parent: Option<(String, String)>,
    /// Whether the line has come that it begins with.
    pub created: bool,
    /// When it began, in Unix microseconds.
    pub start_us: Option<i64>,
    /// When it ended.
    pub end_us: Option<i64>,
    /// When its first line was folded, in Unix nanoseconds.
    pub seen_ns: u64,
    /// When its last one was.
    pub touched_ns: u64,
    /// What is said of it.
    pub data: Map<String, Value>,
    /// What happened to it, in order.
    pub happened: Vec<Happened>,
}

/// Members that are merged by key.
const MERGED: [&str; 5] = ["tags", "metadata", "metrics", "modelParameters", "cost"];
/// Members that are lists to which is added.
const ADDED: &str = "messages";

impl Entity {
    /// One of which nothing is known yet.
    pub fn new(kind: &str, id: &str, now_ns: u64) -> Entity {
        let trace = (kind == "trace").then(|| id.to_owned());
        let (kind, id) = (kind.to_owned(), id.to_owned());
        Entity { kind, id, trace, seen_ns: now_ns, touched_ns: now_ns, ..Entity::default() }
    }

    /// Whether nothing more is waited for.
    pub fn is_finished(&self) -> bool {
        self.created && self.end_us.is_some()
    }

    /// It begins.
    pub fn create(&mut self, mut data: Map<String, Value>) {
        self.created = true;
        self.start_us = time(&data, "startTimestamp").or(self.start_us);
        for name in ["startTimestamp", "id", "spanId"] {
            data.remove(name);
        }
        if let Some(Value::String(session)) = data.remove("sessionId") {
            self.session = Some(session);
        }
        self.under(data);
    }

    /// Anything else of it.
    pub fn apply(&mut self, action: &str, mut data: Map<String, Value>, now_ns: u64) {
        self.touched_ns = now_ns;
        match action {
            "end" => {
                let now_us = (now_ns / 1_000) as i64;
                self.end_us = time(&data, "endTimestamp").or(self.end_us).or(Some(now_us));
                data.remove("endTimestamp");
                self.over(data);
            }
            "add-event" | "add-error" | "add-feedback" | "add-attachment" | "evaluate" => {
                self.happened.push(Happened { action: action.to_owned(), data });
            }
            _ => {
                if let Some(start) = time(&data, "startTimestamp") {
                    self.start_us = Some(start);
                    data.remove("startTimestamp");
                }
                if let Some(end) = time(&data, "endTimestamp") {
                    self.end_us = Some(end);
                    data.remove("endTimestamp");
                }
                if let Some(Value::String(session)) = data.remove("sessionId") {
                    self.session = Some(session);
                }
                self.over(data);
            }
        }
    }

    /// What is said now takes the place of what was.
    fn over(&mut self, data: Map<String, Value>) {
        for (key, value) in data {
            match (self.data.get_mut(&key), value) {
                (Some(Value::Object(known)), Value::Object(more)) if MERGED.contains(&key.as_str()) => {
                    known.extend(more);
                }
                (Some(Value::Array(known)), Value::Array(more)) if key == ADDED => known.extend(more),
                (_, value) => {
                    self.data.insert(key, value);
                }
            }
        }
    }

    /// What was said before what is known.
    fn under(&mut self, earlier: Map<String, Value>) {
        let later = std::mem::replace(&mut self.data, earlier);
        self.over(later);
    }

    /// Takes over what an earlier life had folded. Lines of it that were folded again since (it ended before they
    /// were acknowledged) do not stand twice.
    pub fn merge_earlier(&mut self, mut earlier: Entity) {
        let known = |list: &[Value], item: &Value| list.contains(item);
        if let (Some(Value::Array(early)), Some(Value::Array(late))) =
            (earlier.data.get(ADDED), self.data.get_mut(ADDED))
        {
            late.retain(|item| !known(early, item));
        }
        self.happened.retain(|item| !earlier.happened.contains(item));
        earlier.happened.append(&mut self.happened);
        self.happened = earlier.happened;
        self.under(earlier.data);
        self.created |= earlier.created;
        self.trace = self.trace.take().or(earlier.trace);
        self.session = self.session.take().or(earlier.session);
        self.parent = self.parent.take().or(earlier.parent);
        self.start_us = self.start_us.or(earlier.start_us);
        self.end_us = self.end_us.or(earlier.end_us);
        self.seen_ns = self.seen_ns.min(earlier.seen_ns);
        self.touched_ns = self.touched_ns.max(earlier.touched_ns);
    }
}

/// A member that is a time, in Unix microseconds.
pub fn time(data: &Map<String, Value>, name: &str) -> Option<i64> {
    parse_rfc3339(data.get(name)?.as_str()?)
}
