//! The last requests of the API, for the page on delivery: what a program tried, and what it was answered.

use std::collections::VecDeque;

use crate::collect::counts::Outcome;
use crate::model::plain;

const KEPT_ATTEMPTS: usize = 300;
/// Characters of a target or a program's name that are kept.
const KEPT_CHARACTERS: usize = 200;

pub struct Attempt {
    pub at_us: u64,
    pub method: String,
    pub path: String,
    /// 0 when the connection was cut.
    pub status: u16,
    pub outcome: Outcome,
    pub bytes: u64,
    pub lines: u64,
    pub took_us: u64,
    pub agent: String,
}

#[derive(Default)]
pub struct Attempts {
    /// The newest is the last.
    pub all: VecDeque<Attempt>,
}

impl Attempts {
    pub fn note(&mut self, attempt: Attempt) {
        if self.all.len() == KEPT_ATTEMPTS {
            self.all.pop_front();
        }
        self.all.push_back(attempt);
    }

    pub fn clear(&mut self) {
        self.all.clear();
    }
}

/// A text from a request's head as it is kept.
pub fn kept(text: &str) -> String {
    plain::visible(text).chars().take(KEPT_CHARACTERS).collect()
}
