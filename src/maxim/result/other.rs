//! Answers that are no conversation: generated images, transcribed speech, embeddings.
//!
//! Images become attachments, beside a text that says what came; a transcription is a text. Of embeddings,
//! the numbers of values are kept, not the values.

use super::completion::{Choice, Completion, append, plain_usage};
use super::value::{Read, push, rest, seconds};
use super::{Context, ResponseShape};
use serde_json::{Map, Value, json};

pub(super) const IMAGES: ResponseShape =
    ResponseShape { name: "generated images", is: is_images, convert: images };

pub(super) const SPEECH: ResponseShape =
    ResponseShape { name: "a transcription", is: is_speech, convert: speech };

pub(super) const EMBEDDINGS: ResponseShape =
    ResponseShape { name: "embeddings", is: is_embeddings, convert: embeddings };

fn is_images(value: &Value) -> bool {
    let is_image = |image: &Value| ["b64_json", "url"].iter().any(|name| image.text(name).is_some());
    let images = value.get("data").and_then(Value::as_array);
    images.is_some_and(|images| !images.is_empty() && images.iter().all(is_image))
}

fn images(value: Value, context: &mut Context<'_>) -> Value {
    let mut choice = Choice { finish_reason: Some("stop".to_owned()), ..Choice::default() };
    let images = value.list("data");
    let mime = value.text("output_format").map(|format| format!("image/{format}"));
    for image in images {
        let kept = match (image.text("b64_json"), image.text("url")) {
            (Some(bytes), _) => context.keep_base64(mime.as_deref(), bytes),
            (None, Some(url)) => Some(context.keep_url(url)),
            (None, None) => None,
        };
        let mut kept = kept.unwrap_or_else(|| image.clone());
        if let (Some(kept), Some(revised)) = (kept.as_object_mut(), image.text("revised_prompt")) {
            kept.insert("revised_prompt".to_owned(), revised.into());
        }
        push(&mut choice.message, "images", kept);
    }
    let prompts: Vec<&str> = images.iter().filter_map(|image| image.text("revised_prompt")).collect();
    choice.content = Some(match (prompts.is_empty(), images.len()) {
        (false, _) => prompts.join("\n"),
        (true, 1) => "1 image".to_owned(),
        (true, many) => format!("{many} images"),
    });
    let completion = Completion {
        id: value.filled("id"),
        created: value.given("created").and_then(seconds),
        model: value.filled("model"),
        choices: vec![choice],
        usage: tokens(&value),
        extra: rest(&value, &["id", "created", "model", "data", "usage"]),
        ..Completion::default()
    };
    completion.build(context)
}

/// Usage in OpenAI's older or newer names.
fn tokens(value: &Value) -> Option<Value> {
    let usage = value.given("usage")?;
    let older = plain_usage(usage, "prompt_tokens", "completion_tokens", "total_tokens");
    match usage.get("input_tokens").is_some() {
        true => plain_usage(usage, "input_tokens", "output_tokens", "total_tokens"),
        false => older,
    }
}

fn is_speech(value: &Value) -> bool {
    const BESIDE: [&str; 11] = [
        "language",
        "duration",
        "segments",
        "words",
        "task",
        "usage",
        "x_groq",
        "logprobs",
        "language_code",
        "utterances",
        "speakers",
    ];
    let is_text = value.get("text").is_some_and(Value::is_string)
        && (BESIDE.iter().any(|name| value.get(name).is_some())
            || value.as_object().is_some_and(|members| members.len() == 1));
    is_text || !transcripts(value).is_empty()
}

/// Deepgram's place for them.
fn transcripts(value: &Value) -> Vec<&str> {
    let channels = value.given("results").map_or(&[][..], |results| results.list("channels"));
    let best = channels.iter().filter_map(|channel| channel.list("alternatives").first()?.text("transcript"));
    best.collect()
}

fn speech(value: Value, context: &mut Context<'_>) -> Value {
    let mut choice = Choice { finish_reason: Some("stop".to_owned()), ..Choice::default() };
    if let Some(text) = value.text("text") {
        append(&mut choice.content, text);
    }
    let found = transcripts(&value);
    if !found.is_empty() {
        append(&mut choice.content, &found.join("\n"));
    }
    let usage = tokens(&value);
    let known = ["text", "model", "id", "usage"];
    let mut extra = rest(&value, if usage.is_some() { &known } else { &known[..3] });
    if usage.is_none()
        && let Some(other) = extra.shift_remove("usage")
    {
        extra.insert("transcription_usage".to_owned(), other);
    }
    let completion = Completion {
        id: value.filled("id"),
        model: value.filled("model"),
        choices: vec![choice],
        usage,
        extra,
        ..Completion::default()
    };
    completion.build(context)
}

fn is_embeddings(value: &Value) -> bool {
    let of_data = |item: &Value| item.get("embedding").is_some();
    match value {
        Value::Array(numbers) => is_vector(numbers) || is_vectors(value),
        _ => {
            value.get("data").and_then(Value::as_array).is_some_and(|data| data.iter().any(of_data))
                || ["embedding", "embeddings", "embeddingsByType"]
                    .iter()
                    .any(|name| value.get(name).is_some_and(holds_vector))
                || value.list("predictions").iter().any(|prediction| prediction.get("embeddings").is_some())
        }
    }
}

fn is_vector(numbers: &[Value]) -> bool {
    numbers.len() > 1 && numbers.iter().all(Value::is_number)
}

fn is_vectors(value: &Value) -> bool {
    value.as_array().is_some_and(|vectors| {
        !vectors.is_empty()
            && vectors.iter().all(|vector| vector.as_array().is_some_and(|numbers| is_vector(numbers)))
    })
}

/// Whether there are numbers somewhere in it.
fn holds_vector(value: &Value) -> bool {
    match value {
        Value::Array(items) => is_vector(items) || items.iter().any(holds_vector),
        Value::Object(members) => members.values().any(holds_vector),
        _ => false,
    }
}

fn embeddings(value: Value, context: &mut Context<'_>) -> Value {
    let mut counted = match value {
        Value::Object(members) => members,
        vectors => {
            let mut members = Map::new();
            members.insert("data".to_owned(), vectors);
            members
        }
    };
    for (name, member) in &mut counted {
        // A count stays what it is; whatever else has numbers in it is counted.
        if name != "usage" && name != "usageMetadata" && name != "meta" {
            count_vectors(member, name == "embedding" || name == "embeddings" || name == "data");
        }
    }
    if !counted.get("object").is_some_and(Value::is_string) {
        counted.insert("object".to_owned(), "list".into());
    }
    if counted.filled("model").is_none()
        && let Some(model) = context.model()
    {
        counted.insert("model".to_owned(), model.into());
    }
    Value::Object(counted)
}

/// Puts the number of values in the place of the values.
fn count_vectors(value: &mut Value, is_embedding: bool) {
    match value {
        Value::Array(numbers) if is_vector(numbers) => *value = json!({"dimensions": numbers.len()}),
        Value::Array(items) => items.iter_mut().for_each(|item| count_vectors(item, is_embedding)),
        Value::Object(members) => {
            for (name, member) in members {
                if is_embedding || name == "embedding" || name == "embeddings" {
                    match (name.as_str(), &member) {
                        // Base64 of the values.
                        ("embedding", Value::String(text)) => *member = json!({"characters": text.len()}),
                        _ => count_vectors(member, true),
                    }
                }
            }
        }
        _ => {}
    }
}
