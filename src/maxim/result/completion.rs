//! Building a chat completion: the one shape that every converted response comes out in.
//!
//! A provider's file fills these in; what it leaves empty is generated (id, time) or left out. `extra`
//! members are what a chat completion has no place for, under their own names.

use super::parts::{new_id, now};
use super::value::{add_new, count, rest};
use super::{Context, openai};
use serde_json::{Map, Value, json};

/// A chat completion to be.
#[derive(Default)]
pub(super) struct Completion {
    pub id: Option<String>,
    /// Unix seconds.
    pub created: Option<Value>,
    pub model: Option<String>,
    pub choices: Vec<Choice>,
    pub usage: Option<Value>,
    /// How the answer broke off.
    pub error: Option<Value>,
    pub extra: Map<String, Value>,
}

impl Completion {
    /// The chat completion; the model of the context stands in for one that the response did not give.
    pub fn build(self, context: &Context<'_>) -> Value {
        let choices = self.choices.into_iter().map(Choice::build).collect();
        let mut built = Map::new();
        built.insert("id".to_owned(), self.id.unwrap_or_else(new_id).into());
        built.insert("object".to_owned(), "chat.completion".into());
        built.insert("created".to_owned(), self.created.unwrap_or_else(now));
        add(&mut built, "model", self.model.or_else(|| context.model()).map(Value::from));
        built.insert("choices".to_owned(), Value::Array(choices));
        add(&mut built, "usage", self.usage);
        add(&mut built, "error", self.error);
        add_new(&mut built, self.extra);
        // What a provider has under one of OpenAI's names may be of another kind.
        openai::chat(Value::Object(built), context)
    }
}

fn add(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value);
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
    pub tool_calls: Vec<AssistantToolCall>,
    pub finish_reason: Option<String>,
    pub logprobs: Option<Value>,
    /// Further members of the message.
    pub message: Map<String, Value>,
    /// Further members of the choice.
    pub extra: Map<String, Value>,
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
        let calls = self.tool_calls.into_iter().map(AssistantToolCall::build).collect::<Vec<Value>>();
        let mut message = Map::new();
        message.insert("role".to_owned(), self.role.unwrap_or_else(|| "assistant".to_owned()).into());
        message.insert("content".to_owned(), self.content.into());
        add(&mut message, "reasoning_content", self.reasoning.map(Value::from));
        add(&mut message, "refusal", self.refusal.map(Value::from));
        add(&mut message, "tool_calls", (!calls.is_empty()).then_some(Value::Array(calls)));
        add_new(&mut message, self.message);
        let mut choice = Map::new();
        choice.insert("index".to_owned(), self.index.into());
        choice.insert("message".to_owned(), Value::Object(message));
        choice.insert("finish_reason".to_owned(), self.finish_reason.into());
        choice.insert("logprobs".to_owned(), self.logprobs.unwrap_or_default());
        add_new(&mut choice, self.extra);
        Value::Object(choice)
    }
}

/// A call of one of the caller's functions.
#[derive(Default)]
pub(super) struct AssistantToolCall {
    pub id: Option<String>,
    pub name: String,
    /// JSON text, or the beginning of one when a stream was cut short.
    pub arguments: String,
    pub extra: Map<String, Value>,
}

impl AssistantToolCall {
    fn build(self) -> Value {
        let mut call = json!({
            "id": self.id.unwrap_or_else(new_id),
            "type": "function",
            "function": {"name": self.name, "arguments": self.arguments},
        });
        if let Value::Object(members) = &mut call {
            add_new(members, self.extra);
        }
        call
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
        self.build_with(Map::new())
    }

    /// With what else the provider counts.
    pub fn build_with(self, extra: Map<String, Value>) -> Value {
        let prompt_details = [("cached_tokens", self.cached), ("cache_creation_tokens", self.cache_creation)];
        let total = self.total.unwrap_or(self.prompt.saturating_add(self.completion));
        let mut usage = Map::new();
        usage.insert("prompt_tokens".to_owned(), self.prompt.into());
        usage.insert("completion_tokens".to_owned(), self.completion.into());
        usage.insert("total_tokens".to_owned(), total.into());
        add(&mut usage, "prompt_tokens_details", details(&prompt_details));
        add(&mut usage, "completion_tokens_details", details(&[("reasoning_tokens", self.reasoning)]));
        add_new(&mut usage, extra);
        Value::Object(usage)
    }
}

fn details(counts: &[(&str, Option<u64>)]) -> Option<Value> {
    let given: Map<String, Value> =
        counts.iter().filter_map(|&(name, count)| Some((name.to_owned(), Value::from(count?)))).collect();
    (!given.is_empty()).then_some(Value::Object(given))
}

/// Usage of a provider that counts the whole prompt and the whole completion under names of its own, if it
/// counts them at all; what else it counts stays.
pub(super) fn plain_usage(given: &Value, prompt: &str, completion: &str, total: &str) -> Option<Value> {
    let counts = [prompt, completion, total].map(|name| given.get(name).and_then(count));
    if counts.iter().all(Option::is_none) {
        return None;
    }
    let [input, output, sum] = counts;
    let usage = Usage {
        prompt: input.unwrap_or_default(),
        completion: output.unwrap_or_default(),
        total: sum,
        ..Usage::default()
    };
    Some(usage.build_with(rest(given, &[prompt, completion, total])))
}
