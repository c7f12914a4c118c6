//! A log record as the structured entry that it is.

use serde_json::{Map, Value};

use super::values::{any, attributes, id, nanoseconds, whole};
use crate::model::entities::plain;

/// A log record as a structured entry.
pub fn entry(unit: &Value) -> Value {
    let log = &unit["log"];
    let resource = attributes(&unit["resource"]["attributes"]);
    let mut all = attributes(&log["attributes"]);
    let level = match (whole(&log["severityNumber"]).unwrap_or(0), log["severityText"].as_str()) {
        (17.., _) => "error",
        (13..=16, _) => "warn",
        (9..=12, _) => "info",
        (1..=8, _) => "debug",
        (_, Some(text)) if text.to_ascii_lowercase().starts_with("err") => "error",
        (_, Some(text)) if text.to_ascii_lowercase().starts_with("warn") => "warn",
        (_, Some(text)) if text.to_ascii_lowercase().starts_with("debug") => "debug",
        _ => "info",
    };
    let mut entry = Map::new();
    entry.insert("level".into(), level.into());
    entry.insert("message".into(), plain(&any(&log["body"])).into());
    let at = nanoseconds(&log["timeUnixNano"]).or_else(|| nanoseconds(&log["observedTimeUnixNano"]));
    if let Some(at) = at {
        entry.insert("timestamp".into(), (at / 1_000_000).into());
    }
    let members = [
        ("errorName", "exception.type"),
        ("errorStack", "exception.stacktrace"),
        ("userId", "user.id"),
        ("sessionId", "session.id"),
        ("flowId", "maxim.flow.id"),
        ("stepIndex", "maxim.flow.step"),
    ];
    for (member, name) in members {
        if let Some(value) = all.shift_remove(name) {
            entry.insert(member.into(), value);
        }
    }
    for (member, name) in [("source", "service.name"), ("environment", "deployment.environment.name")] {
        if let Some(value) = resource.get(name) {
            entry.insert(member.into(), value.clone());
        }
    }
    for (name, digits) in [("traceId", 32), ("spanId", 16)] {
        if let Some(id) = id(&log[name], digits) {
            all.insert(name.into(), id.into());
        }
    }
    if !all.is_empty() {
        entry.insert("data".into(), Value::Object(all));
    }
    Value::Object(entry)
}
