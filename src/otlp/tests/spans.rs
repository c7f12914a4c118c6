//! The spans and log records that lines become.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value as Json, json};

use super::super::encode::{Encoding, hex};
use super::super::ids;
use super::super::model::{AttributeValue, Resource};
use super::super::names::{gen_ai, inference, own};
use super::super::whole;
use super::*;

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
        let names: BTreeSet<&str> = attributes.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names.len(), attributes.len(), "{name} has an attribute twice: {attributes:?}");
    }
    assert_eq!(text(&root.attributes, inference::INPUT), "Why?");
    assert_eq!(text(&root.attributes, "maxim.tag.team"), "a");
    let events: Vec<&str> = root.events.iter().map(|event| &*event.name).collect();
    assert_eq!(events, ["shown", gen_ai::EVALUATION]);
    assert_eq!(
        attribute(&root.events[1].attributes, gen_ai::EVALUATION_SCORE),
        Some(&AttributeValue::Float(5.0))
    );

    let model = &named["chat gpt-4o"].attributes;
    assert_eq!(text(model, gen_ai::PROVIDER), "azure.ai.openai");
    assert_eq!(attribute(model, "gen_ai.request.temperature"), Some(&AttributeValue::Float(0.5)));
    assert_eq!(attribute(model, "gen_ai.request.max_tokens"), Some(&AttributeValue::Int(100)));
    let stop = AttributeValue::List(vec!["a".into(), "b".into()]);
    assert_eq!(attribute(model, "gen_ai.request.stop_sequences"), Some(&stop));
    assert_eq!(attribute(model, gen_ai::INPUT_TOKENS), Some(&AttributeValue::Int(10)));
    assert_eq!(attribute(model, inference::COMPLETION_TOKENS), Some(&AttributeValue::Int(20)));
    assert_eq!(attribute(model, gen_ai::CACHE_READ_TOKENS), Some(&AttributeValue::Int(4)));
    assert_eq!(attribute(model, inference::TOTAL_COST), Some(&AttributeValue::Float(0.75)));
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
    let captured = include_str!("../../../tests/vectors/maxim.jsonl");
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
                let Ok(known) = super::super::entity::Line::parse(line) else {
                    // Where the captured client made a line that is none (NaN, an id with a line break).
                    folder.unreadable(line.as_bytes(), "no line", NOW);
                    continue;
                };
                let json = known.json().unwrap();
                let id = json.text_at("id");
                match known.action {
                    "create" if known.kind != "session" => {
                        created.insert(format!("{}/{}", known.kind, known.id));
                    }
                    action if action.starts_with("add-") => {
                        let kind = action.trim_start_matches("add-").replace('-', "_");
                        let is_span = ["span", "generation", "retrieval", "tool_call"].contains(&&*kind);
                        created.extend(id.filter(|_| is_span).map(|id| format!("{kind}/{id}")));
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
    let request = whole::traces(&resource, &spans, Encoding::Protobuf);
    let decoded = ExportTraceServiceRequest::decode(&request[..]).unwrap();
    assert_eq!(decoded.encode_to_vec(), request);
    assert_eq!(decoded.resource_spans[0].scope_spans[0].spans.len(), spans.len());
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
    let names: Vec<&str> = records.iter().map(|record| &*record.event_name).collect();
    assert_eq!(names, ["maxim.session.create", gen_ai::EVALUATION]);
    assert!(records.iter().all(|record| text(&record.attributes, gen_ai::SESSION) == "s-1"));
    let spans = spans(out);
    assert_eq!(spans[0].error.as_deref(), Some("no"));
    assert_eq!(text(&spans[0].attributes, gen_ai::ERROR_TYPE), "x");
    assert_eq!(spans[0].events[0].name, "exception");
    assert_eq!(spans[1].error.as_deref(), Some("boom"));
    assert_eq!(text(&spans[1].attributes, gen_ai::ERROR_TYPE), "T");
}
