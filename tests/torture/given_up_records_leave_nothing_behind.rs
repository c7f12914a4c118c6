//! Records that nobody of their own came back for in 72 hours go, with their files, and are counted by
//! whoever logs next; younger ones stay for their own.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::bench::{Row, Stage, files_below, json_lines, nobody, wait_for_unique, wait_until};
use crate::common::Server;

/// More than the 72 hours that a record is kept, and than the nine in which a segment takes records.
const LONG_AGO: Duration = Duration::from_secs(100 * 3600);

#[test]
fn what_nobody_came_back_for_is_removed_and_counted() {
    let mut row = Row::new("records and files that nobody came back for");
    let stage = Stage::of_another_user("given-up");
    let (url, port) = nobody();
    let log = |repository: &str, end: &[&str]| {
        let verbs = [&["new", "log:50", "attach:3:200000", "stats"], end].concat();
        let mut host = stage.probe(&url, &verbs);
        host.env("PROBE_REPOSITORY", repository_of(&stage, repository));
        json_lines(&mut host)[0]["accepted"].as_u64().unwrap()
    };
    // First, as it would begin with the others' removal, and perhaps not come to its end.
    let young = log("young", &["_exit:0"]);
    let young_places = places(&stage);
    // One leaves its records in memory, the other in the spool directory; both leave files there.
    let cleaned = log("cleaned", &["cleanup:3000"]);
    let old = log("killed", &["_exit:0"]) + cleaned;
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
    // Another one of these processes may have been first.
    let removed = stats["dropped_expired"].as_u64().unwrap();
    assert!((cleaned..=old).contains(&removed), "{removed} of {old}, {cleaned} of them in files: {stats}");
    row.dropped = old;

    let itself = [("PROBE_REPOSITORY", repository_of(&stage, "young"))];
    let mut host = stage.host(&url, &["new", "attach:1:10", "wait", "flush-log-files:60000"], &itself);
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

/// As if everything in a directory had been noted as that old, and the machine been started again since.
fn age(directory: &Path) {
    // What its process was still making when it ended has gone by then: whoever sees it for an hour removes it.
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with(".new-") {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    for path in files_below(directory) {
        if path.extension().is_some_and(|extension| extension == "seg") {
            let mut bytes = std::fs::read(&path).unwrap();
            // Its process ended while it was making it.
            if bytes.len() < STAMP_AT + STAMP_LEN {
                continue;
            }
            let salt = u32::from_le_bytes(bytes[SALT_AT..SALT_AT + 4].try_into().unwrap());
            bytes[STAMP_AT..STAMP_AT + STAMP_LEN].copy_from_slice(&stamp(salt));
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let files = std::fs::read_dir(directory.join("attachments")).into_iter().flatten().flatten();
    let lines = files.map(|file| format!("0 {}\n", file.file_name().to_str().unwrap())).collect::<String>();
    if !lines.is_empty() {
        let ages = directory.join("attachments.ages");
        std::fs::write(&ages, [&stamp(0)[..], lines.as_bytes()].concat()).unwrap();
        let owner = std::fs::metadata(directory).unwrap();
        chown(&ages, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}

/// The layout of a segment: see `src/spool/mod.rs`.
const SALT_AT: usize = 12;
const STAMP_AT: usize = 336;
const STAMP_LEN: usize = 32;

/// A stamp of an unknown boot.
fn stamp(salt: u32) -> [u8; STAMP_LEN] {
    let mut stamp = [0; STAMP_LEN];
    stamp[24..28].copy_from_slice(&(LONG_AGO.as_secs() as u32).to_le_bytes());
    let check = crc32c::crc32c_append(salt, &stamp[..28]);
    stamp[28..].copy_from_slice(&check.to_le_bytes());
    stamp
}
