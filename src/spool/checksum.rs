//! The checksum of a record: crc32c in four lanes.
//!
//! The processor's crc32c instruction takes three cycles but can be started every cycle, so one crc
//! over 200 bytes leaves it idle for two thirds of the time: 21 ns, against 11 ns in four lanes. The
//! words of the payload, padded with zeros, are divided into four runs of equal length, earlier runs
//! being one word longer where it does not come out even; the checksum is the crc32c over the tag,
//! the length, the salt and the crc32c of each run.

/// The checksum of a record with this padded payload.
#[inline]
pub(super) fn checksum(padded: &[u8], tag: u64, length: u32, salt: u32) -> u32 {
    let (words, rest) = padded.as_chunks::<8>();
    debug_assert!(rest.is_empty());
    let prefix = [tag, u64::from(length) | u64::from(salt) << 32];
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor has the instruction.
        return unsafe { by_instruction(words, prefix) };
    }
    by_library(words, prefix)
}

/// Cuts the words into the four runs.
#[inline]
fn runs(words: &[[u8; 8]]) -> [&[[u8; 8]]; 4] {
    let (each, longer) = (words.len() / 4, words.len() % 4);
    let (a, words) = words.split_at(each + usize::from(longer > 0));
    let (b, words) = words.split_at(each + usize::from(longer > 1));
    let (c, d) = words.split_at(each + usize::from(longer > 2));
    [a, b, c, d]
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn by_instruction(words: &[[u8; 8]], prefix: [u64; 2]) -> u32 {
    use std::arch::x86_64::_mm_crc32_u64 as step;
    const START: u64 = u32::MAX as u64;
    let [a, b, c, d] = runs(words);
    let mut lanes = [START; 4];
    let common = d.len();
    for (((a, b), c), d) in a.iter().zip(b).zip(c).zip(d) {
        lanes[0] = step(lanes[0], u64::from_le_bytes(*a));
        lanes[1] = step(lanes[1], u64::from_le_bytes(*b));
        lanes[2] = step(lanes[2], u64::from_le_bytes(*c));
        lanes[3] = step(lanes[3], u64::from_le_bytes(*d));
    }
    for (lane, run) in lanes.iter_mut().zip([a, b, c]) {
        if let Some(last) = run.get(common) {
            *lane = step(*lane, u64::from_le_bytes(*last));
        }
    }
    let [a, b, c, d] = lanes.map(|lane| u64::from(!(lane as u32)));
    let crc = step(step(START, prefix[0]), prefix[1]);
    !(step(step(crc, a | b << 32), c | d << 32) as u32)
}

fn by_library(words: &[[u8; 8]], prefix: [u64; 2]) -> u32 {
    let [a, b, c, d] = runs(words).map(|run| u64::from(crc32c::crc32c(run.as_flattened())));
    let all = [prefix[0], prefix[1], a | b << 32, c | d << 32].map(u64::to_le_bytes);
    crc32c::crc32c(all.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruction_and_library_agree_at_every_length() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1024).map(|byte: u8| byte.wrapping_mul(31)).collect();
        for words in 0..128 {
            let padded = &bytes[..8 * words];
            let chunks = padded.as_chunks::<8>().0;
            assert_eq!(checksum(padded, 7, 9, 11), by_library(chunks, [7, 9 | 11 << 32]));
        }
    }
}
