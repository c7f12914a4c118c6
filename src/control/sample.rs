//! Which traces are sent: a share of them, chosen by id, so that every process and language chooses alike.
//!
//! Of the SHA-256 of a trace's id the first 8 bytes are a big-endian number; its highest 53 bits, divided by 2^53,
//! are below the rate for a trace that is sent. In Python:
//! `int.from_bytes(sha256(id).digest()[:8], "big") >> 11 < rate * 2**53`.
//!
//! What belongs to a trace names its parent only once, when it begins. So the ids of what began in a trace that
//! is not sent are remembered, as many as there is room for; whatever is not remembered is sent, for half of a
//! trace that should be complete is worse than a few lines that belong nowhere.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

/// The bits of a hash that decide: as many as a double holds.
const BITS: u32 = 53;
/// Ids that share a place in the table.
const WAYS: usize = 8;
/// Places: room for 65,536 ids in 512 KiB, of which the system gives pages as they are used.
const PLACES: usize = 8 * 1024;

/// A share of all traces.
pub struct Sample {
    /// Of 2^53.
    below: u64,
    left_out: Ids,
    count: AtomicU64,
}

/// A bounded set of ids, by kind, which any thread may use without waiting. An older one goes where there is no room.
pub struct Ids(Box<[AtomicU64]>);

impl Sample {
    /// The share `rate` of all traces; `None`: all of them.
    pub fn new(rate: f64) -> Option<Sample> {
        if rate >= 1.0 {
            return None;
        }
        Some(Sample {
            below: (rate.max(0.0) * (1_u64 << BITS) as f64) as u64,
            left_out: Ids::default(),
            count: AtomicU64::new(0),
        })
    }

    /// Whether a trace is sent.
    pub fn has(&self, trace: &str) -> bool {
        hash(&[trace]) >> (u64::BITS - BITS) < self.below
    }

    /// Remembers something that began in a trace that is not sent.
    pub fn leave_out(&self, kind: &str, id: &str) {
        self.left_out.add(kind, id);
    }

    /// Whether something is remembered so.
    pub fn is_left_out(&self, kind: &str, id: &str) -> bool {
        self.left_out.has(kind, id)
    }

    /// Counts one record that is left out.
    pub fn count(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// How many records were.
    pub fn counted(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Default for Ids {
    fn default() -> Ids {
        Ids((0..PLACES * WAYS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Ids {
    /// Remembers an id.
    pub fn add(&self, kind: &str, id: &str) {
        let (mark, places) = self.place(kind, id);
        let free = places.iter().find(|place| matches!(place.load(Ordering::Relaxed), 0)).or_else(|| {
            // One that is older has to go.
            places.get((mark >> 32) as usize % WAYS)
        });
        if let Some(place) = free {
            place.store(mark, Ordering::Relaxed);
        }
    }

    /// Whether an id is remembered.
    pub fn has(&self, kind: &str, id: &str) -> bool {
        let (mark, places) = self.place(kind, id);
        places.iter().any(|place| place.load(Ordering::Relaxed) == mark)
    }

    fn place(&self, kind: &str, id: &str) -> (u64, &[AtomicU64]) {
        let mark = hash(&[kind, "/", id]) | 1;
        let place = (mark >> 8) as usize % PLACES;
        (mark, &self.0[place * WAYS..][..WAYS])
    }
}

fn hash(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part.as_bytes()));
    let digest = hash.finalize();
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_the_one_that_was_asked_for_and_a_smaller_one_is_within_a_larger() {
        let (tenth, half) = (Sample::new(0.1).unwrap(), Sample::new(0.5).unwrap());
        let ids: Vec<String> = (0..8_000).map(|number| format!("trace-{number}")).collect();
        let of = |sample: &Sample| ids.iter().filter(|id| sample.has(id)).count();
        assert!((700..900).contains(&of(&tenth)), "{}", of(&tenth));
        assert!((3_850..4_150).contains(&of(&half)), "{}", of(&half));
        assert!(ids.iter().all(|id| !tenth.has(id) || half.has(id)));
        assert!(Sample::new(1.0).is_none());
        let none = Sample::new(-1.0).unwrap();
        assert!(!ids.iter().any(|id| none.has(id)));
    }

    #[test]
    fn the_choice_is_the_documented_one() {
        // sha256("abc") begins with ba7816bf8f01cfea: 0.7284…
        assert!(Sample::new(0.7285).unwrap().has("abc"));
        assert!(!Sample::new(0.7283).unwrap().has("abc"));
    }

    #[test]
    fn what_began_in_a_trace_that_is_not_sent_is_remembered() {
        let sample = Sample::new(0.5).unwrap();
        for number in 0..10_000 {
            sample.leave_out("span", &number.to_string());
        }
        assert!((0..10_000).all(|number| sample.is_left_out("span", &number.to_string())));
        assert!(!sample.is_left_out("span", "10000"));
        assert!(!sample.is_left_out("generation", "1"));
    }
}
