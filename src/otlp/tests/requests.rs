//! Requests, read by the published definitions.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message;
use serde_json::{Value as Json, json};

use super::super::encode::{Encoding, hex};
use super::super::entry;
use super::super::model::{AttributeValue, OtlpSpan, Resource};
use super::super::names::SCHEMA_URL;
use super::super::whole;
use super::*;

#[test]
fn a_request_says_what_the_published_definitions_read() {
    let all = AttributeValue::Map(vec![
        ("text".into(), "".into()),
        ("int".into(), AttributeValue::Int(-1)),
        ("float".into(), 0.0.into()),
        ("bool".into(), false.into()),
        ("list".into(), AttributeValue::List(vec!["long ".repeat(100).into(), AttributeValue::Int(0)])),
    ]);
    let span = OtlpSpan { attributes: vec![("all".into(), all)], ..spans(fold(&conversation())).remove(2) };
    let failed = OtlpSpan { error: Some("boom".into()), parent: None, ..span.clone() };
    let resource = Resource { attributes: vec![("service.name".into(), "svc".into())] };
    let request = whole::traces(&resource, &[span.clone(), failed], Encoding::Protobuf);
    let decoded = ExportTraceServiceRequest::decode(&request[..]).unwrap();
    let group = &decoded.resource_spans[0];
    assert_eq!(group.schema_url, SCHEMA_URL);
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
        serde_json::from_slice(&whole::traces(&resource, std::slice::from_ref(&span), Encoding::Json))
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
    let json = json.to_string();
    let (origin, record) = entry::fold(json.as_bytes(), NOW).unwrap();
    let resource = Resource { attributes: origin.resource(&vec![]) };
    let request = whole::logs(&resource, &[record], Encoding::Protobuf);
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
