//! Answers as languages write them in which the names that others may read begin with a capital (Go, C#), where nobody
//! said how they are called in JSON: of Gemini, Bedrock, Anthropic, and of frameworks.
//!
//! Names get their small letter, and what these languages put around a value goes (`{"Value": …}` of a union or an
//! enumeration); then it is read as what it is.

use super::value::Read;
use super::{Context, ResponseShape, anthropic, bedrock, gemini, kits};
use serde_json::{Map, Value, json};

pub(super) const SHAPE: ResponseShape =
    ResponseShape { name: "an answer whose names begin with capitals", is, convert };

/// What a caller's own names stand under.
const OPAQUE: [&str; 6] = ["Args", "Arguments", "FunctionArguments", "Input", "Document", "Parameters"];

/// Anthropic's names.
const OF_ANTHROPIC: [(&str, &str); 8] = [
    ("stopReason", "stop_reason"),
    ("stopSequence", "stop_sequence"),
    ("inputTokens", "input_tokens"),
    ("outputTokens", "output_tokens"),
    ("cacheReadInputTokens", "cache_read_input_tokens"),
    ("cacheCreationInputTokens", "cache_creation_input_tokens"),
    ("toolUseId", "tool_use_id"),
    ("serviceTier", "service_tier"),
];

fn is(value: &Value) -> bool {
    let is_list = |name: &str| value.get(name).is_some_and(Value::is_array);
    let has = |name: &str| value.given(name).is_some();
    is_list("Candidates")
        || (has("StopReason") && (is_list("Content") || value.object("Output").is_some()))
        || ((has("Role") || has("ModelId"))
            && ["Items", "Content", "Messages"].into_iter().any(is_list)
            && (kits::SHAPE.is)(&with_small_letters(value.clone())))
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let mut answer = with_small_letters(value);
    if answer.get("candidates").is_some() {
        let candidates = answer.get_mut("candidates").and_then(Value::as_array_mut).into_iter().flatten();
        for parts in
            candidates.filter_map(|candidate| candidate.pointer_mut("/content/parts")?.as_array_mut())
        {
            parts.iter_mut().for_each(name_part);
        }
        return (gemini::SHAPE.convert)(answer, context);
    }
    if let Some(output) = answer.get_mut("output") {
        if output.given("message").is_none() {
            *output = json!({"message": output.take()});
        }
        let blocks = output.pointer_mut("/message/content").and_then(Value::as_array_mut);
        for block in blocks.into_iter().flatten().filter(|block| block.given("toolUseId").is_some()) {
            *block = json!({"toolUse": block.take()});
        }
        return (bedrock::SHAPE.convert)(answer, context);
    }
    if answer.given("stopReason").is_some() {
        return anthropic::convert(as_anthropic(answer), context);
    }
    (kits::SHAPE.convert)(answer, context)
}

/// A part that is a union without a name: the text, or the call.
fn name_part(part: &mut Value) {
    if part.is_string() {
        *part = json!({"text": part.take()});
    } else if part.given("name").is_some() && part.get("args").is_some() {
        *part = json!({"functionCall": part.take()});
    } else if part.given("mimeType").is_some() && part.get("data").is_some() {
        *part = json!({"inlineData": part.take()});
    }
}

fn with_small_letters(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut written = Map::new();
            for (name, member) in members {
                let member = if OPAQUE.contains(&&*name) { member } else { with_small_letters(member) };
                written.insert(small(&name), member);
            }
            match written.len() {
                1 if ["value", "label"].iter().any(|name| written.contains_key(*name)) => {
                    written.into_iter().next().map_or(Value::Null, |(_, inner)| inner)
                }
                _ => Value::Object(written),
            }
        }
        Value::Array(items) => items.into_iter().map(with_small_letters).collect(),
        other => other,
    }
}

/// `StopReason` becomes `stopReason`, `ID` `id`, `MIMEType` `mimeType`.
fn small(name: &str) -> String {
    let capitals = name.chars().take_while(char::is_ascii_uppercase).count();
    let word = match capitals {
        0 | 1 => capitals,
        all if all == name.len() => all,
        more => more - 1,
    };
    let (first, others) = name.split_at(word);
    first.to_ascii_lowercase() + others
}

/// In the names that Anthropic has for them.
pub(super) fn as_anthropic(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let named = members.into_iter().map(|(name, member)| {
                let ours = OF_ANTHROPIC.iter().find(|(theirs, _)| *theirs == name);
                let member = if name == "input" { member } else { as_anthropic(member) };
                (ours.map_or(name, |(_, ours)| (*ours).to_owned()), member)
            });
            Value::Object(named.collect())
        }
        Value::Array(items) => items.into_iter().map(as_anthropic).collect(),
        other => other,
    }
}
