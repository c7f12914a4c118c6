//! What goes over the wire and what comes back, in our words.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use crate::secret::Secret;

/// As much of an answer as is read.
pub const MAX_ANSWER_BYTES: u64 = 64 * 1024;
/// Of an answer, as much as may be shown.
const SHOWN_BYTES: usize = 2 * 1024;

/// One request.
pub struct Request<'a> {
    /// `GET`, `POST` or `PUT`.
    pub method: &'a str,
    /// An absolute http or https address.
    pub url: &'a str,
    /// Headers that may be seen.
    pub headers: &'a [(&'a str, &'a str)],
    /// The header that may not: sent like the others, but never in the clear to another machine
    /// unless [`super::HttpConfig::allow_plaintext`], and struck out of whatever is told of the answer.
    pub credential: Option<(&'a str, &'a Secret)>,
    /// Further headers that are treated like it.
    pub private: &'a [(String, Secret)],
    /// What to send.
    pub body: Body<'a>,
}

/// The body of a request.
pub enum Body<'a> {
    /// None.
    Empty,
    /// From memory.
    Bytes(&'a [u8]),
    /// This many bytes from the file's position on, read in pieces.
    File(File, u64),
}

/// An answer, whatever its status.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// What was asked, without a query (which may be signed).
    pub url: String,
    /// `Retry-After` in either form, between 1 s and 15 min.
    pub retry_after: Option<Duration>,
    /// Where a redirect points, without its query.
    pub location: Option<String>,
    /// The `Content-Encoding`, if it is one: none was asked for.
    pub encoding: Option<String>,
    /// The first 64 KiB of the body, as they came.
    pub body: Vec<u8>,
    /// There was more of it.
    pub is_cut: bool,
    /// What must not be shown if the answer repeats it.
    pub secrets: Vec<Secret>,
}

impl Response {
    /// The body without a byte order mark.
    pub fn text(&self) -> &[u8] {
        self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body)
    }

    /// The beginning of the body, fit to be shown.
    pub fn shown(&self) -> String {
        let text = self.text();
        self.strike_out(&String::from_utf8_lossy(&text[..text.len().min(SHOWN_BYTES)]))
    }

    /// A part of the answer without the request's credential.
    pub fn strike_out(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| secret.strike_out(&text))
    }
}

/// Whose fault it is that there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The network, the name service, TLS or the other end: may work later.
    Network,
    /// The proxy asks for another user or password.
    Proxy {
        /// 407.
        status: u16,
    },
    /// The configuration: will not work until somebody changes it.
    Refused,
    /// The body is not as long as it was said to be: will not work with this body.
    Body,
    /// The body cannot be read at present.
    Unread,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// Whose fault it is.
    pub fault: Fault,
    /// What happened; holds no credential.
    pub why: String,
}

impl TransportError {
    /// A fault, and what happened.
    pub fn new(fault: Fault, why: impl Into<String>) -> TransportError {
        TransportError { fault, why: why.into() }
    }
}

/// An address without its query and fragment.
pub fn without_query(url: &str) -> Cow<'_, str> {
    match url.find(['?', '#']) {
        Some(at) => url[..at].into(),
        None => url.into(),
    }
}

/// Exactly `left` bytes of a file; a file that ends early is trouble, not a shorter body.
pub struct FileBody {
    pub file: File,
    pub left: u64,
    pub trouble: Option<TransportError>,
}

impl Read for FileBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        match self.file.read(&mut buffer[..wanted]) {
            Ok(0) => {
                let why = format!("the file ends {} bytes early", self.left);
                self.trouble = Some(TransportError::new(Fault::Body, why));
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    let why = format!("the file cannot be read: {error}");
                    self.trouble = Some(TransportError::new(Fault::Unread, why));
                }
                Err(error)
            }
        }
    }
}
