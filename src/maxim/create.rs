//! How entities begin: a session, and below it traces, spans, generations, retrievals, tool calls
//! and errors.
//!
//! The caller gives every id and start time, or has them made before it gets here.

use super::line::{Entity, action};
use super::logger::Logger;
use super::messages;
use crate::process::clock;
use crate::status::Result;
use crate::text::json::Shape;
use crate::text::object::{Json, Object, key};

/// A new session.
pub struct Session<'a> {
    /// Its id.
    pub id: &'a str,
    /// What to call it.
    pub name: Option<&'a str>,
    /// An object of tags.
    pub tags: Option<Json<'a>>,
    /// Unix microseconds.
    pub start: i64,
}

/// A new trace.
pub struct Trace<'a> {
    /// Its id.
    pub id: &'a str,
    /// What to call it.
    pub name: Option<&'a str>,
    /// The session it belongs to.
    pub session_id: Option<&'a str>,
    /// An object of tags.
    pub tags: Option<Json<'a>>,
    /// What the user asked.
    pub input: Option<&'a str>,
    /// Unix microseconds.
    pub start: i64,
}

/// A new span, or a new retrieval: they are described alike.
pub struct Span<'a> {
    /// Its id.
    pub id: &'a str,
    /// What to call it.
    pub name: Option<&'a str>,
    /// An object of tags.
    pub tags: Option<Json<'a>>,
    /// Unix microseconds.
    pub start: i64,
}

/// A new generation.
#[derive(Clone, Copy)]
pub struct Generation<'a> {
    /// Its id.
    pub id: &'a str,
    /// What to call it.
    pub name: Option<&'a str>,
    /// Who runs the model.
    pub provider: Option<&'a str>,
    /// Which model.
    pub model: Option<&'a str>,
    /// An array of messages.
    pub messages: Option<Json<'a>>,
    /// An object of parameters.
    pub model_parameters: Option<Json<'a>>,
    /// The span it belongs to, where the parent does not say it.
    pub span_id: Option<&'a str>,
    /// The Maxim prompt that was used.
    pub maxim_prompt_id: Option<&'a str>,
    /// The version of that prompt.
    pub maxim_prompt_version_id: Option<&'a str>,
    /// An object of tags.
    pub tags: Option<Json<'a>>,
    /// Unix microseconds.
    pub start: i64,
}

/// A new tool call.
pub struct ToolCall<'a> {
    /// Its id.
    pub id: &'a str,
    /// The tool.
    pub name: Option<&'a str>,
    /// What the tool does.
    pub description: Option<&'a str>,
    /// What it was called with, as the model wrote it.
    pub args: Option<&'a str>,
    /// An object of tags.
    pub tags: Option<Json<'a>>,
    /// Unix microseconds.
    pub start: i64,
}

/// Something that went wrong in a trace or span.
pub struct ErrorEntry<'a> {
    /// Its id.
    pub id: &'a str,
    /// What to call it.
    pub name: Option<&'a str>,
    /// What happened.
    pub message: &'a str,
    /// A code.
    pub code: Option<&'a str>,
    /// The kind of error.
    pub kind: Option<&'a str>,
    /// An object of tags.
    pub tags: Option<Json<'a>>,
    /// An object of anything else.
    pub metadata: Option<Json<'a>>,
}

/// Other names of providers that the log API knows, without case and with any mark for a space.
const ALIASES: [(&str, &str); 26] = [
    ("aws", "bedrock"),
    ("amazon", "bedrock"),
    ("aws_bedrock", "bedrock"),
    ("amazon_bedrock", "bedrock"),
    ("bedrock_converse", "bedrock"),
    ("azure_openai", "azure"),
    ("azureopenai", "azure"),
    ("azure_ai", "azure"),
    ("vertex", "google"),
    ("vertexai", "google"),
    ("vertex_ai", "google"),
    ("google_vertex", "google"),
    ("google_vertexai", "google"),
    ("google_genai", "google"),
    ("google_ai", "google"),
    ("gcp_vertex_ai", "google"),
    ("gcp_gemini", "google"),
    ("gemini", "google"),
    ("google_gemini", "google"),
    ("claude", "anthropic"),
    ("open_ai", "openai"),
    ("hugging_face", "huggingface"),
    ("together_ai", "together"),
    ("togetherai", "together"),
    ("fireworks_ai", "fireworks"),
    ("eleven_labs", "elevenlabs"),
];

/// Writes the provider as the log API has it: an alias of one that it knows by that one's name, any other in
/// lower case, and none as `unknown`.
pub(super) fn push_provider(line: &mut Object<'_>, given: Option<&str>) {
    let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) else {
        return line.text(key!("provider"), "unknown");
    };
    if let Some((_, known)) = ALIASES.iter().find(|(alias, _)| is_alias(given, alias)) {
        return line.text(key!("provider"), known);
    }
    if !given.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return line.text(key!("provider"), given);
    }
    line.text(key!("provider"), &given.to_ascii_lowercase());
}

fn is_alias(given: &str, alias: &str) -> bool {
    let same = |(given, alias): (u8, u8)| match alias {
        b'_' => matches!(given, b'_' | b'-' | b'.' | b' '),
        letter => given.eq_ignore_ascii_case(&letter),
    };
    given.len() == alias.len() && given.bytes().zip(alias.bytes()).all(same)
}

impl Logger {
    /// Begins a session.
    pub fn create_session(&self, session: &Session<'_>) -> Result<()> {
        self.log(|lines| {
            lines.line(Entity::Session, session.id, action!("create"), |line| {
                line.optional_text(key!("name"), session.name);
                line.tags_or_empty(session.tags)?;
                line.time(key!("startTimestamp"), session.start);
                Ok(())
            })
        })
    }

    /// Begins a trace.
    pub fn create_trace(&self, trace: &Trace<'_>) -> Result<()> {
        self.log(|lines| {
            lines.line(Entity::Trace, trace.id, action!("create"), |line| {
                line.optional_text(key!("name"), trace.name);
                line.tags_or_empty(trace.tags)?;
                line.time(key!("startTimestamp"), trace.start);
                line.optional_text(key!("sessionId"), trace.session_id);
                line.optional_text(key!("input"), trace.input);
                Ok(())
            })
        })
    }

    /// Begins a span below a trace or span.
    #[inline]
    pub fn add_span(&self, parent: Entity, parent_id: &str, span: &Span<'_>) -> Result<()> {
        self.log(|lines| {
            lines.line(parent, parent_id, action!("add-span"), |line| {
                line.plain(key!("id"), span.id);
                line.optional_text(key!("name"), span.name);
                if parent == Entity::Span {
                    line.text(key!("spanId"), parent_id);
                }
                line.tags_or_empty(span.tags)?;
                line.time(key!("startTimestamp"), span.start);
                Ok(())
            })
        })
    }

    /// Begins a retrieval in a trace or span.
    pub fn add_retrieval(&self, parent: Entity, parent_id: &str, retrieval: &Span<'_>) -> Result<()> {
        self.log(|lines| {
            lines.line(parent, parent_id, action!("add-retrieval"), |line| {
                line.plain(key!("id"), retrieval.id);
                line.optional_text(key!("name"), retrieval.name);
                line.tags_or_empty(retrieval.tags)?;
                line.time(key!("startTimestamp"), retrieval.start);
                Ok(())
            })
        })
    }

    /// Begins a generation in a trace or span; images, sounds and files in its messages become attachments.
    pub fn add_generation(&self, parent: Entity, parent_id: &str, generation: &Generation<'_>) -> Result<()> {
        let as_given = || self.add_plain_generation(parent, parent_id, generation);
        let Some(given) = generation.messages else { return as_given() };
        let Some((bytes, media)) = self.take_media(given)? else { return as_given() };
        let messages = Some(Json { name: given.name, bytes: &bytes });
        let plain = Generation { messages, ..*generation };
        let logged = self.add_plain_generation(parent, parent_id, &plain);
        messages::attach_all(logged, &media, self, generation.id)
    }

    fn add_plain_generation(
        &self,
        parent: Entity,
        parent_id: &str,
        generation: &Generation<'_>,
    ) -> Result<()> {
        if let Some(model) = generation.model {
            self.models.note(generation.id, model);
        }
        self.log(|lines| {
            lines.line(parent, parent_id, action!("add-generation"), |line| {
                line.plain(key!("id"), generation.id);
                line.optional_text(key!("name"), generation.name);
                push_provider(line, generation.provider);
                line.optional_text(key!("model"), generation.model);
                match generation.messages {
                    Some(messages) => line.json(key!("messages"), messages, Shape::Array)?,
                    None => line.compacted(key!("messages"), b"[]"),
                }
                line.model_parameters(generation.model_parameters)?;
                line.optional_text(key!("spanId"), generation.span_id);
                line.optional_text(key!("maximPromptId"), generation.maxim_prompt_id);
                line.optional_text(key!("maximPromptVersionId"), generation.maxim_prompt_version_id);
                line.tags_or_empty(generation.tags)?;
                line.time(key!("startTimestamp"), generation.start);
                Ok(())
            })
        })
    }

    /// Begins a tool call in a trace or span.
    pub fn add_tool_call(&self, parent: Entity, parent_id: &str, call: &ToolCall<'_>) -> Result<()> {
        self.log(|lines| {
            lines.line(parent, parent_id, action!("add-tool-call"), |line| {
                line.plain(key!("id"), call.id);
                line.optional_text(key!("name"), call.name);
                line.optional_text(key!("description"), call.description);
                line.optional_text(key!("args"), call.args);
                line.tags(call.tags)?;
                line.time(key!("startTimestamp"), call.start);
                Ok(())
            })
        })
    }

    /// Logs an error in a trace or span.
    pub fn add_error(&self, parent: Entity, parent_id: &str, error: &ErrorEntry<'_>) -> Result<()> {
        self.log(|lines| {
            lines.line(parent, parent_id, action!("add-error"), |line| {
                line.plain(key!("id"), error.id);
                line.optional_text(key!("name"), error.name);
                line.text(key!("message"), error.message);
                line.optional_text(key!("code"), error.code);
                line.optional_text(key!("errorType"), error.kind);
                line.tags(error.tags)?;
                if let Some(metadata) = error.metadata {
                    line.json(key!("metadata"), metadata, Shape::Object)?;
                }
                line.time(key!("startTimestamp"), clock::now_us());
                Ok(())
            })
        })
    }
}
