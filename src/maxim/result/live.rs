//! The server's messages of a Gemini Live session, as a list: read as the chunks of a Gemini response.
//!
//! The pieces of a sound become one attachment. What was said aloud is the text where the model gave none; what was said
//! to it is its `input_transcription`.

use super::gemini;
use super::openai_stream::chunks;
use super::parts::append;
use super::value::{Read, add_new, merge_members, rest};
use super::{Context, ResponseShape};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "a Gemini Live session", is, convert };

fn content(message: &Value) -> Option<&Value> {
    message.either(&["serverContent", "server_content"])
}

fn calls(message: &Value) -> &[Value] {
    let of = message.either(&["toolCall", "tool_call"]);
    of.and_then(|of| of.either(&["functionCalls", "function_calls"]))
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn is(value: &Value) -> bool {
    let all = chunks(value);
    all.iter().all(Value::is_object)
        && all
            .iter()
            .any(|message| content(message).is_some_and(Value::is_object) || !calls(message).is_empty())
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let mut session = LiveSession::default();
    for message in chunks(&value) {
        session.read(message);
    }
    session.finish(context)
}

#[derive(Default)]
struct LiveSession {
    parts: Vec<Value>,
    has_text: bool,
    heard: Option<String>,
    said: Option<String>,
    sound: Vec<u8>,
    sound_type: Option<String>,
    candidate: Map<String, Value>,
    extra: Map<String, Value>,
    usage: Option<Value>,
    is_finished: bool,
}

impl LiveSession {
    fn read(&mut self, message: &Value) {
        if let Some(content) = content(message) {
            let turn = content.either(&["modelTurn", "model_turn"]);
            for part in turn.map_or(&[][..], |turn| turn.list("parts")) {
                self.read_part(part);
            }
            let text = |names: [&str; 2]| content.either(&names).and_then(|it| it.text("text"));
            if let Some(text) = text(["outputTranscription", "output_transcription"]) {
                append(&mut self.said, text);
            }
            if let Some(text) = text(["inputTranscription", "input_transcription"]) {
                append(&mut self.heard, text);
            }
            let ends = ["turnComplete", "turn_complete", "generationComplete", "generation_complete"];
            self.is_finished |= ends.iter().any(|name| content.get(*name).is_some_and(|ended| ended == true));
            let known = [
                "modelTurn",
                "model_turn",
                "outputTranscription",
                "output_transcription",
                "inputTranscription",
                "input_transcription",
                "turnComplete",
                "turn_complete",
                "generationComplete",
                "generation_complete",
            ];
            merge_members(&mut self.candidate, rest(content, &known));
        }
        for call in calls(message) {
            self.parts.push(json!({"functionCall": call}));
            self.is_finished = true;
        }
        if let Some(usage) = message.either(&["usageMetadata", "usage_metadata"]).and_then(Value::as_object) {
            let mut usage = usage.clone();
            // What it calls a response is what the rest of the API calls candidates.
            for (theirs, ours) in [
                ("responseTokenCount", "candidatesTokenCount"),
                ("response_token_count", "candidates_token_count"),
                ("responseTokensDetails", "candidatesTokensDetails"),
                ("response_tokens_details", "candidates_tokens_details"),
            ] {
                if let Some(given) = usage.shift_remove(theirs) {
                    usage.entry(ours).or_insert(given);
                }
            }
            self.usage = Some(Value::Object(usage));
        }
        let known = [
            "serverContent",
            "server_content",
            "usageMetadata",
            "usage_metadata",
            "toolCall",
            "tool_call",
            "setupComplete",
            "setup_complete",
        ];
        merge_members(&mut self.extra, rest(message, &known));
    }

    fn read_part(&mut self, part: &Value) {
        let data = part.either(&["inlineData", "inline_data"]);
        let mime = data.and_then(|data| data.either(&["mimeType", "mime_type"])).and_then(Value::as_str);
        let bytes = data.and_then(|data| data.text("data")).and_then(|text| STANDARD.decode(text).ok());
        match (mime, bytes) {
            (Some(mime), Some(bytes)) if mime.starts_with("audio/") => {
                self.sound.extend(bytes);
                self.sound_type.get_or_insert_with(|| mime.to_owned());
            }
            _ => {
                let is_thought = part.get("thought").is_some_and(|thought| thought == true);
                self.has_text |= !is_thought && part.filled("text").is_some();
                self.parts.push(part.clone());
            }
        }
    }

    fn finish(mut self, context: &mut Context<'_>) -> Value {
        match self.said {
            Some(said) if self.has_text => {
                drop(self.extra.insert("output_transcription".to_owned(), said.into()))
            }
            Some(said) => self.parts.push(json!({"text": said})),
            None => {}
        }
        if let Some(mime) = self.sound_type {
            let data = json!({"mimeType": mime, "data": STANDARD.encode(&self.sound)});
            self.parts.push(json!({"inlineData": data}));
        }
        if let Some(heard) = self.heard {
            self.extra.insert("input_transcription".to_owned(), heard.into());
        }
        self.candidate.insert("content".to_owned(), json!({"role": "model", "parts": self.parts}));
        if self.is_finished {
            self.candidate.insert("finishReason".to_owned(), "STOP".into());
        }
        let mut response = json!({"candidates": [self.candidate]});
        if let Value::Object(response) = &mut response {
            if let Some(usage) = self.usage {
                response.insert("usageMetadata".to_owned(), usage);
            }
            add_new(response, self.extra);
        }
        (gemini::SHAPE.convert)(response, context)
    }
}
