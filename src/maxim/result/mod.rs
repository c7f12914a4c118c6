//! A provider's own response, turned into what `generation result` of the Maxim log API accepts.
//!
//! [`normalise`] recognises a response by a few decisive members, cheap tests first, and hands it
//! to the one file that knows its shape. The order of the table is the order of the tests:
//!
//! | shape | decisive members | comes out as |
//! |---|---|---|
//! | an OpenAI chat completion stream | array, or one chunk, with `object` `chat.completion.chunk` | assembled |
//! | an OpenAI text completion stream | array with `object` `text_completion` | assembled |
//! | an OpenAI Responses stream | array with a `type` that starts with `response.` | its final response as it is, or assembled if it was cut short |
//! | an Anthropic message stream | array with `type` `message_start` | assembled |
//! | an OpenAI text completion | `choices` with `text`, or `object` `text_completion` | as it is |
//! | a Mistral chat completion | `choices` with what only Mistral sends: content parts, arguments as an object, `prefix`, `model_length` | converted |
//! | an OpenAI chat completion | `choices` | as it is |
//! | an OpenAI Responses object | `object` `response` | as it is |
//! | an Anthropic message | `type` `message` | converted |
//! | a Google Gemini response | `candidates`, `promptFeedback` or `usageMetadata`, in an object or an array of chunks | converted |
//! | an AWS Bedrock Converse response | `output.message` | converted |
//! | a Cohere chat response (v2) | `message` and `finish_reason` | converted |
//! | a Cohere chat response (v1) | `text` with `generation_id`, `response_id` or `chat_history` | converted |
//!
//! What is converted or assembled is a chat completion (a text completion for a text completion
//! stream): finish reasons become `stop`, `length`, `tool_calls` or `content_filter`, and one that
//! is not known stays as it is; tool calls carry their arguments as JSON text; `prompt_tokens`
//! counts cached tokens in, as OpenAI's does; a model's thinking is `reasoning_content`. Parts that
//! a chat completion has no place for (signatures, citations, images, the provider's own server
//! tools) are left out. An id, a time or a model that the provider leaves out is a new UUID, now,
//! and the caller's model.
//!
//! What passes as it is has been checked as the public clients check it. The rest is refused with a
//! reason for a person. No value panics. Nothing here sends, stores or waits.

#![forbid(unsafe_code)]

use serde_json::Value;
use std::fmt;

mod anthropic;
mod anthropic_stream;
mod bedrock;
mod cohere;
mod completion;
mod gemini;
mod mistral;
mod node;
mod openai_chat;
mod openai_responses;
mod openai_responses_stream;
mod openai_stream;
mod openai_text;
#[cfg(test)]
mod tests;
mod text;

use node::{Flaw, Node};
pub use text::normalise_text;

/// One shape of response: how it is told apart, and what becomes of it.
struct Shape {
    /// With its article, to follow "looks like".
    name: &'static str,
    is: fn(&Value) -> bool,
    /// The caller's model stands in for one that the provider leaves out.
    convert: fn(Value, Option<&str>) -> Result<Value, Flaw>,
}

/// Every known shape, in the order in which they are tried.
const SHAPES: [Shape; 13] = [
    openai_stream::SHAPE,
    openai_text::STREAM,
    openai_responses_stream::SHAPE,
    anthropic_stream::SHAPE,
    openai_text::SHAPE,
    mistral::SHAPE,
    openai_chat::SHAPE,
    openai_responses::SHAPE,
    anthropic::SHAPE,
    gemini::SHAPE,
    bedrock::SHAPE,
    cohere::V2,
    cohere::V1,
];

/// Why a value is not taken as a provider's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecognised {
    /// What it looks like and what is wrong with it, or what is known when it looks like nothing.
    pub reason: String,
}

impl fmt::Display for Unrecognised {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.reason)
    }
}

impl std::error::Error for Unrecognised {}

/// Turns a provider's response into what the log API accepts as a generation's result.
///
/// `model` is the model of the generation, when it is known: it stands in for the one that Gemini,
/// Bedrock and Cohere may leave out of a response.
pub fn normalise(value: Value, model: Option<&str>) -> Result<Value, Unrecognised> {
    match SHAPES.iter().find(|shape| (shape.is)(&value)) {
        Some(shape) => (shape.convert)(value, model)
            .map_err(|flaw| Unrecognised { reason: format!("looks like {}, but {flaw}", shape.name) }),
        None => Err(Unrecognised { reason: unknown(&value) }),
    }
}

/// The reason for a value that looks like no known shape.
fn unknown(value: &Value) -> String {
    if let Some(error) = Node::root(value).chunks().iter().find_map(Node::error_kind) {
        return format!(
            "is an error of the provider ({error}), not a result: log it as the generation's error"
        );
    }
    let known: Vec<&str> = SHAPES.iter().map(|shape| shape.name).collect();
    format!("{} is none of the known results: {}", kind(value), known.join(", "))
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
        Value::Object(members) => {
            let names: Vec<String> =
                members.keys().take(MEMBERS_NAMED).map(|name| format!("`{}`", node::excerpt(name))).collect();
            let more = if members.len() > MEMBERS_NAMED { ", …" } else { "" };
            format!("an object with {}{more}", names.join(", "))
        }
    }
}
