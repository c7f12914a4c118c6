//! A result from its text: compacted, recognised, and only where needed turned into a tree.
//!
//! Nearly every result is an OpenAI-shaped chat completion that passes as it is. Building a tree to
//! find that out would cost several times the copy (110,791 instructions instead of 15,386 for the `result` of
//! `scripts/instructions.sh`), so its shape is checked on the compacted text; whatever is not plainly that goes the
//! long way through [`super::normalise`].
//!
//! A text that is no JSON, or nested deeper than any is read, is sent as a text, unless it is plainly what a proxy has
//! of a stream or of a body that was cut short ([`super::raw`]), or nearly JSON ([`super::relaxed`]). Bytes may be packed, or in
//! UTF-16 ([`super::encodings`]). Only [`Mode::Strict`] refuses anything.

use serde_json::Value;

use super::{Found, Owner, answer, encodings, normalise, raw};
use crate::maxim::media::Media;
use crate::maxim::tree;
use crate::process::unique::Uuid;
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::escape;
use crate::text::json::outline::compact_outlined;
use crate::text::json::{self, Kind, is_integer, kind};
use crate::text::object::Json;

/// What becomes of a result whose shape is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is sent as it is, and told.
    Lenient,
    /// It is refused, and so are a provider's error and a member that would have to be patched.
    Strict,
    /// It is sent as it is, known or not, and nobody is told.
    Force,
}

/// What there is to do beside sending the result.
#[derive(Default)]
pub struct Told {
    /// Attachments, with the ids that the result names.
    pub media: Vec<(Uuid, Media)>,
    /// Why the result was not recognised.
    pub unknown: Option<String>,
}

impl Told {
    /// Whether there is nothing.
    #[inline]
    pub fn is_nothing(&self) -> bool {
        self.media.is_empty() && self.unknown.is_none()
    }
}

/// Appends what the log API is sent for a result; images, sounds and files are taken out only if `extracts_media`.
/// `model` gives the generation's model, when it is known.
pub fn normalise_text(
    given: Json<'_>,
    mode: Mode,
    extracts_media: bool,
    model: &(dyn Fn() -> Option<String> + Sync),
    out: &mut Buffer,
) -> Result<Told> {
    let start = out.len();
    let compacted = compact_outlined(given.bytes, out);
    if mode == Mode::Force {
        if compacted.is_err() {
            push_as_text(given, start, out);
        }
        return Ok(Told::default());
    }
    let root = compacted.as_ref().ok().and_then(|outline| outline.root(out));
    if root.is_some_and(is_plain_chat_completion) {
        return Ok(Told::default());
    }
    let owner = Owner { model, extracts_media, is_strict: mode == Mode::Strict };
    let convert = || {
        let value = match &compacted {
            Ok(_) => read(&out[start..]),
            Err(_) => {
                let decoded = encodings::decode(given.bytes);
                let value = raw::read(&decoded.text);
                value.filter(|value| decoded.is_whole || answer::is_answer(&raw::unwrap(value.clone())))
            }
        };
        let normal = normalise(value?, &owner);
        Some((serde_json::to_vec(&normal.value), normal.media, normal.found))
    };
    let Some((text, media, found)) = tree::with_room(convert).flatten() else {
        return match compacted {
            Ok(_) => unrecognised(given, mode, "can't be taken apart".to_owned()),
            Err(error) if mode == Mode::Strict => Err(given.refuse(&error)),
            Err(error) => {
                push_as_text(given, start, out);
                unrecognised(given, mode, format!("cannot be read as JSON ({error})"))
            }
        };
    };
    let unknown = match found {
        Found::Known(_) => None,
        Found::Failure if mode == Mode::Strict => {
            return Err(refuse(
                given,
                "is an error of the provider, not a result: log it as the generation's error",
            ));
        }
        Found::Failure => None,
        Found::Odd(place) => {
            return Err(refuse(given, &format!("{place} is missing, or is not what the log API takes")));
        }
        Found::Unknown(why) => {
            let unknown = unrecognised(given, mode, why)?.unknown;
            // It stays as it came, to the digits of its numbers, unless there is something that no reader takes.
            let is_as_it_is = compacted.is_ok() && media.is_empty();
            if is_as_it_is && !out[start..].windows(3).any(|bytes| bytes == br"\ud") {
                return Ok(Told { media, unknown });
            }
            unknown
        }
    };
    let text = text.map_err(|error| refuse(given, &error.to_string()))?;
    out.truncate(start);
    out.extend_from_slice(&text);
    Ok(Told { media, unknown })
}

/// The tree of a JSON text, with lone halves of surrogate pairs replaced, which no string can hold.
fn read(text: &[u8]) -> Option<Value> {
    tree::read(text)
        .or_else(|| tree::read(raw::without_lone_surrogates(std::str::from_utf8(text).ok()?).as_bytes()))
}

/// Writes what cannot be read as one string, in the place of what was written of it.
#[cold]
fn push_as_text(given: Json<'_>, start: usize, out: &mut Buffer) {
    out.truncate(start);
    escape::push_string(out, &encodings::decode(given.bytes).text);
}

fn unrecognised(given: Json<'_>, mode: Mode, why: String) -> Result<Told> {
    match mode {
        Mode::Strict => Err(refuse(given, &why)),
        _ => Ok(Told { unknown: Some(why), ..Told::default() }),
    }
}

#[cold]
fn refuse(given: Json<'_>, reason: &str) -> Error {
    Error::new(Status::InvalidResult, format!("{}: {reason}", given.name))
}

/// Whether the object is a chat completion beyond doubt, which [`super::normalise`] would leave as it is.
fn is_plain_chat_completion(result: json::Value<'_>) -> bool {
    result.kind() == Kind::Object
        && result.member(b"error").is_none()
        && has(result, b"object", |object| object == b"\"chat.completion\"")
        && has(result, b"id", is_text)
        && has(result, b"created", is_integer)
        && has(result, b"model", |model| is_text(model) && model.len() > 2)
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
        (b"refusal" | b"tool_calls" | b"annotations" | b"audio", value) => value == b"null" || value == b"[]",
        (b"function_call", value) => value == b"null",
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

    fn text(given: &str, mode: Mode) -> Result<(String, Told)> {
        let mut out = Buffer::new();
        let given = Json { name: "result_json", bytes: given.as_bytes() };
        let told = normalise_text(given, mode, true, &|| Some("m".to_owned()), &mut out)?;
        Ok((String::from_utf8(out.into_vec()).unwrap(), told))
    }

    fn sent(given: &str) -> Value {
        serde_json::from_str(&text(given, Mode::Lenient).unwrap().0).unwrap()
    }

    const PLAIN: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;

    #[test]
    fn a_plain_chat_completion_passes_as_it_is_without_white_space() {
        let (sent, told) = text(&PLAIN.replace(",\"", " ,\n \""), Mode::Lenient).unwrap();
        assert_eq!((sent.as_str(), told.unknown), (PLAIN, None));
    }

    #[test]
    fn the_short_way_lets_nothing_pass_that_the_long_way_changes() {
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
        let values =
            ["null", "true", "1", "1.5", "-3", "\"t\"", "\"\"", "[]", "{}", "[1]", "{\"a\":1}", "[{}]"];
        let mut short = 0;
        for pointer in pointers {
            for new in values {
                let mut damaged = value.clone();
                *damaged.pointer_mut(pointer).unwrap() = serde_json::from_str(new).unwrap();
                let mut out = Buffer::new();
                let outline = compact_outlined(damaged.to_string().as_bytes(), &mut out).unwrap();
                if outline.root(&out).is_some_and(is_plain_chat_completion) {
                    short += 1;
                    let owner = Owner { model: &|| None, extracts_media: true, is_strict: true };
                    let long = normalise(damaged.clone(), &owner);
                    assert_eq!(long.value, damaged, "{pointer} = {new}");
                }
            }
        }
        assert!(short > 5, "the short way was hardly taken");
    }

    #[test]
    fn what_is_not_recognised_is_sent_as_it_is_and_told_and_refused_when_strict() {
        let (sent, told) = text("{\"answer\": 42}", Mode::Lenient).unwrap();
        assert_eq!(sent, "{\"answer\":42}");
        assert_eq!(told.unknown.unwrap(), "an object with `answer` is none of the results that are known");
        let refused = text("{\"answer\": 42}", Mode::Strict).map(|(sent, _)| sent).unwrap_err();
        assert_eq!(refused.status, Status::InvalidResult);
        let refused =
            text("{\"error\": {\"message\": \"m\"}}", Mode::Strict).map(|(sent, _)| sent).unwrap_err();
        assert_eq!(refused.status, Status::InvalidResult);
        assert_eq!(text("{\"answer\": 42}", Mode::Force).unwrap().0, "{\"answer\":42}");
        assert_eq!(text("[1]", Mode::Force).unwrap().0, "[1]");
    }

    #[test]
    fn what_cannot_be_read_is_sent_as_a_text_and_told_and_refused_when_strict() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let deep_and_cut = "[{\"a\":".repeat(100_000);
        for given in
            ["{\"answer\" 42}", "<html>\n\"No\"</html>", "upstream timed out", "", &deep, &deep_and_cut]
        {
            let as_text = serde_json::to_string(given).unwrap();
            let (sent, told) = text(given, Mode::Lenient).unwrap();
            assert_eq!(sent, as_text);
            let why = told.unknown.unwrap();
            assert!(why.starts_with("cannot be read as JSON (") && !why.contains("html"), "{why}");
            let (forced, told) = text(given, Mode::Force).unwrap();
            assert_eq!((forced, told.unknown), (as_text, None));
            assert_eq!(
                text(given, Mode::Strict).map(|(sent, _)| sent).unwrap_err().status,
                Status::InvalidJson
            );
        }
        let mut out = Buffer::from(&b"before"[..]);
        let given = Json { name: "result_json", bytes: b"{\"a\": \xff" };
        assert!(normalise_text(given, Mode::Lenient, true, &|| None, &mut out).unwrap().unknown.is_some());
        assert_eq!(&out[..], "before\"{\\\"a\\\": \u{fffd}\"".as_bytes());
    }

    #[test]
    fn what_has_more_values_than_memory_should_hold_is_sent_as_it_is_and_told() {
        let given = format!("[{}1]", "1,".repeat(tree::MOST_VALUES));
        let (sent, told) = text(&given, Mode::Lenient).unwrap();
        assert_eq!(told.unknown.as_deref(), Some("can't be taken apart"));
        assert!(sent == given, "{} bytes of {} were sent", sent.len(), given.len());
    }

    #[test]
    fn a_strict_result_is_taken_as_it_is_or_not_at_all() {
        assert_eq!(text(PLAIN, Mode::Strict).unwrap().0, PLAIN);
        for (given, place) in [
            (PLAIN.replace(r#""created":1,"#, ""), "/created"),
            (PLAIN.replace(r#""created":1"#, r#""created":"1""#), "/created"),
            (PLAIN.replace(r#""model":"m""#, "\"model\":\"\""), "/model"),
            (PLAIN.replace(r#""index":0,"#, ""), "/choices/0/index"),
            (PLAIN.replace(r#""role":"assistant","#, ""), "/choices/0/message/role"),
            (PLAIN.replace(r#""total_tokens":3"#, r#""total_tokens":3.0"#), "/usage/total_tokens"),
            (r#"{"id":"r","object":"response","created_at":1,"model":"m"}"#.to_owned(), "/output"),
        ] {
            let refused = text(&given, Mode::Strict).map(|(sent, _)| sent).unwrap_err();
            assert_eq!(refused.status, Status::InvalidResult);
            assert!(refused.detail.contains(&format!("{place} is missing, or is not")), "{}", refused.detail);
            assert_eq!(text(&given, Mode::Lenient).unwrap().1.unknown, None);
        }
        // What is converted has no members of the log API's to be odd.
        let converted = r#"{"type":"message","content":[{"type":"text","text":"x"}]}"#;
        assert!(text(converted, Mode::Strict).is_ok());
    }

    #[test]
    fn a_stream_is_read_as_a_proxy_has_it() {
        let chunk = |delta: &str| {
            format!(
                r#"{{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{delta}}}]}}"#
            )
        };
        let (one, two) = (chunk(r#"{"content":"Hel"}"#), chunk(r#"{"content":"lo"}"#));
        for raw in [
            format!("data: {one}\n\ndata: {two}\n\ndata: [DONE]\n\n"),
            format!(": comment\r\nevent: x\r\ndata: {one}\r\n\r\nid: 7\r\ndata:{two}\r\n\r\n"),
            format!("data: {one}\ndata: {two}\ndata: [DONE]\n"),
            format!("{one}\n{two}\n"),
            format!("[{one},{two}"),
            format!("\u{feff}data: {one}\n\ndata: {two}\n\n"),
            format!("\u{feff}[{one},{two}]"),
            format!("event: x\rdata: {one}\r\rdata: {two}\r\r"),
            format!(
                "data: {{\"type\": \"ping\"}}\n\ndata: {one}\n\ndata: {{\"type\": \"ping\"}}\n\ndata: {two}\n\n"
            ),
            format!("{one}{two}"),
            format!("{one},\n{two},\n"),
            format!("\u{1e}{one}\n\u{1e}{two}\n"),
            format!("data: [{one}]\n\ndata: [{two}]\n\n"),
            format!("[[{one}],[],[{two}]]"),
            serde_json::to_string(&[
                "event: x".to_owned(),
                format!("data: {one}"),
                String::new(),
                format!("data: {two}"),
                "data: [DONE]".to_owned(),
            ])
            .unwrap(),
            serde_json::to_string(&[format!("data: {one}\n\nda"), format!("ta: {two}\n\n")]).unwrap(),
            serde_json::to_string(&[&one, &two]).unwrap(),
            Value::from(format!("data: {one}\n\ndata: {two}\n\n")).to_string(),
            format!(r#"[{{"event":"x","data":{one}}},{{"event":"x","data":{two}}},{{"data":"[DONE]"}}]"#),
        ] {
            let sent = sent(&raw);
            assert_eq!(sent["choices"][0]["message"]["content"], "Hello", "{raw}\n{sent}");
            assert_eq!(sent["object"], "chat.completion");
        }
    }

    #[test]
    fn what_follows_a_whole_answer_does_not_hide_it() {
        for behind in ["\n<!-- proxied -->", " trailing", "\n{\"a\" 1}", "]"] {
            assert_eq!(
                sent(&format!("{PLAIN}{behind}"))["choices"][0]["message"]["content"],
                "x",
                "{behind}"
            );
        }
        // What is no answer is kept whole.
        assert_eq!(sent("{\"answer\": 42} is the answer"), "{\"answer\": 42} is the answer");
    }

    #[test]
    fn a_body_that_is_cut_short_anywhere_keeps_what_came() {
        for end in 1..PLAIN.len() {
            let value = sent(&PLAIN[..end]);
            assert!(value.is_object(), "{}", &PLAIN[..end]);
        }
        let cut = PLAIN.find("\"x\"").unwrap() + 2;
        assert_eq!(sent(&PLAIN[..cut])["choices"][0]["message"]["content"], "x");
    }

    #[test]
    fn half_a_surrogate_pair_is_no_reason_to_refuse() {
        let given = PLAIN.replace("\"x\"", r#""a \ud83d b \ud83d\ude00 \\ud83d""#).replace("\"c\"", "7");
        let sent = sent(&given);
        assert_eq!(sent["choices"][0]["message"]["content"], "a \u{fffd} b \u{1f600} \\ud83d");
        assert_eq!(sent["id"], "7");
    }
}
