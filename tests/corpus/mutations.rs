//! Mutations of real answers: members removed, types changed, lists cut, texts truncated. None may panic, be
//! refused, or come out as no JSON.

use std::time::Instant;

use maxim::maxim::result::{Mode, normalise_text};
use maxim::text::buffer::Buffer;
use maxim::text::object::Json;
use serde_json::Value;

/// A sequence of numbers that looks random and is the same in every run (xorshift64).
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below a usize")
    }
}

const JUNK: [&str; 16] = [
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
    r#""x👋""#,
    "[]",
    "{}",
    "[[null]]",
    r#"{"type":"text","text":{}}"#,
];

fn mutate(value: &mut Value, sequence: &mut Sequence) {
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

pub fn run(bodies: &[Value], count: u64) {
    /// Larger ones add time and no structure.
    const LARGEST: usize = 64 * 1024;
    let mut sequence = Sequence(0x9e37_79b9_7f4a_7c15);
    let texts: Vec<(&Value, usize)> = bodies.iter().map(|body| (body, body.to_string().len())).collect();
    let small: Vec<&Value> =
        texts.iter().filter(|(_, size)| *size <= LARGEST).map(|(body, _)| *body).collect();
    let began = Instant::now();
    let (mut known, mut unknown) = (0_u64, 0_u64);
    let mut out = Buffer::new();
    for _ in 0..count {
        let mut body = small[sequence.below(small.len())].clone();
        for _ in 0..=sequence.below(4) {
            mutate(&mut body, &mut sequence);
        }
        let mut text = body.to_string();
        // Cut at a character, now and then; an empty text is no body.
        if sequence.below(4) == 0 && body.is_object() | body.is_array() {
            let mut end = 1 + sequence.below(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.truncate(end);
        }
        out.clear();
        let given = Json { name: "result_json", bytes: text.as_bytes() };
        match normalise_text(given, Mode::Lenient, true, &|| None, &mut out) {
            Ok(told) if told.unknown.is_none() => known += 1,
            Ok(_) => unknown += 1,
            Err(refused) => panic!("refused: {refused:?}\n{text}"),
        }
        let sent: Result<Value, _> = serde_json::from_slice(&out);
        assert!(sent.is_ok(), "no JSON came of {text}");
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{count} mutations: {known} recognised, {unknown} sent as they are, 0 refused, {seconds:.0} s");
}
