//! The checksum of a record: crc32c in four lanes.
//!
//! The processor's crc32c instruction takes three cycles but can be started every cycle, so one crc
//! over 200 bytes leaves it idle for two thirds of the time: 21 ns, against 11 ns in four lanes.
//!
//! The whole 8-byte words of the payload are divided into four runs of equal length, earlier runs
//! being one word longer where it does not come out even. The checksum is the crc32c over: the
//! crc32c of each run (4 × u32), the remaining bytes padded with zeros to a word, the tag (u64), the
//! length (u32) and the salt (u32). The first half, the [`Digest`], can be had before the rest is known.

/// What the payload contributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    words: [u64; 3],
}

impl Digest {
    #[inline]
    pub fn of(payload: &[u8]) -> Digest {
        let (words, rest) = payload.as_chunks::<8>();
        let lanes = lanes(words);
        let rest = match words.last() {
            // The last eight bytes, less those that belong to the last whole word.
            Some(_) => {
                let end = payload.last_chunk::<8>().map_or(0, |end| u64::from_le_bytes(*end));
                end.checked_shr(64 - 8 * rest.len() as u32).unwrap_or(0)
            }
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        Digest { words: [lanes[0] | lanes[1] << 32, lanes[2] | lanes[3] << 32, rest] }
    }

    /// The checksum of the record.
    #[inline]
    pub fn checksum(self, tag: u64, length: u32, salt: u32) -> u32 {
        let [ab, cd, rest] = self.words;
        let words = [ab, cd, rest, tag, u64::from(length) | u64::from(salt) << 32];
        lane(&words.map(u64::to_le_bytes))
    }
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

#[inline]
fn lanes(words: &[[u8; 8]]) -> [u64; 4] {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor has the instruction.
        return unsafe { instruction::lanes(words) };
    }
    lanes_by_library(words)
}

fn lanes_by_library(words: &[[u8; 8]]) -> [u64; 4] {
    runs(words).map(|run| u64::from(crc32c::crc32c(run.as_flattened())))
}

#[inline]
fn lane(words: &[[u8; 8]; 5]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor has the instruction.
        return unsafe { instruction::lane(words) };
    }
    crc32c::crc32c(words.as_flattened())
}

#[cfg(target_arch = "x86_64")]
mod instruction {
    use std::arch::x86_64::_mm_crc32_u64;

    const START: u64 = u32::MAX as u64;

    #[target_feature(enable = "sse4.2")]
    fn step(crc: u64, word: &[u8; 8]) -> u64 {
        _mm_crc32_u64(crc, u64::from_le_bytes(*word))
    }

    #[target_feature(enable = "sse4.2")]
    pub fn lanes(words: &[[u8; 8]]) -> [u64; 4] {
        let [a, b, c, d] = super::runs(words);
        let common = d.len();
        let mut lanes = [START; 4];
        for (((a, b), c), d) in a[..common].iter().zip(&b[..common]).zip(&c[..common]).zip(d) {
            lanes = [step(lanes[0], a), step(lanes[1], b), step(lanes[2], c), step(lanes[3], d)];
        }
        for (lane, run) in lanes.iter_mut().zip([a, b, c]) {
            if let Some(last) = run.get(common) {
                *lane = step(*lane, last);
            }
        }
        lanes.map(|lane| u64::from(!(lane as u32)))
    }

    #[target_feature(enable = "sse4.2")]
    pub fn lane(words: &[[u8; 8]; 5]) -> u32 {
        let [a, b, c, d, e] = words;
        !(step(step(step(step(step(START, a), b), c), d), e) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruction_and_library_agree_at_every_length() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1024).map(|byte: u8| byte.wrapping_mul(31)).collect();
        for length in 0..bytes.len() {
            let (words, rest) = bytes[..length].as_chunks::<8>();
            let mut padded = [0; 8];
            padded[..rest.len()].copy_from_slice(rest);
            let [a, b, c, d] = lanes_by_library(words);
            let expected = [a | b << 32, c | d << 32, u64::from_le_bytes(padded)];
            let digest = Digest::of(&bytes[..length]);
            assert_eq!(digest.words, expected);
            let all = [expected[0], expected[1], expected[2], 7, 9 | 11 << 32].map(u64::to_le_bytes);
            assert_eq!(digest.checksum(7, 9, 11), crc32c::crc32c(all.as_flattened()));
        }
    }
}
