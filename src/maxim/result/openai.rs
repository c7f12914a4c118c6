//! OpenAI's chat completion and text completion, and those of whoever is compatible with it more or less.
//!
//! What the log API takes as it is stays as it is, member for member. What it would not take is patched in
//! its place: a missing id, time, index or role, a call's arguments as an object, counts as floats or
//! texts, a choice without a message (Azure's content filter), content in parts of the provider's own
//! (Mistral, Databricks). Nothing is rebuilt, so members that are not known here stay too.

use super::parts::{append, arguments, finish_reason, new_id, now};
use super::value::{Read, count, filled, is_integer, rest, seconds};
use super::{Context, ResponseShape, error};
use serde_json::{Map, Value, json};

pub(super) const CHAT: ResponseShape = ResponseShape {
    name: "an OpenAI chat completion",
    is: is_chat,
    convert: |value, context| chat(value, context),
};

pub(super) const TEXT: ResponseShape =
    ResponseShape { name: "an OpenAI text completion", is: is_text, convert: text };

/// Mistral's own; `error` has no counterpart and stays.
pub(super) const FINISH_REASONS: [(&str, &str); 1] = [("model_length", "length")];

fn is_text(value: &Value) -> bool {
    has_choices(value)
        && (value.get("object").is_some_and(|object| object == "text_completion")
            || value
                .pointer("/choices/0")
                .is_some_and(|choice| choice.get("text").is_some() && choice.given("message").is_none()))
}

fn is_chat(value: &Value) -> bool {
    has_choices(value)
}

/// Choices of a completion. Questions have choices too: what says nothing else of a model has a choice that does.
pub(super) fn has_choices(value: &Value) -> bool {
    const OF_CHOICE: [&str; 7] =
        ["message", "delta", "finish_reason", "stop_reason", "index", "logprobs", "content_filter_results"];
    let Some(choices) = value.get("choices").and_then(Value::as_array) else { return false };
    let says_so = || {
        value.text("object").is_some_and(|object| object.contains("completion"))
            || value.text("model").is_some()
            || value.get("usage").is_some_and(Value::is_object)
            || value.get("created").is_some_and(Value::is_number)
    };
    let is_lone = |choice: &Value| {
        choices.len() == 1 && choice.text("text").is_some() && rest(choice, &["text", "seed"]).is_empty()
    };
    let is_choice =
        |choice: &Value| is_lone(choice) || OF_CHOICE.iter().any(|name| choice.get(name).is_some());
    choices.iter().all(Value::is_object) && (choices.is_empty() || says_so() || choices.iter().any(is_choice))
}

/// Also what every converted response ends in.
pub(super) fn chat(mut value: Value, context: &Context<'_>) -> Value {
    patch(&mut value, "chat.completion", context, patch_message);
    value
}

fn text(mut value: Value, context: &mut Context<'_>) -> Value {
    patch(&mut value, "text_completion", context, |choice| {
        if !choice.get("text").is_some_and(Value::is_string) {
            let text = choice.get("text").map(to_text).unwrap_or_default();
            choice.insert("text".to_owned(), text.into());
        }
    });
    value
}

/// Makes a completion what the log API takes.
fn patch(value: &mut Value, object: &str, context: &Context<'_>, patch_choice: fn(&mut Map<String, Value>)) {
    let Value::Object(completion) = value else { return };
    patch_head(completion, object, "created", context);
    if let Some(Value::Array(choices)) = completion.get_mut("choices") {
        for (position, choice) in choices.iter_mut().enumerate() {
            let Value::Object(choice) = choice else { continue };
            if !choice.get("index").is_some_and(is_integer) {
                let index = choice.count("index").unwrap_or(position as u64);
                choice.insert("index".to_owned(), index.into());
            }
            patch_finish_reason(choice);
            patch_choice(choice);
        }
    }
    patch_usage(completion);
    if let Some(given) = completion.get("error") {
        let is_taken = given.is_null() || given.get("message").is_some_and(Value::is_string);
        if !is_taken {
            let error = error::describe(given, given);
            completion.insert("error".to_owned(), error);
        }
    }
}

/// What opens a response of OpenAI's: its id, what it is, its time and its model.
pub(super) fn patch_head(
    response: &mut Map<String, Value>,
    object: &str,
    created: &str,
    context: &Context<'_>,
) {
    if !response.get("id").is_some_and(Value::is_string) {
        let id = response.filled("id").unwrap_or_else(new_id);
        response.insert("id".to_owned(), id.into());
    }
    if !response.get("object").is_some_and(|given| given.is_string() && given != "") {
        response.insert("object".to_owned(), object.into());
    }
    if !response.get(created).is_some_and(is_integer) {
        let time = response.given(created).and_then(seconds).unwrap_or_else(now);
        response.insert(created.to_owned(), time);
    }
    if !response.get("model").is_some_and(|model| model.is_string() && model != "") {
        match response.filled("model").or_else(|| context.model()) {
            Some(model) => drop(response.insert("model".to_owned(), model.into())),
            None => drop(response.remove("model")),
        }
    }
}

fn patch_finish_reason(choice: &mut Map<String, Value>) {
    let reason = match choice.get("finish_reason") {
        None | Some(Value::Null) => match choice.filled("stop_reason") {
            // Bedrock says it so; where both are given (vLLM), this is what stopped it.
            Some(reason) if choice.get("finish_reason").is_none() => Value::from(reason),
            _ => return,
        },
        Some(Value::String(reason)) => match finish_reason(reason, &FINISH_REASONS) {
            same if same == *reason => return,
            ours => ours.into(),
        },
        Some(other) => filled(other).into(),
    };
    choice.insert("finish_reason".to_owned(), reason);
}

/// A choice's message: a text or parts that the log API knows, and calls with an id and arguments as text.
fn patch_message(choice: &mut Map<String, Value>) {
    take_last_message(choice);
    if !choice.get("message").is_some_and(Value::is_object) {
        let given = choice.get("message").filter(|message| !message.is_null());
        let content = given.map(to_text);
        let message = choice.remove("delta").filter(Value::is_object).filter(|_| content.is_none());
        choice.insert("message".to_owned(), message.unwrap_or_else(|| json!({"content": content})));
    }
    let Some(Value::Object(message)) = choice.get_mut("message") else { return };
    if !message.get("role").is_some_and(Value::is_string) {
        message.insert("role".to_owned(), "assistant".into());
    }
    patch_content(message);
    if let Some(call) = message.get_mut("function_call") {
        match call {
            Value::Object(call) if call.get("name").is_some_and(Value::is_string) => {}
            // No call at all, as some write it.
            _ => drop(message.remove("function_call")),
        }
    }
    if let Some(calls) = message.get_mut("tool_calls") {
        match calls {
            Value::Array(calls) => calls.iter_mut().for_each(patch_call),
            Value::Object(_) => {
                patch_call(calls);
                *calls = json!([calls.take()]);
            }
            Value::Null => {}
            _ => drop(message.remove("tool_calls")),
        }
    }
}

/// Mistral's connectors answer with all messages of a turn, MiniMax with texts: the last is the answer.
fn take_last_message(choice: &mut Map<String, Value>) {
    if choice.given("message").is_some() || choice.given("delta").is_some() {
        return;
    }
    let is_answer =
        |message: &&Value| message.is_object() && message.text("role").is_none_or(|role| role == "assistant");
    let Some(mut last) = choice.list("messages").iter().rfind(is_answer).cloned() else { return };
    if let Some(members) = last.as_object_mut().filter(|members| members.given("content").is_none()) {
        if let Some(text) = members.shift_remove("text") {
            members.insert("content".to_owned(), text);
        }
    }
    if choice.list("messages").len() == 1 {
        choice.remove("messages");
    }
    choice.insert("message".to_owned(), last);
}

fn patch_call(call: &mut Value) {
    let Value::Object(members) = call else {
        *call = json!({"id": new_id(), "type": "function", "function": {"name": to_text(call), "arguments": "{}"}});
        return;
    };
    if !members.get("id").is_some_and(|id| id.is_string() && id != "") {
        let id = members.filled("id").unwrap_or_else(new_id);
        members.insert("id".to_owned(), id.into());
    }
    if members.get("type").is_some_and(|kind| !kind.is_string()) {
        members.insert("type".to_owned(), "function".into());
    }
    let Some(function) = members.get_mut("function") else { return };
    let Value::Object(function) = function else {
        *function = json!({"name": to_text(function), "arguments": "{}"});
        return;
    };
    if !function.get("name").is_some_and(Value::is_string) {
        let name = function.filled("name").unwrap_or_default();
        function.insert("name".to_owned(), name.into());
    }
    if let Some(given) = function.get("arguments").filter(|given| !given.is_string()) {
        let text = arguments(Some(given));
        function.insert("arguments".to_owned(), text.into());
    }
}

/// Content that the log API does not take becomes a text; what is no text moves beside it.
pub(super) fn patch_content(message: &mut Map<String, Value>) {
    match message.get("content") {
        None | Some(Value::Null | Value::String(_)) => return,
        Some(Value::Array(parts)) if is_taken(parts) => return,
        Some(_) => {}
    }
    let content = message.remove("content").unwrap_or_default();
    let mut read = MessageContent::default();
    read.read(&content);
    message.insert("content".to_owned(), read.text.into());
    let has_reasoning = ["reasoning_content", "reasoning"].iter().any(|name| message.filled(name).is_some());
    if let Some(reasoning) = read.reasoning.filter(|_| !has_reasoning) {
        message.insert("reasoning_content".to_owned(), reasoning.into());
    }
    if !read.other.is_empty() {
        message.insert("other_content".to_owned(), read.other.into());
    }
}

/// Whether the log API takes these parts, and they are not just a text.
fn is_taken(parts: &[Value]) -> bool {
    let is_media = |part: &Value| part.get("type").is_some_and(|kind| kind == "image_url" || kind == "audio");
    let is_text = |part: &Value| {
        part.get("type").is_some_and(|kind| kind == "text") && part.get("text").is_some_and(Value::is_string)
    };
    parts.iter().all(|part| is_media(part) || is_text(part)) && parts.iter().any(is_media)
}

/// Content in parts, read: texts, thinking, and what is neither.
#[derive(Default)]
pub(super) struct MessageContent {
    pub text: Option<String>,
    pub reasoning: Option<String>,
    pub other: Vec<Value>,
}

impl MessageContent {
    /// Reads a text, a part or parts; Mistral's streams carry all of them.
    pub fn read(&mut self, content: &Value) {
        match content {
            Value::Null => {}
            Value::String(text) => append(&mut self.text, text),
            Value::Array(parts) => parts.iter().for_each(|part| self.read_part(part)),
            Value::Object(_) => self.read_part(content),
            other => append(&mut self.text, &other.to_string()),
        }
    }

    fn read_part(&mut self, part: &Value) {
        let kind = part.text("type").unwrap_or_default();
        let thoughts = match kind {
            "thinking" => Some("thinking"),
            "reasoning" => Some("summary"),
            _ => None,
        };
        if let Some(thoughts) = thoughts {
            for thought in part.list(thoughts) {
                if let Some(text) = thought.as_str().or_else(|| thought.text("text")) {
                    append(&mut self.reasoning, text);
                }
            }
            return;
        }
        // An assistant's text has its value within.
        let text = part.as_str().or_else(|| part.text("text"));
        match text.or_else(|| part.given("text").and_then(|text| text.text("value"))) {
            Some(text) if matches!(kind, "" | "text" | "output_text") => append(&mut self.text, text),
            _ if part.is_null() => {}
            _ => self.other.push(part.clone()),
        }
    }
}

/// The counts that the log API reads become integers, and are all there or none.
pub(super) fn patch_usage(completion: &mut Map<String, Value>) {
    const COUNTS: [&str; 3] = ["prompt_tokens", "completion_tokens", "total_tokens"];
    patch_counts(completion, COUNTS, ["input_tokens", "output_tokens"]);
    let Some(Value::Object(usage)) = completion.get_mut("usage") else { return };
    // Mistral's own count of cached tokens, where OpenAI has it.
    let has_details = usage.given("prompt_tokens_details").is_some();
    if let Some(cached) = usage.count("num_cached_tokens").filter(|_| !has_details) {
        usage.insert("prompt_tokens_details".to_owned(), json!({"cached_tokens": cached}));
    }
}

/// Counts as others write them.
const PROMPT_NAMES: [&str; 5] =
    ["inputTokens", "promptTokens", "inputTextTokens", "PromptTokens", "promptTokenCount"];
const COMPLETION_NAMES: [&str; 5] =
    ["outputTokens", "completionTokens", "CompletionTokens", "generated_tokens", "candidatesTokenCount"];
const TOTAL_NAMES: [&str; 3] = ["totalTokens", "TotalTokens", "totalTokenCount"];

/// Counts that are given otherwise or not at all: those of a prompt, of a completion, and of both.
pub(super) fn patch_counts(response: &mut Map<String, Value>, names: [&'static str; 3], also: [&str; 2]) {
    let usage = match response.get_mut("usage") {
        None | Some(Value::Null) => return,
        Some(Value::Object(usage)) if !usage.is_empty() => usage,
        Some(_) => {
            response.remove("usage");
            return;
        }
    };
    for (name, member) in usage.iter_mut() {
        match member {
            Value::Object(details) if name.ends_with("_tokens_details") => {
                details.iter_mut().for_each(|(_, detail)| patch_count(detail));
            }
            member if name.ends_with("_tokens") => patch_count(member),
            _ => {}
        }
    }
    if names.iter().all(|name| usage.get(*name).is_some_and(is_integer)) {
        return;
    }
    let given = |name: &str| usage.get(name).and_then(count);
    let either = |names: &[&str]| names.iter().find_map(|name| given(name));
    let [prompt, completion, total] = names;
    let input = given(prompt).or_else(|| given(also[0])).or_else(|| either(&PROMPT_NAMES));
    let output = given(completion).or_else(|| given(also[1])).or_else(|| either(&COMPLETION_NAMES));
    let total = given(total).or_else(|| either(&TOTAL_NAMES));
    let known = input.unwrap_or_default();
    let output =
        output.unwrap_or_else(|| total.filter(|_| input.is_some()).unwrap_or_default().saturating_sub(known));
    let input = input.unwrap_or_else(|| total.unwrap_or_default().saturating_sub(output));
    let total = total.unwrap_or_else(|| input.saturating_add(output));
    for (name, count) in names.into_iter().zip([input, output, total]) {
        usage.insert(name.to_owned(), count.into());
    }
}

/// A whole number that is written as a float or a text becomes an integer.
fn patch_count(value: &mut Value) {
    let is_whole = value.as_f64().is_none_or(|number| number.fract() == 0.0);
    if let Some(count) = count(value).filter(|_| is_whole && !is_integer(value)) {
        *value = count.into();
    }
}

fn to_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
