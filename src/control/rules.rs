//! Masks as a caller writes them: a JSON array of rules, each with one of `preset`, `key` and `regex`.
//!
//! Expressions are matched in time that is linear in the text (no look-around, no back-references), with classes
//! of ASCII; their size is bounded when they are compiled.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::presets::Preset;
use crate::process::ForkCell;
use crate::status::{Error, Result, Status};

/// More are refused.
const MOST_RULES: usize = 200;
/// The longest name, expression and replacement, in bytes.
const MOST_BYTES: usize = 4_096;
/// What a compiled expression may take.
const COMPILED_BYTES: usize = 1 << 20;

/// What is masked; cheap to clone.
#[derive(Clone, Default)]
pub struct Rules {
    rules: Arc<Vec<Rule>>,
}

struct Rule {
    what: Matcher,
    replacement: String,
}

enum Matcher {
    Preset(Preset),
    /// As [`plain_key`] has it.
    Key(String),
    /// The expression's cache has a lock, which a forked child must not inherit.
    Expression(Box<ForkCell<Regex>>),
}

impl Rules {
    /// Reads rules; `name` is what the caller calls them.
    pub fn parse(name: &str, text: &str) -> Result<Rules> {
        let refuse = |reason: String| Error::new(Status::InvalidArgument, format!("{name}: {reason}"));
        let given: Value =
            serde_json::from_str(text).map_err(|error| refuse(format!("not JSON: {error}")))?;
        let Value::Array(given) = given else {
            return Err(refuse("an array of rules is needed, as in [{\"preset\":\"email\"}]".to_owned()));
        };
        if given.len() > MOST_RULES {
            return Err(refuse(format!("at most {MOST_RULES} rules are taken, not {}", given.len())));
        }
        let mut rules = Vec::new();
        for (place, rule) in given.iter().enumerate() {
            let label = rule.get("name").and_then(Value::as_str).map(|name| format!(" ({name:?})"));
            let label = label.unwrap_or_default();
            rules.push(
                Rule::parse(rule).map_err(|reason| refuse(format!("rule {}{label}: {reason}", place + 1)))?,
            );
        }
        Ok(Rules { rules: Arc::new(rules) })
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What takes the place of the value of a member of this name, if something does.
    pub(super) fn of_key(&self, name: &str) -> Option<&str> {
        let mut plain = None;
        self.rules.iter().find_map(|rule| match &rule.what {
            Matcher::Key(key) if *key == *plain.get_or_insert_with(|| plain_key(name)) => {
                Some(rule.replacement.as_str())
            }
            _ => None,
        })
    }

    /// The text with all that rules find in it replaced.
    pub(super) fn masked<'t>(&self, text: &'t str, where_: Where) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for rule in self.rules.iter() {
            if let Some(masked) = rule.masked(&text, where_) {
                text = Cow::Owned(masked);
            }
        }
        text
    }
}

/// What is searched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// A text.
    Text,
    /// A text that is JSON, whose own texts have been searched.
    Json,
    /// A number without quotes.
    Number,
}

impl Rule {
    fn parse(rule: &Value) -> std::result::Result<Rule, String> {
        let Value::Object(members) = rule else { return Err("is no object".to_owned()) };
        if let Some(unknown) = members
            .keys()
            .find(|name| !["preset", "key", "regex", "replace", "name"].contains(&name.as_str()))
        {
            return Err(format!("{unknown:?} is none of preset, key, regex, replace and name"));
        }
        let given = ["preset", "key", "regex"].into_iter().filter(|name| members.contains_key(*name));
        let [kind] = given.collect::<Vec<_>>()[..] else {
            return Err("has to have exactly one of preset, key and regex".to_owned());
        };
        let word = text(members, kind)?.unwrap_or_default();
        let (what, default) = match kind {
            "preset" => {
                let found = Preset::ALL.iter().find(|(name, _)| *name == word);
                let (name, preset) = found.ok_or_else(|| {
                    format!("{word:?} is none of the presets email, card, api_key, phone and ip")
                })?;
                (Matcher::Preset(*preset), format!("[{name}]"))
            }
            "key" if plain_key(word).is_empty() => return Err("key is empty".to_owned()),
            "key" => (Matcher::Key(plain_key(word)), "[masked]".to_owned()),
            _ => (Matcher::Expression(Box::new(ForkCell::new(expression(word)?))), "[masked]".to_owned()),
        };
        text(members, "name")?;
        let replacement = text(members, "replace")?.map_or(default, str::to_owned);
        Ok(Rule { what, replacement })
    }

    /// The text with all that this rule finds in it replaced; `None` if that is nothing.
    fn masked(&self, text: &str, where_: Where) -> Option<String> {
        let next: &dyn Fn(usize) -> Option<Range<usize>> = match &self.what {
            Matcher::Key(_) => return None,
            Matcher::Preset(preset)
                if where_ == Where::Text || where_ == Where::Number && preset.is_in_numbers() =>
            {
                &|from| preset.find(text, from)
            }
            Matcher::Preset(_) => return None,
            Matcher::Expression(expression) => {
                let expression = expression.get(Regex::clone);
                &move |from| expression.find_at(text, from).map(|found| found.range())
            }
        };
        let mut out = String::new();
        let mut copied = 0;
        let mut from = 0;
        while let Some(found) = next(from) {
            if found.is_empty() {
                // Nothing was found there; go on behind the next character.
                let step = text[found.end..].chars().next().map_or(1, char::len_utf8);
                from = found.end + step;
            } else {
                out.push_str(&text[copied..found.start]);
                out.push_str(&self.replacement);
                copied = found.end;
                from = found.end;
            }
            if from > text.len() {
                break;
            }
        }
        if copied == 0 {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }
}

/// A member of a rule that is a text.
fn text<'r>(members: &'r Map<String, Value>, name: &str) -> std::result::Result<Option<&'r str>, String> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= MOST_BYTES => Ok(Some(text)),
        Some(Value::String(text)) => {
            Err(format!("{name} has {} bytes, and at most {MOST_BYTES} are taken", text.len()))
        }
        Some(_) => Err(format!("{name} is no text")),
    }
}

fn expression(text: &str) -> std::result::Result<Regex, String> {
    let compiled = RegexBuilder::new(text).size_limit(COMPILED_BYTES).build();
    let regex = compiled.map_err(|error| format!("the expression {text:?} cannot be used: {error}"))?;
    if regex.is_match("") {
        return Err(format!("the expression {text:?} finds the empty text"));
    }
    Ok(regex)
}

/// A name without what people write differently: `API-Key`, `api_key` and `apiKey` are one.
fn plain_key(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}
