//! What the exports of several entities share: ids given or generated, and the children that traces
//! and spans both have.

use super::logger::{maxim_logger, with_logger};
use super::structs::*;
use super::types::*;
use crate::maxim::{self, Attachment, Content, Entity, Failure, Logger};
use crate::process::clock;
use crate::process::unique::Uuid;
use crate::status::{Error, Result, Status};
use crate::text::escape;
use crate::text::id::MAX_ID_LEN;
use crate::text::object::Json;
use crate::text::scratch::{self, Lent};

/// An argument that names an entity, with its name for errors.
pub(super) type Named = (&'static str, maxim_str);

/// Runs one call that makes something, under the caller's id or a new one, and tells the id at the end.
#[inline(always)]
pub(super) fn make(
    logger: *mut maxim_logger,
    (id_name, given): Named,
    out_id: *mut maxim_id,
    call: impl FnOnce(&Logger, &str) -> Result<()>,
) -> Result<()> {
    let (fresh, odd);
    let id = match optional_id(id_name, given) {
        Ok(Some(id)) => id,
        Ok(None) => {
            fresh = Uuid::new();
            fresh.as_str()
        }
        Err(refusal) => {
            odd = OddId::of(given, refusal, logger)?;
            odd.as_str()
        }
    };
    with_logger(logger, |log| call(log, id))?;
    write_id(out_id, id);
    Ok(())
}

/// What a lossy logger takes in the place of an id that is none: not on the heap, as what is freed at the end of a call
/// costs every call.
struct OddId {
    bytes: [u8; MAX_ID_LEN],
    length: usize,
}

impl OddId {
    #[cold]
    #[inline(never)]
    fn of(given: maxim_str, refusal: Error, logger: *mut maxim_logger) -> Result<OddId> {
        let mut odd = OddId { bytes: [0; MAX_ID_LEN], length: 0 };
        with_logger(logger, |log| {
            if !log.is_lossy() {
                return Err(refusal);
            }
            let id = required_id("id", given)?.as_bytes();
            odd.length = id.len().min(MAX_ID_LEN);
            odd.bytes[..odd.length].copy_from_slice(&id[..odd.length]);
            Ok(())
        })?;
        Ok(odd)
    }

    #[cold]
    fn as_str(&self) -> &str {
        // Of ASCII alone, as any id is.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// A start time: 0 says now.
#[inline(always)]
pub(super) fn start(timestamp_us: i64) -> i64 {
    if timestamp_us == 0 { clock::now_us() } else { timestamp_us }
}

/// Tags as a caller gives them: a JSON text, or a list.
#[derive(Clone, Copy)]
pub(super) struct Tags {
    pub(super) json: maxim_str,
    pub(super) list: *const maxim_tag,
    pub(super) count: usize,
}

impl Tags {
    /// The tags as JSON; a list becomes one in `room`.
    #[inline]
    pub(super) fn json(self, room: &mut Option<Lent>) -> Result<Option<Json<'_>>> {
        if self.list.is_null() && self.count == 0 {
            return optional_json("tags_json", self.json);
        }
        unused("tags_json", !self.json.data.is_null())?;
        tag_list(self.list, self.count, room).map(Some)
    }
}

/// The JSON object of a list of tags.
pub(super) fn tag_list(list: *const maxim_tag, count: usize, room: &mut Option<Lent>) -> Result<Json<'_>> {
    let out = room.insert(scratch::lend());
    out.push(b'{');
    for (at, tag) in array("tags", list, count)?.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        escape::push_string(out, required("tags: a key", tag.key)?);
        out.push(b':');
        escape::push_string(out, required("tags: a value", tag.value)?);
    }
    out.push(b'}');
    Ok(Json { name: "tags", bytes: out })
}

/// The tags of a configuration.
macro_rules! tags {
    ($config:expr, $room:expr) => {
        Tags { json: $config.tags_json, list: $config.tags, count: $config.tag_count }.json($room)?
    };
}

/// How an entity failed, which has no identity of its own.
pub(super) fn failure<'a>(config: *const maxim_error_config) -> Result<Failure<'a>> {
    let config = config_or_defaults(config)?;
    for (name, given) in [
        ("id", config.id),
        ("name", config.name),
        ("tags_json", config.tags_json),
        ("metadata_json", config.metadata_json),
    ] {
        unused(name, !given.data.is_null())?;
    }
    unused("tags", !config.tags.is_null() || config.tag_count != 0)?;
    Ok(Failure {
        message: optional("message", config.message)?,
        code: optional("code", config.code)?,
        kind: optional("type", config.r#type)?,
    })
}

pub(super) fn create_session(
    logger: *mut maxim_logger,
    config: *const maxim_session_config,
    out_id: *mut maxim_id,
) -> Result<()> {
    let config = config_or_defaults(config)?;
    let mut room = None;
    make(logger, ("id", config.id), out_id, |log, id| {
        log.create_session(&maxim::Session {
            id,
            name: optional("name", config.name)?,
            tags: tags!(config, &mut room),
            start: start(config.start_timestamp_us),
        })
    })
}

/// A trace, in the session given or in the one that the configuration names.
pub(super) fn create_trace(
    logger: *mut maxim_logger,
    session: Option<Named>,
    config: *const maxim_trace_config,
    out_id: *mut maxim_id,
) -> Result<()> {
    let config = config_or_defaults(config)?;
    unused("session_id", session.is_some() && !config.session_id.data.is_null())?;
    let start = start(config.start_timestamp_us);
    let mut room = None;
    make(logger, ("id", config.id), out_id, |log, id| {
        log.create_trace(&maxim::Trace {
            id,
            name: optional("name", config.name)?,
            session_id: match session {
                Some((name, session)) => Some(required_id(name, session)?),
                None => optional_id("session_id", config.session_id)?,
            },
            tags: tags!(config, &mut room),
            input: optional("input", config.input)?,
            start,
        })
    })
}

/// A function that makes something in an entity, of a configuration: with an id and tags as all have them, the texts in
/// brackets, which may be absent and are called as in C, and what is its own.
macro_rules! child {
    ($(#[$attribute:meta])* $add:ident($config:ident: $given:ty) => $Made:ident [$($text:ident),*] {
        $($member:ident: $value:expr,)*
    }) => {
        $(#[$attribute])*
        pub(super) fn $add(
            logger: *mut maxim_logger,
            entity: Entity,
            (entity_name, entity_id): Named,
            config: *const $given,
            out_id: *mut maxim_id,
        ) -> Result<()> {
            let $config = config_or_defaults(config)?;
            let mut room = None;
            make(logger, ("id", $config.id), out_id, |log, id| {
                log.$add(
                    entity,
                    required_id(entity_name, entity_id)?,
                    &maxim::$Made {
                        id,
                        $($text: optional(stringify!($text), $config.$text)?,)*
                        $($member: $value,)*
                        tags: tags!($config, &mut room),
                    },
                )
            })
        }
    };
}

child!(
    #[inline]
    add_span(config: maxim_span_config) => Span [name] { start: start(config.start_timestamp_us), }
);
child!(add_retrieval(config: maxim_retrieval_config) => Span [name] { start: start(config.start_timestamp_us), });
child!(add_generation(config: maxim_generation_config) => Generation
    [name, provider, model, maxim_prompt_id, maxim_prompt_version_id] {
    messages: optional_json("messages_json", config.messages_json)?,
    model_parameters: optional_json("model_parameters_json", config.model_parameters_json)?,
    span_id: optional_id("span_id", config.span_id)?,
    start: start(config.start_timestamp_us),
});
child!(add_tool_call(config: maxim_tool_call_config) => ToolCall [name, description, args] {
    start: start(config.start_timestamp_us),
});
child!(add_error(config: maxim_error_config) => ErrorEntry [name, code] {
    message: required("message", config.message)?,
    kind: optional("type", config.r#type)?,
    metadata: optional_json("metadata_json", config.metadata_json)?,
});
child!(add_event(config: maxim_event_config) => Event [] {
    name: required("name", config.name)?,
    metadata: optional_json("metadata_json", config.metadata_json)?,
    time: start(config.timestamp_us),
});

/// Attaches something to an entity.
pub(super) fn add_attachment(
    logger: *mut maxim_logger,
    entity: Entity,
    (entity_name, entity_id): Named,
    attachment: *const maxim_attachment,
    out_id: *mut maxim_id,
) -> Result<()> {
    let given = read(attachment)?;
    for (name, kind, is_given) in [
        ("path", MAXIM_ATTACHMENT_FILE, !given.path.data.is_null()),
        ("data", MAXIM_ATTACHMENT_DATA, !given.data.is_null() || given.data_len != 0),
        ("url", MAXIM_ATTACHMENT_URL, !given.url.data.is_null()),
    ] {
        unused(name, given.kind != kind && is_given)?;
    }
    let mut room = None;
    let content = match given.kind {
        MAXIM_ATTACHMENT_FILE => Content::File(required("path", given.path)?),
        MAXIM_ATTACHMENT_DATA => Content::Data(bytes("data", given.data, given.data_len)?),
        MAXIM_ATTACHMENT_URL => Content::Url(required("url", given.url)?),
        other => {
            let reason = format!("kind: {other} is none of MAXIM_ATTACHMENT_…");
            return Err(Error::new(Status::InvalidArgument, reason));
        }
    };
    make(logger, ("id", given.id), out_id, |log, id| {
        let attachment = Attachment {
            id,
            content,
            name: optional("name", given.name)?,
            mime_type: optional("mime_type", given.mime_type)?,
            tags: tags!(given, &mut room),
            metadata: optional_json("metadata_json", given.metadata_json)?,
            timestamp: (given.timestamp_s != 0).then_some(given.timestamp_s),
        };
        log.attach(entity, required_id(entity_name, entity_id)?, &attachment)
    })
}
