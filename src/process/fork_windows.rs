//! The epoch of this process where no process is forked: see `fork.rs`.

/// The epoch of this process, never 0.
#[inline]
pub fn epoch() -> u64 {
    1
}

/// Whether this process was forked from one that had called the library before.
pub fn is_forked() -> bool {
    false
}
