//! Clocks may be years off, in the process that logs, in the one that comes next and in those of other programs:
//! no record is taken for old because of that.

use crate::bench::{Row, Stage, files_below, json_lines, nobody, scaled, shim, wait_for_unique, wait_until};
use crate::common::Server;

/// Clocks that are off, by how many seconds they are late.
const OFF: [(&str, &str); 7] = [
    ("right", ""),
    ("SHIM_CLOCK_LATE", "345600"),
    ("SHIM_CLOCK_LATE", "315360000"),
    ("SHIM_CLOCK_LATE", "-345600"),
    ("SHIM_CLOCK_LATE", "-315360000"),
    ("SHIM_BOOT_LATE", "315360000"),
    ("SHIM_BOOT_LATE", "-315360000"),
];

/// Records and files that a process leaves.
const RECORDS: u64 = 53;

#[test]
fn a_clock_that_is_off_removes_no_record_of_anybody() {
    let mut row = Row::new("clocks that are 4 days and 10 years off, of 3 processes");
    for at in (0..OFF.len()).step_by(scaled(2, 1)) {
        // Of the one that leaves records, of another program, and of the next of the first one's.
        for whose in 0..3 {
            let off = |process| if process == whose { OFF[at] } else { OFF[0] };
            all_is_delivered(&mut row, [off(0), off(1), off(2)]);
            if at == 0 {
                break;
            }
        }
    }
}

fn all_is_delivered(row: &mut Row, clocks: [(&'static str, &str); 3]) {
    let stage = Stage::new("clocks");
    let shim = shim(&stage).to_str().unwrap().to_owned();
    let with = |clock: (&'static str, &str)| [("LD_PRELOAD", shim.clone()), (clock.0, clock.1.to_owned())];
    let (url, port) = nobody();
    let mut leaves = stage.probe(&url, &["new", "log:50", "attach:3:200000", "stats", "_exit:0"]);
    let accepted = json_lines(leaves.envs(with(clocks[0])))[0]["accepted"].as_u64().unwrap();
    assert_eq!(accepted, RECORDS);
    row.accepted += accepted;

    let somebody = format!("{}-other", stage.scratch.path().file_name().unwrap().to_str().unwrap());
    let mut other = stage.probe(&url, &["new", "log:1", "cleanup:200", "stats"]);
    json_lines(other.env("PROBE_REPOSITORY", somebody).envs(with(clocks[1])));
    assert_eq!(attachments(&stage), 3, "{clocks:?}");

    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let mut next = stage.host(&url, &["new", "wait", "cleanup:60000", "stats"], &with(clocks[2]));
    next.line();
    wait_for_unique(&server, 50);
    wait_until("the files have arrived", || server.count("uploads") == 3);
    next.tell();
    let stats = next.json();
    next.must_succeed();
    // Other tests' records may have been too old, and are counted here then.
    let count = |name: &str| stats[name].as_u64().unwrap();
    assert_eq!(count("adopted") - count("dropped_expired"), accepted, "{clocks:?}: {stats}");
    row.delivered += server.sequences()["totals"]["unique"].as_u64().unwrap() + 3;
}

/// The files of attachments in the spool directory.
fn attachments(stage: &Stage) -> usize {
    let is_one =
        |path: &std::path::PathBuf| path.parent().is_some_and(|parent| parent.ends_with("attachments"));
    files_below(&stage.spool).iter().filter(|path| is_one(path)).count()
}
