//! API keys: held in memory that is wiped, never shown, told apart by a fingerprint.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A credential. Its `Debug` form shows the last four characters at most.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Keys shorter than this are not shown at all: four characters would be too much of them.
const SHOWN_FROM: usize = 12;

impl Secret {
    /// Takes over a copy of the text.
    pub fn new(text: &str) -> Secret {
        Secret(Zeroizing::new(text.to_owned()))
    }

    /// The credential itself, for a request header and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Sixteen hex digits that tell two keys apart and give neither away (the head of SHA-256).
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.char_indices().rev().nth(3) {
            Some((at, _)) if self.0.len() >= SHOWN_FROM => write!(out, "…{}", &self.0[at..]),
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
}
