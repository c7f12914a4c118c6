//! A model's result without what the model said: ids, the model, tokens, reasons, roles, names of tools.
//!
//! What is kept is listed here; everything else of the result stays. Texts that a result has to have become empty.

use crate::text::buffer::Buffer;
use crate::text::json::{self, Kind};

/// Members whose own members are looked at.
const CONTAINERS: &[&[u8]] = &[b"choices", b"message", b"tool_calls", b"function", b"output", b"error"];
/// Members that are kept with all the numbers in them.
const COUNTS: &[&[u8]] = &[b"usage"];
/// Members that are kept if they are no container.
const KEPT: &[&[u8]] = &[
    b"id",
    b"object",
    b"created",
    b"created_at",
    b"completed_at",
    b"model",
    b"index",
    b"finish_reason",
    b"stop_reason",
    b"role",
    b"type",
    b"name",
    b"status",
    b"call_id",
    b"code",
    b"system_fingerprint",
    b"service_tier",
];
/// Members that have to be there.
const EMPTIED: &[&[u8]] = &[b"content", b"text", b"arguments"];
/// No known result is deeper.
const DEPTH: u32 = 8;

/// Writes the outline of a compacted result; anything but an object has none, and `false` is the answer.
pub(super) fn outline(result: &[u8], out: &mut Buffer) -> bool {
    if json::kind(result) != Kind::Object {
        return false;
    }
    write(result, Of::Result, DEPTH, out);
    true
}

/// What a value is a part of.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Result,
    /// An error is sent with its texts.
    Error,
    Counts,
}

fn write(value: &[u8], of: Of, depth: u32, out: &mut Buffer) {
    let kind = json::kind(value);
    let Some(depth) = depth.checked_sub(1) else { return out.extend_from_slice(b"null") };
    match kind {
        Kind::Object => {
            out.push(b'{');
            let mut separator: &[u8] = b"\"";
            for (name, value) in json::members(value) {
                let start = out.len();
                out.extend_from_slice(separator);
                out.extend_from_slice(name);
                out.extend_from_slice(b"\":");
                if member(name, value, of, depth, out) {
                    separator = b",\"";
                } else {
                    out.truncate(start);
                }
            }
            out.push(b'}');
        }
        Kind::Array => {
            out.push(b'[');
            for (place, element) in json::elements(value).enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write(element, of, depth, out);
            }
            out.push(b']');
        }
        // Alone in a list, it has no name that says what it is.
        Kind::String => out.extend_from_slice(b"\"\""),
        Kind::Number if of != Of::Counts => out.extend_from_slice(b"0"),
        _ => out.extend_from_slice(value),
    }
}

/// Writes a member's value, if it is kept.
fn member(name: &[u8], value: &[u8], of: Of, depth: u32, out: &mut Buffer) -> bool {
    let is_container = matches!(json::kind(value), Kind::Object | Kind::Array);
    match of {
        Of::Counts if is_container || json::kind(value) == Kind::Number => {
            write(value, Of::Counts, depth, out);
        }
        Of::Counts => return false,
        Of::Error if !is_container => out.extend_from_slice(value),
        _ if is_container && name == b"error" => write(value, Of::Error, depth, out),
        _ if is_container && COUNTS.contains(&name) => write(value, Of::Counts, depth, out),
        _ if is_container && CONTAINERS.contains(&name) => write(value, of, depth, out),
        _ if EMPTIED.contains(&name) && json::kind(value) != Kind::Null => out.extend_from_slice(b"\"\""),
        _ if !is_container && (KEPT.contains(&name) || json::kind(value) == Kind::Null) => {
            out.extend_from_slice(value);
        }
        _ => return false,
    }
    true
}
