//! Wire lines: `{entity}{id={id},action={action},data={json object}}`.

use crate::spool::RecordKind;
use crate::status::Result;
use crate::text::buffer::Buffer;
use crate::text::json::Shape;
use crate::text::object::{Json, Key, Object, key};
use crate::text::scratch;
use crate::text::stringify::{self, Nulls};

/// A line, in the spool.
pub const KIND_LINE: RecordKind = RecordKind(0);

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A conversation of several traces.
    Session,
    /// One request through the application.
    Trace,
    /// A step within a trace.
    Span,
    /// One call of a model.
    Generation,
    /// A user's verdict.
    Feedback,
    /// One look-up of documents.
    Retrieval,
    /// One call of a tool.
    ToolCall,
    /// Something that went wrong.
    Error,
    /// A line that was too large to be sent as one.
    Storage,
}

impl Entity {
    /// Every entity, in the order of its number in the ABI.
    pub const ALL: [Entity; 9] = [
        Entity::Session,
        Entity::Trace,
        Entity::Span,
        Entity::Generation,
        Entity::Feedback,
        Entity::Retrieval,
        Entity::ToolCall,
        Entity::Error,
        Entity::Storage,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Entity::Session => "session",
            Entity::Trace => "trace",
            Entity::Span => "span",
            Entity::Generation => "generation",
            Entity::Feedback => "feedback",
            Entity::Retrieval => "retrieval",
            Entity::ToolCall => "tool_call",
            Entity::Error => "error",
            Entity::Storage => "storage",
        }
    }

    /// How its lines begin, as far as the id.
    const fn head(self) -> &'static [u8] {
        match self {
            Entity::Session => b"session{id=",
            Entity::Trace => b"trace{id=",
            Entity::Span => b"span{id=",
            Entity::Generation => b"generation{id=",
            Entity::Feedback => b"feedback{id=",
            Entity::Retrieval => b"retrieval{id=",
            Entity::ToolCall => b"tool_call{id=",
            Entity::Error => b"error{id=",
            Entity::Storage => b"storage{id=",
        }
    }
}

/// The heads in rooms of one size, and their lengths: a piece of known size needs no call to copy it.
const HEADS: [([u8; 16], usize); Entity::ALL.len()] = {
    let mut heads = [([0; 16], 0); Entity::ALL.len()];
    let mut at = 0;
    while at < heads.len() {
        let head = Entity::ALL[at].head();
        assert!(Entity::ALL[at] as usize == at);
        heads[at].1 = head.len();
        let mut byte = 0;
        while byte < head.len() {
            heads[at].0[byte] = head[byte];
            byte += 1;
        }
        at += 1;
    }
    heads
};

/// What happened.
#[derive(Clone, Copy)]
pub enum Action<'a> {
    /// One from [`action!`], as it stands between a line's id and its data.
    Known(&'static str),
    /// The name of one that the caller has chosen.
    Named(&'a str),
}

/// An [`Action`] from a literal, with the beginning of its data if that is known: one piece to copy.
macro_rules! action {
    ($name:literal $(, $data:literal)?) => {
        $crate::maxim::line::Action::Known(concat!(",action=", $name, ",data=" $(, $data)?))
    };
}
pub(crate) use action;

/// Writes a line as far as its data, or into it.
#[inline(always)]
pub(super) fn begin(out: &mut Buffer, entity: Entity, id: &str, action: Action<'_>) {
    let (head, length) = HEADS[entity as usize];
    *out.room() = head;
    out.advance(length);
    out.push_short(id.as_bytes());
    match action {
        Action::Known(text) => out.extend_from_slice(text.as_bytes()),
        Action::Named(name) => {
            for part in [",action=", name, ",data="] {
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
}

/// The lines of one call, built one after the other in one buffer.
pub struct Lines<'b> {
    out: &'b mut Buffer,
    ends: [usize; Lines::MOST],
    count: usize,
}

impl<'b> Lines<'b> {
    /// No call makes more lines than this (a result and its end are two).
    const MOST: usize = 2;

    /// Lines in an (empty) buffer that the caller lends.
    pub fn new(out: &'b mut Buffer) -> Lines<'b> {
        Lines { out, ends: [0; Lines::MOST], count: 0 }
    }

    /// All that has been written.
    pub fn written(&mut self) -> &mut [u8] {
        self.out
    }

    /// The finished line, if it is the only one.
    #[inline(always)]
    pub fn only(&self) -> Option<&[u8]> {
        (self.count == 1).then_some(self.out)
    }

    /// The finished lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends[..self.count].iter().map(move |&end| {
            let line = &self.out[start..end];
            start = end;
            line
        })
    }

    /// Writes one line; `members` adds its data.
    #[inline(always)]
    pub fn line(
        &mut self,
        entity: Entity,
        id: &str,
        action: Action<'_>,
        members: impl FnOnce(&mut Object<'_>) -> Result<()>,
    ) -> Result<()> {
        begin(self.out, entity, id, action);
        Object::open_and(self.out, *b"}}", members)?;
        self.ends[self.count] = self.out.len();
        self.count += 1;
        Ok(())
    }

    /// Writes one line whose data is an object given as JSON.
    pub fn line_of_object(
        &mut self,
        entity: Entity,
        id: &str,
        action: Action<'_>,
        data: Json<'_>,
    ) -> Result<()> {
        self.line(entity, id, action, |line| {
            let object: &mut Buffer = &mut scratch::lend();
            data.compact(Shape::Object, object)?;
            line.splice(object);
            Ok(())
        })
    }
}

/// Tags and metadata are written from an object that the caller gave.
#[derive(Clone, Copy)]
enum Strings {
    Tags,
    Metadata,
    Parameters,
}

/// The members that the log API has in a form of its own.
impl Object<'_> {
    /// `tags`: every value a string; an empty object when absent.
    #[inline]
    pub fn tags_or_empty(&mut self, tags: Option<Json<'_>>) -> Result<()> {
        match tags {
            Some(tags) => self.strings(key!("tags"), tags, Strings::Tags),
            None => {
                self.compacted(key!("tags"), b"{}");
                Ok(())
            }
        }
    }

    /// `tags`: every value a string; left out when absent.
    pub fn tags(&mut self, tags: Option<Json<'_>>) -> Result<()> {
        tags.map_or(Ok(()), |tags| self.strings(key!("tags"), tags, Strings::Tags))
    }

    /// `metadata`: a value that is not a string becomes its JSON text; left out when absent.
    pub fn metadata(&mut self, metadata: Option<Json<'_>>) -> Result<()> {
        metadata.map_or(Ok(()), |metadata| self.strings(key!("metadata"), metadata, Strings::Metadata))
    }

    /// `modelParameters`: as metadata, null members left out; an empty object when absent.
    pub fn model_parameters(&mut self, parameters: Option<Json<'_>>) -> Result<()> {
        match parameters {
            Some(parameters) => self.strings(key!("modelParameters"), parameters, Strings::Parameters),
            None => {
                self.compacted(key!("modelParameters"), b"{}");
                Ok(())
            }
        }
    }

    fn strings(&mut self, key: Key, object: Json<'_>, kind: Strings) -> Result<()> {
        self.written(key, |out| {
            let start = out.len();
            if object.embed_strings(out)? {
                return Ok(());
            }
            out.truncate(start);
            let compacted: &mut Buffer = &mut scratch::lend();
            object.compact(Shape::Object, compacted)?;
            match kind {
                Strings::Tags => stringify::stringify_tags(compacted, out),
                Strings::Metadata => stringify::stringify_members(compacted, Nulls::AsText, out),
                Strings::Parameters => stringify::stringify_members(compacted, Nulls::LeaveOut, out),
            }
            Ok(())
        })
    }
}
