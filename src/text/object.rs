//! Writing JSON objects member by member, straight into the buffer of a call.
//!
//! A member whose value is absent is left out. JSON given by the caller is validated while it is copied,
//! and line breaks outside strings are removed, so that no document can break the line that it goes into.

use super::buffer::Buffer;
use super::json::{self, Shape};
use super::{decimal, escape, lossy, time};
use crate::status::{Error, Result, Status};

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
    pub fn compact(self, shape: Shape, out: &mut Buffer) -> Result<()> {
        json::compact(self.bytes, shape, out).or_else(|error| self.repair(&error, shape, out))
    }

    /// Appends the validated text, fit for a line.
    #[inline]
    pub fn embed(self, shape: Shape, out: &mut Buffer) -> Result<()> {
        json::embed(self.bytes, shape, out).or_else(|error| self.repair(&error, shape, out))
    }

    /// Appends the validated object, fit for a line, and tells whether each of its values is a string.
    #[inline]
    pub fn embed_strings(self, out: &mut Buffer) -> Result<bool> {
        // Whether all values of a repaired object are strings is not known: no.
        json::embed_strings(self.bytes, out)
            .or_else(|error| self.repair(&error, Shape::Object, out).map(|()| false))
    }

    /// Appends what the text becomes in a lossy call; refuses it in a strict one.
    #[cold]
    fn repair(self, error: &json::JsonError, shape: Shape, out: &mut Buffer) -> Result<()> {
        if !lossy::active() {
            return Err(self.refuse(error));
        }
        out.extend_from_slice(&lossy::json::repaired(self.bytes, shape, error));
        Ok(())
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

/// A member's name as it is written, with the comma before it and the colon behind it, so that it is
/// one piece to copy. Made by [`key!`].
#[derive(Clone, Copy)]
pub struct Key(pub &'static str);

/// A [`Key`] from a literal, in which nothing needs an escape.
macro_rules! key {
    ($name:literal) => {
        $crate::text::object::Key(concat!(",\"", $name, "\":"))
    };
}
pub(crate) use key;

/// The members of a JSON object, written one after the other.
///
/// Each is written with a comma before it, and the first one's comma becomes the opening brace in the end: so every
/// name is one piece of known length.
pub struct Object<'b> {
    out: &'b mut Buffer,
}

impl Object<'_> {
    /// Writes one object; `members` adds what is in it.
    #[inline(always)]
    pub fn open(out: &mut Buffer, members: impl FnOnce(&mut Object<'_>) -> Result<()>) -> Result<()> {
        Object::open_and(out, *b"}", members)
    }

    /// [`Object::open`] with another end than its closing brace.
    #[inline(always)]
    pub fn open_and<const N: usize>(
        out: &mut Buffer,
        end: [u8; N],
        members: impl FnOnce(&mut Object<'_>) -> Result<()>,
    ) -> Result<()> {
        let start = out.len();
        members(&mut Object::begin(out))?;
        Object::end(out, start, end);
        Ok(())
    }

    /// The members of an object that [`Object::end`] makes one: [`Object::open_and`] for members too many for a
    /// closure, which is compiled in line only if it is small.
    #[inline(always)]
    pub fn begin(out: &mut Buffer) -> Object<'_> {
        Object { out }
    }

    /// Makes an object of the members that have been written from `start` on.
    #[inline(always)]
    pub fn end<const N: usize>(out: &mut Buffer, start: usize, end: [u8; N]) {
        match out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => out.push(b'{'),
        }
        *out.room() = end;
        out.advance(N);
    }

    /// Members for [`Object::again`].
    pub fn members(out: &mut Buffer, members: impl FnOnce(&mut Object<'_>) -> Result<()>) -> Result<()> {
        members(&mut Object { out })
    }

    #[inline(always)]
    fn key(&mut self, key: Key) {
        self.out.extend_from_slice(key.0.as_bytes());
    }

    /// A string member.
    #[inline(always)]
    pub fn text(&mut self, key: Key, value: &str) {
        self.key(key);
        escape::push_string(self.out, value);
    }

    /// A string member in which nothing needs an escape: an id, or a word of ours.
    #[inline(always)]
    pub fn plain(&mut self, key: Key, value: &str) {
        self.key(key);
        self.out.push(b'"');
        self.out.push_short(value.as_bytes());
        self.out.push(b'"');
    }

    /// A string member, left out when absent.
    #[inline(always)]
    pub fn optional_text(&mut self, key: Key, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    /// A time member from Unix microseconds.
    #[inline(always)]
    pub fn time(&mut self, key: Key, unix_us: i64) {
        self.key(key);
        time::push_rfc3339_us(self.out, unix_us);
    }

    /// A number member.
    pub fn number(&mut self, key: Key, value: f64) {
        self.key(key);
        push_number(self.out, value);
    }

    /// An integer member.
    #[inline(always)]
    pub fn integer(&mut self, key: Key, value: i64) {
        self.key(key);
        decimal::push_i64(self.out, value);
    }

    /// A member that holds an object with one number: `"metrics":{name:value}`.
    pub fn named_number(&mut self, key: Key, name: &str, value: f64) {
        self.key(key);
        self.out.push(b'{');
        escape::push_string(self.out, name);
        self.out.push(b':');
        push_number(self.out, value);
        self.out.push(b'}');
    }

    /// A member that holds an object of its own.
    pub fn object(&mut self, key: Key, members: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        // Members that cannot be refused.
        let _ = Object::open(self.out, |object| {
            members(object);
            Ok(())
        });
    }

    /// A member with JSON of the caller's.
    pub fn json(&mut self, key: Key, value: Json<'_>, shape: Shape) -> Result<()> {
        self.key(key);
        value.embed(shape, self.out)
    }

    /// A member with JSON that is known to be valid and compact.
    pub fn compacted(&mut self, key: Key, value: &[u8]) {
        self.key(key);
        self.out.extend_from_slice(value);
    }

    /// A member whose name is given as the raw text of a JSON string, and whose value is compacted JSON.
    pub fn member(&mut self, raw_key: &[u8], value: &[u8]) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(raw_key);
        self.out.extend_from_slice(b"\":");
        self.out.extend_from_slice(value);
    }

    /// Lets `attempt` write members until it is content with what it wrote; the rest is undone.
    pub fn until(&mut self, mut attempt: impl FnMut(&mut Object<'_>) -> bool) {
        let length = self.out.len();
        while !attempt(self) {
            self.out.truncate(length);
        }
    }

    /// A member whose value `write` appends as JSON.
    pub fn written<R>(&mut self, key: Key, write: impl FnOnce(&mut Buffer) -> R) -> R {
        self.key(key);
        write(self.out)
    }

    /// Members that were written by [`Object::members`] before.
    #[inline(always)]
    pub fn again(&mut self, members: &[u8]) {
        self.out.extend_from_slice(members);
    }

    /// All members of a compacted object.
    pub fn splice(&mut self, object: &[u8]) {
        let members = object.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).unwrap_or(b"");
        if !members.is_empty() {
            self.out.push(b',');
            self.out.extend_from_slice(members);
        }
    }
}

/// The shortest text that reads back as the same number. NaN and infinities, which JSON does not have and a
/// strict call has refused, become `null`.
fn push_number(out: &mut Buffer, value: f64) {
    // Writing a number to memory cannot fail.
    let _ = serde_json::to_writer(out, &value);
}
