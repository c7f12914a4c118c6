//! JSON as text: checked and compacted in one pass, then walked without a tree.
//!
//! What a caller gives as JSON goes on the wire as it is, minus the white space around its tokens.
//! [`compact`] checks the document against RFC 8259 and copies it; numbers of any length,
//! duplicate members and escapes stay byte for byte, so nothing changes meaning. The copy is
//! one line: it never holds a raw line break.
//!
//! [`members`], [`elements`] and their kin read text that [`compact`] has written. They check
//! nothing again; on other text they give nonsense, but end and don't panic.
//!
//! Not here: values. A number stays digits, and a string keeps its escapes.

mod compact;
#[cfg(test)]
pub(super) mod tests;
mod walk;

pub use compact::{compact, compact_indexed, compact_strings};
pub use walk::{Kind, as_str_raw, elements, index_object, is_integer, kind, members};

use std::fmt;
use std::ops::Range;

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
    /// An object or an array.
    ObjectOrArray,
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

/// One member of an object, as ranges of the buffer that the object was written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The name without its quotes, escapes as they are.
    pub key: Range<usize>,
    /// The value's text.
    pub value: Range<usize>,
}

/// The first members of one object, [`Members::CAPACITY`] at most; made once, used again and again.
#[derive(Clone, Debug)]
pub struct Members {
    list: [Member; Members::CAPACITY],
    len: usize,
    overflowed: bool,
}

impl Members {
    /// More than any provider's result has (OpenAI's Responses object has some 25).
    pub const CAPACITY: usize = 32;

    /// An empty list.
    pub const fn new() -> Members {
        Members {
            list: [const { Member { key: 0..0, value: 0..0 } }; Members::CAPACITY],
            len: 0,
            overflowed: false,
        }
    }

    /// Forgets all members.
    pub fn clear(&mut self) {
        self.len = 0;
        self.overflowed = false;
    }

    /// The members, in the order of the document.
    pub fn as_slice(&self) -> &[Member] {
        &self.list[..self.len]
    }

    /// Whether the object had more members than are listed.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// The value of the member whose raw name is `key`; `json` is the buffer that was indexed.
    ///
    /// Of several members with the same name the last one counts, as in most JSON readers.
    pub fn find<'a>(&self, json: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
        let named = |member: &&Member| json.get(member.key.clone()) == Some(key);
        self.as_slice().iter().rev().find(named).and_then(|member| json.get(member.value.clone()))
    }

    #[inline]
    fn push(&mut self, member: Member) {
        match self.list.get_mut(self.len) {
            Some(place) => {
                *place = member;
                self.len += 1;
            }
            None => self.overflowed = true,
        }
    }
}

impl Default for Members {
    fn default() -> Members {
        Members::new()
    }
}
