//! OpenAI's chat completion stream: an array of `chat.completion.chunk`, put together.
//!
//! Fragments are joined by the index of their choice, and tool calls by their own index within it.
//! Compatible providers are followed where they differ: Azure opens with a chunk without id and
//! choices, some leave the index of a tool call out, Mistral sends content in parts, Groq its usage in
//! `x_groq`, Groq and OpenRouter thinking in `reasoning`. The deprecated `function_call` comes out as a
//! tool call, and so does a custom tool's call, with its input for arguments. A stream that was cut short keeps what arrived, with
//! the finish reason null.

use super::completion::{
    Choice, Completion, Head, ToolCall, append, append_logprobs, arguments, filled, finish_reason,
};
use super::node::{Flaw, Node, has_chunk, refuse_error};
use super::{Shape, mistral, openai_chat};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const SHAPE: Shape = Shape { name: "an OpenAI chat completion stream", is, convert };

const OBJECT: &str = "chat.completion.chunk";

/// Members that the last chunk to give them speaks for.
const CARRIED: [&str; 2] = ["service_tier", "system_fingerprint"];

fn is(value: &Value) -> bool {
    has_chunk(value, "object", |object| object == OBJECT)
        || value.get("object").is_some_and(|object| object == OBJECT)
}

fn convert(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let mut completion = Completion::default();
    let mut choices: BTreeMap<u64, Assembly> = BTreeMap::new();
    for chunk in Node::root(&value).chunks() {
        refuse_error(&chunk)?;
        read_head(&chunk, &mut completion.head)?;
        read_usage(&chunk, &mut completion.usage)?;
        if let Some(groq) = chunk.get("x_groq") {
            read_usage(&groq, &mut completion.usage)?;
        }
        for name in CARRIED {
            if let Some(member) = chunk.get(name) {
                completion.extra.insert(name.to_owned(), member.value().clone());
            }
        }
        let Some(fragments) = chunk.get("choices") else { continue };
        for fragment in fragments.items()? {
            let index = fragment.get_count("index")?.unwrap_or_default();
            choices.entry(index).or_insert_with(|| Assembly::new(index)).read(&fragment)?;
        }
    }
    completion.choices = choices.into_values().map(Assembly::finish).collect();
    Ok(completion.build(model))
}

/// Fills in what the chunks before did not give: some open with an empty id and model.
pub(super) fn read_head(chunk: &Node<'_, '_>, head: &mut Head) -> Result<(), Flaw> {
    if head.id.is_none() {
        head.id = filled(chunk.get_text("id")?);
    }
    if head.model.is_none() {
        head.model = filled(chunk.get_text("model")?);
    }
    if head.created.is_none() {
        let created = chunk.get_count("created")?.filter(|&seconds| seconds > 0);
        head.created = created.map(Value::from);
    }
    Ok(())
}

/// Takes the usage of the chunk, if it has one: the last one speaks for the whole stream.
pub(super) fn read_usage(chunk: &Node<'_, '_>, usage: &mut Option<Value>) -> Result<(), Flaw> {
    if let Some(given) = chunk.get("usage") {
        openai_chat::check_usage(&given)?;
        *usage = Some(given.value().clone());
    }
    Ok(())
}

/// The fragments of one choice.
struct Assembly {
    choice: Choice,
    /// Tool calls in the order in which they began, each under its index, if it has one.
    calls: Vec<(Option<u64>, ToolCall)>,
}

impl Assembly {
    fn new(index: u64) -> Assembly {
        Assembly { choice: Choice::new(index), calls: Vec::new() }
    }

    fn read(&mut self, fragment: &Node<'_, '_>) -> Result<(), Flaw> {
        if let Some(delta) = fragment.get("delta") {
            self.read_delta(&delta)?;
        }
        if let Some(reason) = fragment.get_text("finish_reason")? {
            let reason = if reason == "function_call" { "tool_calls" } else { reason };
            self.choice.finish_reason = Some(finish_reason(reason, &mistral::FINISH_REASONS));
        }
        if let Some(logprobs) = fragment.get("logprobs") {
            append_logprobs(&mut self.choice.logprobs, logprobs.value());
        }
        Ok(())
    }

    fn read_delta(&mut self, delta: &Node<'_, '_>) -> Result<(), Flaw> {
        if let Some(role) = filled(delta.get_text("role")?) {
            self.choice.role = Some(role);
        }
        if let Some(content) = delta.get("content") {
            mistral::read_content(&content, &mut self.choice)?;
        }
        let reasoning = match delta.get_text("reasoning_content")? {
            None => delta.get_text("reasoning")?,
            given => given,
        };
        if let Some(reasoning) = reasoning {
            append(&mut self.choice.reasoning, reasoning);
        }
        if let Some(refusal) = delta.get_text("refusal")? {
            append(&mut self.choice.refusal, refusal);
        }
        if let Some(calls) = delta.get("tool_calls") {
            for call in calls.items()? {
                let id = filled(call.get_text("id")?);
                let index = call.get_count("index")?;
                let called = call.get("function").or_else(|| call.get("custom"));
                self.read_call(index, id, called)?;
            }
        }
        if let Some(function) = delta.get("function_call") {
            self.read_call(None, None, Some(function))?;
        }
        Ok(())
    }

    /// Joins a fragment with its call: the one of its index; without an index, the last one unless
    /// the fragment brings a new id.
    fn read_call(
        &mut self,
        index: Option<u64>,
        id: Option<String>,
        function: Option<Node<'_, '_>>,
    ) -> Result<(), Flaw> {
        let known = match index {
            Some(_) => self.calls.iter().rposition(|(given, _)| *given == index),
            None if id.is_some() => self.calls.iter().rposition(|(_, call)| call.id == id),
            None => self.calls.len().checked_sub(1),
        };
        if known.is_none() {
            self.calls.push((index, ToolCall::default()));
        }
        let entry = match known {
            Some(at) => self.calls.get_mut(at),
            None => self.calls.last_mut(),
        };
        let Some((_, call)) = entry else { return Ok(()) };
        if id.is_some() {
            call.id = id;
        }
        let Some(function) = function else { return Ok(()) };
        if let Some(name) = function.get_text("name")? {
            call.name.push_str(name);
        }
        if let Some(fragment) = function.get("arguments").or_else(|| function.get("input")) {
            call.arguments.push_str(&arguments(Some(fragment.value())));
        }
        Ok(())
    }

    fn finish(mut self) -> Choice {
        self.choice.tool_calls = self.calls.into_iter().map(|(_, call)| call).collect();
        self.choice
    }
}
