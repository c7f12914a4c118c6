//! A file that cannot be opened for a while, or never again by this process, is no damage: its records stay held,
//! the calls say so, and they arrive when it can be read.
//!
//! Becoming somebody else and changing the root need root; without it the tests fail and say so.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::bench::{Row, Stage, nobody, shim, words};
use crate::common::{Server, both};

const RECORDS: u64 = 1_000;
/// What a file system says when it is not damaged.
const ERRORS: [i32; 4] = [libc::EIO, libc::EACCES, libc::ESTALE, libc::ETIMEDOUT];

fn control(stage: &Stage) -> PathBuf {
    stage.scratch.path().join("unreadable")
}

/// The environment of a process that meets the error which the control file holds: by this variable of the shim.
fn faults(stage: &Stage, variable: &'static str) -> [(&'static str, String); 2] {
    [
        ("LD_PRELOAD", shim(stage).to_str().unwrap().to_owned()),
        (variable, control(stage).to_str().unwrap().to_owned()),
    ]
}

/// Nothing can be opened.
const UNREADABLE: &str = "SHIM_UNREADABLE";
/// What can be opened cannot be read.
const UNREAD: &str = "SHIM_UNREAD";

/// All records are held, none is counted as corrupt.
fn assert_held(stats: &Value, records: u64) {
    assert_eq!((&stats["dropped_corrupt"], &stats["held"]), (&json!(0), &json!(records)), "{stats}");
}

fn arrived(server: &Server) -> Value {
    let totals = server.sequences()["totals"].clone();
    assert_eq!(totals["duplicates"], 0, "{totals}");
    totals["unique"].clone()
}

#[test]
fn own_records_in_files_wait_until_they_can_be_read() {
    let mut row = Row::new("own files cannot be opened for a while");
    for error in ERRORS {
        let stage = Stage::new("unreadable");
        let (url, port) = nobody();
        let verbs = words(
            "new log:1000 write-to-file:60000 expect:MAXIM_OK wait flush-until:MAXIM_ERR_IO:500 stats \
             wait flush:60000 expect:MAXIM_OK stats",
        );
        let mut host = stage.host(&url, &verbs, &faults(&stage, UNREADABLE));
        host.line();
        std::fs::write(control(&stage), error.to_string()).unwrap();
        let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
        host.tell();
        assert_held(&host.json(), RECORDS);
        host.line();
        std::fs::remove_file(control(&stage)).unwrap();
        host.tell();
        row.add_stats(&host.json());
        host.must_succeed();
        assert_eq!(arrived(&server), RECORDS, "error {error}");
    }
    assert_eq!(row.delivered, RECORDS * ERRORS.len() as u64);
}

#[test]
fn attachments_that_can_be_opened_and_not_read_wait() {
    let mut row = Row::new("attachments can be opened and not read for a while");
    for error in ERRORS {
        let stage = Stage::new("unread");
        let (url, port) = nobody();
        let file = stage.scratch.path().join("note.attached");
        std::fs::write(&file, "kept").unwrap();
        let attach_file = format!("attach-file:{}", file.to_str().unwrap());
        let logged = ["new", "attach:2:200000", &attach_file, "expect:MAXIM_OK"];
        let rest = words("wait flush-until:MAXIM_ERR_IO:500 stats wait flush:60000 expect:MAXIM_OK stats");
        let verbs: Vec<&str> = logged.into_iter().chain(rest.iter().copied()).collect();
        let mut host = stage.host(&url, &verbs, &faults(&stage, UNREAD));
        host.line();
        std::fs::write(control(&stage), error.to_string()).unwrap();
        let server = Server::start(&["--port", &port]);
        host.tell();
        let stats = host.json();
        assert_held(&stats, 3);
        assert_eq!(stats["quarantined"], 0, "{stats}");
        host.line();
        std::fs::remove_file(control(&stage)).unwrap();
        host.tell();
        row.add_stats(&host.json());
        host.must_succeed();
        assert_eq!(server.count("uploads"), 3, "error {error}");
    }
}

#[test]
fn what_a_dead_process_left_waits_until_it_can_be_read() {
    let mut row = Row::new("files of others cannot be opened, or not read, for a while");
    for (error, variable) in ERRORS.iter().flat_map(|error| [(error, UNREADABLE), (error, UNREAD)]) {
        let stage = Stage::new("unread-orphans");
        let (url, port) = nobody();
        let verbs = ["new", "log:1000", "write-to-file:60000", "expect:MAXIM_OK", "_exit:0"];
        assert!(stage.probe(&url, &verbs).status().unwrap().success());
        std::fs::write(control(&stage), error.to_string()).unwrap();
        let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
        let mut unlucky =
            stage.probe(&url, &["new", "told", "cleanup:2000", "expect:MAXIM_ERR_TIMEOUT", "stats"]);
        let output = unlucky.envs(faults(&stage, variable)).output().unwrap();
        assert!(output.status.success(), "{}", both(&output));
        assert!(both(&output).contains("cannot be read"), "nobody is told: {}", both(&output));
        let mut next = stage.probe(&url, &["new", "cleanup:60000", "expect:MAXIM_OK"]);
        assert!(next.status().unwrap().success());
        assert_eq!(arrived(&server), RECORDS, "error {error}, {variable}");
        row.accepted += RECORDS;
        row.delivered += RECORDS;
    }
}

/// A process that does something to itself once it has logged and written everything to files; then the service
/// comes.
fn changed_later(name: &'static str, change: &[&str], after: &[&str]) -> (Stage, Server, Value) {
    let stage = Stage::new(name);
    let (url, port) = nobody();
    let before = ["new", "log:1000:a", "write-to-file:60000", "expect:MAXIM_OK"];
    let verbs = [&before[..], change, &["log:1000:b", "wait"], after, &["stats"]].concat();
    let mut command = stage.probe(&url, &verbs);
    // The spool directory by a relative name.
    command.current_dir(stage.scratch.path()).env("MAXIM_SPOOL_DIR", "spool");
    let mut host = crate::common::host::HostProcess::start(command);
    host.line();
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    host.tell();
    let stats = host.json();
    host.must_succeed();
    (stage, server, stats)
}

#[test]
fn a_new_working_directory_or_root_takes_no_file_out_of_reach() {
    let mut row = Row::new("chdir and chroot after maxim_logger_new");
    for change in ["chdir:/", "chroot:/var/empty-for-maxim-test"] {
        std::fs::create_dir_all("/var/empty-for-maxim-test").unwrap();
        let after = ["flush:60000", "expect:MAXIM_OK"];
        let (_stage, server, stats) = changed_later("elsewhere", &[change], &after);
        row.add_stats(&stats);
        assert_eq!(arrived(&server), 2 * RECORDS, "{change}: {stats}");
    }
    let _ = std::fs::remove_dir("/var/empty-for-maxim-test");
}

#[test]
fn large_attachments_are_uploaded_from_under_another_root_and_wait_for_the_user_who_may_read_them() {
    let mut row = Row::new("chroot, and seteuid and back, with large attachments");
    std::fs::create_dir_all("/var/empty-for-maxim-test-of-files").unwrap();
    let flush = ["flush:60000", "expect:MAXIM_OK"];
    let back = [&["flush:900", "stats", "wait", "seteuid:0"], &flush[..]].concat();
    let cases = [("chroot:/var/empty-for-maxim-test-of-files", &flush[..]), ("seteuid:65534", &back)];
    for (change, after) in cases {
        let stage = Stage::new("files-elsewhere");
        let (url, port) = nobody();
        let verbs = [&["new", "attach:3:200000", change, "wait"], after, &["stats"]].concat();
        let mut host = stage.host(&url, &verbs, &[]);
        host.line();
        let server = Server::start(&["--port", &port]);
        host.tell();
        if after.len() > flush.len() {
            let stats = host.json();
            assert_eq!((&stats["quarantined"], &stats["held"]), (&json!(0), &json!(3)), "{stats}");
            host.line();
            host.tell();
        }
        let stats = host.json();
        row.add_stats(&stats);
        host.must_succeed();
        assert_eq!((server.count("uploads"), &stats["quarantined"]), (3, &json!(0)), "{change}: {stats}");
    }
    let _ = std::fs::remove_dir("/var/empty-for-maxim-test-of-files");
}

#[test]
fn a_process_that_becomes_somebody_else_for_a_while_loses_nothing() {
    let mut row = Row::new("seteuid and back after maxim_logger_new");
    let after = ["flush-until:MAXIM_ERR_IO:500", "seteuid:0", "flush:60000", "expect:MAXIM_OK"];
    let (_stage, server, stats) = changed_later("seteuid", &["seteuid:65534"], &after);
    row.add_stats(&stats);
    assert_eq!(arrived(&server), 2 * RECORDS, "{stats}");
}

#[test]
fn a_process_that_becomes_somebody_else_for_good_leaves_its_files_to_the_next() {
    let mut row = Row::new("setuid after maxim_logger_new");
    let after = ["cleanup:8000", "expect:MAXIM_ERR_IO"];
    let (stage, server, stats) = changed_later("setuid", &["setuid:65534"], &after);
    row.add_stats(&stats);
    assert_eq!(stats["dropped_corrupt"], 0, "{stats}");
    let verbs = ["new", "cleanup:60000", "expect:MAXIM_OK"];
    assert!(stage.probe(&server.url(), &verbs).status().unwrap().success());
    assert!(arrived(&server).as_u64().unwrap() >= RECORDS, "{stats}");
}
