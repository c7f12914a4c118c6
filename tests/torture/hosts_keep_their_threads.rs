//! A host's own threads end when the host ends them, and wait for nobody: neither a signal that a system call
//! of ours raises, nor a cancellation in the middle of a call, nor want of randomness takes the process or a
//! thread of it down.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::bench::{Row, Stage, files_below, json_lines, shim};
use crate::common::host::HostProcess;
use crate::common::{Scratch, Server, built, compile_into, compile_with, library, nobody, root, run};

/// The program, for one test, and what it needs.
struct Host {
    scratch: Scratch,
    program: PathBuf,
    server: Server,
}

impl Host {
    fn new(name: &str) -> Host {
        Host::of("tests/c/hostile_host.c", name)
    }

    fn of(source: &str, name: &str) -> Host {
        let scratch = Scratch::new(name);
        let program = compile_into(source, scratch.path(), &library("lib/libmaxim.so"));
        Host { scratch, program, server: Server::start(&[]) }
    }

    /// With the release library in any case: another build's frames on the stack say nothing.
    fn of_release(source: &str, name: &str) -> Host {
        let scratch = Scratch::new(name);
        let program = compile_with(source, &scratch, &built("lib/libmaxim.so"));
        Host { scratch, program, server: Server::start(&[]) }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let name = self.scratch.path().file_name().unwrap();
        command.args(words).env("MAXIM_BASE_URL", self.server.url()).env("MAXIM_LOG_REPO_ID", name);
        command
            .env("MAXIM_API_KEY", "key-of-a-hostile-host")
            .env("MAXIM_SPOOL_DIR", self.scratch.path().join("spool"));
        command
    }

    /// Lets it do something, which must go well.
    fn run(&self, words: &[&str]) -> Vec<Value> {
        json_lines(&mut self.command(words))
    }
}

/// What arrived of one run, all of it: `records` marked lines or one upload.
fn all_delivered(row: &mut Row, numbers: &Value, records: u64) {
    row.add_stats(numbers);
    assert_eq!(
        (&numbers["accepted"], &numbers["delivered"]),
        (&records.into(), &records.into()),
        "{numbers}"
    );
}

#[test]
fn a_limit_on_the_size_of_files_is_as_a_full_disk() {
    let mut row = Row::new("RLIMIT_FSIZE of 64 KiB, in 5 places");
    for (place, records) in [("new", 50_000), ("log", 50_000), ("attach", 2), ("large", 1), ("images", 3)] {
        let host = Host::new("file-size");
        all_delivered(&mut row, &host.run(&["file-size", place])[0], records);
    }
}

#[test]
fn a_thread_is_cancelled_after_a_call_and_never_in_it() {
    let mut row = Row::new("pthread_cancel in 6 calls");
    for (place, records) in
        [("new", 1), ("log", 100_001), ("attach", 21), ("large", 2), ("flush", 2), ("cleanup", 1)]
    {
        let host = Host::new("cancelled");
        all_delivered(&mut row, &host.run(&["cancelled", place])[0], records);
    }
}

#[test]
fn a_callback_may_do_what_it_likes_and_nobody_waits_for_it_without_a_bound() {
    let mut row = Row::new("callbacks that exit their thread, hang, fork, free and clean up");
    for how in ["pthread_exit", "slow", "fork", "free-other", "free-itself", "cleanup"] {
        let host = Host::new("callback");
        let mut command = host.command(&["callback", how]);
        // Nobody answers there, which is what is told.
        command.env("MAXIM_BASE_URL", nobody().0);
        for line in json_lines(&mut command) {
            row.note = format!("free gives up after {} s", line["seconds"]);
        }
    }
}

#[test]
fn a_debug_callback_that_logs_is_not_called_for_its_own_refusals() {
    let mut row = Row::new("debug callback that logs, and calls wrongly");
    let host = Host::new("debug-that-logs");
    json_lines(&mut host.command(&["debug-that-logs"]));
    row.note = "quiet after cleanup".to_owned();
}

#[test]
fn a_callback_that_ends_or_cancels_its_thread_is_called_again_and_harms_nobody() {
    let mut row = Row::new("callbacks that exit and cancel their thread");
    let mut calls = 0;
    for callback in ["error", "debug", "flush", "mask"] {
        for how in ["exit", "cancel", "pending"] {
            if (callback, how) == ("mask", "exit") {
                // The header: it must return.
                continue;
            }
            let host = Host::of("tests/c/ended_callback.c", "ended");
            let mut command = host.command(&[callback, how]);
            if matches!(callback, "error" | "debug") {
                // Nobody answers there, which is what is told.
                command.env("MAXIM_BASE_URL", nobody().0);
            }
            calls += json_lines(&mut command)[0]["calls"].as_u64().unwrap();
        }
    }
    row.note = format!("{calls} calls");
}

/// The header: no call needs more. A thread's stack has to have room for the host's own frames beside.
const STACK_BYTES: usize = 16 * 1024;

#[test]
fn no_call_needs_more_of_the_stack_than_the_header_says() {
    let stage = Stage::new("stack-shim");
    for threads in ["", ", no thread to be had"] {
        let mut row = Row::new(&format!("stack of every export{threads}"));
        let host = Host::of_release("tests/c/small_stack.c", "stack");
        let mut command = host.command(&[]);
        command.arg(root().join("tests/vectors/files/tiny.png"));
        if !threads.is_empty() {
            command.env("LD_PRELOAD", shim(&stage)).env("SHIM_NO_THREADS", "1");
        }
        let said = run(&mut command);
        let (call, bytes) = said.lines().last().and_then(|line| line.split_once(' ')).unwrap();
        row.note = format!("most: {call}, {bytes} bytes");
        assert!(bytes.parse::<usize>().unwrap() <= STACK_BYTES, "{call} needs {bytes} bytes");
    }
}

#[test]
fn a_thread_with_the_smallest_stack_that_there_is_can_log() {
    let mut row = Row::new("threads of 16 KiB, their own data included");
    let host = Host::of_release("tests/c/small_thread.c", "small-thread");
    // The linker, which would otherwise find each function at its first call, keeps registers on that stack meanwhile.
    let said = &json_lines(host.command(&[]).env("LD_BIND_NOW", "1"))[0];
    let of = |name: &str| said[name].as_u64().unwrap();
    (row.accepted, row.delivered) = (of("accepted"), of("delivered"));
    row.note = format!("{} calls", of("calls"));
    assert!(row.accepted > 0 && row.delivered == row.accepted, "{said}");
}

#[test]
fn names_that_are_never_found_leave_few_threads() {
    let mut row = Row::new("look-ups that hang, 12 loggers");
    let host = Host::new("names");
    let mut command = host.command(&["hanging-names"]);
    let stage = Stage::new("names-shim");
    let preloaded = shim(&stage);
    // Asked of the shim, which never answers: no packet leaves this machine.
    command.env("MAXIM_BASE_URL", "https://nowhere.invalid").env("LD_PRELOAD", preloaded);
    command.env("SHIM_NO_NAMES", "1");
    let threads = json_lines(&mut command)[0]["threads"].as_u64().unwrap();
    row.note = format!("{threads} threads");
    assert!((1..=4).contains(&threads), "{threads} threads look up names");
}

#[test]
fn ids_are_made_without_randomness_and_without_descriptors() {
    let mut row = Row::new("no getrandom, no /dev/urandom");
    let host = Host::new("no-randomness");
    let numbers = &host.run(&["no-randomness"])[0];
    row.add_stats(numbers);
    assert_eq!((&numbers["accepted"], &numbers["held"]), (&4.into(), &4.into()), "{numbers}");
}

#[test]
fn a_handler_that_jumps_out_of_a_call_stops_nobody() {
    for how in ["alone", "others", "last"] {
        let mut row = Row::new(&format!("longjmp out of log calls, {how}"));
        let host = Host::new("longjmp");
        let lines = host.run(&["longjmp", how]);
        let (jumps, ok, refused) = (&lines[0]["jumps"], &lines[0]["ok"], &lines[0]["refused"]);
        let of = |value: &Value| value.as_u64().unwrap();
        row.add_stats(&lines[1]);
        row.note = format!("{jumps} jumps, {refused} calls refused meanwhile");
        // A call that was left behind may have come so far that its record counts.
        let accepted = row.accepted;
        assert!((of(ok)..=of(ok) + of(jumps)).contains(&accepted), "{accepted} of {}", lines[0]);
        assert_eq!((row.delivered, row.dropped), (accepted, 0), "{}", lines[1]);
        assert!(of(&lines[1]["refused"]) >= of(refused), "{}", lines[1]);
        let children = u64::from(how == "others");
        assert_eq!(host.server.count("lines"), accepted + children);
    }
}

#[test]
fn a_handler_that_jumps_out_of_work_with_files_stops_nobody() {
    let mut row = Row::new("longjmp at each file of a log call, overflow policy BLOCK");
    let host = Host::new("longjmp-files");
    let stage = Stage::new("longjmp-files-shim");
    // Nothing leaves meanwhile, so that new files are needed; the delivery thread makes some as well, but slowly.
    host.server.control(serde_json::json!({"status": 503}));
    let mut command = host.command(&["longjmp", "files"]);
    command.env("LD_PRELOAD", shim(&stage)).env("SHIM_INTERRUPTED", "1").env("SHIM_SLOW_FILES", "20");
    let mut process = HostProcess::start(command);
    let counts = process.json();
    host.server.control(serde_json::json!({"status": null}));
    process.tell();
    let numbers = process.json();
    process.must_succeed();
    let of = |name: &str| counts[name].as_u64().unwrap();
    row.add_stats(&numbers);
    row.note = format!("{} jumps", of("jumps"));
    assert!(of("jumps") > 0, "{counts}");
    // A call that was left behind may have come so far that its record counts.
    assert!((of("ok")..=of("ok") + of("jumps")).contains(&row.accepted), "{counts}");
    assert_eq!((row.delivered, row.dropped), (row.accepted, 0), "{numbers}");
    assert_eq!(host.server.count("lines"), row.accepted);
}

#[test]
fn a_handler_that_jumps_while_content_is_written_leaves_no_file_without_its_record() {
    let mut row = Row::new("longjmp while an attachment's content is written");
    let host = Host::of("tests/c/jump_while_writing.c", "jump-writing");
    let said = &host.run(&[])[0];
    let of = |name: &str| said[name].as_u64().unwrap();
    (row.accepted, row.delivered) = (of("accepted"), of("delivered"));
    row.note = format!("{} jumps", of("jumps"));
    // The signal waits until the record is there. An attachment is an upload and a line.
    assert_eq!((of("jumps"), of("accepted"), of("delivered")), (20, 42, 42), "{said}");
    assert_eq!(host.server.count("uploads"), 21);
    let files = files_below(&host.scratch.path().join("spool"));
    let is_content = |path: &&PathBuf| path.to_string_lossy().contains("/attachments/");
    assert_eq!(files.iter().filter(is_content).count(), 0, "{files:?}");
}

#[test]
fn a_handler_that_jumps_never_takes_the_allocators_lock_with_it() {
    let mut row = Row::new("longjmp, and the allocator");
    let host = Host::of("tests/c/jumps.c", "jumps");
    let lines = host.run(&[]);
    let said = &lines[0];
    assert_eq!(said["unblocked"], 0, "{said}");
    row.note = format!("{} calls of the allocator, none while a handler could run", said["allocations"]);
}

#[test]
fn a_log_call_does_not_wait_for_the_files_of_other_threads() {
    let mut row = Row::new("100 ms for each file made, renamed or removed");
    let host = Host::new("slow-files");
    let stage = Stage::new("slow-files-shim");
    let mut command = host.command(&["slow-files"]);
    command.env("LD_PRELOAD", shim(&stage)).env("SHIM_SLOW_FILES", "100");
    let lines = json_lines(&mut command);
    let of = |name: &str| lines[0][name].as_u64().unwrap();
    row.note = format!("{} of {} operations held the others up", of("standstills"), of("operations"));
    all_delivered(&mut row, &lines[1], of("logged"));
    assert!(of("operations") >= 20, "{}", lines[0]);
    // A thread that loses the processor within a call stands still as well; under the lock it was two in five.
    assert!(of("standstills") * 5 <= of("operations"), "{}", lines[0]);
}
