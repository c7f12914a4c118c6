//! A body on its way through a relay, and what kinds there are.

/// What a body is, and so where it goes and how bodies are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Lines for a repository.
    Lines = 1,
    /// Structured entries, one a line.
    Entries = 2,
    /// A raw document with its query.
    Raw = 3,
    /// An `ExportTraceServiceRequest`.
    Spans = 4,
    /// An `ExportLogsServiceRequest`.
    Logs = 5,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Lines, Kind::Entries, Kind::Raw, Kind::Spans, Kind::Logs];

    pub fn is_otlp(self) -> bool {
        matches!(self, Kind::Spans | Kind::Logs)
    }
}

/// A body on its way into the queue.
pub struct Put {
    pub kind: Kind,
    pub target: String,
    pub records: u64,
    pub body: Vec<u8>,
}
