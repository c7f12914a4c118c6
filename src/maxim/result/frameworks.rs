//! What frameworks make of an answer: LangChain's messages and results, and the message of an assistant alone.

use super::completion::{AssistantToolCall, Choice, Completion, Usage};
use super::openai::{self, MessageContent};
use super::parts::{append, arguments};
use super::value::{Read, count, filled, push, rest};
use super::{Context, ResponseShape};
use serde_json::{Value, json};

pub(super) const LANGCHAIN: ResponseShape =
    ResponseShape { name: "a LangChain message or result", is: is_langchain, convert: langchain };

pub(super) const MESSAGE: ResponseShape =
    ResponseShape { name: "a message of an assistant", is: is_message, convert: message };

/// A message as LangChain serialises it (`kwargs` of a constructor), or its members.
fn fields(value: &Value) -> Option<&Value> {
    let is_ai = |name: &str| name.starts_with("AIMessage");
    if value.text("type") == Some("constructor")
        && value.list("id").iter().any(|id| id.as_str().is_some_and(is_ai))
    {
        return value.given("kwargs");
    }
    let is_message = matches!(value.text("type"), Some("ai" | "AIMessageChunk"))
        && value.get("content").is_some()
        && ["response_metadata", "additional_kwargs", "usage_metadata"]
            .iter()
            .any(|name| value.get(*name).is_some());
    is_message.then_some(value)
}

fn generations(value: &Value) -> Option<&[Value]> {
    let lists = value.get("generations")?.as_array()?;
    let is_generation = |item: &Value| item.get("text").is_some_and(Value::is_string);
    let is_list = |list: &Value| {
        list.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_generation))
    };
    (!lists.is_empty() && lists.iter().all(is_list)).then_some(lists)
}

fn is_langchain(value: &Value) -> bool {
    fields(value).is_some() || generations(value).is_some()
}

fn langchain(value: Value, context: &mut Context<'_>) -> Value {
    let mut completion = Completion::default();
    match (generations(&value), fields(&value)) {
        (Some(lists), _) => {
            for item in lists.iter().flat_map(|list| list.as_array().into_iter().flatten()) {
                let index = completion.choices.len() as u64;
                let mut choice = Choice::new(index);
                match item.given("message").and_then(fields) {
                    Some(message) => read(message, &mut choice, &mut completion),
                    None => append(&mut choice.content, item.text("text").unwrap_or_default()),
                }
                if let Some(info) = item.either(&["generation_info", "generationInfo"]) {
                    choice.finish_reason = choice.finish_reason.or_else(|| info.filled("finish_reason"));
                    choice.extra.insert("generation_info".to_owned(), info.clone());
                }
                completion.choices.push(choice);
            }
            if let Some(output) = value.either(&["llm_output", "llmOutput"]) {
                read_metadata(output, &mut completion);
                completion.extra.insert("llm_output".to_owned(), output.clone());
            }
        }
        (None, Some(message)) => {
            let mut choice = Choice::default();
            read(message, &mut choice, &mut completion);
            completion.choices.push(choice);
        }
        (None, None) => {}
    }
    completion.build(context)
}

fn read(message: &Value, choice: &mut Choice, completion: &mut Completion) {
    let mut content = MessageContent::default();
    content.read(message.given("content").unwrap_or(&Value::Null));
    choice.content = content.text;
    choice.reasoning = content.reasoning;
    let has_calls = ["tool_calls", "invalid_tool_calls"].iter().any(|name| !message.list(name).is_empty());
    for part in content.other {
        // A call stands among the parts, too.
        let is_call = matches!(part.text("type"), Some("tool_use" | "tool_call" | "function_call"));
        if !(is_call && has_calls) {
            push(&mut choice.message, "other_content", part);
        }
    }
    for call in message.list("tool_calls") {
        choice.tool_calls.push(AssistantToolCall {
            id: call.filled("id"),
            name: call.filled("name").unwrap_or_default(),
            arguments: arguments(call.given("args")),
            ..AssistantToolCall::default()
        });
    }
    for call in message.list("invalid_tool_calls") {
        push(&mut choice.message, "invalid_tool_calls", call.clone());
    }
    completion.id = completion.id.take().or_else(|| message.filled("id"));
    if let Some(metadata) = message.given("response_metadata") {
        choice.finish_reason =
            metadata.either(&["finish_reason", "stop_reason", "stopReason", "done_reason"]).and_then(filled);
        read_metadata(metadata, completion);
        choice.extra.insert("response_metadata".to_owned(), metadata.clone());
    }
    choice.finish_reason = choice.finish_reason.take().map(|reason| match reason.as_str() {
        "end_turn" | "STOP" | "stop_sequence" => "stop".to_owned(),
        "max_tokens" | "MAX_TOKENS" => "length".to_owned(),
        "tool_use" => "tool_calls".to_owned(),
        _ => reason,
    });
    if let Some(kwargs) = message.object("additional_kwargs").filter(|kwargs| !kwargs.is_empty()) {
        if choice.reasoning.is_none() {
            choice.reasoning = kwargs.filled("reasoning_content");
        }
        choice.message.insert("additional_kwargs".to_owned(), Value::Object(kwargs.clone()));
    }
    if let Some(usage) = message.given("usage_metadata") {
        let detail = |of: &str, name: &str| usage.given(of)?.given(name).and_then(count);
        let tokens = Usage {
            prompt: usage.count("input_tokens").unwrap_or_default(),
            completion: usage.count("output_tokens").unwrap_or_default(),
            total: usage.count("total_tokens"),
            cached: detail("input_token_details", "cache_read"),
            cache_creation: detail("input_token_details", "cache_creation"),
            reasoning: detail("output_token_details", "reasoning"),
        };
        let counted = ["input_tokens", "output_tokens", "total_tokens"];
        completion.usage = Some(tokens.build_with(rest(usage, &counted)));
    }
}

fn read_metadata(metadata: &Value, completion: &mut Completion) {
    let model = metadata.either(&["model_name", "model", "model_id", "modelId"]).and_then(filled);
    completion.model = completion.model.take().or(model);
    if completion.usage.is_none() {
        let usage = metadata.either(&["token_usage", "tokenUsage", "usage"]);
        completion.usage = usage.filter(|usage| usage.as_object().is_some_and(|it| !it.is_empty())).cloned();
    }
}

/// A message alone, as a history has it: in OpenAI's form or in parts.
fn is_message(value: &Value) -> bool {
    let is_content = |content: &Value| match content {
        Value::String(_) => true,
        Value::Array(parts) => parts.iter().all(|part| part.get("type").is_some_and(Value::is_string)),
        _ => false,
    };
    let has_calls =
        || value.get("tool_calls").and_then(Value::as_array).is_some_and(|calls| !calls.is_empty());
    let has_sound = || value.object("audio").is_some_and(|audio| audio.contains_key("data"));
    matches!(value.text("role"), Some("assistant" | "model" | "ASSISTANT"))
        && (value.get("content").is_some_and(is_content) || has_calls() || has_sound())
}

fn message(value: Value, context: &mut Context<'_>) -> Value {
    let members = value.as_object().cloned().unwrap_or_default();
    let of_completion = ["id", "model", "usage", "created"];
    let mut completion = json!({"object": "chat.completion"});
    let mut message = members;
    for name in of_completion {
        if let Some(member) = message.shift_remove(name) {
            completion[name] = member;
        }
    }
    message.insert("role".to_owned(), "assistant".into());
    let reason = message.shift_remove("finish_reason").unwrap_or_default();
    completion["choices"] = json!([{"index": 0, "message": message, "finish_reason": reason}]);
    openai::chat(completion, context)
}
