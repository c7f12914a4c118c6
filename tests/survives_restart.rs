//! Records that were accepted while the server was away, by a process that ended without a flush,
//! are sent by the next process: all of them, in order, none twice, whatever it logs itself.

mod common;

use std::time::Duration;

use common::host::{Host, HostProcess};
use common::{Server, nobody, run};

const RECORDS: u64 = 10_000;

#[test]
fn ten_thousand_records_outlive_their_process_and_an_absent_server() {
    let host = Host::new("tests/c/probe.c", "restart");
    let (url, port) = nobody();

    let said = run(&mut host.probe(&url, &["new", "log:10000", "accepted", "_exit:0"]));
    assert_eq!(said.trim(), format!("accepted {RECORDS}"));

    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let next = host.probe(&url, &["new", "wait", "cleanup:60000", "stats"]);
    let mut next = HostProcess::start(next);
    next.line();
    server.wait_for("lines", RECORDS, Duration::from_secs(120));
    next.tell();
    let stats = next.json();
    next.must_succeed();
    let writer = &server.sequences()["writers"]["w"];
    for (name, wanted) in
        [("count", RECORDS), ("unique", RECORDS), ("duplicates", 0), ("missing", 0), ("out_of_order", 0)]
    {
        assert_eq!(writer[name], wanted, "{name} in {writer}; the second process said {stats}");
    }
    assert_eq!(stats["adopted"], RECORDS, "{stats}");
    assert_eq!(stats["delivered"], RECORDS, "{stats}");
}

#[test]
fn what_a_dead_process_left_is_sent_beside_the_records_of_the_next() {
    // Entries go in batches of 100, so that there are ten, and of the second process's own another one
    // between them.
    const LEFT: u64 = 1_000;
    let host = Host::new("tests/c/probe.c", "beside");
    let (url, port) = nobody();
    let structured = ("PROBE_CLIENT", "structured");
    run(host.probe(&url, &["new", "log:1000", "_exit:0"]).envs([structured]));

    let server = Server::start(&["--port", &port, "--delay-ms", "200"]);
    let mut next = host.probe(&url, &["new", "wait", "log:1:own", "flush:60000", "wait"]);
    next.envs([structured]);
    let mut next = HostProcess::start(next);
    server.wait_for("entries", 1, Duration::from_secs(120));
    next.tell();
    server.wait_for("entries", LEFT + 1, Duration::from_secs(120));
    next.kill();
}
