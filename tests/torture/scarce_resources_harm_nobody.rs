//! No threads, no descriptors, a jumping clock, a freeze, AWS Lambda, a library loaded over and over:
//! records are kept and sent, and the host notices nothing.

use std::path::Path;
use std::time::Duration;

use crate::bench::{Row, Stage, json_lines, scaled, shim, wait_until};
use crate::common::{Server, built, cc, compile, root, run};

/// Descriptors that a logger may hold: architecture.md, living in somebody else's process.
const DESCRIPTORS: i64 = 6;

/// Ten thousand records under some adversity, all delivered.
fn deliver_all(
    name: &'static str,
    adversity: impl FnOnce(&Stage) -> Vec<(&'static str, String)>,
    verbs: &[&str],
) {
    let mut row = Row::new(name);
    let stage = Stage::new("scarce");
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let mut command = stage.probe(&server.url(), verbs);
    command.envs(adversity(&stage));
    row.add_stats(&json_lines(&mut command)[0]);
    let totals = server.sequences()["totals"].clone();
    row.duplicates = totals["duplicates"].as_u64().unwrap();
    assert_eq!((row.accepted, row.delivered), (10_000, 10_000), "{totals}");
    assert_eq!((&totals["unique"], &totals["out_of_order"]), (&10_000.into(), &0.into()), "{totals}");
}

const VERBS: [&str; 5] = ["new", "log:10000", "flush:60000", "expect:MAXIM_OK", "stats"];

#[test]
fn no_thread_can_be_had() {
    let preload = |stage: &Stage| {
        vec![("LD_PRELOAD", shim(stage).to_str().unwrap().to_owned()), ("SHIM_NO_THREADS", "1".into())]
    };
    deliver_all("thread creation fails", preload, &VERBS);
}

#[test]
fn the_clock_jumps() {
    let preload = |stage: &Stage| {
        vec![("LD_PRELOAD", shim(stage).to_str().unwrap().to_owned()), ("SHIM_CLOCK_JUMPS", "1".into())]
    };
    deliver_all("clock jumps by years", preload, &VERBS);
}

#[test]
fn on_lambda_a_flush_delivers_without_any_thread() {
    let lambda = |_: &Stage| vec![("AWS_LAMBDA_FUNCTION_NAME", "f".into())];
    deliver_all("Lambda mode", lambda, &VERBS);
}

#[test]
fn on_lambda_a_failed_batch_stays_for_the_next_flush() {
    let mut row = Row::new("Lambda mode, failed batch");
    let stage = Stage::new("lambda");
    let server = Server::start(&["--check-seq", "--seq-start", "1", "--status", "503"]);
    let verbs = ["new", "log:100", "flush:300", "stats", "wait", "flush:60000", "expect:MAXIM_OK", "stats"];
    let mut host = stage.host(&server.url(), &verbs, &[("AWS_LAMBDA_FUNCTION_NAME", "f".into())]);
    assert_eq!(host.json()["held"], 100);
    host.line();
    // Those that worked while the flush waited are gone, or in the act of going.
    let tasks = format!("/proc/{}/task", host.pid());
    wait_until("no thread is left", || std::fs::read_dir(&tasks).unwrap().count() == 1);
    server.control(serde_json::json!({"status": null}));
    host.tell();
    row.add_stats(&host.json());
    host.must_succeed();
    assert_eq!((row.delivered, row.held), (100, 0));
}

/// What a sandbox may not know: it is newer than the sandbox, or rare.
const UNUSUAL: [(&str, libc::c_long); 10] = [
    ("faccessat2", libc::SYS_faccessat2),
    ("statx", libc::SYS_statx),
    ("getrandom", libc::SYS_getrandom),
    ("fallocate", libc::SYS_fallocate),
    ("madvise", libc::SYS_madvise),
    ("mremap", libc::SYS_mremap),
    ("flock", libc::SYS_flock),
    ("clone3", libc::SYS_clone3),
    ("prctl", libc::SYS_prctl),
    ("rt_sigtimedwait", libc::SYS_rt_sigtimedwait),
];

#[test]
fn a_sandbox_that_does_not_know_a_system_call_costs_no_record() {
    let mut row = Row::new("system calls that a sandbox answers with ENOSYS and EPERM");
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    for (number, (name, call)) in UNUSUAL.iter().enumerate() {
        for error in [libc::ENOSYS, libc::EPERM] {
            let stage = Stage::new("sandbox");
            let forbidden = compile("tests/c/forbidden.c", &stage.scratch);
            let log = format!("log:1000:s{number}-{error}");
            let verbs = ["new", "expect:MAXIM_OK", &log, "flush:60000", "expect:MAXIM_OK", "stats"];
            let inner = stage.probe(&server.url(), &verbs);
            let mut command = std::process::Command::new(forbidden);
            command
                .arg(call.to_string())
                .arg(error.to_string())
                .arg(inner.get_program())
                .args(inner.get_args());
            command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
            let lines = json_lines(&mut command);
            assert_eq!(lines[0]["delivered"], 1_000, "{name} with errno {error}: {lines:?}");
            row.add_stats(&lines[0]);
        }
    }
    row.note = format!("{} system calls", UNUSUAL.len());
}

#[test]
fn no_descriptor_is_left() {
    let mut row = Row::new("no descriptors left");
    let stage = Stage::new("descriptors");
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let verbs = ["new", "few-descriptors", "threads:4:20000", "flush:1000", "stats"];
    row.add_stats(&json_lines(&mut stage.probe(&server.url(), &verbs))[0]);
    // A descriptor that the writer had open while all others were taken may come back and make a
    // connection; then the records arrive, else they are held. None is lost.
    assert_eq!((row.accepted, row.delivered + row.held), (80_000, 80_000));
}

#[test]
fn little_address_space_evicts_nothing_while_the_disk_is_free() {
    let mut row = Row::new("1.5 MiB of address space, and 1 MiB for 50 more loggers");
    let stage = Stage::new("address-space");
    let server = Server::start(&["--check-seq"]);
    let log = format!("log:{}", scaled(100_000, 400_000));
    let verbs = [
        "new",
        "log:1:first",
        "flush:60000",
        "address-space:1500",
        &log,
        "flush:60000",
        "expect:MAXIM_OK",
        "log:1:last",
        "expect:MAXIM_OK",
        "flush:60000",
        "stats",
    ];
    row.add_stats(&json_lines(&mut stage.probe(&server.url(), &verbs))[0]);
    // What there was no memory for, while a batch was under way, was refused and the host told.
    assert_eq!((row.dropped, row.held, row.delivered), (0, 0, row.accepted));
    assert_eq!(server.sequences()["totals"]["unique"].as_u64(), Some(row.accepted));

    let verbs = ["new", "log:1:first", "address-space:1000", "more-loggers:50", "flush:60000", "stats"];
    let said = json_lines(&mut stage.probe(&server.url(), &verbs));
    assert_eq!((&said[0], &said[1]["delivered"]), (&50.into(), &1.into()), "{said:?}");
    row.note = "none evicted; 50 loggers refused, none aborted".into();
}

#[test]
fn a_call_that_there_is_no_memory_for_is_refused_and_logging_goes_on() {
    let mut row = Row::new("a host that has taken all memory, and gives it back");
    let stage = Stage::new("taken-memory");
    let server = Server::start(&["--check-seq"]);
    let verbs = [
        "new",
        "log:1:first",
        "flush:60000",
        "expect:MAXIM_OK",
        "address-space:0",
        "take-memory",
        "large-text:1",
        "expect:MAXIM_ERR_NO_RESOURCES",
        "log:1000:second",
        "expect:MAXIM_OK",
        "give-memory",
        "flush:60000",
        "expect:MAXIM_OK",
        "large-text:1",
        "expect:MAXIM_OK",
        "flush:60000",
        "expect:MAXIM_OK",
        "stats",
    ];
    let said = json_lines(&mut stage.probe(&server.url(), &verbs));
    row.add_stats(&said[0]);
    assert_eq!((row.dropped, row.held, row.delivered, row.accepted), (0, 0, 1_002, 1_002), "{said:?}");
    assert_eq!(said[0]["refused_other"], 1, "{said:?}");
    row.note = "1 text of 800 kB refused".into();
}

#[test]
fn a_call_that_lacks_memory_halfway_is_not_begun() {
    let mut row = Row::new("a host that gives memory back piece by piece, and logs large results");
    let stage = Stage::new("some-memory");
    let server = Server::start(&[]);
    let verbs = ["new", "log:1:first", "flush:60000", "address-space:0", "take-memory", "give-memory-slowly"];
    let after = ["flush:60000", "expect:MAXIM_OK", "stats"];
    let said = json_lines(&mut stage.probe(&server.url(), &[&verbs[..], &after].concat()));
    row.add_stats(&said[1]);
    assert!(said[0]["done"].as_u64() > Some(0) && said[0]["no_memory"].as_u64() > Some(0), "{said:?}");
    assert_eq!((row.dropped, row.held, row.delivered), (0, 0, row.accepted), "{said:?}");
    row.note = format!("{} done, {} refused", said[0]["done"], said[0]["no_memory"]);
}

#[test]
fn no_thread_of_the_library_ends_the_process_for_want_of_memory() {
    let mut row =
        Row::new("8 and 10 MiB of address space for 30 attachments of 3 MB and all that sends them");
    for kib in [8_000, 10_000] {
        let stage = Stage::new("little-memory");
        let server = Server::start(&[]);
        let limit = format!("address-space:{kib}");
        let verbs =
            ["new", "log:1:first", "flush:60000", &limit, "attach:30:3000000", "flush:60000", "stats"];
        row.add_stats(&json_lines(&mut stage.probe(&server.url(), &verbs))[0]);
    }
    // Without memory to send with, they are held.
    assert_eq!((row.dropped, row.delivered + row.held), (0, row.accepted));
}

#[test]
fn threads_of_the_library_wait_until_there_is_memory_again() {
    let mut row = Row::new("no memory for the library's threads, for a while");
    let stage = Stage::new("no-memory");
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let control = stage.scratch.path().join("no-memory");
    let verbs = [
        "new",
        "log:1000:a",
        "attach:2:300000",
        "flush:60000",
        "expect:MAXIM_OK",
        "wait",
        "log:20000:b",
        "attach:8:300000",
        "flush:500",
        "wait",
        "flush:60000",
        "expect:MAXIM_OK",
        "stats",
    ];
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let environment = [("LD_PRELOAD", text(&shim(&stage))), ("SHIM_NO_MEMORY", text(&control))];
    let mut host = stage.host(&server.url(), &verbs, &environment);
    host.line();
    std::fs::write(&control, "").unwrap();
    host.tell();
    host.line();
    std::fs::remove_file(&control).unwrap();
    host.tell();
    row.add_stats(&host.json());
    host.must_succeed();
    let totals = server.sequences()["totals"].clone();
    assert_eq!((&totals["unique"], &totals["duplicates"]), (&21_000.into(), &0.into()), "{totals}");
    assert_eq!((row.held, row.dropped, row.delivered), (0, 0, row.accepted));
}

#[test]
fn a_logger_holds_few_descriptors_and_gives_them_back() {
    let mut row = Row::new("descriptors and threads of one logger");
    let stage = Stage::new("count");
    let server = Server::start(&[]);
    let opens = format!("opens:{}", scaled(100, 1_000));
    let verbs = [
        "descriptors",
        "new",
        "log:20000",
        "flush:60000",
        "descriptors",
        "masks",
        "cleanup:60000",
        "free",
        "descriptors",
        &opens,
        "leaving",
    ];
    let mut host = stage.host(&server.url(), &verbs, &[]);
    let before: i64 = host.line().parse().unwrap();
    let during: i64 = host.line().parse().unwrap();
    let masks = host.json();
    let after: i64 = host.line().parse().unwrap();
    host.line();
    host.must_succeed();
    assert_eq!(masks["unmasked"], 0, "{masks}");
    assert!(during - before <= DESCRIPTORS, "{} descriptors", during - before);
    assert_eq!(after, before, "descriptors left behind");
    row.note =
        format!("{} descriptors in use, {} threads, all masked; {opens}", during - before, masks["threads"]);
}

#[test]
fn a_process_goes_on_after_a_freeze() {
    let mut row = Row::new("frozen for longer than connections live");
    let stage = Stage::new("freeze");
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let verbs =
        ["new", "log:100:a", "flush:60000", "wait", "log:100:b", "flush:60000", "expect:MAXIM_OK", "stats"];
    let mut host = stage.host(&server.url(), &verbs, &[]);
    host.line();
    host.signal(libc::SIGSTOP);
    // The freeze is what is tested.
    std::thread::sleep(Duration::from_millis(scaled(1_000, 6_000)));
    host.signal(libc::SIGCONT);
    host.tell();
    row.add_stats(&host.json());
    host.must_succeed();
    assert_eq!((row.delivered, row.held), (200, 0));
}

#[test]
fn the_library_is_loaded_and_unloaded_over_and_over() {
    let row = &mut Row::new("dlopen and dlclose");
    let stage = Stage::new("dlopen");
    let program = stage.scratch.path().join("reload");
    let source = root().join("tests/c/reload.c");
    let include = root().join("include");
    run(cc()
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(include)
        .arg(source)
        .arg("-o")
        .arg(&program)
        .arg("-ldl"));
    let times = scaled("100", "1000");
    let server = Server::start(&[]);
    let mut command = std::process::Command::new(&program);
    command.arg(built("lib/libmaxim.so")).arg(times).env("MAXIM_BASE_URL", server.url());
    run(command.env("MAXIM_SPOOL_DIR", &stage.spool));
    row.note = format!("{times} times");
}
