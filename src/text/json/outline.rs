//! The outline of a document: where its outer values are, noted while it is compacted, so that a
//! question about them does not read the text again. What that buys stands in `maxim/result/text.rs`.

use std::ops::Range;

use super::compact::{Index, checked};
use super::walk::{Kind, kind};
use super::{JsonError, Shape};
use crate::text::buffer::Buffer;

/// More values than most results of a provider have in the outer levels.
const CAPACITY: usize = 48;
/// Values within so many arrays and objects are noted: a chat completion's
/// `choices[0].message.content` is within four.
const LEVELS: usize = 5;

/// [`super::compact()`] for a document of any shape, that also notes where its outer values are in `out`.
pub fn compact_outlined(input: &[u8], out: &mut Buffer) -> Result<Outline, JsonError> {
    let mut outline = Outline::new();
    checked(input, Shape::Any, out, &mut outline).map(|()| outline)
}

/// One value: where it is in the output, and its name if it is a member (without quotes, escapes as they
/// are).
#[derive(Clone, Copy)]
struct Node {
    key: (u32, u32),
    value: (u32, u32),
    depth: u8,
}

/// The outer values of one document, in its order.
pub struct Outline {
    nodes: [Node; CAPACITY],
    len: usize,
    is_whole: bool,
    /// The name of the member whose value comes next.
    key: (u32, u32),
    /// The node that is open at each level.
    open: [u8; LEVELS],
}

impl Outline {
    /// An outline to be filled by [`compact_outlined`].
    #[inline]
    pub fn new() -> Outline {
        let blank = Node { key: (0, 0), value: (0, 0), depth: 0 };
        Outline { nodes: [blank; CAPACITY], len: 0, is_whole: true, key: (0, 0), open: [0; LEVELS] }
    }

    /// The document's value, if all of its outer values could be noted; `json` is the buffer that the
    /// document was written to.
    pub fn root<'a>(&'a self, json: &'a [u8]) -> Option<Value<'a>> {
        (self.is_whole && self.len > 0).then_some(Value { outline: self, json, node: 0 })
    }

    /// Places are noted in 32 bits: no record is as long as that.
    #[inline(always)]
    fn place(&mut self, at: usize) -> u32 {
        u32::try_from(at).unwrap_or_else(|_| {
            self.is_whole = false;
            0
        })
    }
}

impl Default for Outline {
    fn default() -> Outline {
        Outline::new()
    }
}

impl Index for Outline {
    #[inline(always)]
    fn key(&mut self, start: usize, end: usize, depth: u32) {
        // A name that no value here would take must not be left to the next one.
        if (depth as usize) < LEVELS {
            self.key = (self.place(start), self.place(end));
        }
    }

    #[inline(always)]
    fn value_start(&mut self, start: usize, _: u8, depth: u32) {
        let level = depth as usize;
        if level >= LEVELS {
            return;
        }
        let start = self.place(start);
        self.open[level] = self.len as u8;
        match self.nodes.get_mut(self.len) {
            Some(node) => {
                *node =
                    Node { key: std::mem::take(&mut self.key), value: (start, start), depth: level as u8 };
                self.len += 1;
            }
            None => self.is_whole = false,
        }
    }

    #[inline(always)]
    fn value_end(&mut self, end: usize, depth: u32) {
        let end = self.place(end);
        let Some(open) = self.open.get(depth as usize) else { return };
        let Some(node) = self.nodes.get_mut(usize::from(*open)) else { return };
        node.value.1 = end;
    }
}

/// One value of a document, with those inside it.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    outline: &'a Outline,
    json: &'a [u8],
    node: usize,
}

impl<'a> Value<'a> {
    fn noted(self) -> Node {
        self.outline.nodes[self.node]
    }

    fn slice(self, (start, end): (u32, u32)) -> &'a [u8] {
        self.json.get(Range { start: start as usize, end: end as usize }).unwrap_or_default()
    }

    /// Its text.
    pub fn text(self) -> &'a [u8] {
        self.slice(self.noted().value)
    }

    /// Its kind.
    pub fn kind(self) -> Kind {
        kind(self.text())
    }

    /// The raw name that it has as a member; empty for an element.
    pub fn key(self) -> &'a [u8] {
        self.slice(self.noted().key)
    }

    /// The members of an object or the elements of an array, in order; none in the innermost level that
    /// is noted.
    pub fn items(self) -> impl Iterator<Item = Value<'a>> {
        let own = self.noted().depth;
        let inside = &self.outline.nodes[self.node + 1..self.outline.len];
        let inside = inside.iter().take_while(move |node| node.depth > own);
        let items = inside.enumerate().filter(move |(_, node)| node.depth == own + 1);
        items.map(move |(at, _)| Value { node: self.node + 1 + at, ..self })
    }

    /// The member of this name. Of several the last one counts, as in most JSON readers.
    pub fn member(self, name: &[u8]) -> Option<Value<'a>> {
        self.items().filter(|item| item.key() == name).last()
    }
}
