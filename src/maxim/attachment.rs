//! Attachments: a file, bytes or a URL that belongs to an entity.
//!
//! A URL is a line and nothing else. A file or bytes are an upload record in a pipeline of their own: a
//! head that names the key, the path and the line to come, and small content behind it; large content
//! goes into a file beside the spool. The record is acknowledged when the content has been uploaded
//! *and* the line has been accepted by the pipeline of lines, so a crash in between repeats the upload
//! and loses neither. One upload is under way at a time; a file is streamed from disk.
//!
//! Attaching does I/O on the caller's thread: a file is opened to see that it can be read and how large it
//! is, and large bytes are written to the file beside the spool.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Weak;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::config::Config;
use super::line::{Entity, Json, Line, Lines, object};
use super::protocol::KIND_LINE;
use super::upload::Uploader;
use crate::delivery::{Body, Framing, Http, Outcome, Pipeline, Protocol};
use crate::spool::{BatchLimits, Kind};
use crate::status::{Error, Result, Status};
use crate::text::json::Shape;
use crate::text::scratch;

/// An upload: length of the head (u32, little-endian), head (JSON), content unless the head names a file.
const KIND_UPLOAD: Kind = Kind(1);
/// The same with the content in a side file, whose path stands in its place.
const KIND_UPLOAD_BESIDE: Kind = Kind(2);
/// Larger bytes go into a file beside the spool, so that segments hold many records.
const INLINE_BYTES: usize = 64 * 1024;
/// What is read of a file to see what it is; `infer` looks no further.
const SNIFFED_BYTES: usize = 8 * 1024;

/// What is attached.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// A file, read when it is uploaded.
    File(&'a str),
    /// Bytes.
    Data(&'a [u8]),
    /// A URL, which is only logged.
    Url(&'a str),
}

/// An attachment and what is said of it.
#[derive(Clone, Copy)]
pub struct Attachment<'a> {
    /// Its id.
    pub id: &'a str,
    /// What is attached.
    pub content: Content<'a>,
    /// What to call it.
    pub name: Option<&'a str>,
    /// The MIME type, used where the content does not tell.
    pub mime_type: Option<&'a str>,
    /// An object of tags.
    pub tags: Option<Json<'a>>,
    /// An object of anything else.
    pub metadata: Option<Json<'a>>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
}

/// The head of an upload record.
#[derive(Serialize, Deserialize)]
struct Head {
    entity: u8,
    entity_id: String,
    key: String,
    /// The caller's MIME type.
    mime: Option<String>,
    /// The caller's file.
    path: Option<String>,
    /// The largest content that is uploaded.
    most: u64,
    /// The line's members without key and MIME type: a JSON object.
    line: String,
}

impl Attachment<'_> {
    fn key(&self, repository: &str, entity: Entity, entity_id: &str) -> String {
        format!("{repository}/{}/{entity_id}/files/original/{}", entity.name(), self.id)
    }

    /// The members that are known at the call.
    fn write(&self, line: &mut Line<'_>) -> Result<()> {
        line.text("id", self.id);
        let kind = match self.content {
            Content::File(_) => "file",
            Content::Data(_) => "file_data",
            Content::Url(_) => "url",
        };
        line.text("type", kind);
        if let Content::Url(url) = self.content {
            line.text("url", url);
        }
        line.optional_text("name", self.name);
        line.optional_text("mime_type", self.mime_type);
        line.tags(self.tags)?;
        if let Some(metadata) = self.metadata {
            line.json("metadata", metadata, Shape::Object)?;
        }
        if let Some(timestamp) = self.timestamp {
            line.integer("timestamp", timestamp);
        }
        Ok(())
    }

    /// The line of a URL.
    pub(super) fn url_line(
        &self,
        repository: &str,
        entity: Entity,
        entity_id: &str,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        Lines::new(out).line(entity, entity_id, "add-attachment", |line| {
            self.write(line)?;
            line.text("key", &self.key(repository, entity, entity_id));
            Ok(())
        })
    }

    /// Puts an upload into a pipeline.
    pub(super) fn upload(
        &self,
        config: &Config,
        entity: Entity,
        entity_id: &str,
        uploads: &Pipeline,
    ) -> Result<()> {
        let most = config.max_attachment_bytes;
        let mut line = Vec::new();
        object(&mut line, |line| self.write(line))?;
        let mut head = Head {
            entity: entity as u8,
            entity_id: entity_id.to_owned(),
            key: self.key(&config.repository, entity, entity_id),
            mime: self.mime_type.map(str::to_owned),
            path: None,
            most,
            line: String::from_utf8_lossy(&line).into_owned(),
        };
        let content = match self.content {
            Content::File(path) => {
                let path = absolute(path)?;
                match open(Path::new(&path), most) {
                    Err(refused) if !refused.for_now => return Err(refused.error("path")),
                    // What this process is short of now may be there when its turn comes.
                    _ => head.path = Some(path),
                }
                &[]
            }
            Content::Data(bytes) if bytes.len() as u64 > most => {
                let reason = format!("data: {} bytes are more than the {most} that are allowed", bytes.len());
                return Err(Error::new(Status::TooLarge, reason));
            }
            Content::Data(bytes) => bytes,
            Content::Url(_) => &[],
        };
        let json = serde_json::to_vec(&head).map_err(|error| Error::new(Status::Io, error.to_string()))?;
        let length = (json.len() as u32).to_le_bytes();
        if content.len() > INLINE_BYTES
            && uploads.append_with_file(KIND_UPLOAD_BESIDE, &[&length, &json], content)?
        {
            return Ok(());
        }
        // Without a file system to write to, the record has to hold large content too.
        uploads.append(KIND_UPLOAD, &[&length, &json, content])
    }
}

/// The path as it will be good later, when the host may work in another directory.
fn absolute(path: &str) -> Result<String> {
    let absolute = std::path::absolute(path)
        .map_err(|error| Error::new(Status::InvalidArgument, format!("path: \"{path}\": {error}")))?;
    match absolute.to_str() {
        Some(absolute) => Ok(absolute.to_owned()),
        None => {
            Err(Error::new(Status::InvalidArgument, format!("path: \"{path}\" is not UTF-8 from here on")))
        }
    }
}

impl Head {
    fn parse(payload: &[u8]) -> Option<(Head, &[u8])> {
        let (length, rest) = payload.split_first_chunk::<4>()?;
        let (json, content) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        Some((serde_json::from_slice(json).ok()?, content))
    }

    fn mime(&self, beginning: &[u8]) -> String {
        let sniffed = infer::get(beginning).map(|kind| kind.mime_type());
        sniffed.or(self.mime.as_deref()).unwrap_or("application/octet-stream").to_owned()
    }

    /// The line that tells of the finished upload.
    fn finished_line(&self, mime: &str, out: &mut Vec<u8>) -> Option<()> {
        let entity = Entity::ALL.get(usize::from(self.entity))?;
        let members = |line: &mut Line<'_>| {
            line.splice(self.line.as_bytes());
            line.text("key", &self.key);
            line.text("mimeType", mime);
            Ok(())
        };
        Lines::new(out).line(*entity, &self.entity_id, "add-attachment", members).ok()
    }
}

/// How attachments are delivered: uploaded, then told of.
pub(super) struct Uploads {
    uploader: Uploader,
    lines: Weak<Pipeline>,
}

impl Uploads {
    pub fn new(config: &Config, lines: Weak<Pipeline>) -> Uploads {
        Uploads { uploader: Uploader::new(config), lines }
    }

    fn send(&self, http: &mut Http, kind: Kind, head: &Head, content: &[u8], deadline: Instant) -> Outcome {
        let path = match kind {
            KIND_UPLOAD_BESIDE => Some(Path::new(OsStr::from_bytes(content))),
            _ => head.path.as_deref().map(Path::new),
        };
        let opened = path.map(|path| open(path, head.most).and_then(|file| file.sniffed(path)));
        let (mime, size, body) = match opened {
            None => (head.mime(content), content.len() as u64, Body::Bytes(content)),
            Some(Ok((beginning, Opened { file, size }))) => {
                (head.mime(&beginning), size, Body::File(file, size))
            }
            Some(Err(Unreadable { for_now: true, why, .. })) => {
                return Outcome::Retry { after: None, why: format!("attachment {}: {why}", head.key) };
            }
            Some(Err(Unreadable { why, .. })) => {
                return Outcome::Unusable { why: format!("attachment {}: {why}", head.key) };
            }
        };
        let outcome = self.uploader.upload(http, &head.key, &mime, size, body, deadline);
        if outcome != Outcome::Delivered {
            return outcome;
        }
        let again = |why: &str| Outcome::Retry { after: None, why: why.to_owned() };
        let Some(lines) = self.lines.upgrade() else { return again("the logger has ended") };
        let told = scratch::with(|line| match head.finished_line(&mime, line) {
            Some(()) => lines.append(KIND_LINE, &[line]),
            None => Err(Error::new(Status::Io, "an upload of a later version")),
        });
        match told {
            Ok(()) => Outcome::Delivered,
            Err(error) => again(&error.detail),
        }
    }
}

/// A file that can be uploaded.
struct Opened {
    file: File,
    size: u64,
}

/// Why a file cannot.
struct Unreadable {
    status: Status,
    why: String,
    /// Because this process or machine is short of something.
    for_now: bool,
}

impl Unreadable {
    fn io(path: &Path, error: &io::Error) -> Unreadable {
        let short = [libc::EMFILE, libc::ENFILE, libc::ENOMEM];
        Unreadable {
            status: Status::Io,
            why: format!("\"{}\" can't be read: {error}", path.display()),
            for_now: error.raw_os_error().is_some_and(|code| short.contains(&code)),
        }
    }

    fn error(self, argument: &str) -> Error {
        Error::new(self.status, format!("{argument}: {}", self.why))
    }
}

/// Opens a file of at most so many bytes.
fn open(path: &Path, most: u64) -> std::result::Result<Opened, Unreadable> {
    let refused = |status, why| Err(Unreadable { status, why, for_now: false });
    // Opening a pipe would otherwise wait for somebody to write to it.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = opened.map_err(|error| Unreadable::io(path, &error))?;
    let found = file.metadata().map_err(|error| Unreadable::io(path, &error))?;
    let size = found.len();
    let path = path.display();
    if !found.is_file() {
        return refused(Status::Io, format!("\"{path}\" is not a regular file"));
    }
    if size > most {
        let why = format!("\"{path}\" has {size} bytes, more than the {most} that are allowed");
        return refused(Status::TooLarge, why);
    }
    Ok(Opened { file, size })
}

impl Opened {
    /// The beginning of the file, by which its type is told, and the file as before.
    fn sniffed(mut self, path: &Path) -> std::result::Result<(Vec<u8>, Opened), Unreadable> {
        let mut beginning = Vec::with_capacity(SNIFFED_BYTES);
        let read = (&mut self.file).take(SNIFFED_BYTES as u64).read_to_end(&mut beginning);
        let back = read.and_then(|_| self.file.seek(SeekFrom::Start(0)));
        back.map_err(|error| Unreadable::io(path, &error))?;
        Ok((beginning, self))
    }
}

impl Protocol for Uploads {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: usize::MAX, max_records: 1, per_record_overhead: 0 }
    }

    fn framing(&self) -> Framing {
        Framing { prefix: b"", separator: b"", suffix: b"" }
    }

    fn alone(&self, _kind: Kind, _len: usize) -> bool {
        true
    }

    fn send_batch(&self, _: &mut Http, _: &[u8], _: usize, _: Instant) -> Outcome {
        Outcome::Unusable { why: "uploads are sent one by one".to_owned() }
    }

    fn send_alone(&self, http: &mut Http, kind: Kind, payload: &[u8], deadline: Instant) -> Outcome {
        let known = matches!(kind, KIND_UPLOAD | KIND_UPLOAD_BESIDE);
        match Head::parse(payload).filter(|_| known) {
            Some((head, content)) => self.send(http, kind, &head, content, deadline),
            // Written by a later version and adopted by this one.
            None => {
                Outcome::Unusable { why: format!("a record of kind {} is not known to this version", kind.0) }
            }
        }
    }
}
