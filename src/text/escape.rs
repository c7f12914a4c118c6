//! Writing text into JSON strings and URLs, and checking that bytes are text.
//!
//! A string is written in runs: as far as nothing needs an escape, it is copied in one piece.
//! Only `"`, `\` and control characters are escaped; everything else stays UTF-8.

use super::buffer::Buffer;
use super::scan::{BLOCK, Seen, few_bytes, find_special, padded, special_in_block, special_in_word};
use wide::u8x16;

/// Bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utf8Error {
    /// How many bytes from the start are valid.
    pub valid_up_to: usize,
}

impl std::fmt::Display for Utf8Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "invalid UTF-8 at byte {}", self.valid_up_to)
    }
}

impl std::error::Error for Utf8Error {}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `text` as a JSON string, quotes included.
#[inline(always)]
pub fn push_string(out: &mut Buffer, text: &str) {
    push_valid(out, text.as_bytes());
}

/// [`push_string`] and what comes behind it, in one piece.
#[inline(always)]
pub fn push_string_and<const N: usize>(out: &mut Buffer, text: &str, behind: [u8; N]) {
    push_valid_and(out, text.as_bytes(), behind);
}

pub use super::scan::is_ascii;

/// `bytes` as text, if they are UTF-8.
#[inline]
pub fn validate_utf8(bytes: &[u8]) -> Result<&str, Utf8Error> {
    std::str::from_utf8(bytes).map_err(|error| Utf8Error { valid_up_to: error.valid_up_to() })
}

/// [`push_string`] for bytes that are known to be UTF-8.
#[inline(always)]
pub(super) fn push_valid(out: &mut Buffer, text: &[u8]) {
    push_valid_and(out, text, []);
}

#[inline(always)]
fn push_valid_and<const N: usize>(out: &mut Buffer, text: &[u8], behind: [u8; N]) {
    if !push_plain_short(out, text, behind) {
        push_long(out, text);
        out.extend_from_slice(&behind);
    }
}

/// What may come behind a text in one piece with it.
const BEHIND: usize = 6;

/// Appends a text of up to two blocks in which nothing needs an escape, with quotes around and `behind`
/// behind it; else appends nothing and says so.
///
/// Most names, ids and tags are that. The overlapping first and last part are looked at and stored as
/// they are in registers, without a call that copies.
#[inline(always)]
fn push_plain_short<const N: usize>(out: &mut Buffer, text: &[u8], behind: [u8; N]) -> bool {
    const { assert!(N <= BEHIND) };
    let length = text.len();
    if length > 2 * BLOCK {
        return false;
    }
    let room = out.room::<{ 1 + 2 * BLOCK + 1 + BEHIND }>();
    // What is stored before it is known to be plain does not count, unless it is.
    let special = if let (Some(first), Some(last)) = (text.first_chunk::<BLOCK>(), text.last_chunk::<BLOCK>())
    {
        room[1..1 + BLOCK].copy_from_slice(first);
        room[length + 1 - BLOCK..][..BLOCK].copy_from_slice(last);
        (special_in_block(u8x16::from(*first)) | special_in_block(u8x16::from(*last))) != 0
    } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        room[1..9].copy_from_slice(first);
        room[length - 7..][..8].copy_from_slice(last);
        (special_in_word(u64::from_le_bytes(*first)) | special_in_word(u64::from_le_bytes(*last))) != 0
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        room[1..5].copy_from_slice(first);
        room[length - 3..][..4].copy_from_slice(last);
        let (low, high) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        special_in_word(u64::from(low) | u64::from(high) << u32::BITS) != 0
    } else if let Some(bytes) = few_bytes(text) {
        let [first, middle, last, _] = bytes;
        room[1] = first;
        room[1 + length / 2] = middle;
        room[length] = last;
        special_in_word(padded(bytes)) != 0
    } else {
        false
    };
    if special {
        return false;
    }
    room[0] = b'"';
    room[length + 1] = b'"';
    room[length + 2..][..N].copy_from_slice(&behind);
    out.advance(length + 2 + N);
    true
}

#[inline(never)]
fn push_long(out: &mut Buffer, text: &[u8]) {
    let special = find_special(text, 0, &mut Seen::default());
    if special < text.len() {
        push_escaped(out, text, special);
    } else {
        out.reserve(text.len() + 2);
        out.push(b'"');
        out.extend_from_slice(text);
        out.push(b'"');
    }
}

/// A string whose first byte to escape is at `special`, if it has one.
#[inline(never)]
fn push_escaped(out: &mut Buffer, text: &[u8], mut special: usize) {
    // Room for one escape in eight bytes; a text with more of them grows the buffer on its way.
    out.reserve(text.len() + text.len() / 8 + 8);
    out.push(b'"');
    let mut copied = 0;
    while let Some(&byte) = text.get(special) {
        out.extend_from_slice(&text[copied..special]);
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
        copied = special + 1;
        special = find_special(text, copied, &mut Seen::default());
    }
    out.extend_from_slice(&text[copied..]);
    out.push(b'"');
}

/// Appends `text` percent-encoded for a URL's query: RFC 3986's unreserved characters stay.
pub fn push_percent_encoded(out: &mut Buffer, text: &str) {
    out.reserve(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte);
        } else {
            let upper = |digit: u8| HEX[usize::from(digit)].to_ascii_uppercase();
            out.extend_from_slice(&[b'%', upper(byte >> 4), upper(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn string(text: &str) -> String {
        let mut out = Buffer::from(&b"before"[..]);
        push_string(&mut out, text);
        String::from_utf8(out.into_vec()).unwrap().strip_prefix("before").unwrap().to_owned()
    }

    #[test]
    fn each_ascii_character_is_written_as_serde_json_writes_it() {
        for character in (0..=0x7f_u8).map(char::from) {
            let text = format!("left{character}right, some way behind{character}");
            assert_eq!(string(&text), serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn text_outside_ascii_stays_as_it_is() {
        assert_eq!(string("é\u{2028}\u{7f}日本語🦀"), "\"é\u{2028}\u{7f}日本語🦀\"");
    }

    #[test]
    fn every_length_around_the_words_and_blocks_is_written_as_it_is() {
        for length in 0..80 {
            let text: String = ('a'..='z').cycle().take(length).collect();
            assert_eq!(string(&text), format!("\"{text}\""));
            for place in 0..length {
                let mut marked = text.clone().into_bytes();
                marked[place] = b'"';
                let marked = String::from_utf8(marked).unwrap();
                assert_eq!(string(&marked), serde_json::to_string(&marked).unwrap());
            }
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_with_the_place() {
        let cases: [(&[u8], usize); 6] = [
            (b"\xff", 0),
            (b"0123456789abcdef\"\xc3", 17),
            (b"\xc0\xaf", 0),
            (b"a\xed\xa0\x80", 1),
            (b"\xf4\x90\x80\x80", 0),
            (b"\n\n\x80", 2),
        ];
        for (bytes, valid_up_to) in cases {
            assert_eq!(validate_utf8(bytes), Err(Utf8Error { valid_up_to }), "{bytes:x?}");
        }
    }

    #[test]
    fn a_query_value_keeps_only_unreserved_characters() {
        let mut out = Buffer::new();
        push_percent_encoded(&mut out, "aZ09-._~ &=?/#%+é\n\0");
        assert_eq!(out[..], *b"aZ09-._~%20%26%3D%3F%2F%23%25%2B%C3%A9%0A%00");
    }

    proptest! {
        #[test]
        fn every_string_is_written_as_serde_json_writes_it(text in any::<String>()) {
            prop_assert_eq!(string(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
