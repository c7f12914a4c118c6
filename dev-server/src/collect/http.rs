//! HTTP/1.1 on a byte stream: heads and bodies in, answers out.
//!
//! Written by hand on `std` rather than taken from a server library for two reasons: the server must be able to
//! misbehave at byte level (half an answer, a reset in the middle of a body, a body read at a trickle), and in
//! count mode it must look at nothing but line ends. It is strict where a client's fault would otherwise go
//! unseen: a missing Host, two lengths, a broken chunk are refused. It knows nothing of routes.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use crate::collect::limits::{HEAD_TIME, IDLE_TIME};
use crate::model::plain;

/// Bytes read from the stream at once; also the largest piece of a body that is handed out.
const BUFFER_BYTES: usize = 256 * 1024;
/// Largest head: what common servers allow, rounded up.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Largest chunk-size line, extensions included.
const MAX_CHUNK_LINE_BYTES: usize = 4096;

/// A stream that a connection runs on; TLS would be a second implementation.
pub trait Transport: Read + Write + Send {
    /// Makes the peer see a reset instead of an orderly end when the stream is dropped.
    fn reset_on_drop(&mut self);
    /// Ends the sending half, and takes what the peer still sends for a moment, so that an answer to a request that
    /// was not read to its end is not lost to a reset.
    fn linger(&mut self);
}

/// A request's first line and headers; header names are in lower case.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub framing: Framing,
    pub keep_alive: bool,
    pub expects_continue: bool,
}

impl Head {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
}

/// Why no request could be read.
#[derive(Debug)]
pub enum ReadError {
    /// The stream failed or ended too early; nobody is there to be answered.
    Ended,
    /// The bytes are not a request; the answer is this status, and the connection ends.
    Bad(u16, &'static str),
}

impl From<io::Error> for ReadError {
    fn from(_: io::Error) -> Self {
        ReadError::Ended
    }
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Whether it tells of a failure, whatever its status.
    pub is_error: bool,
}

impl Response {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let body = plain::escape_json(format!("{body}\n")).into_bytes();
        Response { status, content_type: "application/json", headers: Vec::new(), body, is_error: false }
    }

    pub fn text(status: u16, body: String) -> Self {
        let content_type = "text/plain; charset=utf-8";
        let body = body.into_bytes();
        Response { status, content_type, headers: Vec::new(), body, is_error: false }
    }

    /// With the headers that keep a browser from taking an answer of the server's own for something else.
    pub fn guarded(mut self) -> Self {
        self.headers.extend([
            ("X-Content-Type-Options", "nosniff".to_owned()),
            ("Cross-Origin-Resource-Policy", "same-origin".to_owned()),
            ("Referrer-Policy", "no-referrer".to_owned()),
        ]);
        if !self.headers.iter().any(|(name, _)| *name == "Cache-Control") {
            self.headers.push(("Cache-Control", "no-store".to_owned()));
        }
        self
    }

    /// The error shape of the Maxim API.
    pub fn error(status: u16, message: &str) -> Self {
        let response = Response::json(status, &serde_json::json!({"error": {"message": message}}));
        Response { is_error: true, ..response }
    }

    fn to_bytes(&self, keep_alive: bool, with_body: bool) -> Vec<u8> {
        let mut bytes = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
            self.status,
            reason(self.status),
            self.content_type,
            self.body.len()
        )
        .into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let connection: &[u8] = if keep_alive { b"\r\n" } else { b"Connection: close\r\n\r\n" };
        bytes.extend_from_slice(connection);
        if with_body {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// What is left to read of a request's body.
#[derive(Debug)]
pub struct Body {
    state: BodyState,
}

#[derive(Debug)]
enum BodyState {
    Length(u64),
    /// In a chunk with that many bytes to come.
    Chunk(u64),
    ChunkEnd,
    ChunkStart,
    Done,
}

impl Body {
    pub fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Length(length) => BodyState::Length(length),
            Framing::Chunked => BodyState::ChunkStart,
        };
        Body { state }
    }

    /// The length that the head gave for what is not yet read.
    pub fn declared(&self) -> Option<u64> {
        if let BodyState::Length(length) = self.state { Some(length) } else { None }
    }
}

/// One connection: the stream and what was read ahead of it.
pub struct Connection<S> {
    stream: S,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// When what is being read must be whole.
    deadline: Option<Instant>,
}

impl<S: Transport> Connection<S> {
    pub fn new(stream: S) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Connection { stream, buffer, start: 0, end: 0, deadline: None }
    }

    /// Ends the reading of a body that takes longer than that.
    pub fn limit_time(&mut self, time: Option<Duration>) {
        self.deadline = time.map(|time| Instant::now() + time);
    }

    /// Reads the next head; `None` when the peer ended the connection between requests.
    pub fn read_head(&mut self) -> Result<Option<Head>, ReadError> {
        let idle_until = Instant::now() + IDLE_TIME;
        self.limit_time(None);
        loop {
            let unread = &self.buffer[self.start..self.end];
            // A robust server passes over line ends before a request (RFC 9112, 2.2).
            if unread.starts_with(b"\r\n") {
                self.start += 2;
                continue;
            }
            if let Some(end) = memchr::memmem::find(unread, b"\r\n\r\n") {
                if end > MAX_HEAD_BYTES {
                    return Err(ReadError::Bad(431, "the head is too large"));
                }
                let head = parse_head(&unread[..end])?;
                self.start += end + 4;
                return Ok(Some(head));
            }
            if unread.len() > MAX_HEAD_BYTES {
                return Err(ReadError::Bad(431, "the head is too large"));
            }
            if self.start != self.end && self.deadline.is_none() {
                self.limit_time(Some(HEAD_TIME));
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return if self.start == self.end { Ok(None) } else { Err(ReadError::Ended) },
                // A stall between requests is rest, which may last longer.
                Err(ReadError::Bad(408, _)) if self.start == self.end => {
                    if Instant::now() >= idle_until {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next piece of the body, at most `limit` bytes; `None` at its end.
    pub fn next_piece(&mut self, body: &mut Body, limit: usize) -> Result<Option<&[u8]>, ReadError> {
        loop {
            match body.state {
                BodyState::Done | BodyState::Length(0) => return Ok(None),
                BodyState::Length(left) => {
                    let piece = self.take_piece(left, limit)?;
                    body.state = BodyState::Length(left - piece.len() as u64);
                    return Ok(Some(&self.buffer[piece]));
                }
                BodyState::Chunk(0) => body.state = BodyState::ChunkEnd,
                BodyState::Chunk(left) => {
                    let piece = self.take_piece(left, limit)?;
                    body.state = BodyState::Chunk(left - piece.len() as u64);
                    return Ok(Some(&self.buffer[piece]));
                }
                BodyState::ChunkEnd => {
                    if !self.take_line()?.is_empty() {
                        return Err(ReadError::Bad(400, "a chunk is longer than its size"));
                    }
                    body.state = BodyState::ChunkStart;
                }
                BodyState::ChunkStart => {
                    let line = self.take_line()?;
                    let size = chunk_size(&self.buffer[line])?;
                    body.state = if size == 0 { BodyState::Done } else { BodyState::Chunk(size) };
                    if size == 0 {
                        // Trailers end with an empty line; none of them matters here.
                        while !self.take_line()?.is_empty() {}
                    }
                }
            }
        }
    }

    pub fn send_continue(&mut self) -> io::Result<()> {
        self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        self.stream.flush()
    }

    pub fn send(&mut self, response: &Response, keep_alive: bool, with_body: bool) -> io::Result<()> {
        self.stream.write_all(&response.to_bytes(keep_alive, with_body))?;
        self.stream.flush()
    }

    /// Sends bytes of an answer that has no length, at once.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Sends an answer up to the middle of its body. The connection must end then.
    pub fn send_truncated(&mut self, response: &Response) -> io::Result<()> {
        let bytes = response.to_bytes(true, true);
        self.stream.write_all(&bytes[..bytes.len() - response.body.len().div_ceil(2)])?;
        self.stream.flush()
    }

    /// Ends the connection although the peer may be in the middle of a request.
    pub fn close_early(mut self) {
        self.stream.linger();
    }

    pub fn reset(mut self) {
        self.stream.reset_on_drop();
    }

    /// Reads more bytes behind those at hand; false at the end of the stream.
    fn fill(&mut self) -> Result<bool, ReadError> {
        const TOO_SLOW: ReadError = ReadError::Bad(408, "the request took too long");
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        loop {
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(TOO_SLOW);
            }
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Err(TOO_SLOW);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take_piece(&mut self, left: u64, limit: usize) -> Result<std::ops::Range<usize>, ReadError> {
        if self.start == self.end && !self.fill()? {
            return Err(ReadError::Ended);
        }
        let at_hand = (self.end - self.start).min(limit.max(1));
        let length = usize::try_from(left).map_or(at_hand, |left| left.min(at_hand));
        let from = self.start;
        self.start += length;
        Ok(from..from + length)
    }

    /// Takes a line without its end.
    fn take_line(&mut self) -> Result<std::ops::Range<usize>, ReadError> {
        loop {
            if let Some(end) = memchr::memmem::find(&self.buffer[self.start..self.end], b"\r\n") {
                let from = self.start;
                self.start += end + 2;
                return Ok(from..from + end);
            }
            if self.end - self.start > MAX_CHUNK_LINE_BYTES {
                return Err(ReadError::Bad(400, "a chunk's size line is too long"));
            }
            if !self.fill()? {
                return Err(ReadError::Ended);
            }
        }
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, ReadError> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or(ReadError::Bad(400, "a chunk's size is not a number"))
}

fn parse_head(bytes: &[u8]) -> Result<Head, ReadError> {
    const BAD_LINE: ReadError = ReadError::Bad(400, "the request line is not one");
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::Bad(400, "the head is not UTF-8"))?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BAD_LINE);
    };
    if !is_token(method) || target.is_empty() {
        return Err(BAD_LINE);
    }
    let recent = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ => return Err(ReadError::Bad(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")),
    };
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(ReadError::Bad(400, "a header line has no colon"))?;
        if !is_token(name) {
            return Err(ReadError::Bad(400, "a header's name is not a token"));
        }
        headers.push((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()));
    }
    let values = |name: &'static str| {
        headers.iter().filter(move |(known, _): &&(String, String)| known == name).map(|(_, value)| value)
    };
    if recent && values("host").count() != 1 {
        return Err(ReadError::Bad(400, "there must be exactly one Host"));
    }
    let framing = framing(values("transfer-encoding"), values("content-length"))?;
    let asks = |token: &str| {
        values("connection").flat_map(|value| value.split(',')).any(|v| v.trim().eq_ignore_ascii_case(token))
    };
    let keep_alive = recent && !asks("close");
    let expects_continue = recent && values("expect").any(|value| value.eq_ignore_ascii_case("100-continue"));
    let (method, target) = (method.to_owned(), target.to_owned());
    Ok(Head { method, target, framing, keep_alive, expects_continue, headers })
}

fn framing<'a>(
    mut encodings: impl Iterator<Item = &'a String>,
    mut lengths: impl Iterator<Item = &'a String>,
) -> Result<Framing, ReadError> {
    match (encodings.next(), lengths.next()) {
        (None, None) => Ok(Framing::Length(0)),
        (Some(_), Some(_)) => Err(ReadError::Bad(400, "a body cannot have a length and be chunked")),
        (Some(encoding), None) if encoding.eq_ignore_ascii_case("chunked") && encodings.next().is_none() => {
            Ok(Framing::Chunked)
        }
        (Some(_), None) => Err(ReadError::Bad(501, "the only transfer encoding known is chunked")),
        (None, Some(length)) => {
            const BAD_LENGTH: ReadError = ReadError::Bad(400, "the Content-Length is not one number");
            if lengths.next().is_some() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(BAD_LENGTH);
            }
            length.parse().map(Framing::Length).map_err(|_| BAD_LENGTH)
        }
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out its bytes a few at a time, as a slow network does.
    struct Script {
        bytes: Vec<u8>,
        step: usize,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.step.min(self.bytes.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.bytes[..length]);
            self.bytes.drain(..length);
            Ok(length)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Transport for Script {
        fn reset_on_drop(&mut self) {}

        fn linger(&mut self) {}
    }

    fn read_all(text: &str, step: usize) -> Result<Vec<(Head, Vec<u8>)>, ReadError> {
        let mut connection = Connection::new(Script { bytes: text.as_bytes().to_vec(), step });
        let mut requests = Vec::new();
        while let Some(head) = connection.read_head()? {
            let mut body = Body::new(head.framing);
            let mut bytes = Vec::new();
            while let Some(piece) = connection.next_piece(&mut body, 7)? {
                bytes.extend_from_slice(piece);
            }
            requests.push((head, bytes));
        }
        Ok(requests)
    }

    fn status_of(text: &str) -> u16 {
        match read_all(text, 1000) {
            Err(ReadError::Bad(status, _)) => status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn requests_follow_each_other_whatever_the_size_of_the_reads() {
        let text = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789\
                    \r\nPOST /b HTTP/1.1\r\nhost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n\
                    GET /c HTTP/1.1\r\nHOST:x\r\nConnection: foo, Close\r\n\r\n";
        for step in [1, 2, 3, 7, 1000] {
            let requests = read_all(text, step).expect("well-formed");
            let bodies: Vec<_> =
                requests.iter().map(|(head, body)| (head.target.as_str(), &body[..])).collect();
            assert_eq!(bodies, [("/a", &b"0123456789"[..]), ("/b", b"abc0123456789"), ("/c", b"")]);
            assert!(requests[0].0.keep_alive && !requests[2].0.keep_alive);
        }
    }

    #[test]
    fn faulty_requests_are_refused() {
        assert_eq!(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status_of("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
        assert_eq!(status_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
        assert_eq!(status_of("GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n"), 400);
        assert_eq!(status_of("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"), 400);
        let both = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(status_of(both), 400);
        let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(status_of(&format!("{chunked}zz\r\n")), 400);
        assert_eq!(status_of(&format!("{chunked}1\r\nab\r\n")), 400);
        assert_eq!(
            status_of(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(MAX_HEAD_BYTES))),
            431
        );
    }

    #[test]
    fn an_end_within_a_request_is_an_error_and_between_requests_is_none() {
        assert!(matches!(read_all("GET / HT", 100), Err(ReadError::Ended)));
        let short = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab";
        assert!(matches!(read_all(short, 100), Err(ReadError::Ended)));
        assert!(read_all("", 1).expect("nothing").is_empty());
    }
}
