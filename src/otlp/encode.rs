//! Requests of OTLP from spans and log records, as protobuf or as the JSON that the specification makes of it.
//!
//! A span or record is encoded once, as a piece; pieces stand side by side in a request as they are, between a
//! head that names the resource and the scope, and (in JSON) a tail. The field numbers are those of
//! opentelemetry-proto 1.x; a test decodes with the published definitions.

use serde_json::{Map, Value as Json, json};

use super::model::{AttributeValue, Attributes, LogRecord, OtlpSpan, Resource, SpanEvent};
use super::names::{SCHEMA_URL, SCOPE_NAME, SCOPE_VERSION};
use super::proto::ProtoWriter;

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// What every backend takes.
    Protobuf,
    /// For debugging; not taken by all.
    Json,
}

impl Encoding {
    /// The media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }
}

/// What a request is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
}

/// The status of a span that failed.
const STATUS_ERROR: u64 = 2;
/// The field of a scope's spans or records.
const PIECE: u32 = 2;
/// What usually stands around the pieces of a request.
const HEAD_BYTES: usize = 1_024;

/// What stands between two pieces.
pub const fn separator(encoding: Encoding) -> &'static [u8] {
    match encoding {
        Encoding::Protobuf => b"",
        Encoding::Json => b",",
    }
}

/// A request around pieces of one resource.
pub fn request(signal: Signal, resource: &Resource, pieces: &[u8], encoding: Encoding) -> Vec<u8> {
    requests(signal, &[(resource, pieces)], encoding)
}

/// A request around the pieces of several resources.
pub fn requests(signal: Signal, groups: &[(&Resource, &[u8])], encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => {
            let mut request =
                Vec::with_capacity(groups.iter().map(|(_, pieces)| pieces.len() + HEAD_BYTES).sum());
            let mut writer = ProtoWriter { out: &mut request };
            for (resource, pieces) in groups {
                writer.message(1, |group| {
                    group.message(1, |out| attributes(out, 1, &resource.attributes));
                    group.message(2, |scope| {
                        scope.message(1, |out| {
                            out.bytes(1, SCOPE_NAME.as_bytes());
                            out.bytes(2, SCOPE_VERSION.as_bytes());
                        });
                        scope.out.extend_from_slice(pieces);
                        scope.bytes(3, SCHEMA_URL.as_bytes());
                    });
                    group.bytes(3, SCHEMA_URL.as_bytes());
                });
            }
            request
        }
        Encoding::Json => {
            let (groups_name, scopes_name, pieces_name) = match signal {
                Signal::Traces => ("resourceSpans", "scopeSpans", "spans"),
                Signal::Logs => ("resourceLogs", "scopeLogs", "logRecords"),
            };
            let mut out = format!("{{\"{groups_name}\":[").into_bytes();
            for (index, (resource, pieces)) in groups.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let resource = json!({ "attributes": json_attributes(&resource.attributes) });
                let scope = json!({ "name": SCOPE_NAME, "version": SCOPE_VERSION });
                let head = format!(
                    "{{\"resource\":{resource},\"{scopes_name}\":[{{\"scope\":{scope},\"{pieces_name}\":["
                );
                out.extend_from_slice(head.as_bytes());
                out.extend_from_slice(pieces);
                let tail = format!("],\"schemaUrl\":\"{SCHEMA_URL}\"}}],\"schemaUrl\":\"{SCHEMA_URL}\"}}");
                out.extend_from_slice(tail.as_bytes());
            }
            out.extend_from_slice(b"]}");
            out
        }
    }
}

/// Appends one span as it stands in a request.
pub fn push_span(out: &mut Vec<u8>, span: &OtlpSpan<'_>, encoding: Encoding) {
    match encoding {
        Encoding::Protobuf => {
            ProtoWriter { out }.message(PIECE, |out| {
                out.bytes(1, &span.trace_id);
                out.bytes(2, &span.span_id);
                out.bytes(4, span.parent.as_ref().map_or(&[], |id| &id[..]));
                out.bytes(5, span.name.as_bytes());
                out.number(6, span.kind as u64);
                out.fixed64(7, span.start_ns);
                out.fixed64(8, span.end_ns);
                attributes(out, 9, &span.attributes);
                for event in &span.events {
                    out.message(11, |out| {
                        out.fixed64(1, event.time_ns);
                        out.bytes(2, event.name.as_bytes());
                        attributes(out, 3, &event.attributes);
                    });
                }
                if let Some(message) = &span.error {
                    out.message(15, |out| {
                        out.bytes(2, message.as_bytes());
                        out.number(3, STATUS_ERROR);
                    });
                }
            });
        }
        Encoding::Json => {
            let mut members = Map::new();
            members.insert("traceId".into(), hex(&span.trace_id).into());
            members.insert("spanId".into(), hex(&span.span_id).into());
            if let Some(parent) = &span.parent {
                members.insert("parentSpanId".into(), hex(parent).into());
            }
            members.insert("name".into(), span.name.as_ref().into());
            members.insert("kind".into(), (span.kind as i32).into());
            members.insert("startTimeUnixNano".into(), span.start_ns.to_string().into());
            members.insert("endTimeUnixNano".into(), span.end_ns.to_string().into());
            members.insert("attributes".into(), json_attributes(&span.attributes));
            members.insert("events".into(), span.events.iter().map(json_event).collect());
            if let Some(message) = &span.error {
                members.insert("status".into(), json!({ "code": STATUS_ERROR, "message": message }));
            }
            out.extend_from_slice(Json::Object(members).to_string().as_bytes());
        }
    }
}

/// Appends one log record as it stands in a request.
pub fn push_log(out: &mut Vec<u8>, record: &LogRecord<'_>, encoding: Encoding) {
    match encoding {
        Encoding::Protobuf => {
            ProtoWriter { out }.message(PIECE, |out| {
                out.fixed64(1, record.time_ns);
                out.number(2, record.severity as u64);
                out.bytes(3, record.severity_text.as_bytes());
                if let Some(body) = &record.body {
                    out.message(5, |out| value(out, body));
                }
                attributes(out, 6, &record.attributes);
                out.bytes(9, record.trace_id.as_ref().map_or(&[], |id| &id[..]));
                out.bytes(10, record.span_id.as_ref().map_or(&[], |id| &id[..]));
                out.fixed64(11, record.time_ns);
                out.bytes(12, record.event_name.as_bytes());
            });
        }
        Encoding::Json => {
            let mut members = Map::new();
            members.insert("timeUnixNano".into(), record.time_ns.to_string().into());
            members.insert("observedTimeUnixNano".into(), record.time_ns.to_string().into());
            members.insert("severityNumber".into(), record.severity.into());
            members.insert("severityText".into(), record.severity_text.as_ref().into());
            if let Some(body) = &record.body {
                members.insert("body".into(), json_value(body));
            }
            members.insert("attributes".into(), json_attributes(&record.attributes));
            if let Some(id) = &record.trace_id {
                members.insert("traceId".into(), hex(id).into());
            }
            if let Some(id) = &record.span_id {
                members.insert("spanId".into(), hex(id).into());
            }
            if !record.event_name.is_empty() {
                members.insert("eventName".into(), record.event_name.as_ref().into());
            }
            out.extend_from_slice(Json::Object(members).to_string().as_bytes());
        }
    }
}

fn attributes(out: &mut ProtoWriter<'_>, field: u32, attributes: &Attributes<'_>) {
    for (key, given) in attributes {
        match given {
            AttributeValue::Text(text) if !key.is_empty() => {
                out.named_text(field, key.as_bytes(), text.as_bytes())
            }
            _ => out.message(field, |out| {
                out.bytes(1, key.as_bytes());
                out.message(2, |out| value(out, given));
            }),
        }
    }
}

/// The members of an AnyValue: a choice, of which also an empty one stands there.
fn value(out: &mut ProtoWriter<'_>, given: &AttributeValue<'_>) {
    match given {
        AttributeValue::Text(text) => out.chosen_bytes(1, text.as_bytes()),
        AttributeValue::Bool(value) => out.chosen_number(2, u64::from(*value)),
        AttributeValue::Int(number) => out.chosen_number(3, *number as u64),
        AttributeValue::Float(number) => out.chosen_fixed64(4, number.to_bits()),
        AttributeValue::List(values) => out.message(5, |out| {
            for each in values {
                out.message(1, |out| value(out, each));
            }
        }),
        AttributeValue::Map(members) => out.message(6, |out| attributes(out, 1, members)),
    }
}

fn json_attributes(attributes: &Attributes<'_>) -> Json {
    attributes.iter().map(|(key, given)| json!({ "key": key, "value": json_value(given) })).collect()
}

fn json_event(event: &SpanEvent<'_>) -> Json {
    json!({
        "timeUnixNano": event.time_ns.to_string(),
        "name": event.name,
        "attributes": json_attributes(&event.attributes),
    })
}

fn json_value(given: &AttributeValue<'_>) -> Json {
    match given {
        AttributeValue::Text(text) => json!({ "stringValue": text }),
        AttributeValue::Bool(value) => json!({ "boolValue": value }),
        AttributeValue::Int(number) => json!({ "intValue": number.to_string() }),
        // JSON of protobuf has words for what JSON has no number for.
        AttributeValue::Float(number) if number.is_nan() => json!({ "doubleValue": "NaN" }),
        AttributeValue::Float(number) if number.is_infinite() => {
            json!({ "doubleValue": if *number > 0.0 { "Infinity" } else { "-Infinity" } })
        }
        AttributeValue::Float(number) => json!({ "doubleValue": number }),
        AttributeValue::List(values) => {
            json!({ "arrayValue": { "values": values.iter().map(json_value).collect::<Vec<_>>() } })
        }
        AttributeValue::Map(members) => json!({ "kvlistValue": { "values": json_attributes(members) } }),
    }
}

/// Bytes as lower-case hexadecimal digits, as OTLP's JSON has ids.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}
