//! New ids that no process of a fork tree makes twice, where there is randomness and where there is none:
//! whatever is to differ, in the whole library, comes from here.
//!
//! The one circle between rooms: `text` makes the letters and asks [`Undisturbed`](super::Undisturbed) of this room
//! meanwhile. Which process it is belongs here, and what an id looks like there.

use super::fork;
use crate::text::id;

/// The text of a new UUID, version 4.
#[derive(Clone, Copy)]
pub struct Uuid([u8; 36]);

impl Uuid {
    /// A UUID that did not exist before.
    #[inline]
    #[allow(clippy::new_without_default)] // A default that differs every time would surprise.
    pub fn new() -> Uuid {
        let mut text = [0; 36];
        id::new_uuid(&mut text, fork::epoch());
        Uuid(text)
    }

    /// Its 36 characters.
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: `new_uuid` has written hexadecimal digits and hyphens, which are ASCII.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }
}

/// A number that did not come up before, but by a chance of one in 2^64.
pub fn number() -> u64 {
    id::number(fork::epoch())
}
