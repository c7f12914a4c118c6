//! The pass over one record: its JSON goes in, and comes out as it may leave.
//!
//! The text is walked without a tree and without recursion, so that a document may be as deep as it likes. A
//! string that is JSON itself (tool arguments, metadata), or has lines that are (streams), is taken apart too, a
//! few times over; a secret does not hide behind escapes.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::cut_off::{self, next_member, value_end};
use super::members::{Instead, Limit, Member, Records, Way, is_reference, is_time};
use super::outline::outline;
use super::rules::Where;
use super::{Control, Masked};
use crate::text::buffer::Buffer;
use crate::text::escape::push_string;
use crate::text::json::{self, Kind, Shape};
use crate::text::lossy;

/// JSON in a text in JSON in a text: deeper ones are searched as texts.
const MOST_NESTED: u32 = 6;
/// How often a byte of a text may be looked at in search of JSON.
const MOST_LOOKS: usize = 16;
/// Stands for a text that a mask failed at.
const DROPPED: &str = "[dropped: a mask failed]";
/// Stands for content that a service demands and that stays here.
const WITHHELD: &str = "[withheld]";

thread_local! {
    /// Whether this thread is inside a mask of the host's.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// One record on its way.
struct Pass {
    entity: i32,
    /// The names down to where it is, with dots between them.
    path: String,
    /// What the host's mask may still take.
    left: Duration,
    nested: u32,
    /// Whether the host's mask is asked.
    is_asked: bool,
}

impl Control {
    /// Writes a record's data, a JSON object, as it may leave. `false`: there is nothing left to say.
    pub fn rewrite(&self, records: Records, entity: i32, data: &[u8], out: &mut Buffer) -> bool {
        let mut compacted = Buffer::new();
        if json::compact(data, Shape::Object, &mut compacted).is_err() {
            // It was written by us, and cannot be; but what cannot be looked at does not leave.
            self.failed.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        let mut pass = self.pass(entity);
        let start = out.len();
        for (name, value) in json::members(&compacted) {
            let before = out.len();
            if !self.member(&mut pass, records, name, value, out) {
                out.truncate(before);
            }
        }
        match out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => {
                let was_empty = *compacted == *b"{}";
                if was_empty {
                    out.extend_from_slice(b"{}");
                }
                return was_empty;
            }
        }
        out.push(b'}');
        true
    }

    /// A text that is no JSON of ours, as it may leave: a document, a name.
    pub fn rewrite_text<'t>(&self, entity: i32, field: &str, text: &'t str) -> Cow<'t, str> {
        let mut pass = self.pass(entity);
        pass.path.push_str(field);
        self.text(&mut pass, text, None).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// A JSON object of the caller's, as it may leave; what is none is given back, to be refused by whoever reads it,
    /// and in a lossy call becomes one here: whoever reads it would do that with what no mask has seen.
    pub fn rewrite_json(&self, entity: i32, field: &str, json: &[u8]) -> Vec<u8> {
        let mut compacted = Buffer::new();
        match json::compact(json, Shape::Any, &mut compacted) {
            Ok(()) => {}
            Err(error) if lossy::active() => {
                compacted.extend_from_slice(&lossy::json::repaired(json, Shape::Object, &error));
            }
            Err(_) => return json.to_owned(),
        }
        let mut pass = self.pass(entity);
        pass.path.push_str(field);
        let mut out = Buffer::new();
        self.value(&mut pass, &compacted, true, None, &mut out);
        out.into_vec()
    }

    /// As [`Control::rewrite_text`], cut to so many characters.
    pub fn rewrite_within(&self, entity: i32, field: &str, text: &str, most: usize) -> String {
        let mut pass = self.pass(entity);
        pass.path.push_str(field);
        self.text(&mut pass, text, Some(Limit::head(most))).unwrap_or_else(|| text.to_owned())
    }

    /// A document that may have bytes in it that are no text: those stay as they are. It is no field, and not cut.
    pub fn rewrite_bytes(&self, entity: i32, field: &str, document: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(document.len());
        for chunk in document.utf8_chunks() {
            let mut pass = self.pass(entity);
            pass.path.push_str(field);
            out.extend_from_slice(self.searched(&mut pass, chunk.valid(), true).as_bytes());
            out.extend_from_slice(chunk.invalid());
        }
        out
    }

    fn pass(&self, entity: i32) -> Pass {
        Pass { entity, path: String::new(), left: self.config.budget, nested: 0, is_asked: true }
    }

    /// Writes one of the record's own members; `false`: it is left out.
    fn member(&self, pass: &mut Pass, records: Records, name: &[u8], value: &[u8], out: &mut Buffer) -> bool {
        let known = records.member(name);
        let plain = unescaped_inner(name);
        out.push(b',');
        match self.searched(pass, &plain, false) {
            Cow::Owned(masked) if known.is_none() => push_string(out, &masked),
            _ => [b"\"", name, b"\""].into_iter().for_each(|piece| out.extend_from_slice(piece)),
        }
        out.push(b':');
        pass.path.clear();
        pass.path.push_str(&plain);
        let member = known.unwrap_or(Member::Content(Instead::Nothing));
        let is_container = matches!(json::kind(value), Kind::Object | Kind::Array);
        let may_be_replaced = !matches!(member, Member::Reference | Member::Time | Member::Numbers)
            && (known.is_none() || !is_container)
            && (self.config.capture_content || matches!(member, Member::Text(_)));
        if let Some(replacement) = self.config.rules.of_key(&plain).filter(|_| may_be_replaced) {
            push_string(out, replacement);
            return true;
        }
        match member {
            Member::Reference => self.left_alone(pass, value, is_reference, out),
            Member::Time => self.left_alone(pass, value, is_time, out),
            Member::Numbers => self.value(pass, value, false, None, out),
            Member::Text(most) => self.value(pass, value, true, most, out),
            Member::Content(_) if self.config.capture_content => {
                self.value(pass, value, true, records.most(name), out);
            }
            Member::Content(instead) => return self.instead(pass, instead, value, out),
        }
        true
    }

    /// Writes a value that nothing is searched in while it is what it should be.
    fn left_alone(&self, pass: &mut Pass, value: &[u8], is_so: fn(&str) -> bool, out: &mut Buffer) {
        let is_one = match json::kind(value) {
            Kind::String => is_so(&unescaped(value)),
            Kind::Object | Kind::Array => false,
            _ => true,
        };
        if is_one { out.extend_from_slice(value) } else { self.value(pass, value, true, None, out) }
    }

    /// Writes what takes the place of content; `false`: nothing does.
    fn instead(&self, pass: &mut Pass, instead: Instead, value: &[u8], out: &mut Buffer) -> bool {
        let mut rest = Buffer::new();
        match instead {
            Instead::Nothing => return false,
            Instead::EmptyList => out.extend_from_slice(b"[]"),
            Instead::Mark(_) => push_string(out, WITHHELD),
            Instead::Outline => {
                if !outline(value, &mut rest) {
                    return false;
                }
                self.value(pass, &rest, true, None, out);
            }
            Instead::Numbers => {
                rest.push(b'{');
                for (name, value) in json::members(value) {
                    let is_number = match json::kind(value) {
                        Kind::String => {
                            let text = unescaped(value);
                            text.parse::<f64>().is_ok() || matches!(&*text, "true" | "false" | "null")
                        }
                        Kind::Object | Kind::Array => false,
                        _ => true,
                    };
                    if is_number {
                        if rest.len() > 1 {
                            rest.push(b',');
                        }
                        rest.push(b'"');
                        rest.extend_from_slice(name);
                        rest.extend_from_slice(b"\":");
                        rest.extend_from_slice(value);
                    }
                }
                rest.push(b'}');
                self.value(pass, &rest, true, None, out);
            }
        }
        true
    }

    /// Copies compacted JSON, with every text in it as it may leave.
    fn value(
        &self,
        pass: &mut Pass,
        json: &[u8],
        searches_numbers: bool,
        most: Option<Limit>,
        out: &mut Buffer,
    ) {
        let mut open: Vec<OpenContainer> = Vec::new();
        let mut at = 0;
        while let Some(&byte) = json.get(at) {
            match byte {
                b'{' | b'[' => {
                    open.push(OpenContainer {
                        path: pass.path.len(),
                        is_object: byte == b'{',
                        at_name: byte == b'{',
                    });
                    out.push(byte);
                    at += 1;
                }
                b'}' | b']' => {
                    if let Some(closed) = open.pop() {
                        pass.path.truncate(closed.path);
                    }
                    out.push(byte);
                    at += 1;
                }
                b',' => {
                    if let Some(inner) = open.last_mut() {
                        inner.at_name = inner.is_object;
                        pass.path.truncate(inner.path);
                    }
                    out.push(byte);
                    at += 1;
                }
                b'"' => {
                    let end = json::string_end(json, at);
                    match open.last_mut().filter(|inner| inner.at_name) {
                        None => {
                            self.string(pass, &json[at..end], most, out);
                            at = end;
                        }
                        Some(inner) => {
                            inner.at_name = false;
                            at = self.name(pass, json, at..end, out);
                        }
                    }
                }
                b'-' | b'0'..=b'9' => {
                    let end = json::value_end(json, at);
                    self.number(&json[at..end], searches_numbers, out);
                    at = end;
                }
                _ => {
                    let end = json::value_end(json, at);
                    out.extend_from_slice(&json[at..end]);
                    at = end;
                }
            }
        }
    }

    /// Writes a member's name and the colon; its value too, if the name says that it is masked. Gives where
    /// to go on.
    fn name(&self, pass: &mut Pass, json: &[u8], place: std::ops::Range<usize>, out: &mut Buffer) -> usize {
        let name = unescaped(&json[place.clone()]);
        match self.searched(pass, &name, false) {
            Cow::Borrowed(_) => out.extend_from_slice(&json[place.clone()]),
            Cow::Owned(masked) => push_string(out, &masked),
        }
        out.push(b':');
        pass.path.push('.');
        pass.path.push_str(&name);
        let value = (place.end + 1).min(json.len());
        match self.config.rules.of_key(&name) {
            Some(replacement) if json::kind(&json[value..]) != Kind::Null => {
                push_string(out, replacement);
                json::value_end(json, value)
            }
            _ => value,
        }
    }

    /// Writes a number, which a secret may be too.
    fn number(&self, number: &[u8], is_searched: bool, out: &mut Buffer) {
        let text = if is_searched { String::from_utf8_lossy(number) } else { Cow::Borrowed("") };
        match self.config.rules.masked(&text, Where::Number) {
            Cow::Owned(masked) => push_string(out, &masked),
            Cow::Borrowed(_) => out.extend_from_slice(number),
        }
    }

    /// Writes a string.
    fn string(&self, pass: &mut Pass, string: &[u8], most: Option<Limit>, out: &mut Buffer) {
        match self.text(pass, &unescaped(string), most) {
            Some(text) => push_string(out, &text),
            None => out.extend_from_slice(string),
        }
    }

    /// A text as it may leave; `None`: as it is.
    fn text(&self, pass: &mut Pass, given: &str, most: Option<Limit>) -> Option<String> {
        let mut text = self.searched(pass, given, true);
        if pass.nested == 0 {
            if let Some(cut) = self.cut(&text, most) {
                text = Cow::Owned(cut);
            }
        }
        match text {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text),
        }
    }

    /// A text, or a member's name, with what masks find in it replaced; only texts are the host's to replace.
    fn searched<'t>(&self, pass: &mut Pass, given: &'t str, is_asked: bool) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(given);
        let mut is_json = false;
        let asked_before = pass.is_asked;
        pass.is_asked &= is_asked;
        if (!self.config.rules.is_empty() || self.config.mask.is_some()) && pass.nested < MOST_NESTED {
            pass.nested += 1;
            let inner = self.json_text(pass, given);
            is_json = inner.is_some();
            if let Some(inner) = inner {
                text = inner;
            } else {
                if let Some(members) = self.cut_off(pass, given) {
                    text = Cow::Owned(members);
                }
                if let Some(inner) = self.json_within(pass, &text).map(Cow::into_owned) {
                    text = Cow::Owned(inner);
                }
            }
            pass.nested -= 1;
        }
        let searched = if is_json { Where::Json } else { Where::Text };
        if let Cow::Owned(masked) = self.config.rules.masked(&text, searched) {
            text = Cow::Owned(masked);
        }
        if pass.is_asked && !is_json {
            if let Some(replaced) = self.ask(pass, &text) {
                text = Cow::Owned(replaced);
            }
        }
        pass.is_asked = asked_before;
        text
    }

    /// A text that is a JSON object, array or string, with the texts in it as they may leave; borrowed, if they are so
    /// already. `None`, if it is none.
    fn json_text<'t>(&self, pass: &mut Pass, text: &'t str) -> Option<Cow<'t, str>> {
        if !looks_like_json(text) {
            return None;
        }
        let mut compacted = Buffer::new();
        json::compact(text.as_bytes(), Shape::Any, &mut compacted).ok()?;
        let mut masked = Buffer::new();
        let path = pass.path.len();
        self.value(pass, &compacted, true, None, &mut masked);
        pass.path.truncate(path);
        if *masked == *compacted {
            return Some(Cow::Borrowed(text));
        }
        String::from_utf8(masked.into_vec()).ok().map(Cow::Owned)
    }

    /// A text with JSON somewhere in it, as in a stream of events, a log or an answer, with that JSON as it may
    /// leave. `None`, if nothing of it changes.
    fn json_within<'t>(&self, pass: &mut Pass, text: &'t str) -> Option<Cow<'t, str>> {
        let mut out = String::new();
        let mut copied = 0;
        let mut at = 0;
        // Brackets that begin no JSON must not cost more than a few looks at the text.
        let mut effort = text.len() * MOST_LOOKS;
        while let Some(found) = memchr::memchr2(b'{', b'[', &text.as_bytes()[at..]) {
            let start = at + found;
            let end = json::value_end(text.as_bytes(), start);
            let inner = text.get(start..end).and_then(|part| self.json_text(pass, part));
            match inner {
                None => {
                    at = start + 1;
                    match effort.checked_sub(end - start) {
                        Some(left) => effort = left,
                        None => break,
                    }
                    continue;
                }
                Some(Cow::Borrowed(_)) => {}
                Some(Cow::Owned(masked)) => {
                    out.push_str(&text[copied..start]);
                    out.push_str(&masked);
                    copied = end;
                }
            }
            at = end;
        }
        if copied == 0 {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(Cow::Owned(out))
    }

    /// A text that is no JSON, with what its members say as it may leave: the JSON that they were of may be cut off.
    /// `None`, if nothing of it changes.
    fn cut_off(&self, pass: &mut Pass, text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        let mut out = String::new();
        let mut copied = 0;
        let mut at = 0;
        while let Some(cut_off::Member { name, value }) = next_member(bytes, at) {
            at = value;
            let mut masked = Buffer::new();
            if let Some(replacement) = self.config.rules.of_key(&unescaped(&bytes[name])) {
                at = value_end(bytes, value).0;
                push_string(&mut masked, replacement);
            } else if json::kind(&bytes[value..]) == Kind::String {
                let (end, is_open) = value_end(bytes, value);
                at = end;
                let inner = &bytes[value + 1..if is_open { end } else { end - 1 }];
                // Without an escape, the search of the whole text finds all that is in it.
                if memchr::memchr(b'\\', inner).is_none() {
                    continue;
                }
                let inner = unescaped_inner(inner);
                let Cow::Owned(searched) = self.searched(pass, &inner, false) else { continue };
                push_string(&mut masked, &searched);
                if is_open {
                    masked.truncate(masked.len() - 1);
                }
            } else {
                continue;
            }
            out.push_str(&text[copied..value]);
            out.push_str(&String::from_utf8_lossy(&masked));
            copied = at;
        }
        if copied == 0 {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }

    /// What the host's mask makes of a text; `None`: it may stay.
    fn ask(&self, pass: &mut Pass, text: &str) -> Option<String> {
        let mask = self.config.mask.as_ref()?;
        let failed = || {
            self.failed.fetch_add(1, Ordering::Relaxed);
            Some(DROPPED.to_owned())
        };
        // A thread that is going has no flag any more, and no mask either.
        if pass.left.is_zero() || INSIDE.try_with(|inside| inside.replace(true)).unwrap_or(true) {
            return failed();
        }
        let begun = Instant::now();
        let masked = mask.mask(pass.entity, &pass.path, text);
        let taken = begun.elapsed();
        let _ = INSIDE.try_with(|inside| inside.set(false));
        let in_time = taken <= pass.left;
        pass.left = pass.left.saturating_sub(taken);
        match masked {
            Masked::Failed => failed(),
            _ if !in_time => failed(),
            Masked::Same => None,
            Masked::Replaced(text) => Some(text),
        }
    }

    /// A text that is too long, cut at a character and marked; `None`: it is not. In a lossy call it is cut to the service's
    /// limit as where nothing is masked.
    fn cut(&self, text: &str, most: Option<Limit>) -> Option<String> {
        let bytes = self.config.max_field_bytes.unwrap_or(usize::MAX);
        let Some(limit) =
            most.filter(|limit| lossy::active() && !(self.cuts() && limit.way == Way::HeadAndTail))
        else {
            return lossy::shortened(text, bytes, most.map(|limit| limit.most));
        };
        let shortened = lossy::shortened(text, bytes, None);
        match limit.cut(shortened.as_deref().unwrap_or(text)) {
            Cow::Owned(cut) => Some(cut),
            Cow::Borrowed(_) => shortened,
        }
    }
}

/// An object or array that is being copied.
struct OpenContainer {
    /// How long the path was before it.
    path: usize,
    is_object: bool,
    /// Whether a member's name comes next.
    at_name: bool,
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}']).starts_with(['{', '[', '"'])
}

/// The text of a JSON string. Half of a surrogate pair, which is no character, becomes the mark for that.
fn unescaped(string: &[u8]) -> Cow<'_, str> {
    unescaped_inner(json::as_str_raw(string).unwrap_or_default())
}

/// As [`unescaped`], of what stands between the quotes.
fn unescaped_inner(raw: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(escape) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..escape]);
        rest = &rest[escape + 1..];
        let Some((&kind, behind)) = rest.split_first() else { break };
        rest = behind;
        match kind {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'u' => {
                let (character, length) = unit(rest).map_or((None, 0), |first| second_half(first, rest));
                rest = &rest[length..];
                let mut encoded = [0; 4];
                let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(character.encode_utf8(&mut encoded).as_bytes());
            }
            other => out.push(other),
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(
        String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// The four hexadecimal digits at the beginning.
fn unit(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits.get(..4)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

/// The character that a unit stands for, alone or with the one behind it, and how much of `rest` that took.
fn second_half(first: u32, rest: &[u8]) -> (Option<char>, usize) {
    if !(0xd800..0xdc00).contains(&first) {
        return (char::from_u32(first), 4);
    }
    match rest[4..].strip_prefix(b"\\u").and_then(unit) {
        Some(second @ 0xdc00..0xe000) => {
            (char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)), 10)
        }
        _ => (None, 4),
    }
}
