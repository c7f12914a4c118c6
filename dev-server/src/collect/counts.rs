//! What arrived: exact counts.
//!
//! The store is changed under one lock before the answer leaves, so a client that was answered finds its data in
//! `GET /stats`. Every request ends in exactly one outcome: `requests` = `answered` + `rejected` + `dropped` +
//! `aborted`. Only data that was accepted is in `lines`, `entries`, the raw, upload and byte counts, the sequence
//! check and the lines file.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::collect::limits::MAX_ACTIONS;
use crate::collect::record::Log;
use crate::collect::sequence::Sequences;
use crate::model::figures::{bytes, duration};
use crate::model::line;
use crate::model::otlp::Signal;
use crate::store::kept::Tally;

/// Where actions are counted for which there is no room of their own.
const OTHER_ACTIONS: &str = "(other)";

#[derive(Debug, Default, Serialize)]
pub struct Stats {
    pub requests: u64,
    pub answered: u64,
    pub rejected: u64,
    pub dropped: u64,
    pub aborted: u64,
    pub lines: u64,
    pub malformed_lines: u64,
    pub entries: u64,
    /// Of OpenTelemetry; its log records are among `entries`.
    pub spans: u64,
    pub raw_requests: u64,
    pub raw_lines: u64,
    pub raw_bytes: u64,
    pub flows: u64,
    /// Body bytes of accepted lines, entries and raw documents.
    pub bytes: u64,
    pub upload_url_requests: u64,
    pub uploads: u64,
    pub upload_bytes: u64,
    pub connections: u64,
    pub proxied: u64,
    pub credential_leaks: u64,
    /// When the head of the first accepted request with data had arrived (Unix µs).
    pub first_line_us: Option<u64>,
    /// When the last data was accepted (Unix µs).
    pub last_line_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_action: Option<BTreeMap<String, u64>>,
}

impl Stats {
    /// One line about the counts.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "{} requests ({} rejected, {} dropped), {} lines, {} entries, {} raw documents, {} uploads, {}",
            self.requests,
            self.rejected,
            self.dropped,
            self.lines,
            self.entries,
            self.raw_requests,
            self.uploads,
            bytes(self.bytes + self.upload_bytes),
        );
        let took =
            self.first_line_us.zip(self.last_line_us).map_or(0, |(first, last)| last.saturating_sub(first));
        if took > 0 {
            let items = self.lines + self.entries + self.raw_lines;
            let rate = items as f64 / (took as f64 / 1e6);
            text.push_str(&format!("; {rate:.0} a second over {}", duration(took)));
        }
        text.push('\n');
        text
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with success.
    Answered,
    /// Answered with a failure.
    Rejected,
    /// Cut on command, without an answer or with half of one.
    Dropped,
    /// The peer was gone before its request was whole.
    Aborted,
}

/// A request's body as far as it was looked at: the text is there when somebody needs it.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    pub tally: Tally,
    pub text: Option<&'a [u8]>,
}

/// Accepted data.
pub enum Data<'a> {
    Lines {
        repository: &'a str,
        content: Content<'a>,
    },
    Entries {
        entries: &'a [&'a RawValue],
        bytes: u64,
    },
    Raw {
        query: &'a [(String, String)],
        content: Content<'a>,
    },
    Flow {
        id: &'a str,
        name: &'a str,
    },
    /// Units of OpenTelemetry, each on one line.
    Spans {
        units: &'a [String],
        bytes: u64,
    },
    /// Spans or log records of OpenTelemetry that nobody looks at.
    Counted {
        signal: Signal,
        items: u64,
        bytes: u64,
    },
    UploadUrl,
    Upload {
        key: &'a str,
        mime: &'a str,
        content: Content<'a>,
    },
}

/// What is kept and shown of the data that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything is kept and drawn as a tree.
    Tree,
    /// Lines are only counted; their text is not looked at unless another flag needs it.
    Count,
    /// Lines are checked and counted by action; nothing is kept, nothing is printed.
    Quiet,
}

pub struct Store {
    mode: Mode,
    pub stats: Stats,
    pub sequences: Option<Sequences>,
    lines: Option<Log>,
    /// `entity.action` of the line at hand, to look it up without allocating.
    action: String,
}

impl Store {
    pub fn new(mode: Mode, sequences: Option<Sequences>, lines: Option<Log>) -> Self {
        let mut store = Store { mode, stats: Stats::default(), sequences, lines, action: String::new() };
        store.clear();
        store
    }

    /// Forgets everything that arrived; the lines file stays as it is.
    pub fn clear(&mut self) {
        self.stats = Stats::default();
        self.stats.by_action = (self.mode != Mode::Count).then(BTreeMap::new);
        if let Some(sequences) = &mut self.sequences {
            sequences.clear();
        }
    }

    /// Whether the text of lines and raw documents is needed, or their number is enough.
    pub fn reads_lines(&self) -> bool {
        self.mode != Mode::Count || self.sequences.is_some() || self.lines.is_some()
    }

    pub fn finish(&mut self, outcome: Outcome) {
        self.stats.requests += 1;
        match outcome {
            Outcome::Answered => self.stats.answered += 1,
            Outcome::Rejected => self.stats.rejected += 1,
            Outcome::Dropped => self.stats.dropped += 1,
            Outcome::Aborted => self.stats.aborted += 1,
        }
    }

    /// Takes data in. The times are those of the request's head and of now, in Unix µs.
    pub fn accept(&mut self, data: Data<'_>, arrived_us: u64, now_us: u64) {
        match data {
            Data::UploadUrl => self.stats.upload_url_requests += 1,
            Data::Upload { content, .. } => {
                self.stats.uploads += 1;
                self.stats.upload_bytes += content.tally.bytes;
            }
            Data::Flow { .. } => self.stats.flows += 1,
            Data::Lines { content, .. } => {
                self.stamp(content.tally.bytes, arrived_us, now_us);
                self.stats.lines += content.tally.lines();
                for text in line::split(content.text.unwrap_or_default()) {
                    self.note_text(text);
                    self.note_action(text);
                }
                self.write_lines(content.text.unwrap_or_default());
            }
            Data::Entries { entries, bytes } => {
                self.stamp(bytes, arrived_us, now_us);
                self.stats.entries += entries.len() as u64;
                self.take(entries.iter().map(|entry| on_one_line(entry)));
            }
            Data::Spans { units, bytes } => {
                self.stamp(bytes, arrived_us, now_us);
                self.stats.spans += units.len() as u64;
                self.take(units.iter().map(String::as_str));
            }
            Data::Counted { signal, items, bytes } => {
                self.stamp(bytes, arrived_us, now_us);
                match signal {
                    Signal::Spans => self.stats.spans += items,
                    Signal::Logs => self.stats.entries += items,
                }
            }
            Data::Raw { content, .. } => {
                self.stamp(content.tally.bytes, arrived_us, now_us);
                self.stats.raw_requests += 1;
                self.stats.raw_bytes += content.tally.bytes;
                self.stats.raw_lines += content.tally.lines();
                let text = content.text.unwrap_or_default();
                for text in line::split(text) {
                    self.note_text(text);
                }
                self.write_lines(text);
            }
        }
    }

    fn stamp(&mut self, bytes: u64, arrived_us: u64, now_us: u64) {
        self.stats.bytes += bytes;
        self.stats.first_line_us.get_or_insert(arrived_us);
        self.stats.last_line_us = Some(now_us);
    }

    /// Notes texts, and writes them to the file of lines.
    fn take<T: AsRef<str>>(&mut self, texts: impl Iterator<Item = T>) {
        let mut lines = Vec::new();
        for text in texts {
            let text = text.as_ref();
            self.note_text(text.as_bytes());
            if self.lines.is_some() {
                lines.extend_from_slice(text.as_bytes());
                lines.push(b'\n');
            }
        }
        self.write_lines(&lines);
    }

    fn note_text(&mut self, text: &[u8]) {
        if let Some(sequences) = &mut self.sequences {
            sequences.note(text);
        }
    }

    /// Counts a line by its action, or as malformed.
    fn note_action(&mut self, text: &[u8]) {
        let Some(by_action) = &mut self.stats.by_action else { return };
        match line::parse(text).filter(|line| line::is_object(line.data)) {
            Some(line) => {
                self.action.clear();
                self.action.extend([line.entity, ".", line.action]);
                let has_room = by_action.len() < MAX_ACTIONS;
                match by_action.get_mut(&self.action) {
                    Some(count) => *count += 1,
                    None if has_room => {
                        by_action.insert(self.action.clone(), 1);
                    }
                    None => *by_action.entry(OTHER_ACTIONS.to_owned()).or_default() += 1,
                }
            }
            None => self.stats.malformed_lines += 1,
        }
    }

    fn write_lines(&mut self, text: &[u8]) {
        let Some(file) = &mut self.lines else { return };
        match text.last() {
            None => {}
            Some(b'\n') => file.append(text),
            Some(_) => file.append(&[text, b"\n"].concat()),
        }
    }
}

/// An entry's own text; an entry that was sent with line ends in it is compacted.
pub fn on_one_line(entry: &RawValue) -> std::borrow::Cow<'_, str> {
    let text = entry.get();
    if !text.contains(['\n', '\r']) {
        return text.into();
    }
    serde_json::from_str::<serde_json::Value>(text).map_or(text.into(), |value| value.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &[u8]) -> Content<'_> {
        let mut tally = Tally::default();
        tally.add(text);
        Content { tally, text: Some(text) }
    }

    #[test]
    fn lines_are_counted_by_action_and_faulty_ones_apart() {
        let mut store = Store::new(Mode::Quiet, None, None);
        let text = b"trace{id=a,action=create,data={}}\ntrace{id=a,action=end,data={}}\nbroken\n\
                     trace{id=b,action=create,data={nonsense}}\ntrace{id=b,action=create,data={}}";
        store.accept(Data::Lines { repository: "r", content: content(text) }, 5, 9);
        store.accept(Data::Lines { repository: "r", content: content(b"x") }, 15, 19);
        let stats = serde_json::to_value(&store.stats).expect("JSON");
        assert_eq!(stats["lines"], 6);
        assert_eq!(stats["malformed_lines"], 3);
        assert_eq!(stats["by_action"], serde_json::json!({"trace.create": 2, "trace.end": 1}));
        assert_eq!((&stats["first_line_us"], &stats["last_line_us"]), (&5.into(), &19.into()));
    }

    #[test]
    fn count_mode_reads_lines_only_for_somebody() {
        assert!(!Store::new(Mode::Count, None, None).reads_lines());
        assert!(Store::new(Mode::Count, Some(Sequences::new(0)), None).reads_lines());
        assert!(Store::new(Mode::Quiet, None, None).reads_lines());
    }

    #[test]
    fn clearing_forgets_counts_and_sequences() {
        let mut store = Store::new(Mode::Tree, Some(Sequences::new(0)), None);
        store.accept(Data::Lines { repository: "r", content: content(b"seq-a-0") }, 1, 2);
        store.finish(Outcome::Answered);
        store.clear();
        assert_eq!((store.stats.lines, store.stats.requests, store.stats.first_line_us), (0, 0, None));
        assert_eq!(store.sequences.as_ref().map(|s| s.to_json()["totals"]["count"].clone()), Some(0.into()));
    }
}
