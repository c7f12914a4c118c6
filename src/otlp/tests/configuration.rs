//! The configuration, ids and the answers of endpoints.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::super::config::{Compression, Given, resolve_with};
use super::super::encode::{Encoding, Signal};
use super::super::export::classify;
use super::super::ids::{self, TraceParent};
use super::*;
use crate::delivery::{Outcome, Response};

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
    assert!(wrong("OTEL_RESOURCE_ATTRIBUTES", "%ff=a"));
}

#[test]
fn words_of_the_environment_are_read_in_whatever_case_and_names_of_the_resource_decoded() {
    let env = BTreeMap::from([
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/Json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "GZIP"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team%3Dname=a%3Db,plain=c"),
    ]);
    let read = |name: &str| env.get(name).map(|text| (*text).to_owned());
    let config = resolve_with(Signal::Traces, &Given::default(), &read).unwrap();
    assert_eq!((config.encoding, config.compression), (Encoding::Json, Compression::Gzip));
    assert_eq!(text(&config.resource.attributes, "team=name"), "a=b");
    assert_eq!(text(&config.resource.attributes, "plain"), "c");
}

#[test]
fn an_answer_is_judged_as_the_specification_has_it() {
    let judged = |status: u16, body: &[u8]| {
        let response =
            Response { status, body: body.to_vec(), url: "http://c.test".into(), ..Response::default() };
        classify(&response, Encoding::Protobuf)
    };
    assert_eq!(judged(200, b""), Outcome::Delivered);
    // partial_success { } and partial_success { rejected_spans: 3, error_message: "no" }
    assert_eq!(judged(200, &[0x0a, 0]), Outcome::Delivered);
    let some = [&[0x0a, 6, 0x08, 3, 0x12, 2][..], b"no"].concat();
    assert!(matches!(judged(200, &some), Outcome::Partly { rejected: 3, .. }));
    // Fields of a later version, of every type, around what is known and alone.
    let later = [&[0x10, 1, 0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x2a, 2][..], b"ok"].concat();
    assert_eq!(judged(200, &later), Outcome::Delivered);
    assert!(matches!(
        judged(200, &[&later[..], &some, &later].concat()),
        Outcome::Partly { rejected: 3, .. }
    ));
    let within = [&[0x0a, 4 + later.len() as u8, 0x08, 3][..], &[0x18, 7], &later].concat();
    assert!(matches!(judged(200, &within), Outcome::Partly { rejected: 3, .. }));
    // What ends early, and texts, of which some would do as fields that nobody knows.
    assert!(matches!(judged(200, &later[..later.len() - 1]), Outcome::Hold { .. }));
    for text in ["error", "error\n", "OK", "ok", "=Offline", "5busy", "M\u{e9}tro"] {
        assert!(matches!(judged(200, text.as_bytes()), Outcome::Hold { .. }), "{text}");
    }
    let json = br#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"no"}}"#;
    assert!(matches!(judged(200, json), Outcome::Partly { rejected: 2, .. }));
    assert_eq!(judged(200, br#"{"partialSuccess":{}}"#), Outcome::Delivered);
    let json = br#"{"partial_success":{"rejected_spans":4,"error_message":"no"}}"#;
    assert!(matches!(judged(200, json), Outcome::Partly { rejected: 4, .. }));
    // A number below 0, and more than 64 bits hold.
    let below = [&[0x0a, 11, 0x08][..], &[0xff; 9], &[1]].concat();
    assert_eq!(judged(200, &below), Outcome::Delivered);
    for json in ["-3", "\"-3\"", "1e30", "\"99999999999999999999\"", "null", "[1]", "true"] {
        let json = format!(r#"{{"partialSuccess":{{"rejectedSpans":{json}}}}}"#);
        assert_eq!(judged(200, json.as_bytes()), Outcome::Delivered, "{json}");
    }
    // A warning, of which every character is for one line.
    let warning = br#"{"partialSuccess":{"errorMessage":"use\u001b[31m\nthe new address"}}"#;
    let Outcome::Partly { rejected: 0, why } = judged(200, warning) else { panic!("a warning") };
    assert_eq!(why, "the endpoint took a request and says of it: use[31mthe new address");
    for denied in
        [r#"{"success":false}"#, r#"{"status":"error"}"#, r#"{"statusCode":500,"partialSuccess":{}}"#]
    {
        assert!(matches!(judged(200, denied.as_bytes()), Outcome::Retry { .. }), "{denied}");
    }
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
