//! How many look-ups of names are under way in this process.
//!
//! A look-up cannot be taken back, and one that hangs keeps its thread: without a bound, every attempt of every
//! logger would leave another one. So there are at most [`MOST`] at a time, and whoever comes then waits for
//! one to end. A forked child has none of its parent's.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::process;

/// Most take milliseconds, so that few are needed.
pub const MOST: u64 = 4;

/// The process that counts (its epoch) above, the count below.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);
const COUNT_BITS: u32 = 8;
const COUNT: u64 = (1 << COUNT_BITS) - 1;

/// The right to one look-up.
pub struct LookUpTurn {
    of: &'static AtomicU64,
    process: u64,
}

/// A turn, unless as many as there may be are taken.
pub fn take() -> Option<LookUpTurn> {
    take_of(&UNDER_WAY)
}

fn take_of(of: &'static AtomicU64) -> Option<LookUpTurn> {
    let process = process::epoch() << COUNT_BITS;
    let one_more = |state: u64| {
        let count = if state & !COUNT == process { state & COUNT } else { 0 };
        (count < MOST).then_some(process | (count + 1))
    };
    of.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok().map(|_| LookUpTurn { of, process })
}

impl Drop for LookUpTurn {
    fn drop(&mut self) {
        let one_less = |state: u64| (state & !COUNT == self.process).then(|| state - 1);
        let _ = self.of.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_only_so_many_turns_and_each_is_given_back() {
        static OWN: AtomicU64 = AtomicU64::new(0);
        let turns: Vec<LookUpTurn> = std::iter::from_fn(|| take_of(&OWN)).collect();
        assert_eq!(turns.len() as u64, MOST);
        drop(turns);
        assert!(take_of(&OWN).is_some());
    }
}
