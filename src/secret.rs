//! API keys: held in one place in memory that is wiped, never shown, told apart by a fingerprint.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A credential. All clones share one copy, which is wiped with the last of them. Its `Debug` form shows the
/// last four characters at most.
#[derive(Clone)]
pub struct Secret(Bytes);

/// Keys shorter than this are not shown at all: four characters would be too much of them.
const SHOWN_FROM: usize = 12;
/// Keys shorter than this are struck out of a text only where they stand as a word: otherwise every text would
/// be garbled, and the gaps in it would tell the key.
const STRUCK_ANYWHERE_FROM: usize = 8;
/// What stands in the place of a credential.
const STRUCK_OUT: &str = "***";

impl Secret {
    /// Takes over a copy of the text.
    pub fn new(text: &str) -> Secret {
        Secret(Bytes::from_owner(Zeroizing::new(Box::<[u8]>::from(text.as_bytes()))))
    }

    /// The credential itself, for a request header and nothing else: not a copy.
    pub fn expose(&self) -> Bytes {
        self.0.clone()
    }

    /// Sixteen hex digits that tell two keys apart and give neither away (the head of SHA-256).
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.0);
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// A text in which the credential does not stand.
    pub fn strike_out(&self, text: &str) -> String {
        let Some(key) = self.text().filter(|key| !key.is_empty()) else { return text.to_owned() };
        let is_part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(key) {
            let (before, after) = (&rest[..at], &rest[at + key.len()..]);
            let is_word = || {
                let last = before.chars().next_back().or(out.chars().next_back());
                !last.is_some_and(is_part_of_word) && !after.starts_with(is_part_of_word)
            };
            let struck = key.len() >= STRUCK_ANYWHERE_FROM || is_word();
            out.push_str(before);
            out.push_str(if struck { STRUCK_OUT } else { key });
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.text().unwrap_or_default();
        match text.char_indices().rev().nth(3) {
            Some((at, _)) if text.len() >= SHOWN_FROM => write!(out, "…{}", &text[at..]),
            _ => out.write_str("…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_its_last_four_characters_at_most() {
        assert_eq!(format!("{:?}", Secret::new("sk-0123456789abcd")), "…abcd");
        assert_eq!(format!("{:?}", Secret::new("short")), "…");
        assert_ne!(Secret::new("a").fingerprint(), Secret::new("b").fingerprint());
    }

    #[test]
    fn a_key_is_struck_out_and_a_short_one_garbles_no_text() {
        let struck = |key: &str, text: &str| Secret::new(key).strike_out(text);
        assert_eq!(struck("sk-0123456789", "bad sk-0123456789x, sk-0123456789"), "bad ***x, ***");
        assert_eq!(struck("k", "Network is unreachable: k"), "Network is unreachable: ***");
        assert_eq!(struck("k", "kk k_k (k)"), "kk k_k (***)");
        assert_eq!(struck("", "text"), "text");
    }

    #[test]
    fn clones_share_one_copy() {
        let secret = Secret::new("sk-0123456789abcd");
        assert_eq!(secret.expose().as_ptr(), secret.clone().expose().as_ptr());
    }
}
