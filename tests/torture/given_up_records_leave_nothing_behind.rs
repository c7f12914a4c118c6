//! Records that nobody of their own came back for in 72 hours go, with their files, and are counted by
//! whoever logs next; younger ones stay for their own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::bench::{Row, Stage, files_below, json_lines, nobody, shim, wait_for_unique, wait_until};
use crate::common::Server;

/// More than the 72 hours that a record is kept, and than the nine in which a segment takes records.
const LONG_AGO: Duration = Duration::from_secs(100 * 3600);

#[test]
fn what_nobody_came_back_for_is_removed_and_counted() {
    let mut row = Row::new("records and files that nobody came back for");
    let stage = Stage::new("given-up");
    let (url, port) = nobody();
    let log = |repository: &str, end: &[&str], env: &[(&str, String)]| {
        let verbs = [&["new", "log:50", "attach:3:200000", "stats"], end].concat();
        let mut host = stage.probe(&url, &verbs);
        host.env("PROBE_REPOSITORY", repository_of(&stage, repository)).envs(env.to_vec());
        json_lines(&mut host)[0]["accepted"].as_u64().unwrap()
    };
    let late = [
        ("LD_PRELOAD", shim(&stage).to_str().unwrap().to_owned()),
        ("SHIM_CLOCK_LATE", LONG_AGO.as_secs().to_string()),
    ];
    // First, as it would begin with the others' removal, and perhaps not come to its end.
    let young = log("young", &["_exit:0"], &[]);
    let young_places = places(&stage);
    // One leaves its records in memory, the other in the spool directory; both leave files there.
    let cleaned = log("cleaned", &["cleanup:500"], &late);
    let old = log("killed", &["_exit:0"], &late) + cleaned;
    let mut old_places = places(&stage);
    old_places.retain(|place| !young_places.contains(place));
    old_places.iter().for_each(|place| age(place));
    row.accepted = old + young;

    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let someone = repository_of(&stage, "someone");
    let mut host = stage.host(&url, &["new", "wait", "stats"], &[("PROBE_REPOSITORY", someone)]);
    host.line();
    wait_until("what is too old is gone", || old_places.iter().all(|place| !place.exists()));
    host.tell();
    let stats: Value = host.json();
    host.must_succeed();
    assert_eq!(stats["adopted"], stats["dropped_expired"], "{stats}");
    // Memory is shared with this user's other loggers, of which any may have been first.
    let removed = stats["dropped_expired"].as_u64().unwrap();
    assert!((cleaned..=old).contains(&removed), "{removed} of {old}, {cleaned} of them in files: {stats}");
    row.dropped = old;

    let itself = [("PROBE_REPOSITORY", repository_of(&stage, "young"))];
    let mut host = stage.host(&url, &["new", "attach:1:10", "wait", "flush-log-files:20000"], &itself);
    host.line();
    wait_for_unique(&server, 50);
    wait_until("its files have arrived", || server.count("uploads") == 4);
    host.tell();
    host.must_succeed();
    row.delivered = server.sequences()["totals"]["unique"].as_u64().unwrap() + 3;
    assert_eq!(row.delivered, young);
}

fn repository_of(stage: &Stage, name: &str) -> String {
    format!("{}-{name}", stage.scratch.path().file_name().unwrap().to_str().unwrap())
}

/// The directories that this test's identities have in shared memory and in the spool directory.
fn places(stage: &Stage) -> Vec<PathBuf> {
    let cold = std::fs::read_dir(&stage.spool).unwrap().flatten().map(|entry| entry.path());
    stage.hot_directories().into_iter().chain(cold).filter(|place| place.exists()).collect()
}

/// Nothing in a directory has changed since.
fn age(directory: &Path) {
    let then = SystemTime::now() - LONG_AGO;
    let files = files_below(directory);
    let parents = files.iter().filter_map(|file| file.parent().map(Path::to_owned));
    let all: Vec<PathBuf> = parents.chain(files.clone()).chain([directory.to_owned()]).collect();
    for path in all {
        File::open(path).unwrap().set_modified(then).unwrap();
    }
}
