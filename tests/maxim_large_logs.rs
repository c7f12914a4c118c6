//! Lines too large for a batch, through the C ABI: they go through the storage, in their place among the
//! others, also after an outage and from a killed process.

mod common;

use std::path::PathBuf;

use common::vectors::recorded;
use common::{Scratch, Server, compile, probe, run};
use serde_json::{Value, json};

/// A line of 921,600 bytes and less is sent as it is (wire protocol: 900 KiB).
const LARGEST_PLAIN_LINE: u64 = 900 << 10;
/// All of the line but the text: `trace{id=t-1,action=update,data={"tags":{"text":"…"}}}`.
const AROUND_TEXT: u64 = 53;
const LARGE: u64 = 1_500_000;

struct Host {
    scratch: Scratch,
    server: Server,
    program: PathBuf,
}

impl Host {
    fn new(name: &str, flags: &[&str]) -> Host {
        let scratch = Scratch::new(name);
        let record = scratch.path().join("record");
        let program = compile("tests/c/uploads.c", &scratch);
        let mut all = vec!["--record", record.to_str().unwrap(), "--check-seq", "--seq-start", "1"];
        all.extend(flags);
        Host { server: Server::start(&all), scratch, program }
    }

    fn command(&self, verbs: &[&str]) -> std::process::Command {
        probe(&self.program, &self.server.url(), &self.scratch.path().join("spool"), verbs)
    }

    /// What arrived, in order: the marked number of a line, or of the upload that a storage line names.
    fn order(&self) -> Vec<u64> {
        let mut uploaded = std::collections::HashMap::new();
        let mut order = Vec::new();
        for request in recorded(&self.scratch.path().join("record")) {
            let accepted = request["status"] == 200;
            let target = request["target"].as_str().unwrap();
            let body = request["body"].as_str().unwrap_or_default();
            if request["method"] == "PUT" && accepted {
                assert_eq!(request["headers"]["content-type"], "text/plain");
                assert!(body.starts_with("trace{id=t-1,action=update,data={") && body.ends_with('}'));
                uploaded.insert(target.strip_prefix("/upload/").unwrap().to_owned(), mark(body));
            } else if target.starts_with("/api/sdk/v3/log?") && accepted {
                order.extend(body.lines().map(|line| match line.strip_prefix("storage{id=") {
                    Some(storage) => uploaded[&key(storage)],
                    None => mark(line),
                }));
            }
        }
        order
    }
}

/// The key that a storage line names; it must have the line's own id.
fn key(storage: &str) -> String {
    let (id, rest) = storage.split_once(",action=process-large-log,data=").unwrap();
    let data: Value = serde_json::from_str(rest.strip_suffix('}').unwrap()).unwrap();
    assert_eq!(data, json!({"key": format!("repo-1/large-logs/{id}")}));
    data["key"].as_str().unwrap().to_owned()
}

fn mark(line: &str) -> u64 {
    let (_, rest) = line.split_once("seq-w-").unwrap();
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
fn a_line_above_900_kib_goes_through_the_storage_and_one_below_does_not() {
    let host = Host::new("large-limit", &[]);
    let text = LARGEST_PLAIN_LINE - AROUND_TEXT;
    let verbs = ["new", &format!("line:1:{text}"), &format!("line:1:{}", text + 1), "flush:30000", "stats"];
    let said = run(&mut host.command(&verbs));
    assert!(said.contains("\"accepted\":2,\"adopted\":0,\"delivered\":2,\"held\":0"), "{said}");
    assert_eq!(host.server.count("uploads"), 1);
    assert_eq!(host.server.count("upload_bytes"), LARGEST_PLAIN_LINE + 1);
    assert_eq!(host.server.count("lines"), 2);
    assert_eq!(host.server.count("credential_leaks"), 0);
    assert_eq!(host.order(), [1, 2]);
}

#[test]
fn large_lines_keep_their_place_after_an_outage() {
    let host = Host::new(
        "large-outage",
        &["--upload-url-fail", "500:2", "--upload-fail", "500:1", "--upload-drop", "1"],
    );
    let large = format!("line:1:{LARGE}");
    let verbs =
        ["new", "line:5:100", &large, "line:5:100", &large, "line:5:100", "flush:60000", "expect:MAXIM_OK"];
    run(&mut host.command(&verbs));
    assert_eq!(host.server.count("uploads"), 2);
    assert_eq!(host.order(), (1..=17).collect::<Vec<u64>>());
}

#[test]
fn a_killed_process_leaves_its_large_lines_to_the_next() {
    let host = Host::new("large-killed", &["--upload-fail", "500:1000000"]);
    let large = format!("line:2:{LARGE}");
    let killed = host.command(&["new", &large, "line:3:100", "flush:300", "kill"]).status().unwrap();
    assert!(!killed.success(), "the process was to be killed");
    assert_eq!(host.server.count("lines"), 0);
    host.server.control(json!({"upload_fail": null}));
    // The system may still be busy taking the killed process down; then a later logger finds it.
    for _ in 0..10 {
        run(&mut host.command(&["new", "flush-log-files:30000", "cleanup:30000"]));
        if host.server.count("lines") > 0 {
            break;
        }
    }
    assert_eq!(host.server.count("uploads"), 2);
    assert_eq!(host.order(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_text_of_64_mebibytes_is_delivered_and_one_that_makes_a_larger_record_is_refused() {
    const TEXT: u64 = 64 << 20;
    /// What a record may have on top: the rest of the line.
    const SLACK: u64 = 64 << 10;
    let host = Host::new("large-most", &[]);
    let fits = format!("line:1:{TEXT}");
    let too_large = format!("line:1:{}", TEXT + SLACK - AROUND_TEXT + 1);
    let verbs = [
        "new",
        &too_large,
        "expect:MAXIM_ERR_TOO_LARGE",
        &fits,
        "expect:MAXIM_OK",
        "flush:60000",
        "expect:MAXIM_OK",
    ];
    run(&mut host.command(&verbs));
    assert_eq!(host.server.count("uploads"), 1);
    assert_eq!(host.server.count("upload_bytes"), TEXT + AROUND_TEXT);
}
