//! The ids of spans, as docs/otlp.md says that they are made: hashed from trace, kind and id.

use sha2::{Digest, Sha256};

/// The span id for an entity.
pub fn span_id(trace: &str, kind: &str, id: &str) -> [u8; 8] {
    let digest = Sha256::digest(format!("{trace}/{kind}/{id}"));
    digest[..8].try_into().unwrap()
}
