//! Building a chat completion: the one shape that every converted response comes out in.
//!
//! A provider's file fills these in; what it leaves empty is generated (id, time) or left out.

use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::process::unique::Uuid;

/// A chat completion to be.
#[derive(Default)]
pub(super) struct Completion {
    pub head: Head,
    pub choices: Vec<Choice>,
    pub usage: Option<Value>,
    /// Members of the response that a chat completion has too (`service_tier` and the like).
    pub extra: Map<String, Value>,
}

impl Completion {
    /// The chat completion; `model` stands in for one that the response did not give.
    pub fn build(self, model: Option<&str>) -> Value {
        let choices = self.choices.into_iter().map(Choice::build).collect();
        self.head
            .open("chat.completion", model)
            .with("choices", Value::Array(choices))
            .with_some("usage", self.usage)
            .finish(self.extra)
    }
}

/// What opens every completion, as far as the response gives it.
#[derive(Default)]
pub(super) struct Head {
    pub id: Option<String>,
    /// Unix seconds.
    pub created: Option<Value>,
    pub model: Option<String>,
}

impl Head {
    /// The first members of a completion, with what the response did not give filled in.
    pub fn open(self, object: &str, model: Option<&str>) -> Members {
        Members::default()
            .with("id", self.id.unwrap_or_else(new_id).into())
            .with("object", object.into())
            .with("created", self.created.unwrap_or_else(now))
            .with("model", self.model.as_deref().or(model).unwrap_or_default().into())
    }
}

/// An object being written, in order.
#[derive(Default)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub fn with(mut self, name: &str, value: Value) -> Members {
        self.0.insert(name.to_owned(), value);
        self
    }

    pub fn with_some(self, name: &str, value: Option<Value>) -> Members {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub fn finish(mut self, extra: Map<String, Value>) -> Value {
        self.0.extend(extra);
        Value::Object(self.0)
    }
}

/// One answer of the model.
#[derive(Default)]
pub(super) struct Choice {
    pub index: u64,
    /// `assistant` unless the provider says otherwise.
    pub role: Option<String>,
    pub content: Option<String>,
    pub reasoning: Option<String>,
    pub refusal: Option<String>,
    pub tool_calls: Vec<ToolCall>,
    pub finish_reason: Option<String>,
    pub logprobs: Option<Value>,
}

impl Choice {
    pub fn new(index: u64) -> Choice {
        Choice { index, ..Choice::default() }
    }

    /// For providers that end a turn with tool calls like any other turn.
    pub fn finish_with_calls(&mut self) {
        if !self.tool_calls.is_empty() && self.finish_reason.as_deref() == Some("stop") {
            self.finish_reason = Some("tool_calls".to_owned());
        }
    }

    fn build(self) -> Value {
        let calls = self.tool_calls.into_iter().map(ToolCall::build).collect::<Vec<Value>>();
        let message = Members::default()
            .with("role", self.role.unwrap_or_else(|| "assistant".to_owned()).into())
            .with("content", self.content.into())
            .with_some("reasoning_content", self.reasoning.map(Value::from))
            .with_some("refusal", self.refusal.map(Value::from))
            .with_some("tool_calls", (!calls.is_empty()).then_some(Value::Array(calls)))
            .finish(Map::new());
        json!({
            "index": self.index,
            "message": message,
            "finish_reason": self.finish_reason,
            "logprobs": self.logprobs,
        })
    }
}

/// Adds to a text that may not have begun: no part at all stays null, an empty part is `""`.
pub(super) fn append(text: &mut Option<String>, part: &str) {
    text.get_or_insert_default().push_str(part);
}

/// A call of one of the caller's functions.
#[derive(Default)]
pub(super) struct ToolCall {
    pub id: Option<String>,
    pub name: String,
    /// JSON text, or the beginning of one when a stream was cut short.
    pub arguments: String,
}

impl ToolCall {
    fn build(self) -> Value {
        json!({
            "id": self.id.unwrap_or_else(new_id),
            "type": "function",
            "function": {"name": self.name, "arguments": self.arguments},
        })
    }
}

/// A call's arguments as JSON text: a text is one already, an absent value is no arguments.
pub(super) fn arguments(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Tokens, as OpenAI counts them: the prompt's include cached ones, the completion's reasoning.
#[derive(Default)]
pub(super) struct Usage {
    pub prompt: u64,
    pub completion: u64,
    /// The sum of both unless the provider gives its own.
    pub total: Option<u64>,
    /// Prompt tokens read from a cache.
    pub cached: Option<u64>,
    /// Prompt tokens written to a cache: billed at another rate than the rest.
    pub cache_creation: Option<u64>,
    pub reasoning: Option<u64>,
}

impl Usage {
    pub fn build(self) -> Value {
        let prompt_details = [("cached_tokens", self.cached), ("cache_creation_tokens", self.cache_creation)];
        let total = self.total.unwrap_or(self.prompt.saturating_add(self.completion));
        Members::default()
            .with("prompt_tokens", self.prompt.into())
            .with("completion_tokens", self.completion.into())
            .with("total_tokens", total.into())
            .with_some("prompt_tokens_details", details(&prompt_details))
            .with_some("completion_tokens_details", details(&[("reasoning_tokens", self.reasoning)]))
            .finish(Map::new())
    }
}

fn details(counts: &[(&str, Option<u64>)]) -> Option<Value> {
    let given: Map<String, Value> =
        counts.iter().filter_map(|&(name, count)| Some((name.to_owned(), Value::from(count?)))).collect();
    (!given.is_empty()).then_some(Value::Object(given))
}

/// The sum of what was given, at most what a count can hold.
pub(super) fn sum(counts: &[Option<u64>]) -> u64 {
    counts.iter().flatten().fold(0, |total, &count| total.saturating_add(count))
}

/// A provider's finish reason in OpenAI's words; one that `known` does not list stays as it is.
pub(super) fn finish_reason(given: &str, known: &[(&str, &str)]) -> String {
    known.iter().find(|(theirs, _)| *theirs == given).map_or(given, |(_, ours)| ours).to_owned()
}

/// Adds a chunk's log probabilities to those before it: arrays of the same name are joined.
pub(super) fn append_logprobs(joined: &mut Option<Value>, chunk: &Value) {
    let Some(Value::Object(before)) = joined else {
        *joined = Some(chunk.clone());
        return;
    };
    for (name, after) in chunk.as_object().into_iter().flatten() {
        match (before.get_mut(name), after) {
            (Some(Value::Array(items)), Value::Array(more)) => items.extend(more.iter().cloned()),
            (Some(_), Value::Null) => {}
            _ => {
                before.insert(name.clone(), after.clone());
            }
        }
    }
}

/// A text that says something: some providers open a stream with empty ids and models.
pub(super) fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn new_id() -> String {
    Uuid::new().as_str().to_owned()
}

fn now() -> Value {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().into()
}
