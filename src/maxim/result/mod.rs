//! A provider's own response, turned into what `generation result` of the Maxim log API accepts.
//!
//! Nothing is refused for its shape. [`normalise`] recognises a response by a few decisive members, cheap tests
//! first, and hands it to the one file that knows its shape. The order of the table is the order of the tests:
//!
//! | shape | decisive members | comes out as |
//! |---|---|---|
//! | a completion of Hunyuan or Oracle | `Choices`, or an `apiFormat` or `runtimeType` | respelled, then as OpenAI's or Cohere's |
//! | an OpenAI chat completion stream | `choices` with a `delta`, or `object` `chat.completion.chunk` | assembled |
//! | an OpenAI text completion stream | an array of `choices` with `text` | assembled |
//! | an OpenAI Responses stream | an array with a `type` that starts with `response.` | its final response, or assembled if it was cut short |
//! | an Anthropic message stream | an array with `type` `message_start` or `content_block_…` | assembled |
//! | an AWS Bedrock ConverseStream | an array with `messageStart`, `contentBlockDelta`, … | assembled |
//! | a Cohere chat stream (v2) | an array with `type` `message-start`, `content-delta`, … | assembled |
//! | a Cohere chat stream (v1) | an array with `event_type` `text-generation`, … or `is_finished` | assembled |
//! | a Google interaction stream | an array with `event_type` `interaction.…` or `step.…` | assembled |
//! | a Mistral conversation stream | an array with `type` `conversation.response.…`, `message.output.…`, … | assembled |
//! | a DashScope stream | an array with `output` and `request_id` | assembled, or its last event |
//! | an AWS Bedrock agent stream | an array with `chunk.bytes`, `output.text`, `returnControl`, `trace`, … | assembled |
//! | a Claude Agent SDK session | messages of `type` `assistant`, or a `result` with its `session_id` | the last message, converted |
//! | an AI SDK stream | an array with `type` `text-delta`, `tool-input-start`, `finish-step`, … | assembled |
//! | a Gemini Live session | `serverContent` or `toolCall.functionCalls` | assembled |
//! | a transcription stream | an array with `type` `transcript.text.…` | assembled |
//! | a Spark response | `payload.choices` beside a `header`, in an object or an array of frames | assembled |
//! | an OpenAI text completion | `choices` with `text` | as it is, patched where needed |
//! | an OpenAI chat completion | `choices` | as it is, patched where needed |
//! | a Google interaction | `object` `interaction` | converted |
//! | an OpenAI Responses object | `object` `response…`, or `output` with items that have a `type` | as it is, patched where needed |
//! | a Mistral conversation | `object` `conversation.response`, or `outputs` with items of its types | converted |
//! | an AI SDK result | `finishReason` with `content` in its parts or a `text`, or `steps` of these | converted |
//! | an AI SDK message | `role` `assistant` with `parts` that have a `type` | converted |
//! | a LangChain message or result | `type` `ai` with `response_metadata`, or lists of `generations` | converted |
//! | a Google Gemini response | `candidates`, `promptFeedback` or `usageMetadata`, in an object or an array of chunks | converted |
//! | an Anthropic message | `content` with `type` `message` or a `stop_reason` | converted |
//! | an AWS Bedrock Converse response | `output.message` | converted |
//! | an AWS Bedrock retrieveAndGenerate response | `output.text` | converted |
//! | a Cohere chat response (v2) | `message` and `finish_reason` | converted |
//! | a Cohere chat response (v1) | `text` with `generation_id`, `response_id` or `chat_history` | converted |
//! | an Ollama response | `done` with `message` or `response`, in an object or an array of lines | converted |
//! | a completed text | the members of [`generators`] | converted |
//! | generated images or sounds | the members of [`images`] with base64 or links | converted, what was generated attached |
//! | embeddings | `embedding`, `embeddings`, or vectors | as they are, with numbers of values for values |
//! | a transcription | `text` with what transcriptions have beside it | converted |
//! | a document that was read | `pages` with `markdown` | converted |
//! | a message of an assistant | `role` `assistant` with `content` or `tool_calls` | the message of a completion |
//! | an error of the provider | `error`, or a body that says nothing but a message | the generation's error |
//!
//! What is converted or assembled is a chat completion (a text completion for a text completion
//! stream): finish reasons become `stop`, `length`, `tool_calls` or `content_filter`, and one that
//! is not known stays as it is; tool calls carry their arguments as JSON text; `prompt_tokens`
//! counts cached tokens in, as OpenAI's does; a model's thinking is `reasoning_content`. What a chat completion
//! has no place for stands beside what it has: in the message `citations`, `images`, `server_tool_calls`
//! (the provider's own tools and their results), `reasoning_signatures` and `other_content`; and in the
//! message, the choice, the usage and the response whatever else the provider says there, under its own name.
//! An id, a time or a model that the provider leaves out is a new UUID, now, and the caller's model; where that
//! is not known either, `model` is left out.
//!
//! One of these within what is none (a batch's line, a gateway's or a client's response, a provider's own `output`) is
//! taken out of its [`envelope`]; one in a list with others of these, or between events that say nothing, is found too.
//!
//! A stream that ends in an error keeps what came, with the `error` beside it. Several answers in one array are
//! told apart: the last is the result, those before it are its `earlier_responses`.
//!
//! What is not recognised comes out as it came, marked as such with a reason for a person. No value panics.
//! Nothing here sends, stores or waits.

#![forbid(unsafe_code)]

use self::envelope::Opened;
use super::media::Media;
use crate::process::unique::Uuid;
use serde_json::{Map, Value, json};

mod agents;
mod ai_sdk;
mod answer;
mod anthropic;
mod anthropic_stream;
mod bedrock;
mod cohere;
mod completion;
mod dashscope;
mod encodings;
mod envelope;
mod error;
mod frameworks;
mod gemini;
mod gemini_arguments;
mod generators;
mod images;
mod inline;
mod interactions;
mod live;
mod ollama;
mod openai;
mod openai_stream;
mod other;
mod parts;
mod raw;
mod relaxed;
mod responses;
mod responses_stream;
mod spark;
mod spelled;
mod split;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use text::{Mode, Told, normalise_text};

/// One shape of response: how it is told apart, and what becomes of it.
struct ResponseShape {
    /// With its article.
    name: &'static str,
    is: fn(&Value) -> bool,
    convert: fn(Value, &mut Context<'_>) -> Value,
}

/// Every known shape, in the order in which they are tried.
const SHAPES: [ResponseShape; 39] = [
    spelled::SHAPE,
    openai_stream::CHAT,
    openai_stream::TEXT,
    responses_stream::SHAPE,
    anthropic_stream::SHAPE,
    bedrock::STREAM,
    cohere::V2_STREAM,
    cohere::V1_STREAM,
    interactions::STREAM,
    agents::MISTRAL_STREAM,
    dashscope::STREAM,
    agents::BEDROCK_STREAM,
    agents::CLAUDE,
    ai_sdk::STREAM,
    live::SHAPE,
    other::SPEECH_STREAM,
    spark::SHAPE,
    openai::TEXT,
    openai::CHAT,
    interactions::SHAPE,
    responses::SHAPE,
    agents::MISTRAL,
    ai_sdk::RESULT,
    ai_sdk::MESSAGE,
    frameworks::LANGCHAIN,
    gemini::SHAPE,
    anthropic::SHAPE,
    bedrock::SHAPE,
    bedrock::RETRIEVED,
    cohere::V2,
    cohere::V1,
    ollama::SHAPE,
    generators::SHAPE,
    images::SHAPE,
    other::EMBEDDINGS,
    other::SPEECH,
    other::DOCUMENT,
    frameworks::MESSAGE,
    error::SHAPE,
];

/// The generation that a response belongs to, and what is wanted of it.
pub struct Owner<'a> {
    /// Its model, when it is known: it stands in for the one that a provider leaves out of a response.
    pub model: &'a (dyn Fn() -> Option<String> + Sync),
    /// Whether images, sounds and files are taken out, to be attached; else they stay where they are.
    pub extracts_media: bool,
    /// Whether members that would have to be patched are told ([`Found::Odd`]).
    pub is_strict: bool,
}

/// What is known beside a response, and what is taken out of it.
pub(super) struct Context<'a> {
    owner: &'a Owner<'a>,
    /// Attachments, with their ids.
    media: Vec<(Uuid, Media)>,
}

impl Context<'_> {
    /// The model of the generation, when it is known.
    fn model(&self) -> Option<String> {
        (self.owner.model)().filter(|model| !model.is_empty())
    }

    /// Makes an attachment of base64, and gives what stands in its place; `None` if it is none, or stays.
    fn keep_base64(&mut self, mime: Option<&str>, text: &str) -> Option<Value> {
        if !self.owner.extracts_media {
            return None;
        }
        let media = Media::from_base64(mime, text)?;
        Some(self.keep(media))
    }

    /// Makes an attachment of a `data:` URI; `None` if it is none, or stays.
    fn keep_data_uri(&mut self, url: &str) -> Option<Value> {
        if !self.owner.extracts_media || !url.starts_with("data:") {
            return None;
        }
        let media = Media::from_url(url);
        media.has_bytes().then(|| self.keep(media))
    }

    /// Makes an attachment of a link or a `data:` URI.
    fn keep_url(&mut self, url: &str) -> Value {
        if !self.owner.extracts_media {
            return json!({"url": url});
        }
        let mut kept = self.keep(Media::from_url(url));
        if !url.starts_with("data:") {
            kept["url"] = url.into();
        }
        kept
    }

    fn keep(&mut self, media: Media) -> Value {
        let id = Uuid::new();
        let kept = json!({"type": "attachment", "attachment_id": id.as_str(), "mime_type": media.mime()});
        self.media.push((id, media));
        kept
    }
}

/// A response, normalised.
pub struct Normal {
    /// What the log API is sent.
    pub value: Value,
    /// What is to be attached to the generation, with the ids that the value names.
    pub media: Vec<(Uuid, Media)>,
    /// What it was.
    pub found: Found,
}

/// What a response was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Of a known shape.
    Known(&'static str),
    /// Of a known shape, but for a member: which one, told only where it is asked for.
    Odd(String),
    /// A provider's error in place of an answer.
    Failure,
    /// Nothing that is known: why, for a person, without any of its content.
    Unknown(String),
}

/// Turns a provider's response into what the log API accepts as a generation's result.
pub fn normalise(value: Value, owner: &Owner<'_>) -> Normal {
    let mut context = Context { owner, media: Vec::new() };
    let value = raw::unwrap(value);
    let (mut value, found) = match split::answers(value) {
        Ok(answers) => several(answers, &mut context),
        Err(value) => one(value, &mut context),
    };
    if owner.extracts_media {
        inline::take(&mut value, &mut context);
    }
    Normal { value, media: context.media, found }
}

fn one(value: Value, context: &mut Context<'_>) -> (Value, Found) {
    if let Some(answer) = broken_off(&value, context) {
        return answer;
    }
    match SHAPES.iter().find(|shape| (shape.is)(&value)) {
        Some(shape) if shape.name == error::SHAPE.name => ((shape.convert)(value, context), Found::Failure),
        Some(shape) => {
            let is_sent_as_it_is =
                [openai::TEXT.name, openai::CHAT.name, responses::SHAPE.name].contains(&shape.name);
            let given = (context.owner.is_strict && is_sent_as_it_is).then(|| value.clone());
            let value = (shape.convert)(value, context);
            let odd = given.and_then(|given| difference(&given, &value, String::new()));
            (value, odd.map_or(Found::Known(shape.name), Found::Odd))
        }
        None => listed(value, context),
    }
}

/// What came of a stream before its error, with that beside it; whatever the provider, an error is no chunk of its.
fn broken_off(value: &Value, context: &mut Context<'_>) -> Option<(Value, Found)> {
    let events = value.as_array()?;
    let failed = events.iter().rev().filter(|event| error::is_all(event)).find_map(error::error_of)?;
    let came: Vec<Value> = events.iter().filter(|event| !error::is_all(event)).cloned().collect();
    let kept = context.media.len();
    if came.is_empty() {
        return None;
    }
    let (mut answer, found) = one(came.into(), context);
    if !matches!(found, Found::Known(_) | Found::Odd(_)) {
        context.media.truncate(kept);
        return None;
    }
    let has_none = |members: &&mut Map<String, Value>| members.get("error").is_none_or(Value::is_null);
    if let Some(members) = answer.as_object_mut().filter(has_none) {
        members.insert("error".to_owned(), failed);
    }
    Some((answer, found))
}

/// What is of no shape as it stands, but for what is around it: a list of answers that are each of one, a stream
/// between whose events are such as keep a connection open or tell that all is well, and an answer in an [`envelope`].
fn listed(value: Value, context: &mut Context<'_>) -> (Value, Found) {
    let is_answer =
        |value: &Value| value.is_object() && answer::is_answer(value) && !answer::is_by_chance(value);
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(is_answer) => several(items, context),
        Value::Array(items) if is_list_of_envelopes(&items) => {
            let answers = items.iter().filter_map(envelope::open).map(|opened| opened.answer);
            one(answers.collect(), context)
        }
        Value::Array(items) if items.iter().any(is_aside) && !items.iter().all(is_aside) => {
            one(items.into_iter().filter(|item| !is_aside(item)).collect(), context)
        }
        value => match envelope::open(&value) {
            Some(Opened { answer, around }) => {
                let (mut answer, found) = one(answer, context);
                if let (Value::Object(members), false) = (&mut answer, around.is_empty()) {
                    members.entry("envelope").or_insert(Value::Object(around));
                }
                (answer, found)
            }
            None => {
                let why = unknown(&value);
                (value, Found::Unknown(why))
            }
        },
    }
}

/// Whether each item has an answer in it, as the events of a stream in envelopes have.
fn is_list_of_envelopes(items: &[Value]) -> bool {
    let is_envelope = |item: &Value| {
        item.is_object() && envelope::open(item).is_some_and(|opened| opened.around.is_empty())
    };
    !items.is_empty() && items.iter().all(is_envelope)
}

/// An event that says nothing of an answer.
fn is_aside(event: &Value) -> bool {
    is_ping(event) || error::is_no_error(event)
}

fn is_ping(event: &Value) -> bool {
    ["type", "event"].iter().any(|name| event.get(*name).is_some_and(|kind| kind == "ping"))
        && event.as_object().is_some_and(|members| members.len() == 1)
}

/// The last of several answers, and beside it those before it.
fn several(answers: Vec<Value>, context: &mut Context<'_>) -> (Value, Found) {
    let mut all: Vec<(Value, Found)> = answers.into_iter().map(|answer| one(answer, context)).collect();
    let Some((mut last, found)) = all.pop() else {
        return (Value::Array(Vec::new()), Found::Unknown(unknown(&json!([]))));
    };
    let earlier: Vec<Value> = all.into_iter().map(|(answer, _)| answer).collect();
    if let (Value::Object(last), false) = (&mut last, earlier.is_empty()) {
        last.insert("earlier_responses".to_owned(), Value::Array(earlier));
    }
    (last, found)
}

/// The first place at which two values differ, if they do.
fn difference(one: &Value, other: &Value, at: String) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            names.into_iter().find_map(|name| match (one.get(name), other.get(name)) {
                (Some(one), Some(other)) => difference(one, other, format!("{at}/{}", excerpt(name))),
                _ => Some(format!("{at}/{}", excerpt(name))),
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut items = one.iter().zip(other).enumerate();
            items.find_map(|(place, (one, other))| difference(one, other, format!("{at}/{place}")))
        }
        (one, other) => (one != other).then_some(at),
    }
}

/// The reason for a value that looks like no known shape.
fn unknown(value: &Value) -> String {
    format!("{} is none of the results that are known", kind(value))
}

/// What a value is, without its content: a reason may end up in a log that the content must not.
fn kind(value: &Value) -> String {
    /// Enough to recognise a shape by.
    const MEMBERS_NAMED: usize = 8;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(items) => match items.first() {
            None => "an empty array".to_owned(),
            Some(Value::Array(_)) => "an array of arrays".to_owned(),
            Some(first) => format!("an array that begins with {}", kind(first)),
        },
        Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
        Value::Object(members) => object_kind(members, MEMBERS_NAMED),
    }
}

fn object_kind(members: &Map<String, Value>, named: usize) -> String {
    let names: Vec<String> = members.keys().take(named).map(|name| format!("`{}`", excerpt(name))).collect();
    let more = if members.len() > named { ", …" } else { "" };
    format!("an object with {}{more}", names.join(", "))
}

/// The beginning of a foreign text, short enough for a reason.
fn excerpt(text: &str) -> &str {
    const CHARACTERS: usize = 80;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}
