//! Small pieces of pages: texts from outside, times, figures, links.
//!
//! The template crate escapes what HTML would take for markup. What steers a reader all the same, control and
//! bidirectional characters, is shown here as what it is, and texts are cut where nobody reads on.

use maud::{Markup, html};

use crate::collect::routes::segment;
use crate::model::figures::{self, count, dollars};
use crate::model::plain::is_unsafe;
use crate::store::query::Now;
use crate::store::rows::{NodeRow, Sums};

/// Characters of a text that a page shows; the whole text is in the raw lines.
const SHOWN_CHARACTERS: usize = 20_000;
/// Characters of a text that a list shows.
const LISTED_CHARACTERS: usize = 160;

/// A text with its line ends.
pub fn shown(text: &str) -> Markup {
    let end = text.char_indices().nth(SHOWN_CHARACTERS).map_or(text.len(), |(at, _)| at);
    let left_out = text[end..].chars().count();
    html! {
        (marked(&text[..end]))
        @if left_out > 0 { span.more { "… " (count(left_out as u64)) " characters more; the raw lines have them" } }
    }
}

/// A text on one line, cut.
pub fn listed(text: &str) -> Markup {
    marked(&on_one_line(text))
}

/// The same without markup, for attributes and titles: `[U+202E]` for a character that steers a reader.
pub fn plainly_listed(text: &str) -> String {
    let mut plain = String::new();
    for character in on_one_line(text).chars() {
        if is_unsafe(character) {
            plain.push_str(&format!("[U+{:04X}]", u32::from(character)));
        } else {
            plain.push(character);
        }
    }
    plain
}

fn on_one_line(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LISTED_CHARACTERS) {
        line.truncate(end);
        line.push('…');
    }
    line
}

fn marked(text: &str) -> Markup {
    let is_marked = |c: char| is_unsafe(c) && !matches!(c, '\n' | '\t' | '\r');
    if !text.contains(is_marked) {
        return html! { (text) };
    }
    html! {
        @for piece in text.split_inclusive(is_marked) {
            @let last = piece.chars().next_back().filter(|&c| is_marked(c));
            (piece.strip_suffix(is_marked).unwrap_or(piece))
            @if let Some(character) = last { span.ctl { "U+" (format!("{:04X}", u32::from(character))) } }
        }
    }
}

/// A time of day where it is today, with the date where it is not.
pub fn time(us: i64, now: Now) -> Markup {
    let local = |us: i64| chrono::DateTime::from_timestamp_micros(us + now.utc_offset_us);
    let (Some(at), Some(today)) = (local(us), local(now.us)) else { return html! { "–" } };
    let format = if at.date_naive() == today.date_naive() { "%H:%M:%S%.3f" } else { "%Y-%m-%d %H:%M:%S" };
    html! { time datetime=(figures::rfc3339(us)) { (at.format(format).to_string()) } }
}

pub fn duration(node: &NodeRow) -> Markup {
    match node.duration() {
        Some(us) => html! { (figures::duration(us)) },
        None if node.is_open() => html! { span.open { "open" } },
        None => html! { span.none { "–" } },
    }
}

/// `31 → 17`, and what of it came from a cache.
pub fn tokens(sums: &Sums) -> Markup {
    if sums.input + sums.output == 0 {
        return html! { span.none { "–" } };
    }
    html! {
        (count(sums.input)) span.arrow { " → " } (count(sums.output))
        @if sums.cached > 0 { span.cached { " " (count(sums.cached)) " cached" } }
    }
}

/// A cost, marked when it is an estimate.
pub fn cost(sums: &Sums) -> Markup {
    match sums.cost {
        None => html! { span.none { "–" } },
        Some(amount) if sums.is_given => html! { (dollars(amount)) },
        Some(amount) => {
            html! { span.estimate title="an estimate by the table of list prices" { "≈ " (dollars(amount)) } }
        }
    }
}

/// A link's path out of parts that may hold anything.
pub fn path(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{}", segment(part))).collect()
}

/// The page of a node: its trace's or session's, with itself chosen.
pub fn node_path(root: &NodeRow, node: &NodeRow) -> String {
    let root_path = if root.kind == "session" {
        return path(&["session", &root.repo, &root.id]);
    } else if root.kind == "trace" {
        path(&["trace", &root.repo, &root.id])
    } else {
        format!("{}?kind={}", path(&["trace", &root.repo, &root.id]), segment(&root.kind))
    };
    if root.node == node.node {
        return root_path;
    }
    let mark = if root_path.contains('?') { '&' } else { '?' };
    format!("{root_path}{mark}at={}:{}", segment(&node.kind), segment(&node.id))
}

/// A kind as a class that the style sheet knows, whatever it is.
pub fn kind_class(kind: &str) -> &'static str {
    match kind {
        "session" => "k-session",
        "trace" => "k-trace",
        "span" => "k-span",
        "generation" => "k-generation",
        "retrieval" => "k-retrieval",
        "tool_call" => "k-tool",
        "error" => "k-error",
        _ => "k-other",
    }
}

pub fn kind(kind: &str) -> Markup {
    html! { span.kind.(kind_class(kind)) { (listed(&kind.replace('_', " "))) } }
}

/// Words for a number of things.
pub fn plural(number: u64, what: &str) -> Markup {
    let (stem, ending) = match what.strip_suffix('y') {
        _ if number == 1 => (what, ""),
        Some(stem) => (stem, "ies"),
        None => (what, "s"),
    };
    html! { (count(number)) " " (stem) (ending) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_reader_is_shown_as_what_it_is_and_markup_is_text() {
        assert_eq!(
            shown("<b>\u{1b}[31m\u{202e}x\n</b>").into_string(),
            "&lt;b&gt;<span class=\"ctl\">U+001B</span>[31m<span class=\"ctl\">U+202E</span>x\n&lt;/b&gt;"
        );
        let long = shown(&"x".repeat(1_000_000)).into_string();
        assert!(long.len() < 21_000 && long.contains("characters more"), "{}", long.len());
    }

    #[test]
    fn what_steers_a_reader_has_a_plain_form_for_attributes() {
        assert_eq!(plainly_listed("a \u{202e}b\n\u{7} \"c"), "a [U+202E]b [U+0007] \"c");
    }

    #[test]
    fn a_path_leads_nowhere_else() {
        assert_eq!(path(&["trace", "a/b?c#d", ".."]), "/trace/a%2Fb%3Fc%23d/%2E%2E");
    }
}
