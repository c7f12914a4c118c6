//! Images and audio in messages: taken out, and attached to the generation.
//!
//! A log line is no place for megabytes of base64. Parts of a message's content that are an image or
//! audio become attachments tagged `{"attach-to":"input"}`: the bytes of a `data:` URI or of base64, else
//! the URL. The part leaves the message, unless the message is a tool's, whose content is evidence (and
//! may be such a part as JSON text). Messages without such a part, which are most, are not taken apart:
//! a search for the part's names tells.

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::{DecodePaddingMode, general_purpose::GeneralPurposeConfig};
use serde_json::Value;

use super::attachment::{Attachment, Content};
use super::line::Entity;
use super::logger::Logger;
use super::mime;
use crate::process::unique::Uuid;
use crate::status::Result;
use crate::text::buffer::Buffer;
use crate::text::json::{self, Shape};
use crate::text::object::Json;

/// Standard base64, with or without its padding: both are met in the wild.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An image or audio that was part of a message.
#[derive(Debug, PartialEq)]
pub(super) struct Media {
    mime: Option<String>,
    content: Stored,
}

#[derive(Debug, PartialEq)]
enum Stored {
    Bytes(Vec<u8>),
    Url(String),
}

impl Media {
    /// Attaches it to a generation.
    fn attach(&self, logger: &Logger, generation: &str) -> Result<()> {
        let id = Uuid::new();
        let attachment = Attachment {
            id: id.as_str(),
            content: match &self.content {
                Stored::Bytes(bytes) => Content::Data(bytes),
                Stored::Url(url) => Content::Url(url),
            },
            name: None,
            // Said by whoever wrote the message: what it is not, it is not called.
            mime_type: self.mime.as_deref().filter(|mime| mime::is_valid(mime)),
            tags: Some(Json { name: "tags", bytes: br#"{"attach-to":"input"}"# }),
            metadata: None,
            timestamp: None,
        };
        logger.attach(Entity::Generation, generation, &attachment)
    }
}

/// Attaches all to a generation, whose messages have been `logged` somewhere: what one repository has no
/// room for may still be taken by another. The first refusal is the answer.
pub(super) fn attach_all(
    logged: Result<()>,
    media: &[Media],
    logger: &Logger,
    generation: &str,
) -> Result<()> {
    match &logged {
        Err(error) if !error.status.is_want_of_room() => logged,
        _ => media.iter().fold(logged, |result, media| result.and(media.attach(logger, generation))),
    }
}

/// The messages without their images and audio, and those; `None` when there are none.
pub(super) fn take_media(messages: Json<'_>) -> Result<Option<(Vec<u8>, Vec<Media>)>> {
    // Each part's type holds one of these, however it is escaped but by `\u`, which nobody does to letters.
    let named = [&b"image"[..], b"input_audio"];
    if named.iter().all(|name| memchr::memmem::find(messages.bytes, name).is_none()) {
        return Ok(None);
    }
    // For the error with its place; the tree's reader says less.
    let mut compacted = Buffer::new();
    json::compact(messages.bytes, Shape::Array, &mut compacted).map_err(|error| messages.refuse(&error))?;
    let Ok(Value::Array(mut list)) = serde_json::from_slice(&compacted) else { return Ok(None) };
    let mut media = Vec::new();
    list.iter_mut().for_each(|message| take_from(message, &mut media));
    if media.is_empty() {
        return Ok(None);
    }
    Ok(Some((Value::Array(list).to_string().into_bytes(), media)))
}

fn take_from(message: &mut Value, media: &mut Vec<Media>) {
    let of_a_tool = message.get("role").is_some_and(|role| role == "tool");
    let Some(content) = message.get_mut("content") else { return };
    match content {
        Value::Array(parts) => parts.retain(|part| match part_media(part) {
            Some(found) => {
                media.push(found);
                of_a_tool
            }
            None => true,
        }),
        Value::String(text) if of_a_tool => match serde_json::from_str(text) {
            Ok(Value::Array(parts)) => media.extend(parts.iter().filter_map(part_media)),
            Ok(part) => media.extend(part_media(&part)),
            Err(_) => {}
        },
        _ => {}
    }
}

/// What a part holds, if it is an image or audio.
fn part_media(part: &Value) -> Option<Media> {
    let text = |pointer: &str| part.pointer(pointer).and_then(Value::as_str);
    match part.get("type")?.as_str()? {
        "image" | "image_url" | "input_image" => {
            if let Some(data) = text("/source/data").or_else(|| text("/data")) {
                let mime = text("/source/media_type").or_else(|| text("/mimeType"));
                let bytes = BASE64.decode(data).ok()?;
                return Some(Media { mime: mime.map(str::to_owned), content: Stored::Bytes(bytes) });
            }
            let url = ["/image_url/url", "/image_url", "/image/url", "/image", "/source/url", "/url"];
            url.into_iter().find_map(text).map(from_url)
        }
        "input_audio" => {
            let mime = text("/input_audio/format").map(|format| format!("audio/{format}"));
            let bytes = BASE64.decode(text("/input_audio/data")?).ok()?;
            Some(Media { mime, content: Stored::Bytes(bytes) })
        }
        _ => None,
    }
}

fn from_url(url: &str) -> Media {
    data_uri(url).unwrap_or_else(|| Media { mime: None, content: Stored::Url(url.to_owned()) })
}

/// The bytes of a `data:` URI that is an image (RFC 2397): `data:image/png;charset=x;base64,…`.
fn data_uri(uri: &str) -> Option<Media> {
    let (head, data) = uri.strip_prefix("data:")?.split_once(',')?;
    let mut parameters = head.split(';');
    let mime = parameters.next().filter(|mime| mime.starts_with("image/"))?;
    let bytes = if parameters.any(|parameter| parameter.eq_ignore_ascii_case("base64")) {
        let data: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        BASE64.decode(percent_decoded(&data)).ok()?
    } else {
        percent_decoded(data)
    };
    Some(Media { mime: Some(mime.to_owned()), content: Stored::Bytes(bytes) })
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().filter(|_| byte == b'%');
        let decoded = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(messages: &str) -> Option<(String, Vec<Media>)> {
        let taken = take_media(Json { name: "messages_json", bytes: messages.as_bytes() }).unwrap();
        taken.map(|(messages, media)| (String::from_utf8(messages).unwrap(), media))
    }

    fn bytes(mime: &str, bytes: &[u8]) -> Media {
        Media { mime: Some(mime.to_owned()), content: Stored::Bytes(bytes.to_vec()) }
    }

    fn url(url: &str) -> Media {
        Media { mime: None, content: Stored::Url(url.to_owned()) }
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
}
