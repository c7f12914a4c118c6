//! Attachments: a file, bytes or a URL that belongs to an entity.
//!
//! A URL is a line and nothing else. A file or bytes are an upload record in a pipeline of their own: a
//! head that names the key, the path and the line to come, and small content behind it; large content
//! goes into a file beside the spool. The record is acknowledged when the content has been uploaded
//! *and* the line has been accepted by the pipeline of lines, so a crash in between repeats the upload
//! and loses neither. One upload is under way at a time; a file is streamed from disk.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Weak};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::config::Config;
use super::line::{Entity, Lines, action};
use super::protocol::KIND_LINE;
use super::upload::Uploader;
use crate::delivery::{Body, Framing, Http, Outcome, Pipeline, Protocol};
use crate::spool::{BatchLimits, Kind};
use crate::status::{Error, Result, Status};
use crate::text::json::Shape;
use crate::text::object::{Json, Object, key};
use crate::text::scratch;

/// An upload: length of the head (u32, little-endian), head (JSON), content.
const KIND_UPLOAD: Kind = Kind(1);
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
    /// The file to read; the content behind the head when absent.
    path: Option<String>,
    /// Whether the file is ours, to be removed after the upload.
    ours: bool,
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
    fn write(&self, line: &mut Object<'_>) -> Result<()> {
        line.text(key!("id"), self.id);
        let kind = match self.content {
            Content::File(_) => "file",
            Content::Data(_) => "file_data",
            Content::Url(_) => "url",
        };
        line.text(key!("type"), kind);
        if let Content::Url(url) = self.content {
            line.text(key!("url"), url);
        }
        line.optional_text(key!("name"), self.name);
        line.optional_text(key!("mime_type"), self.mime_type);
        line.tags(self.tags)?;
        if let Some(metadata) = self.metadata {
            line.json(key!("metadata"), metadata, Shape::Object)?;
        }
        if let Some(timestamp) = self.timestamp {
            line.integer(key!("timestamp"), timestamp);
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
        Lines::new(out).line(entity, entity_id, action!("add-attachment"), |line| {
            self.write(line)?;
            line.text(key!("key"), &self.key(repository, entity, entity_id));
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
        Object::open(&mut line, |line| self.write(line))?;
        let mut head = Head {
            entity: entity as u8,
            entity_id: entity_id.to_owned(),
            key: self.key(&config.repository, entity, entity_id),
            mime: self.mime_type.map(str::to_owned),
            path: None,
            ours: false,
            most,
            line: String::from_utf8_lossy(&line).into_owned(),
        };
        let mut inline: &[u8] = &[];
        match self.content {
            Content::File(path) => head.path = Some(absolute(path)?),
            Content::Data(bytes) if bytes.len() as u64 > most => {
                let reason = format!("data: {} bytes are more than the {most} that are allowed", bytes.len());
                return Err(Error::new(Status::TooLarge, reason));
            }
            Content::Data(bytes) if bytes.len() > INLINE_BYTES => {
                match uploads.spool().write_side_file(bytes).map(|path| path.to_str().map(str::to_owned)) {
                    Ok(Some(path)) => (head.path, head.ours) = (Some(path), true),
                    // No file system to write to: the record has to hold it.
                    _ => inline = bytes,
                }
            }
            Content::Data(bytes) => inline = bytes,
            Content::Url(_) => {}
        }
        let json = serde_json::to_vec(&head).map_err(|error| Error::new(Status::Io, error.to_string()))?;
        let accepted = uploads.append(KIND_UPLOAD, &[&(json.len() as u32).to_le_bytes(), &json, inline]);
        if accepted.is_err() && head.ours {
            head.remove_file();
        }
        accepted
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

    fn remove_file(&self) {
        if let Some(path) = &self.path {
            // One that stays behind is swept away when it is old.
            let _ = std::fs::remove_file(path);
        }
    }

    fn mime(&self, beginning: &[u8]) -> String {
        let sniffed = infer::get(beginning).map(|kind| kind.mime_type());
        sniffed.or(self.mime.as_deref()).unwrap_or("application/octet-stream").to_owned()
    }

    /// The line that tells of the finished upload.
    fn finished_line(&self, mime: &str, out: &mut Vec<u8>) -> Option<()> {
        let entity = Entity::ALL.get(usize::from(self.entity))?;
        let members = |line: &mut Object<'_>| {
            line.splice(self.line.as_bytes());
            line.text(key!("key"), &self.key);
            line.text(key!("mimeType"), mime);
            Ok(())
        };
        Lines::new(out).line(*entity, &self.entity_id, action!("add-attachment"), members).ok()
    }
}

/// How attachments are delivered: uploaded, then told of.
pub(super) struct Uploads {
    uploader: Uploader,
    lines: Weak<Pipeline>,
}

impl Uploads {
    pub fn new(config: &Config, lines: &Arc<Pipeline>) -> Uploads {
        Uploads { uploader: Uploader::new(config), lines: Arc::downgrade(lines) }
    }

    fn send(&self, http: &mut Http, head: &Head, content: &[u8], deadline: Instant) -> Outcome {
        let (mime, size, body) = match &head.path {
            None => (head.mime(content), content.len() as u64, Body::Bytes(content)),
            Some(path) => match open(path, head) {
                Ok((mime, size, file)) => (mime, size, Body::File(file, size)),
                Err(why) => return Outcome::Unusable { why: format!("attachment {}: {why}", head.key) },
            },
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

/// Opens a file to be uploaded: its MIME type, its size, and it.
fn open(path: &str, head: &Head) -> std::result::Result<(String, u64, File), String> {
    let said = |error: std::io::Error| format!("\"{path}\" can't be read: {error}");
    // Opening a pipe would otherwise wait for somebody to write to it.
    let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(said)?;
    let found = file.metadata().map_err(said)?;
    if !found.is_file() {
        return Err(format!("\"{path}\" is not a regular file"));
    }
    if found.len() > head.most {
        return Err(format!(
            "\"{path}\" has {} bytes, more than the {} that are allowed",
            found.len(),
            head.most
        ));
    }
    let mut beginning = Vec::with_capacity(SNIFFED_BYTES);
    (&mut file).take(SNIFFED_BYTES as u64).read_to_end(&mut beginning).map_err(said)?;
    file.seek(SeekFrom::Start(0)).map_err(said)?;
    Ok((head.mime(&beginning), found.len(), file))
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
        let Some((head, content)) = Head::parse(payload).filter(|_| kind == KIND_UPLOAD) else {
            // Written by a later version and adopted by this one.
            return Outcome::Unusable {
                why: format!("a record of kind {} is not known to this version", kind.0),
            };
        };
        let outcome = self.send(http, &head, content, deadline);
        if outcome == Outcome::Delivered && head.ours {
            head.remove_file();
        }
        outcome
    }
}
