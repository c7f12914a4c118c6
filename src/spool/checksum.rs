//! The checksum of a record: crc32c in four lanes.
//!
//! The processor's crc32c instruction takes three cycles but can be started every cycle, so one crc
//! over 200 bytes leaves it idle for two thirds of the time: 21 ns, against 11 ns in four lanes.
//!
//! The payload's whole 8-byte words are dealt out to the lanes in turn: the first to the first lane, the
//! fifth again. The checksum is the crc32c over: the crc32c of each lane (4 × u32), the remaining bytes
//! padded with zeros to a word, the tag (u64), the length (u32) and the salt (u32).

/// How many lanes there are.
const LANES: usize = 4;

/// The checksum of a record with this payload.
#[inline]
pub(super) fn checksum(payload: &[u8], tag: u64, length: u32, salt: u32) -> u32 {
    let fixed = [tag, u64::from(length) | u64::from(salt) << 32];
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor has the instruction.
        return unsafe { by_instruction(payload, fixed) };
    }
    by_library(payload, fixed)
}

/// The bytes behind the last whole word, as a word.
#[inline]
fn remainder(payload: &[u8]) -> u64 {
    let rest = payload.len() % 8;
    match payload.last_chunk::<8>() {
        // The last eight bytes, less those that belong to the last whole word.
        Some(end) => u64::from_le_bytes(*end).checked_shr(64 - 8 * rest as u32).unwrap_or(0),
        None => payload.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn by_instruction(payload: &[u8], fixed: [u64; 2]) -> u32 {
    use std::arch::x86_64::_mm_crc32_u64 as step;
    const START: u64 = u32::MAX as u64;
    let (rounds, rest) = payload.as_chunks::<8>().0.as_chunks::<LANES>();
    let mut lanes = [START; LANES];
    for round in rounds {
        for (lane, word) in lanes.iter_mut().zip(round) {
            *lane = step(*lane, u64::from_le_bytes(*word));
        }
    }
    for (lane, word) in lanes.iter_mut().zip(rest) {
        *lane = step(*lane, u64::from_le_bytes(*word));
    }
    let [a, b, c, d] = lanes.map(|lane| u64::from(!(lane as u32)));
    let words = [a | b << 32, c | d << 32, remainder(payload), fixed[0], fixed[1]];
    !(words.into_iter().fold(START, |crc, word| step(crc, word)) as u32)
}

fn by_library(payload: &[u8], fixed: [u64; 2]) -> u32 {
    let mut lanes = [0; LANES];
    for (at, word) in payload.as_chunks::<8>().0.iter().enumerate() {
        let lane = &mut lanes[at % LANES];
        *lane = crc32c::crc32c_append(*lane, word);
    }
    let [a, b, c, d] = lanes.map(u64::from);
    let words = [a | b << 32, c | d << 32, remainder(payload), fixed[0], fixed[1]];
    crc32c::crc32c(words.map(u64::to_le_bytes).as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruction_and_library_agree_at_every_length() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1024).map(|byte: u8| byte.wrapping_mul(31)).collect();
        for length in 0..bytes.len() {
            let payload = &bytes[..length];
            assert_eq!(checksum(payload, 7, 9, 11), by_library(payload, [7, 9 | 11 << 32]));
            let mut padded = [0; 8];
            padded[..length % 8].copy_from_slice(&payload[length & !7..]);
            assert_eq!(remainder(payload), u64::from_le_bytes(padded));
        }
    }
}
