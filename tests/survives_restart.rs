//! Records that were accepted while the server was away, by a process that ended without a flush,
//! are sent by the next process: all of them, in order, none twice.

mod common;

use std::time::Duration;

use common::{Scratch, Server, compile, probe, run};

const RECORDS: u64 = 10_000;

#[test]
fn ten_thousand_records_outlive_their_process_and_an_absent_server() {
    let scratch = Scratch::new("restart");
    let program = compile("tests/c/probe.c", &scratch);
    let spool = scratch.path().join("spool");
    // A port that a server had, and has no more.
    let gone = Server::start(&[]);
    let (url, port) = (gone.url(), gone.port.to_string());
    drop(gone);

    let said = run(&mut probe(&program, &url, &spool, &["new", "log:10000", "accepted", "_exit:0"]));
    assert_eq!(said.trim(), format!("accepted {RECORDS}"));

    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let next = run(&mut probe(&program, &url, &spool, &["new", "sleep:200", "cleanup:20000", "stats"]));
    server.wait_for("lines", RECORDS, Duration::from_secs(20));
    let writer = &server.sequences()["writers"]["w"];
    for (name, wanted) in
        [("count", RECORDS), ("unique", RECORDS), ("duplicates", 0), ("missing", 0), ("out_of_order", 0)]
    {
        assert_eq!(writer[name], wanted, "{name} in {writer}; the second process said {next}");
    }
    let stats: serde_json::Value = serde_json::from_str(&next).unwrap();
    assert_eq!(stats["adopted"], RECORDS, "{stats}");
    assert_eq!(stats["delivered"], RECORDS, "{stats}");
}
