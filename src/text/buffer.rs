//! The bytes of a line while it is written.
//!
//! A [`Buffer`] is a `Vec<u8>` whose room behind the text is already initialised. So a writer may have a piece of
//! it of fixed size ([`Buffer::room`]), store there what it likes, and say afterwards how much of that counts: a
//! short text is two overlapping stores, not a call that copies.

use crate::process::{Undisturbed, reserve_or_leave};
use std::ops::{Deref, DerefMut};

/// Text that grows at its end.
#[derive(Default)]
pub struct Buffer {
    /// Everything behind `len` is room.
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// An empty one, without room.
    pub const fn new() -> Buffer {
        Buffer { bytes: Vec::new(), len: 0 }
    }

    /// An empty one with room for so much.
    pub fn with_room(room: usize) -> Buffer {
        Buffer { bytes: vec![0; room], len: 0 }
    }

    /// How long the text is.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// How long the text can get without a new allocation.
    #[inline(always)]
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// The next `N` bytes behind the text, with whatever is in them.
    #[inline(always)]
    pub fn room<const N: usize>(&mut self) -> &mut [u8; N] {
        // The path with room has no second look at it: growing has one of its own.
        if self.has_room(N) {
            self.bytes[self.len..].first_chunk_mut().expect("there is room")
        } else {
            self.new_room()
        }
    }

    #[cold]
    #[inline(never)]
    fn new_room<const N: usize>(&mut self) -> &mut [u8; N] {
        self.grow(N);
        self.room()
    }

    #[inline(always)]
    fn has_room(&self, count: usize) -> bool {
        self.bytes.len().checked_sub(count).is_some_and(|last| self.len <= last)
    }

    /// Takes so much of the room into the text.
    #[inline(always)]
    pub fn advance(&mut self, count: usize) {
        self.len += count;
        debug_assert!(self.len <= self.bytes.len());
    }

    /// Makes room for at least so much more.
    #[inline(always)]
    pub fn reserve(&mut self, more: usize) {
        if !self.has_room(more) {
            self.grow(more);
        }
    }

    /// Appends one byte.
    #[inline(always)]
    pub fn push(&mut self, byte: u8) {
        *self.room() = [byte];
        self.advance(1);
    }

    /// Appends a piece.
    #[inline(always)]
    pub fn extend_from_slice(&mut self, piece: &[u8]) {
        if !self.has_room(piece.len()) {
            return self.extend_and_grow(piece);
        }
        self.bytes[self.len..][..piece.len()].copy_from_slice(piece);
        self.advance(piece.len());
    }

    #[cold]
    #[inline(never)]
    fn extend_and_grow(&mut self, piece: &[u8]) {
        self.grow(piece.len());
        self.extend_from_slice(piece);
    }

    /// Appends a piece that is short, as an id is: two copies of fixed length that overlap cost less than the call
    /// that copies any number of bytes.
    #[inline(always)]
    pub fn push_short(&mut self, piece: &[u8]) {
        const HALF: usize = 32;
        match (piece.first_chunk::<HALF>(), piece.last_chunk::<HALF>()) {
            (Some(first), Some(last)) if piece.len() <= 2 * HALF => {
                let room = self.room::<{ 2 * HALF }>();
                room[..HALF].copy_from_slice(first);
                room[piece.len() - HALF..][..HALF].copy_from_slice(last);
                self.advance(piece.len());
            }
            _ => self.extend_from_slice(piece),
        }
    }

    /// Cuts the text off behind so many bytes, if it is longer.
    #[inline(always)]
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Takes all text away.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The text, without the room.
    pub fn into_vec(mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.bytes
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, more: usize) {
        // A handler of the host's that jumps out of a log call must not take the allocator's lock with it.
        let _undisturbed = Undisturbed::by_handlers();
        let needed = (self.len + more).max(2 * self.bytes.len());
        let more = needed - self.bytes.len();
        reserve_or_leave(&mut self.bytes, more);
        self.bytes.resize(needed, 0);
    }
}

impl From<&[u8]> for Buffer {
    fn from(text: &[u8]) -> Buffer {
        Buffer { bytes: text.to_vec(), len: text.len() }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl DerefMut for Buffer {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

impl std::io::Write for Buffer {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_length_stand_one_behind_the_other() {
        let (mut buffer, mut expected) = (Buffer::new(), Vec::new());
        for length in 0..200 {
            let piece: Vec<u8> = (0..length).collect();
            buffer.extend_from_slice(&piece);
            buffer.push_short(&piece);
            buffer.push(length);
            expected.extend([&piece[..], &piece, &[length]].concat());
            assert_eq!(&buffer[..], expected);
        }
        assert_eq!(buffer.into_vec(), expected);
    }

    #[test]
    fn only_what_is_taken_of_the_room_counts() {
        let mut buffer = Buffer::with_room(1);
        *buffer.room() = *b"abcd";
        buffer.advance(2);
        *buffer.room() = *b"xyz";
        buffer.advance(1);
        assert_eq!(&buffer[..], b"abx");
        buffer.truncate(9);
        buffer.truncate(2);
        assert_eq!(&buffer[..], b"ab");
        buffer.clear();
        assert!(buffer.is_empty() && buffer.capacity() >= 4);
    }
}
