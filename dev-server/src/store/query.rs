//! The language of searches: `level:error model:gpt-4o tag.k=v cost>0.01 dur>2s "free text" -name:retry`.
//!
//! All terms must hold. `:` means "contains" for texts and "is" for numbers, `=` and `!=` compare whole, `-` before a
//! term turns it round. The same terms become SQL in [`crate::store::filter`] and are held against single events
//! here, for `maxim-dev tail`.

use serde_json::Value;

use crate::model::figures::unix_us;

/// More than anybody types; the database has a bound too.
const MAX_TERMS: usize = 100;
const DAY_US: i64 = 86_400_000_000;

/// What the value of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Duration,
    Time,
}

pub struct KeyInfo {
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
}

const fn key(name: &'static str, kind: Kind, help: &'static str) -> KeyInfo {
    KeyInfo { name, kind, help }
}

pub const KEYS: &[KeyInfo] = &[
    key("level", Kind::Text, "debug, info, warn or error"),
    key("model", Kind::Text, "a model that was called"),
    key("provider", Kind::Text, "openai, anthropic, …"),
    key("name", Kind::Text, "the name of a trace or of anything in it"),
    key("kind", Kind::Text, "span, generation, retrieval, tool_call, error"),
    key("id", Kind::Text, "an id"),
    key("session", Kind::Text, "a session's id"),
    key("repo", Kind::Text, "a repository"),
    key("error", Kind::Text, "an error's message or type"),
    key("is", Kind::Text, "error, open or ok"),
    key("cost", Kind::Number, "dollars, as in cost>0.01"),
    key("dur", Kind::Duration, "a duration, as in dur>2s"),
    key("tokens", Kind::Number, "tokens in and out"),
    key("in", Kind::Number, "input tokens"),
    key("out", Kind::Number, "output tokens"),
    key("cached", Kind::Number, "input tokens from a cache"),
    key("since", Kind::Time, "1h, 2d, today, yesterday or a time"),
    key("until", Kind::Time, "1h, 2d, today, yesterday or a time"),
    key("message", Kind::Text, "a log entry's message"),
    key("flow", Kind::Text, "a flow's id"),
    key("source", Kind::Text, "a log entry's source"),
    key("user", Kind::Text, "a log entry's user"),
    key("env", Kind::Text, "a log entry's environment"),
    key("tag", Kind::Text, "a tag, as in tag.customer=acme"),
    key("meta", Kind::Text, "metadata, as in meta.region=eu"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Contains,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

impl Op {
    pub fn sql(self) -> &'static str {
        match self {
            Op::Contains | Op::Equal => "=",
            Op::NotEqual => "<>",
            Op::Greater => ">",
            Op::Less => "<",
            Op::GreaterOrEqual => ">=",
            Op::LessOrEqual => "<=",
        }
    }

    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Op::Contains | Op::Equal => left == right,
            Op::NotEqual => left != right,
            Op::Greater => left > right,
            Op::Less => left < right,
            Op::GreaterOrEqual => left >= right,
            Op::LessOrEqual => left <= right,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    Text(String),
    Number(f64),
    /// µs, of a time or a duration.
    Us(i64),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Words anywhere in what was logged.
    Words(String),
    Field {
        key: &'static str,
        part: Option<String>,
        op: Op,
        wanted: Wanted,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub is_negated: bool,
    pub test: Test,
}

/// Where "now" is for times that are said relative to it, and what the clock on the wall says then.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub us: i64,
    pub utc_offset_us: i64,
}

impl Now {
    fn midnight(self) -> i64 {
        let local = self.us + self.utc_offset_us;
        local - local.rem_euclid(DAY_US) - self.utc_offset_us
    }
}

pub fn parse(text: &str, now: Now) -> Result<Vec<Term>, String> {
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (piece, after) = next_piece(rest);
        rest = after.trim_start();
        let (is_negated, piece) = match piece.strip_prefix('-') {
            Some(piece) if !piece.is_empty() => (true, piece),
            _ => (false, piece),
        };
        terms.extend(term(piece, is_negated, now)?);
        if terms.len() > MAX_TERMS {
            return Err(format!("a search has at most {MAX_TERMS} terms"));
        }
    }
    Ok(terms)
}

/// The text up to the next blank outside of quotation marks, and the rest.
fn next_piece(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    for (at, character) in text.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            blank if blank.is_whitespace() && !is_quoted => return text.split_at(at),
            _ => {}
        }
    }
    (text, "")
}

fn term(piece: &str, is_negated: bool, now: Now) -> Result<Option<Term>, String> {
    let words = || {
        let words = piece.replace(['"', '\0'], "");
        (!words.trim().is_empty()).then_some(Term { is_negated, test: Test::Words(words) })
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let Some(end) = piece.find(|c| !is_name(c)).filter(|&end| end > 0) else { return Ok(words()) };
    let (op, length) = match &piece.as_bytes()[end..] {
        [b'>', b'=', ..] => (Op::GreaterOrEqual, 2),
        [b'<', b'=', ..] => (Op::LessOrEqual, 2),
        [b'!', b'=', ..] => (Op::NotEqual, 2),
        [b':', ..] => (Op::Contains, 1),
        [b'=', ..] => (Op::Equal, 1),
        [b'>', ..] => (Op::Greater, 1),
        [b'<', ..] => (Op::Less, 1),
        _ => return Ok(words()),
    };
    let (name, value) = (&piece[..end], piece[end + length..].replace('"', ""));
    let (name, part) = match name.split_once('.') {
        Some((name @ ("tag" | "meta"), part)) => (name, Some(part.to_owned())),
        _ => (name, None),
    };
    let Some(info) = KEYS.iter().find(|known| known.name == name) else {
        return Err(format!("there is no key “{name}”; text with a colon in it goes into quotation marks"));
    };
    if value.is_empty() {
        return Err(format!("{name} needs a value: {}", info.help));
    }
    let wanted = match info.kind {
        Kind::Text => Some(Wanted::Text(value.clone())),
        Kind::Number => number(&value).map(Wanted::Number),
        Kind::Duration => duration_us(&value).map(Wanted::Us),
        Kind::Time => time_us(&value, now).map(Wanted::Us),
    };
    let wanted = wanted.ok_or_else(|| format!("{name} is not “{value}”: {}", info.help))?;
    Ok(Some(Term { is_negated, test: Test::Field { key: info.name, part, op, wanted } }))
}

/// A number, also as `10k` or `2m`.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_start_matches('$');
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1e3),
        b'm' | b'M' => (&text[..text.len() - 1], 1e6),
        _ => (text, 1.0),
    };
    digits.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number * factor)
}

/// A duration in µs: a number with its unit, ms without one.
pub fn duration_us(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let factor = match &text[end..] {
        "us" | "µs" => 1.0,
        "" | "ms" => 1e3,
        "s" => 1e6,
        "m" | "min" => 60e6,
        "h" => 3600e6,
        "d" => DAY_US as f64,
        _ => return None,
    };
    Some((text[..end].parse::<f64>().ok()? * factor) as i64)
}

fn time_us(text: &str, now: Now) -> Option<i64> {
    match text {
        "now" => Some(now.us),
        "today" => Some(now.midnight()),
        "yesterday" => Some(now.midnight() - DAY_US),
        _ if text.contains('-') => {
            let day = || unix_us(&format!("{text}T00:00:00")).map(|us| us - now.utc_offset_us);
            unix_us(text).or_else(day)
        }
        _ => duration_us(text)
            .filter(|_| !text.ends_with(|c: char| c.is_ascii_digit()))
            .map(|ago| now.us.saturating_sub(ago)),
    }
}

/// Whether an event (see [`crate::store::event`]) is what all terms ask for.
pub fn matches(terms: &[Term], event: &Value) -> bool {
    terms.iter().all(|term| term.is_negated != test_holds(&term.test, event))
}

fn test_holds(test: &Test, event: &Value) -> bool {
    match test {
        Test::Words(words) => contains(&event.to_string(), words),
        Test::Field { key, part, op, wanted } => {
            let value = match (*key, part) {
                ("tag", Some(part)) => &event["tags"][part.as_str()],
                ("meta", Some(part)) => &event["metadata"][part.as_str()],
                ("tag", None) => &event["tags"],
                ("since" | "until", _) => &event["at"],
                ("is", _) => &event["level"],
                (key, _) => &event[key],
            };
            match wanted {
                Wanted::Text(text) => text_holds(value, *op, text),
                Wanted::Number(number) => value.as_f64().is_some_and(|value| op.holds(value, *number)),
                Wanted::Us(us) => {
                    let op = match *key {
                        "since" => Op::GreaterOrEqual,
                        "until" => Op::Less,
                        _ => *op,
                    };
                    value.as_i64().is_some_and(|value| op.holds(value as f64, *us as f64))
                }
            }
        }
    }
}

fn text_holds(value: &Value, op: Op, wanted: &str) -> bool {
    let text = match value {
        Value::Null => return op == Op::NotEqual,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match op {
        Op::Contains => contains(&text, wanted),
        Op::NotEqual => !text.eq_ignore_ascii_case(wanted),
        Op::Equal => text.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Now = Now { us: 1_700_000_000_000_000, utc_offset_us: 3_600_000_000 };

    fn field(text: &str) -> (&'static str, Option<String>, Op, Wanted) {
        match parse(text, NOW).expect(text).remove(0).test {
            Test::Field { key, part, op, wanted } => (key, part, op, wanted),
            Test::Words(words) => panic!("words: {words}"),
        }
    }

    #[test]
    fn keys_operators_and_values_are_told_apart() {
        assert_eq!(field("level:error"), ("level", None, Op::Contains, Wanted::Text("error".into())));
        assert_eq!(field("tag.k=v w").1, Some("k".into()));
        assert_eq!(field("tag.k=\"a b\"").3, Wanted::Text("a b".into()));
        assert_eq!(field("cost>=0.01"), ("cost", None, Op::GreaterOrEqual, Wanted::Number(0.01)));
        assert_eq!(field("tokens>10k").3, Wanted::Number(10_000.0));
        assert_eq!(field("dur>2s").3, Wanted::Us(2_000_000));
        assert_eq!(field("dur<1.5ms").3, Wanted::Us(1_500));
        assert_eq!(field("since:1h").3, Wanted::Us(NOW.us - 3_600_000_000));
        // 2023-11-14T22:13:20Z is past 23 o'clock on that wall.
        assert_eq!(field("since:today").3, Wanted::Us(1_699_916_400_000_000));
        assert_eq!(field("since:2023-11-14").3, Wanted::Us(1_699_916_400_000_000));
    }

    #[test]
    fn words_and_phrases_are_text_and_a_dash_turns_a_term_round() {
        let terms = parse("hello \"two words\" -level:debug -gone", NOW).expect("terms");
        assert_eq!(terms.len(), 4);
        assert_eq!(terms[1].test, Test::Words("two words".into()));
        assert!(terms[2].is_negated && terms[3].is_negated && !terms[0].is_negated);
        assert!(parse("  ", NOW).expect("nothing").is_empty());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("colour:red", "no key “colour”"),
            ("cost>much", "cost is not “much”"),
            ("dur>2 parsecs", ""),
            ("dur>2parsecs", "dur is not"),
            ("level:", "level needs a value"),
            ("since:soon", "since is not"),
        ] {
            match parse(text, NOW) {
                Err(error) => assert!(error.contains(expected) && !expected.is_empty(), "{error}"),
                Ok(_) => assert!(expected.is_empty(), "{text}"),
            }
        }
    }

    #[test]
    fn an_event_is_held_against_the_terms() {
        let event = json!({"at": NOW.us, "level": "error", "model": "gpt-4o-mini", "cost": 0.02, "dur": 2_500_000,
                           "tags": {"k": "v"}, "message": "Could not connect"});
        let holds = |text: &str| matches(&parse(text, NOW).expect(text), &event);
        for text in
            ["level:error model:gpt-4o", "tag.k=v", "cost>0.01 dur>2s", "CONNECT", "since:1m", "-level:info"]
        {
            assert!(holds(text), "{text}");
        }
        for text in
            ["level:info", "model=gpt-4o", "tag.k=w", "cost>1", "elsewhere", "-connect", "until:1m", "flow:x"]
        {
            assert!(!holds(text), "{text}");
        }
    }
}
