//! Several answers in one array, told apart.
//!
//! Agents' frameworks put the streams of several calls into one array, or several whole answers. A new answer
//! begins with the event that begins one, or with a whole answer, or with a chunk of another id that says
//! something after the answer before it has finished. Another id alone tells nothing: some services give
//! every chunk one of its own.

use super::value::{Read, filled};
use serde_json::Value;

/// The answers in an array, if it holds several or a single one that is whole; else the value itself.
pub(super) fn answers(value: Value) -> Result<Vec<Value>, Value> {
    let Value::Array(chunks) = value else { return Err(value) };
    if matches!(&chunks[..], [chunk] if is_whole(chunk) || says_all_at_once(chunk)) {
        return Ok(chunks);
    }
    let mut before = ChunksBefore::default();
    let begins: Vec<bool> = chunks.iter().map(|chunk| before.begins(chunk)).collect();
    if begins.iter().filter(|begins| **begins).count() < 2 {
        return Err(Value::Array(chunks));
    }
    let mut answers: Vec<Vec<Value>> = Vec::new();
    for (chunk, begins) in chunks.into_iter().zip(begins) {
        match answers.last_mut() {
            Some(answer) if !begins => answer.push(chunk),
            _ => answers.push(vec![chunk]),
        }
    }
    Ok(answers.into_iter().map(whole_or_stream).collect())
}

/// An answer that came whole is no stream.
fn whole_or_stream(mut chunks: Vec<Value>) -> Value {
    match chunks.first() {
        Some(first) if chunks.len() == 1 && is_whole(first) => chunks.remove(0),
        _ => Value::Array(chunks),
    }
}

/// Whether it is a whole answer of OpenAI's, Anthropic's or Cohere's.
fn is_whole(value: &Value) -> bool {
    let of_choice = |choice: &Value| choice.given("message").is_some() && choice.given("delta").is_none();
    let is_completion =
        value.get("choices").and_then(Value::as_array).is_some_and(|choices| choices.iter().any(of_choice))
            && value.get("object").is_none_or(|object| object != "chat.completion.chunk");
    let is_message = value.get("type").is_some_and(|kind| kind == "message")
        && value.get("stop_reason").is_some()
        && value.get("content").is_some_and(Value::is_array);
    let is_chat = value.get("chat_history").is_some()
        && value.get("text").is_some_and(Value::is_string)
        && ["event_type", "is_finished", "api_format"].iter().all(|name| value.get(name).is_none());
    is_completion || is_message || is_chat || value.get("object").is_some_and(|object| object == "response")
}

/// Whether the messages are there and the deltas say nothing: Perplexity's bodies have both.
fn says_all_at_once(value: &Value) -> bool {
    let choices = value.list("choices");
    choices.iter().any(|choice| choice.given("message").is_some()) && !says_something(value)
}

/// What came before a chunk.
#[derive(Default)]
struct ChunksBefore {
    id: Option<String>,
    /// Whether the event that begins an answer has come.
    has_begun: bool,
    has_finished: bool,
    seen: bool,
}

impl ChunksBefore {
    /// Whether the chunk begins an answer.
    fn begins(&mut self, chunk: &Value) -> bool {
        let first = !std::mem::replace(&mut self.seen, true);
        let id =
            ["id", "responseId", "response_id"].iter().find_map(|name| chunk.given(name).and_then(filled));
        let another_id = id.is_some() && self.id.is_some() && id != self.id;
        let opens = opens(chunk);
        let begins = first
            || is_whole(chunk)
            || (opens && self.has_begun && (another_response(chunk, self.id.as_deref())))
            || (self.has_finished && says_something(chunk) && another_id);
        if begins {
            self.has_begun = false;
            self.has_finished = false;
            self.id = None;
        }
        self.has_begun |= opens;
        self.has_finished |= finishes(chunk);
        self.id = self.id.take().or(id).or_else(|| response_id(chunk));
        begins
    }
}

fn response_id(chunk: &Value) -> Option<String> {
    ["response", "message", "interaction"].iter().find_map(|name| chunk.given(name)?.filled("id"))
}

/// An event that opens an answer twice for the same one is no other answer.
fn another_response(chunk: &Value, id: Option<&str>) -> bool {
    match (response_id(chunk), id) {
        (Some(new), Some(old)) => new != old,
        _ => true,
    }
}

/// The events that begin an answer.
fn opens(chunk: &Value) -> bool {
    const TYPES: [&str; 4] = ["message_start", "message-start", "response.created", "completion_start"];
    chunk.text("type").is_some_and(|kind| TYPES.contains(&kind))
        || chunk
            .text("event_type")
            .is_some_and(|kind| kind == "stream-start" || kind == "interaction.created")
        || chunk.object("messageStart").is_some()
}

fn finishes(chunk: &Value) -> bool {
    let finished =
        |choices: &[Value], names: &[&str]| choices.iter().any(|choice| choice.either(names).is_some());
    finished(chunk.list("choices"), &["finish_reason"])
        || finished(chunk.list("candidates"), &["finishReason", "finish_reason"])
}

/// Whether a chunk has a part of an answer in it.
fn says_something(chunk: &Value) -> bool {
    let of_choice = |choice: &Value| {
        let delta = choice.given("delta").unwrap_or(choice);
        ["content", "text", "tool_calls", "reasoning", "reasoning_content"].iter().any(|name| {
            match delta.given(name) {
                Some(Value::String(text)) => !text.is_empty(),
                Some(Value::Array(parts)) => !parts.is_empty(),
                _ => false,
            }
        })
    };
    chunk.list("choices").iter().any(of_choice)
        || chunk.list("candidates").iter().any(|candidate| candidate.given("content").is_some())
}
