//! Generated images, sounds and films: they become attachments, beside a text that says what came.
//!
//! OpenAI's images, Imagen and Veo (Vertex AI's predict and the clients of the Gemini API), Stability AI, the image models of
//! AWS Bedrock, fal and those like it, films of xAI and Black Forest Labs, and speech as base64.

use super::completion::{Choice, Completion, plain_usage};
use super::value::{Read, push, rest, seconds};
use super::{Context, ResponseShape, frameworks};
use serde_json::{Map, Value};

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "generated images or sounds", is, convert };

/// Lists of what was generated.
const LISTS: [&str; 8] = [
    "data",
    "predictions",
    "generatedImages",
    "generated_images",
    "generatedVideos",
    "generated_videos",
    "artifacts",
    "images",
];

/// One of it alone. A text under these names is a link or base64.
const SINGLE: [&str; 8] =
    ["image", "video", "audio", "audio_file", "audio_data", "audioContent", "audio_base64", "sample"];

/// Where an item has its content: base64, or a link.
const CONTENT: [&str; 11] = [
    "b64_json",
    "url",
    "bytesBase64Encoded",
    "imageBytes",
    "image_bytes",
    "videoBytes",
    "base64",
    "gcsUri",
    "gcs_uri",
    "uri",
    "data",
];

/// What is generated, among other things in a body.
struct Generated<'v> {
    members: Vec<&'static str>,
    items: Vec<&'v Value>,
}

fn generated(value: &Value) -> Generated<'_> {
    let mut found = Generated { members: Vec::new(), items: Vec::new() };
    for name in LISTS {
        let items = value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let is_generated = || name != "data" || is_of_images(value, items);
        if !items.is_empty() && items.iter().all(|item| is_item(item, name)) && is_generated() {
            found.members.push(name);
            found.items.extend(items);
        }
    }
    for name in SINGLE {
        let is_single = value.given(name).is_some_and(|item| {
            let is_sound = name != "image" && name != "video" && name != "audio" && name != "sample";
            let text = item.as_str().unwrap_or_default();
            (item.is_object() && content(item).is_some())
                || is_link(text)
                || is_base64(text) && (is_sound || is_told(value))
        });
        if is_single {
            found.members.push(name);
            found.items.extend(value.get(name));
        }
    }
    found
}

/// Whether links in `data` are to what was generated, and not to what was found.
fn is_of_images(value: &Value, items: &[Value]) -> bool {
    const OF_BODY: [&str; 7] = ["created", "model", "usage", "size", "quality", "output_format", "seed"];
    const OF_ITEM: [&str; 13] = [
        "url",
        "b64_json",
        "revised_prompt",
        "mime_type",
        "content_type",
        "width",
        "height",
        "size",
        "seed",
        "index",
        "finish_reason",
        "timings",
        "type",
    ];
    OF_BODY.iter().any(|name| value.get(*name).is_some())
        || items.iter().all(|item| {
            ["b64_json", "revised_prompt"].iter().any(|name| item.text(name).is_some())
                || rest(item, &OF_ITEM).is_empty()
        })
}

/// Whether what stands beside base64 says that it was generated.
fn is_told(value: &Value) -> bool {
    ["seed", "finish_reason", "finishReason", "duration"].iter().any(|name| value.get(*name).is_some())
        || value.as_object().is_some_and(|members| members.len() == 1)
}

fn is_item(item: &Value, list: &str) -> bool {
    match item {
        Value::Object(_) if list == "data" => {
            ["b64_json", "url"].iter().any(|name| item.text(name).is_some())
        }
        Value::Object(members) => {
            content(item).is_some()
                || members.keys().any(|name| name == "raiFilteredReason" || name == "rai_filtered_reason")
        }
        Value::String(text) if list == "images" => is_link(text) || is_base64(text),
        _ => false,
    }
}

/// Where the content of an item is: in itself, or in its `image` or `video`.
fn content(item: &Value) -> Option<&str> {
    let holder = item.either(&["image", "video"]).filter(|holder| holder.is_object()).unwrap_or(item);
    CONTENT.iter().find_map(|name| holder.text(name)).filter(|text| !text.is_empty())
}

fn is_link(text: &str) -> bool {
    ["https://", "http://", "gs://", "data:"].iter().any(|begin| text.starts_with(begin))
}

/// Long enough to be no word.
fn is_base64(text: &str) -> bool {
    const FEWEST: usize = 16;
    text.len() >= FEWEST && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte))
}

/// The body, or the member of it that has what was generated.
fn holder(value: &Value) -> Option<&Value> {
    let response = value.given("response");
    let places = [
        Some(value),
        value.given("result"),
        value.given("assets"),
        response,
        response.and_then(|response| response.given("generateVideoResponse")),
    ];
    places
        .into_iter()
        .flatten()
        .filter(|place| place.is_object())
        .find(|place| !generated(place).items.is_empty() || !samples(place).is_empty())
}

/// Veo's films.
fn samples(value: &Value) -> &[Value] {
    match value.list("generatedSamples") {
        items if items.iter().all(|item| content(item).is_some()) => items,
        _ => &[],
    }
}

fn is(value: &Value) -> bool {
    value.is_object()
        // An answer may have sounds and images beside its text.
        && !(frameworks::MESSAGE.is)(value)
        && value.get("choices").is_none()
        && value.list("results").is_empty()
        && holder(value).is_some()
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let held = holder(&value).unwrap_or(&value);
    let mut found = generated(held);
    found.items.extend(samples(held));
    let mut choice = Choice::default();
    let mime = held.text("output_format").map(|format| format!("image/{format}"));
    let mut kinds: Vec<&str> = Vec::new();
    let mut prompts: Vec<&str> = Vec::new();
    for item in &found.items {
        if let Some(filtered) =
            item.either(&["raiFilteredReason", "rai_filtered_reason"]).and_then(Value::as_str)
        {
            choice.refusal.get_or_insert_with(|| filtered.to_owned());
            choice.finish_reason = Some("content_filter".to_owned());
            continue;
        }
        prompts.extend(item.either(&["revised_prompt", "prompt", "enhancedPrompt"]).and_then(Value::as_str));
        let kept = keep(item, mime.as_deref(), context);
        kinds.push(kind(item, &kept, &found.members));
        push(&mut choice.message, "images", kept);
    }
    choice.finish_reason = choice.finish_reason.or_else(|| finish(held));
    choice.content = Some(match prompts.is_empty() {
        false => prompts.join("\n"),
        true => said(&kinds),
    });
    let usage = value.given("usage").and_then(tokens);
    let mut extra = rest(&value, &["id", "created", "model"]);
    if usage.is_some() {
        extra.remove("usage");
    } else if let Some(usage) = extra.remove("usage") {
        extra.insert("provider_usage".to_owned(), usage);
    }
    leave_out(&mut extra, &value, held, &found.members);
    let completion = Completion {
        id: value.either(&["id", "request_id"]).and_then(super::value::filled),
        created: value.given("created").and_then(seconds),
        model: value.filled("model"),
        choices: vec![choice],
        usage,
        extra,
        ..Completion::default()
    };
    completion.build(context)
}

/// Leaves out what has become attachments: members of the body, or of what in it held them.
fn leave_out(extra: &mut Map<String, Value>, value: &Value, held: &Value, members: &[&str]) {
    let generated = |name: &String| members.contains(&name.as_str()) || name == "generatedSamples";
    if std::ptr::eq(value, held) {
        extra.retain(|name, _| !generated(name));
        return;
    }
    let mut more = rest(held, &[]);
    more.retain(|name, _| !generated(name));
    for name in ["result", "assets", "response"] {
        extra.remove(name);
    }
    super::value::add_new(extra, more);
}

fn keep(item: &Value, mime: Option<&str>, context: &mut Context<'_>) -> Value {
    let holder = item.either(&["image", "video"]).filter(|holder| holder.is_object()).unwrap_or(item);
    let said = ["mimeType", "mime_type", "content_type", "contentType"];
    let mime = holder.either(&said).and_then(Value::as_str).or(mime);
    let text = item.as_str().or_else(|| content(item)).unwrap_or_default();
    let kept = match is_link(text) {
        true if text.starts_with("data:") => context.keep_data_uri(text),
        true => Some(context.keep_url(text)),
        false => context.keep_base64(mime, text),
    };
    let Some(mut kept) = kept else { return item.clone() };
    let mut known = CONTENT.to_vec();
    known.extend(["image", "video", "mimeType", "mime_type", "content_type", "contentType"]);
    if let Some(members) = kept.as_object_mut() {
        if let Some(mime) = mime.filter(|_| members.get("mime_type").is_some_and(Value::is_null)) {
            members.insert("mime_type".to_owned(), mime.into());
        }
        super::value::add_new(members, rest(item, &known));
        if !std::ptr::eq(item, holder) {
            super::value::add_new(members, rest(holder, &known));
        }
    }
    kept
}

fn kind(item: &Value, kept: &Value, members: &[&'static str]) -> &'static str {
    let mime = kept.text("mime_type").unwrap_or_default();
    let is = |kind: &str| {
        mime.starts_with(kind) || members.iter().any(|name| name.to_ascii_lowercase().contains(kind))
    };
    match () {
        () if is("audio") => "sound",
        () if is("video") || item.get("video").is_some() => "film",
        () => "image",
    }
}

/// `2 images`.
fn said(kinds: &[&str]) -> String {
    match kinds {
        [] => String::new(),
        [one] => format!("1 {one}"),
        [first, ..] => format!("{} {first}s", kinds.len()),
    }
}

/// Stability AI says how it ended for each image, or for all.
fn finish(value: &Value) -> Option<String> {
    let reasons = || value.list("artifacts").iter().filter_map(|artifact| artifact.filled("finishReason"));
    let of_artifact = reasons().find(|reason| reason != "SUCCESS").or_else(|| reasons().next());
    let of_list = value.list("finish_reasons").iter().find_map(super::value::filled);
    let reason = of_artifact
        .or(of_list)
        .or_else(|| value.either(&["finish_reason", "finishReason"]).and_then(super::value::filled));
    Some(match reason.as_deref() {
        Some("CONTENT_FILTERED") => "content_filter".to_owned(),
        Some(filter) if filter.starts_with("Filter reason") => "content_filter".to_owned(),
        None | Some("SUCCESS") => "stop".to_owned(),
        Some(other) => other.to_owned(),
    })
}

/// Usage in OpenAI's older or newer names.
pub(super) fn tokens(usage: &Value) -> Option<Value> {
    match usage.get("input_tokens").is_some() {
        true => plain_usage(usage, "input_tokens", "output_tokens", "total_tokens"),
        false => plain_usage(usage, "prompt_tokens", "completion_tokens", "total_tokens"),
    }
}
