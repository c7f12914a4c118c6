//! Loss, repetition and order, checked on the server's side.
//!
//! A test's writers put a marker `seq-<writer>-<number>` into each line or entry: the writer's name is letters,
//! digits and underscores, its numbers count up from `--seq-start`. The first well-formed marker of a line counts.
//! Numbers seen are kept as bits in pages, so that millions cost little and one wild number costs one page.

use std::collections::{BTreeMap, HashMap};

use memchr::memmem::Finder;
use serde_json::{Value, json};

const PREFIX: &[u8] = b"seq-";
/// Numbers in one page: 8 KiB of bits.
const PAGE_NUMBERS: u64 = 65_536;
const PAGE_WORDS: usize = (PAGE_NUMBERS / 64) as usize;
/// Missing numbers named in the report, to start an investigation with.
const NAMED_MISSING: usize = 10;

pub struct Sequences {
    start: u64,
    finder: Finder<'static>,
    index: HashMap<Box<[u8]>, usize>,
    writers: Vec<Writer>,
    /// Lines usually come in runs of one writer, which saves the look-up by name.
    last: Option<usize>,
    unmarked: u64,
}

struct Writer {
    name: Box<[u8]>,
    count: u64,
    unique: u64,
    /// Unique numbers below the start of the count: they are no part of `missing`.
    early: u64,
    max: Option<u64>,
    duplicates: u64,
    out_of_order: u64,
    pages: BTreeMap<u64, Box<[u64; PAGE_WORDS]>>,
}

impl Sequences {
    pub fn new(start: u64) -> Self {
        Sequences {
            start,
            finder: Finder::new(PREFIX),
            index: HashMap::new(),
            writers: Vec::new(),
            last: None,
            unmarked: 0,
        }
    }

    /// Forgets everything seen.
    pub fn clear(&mut self) {
        *self = Sequences::new(self.start);
    }

    /// Notes the marker of one accepted line or entry.
    pub fn note(&mut self, line: &[u8]) {
        let Some((name, number)) = marker(&self.finder, line) else {
            self.unmarked += 1;
            return;
        };
        let at = match self.last {
            Some(at) if *self.writers[at].name == *name => at,
            _ => match self.index.get(name) {
                Some(&at) => at,
                None => {
                    self.index.insert(name.into(), self.writers.len());
                    self.writers.push(Writer::new(name));
                    self.writers.len() - 1
                }
            },
        };
        self.last = Some(at);
        self.writers[at].note(number, self.start);
    }

    pub fn to_json(&self) -> Value {
        let mut writers = serde_json::Map::new();
        let mut sorted: Vec<_> = self.writers.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let (mut count, mut unique, mut duplicates, mut missing, mut out_of_order) = (0, 0, 0, 0, 0);
        for writer in sorted {
            let writer_missing = writer.missing(self.start);
            count += writer.count;
            unique += writer.unique;
            duplicates += writer.duplicates;
            missing += writer_missing;
            out_of_order += writer.out_of_order;
            writers.insert(
                String::from_utf8_lossy(&writer.name).into_owned(),
                json!({
                    "count": writer.count,
                    "unique": writer.unique,
                    "max": writer.max,
                    "duplicates": writer.duplicates,
                    "missing": writer_missing,
                    "first_missing": writer.first_missing(self.start),
                    "out_of_order": writer.out_of_order,
                }),
            );
        }
        json!({
            "writers": writers,
            "totals": {
                "writers": self.writers.len(),
                "count": count,
                "unique": unique,
                "duplicates": duplicates,
                "missing": missing,
                "out_of_order": out_of_order,
                "unmarked": self.unmarked,
            },
        })
    }
}

impl Writer {
    fn new(name: &[u8]) -> Self {
        Writer {
            name: name.into(),
            count: 0,
            unique: 0,
            early: 0,
            max: None,
            duplicates: 0,
            out_of_order: 0,
            pages: BTreeMap::new(),
        }
    }

    fn note(&mut self, number: u64, start: u64) {
        self.count += 1;
        let page = self.pages.entry(number / PAGE_NUMBERS).or_insert_with(|| Box::new([0; PAGE_WORDS]));
        let within = number % PAGE_NUMBERS;
        let word = &mut page[(within / 64) as usize];
        let bit = 1 << (within % 64);
        if *word & bit != 0 {
            self.duplicates += 1;
            return;
        }
        *word |= bit;
        self.unique += 1;
        self.early += u64::from(number < start);
        if self.max.is_some_and(|max| number < max) {
            self.out_of_order += 1;
        } else {
            self.max = Some(number);
        }
    }

    fn has(&self, number: u64) -> bool {
        let within = number % PAGE_NUMBERS;
        self.pages
            .get(&(number / PAGE_NUMBERS))
            .is_some_and(|page| page[(within / 64) as usize] & (1 << (within % 64)) != 0)
    }

    /// Numbers from `start` to the largest one seen that were never seen.
    fn missing(&self, start: u64) -> u64 {
        match self.max {
            Some(max) if max >= start => (max - start).saturating_add(1) - (self.unique - self.early),
            _ => 0,
        }
    }

    fn first_missing(&self, start: u64) -> Vec<u64> {
        match self.max {
            Some(max) if self.missing(start) > 0 => {
                (start..max).filter(|&number| !self.has(number)).take(NAMED_MISSING).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The first well-formed marker of a line: the writer's name and the number.
fn marker<'a>(finder: &Finder<'_>, line: &'a [u8]) -> Option<(&'a [u8], u64)> {
    let mut rest = line;
    while let Some(at) = finder.find(rest) {
        rest = &rest[at + PREFIX.len()..];
        let name = rest.iter().take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'_').count();
        if name == 0 || rest.get(name) != Some(&b'-') {
            continue;
        }
        let mut number = None;
        for &digit in rest[name + 1..].iter().take_while(|byte| byte.is_ascii_digit()) {
            number = Some(number.unwrap_or(0u64).saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        }
        if let Some(number) = number {
            return Some((&rest[..name], number));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(start: u64, lines: &[&str]) -> Value {
        let mut sequences = Sequences::new(start);
        for line in lines {
            sequences.note(line.as_bytes());
        }
        sequences.to_json()
    }

    #[test]
    fn a_gap_a_repetition_and_a_late_number_are_told_apart() {
        let report =
            report(0, &["seq-a-0", "seq-a-1", "seq-a-1", "seq-a-4", "seq-a-3", "seq-b-1", "no marker"]);
        let a = &report["writers"]["a"];
        assert_eq!(a["count"], 5);
        assert_eq!(a["unique"], 4);
        assert_eq!(a["max"], 4);
        assert_eq!(a["duplicates"], 1);
        assert_eq!(a["missing"], 1);
        assert_eq!(a["first_missing"], json!([2]));
        assert_eq!(a["out_of_order"], 1);
        assert_eq!(report["writers"]["b"]["first_missing"], json!([0]));
        assert_eq!(report["totals"]["missing"], 2);
        assert_eq!(report["totals"]["unmarked"], 1);
    }

    #[test]
    fn the_start_decides_what_is_missing() {
        assert_eq!(report(1, &["seq-a-1", "seq-a-2"])["totals"]["missing"], 0);
        assert_eq!(report(1, &["seq-a-0", "seq-a-2"])["totals"]["missing"], 1);
        assert_eq!(report(5, &["seq-a-0"])["totals"]["missing"], 0);
    }

    #[test]
    fn a_marker_is_found_anywhere_and_half_a_marker_is_passed_over() {
        let finder = Finder::new(PREFIX);
        let found = |line: &'static str| marker(&finder, line.as_bytes());
        assert_eq!(found(r#"trace{data={"x":"seq-w_1-42"}}"#), Some((&b"w_1"[..], 42)));
        assert_eq!(found("seq- seq-w- seq-w-7 seq-v-8"), Some((&b"w"[..], 7)));
        assert_eq!(found("seq-w-x"), None);
    }

    #[test]
    fn a_wild_number_costs_one_page() {
        let report = report(0, &["seq-a-0", "seq-a-99999999999999999999999"]);
        assert_eq!(report["writers"]["a"]["unique"], 2);
        assert_eq!(report["writers"]["a"]["max"], u64::MAX);
    }
}
