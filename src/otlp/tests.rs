//! Folding and encoding, checked against the published definitions of OTLP.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message;
use serde_json::{Value as Json, json};

use super::config::{Compression, Given, resolve_with};
use super::encode::{self, Encoding, Signal, hex};
use super::export::judge;
use super::ids::{self, TraceParent};
use super::model::{LogRecord, Resource, Span, Value};
use super::names::{gen_ai, inference, own};
use super::{FoldOptions, Folder, Out, entry};
use crate::delivery::{Outcome, Response};

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

fn spans(out: Vec<Out>) -> Vec<Span> {
    let span = |out| match out {
        Out::Span(span) => Some(span),
        Out::Log(_) => None,
    };
    out.into_iter().filter_map(span).collect()
}

fn logs(out: Vec<Out>) -> Vec<LogRecord> {
    let log = |out| match out {
        Out::Log(record) => Some(record),
        Out::Span(_) => None,
    };
    out.into_iter().filter_map(log).collect()
}

fn attribute<'a>(attributes: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn text<'a>(attributes: &'a [(String, Value)], name: &str) -> &'a str {
    match attribute(attributes, name) {
        Some(Value::Text(text)) => text,
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

fn by_name(spans: &[Span]) -> BTreeMap<&str, &Span> {
    spans.iter().map(|span| (span.name.as_str(), span)).collect()
}

#[test]
fn a_conversation_becomes_a_tree_of_spans_in_both_dialects() {
    let spans = spans(fold(&conversation()));
    let named = by_name(&spans);
    assert_eq!(spans.len(), 5, "{:?}", named.keys());
    let trace_id = ids::trace_id(TRACE);
    assert_eq!(hex(&trace_id), "bbbbbbbb000040008000000000000002");
    assert!(spans.iter().all(|span| span.trace_id == trace_id));
    let (root, step) = (named["question"], named["look up"]);
    assert_eq!(root.parent, None);
    assert_eq!(step.parent, Some(root.span_id));
    assert_eq!(named["retrieval wiki"].parent, Some(step.span_id));
    assert_eq!(named["execute_tool weather"].parent, Some(step.span_id));
    assert_eq!(named["chat gpt-4o"].parent, Some(root.span_id));
    assert_eq!(root.end_ns - root.start_ns, 9 * SECOND);
    for (name, kind) in [
        ("question", "CHAIN"),
        ("look up", "CHAIN"),
        ("retrieval wiki", "RETRIEVER"),
        ("execute_tool weather", "TOOL"),
        ("chat gpt-4o", "LLM"),
    ] {
        let attributes = &named[name].attributes;
        assert_eq!(text(attributes, inference::KIND), kind);
        assert_eq!(text(attributes, gen_ai::SESSION), "s-1");
        assert_eq!(text(attributes, gen_ai::CONVERSATION), "s-1");
        let names: BTreeSet<&String> = attributes.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), attributes.len(), "{name} has an attribute twice: {attributes:?}");
    }
    assert_eq!(text(&root.attributes, inference::INPUT), "Why?");
    assert_eq!(text(&root.attributes, "maxim.tag.team"), "a");
    let events: Vec<&str> = root.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["shown", gen_ai::EVALUATION]);
    assert_eq!(attribute(&root.events[1].attributes, gen_ai::EVALUATION_SCORE), Some(&Value::Float(5.0)));

    let model = &named["chat gpt-4o"].attributes;
    assert_eq!(text(model, gen_ai::PROVIDER), "azure.ai.openai");
    assert_eq!(attribute(model, "gen_ai.request.temperature"), Some(&Value::Float(0.5)));
    assert_eq!(attribute(model, "gen_ai.request.max_tokens"), Some(&Value::Int(100)));
    let stop = Value::List(vec!["a".into(), "b".into()]);
    assert_eq!(attribute(model, "gen_ai.request.stop_sequences"), Some(&stop));
    assert_eq!(attribute(model, gen_ai::INPUT_TOKENS), Some(&Value::Int(10)));
    assert_eq!(attribute(model, inference::COMPLETION_TOKENS), Some(&Value::Int(20)));
    assert_eq!(attribute(model, gen_ai::CACHE_READ_TOKENS), Some(&Value::Int(4)));
    assert_eq!(attribute(model, inference::TOTAL_COST), Some(&Value::Float(0.75)));
    let output: Json = serde_json::from_str(text(model, gen_ai::OUTPUT_MESSAGES)).unwrap();
    assert_eq!(
        output,
        json!([{"role": "assistant", "finish_reason": "stop", "parts": [
            {"type": "text", "content": "Rayleigh"},
            {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Oslo"}}]}])
    );
    assert_eq!(text(model, "llm.output_messages.0.message.tool_calls.0.tool_call.function.name"), "weather");
    let retrieval = &named["retrieval wiki"].attributes;
    assert_eq!(text(retrieval, gen_ai::RETRIEVAL_QUERY), "blue sky");
    assert_eq!(text(retrieval, "retrieval.documents.0.document.content"), "Rayleigh");
    assert_eq!(text(retrieval, "retrieval.documents.1.document.content"), "plain");
    let tool = &named["execute_tool weather"].attributes;
    assert_eq!(text(tool, gen_ai::TOOL_ARGUMENTS), "{\"city\":\"Oslo\"}");
    assert_eq!(text(tool, gen_ai::TOOL_RESULT), "sunny");
}

#[test]
fn every_captured_line_leaves_as_a_span_or_a_record() {
    let captured = include_str!("../../tests/vectors/maxim.jsonl");
    let mut folder = folder();
    let mut created = BTreeSet::new();
    let mut pieces = 0;
    for step in captured.lines() {
        let step: Json = serde_json::from_str(step).unwrap();
        for request in step["requests"].as_array().unwrap() {
            let is_lines = request["target"].as_str().unwrap().contains("/log?");
            let body = request["body"].as_str().unwrap();
            // Large bodies were cut in the capture.
            for line in
                body.split('\n').filter(|line| is_lines && line.ends_with('}') && !line.contains("...<"))
            {
                let Ok(known) = super::entity::Line::parse(line.as_bytes()) else {
                    // Where the captured client made a line that is none (NaN, an id with a line break).
                    folder.unreadable(line.as_bytes(), "no line", NOW);
                    continue;
                };
                let id = known.data.get("id").and_then(Json::as_str);
                match known.action {
                    "create" if known.kind != "session" => {
                        created.insert(format!("{}/{}", known.kind, known.id));
                    }
                    action if action.starts_with("add-") => {
                        let kind = action.trim_start_matches("add-").replace('-', "_");
                        if ["span", "generation", "retrieval", "tool_call"].contains(&&*kind)
                            && let Some(id) = id
                        {
                            created.insert(format!("{kind}/{id}"));
                        }
                    }
                    _ => {}
                }
                if folder.line(line.as_bytes(), NOW).is_err() {
                    // An entity without an id, which the captured client makes.
                    folder.unreadable(line.as_bytes(), "no id", NOW);
                }
                pieces += 1;
            }
        }
    }
    assert!(pieces > 100, "{pieces}");
    folder.expire(NOW + 3_600 * SECOND);
    assert_eq!(folder.open(), 0);
    let out = folder.take();
    let seen: BTreeSet<String> = spans(out.clone())
        .iter()
        .map(|span| {
            format!("{}/{}", text(&span.attributes, own::ENTITY_KIND), text(&span.attributes, own::ENTITY_ID))
        })
        .collect();
    assert_eq!(seen, created);
    // Both forms hold the same, by the published definitions.
    let spans = spans(out);
    let resource = Resource { attributes: vec![("service.name".into(), "s".into())] };
    let request = encode::traces(&resource, &spans, Encoding::Protobuf);
    let decoded = ExportTraceServiceRequest::decode(&request[..]).unwrap();
    assert_eq!(decoded.encode_to_vec(), request);
    assert_eq!(decoded.resource_spans[0].scope_spans[0].spans.len(), spans.len());
}

#[test]
fn a_request_says_what_the_published_definitions_read() {
    let all = Value::Map(vec![
        ("text".into(), "".into()),
        ("int".into(), Value::Int(-1)),
        ("float".into(), 0.0.into()),
        ("bool".into(), false.into()),
        ("list".into(), Value::List(vec!["long ".repeat(100).into(), Value::Int(0)])),
    ]);
    let span = Span { attributes: vec![("all".into(), all)], ..spans(fold(&conversation())).remove(2) };
    let failed = Span { error: Some("boom".into()), parent: None, ..span.clone() };
    let resource = Resource { attributes: vec![("service.name".into(), "svc".into())] };
    let request = encode::traces(&resource, &[span.clone(), failed], Encoding::Protobuf);
    let decoded = ExportTraceServiceRequest::decode(&request[..]).unwrap();
    let group = &decoded.resource_spans[0];
    assert_eq!(group.schema_url, super::names::SCHEMA_URL);
    assert_eq!(group.resource.as_ref().unwrap().attributes[0].key, "service.name");
    let scope = &group.scope_spans[0];
    assert_eq!(scope.scope.as_ref().unwrap().name, "libmaxim");
    let read = &scope.spans[0];
    assert_eq!((&read.trace_id[..], &read.span_id[..]), (&span.trace_id[..], &span.span_id[..]));
    assert_eq!(read.parent_span_id, span.parent.unwrap_or_default());
    assert_eq!((read.start_time_unix_nano, read.end_time_unix_nano), (span.start_ns, span.end_ns));
    assert_eq!(read.kind, proto::span::SpanKind::Internal as i32);
    let Some(Any::KvlistValue(list)) = &read.attributes[0].value.as_ref().unwrap().value else {
        panic!("{read:?}")
    };
    let value = |at: usize| list.values[at].value.as_ref().unwrap().value.clone().unwrap();
    assert_eq!(value(0), Any::StringValue(String::new()));
    assert_eq!(value(1), Any::IntValue(-1));
    assert_eq!(value(2), Any::DoubleValue(0.0));
    assert_eq!(value(3), Any::BoolValue(false));
    let Any::ArrayValue(list) = value(4) else { panic!("{list:?}") };
    assert_eq!(list.values.len(), 2);
    let status = scope.spans[1].status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (proto::status::StatusCode::Error as i32, "boom"));

    let json: Json =
        serde_json::from_slice(&encode::traces(&resource, std::slice::from_ref(&span), Encoding::Json))
            .unwrap();
    let read = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(read["traceId"], hex(&span.trace_id));
    assert_eq!(read["startTimeUnixNano"], span.start_ns.to_string());
    assert_eq!(read["attributes"][0]["value"]["kvlistValue"]["values"][1]["value"]["intValue"], "-1");
}

#[test]
fn an_entry_becomes_a_log_record_one_to_one() {
    let json = json!({"level": "error", "message": "broken", "data": {"message": "boom", "order": 7, "user.id": "x",
        "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "00f067aa0ba902b7"},
        "userId": "u", "sessionId": "s", "errorName": "E", "errorStack": "at 1", "tags": ["a"], "flowId": "f-1",
        "stepIndex": 3, "source": "svc", "environment": "production", "version": "1.2", "timestamp": 1_700_000_000_123u64});
    let (origin, record) = entry::fold(json.to_string().as_bytes(), NOW).unwrap();
    let resource = Resource { attributes: origin.resource(&vec![]) };
    let request = encode::logs(&resource, &[record], Encoding::Protobuf);
    let decoded = ExportLogsServiceRequest::decode(&request[..]).unwrap();
    assert_eq!(decoded.encode_to_vec(), request);
    let group = &decoded.resource_logs[0];
    let text = |value: &Option<opentelemetry_proto::tonic::common::v1::AnyValue>| match &value
        .as_ref()
        .unwrap()
        .value
    {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let of = |list: &[opentelemetry_proto::tonic::common::v1::KeyValue]| -> BTreeMap<String, String> {
        list.iter().map(|pair| (pair.key.clone(), text(&pair.value))).collect()
    };
    let resource = of(&group.resource.as_ref().unwrap().attributes);
    assert_eq!(resource["service.name"], "svc");
    assert_eq!(resource["service.version"], "1.2");
    assert_eq!(resource["deployment.environment.name"], "production");
    let record = &group.scope_logs[0].log_records[0];
    assert_eq!((record.severity_number, record.severity_text.as_str()), (17, "ERROR"));
    assert_eq!(record.time_unix_nano, 1_700_000_000_123_000_000);
    assert_eq!(text(&record.body), "broken");
    assert_eq!(hex(&record.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&record.span_id), "00f067aa0ba902b7");
    let attributes = of(&record.attributes);
    for (name, value) in [
        ("user.id", "u"),
        ("session.id", "s"),
        ("exception.type", "E"),
        ("exception.message", "boom"),
        ("exception.stacktrace", "at 1"),
        ("maxim.flow.id", "f-1"),
        ("maxim.flow.step", "3"),
        ("order", "7"),
        ("maxim.data.user.id", "x"),
    ] {
        assert_eq!(attributes[name], value, "{name}");
    }
}

#[test]
fn what_is_open_survives_as_records_in_whatever_order_they_come_back() {
    let lines = conversation();
    let whole: BTreeSet<String> = fold(&lines).iter().map(|out| format!("{out:?}")).collect();
    for at in 1..lines.len() {
        let (before, after) = lines.split_at(at);
        let mut first = folder();
        for line in before {
            first.line(line.as_bytes(), NOW).unwrap();
        }
        let mut out = first.take();
        let records: Vec<Vec<u8>> = first.changed().into_iter().filter_map(|(_, record)| record).collect();
        // The record comes last, and some lines that it holds come again.
        for repeated in [0, at.min(2)] {
            let mut second = Folder::named("two", FoldOptions { incomplete_after: Duration::from_secs(60) });
            let again = &before[at - repeated..];
            for line in again.iter().chain(after) {
                second.line(line.as_bytes(), NOW).unwrap();
            }
            for record in &records {
                second.line(record, NOW).unwrap();
            }
            second.expire(NOW + 3_600 * SECOND);
            let ids: BTreeSet<[u8; 8]> = spans(out.iter().cloned().chain(second.take()).collect())
                .iter()
                .map(|span| span.span_id)
                .collect();
            assert_eq!(ids.len(), 5, "cut at {at}, {repeated} lines again");
        }
        // In order, nothing is missing.
        let mut second = Folder::named("two", FoldOptions { incomplete_after: Duration::from_secs(60) });
        for record in &records {
            second.line(record, NOW).unwrap();
        }
        for line in after {
            second.line(line.as_bytes(), NOW).unwrap();
        }
        out.extend(second.take());
        let seen: BTreeSet<String> = out.iter().map(|out| format!("{out:?}")).collect();
        let missing: Vec<&String> = whole.difference(&seen).collect();
        assert!(missing.is_empty(), "cut at {at}: {missing:#?}");
    }
}

#[test]
fn its_own_record_comes_round_until_the_entity_has_left() {
    let mut folder = folder();
    let begun =
        line("trace", "t", "create", json!({"name": "n", "startTimestamp": "2026-11-21T02:31:00+00:00"}));
    folder.line(begun.as_bytes(), NOW).unwrap();
    let kept = |folder: &mut Folder| {
        folder.changed().into_iter().filter_map(|(_, record)| record).collect::<Vec<_>>()
    };
    let first = kept(&mut folder);
    assert_eq!(first.len(), 1);
    assert!(kept(&mut folder).is_empty(), "nothing has changed");
    folder.line(&first[0], NOW).unwrap();
    assert_eq!(kept(&mut folder), first, "it is to be kept again");
    folder.line(line("trace", "t", "update", json!({"output": "o"})).as_bytes(), NOW).unwrap();
    let second = kept(&mut folder);
    assert_ne!(second, first);
    folder.line(&first[0], NOW).unwrap();
    assert!(kept(&mut folder).is_empty(), "a newer record is kept");
    folder.line(line("trace", "t", "end", json!({})).as_bytes(), NOW).unwrap();
    assert_eq!(spans(folder.take()).len(), 1);
    folder.line(&second[0], NOW).unwrap();
    assert_eq!(folder.open(), 0);
}

#[test]
fn what_never_ends_leaves_as_incomplete_and_what_comes_late_as_a_record() {
    let mut folder = folder();
    let mut lines = conversation();
    let end = lines.pop().unwrap();
    for line in &lines {
        folder.line(line.as_bytes(), NOW).unwrap();
    }
    folder.take();
    folder.expire(NOW + 59 * SECOND);
    assert!(folder.take().is_empty());
    folder.expire(NOW + 61 * SECOND);
    let given_up = spans(folder.take());
    assert_eq!(attribute(&given_up[0].attributes, own::INCOMPLETE), Some(&Value::Bool(true)));
    folder.line(end.as_bytes(), NOW).unwrap();
    assert!(folder.take().is_empty(), "an end alone says nothing more");
    let late = line("trace", TRACE, "add-feedback", json!({"score": 1}));
    folder.line(late.as_bytes(), NOW).unwrap();
    let records = logs(folder.take());
    assert_eq!(records[0].event_name, gen_ai::EVALUATION);
    assert_eq!(records[0].span_id, Some(given_up[0].span_id));
    // A child that comes after its trace's end is a span of that trace all the same.
    let child = [
        line(
            "trace",
            TRACE,
            "add-span",
            json!({"id": "late", "startTimestamp": "2026-11-21T02:31:10+00:00"}),
        ),
        line("span", "late", "end", json!({"endTimestamp": "2026-11-21T02:31:11+00:00"})),
    ];
    child.iter().for_each(|line| folder.line(line.as_bytes(), NOW).unwrap());
    let span = &spans(folder.take())[0];
    assert_eq!((span.trace_id, span.parent), (given_up[0].trace_id, Some(given_up[0].span_id)));
    assert_eq!(text(&span.attributes, gen_ai::SESSION), "s-1");
}

#[test]
fn entities_that_name_each_other_in_a_ring_harm_nobody() {
    let mut folder = folder();
    let at = "2026-11-21T02:31:00+00:00";
    for (parent, child) in [("a", "b"), ("b", "a"), ("c", "c")] {
        folder
            .line(
                line("span", parent, "add-span", json!({"id": child, "startTimestamp": at})).as_bytes(),
                NOW,
            )
            .unwrap();
        folder.line(line("span", child, "end", json!({"endTimestamp": at})).as_bytes(), NOW).unwrap();
    }
    folder.expire(NOW + 3_600 * SECOND);
    assert_eq!(spans(folder.take()).len(), 3);
}

#[test]
fn what_is_never_ended_fills_no_memory() {
    let mut folder = folder();
    for number in 0..100u64 {
        let begun = line(
            "trace",
            &format!("t{number}"),
            "create",
            json!({"startTimestamp": "2026-11-21T02:31:00+00:00"}),
        );
        folder.line(begun.as_bytes(), NOW + number).unwrap();
    }
    folder.changed();
    folder.make_room(40, usize::MAX);
    assert_eq!(folder.open(), 35);
    let left = spans(folder.take());
    assert_eq!(text(&left[0].attributes, own::ENTITY_ID), "t0");
    assert_eq!(left.len(), 65);
    folder.make_room(usize::MAX, 1_000);
    assert!(folder.open() < 5);
}

#[test]
fn a_session_and_failures_are_told() {
    let lines = [
        line("session", "s-1", "create", json!({"name": "n", "tags": {"k": "v"}})),
        line("session", "s-1", "add-feedback", json!({"score": 2})),
        line("trace", "t", "create", json!({"startTimestamp": "2026-11-21T02:31:00+00:00"})),
        line("trace", "t", "add-error", json!({"message": "boom", "errorType": "T"})),
        line(
            "trace",
            "t",
            "add-tool-call",
            json!({"id": "c", "startTimestamp": "2026-11-21T02:31:00+00:00"}),
        ),
        line("tool_call", "c", "error", json!({"error": {"message": "no", "code": "c", "type": "x"}})),
        line("tool_call", "c", "end", json!({"endTimestamp": "2026-11-21T02:31:01+00:00"})),
        line("trace", "t", "end", json!({"endTimestamp": "2026-11-21T02:31:01+00:00"})),
    ];
    let out = fold(&lines);
    let records = logs(out.clone());
    let names: Vec<&str> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["maxim.session.create", gen_ai::EVALUATION]);
    assert!(records.iter().all(|record| text(&record.attributes, gen_ai::SESSION) == "s-1"));
    let spans = spans(out);
    assert_eq!(spans[0].error.as_deref(), Some("no"));
    assert_eq!(text(&spans[0].attributes, gen_ai::ERROR_TYPE), "x");
    assert_eq!(spans[0].events[0].name, "exception");
    assert_eq!(spans[1].error.as_deref(), Some("boom"));
    assert_eq!(text(&spans[1].attributes, gen_ai::ERROR_TYPE), "T");
}

#[test]
fn ids_are_the_same_each_time_and_a_traceparent_is_read_as_w3c_has_it() {
    assert_eq!(ids::trace_id("a"), ids::trace_id("a"));
    assert_ne!(ids::span_id("t", "span", "a"), ids::span_id("u", "span", "a"));
    let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let parent = TraceParent::parse(header).unwrap();
    assert!(parent.is_sampled);
    assert_eq!(parent.header(), header);
    assert!(TraceParent::parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").is_some());
    for bad in [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert_eq!(TraceParent::parse(bad), None, "{bad}");
    }
    // A trace that goes on with what began elsewhere.
    let id = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0123abcd";
    let lines = [
        line("trace", id, "create", json!({"startTimestamp": "2026-11-21T02:31:00+00:00"})),
        line("trace", id, "end", json!({"endTimestamp": "2026-11-21T02:31:01+00:00"})),
    ];
    let span = &spans(fold(&lines))[0];
    assert_eq!((span.trace_id, span.parent), (parent.trace_id, Some(parent.span_id)));
}

#[test]
fn the_standard_environment_is_read_and_the_configuration_comes_first() {
    let env: BTreeMap<&str, &str> = BTreeMap::from([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test:4318/"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://logs.test/exact"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20abc, x-b = c"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ("OTEL_SERVICE_NAME", "svc"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,team=a%2Cb"),
    ]);
    let read = |name: &str| env.get(name).map(|text| (*text).to_owned());
    let traces = resolve_with(Signal::Traces, &Given::default(), &read).unwrap();
    assert_eq!(traces.traces_url, "https://collector.test:4318/v1/traces");
    assert_eq!(traces.compression, Compression::None);
    assert_eq!(traces.timeout, Some(Duration::from_millis(2_500)));
    let headers: Vec<(&str, Vec<u8>)> =
        traces.headers.iter().map(|(name, value)| (name.as_str(), value.expose().to_vec())).collect();
    assert_eq!(headers, [("authorization", b"Bearer abc".to_vec()), ("x-b", b"c".to_vec())]);
    let resource = traces.named_resource();
    assert_eq!(text(&resource.attributes, "service.name"), "svc");
    assert_eq!(text(&resource.attributes, "team"), "a,b");
    let logs = resolve_with(Signal::Logs, &Given::default(), &read).unwrap();
    assert_eq!(logs.logs_url, "https://logs.test/exact");
    assert_eq!(logs.compression, Compression::Gzip);
    let given = Given {
        url: Some("https://api.test/otel/v1/traces"),
        headers: Some("x-key=1"),
        service_name: Some("mine"),
        compression: Some(true),
        ..Given::default()
    };
    let given = resolve_with(Signal::Traces, &given, &read).unwrap();
    assert_eq!(given.traces_url, "https://api.test/otel/v1/traces");
    assert_eq!(given.logs_url, "https://api.test/otel/v1/logs");
    assert_eq!(given.headers.len(), 1);
    assert_eq!(given.compression, Compression::Gzip);
    assert_eq!(text(&given.resource.attributes, "service.name"), "mine");
    assert_ne!(given.secret().fingerprint(), traces.secret().fingerprint());
    let none = resolve_with(Signal::Traces, &Given::default(), &|_| None).unwrap();
    assert_eq!(none.traces_url, "http://localhost:4318/v1/traces");
    assert_eq!(none.compression, Compression::Learned);
    let wrong = |name: &'static str, value: &'static str| {
        let read = move |asked: &str| (asked == name).then(|| value.to_owned());
        resolve_with(Signal::Traces, &Given::default(), &read).is_err()
    };
    assert!(wrong("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"));
    assert!(wrong("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"));
    assert!(wrong("OTEL_EXPORTER_OTLP_HEADERS", "nonsense"));
}

#[test]
fn an_answer_is_judged_as_the_specification_has_it() {
    let judged = |status: u16, body: &[u8]| {
        let response =
            Response { status, body: body.to_vec(), url: "http://c.test".into(), ..Response::default() };
        judge(&response, Encoding::Protobuf)
    };
    assert_eq!(judged(200, b""), Outcome::Delivered);
    // partial_success { } and partial_success { rejected_spans: 3, error_message: "no" }
    assert_eq!(judged(200, &[0x0a, 0]), Outcome::Delivered);
    let some = [&[0x0a, 6, 0x08, 3, 0x12, 2][..], b"no"].concat();
    assert!(matches!(judged(200, &some), Outcome::Partly { rejected: 3, .. }));
    let json = br#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"no"}}"#;
    assert!(matches!(judged(200, json), Outcome::Partly { rejected: 2, .. }));
    assert_eq!(judged(200, br#"{"partialSuccess":{}}"#), Outcome::Delivered);
    assert_eq!(judged(202, b"{}"), Outcome::Delivered);
    assert!(matches!(judged(200, b"<html>log in</html>"), Outcome::Hold { .. }));
    assert!(matches!(judged(200, br#"{"error":"no"}"#), Outcome::Retry { .. }));
    assert!(matches!(judged(400, b""), Outcome::BadRequest { .. }));
    assert!(matches!(judged(413, b""), Outcome::TooLarge { .. }));
    assert!(matches!(judged(415, b""), Outcome::Hold { .. }));
    for status in [429, 502, 503, 504] {
        assert!(matches!(judged(status, b""), Outcome::Retry { .. }), "{status}");
    }
    let Outcome::Unauthorized { why, .. } = judged(401, b"who?") else { panic!("401") };
    assert!(why.contains("OTEL_EXPORTER_OTLP_HEADERS") && why.contains("who?"), "{why}");
}
