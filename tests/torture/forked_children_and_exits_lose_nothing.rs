//! Fork in every way, end in every way: no child hangs, nobody crashes, each record arrives, and a
//! host's exit does not wait for the library.

use std::os::unix::process::ExitStatusExt;

use serde_json::json;

use crate::bench::{
    CHILD_SLOTS, Client, Row, Stage, for_all_clients, monotonic_ns, nobody, scaled, shim, wait_for_unique,
    wait_until,
};
use crate::common::{Server, both, root, run};

for_all_clients! {
    children_log_and_end_in_every_way
    a_living_parent_sends_what_its_dead_children_left
}

fn children_log_and_end_in_every_way(client: Client) {
    let mut row = Row::of("forks with 8 logging threads", client);
    let stage = Stage::of("forks", client);
    let (url, port) = nobody();
    let tally = stage.tally();
    let (forks, records) = (scaled(64, 2_000), 5);
    let verb = format!("forks:{forks}:{records}");
    // At this pace threads of the parent often wait for each other in the moment of a fork.
    let env = [tally.env(), ("PROBE_PACE_US", "2000".into())];
    let mut host = stage.host(&url, &["new", "background:8", &verb, "wait", "_exit:0"], &env);
    let forked = host.json();
    host.line();
    host.tell();
    host.must_succeed();
    row.crashes = forked["failed"].as_u64().unwrap();
    assert_eq!((&forked["failed"], &forked["hung"]), (&json!(0), &json!(0)), "{forked}");

    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let children: u64 = (0..forks).map(|child| tally.of(CHILD_SLOTS + child)).sum();
    assert_eq!(children, forks as u64 * records);
    row.accepted = tally.sum();
    stage.adopt_all(&url, &server, row.accepted);
    let sequences = server.sequences();
    let totals = &sequences["totals"];
    row.delivered = totals["unique"].as_u64().unwrap();
    row.duplicates = totals["duplicates"].as_u64().unwrap();
    for child in 0..forks {
        let writer = &sequences["writers"][format!("c{child}")];
        assert_eq!(
            (&writer["unique"], &writer["missing"]),
            (&json!(records), &json!(0)),
            "child {child}: {writer}"
        );
    }
    assert_eq!(totals["missing"], 0, "{totals}");
    assert!(row.duplicates == 0 || client.repeats(), "{totals}");
    let (late, slowest) = (&forked["over_1_s"], &forked["slowest_us"]);
    row.note = format!("{forks} forks, {late} over 1 s, slowest {slowest} us from fork to end");
}

/// Children that live shortly beside a server that takes its time: were one of them to send what its
/// siblings left, it would be gone before the answer.
fn a_living_parent_sends_what_its_dead_children_left(client: Client) {
    let mut row = Row::of("dead children of a living parent", client);
    let stage = Stage::of("parent", client);
    let server = Server::start(&["--check-seq", "--seq-start", "1", "--delay-ms", "60"]);
    let (forks, records) = (scaled(40, 400), 5);
    let verb = format!("forks:{forks}:{records}:30");
    let mut host = stage.host(&server.url(), &["new", &verb, "wait", "_exit:0"], &[]);
    let forked = host.json();
    host.line();
    row.crashes = forked["failed"].as_u64().unwrap();
    row.accepted = forks * records;
    wait_for_unique(&server, row.accepted);
    wait_until("the parent's directories are the only ones left", || {
        stage.hot_instances().len() == client.instances()
    });
    host.tell();
    host.must_succeed();
    let totals = server.sequences()["totals"].clone();
    row.delivered = totals["unique"].as_u64().unwrap();
    row.duplicates = totals["duplicates"].as_u64().unwrap();
    assert_eq!(totals["missing"], 0, "{totals}; {forked}");
    assert!(row.duplicates == 0 || client.repeats(), "{totals}; {forked}");
    row.note = format!("{forks} forks");
}

#[test]
fn a_child_that_never_logs_keeps_nothing_of_its_dead_parent() {
    let mut row = Row::new("a killed parent of a child that never logs");
    let stage = Stage::new("idle-child");
    let (url, port) = nobody();
    let mut host = stage.host(&url, &["new", "log:1000", "attach:2:200000", "idle-child", "wait"], &[]);
    let child: i32 = host.line().parse().unwrap();
    host.line();
    host.kill();
    row.accepted = 1_002;
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let verbs = ["new", "flush-log-files:60000", "expect:MAXIM_OK", "stats"];
    let adopter = stage.probe(&url, &verbs).output().unwrap();
    // SAFETY: kill touches no memory; with 0 it only asks whether the process is there.
    let lives = unsafe { libc::kill(child, 0) } == 0;
    // SAFETY: as above; the child is the test's own.
    unsafe { libc::kill(child, libc::SIGKILL) };
    assert!(lives, "the child has ended, and this shows nothing");
    assert!(adopter.status.success(), "{}", both(&adopter));
    row.delivered = server.sequences()["totals"]["unique"].as_u64().unwrap() + server.count("uploads");
    assert_eq!(row.delivered, row.accepted);
}

#[test]
fn children_forked_while_a_lock_is_taken_keep_nothing_of_their_dead_parent() {
    let mut row = Row::new("children forked behind each step of taking a lock");
    let stage = Stage::new("forked-in-between");
    let (url, port) = nobody();
    let forks = stage.scratch.path().join("forks");
    let env = [("LD_PRELOAD", shim(&stage)), ("SHIM_FORKS", forks.clone())];
    let env = env.map(|(name, path)| (name, path.to_str().unwrap().to_owned()));
    let verbs = ["new", "log:1000", "attach:2:200000", "write-to-file:60000", "log:1000:b", "wait"];
    let mut host = stage.host(&url, &verbs, &env);
    host.line();
    host.kill();
    row.accepted = 2_002;
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let verbs = ["new", "flush-log-files:60000", "expect:MAXIM_OK"];
    let adopter = stage.probe(&url, &verbs).output().unwrap();
    let children: Vec<i32> =
        std::fs::read_to_string(&forks).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    // SAFETY: kill touches no memory; with 0 it only asks whether the process is there.
    let live = children.iter().all(|child| unsafe { libc::kill(*child, 0) } == 0);
    // SAFETY: as above; the children are the test's own.
    children.iter().for_each(|child| assert_eq!(unsafe { libc::kill(*child, libc::SIGKILL) }, 0));
    assert!(live && children.len() >= 4, "the children have ended, and this shows nothing: {children:?}");
    assert!(adopter.status.success(), "{}", both(&adopter));
    row.delivered = server.sequences()["totals"]["unique"].as_u64().unwrap() + server.count("uploads");
    assert_eq!(row.delivered, row.accepted);
    row.note = format!("{} children", children.len());
}

/// Verbs of an end, and the signal that it is meant to be.
const ENDS: [(&str, &[&str], Option<i32>); 10] = [
    ("return", &["return"], None),
    ("exit", &["exit:0"], None),
    ("_exit", &["_exit:0"], None),
    ("abort", &["abort"], Some(libc::SIGABRT)),
    ("SIGTERM", &["sigterm"], Some(libc::SIGTERM)),
    ("SIGKILL", &["kill"], Some(libc::SIGKILL)),
    ("C++ exception that nobody catches", &["throw"], Some(libc::SIGABRT)),
    ("C++ exception that is caught", &["throw-caught", "exit:0"], None),
    ("exit after free", &["free", "exit:0"], None),
    ("segfault", &["segfault"], Some(libc::SIGSEGV)),
];

#[test]
fn every_way_to_end_leaves_every_record_for_the_next_process() {
    let mut row = Row::new("exit matrix, with and without a thread still logging");
    let stage = Stage::new("exits");
    let plugin = stage.scratch.path().join("plugin.so");
    let source = root().join("tests/c/plugin.cpp");
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let flags = ["-std=c++17", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"];
    run(std::process::Command::new(compiler).args(flags).arg(source).arg("-o").arg(&plugin));
    let plugin = plugin.to_str().unwrap();
    // Nobody delivers meanwhile: a process that ends in the middle of a batch may send it twice.
    let (url, port) = nobody();
    let tally = stage.tally();
    for (number, (name, verbs, signal)) in ENDS.iter().enumerate() {
        for busy in [false, true] {
            tally.forget();
            let writer = format!("e{number}{}", if busy { "b" } else { "i" });
            let mark = format!("log:1000:{writer}t63");
            let mut all = vec!["new", &mark];
            if busy {
                all.insert(1, "background:3");
            }
            all.extend(*verbs);
            let plugin = ("PROBE_PLUGIN", plugin.to_owned());
            let env = [tally.env(), ("PROBE_WRITER", writer), ("PROBE_PACE_US", "1000".into()), plugin];
            let status = stage.host(&url, &all, &env).end();
            let as_meant = status.signal() == *signal && (signal.is_some() || status.code() == Some(0));
            row.crashes += u64::from(!as_meant);
            assert!(as_meant, "{name}, busy {busy}: {status}");
            row.accepted += tally.sum();
        }
    }
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let stats = stage.adopt_all(&url, &server, row.accepted);
    let totals = server.sequences()["totals"].clone();
    row.delivered = totals["unique"].as_u64().unwrap();
    row.duplicates = totals["duplicates"].as_u64().unwrap();
    assert_eq!((&totals["missing"], &totals["duplicates"]), (&json!(0), &json!(0)), "{totals}; {stats}");
}

#[test]
fn an_exit_takes_hardly_longer_than_without_a_logger() {
    let mut row = Row::new("exits without a flush");
    let stage = Stage::new("delay");
    let (url, _) = nobody();
    // A thread that is to end needs a processor for that, and waits for one as long as the machine likes.
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for turn in 0..scaled(20, 200) {
        let repository = format!("{}-{turn}", stage.scratch.path().display());
        for (verbs, delays) in [
            (["idle-thread", "sleep:20"].as_slice(), &mut without),
            (&["new", "log:1000", "sleep:20"], &mut with),
        ] {
            let verbs = [verbs, &["leaving", "exit:0"]].concat();
            let mut host = stage.host(&url, &verbs, &[("PROBE_REPOSITORY", repository.clone())]);
            let left: u64 = host.line().parse().unwrap();
            host.must_succeed();
            delays.push(monotonic_ns().saturating_sub(left) / 1000);
        }
        row.accepted += 1_000;
    }
    // For whoever comes for them: the test removes them.
    row.held = row.accepted;
    let [without, with] = [without, with].map(|mut delays| {
        delays.sort_unstable();
        (delays[delays.len() / 2], delays[delays.len() - 1])
    });
    row.note = format!(
        "from exit to gone: median {} us, most {} us; with an idle thread instead of a logger {} and {} us",
        with.0, with.1, without.0, without.1
    );
}

#[test]
fn processes_that_start_together_share_the_orphans() {
    let mut row = Row::new("processes that start on a directory with orphans");
    let stage = Stage::new("together");
    let (url, port) = nobody();
    let (orphans, starters) = (scaled(8, 40), scaled(12, 100));
    for orphan in 0..orphans {
        let log = format!("log:500:o{orphan}");
        assert!(stage.probe(&url, &["new", &log, "_exit:0"]).status().unwrap().success());
        row.accepted += 500;
    }
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let mut hosts: Vec<_> =
        (0..starters).map(|_| stage.host(&url, &["new", "wait", "cleanup:60000", "stats"], &[])).collect();
    hosts.iter_mut().for_each(|host| drop(host.line()));
    wait_for_unique(&server, row.accepted);
    hosts.iter_mut().for_each(|host| host.tell());
    for host in &mut hosts {
        let stats = host.json();
        row.held += stats["held"].as_u64().unwrap();
        host.must_succeed();
    }
    let totals = server.sequences()["totals"].clone();
    row.delivered = totals["unique"].as_u64().unwrap();
    row.duplicates = totals["duplicates"].as_u64().unwrap();
    assert_eq!((&totals["unique"], &totals["duplicates"]), (&json!(row.accepted), &json!(0)), "{totals}");
    assert_eq!(row.held, 0);
    row.note = format!("{starters} processes, {orphans} orphans");
}
