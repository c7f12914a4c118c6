//! Answers that are no conversation: transcribed speech, documents that were read, embeddings.
//!
//! A transcription and a document are a text. Of embeddings, the numbers of values are kept, not the values.

use super::completion::{Choice, Completion};
use super::images::tokens;
use super::parts::append;
use super::value::{Read, rest};
use super::{Context, ResponseShape};
use serde_json::{Map, Value, json};

pub(super) const SPEECH: ResponseShape =
    ResponseShape { name: "a transcription", is: is_speech, convert: convert_speech };

pub(super) const SPEECH_STREAM: ResponseShape =
    ResponseShape { name: "a transcription stream", is: is_speech_stream, convert: convert_speech_stream };

pub(super) const DOCUMENT: ResponseShape =
    ResponseShape { name: "a document that was read", is: is_document, convert: convert_document };

pub(super) const EMBEDDINGS: ResponseShape =
    ResponseShape { name: "embeddings", is: is_embeddings, convert: embeddings };

fn is_speech(value: &Value) -> bool {
    const BESIDE: [&str; 14] = [
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
        "chunks",
        "languages",
        "language_probability",
    ];
    let is_text = value.get("text").is_some_and(Value::is_string)
        && (BESIDE.iter().any(|name| value.get(name).is_some())
            || value.as_object().is_some_and(|members| members.len() == 1));
    is_text || !transcripts(value).is_empty()
}

/// Where others have them: Deepgram, AWS Transcribe, Google's Speech-to-Text, Azure's, Gladia, Rev AI.
fn transcripts(value: &Value) -> Vec<String> {
    let results = value.given("results");
    let of_channels = results.map_or(&[][..], |results| results.list("channels")).iter();
    let best = |of: &Value| of.list("alternatives").first()?.filled("transcript");
    let mut found: Vec<String> = of_channels.filter_map(best).collect();
    found.extend(
        results.map_or(&[][..], |it| it.list("transcripts")).iter().filter_map(|it| it.filled("transcript")),
    );
    found.extend(value.list("results").iter().filter_map(best));
    found.extend(value.list("combinedPhrases").iter().filter_map(|phrase| phrase.filled("text")));
    found.extend(value.filled("DisplayText"));
    let of_gladia = value.given("result").and_then(|result| result.given("transcription"));
    found.extend(of_gladia.and_then(|transcription| transcription.filled("full_transcript")));
    found.extend(value.list("monologues").iter().map(|monologue| {
        monologue.list("elements").iter().filter_map(|element| element.text("value")).collect::<String>()
    }));
    found
}

/// The events of a transcription: their last has the whole text.
fn is_speech_stream(value: &Value) -> bool {
    let is_event = |event: &Value| {
        event.text("type").is_some_and(|kind| {
            ["transcript.text.", "transcription.text."].iter().any(|begin| kind.starts_with(begin))
        })
    };
    value.as_array().is_some_and(|events| events.iter().any(is_event))
}

fn convert_speech_stream(value: Value, context: &mut Context<'_>) -> Value {
    let mut whole = Map::new();
    let mut text = String::new();
    let mut segments = Vec::new();
    for event in value.as_array().into_iter().flatten() {
        match event.text("type").unwrap_or_default() {
            "transcript.text.delta" | "transcription.text.delta" => {
                text.push_str(event.either(&["delta", "text"]).and_then(Value::as_str).unwrap_or_default());
            }
            "transcript.text.done" | "transcription.done" | "transcription.text.done" => {
                whole = rest(event, &["type"]);
            }
            kind if kind.ends_with(".segment") => segments.push(Value::Object(rest(event, &["type"]))),
            _ => {}
        }
    }
    if !whole.get("text").is_some_and(Value::is_string) {
        whole.insert("text".to_owned(), text.into());
    }
    if !segments.is_empty() {
        whole.entry("segments").or_insert(segments.into());
    }
    convert_speech(Value::Object(whole), context)
}

fn convert_speech(value: Value, context: &mut Context<'_>) -> Value {
    let mut choice = Choice { finish_reason: Some("stop".to_owned()), ..Choice::default() };
    if let Some(text) = value.text("text") {
        append(&mut choice.content, text);
    }
    let found = transcripts(&value);
    if !found.is_empty() && choice.content.is_none() {
        append(&mut choice.content, &found.join("\n"));
    }
    let usage = value.given("usage").and_then(tokens);
    let known = ["text", "model", "id", "usage"];
    let mut extra = rest(&value, if usage.is_some() { &known } else { &known[..3] });
    if usage.is_none() {
        if let Some(other) = extra.shift_remove("usage") {
            extra.insert("transcription_usage".to_owned(), other);
        }
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

/// Mistral's document reading.
fn is_document(value: &Value) -> bool {
    let pages = value.list("pages");
    !pages.is_empty() && pages.iter().all(|page| page.text("markdown").is_some())
}

fn convert_document(value: Value, context: &mut Context<'_>) -> Value {
    let pages = value.list("pages").iter().filter_map(|page| page.text("markdown"));
    let text = pages.collect::<Vec<_>>().join("\n\n");
    let choice = Choice { content: Some(text), finish_reason: Some("stop".to_owned()), ..Choice::default() };
    let mut extra = rest(&value, &["id", "model", "pages"]);
    // What a page has beside its text.
    let pages = value.list("pages").iter().map(|page| Value::Object(rest(page, &["markdown"])));
    extra.insert("pages".to_owned(), pages.collect());
    let completion = Completion {
        id: value.filled("id"),
        model: value.filled("model"),
        choices: vec![choice],
        extra,
        ..Completion::default()
    };
    completion.build(context)
}

fn is_embeddings(value: &Value) -> bool {
    let of_data = |item: &Value| {
        item.given("embedding").is_some_and(|it| holds_vector(it) || it.as_str().is_some_and(is_packed))
    };
    match value {
        Value::Array(items) => is_embedding(items) || is_embeddings_alone(items),
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

/// A vector that nothing names as one: shorter, or of integers, it may be any numbers that somebody has.
fn is_embedding(numbers: &[Value]) -> bool {
    const SHORTEST: usize = 64;
    numbers.len() >= SHORTEST && is_vector(numbers) && numbers.iter().any(Value::is_f64)
}

fn is_embeddings_alone(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| item.as_array().is_some_and(|numbers| is_embedding(numbers)))
}

/// Whether it may be the base64 of some values.
fn is_packed(text: &str) -> bool {
    const SHORTEST: usize = 8;
    text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
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
    if counted.filled("model").is_none() {
        if let Some(model) = context.model() {
            counted.insert("model".to_owned(), model.into());
        }
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
                        ("embedding", Value::String(text)) if is_packed(text) => {
                            *member = json!({"characters": text.len()})
                        }
                        _ => count_vectors(member, true),
                    }
                }
            }
        }
        _ => {}
    }
}
