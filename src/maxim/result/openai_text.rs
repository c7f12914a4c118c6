//! OpenAI's text completion: whole, it passes as it is; its stream is put together.

use super::completion::{Head, Members, append, append_logprobs};
use super::node::{Flaw, Node, has_chunk, refuse_error};
use super::{Shape, openai_chat, openai_stream};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const OBJECT: &str = "text_completion";

pub(super) const SHAPE: Shape = Shape { name: "an OpenAI text completion", is, convert };

pub(super) const STREAM: Shape =
    Shape { name: "an OpenAI text completion stream", is: is_stream, convert: convert_stream };

fn is(value: &Value) -> bool {
    let named = value.get("object").is_some_and(|object| object == OBJECT);
    named || value.pointer("/choices/0/text").is_some()
}

fn convert(value: Value, _model: Option<&str>) -> Result<Value, Flaw> {
    openai_chat::check_completion(&Node::root(&value), |choice| choice.need("text")?.text().map(|_| ()))?;
    Ok(value)
}

fn is_stream(value: &Value) -> bool {
    has_chunk(value, "object", |object| object == OBJECT)
}

/// The fragments of one choice.
#[derive(Default)]
struct Assembly {
    text: Option<String>,
    finish_reason: Option<String>,
    logprobs: Option<Value>,
}

fn convert_stream(value: Value, model: Option<&str>) -> Result<Value, Flaw> {
    let mut head = Head::default();
    let mut choices: BTreeMap<u64, Assembly> = BTreeMap::new();
    let mut usage = None;
    for chunk in Node::root(&value).chunks() {
        refuse_error(&chunk)?;
        openai_stream::read_head(&chunk, &mut head)?;
        openai_stream::read_usage(&chunk, &mut usage)?;
        let Some(fragments) = chunk.get("choices") else { continue };
        for fragment in fragments.items()? {
            let choice = choices.entry(fragment.get_count("index")?.unwrap_or_default()).or_default();
            if let Some(text) = fragment.get_text("text")? {
                append(&mut choice.text, text);
            }
            if let Some(reason) = fragment.get_text("finish_reason")? {
                choice.finish_reason = Some(reason.to_owned());
            }
            if let Some(logprobs) = fragment.get("logprobs") {
                append_logprobs(&mut choice.logprobs, logprobs.value());
            }
        }
    }
    let choices: Vec<Value> = choices.into_iter().map(build).collect();
    let members: Members = head.open(OBJECT, model).with("choices", choices.into()).with_some("usage", usage);
    Ok(members.finish(Map::new()))
}

fn build((index, choice): (u64, Assembly)) -> Value {
    json!({
        "index": index,
        "text": choice.text.unwrap_or_default(),
        "finish_reason": choice.finish_reason,
        "logprobs": choice.logprobs,
    })
}
