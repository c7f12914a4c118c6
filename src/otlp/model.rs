//! A span, a log record, and what stands in them: OTLP's data model as far as it is used here. Texts are borrowed from
//! where they were logged, as most of them go on as they are.

use std::borrow::Cow;

use super::json::JsonText;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Several values.
    List(Vec<AttributeValue<'a>>),
    /// Named values.
    Map(Attributes<'a>),
}

/// Named values, in order.
pub type Attributes<'a> = Vec<(Cow<'a, str>, AttributeValue<'a>)>;

impl<'a> From<&'a str> for AttributeValue<'a> {
    fn from(text: &'a str) -> Self {
        AttributeValue::Text(text.into())
    }
}

impl From<String> for AttributeValue<'_> {
    fn from(text: String) -> Self {
        AttributeValue::Text(text.into())
    }
}

impl<'a> From<Cow<'a, str>> for AttributeValue<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        AttributeValue::Text(text)
    }
}

impl From<i64> for AttributeValue<'_> {
    fn from(number: i64) -> Self {
        AttributeValue::Int(number)
    }
}

impl From<f64> for AttributeValue<'_> {
    fn from(number: f64) -> Self {
        AttributeValue::Float(number)
    }
}

impl From<bool> for AttributeValue<'_> {
    fn from(value: bool) -> Self {
        AttributeValue::Bool(value)
    }
}

/// Deeper values are JSON texts. A level is up to three messages of a request, which has seven around them, and most
/// readers of protobuf refuse a request that has more than 100 within each other.
const MAX_LEVELS: usize = 24;

impl<'a> AttributeValue<'a> {
    /// JSON as a value; null has none.
    pub fn of_json(json: JsonText<'a>) -> Option<AttributeValue<'a>> {
        AttributeValue::within(json, MAX_LEVELS)
    }

    fn within(json: JsonText<'a>, levels: usize) -> Option<AttributeValue<'a>> {
        if json.is_null() {
            return None;
        }
        if json.is_object() || json.is_array() {
            let Some(levels) = levels.checked_sub(1) else { return Some(AttributeValue::text_of(json)) };
            let of = |value| AttributeValue::within(value, levels);
            return Some(match json.is_object() {
                true => {
                    let members = json.members().filter_map(|(key, value)| Some((key, of(value)?)));
                    AttributeValue::Map(members.collect())
                }
                false => AttributeValue::List(json.elements().filter_map(of).collect()),
            });
        }
        let value =
            json.text().map(AttributeValue::Text).or_else(|| json.as_bool().map(AttributeValue::Bool));
        // A whole number that 64 bits do not hold keeps its digits.
        let value = value
            .or_else(|| json.as_i64().map(AttributeValue::Int))
            .or_else(|| json.as_f64().filter(|_| !json.is_whole()).map(AttributeValue::Float));
        Some(value.unwrap_or(AttributeValue::Text(json.raw().into())))
    }

    /// Text as it is, any other JSON as its text.
    pub fn text_of(json: JsonText<'a>) -> AttributeValue<'a> {
        AttributeValue::Text(json.shown())
    }

    fn into_owned(self) -> AttributeValue<'static> {
        match self {
            AttributeValue::Text(text) => AttributeValue::Text(text.into_owned().into()),
            AttributeValue::Int(number) => AttributeValue::Int(number),
            AttributeValue::Float(number) => AttributeValue::Float(number),
            AttributeValue::Bool(value) => AttributeValue::Bool(value),
            AttributeValue::List(values) => {
                AttributeValue::List(values.into_iter().map(AttributeValue::into_owned).collect())
            }
            AttributeValue::Map(members) => AttributeValue::Map(owned(members)),
        }
    }
}

fn owned(attributes: Attributes<'_>) -> Attributes<'static> {
    attributes.into_iter().map(|(name, value)| (name.into_owned().into(), value.into_owned())).collect()
}

/// What a request's spans or records have in common: the service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// What is known of it.
    pub attributes: Attributes<'static>,
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
pub struct SpanEvent<'a> {
    /// What happened.
    pub name: Cow<'a, str>,
    /// When, in nanoseconds since 1970.
    pub time_ns: u64,
    /// What is known of it.
    pub attributes: Attributes<'a>,
}

/// A finished span.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpSpan<'a> {
    /// The trace it belongs to.
    pub trace_id: [u8; 16],
    /// Its own id.
    pub span_id: [u8; 8],
    /// The id of the span above it.
    pub parent: Option<[u8; 8]>,
    /// What to call it.
    pub name: Cow<'a, str>,
    /// Its part in a call.
    pub kind: SpanKind,
    /// When it began, in nanoseconds since 1970.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// What is known of it.
    pub attributes: Attributes<'a>,
    /// What happened meanwhile.
    pub events: Vec<SpanEvent<'a>>,
    /// What went wrong, if anything did.
    pub error: Option<Cow<'a, str>>,
}

impl OtlpSpan<'_> {
    /// The same with texts of its own.
    pub fn into_owned(self) -> OtlpSpan<'static> {
        let event = |event: SpanEvent<'_>| SpanEvent {
            name: event.name.into_owned().into(),
            time_ns: event.time_ns,
            attributes: owned(event.attributes),
        };
        OtlpSpan {
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent: self.parent,
            name: self.name.into_owned().into(),
            kind: self.kind,
            start_ns: self.start_ns,
            end_ns: self.end_ns,
            attributes: owned(self.attributes),
            events: self.events.into_iter().map(event).collect(),
            error: self.error.map(|error| error.into_owned().into()),
        }
    }
}

/// One log record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRecord<'a> {
    /// When it happened, in nanoseconds since 1970.
    pub time_ns: u64,
    /// How bad it is: 5, 9, 13 or 17; 0: not said.
    pub severity: i32,
    /// The same in a word.
    pub severity_text: Cow<'a, str>,
    /// What kind of event it is, if it is one.
    pub event_name: Cow<'a, str>,
    /// What happened.
    pub body: Option<AttributeValue<'a>>,
    /// What is known of it.
    pub attributes: Attributes<'a>,
    /// The trace it belongs to.
    pub trace_id: Option<[u8; 16]>,
    /// The span it belongs to.
    pub span_id: Option<[u8; 8]>,
}

impl LogRecord<'_> {
    /// The same with texts of its own.
    pub fn into_owned(self) -> LogRecord<'static> {
        LogRecord {
            time_ns: self.time_ns,
            severity: self.severity,
            severity_text: self.severity_text.into_owned().into(),
            event_name: self.event_name.into_owned().into(),
            body: self.body.map(AttributeValue::into_owned),
            attributes: owned(self.attributes),
            trace_id: self.trace_id,
            span_id: self.span_id,
        }
    }
}

/// Takes what leaves, at once: it borrows from what is being folded.
pub trait Leave {
    /// A finished span.
    fn span(&mut self, span: OtlpSpan<'_>);
    /// What belongs to no span, or to one that has left.
    fn log(&mut self, record: LogRecord<'_>);
}

/// What has left, kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    /// A finished span.
    Span(OtlpSpan<'static>),
    /// What belongs to no span, or to one that has left.
    Log(LogRecord<'static>),
}

impl Leave for Vec<Out> {
    fn span(&mut self, span: OtlpSpan<'_>) {
        self.push(Out::Span(span.into_owned()));
    }

    fn log(&mut self, record: LogRecord<'_>) {
        self.push(Out::Log(record.into_owned()));
    }
}
