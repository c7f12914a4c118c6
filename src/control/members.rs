//! Which members of a record are what: the one table that decides what stays here when content does.
//!
//! A member that is not in it stays here too then: what a later version or a caller of `maxim_commit` adds is
//! taken for content until somebody has said otherwise.

use std::borrow::Cow;

use crate::text::lossy;

/// Whose records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Lines of the Maxim log API.
    Lines,
    /// Entries of the structured log API.
    Entries,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// An id or a word of ours: left alone while it looks like one.
    Reference,
    /// A time, likewise.
    Time,
    /// Numbers under names; only the names are searched.
    Numbers,
    /// A text, or JSON with texts in it, that is sent whether content is or not. Of at most so many characters,
    /// if the service has a limit.
    Text(Option<Limit>),
    /// Content, and what is sent when it stays here.
    Content(Instead),
}

/// The service's limit for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// In characters.
    pub most: usize,
    pub way: Way,
}

/// How a longer text is cut in a lossy call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Head,
    HeadAndHash,
    HeadAndTail,
}

impl Limit {
    pub const fn head(most: usize) -> Limit {
        Limit { most, way: Way::Head }
    }

    /// Of an id by which entries are told apart.
    const fn id(most: usize) -> Limit {
        Limit { most, way: Way::HeadAndHash }
    }

    pub fn cut(self, text: &str) -> Cow<'_, str> {
        let cut = match self.way {
            Way::Head => lossy::head,
            Way::HeadAndHash => lossy::head_and_hash,
            Way::HeadAndTail => lossy::head_and_tail,
        };
        cut(text, self.most)
    }
}

/// What takes the place of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    /// Nothing: the member is left out.
    Nothing,
    /// An empty list.
    EmptyList,
    /// A mark, where the service demands a text. Of at most so many characters.
    Mark(usize),
    /// A result without its texts ([`super::outline`]).
    Outline,
    /// Those members that are numbers or truth values.
    Numbers,
}

/// Members of lines that are sent as they are.
const LINES: &[(&str, Member)] = &[
    ("id", Member::Reference),
    ("sessionId", Member::Reference),
    ("traceId", Member::Reference),
    ("spanId", Member::Reference),
    ("maximPromptId", Member::Reference),
    ("maximPromptVersionId", Member::Reference),
    ("promptId", Member::Reference),
    ("promptVersionId", Member::Reference),
    ("key", Member::Reference),
    ("startTimestamp", Member::Time),
    ("endTimestamp", Member::Time),
    ("timestamp", Member::Time),
    ("with", Member::Reference),
    ("metrics", Member::Numbers),
    ("cost", Member::Numbers),
    ("score", Member::Numbers),
    ("name", Member::Text(None)),
    ("type", Member::Text(None)),
    ("provider", Member::Text(None)),
    ("model", Member::Text(None)),
    ("description", Member::Text(None)),
    ("tags", Member::Text(None)),
    ("metadata", Member::Text(None)),
    ("evaluators", Member::Text(None)),
    // What went wrong: of an error, and of a tool call.
    ("message", Member::Text(None)),
    ("code", Member::Text(None)),
    ("errorType", Member::Text(None)),
    ("error", Member::Text(None)),
    // Of attachments, which are not made at all when content stays here.
    ("url", Member::Text(None)),
    ("mime_type", Member::Text(None)),
    ("mimeType", Member::Text(None)),
    ("messages", Member::Content(Instead::EmptyList)),
    ("docs", Member::Content(Instead::EmptyList)),
    ("result", Member::Content(Instead::Outline)),
    ("modelParameters", Member::Content(Instead::Numbers)),
    ("input", Member::Content(Instead::Nothing)),
    ("output", Member::Content(Instead::Nothing)),
    ("args", Member::Content(Instead::Nothing)),
    ("variables", Member::Content(Instead::Nothing)),
    ("comment", Member::Content(Instead::Nothing)),
];

/// Members of entries, with the service's limits in characters.
const ENTRIES: &[(&str, Member)] = &[
    ("level", Member::Reference),
    ("environment", Member::Reference),
    ("timestamp", Member::Time),
    ("stepIndex", Member::Numbers),
    ("source", Member::Text(None)),
    ("version", Member::Text(None)),
    ("dataset", Member::Text(Some(Limit::head(50)))),
    ("tags", Member::Text(Some(Limit::head(50)))),
    ("requestId", Member::Text(Some(Limit::id(100)))),
    ("userId", Member::Text(Some(Limit::id(100)))),
    ("sessionId", Member::Text(Some(Limit::id(100)))),
    ("flowId", Member::Text(Some(Limit::head(50)))),
    ("ipAddress", Member::Text(Some(Limit::head(100)))),
    ("country", Member::Text(Some(Limit::head(10)))),
    ("errorName", Member::Text(Some(Limit::head(200)))),
    ("message", Member::Content(Instead::Mark(10_000))),
    ("errorStack", Member::Content(Instead::Nothing)),
    ("data", Member::Content(Instead::Nothing)),
];

impl Records {
    /// What a member of this name is, if it is known.
    pub(super) fn member(self, name: &[u8]) -> Option<Member> {
        let table = match self {
            Records::Lines => LINES,
            Records::Entries => ENTRIES,
        };
        table.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, member)| *member)
    }

    /// The service's limit for a content member in characters.
    pub(super) fn most(self, name: &[u8]) -> Option<Limit> {
        match (self, name) {
            (Records::Entries, b"message" | b"errorStack") => {
                Some(Limit { most: 10_000, way: Way::HeadAndTail })
            }
            _ => None,
        }
    }
}

/// Whether a text looks like an id, a storage key or a word of ours, in which nothing is searched.
pub(super) fn is_reference(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/'))
}

/// Whether a text is an RFC 3339 time.
pub(super) fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 40
        && bytes.get(4) == Some(&b'-')
        && bytes.get(10) == Some(&b'T')
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_digit() || b"TZ:.+-".contains(byte))
}
