//! What the tree is drawn from: what the database holds, as far as there is room for it in memory.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};
use serde_json::Value;

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
    pub text: Vec<u8>,
}

pub struct Upload {
    pub mime: String,
    pub bytes: u64,
}

impl Kept {
    /// What the database holds behind that record.
    pub fn read(db: &Connection, after: i64) -> Result<Kept> {
        let mut kept = Kept::default();
        let sql = "SELECT r.repo, r.text, e.id IS NOT NULL, e.message = r.text, e.source, e.step, e.labels \
                   FROM records r LEFT JOIN entries e ON e.id = r.id WHERE r.id > ?1 ORDER BY r.id";
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query([after])?;
        while let Some(row) = rows.next()? {
            let (repository, text): (String, String) = (row.get(0)?, row.get(1)?);
            match (row.get(2)?, row.get::<_, Option<bool>>(3)?, row.get::<_, Option<String>>(4)?) {
                (true, Some(true), Some(source)) if source.starts_with("raw ") => {
                    let format = &source["raw ".len()..];
                    kept.keep_raw(format, row.get(5)?, row.get(6)?, &text);
                }
                (true, ..) if kept.makes_room(text.len()) => kept.entries.push(text.into()),
                (true, ..) => {}
                _ if is_unit(&text) => {
                    if kept.makes_room(text.len()) {
                        kept.spans.push(text.into());
                    }
                }
                _ => kept.keep_line(&repository, text.as_bytes()),
            }
        }
        let sql = "SELECT id, coalesce(name, '') FROM flows \
                   WHERE at >= coalesce((SELECT at FROM records WHERE id = ?1), 0) ORDER BY at, rowid";
        let mut statement = db.prepare(sql)?;
        let flows = statement.query_map(params![after], |row| Ok((row.get(0)?, row.get(1)?)))?;
        kept.flows = flows.collect::<Result<_>>()?;
        let mut statement = db.prepare("SELECT key, mime, bytes FROM uploads")?;
        let uploads = statement.query_map([], |row| {
            Ok((row.get(0)?, Upload { mime: row.get(1)?, bytes: row.get::<_, i64>(2)? as u64 }))
        })?;
        kept.uploads = uploads.collect::<Result<_>>()?;
        Ok(kept)
    }

    /// Keeps a line of a document in a format of its own: of the last one, or of a new one, whose options stand with
    /// its first line.
    fn keep_raw(&mut self, format: &str, number: Option<i64>, options: Option<String>, text: &str) {
        if !self.makes_room(text.len()) {
            return;
        }
        let is_of = |raw: &RawDocument| raw.query.first().is_some_and(|(_, known)| known == format);
        if number == Some(0) || !self.raws.last().is_some_and(is_of) {
            let mut query = vec![("format".to_owned(), format.to_owned())];
            let options = options.as_deref().into_iter().flat_map(|options| options.split('\n'));
            query.extend(options.map(|option| {
                let (name, value) = option.split_once('=').unwrap_or((option, ""));
                (name.to_owned(), value.to_owned())
            }));
            self.raws.push(RawDocument { query, tally: Tally::default(), text: Vec::new() });
        }
        if let Some(raw) = self.raws.last_mut() {
            for piece in [text.as_bytes(), b"\n"] {
                raw.tally.add(piece);
                raw.text.extend_from_slice(piece);
            }
        }
    }

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

/// Whether a record is a span of OpenTelemetry, with what stands around it.
fn is_unit(text: &str) -> bool {
    text.starts_with('{') && serde_json::from_str::<Value>(text).is_ok_and(|unit| unit["span"].is_object())
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
