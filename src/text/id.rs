//! Ids: the ones callers give, checked; and new ones, random.
//!
//! New ids come from rand_chacha's ChaCha8 with a key from the operating system, one generator a thread: asking
//! the system for each id costs a system call, 231 ns for an id instead of 14 ns. Its feature `std` lets it use AVX2 where the
//! processor has it, half the instructions of SSE2. An id repeats by chance only:
//! * not in a forked child, whose process generation differs, so that it takes a new key;
//! * not in a copy of the whole machine (a snapshot that is resumed twice), but for the few
//!   ids that one refill makes: each refill mixes in the time.
//!
//! A given id is checked sixteen bytes at a time: 2.7 ns, byte by byte 10.5 ns, and a call is given one to three. All
//! measured by `cargo run --release -p maxim-parts`.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use wide::u8x16;

use crate::process::Undisturbed;

/// The longest id that is accepted, in bytes. Ids stand in every line and in attachments' keys:
/// an id that is much longer than a UUID's 36 is content that has lost its way.
pub const MAX_ID_LEN: usize = 256;

/// How many bytes of an id are classed together.
const CHUNK: usize = 16;

/// Whether each of sixteen bytes may stand in an id: all ones where it may.
#[inline(always)]
fn classed(chunk: [u8; CHUNK]) -> u8x16 {
    let bytes = u8x16::from(chunk);
    // A byte is at most so far from the first of its range where taking the least changes nothing.
    let within = |bytes: u8x16, first: u8, count: u8| {
        let distance = bytes - u8x16::splat(first);
        distance.min(u8x16::splat(count - 1)).cmp_eq(distance)
    };
    let letter = within(bytes | u8x16::splat(0x20), b'a', 26);
    let digit = within(bytes, b'0', 10);
    letter | digit | bytes.cmp_eq(u8x16::splat(b'-')) | bytes.cmp_eq(u8x16::splat(b'_'))
}

/// Whether `id` is `[A-Za-z0-9_-]+` and no longer than [`MAX_ID_LEN`].
#[inline(always)]
pub fn is_valid_id(id: &[u8]) -> bool {
    if id.is_empty() || id.len() > MAX_ID_LEN {
        return false;
    }
    let Some(last) = id.last_chunk::<CHUNK>() else {
        let mut padded = [b'-'; CHUNK];
        padded[..id.len()].copy_from_slice(id);
        return classed(padded).all();
    };
    // The last chunk may overlap the one before: cheaper than a rest byte by byte.
    let mut all = classed(*last);
    let mut rest = id;
    while let Some((chunk, behind)) = rest.split_first_chunk() {
        all &= classed(*chunk);
        rest = behind;
    }
    all.all()
}

/// Writes a new UUID (RFC 9562, version 4) in lower case.
///
/// `process_generation` is a number that changes in a forked child.
#[inline]
pub fn new_uuid(out: &mut [u8; 36], process_generation: u64) {
    let mut bytes: [u8; 16] = random(process_generation);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(bytes);
    *out = [b'-'; 36];
    out[0..8].copy_from_slice(&digits[0..8]);
    out[9..13].copy_from_slice(&digits[8..12]);
    out[14..18].copy_from_slice(&digits[12..16]);
    out[19..23].copy_from_slice(&digits[16..20]);
    out[24..36].copy_from_slice(&digits[20..32]);
}

/// Writes 8 random hexadecimal digits in lower case; the generation is that of [`new_uuid`].
#[inline]
pub fn short_hex(out: &mut [u8; 8], process_generation: u64) {
    out.copy_from_slice(&hex(random(process_generation))[..8]);
}

/// A random number; the generation is that of [`new_uuid`].
pub fn number(process_generation: u64) -> u64 {
    u64::from_le_bytes(random(process_generation))
}

/// Sixteen bytes in hexadecimal, all at once: the half bytes as bytes, those above nine moved up to the letters.
/// With the uuid crate's, byte by byte, `span` takes 1,962 instructions instead of 1,916 (scripts/instructions.sh).
#[inline(always)]
fn hex(bytes: [u8; 16]) -> [u8; 32] {
    let bytes = u128::from_le_bytes(bytes);
    let half = |shift: u32| {
        let halves = u8x16::from((bytes >> shift & u128::from_le_bytes([0x0f; 16])).to_le_bytes());
        let digit = halves.min(u8x16::splat(9)).cmp_eq(halves);
        halves + u8x16::splat(b'0') + (!digit & u8x16::splat(b'a' - b'9' - 1))
    };
    let (high, low) = (half(4), half(0));
    let mut text = [0; 32];
    text[..16].copy_from_slice(&u8x16::unpack_low(high, low).to_array());
    text[16..].copy_from_slice(&u8x16::unpack_high(high, low).to_array());
    text
}

thread_local! {
    /// Without a destructor: an id can still be made while the thread ends.
    static GENERATOR: RefCell<Generator> = const { RefCell::new(Generator::new()) };
}

#[inline]
fn random<const N: usize>(process_generation: u64) -> [u8; N] {
    GENERATOR.with(|generator| match generator.try_borrow_mut() {
        Ok(mut generator) => generator.take(process_generation),
        Err(_) => interrupting(process_generation),
    })
}

/// For the handler of a signal that came while an id was being made: from a generator of its own.
#[cold]
#[inline(never)]
fn interrupting<const N: usize>(process_generation: u64) -> [u8; N] {
    Generator::new().take(process_generation)
}

/// What a refill makes: four blocks of the cipher, all that it makes at once.
const POOL_BYTES: usize = 256;

/// Random bytes for one thread.
struct Generator {
    cipher: Option<ChaCha8Rng>,
    seeded_in: Option<u64>,
    pool: [u8; POOL_BYTES],
    used: usize,
}

impl Generator {
    const fn new() -> Generator {
        Generator { cipher: None, seeded_in: None, pool: [0; POOL_BYTES], used: POOL_BYTES }
    }

    #[inline]
    fn take<const N: usize>(&mut self, process_generation: u64) -> [u8; N] {
        const { assert!(N <= POOL_BYTES) };
        if self.seeded_in != Some(process_generation) || self.used + N > POOL_BYTES {
            self.refill(process_generation);
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.pool[self.used..self.used + N]);
        self.used += N;
        bytes
    }

    #[inline(never)]
    fn refill(&mut self, process_generation: u64) {
        if self.seeded_in != Some(process_generation) {
            self.cipher = None;
            self.seeded_in = Some(process_generation);
        }
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        let cipher = self.cipher.get_or_insert_with(|| ChaCha8Rng::from_seed(new_key(process_generation)));
        cipher.set_stream(time);
        cipher.fill_bytes(&mut self.pool);
        self.used = 0;
    }
}

/// A key from the operating system.
#[cold]
fn new_key(process_generation: u64) -> [u8; 32] {
    // A thread may be cancelled where it asks for randomness.
    let _undisturbed = Undisturbed::by_ourselves();
    let mut bytes = [0; 32];
    if getrandom::fill(&mut bytes).is_ok() {
        return bytes;
    }
    // A sandbox without randomness: an id must still differ from those of other threads,
    // processes and times, though it can be guessed.
    let stack = &raw const bytes as usize;
    std::array::from_fn(|at| {
        let mut hasher = DefaultHasher::new();
        let thread = std::thread::current().id();
        (at, process_generation, std::process::id(), thread, stack, SystemTime::now()).hash(&mut hasher);
        hasher.finish() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn uuid(generation: u64) -> String {
        let mut out = [0; 36];
        new_uuid(&mut out, generation);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn exactly_letters_digits_underscores_and_hyphens_make_an_id() {
        for byte in 0..=u8::MAX {
            let wanted = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            for length in [1, 2, 15, 16, 17, 31, 32, 33, 36, 48, 100] {
                for place in 0..length {
                    let mut id = vec![b'a'; length];
                    id[place] = byte;
                    assert_eq!(is_valid_id(&id), wanted, "{byte:#x} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn an_id_has_one_to_256_bytes() {
        assert!(!is_valid_id(b""));
        assert!(is_valid_id(&[b'a'; 256]));
        assert!(!is_valid_id(&[b'a'; 257]));
        assert!(!is_valid_id(b"t-1\n"));
    }

    #[test]
    fn a_new_uuid_is_a_version_4_uuid_and_a_valid_id() {
        for _ in 0..1000 {
            let text = uuid(1);
            let parsed = uuid::Uuid::parse_str(&text).unwrap();
            assert_eq!(parsed.get_version(), Some(uuid::Version::Random));
            assert_eq!(parsed.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(parsed.hyphenated().to_string(), text);
            assert!(is_valid_id(text.as_bytes()));
        }
    }

    #[test]
    fn uuids_of_several_threads_never_repeat() {
        let threads: Vec<_> =
            (0..4).map(|_| std::thread::spawn(|| (0..10_000).map(|_| uuid(1)).collect::<Vec<_>>())).collect();
        let uuids: Vec<String> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(uuids.iter().collect::<HashSet<_>>().len(), uuids.len());
    }

    #[test]
    fn every_random_bit_of_a_uuid_takes_both_values() {
        let (mut ever, mut always) = (0, u128::MAX);
        for _ in 0..200 {
            let bits = uuid::Uuid::parse_str(&uuid(1)).unwrap().as_u128();
            ever |= bits;
            always &= bits;
        }
        let fixed = 0xf << 76 | 0x3 << 62;
        assert_eq!(ever | fixed, u128::MAX);
        assert_eq!(always & !fixed, 0);
    }

    fn copied(of: &Generator) -> Generator {
        let Generator { cipher, seeded_in, pool, used } = of;
        Generator { cipher: cipher.clone(), seeded_in: *seeded_in, pool: *pool, used: *used }
    }

    #[test]
    fn a_copy_of_the_generator_in_another_process_generation_makes_other_ids() {
        let mut parent = Generator::new();
        let _: [u8; 16] = parent.take(1);
        // What fork does to it.
        let mut child = copied(&parent);
        let ids = |generator: &mut Generator, generation| -> HashSet<[u8; 16]> {
            (0..100).map(|_| generator.take(generation)).collect()
        };
        let (of_parent, of_child) = (ids(&mut parent, 1), ids(&mut child, 2));
        assert!(of_parent.is_disjoint(&of_child));
        let seed = |generator: &Generator| generator.cipher.as_ref().unwrap().get_seed();
        assert_ne!(seed(&parent), seed(&child));
    }

    #[test]
    fn a_copy_of_the_machine_makes_other_ids_after_a_refill() {
        let mut one = Generator::new();
        let _: [u8; 16] = one.take(1);
        let mut other = copied(&one);
        let ids =
            |generator: &mut Generator| -> Vec<[u8; 16]> { (0..100).map(|_| generator.take(1)).collect() };
        let (of_one, of_other) = (ids(&mut one), ids(&mut other));
        let same = of_one.iter().zip(&of_other).filter(|(one, other)| one == other).count();
        assert_eq!(same, POOL_BYTES / 16 - 1);
    }

    #[test]
    fn short_hexadecimal_ids_have_eight_lower_case_digits() {
        let mut seen = HashSet::new();
        for _ in 0..100 {
            let mut out = [0; 8];
            short_hex(&mut out, 1);
            assert!(out.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
            seen.insert(out);
        }
        assert!(seen.len() > 95);
    }
}
