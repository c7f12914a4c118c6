//! A result from its text: compacted, recognised, and only where needed turned into a tree.
//!
//! Nearly every result is an OpenAI-shaped chat completion that passes as it is. Building a tree to
//! find that out would cost several times the copy, so its shape is checked on the compacted text;
//! whatever is not plainly that goes the long way through [`super::normalise`], which alone decides
//! what is refused.

use serde_json::Value;

use super::normalise;
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::json::{self, Kind, compact_outlined, is_integer, kind};
use crate::text::object::Json;

/// Appends what the log API is sent for a result; `force` sends any object as it is.
pub fn normalise_text(given: Json<'_>, force: bool, out: &mut Buffer) -> Result<()> {
    let start = out.len();
    let outline = compact_outlined(given.bytes, out).map_err(|error| given.refuse(&error))?;
    if force {
        return match kind(&out[start..]) {
            Kind::Object => Ok(()),
            _ => Err(refuse(given, "a result that is forced through must be an object")),
        };
    }
    if outline.root(out).is_some_and(is_plain_chat_completion) {
        return Ok(());
    }
    let value: Value =
        serde_json::from_slice(&out[start..]).map_err(|error| refuse(given, &error.to_string()))?;
    let normal = normalise(value, None).map_err(|error| refuse(given, &error.reason))?;
    out.truncate(start);
    serde_json::to_writer(out, &normal).map_err(|error| refuse(given, &error.to_string()))
}

#[cold]
fn refuse(given: Json<'_>, reason: &str) -> Error {
    Error::new(Status::InvalidResult, format!("{}: {reason}", given.name))
}

/// Whether the object is a chat completion beyond doubt: a narrower test than
/// [`super::openai_chat`]'s, so that it can never let pass what that one would refuse.
fn is_plain_chat_completion(result: json::Value<'_>) -> bool {
    result.kind() == Kind::Object
        && result.member(b"error").is_none()
        && has(result, b"object", |object| object == b"\"chat.completion\"")
        && has(result, b"id", is_text)
        && has(result, b"created", is_integer)
        && has(result, b"model", is_text)
        && result
            .member(b"choices")
            .is_some_and(|choices| choices.kind() == Kind::Array && choices.items().all(is_plain_choice))
        && result.member(b"usage").is_none_or(is_usage)
}

fn has(object: json::Value<'_>, name: &[u8], test: fn(&[u8]) -> bool) -> bool {
    object.member(name).is_some_and(|value| test(value.text()))
}

fn is_text(value: &[u8]) -> bool {
    kind(value) == Kind::String
}

fn is_plain_choice(choice: json::Value<'_>) -> bool {
    has(choice, b"index", is_integer)
        && has(choice, b"finish_reason", |reason| is_text(reason) && reason != b"\"model_length\"")
        && choice.member(b"message").is_some_and(is_plain_message)
        && choice.member(b"text").is_none()
}

/// A message with nothing but a role and a text.
fn is_plain_message(message: json::Value<'_>) -> bool {
    message.items().all(|member| match (member.key(), member.text()) {
        (b"role" | b"content", value) => is_text(value),
        (b"refusal" | b"tool_calls" | b"function_call" | b"annotations" | b"audio", value) => {
            value == b"null" || value == b"[]"
        }
        _ => false,
    }) && message.member(b"role").is_some()
}

fn is_usage(usage: json::Value<'_>) -> bool {
    let counts: [&[u8]; 3] = [b"prompt_tokens", b"completion_tokens", b"total_tokens"];
    usage.kind() == Kind::Null || counts.iter().all(|name| has(usage, name, is_integer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(given: &str, force: bool) -> Result<String> {
        let mut out = Buffer::new();
        normalise_text(Json { name: "result_json", bytes: given.as_bytes() }, force, &mut out)?;
        Ok(String::from_utf8(out.into_vec()).unwrap())
    }

    const PLAIN: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;

    #[test]
    fn a_plain_chat_completion_passes_as_it_is_without_white_space() {
        assert_eq!(text(&PLAIN.replace(",\"", " ,\n \""), false).unwrap(), PLAIN);
    }

    #[test]
    fn the_short_way_lets_nothing_pass_that_the_long_way_refuses() {
        // Every member of the plain completion damaged in turn: by leaving it out, and by each kind of value.
        let value: Value = serde_json::from_str(PLAIN).unwrap();
        let pointers = [
            "",
            "/id",
            "/object",
            "/created",
            "/model",
            "/choices",
            "/choices/0",
            "/choices/0/index",
            "/choices/0/message",
            "/choices/0/message/role",
            "/choices/0/message/content",
            "/choices/0/finish_reason",
            "/usage",
            "/usage/prompt_tokens",
            "/usage/completion_tokens",
        ];
        let values = ["null", "true", "1", "1.5", "-3", "\"t\"", "[]", "{}", "[1]", "{\"a\":1}", "[{}]"];
        let mut short = 0;
        for pointer in pointers {
            for new in values {
                let mut damaged = value.clone();
                *damaged.pointer_mut(pointer).unwrap() = serde_json::from_str(new).unwrap();
                let long = normalise(damaged.clone(), None);
                let given = damaged.to_string();
                let mut out = Buffer::new();
                let outline = compact_outlined(given.as_bytes(), &mut out).unwrap();
                if outline.root(&out).is_some_and(is_plain_chat_completion) {
                    short += 1;
                    assert_eq!(long.unwrap(), damaged, "{pointer} = {new}");
                }
                assert_eq!(
                    text(&given, false).is_ok(),
                    normalise(damaged, None).is_ok(),
                    "{pointer} = {new}"
                );
            }
        }
        assert!(short > 5, "the short way was hardly taken");
    }

    #[test]
    fn what_is_not_recognised_is_refused_unless_forced() {
        let refused = text("{\"answer\": 42}", false).unwrap_err();
        assert_eq!(refused.status, Status::InvalidResult);
        assert_eq!(text("{\"answer\": 42}", true).unwrap(), "{\"answer\":42}");
        assert_eq!(text("[1]", true).unwrap_err().status, Status::InvalidResult);
        assert_eq!(text("{\"answer\" 42}", true).unwrap_err().status, Status::InvalidJson);
    }
}
