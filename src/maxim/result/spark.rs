//! iFLYTEK Spark's frames, as its WebSocket sends them: read as the chunks of an OpenAI stream.

use super::openai_stream::{self, chunks};
use super::value::{Read, rest};
use super::{Context, ResponseShape};
use serde_json::{Value, json};

pub(super) const SHAPE: ResponseShape = ResponseShape { name: "a Spark response", is, convert };

fn is(value: &Value) -> bool {
    let is_frame = |frame: &Value| {
        frame.given("header").is_some_and(|header| header.get("code").is_some())
            && frame
                .given("payload")
                .is_some_and(|payload| payload.get("choices").is_some_and(Value::is_object))
    };
    chunks(value).iter().any(is_frame)
}

fn convert(value: Value, context: &mut Context<'_>) -> Value {
    let frames: Vec<Value> = chunks(&value).iter().map(chunk).collect();
    (openai_stream::CHAT.convert)(frames.into(), context)
}

fn chunk(frame: &Value) -> Value {
    /// The status of the last frame.
    const LAST: u64 = 2;
    let header = frame.given("header").unwrap_or(&Value::Null);
    let payload = frame.given("payload").unwrap_or(&Value::Null);
    if header.count("code").is_some_and(|code| code != 0) {
        let error = json!({"code": header["code"], "message": header["message"]});
        return json!({"object": "chat.completion.chunk", "id": header["sid"], "error": error});
    }
    let is_last = header.count("status") == Some(LAST);
    let texts = payload.given("choices").map_or(&[][..], |choices| choices.list("text"));
    let choices = texts.iter().map(|text| {
        let index = text.count("index").unwrap_or_default();
        let reason = if is_last { json!("stop") } else { Value::Null };
        json!({"index": index, "delta": rest(text, &["index"]), "finish_reason": reason})
    });
    let mut chunk = json!({"object": "chat.completion.chunk", "id": header["sid"], "choices": choices.collect::<Vec<_>>()});
    if let Some(usage) = payload.given("usage").and_then(|usage| usage.given("text")) {
        chunk["usage"] = usage.clone();
    }
    chunk
}
