//! OpenTelemetry in: any program that speaks OTLP over HTTP shows in the same pages as the library's own lines.

mod common;

use std::io::Write as _;

use common::{Answer, Client, KEY, LOG, Running, STRUCTURED_KEY, start};
use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use serde_json::{Value, json};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn attributes(pairs: Value) -> Value {
    let pairs = pairs.as_object().into_iter().flatten();
    pairs
        .map(|(key, value)| {
            let value = match value {
                Value::Number(_) => json!({"intValue": value.to_string()}),
                text => json!({"stringValue": text}),
            };
            json!({"key": key, "value": value})
        })
        .collect()
}

fn span(id: u8, parent: Option<u8>, name: &str, pairs: Value) -> Value {
    let id_of = |id: u8| format!("{id:016x}");
    let at = 1_700_000_000_000_000_000 + u64::from(id) * 1_000_000_000;
    json!({"traceId": TRACE, "spanId": id_of(id), "parentSpanId": parent.map(id_of).unwrap_or_default(), "name": name,
           "kind": 1, "startTimeUnixNano": at.to_string(), "endTimeUnixNano": (at + 2_500_000_000).to_string(),
           "attributes": attributes(pairs), "status": {}})
}

/// An agent that retrieves, calls a tool that fails, and asks a model: children end, and so arrive, before their parents.
fn agent() -> Value {
    let mut failed = span(
        4,
        Some(2),
        "execute_tool find_order",
        json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find_order", "gen_ai.tool.call.arguments": "{\"order\":7}", "error.type": "timeout"}),
    );
    failed["status"] = json!({"code": 2, "message": "no answer after 3 s"});
    failed["events"] = json!([{"name": "exception", "timeUnixNano": "1700000005000000000", "attributes": attributes(json!({"exception.type": "TimeoutError"}))}]);
    let spans = [
        failed,
        span(
            3,
            Some(2),
            "chat gpt-4o",
            json!({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 1_000_000, "gen_ai.usage.output_tokens": 100_000, "gen_ai.conversation.id": "s-9",
            "gen_ai.input.messages": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Where is my order?\"}]}]",
            "gen_ai.output.messages": "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"On its way.\"}],\"finish_reason\":\"stop\"}]"}),
        ),
        span(2, Some(1), "plan", json!({"openinference.span.kind": "CHAIN"})),
        span(1, None, "POST /ask", json!({"http.route": "/ask", "input.value": "Where is my order?"})),
    ];
    json!({"resourceSpans": [{"resource": {"attributes": attributes(json!({"service.name": "shop"}))},
        "scopeSpans": [{"scope": {"name": "agent"}, "spans": spans}]}]})
}

fn protobuf(request: &Value) -> Vec<u8> {
    // The published definitions read JSON's numbers as text alone, as the protocol writes them.
    serde_json::from_value::<ExportTraceServiceRequest>(request.clone()).expect("a request").encode_to_vec()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("written");
    encoder.finish().expect("finished")
}

fn post(client: &mut Client, target: &str, content_type: &str, is_gzip: bool, body: &[u8]) -> Answer {
    let content_type = format!("Content-Type: {content_type}");
    let mut headers = vec![content_type.as_str()];
    let zipped = gzip(body);
    if is_gzip {
        headers.push("Content-Encoding: gzip");
    }
    client.request("POST", target, &headers, if is_gzip { &zipped } else { body })
}

fn page(server: &Running, target: &str) -> String {
    let answer = server.connect().request("GET", target, &[], b"");
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer.text()
}

/// What is said of parents: each row of a trace with its depth.
fn depths(server: &Running) -> Vec<(String, usize)> {
    let text = page(server, &format!("/trace/shop/{TRACE}"));
    text.split("class=\"span-row ")
        .skip(1)
        .map(|row| {
            let depth = row.split(" d").nth(1).and_then(|rest| rest.split(['"', ' ']).next());
            let title = row.split("class=\"title\"").nth(1).and_then(|rest| rest.split(['>', '<']).nth(1));
            (title.unwrap_or_default().to_owned(), depth.and_then(|depth| depth.parse().ok()).unwrap_or(99))
        })
        .collect()
}

#[test]
fn spans_in_every_encoding_are_entities_below_their_parents() {
    let request = agent();
    let (json, binary) = (request.to_string().into_bytes(), protobuf(&request));
    let forms = [("application/json", &json), ("application/x-protobuf", &binary)];
    for (content_type, body) in forms {
        for is_gzip in [false, true] {
            let server = start(&["--mode", "tree"]);
            let answer = post(&mut server.connect(), "/v1/traces", content_type, is_gzip, body);
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (200, Some(content_type)),
                "{}",
                answer.text()
            );
            assert_eq!(server.get("/stats")["spans"], 4);
            let expected = [("POST /ask", 0), ("plan", 1), ("chat gpt-4o", 2), ("find_order", 2)];
            assert_eq!(depths(&server), expected.map(|(name, depth)| (name.to_owned(), depth)));
            let list = page(&server, "/");
            for shown in ["POST /ask", "s-9", "$3.50", "1 error", "Where is my order?"] {
                assert!(list.contains(shown), "{shown} in {list}");
            }
            let generation = page(&server, &format!("/trace/shop/{TRACE}?at=generation:0000000000000003"));
            for shown in ["On its way.", "openai", "2.50 s"] {
                assert!(generation.contains(shown), "{shown} in {generation}");
            }
            let tool = page(&server, &format!("/trace/shop/{TRACE}?at=tool_call:0000000000000004"));
            assert!(tool.contains("no answer after 3 s") && tool.contains("timeout"), "{tool}");
            assert!(page(&server, "/sessions").contains("s-9"));
            assert!(page(&server, "/?q=kind:tool_call+-model:none").contains("POST /ask"));
            let tree = server.connect().request("GET", "/tree", &[], b"").text();
            assert!(tree.contains("repository  shop") && tree.contains("tool call  find_order"), "{tree}");
        }
    }
}

#[test]
fn log_records_are_entries_that_lead_to_their_trace() {
    let server = start(&["--mode", "tree"]);
    let mut client = server.connect();
    post(&mut client, "/v1/traces", "application/json", false, agent().to_string().as_bytes());
    let records = json!({"resourceLogs": [{"resource": {"attributes": attributes(json!({"service.name": "billing"}))},
        "scopeLogs": [{"scope": {}, "logRecords": [
            {"timeUnixNano": "1700000003000000000", "severityNumber": 17, "body": {"stringValue": "card refused"},
             "traceId": TRACE, "spanId": "0000000000000003", "attributes": attributes(json!({"exception.type": "CardError"}))},
            {"severityNumber": 5, "body": {"stringValue": "cache is cold"}}]}]}]});
    assert_eq!(
        post(&mut client, "/v1/logs", "application/json", true, records.to_string().as_bytes()).status,
        200
    );
    assert_eq!(server.get("/stats")["entries"], 2);
    let logs = page(&server, "/logs");
    for shown in ["card refused", "cache is cold", "CardError", "billing", &format!("/trace/shop/{TRACE}")] {
        assert!(logs.contains(shown), "{shown} in {logs}");
    }
    assert!(!page(&server, "/logs?q=level:error").contains("cache is cold"));
    // The structured log API at the same path is what it was, with its key.
    let entry = br#"{"logs":[{"level":"info","message":"ours"}]}"#;
    assert_eq!(client.request("POST", "/v1/logs", &[], entry).status, 401);
    assert_eq!(client.request("POST", "/v1/logs", &[STRUCTURED_KEY], entry).json()["count"], 1);
}

#[test]
fn what_is_no_span_is_rejected_alone_and_said_so() {
    let server = start(&["--mode", "tree"]);
    let mut client = server.connect();
    let mut request = agent();
    request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["spanId"] = "0000000000000000".into();
    let answer = post(&mut client, "/v1/traces", "application/json", false, request.to_string().as_bytes());
    assert_eq!((answer.status, answer.json()["partialSuccess"]["rejectedSpans"].as_str()), (200, Some("1")));
    server.control("{\"reject\": 3}");
    let answer = post(&mut client, "/v1/traces", "application/x-protobuf", true, &protobuf(&agent()));
    let partial =
        ExportTraceServiceResponse::decode(answer.body.as_slice()).expect("an answer").partial_success;
    assert_eq!(partial.map(|partial| partial.rejected_spans), Some(3));
    assert_eq!(server.get("/stats")["spans"], 3 + 1);
    server.control("{\"fail\": \"429:1\", \"retry_after\": \"7\"}");
    let answer = post(&mut client, "/v1/traces", "application/json", false, b"{}");
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    for (content_type, is_gzip, body) in [
        ("application/json", false, &b"[]"[..]),
        ("application/json", true, b"nonsense"),
        ("application/x-protobuf", false, b"\xff\xff\xff\xff"),
    ] {
        assert_eq!(post(&mut client, "/v1/traces", content_type, is_gzip, body).status, 400);
    }
    let plain = client.request("POST", "/v1/traces", &["Content-Encoding: gzip"], b"not gzip");
    assert_eq!(plain.status, 400);
    // A small body that becomes a large one is no harm.
    let bomb = gzip(&vec![b' '; 80 << 20]);
    assert_eq!(client.request("POST", "/v1/traces", &["Content-Encoding: gzip"], &bomb).status, 413);
}

#[test]
fn spans_go_out_as_they_came_and_come_in_again() {
    let (one, other, third) =
        (start(&["--mode", "tree"]), start(&["--mode", "tree"]), start(&["--mode", "tree"]));
    post(&mut one.connect(), "/v1/traces", "application/json", false, agent().to_string().as_bytes());
    one.connect().request("POST", LOG, &[KEY], b"trace{id=t,action=create,data={\"name\":\"a line\"}}");
    let sorted = |server: &Running| {
        let export = server.get("/export/otlp");
        let mut spans: Vec<String> = export["resourceSpans"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|resource| resource["resource"]["attributes"][0]["value"]["stringValue"] == "shop")
            .flat_map(|resource| resource["scopeSpans"][0]["spans"].as_array().cloned().unwrap_or_default())
            .map(|span| span.to_string())
            .collect();
        spans.sort();
        spans
    };
    let sent = agent()["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().map(|spans| {
        let mut spans: Vec<_> = spans.iter().map(Value::to_string).collect();
        spans.sort();
        spans
    });
    assert_eq!(Some(sorted(&one)), sent);
    for (format, server) in [("lines", &other), ("otlp", &third)] {
        let export = one.connect().request("GET", &format!("/export/{format}"), &[], b"").body;
        let answer = server.connect().request("POST", "/import", &[], &export);
        assert_eq!((answer.status, answer.json()["imported"].as_u64()), (200, Some(5)), "{format}");
        assert_eq!(Some(sorted(server)), sent, "{format}");
        assert_eq!(depths(server), depths(&one), "{format}");
        assert!(page(server, "/").contains("a line"), "{format}");
    }
}
