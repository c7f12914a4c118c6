//! A file that is written.

use std::path::PathBuf;

/// A file that is generated, below the root, and its content.
pub struct Output {
    /// Where it belongs, relative to the repository's root.
    pub path: PathBuf,
    /// What it holds.
    pub content: String,
}

/// The file at that path below the root.
pub fn output(path: &str, content: String) -> Output {
    Output { path: PathBuf::from(path), content }
}
