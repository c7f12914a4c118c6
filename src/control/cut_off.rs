//! Members in a text that is no whole JSON: tool arguments that a limit ended, a line of a log that was cut.
//!
//! A member is known by its looks: a name in quotes, a colon, and what begins a value. A value that has no end ends with
//! the text. Each byte is looked at a few times at most.

use std::ops::Range;

use crate::text::json::{self, Kind};

/// The longest name that is looked at; the longest one of a rule is shorter, unless it is written in escapes.
const LONGEST_NAME: usize = 32 << 10;

/// A member, as places in its text.
pub(super) struct Member {
    /// With its quotes.
    pub name: Range<usize>,
    /// Where the value begins: a string, a container or a number.
    pub value: usize,
}

/// The first member whose name begins at or behind `from`.
pub(super) fn next_member(text: &[u8], from: usize) -> Option<Member> {
    let mut at = from;
    loop {
        let colon = at + memchr::memchr(b':', text.get(at..)?)?;
        at = colon + 1;
        let Some(name) = name_before(&text[from..colon]) else { continue };
        let value = at + text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let kind = json::kind(&text[value..]);
        if matches!(kind, Kind::String | Kind::Object | Kind::Array | Kind::Number) {
            return Some(Member { name: from + name.start..from + name.end, value });
        }
    }
}

/// Where a value ends, and whether it is a string without its closing quote.
pub(super) fn value_end(text: &[u8], value: usize) -> (usize, bool) {
    match json::kind(&text[value..]) {
        Kind::String => {
            let end = json::string_end(text, value);
            (end, !is_closed(&text[value..end]))
        }
        Kind::Number => {
            let in_number = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            (value + text[value..].iter().take_while(in_number).count(), false)
        }
        _ => (json::value_end(text, value), false),
    }
}

/// A string at the end of what stands before a colon.
fn name_before(text: &[u8]) -> Option<Range<usize>> {
    let text = text.trim_ascii_end();
    let inner = text.strip_suffix(b"\"")?;
    let nearest = inner.len().saturating_sub(LONGEST_NAME);
    // An escaped quote is a quote of a text within a string, and no name's.
    let is_escaped = |at: usize| inner[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let opening = nearest + memchr::memrchr(b'"', &inner[nearest..])?;
    (!is_escaped(opening) && !is_escaped(inner.len())).then_some(opening..text.len())
}

/// Whether a string has its closing quote.
fn is_closed(string: &[u8]) -> bool {
    let Some(inner) = string.get(1..).and_then(|rest| rest.strip_suffix(b"\"")) else { return false };
    inner.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
}
