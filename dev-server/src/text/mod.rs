//! What the included parts of the library want of its `text`.

pub mod time {
    /// The Unix microseconds of an RFC 3339 text with any offset; digits below microseconds are cut off.
    pub fn parse_rfc3339(text: &str) -> Option<i64> {
        chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros())
    }
}
