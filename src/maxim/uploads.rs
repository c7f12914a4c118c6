//! Uploads: how the content of attachments is kept until it is delivered, and delivered.
//!
//! An upload is a record: a head that names the key, the source and the line to come, and small content
//! behind it; large content is in a file beside the spool, the caller's own files stay where they are. The
//! record is acknowledged when the content has been uploaded *and* the line has been accepted by the
//! pipeline of lines, so a crash in between repeats the upload and loses neither.
//!
//! Up to [`IN_FLIGHT`] uploads are under way at a time, each on a thread and a connection of its own, since
//! each waits for two answers and small ones do little else. A batch is up to [`WINDOW`] of them: one that fails
//! steps aside ([`super::turns`]) and the others go on; one that has succeeded is not repeated for one that has
//! not. Files are streamed from disk, so that memory does not grow with what is uploaded.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use crate::sync::Mutex;
use serde::{Deserialize, Serialize};

use super::config::LoggerConfig;
use super::line::{Entity, KIND_LINE, Lines, action};
use super::mime;
use super::source::{self, FileStamp, Opened, Unreadable};
use super::storage::{Storage, UploadOutcome};
use super::turns::{Round, Trouble, Turns, Verdict};
use crate::delivery::{Body, Framing, Http, Outcome, Pipeline, Protocol};
use crate::process;
use crate::spool::{BatchLimits, RecordKind, Spool};
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::object::{Object, key};
use crate::text::scratch;

/// An upload: length of the head (u32, little-endian), head (JSON), length of the content, content.
const KIND_UPLOAD: RecordKind = RecordKind(1);
/// Larger bytes go into a file beside the spool, so that segments hold many records.
const INLINE_BYTES: usize = 64 * 1024;
/// Uploads under way at a time. Against a server that takes 50 ms for an answer, one at a time make 10 a
/// second and four make 38; more would cost the host threads and descriptors for what few need.
const IN_FLIGHT: usize = 4;
/// A longer record (there is no file system for its content) is uploaded alone, without a copy.
const ALONE_BYTES: usize = 2 * INLINE_BYTES;

/// Uploads in a batch: as many as may have failed before others are kept waiting. Few of a batch are tried at a time,
/// and the head of one has some 500 bytes, so that many cost little.
const WINDOW: usize = 4_096;
/// Their bytes, small contents included.
const WINDOW_BYTES: usize = 8 << 20;

/// The head of an upload record.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    /// Tells this upload from every other one.
    pub record: String,
    /// The number of the kind of entity.
    pub entity: u8,
    /// The entity.
    pub entity_id: String,
    /// Where the content goes in the storage.
    pub key: String,
    /// The caller's MIME type.
    pub mime: Option<String>,
    /// Where the content comes from.
    pub source: Source,
    /// What the caller's file was when it was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<FileStamp>,
    /// The largest content that is uploaded.
    pub most: u64,
    /// The line's members without key and MIME type: a JSON object.
    pub line: String,
}

/// Where the content of an upload comes from.
#[derive(Serialize, Deserialize, PartialEq)]
pub(super) enum Source {
    /// It stands behind the head.
    Content,
    /// The caller's file.
    File(String),
    /// The record's side file, whose path stands behind the head.
    Beside,
}

/// An upload as it stands in a batch.
struct Upload<'a> {
    head: Head,
    content: &'a [u8],
}

impl Head {
    /// Puts the upload of this content into a pipeline.
    #[inline(never)]
    pub fn append(mut self: Box<Self>, content: &[u8], uploads: &Pipeline) -> Result<()> {
        if content.len() > INLINE_BYTES {
            let source = std::mem::replace(&mut self.source, Source::Beside);
            if uploads.append_with_file(KIND_UPLOAD, &self.encoded()?, content)? {
                return Ok(());
            }
            // Without a file system to write to, the record has to hold large content too.
            self.source = source;
        }
        let content_length = (content.len() as u32).to_le_bytes();
        uploads.append_parts(KIND_UPLOAD, &[&self.encoded()?, &content_length, content])
    }

    /// As it stands in a record: its length, then JSON.
    #[inline(never)]
    fn encoded(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(self).map_err(|error| Error::new(Status::Io, error.to_string()))?;
        Ok([&(json.len() as u32).to_le_bytes(), &json[..]].concat())
    }

    fn mime(&self, beginning: &[u8]) -> String {
        // infer takes 16 kB of the library's 5 MB, and cfb, by which it tells Word's old files from Excel's, 20
        // (`nm -S -C target/release/libmaxim.so`): less than a crate that tells less would save.
        //
        // In a compound file with names beyond ASCII, infer meets a table that is made once in a process: a
        // fork while it is made would keep such a file of the child, and nothing else, waiting.
        let sniffed = infer::get(beginning).map(|kind| kind.mime_type());
        let said = self.mime.as_deref().filter(|mime| mime::is_valid(mime));
        sniffed.or(said).unwrap_or("application/octet-stream").to_owned()
    }

    /// The line that tells of the finished upload.
    fn finished_line(&self, mime: &str, size: u64, out: &mut Buffer) -> Option<()> {
        let entity = Entity::ALL.get(usize::from(self.entity))?;
        let members = |line: &mut Object<'_>| {
            line.splice(self.line.as_bytes());
            line.text(key!("key"), &self.key);
            line.text(key!("mimeType"), mime);
            if matches!(self.source, Source::File(_)) {
                line.integer(key!("size"), i64::try_from(size).unwrap_or(i64::MAX));
            }
            Ok(())
        };
        Lines::new(out).line(*entity, &self.entity_id, action!("add-attachment"), members).ok()
    }
}

impl Upload<'_> {
    /// The first upload of some records, and the rest of them.
    fn first(records: &[u8]) -> Option<(Upload<'_>, &[u8])> {
        let (json, rest) = measured(records)?;
        let (content, rest) = measured(rest)?;
        Some((Upload { head: serde_json::from_slice(json).ok()?, content }, rest))
    }

    /// All uploads of some records.
    fn all(mut records: &[u8]) -> Option<Vec<Upload<'_>>> {
        let mut uploads = Vec::new();
        while !records.is_empty() {
            let (upload, rest) = Upload::first(records)?;
            uploads.push(upload);
            records = rest;
        }
        Some(uploads)
    }
}

/// What stands behind its own length, and the rest.
fn measured(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// How attachments are delivered: uploaded, then told of.
pub(super) struct UploadProtocol {
    storage: Storage,
    lines: Weak<Pipeline>,
    /// Set once it is open.
    spool: OnceLock<Weak<Spool>>,
    /// Whether the directory of large content has been looked through for what nobody needs any more.
    is_swept: AtomicBool,
    max_age: Duration,
    turns: Mutex<Turns>,
    /// The connections beside the pipeline's own.
    siblings: Mutex<Vec<Http>>,
}

impl UploadProtocol {
    pub fn new(config: &LoggerConfig, lines: Weak<Pipeline>) -> UploadProtocol {
        UploadProtocol {
            storage: Storage::new(config),
            lines,
            spool: OnceLock::new(),
            is_swept: AtomicBool::new(false),
            max_age: config.settings.max_age,
            turns: Mutex::default(),
            siblings: Mutex::default(),
        }
    }

    /// Where large content lies.
    pub fn set_spool(&self, spool: &Arc<Spool>) {
        // Nobody else has had the chance to.
        let _ = self.spool.set(Arc::downgrade(spool));
    }

    fn spool(&self) -> Option<Arc<Spool>> {
        self.spool.get().and_then(Weak::upgrade)
    }

    /// Makes all uploads whose turn it is.
    fn send_all(&self, http: &mut Http, uploads: &[Upload<'_>], deadline: Instant) -> Outcome {
        let records: Vec<&str> = uploads.iter().map(|upload| &*upload.head.record).collect();
        let due = self.turns.lock().due(&records, Instant::now());
        let mut round = Round::default();
        let mut general = None;
        let mut tried = 0;
        for group in due.chunks(IN_FLIGHT) {
            let together: Vec<&Upload<'_>> = group.iter().map(|index| &uploads[*index]).collect();
            let uploaded = self.send_together(http, &together, deadline);
            tried += group.len();
            let (mut turns, now) = (self.turns.lock(), Instant::now());
            for (index, uploaded) in group.iter().zip(uploaded) {
                let record = records[*index];
                let (trouble, why) = match uploaded {
                    UploadOutcome::Done => {
                        turns.succeeded(record, &mut round, now);
                        continue;
                    }
                    UploadOutcome::General(outcome) => {
                        general.get_or_insert(outcome);
                        continue;
                    }
                    UploadOutcome::Refused(why) => (Trouble::Refusal, why),
                    UploadOutcome::Failed(why) => (Trouble::Failure, why),
                    UploadOutcome::Unread(why) => (Trouble::Unread, why),
                    UploadOutcome::Impossible(why) => (Trouble::Final, why),
                };
                turns.failed(record, trouble, why, &mut round, now);
            }
            if general.is_some() || round.is_barren() || now >= deadline {
                break;
            }
        }
        let mut turns = self.turns.lock();
        turns.round_ended(records.len(), due.get(tried).map(|index| records[*index]));
        match (turns.verdict(&records, Instant::now()), general) {
            (Verdict::GivenUp(why), _) => Outcome::Unusable { why },
            (_, Some(general)) => general,
            (Verdict::Finished, None) => Outcome::Delivered,
            (Verdict::Wait(wait, status, why), None) => Outcome::Aside { wait, status, why },
        }
    }

    /// Makes each upload on a thread of its own, the first on this one.
    fn send_together(
        &self,
        http: &mut Http,
        uploads: &[&Upload<'_>],
        deadline: Instant,
    ) -> Vec<UploadOutcome> {
        let Some((first, others)) = uploads.split_first() else { return Vec::new() };
        let mut siblings = std::mem::take(&mut *self.siblings.lock());
        while siblings.len() < others.len() {
            siblings.push(http.sibling());
        }
        let outcomes = std::thread::scope(|scope| {
            let threads: Vec<_> = others
                .iter()
                .zip(&mut siblings)
                .map(|(upload, http)| {
                    process::spawn_scoped_masked(scope, "maxim-upload", move || {
                        self.send(http, upload, deadline)
                    })
                })
                .collect();
            let mut outcomes = vec![self.send(http, first, deadline)];
            for (thread, upload) in threads.into_iter().zip(others) {
                outcomes.push(match thread.map(|thread| thread.join()) {
                    Ok(Ok(outcome)) => outcome,
                    Ok(Err(panic)) => std::panic::resume_unwind(panic),
                    // There are no more threads to be had.
                    Err(_) => self.send(http, upload, deadline),
                });
            }
            outcomes
        });
        // Otherwise nothing more waits at present, and its connections need not either.
        if uploads.len() == IN_FLIGHT {
            *self.siblings.lock() = siblings;
        }
        outcomes
    }

    fn send(&self, http: &mut Http, upload: &Upload<'_>, deadline: Instant) -> UploadOutcome {
        let Upload { head, content } = upload;
        let told = |why| format!("attachment {}: {why}", head.key);
        let opened = match &head.source {
            Source::Content => None,
            Source::File(path) => {
                let path = Path::new(path);
                Some(source::open(path, head.most, head.stamp.as_ref()).and_then(|file| file.sniffed(path)))
            }
            Source::Beside => {
                let (path, spool) = (process::path_of(content), self.spool());
                let opened = source::open_beside(&path, head.most, spool.as_deref());
                Some(opened.and_then(|file| file.sniffed(&path)))
            }
        };
        let (mime, size, body) = match opened {
            None => (head.mime(content), content.len() as u64, Body::Bytes(content)),
            Some(Ok((beginning, Opened { file, size }))) => {
                (head.mime(&beginning), size, Body::File(file, size))
            }
            Some(Err(Unreadable { for_now: true, why, .. })) => return UploadOutcome::Unread(told(why)),
            Some(Err(Unreadable { why, .. })) => return UploadOutcome::Impossible(told(why)),
        };
        let uploaded = self.storage.upload(http, &head.key, &mime, size, body, deadline);
        if !matches!(uploaded, UploadOutcome::Done) {
            return uploaded;
        }
        let again = |why| UploadOutcome::General(Outcome::Retry { after: None, why });
        let Some(lines) = self.lines.upgrade() else { return again("the logger has ended".to_owned()) };
        let line: &mut Buffer = &mut scratch::lend();
        let told = match head.finished_line(&mime, size, line) {
            Some(()) => lines.append(KIND_LINE, line),
            None => return UploadOutcome::Impossible("an upload of a later version".to_owned()),
        };
        match told {
            Ok(()) => uploaded,
            Err(error) => again(error.into_detail()),
        }
    }
}

impl Protocol for UploadProtocol {
    fn limits(&self) -> BatchLimits {
        BatchLimits { max_bytes: WINDOW_BYTES, max_records: WINDOW, per_record_overhead: 0 }
    }

    fn framing(&self) -> Framing {
        Framing { prefix: b"", separator: b"", suffix: b"" }
    }

    fn alone(&self, kind: RecordKind, len: usize) -> bool {
        kind != KIND_UPLOAD || len > ALONE_BYTES
    }

    fn send_batch(&self, http: &mut Http, body: &[u8], _records: usize, deadline: Instant) -> Outcome {
        match Upload::all(body) {
            Some(uploads) => self.send_all(http, &uploads, deadline),
            // Made by a later version; alone, each is.
            None => Outcome::Unusable { why: "an upload is not of this version".to_owned() },
        }
    }

    fn send_alone(&self, http: &mut Http, kind: RecordKind, payload: &[u8], deadline: Instant) -> Outcome {
        match Upload::first(payload).filter(|_| kind == KIND_UPLOAD) {
            Some((upload, _)) => self.send_all(http, &[upload], deadline),
            None => Outcome::unknown_kind(kind),
        }
    }

    fn upkeep(&self) {
        // Here, as no call is to wait for it.
        if let Some(spool) = self.spool() {
            if !self.is_swept.swap(true, Ordering::Relaxed) {
                spool.sweep_side_files(self.max_age);
            }
        }
        // While nothing is uploaded, no connection is kept but the pipeline's own.
        self.siblings.lock().clear();
    }
}
