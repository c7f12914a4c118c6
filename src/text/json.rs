//! JSON as text: checked and compacted in one pass, then walked without a tree.
//!
//! What a caller gives as JSON goes on the wire as it is, but for white space around its tokens.
//! [`compact()`] and [`embed`] check the document against RFC 8259 and copy it; numbers of any length,
//! duplicate members and escapes stay byte for byte, so nothing changes meaning. The copy is
//! one line: it never holds a raw line break. [`embed`] leaves single spaces where they are, which is cheaper.
//!
//! [`members`], [`elements`] and their kin read text that [`compact()`] has written. They check
//! nothing again; on other text they give nonsense, but end and don't panic.
//!
//! Not here: values. A number stays digits, and a string keeps its escapes.

mod compact;
pub mod outline;
#[cfg(test)]
pub(super) mod tests;
mod walk;

pub use compact::{compact, embed, embed_strings};
pub use outline::Value;
pub use walk::{Kind, as_str_raw, elements, is_integer, kind, members, string_end, value_end};

use std::fmt;

/// How deep arrays and objects may be nested.
///
/// A reader further down that recurses must not run out of stack; serde_json has the same limit.
pub const MAX_DEPTH: u32 = 128;

/// What the top level of a document must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any value.
    Any,
    /// An object.
    Object,
    /// An array.
    Array,
}

/// Where and why a text is not the JSON document that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The line, from 1; lines end with a line feed.
    pub line: u32,
    /// The column in code points, from 1.
    pub column: u32,
    /// The byte at which the trouble begins, from 0.
    pub offset: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl fmt::Display for JsonError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, column {}: {}", self.line, self.column, self.reason)
    }
}

impl std::error::Error for JsonError {}
