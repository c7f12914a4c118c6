//! The single pass: a pushdown automaton whose stack is the bits of one integer.
//!
//! Nothing is copied byte by byte: `copied` marks how far the input has reached the output, and
//! only white space outside strings (or the end) makes it worth a copy.

use super::{JsonError, MAX_DEPTH, Member, Members, Shape};
use crate::text::scan::find_special;

/// A byte offset of the input, and what is wrong there.
type Fault = (usize, &'static str);

/// Appends the document `input` to `out` without the white space outside its strings.
///
/// On an error `out` is left as it was.
pub fn compact(input: &[u8], shape: Shape, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let mut unused = NoIndex;
    checked(input, shape, out, &mut unused)
}

/// [`compact`] for a document of any shape, that also lists the members of a top-level object.
///
/// The ranges are those of `out`. When the document is not an object the list is empty, and on an
/// error it is too.
pub fn compact_indexed(input: &[u8], out: &mut Vec<u8>, members: &mut Members) -> Result<(), JsonError> {
    members.clear();
    let mut index = TopLevel { members, member: Member::default() };
    let result = checked(input, Shape::Any, out, &mut index);
    if result.is_err() {
        members.clear();
    }
    result
}

/// What wants to know where the members of the top-level object are; places are those of the output.
trait Index {
    /// The next member's name, without its quotes.
    fn key(&mut self, start: usize, end: usize);
    /// The next member's value begins.
    fn value_start(&mut self, start: usize);
    /// And ends; the member is complete.
    fn value_end(&mut self, end: usize);
}

struct NoIndex;

impl Index for NoIndex {
    #[inline(always)]
    fn key(&mut self, _: usize, _: usize) {}
    #[inline(always)]
    fn value_start(&mut self, _: usize) {}
    #[inline(always)]
    fn value_end(&mut self, _: usize) {}
}

struct TopLevel<'a> {
    members: &'a mut Members,
    member: Member,
}

impl Index for TopLevel<'_> {
    #[inline(always)]
    fn key(&mut self, start: usize, end: usize) {
        self.member.key = start..end;
    }
    #[inline(always)]
    fn value_start(&mut self, start: usize) {
        self.member.value.start = start;
    }
    #[inline(always)]
    fn value_end(&mut self, end: usize) {
        self.member.value.end = end;
        self.members.push(self.member.clone());
    }
}

fn checked(input: &[u8], shape: Shape, out: &mut Vec<u8>, index: &mut impl Index) -> Result<(), JsonError> {
    let before = out.len();
    let result = match std::str::from_utf8(input) {
        Ok(_) => Pass { input, at: 0, copied: 0, out }.document(shape, index),
        Err(error) => Err((error.valid_up_to(), "invalid UTF-8")),
    };
    result.map_err(|(offset, reason)| {
        out.truncate(before);
        locate(input, offset, reason)
    })
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
/// The invariant bit above the outermost one is not needed: `depth` says how many bits count.
struct Nesting {
    objects: u128,
    depth: u32,
}

const _: () = assert!(MAX_DEPTH <= u128::BITS);

impl Nesting {
    #[inline(always)]
    fn open(&mut self, object: bool, at: usize) -> Result<(), Fault> {
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

struct Pass<'a> {
    input: &'a [u8],
    /// The next byte to read.
    at: usize,
    /// Everything before it is in `out`, or is white space.
    copied: usize,
    out: &'a mut Vec<u8>,
}

impl Pass<'_> {
    fn document(mut self, shape: Shape, index: &mut impl Index) -> Result<(), Fault> {
        self.out.reserve(self.input.len());
        self.space();
        self.expect_shape(shape)?;
        let mut nesting = Nesting { objects: 0, depth: 0 };
        loop {
            self.space();
            let in_top_object = nesting.depth == 1 && nesting.in_object();
            if in_top_object {
                index.value_start(self.place());
            }
            match self.byte() {
                b'"' => self.string()?,
                b'{' => {
                    nesting.open(true, self.at)?;
                    self.at += 1;
                    self.space();
                    if self.byte() != b'}' {
                        self.name(&nesting, index)?;
                        continue;
                    }
                    self.at += 1;
                    nesting.close();
                }
                b'[' => {
                    nesting.open(false, self.at)?;
                    self.at += 1;
                    self.space();
                    if self.byte() != b']' {
                        continue;
                    }
                    self.at += 1;
                    nesting.close();
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => return Err(self.fault("expected a value")),
            }
            // A value has ended, and perhaps the arrays and objects around it do.
            loop {
                if nesting.depth == 0 {
                    return self.end();
                }
                if nesting.depth == 1 && nesting.in_object() {
                    index.value_end(self.place());
                }
                self.space();
                match (self.byte(), nesting.in_object()) {
                    (b',', true) => {
                        self.at += 1;
                        self.space();
                        self.name(&nesting, index)?;
                        break;
                    }
                    (b',', false) => {
                        self.at += 1;
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.at += 1;
                        nesting.close();
                    }
                    (_, true) => return Err(self.fault("expected ',' or '}'")),
                    (_, false) => return Err(self.fault("expected ',' or ']'")),
                }
            }
        }
    }

    /// The next byte; NUL, which no token begins with, at the end.
    #[inline(always)]
    fn byte(&self) -> u8 {
        self.byte_at(self.at)
    }

    #[inline(always)]
    fn byte_at(&self, at: usize) -> u8 {
        self.input.get(at).copied().unwrap_or(0)
    }

    /// Where in `out` the next byte to read will be.
    #[inline(always)]
    fn place(&self) -> usize {
        self.out.len() + (self.at - self.copied)
    }

    /// Leaves out white space.
    #[inline(always)]
    fn space(&mut self) {
        if self.byte() <= b' ' {
            self.leave_out_space();
        }
    }

    fn leave_out_space(&mut self) {
        let start = self.at;
        while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
        if self.at > start {
            self.out.extend_from_slice(&self.input[self.copied..start]);
            self.copied = self.at;
        }
    }

    /// Nothing but white space may follow.
    fn end(mut self) -> Result<(), Fault> {
        self.space();
        if self.at < self.input.len() {
            return Err((self.at, "text after the end of the document"));
        }
        self.out.extend_from_slice(&self.input[self.copied..]);
        Ok(())
    }

    fn expect_shape(&self, shape: Shape) -> Result<(), Fault> {
        if self.at == self.input.len() {
            return Err((0, "empty"));
        }
        if self.input[self.at..].starts_with("\u{feff}".as_bytes()) {
            return Err((self.at, "byte order mark"));
        }
        match (shape, self.byte()) {
            (Shape::Any, _)
            | (Shape::Object, b'{')
            | (Shape::Array, b'[')
            | (Shape::ObjectOrArray, b'{' | b'[') => Ok(()),
            (Shape::Object, _) => Err((self.at, "expected an object")),
            (Shape::Array, _) => Err((self.at, "expected an array")),
            (Shape::ObjectOrArray, _) => Err((self.at, "expected an object or an array")),
        }
    }

    /// A member's name and its colon.
    #[inline(always)]
    fn name(&mut self, nesting: &Nesting, index: &mut impl Index) -> Result<(), Fault> {
        if self.byte() != b'"' {
            return Err(self.fault("expected a member name in quotes"));
        }
        let start = self.place() + 1;
        self.string()?;
        if nesting.depth == 1 {
            index.key(start, self.place() - 1);
        }
        self.space();
        if self.byte() != b':' {
            return Err(self.fault("expected ':'"));
        }
        self.at += 1;
        Ok(())
    }

    /// A string, from its opening quote.
    #[inline(always)]
    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let mut at = find_special(self.input, start + 1);
        loop {
            match self.input.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(());
                }
                Some(b'\\') => at = find_special(self.input, self.escape(at)?),
                Some(_) => return Err((at, "control character in a string")),
                None => return Err((start, "string without an end")),
            }
        }
    }

    /// The end of the escape that begins at `at`.
    #[inline(always)]
    fn escape(&self, at: usize) -> Result<usize, Fault> {
        match self.byte_at(at + 1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
            b'u' => match self.input.get(at + 2..at + 6) {
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
                _ => Err((at, "\\u without four hexadecimal digits")),
            },
            _ => Err((at, "unknown escape")),
        }
    }

    #[inline(always)]
    fn number(&mut self) -> Result<(), Fault> {
        if self.byte() == b'-' {
            self.at += 1;
        }
        if self.byte() == b'0' {
            self.at += 1;
            if self.byte().is_ascii_digit() {
                return Err(self.fault("a number must not begin with 0"));
            }
        } else {
            self.digits()?;
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if let b'e' | b'E' = self.byte() {
            self.at += 1;
            if let b'+' | b'-' = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    #[inline(always)]
    fn digits(&mut self) -> Result<(), Fault> {
        if !self.byte().is_ascii_digit() {
            return Err(self.fault("expected a digit"));
        }
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    #[inline(always)]
    fn literal(&mut self, text: &'static [u8]) -> Result<(), Fault> {
        if !self.input[self.at..].starts_with(text) {
            return Err(self.fault("expected a value"));
        }
        self.at += text.len();
        Ok(())
    }

    /// What is wrong with the next byte; at the end it is that there is none.
    #[cold]
    fn fault(&self, reason: &'static str) -> Fault {
        (self.at, if self.at < self.input.len() { reason } else { "unexpected end" })
    }
}
