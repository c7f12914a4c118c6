//! The streams of OpenAI's chat and text completions: arrays of chunks, put together.
//!
//! Fragments are joined by the index of their choice, and tool calls by their own index within it, until a
//! new id under the same index begins another call. Compatible providers are followed where they differ:
//! Azure opens with a chunk without id and choices, some leave `object` or the index of a tool call out,
//! Mistral sends content in parts, Groq its usage in `x_groq`, Groq and OpenRouter thinking in
//! `reasoning`. The deprecated `function_call` comes out as a tool call, and so does a custom tool's call,
//! with its input for arguments. Members that are not known are kept as the whole body has them: lists
//! (annotations, executed tools, images) are joined, an audio's data and transcript appended. A stream that
//! was cut short keeps what arrived, with the finish reason null; one that ends in an error has it in `error`.

use super::completion::{AssistantToolCall, Choice, Completion};
use super::openai::{FINISH_REASONS, MessageContent, has_choices, patch_usage};
use super::parts::{append, append_logprobs, arguments, finish_reason};
use super::value::{self, Read, merge_members, rest, seconds};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const CHAT: ResponseShape =
    ResponseShape { name: "an OpenAI chat completion stream", is: is_chat, convert: chat };

pub(super) const TEXT: ResponseShape =
    ResponseShape { name: "an OpenAI text completion stream", is: is_text, convert: text };

const KNOWN: [&str; 7] = ["id", "object", "created", "model", "choices", "usage", "error"];

fn is_chat(value: &Value) -> bool {
    match value {
        Value::Array(chunks) => chunks.iter().any(is_chat_chunk),
        // A whole answer may have an empty delta beside its message (Perplexity).
        chunk => {
            is_chat_chunk(chunk)
                && chunk.list("choices").iter().all(|choice| choice.given("message").is_none())
        }
    }
}

fn is_chat_chunk(chunk: &Value) -> bool {
    chunk.get("object").is_some_and(|object| object == "chat.completion.chunk")
        || chunk.list("choices").iter().any(|choice| choice.given("delta").is_some())
}

fn is_text(value: &Value) -> bool {
    value.as_array().is_some_and(|chunks| {
        let has_text = |choice: &Value| choice.given("text").is_some();
        chunks.iter().any(|chunk| has_choices(chunk) && chunk.list("choices").iter().any(has_text))
    })
}

fn chat(value: Value, context: &mut Context<'_>) -> Value {
    let mut completion = Completion::default();
    let mut choices: BTreeMap<u64, CompletionAssembly> = BTreeMap::new();
    for chunk in chunks(&value) {
        read_chunk(chunk, &mut completion);
        for fragment in chunk.list("choices").iter().filter(|fragment| fragment.is_object()) {
            let index = fragment.count("index").unwrap_or_default();
            choices.entry(index).or_insert_with(|| CompletionAssembly::new(index)).read(fragment);
        }
    }
    completion.choices = choices.into_values().map(CompletionAssembly::finish).collect();
    completion.build(context)
}

fn text(value: Value, context: &mut Context<'_>) -> Value {
    let mut completion = Completion::default();
    let mut choices: BTreeMap<u64, Choice> = BTreeMap::new();
    for chunk in chunks(&value) {
        read_chunk(chunk, &mut completion);
        for fragment in chunk.list("choices").iter().filter(|fragment| fragment.is_object()) {
            let index = fragment.count("index").unwrap_or_default();
            let choice = choices.entry(index).or_insert_with(|| Choice::new(index));
            if let Some(text) = fragment.text("text") {
                append(&mut choice.content, text);
            }
            read_end(fragment, choice, &["index", "text", "finish_reason", "logprobs"]);
        }
    }
    completion.choices = choices.into_values().collect();
    let mut built = completion.build(context);
    if let Some(built) = built.as_object_mut() {
        built.insert("object".to_owned(), "text_completion".into());
        for choice in built.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(choice) = choice.as_object_mut() else { continue };
            let text =
                choice.shift_remove("message").and_then(|message| message.text("content").map(str::to_owned));
            choice.shift_insert(1, "text".to_owned(), text.unwrap_or_default().into());
        }
    }
    built
}

/// The chunks of a stream; one that came alone is one, too.
pub(super) fn chunks(value: &Value) -> &[Value] {
    match value {
        Value::Array(chunks) => chunks,
        one => std::slice::from_ref(one),
    }
}

/// What a chunk says of the whole answer.
fn read_chunk(chunk: &Value, completion: &mut Completion) {
    // Some open with an empty id and model; the first that says something is the answer's.
    completion.id = completion.id.take().or_else(|| chunk.filled("id"));
    completion.model = completion.model.take().or_else(|| chunk.filled("model"));
    completion.created = completion.created.take().or_else(|| chunk.given("created").and_then(seconds));
    for holder in [Some(chunk), chunk.given("x_groq")].into_iter().flatten() {
        if holder.object("usage").is_some_and(|usage| !usage.is_empty()) {
            let mut usage = Map::new();
            usage.insert("usage".to_owned(), holder.given("usage").cloned().unwrap_or_default());
            patch_usage(&mut usage);
            completion.usage = usage.remove("usage").or(completion.usage.take());
        }
    }
    if let Some(error) = error::error_of(chunk) {
        completion.error = Some(error);
    }
    // A chunk's padding is no part of the answer.
    let mut more = rest(chunk, &KNOWN);
    more.retain(|name, _| !matches!(name.as_str(), "obfuscation" | "event" | "type"));
    merge_members(&mut completion.extra, more);
}

/// How a choice ends, and what else a fragment says of it.
fn read_end(fragment: &Value, choice: &mut Choice, known: &[&str]) {
    let reason = fragment.filled("finish_reason").or_else(|| {
        fragment.get("finish_reason").is_none().then(|| fragment.filled("stop_reason")).flatten()
    });
    if let Some(reason) = reason {
        let reason = if reason == "function_call" { "tool_calls" } else { &reason };
        choice.finish_reason = Some(finish_reason(reason, &FINISH_REASONS));
    }
    if let Some(logprobs) = fragment.given("logprobs") {
        append_logprobs(&mut choice.logprobs, logprobs);
    }
    merge_members(&mut choice.extra, rest(fragment, known));
}

/// The fragments of one choice.
struct CompletionAssembly {
    choice: Choice,
    /// Tool calls in the order in which they began, each under its index, if it has one.
    calls: Vec<(Option<u64>, AssistantToolCall)>,
}

impl CompletionAssembly {
    fn new(index: u64) -> CompletionAssembly {
        CompletionAssembly { choice: Choice::new(index), calls: Vec::new() }
    }

    fn read(&mut self, fragment: &Value) {
        match (fragment.given("delta"), fragment.given("message"), fragment.given("text")) {
            (Some(delta), ..) | (None, Some(delta), _) | (None, None, Some(delta)) => self.read_delta(delta),
            (None, None, None) => {}
        }
        // A message beside a delta is all that came so far (Perplexity), and a text the delta's (Together).
        let known = ["index", "delta", "message", "text", "finish_reason", "logprobs"];
        read_end(fragment, &mut self.choice, &known);
    }

    fn read_delta(&mut self, delta: &Value) {
        if let Value::String(text) = delta {
            append(&mut self.choice.content, text);
        }
        if let Some(role) = delta.filled("role") {
            self.choice.role = Some(role);
        }
        if let Some(given) = delta.given("content") {
            self.read_content(given);
        }
        if let Some(reasoning) = delta.either(&["reasoning_content", "reasoning"]).and_then(Value::as_str) {
            append(&mut self.choice.reasoning, reasoning);
        }
        if let Some(refusal) = delta.text("refusal") {
            append(&mut self.choice.refusal, refusal);
        }
        let calls = delta.list("tool_calls");
        for (position, call) in calls.iter().enumerate().filter(|(_, call)| call.is_object()) {
            let called = call.either(&["function", "custom"]);
            let more = rest(call, &["id", "index", "type", "function", "custom"]);
            // Several in one chunk are several calls, though none has an index.
            let index = call.count("index").or((calls.len() > 1).then_some(position as u64));
            self.read_call(index, call.filled("id"), called, more);
        }
        if let Some(function) = delta.object("function_call").filter(|call| !call.is_empty()) {
            self.read_call(None, None, Some(&Value::Object(function.clone())), Map::new());
        }
        let known = [
            "role",
            "content",
            "reasoning_content",
            "reasoning",
            "refusal",
            "tool_calls",
            "function_call",
            "audio",
            "token_id",
        ];
        merge_members(&mut self.choice.message, rest(delta, &known));
        if let Some(audio) = delta.object("audio") {
            self.read_audio(audio);
        }
    }

    fn read_content(&mut self, given: &Value) {
        let mut content = MessageContent { text: self.choice.content.take(), ..MessageContent::default() };
        content.reasoning = self.choice.reasoning.take();
        content.read(given);
        self.choice.content = content.text;
        self.choice.reasoning = content.reasoning;
        for other in content.other {
            value::push(&mut self.choice.message, "other_content", other);
        }
    }

    fn read_audio(&mut self, audio: &Map<String, Value>) {
        let whole = self.choice.message.entry("audio").or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(whole) = whole else { return };
        for (name, part) in audio {
            match (name.as_str(), part) {
                ("data" | "transcript", Value::String(text)) => value::append(whole, name, text),
                (_, Value::Null) => {}
                _ => drop(whole.insert(name.clone(), part.clone())),
            }
        }
    }

    /// Joins a fragment with its call: the last one of its index, or without an index the last one at all,
    /// unless the fragment brings a new id.
    fn read_call(
        &mut self,
        index: Option<u64>,
        id: Option<String>,
        function: Option<&Value>,
        more: Map<String, Value>,
    ) {
        let of_id =
            id.as_ref().and_then(|id| self.calls.iter().rposition(|(_, call)| call.id.as_ref() == Some(id)));
        let of_index = match index {
            Some(_) => self.calls.iter().rposition(|(given, _)| *given == index),
            None => self.calls.len().checked_sub(1),
        };
        let is_another = |at: &usize| {
            let Some((_, before)) = self.calls.get(*at) else { return false };
            let is_of_another_id = id.is_some() && before.id.is_some() && before.id != id;
            is_of_another_id || (id.is_none() && function.is_some_and(|next| follows(before, next)))
        };
        let known = match (of_id, index, &id) {
            (Some(at), ..) => Some(at),
            (None, None, Some(_)) => None,
            _ => of_index.filter(|at| !is_another(at)),
        };
        if known.is_none() {
            self.calls.push((index, AssistantToolCall::default()));
        }
        let entry = match known {
            Some(at) => self.calls.get_mut(at),
            None => self.calls.last_mut(),
        };
        let Some((_, call)) = entry else { return };
        if id.is_some() {
            call.id = id;
        }
        merge_members(&mut call.extra, more);
        let Some(function) = function else { return };
        if let Some(name) = function.text("name") {
            // Some repeat the whole name with each fragment.
            if call.name != name {
                call.name.push_str(name);
            }
        }
        if let Some(fragment) = function.either(&["arguments", "input"]) {
            call.arguments.push_str(&arguments(Some(fragment)));
        }
    }

    fn finish(mut self) -> Choice {
        self.choice.tool_calls = self.calls.into_iter().map(|(_, call)| call).collect();
        self.choice
    }
}

/// Whether a fragment without an id begins another call: it has a name, and arguments of its own behind those of
/// a call that is whole.
fn follows(before: &AssistantToolCall, next: &Value) -> bool {
    let is_object = |text: &str| text.trim_start().starts_with('{');
    let arguments_of =
        |next: &Value| next.either(&["arguments", "input"]).map(|given| arguments(Some(given)));
    next.filled("name").is_some()
        && is_object(&before.arguments)
        && arguments_of(next).is_some_and(|given| is_object(&given))
        && serde_json::from_str::<serde::de::IgnoredAny>(&before.arguments).is_ok()
}
