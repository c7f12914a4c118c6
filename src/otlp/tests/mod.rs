//! Folding and encoding, checked against the published definitions of OTLP.

mod configuration;
mod folding;
mod json;
mod lives;
mod messages;
mod open;
mod requests;
mod spans;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::fold::{FoldOptions, Folder};
use super::model::Out;
use super::model::{AttributeValue, LogRecord, OtlpSpan};

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_800_000_000 * SECOND;
const TRACE: &str = "bbbbbbbb-0000-4000-8000-000000000002";

fn folder() -> Folder {
    Folder::named("one", FoldOptions { incomplete_after: Duration::from_secs(60) })
}

/// A line of the log API.
fn line(kind: &str, id: &str, action: &str, data: Json) -> String {
    format!("{kind}{{id={id},action={action},data={data}}}")
}

fn fold(lines: &[String]) -> Vec<Out> {
    let mut folder = folder();
    for line in lines {
        folder.line(line.as_bytes(), NOW).unwrap();
    }
    folder.take()
}

fn spans(out: Vec<Out>) -> Vec<OtlpSpan<'static>> {
    let span = |out| match out {
        Out::Span(span) => Some(span),
        Out::Log(_) => None,
    };
    out.into_iter().filter_map(span).collect()
}

fn logs(out: Vec<Out>) -> Vec<LogRecord<'static>> {
    let log = |out| match out {
        Out::Log(record) => Some(record),
        Out::Span(_) => None,
    };
    out.into_iter().filter_map(log).collect()
}

fn attribute<'a>(
    attributes: &'a [(Cow<'static, str>, AttributeValue<'static>)],
    name: &str,
) -> Option<&'a AttributeValue<'static>> {
    attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn text<'a>(attributes: &'a [(Cow<'static, str>, AttributeValue<'static>)], name: &str) -> &'a str {
    match attribute(attributes, name) {
        Some(AttributeValue::Text(text)) => text,
        other => panic!("{name} is {other:?}"),
    }
}

/// An agent's conversation, as `examples/c/quickstart.c` logs one.
fn conversation() -> Vec<String> {
    let at = |second: u32| format!("2026-11-21T02:31:{second:02}.000001+00:00");
    vec![
        line(
            "trace",
            TRACE,
            "create",
            json!({"name": "question", "sessionId": "s-1", "input": "Why?",
            "tags": {"team": "a"}, "startTimestamp": at(0)}),
        ),
        line(
            "trace",
            TRACE,
            "add-span",
            json!({"id": "look-up", "name": "look up", "startTimestamp": at(1)}),
        ),
        line(
            "span",
            "look-up",
            "add-retrieval",
            json!({"id": "r-1", "name": "wiki", "startTimestamp": at(2)}),
        ),
        line("retrieval", "r-1", "update", json!({"input": "blue sky"})),
        line(
            "retrieval",
            "r-1",
            "update",
            json!({"docs": [{"content": "Rayleigh", "id": "d1", "score": 0.5}, "plain"]}),
        ),
        line("retrieval", "r-1", "end", json!({"endTimestamp": at(3)})),
        line(
            "span",
            "look-up",
            "add-tool-call",
            json!({"id": "call_1", "name": "weather", "description": "asks",
            "args": "{\"city\":\"Oslo\"}", "startTimestamp": at(3)}),
        ),
        line("tool_call", "call_1", "result", json!({"result": "sunny"})),
        line("tool_call", "call_1", "end", json!({"endTimestamp": at(4)})),
        line("span", "look-up", "end", json!({"endTimestamp": at(5)})),
        line(
            "trace",
            TRACE,
            "add-generation",
            json!({"id": "g-1", "name": "answer", "provider": "azure",
            "model": "gpt-4o", "messages": [{"role": "user", "content": "Why?"}],
            "modelParameters": {"temperature": "0.5", "max_tokens": "100", "stop": "[\"a\",\"b\"]"},
            "startTimestamp": at(6)}),
        ),
        line("generation", "g-1", "add-cost", json!({"cost": {"input": 0.25, "output": 0.5, "total": 0.75}})),
        line(
            "generation",
            "g-1",
            "result",
            json!({"result": {"id": "chatcmpl-1", "model": "gpt-4o-2024",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Rayleigh",
                "tool_calls": [{"id": "call_1", "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}}]}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30,
                "prompt_tokens_details": {"cached_tokens": 4}}}}),
        ),
        line("generation", "g-1", "end", json!({"endTimestamp": at(8)})),
        line(
            "trace",
            TRACE,
            "add-event",
            json!({"id": "e", "name": "shown", "timestamp": at(8), "tags": {"k": "v"}}),
        ),
        line("trace", TRACE, "add-feedback", json!({"score": 5, "comment": "good"})),
        line("trace", TRACE, "end", json!({"endTimestamp": at(9)})),
    ]
}

fn by_name<'a>(spans: &'a [OtlpSpan<'static>]) -> BTreeMap<&'a str, &'a OtlpSpan<'static>> {
    spans.iter().map(|span| (&*span.name, span)).collect()
}
