//! What is nearly JSON: Python's and JavaScript's own ways of writing a value, and what is met in JSON that is none.
//!
//! Read are single quotes, names without quotes, `None`, `True` and `undefined`, commas before an end, comments, control
//! characters in texts, numbers in other forms, and calls: `Choice(index=0, text='a')` is an object, `Decimal('1.5')` is its
//! value. `NaN` and `Infinity`, which no JSON has, become texts. Anything else is no value.

use std::cell::Cell;

use crate::maxim::tree;
use serde_json::{Map, Number, Value};

thread_local! {
    // Constant and without a destructor: usable while a thread is being torn down, and nothing to be held by it. It counts
    // within [`watched`] only, which begins anew: what a panic leaves of it is never read.
    static LOST_NAMES: Cell<bool> = const { Cell::new(false) };
}

/// What a reading comes to, and whether the names of calls are lost in it.
pub(super) fn watched<T>(reading: impl FnOnce() -> T) -> (T, bool) {
    let outer = LOST_NAMES.replace(false);
    let read = reading();
    (read, LOST_NAMES.replace(outer))
}

/// The value that a text is.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut reader = RelaxedReader { text, at: 0, values: 0, loses_names: false };
    reader.skip();
    // A word, or a list of numbers, is no answer.
    if !reader.rest().starts_with(['{', '[']) && reader.call_name().is_none() {
        return None;
    }
    let value = reader.value(0)?;
    reader.skip();
    reader.eat(';');
    reader.skip();
    let is_answer = match &value {
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_object),
        value => value.is_object(),
    };
    let is_read = reader.rest().is_empty() && is_answer;
    if is_read && reader.loses_names {
        LOST_NAMES.set(true);
    }
    is_read.then_some(value)
}

struct RelaxedReader<'t> {
    text: &'t str,
    at: usize,
    /// Met so far.
    values: usize,
    /// Whether a call with more than a plain value was met, whose name the value has no place for.
    loses_names: bool,
}

impl<'t> RelaxedReader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, character: char) -> bool {
        let eaten = self.rest().starts_with(character);
        if eaten {
            self.at += character.len_utf8();
        }
        eaten
    }

    /// White space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed =
                rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
            self.at += rest.len() - trimmed.len();
            let comment = match trimmed {
                _ if trimmed.starts_with("/*") => trimmed.find("*/").map_or(trimmed.len(), |end| end + 2),
                _ if trimmed.starts_with("//") => trimmed.find('\n').unwrap_or(trimmed.len()),
                _ => return,
            };
            self.at += comment;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip();
        self.values += 1;
        if self.values > tree::MOST_VALUES || !tree::admits(depth + 1) {
            return None;
        }
        let rest = self.rest();
        let first = rest.chars().next()?;
        match first {
            '{' => self.members('}', depth),
            '[' => self.items(']', depth),
            '(' => self.items(')', depth),
            '\'' | '"' => self.string().map(Value::String),
            'b' | 'u' | 'r' | 'f' if rest.get(1..).is_some_and(|text| text.starts_with(['\'', '"'])) => {
                self.at += 1;
                self.string().map(Value::String)
            }
            _ => match self.call_name() {
                Some(length) => {
                    self.at += length;
                    self.call(depth)
                }
                None => self.word(),
            },
        }
    }

    /// The length of a name before a parenthesis.
    fn call_name(&self) -> Option<usize> {
        let length = self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))?;
        let starts = self.rest().starts_with(|c: char| c.is_alphabetic() || c == '_');
        (starts && self.rest().get(length..)?.starts_with('(')).then_some(length)
    }

    /// What stands in the parentheses of a call: named values, or the only one.
    fn call(&mut self, depth: usize) -> Option<Value> {
        let start = self.at;
        self.at += 1;
        self.skip();
        let is_named = self.name().is_some() && {
            self.skip();
            self.rest().starts_with('=')
        };
        self.at = start;
        let value = match is_named {
            true => self.members(')', depth)?,
            false => match self.items(')', depth)? {
                Value::Array(mut items) if items.len() == 1 => items.pop()?,
                items => items,
            },
        };
        self.loses_names |= value.is_object() || value.is_array();
        Some(value)
    }

    fn members(&mut self, end: char, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut members = Map::new();
        loop {
            self.skip();
            if self.eat(end) {
                return Some(Value::Object(members));
            }
            let name = match self.rest().starts_with(['\'', '"']) {
                true => self.string()?,
                false => self.name()?.to_owned(),
            };
            self.skip();
            if !(self.eat(':') || (end == ')' && self.eat('='))) {
                return None;
            }
            members.insert(name, self.value(depth + 1)?);
            self.skip();
            if !self.eat(',') && !self.rest().starts_with(end) {
                return None;
            }
        }
    }

    fn items(&mut self, end: char, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip();
            if self.eat(end) {
                return Some(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.skip();
            if !self.eat(',') && !self.rest().starts_with(end) {
                return None;
            }
        }
    }

    fn name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "_$-.".contains(c))).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).filter(|name| !name.is_empty())
    }

    /// A number, or a word that is a value.
    fn word(&mut self) -> Option<Value> {
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || ",]}):/".contains(c)).unwrap_or(rest.len());
        let word = rest.get(..end)?;
        self.at += end;
        match word {
            "true" | "True" | "TRUE" => Some(true.into()),
            "false" | "False" | "FALSE" => Some(false.into()),
            "null" | "None" | "undefined" | "nil" | "NULL" => Some(Value::Null),
            "NaN" | "nan" | "-NaN" | "Infinity" | "-Infinity" | "+Infinity" | "inf" | "-inf" | "..." => {
                Some(word.into())
            }
            _ => number(word),
        }
    }

    fn string(&mut self) -> Option<String> {
        let rest = self.rest();
        let quote = rest.chars().next()?;
        let mut out = String::new();
        let mut at = 1;
        loop {
            let text = rest.get(at..)?;
            let plain = text.find([quote, '\\'])?;
            out.push_str(text.get(..plain)?);
            at += plain + 1;
            if text.get(plain..)?.starts_with(quote) {
                self.at += at;
                return Some(out);
            }
            let (taken, character) = escape(rest.get(at..)?);
            at += taken;
            match character {
                Some(character) => out.push(character),
                None => out.push('\\'),
            }
        }
    }
}

/// What an escape stands for, and how long it is behind its backslash. One that is unknown is a backslash.
fn escape(text: &str) -> (usize, Option<char>) {
    let code = |from: usize, digits: usize| {
        text.get(from..from + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    let unicode = |digits: usize| match code(1, digits) {
        Some(high @ 0xd800..=0xdbff) if text.get(5..7) == Some("\\u") => match code(7, 4) {
            Some(low @ 0xdc00..=0xdfff) => {
                (11, char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)))
            }
            _ => (1 + digits, Some(char::REPLACEMENT_CHARACTER)),
        },
        Some(code) => (1 + digits, Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))),
        None => (0, None),
    };
    let one = |character: char| (1, Some(character));
    match text.chars().next() {
        Some('n') => one('\n'),
        Some('r') => one('\r'),
        Some('t') => one('\t'),
        Some('b') => one('\u{8}'),
        Some('f') => one('\u{c}'),
        Some('v') => one('\u{b}'),
        Some('a') => one('\u{7}'),
        Some('0') => one('\0'),
        Some(same @ ('\\' | '/' | '\'' | '"')) => one(same),
        Some('x') => unicode(2),
        Some('u') => unicode(4),
        Some('U') => unicode(8),
        _ => (0, None),
    }
}

fn number(word: &str) -> Option<Value> {
    let unsigned = word.strip_prefix('+').unwrap_or(word);
    if let Ok(number) = serde_json::from_str::<Number>(unsigned) {
        return Some(Value::Number(number));
    }
    if let Some(digits) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok().map(Value::from);
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-') {
        return None;
    }
    let float: f64 = unsigned.replace('_', "").trim_end_matches('n').parse().ok()?;
    let is_whole = float.fract() == 0.0 && float.abs() < 9e15;
    if is_whole { Some(Value::from(float as i64)) } else { Number::from_f64(float).map(Value::Number) }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn what_is_nearly_json_is_read_as_what_it_means() {
        for (text, wanted) in [
            (
                r#"{'a': None, 'b': [True, False,], "c": 'it\'s "x"\n',}"#,
                json!({"a": null, "b": [true, false], "c": "it's \"x\"\n"}),
            ),
            ("{a: 1, // one\n b-c: /* two */ 2}", json!({"a": 1, "b-c": 2})),
            (
                "{v: [NaN, -Infinity, +1, 01, .5, 0x10, 10n, undefined]}",
                json!({"v": ["NaN", "-Infinity", 1, 1, 0.5, 16, 10, null]}),
            ),
            ("{\"a\": \"line\nbreak\"}", json!({"a": "line\nbreak"})),
            (r#"{'v': '\x41\u00e4\ud83d\ude00\U0001F600\ud83d\q'}"#, json!({"v": "Aä😀😀\u{fffd}\\q"})),
            (
                "Choice(index=0, delta=Delta(content='a', role=None), t=(1, 2))",
                json!({"index": 0, "delta": {"content": "a", "role": null}, "t": [1, 2]}),
            ),
            ("callback({\"a\": Decimal('1.5')});", json!({"a": "1.5"})),
            (
                "{'b': b'x', 'n': 123456789012345678901234567890}",
                serde_json::from_str("{\"b\":\"x\",\"n\":123456789012345678901234567890}").unwrap(),
            ),
        ] {
            assert_eq!(read(text), Some(wanted), "{text}");
        }
        for text in [
            "",
            "yes",
            "{\"a\" 1}",
            "[see above]",
            "{",
            "[1 2]",
            "{'a': 'b}",
            "f(",
            "f(a=)",
            "{\"a\": tru}",
            "[1] 2",
            "[NaN]",
            "Point(1, 2)",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
