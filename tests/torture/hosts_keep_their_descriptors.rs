//! A host closes descriptors that it does not know, as programs do that become daemons, and has their numbers used
//! for something else: that is neither written to nor closed, and no record is lost or sent by somebody else. A host
//! that has closed its standard ones writes to none of ours.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde_json::json;

use crate::bench::{
    Client, Row, Stage, files_below, for_both_clients, json_lines, nobody, wait_until, words,
};
use crate::common::{Server, both};

for_both_clients! {
    what_has_the_numbers_of_our_descriptors_is_left_alone
    a_host_without_standard_descriptors_writes_into_nothing_of_ours
}

fn a_host_without_standard_descriptors_writes_into_nothing_of_ours(client: Client) {
    let mut row = Row::of("standard input, output and error closed before the start", client);
    let stage = Stage::of("standard", client);
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let verbs = words(
        "close-standard new log:1000:a write-standard flush:60000 expect:MAXIM_OK write-standard \
         log:1000:b write-standard cleanup:60000 expect:MAXIM_OK restore-standard stats free",
    );
    row.add_stats(&json_lines(&mut stage.probe(&server.url(), &verbs))[0]);
    assert_eq!((row.accepted, row.delivered), (2_000, 2_000));
    assert_eq!(client.records_of(&server), 2_000);
}

fn what_has_the_numbers_of_our_descriptors_is_left_alone(client: Client) {
    let mut row = Row::of("every descriptor closed and its number used again", client);
    let stage = Stage::of("numbers", client);
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let verbs = words(
        "new log:1000:a flush:60000 expect:MAXIM_OK take-descriptors:sockets log:1000:b flush:60000 \
         expect:MAXIM_OK own-descriptors take-descriptors log:1000:c write-to-file:60000 \
         cleanup:60000 expect:MAXIM_OK own-descriptors stats free own-descriptors",
    );
    // Only a Maxim logger writes what it holds to files.
    let verbs = verbs.iter().filter(|verb| client == Client::Maxim || !verb.starts_with("write"));
    row.add_stats(&json_lines(&mut stage.probe(&server.url(), &verbs.collect::<Vec<_>>()))[0]);
    assert_eq!((row.accepted, row.delivered), (3_000, 3_000));
    assert_eq!(client.records_of(&server), 3_000);
}

/// Whether somebody holds the lock file, without a try to take it, which would be in the owner's way.
fn is_locked(path: &PathBuf) -> bool {
    let Ok(found) = std::fs::metadata(path) else { return false };
    let inode = format!(":{} ", found.ino());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    locks.lines().any(|line| line.contains("FLOCK") && line.contains(&inode))
}

#[test]
fn a_lock_that_the_host_has_closed_is_taken_again_before_others_take_the_records() {
    let mut row = Row::new("the lock's descriptor closed by the host");
    let stage = Stage::new("closed-lock");
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let url = server.url();
    server.control(json!({"status": 503}));
    let verbs = ["new", "log:1000:a", "wait", "take-descriptors", "wait", "cleanup:60000", "stats"];
    let mut host = stage.host(&url, &verbs, &[]);
    host.line();
    let locks = || -> Vec<PathBuf> {
        let mut files = files_below(&stage.spool);
        stage.hot_directories().iter().for_each(|directory| files.extend(files_below(directory)));
        files.into_iter().filter(|path| path.ends_with("lock")).collect()
    };
    assert!(!locks().is_empty() && locks().iter().all(is_locked));
    host.tell();
    host.line();
    wait_until("every lock is held again", || locks().iter().all(is_locked));

    let other = json_lines(&mut stage.probe(&url, &["new", "flush-log-files:2000", "stats"]));
    assert_eq!(other[0]["adopted"], 0, "the records of a living owner were taken: {}", other[0]);
    server.control(json!({"status": null}));
    host.tell();
    row.add_stats(&host.json());
    host.must_succeed();
    assert_eq!((row.accepted, row.delivered, row.dropped), (1_000, 1_000, 0));
    assert_eq!(server.sequences()["totals"]["duplicates"], 0);
}

/// A process ends by `_exit` after its verbs, with no service; then what it logged arrives through another one.
fn arrives_through_the_next_process(mut row: Row, verbs: &str, records: u64) {
    let stage = Stage::new("late-descriptors");
    let (url, port) = nobody();
    let logged = stage.probe(&url, &words(verbs)).output().unwrap();
    assert!(logged.status.success(), "{}", both(&logged));
    row.accepted = records;
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    stage.adopt_all(&url, &server, records);
    row.delivered = server.sequences()["totals"]["unique"].as_u64().unwrap();
    assert_eq!(row.delivered, records);
}

#[test]
fn a_logger_made_without_descriptors_writes_to_files_when_there_are_some() {
    let row = Row::new("no descriptor when the logger is made, some later");
    let verbs =
        "few-descriptors new expect:MAXIM_OK log:1000:a free-descriptors until-files log:1000:b _exit:0";
    arrives_through_the_next_process(row, verbs, 2_000);
}

#[test]
fn a_child_without_descriptors_writes_to_files_when_there_are_some() {
    let row = Row::new("no descriptor at a forked child's first calls, some later");
    let verbs = "new expect:MAXIM_OK log:100:p child-without-descriptors:1000 log:100:q _exit:0";
    arrives_through_the_next_process(row, verbs, 2_200);
}
