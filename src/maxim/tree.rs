//! Trees of JSON, read, changed and written on whatever stack there is.
//!
//! Whoever reads, writes or drops a tree recurses, up to 700 bytes of stack for each level of nesting, and a
//! host's thread may have little: no call needs more than 16 KiB. So work with trees runs on the caller's stack
//! as long as what it reads is [`SHALLOW`], as nearly every result is. When it meets something deeper, what it has
//! done so far is forgotten, and it runs again on a stack of its own.

use std::cell::Cell;

use serde_json::Value;

use crate::process::{self, Undisturbed, try_on_own_stack};

/// Levels of nesting that a caller's stack has room for.
const SHALLOW: usize = 8;
/// Levels that are read at all, as serde_json has it.
const DEEPEST: usize = 127;
/// What a value takes in a tree, its name and the room to grow of what it is in included; up to 300 were seen.
const BYTES_OF_VALUE: usize = 320;
/// A tree of more values may need more pieces than the reserve has, however small: whether there is memory is always looked at.
const VALUES_OF_RESERVE: usize = 500;
/// Values of one text that are read at most. A tree has some hundred bytes for each: of a text of 160 MiB that is
/// nothing but small numbers, it would have 8 GiB.
pub(super) const MOST_VALUES: usize = 8 << 20;

thread_local! {
    // Constant and without a destructor: usable while a thread is being torn down.
    static ON_OWN_STACK: Cell<bool> = const { Cell::new(false) };
    static MET_DEEP: Cell<bool> = const { Cell::new(false) };
}

/// Does work with trees, which it reads by [`read`]. It may be begun twice. `None`: it needs a stack of its own,
/// and none can be had.
pub(super) fn with_room<T: Send>(work: impl Fn() -> T + Sync) -> Option<T> {
    MET_DEEP.set(false);
    let done = work();
    if !MET_DEEP.take() {
        return Some(done);
    }
    drop(done);
    deep(&work)
}

#[cold]
#[inline(never)]
fn deep<T: Send>(work: &(impl Fn() -> T + Sync)) -> Option<T> {
    let _undisturbed = Undisturbed::by_ourselves();
    try_on_own_stack("maxim-json", || {
        ON_OWN_STACK.set(true);
        work()
    })
}

/// Whether there is room for so many levels here. If only on another stack, [`with_room`] hears of it.
pub(super) fn admits(levels: usize) -> bool {
    let is_admitted = levels <= if ON_OWN_STACK.get() { DEEPEST } else { SHALLOW };
    if !is_admitted && levels <= DEEPEST {
        MET_DEEP.set(true);
    }
    is_admitted
}

/// The tree of a JSON text; `None` too if there is no room for it here, or it has too many values.
pub(super) fn read(text: &[u8]) -> Option<Value> {
    let (levels, values) = measured(text);
    if values > MOST_VALUES {
        return None;
    }
    // Before it is begun, as nothing that allocates can be left halfway.
    process::leave_if_short_of(values * BYTES_OF_VALUE, values > VALUES_OF_RESERVE);
    if admits(levels) { serde_json::from_slice(text).ok() } else { None }
}

/// How deep a JSON text is nested and about how many values it has, up to where it is none.
fn measured(text: &[u8]) -> (usize, usize) {
    let (mut open, mut most, mut values) = (0usize, 0, 0);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b',' => values += 1,
            b'{' | b'[' => {
                values += 1;
                open += 1;
                most = most.max(open);
            }
            b'}' | b']' => open = open.saturating_sub(1),
            b'"' => loop {
                let rest = text.get(at..).unwrap_or_default();
                let Some(found) = memchr::memchr2(b'"', b'\\', rest) else { return (most, values) };
                at += found + 1;
                if text[at - 1] == b'"' {
                    break;
                }
                at += 1;
            },
            _ => {}
        }
    }
    (most, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_values_are_counted_outside_texts_only() {
        for (text, wanted) in [
            ("1", (0, 0)),
            ("[]", (1, 1)),
            ("[[],{\"a\":[1]}]", (3, 5)),
            (r#"["[[[[", "]]\"[", {"\\": "},"}]"#, (2, 4)),
            ("[[[", (3, 3)),
            ("\"[", (0, 0)),
            (r#""\"#, (0, 0)),
        ] {
            assert_eq!(measured(text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_deep_is_read_elsewhere_and_what_is_too_deep_is_not_read() {
        for (levels, wanted) in [(SHALLOW, true), (SHALLOW + 1, true), (DEEPEST, true), (DEEPEST + 1, false)]
        {
            let text = "[".repeat(levels) + &"]".repeat(levels);
            assert_eq!(with_room(|| read(text.as_bytes()).is_some()), Some(wanted), "{levels}");
        }
        assert!(!ON_OWN_STACK.get());
    }
}
