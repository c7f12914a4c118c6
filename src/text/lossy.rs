//! Degrading instead of refusing: what becomes of a value that a logger in lossy mode cannot send as it is.
//!
//! A strict logger refuses a call with a value outside the rules. A lossy one makes its calls while a [`Lossy`]
//! lives, in which each place that would refuse asks [`active`] and changes the value instead: the record is kept,
//! and what was changed can be seen in it. A value within the rules is not touched, and nobody asks for it.
//!
//! | value | becomes |
//! |---|---|
//! | text that is not UTF-8 | each invalid sequence U+FFFD ([`utf8`]) |
//! | text over its limit | cut at a character boundary, [`CUT`] where text is missing ([`head`], [`head_and_tail`]) |
//! | a user's, session's or request's id over its limit | its beginning, [`CUT`] and a hash ([`head_and_hash`]) |
//! | an id with other characters, or too long | a valid one, the same for the same text ([`id`]) |
//! | JSON with `NaN`, control characters, unknown escapes, too deep | repaired ([`json::repaired`]) |
//! | a text that is no JSON at all | a value that holds the text and the reason ([`json::repaired`]) |
//! | `\ud83d` without its other half | `\ufffd` ([`replace_lone_surrogates`], over the finished record) |

use std::borrow::Cow;
use std::cell::Cell;

use sha2::{Digest, Sha256};

use super::id::{MAX_ID_LEN, is_valid_id};

pub mod json;

/// Stands where a text was cut.
pub const CUT: &str = "…";

thread_local! {
    static ACTIVE: Cell<bool> = const { Cell::new(false) };
    static KEEPS_WHOLE: Cell<bool> = const { Cell::new(false) };
}

/// Whether the call that is running on this thread changes values instead of refusing them.
#[inline]
pub fn active() -> bool {
    ACTIVE.get()
}

/// Whether nothing is cut that masks have not seen: a secret must not lose the half by which it is known.
pub fn keeps_whole() -> bool {
    KEEPS_WHOLE.get()
}

/// While it lives, the calls of this thread change values instead of refusing them.
pub struct Lossy {
    before: bool,
    kept_whole: bool,
}

impl Lossy {
    /// Makes the calls of this thread lossy. With masks, what is no JSON is kept whole for them.
    pub fn enter(has_masks: bool) -> Lossy {
        Lossy { before: ACTIVE.replace(true), kept_whole: KEEPS_WHOLE.replace(has_masks) }
    }

    /// Has none of them lossy for a while: a function of the host's may make calls of its own.
    pub fn suspend() -> Lossy {
        Lossy { before: ACTIVE.replace(false), kept_whole: KEEPS_WHOLE.get() }
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        ACTIVE.set(self.before);
        KEEPS_WHOLE.set(self.kept_whole);
    }
}

/// `bytes` as text: each invalid sequence becomes U+FFFD.
pub fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The first `most` code points; of a longer text one less, and the mark.
pub fn head(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().count() <= most {
        return Cow::Borrowed(text);
    }
    let end = boundary(text, most.saturating_sub(1));
    Cow::Owned(format!("{}{CUT}", &text[..end]))
}

/// At most `most` code points: of a longer text its beginning and a hash of the whole, so that different texts stay
/// different and the same text is the same in each call and process.
pub fn head_and_hash(text: &str, most: usize) -> Cow<'_, str> {
    let cut = head(text, most.saturating_sub(HASH_DIGITS));
    match cut {
        Cow::Borrowed(_) => cut,
        Cow::Owned(_) if text.chars().count() <= most => Cow::Borrowed(text),
        Cow::Owned(cut) => Cow::Owned(cut + &hash(text.as_bytes())),
    }
}

/// Tells a text from others.
const HASH_DIGITS: usize = 16;

fn hash(text: &[u8]) -> String {
    Sha256::digest(text)[..HASH_DIGITS / 2].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// At most `most` code points: of a longer text its beginning (two thirds) and its end, with the number of
/// code points left out between them. For texts whose end matters as much, as a stack trace's does.
pub fn head_and_tail(text: &str, most: usize) -> Cow<'_, str> {
    /// Room for the mark with a number of up to 20 digits.
    const MARK: usize = 64;
    let count = text.chars().count();
    if count <= most {
        return Cow::Borrowed(text);
    }
    if most <= 2 * MARK {
        return head(text, most);
    }
    let kept = most - MARK;
    let first = kept - kept / 3;
    let last = kept - first;
    let (head, tail) = (&text[..boundary(text, first)], &text[boundary(text, count - last)..]);
    Cow::Owned(format!("{head}\n{CUT} {} characters left out {CUT}\n{tail}", count - kept))
}

/// A text of more than `bytes` bytes, or of more than `characters` code points, cut at a code point and followed by a
/// mark that says how long it was; `None`: it is neither. Among the code points the mark counts, unless there is hardly
/// more than its own room; then it is left out.
pub fn shortened(text: &str, bytes: usize, characters: Option<usize>) -> Option<String> {
    let within = |most: usize| boundary(text, most);
    let by_characters = characters.map_or(text.len(), within);
    if text.len() <= bytes && by_characters == text.len() {
        return None;
    }
    let mark = format!("… [cut from {} bytes]", text.len());
    let has_room = |most: usize| most > 4 * mark.len();
    let end = match characters {
        Some(most) if has_room(most) => within(most - mark.chars().count()),
        _ => by_characters,
    };
    let head = &text[..char_boundary(text, end.min(bytes))];
    Some(if characters.is_none_or(has_room) { format!("{head}{mark}") } else { head.to_owned() })
}

/// The last place at or before `end` at which a code point begins.
fn char_boundary(text: &str, end: usize) -> usize {
    (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Where the code point with this index begins.
fn boundary(text: &str, index: usize) -> usize {
    text.char_indices().nth(index).map_or(text.len(), |(at, _)| at)
}

/// A valid id for a text that is none: its valid characters, `_` for the others, and a hash of the whole, so
/// that different texts stay different and the same text names the same entity in each call and process.
/// None for an empty text.
pub fn id(text: &[u8]) -> Option<String> {
    const READABLE: usize = MAX_ID_LEN - HASH_DIGITS - 1;
    if text.is_empty() {
        return None;
    }
    let readable = utf8(text);
    let mut id: String = readable
        .chars()
        .take(READABLE)
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => character,
            _ => '_',
        })
        .collect();
    id.push('-');
    id.push_str(&hash(text));
    debug_assert!(is_valid_id(id.as_bytes()));
    Some(id)
}

/// Replaces each `\uD800` to `\uDFFF` of JSON text that is not half of a pair by `\ufffd`, in place.
///
/// JavaScript writes such an escape for every emoji that was cut in half, and services that decode into
/// UTF-8 refuse the whole document.
pub fn replace_lone_surrogates(document: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &document[at..]) {
        at += found;
        match surrogate(document, at) {
            Some(Half::High) if surrogate(document, at + ESCAPE) == Some(Half::Low) => at += 2 * ESCAPE,
            Some(_) => {
                document[at..at + ESCAPE].copy_from_slice(b"\\ufffd");
                at += ESCAPE;
            }
            // An escape of another kind: its second byte is not the beginning of one.
            None => at = (at + 2).min(document.len()),
        }
    }
}

/// The length of `\uXXXX`.
const ESCAPE: usize = 6;

#[derive(PartialEq)]
enum Half {
    High,
    Low,
}

/// Which half of a pair the escape at `at` is.
fn surrogate(document: &[u8], at: usize) -> Option<Half> {
    let escape = document.get(at..at + ESCAPE)?;
    let digits = escape.strip_prefix(b"\\u")?;
    let code = digits.iter().try_fold(0, |code, &digit| Some(code << 4 | char::from(digit).to_digit(16)?))?;
    match code {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn calls_are_lossy_as_long_as_somebody_asks_for_it_and_no_longer() {
        assert!(!active());
        let lossy = Lossy::enter(false);
        assert!(active());
        drop(lossy);
        assert!(!active());
        let panics = || {
            let _lossy = Lossy::enter(false);
            panic!("inside")
        };
        assert!(std::panic::catch_unwind(panics).is_err());
        assert!(!active());
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_marked() {
        assert_eq!(head("täglich", 7), "täglich");
        assert_eq!(head("täglich", 4), "täg…");
        assert_eq!(head("🦀🦀", 1), "…");
        let long = format!("{}{}", "a".repeat(9_000), "z".repeat(9_000));
        let cut = head_and_tail(&long, 10_000);
        assert!(
            cut.starts_with("aaa") && cut.ends_with("zzz") && cut.contains("8064 characters left out"),
            "{cut}"
        );
        assert!(cut.chars().count() <= 10_000);
    }

    #[test]
    fn long_ids_stay_different_and_the_same_one_stays_the_same() {
        let of = |end: &str| head_and_hash(&format!("{}{end}", "ü".repeat(200)), 100).into_owned();
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert_eq!(of("a").chars().count(), 100);
        assert!(of("a").starts_with(&format!("{}{CUT}", "ü".repeat(83))), "{}", of("a"));
        assert_eq!(head_and_hash(&"x".repeat(100), 100), "x".repeat(100));
    }

    #[test]
    fn an_invalid_id_becomes_a_valid_one_that_is_its_own() {
        let of = |text: &str| id(text.as_bytes()).unwrap();
        assert_eq!(of("ü"), of("ü"));
        assert_ne!(of("ü"), of("ö"));
        assert!(of("order 17").starts_with("order_17-"));
        assert!(is_valid_id(of(&"x".repeat(1_000)).as_bytes()));
        assert_eq!(id(b""), None);
    }

    #[test]
    fn halves_of_pairs_are_replaced_and_pairs_are_not() {
        let replaced = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            replace_lone_surrogates(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        for (given, wanted) in [
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""cut \ud83d""#, r#""cut \ufffd""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\uD83Dx\uDE00""#, r#""\ufffdx\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\u00e4\ud83"#, r#""\u00e4\ud83"#),
            (r#""a\"#, r#""a\"#),
        ] {
            assert_eq!(replaced(given), wanted, "{given}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_cut_keeps_its_limit(text in any::<String>(), most in 1_usize..400) {
            prop_assert!(head(&text, most).chars().count() <= most);
            prop_assert!(head_and_tail(&text, most).chars().count() <= most);
            let room = most + HASH_DIGITS;
            prop_assert!(head_and_hash(&text, room).chars().count() <= room);
        }

        #[test]
        fn every_text_that_is_not_empty_gives_a_valid_id(text in any::<Vec<u8>>()) {
            prop_assert_eq!(id(&text).map(|id| is_valid_id(id.as_bytes())), (!text.is_empty()).then_some(true));
        }

        #[test]
        fn after_the_replacement_serde_json_reads_every_string(units in prop::collection::vec(any::<u16>(), 0..20)) {
            let mut document = String::from("\"");
            units.iter().for_each(|unit| document.push_str(&format!("\\u{:04x}", unit | 0xd000)));
            document.push('"');
            let mut bytes = document.into_bytes();
            replace_lone_surrogates(&mut bytes);
            prop_assert!(serde_json::from_slice::<String>(&bytes).is_ok());
        }
    }
}
