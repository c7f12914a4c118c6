//! Images, sounds and files that stand as base64 in what is otherwise sent as it is: they become attachments.
//!
//! In a chat completion that is an image or audio among the parts of a content, an image of OpenRouter's `images`, and
//! the `audio` of a message; in a Responses object what an image generation made, and any `data:` URI or audio in the
//! output. An image part leaves the content for the message's `images`, as a converted response has it; whatever else
//! loses only its data, and says which attachment has it. What is no base64 stays where it is.

use super::value::{Read, push};
use super::{Context, openai};
use serde_json::{Map, Value};

/// The part of an object that holds the base64, by its name.
const DATA: [&str; 3] = ["data", "b64_json", "file_data"];

/// Takes what is inline out of a normalised response.
pub(super) fn take(value: &mut Value, context: &mut Context<'_>) {
    for choice in items(value, "choices") {
        if let Some(Value::Object(message)) = choice.get_mut("message") {
            take_of_message(message, context);
        }
    }
    for item in items(value, "output") {
        take_of_item(item, context);
    }
}

fn items<'v>(value: &'v mut Value, name: &str) -> &'v mut [Value] {
    value.get_mut(name).and_then(Value::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}

fn take_of_message(message: &mut Map<String, Value>, context: &mut Context<'_>) {
    if let Some(Value::Array(images)) = message.get_mut("images") {
        for image in images {
            if let Some(kept) = kept_part(image, context) {
                *image = kept;
            }
        }
    }
    if let Some(audio) = message.get_mut("audio") {
        take_data(audio, "audio", context);
    }
    let Some(Value::Array(parts)) = message.get_mut("content") else { return };
    let mut images = Vec::new();
    parts.retain(|part| match kept_part(part, context) {
        Some(kept) => {
            images.push(kept);
            false
        }
        None => true,
    });
    if images.is_empty() {
        return;
    }
    images.into_iter().for_each(|image| push(message, "images", image));
    // What is left may be a text.
    openai::patch_content(message);
}

/// The attachment that an image, audio or file part becomes, if its data stands in it.
fn kept_part(part: &Value, context: &mut Context<'_>) -> Option<Value> {
    let inner =
        ["image_url", "input_audio", "audio", "file", "image"].iter().find_map(|name| part.given(name));
    let url =
        inner.and_then(|inner| inner.as_str().or_else(|| inner.text("url"))).or_else(|| part.text("url"));
    if let Some(url) = url {
        return context.keep_data_uri(url);
    }
    let holder = inner.unwrap_or(part);
    let data = DATA.iter().find_map(|name| holder.text(name))?;
    if data.starts_with("data:") {
        return context.keep_data_uri(data);
    }
    context.keep_base64(mime(holder, kind(part)).as_deref(), data)
}

fn kind(part: &Value) -> &str {
    match part.text("type").unwrap_or_default() {
        "input_audio" | "audio" | "output_audio" => "audio",
        "file" | "input_file" => "application",
        _ => "image",
    }
}

/// The MIME type that is said, or follows from a format.
fn mime(holder: &Value, kind: &str) -> Option<String> {
    let said = holder.either(&["mime_type", "mimeType", "media_type"]).and_then(Value::as_str);
    let format = || holder.either(&["format", "output_format"]).and_then(Value::as_str);
    said.map(str::to_owned).or_else(|| format().map(|format| format!("{kind}/{format}")))
}

/// Attaches what is in `data`, and says so in its place.
fn take_data(holder: &mut Value, kind: &str, context: &mut Context<'_>) {
    let Some(data) = holder.text("data") else { return };
    let kept = match data.starts_with("data:") {
        true => context.keep_data_uri(data),
        false => context.keep_base64(mime(holder, kind).as_deref(), data),
    };
    if let (Some(Value::Object(kept)), Some(members)) = (kept, holder.as_object_mut()) {
        members.shift_remove("data");
        members.extend(kept.into_iter().filter(|(name, value)| name != "type" && !value.is_null()));
    }
}

fn take_of_item(item: &mut Value, context: &mut Context<'_>) {
    let is_image = item.text("type") == Some("image_generation_call");
    let kept = item.text("result").filter(|_| is_image).and_then(|image| match image.starts_with("data:") {
        true => context.keep_data_uri(image),
        false => context.keep_base64(mime(item, "image").as_deref(), image),
    });
    if let (Some(Value::Object(kept)), Some(members)) = (kept, item.as_object_mut()) {
        members.insert("result".to_owned(), Value::Null);
        members.extend(kept.into_iter().filter(|(name, value)| name != "type" && !value.is_null()));
    }
    take_below(item, context);
}

/// Any `data:` URI or audio at any depth: a screenshot, what a program has drawn, what was said.
fn take_below(value: &mut Value, context: &mut Context<'_>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| take_below(item, context)),
        Value::Object(members) => {
            for name in ["image_url", "url", "file_data"] {
                let Some(kept) = members.text(name).and_then(|url| context.keep_data_uri(url)) else {
                    continue;
                };
                members.insert(name.to_owned(), Value::Null);
                if let Value::Object(kept) = kept {
                    members
                        .extend(kept.into_iter().filter(|(name, value)| name != "type" && !value.is_null()));
                }
            }
            members.values_mut().for_each(|member| take_below(member, context));
            if matches!(members.text("type"), Some("output_audio" | "input_audio" | "audio")) {
                take_data(value, "audio", context);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Owner, normalise};
    use crate::maxim::media::Stored;
    use serde_json::{Value, json};

    /// `hello` as base64.
    const HELLO: &str = "aGVsbG8=";

    fn normal(value: &Value, extracts_media: bool) -> super::super::Normal {
        normalise(value.clone(), &Owner { model: &|| None, extracts_media, is_strict: false })
    }

    fn message(message: Value) -> Value {
        json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    }

    #[test]
    fn what_stands_inline_in_a_message_or_an_output_becomes_an_attachment() {
        let uri = format!("data:image/png;base64,{HELLO}");
        let of_message = |given: Value| message(given);
        for (given, place) in [
            (
                of_message(json!({"role": "assistant", "content": [
                    {"type": "text", "text": "Here:"}, {"type": "image_url", "image_url": {"url": uri}}]})),
                "/choices/0/message/images/0/attachment_id",
            ),
            (
                of_message(json!({"role": "assistant", "content": "Here:",
                    "images": [{"type": "image_url", "image_url": {"url": uri}}]})),
                "/choices/0/message/images/0/attachment_id",
            ),
            (
                of_message(json!({"role": "assistant", "content": null,
                    "audio": {"id": "a", "data": HELLO, "expires_at": 1, "transcript": "Hello"}})),
                "/choices/0/message/audio/attachment_id",
            ),
            (
                json!([{"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0,
                    "delta": {"role": "assistant", "audio": {"id": "a", "data": "aGVs", "transcript": "Hel"}}}]},
                    {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0,
                    "delta": {"audio": {"data": "bG8=", "transcript": "lo"}}, "finish_reason": "stop"}]}]),
                "/choices/0/message/audio/attachment_id",
            ),
            (
                json!({"id": "r", "object": "response", "created_at": 1, "model": "m", "output": [
                    {"type": "image_generation_call", "id": "i", "output_format": "png", "result": HELLO}]}),
                "/output/0/attachment_id",
            ),
            (
                json!({"id": "r", "object": "response", "created_at": 1, "model": "m", "output": [
                    {"type": "code_interpreter_call", "id": "i", "outputs": [{"type": "image", "url": uri}]}]}),
                "/output/0/outputs/0/attachment_id",
            ),
            (
                json!({"id": "r", "object": "response", "created_at": 1, "model": "m", "output": [
                    {"type": "message", "role": "assistant", "content": [
                        {"type": "output_audio", "data": HELLO, "transcript": "Hello"}]}]}),
                "/output/0/content/0/attachment_id",
            ),
        ] {
            let taken = normal(&given, true);
            assert_eq!(taken.media.len(), 1, "{given}");
            let (id, media) = &taken.media[0];
            assert_eq!(media.content, Stored::Bytes(b"hello".to_vec()));
            assert_eq!(taken.value.pointer(place), Some(&Value::from(id.as_str())), "{}", taken.value);
            assert!(!taken.value.to_string().contains(HELLO), "{}", taken.value);
            // Switched off, it stays, and nothing is attached.
            let left = normal(&given, false);
            assert!(left.media.is_empty() && left.value.to_string().contains("bG8="), "{}", left.value);
        }
    }

    #[test]
    fn what_is_said_beside_it_stays() {
        let given = message(json!({"role": "assistant", "content": [
            {"type": "text", "text": "One"},
            {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{HELLO}")}},
            {"type": "text", "text": " two"},
            {"type": "image_url", "image_url": {"url": "https://example.invalid/a.png"}}],
            "audio": {"id": "a", "data": "not base64!", "transcript": "Hello"}}));
        let taken = normal(&given, true);
        let said = &taken.value["choices"][0]["message"];
        assert_eq!(said["content"].as_array().map(Vec::len), Some(3), "{said}");
        assert_eq!(said["audio"], given["choices"][0]["message"]["audio"]);
        assert_eq!((taken.media.len(), &said["images"][0]["mime_type"]), (1, &json!("image/png")));
    }
}
