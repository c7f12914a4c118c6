//! What becomes of delivery where there is little memory: nothing is begun that would have to wait for some halfway, and
//! batches are small for a while.

use std::time::Duration;

use crate::process;

/// What a request takes beside its records: the buffers of a connection (288 KiB), TLS, the answer.
const WORKING_BYTES: usize = 384 << 10;
/// The size of so many batches after there was no memory for something.
const SMALL_BYTES: usize = 16 << 10;
const SMALL_ROUNDS: usize = 100;
/// How long until the next look.
pub const MEMORY_PAUSE: Duration = Duration::from_secs(1);
/// What is told meanwhile.
pub const NO_MEMORY: &str = "there is no memory to send with";

/// How scarce memory was lately.
pub struct Scarcity {
    /// How often there was none, as of the last round.
    shortages: usize,
    small_rounds: usize,
}

/// What there is memory for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// The batch.
    Enough,
    /// A small one, perhaps.
    ForLess,
    /// Nothing.
    None,
}

impl Scarcity {
    pub fn new() -> Scarcity {
        Scarcity { shortages: process::memory_shortages(), small_rounds: 0 }
    }

    /// The most bytes of the next batch, where that is limited.
    pub fn limit(&mut self) -> Option<usize> {
        let shortages = process::memory_shortages();
        self.small_rounds = match std::mem::replace(&mut self.shortages, shortages) == shortages {
            true => self.small_rounds.saturating_sub(1),
            false => SMALL_ROUNDS,
        };
        self.is_scarce().then_some(SMALL_BYTES)
    }

    fn is_scarce(&self) -> bool {
        self.small_rounds > 0
    }

    /// Whether a batch of so many bytes can be sent: makes room for it in `body`.
    pub fn room(&mut self, body: &mut Vec<u8>, bytes: usize) -> Room {
        body.clear();
        let has_room = process::has_memory(WORKING_BYTES)
            && process::without_waiting(|| body.try_reserve(bytes)).is_ok();
        self.answer(has_room)
    }

    /// A look that finds nothing is a shortage too, although nothing counts it: the next round must not begin as this one did.
    fn answer(&mut self, has_room: bool) -> Room {
        if has_room {
            return Room::Enough;
        }
        let was_scarce = self.is_scarce();
        self.small_rounds = SMALL_ROUNDS;
        if was_scarce { Room::None } else { Room::ForLess }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_room_a_smaller_batch_is_tried_once_and_then_nothing_until_there_is() {
        let mut scarcity = Scarcity { shortages: process::memory_shortages(), small_rounds: 0 };
        assert_eq!(scarcity.answer(false), Room::ForLess);
        for _ in 0..2 * SMALL_ROUNDS {
            assert_eq!(scarcity.limit(), Some(SMALL_BYTES));
            assert_eq!(scarcity.answer(false), Room::None);
        }
        assert_eq!(scarcity.limit(), Some(SMALL_BYTES));
        assert_eq!(scarcity.answer(true), Room::Enough);
    }
}
