//! Damage to a JSON value: members removed, types changed, lists cut, repeated or swapped, at a random depth.

use serde_json::Value;

/// A sequence of numbers that looks random and is the same in every run (xorshift64).
pub struct Sequence(pub u64);

impl Sequence {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below a usize")
    }
}

/// Values that readers trip over.
pub const JUNK: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e400",
    "-0",
    "18446744073709551615",
    "99999999999999999999999",
    "2.0",
    r#""""#,
    r#""\u0000👋""#,
    "[]",
    "{}",
    "[[null]]",
    r#"{"type":"text","text":{}}"#,
];

/// Changes one thing.
pub fn mutate(value: &mut Value, sequence: &mut Sequence) {
    let goes_deeper = sequence.below(8) != 0;
    match value {
        Value::Array(items) if goes_deeper && !items.is_empty() => {
            let at = sequence.below(items.len());
            match sequence.below(8) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.truncate(at),
                3 => items.swap(0, at),
                _ => mutate(&mut items[at], sequence),
            }
        }
        Value::Object(members) if goes_deeper && !members.is_empty() => {
            let name = members.keys().nth(sequence.below(members.len())).expect("a member").clone();
            match sequence.below(8) {
                0 => drop(members.remove(&name)),
                _ => mutate(&mut members[&name], sequence),
            }
        }
        other => *other = serde_json::from_str(JUNK[sequence.below(JUNK.len())]).expect("JSON"),
    }
}
