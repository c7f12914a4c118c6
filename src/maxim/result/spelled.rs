//! OpenAI's and Cohere's answers in another spelling: Tencent's Hunyuan begins every name with a capital, Oracle's
//! Generative AI writes them in camel case (its Python client with underscores), and roles, types and calls in ways of
//! its own.
//!
//! What has a counterpart gets its name and is read as OpenAI's or Cohere's; whatever else there is stays as it is.

use super::parts::arguments;
use super::value::{Read, rest};
use super::{Context, ResponseShape, cohere, generators, openai, openai_stream};
use serde_json::{Map, Value, json};

pub(super) const SHAPE: ResponseShape =
    ResponseShape { name: "a completion of Hunyuan or Oracle", is, convert };

/// Their names, and ours. Only what stands under one of these is looked into: the arguments of a call are its own.
const NAMES: [(&str, &str); 54] = [
    ("Id", "id"),
    ("Created", "created"),
    ("Model", "model"),
    ("Choices", "choices"),
    ("Index", "index"),
    ("Message", "message"),
    ("Delta", "delta"),
    ("FinishReason", "finish_reason"),
    ("Role", "role"),
    ("Content", "content"),
    ("Contents", "content"),
    ("Text", "text"),
    ("ReasoningContent", "reasoning_content"),
    ("ToolCalls", "tool_calls"),
    ("Type", "type"),
    ("Function", "function"),
    ("Name", "name"),
    ("Arguments", "arguments"),
    ("Usage", "usage"),
    ("PromptTokens", "prompt_tokens"),
    ("CompletionTokens", "completion_tokens"),
    ("TotalTokens", "total_tokens"),
    ("PromptTokensDetails", "prompt_tokens_details"),
    ("CachedTokens", "cached_tokens"),
    ("ErrorMsg", "error"),
    ("Msg", "message"),
    ("Code", "code"),
    ("modelId", "model"),
    ("model_id", "model"),
    ("timeCreated", "created"),
    ("time_created", "created"),
    ("finishReason", "finish_reason"),
    ("reasoningContent", "reasoning_content"),
    ("toolCalls", "tool_calls"),
    ("toolPlan", "tool_plan"),
    ("chatHistory", "chat_history"),
    ("generatedTexts", "generations"),
    ("generated_texts", "generations"),
    ("promptTokens", "prompt_tokens"),
    ("completionTokens", "completion_tokens"),
    ("totalTokens", "total_tokens"),
    ("promptTokensDetails", "prompt_tokens_details"),
    ("completionTokensDetails", "completion_tokens_details"),
    ("cachedTokens", "cached_tokens"),
    ("reasoningTokens", "reasoning_tokens"),
    ("acceptedPredictionTokens", "accepted_prediction_tokens"),
    ("rejectedPredictionTokens", "rejected_prediction_tokens"),
    ("documentIds", "document_ids"),
    ("choices", "choices"),
    ("message", "message"),
    ("content", "content"),
    ("tool_calls", "tool_calls"),
    ("citations", "citations"),
    ("usage", "usage"),
];

/// Whether it is an answer, or a chunk that has the form of one.
fn is_whole(value: &Value) -> bool {
    let of_oracle = ["apiFormat", "api_format", "runtimeType", "runtime_type"];
    let format = of_oracle.iter().find_map(|name| value.text(name));
    let holders = ["choices", "text", "message", "generatedTexts", "generated_texts"];
    value.list("Choices").iter().any(|choice| choice.either(&["Message", "Delta"]).is_some())
        || (format.is_some_and(|format| ["GENERIC", "COHERE", "COHEREV2", "LLAMA"].contains(&format))
            && holders.iter().any(|name| value.given(name).is_some()))
}

/// Whether it is what Oracle's streams send of a message.
fn is_piece(event: &Value) -> bool {
    event.get("choices").is_none()
        && event.given("message").is_some_and(|message| message.text("role") == Some("ASSISTANT"))
}

fn is(value: &Value) -> bool {
    match value {
        Value::Array(events) => events.iter().any(|event| is_whole(event) || is_piece(event)),
        value => is_whole(value),
    }
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    if let Value::Array(events) = value {
        let mut text = String::new();
        let chunks = events.into_iter().map(|event| chunk(respelled(event), &mut text)).collect();
        return (openai_stream::CHAT.convert)(chunks, context);
    }
    let mut answer = respelled(value);
    if let Some(message) = answer.get_mut("message") {
        read_message(message);
    }
    let choices = answer.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten();
    choices.filter_map(|choice| choice.get_mut("message")).for_each(read_message);
    let has = |name: &str| answer.list("choices").iter().any(|choice| choice.given(name).is_some());
    let shape = match answer.get("choices").is_some() {
        true if has("text") => openai::TEXT,
        true if has("delta") && !has("message") => openai_stream::CHAT,
        true => openai::CHAT,
        false if answer.get("generations").is_some() => generators::SHAPE,
        false if answer.get("message").is_some() => cohere::V2,
        false => cohere::V1,
    };
    let is_openai = answer.get("choices").is_some();
    let own = ["model", "usage"].map(|name| (name, answer.given(name).cloned()));
    let mut built = (shape.convert)(answer, context);
    if let (Value::Object(members), false) = (&mut built, is_openai) {
        // Where Cohere's own has neither.
        members.extend(own.into_iter().filter_map(|(name, member)| Some((name.to_owned(), member?))));
        return openai::chat(built, context);
    }
    built
}

fn respelled(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut written = Map::new();
            for (name, member) in members {
                match NAMES.iter().find(|(theirs, _)| *theirs == name) {
                    Some((_, ours)) if !member.is_null() || !written.contains_key(*ours) => {
                        written.insert((*ours).to_owned(), respelled(member));
                    }
                    Some(_) => {}
                    None => drop(written.insert(name, member)),
                }
            }
            Value::Object(written)
        }
        Value::Array(items) => items.into_iter().map(respelled).collect(),
        other => other,
    }
}

/// Roles and types are in capitals, and a call has the members of its function.
fn read_message(message: &mut Value) {
    fn lower(holder: &mut Value, name: &str) {
        if let Some(Value::String(text)) = holder.get_mut(name) {
            text.make_ascii_lowercase();
        }
    }
    lower(message, "role");
    for name in ["content", "tool_calls"] {
        let parts = message.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten();
        parts.for_each(|part| lower(part, "type"));
    }
    for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        let has_function = call.given("function").is_some();
        let Value::Object(members) = call else { continue };
        if !has_function {
            let name = members.shift_remove("name");
            let given = members.shift_remove("arguments").or_else(|| members.shift_remove("parameters"));
            let mut function = Map::new();
            if let Some(name) = name {
                function.insert("name".to_owned(), name);
            }
            if given.is_some() {
                function.insert("arguments".to_owned(), arguments(given.as_ref()).into());
            }
            members.insert("function".to_owned(), function.into());
        }
    }
}

/// A chunk of an OpenAI stream; `text` is what those before it have said, which Cohere's last one repeats.
fn chunk(event: Value, text: &mut String) -> Value {
    let mut chunk =
        rest(&event, &["message", "text", "tool_calls", "citations", "chat_history", "finish_reason", "pad"]);
    if chunk.contains_key("choices") {
        for choice in chunk.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
            for name in ["delta", "message"] {
                choice.get_mut(name).into_iter().for_each(read_message);
            }
        }
    } else if event.get("error").is_none() {
        let mut delta = match event.given("message") {
            Some(message) => message.clone(),
            None => Value::Object(Map::new()),
        };
        if let Value::Object(delta) = &mut delta {
            let said =
                event.text("text").filter(|said| event.given("finish_reason").is_none() || said != text);
            if let Some(said) = said {
                delta.insert("content".to_owned(), said.into());
                text.push_str(said);
            }
            for name in ["tool_calls", "citations"] {
                if let Some(member) = event.given(name) {
                    delta.insert(name.to_owned(), member.clone());
                }
            }
        }
        read_message(&mut delta);
        let index = event.count("index").unwrap_or_default();
        let reason = event
            .filled("finish_reason")
            .map(|reason| super::parts::finish_reason(&reason, &cohere::FINISH_REASONS));
        chunk
            .insert("choices".to_owned(), json!([{"index": index, "delta": delta, "finish_reason": reason}]));
        chunk.shift_remove("index");
    }
    chunk.insert("object".to_owned(), "chat.completion.chunk".into());
    Value::Object(chunk)
}
