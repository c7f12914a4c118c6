//! Answers as frameworks hand them over: Spring AI, LangChain4j, Semantic Kernel, Microsoft.Extensions.AI, LlamaIndex,
//! Haystack, Pydantic AI, Genkit, Google's Agent Development Kit, and the Azure client for .NET.
//!
//! Each has messages of parts, and beside them a model, a reason to finish and counts, under names of its own. Where
//! those stand is [`Kit::of`]'s to know; what they are called is looked up in one list for all. Whatever else there is
//! stays under its own name.

use super::completion::{AssistantToolCall, Choice, Completion, Usage, append, arguments, finish_reason};
use super::value::{Read, count, filled, push, rest, seconds};
use super::{Context, ResponseShape, gemini};
use serde_json::{Map, Value, json};

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "a framework's answer", is, convert };

const FINISH_REASONS: [(&str, &str); 14] = [
    ("stop", "stop"),
    ("end_turn", "stop"),
    ("stop_sequence", "stop"),
    ("COMPLETE", "stop"),
    ("length", "length"),
    ("max_tokens", "length"),
    ("tool_calls", "tool_calls"),
    ("tool_call", "tool_calls"),
    ("tool_use", "tool_calls"),
    ("ToolCalls", "tool_calls"),
    ("tool_execution", "tool_calls"),
    ("content_filter", "content_filter"),
    ("ContentFilter", "content_filter"),
    ("SAFETY", "content_filter"),
];

const PARTS: [&str; 7] = ["parts", "contents", "items", "blocks", "content", "_content", "text"];
const IDS: [&str; 6] = ["id", "responseId", "response_id", "provider_response_id", "messageId", "message_id"];
const MODELS: [&str; 7] =
    ["model", "modelId", "model_id", "modelName", "model_name", "ai_model_id", "modelVersion"];
const REASONS: [&str; 3] = ["finish_reason", "finishReason", "stop_reason"];
const TIMES: [&str; 5] = ["created", "createdAt", "created_at", "timestamp", "creationTimestamp"];
const USAGES: [&str; 4] = ["usage", "tokenUsage", "token_usage", "additional_kwargs"];
const CALLS: [&str; 4] = ["toolCalls", "tool_calls", "toolExecutionRequests", "functionCalls"];
const PROMPTS: [&str; 7] = [
    "prompt_tokens",
    "input_tokens",
    "promptTokens",
    "inputTokens",
    "inputTokenCount",
    "input_token_count",
    "request_tokens",
];
const COMPLETIONS: [&str; 7] = [
    "completion_tokens",
    "output_tokens",
    "completionTokens",
    "outputTokens",
    "outputTokenCount",
    "output_token_count",
    "response_tokens",
];
const TOTALS: [&str; 4] = ["total_tokens", "totalTokens", "totalTokenCount", "total_token_count"];
const CACHED: [&str; 4] =
    ["cache_read_tokens", "cachedContentTokens", "cachedInputTokenCount", "cachedInputTokens"];
const REASONING: [&str; 3] = ["reasoningTokenCount", "thoughtsTokens", "reasoningTokens"];

/// Where a framework's answer has what.
struct Kit<'v> {
    /// What each choice is of: the messages that are joined in it.
    choices: Vec<Vec<&'v Value>>,
    /// What is said of each choice, or of all.
    of_choices: Vec<&'v Value>,
    /// What is said of the whole, the nearest first.
    heads: Vec<&'v Value>,
    /// Members of the body that have been read.
    read: &'static [&'static str],
}

impl<'v> Kit<'v> {
    fn of(value: &'v Value) -> Option<Kit<'v>> {
        if !value.is_object() {
            return None;
        }
        spring(value)
            .or_else(|| haystack(value))
            .or_else(|| messages(value))
            .or_else(|| within_message(value))
            .or_else(|| message_itself(value))
    }
}

/// Spring AI's ChatResponse.
fn spring(value: &Value) -> Option<Kit<'_>> {
    let results = match value.list("results") {
        [] => value.list("result"),
        results => results,
    };
    let is_one =
        |item: &Value| item.object("output").is_some_and(|output| output.contains_key("messageType"));
    if results.is_empty() || !results.iter().all(is_one) {
        return None;
    }
    Some(Kit {
        choices: results.iter().map(|item| item.list("output").iter().collect()).collect(),
        of_choices: results.iter().map(|item| item.given("metadata").unwrap_or(&Value::Null)).collect(),
        heads: value.given("metadata").into_iter().collect(),
        read: &["result", "results", "metadata"],
    })
}

/// Haystack's replies: messages, or texts with what is said of them beside.
fn haystack(value: &Value) -> Option<Kit<'_>> {
    let replies = value.get("replies")?.as_array().filter(|replies| !replies.is_empty())?;
    let meta = value.list("meta");
    let of_text = || !meta.is_empty() && replies.iter().all(Value::is_string);
    let is_message = |reply: &Value| reply.either(&["content", "_content"]).is_some();
    if !replies.iter().all(is_message) && !of_text() {
        return None;
    }
    let of_choices: Vec<&Value> = match meta {
        [] => replies.iter().map(|reply| reply.either(&["meta", "_meta"]).unwrap_or(&Value::Null)).collect(),
        meta => meta.iter().collect(),
    };
    Some(Kit {
        choices: replies.iter().map(|reply| vec![reply]).collect(),
        heads: of_choices.clone(),
        of_choices,
        read: &["replies", "meta"],
    })
}

/// Microsoft.Extensions.AI's ChatResponse: what the assistant says in all of its messages.
fn messages(value: &Value) -> Option<Kit<'_>> {
    let messages = value.get("messages")?.as_array()?;
    let is_one = |message: &Value| message.get("contents").is_some_and(Value::is_array);
    if messages.is_empty() || !messages.iter().all(is_one) {
        return None;
    }
    let is_said =
        |message: &&Value| message.text("role").is_none_or(|role| role.eq_ignore_ascii_case("assistant"));
    Some(Kit {
        choices: vec![messages.iter().filter(is_said).collect()],
        of_choices: vec![value],
        heads: vec![value],
        read: &["messages"],
    })
}

/// A message under a name, with what is said of it beside: LangChain4j, LlamaIndex, Genkit.
fn within_message(value: &Value) -> Option<Kit<'_>> {
    let is_parts = |message: &Value, name: &str| message.get(name).is_some_and(Value::is_array);
    let (name, message): (&'static str, &Value) = if let Some(message) = value.given("aiMessage") {
        ("aiMessage", message)
    } else if let (Some(message), true) = (value.given("content"), value.get("tokenUsage").is_some()) {
        ("content", message)
    } else {
        let message = value.given("message").filter(|message| {
            is_parts(message, "blocks")
                || (message.text("role") == Some("model")
                    && is_parts(message, "content")
                    && value.get("finishReason").is_some())
        })?;
        ("message", message)
    };
    let read: &[&str] = match name {
        "aiMessage" => &["aiMessage", "metadata"],
        "content" => &["content"],
        _ => &["message"],
    };
    // LlamaIndex has the provider's own answer beside the message, or the last chunk of it.
    let raw = value.given("raw").filter(|_| name == "message");
    let heads = value.given("metadata").into_iter().chain([value]).chain(raw).collect::<Vec<_>>();
    let of_raw = raw.and_then(|raw| raw.list("choices").first());
    let of_choices = heads.iter().copied().chain(of_raw).collect();
    Some(Kit { choices: vec![vec![message]], of_choices, heads, read })
}

/// A body that is the message: Pydantic AI, Semantic Kernel, the Azure client for .NET.
fn message_itself(value: &Value) -> Option<Kit<'_>> {
    let is_of = |name: &str, mark: &str| {
        let parts = value.get(name).and_then(Value::as_array);
        parts.is_some_and(|parts| !parts.is_empty() && parts.iter().all(|part| part.get(mark).is_some()))
    };
    let is_assistant = value.text("role").is_some_and(|role| role.eq_ignore_ascii_case("assistant"));
    let is_pydantic = value.text("kind") == Some("response") && is_of("parts", "part_kind");
    let is_kernel = is_assistant && (is_of("items", "$type") || is_of("items", "content_type"));
    let is_azure = is_assistant && value.get("finishReason").is_some() && is_of("content", "kind");
    if !is_pydantic && !is_kernel && !is_azure {
        return None;
    }
    let heads: Vec<&Value> = value.given("metadata").into_iter().chain([value]).collect();
    let read = &["parts", "items", "content", "toolCalls", "kind", "role", "content_type", "metadata"];
    Some(Kit { choices: vec![vec![value]], of_choices: heads.clone(), heads, read })
}

/// An event of Google's Agent Development Kit: Gemini's members, but for the candidate around the content.
fn is_adk(event: &Value) -> bool {
    let has_parts =
        event.given("content").is_some_and(|content| content.get("parts").is_some_and(Value::is_array));
    has_parts
        && event.get("candidates").is_none()
        && ["author", "invocationId", "invocation_id", "usageMetadata", "usage_metadata"]
            .iter()
            .any(|name| event.get(name).is_some())
}

fn is(value: &Value) -> bool {
    match value {
        Value::Array(events) => !events.is_empty() && events.iter().all(is_adk),
        value => is_adk(value) || Kit::of(value).is_some(),
    }
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    match value {
        Value::Array(events) => {
            // Of what came in pieces, the last says all again.
            let is_whole = |event: &Value| event.get("partial") != Some(&Value::Bool(true));
            let only_whole = events.iter().any(|event| is_whole(event) && is_of_model(event));
            let kept =
                events.into_iter().filter(|event| is_of_model(event) && (!only_whole || is_whole(event)));
            (gemini::SHAPE.convert)(kept.map(candidate).collect(), context)
        }
        event if is_adk(&event) => (gemini::SHAPE.convert)(candidate(event), context),
        value => match Kit::of(&value) {
            Some(kit) => build(&kit, &value, context),
            None => value,
        },
    }
}

fn is_of_model(event: &Value) -> bool {
    event.given("content").and_then(|content| content.text("role")).is_none_or(|role| role == "model")
}

/// As Gemini has it.
fn candidate(event: Value) -> Value {
    let Value::Object(mut members) = event else { return event };
    let mut candidate = Map::new();
    for name in ["content", "finishReason", "finish_reason", "groundingMetadata", "grounding_metadata"] {
        if let Some(member) = members.shift_remove(name) {
            candidate.insert(name.to_owned(), member);
        }
    }
    if let Some(id) = members.shift_remove("id") {
        members.insert("responseId".to_owned(), id);
    }
    members.insert("candidates".to_owned(), json!([candidate]));
    Value::Object(members)
}

fn build(kit: &Kit<'_>, value: &Value, context: &mut Context<'_>) -> Value {
    let head = |names: &[&str]| kit.heads.iter().find_map(|head| head.either(names).and_then(filled));
    let said = kit.choices.iter().flatten();
    let mut completion = Completion {
        id: head(&IDS).or_else(|| said.clone().find_map(|message| message.either(&IDS).and_then(filled))),
        model: head(&MODELS),
        created: kit.heads.iter().find_map(|head| head.either(&TIMES).and_then(seconds)),
        usage: kit.heads.iter().find_map(|head| head.either(&USAGES).and_then(tokens)),
        ..Completion::default()
    };
    for (at, messages) in kit.choices.iter().enumerate() {
        let mut choice = Choice::new(at as u64);
        let of_choice = if kit.choices.len() == 1 {
            &kit.of_choices[..]
        } else {
            kit.of_choices.get(at..=at).unwrap_or_default()
        };
        let mut reason = of_choice.iter().find_map(|said| said.either(&REASONS).and_then(filled));
        for message in messages {
            read_message(message, &mut choice);
            let own = [Some(*message), message.either(&["metadata", "meta", "_meta"])];
            reason = reason
                .or_else(|| own.into_iter().flatten().find_map(|own| own.either(&REASONS).and_then(filled)));
        }
        choice.finish_reason = reason.map(|reason| finish_reason(&reason, &FINISH_REASONS));
        choice.finish_with_calls();
        completion.choices.push(choice);
    }
    let mut known = kit.read.to_vec();
    known.extend(IDS.iter().chain(&MODELS).chain(&REASONS));
    if completion.usage.is_some() {
        known.extend(["usage", "tokenUsage", "token_usage"]);
    }
    completion.extra = rest(value, &known);
    let beside = kit.heads.first().filter(|head| !std::ptr::eq(**head, value));
    if let Some(head) = beside {
        let more = rest(head, &[&IDS[..], &MODELS, &REASONS, &USAGES[..3]].concat());
        if !more.is_empty() {
            completion.extra.insert("metadata".to_owned(), more.into());
        }
    }
    completion.build(context)
}

fn read_message(message: &Value, choice: &mut Choice) {
    match message.either(&PARTS) {
        Some(Value::Array(parts)) => parts.iter().for_each(|part| read_part(part, choice)),
        Some(Value::String(text)) => append(&mut choice.content, text),
        _ => message.as_str().into_iter().for_each(|text| append(&mut choice.content, text)),
    }
    if let Some(thoughts) = message.either(&["thinking", "reasoningContent"]).and_then(Value::as_str) {
        append(&mut choice.reasoning, thoughts);
    }
    let calls = CALLS.iter().flat_map(|name| message.list(name)).filter(|call| call.is_object());
    choice.tool_calls.extend(calls.map(call));
}

fn read_part(part: &Value, choice: &mut Choice) {
    if let Some(text) = part.as_str() {
        return append(&mut choice.content, text);
    }
    let kind =
        ["type", "$type", "part_kind", "block_type", "content_type"].iter().find_map(|name| part.text(name));
    let kind: String = kind.unwrap_or_default().chars().filter(char::is_ascii_alphabetic).collect();
    let kind = kind.to_ascii_lowercase();
    let nested = part.either(&["tool_call", "toolRequest", "tool_request"]).filter(|call| call.is_object());
    if nested.is_some() || (kind.contains("call") && !kind.contains("result")) {
        return choice.tool_calls.push(call(nested.unwrap_or(part)));
    }
    let is_thought = kind.contains("think") || kind.contains("reasoning");
    let text = ["text", "content", "thinking", "reasoning"].iter().find_map(|name| part.text(name));
    match (text, part.given("reasoning")) {
        (Some(text), Some(_)) => append(&mut choice.reasoning, text),
        (Some(text), None) if is_thought => append(&mut choice.reasoning, text),
        (Some(text), None) if kind.is_empty() || kind.contains("text") => append(&mut choice.content, text),
        _ => push(&mut choice.message, "other_content", part.clone()),
    }
}

fn call(given: &Value) -> AssistantToolCall {
    const NAMES: [&str; 5] = ["name", "tool_name", "functionName", "function_name", "toolName"];
    const IDS: [&str; 6] = ["id", "callId", "call_id", "tool_call_id", "toolCallId", "ref"];
    const ARGUMENTS: [&str; 5] = ["arguments", "args", "input", "functionArguments", "tool_kwargs"];
    let function = given.given("function").filter(|function| function.is_object()).unwrap_or(given);
    AssistantToolCall {
        id: given.either(&IDS).and_then(filled),
        name: function.either(&NAMES).and_then(filled).unwrap_or_default(),
        arguments: arguments(function.either(&ARGUMENTS)),
        ..AssistantToolCall::default()
    }
}

/// Counts, if they are some.
fn tokens(given: &Value) -> Option<Value> {
    let either = |names: &[&str]| names.iter().find_map(|name| given.given(name).and_then(count));
    let (prompt, completion, total) = (either(&PROMPTS), either(&COMPLETIONS), either(&TOTALS));
    if prompt.is_none() && completion.is_none() && total.is_none() {
        return None;
    }
    let detail = |names: [&str; 2], of: &[&str]| {
        let details = given.either(&names)?;
        of.iter().find_map(|name| details.given(name).and_then(count))
    };
    let usage = Usage {
        prompt: prompt.unwrap_or_default(),
        completion: completion.unwrap_or_default(),
        total,
        cached: either(&CACHED).or_else(|| {
            detail(["inputTokenDetails", "prompt_tokens_details"], &["cachedTokenCount", "cached_tokens"])
        }),
        reasoning: either(&REASONING).or_else(|| {
            detail(
                ["outputTokenDetails", "completion_tokens_details"],
                &["reasoningTokenCount", "reasoning_tokens"],
            )
        }),
        ..Usage::default()
    };
    Some(usage.build_with(rest(given, &[&PROMPTS[..], &COMPLETIONS, &TOTALS].concat())))
}
