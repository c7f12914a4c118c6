//! Text that was meant to be JSON, made into JSON.

use std::borrow::Cow;

use super::super::buffer::Buffer;
use super::super::escape::push_string;
use super::super::json::{self, JsonError, MAX_DEPTH, Shape};
use super::{head, keeps_whole, utf8};

/// How much of a text that cannot be repaired is kept, in code points: all of it where masks have to see it.
const KEPT: usize = 10_000;

/// A valid document of the wanted shape for one that was refused with `refusal`.
///
/// In this order: invalid UTF-8 becomes U+FFFD; tokens that other writers know (`NaN`, `Infinity`,
/// `undefined`) become `null` and other bare words strings; control characters and unknown escapes in strings
/// are escaped; what is nested too deep becomes a text that says so; a value of another shape is put into
/// one of the wanted (`{"value":…}`, `[…]`); the text of what is still no JSON is kept as
/// `{"invalid_json":"reason","text":"…"}`.
pub fn repaired(given: &[u8], shape: Shape, refusal: &JsonError) -> Vec<u8> {
    let text = utf8(given);
    let input = text.trim_start_matches('\u{feff}').as_bytes();
    let mut out = Buffer::new();
    // Nothing is wrong with it but its shape: an array of a million numbers, token by token, takes half a second.
    if json::compact(input, Shape::Any, &mut out).is_ok() {
        return shaped(out.into_vec(), shape);
    }
    let mut tokens = Vec::with_capacity(text.len());
    let readable = Repair { input, at: 0, out: &mut tokens, checked: Buffer::new() }.document();
    let mut out = Buffer::new();
    if readable && json::compact(&tokens, Shape::Any, &mut out).is_ok() {
        return shaped(out.into_vec(), shape);
    }
    let mut value = Buffer::new();
    let kept = if keeps_whole() { text } else { Cow::Owned(head(&text, KEPT).into_owned()) };
    push_string(&mut value, &kept);
    if matches!(shape, Shape::Any) {
        return value.into_vec();
    }
    let mut reason = Buffer::new();
    push_string(&mut reason, &refusal.to_string());
    let object = [b"{\"invalid_json\":", &reason[..], b",\"text\":", &value[..], b"}"].concat();
    shaped(object, shape)
}

/// A value within the shape that is wanted.
fn shaped(value: Vec<u8>, shape: Shape) -> Vec<u8> {
    let within = |open: &[u8], close: &[u8]| [open, &value[..], close].concat();
    match (shape, value.first()) {
        (Shape::Any, _) | (Shape::Object, Some(b'{')) | (Shape::Array, Some(b'[')) => value,
        (Shape::Array, _) => within(b"[", b"]"),
        (Shape::Object, _) => within(b"{\"value\":", b"}"),
    }
}

/// A pass over tokens. It checks no grammar: that is done with what it wrote.
struct Repair<'a> {
    input: &'a [u8],
    at: usize,
    out: &'a mut Vec<u8>,
    /// What is written of a word to see whether it is JSON.
    checked: Buffer,
}

const TOO_DEEP: &[u8] = b"\"[nested too deep]\"";

impl Repair<'_> {
    /// Whether all brackets have their partners.
    fn document(mut self) -> bool {
        let mut open: Vec<u8> = Vec::new();
        // How many of the open ones are left out, as they are too deep.
        let mut left_out = 0_usize;
        while let Some(&byte) = self.input.get(self.at) {
            match byte {
                b'{' | b'[' => {
                    open.push(byte);
                    self.at += 1;
                    if open.len() >= MAX_DEPTH as usize {
                        if left_out == 0 {
                            self.out.extend_from_slice(TOO_DEEP);
                        }
                        left_out += 1;
                    } else {
                        self.out.push(byte);
                    }
                }
                b'}' | b']' => {
                    // In ASCII both closing brackets are two after their opening ones.
                    if open.pop() != Some(byte - 2) {
                        return false;
                    }
                    self.at += 1;
                    if left_out > 0 {
                        left_out -= 1;
                    } else {
                        self.out.push(byte);
                    }
                }
                _ if left_out > 0 => {
                    let before = self.out.len();
                    self.token(byte);
                    self.out.truncate(before);
                }
                _ => self.token(byte),
            }
        }
        open.is_empty()
    }

    /// A token that is no bracket.
    fn token(&mut self, first: u8) {
        match first {
            b'"' => self.string(),
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => {
                self.out.push(first);
                self.at += 1;
            }
            _ => self.word(),
        }
    }

    fn string(&mut self) {
        self.out.push(b'"');
        self.at += 1;
        while let Some(&byte) = self.input.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.escape(),
                0..=0x1f => self.out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    /// What follows a backslash.
    fn escape(&mut self) {
        let rest = &self.input[self.at..];
        let length = match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') if rest.get(1..5).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) => 5,
            // A backslash that stands for itself.
            _ => {
                self.out.extend_from_slice(b"\\\\");
                return;
            }
        };
        self.out.push(b'\\');
        self.out.extend_from_slice(&rest[..length]);
        self.at += length;
    }

    /// A number, a literal, or what is neither.
    fn word(&mut self) {
        let rest = &self.input[self.at..];
        let is_end =
            |byte: &u8| matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"') || *byte <= b' ';
        // A control character that is no white space is a word of its own.
        let length = rest.iter().position(is_end).unwrap_or(rest.len()).max(1);
        let word = &rest[..length];
        self.checked.clear();
        if json::compact(word, Shape::Any, &mut self.checked).is_ok() {
            self.out.extend_from_slice(word);
        } else if let b"NaN" | b"nan" | b"Infinity" | b"-Infinity" | b"inf" | b"-inf" | b"undefined"
        | b"None" = word
        {
            self.out.extend_from_slice(b"null");
        } else {
            let mut text = Buffer::new();
            push_string(&mut text, &utf8(word));
            self.out.extend_from_slice(&text);
        }
        self.at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repair(given: &[u8], shape: Shape) -> String {
        let mut out = Buffer::new();
        match json::compact(given, shape, &mut out) {
            Ok(()) => String::from_utf8(out.into_vec()).unwrap(),
            Err(refusal) => String::from_utf8(repaired(given, shape, &refusal)).unwrap(),
        }
    }

    #[test]
    fn what_other_writers_write_is_repaired() {
        for (given, wanted) in [
            (&br#"{"a":NaN,"b":[-Infinity,undefined]}"#[..], r#"{"a":null,"b":[null,null]}"#),
            (b"{\"a\":\"caf\xe9\"}", "{\"a\":\"caf\u{fffd}\"}"),
            (b"{\"a\":\"x\ty\x00z\"}", r#"{"a":"x\u0009y\u0000z"}"#),
            (br#"{"path":"C:\new\x"}"#, r#"{"path":"C:\new\\x"}"#),
            (br#"{"a":007,"b":True}"#, r#"{"a":"007","b":"True"}"#),
            (br#"{"a":1"#, r#"{"invalid_json":"line 1, column 7: unexpected end","text":"{\"a\":1"}"#),
            (b"[1,2]", r#"{"value":[1,2]}"#),
            (b"\"text\"", r#"{"value":"text"}"#),
            (b"plain text", r#"{"invalid_json":"line 1, column 1: expected an object","text":"plain text"}"#),
            (b"", r#"{"invalid_json":"line 1, column 1: empty","text":""}"#),
        ] {
            assert_eq!(repair(given, Shape::Object), wanted, "{}", utf8(given));
        }
        // Only of another shape: as it was written, without its tokens being looked at.
        let numbers = ["1.50"; 10_000].join(",");
        let wrapped = repair(format!("\u{feff}[{numbers}]").as_bytes(), Shape::Object);
        assert!(wrapped == format!(r#"{{"value":[{numbers}]}}"#), "{}", head(&wrapped, 200));
        assert_eq!(repair(b"\"a\"", Shape::Array), r#"["a"]"#);
        assert_eq!(repair(b"a b", Shape::Any), r#""a b""#);
    }

    #[test]
    fn what_is_nested_too_deep_is_left_out_and_the_rest_stays() {
        let deep = format!("{{\"keep\":1,\"deep\":{}1{}}}", "[".repeat(300), "]".repeat(300));
        let repaired = repair(deep.as_bytes(), Shape::Object);
        assert!(
            repaired.starts_with("{\"keep\":1,\"deep\":[[") && repaired.contains("nested too deep"),
            "{repaired}"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_given_becomes_valid_json_of_the_shape(given in any::<Vec<u8>>(), pieces in "[\\[\\]{}:,\"\\\\ NaN0-9utrue]{0,40}") {
            for input in [&given[..], pieces.as_bytes()] {
                for shape in [Shape::Object, Shape::Array, Shape::Any] {
                    let repaired = repair(input, shape);
                    let mut out = Buffer::new();
                    prop_assert!(json::compact(repaired.as_bytes(), shape, &mut out).is_ok(), "{}", repaired);
                }
            }
        }
    }
}
