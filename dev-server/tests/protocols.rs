//! Both protocols over raw TCP: what is accepted, what is refused, and that the counts are exact.

mod common;

use common::{KEY, LOG, STRUCTURED_KEY, scratch, start};
use serde_json::{Value, json};

const UPLOAD_URL: &str = "/api/sdk/v1/log-repositories/attachments/upload-url";

#[test]
fn log_lines_are_counted_by_action_and_drawn() {
    let server = start(&["--mode", "tree"]);
    let mut client = server.connect();
    let answer = client.log(
        "session{id=s,action=create,data={\"name\":\"support\"}}\n\
         trace{id=t,action=create,data={\"name\":\"chat\",\"sessionId\":\"s\"}}\n",
    );
    assert_eq!((answer.status, answer.json()), (200, json!({"data": {"success": true}})));
    assert_eq!(client.log("trace{id=t,action=end,data={}}").status, 200);
    let stats = server.get("/stats");
    assert_eq!(stats["lines"], 3);
    assert_eq!(stats["requests"], 2);
    assert_eq!(stats["connections"], 1);
    assert_eq!(stats["by_action"], json!({"session.create": 1, "trace.create": 1, "trace.end": 1}));
    assert!(stats["first_line_us"].as_u64() <= stats["last_line_us"].as_u64());
    let tree = server.connect().request("GET", "/tree", &[], b"").text();
    assert_eq!(tree, "repository  repo-1\n└─ session  support  s\n   └─ trace  chat  t\n");
}

#[test]
fn the_requests_of_both_protocols_are_answered_as_the_services_do() {
    let server = start(&[]);
    let mut client = server.connect();
    let check = |client: &mut common::Client, method, target: &str, headers: &[&str], body: &str| {
        client.request(method, target, headers, body.as_bytes()).status
    };
    let json_body = "{\"logs\":[{\"level\":\"info\",\"message\":\"m\"}]}";
    let too_many = format!("{{\"logs\":[{}]}}", vec!["{}"; 101].join(","));
    let repository = "/api/sdk/v3/log-repositories?loggerId=r";
    for (method, target, headers, body, expected) in [
        ("POST", LOG, &[KEY][..], "a", 200),
        ("POST", LOG, &[], "a", 401),
        ("POST", LOG, &[STRUCTURED_KEY], "a", 401),
        ("POST", "/api/sdk/v3/log", &[KEY], "a", 400),
        ("GET", repository, &[KEY], "", 200),
        ("GET", repository, &[], "", 401),
        ("GET", UPLOAD_URL, &[KEY], "", 400),
        ("POST", "/v1/logs", &[STRUCTURED_KEY], json_body, 200),
        ("POST", "/v1/logs", &[KEY], json_body, 401),
        ("POST", "/v1/logs", &[STRUCTURED_KEY], &too_many, 400),
        ("POST", "/v1/logs", &[STRUCTURED_KEY], "{\"logs\":[1]}", 400),
        ("POST", "/v1/logs", &[STRUCTURED_KEY], "{\"logs\":", 400),
        ("POST", "/v1/logs?format=text", &[STRUCTURED_KEY], "one\ntwo", 200),
        ("POST", "/v1/logs?format=text", &[STRUCTURED_KEY], "", 400),
        ("POST", "/v1/flows", &[STRUCTURED_KEY], "{}", 400),
        ("GET", "/v1/logs", &[STRUCTURED_KEY], "", 404),
        ("CONNECT", "host:443", &[], "", 405),
        ("GET", "/tree", &[], "", 409),
        ("GET", "/seq", &[], "", 409),
    ] {
        assert_eq!(
            check(&mut client, method, target, headers, body),
            expected,
            "{method} {target} {headers:?}"
        );
    }
    let flow = client.request("POST", "/v1/flows", &[STRUCTURED_KEY], b"{\"name\":\"pay\"}").json();
    let id = flow["flowId"].as_str().and_then(|id| id.strip_prefix("pay-")).expect("an id with the name");
    assert!(id.len() == 8 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{flow}");
    let proxied = client.request("POST", &format!("http://elsewhere{LOG}"), &[KEY], b"b\nc");
    assert_eq!(proxied.status, 200);

    let stats = server.get("/stats");
    let expected = json!({
        "requests": 19, "answered": 6, "rejected": 13, "dropped": 0, "aborted": 0, "lines": 3,
        "malformed_lines": 3, "entries": 1, "raw_requests": 1, "raw_lines": 2, "raw_bytes": 7, "flows": 1,
        "proxied": 2, "connections": 1,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&stats[name], value, "{name} in {stats}");
    }
}

#[test]
fn an_upload_goes_to_the_url_that_was_given_and_must_not_carry_a_key() {
    let server = start(&["--mode", "tree"]);
    let mut client = server.connect();
    let key = "repo-1/trace/t/files/original/a 1";
    let target = format!("{UPLOAD_URL}?key={}&mimeType=image%2Fpng&size=3", key.replace(' ', "%20"));
    let url =
        client.request("GET", &target, &[KEY], b"").json()["data"]["url"].as_str().expect("a URL").to_owned();
    let path = url.strip_prefix(&format!("http://127.0.0.1:{}", server.port)).expect("this server");
    let answer = client.request("PUT", path, &["Content-Type: image/png"], b"\x89PN");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    client.log(&format!(
        "trace{{id=t,action=add-attachment,data={{\"id\":\"a 1\",\"name\":\"x\",\"mimeType\":\"image/png\",\"key\":\"{key}\"}}}}"
    ));
    let stats = server.get("/stats");
    assert_eq!((&stats["uploads"], &stats["upload_bytes"]), (&json!(1), &json!(3)));
    assert_eq!((&stats["upload_url_requests"], &stats["credential_leaks"]), (&json!(1), &json!(0)));
    let tree = client.request("GET", "/tree", &[], b"").text();
    assert!(tree.contains("attachment  x  image/png  3 B"), "{tree}");
    client.request("PUT", path, &[KEY], b"x");
    assert_eq!(server.get("/stats")["credential_leaks"], 1);
}

#[test]
fn a_large_log_is_drawn_as_the_line_it_stands_for() {
    let server = start(&["--mode", "tree"]);
    let mut client = server.connect();
    let line = "trace{id=t,action=create,data={\"name\":\"large\"}}";
    client.request("PUT", "/upload/repo-1/large-logs/u", &["Content-Type: text/plain"], line.as_bytes());
    client.log("storage{id=u,action=process-large-log,data={\"key\":\"repo-1/large-logs/u\"}}");
    let tree = client.request("GET", "/tree", &[], b"").text();
    assert_eq!(tree, "repository  repo-1\n└─ trace  large  t\n");
    // However large: a page shows its beginning, and an export has all of it.
    let line = format!(
        "trace{{id=l,action=create,data={{\"name\":\"larger\",\"input\":\"{}\"}}}}",
        "x".repeat(20 << 20)
    );
    client.request("PUT", "/upload/repo-1/large-logs/v", &["Content-Type: text/plain"], line.as_bytes());
    client.log("storage{id=v,action=process-large-log,data={\"key\":\"repo-1/large-logs/v\"}}");
    let tree = client.request("GET", "/tree", &[], b"").text();
    assert!(tree.contains("trace  larger  l\n") && !tree.contains("did not arrive"), "{tree}");
    let page = client.request("GET", "/trace/repo-1/l", &[], b"").text();
    assert!(page.contains("larger") && !page.contains("did not arrive") && page.len() < 10 << 20);
    let export = client.request("GET", "/export/lines", &[], b"");
    assert!(export.body.len() > 20 << 20);
}

#[test]
fn chunked_bodies_and_expectations_are_understood() {
    let server = start(&["--mode", "count"]);
    let mut client = server.connect();
    client.send(
        format!("POST {LOG} HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\nTransfer-Encoding: chunked\r\n\r\n")
            .as_bytes(),
    );
    client.send(b"3\r\na\nb\r\n4\r\n\nc\nd\r\n0\r\n\r\n");
    assert_eq!(client.answer().expect("an answer").status, 200);
    let head = format!(
        "POST {LOG} HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    );
    client.send(head.as_bytes());
    assert_eq!(client.answer().expect("an interim answer").status, 100);
    client.send(b"e");
    assert_eq!(client.answer().expect("an answer").status, 200);
    let stats = server.get("/stats");
    assert_eq!((&stats["lines"], &stats["bytes"]), (&json!(5), &json!(8)));
    assert_eq!(stats.get("by_action"), None);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = start(&[]);
    let mut client = server.connect();
    client.send_request("POST", LOG, &[KEY], b"a");
    client.send_request("GET", "/nowhere", &[], b"");
    client.send_request("POST", LOG, &[KEY, "Connection: close"], b"b");
    let statuses: Vec<_> = (0..3).map(|_| client.answer().expect("an answer").status).collect();
    assert_eq!(statuses, [200, 404, 200]);
    assert_eq!(client.rest().expect("an orderly end"), b"");
}

#[test]
fn a_client_that_goes_away_within_a_request_leaves_no_line() {
    let server = start(&[]);
    let mut client = server.connect();
    client.send(
        format!("POST {LOG} HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\nContent-Length: 9\r\n\r\na\nb")
            .as_bytes(),
    );
    client.stream.get_ref().shutdown(std::net::Shutdown::Write).expect("half-closed");
    assert_eq!(client.rest().expect("an orderly end"), b"");
    let stats = server.get("/stats");
    assert_eq!((&stats["aborted"], &stats["requests"], &stats["lines"]), (&json!(1), &json!(1), &json!(0)));
}

#[test]
fn the_record_and_the_lines_file_are_whole_when_the_answer_arrives() {
    let (record, lines) = (scratch("record"), scratch("lines"));
    let server =
        start(&["--record", record.to_str().expect("UTF-8"), "--lines", lines.to_str().expect("UTF-8")]);
    let mut client = server.connect();
    client.log("one\ntwo");
    server.control("{\"fail\": \"503:1\"}");
    client.log("refused");
    let entries = b"{\"logs\":[{\"level\":\n\"info\"},{\"level\":\"warn\"}]}";
    client.request("POST", "/v1/logs", &[STRUCTURED_KEY], entries);
    client.request("PUT", "/upload/k", &[], b"\xff");
    let records: Vec<Value> = std::fs::read_to_string(&record)
        .expect("a record")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let shown: Vec<_> = records.iter().map(|r| (r["method"].as_str(), r["status"].as_u64())).collect();
    let post = Some("POST");
    assert_eq!(shown, [(post, Some(200)), (post, Some(503)), (post, Some(200)), (Some("PUT"), Some(200))]);
    assert_eq!(records[0]["body"], "one\ntwo");
    assert_eq!(records[0]["headers"]["x-maxim-api-key"], "sha256:9f86d081884c7d65");
    assert_eq!(records[3]["body_b64"], "/w==");
    let lines = std::fs::read_to_string(&lines).expect("lines");
    assert_eq!(lines, "one\ntwo\n{\"level\":\"info\"}\n{\"level\":\"warn\"}\n");
}
