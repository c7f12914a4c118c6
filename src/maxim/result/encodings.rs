//! The text of a body that was given as bytes: as UTF-8, as a client has it that did not decode it (gzip, zlib), or in UTF-16.

use std::borrow::Cow;
use std::io::Read;

use crate::process::{Undisturbed, try_on_own_stack};

/// The longest that is unpacked. A body that unpacks to more is sent as it is.
const MOST_UNPACKED: u64 = 16 << 20;
/// What any body may unpack to, and how many times its length beyond that: no answer is packed tighter.
const FREELY_UNPACKED: u64 = 64 << 10;
const MOST_TIMES: u64 = 64;

/// A body's text.
pub(super) struct Decoded<'b> {
    pub text: Cow<'b, str>,
    /// Whether it has all that the bytes have.
    pub is_whole: bool,
}

pub(super) fn decode(bytes: &[u8]) -> Decoded<'_> {
    if let Some(unpacked) = unpack(bytes) {
        let Decoded { text, is_whole } = decode_text(&unpacked);
        return Decoded { text: Cow::Owned(text.into_owned()), is_whole };
    }
    decode_text(bytes)
}

fn decode_text(bytes: &[u8]) -> Decoded<'_> {
    if let Some(text) = from_utf16(bytes) {
        return Decoded { text: Cow::Owned(text), is_whole: true };
    }
    let text = String::from_utf8_lossy(bytes);
    let is_whole = matches!(text, Cow::Borrowed(_));
    Decoded { text, is_whole }
}

/// What gzip or zlib has packed. `None` if that is not what the bytes are, or not all of them.
fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let is_gzip = packed.starts_with(&[0x1f, 0x8b]);
    // Its first two bytes are a multiple of 31; no text begins so.
    let is_zlib = matches!(packed, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]);
    if !is_gzip && !is_zlib {
        return None;
    }
    let most =
        (packed.len() as u64).saturating_mul(MOST_TIMES).saturating_add(FREELY_UNPACKED).min(MOST_UNPACKED);
    let _undisturbed = Undisturbed::by_ourselves();
    // It needs more of a stack than a caller's has to have.
    try_on_own_stack("maxim-unpack", || {
        let mut unpacked = Vec::new();
        let read = match is_gzip {
            true => flate2::read::MultiGzDecoder::new(packed).take(most + 1).read_to_end(&mut unpacked),
            false => flate2::read::ZlibDecoder::new(packed).take(most + 1).read_to_end(&mut unpacked),
        };
        // One that breaks off keeps what came.
        let is_some = read.is_ok() || !unpacked.is_empty();
        (is_some && unpacked.len() as u64 <= most).then_some(unpacked)
    })?
}

/// UTF-16 with its mark, or that begins with a bracket.
fn from_utf16(bytes: &[u8]) -> Option<String> {
    let (is_little, text) = match bytes {
        [0xff, 0xfe, text @ ..] => (true, text),
        [0xfe, 0xff, text @ ..] => (false, text),
        [b'{' | b'[' | b'"', 0, ..] => (true, bytes),
        [0, b'{' | b'[' | b'"', ..] => (false, bytes),
        _ => return None,
    };
    let units = text.chunks_exact(2).map(|pair| match is_little {
        true => u16::from_le_bytes([pair[0], pair[1]]),
        false => u16::from_be_bytes([pair[0], pair[1]]),
    });
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::unpack;

    #[test]
    fn what_unpacks_to_far_more_than_an_answer_would_is_left_packed() {
        let gzip = |text: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(unpack(&gzip(&[b'1'; 60 << 10])), Some(vec![b'1'; 60 << 10]));
        assert_eq!(unpack(&gzip(&[b'1'; 8 << 20])), None);
        let numbers: String = (0..500_000).map(|number| format!("{number},")).collect();
        assert_eq!(unpack(&gzip(numbers.as_bytes())), Some(numbers.into_bytes()));
    }
}
