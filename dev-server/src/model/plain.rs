//! Text from outside made safe to show: no character that steers a terminal or turns the direction of a line.
//!
//! Every way out that a person may read on a terminal goes through here: the tree, the live lines, and the JSON
//! of the server's own answers, which `curl` prints as it comes.

use std::borrow::Cow;

/// Characters of a value that are shown.
pub const SHOWN_CHARACTERS: usize = 100;

/// Whether a character steers a terminal (C0, DEL, C1), turns the direction of the text behind it, or hides in it.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text with a replacement character for each unsafe one.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return text.into();
    }
    text.chars()
        .map(|c| if is_unsafe(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect::<String>()
        .into()
}

/// Shortens a text, and makes one line without control characters of it.
pub fn shorten(text: &str) -> String {
    let mut short = String::new();
    let mut shown = 0;
    let mut was_blank = true;
    for character in text.chars() {
        let is_blank = character.is_whitespace();
        if is_blank && was_blank {
            continue;
        }
        was_blank = is_blank;
        if shown == SHOWN_CHARACTERS {
            short.push('…');
            break;
        }
        short.push(if is_blank {
            ' '
        } else if is_unsafe(character) {
            char::REPLACEMENT_CHARACTER
        } else {
            character
        });
        shown += 1;
    }
    short.truncate(short.trim_end().len());
    short
}

/// JSON in which the unsafe characters that JSON itself lets pass are escaped; its meaning stays.
pub fn escape_json(json: String) -> String {
    // Line ends and the like can only stand between tokens, where they are blanks.
    let is_passed = |character: char| character >= '\u{7f}' && is_unsafe(character);
    if !json.contains(is_passed) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_passed(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_replaced_and_all_else_stays() {
        assert_eq!(visible("naïve 你好 😀"), "naïve 你好 😀");
        assert_eq!(
            visible("a\u{1b}[2J\u{9b}31m\u{202e}\u{61c}\u{7f}\u{e0041}"),
            "a\u{fffd}[2J\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn long_and_dangerous_text_is_tamed() {
        assert_eq!(shorten(" a\n\t b\u{1b}[31m\u{202e} "), "a b\u{fffd}[31m\u{fffd}");
        assert_eq!(shorten(&"é".repeat(101)), format!("{}…", "é".repeat(100)));
    }

    #[test]
    fn escaped_json_means_the_same() {
        let text = "a\u{9b}b\u{202e}c\u{e0041}\n\"é";
        let escaped = escape_json(serde_json::to_string(text).expect("JSON"));
        assert!(!escaped.contains(is_unsafe), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).expect("JSON"), text);
    }
}
