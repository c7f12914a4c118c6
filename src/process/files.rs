//! What is known of a file that is not the library's own.

/// What tells a file from others, and from itself at another time.
#[derive(Clone, Copy, Debug)]
pub struct FileFacts {
    /// Where it is.
    pub device: u64,
    /// Which one it is there.
    pub number: u64,
    /// In bytes.
    pub size: u64,
    /// Unix time of the last change: seconds and nanoseconds.
    pub modified: (i64, i64),
    /// Whether it is a regular file.
    pub is_file: bool,
}
