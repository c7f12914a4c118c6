//! Drawing: what was kept as a tree of lines for a person to read.
//!
//! [`traces`] and [`entries`] turn data into [`Branch`]es; here they get their box characters and, on a terminal,
//! their colours. Text from outside is shortened and loses its control characters, so that nothing sent to the
//! server can steer the terminal.

use serde_json::Value;

use crate::collect::counts::{Kept, Stats};
use crate::draw::{entries, traces};
use crate::model::figures::{bytes, duration};
use crate::model::plain::{self, shorten};

/// Levels drawn; deeper nesting is a loop or a test of this limit.
pub const MAX_DEPTH: usize = 64;

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Kind,
    Name,
    Dim,
    Figure,
    Bad,
    Warn,
}

impl Style {
    /// Of an entry's level.
    pub fn of_level(level: &str) -> Style {
        match level {
            "error" => Style::Bad,
            "warn" => Style::Warn,
            "debug" => Style::Dim,
            _ => Style::Kind,
        }
    }

    fn escape(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Kind => "\x1b[36m",
            Style::Name => "\x1b[1m",
            Style::Dim => "\x1b[2m",
            Style::Figure => "\x1b[32m",
            Style::Bad => "\x1b[31m",
            Style::Warn => "\x1b[33m",
        }
    }
}

/// One line of styled words.
#[derive(Clone, Debug, Default)]
pub struct Text {
    words: Vec<(Style, String)>,
}

impl Text {
    pub fn new(style: Style, word: impl Into<String>) -> Self {
        Text::default().with(style, word)
    }

    /// Adds a word; an empty one leaves no trace.
    pub fn with(mut self, style: Style, word: impl Into<String>) -> Self {
        self.push(style, word);
        self
    }

    /// Whatever the word is and wherever it comes from, it cannot steer a terminal.
    pub fn push(&mut self, style: Style, word: impl Into<String>) {
        let word = word.into();
        if !word.is_empty() {
            self.words.push((style, plain::visible(&word).into_owned()));
        }
    }

    /// The words as a line of their own.
    pub fn line(&self, has_colours: bool) -> String {
        let mut line = String::new();
        self.write(&mut line, has_colours);
        line.push('\n');
        line
    }

    fn write(&self, out: &mut String, has_colours: bool) {
        for (at, (style, word)) in self.words.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { "  " });
            match style.escape() {
                escape if has_colours && !escape.is_empty() => {
                    out.push_str(escape);
                    out.push_str(word);
                    out.push_str("\x1b[0m");
                }
                _ => out.push_str(word),
            }
        }
    }
}

/// A line with further lines about the same thing and with branches below it.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    pub head: Text,
    pub notes: Vec<Text>,
    pub children: Vec<Branch>,
}

impl Branch {
    pub fn new(head: Text) -> Self {
        Branch { head, ..Branch::default() }
    }

    /// Adds a labelled note; an empty one leaves no trace.
    pub fn note(&mut self, label: &str, value: &str) {
        self.styled_note(label, Style::Plain, value);
    }

    pub fn styled_note(&mut self, label: &str, style: Style, value: &str) {
        if !value.is_empty() {
            self.notes.push(Text::new(Style::Dim, label).with(style, value));
        }
    }

    fn write(&self, out: &mut String, first: &str, rest: &str, has_colours: bool) {
        out.push_str(first);
        self.head.write(out, has_colours);
        out.push('\n');
        let bar = if self.children.is_empty() { "   " } else { "│  " };
        for note in &self.notes {
            out.push_str(rest);
            out.push_str(bar);
            note.write(out, has_colours);
            out.push('\n');
        }
        for (at, child) in self.children.iter().enumerate() {
            let (corner, below) =
                if at + 1 == self.children.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            child.write(out, &format!("{rest}{corner}"), &format!("{rest}{below}"), has_colours);
        }
    }
}

/// Draws everything kept.
pub fn draw(kept: &Kept, has_colours: bool) -> String {
    let mut roots = traces::branches(kept);
    roots.extend(entries::branch(kept));
    let mut out = String::new();
    for root in &roots {
        root.write(&mut out, "", "", has_colours);
    }
    if roots.is_empty() {
        out.push_str("nothing arrived\n");
    }
    if kept.left_out > 0 {
        out.push_str(&format!("({} lines more than are kept)\n", kept.left_out));
    }
    out
}

/// One line about the counts.
pub fn summary(stats: &Stats) -> String {
    let mut text = format!(
        "{} requests ({} rejected, {} dropped), {} lines, {} entries, {} raw documents, {} uploads, {}",
        stats.requests,
        stats.rejected,
        stats.dropped,
        stats.lines,
        stats.entries,
        stats.raw_requests,
        stats.uploads,
        bytes(stats.bytes + stats.upload_bytes),
    );
    if let (Some(first), Some(last)) = (stats.first_line_us, stats.last_line_us)
        && last > first
    {
        let seconds = (last - first) as f64 / 1e6;
        let items = stats.lines + stats.entries + stats.raw_lines;
        text.push_str(&format!("; {:.0} a second over {}", items as f64 / seconds, duration(last - first)));
    }
    text.push('\n');
    text
}

/// A value on one line: texts in quotation marks, everything else as JSON, both shortened.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => quoted(text),
        other => shorten(&other.to_string()),
    }
}

pub fn quoted(text: &str) -> String {
    format!("“{}”", shorten(text))
}

/// The members of an object as `name=value`, or the value itself when it is none.
pub fn pairs(object: &Value) -> String {
    let Some(members) = object.as_object() else { return value(object) };
    let pairs = members.iter().map(|(name, member)| match member {
        Value::String(text) => format!("{}={}", shorten(name), shorten(text)),
        other => format!("{}={}", shorten(name), shorten(&other.to_string())),
    });
    pairs.collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_joined_by_lines() {
        let leaf = |name| Branch::new(Text::new(Style::Name, name));
        let mut inner = leaf("inner");
        inner.note("tags", "a=b");
        inner.note("input", "");
        inner.children.push(leaf("leaf"));
        let root = Branch { children: vec![inner, leaf("last")], ..leaf("root") };
        let mut out = String::new();
        root.write(&mut out, "", "", false);
        assert_eq!(out, "root\n├─ inner\n│  │  tags  a=b\n│  └─ leaf\n└─ last\n");
        let mut coloured = String::new();
        root.write(&mut coloured, "", "", true);
        assert!(coloured.starts_with("\x1b[1mroot\x1b[0m\n"));
    }
}
