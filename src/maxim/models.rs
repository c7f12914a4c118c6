//! The models of the generations that were begun lately, by the generation's id.
//!
//! A result that names no model gets that of its generation from here. The table is small and forgets: where
//! two generations share a place, the later one has it, and one that was begun in another process is not there
//! at all. Then the result goes without a model, and the log API has the generation's own.
//!
//! Noting a model allocates nothing and waits for nobody: a place is words that are written one after the
//! other between two changes of its version, by which a reader sees that it was written to meanwhile. That takes 22 ns;
//! a map under a mutex takes 36 ns with nobody waiting, and allocates (`cargo run --release -p maxim-parts`).

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Generations that are kept in mind.
const PLACES: usize = 256;
/// The longest model that is.
const BYTES: usize = 96;
const WORDS: usize = BYTES / 8;

/// The table.
pub(super) struct Models(Box<[ModelPlace]>);

struct ModelPlace {
    /// Odd while it is written to.
    version: AtomicU64,
    /// The generation, by a hash of its id.
    generation: AtomicU64,
    length: AtomicU64,
    model: [AtomicU64; WORDS],
}

impl ModelPlace {
    const fn new() -> ModelPlace {
        ModelPlace {
            version: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            length: AtomicU64::new(0),
            model: [const { AtomicU64::new(0) }; WORDS],
        }
    }
}

impl Models {
    pub fn new() -> Models {
        Models((0..PLACES).map(|_| ModelPlace::new()).collect())
    }

    fn place(&self, hash: u64) -> Option<&ModelPlace> {
        self.0.get(hash as usize % PLACES)
    }

    /// Notes the model of a generation.
    pub fn note(&self, generation: &str, model: &str) {
        let hash = hash(generation);
        let Some(place) = self.place(hash) else { return };
        let version = place.version.load(Ordering::Relaxed);
        let is_free = version & 1 == 0
            && place
                .version
                .compare_exchange(version, version + 1, Ordering::Acquire, Ordering::Relaxed)
                .is_ok();
        if !is_free {
            // Another thread has the place in its hands; then this one is forgotten.
            return;
        }
        fence(Ordering::Release);
        let length = if model.len() <= BYTES { model.len() } else { 0 };
        place.generation.store(hash, Ordering::Relaxed);
        place.length.store(length as u64, Ordering::Relaxed);
        if length > 0 {
            for (word, bytes) in place.model.iter().zip(model.as_bytes().chunks(8)) {
                let mut whole = [0; 8];
                if let Some(room) = whole.get_mut(..bytes.len()) {
                    room.copy_from_slice(bytes);
                }
                word.store(u64::from_le_bytes(whole), Ordering::Relaxed);
            }
        }
        place.version.store(version + 2, Ordering::Release);
    }

    /// The model of a generation, if it is still in mind.
    pub fn get(&self, generation: &str) -> Option<String> {
        let hash = hash(generation);
        let place = self.place(hash)?;
        let version = place.version.load(Ordering::Acquire);
        let is_its = place.generation.load(Ordering::Relaxed) == hash;
        let length = place.length.load(Ordering::Relaxed) as usize;
        let words = place.model.iter().map(|word| word.load(Ordering::Relaxed));
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).take(length).collect();
        fence(Ordering::Acquire);
        let is_whole = version & 1 == 0 && place.version.load(Ordering::Relaxed) == version;
        let model = String::from_utf8(bytes).ok()?;
        (is_its && is_whole && !model.is_empty()).then_some(model)
    }
}

/// A hash of an id, by its words; never 0.
fn hash(id: &str) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = id.len() as u64;
    for bytes in id.as_bytes().chunks(8) {
        let mut whole = [0; 8];
        if let Some(room) = whole.get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
        }
        hash = (hash ^ u64::from_le_bytes(whole)).wrapping_mul(ODD);
        hash ^= hash >> 29;
    }
    hash | 1 << 63
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_until_its_place_is_taken() {
        let models = Models::new();
        assert_eq!(models.get("g"), None);
        models.note("g", "gpt-4o");
        assert_eq!(models.get("g").as_deref(), Some("gpt-4o"));
        models.note("g", "claude-sonnet-4-5-20250929");
        assert_eq!(models.get("g").as_deref(), Some("claude-sonnet-4-5-20250929"));
        models.note("g", &"m".repeat(BYTES));
        assert_eq!(models.get("g"), Some("m".repeat(BYTES)));
        models.note("g", &"m".repeat(BYTES + 1));
        assert_eq!(models.get("g"), None, "too long to be kept");
        for number in 0..10_000 {
            let id = format!("generation-{number}");
            models.note(&id, &id);
            assert_eq!(models.get(&id).as_deref(), Some(id.as_str()));
        }
    }

    #[test]
    fn no_reader_sees_half_a_model() {
        let models = Models::new();
        std::thread::scope(|scope| {
            for letter in ["a", "b"] {
                let models = &models;
                scope.spawn(move || {
                    for length in (1..=BYTES).cycle().take(20_000) {
                        models.note("g", &letter.repeat(length));
                    }
                });
            }
            for _ in 0..20_000 {
                let model = models.get("g").unwrap_or_default();
                let first = model.chars().next().unwrap_or_default();
                assert!(model.chars().all(|letter| letter == first), "{model}");
            }
        });
    }
}
