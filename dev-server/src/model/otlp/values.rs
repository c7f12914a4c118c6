//! Values of OTLP/JSON: ids, numbers, times, and the attributes of a span, taken out one after the other.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value};

/// An id of that many hexadecimal digits that is not all zeros.
pub fn id(value: &Value, digits: usize) -> Option<String> {
    let text = value.as_str()?.to_ascii_lowercase();
    let is_id = text.len() == digits
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte != b'0');
    is_id.then_some(text)
}

pub fn is_entity_id(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A number that JSON may have as text, as 64-bit ones are.
pub fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

pub fn nanoseconds(value: &Value) -> Option<i64> {
    whole(value).filter(|&at| at > 0)
}

/// The plain value of an `AnyValue`.
pub fn any(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|members| members.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "intValue" => whole(inner).map_or(Value::Null, Value::from),
        "arrayValue" => inner["values"].as_array().into_iter().flatten().map(any).collect(),
        "kvlistValue" => Value::Object(attributes(&inner["values"])),
        _ => inner.clone(),
    }
}

/// A time as lines of the log API have it.
pub fn time(nanoseconds: i64) -> Value {
    let time = DateTime::from_timestamp_nanos(nanoseconds);
    time.to_rfc3339_opts(SecondsFormat::Micros, true).into()
}

pub fn attributes(list: &Value) -> Map<String, Value> {
    let pairs = list.as_array().into_iter().flatten();
    pairs.filter_map(|pair| Some((pair["key"].as_str()?.to_owned(), any(&pair["value"])))).collect()
}

/// Takes the attributes of these names out, and gives the first of them that is there.
pub fn take(all: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().map(|name| all.shift_remove(*name)).fold(None, |first, found| first.or(found))
}

/// Takes `prefix.N.rest` out, as the members of the Nth.
pub fn take_indexed(all: &mut Map<String, Value>, prefix: &str) -> Vec<Map<String, Value>> {
    let mut found: BTreeMap<u32, Map<String, Value>> = BTreeMap::new();
    let names: Vec<String> = all.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    for name in names {
        let Some((number, rest)) = name[prefix.len()..].split_once('.') else { continue };
        let Ok(number) = number.parse() else { continue };
        if let Some(value) = all.shift_remove(&name) {
            found.entry(number).or_default().insert(rest.to_owned(), value);
        }
    }
    found.into_values().collect()
}

/// Takes `prefix.K` out, as an object of K.
pub fn take_below(all: &mut Map<String, Value>, prefix: &str) -> Map<String, Value> {
    let names: Vec<String> = all.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    names
        .into_iter()
        .filter_map(|name| Some((name[prefix.len()..].to_owned(), all.shift_remove(&name)?)))
        .collect()
}

/// JSON that an attribute has as text.
pub fn parsed(value: Value) -> Value {
    match &value {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or(value)
        }
        _ => value,
    }
}
