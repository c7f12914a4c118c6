//! What a log call does not do: allocate, enter the kernel, wake the writer. Watched on the calling
//! thread, in a C program that uses the release library.
//!
//! Within one segment of the spool nothing of it happens at all, but for one thing: a call that finds the
//! writer in the spool's lock waits for it, which is `sched_yield` a few times and then sleeps. That
//! comes from the writer's looks, not from the records, and mostly not at all. Nobody is woken when a lock is
//! given back. Over many segments, work is done for each of them: half a segment wakes the writer up, and where
//! it has not prepared the next one in time, the caller makes it.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use common::{Scratch, Server, compile, probe, run};

/// A closed port: no server is needed.
const NOBODY: &str = "http://127.0.0.1:9";
/// The calls, each as often as stays, with the warm-up, below half a segment: that wakes the writer.
const CALLS: [(&str, &str); 5] =
    [("tag", "2000"), ("span", "1000"), ("result", "200"), ("info", "1000"), ("debug", "2000")];
/// For a wait: 8 times `sched_yield`, and as many sleeps as it takes for the writer to have a processor again, which
/// may be interrupted with the lock in its hands. It looks every few milliseconds.
const WAITS: u64 = 4 * (8 + 12);

/// What wakes the writer up in each segment: twice half of it, the spare that was taken, and what is left of a half when
/// the writer has looked in between.
const RINGS: u64 = 4;
/// A long stretch, and how many tags at least a segment of 1 MiB takes.
const MANY: u64 = 2_000_000;
const TAGS_A_SEGMENT: u64 = 8_000;

fn hot_path(program: &Path, server: &str, scratch: &Scratch, arguments: &[&str]) -> Command {
    probe(program, server, &scratch.path().join(arguments.join("-")), arguments)
}

/// The system calls of the calling thread, by kind.
fn system_calls(command: &mut Command) -> BTreeMap<String, u64> {
    let counts = run(command);
    let counts = counts.lines().map(|line| line.split_once(' ').unwrap());
    counts.map(|(kind, count)| (kind.to_owned(), count.parse().unwrap())).collect()
}

#[test]
fn a_call_allocates_nothing() {
    let scratch = Scratch::new("hot-path-allocations");
    let program = compile("tests/c/hot_path.c", &scratch);
    let counted = |arguments: &[&str]| run(&mut hot_path(&program, NOBODY, &scratch, arguments));
    assert_eq!(counted(&["control-allocation"]).trim(), "1");
    for (call, count) in CALLS {
        assert_eq!(counted(&["allocations", call, count]).trim(), "0", "{call} allocates");
    }
}

#[test]
fn a_call_makes_no_system_call_and_wakes_nobody() {
    let scratch = Scratch::new("hot-path-system-calls");
    let program = compile("tests/c/hot_path.c", &scratch);
    let seen = |arguments: &[&str]| system_calls(&mut hot_path(&program, NOBODY, &scratch, arguments));
    let control = seen(&["control-system-call"]);
    assert_eq!(control.values().sum::<u64>(), 1, "the filter saw {control:?}, not one getppid");
    for (call, count) in CALLS {
        let seen = seen(&["system-calls", call, count]);
        let is_waiting = seen.keys().all(|kind| ["yield", "wait"].contains(&kind.as_str()));
        assert!(is_waiting && seen.values().sum::<u64>() <= WAITS, "{call} makes system calls: {seen:?}");
    }
}

#[test]
fn millions_of_calls_wake_the_writer_and_enter_the_kernel_once_in_hundreds_of_records() {
    let scratch = Scratch::new("hot-path-many");
    let program = compile("tests/c/hot_path.c", &scratch);
    let server = Server::start(&["--mode", "count"]);
    let (many, segments) = (MANY.to_string(), MANY / TAGS_A_SEGMENT);

    let seen =
        system_calls(&mut hot_path(&program, &server.url(), &scratch, &["system-calls", "tag", &many]));
    // The wake-up, and nothing else: giving back a lock wakes nobody.
    let wakes = seen.get("wake").copied().unwrap_or(0);
    assert!((1..=RINGS * segments).contains(&wakes), "{wakes} wake-ups for {segments} segments: {seen:?}");
    // A segment that the caller makes takes a dozen; each wait some twenty.
    let all = seen.values().sum::<u64>();
    assert!(all <= 64 * segments, "{all} system calls for {segments} segments: {seen:?}");

    let allocations = run(&mut hot_path(&program, &server.url(), &scratch, &["allocations", "tag", &many]));
    let allocations: u64 = allocations.trim().parse().unwrap();
    assert!(allocations <= 16 * segments, "{allocations} allocations for {segments} segments");
}
