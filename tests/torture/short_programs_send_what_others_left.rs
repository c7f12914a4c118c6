//! Where every process is short (a command line, cron, CI), each sends what the one before left, or says how much
//! it could not send.

use serde_json::json;

use crate::bench::{Client, Row, Stage, for_all_clients, json_lines, nobody, scaled};
use crate::common::{Server, both};

for_all_clients! {
    one_record_and_a_cleanup_send_what_a_killed_process_left
    a_cleanup_without_the_time_for_it_says_how_much_is_left
}

const LEFT: u64 = 1_000;

fn leave_records(stage: &Stage, url: &str) {
    let killed = stage.probe(url, &["new", format!("log:{LEFT}:left").as_str(), "kill"]).status().unwrap();
    assert!(!killed.success());
}

fn one_record_and_a_cleanup_send_what_a_killed_process_left(client: Client) {
    let mut row = Row::of("one record and a cleanup after a SIGKILL", client);
    let rounds = scaled(6, 48);
    for round in 0..rounds {
        let stage = Stage::of("short", client);
        let (url, port) = nobody();
        leave_records(&stage, &url);
        let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
        let verbs = ["new", "log:1:own", "cleanup:60000", "expect:MAXIM_OK", "stats"];
        let stats = json_lines(&mut stage.probe(&url, &verbs)).remove(0);
        row.add_stats(&stats);
        let totals = server.sequences()["totals"].clone();
        let expected = (&json!(LEFT + 1), &json!(0));
        assert_eq!((&totals["unique"], &stats["held"]), expected, "round {round}: {totals}; {stats}");
        assert!(totals["duplicates"] == 0 || client.repeats(), "round {round}: {totals}; {stats}");
    }
    row.note = format!("{rounds} times");
}

fn a_cleanup_without_the_time_for_it_says_how_much_is_left(client: Client) {
    let mut row = Row::of("cleanup without time for what others left", client);
    let stage = Stage::of("late", client);
    let (url, port) = nobody();
    leave_records(&stage, &url);
    // No answer comes in time.
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1", "--delay-ms", "5000"]);
    let verbs = ["new", "log:1:own", "cleanup:1000", "expect:MAXIM_ERR_TIMEOUT", "stats"];
    let output = stage.probe(&url, &verbs).output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    let said = String::from_utf8_lossy(&output.stdout);
    let stats: serde_json::Value = said.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap();
    row.add_stats(&stats);
    assert!(row.held > 0, "{stats}");
    server.control(json!({"delay_ms": 0}));
    let verbs = ["new", "cleanup:60000", "expect:MAXIM_OK"];
    assert!(stage.probe(&url, &verbs).status().unwrap().success());
    assert_eq!(server.sequences()["totals"]["unique"], LEFT + 1);
}

#[test]
fn what_a_flush_or_a_cleanup_leaves_is_told_with_its_attachments() {
    let mut row = Row::new("lines and attachments that a flush and a cleanup leave");
    let stage = Stage::new("all-that-is-held");
    let (url, _) = nobody();
    for way in ["flush:300", "cleanup:300"] {
        // The probe says why a call was not answered as it expects.
        let verbs = ["new", "log:100", "attach:3:200000", way, "expect:MAXIM_OK"];
        let repository = format!("{}-{}", stage.scratch.path().file_name().unwrap().display(), &way[..5]);
        let output = stage.probe(&url, &verbs).env("PROBE_REPOSITORY", repository).output().unwrap();
        let said = both(&output);
        assert!(
            said.contains("100 records (") && said.contains("; attachments: 3 records ("),
            "{way}: {said}"
        );
        row.accepted += 103;
        row.held += 103;
    }
}
