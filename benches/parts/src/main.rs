//! What parts of the library on the path of a log call cost, beside the simpler ones that could stand in their place:
//! `cargo run --release -p maxim-parts`. Their files are included as they stand, and quote these figures.
//!
//! A figure is the least of many rounds, in nanoseconds for one use: whatever else the machine does only adds to it.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

#[allow(dead_code)] // the library uses the rest of these
#[path = "../../../src/spool/checksum.rs"]
mod checksum;
#[allow(dead_code)]
#[path = "../../../src/maxim/models.rs"]
mod models;
#[allow(dead_code, unused_imports)]
#[path = "../../../src/process/mod.rs"]
mod process;
#[allow(dead_code)]
#[path = "../../../src/text/scan.rs"]
mod scan;
#[allow(dead_code, unused_imports)]
#[path = "../../../src/sync/mod.rs"]
mod sync;
#[allow(dead_code, unused_imports)]
mod text;

const ROUNDS: usize = 300;
const USES: u32 = 2_000;

/// The least that one use takes, in nanoseconds.
fn cost<T>(mut use_once: impl FnMut() -> T) -> f64 {
    let round = |_| {
        let start = Instant::now();
        for _ in 0..USES {
            black_box(use_once());
        }
        start.elapsed().as_nanos() as f64 / f64::from(USES)
    };
    (0..ROUNDS).map(round).fold(f64::MAX, f64::min)
}

fn compare(what: &str, ours: f64, other: &str, simpler: f64) {
    println!("{what:<44} {ours:6.1} ns   {other:<40} {simpler:7.1} ns");
}

fn special_byte_by_byte(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(bytes.len())
}

/// Checks an id byte by byte.
fn is_id_byte_by_byte(id: &[u8]) -> bool {
    !id.is_empty()
        && id.len() <= text::id::MAX_ID_LEN
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The same words by one crc, the next step of which waits for the last.
///
/// # Safety
/// The processor has the instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
#[allow(unused_unsafe)] // Rust 1.87 and later need none for the last bytes.
unsafe fn crc_in_one_lane(payload: &[u8], tag: u64, salt: u32) -> u32 {
    let words = payload.chunks_exact(8);
    let rest = words.remainder();
    let words = words.map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
    let fixed = [tag, payload.len() as u64];
    // SAFETY: the caller's.
    unsafe {
        let crc = words.chain(fixed).fold(u64::from(salt), |crc, word| checksum::step(crc, word));
        !rest.iter().fold(crc as u32, |crc, byte| std::arch::x86_64::_mm_crc32_u8(crc, *byte))
    }
}

/// What records are copied into, one after the other: more than the processor's first caches have room for.
struct Segment {
    bytes: Vec<u8>,
    at: usize,
}

impl Segment {
    fn new() -> Segment {
        Segment { bytes: vec![0; 8 << 20], at: 0 }
    }

    fn append(&mut self, record: &[u8; 256]) {
        self.at = (self.at + record.len()) % self.bytes.len();
        self.bytes[self.at..][..record.len()].copy_from_slice(record);
    }
}

impl sync::Recover for Segment {
    fn recover(&mut self) {}
}

fn main() {
    for length in [12, 60, 200, 2_000] {
        let given = "a text without anything special in it ".repeat(60);
        let given = &given.as_bytes()[..length];
        let ours = cost(|| scan::find_special(black_box(given), 0, &mut scan::Seen::default()));
        let simpler = cost(|| special_byte_by_byte(black_box(given)));
        compare(&format!("text/scan.rs: {length} bytes"), ours, "byte by byte", simpler);
    }
    for length in [60, 200, 2_000] {
        let payload = vec![7_u8; length];
        // Each begins with what the one before came to: else the processor does several at once.
        let chained = |sum: fn(&[u8], u32) -> u32| {
            let mut last = 0;
            cost(|| {
                last = sum(black_box(&payload), last);
                last
            })
        };
        let what = format!("spool/checksum.rs: {length} bytes");
        let ours = chained(|payload, last| checksum::checksum(payload, 1, payload.len() as u32, last));
        #[cfg(target_arch = "x86_64")]
        if checksum::has_instruction() {
            // SAFETY: the processor has the instruction.
            let simpler = chained(|payload, last| unsafe { crc_in_one_lane(payload, 1, last) });
            compare(&what, ours, "in one lane", simpler);
        }
        compare(
            &what,
            ours,
            "the crate crc32c",
            chained(|payload, last| crc32c::crc32c_append(last, payload)),
        );
    }
    let id = b"0b6d3c1e-5f0a-4a39-9d1c-2f1f4f7e8a11";
    let ours = cost(|| text::id::is_valid_id(black_box(id)));
    compare("text/id.rs: an id is checked", ours, "byte by byte", cost(|| is_id_byte_by_byte(black_box(id))));
    let mut made = [0; 36];
    let ours = cost(|| {
        text::id::new_uuid(&mut made, 1);
        made
    });
    let asked = cost(|| {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system has random bytes");
        uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().encode_lower(&mut made);
        made
    });
    compare("text/id.rs: an id is made", ours, "getrandom and the crate uuid", asked);
    let (ids, models) =
        ((0..64).map(|n| format!("generation-{n}")).collect::<Vec<_>>(), models::Models::new());
    let mut next = ids.iter().cycle();
    let ours = cost(|| models.note(next.next().expect("an id"), black_box("gpt-4o-2024-11-20")));
    let map = Mutex::new(HashMap::new());
    let simpler = cost(|| {
        let id = next.next().expect("an id");
        map.lock().expect("no panic").insert(id.clone(), black_box("gpt-4o-2024-11-20").to_owned())
    });
    compare("maxim/models.rs: a model is noted", ours, "Mutex<HashMap<String, String>>", simpler);
    let (lock, mutex) = (sync::Lock::new(Segment::new()), Mutex::new(Segment::new()));
    let record = [1; 256];
    let ours = cost(|| lock.lock_in_time().expect("nobody else holds it").append(black_box(&record)));
    let simpler = cost(|| mutex.lock().expect("no panic").append(black_box(&record)));
    compare("sync/lock.rs: a record is copied under it", ours, "std::sync::Mutex", simpler);
}
