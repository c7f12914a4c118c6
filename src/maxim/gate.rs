//! Where a logger's finished lines pass what controls what leaves, if anything does.
//!
//! [`crate::control`] knows members of records; this knows lines: whose they are, which belong to a trace that is
//! not in the sample, and which are sent in any case.

use std::borrow::Cow;
use std::sync::Arc;

use super::attachment::{Attachment, Content};
use super::config::LoggerConfig;
use super::line::Entity;
use crate::control::{Control, Ids, Records, Sample};
use crate::report::Reporter;
use crate::text::buffer::Buffer;
use crate::text::json;
use crate::text::object::Json;

/// The control of one logger, and of its sinks.
pub(super) struct Gate {
    control: Option<Control>,
    sample: Option<Sample>,
    extracts_media: bool,
    watch: Option<Watch>,
}

/// For whoever debugs: says when something is logged on what this logger has not created.
struct Watch {
    reporter: Arc<dyn Reporter>,
    /// What was created, or said to be missing.
    known: Ids,
}

impl Watch {
    fn new(reporter: &Arc<dyn Reporter>) -> Option<Watch> {
        reporter.debug_enabled().then(|| Watch { reporter: Arc::clone(reporter), known: Ids::default() })
    }

    fn see(&self, line: &Parts<'_>) {
        if let Some((kind, id)) = line.child() {
            self.known.add(kind.name(), &id);
        }
        let is_one = !matches!(line.entity, Entity::Feedback | Entity::Error | Entity::Storage);
        let name = line.entity.name();
        if !is_one || self.known.has(name, line.id) {
            return;
        }
        self.known.add(name, line.id);
        if line.action != "create" {
            self.reporter.debug(&format!(
                "{name} {}: {} without a creation by this logger; unless another process creates it, it is not shown",
                line.id, line.action
            ));
        }
    }
}

/// What becomes of a line.
pub(super) enum Passed {
    /// It goes as it is.
    Same,
    /// It goes as it has been written anew.
    Rewritten,
    /// It does not go.
    Nothing,
}

/// A finished line, taken apart.
struct Parts<'a> {
    entity: Entity,
    id: &'a str,
    action: &'a str,
    /// How long all before the data is.
    head: usize,
    data: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(line: &'a [u8]) -> Option<Parts<'a>> {
        let head = memchr::memmem::find(line, b",data=")? + ",data=".len();
        let (name, rest) = std::str::from_utf8(&line[..head]).ok()?.split_once("{id=")?;
        let (id, rest) = rest.split_once(",action=")?;
        let entity = Entity::ALL.into_iter().find(|entity| entity.name() == name)?;
        let action = rest.strip_suffix(",data=")?;
        Some(Parts { entity, id, action, head, data: line[head..].strip_suffix(b"}")? })
    }

    /// What begins with this line below the entity.
    fn child(&self) -> Option<(Entity, Cow<'a, str>)> {
        let entity = match self.action {
            "add-span" => Entity::Span,
            "add-generation" => Entity::Generation,
            "add-retrieval" => Entity::Retrieval,
            "add-tool-call" => Entity::ToolCall,
            _ => return None,
        };
        let mut compacted = Buffer::new();
        json::compact(self.data, json::Shape::Object, &mut compacted).ok()?;
        let (_, id) = json::members(&compacted).find(|(name, _)| *name == b"id")?;
        Some((entity, Cow::Owned(String::from_utf8_lossy(json::as_str_raw(id)?).into_owned())))
    }

    /// Whether it is sent though its trace is not: errors and feedback.
    fn is_kept(&self) -> bool {
        match self.action {
            "add-error" | "add-feedback" | "error" => true,
            "result" => self.data.starts_with(b"{\"result\":{\"error\":"),
            _ => false,
        }
    }
}

impl Gate {
    /// The gate that a configuration asks for, if it does.
    pub fn new(config: &LoggerConfig) -> Option<Box<Gate>> {
        let control = Control::new(&config.control);
        let sample = Sample::new(config.sample_rate);
        let watch = Watch::new(&config.settings.reporter);
        let idle = control.is_none() && sample.is_none() && config.extract_media && watch.is_none();
        (!idle).then(|| Box::new(Gate { control, sample, extracts_media: config.extract_media, watch }))
    }

    /// Whether images and audio in messages become attachments.
    pub fn extracts_media(&self) -> bool {
        self.extracts_media && self.captures_content()
    }

    fn captures_content(&self) -> bool {
        self.control.as_ref().is_none_or(Control::captures_content)
    }

    /// Lets a line pass; what is written anew is in `out`.
    pub fn pass(&self, line: &[u8], out: &mut Buffer) -> Passed {
        // Every line of ours has its parts; what had none could not be looked at.
        let Some(parts) = Parts::of(line) else { return Passed::Nothing };
        if let Some(watch) = &self.watch {
            watch.see(&parts);
        }
        if let Some(sample) = self.leaves_out(parts.entity, parts.id) {
            if let Some((kind, id)) = parts.child() {
                sample.leave_out(kind.name(), &id);
            }
            if !parts.is_kept() {
                sample.count();
                return Passed::Nothing;
            }
        }
        let Some(control) = &self.control else { return Passed::Same };
        out.extend_from_slice(&line[..parts.head]);
        if !control.rewrite(Records::Lines, parts.entity as i32, parts.data, out) {
            return Passed::Nothing;
        }
        out.push(b'}');
        Passed::Rewritten
    }

    /// Whether an attachment goes at all: it is content, and its entity may be left out.
    pub fn takes_attachment(&self, entity: Entity, id: &str) -> bool {
        if let Some(sample) = self.leaves_out(entity, id) {
            sample.count();
            return false;
        }
        self.captures_content()
    }

    /// Gives `attach` the attachment as it may leave: its texts, not its content.
    pub fn attachment<R>(
        &self,
        entity: Entity,
        attachment: &Attachment<'_>,
        attach: impl FnOnce(&Attachment<'_>) -> R,
    ) -> R {
        let Some(control) = &self.control else { return attach(attachment) };
        let text = |field: &str, given: &str| control.rewrite_text(entity as i32, field, given).into_owned();
        let optional = |field: &str, given: Option<&str>| given.map(|given| text(field, given));
        let json = |field: &str, given: Option<Json<'_>>| {
            given.map(|given| control.rewrite_json(entity as i32, field, given.bytes))
        };
        let (name, mime_type) =
            (optional("name", attachment.name), optional("mime_type", attachment.mime_type));
        let (tags, metadata) = (json("tags", attachment.tags), json("metadata", attachment.metadata));
        let url = match attachment.content {
            Content::Url(url) => text("url", url),
            _ => String::new(),
        };
        attach(&Attachment {
            content: match attachment.content {
                Content::Url(_) => Content::Url(&url),
                other => other,
            },
            name: name.as_deref(),
            // A type that a mask has been at is none.
            mime_type: mime_type.as_deref().filter(|masked| attachment.mime_type == Some(masked)),
            tags: tags.as_ref().map(|tags| Json { name: "tags_json", bytes: tags }),
            metadata: metadata.as_ref().map(|data| Json { name: "metadata_json", bytes: data }),
            ..*attachment
        })
    }

    /// The sample, if it leaves the entity out.
    fn leaves_out(&self, entity: Entity, id: &str) -> Option<&Sample> {
        self.sample.as_ref().filter(|sample| is_left_out(sample, entity, id))
    }

    /// Records that were discarded because their trace is not in the sample, and texts at which a mask failed.
    pub fn counted(&self) -> (u64, u64) {
        let sampled_out = self.sample.as_ref().map_or(0, Sample::counted);
        (sampled_out, self.control.as_ref().map_or(0, Control::failed))
    }
}

/// Whether an entity belongs to a trace that is not in the sample, as far as is known here.
fn is_left_out(sample: &Sample, entity: Entity, id: &str) -> bool {
    match entity {
        Entity::Trace => !sample.has(id),
        Entity::Span | Entity::Generation | Entity::Retrieval | Entity::ToolCall => {
            sample.is_left_out(entity.name(), id)
        }
        Entity::Session | Entity::Feedback | Entity::Error | Entity::Storage => false,
    }
}
