//! What happened: as an event of its span, or as a log record where there is no open span.

use std::borrow::Cow;

use super::super::entity::{EntityKind, FoldedEntity, time};
use super::super::json::JsonText;
use super::super::left::Left;
use super::super::model::{AttributeValue, Attributes, Leave, LogRecord, SpanEvent};
use super::super::names::{gen_ai, own};
use super::{error_type, nanoseconds, prefixed, put, put_named, put_some};

const SEVERITY_INFO: i32 = 9;
const SEVERITY_ERROR: i32 = 17;

/// Something that happened, as an event of the span.
pub fn event<'a>(action: &'a str, data: JsonText<'a>, otherwise_ns: u64) -> SpanEvent<'a> {
    let (name, attributes, time_us) = said(action, data);
    SpanEvent { name, time_ns: time_us.map_or(otherwise_ns, nanoseconds), attributes }
}

fn time_at(data: JsonText<'_>, name: &str) -> Option<i64> {
    time(&data.text_at(name)?)
}

/// The name, the attributes and the time of something that happened.
fn said<'a>(action: &'a str, data: JsonText<'a>) -> (Cow<'a, str>, Attributes<'a>, Option<i64>) {
    let mut attributes = Attributes::new();
    let time_us = time_at(data, "timestamp").or_else(|| time_at(data, "startTimestamp"));
    let name = match action {
        "add-event" => {
            put_some(&mut attributes, own::ENTITY_ID, data.text_at("id"));
            rest(data, &["id", "name", "timestamp"], &mut attributes);
            data.text_at("name").unwrap_or("event".into())
        }
        "add-error" => {
            put_some(&mut attributes, gen_ai::EXCEPTION_TYPE, error_type(data));
            put_some(&mut attributes, gen_ai::EXCEPTION_MESSAGE, data.text_at("message"));
            rest(data, &["message", "startTimestamp", "timestamp"], &mut attributes);
            gen_ai::EXCEPTION.into()
        }
        "add-feedback" => {
            put(&mut attributes, gen_ai::EVALUATION_NAME, own::FEEDBACK);
            match data.get("score") {
                Some(score) if score.as_f64().is_some() => {
                    put_some(&mut attributes, gen_ai::EVALUATION_SCORE, score.as_f64());
                }
                Some(score) => put(&mut attributes, gen_ai::EVALUATION_LABEL, AttributeValue::text_of(score)),
                None => {}
            }
            put_some(&mut attributes, gen_ai::EVALUATION_EXPLANATION, data.text_at("comment"));
            rest(data, &["score", "comment"], &mut attributes);
            gen_ai::EVALUATION.into()
        }
        "evaluate" => {
            rest(data, &["timestamp"], &mut attributes);
            own::EVALUATE.into()
        }
        action => {
            put(&mut attributes, own::ACTION, action);
            rest(data, &[], &mut attributes);
            own::UPDATE.into()
        }
    };
    (name, attributes, time_us)
}

/// Members that have no attribute of their own: tags and metadata by key, the others as `maxim.…`.
fn rest<'a>(data: JsonText<'a>, placed: &[&str], attributes: &mut Attributes<'a>) {
    for (key, value) in data.members() {
        let prefix = match &*key {
            "tags" => own::TAG,
            "metadata" => own::METADATA,
            "metrics" => own::METRIC,
            key if placed.contains(&key) => continue,
            key => {
                put_named(attributes, prefixed(own::MEMBER, key), AttributeValue::of_json(value));
                continue;
            }
        };
        for (key, value) in value.members() {
            put_named(attributes, prefixed(prefix, &key), AttributeValue::of_json(value));
        }
    }
}

fn record<'a>(action: &'a str, data: JsonText<'a>, now_ns: u64) -> LogRecord<'a> {
    let (event_name, attributes, time_us) = said(action, data);
    let is_error = action == "add-error";
    LogRecord {
        time_ns: time_us.map_or(now_ns, nanoseconds),
        severity: if is_error { SEVERITY_ERROR } else { SEVERITY_INFO },
        severity_text: if is_error { "ERROR" } else { "INFO" }.into(),
        body: data.text_at("message").map(AttributeValue::from),
        event_name,
        attributes,
        ..LogRecord::default()
    }
}

/// What is said of a session.
pub fn of_session(id: &str, action: &str, data: JsonText<'_>, now_ns: u64, out: &mut impl Leave) {
    let mut record = record(action, data, now_ns);
    let is_known = matches!(action, "add-event" | "add-feedback" | "evaluate" | "add-error");
    if !is_known {
        record.event_name = prefixed(own::SESSION, action).into();
        if let Some(time) = time_at(data, "startTimestamp").or_else(|| time_at(data, "endTimestamp")) {
            record.time_ns = nanoseconds(time);
        }
    }
    put(&mut record.attributes, gen_ai::SESSION, id);
    put(&mut record.attributes, gen_ai::CONVERSATION, id);
    out.log(record);
}

/// What is said of an entity that has left.
pub fn of_late(left: &Left, action: &str, data: JsonText<'_>, now_ns: u64, out: &mut impl Leave) {
    if action == "end" {
        // A result and an end of the caller's.
        return;
    }
    push_about(left, record(action, data, now_ns), out);
}

/// What was said of an entity whose beginning is unknown.
pub fn of_unknown(left: &Left, entity: &FoldedEntity, out: &mut impl Leave) {
    for happened in &entity.happened {
        if let Some(data) = JsonText::parse(&happened.data) {
            push_about(left, record(&happened.action, data, entity.touched_ns), out);
        }
    }
    let data = entity.data();
    if !data.is_empty() {
        let mut text = String::new();
        data.write(&mut text);
        if let Some(data) = JsonText::parse(&text) {
            push_about(left, record("update", data, entity.touched_ns), out);
        }
    }
}

fn push_about<'a>(left: &'a Left, mut record: LogRecord<'a>, out: &mut impl Leave) {
    put(&mut record.attributes, own::TRACE_ID, &*left.trace.id);
    put(&mut record.attributes, own::ENTITY_ID, &*left.id);
    put(&mut record.attributes, own::ENTITY_KIND, EntityKind::name(left.kind));
    if let Some(session) = left.session.as_deref() {
        put(&mut record.attributes, gen_ai::SESSION, session);
        put(&mut record.attributes, gen_ai::CONVERSATION, session);
    }
    record.trace_id = Some(left.trace.trace_id);
    record.span_id = Some(left.span_id);
    out.log(record);
}

/// A line about something that is neither a session nor a span.
pub fn of_other(kind: &str, id: &str, action: &str, data: JsonText<'_>, now_ns: u64, out: &mut impl Leave) {
    let mut record = record(action, data, now_ns);
    put(&mut record.attributes, own::ENTITY_ID, id);
    put(&mut record.attributes, own::ENTITY_KIND, kind);
    out.log(record);
}

/// A line that cannot be read, as it is.
pub fn of_unreadable<'a>(line: &'a [u8], why: &'a str, now_ns: u64) -> LogRecord<'a> {
    LogRecord {
        time_ns: now_ns,
        severity: SEVERITY_INFO,
        severity_text: "INFO".into(),
        event_name: own::UNREADABLE.into(),
        body: Some(String::from_utf8_lossy(line).into()),
        attributes: vec![(gen_ai::EXCEPTION_MESSAGE.into(), why.into())],
        ..LogRecord::default()
    }
}
