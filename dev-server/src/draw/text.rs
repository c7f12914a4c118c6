//! A line of styled words: text from outside is shortened and loses its control characters, so that nothing sent to the
//! server can steer the terminal.

use serde_json::Value;

use crate::model::plain::{self, shorten};

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

    pub fn write(&self, out: &mut String, has_colours: bool) {
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
