//! Misbehaviour on command over raw TCP: what the client sees, and that the counts stay exact.

mod common;

use std::time::{Duration, Instant};

use common::{KEY, LOG, Running, start};
use serde_json::{Value, json};

/// The counts that every misbehaviour must leave exact.
fn counts(server: &Running) -> [Option<u64>; 4] {
    let stats = server.get("/stats");
    ["lines", "answered", "rejected", "dropped"].map(|name| stats[name].as_u64())
}

fn some(counts: [u64; 4]) -> [Option<u64>; 4] {
    counts.map(Some)
}

#[test]
fn a_number_of_failures_is_that_number() {
    let server = start(&["--fail", "429:2", "--retry-after", "Fri, 31 Dec 1999 23:59:59 GMT"]);
    let mut client = server.connect();
    let answers: Vec<_> = (0..3).map(|_| client.log("a\nb")).collect();
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [429, 429, 200]);
    assert_eq!(answers[0].header("retry-after"), Some("Fri, 31 Dec 1999 23:59:59 GMT"));
    assert!(answers[0].json()["error"]["message"].is_string());
    assert_eq!(counts(&server), some([2, 1, 2, 0]));
}

#[test]
fn each_refusal_has_its_status_and_counts_nothing() {
    let server = start(&[]);
    let mut client = server.connect();
    for (settings, expected) in [
        (json!({"status": 500}), 500),
        (json!({"unauthorized": true}), 401),
        (json!({"redirect": "http://127.0.0.1:1/x"}), 302),
        (json!({"max_body": 3}), 413),
        (json!({"poison": "aaa"}), 400),
        (json!({"random_fail": 100}), 503),
        (json!({"error_body": 1}), 200),
    ] {
        client.request("POST", "/control/reset", &[], b"");
        server.control(&settings.to_string());
        let answer = client.log("aaaa");
        assert_eq!(answer.status, expected, "{settings}");
        assert!(answer.json()["error"].is_object(), "{settings}");
        assert_eq!(counts(&server), some([0, 0, 1, 0]), "{settings}");
    }
    server.control("{\"redirect\": \"http://127.0.0.1:1/x\"}");
    assert_eq!(client.log("a").header("location"), Some("http://127.0.0.1:1/x"));
}

#[test]
fn poison_works_in_count_mode_too() {
    let server = start(&["--mode", "count", "--poison", "bad"]);
    let mut client = server.connect();
    assert_eq!([client.log("good").status, client.log("good\nbad").status], [200, 400]);
    assert_eq!(counts(&server), some([1, 1, 1, 0]));
}

#[test]
fn cut_connections_give_no_answer_and_count_nothing() {
    let server = start(&[]);
    for setting in ["drop", "drop_before_read"] {
        server.control(&format!("{{\"{setting}\": 1}}"));
        let mut client = server.connect();
        client.send_request("POST", LOG, &[KEY], b"a");
        let end = client.rest();
        assert!(end.as_ref().map_or(true, Vec::is_empty), "{setting}: {end:?}");
        assert_eq!(end.is_err(), setting == "drop_before_read", "a reset is an error: {end:?}");
    }
    assert_eq!(counts(&server), some([0, 0, 0, 2]));
    assert_eq!(server.connect().log("a").status, 200);
}

#[test]
fn a_truncated_answer_ends_within_its_body() {
    let server = start(&["--truncate", "1"]);
    let mut client = server.connect();
    client.send_request("POST", LOG, &[KEY], b"a");
    let part = String::from_utf8(client.rest().expect("an orderly end")).expect("UTF-8");
    let (head, body) = part.split_once("\r\n\r\n").expect("a whole head");
    let length =
        head.split("Content-Length: ").nth(1).and_then(|rest| rest.lines().next()).expect("a length");
    assert!(!body.is_empty() && body.len() < length.parse().expect("a number"), "{part}");
    assert_eq!(counts(&server), some([0, 0, 0, 1]));
}

#[test]
fn what_is_dropped_after_its_acceptance_is_counted() {
    let server = start(&["--drop-after-accept", "1", "--check-seq"]);
    let mut client = server.connect();
    client.send_request("POST", LOG, &[KEY], b"seq-w-0\nseq-w-1");
    assert_eq!(client.rest().expect("an orderly end"), b"");
    assert_eq!(server.connect().log("seq-w-0\nseq-w-1\nseq-w-3").status, 200);
    assert_eq!(counts(&server), some([5, 1, 0, 1]));
    let writer = &server.get("/seq")["writers"]["w"];
    let expected = json!({"count": 5, "unique": 3, "max": 3, "duplicates": 2, "missing": 1, "first_missing": [2],
        "out_of_order": 0});
    assert_eq!(writer, &expected);
}

#[test]
fn uploads_fail_on_their_own_settings() {
    let server = start(&["--upload-url-fail", "500:1", "--upload-fail", "503:1", "--upload-drop", "1"]);
    let url = "/api/sdk/v1/log-repositories/attachments/upload-url?key=k&mimeType=x&size=1";
    let mut client = server.connect();
    assert_eq!([(); 2].map(|()| client.request("GET", url, &[KEY], b"").status), [500, 200]);
    client.send_request("PUT", "/upload/k", &[], &[0; 4096]);
    assert!(client.rest().is_err(), "an upload that is cut is reset");
    let mut client = server.connect();
    assert_eq!([(); 2].map(|()| client.request("PUT", "/upload/k", &[], b"abc").status), [503, 200]);
    let stats = server.get("/stats");
    let shown = ["upload_url_requests", "uploads", "upload_bytes", "rejected", "dropped"];
    assert_eq!(shown.map(|name| stats[name].as_u64()), [1, 1, 3, 2, 1].map(Some));
}

#[test]
fn a_body_that_is_certain_to_be_too_large_is_not_asked_for() {
    let server = start(&["--max-body", "10"]);
    let mut client = server.connect();
    let head = format!(
        "POST {LOG} HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n"
    );
    client.send(head.as_bytes());
    assert_eq!(client.answer().expect("an answer").status, 413);
    assert_eq!(counts(&server), some([0, 0, 1, 0]));
}

#[test]
fn delays_are_at_least_as_long_as_told() {
    let server = start(&["--delay-ms", "60"]);
    let mut client = server.connect();
    let begun = Instant::now();
    assert_eq!(client.log("a").status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(60));
    server.control("{\"delay_ms\": 0, \"slow_body_bps\": 1000}");
    let begun = Instant::now();
    assert_eq!(client.log(&"a".repeat(100)).status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(100));
}

#[test]
fn a_delayed_request_delays_no_other() {
    let server = start(&["--delay-ms", "1000"]);
    let mut client = server.connect();
    let delayed = std::thread::spawn(move || client.log("a").status);
    let mut answers = 0;
    while !delayed.is_finished() {
        server.get("/control");
        answers += 1;
    }
    assert_eq!(delayed.join().unwrap(), 200);
    // One may be answered before the delay and one after it.
    assert!(answers > 2, "{answers} answers while a request was delayed");
}

#[test]
fn control_tells_what_is_left_and_refuses_what_it_does_not_know() {
    let server = start(&["--fail", "500:5"]);
    server.connect().log("a");
    assert_eq!(server.get("/control")["fail"], "500:4");
    for wrong in ["{\"fial\": \"500:1\"}", "{\"drop\": -1}", "[]", "nonsense"] {
        let answer = server.connect().request("POST", "/control", &[], wrong.as_bytes());
        assert_eq!(answer.status, 400, "{wrong}");
    }
    assert_eq!(server.get("/control")["fail"], "500:4");
    server.connect().request("POST", "/control/reset", &[], b"");
    assert_eq!(server.get("/control")["fail"], Value::Null);
    assert_eq!(counts(&server), some([0, 0, 0, 0]));
}
