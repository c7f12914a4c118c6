//! Figures that lines hold: times, durations, sizes, tokens and money, and how they are written.

use chrono::{DateTime, NaiveDateTime};
use serde_json::Value;

use crate::model::clock::now_us;

/// Tokens of one result or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    pub input: u64,
    pub output: u64,
    /// Among `input`.
    pub cached: u64,
    /// Among `output`.
    pub reasoning: u64,
    /// Given without being told apart.
    pub total: u64,
}

impl Tokens {
    /// Reads a result's `usage`, in both naming styles that results have.
    pub fn of(usage: &Value) -> Tokens {
        let number = |names: [&str; 2]| names.iter().find_map(|name| usage[*name].as_u64()).unwrap_or(0);
        let detail = |names: [&str; 2], member: &str| {
            names.iter().find_map(|name| usage[*name][member].as_u64()).unwrap_or(0)
        };
        let mut tokens = Tokens {
            input: number(["prompt_tokens", "input_tokens"]),
            output: number(["completion_tokens", "output_tokens"]),
            cached: detail(["prompt_tokens_details", "input_tokens_details"], "cached_tokens"),
            reasoning: detail(["completion_tokens_details", "output_tokens_details"], "reasoning_tokens"),
            total: 0,
        };
        if tokens.input == 0 && tokens.output == 0 {
            tokens.total = usage["total_tokens"].as_u64().unwrap_or(0);
        }
        tokens
    }

    pub fn is_zero(&self) -> bool {
        *self == Tokens::default()
    }

    /// `10 → 20 tokens, 4 cached`, or nothing.
    pub fn text(&self) -> String {
        let mut text = match (self.input, self.output, self.total) {
            (0, 0, 0) => return String::new(),
            (0, 0, total) => return format!("{total} tokens"),
            (input, output, _) => format!("{input} → {output} tokens"),
        };
        for (count, what) in [(self.cached, "cached"), (self.reasoning, "reasoning")] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        text
    }
}

/// A time span given in µs, with three figures or so.
pub fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        1_000_000..60_000_000 => format!("{:.2} s", us as f64 / 1e6),
        _ => format!("{} min {} s", us / 60_000_000, us / 1_000_000 % 60),
    }
}

/// The time since then, in words.
pub fn ago(unix_seconds: u64) -> String {
    let now = now_us() / 1_000_000;
    lasting(now.saturating_sub(unix_seconds))
}

/// So many seconds, in words.
pub fn lasting(seconds: u64) -> String {
    match seconds {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// An amount in dollars, with as many digits as tell something.
pub fn dollars(amount: f64) -> String {
    match amount.abs() {
        0.0 => "$0".into(),
        size if size < 0.01 => format!("${amount:.5}"),
        size if size < 1.0 => format!("${amount:.4}"),
        _ => format!("${amount:.2}"),
    }
}

/// A count with thousands set apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time as the wire has it, in Unix µs; without an offset it is taken as UTC.
pub fn unix_us(text: &str) -> Option<i64> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|time| time.timestamp_micros());
    let without = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|t| t.and_utc());
    with_offset.or_else(|_| without().map(|time| time.timestamp_micros())).ok()
}

/// A Unix time in µs in RFC 3339, UTC.
pub fn rfc3339(us: i64) -> String {
    DateTime::from_timestamp_micros(us)
        .map_or_else(String::new, |time| time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_are_readable() {
        let times = [7, 1_500, 2_345_678, 61_000_000].map(duration);
        assert_eq!(times, ["7 µs", "1.5 ms", "2.35 s", "1 min 1 s"]);
        assert_eq!([512, 2048, 5 << 20].map(bytes), ["512 B", "2.0 KiB", "5.0 MiB"]);
        assert_eq!([0.0, 0.000_41, 0.0123, 2.5].map(dollars), ["$0", "$0.00041", "$0.0123", "$2.50"]);
        assert_eq!([7, 1234, 1_234_567].map(count), ["7", "1\u{202f}234", "1\u{202f}234\u{202f}567"]);
    }

    #[test]
    fn usage_is_read_in_both_styles() {
        let chat = json!({"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}});
        assert_eq!(Tokens::of(&chat).text(), "10 → 2 tokens, 4 cached");
        let responses =
            json!({"input_tokens": 1, "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 8}});
        assert_eq!(Tokens::of(&responses).text(), "1 → 9 tokens, 8 reasoning");
        assert_eq!(Tokens::of(&json!({"total_tokens": 5})).text(), "5 tokens");
        assert!(Tokens::of(&json!(null)).is_zero());
    }
}
