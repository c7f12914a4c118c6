//! Wire lines: `{entity}{id={id},action={action},data={json object}}`.
//!
//! A [`Line`] writes the members of one line's data straight into the buffer of its call; a member
//! whose value is absent is left out. JSON given by the caller is validated while it is copied, and
//! white space outside strings is removed, so that no document can break the line.

use crate::status::{Error, Result, Status};
use crate::text::json::{self, Shape};
use crate::text::stringify::{self, Nulls};
use crate::text::{escape, scratch, time};

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
}

/// A JSON text as the caller gave it, with the name of the argument it came in.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    /// The argument, for error messages.
    pub name: &'static str,
    /// The text, not yet validated.
    pub bytes: &'a [u8],
}

impl Json<'_> {
    /// Appends the validated, compacted text.
    pub fn compact(self, shape: Shape, out: &mut Vec<u8>) -> Result<()> {
        json::compact(self.bytes, shape, out).map_err(|error| self.refuse(&error))
    }

    #[cold]
    pub(crate) fn refuse(self, error: &json::JsonError) -> Error {
        let status = match std::str::from_utf8(self.bytes) {
            Ok(_) => Status::InvalidJson,
            Err(_) => Status::InvalidUtf8,
        };
        Error::new(status, format!("{}: {error}", self.name))
    }
}

/// The lines of one call, built one after the other in one buffer.
pub struct Lines<'b> {
    out: &'b mut Vec<u8>,
    ends: [usize; Lines::MOST],
    count: usize,
}

impl<'b> Lines<'b> {
    /// No call makes more lines than this (a result and its end are two).
    const MOST: usize = 2;

    /// Lines in an (empty) buffer that the caller lends.
    pub fn new(out: &'b mut Vec<u8>) -> Lines<'b> {
        Lines { out, ends: [0; Lines::MOST], count: 0 }
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
    #[inline]
    pub fn line(
        &mut self,
        entity: Entity,
        id: &str,
        action: &str,
        members: impl FnOnce(&mut Line<'_>) -> Result<()>,
    ) -> Result<()> {
        self.out.extend_from_slice(entity.name().as_bytes());
        self.out.extend_from_slice(b"{id=");
        self.out.extend_from_slice(id.as_bytes());
        self.out.extend_from_slice(b",action=");
        self.out.extend_from_slice(action.as_bytes());
        self.out.extend_from_slice(b",data={");
        let mut line = Line { out: self.out, empty: true };
        members(&mut line)?;
        self.out.extend_from_slice(b"}}");
        self.ends[self.count] = self.out.len();
        self.count += 1;
        Ok(())
    }

    /// Writes one line whose data is an object given as JSON.
    pub fn line_of_object(&mut self, entity: Entity, id: &str, action: &str, data: Json<'_>) -> Result<()> {
        self.line(entity, id, action, |line| {
            scratch::with(|object| {
                data.compact(Shape::Object, object)?;
                line.splice(object);
                Ok(())
            })
        })
    }
}

/// The data of one line: members of a JSON object.
pub struct Line<'b> {
    out: &'b mut Vec<u8>,
    empty: bool,
}

/// Writes one JSON object; `members` adds what is in it.
#[inline]
pub fn object(out: &mut Vec<u8>, members: impl FnOnce(&mut Line<'_>) -> Result<()>) -> Result<()> {
    out.push(b'{');
    members(&mut Line { out, empty: true })?;
    out.push(b'}');
    Ok(())
}

/// Tags and metadata are written from an object that the caller gave.
#[derive(Clone, Copy)]
enum Strings {
    Tags,
    Metadata,
    Parameters,
}

impl Line<'_> {
    #[inline]
    fn comma(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
    }

    #[inline]
    fn key(&mut self, key: &str) {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A string member. Keys are ours and need no escaping.
    #[inline]
    pub fn text(&mut self, key: &'static str, value: &str) {
        self.key(key);
        escape::push_string(self.out, value);
    }

    /// A string member, left out when absent.
    #[inline]
    pub fn optional_text(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    /// A time member from Unix microseconds.
    #[inline]
    pub fn time(&mut self, key: &'static str, unix_us: i64) {
        self.key(key);
        self.out.push(b'"');
        time::push_rfc3339_us(self.out, unix_us);
        self.out.push(b'"');
    }

    /// A number member.
    pub fn number(&mut self, key: &str, value: f64) {
        self.key(key);
        push_number(self.out, value);
    }

    /// An integer member.
    pub fn integer(&mut self, key: &'static str, value: i64) {
        self.key(key);
        time::push_i64(self.out, value);
    }

    /// A member that holds an object with one number: `"metrics":{name:value}`.
    pub fn named_number(&mut self, key: &'static str, name: &str, value: f64) {
        self.key(key);
        self.out.push(b'{');
        escape::push_string(self.out, name);
        self.out.push(b':');
        push_number(self.out, value);
        self.out.push(b'}');
    }

    /// A member that holds an object with one string: `"tags":{name:value}`.
    #[inline]
    pub fn named_text(&mut self, key: &'static str, name: &str, value: &str) {
        self.key(key);
        self.out.push(b'{');
        escape::push_string(self.out, name);
        self.out.push(b':');
        escape::push_string(self.out, value);
        self.out.push(b'}');
    }

    /// A member that holds an object of its own.
    pub fn object(&mut self, key: &'static str, members: impl FnOnce(&mut Line<'_>)) {
        self.key(key);
        self.out.push(b'{');
        members(&mut Line { out: self.out, empty: true });
        self.out.push(b'}');
    }

    /// A member with JSON of the caller's.
    pub fn json(&mut self, key: &'static str, value: Json<'_>, shape: Shape) -> Result<()> {
        self.key(key);
        value.compact(shape, self.out)
    }

    /// A member with JSON that is known to be valid and compact.
    pub fn compacted(&mut self, key: &'static str, value: &[u8]) {
        self.key(key);
        self.out.extend_from_slice(value);
    }

    /// `tags`: every value a string; an empty object when absent.
    #[inline]
    pub fn tags_or_empty(&mut self, tags: Option<Json<'_>>) -> Result<()> {
        match tags {
            Some(tags) => self.strings("tags", tags, Strings::Tags),
            None => {
                self.compacted("tags", b"{}");
                Ok(())
            }
        }
    }

    /// `tags`: every value a string; left out when absent.
    pub fn tags(&mut self, tags: Option<Json<'_>>) -> Result<()> {
        tags.map_or(Ok(()), |tags| self.strings("tags", tags, Strings::Tags))
    }

    /// `metadata`: a value that is not a string becomes its JSON text; left out when absent.
    pub fn metadata(&mut self, metadata: Option<Json<'_>>) -> Result<()> {
        metadata.map_or(Ok(()), |metadata| self.strings("metadata", metadata, Strings::Metadata))
    }

    /// `modelParameters`: as metadata, null members left out; an empty object when absent.
    pub fn model_parameters(&mut self, parameters: Option<Json<'_>>) -> Result<()> {
        match parameters {
            Some(parameters) => self.strings("modelParameters", parameters, Strings::Parameters),
            None => {
                self.compacted("modelParameters", b"{}");
                Ok(())
            }
        }
    }

    fn strings(&mut self, key: &'static str, object: Json<'_>, kind: Strings) -> Result<()> {
        self.key(key);
        let start = self.out.len();
        let only_strings =
            json::compact_strings(object.bytes, self.out).map_err(|error| object.refuse(&error))?;
        if only_strings {
            return Ok(());
        }
        scratch::with(|compacted| {
            compacted.extend_from_slice(&self.out[start..]);
            self.out.truncate(start);
            match kind {
                Strings::Tags => stringify::stringify_tags(compacted, self.out),
                Strings::Metadata => stringify::stringify_members(compacted, Nulls::AsText, self.out),
                Strings::Parameters => stringify::stringify_members(compacted, Nulls::LeaveOut, self.out),
            }
        });
        Ok(())
    }

    /// A member whose name is given as the raw text of a JSON string, and whose value is compacted JSON.
    pub fn member(&mut self, raw_key: &[u8], value: &[u8]) {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(raw_key);
        self.out.extend_from_slice(b"\":");
        self.out.extend_from_slice(value);
    }

    /// Lets `attempt` write members until it is content with what it wrote; the rest is undone.
    pub fn until(&mut self, mut attempt: impl FnMut(&mut Line<'_>) -> bool) {
        let (length, empty) = (self.out.len(), self.empty);
        while !attempt(self) {
            self.out.truncate(length);
            self.empty = empty;
        }
    }

    /// A member whose value `write` appends as JSON.
    pub fn written(&mut self, key: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
        self.key(key);
        write(self.out);
    }

    /// All members of a compacted object.
    pub fn splice(&mut self, object: &[u8]) {
        let members = object.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).unwrap_or(b"");
        if members.is_empty() {
            return;
        }
        self.comma();
        self.out.extend_from_slice(members);
    }
}

/// The shortest text that reads back as the same number. The caller has refused NaN and infinities,
/// which JSON does not have.
fn push_number(out: &mut Vec<u8>, value: f64) {
    // Writing a finite number to memory cannot fail.
    let _ = serde_json::to_writer(out, &value);
}
