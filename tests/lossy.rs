//! A lossy logger keeps the record and changes the value; a strict one refuses the call. Through the C ABI, against
//! a real server: what arrived is looked at.

mod common;

use common::vectors::recorded;
use common::{Scratch, Server, compile, run};
use serde_json::{Value, json};

/// What arrived of a run: the entries and the lines.
fn arrived(mode: &str) -> (Vec<Value>, Vec<String>) {
    let scratch = Scratch::new("lossy");
    let (server, record) = Server::writing("record", &scratch);
    let program = compile("tests/c/lossy.c", &scratch);
    let mut command = std::process::Command::new(program);
    command
        .arg(mode)
        .env("MAXIM_BASE_URL", server.url())
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"));
    run(&mut command);
    let (mut entries, mut lines) = (Vec::new(), Vec::new());
    for request in recorded(&record) {
        let body = request["body"].as_str().unwrap();
        match serde_json::from_str::<Value>(body) {
            Ok(document) => entries.extend(document["logs"].as_array().unwrap().iter().cloned()),
            Err(_) => lines.extend(body.lines().map(str::to_owned)),
        }
    }
    assert_eq!(server.count("malformed_lines"), 0);
    (entries, lines)
}

#[test]
fn a_lossy_logger_sends_every_record_with_its_odd_value_changed() {
    let (entries, lines) = arrived("lossy");
    let messages: Vec<&str> = entries.iter().map(|entry| entry["message"].as_str().unwrap()).collect();
    assert_eq!(entries.len(), 16, "{messages:?}");
    assert_eq!(&messages[..2], &["caf\u{fffd}", "(empty message)"]);
    assert!(messages[2].contains("characters left out") && messages[2].chars().count() <= 10_000);
    assert_eq!(entries[3]["data"], json!({"a": null, "b": "x\ty"}));
    assert_eq!(entries[4]["data"]["text"], "not JSON");
    assert_eq!(entries[5]["data"], json!({"value": [1, 2]}));
    let tags = entries[6]["tags"].as_array().unwrap();
    assert_eq!((tags.len(), &tags[0], &tags[1]), (20, &json!("1"), &json!("a")));
    assert_eq!(tags[2].as_str().unwrap().chars().count(), 50);
    let error = &entries[7];
    assert_eq!(error["data"]["message"], "caf\u{fffd}");
    assert!(error["errorStack"].as_str().unwrap().contains("characters left out"));
    assert_eq!(error["errorName"].as_str().unwrap().chars().count(), 200);
    assert_eq!(
        (&entries[8]["stepIndex"], entries[8]["userId"].as_str().map(|id| id.chars().count())),
        (&json!(1000), Some(100))
    );
    assert_eq!(entries[9]["data"]["prompt"], "Hi \u{fffd}");
    // A flow's id is its name, a hyphen and eight digits.
    let flows: Vec<&str> = entries[10..13].iter().map(|entry| entry["flowId"].as_str().unwrap()).collect();
    let names: Vec<&str> = flows.iter().map(|id| id.rsplit_once('-').unwrap().0).collect();
    assert_eq!(names, ["(no name)", &format!("{}…", "x".repeat(40)), "caf\u{fffd}"], "{flows:?}");
    // Ids that are too long are those of the users that they were.
    let ids = |number: usize| {
        ["userId", "sessionId"].map(|name| entries[number][name].as_str().unwrap_or_default().to_owned())
    };
    let [first, second, again] = [13, 14, 15].map(ids);
    assert_eq!(first, again);
    assert_eq!(entries[15]["requestId"], first[0].as_str());
    assert_ne!(first, second);
    assert_ne!(ids(0), first);
    for id in [&first, &second, &ids(0)].into_iter().flatten() {
        assert!(id.chars().count() == 100 && id.contains('…'), "{id}");
    }

    assert_eq!(lines.len(), 6, "{lines:#?}");
    let id = lines[0].split(['=', ',']).nth(1).unwrap().to_owned();
    assert!(id.starts_with("order_17-"), "{id}");
    for (line, words) in [
        (0, "\"name\":\"caf\u{fffd}\""),
        (0, "\"tags\":{\"a\":\"null\"}"),
        (1, "\"k\u{fffd}\":\"v\""),
        (2, "\"metrics\":{\"m\":null}"),
        (3, "\"metadata\":{\"a\":\"null\"}"),
        (4, "\"name\":\"e\u{fffd}\""),
        (5, "action=end"),
    ] {
        assert!(lines[line].contains(words), "{words} is not in {}", lines[line]);
        assert!([2, 3].contains(&line) || lines[line].contains(&format!("{{id={id},")), "{}", lines[line]);
    }
}

#[test]
fn a_strict_logger_refuses_the_same_calls_and_passes_json_on_as_it_is() {
    let (entries, lines) = arrived("strict");
    assert_eq!(entries, [Value::Null; 0]);
    // A reader that decodes into UTF-8 cannot take half of a pair, so this request is no document to it.
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(r#""prompt":"Hi \ud83d""#), "{}", lines[0]);
}

#[test]
fn odd_values_are_kept_while_a_thread_or_the_process_ends() {
    let scratch = Scratch::new("at_exit");
    let (server, lines) = Server::writing("lines", &scratch);
    let output = std::process::Command::new(compile("tests/c/at_exit.c", &scratch))
        .env("MAXIM_BASE_URL", server.url())
        .env("MAXIM_API_KEY", format!("key-of{}", scratch.path().display()))
        .env("MAXIM_LOG_REPO_ID", "repo-1")
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let arrived = std::fs::read_to_string(lines).unwrap();
    for name in ["in-a-thread", "end-of-a-thread", "in-the-process", "end-of-the-process"] {
        assert!(arrived.contains(&format!(r#""{name}":"caf"#)), "{name} is not in {arrived}");
    }
}
