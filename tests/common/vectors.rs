//! The wire vectors, and how a captured argument is written in C.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

/// The JSON documents of a file that has one a line; none when it is missing.
fn json_lines(path: &Path) -> Vec<Value> {
    let lines = std::fs::read_to_string(path).unwrap_or_default();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The captured steps of a file in `tests/vectors`.
pub fn vectors(name: &str) -> Vec<Value> {
    json_lines(&super::root().join("tests/vectors").join(name))
}

/// The requests that a server recorded, in order.
pub fn recorded(path: &Path) -> Vec<Value> {
    json_lines(path)
}

/// A C expression for a `maxim_str` of any bytes.
pub fn text(text: impl AsRef<[u8]>) -> String {
    let bytes = text.as_ref();
    let mut literal = String::new();
    for byte in bytes {
        write!(literal, "\\{byte:03o}").unwrap();
    }
    format!("maxim_str_n(\"{literal}\", {})", bytes.len())
}

/// A C expression for a JSON argument; null is absent.
pub fn json_text(value: &Value) -> String {
    match value {
        Value::Null => "maxim_str_n(NULL, 0)".to_owned(),
        value => text(value.to_string()),
    }
}

/// A C expression for a text; anything else is absent.
pub fn json_str(value: &Value) -> String {
    value.as_str().map_or_else(|| json_text(&Value::Null), text)
}
