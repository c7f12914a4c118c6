//! A span, a log record, and what stands in them: OTLP's data model as far as it is used here.

use serde_json::Value as Json;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Several values.
    List(Vec<Value>),
    /// Named values.
    Map(Attributes),
}

/// Named values, in order.
pub type Attributes = Vec<(String, Value)>;

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Float(number)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl Value {
    /// JSON as a value; null has none.
    pub fn of_json(json: &Json) -> Option<Value> {
        Some(match json {
            Json::Null => return None,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Value::Int(whole),
                (None, Some(float)) => Value::Float(float),
                (None, None) => Value::Text(number.to_string()),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(list) => Value::List(list.iter().filter_map(Value::of_json).collect()),
            Json::Object(members) => Value::Map(
                members
                    .iter()
                    .filter_map(|(key, value)| Some((key.clone(), Value::of_json(value)?)))
                    .collect(),
            ),
        })
    }

    /// Text as it is, any other JSON as its text.
    pub fn text_of(json: &Json) -> Value {
        match json {
            Json::String(text) => Value::Text(text.clone()),
            other => Value::Text(other.to_string()),
        }
    }
}

/// What a request's spans or records have in common: the service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// What is known of it.
    pub attributes: Attributes,
}

/// Which part a span has in a call from one service to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// None: it is within the service.
    Internal = 1,
    /// It calls.
    Client = 3,
}

/// Something that happened during a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happened.
    pub name: String,
    /// When, in nanoseconds since 1970.
    pub time_ns: u64,
    /// What is known of it.
    pub attributes: Attributes,
}

/// A finished span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace_id: [u8; 16],
    /// Its own id.
    pub span_id: [u8; 8],
    /// The id of the span above it.
    pub parent: Option<[u8; 8]>,
    /// What to call it.
    pub name: String,
    /// Its part in a call.
    pub kind: SpanKind,
    /// When it began, in nanoseconds since 1970.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// What is known of it.
    pub attributes: Attributes,
    /// What happened meanwhile.
    pub events: Vec<Event>,
    /// What went wrong, if anything did.
    pub error: Option<String>,
}

/// One log record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRecord {
    /// When it happened, in nanoseconds since 1970.
    pub time_ns: u64,
    /// How bad it is: 5, 9, 13 or 17; 0: not said.
    pub severity: i32,
    /// The same in a word.
    pub severity_text: String,
    /// What kind of event it is, if it is one.
    pub event_name: String,
    /// What happened.
    pub body: Option<Value>,
    /// What is known of it.
    pub attributes: Attributes,
    /// The trace it belongs to.
    pub trace_id: Option<[u8; 16]>,
    /// The span it belongs to.
    pub span_id: Option<[u8; 8]>,
}
