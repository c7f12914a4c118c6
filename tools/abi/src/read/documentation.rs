//! What documentation says in a form of its own: tags, ranges, units.

use std::collections::BTreeMap;

use syn::{Attribute, Expr, Lit, Meta};

/// What the documentation of a function says in a form of its own.
#[derive(Default)]
pub struct Tags {
    pub parameters: BTreeMap<String, String>,
    pub returns: Option<String>,
    pub gives: Vec<String>,
    pub logs: bool,
    pub is_initialiser: bool,
    pub for_c: bool,
}

impl Tags {
    pub fn read(&mut self, tag: &str) -> Result<(), String> {
        let (kind, rest) = tag.split_once(' ').unwrap_or((tag, ""));
        match kind {
            "param" => {
                let (name, doc) = rest.split_once(' ').ok_or_else(|| format!("@{tag}: says nothing"))?;
                self.parameters.insert(name.to_owned(), doc.to_owned());
            }
            "return" => self.returns = Some(rest.to_owned()),
            "gives" => self.gives.extend(rest.split_whitespace().map(str::to_owned)),
            "logs" => self.logs = true,
            "initialiser" => self.is_initialiser = true,
            "c" => self.for_c = true,
            other => return Err(format!("@{other} means nothing")),
        }
        Ok(())
    }
}

pub fn documented(name: &str, attributes: &[Attribute]) -> Result<String, String> {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => {
                        Some(text.value().strip_prefix(' ').map_or_else(|| text.value(), str::to_owned))
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
        .collect();
    if lines.is_empty() { Err(format!("{name} is not documented")) } else { Ok(lines.join("\n")) }
}

pub fn says(doc: &str, words: &str) -> bool {
    doc.split_whitespace().collect::<Vec<_>>().join(" ").contains(words)
}

pub fn unit(name: &str) -> Option<String> {
    let known = [
        ("_ms", "milliseconds"),
        ("_us", "microseconds"),
        ("_s", "seconds"),
        ("_bytes", "bytes"),
        ("_usd", "US dollars"),
        ("data_len", "bytes"),
    ];
    known.iter().find(|(suffix, _)| name.ends_with(suffix)).map(|(_, unit)| (*unit).to_owned())
}

/// `1 to 100`, `up to 50 characters`, `at least 1`, where a field's documentation says so.
pub fn range(doc: &str) -> Option<String> {
    let text = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = text.split(' ').collect();
    let is_number =
        |word: &str| word.trim_end_matches([',', ';', ':', '.']).replace(',', "").parse::<u64>().is_ok();
    for (at, word) in words.iter().enumerate() {
        let next = |ahead: usize| words.get(at + ahead).copied().unwrap_or("");
        if !is_number(word) {
            continue;
        }
        let before = at.checked_sub(1).map_or("", |at| words[at]);
        let first = at.checked_sub(2).map_or("", |at| words[at]);
        let unit = |of: &str| {
            if ["characters", "characters.", "characters;", "bytes."].iter().any(|unit| of.starts_with(unit))
            {
                format!(" {}", of.trim_end_matches(['.', ';', ',']))
            } else {
                String::new()
            }
        };
        let bare = |word: &str| word.trim_end_matches([',', ';', ':', '.']).to_owned();
        if next(1) == "to" && is_number(next(2)) {
            return Some(format!("{} to {}{}", bare(word), bare(next(2)), unit(next(3))));
        }
        if before == "to" && first.eq_ignore_ascii_case("up") || before == "least" {
            return Some(format!(
                "{} {}{}",
                if before == "to" { "at most" } else { "at least" },
                bare(word),
                unit(next(1))
            ));
        }
    }
    None
}
