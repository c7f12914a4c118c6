//! Finding, eight bytes at a time, the bytes of a JSON string that need a second look.
//!
//! The arithmetic is the classic zero-byte test (Warren, "Hacker's Delight", 6-1). A borrow can
//! raise false alarms only above the first true one, and the first is the one that is used.

const EACH: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = EACH << 7;

/// How many bytes are looked at together.
const WORD: usize = size_of::<u64>();

/// The high bit of each byte of `word` that is `"`, `\` or a control character; exact up to the first.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    let quote = word ^ (EACH * b'"' as u64);
    let backslash = word ^ (EACH * b'\\' as u64);
    let control = word.wrapping_sub(EACH * b' ' as u64) & !word;
    let quote = quote.wrapping_sub(EACH) & !quote;
    let backslash = backslash.wrapping_sub(EACH) & !backslash;
    (quote | backslash | control) & HIGH
}

/// Whether `byte` can't stand for itself inside a JSON string.
#[inline(always)]
fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// The index of the first `"`, `\` or control character at or after `from`, else the length.
#[inline(always)]
pub(super) fn find_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
        let found = special_bytes(u64::from_le_bytes(*word));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += WORD;
    }
    while at < bytes.len() && !is_special(bytes[at]) {
        at += 1;
    }
    at
}

/// Like [`find_special`], but also stops at the first byte that is not ASCII.
#[inline(always)]
pub(super) fn find_special_or_non_ascii(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
        let word = u64::from_le_bytes(*word);
        let found = special_bytes(word) | (word & HIGH);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += WORD;
    }
    while at < bytes.len() && bytes[at].is_ascii() && !is_special(bytes[at]) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_value_is_classed_alike_at_every_place_and_length() {
        for byte in 0..=u8::MAX {
            for length in 1..=40 {
                for place in 0..length {
                    let mut text = vec![b'x'; length];
                    text[place] = byte;
                    // A second special byte behind the first must not hide it.
                    text.extend_from_slice(b"\"\\");
                    let special = if is_special(byte) { place } else { length };
                    assert_eq!(find_special(&text, 0), special, "{byte:#x} at {place} of {length}");
                    let stop = if byte.is_ascii() { special } else { place };
                    assert_eq!(find_special_or_non_ascii(&text, 0), stop, "{byte:#x} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_search_without_a_find_ends_at_the_length() {
        let text = [b'x'; 37];
        for from in 0..=37 {
            assert_eq!(find_special(&text, from), 37);
            assert_eq!(find_special_or_non_ascii(&text, from), 37);
        }
    }
}
