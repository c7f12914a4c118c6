//! Images, sounds and files in messages: taken out, and attached to the generation.
//!
//! A log line is no place for megabytes of base64. Parts of a message that are an image, a sound or a file
//! become attachments tagged `{"attach-to":"input"}`, in their order: the bytes of a `data:` URI, of base64
//! or of a list of numbers, else the URL. Known are the parts of OpenAI (chat and Responses), Anthropic, Bedrock,
//! Gemini, Ollama (`images`) and the AI SDK. The part leaves the message, and the others stay in their order;
//! but the result of a tool, wherever a message has it, is evidence and stays whole (it may be such a part as
//! JSON text). Messages without such a part, which are most, are not taken apart: a search for the parts' names
//! tells.

use serde_json::{Map, Value};

use super::logger::Logger;
use super::media::{self, Media, MediaSide, Stored, decode};
use super::tree;
use crate::process::unique::Uuid;
use crate::status::Result;
use crate::text::buffer::Buffer;
use crate::text::json::{self, Shape};
use crate::text::object::Json;

/// Each part that is taken has one of these in it, however it is escaped but by `\u`, which nobody does to
/// letters.
const NAMES: [&[u8]; 10] = [
    b"\"image",
    b"_image\"",
    b"_audio\"",
    b"_file\"",
    b"\"inline",
    b"\"file",
    b"\"document",
    b"\"video",
    b"\"audio",
    b"\"media\"",
];

/// JSON in a text in JSON in a text: deeper ones are not looked into.
const MOST_NESTED: u32 = 6;

/// Attaches all to a generation, whose messages have been `logged` somewhere.
pub(super) fn attach_all(
    logged: Result<()>,
    media: &[Media],
    logger: &Logger,
    generation: &str,
) -> Result<()> {
    if media.is_empty() {
        return logged;
    }
    let ids: Vec<Uuid> = media.iter().map(|_| Uuid::new()).collect();
    media::attach_all(logged, ids.iter().zip(media), (logger, generation), MediaSide::Input)
}

/// The messages without what becomes an attachment, and that; `None` when there is nothing of the kind.
pub(super) fn take_media(messages: Json<'_>) -> Result<Option<(Vec<u8>, Vec<Media>)>> {
    if NAMES.iter().all(|name| memchr::memmem::find(messages.bytes, name).is_none()) {
        return Ok(None);
    }
    // For the error with its place; the tree's reader says less.
    let mut compacted = Buffer::new();
    json::compact(messages.bytes, Shape::Array, &mut compacted).map_err(|error| messages.refuse(&error))?;
    let take = || {
        let Some(Value::Array(mut list)) = tree::read(&compacted) else { return None };
        let mut media = Vec::new();
        list.iter_mut().for_each(|message| take_from(message, &mut media));
        (!media.is_empty()).then(|| (Value::Array(list).to_string().into_bytes(), media))
    };
    Ok(tree::with_room(take).flatten())
}

fn take_from(message: &mut Value, media: &mut Vec<Media>) {
    let Value::Object(message) = message else { return };
    let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
    if matches!(role, "tool" | "function") || is_result(kind) {
        ["content", "parts", "output"].iter().filter_map(|name| message.get(*name)).for_each(|result| {
            evidence(result, media);
        });
        return;
    }
    for name in ["content", "parts"] {
        match message.get_mut(name) {
            Some(Value::Array(parts)) => take_parts(parts, media),
            Some(part @ Value::Object(_)) => {
                if let Some(found) = part_media(part) {
                    media.push(found);
                    *part = Value::Array(Vec::new());
                }
            }
            _ => {}
        }
    }
    take_images(message, media);
}

/// A kind of part or item that is what a tool gave back.
fn is_result(kind: &str) -> bool {
    ["tool_result", "tool-result", "_call_output"].iter().any(|end| kind.ends_with(end))
}

fn take_parts(parts: &mut Vec<Value>, media: &mut Vec<Media>) {
    parts.retain(|part| {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
        let results = ["toolResult", "functionResponse", "function_response"];
        if is_result(kind) || results.iter().any(|name| part.get(*name).is_some()) {
            evidence(part, media);
            return true;
        }
        let found = part_media(part);
        let is_media = found.is_some();
        media.extend(found);
        !is_media
    });
}

/// Ollama has the images of a message beside its text.
fn take_images(message: &mut Map<String, Value>, media: &mut Vec<Media>) {
    let Some(Value::Array(images)) = message.get_mut("images") else { return };
    let before = images.len();
    images.retain(|image| match bytes(image) {
        Some(bytes) => {
            media.push(Media { mime: None, name: None, content: Stored::Bytes(bytes) });
            false
        }
        None => true,
    });
    if images.is_empty() && before > 0 {
        message.remove("images");
    }
}

/// What is in a tool's result, at any depth, also as JSON text. It stays there.
fn evidence(result: &Value, media: &mut Vec<Media>) {
    evidence_within(result, MOST_NESTED, media);
}

fn evidence_within(result: &Value, nested: u32, media: &mut Vec<Media>) {
    match result {
        Value::Object(members) => match part_media(result) {
            Some(found) => media.push(found),
            None => members.values().for_each(|member| evidence_within(member, nested, media)),
        },
        Value::Array(items) => items.iter().for_each(|item| evidence_within(item, nested, media)),
        Value::String(text) if nested > 0 && text.trim_start().starts_with(['{', '[']) => {
            if let Some(inner) = tree::read(text.as_bytes()) {
                evidence_within(&inner, nested - 1, media);
            }
        }
        _ => {}
    }
}

/// What a part holds, if it is an image, a sound or a file.
fn part_media(part: &Value) -> Option<Media> {
    let text = |pointer: &str| part.pointer(pointer).and_then(Value::as_str);
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| text(pointer));
    let named = |media: Option<Media>| {
        let name = first(&["/filename", "/file/filename", "/title", "/name"]).map(str::to_owned);
        media.map(|media| Media { name: media.name.or(name), ..media })
    };
    match text("/type") {
        Some("image" | "image_url" | "input_image" | "image-data" | "image-url") => {
            let mime = first(&["/source/media_type", "/mimeType", "/mediaType", "/media_type", "/mime_type"]);
            if let Some(data) =
                ["/source/data", "/data", "/image"].iter().find_map(|at| bytes(part.pointer(at)?))
            {
                return Some(of_bytes(mime, data));
            }
            let url =
                ["/image_url/url", "/image_url", "/image/url", "/image", "/source/url", "/url", "/data"];
            from_link(first(&url)?)
        }
        Some("input_audio") => {
            let mime = text("/input_audio/format").map(|format| format!("audio/{format}"));
            Some(of_bytes(mime.as_deref(), decode(text("/input_audio/data")?)?))
        }
        Some("audio" | "video" | "file" | "media" | "file-data" | "input_file" | "document") => {
            // A document may be a text, which is no attachment.
            if text("/source/type").is_some_and(|kind| kind == "text" || kind == "content" || kind == "file")
            {
                return None;
            }
            let mime = first(&["/source/media_type", "/mediaType", "/mimeType", "/media_type", "/mime_type"]);
            let data = ["/source/data", "/data", "/file/file_data", "/file_data"];
            let url = ["/source/url", "/file_url", "/url", "/data", "/file/file_data", "/file_data"];
            let found = data.iter().find_map(|at| bytes(part.pointer(at)?)).map(|data| of_bytes(mime, data));
            named(found.or_else(|| from_link(first(&url)?)))
        }
        Some(_) => None,
        None => named(untyped(part)),
    }
}

/// A part that has no type, only a member that says what it is: of Gemini or of Bedrock.
fn untyped(part: &Value) -> Option<Media> {
    if let Some(data) = part.get("inlineData").or_else(|| part.get("inline_data")) {
        let mime = data.get("mimeType").or_else(|| data.get("mime_type")).and_then(Value::as_str);
        return Some(of_bytes(mime, bytes(data.get("data")?)?));
    }
    for (kind, mime) in
        [("image", "image"), ("video", "video"), ("audio", "audio"), ("document", "application")]
    {
        let Some(held) = part.get(kind) else { continue };
        let mime = held.get("format").and_then(Value::as_str).map(|format| format!("{mime}/{format}"));
        let found = of_bytes(mime.as_deref(), bytes(held.pointer("/source/bytes")?)?);
        let name = held.get("name").and_then(Value::as_str).map(str::to_owned);
        return Some(Media { name, ..found });
    }
    None
}

fn of_bytes(mime: Option<&str>, bytes: Vec<u8>) -> Media {
    Media { mime: mime.map(str::to_owned), name: None, content: Stored::Bytes(bytes) }
}

/// A link, or the bytes of a `data:` URI. Any other text is none of these.
fn from_link(url: &str) -> Option<Media> {
    let is_link = url.starts_with("data:") || url.contains("://");
    is_link.then(|| Media::from_url(url))
}

/// Bytes as base64, as a list of numbers, or as JavaScript's and Node's buffers come out as JSON.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    let byte = |number: &Value| u8::try_from(number.as_u64()?).ok();
    match value {
        // A short name may be base64 by chance; no image is as short.
        Value::String(text) if !text.contains(':') && text.len() >= 4 => decode(text),
        Value::Array(numbers) if !numbers.is_empty() => numbers.iter().map(byte).collect(),
        Value::Object(members) if members.get("type").is_some_and(|kind| kind == "Buffer") => {
            bytes(members.get("data")?)
        }
        Value::Object(members) if members.contains_key("0") => members
            .iter()
            .enumerate()
            .map(|(at, (name, number))| (name.parse() == Ok(at)).then(|| byte(number)).flatten())
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(messages: &str) -> Option<(String, Vec<Media>)> {
        let taken = take_media(Json { name: "messages_json", bytes: messages.as_bytes() }).unwrap();
        taken.map(|(messages, media)| (String::from_utf8(messages).unwrap(), media))
    }

    fn bytes(mime: &str, bytes: &[u8]) -> Media {
        Media { mime: Some(mime.to_owned()), name: None, content: Stored::Bytes(bytes.to_vec()) }
    }

    fn url(url: &str) -> Media {
        Media { mime: None, name: None, content: Stored::Url(url.to_owned()) }
    }

    #[test]
    fn messages_without_media_are_left_alone() {
        assert_eq!(take(r#"[{"role":"user","content":"an image_url in the text"}]"#), None);
        assert_eq!(take(r#"[{"role":"user","content":[{"type":"text","text":"input_audio"}]}]"#), None);
        assert_eq!(take(r#"[{"role":"user"}, 3, null, "image"]"#), None);
    }

    #[test]
    fn each_form_of_an_image_is_taken_out() {
        for (part, wanted) in [
            (
                r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}"#,
                bytes("image/png", b"hi"),
            ),
            (
                r#"{"type":"input_image","image_url":"data:image/jpeg;base64,aGk"}"#,
                bytes("image/jpeg", b"hi"),
            ),
            (
                r#"{"type":"image_url","image_url":"data:image/svg+xml;charset=utf-8,%3Csvg/%3E"}"#,
                bytes("image/svg+xml", b"<svg/>"),
            ),
            (
                r#"{"type":"image","source":{"type":"base64","media_type":"image/gif","data":"aGk="}}"#,
                bytes("image/gif", b"hi"),
            ),
            (
                r#"{"type":"image_url","image_url":{"url":"https://example.com/x.png"}}"#,
                url("https://example.com/x.png"),
            ),
            (r#"{"type":"image_url","image_url":"data:text/plain,x"}"#, url("data:text/plain,x")),
            (
                r#"{"type":"input_audio","input_audio":{"data":"aGk=","format":"wav"}}"#,
                bytes("audio/wav", b"hi"),
            ),
        ] {
            let (messages, media) =
                take(&format!(r#"[{{"role":"user","content":[{{"type":"text","text":"look"}},{part}]}}]"#))
                    .unwrap();
            assert_eq!(messages, r#"[{"role":"user","content":[{"type":"text","text":"look"}]}]"#);
            assert_eq!(media, [wanted], "{part}");
        }
    }

    #[test]
    fn what_is_no_good_base64_stays_where_it_is() {
        assert_eq!(
            take(
                r#"[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"*","format":"wav"}}]}]"#
            ),
            None
        );
    }

    #[test]
    fn a_tools_message_keeps_its_content() {
        let text = r#"[{"role":"tool","content":"{\"type\":\"image_url\",\"image_url\":\"https://example.com/t.png\"}"}]"#;
        let (messages, media) = take(text).unwrap();
        assert_eq!(messages, text);
        assert_eq!(media, [url("https://example.com/t.png")]);
        let parts = r#"[{"role":"tool","content":[{"type":"image","image":"https://example.com/t.png"}]}]"#;
        assert_eq!(take(parts).unwrap(), (parts.to_owned(), vec![url("https://example.com/t.png")]));
    }

    #[test]
    fn the_parts_of_every_provider_are_taken_out_in_their_order() {
        let file =
            |name: &str, mime: &str, data: &[u8]| Media { name: Some(name.to_owned()), ..bytes(mime, data) };
        let unknown = |data: &[u8]| Media { mime: None, ..bytes("", data) };
        for (part, wanted) in [
            (r#"{"type":"image","image":"aGVsbG8=","mediaType":"image/png"}"#, bytes("image/png", b"hello")),
            (r#"{"type":"image","image":{"0":104,"1":105}}"#, unknown(b"hi")),
            (r#"{"type":"image","image":{"type":"Buffer","data":[104,105]}}"#, unknown(b"hi")),
            (
                r#"{"type":"file","data":"aGVsbG8=","mediaType":"application/pdf","filename":"a.pdf"}"#,
                file("a.pdf", "application/pdf", b"hello"),
            ),
            (
                r#"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,aGk="}}"#,
                file("a.pdf", "application/pdf", b"hi"),
            ),
            (
                r#"{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,aGk="}"#,
                file("a.pdf", "application/pdf", b"hi"),
            ),
            (
                r#"{"type":"document","title":"T","source":{"type":"base64","media_type":"application/pdf","data":"aGk="}}"#,
                file("T", "application/pdf", b"hi"),
            ),
            (r#"{"inlineData":{"mimeType":"audio/wav","data":"aGk="}}"#, bytes("audio/wav", b"hi")),
            (r#"{"inline_data":{"mime_type":"image/png","data":"aGk="}}"#, bytes("image/png", b"hi")),
            (r#"{"image":{"format":"png","source":{"bytes":"aGk="}}}"#, bytes("image/png", b"hi")),
            (
                r#"{"document":{"format":"pdf","name":"d","source":{"bytes":"aGk="}}}"#,
                file("d", "application/pdf", b"hi"),
            ),
        ] {
            for list in ["content", "parts"] {
                let given = format!(
                    r#"[{{"role":"user","{list}":[{{"text":"before"}},{part},{{"text":"after"}}]}}]"#
                );
                let (messages, media) = take(&given).unwrap_or_else(|| panic!("{part}"));
                assert_eq!(
                    messages,
                    format!(r#"[{{"role":"user","{list}":[{{"text":"before"}},{{"text":"after"}}]}}]"#)
                );
                assert_eq!(media, std::slice::from_ref(&wanted), "{part}");
            }
        }
        let (messages, media) =
            take(r#"[{"role":"user","content":"look","images":["aGVsbG8=","aGk="]}]"#).unwrap();
        assert_eq!(messages, r#"[{"role":"user","content":"look"}]"#);
        assert_eq!(media, [unknown(b"hello"), unknown(b"hi")]);
    }

    #[test]
    fn what_is_in_a_tools_result_is_attached_and_stays() {
        let image = r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aGk="}}"#;
        for message in [
            format!(r#"{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t","content":[{image}]}}]}}"#),
            r#"{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:image/png;base64,aGk="}]}"#.to_owned(),
            r#"{"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"image":{"format":"png","source":{"bytes":"aGk="}}}]}}]}"#.to_owned(),
            r#"{"role":"user","parts":[{"functionResponse":{"name":"f","parts":[{"inlineData":{"mimeType":"image/png","data":"aGk="}}]}}]}"#.to_owned(),
            r#"{"role":"tool","content":[{"type":"tool-result","output":{"type":"content","value":[{"type":"image-data","data":"aGk=","mediaType":"image/png"}]}}]}"#.to_owned(),
        ] {
            let given = format!("[{message}]");
            let (messages, media) = take(&given).unwrap_or_else(|| panic!("{given}"));
            assert_eq!(messages, given);
            assert_eq!(media, [bytes("image/png", b"hi")], "{given}");
        }
    }

    #[test]
    fn what_is_no_media_stays() {
        for part in [
            r#"{"type":"image","source":{"type":"file","file_id":"f"}}"#,
            r#"{"type":"file","file":{"file_id":"f"}}"#,
            r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"some words"}}"#,
            r#"{"type":"image","image":"img"}"#,
            r#"{"fileData":{"fileUri":"gs://b/o","mimeType":"image/png"}}"#,
        ] {
            assert_eq!(take(&format!(r#"[{{"role":"user","content":[{part}]}}]"#)), None, "{part}");
        }
    }
}
