//! JSON read where it stands, and written: a value is a part of its line's text, looked into as far as it is asked.
//!
//! Most of what a line says goes on as it is, so nothing is copied and no tree is made. [`JsonText::parse`] sees once that
//! a text is JSON; everything else relies on that.

use std::borrow::Cow;
use std::ops::Range;

/// Deeper values are refused: calls take 128 levels (`text::json`), around which a line and the record of an open entity
/// have a few of their own.
const MAX_DEPTH: usize = 128 + 16;
/// In text that is shorter a quote is found sooner by looking at a few words.
const SHORT: usize = 64;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonText<'a>(&'a str);

impl<'a> JsonText<'a> {
    /// The one value that a text is; `None` if it is none.
    pub fn parse(text: &'a str) -> Option<JsonText<'a>> {
        let (value, rest) = JsonText::first(text)?;
        rest.is_empty().then_some(value)
    }

    /// The first of the values that stand in a text one after the other, and the rest of it.
    pub fn first(text: &'a str) -> Option<(JsonText<'a>, &'a str)> {
        let bytes = text.as_bytes();
        let start = after_blanks(bytes, 0);
        let end = end_of_value(bytes, start, 0)?;
        Some((JsonText(&text[start..end]), &text[after_blanks(bytes, end)..]))
    }

    /// A value that has been seen before and is one.
    pub fn seen(text: &'a str) -> JsonText<'a> {
        JsonText(text)
    }

    /// Its text.
    pub fn raw(self) -> &'a str {
        self.0
    }

    fn begins_with(self, byte: u8) -> bool {
        self.0.as_bytes().first() == Some(&byte)
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        self.begins_with(b'{')
    }

    /// Whether it is a list.
    pub fn is_array(self) -> bool {
        self.begins_with(b'[')
    }

    /// Whether it is text.
    pub fn is_text(self) -> bool {
        self.begins_with(b'"')
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        self.begins_with(b'n')
    }

    /// The text that it is.
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.is_text().then(|| unescaped(&self.0[1..self.0.len() - 1]))
    }

    /// The text that it is, or its JSON.
    pub fn shown(self) -> Cow<'a, str> {
        self.text().unwrap_or(Cow::Borrowed(self.0))
    }

    /// The whole number that it is.
    pub fn as_i64(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The whole number that it is, if that is none below 0.
    pub fn as_u64(self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The number that it is.
    pub fn as_f64(self) -> Option<f64> {
        let is_number = self.0.as_bytes().first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        is_number.then(|| self.0.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
    }

    /// Whether it is a number that is written without a fraction and an exponent.
    pub fn is_whole(self) -> bool {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether it is true or false, if it is either.
    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The members of an object; none of anything else.
    pub fn members(self) -> Members<'a> {
        Members::unseen(self.0)
    }

    /// The elements of a list; none of anything else.
    pub fn elements(self) -> impl Iterator<Item = JsonText<'a>> {
        let mut rest = if self.is_array() { &self.0[1..] } else { "]" };
        std::iter::from_fn(move || {
            let (value, after) = JsonText::first(rest)?;
            rest = after.strip_prefix(',').unwrap_or("]");
            Some(value)
        })
    }

    /// A member of an object; of one that stands there twice, the first.
    pub fn get(self, name: &str) -> Option<JsonText<'a>> {
        self.members().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of a member.
    pub fn text_at(self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.text()
    }

    /// What stands at the end of a path of names.
    pub fn at(self, path: &[&str]) -> Option<JsonText<'a>> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }
}

/// The members of an object, in order.
pub struct Members<'a> {
    text: &'a str,
    at: usize,
    /// Where the object ends, once all of it has been seen and it is one.
    end: Option<usize>,
}

impl<'a> Members<'a> {
    /// Those of the object that begins a text which may be none: only when all of it has been seen and there is a
    /// [`Members::rest`] was it one.
    pub fn unseen(text: &'a str) -> Members<'a> {
        let at = if text.as_bytes().first() == Some(&b'{') { 1 } else { text.len() };
        Members { text, at, end: None }
    }

    /// What stands behind the object, once all members have been seen.
    pub fn rest(&self) -> Option<&'a str> {
        self.text.get(self.end?..)
    }

    /// Where the next member stands: its name, whether that has escapes, and its value.
    #[inline]
    pub fn scan_next(&mut self) -> Option<(Range<usize>, bool, Range<usize>)> {
        let bytes = self.text.as_bytes();
        let mut at = after_blanks(bytes, self.at);
        match (bytes.get(at)?, self.at) {
            (b'}', _) => {
                self.end = Some(at + 1);
                return None;
            }
            (b',', 2..) => at = after_blanks(bytes, at + 1),
            (_, 1) => {}
            _ => return None,
        }
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let (name_end, has_escapes) = end_of_text(bytes, at)?;
        let colon = after_blanks(bytes, name_end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let start = after_blanks(bytes, colon + 1);
        let end = end_of_value(bytes, start, 1)?;
        self.at = end;
        Some((at + 1..name_end - 1, has_escapes, start..end))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, JsonText<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (name, has_escapes, value) = self.scan_next()?;
        Some((named(&self.text[name], has_escapes), JsonText(&self.text[value])))
    }
}

/// A member's name, of what stands between its quotes.
#[inline]
pub fn named(name: &str, has_escapes: bool) -> Cow<'_, str> {
    if has_escapes { Cow::Owned(without_escapes(name)) } else { Cow::Borrowed(name) }
}

fn after_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where the value ends that begins here.
fn end_of_value(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => end_of_text(bytes, at).map(|(end, _)| end),
        b'{' | b'[' if depth >= MAX_DEPTH => None,
        b'{' => end_of_list(bytes, at, b'}', |at| {
            let (name_end, _) = (bytes.get(at) == Some(&b'"')).then(|| end_of_text(bytes, at))??;
            let colon = after_blanks(bytes, name_end);
            let value = (bytes.get(colon) == Some(&b':')).then(|| after_blanks(bytes, colon + 1))?;
            end_of_value(bytes, value, depth + 1)
        }),
        b'[' => end_of_list(bytes, at, b']', |at| end_of_value(bytes, at, depth + 1)),
        b't' => bytes[at..].starts_with(b"true").then_some(at + 4),
        b'f' => bytes[at..].starts_with(b"false").then_some(at + 5),
        b'n' => bytes[at..].starts_with(b"null").then_some(at + 4),
        _ => end_of_number(bytes, at),
    }
}

fn end_of_list(bytes: &[u8], at: usize, close: u8, item: impl Fn(usize) -> Option<usize>) -> Option<usize> {
    let mut at = after_blanks(bytes, at + 1);
    if bytes.get(at) == Some(&close) {
        return Some(at + 1);
    }
    loop {
        at = after_blanks(bytes, item(at)?);
        match bytes.get(at)? {
            b',' => at = after_blanks(bytes, at + 1),
            byte if *byte == close => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Where the text ends whose quote stands here, and whether there are escapes in it.
#[inline]
fn end_of_text(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let (mut at, mut has_escapes) = (at + 1, false);
    loop {
        at = find_either(bytes, at, b'"', b'\\')?;
        if bytes[at] == b'"' {
            return Some((at + 1, has_escapes));
        }
        has_escapes = true;
        at += 2;
    }
}

const EACH: u64 = u64::from_le_bytes([1; 8]);

/// The bytes of a word that are this one: the high bit of each, exact up to the lowest, which is the one that counts.
#[inline(always)]
fn is_in(word: u64, byte: u8) -> u64 {
    let zero = word ^ (EACH * u64::from(byte));
    zero.wrapping_sub(EACH) & !zero & (EACH << 7)
}

/// The first byte that is one of two, from a place on. Most texts are short: a few words, then as many as there are.
#[inline]
fn find_either(bytes: &[u8], from: usize, one: u8, other: u8) -> Option<usize> {
    let mut at = from;
    while at < from + SHORT {
        let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else {
            let rest = bytes.get(at..)?.iter().position(|byte| *byte == one || *byte == other);
            return rest.map(|found| at + found);
        };
        let word = u64::from_le_bytes(*word);
        let found = is_in(word, one) | is_in(word, other);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    Some(at + memchr::memchr2(one, other, bytes.get(at..)?)?)
}

/// The first byte that is this one, from a place on.
pub fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    find_either(bytes, from, byte, byte)
}

fn end_of_number(bytes: &[u8], mut at: usize) -> Option<usize> {
    let digits = |from: usize| {
        let count = bytes[from.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    at += usize::from(bytes[at] == b'-');
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at = digits(at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-'))))?;
    }
    Some(at)
}

/// What stands between two quotes, without its escapes.
fn unescaped(text: &str) -> Cow<'_, str> {
    if find(text.as_bytes(), 0, b'\\').is_none() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(without_escapes(text))
    }
}

#[cold]
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut after = rest[at + 1..].chars();
        match after.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let unit = |text: &str| u16::from_str_radix(text.get(..4)?, 16).ok();
                let text = after.as_str();
                let first = unit(text);
                // Two of them may be one character, and half of one is none.
                let second = text.get(4..).and_then(|text| unit(text.strip_prefix("\\u")?));
                let pair = first.zip(second).and_then(|(first, second)| {
                    char::decode_utf16([first, second]).next()?.ok().filter(|c| *c > '\u{ffff}')
                });
                let one = first.and_then(|first| char::from_u32(first.into()));
                out.push(pair.or(one).unwrap_or(char::REPLACEMENT_CHARACTER));
                let used = if pair.is_some() {
                    10
                } else if first.is_some() {
                    4
                } else {
                    0
                };
                rest = &text[used..];
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = after.as_str();
    }
    out.push_str(rest);
    out
}

/// Appends text as JSON.
pub fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => {
                let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
                out.push_str("\\u00");
                out.push(digit(byte >> 4));
                out.push(digit(byte & 15));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends a list of what is written for each item.
pub fn push_list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(']');
}

/// An object, written member by member.
pub struct ObjectWriter<'o> {
    out: &'o mut String,
    is_empty: bool,
}

impl<'o> ObjectWriter<'o> {
    /// Begins one.
    pub fn begin(out: &'o mut String) -> ObjectWriter<'o> {
        out.push('{');
        ObjectWriter { out, is_empty: true }
    }

    /// The name of a member, whose value is to be appended to what is given.
    pub fn name(&mut self, name: &str) -> &mut String {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(',');
        }
        push_text(self.out, name);
        self.out.push(':');
        self.out
    }

    /// A member that is JSON.
    pub fn raw(&mut self, name: &str, value: &str) {
        self.name(name).push_str(value);
    }

    /// A member that is text.
    pub fn text(&mut self, name: &str, value: &str) {
        push_text(self.name(name), value);
    }

    /// Ends it.
    pub fn end(self) {
        self.out.push('}');
    }
}
