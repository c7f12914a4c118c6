//! Finding the bytes of a JSON text that need a second look, sixteen at a time.
//!
//! Vectors come from the `wide` crate, whose portable operations become SSE2 or NEON without any
//! `unsafe` here; a plain loop is not turned into vector code (rustc 1.95): 200 bytes take 6 ns, byte by byte 72 ns.
//! Texts shorter than a vector are looked at as two overlapping words: 12 bytes take 1.9 ns, byte by byte 3.8 ns, and a
//! call has several of those. Measured by `cargo run --release -p maxim-parts`.

use wide::u8x16;

/// How many bytes a word has.
const WORD: usize = size_of::<u64>();
const EACH: u64 = u64::from_le_bytes([1; WORD]);
const HIGH: u64 = EACH << 7;

/// How many bytes a vector has.
pub(super) const BLOCK: usize = 16;

/// The bytes of a block that are `"`, `\` or a control character, one bit each.
#[inline(always)]
pub(super) fn special_in_block(block: u8x16) -> u32 {
    let is = |byte: u8| block.cmp_eq(u8x16::splat(byte));
    let control = block.min(u8x16::splat(0x1f)).cmp_eq(block);
    (is(b'"') | is(b'\\') | control).move_mask() as u32
}

/// The high bit of each byte of `word` that is `"`, `\` or a control character; exact up to the
/// lowest set one, which is the one that counts.
///
/// A byte below a bound has its high bit set when the bound is taken from it, if it had none
/// before; a borrow raises false alarms only above a true one (Warren, "Hacker's Delight", 6-1).
/// Exclusive or with 2 moves `"` down to the control characters, and nothing else.
#[inline(always)]
pub(super) fn special_in_word(word: u64) -> u64 {
    let quote_or_control = (word ^ (EACH * 0x02)).wrapping_sub(EACH * 0x21);
    let backslash = (word ^ (EACH * b'\\' as u64)).wrapping_sub(EACH);
    (quote_or_control | backslash) & !word & HIGH
}

/// Whether a byte above ASCII was among those that searches have looked at: everything they saw, one over the
/// other.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    blocks: u8x16,
    words: u64,
}

impl Seen {
    /// Whether there was none.
    #[inline(always)]
    pub fn only_ascii(self) -> bool {
        self.blocks.move_mask() == 0 && self.words & HIGH == 0
    }

    /// Hears of one block more.
    #[inline(always)]
    pub fn look_at(&mut self, block: u8x16) {
        self.blocks |= block;
    }
}

/// The index of the first `"`, `\` or control character at or after `from`, else the length.
///
/// `seen` hears of all bytes from there on up to that one, and perhaps of others.
#[inline(always)]
pub(super) fn find_special(bytes: &[u8], from: usize, seen: &mut Seen) -> usize {
    let mut at = from;
    let Some(last) = bytes.len().checked_sub(BLOCK) else {
        return at + find_special_in_rest(bytes.get(at..).unwrap_or_default(), seen);
    };
    let mut look = |start: usize| {
        let block = u8x16::from(*bytes[start..].first_chunk::<BLOCK>().expect("a block before the last"));
        seen.look_at(block);
        special_in_block(block)
    };
    while at <= last {
        let special = look(at);
        if special != 0 {
            return at + special.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    if at >= bytes.len() {
        return at;
    }
    // Less than a block is left: the last block of all, without what comes before.
    let special = look(last) >> (at - last);
    if special == 0 { bytes.len() } else { at + special.trailing_zeros() as usize }
}

/// [`find_special`] in less than a block.
#[inline(never)]
fn find_special_in_rest(rest: &[u8], seen: &mut Seen) -> usize {
    let (first, last, step) = match (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last), 8),
        _ => match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
            (Some(first), Some(last)) => (padded(*first), padded(*last), 4),
            _ => match few_bytes(rest) {
                Some(bytes) => (padded(bytes), padded(bytes), rest.len()),
                None => return 0,
            },
        },
    };
    seen.words |= first | last;
    let special = special_in_word(first);
    if special != 0 {
        return special.trailing_zeros() as usize / 8;
    }
    // The words overlap, so what is found in the last one comes after the first one's end.
    match special_in_word(last) {
        0 => rest.len(),
        special => rest.len() - step + special.trailing_zeros() as usize / 8,
    }
}

/// Whether there is no byte above ASCII. Most texts given are shorter than a vector, where the standard
/// library goes byte by byte.
#[inline(always)]
pub fn is_ascii(bytes: &[u8]) -> bool {
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) if bytes.len() <= 16 => {
            (u64::from_le_bytes(*first) | u64::from_le_bytes(*last)) & HIGH == 0
        }
        (Some(_), _) => bytes.is_ascii(),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => (padded(*first) | padded(*last)) & HIGH == 0,
            _ => few_bytes(bytes).is_none_or(|bytes| padded(bytes) & HIGH == 0),
        },
    }
}

/// One to three bytes: the first, the middle and the last are all of them, in order, if perhaps more than once.
/// Behind them is nothing special. `None` for no bytes.
#[inline(always)]
pub(super) fn few_bytes(bytes: &[u8]) -> Option<[u8; 4]> {
    let (first, last) = (bytes.first()?, bytes.last()?);
    Some([*first, bytes[bytes.len() / 2], *last, b' '])
}

/// Four bytes as a word, with nothing special behind them.
#[inline(always)]
pub(super) fn padded(bytes: [u8; 4]) -> u64 {
    u64::from(u32::from_le_bytes(bytes)) | u64::from(u32::from_le_bytes([b' '; 4])) << u32::BITS
}

/// The index of the first byte at or after `from` that may be something else than a space (in the
/// last seven bytes, where no word can be read, every byte may be).
#[inline(always)]
pub(super) fn skip_spaces(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
        let other = u64::from_le_bytes(*word) ^ (EACH * b' ' as u64);
        at += other.trailing_zeros() as usize / 8;
        if other != 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `byte` can't stand for itself inside a JSON string.
    fn is_special(byte: u8) -> bool {
        byte < b' ' || byte == b'"' || byte == b'\\'
    }

    #[test]
    fn every_byte_value_is_classed_alike_at_every_place_and_length() {
        for byte in 0..=u8::MAX {
            for length in 1..=40 {
                for place in 0..length {
                    let mut text = vec![b'x'; length];
                    text[place] = byte;
                    let special = if is_special(byte) { place } else { length };
                    let mut seen = Seen::default();
                    assert_eq!(
                        find_special(&text, 0, &mut seen),
                        special,
                        "{byte:#x} at {place} of {length}"
                    );
                    assert_eq!(seen.only_ascii(), byte.is_ascii(), "{byte:#x} at {place} of {length}");
                    // A second special byte behind the first must not hide it.
                    text.extend_from_slice(b"\"\\");
                    assert_eq!(
                        find_special(&text, 0, &mut seen),
                        special,
                        "{byte:#x} at {place} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_byte_above_ascii_is_found_at_every_place_and_length() {
        for length in 0..70 {
            assert!(is_ascii(&vec![0x7f; length]));
            for place in 0..length {
                let mut text = vec![b'x'; length];
                text[place] = 0x80;
                assert!(!is_ascii(&text), "{place} of {length}");
            }
        }
    }

    #[test]
    fn a_search_without_a_find_ends_at_the_length() {
        let text = [b'x'; 37];
        for from in 0..=38 {
            assert_eq!(find_special(&text, from, &mut Seen::default()), from.max(37));
        }
    }

    #[test]
    fn spaces_are_skipped_up_to_the_first_other_byte() {
        for spaces in 0..40 {
            for other in [b'x', b'\n', 0x21, 0x1f, 0xa0] {
                let mut text = vec![b' '; spaces];
                text.extend_from_slice(&[other; WORD]);
                assert_eq!(skip_spaces(&text, 0), spaces);
            }
            let end = skip_spaces(&vec![b' '; spaces], 0);
            assert!(end <= spaces && end + WORD > spaces);
        }
    }
}
