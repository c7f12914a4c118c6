//! What arrived, in memory: what the tree is drawn from.

use std::collections::HashMap;

/// Data kept for the tree; beyond it, lines are counted but not drawn. A tree of this size is not read any more.
const KEPT_BYTES: usize = 256 * 1024 * 1024;

/// A body that was only counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub bytes: u64,
    pub line_ends: u64,
    pub ends_in_line_end: bool,
}

impl Tally {
    pub fn add(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.line_ends += memchr::memchr_iter(b'\n', piece).count() as u64;
        self.ends_in_line_end = piece.last().map_or(self.ends_in_line_end, |&last| last == b'\n');
    }

    pub fn lines(&self) -> u64 {
        self.line_ends + u64::from(self.bytes > 0 && !self.ends_in_line_end)
    }
}

/// What is kept for the tree, in order of arrival.
#[derive(Default)]
pub struct Kept {
    /// Repository (index into `repositories`) and text of each line.
    pub lines: Vec<(usize, Box<[u8]>)>,
    pub repositories: Vec<String>,
    pub entries: Vec<Box<str>>,
    /// Units of OpenTelemetry.
    pub spans: Vec<Box<str>>,
    pub raws: Vec<RawDocument>,
    /// Name by flow id, of flows that the service made.
    pub flows: Vec<(String, String)>,
    pub uploads: HashMap<String, Upload>,
    pub bytes: usize,
    pub left_out: u64,
}

pub struct RawDocument {
    pub query: Vec<(String, String)>,
    pub tally: Tally,
    pub text: Box<[u8]>,
}

pub struct Upload {
    pub mime: String,
    pub bytes: u64,
    /// The line that was too long for a batch, if this is one.
    pub line: Option<Box<[u8]>>,
}

impl Kept {
    /// Whether there is room for that many bytes more.
    pub fn makes_room(&mut self, bytes: usize) -> bool {
        let fits = self.bytes + bytes <= KEPT_BYTES;
        if fits {
            self.bytes += bytes;
        } else {
            self.left_out += 1;
        }
        fits
    }

    pub fn keep_line(&mut self, repository: &str, text: &[u8]) {
        if self.makes_room(text.len()) {
            let at = self.repositories.iter().position(|known| known == repository).unwrap_or_else(|| {
                self.repositories.push(repository.to_owned());
                self.repositories.len() - 1
            });
            self.lines.push((at, text.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::line;

    #[test]
    fn a_tally_counts_the_lines_that_a_split_gives() {
        for text in ["", "\n", "a", "a\n", "a\nb", "a\n\nb\n"] {
            let mut tally = Tally::default();
            text.as_bytes().chunks(1).for_each(|piece| tally.add(piece));
            assert_eq!(tally.lines(), line::split(text.as_bytes()).count() as u64, "{text:?}");
        }
    }
}
