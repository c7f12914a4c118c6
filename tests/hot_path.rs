//! What a log call does not do in the steady state: allocate, or enter the kernel (and so wake the
//! writer). Watched on the calling thread, in a C program that uses the release library.
//!
//! The counts stay within one segment of the spool: making the next one is a file, once in thousands
//! of records, and is not the steady state.

mod common;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use common::{Scratch, compile, probe, run};

/// A closed port: no server is needed.
const NOBODY: &str = "http://127.0.0.1:9";
const CALLS: [&str; 5] = ["tag", "span", "result", "info", "debug"];
/// With the warm-up, results of 2 KB stay below what wakes the writer.
const COUNT: &str = "50";

fn hot_path(program: &Path, scratch: &Scratch, arguments: &[&str]) -> Command {
    probe(program, NOBODY, &scratch.path().join(arguments.join("-")), arguments)
}

#[test]
fn a_call_allocates_nothing() {
    let scratch = Scratch::new("hot-path-allocations");
    let program = compile("tests/c/hot_path.c", &scratch);
    assert_eq!(run(&mut hot_path(&program, &scratch, &["control-allocation"])).trim(), "1");
    for call in CALLS {
        let counted = run(&mut hot_path(&program, &scratch, &["allocations", call, COUNT]));
        assert_eq!(counted.trim(), "0", "{call} allocates");
    }
}

#[test]
fn a_call_makes_no_system_call_and_wakes_nobody() {
    const SIGSYS: i32 = 31;
    let scratch = Scratch::new("hot-path-system-calls");
    let program = compile("tests/c/hot_path.c", &scratch);
    let control = hot_path(&program, &scratch, &["control-system-call"]).status().unwrap();
    assert_eq!(control.signal(), Some(SIGSYS), "the filter notices nothing");
    for call in CALLS {
        let status = hot_path(&program, &scratch, &["system-calls", call, COUNT]).status().unwrap();
        assert!(status.success(), "{call} makes a system call: {status}");
    }
}
