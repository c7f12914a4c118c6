//! What the included parts of the library want of its `process`.

pub mod unique {
    use std::hash::{BuildHasher, RandomState};

    /// A number that nobody else has.
    pub fn number() -> u64 {
        RandomState::new().hash_one(std::process::id())
    }
}
