//! The single pass: a pushdown automaton whose stack is the bits of one integer.
//!
//! Nothing is copied byte by byte: `copied` marks how far the input has reached the output, and
//! only white space outside strings (or the end) makes it worth a copy.

use super::{JsonError, MAX_DEPTH, Shape};
use crate::text::buffer::Buffer;
use crate::text::escape::validate_utf8;
use crate::text::scan::{BLOCK, Seen, find_special, skip_spaces, special_in_block};
use wide::u8x16;

/// A byte offset of the input, and what is wrong there.
type JsonFault = (usize, &'static str);

/// Appends the document `input` to `out` without the white space outside its strings.
///
/// On an error `out` is left as it was.
pub fn compact(input: &[u8], shape: Shape, out: &mut Buffer) -> Result<(), JsonError> {
    checked(input, shape, out, &mut NoIndex)
}

/// Appends the document `input` to `out` as it stands, but for line breaks, indentation and other white space
/// outside its strings that is more than a single space: it fits into a line, and is copied in one piece where
/// it was written as most writers write it.
///
/// On an error `out` is left as it was.
pub fn embed(input: &[u8], shape: Shape, out: &mut Buffer) -> Result<(), JsonError> {
    checked(input, shape, out, &mut Embedded { only_strings: true })
}

/// Appends an object as [`embed`] does, and tells whether each of its values is a string.
pub fn embed_strings(input: &[u8], out: &mut Buffer) -> Result<bool, JsonError> {
    let mut embedded = Embedded { only_strings: true };
    checked(input, Shape::Object, out, &mut embedded).map(|()| embedded.only_strings)
}

/// What wants to know where the values are. Places are those of the output; the depth is the number of
/// arrays and objects around a value.
pub(super) trait Index {
    /// Whether a single space between two tokens stays.
    const KEEPS_SPACES: bool = false;
    /// The next value is a member with this name, without its quotes.
    fn key(&mut self, start: usize, end: usize, depth: u32);
    /// The next value begins, with this byte.
    fn value_start(&mut self, start: usize, first: u8, depth: u32);
    /// The last value of this depth that began ends.
    fn value_end(&mut self, end: usize, depth: u32);
}

struct NoIndex;

impl Index for NoIndex {
    #[inline(always)]
    fn key(&mut self, _: usize, _: usize, _: u32) {}
    #[inline(always)]
    fn value_start(&mut self, _: usize, _: u8, _: u32) {}
    #[inline(always)]
    fn value_end(&mut self, _: usize, _: u32) {}
}

/// What [`embed`] wants to know: whether all members of the outermost object are strings.
struct Embedded {
    only_strings: bool,
}

impl Index for Embedded {
    const KEEPS_SPACES: bool = true;

    #[inline(always)]
    fn key(&mut self, _: usize, _: usize, _: u32) {}
    #[inline(always)]
    fn value_start(&mut self, _: usize, first: u8, depth: u32) {
        self.only_strings &= first == b'"' || depth != 1;
    }
    #[inline(always)]
    fn value_end(&mut self, _: usize, _: u32) {}
}

/// Appends the document as `index` has it, and tells that where the values are.
///
/// On an error `out` is left as it was.
pub(super) fn checked(
    input: &[u8],
    shape: Shape,
    out: &mut Buffer,
    index: &mut impl Index,
) -> Result<(), JsonError> {
    let before = out.len();
    let mut seen = Seen::default();
    let result = document(input, shape, &mut Copier { input, copied: 0, out }, &mut seen, index);
    // Outside strings the grammar takes nothing but ASCII, and inside them `seen` has told.
    let result = if result.is_ok() && seen.only_ascii() { result } else { utf8(input).and(result) };
    result.map_err(|(offset, reason)| {
        out.truncate(before);
        locate(input, offset, reason)
    })
}

fn utf8(input: &[u8]) -> Result<(), JsonFault> {
    validate_utf8(input).map(drop).map_err(|error| (error.valid_up_to, "invalid UTF-8"))
}

/// The error at `offset`, with its line and column.
#[cold]
fn locate(input: &[u8], offset: usize, reason: &'static str) -> JsonError {
    let before = &input[..offset];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |line_feed| line_feed + 1);
    let line_feeds = before.iter().filter(|&&byte| byte == b'\n').count();
    let is_first_of_code_point = |byte: &&u8| **byte & 0xc0 != 0x80;
    let code_points = before[line_start..].iter().filter(is_first_of_code_point).count();
    let from_one = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    JsonError { line: from_one(line_feeds), column: from_one(code_points), offset, reason }
}

/// The open arrays and objects: one bit each, 1 for an object, the innermost lowest.
///
struct Nesting {
    objects: u128,
    depth: u32,
}

const _: () = assert!(MAX_DEPTH <= u128::BITS);

impl Nesting {
    #[inline(always)]
    fn open(&mut self, object: bool, at: usize) -> Result<(), JsonFault> {
        if self.depth == MAX_DEPTH {
            return Err((at, "nested more than 128 deep"));
        }
        self.objects = self.objects << 1 | u128::from(object);
        self.depth += 1;
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    #[inline(always)]
    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

/// The part of the pass that writes.
struct Copier<'a> {
    input: &'a [u8],
    /// Everything before it is in `out`, or is white space.
    copied: usize,
    out: &'a mut Buffer,
}

impl Copier<'_> {
    /// Where in `out` the input's byte `at` will be, if no white space comes before it.
    #[inline(always)]
    fn place(&self, at: usize) -> usize {
        self.out.len() + (at - self.copied)
    }

    /// The first byte at or after `at` that is not white space, with its place; what is skipped
    /// is left out.
    #[inline(always)]
    fn space<I: Index>(&mut self, at: usize) -> (usize, u8) {
        let found = byte(self.input, at);
        if found > b' ' {
            return (at, found);
        }
        // One space behind a comma or a colon is how most writers put it.
        let next = byte(self.input, at + 1);
        if found == b' ' && next > b' ' {
            if !I::KEEPS_SPACES {
                self.copy_until(at);
                self.copied = at + 1;
            }
            return (at + 1, next);
        }
        let at = self.leave_out_space(at);
        (at, byte(self.input, at))
    }

    #[inline(never)]
    fn leave_out_space(&mut self, start: usize) -> usize {
        let mut at = start;
        while matches!(byte(self.input, at), b' ' | b'\n' | b'\r' | b'\t') {
            at = skip_spaces(self.input, at + 1);
        }
        if at > start {
            self.copy_until(start);
            self.copied = at;
        }
        at
    }

    /// Brings the input before `end` into `out`.
    #[inline(always)]
    fn copy_until(&mut self, end: usize) {
        /// Most tokens are shorter. Copying this much at once and counting less of it saves the call that
        /// copies exactly.
        const SHORT: usize = 32;
        let length = end - self.copied;
        match self.input.get(self.copied..).and_then(|rest| rest.first_chunk::<SHORT>()) {
            Some(more) if length <= SHORT => {
                *self.out.room() = *more;
                self.out.advance(length);
            }
            _ => self.copy_exactly_until(end),
        }
    }

    #[inline(never)]
    fn copy_exactly_until(&mut self, end: usize) {
        self.out.extend_from_slice(&self.input[self.copied..end]);
    }
}

/// Checks the whole document. The place in the input is a plain local, to stay in a register.
#[inline(always)]
fn document<I: Index>(
    input: &[u8],
    shape: Shape,
    copy: &mut Copier,
    seen: &mut Seen,
    index: &mut I,
) -> Result<(), JsonFault> {
    copy.out.reserve(input.len());
    let (mut at, mut next) = copy.space::<I>(0);
    expect_shape(input, at, shape)?;
    let mut nesting = Nesting { objects: 0, depth: 0 };
    // Whether the next token is a member's name.
    let mut name = false;
    loop {
        if name {
            let start = at;
            if next != b'"' {
                return Err(fault(input, at, "expected a member name in quotes"));
            }
            at = string_end(input, start, seen)?;
            index.key(copy.place(start) + 1, copy.place(at) - 1, nesting.depth);
            (at, next) = copy.space::<I>(at);
            if next != b':' {
                return Err(fault(input, at, "expected ':'"));
            }
            (at, next) = copy.space::<I>(at + 1);
        }
        index.value_start(copy.place(at), next, nesting.depth);
        match next {
            b'"' => at = string_end(input, at, seen)?,
            open @ (b'{' | b'[') => {
                name = open == b'{';
                nesting.open(name, at)?;
                (at, next) = copy.space::<I>(at + 1);
                // In ASCII both closing brackets are two after their opening ones.
                if next != open + 2 {
                    continue;
                }
                at += 1;
                nesting.close();
            }
            b'-' | b'0'..=b'9' => at = number_end(input, at)?,
            b't' => at = literal_end(input, at, b"true")?,
            b'f' => at = literal_end(input, at, b"false")?,
            b'n' => at = literal_end(input, at, b"null")?,
            _ => return Err(fault(input, at, "expected a value")),
        }
        // A value has ended, and perhaps the arrays and objects around it do.
        loop {
            index.value_end(copy.place(at), nesting.depth);
            if nesting.depth == 0 {
                return end(input, at, copy);
            }
            name = nesting.in_object();
            (at, next) = copy.space::<I>(at);
            let (close, reason) =
                if name { (b'}', "expected ',' or '}'") } else { (b']', "expected ',' or ']'") };
            if next == b',' {
                (at, next) = copy.space::<I>(at + 1);
                break;
            }
            if next != close {
                return Err(fault(input, at, reason));
            }
            at += 1;
            nesting.close();
        }
    }
}

/// The byte at `at`; NUL, which no token begins with, at the end.
#[inline(always)]
fn byte(input: &[u8], at: usize) -> u8 {
    input.get(at).copied().unwrap_or(0)
}

/// Nothing but white space may follow the document's value.
#[inline(always)]
fn end(input: &[u8], at: usize, copy: &mut Copier) -> Result<(), JsonFault> {
    let (at, _) = copy.space::<NoIndex>(at);
    if at < input.len() {
        return Err((at, "text after the end of the document"));
    }
    copy.copy_until(at);
    Ok(())
}

fn expect_shape(input: &[u8], at: usize, shape: Shape) -> Result<(), JsonFault> {
    if at == input.len() {
        return Err((0, "empty"));
    }
    if input[at..].starts_with("\u{feff}".as_bytes()) {
        return Err((at, "byte order mark"));
    }
    match (shape, input[at]) {
        (Shape::Any, _) | (Shape::Object, b'{') | (Shape::Array, b'[') => Ok(()),
        (Shape::Object, _) => Err((at, "expected an object")),
        (Shape::Array, _) => Err((at, "expected an array")),
    }
}

/// The end of the string whose opening quote is at `start`.
#[inline(always)]
fn string_end(input: &[u8], start: usize, seen: &mut Seen) -> Result<usize, JsonFault> {
    let at = find_special(input, start + 1, seen);
    if byte(input, at) == b'"' { Ok(at + 1) } else { uncommon_string_end(input, start, at, seen) }
}

/// [`string_end`] where the first byte that is not plain, at `at`, is not the closing quote. Prose has
/// an escape in every few words, so each block is classed once and its escapes taken one by one.
#[inline(never)]
fn uncommon_string_end(
    input: &[u8],
    start: usize,
    mut at: usize,
    seen: &mut Seen,
) -> Result<usize, JsonFault> {
    'blocks: while let Some(block) = input.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        let block = u8x16::from(*block);
        seen.look_at(block);
        let mut special = special_in_block(block);
        while special != 0 {
            let found = at + special.trailing_zeros() as usize;
            match input[found] {
                b'"' => return Ok(found + 1),
                b'\\' => {
                    let end = escape_end(input, found)?;
                    if end >= at + BLOCK {
                        at = end;
                        continue 'blocks;
                    }
                    special &= u32::MAX << (end - at);
                }
                _ => return Err((found, "control character in a string")),
            }
        }
        at += BLOCK;
    }
    loop {
        at = find_special(input, at, seen);
        match input.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape_end(input, at)?,
            Some(_) => return Err((at, "control character in a string")),
            None => return Err((start, "string without an end")),
        }
    }
}

/// The end of the escape whose backslash is at `at`.
#[inline(always)]
fn escape_end(input: &[u8], at: usize) -> Result<usize, JsonFault> {
    match byte(input, at + 1) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => match input.get(at + 2..at + 6) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
            _ => Err((at, "\\u without four hexadecimal digits")),
        },
        _ => Err((at, "unknown escape")),
    }
}

/// The end of the number that begins at `at`.
#[inline(always)]
fn number_end(input: &[u8], mut at: usize) -> Result<usize, JsonFault> {
    if byte(input, at) == b'-' {
        at += 1;
    }
    if byte(input, at) == b'0' {
        at += 1;
        if byte(input, at).is_ascii_digit() {
            return Err((at, "a number must not begin with 0"));
        }
    } else {
        at = digits_end(input, at)?;
    }
    if let b'.' | b'e' | b'E' = byte(input, at) { real_end(input, at) } else { Ok(at) }
}

/// The end of a number's fraction and exponent, of which one begins at `at`.
#[inline(never)]
fn real_end(input: &[u8], mut at: usize) -> Result<usize, JsonFault> {
    if byte(input, at) == b'.' {
        at = digits_end(input, at + 1)?;
    }
    if let b'e' | b'E' = byte(input, at) {
        at += 1;
        if let b'+' | b'-' = byte(input, at) {
            at += 1;
        }
        at = digits_end(input, at)?;
    }
    Ok(at)
}

/// The end of one digit or more.
#[inline(always)]
fn digits_end(input: &[u8], mut at: usize) -> Result<usize, JsonFault> {
    if !byte(input, at).is_ascii_digit() {
        return Err(fault(input, at, "expected a digit"));
    }
    while byte(input, at).is_ascii_digit() {
        at += 1;
    }
    Ok(at)
}

#[inline(always)]
fn literal_end<const N: usize>(input: &[u8], at: usize, text: &[u8; N]) -> Result<usize, JsonFault> {
    if input[at..].starts_with(text) { Ok(at + N) } else { Err(fault(input, at, "expected a value")) }
}

/// What is wrong with the byte at `at`; at the end it is that there is none.
#[cold]
fn fault(input: &[u8], at: usize, reason: &'static str) -> JsonFault {
    (at, if at < input.len() { reason } else { "unexpected end" })
}
