//! Status codes and the error that carries one: the vocabulary in which every room says "no".

use std::fmt;

/// What a call came to. Numbers are part of the ABI: never reused, never renumbered.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The call did what it says.
    Ok = 0,
    /// A pointer that must not be NULL was NULL.
    NullPointer = 1,
    /// The handle was never made, or has been freed.
    InvalidHandle = 2,
    /// An argument is out of its range; the detail names it.
    InvalidArgument = 3,
    /// A string is not UTF-8.
    InvalidUtf8 = 4,
    /// A JSON text does not parse, or is not of the kind asked for.
    InvalidJson = 5,
    /// An id does not match `[A-Za-z0-9_-]+`.
    InvalidId = 6,
    /// A provider's result has a shape that is not known.
    InvalidResult = 7,
    /// The logger or client has been cleaned up or disconnected.
    Closed = 8,
    /// The time given ran out; what was not delivered is still held.
    Timeout = 9,
    /// The configured space is full and the overflow policy refuses the newest record.
    SpoolFull = 10,
    /// A record or attachment is above its size limit.
    TooLarge = 11,
    /// A file could not be read or written.
    Io = 12,
    /// The service could not be reached.
    Network = 13,
    /// The service answered with an error.
    Rejected = 14,
    /// The service refused the API key.
    Unauthorized = 15,
    /// There is no API key, repository or endpoint to log to.
    NotConfigured = 16,
    /// A flow has used all of its step indices.
    FlowExhausted = 17,
    /// A bug in the library was caught at its boundary; the host is unharmed.
    Panic = 18,
    /// Memory, a thread or another resource could not be had.
    NoResources = 19,
}

impl Status {
    /// Every status, in the order of its number.
    pub const ALL: [Status; 20] = [
        Status::Ok,
        Status::NullPointer,
        Status::InvalidHandle,
        Status::InvalidArgument,
        Status::InvalidUtf8,
        Status::InvalidJson,
        Status::InvalidId,
        Status::InvalidResult,
        Status::Closed,
        Status::Timeout,
        Status::SpoolFull,
        Status::TooLarge,
        Status::Io,
        Status::Network,
        Status::Rejected,
        Status::Unauthorized,
        Status::NotConfigured,
        Status::FlowExhausted,
        Status::Panic,
        Status::NoResources,
    ];

    /// Whether a repository refuses what another may take.
    pub fn is_want_of_room(self) -> bool {
        matches!(self, Status::SpoolFull | Status::TooLarge | Status::Closed)
    }

    /// The name in the header, NUL-terminated so that C can have it as it is.
    pub const fn name(self) -> &'static std::ffi::CStr {
        match self {
            Status::Ok => c"MAXIM_OK",
            Status::NullPointer => c"MAXIM_ERR_NULL_POINTER",
            Status::InvalidHandle => c"MAXIM_ERR_INVALID_HANDLE",
            Status::InvalidArgument => c"MAXIM_ERR_INVALID_ARGUMENT",
            Status::InvalidUtf8 => c"MAXIM_ERR_INVALID_UTF8",
            Status::InvalidJson => c"MAXIM_ERR_INVALID_JSON",
            Status::InvalidId => c"MAXIM_ERR_INVALID_ID",
            Status::InvalidResult => c"MAXIM_ERR_INVALID_RESULT",
            Status::Closed => c"MAXIM_ERR_CLOSED",
            Status::Timeout => c"MAXIM_ERR_TIMEOUT",
            Status::SpoolFull => c"MAXIM_ERR_SPOOL_FULL",
            Status::TooLarge => c"MAXIM_ERR_TOO_LARGE",
            Status::Io => c"MAXIM_ERR_IO",
            Status::Network => c"MAXIM_ERR_NETWORK",
            Status::Rejected => c"MAXIM_ERR_REJECTED",
            Status::Unauthorized => c"MAXIM_ERR_UNAUTHORIZED",
            Status::NotConfigured => c"MAXIM_ERR_NOT_CONFIGURED",
            Status::FlowExhausted => c"MAXIM_ERR_FLOW_EXHAUSTED",
            Status::Panic => c"MAXIM_ERR_PANIC",
            Status::NoResources => c"MAXIM_ERR_NO_RESOURCES",
        }
    }
}

/// A refusal. A pointer, so that the result of a call that succeeds stays in registers all the way up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<ErrorInner>);

/// What an [`Error`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorInner {
    /// What kind of refusal.
    pub status: Status,
    /// Which argument, which limit, what was found, what to do; for a person at 3 a.m.
    pub detail: String,
}

impl Error {
    /// A refusal with its detail.
    #[cold]
    pub fn new(status: Status, detail: impl Into<String>) -> Error {
        Error(Box::new(ErrorInner { status, detail: detail.into() }))
    }

    /// The detail alone.
    pub fn into_detail(self) -> String {
        self.0.detail
    }
}

impl std::ops::Deref for Error {
    type Target = ErrorInner;

    fn deref(&self) -> &ErrorInner {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}

/// The result of everything that can refuse.
pub type Result<T = ()> = std::result::Result<T, Error>;
