//! Attachments: a file, bytes or a URL that belongs to an entity.
//!
//! A URL is a line and nothing else. A file or bytes are an upload ([`super::uploads`]) in a pipeline of
//! its own, which makes the line when it has succeeded.
//!
//! Attaching does I/O on the caller's thread: a file is opened to see that it can be read and how large it
//! is, and large bytes are written to a file beside the spool.

use std::path::Path;

use super::config::LoggerConfig;
use super::line::{Entity, Lines, action};
use super::mime;
use super::source;
use super::uploads::{Head, Source};
use crate::delivery::Pipeline;
use crate::process::unique::Uuid;
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::json::Shape;
use crate::text::object::{Json, Object, key};

/// What is attached.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// A file, read when it is uploaded, if it is still the same.
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

impl Attachment<'_> {
    fn key(&self, repository: &str, entity: Entity, entity_id: &str) -> String {
        format!("{repository}/{}/{entity_id}/files/original/{}", entity.name(), self.id)
    }

    /// With a name: a file's own where none was given.
    pub(super) fn named(&self) -> Self {
        let name = match self.content {
            Content::File(path) => {
                self.name.or_else(|| Path::new(path).file_name().and_then(|name| name.to_str()))
            }
            _ => self.name,
        };
        Attachment { name, ..*self }
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
        if let Some(mime) = self.mime_type.filter(|mime| !mime::is_valid(mime)) {
            let shown: String = mime.chars().take(64).flat_map(char::escape_debug).collect();
            let reason = format!("mime_type: \"{shown}\" is not a MIME type, as in image/png");
            return Err(Error::new(Status::InvalidArgument, reason));
        }
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

    /// The type that the file's name says, or the one given for content.
    fn type_by_name(&self) -> Option<&'static str> {
        match self.content {
            Content::File(path) => mime::by_name(path),
            _ => mime::by_name(self.name?),
        }
    }

    /// The line of a URL.
    pub(super) fn url_line(
        &self,
        repository: &str,
        entity: Entity,
        entity_id: &str,
        out: &mut Buffer,
    ) -> Result<()> {
        Lines::new(out).line(entity, entity_id, action!("add-attachment"), |line| {
            self.write(line)?;
            line.text(key!("key"), &self.key(repository, entity, entity_id));
            Ok(())
        })
    }

    /// The line that names it where nothing is uploaded to.
    pub(super) fn reference_line(&self, entity: Entity, entity_id: &str, out: &mut Buffer) -> Result<()> {
        Lines::new(out).line(entity, entity_id, action!("add-attachment"), |line| self.write(line))
    }

    /// Puts an upload into a pipeline. In two steps, so that the stack holds one at a time.
    #[inline(never)]
    pub(super) fn upload(
        &self,
        config: &LoggerConfig,
        entity: Entity,
        entity_id: &str,
        uploads: &Pipeline,
    ) -> Result<()> {
        let head = self.head(config, entity, entity_id)?;
        let content = match self.content {
            Content::Data(bytes) => bytes,
            Content::File(_) | Content::Url(_) => &[],
        };
        head.append(content, uploads)
    }

    /// What is said of an upload.
    #[inline(never)]
    fn head(&self, config: &LoggerConfig, entity: Entity, entity_id: &str) -> Result<Box<Head>> {
        let most = config.max_attachment_bytes;
        let mut line = Buffer::new();
        Object::open(&mut line, |line| self.write(line))?;
        let (source, stamp) = match self.content {
            Content::File(path) => {
                let path = absolute(path)?;
                let stamp = source::stamp(Path::new(&path), most).map_err(|refused| refused.error("path"))?;
                (Source::File(path), Some(stamp))
            }
            Content::Data(bytes) if bytes.len() as u64 > most => {
                let reason = format!("data: {} bytes are more than the {most} that are allowed", bytes.len());
                return Err(Error::new(Status::TooLarge, reason));
            }
            Content::Data(_) | Content::Url(_) => (Source::Content, None),
        };
        Ok(Box::new(Head {
            record: Uuid::new().as_str().to_owned(),
            entity: entity as u8,
            entity_id: entity_id.to_owned(),
            key: self.key(&config.repository, entity, entity_id),
            mime: self.mime_type.or_else(|| self.type_by_name()).map(str::to_owned),
            source,
            stamp,
            most,
            line: String::from_utf8_lossy(&line).into_owned(),
        }))
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
