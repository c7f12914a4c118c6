//! `maxim-dev` beside the real library: what it finds in the library's spool, and what its relay makes of what the
//! library sends.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use common::host::{Host, HostProcess};
use common::port::free_port;
use common::{Scratch, Server, built, nobody, run};
use serde_json::Value;

const RECORDS: u64 = 500;

fn maxim_dev(arguments: &[&str]) -> Command {
    let mut command = Command::new(built("bin/maxim-dev"));
    command.args(arguments);
    command
}

/// A process that logs. The number alone may be that of an earlier one, which left something.
#[derive(Clone, Copy)]
struct Process {
    pid: i32,
    since_ns: u128,
}

fn now_ns() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
}

/// What `maxim-dev spool` says of one process; the places are those of all programs of this user.
fn holders(spool: &Path, process: Process) -> Vec<Value> {
    let said = run(maxim_dev(&["spool", "--json"]).env("MAXIM_SPOOL_DIR", spool));
    let said: Value = serde_json::from_str(&said).unwrap();
    let is_its = |holder: &Value| {
        let born = holder["instance"].as_str().and_then(|name| name.split('-').next()?.parse::<u128>().ok());
        holder["pid"] == process.pid && born >= Some(process.since_ns)
    };
    said["holders"].as_array().unwrap().iter().filter(|holder| is_its(holder)).cloned().collect()
}

fn held(holders: &[Value]) -> u64 {
    holders.iter().map(|holder| holder["records"].as_u64().unwrap()).sum()
}

/// The holders' files, in a place where nothing else is.
fn copied(holders: &[Value], scratch: &Scratch) -> PathBuf {
    let place = scratch.path().join("copied");
    for (number, holder) in holders.iter().enumerate() {
        let from = Path::new(holder["place"].as_str().unwrap());
        let to = place.join(format!("identity{number}")).join(from.file_name().unwrap());
        std::fs::create_dir_all(&to).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    place
}

#[test]
fn what_the_library_holds_is_seen_in_its_files_and_replayed_elsewhere_once() {
    let site = Host::new("tests/c/probe.c", "workbench-spool");
    let spool = site.spool();
    let (url, port) = nobody();
    let verbs = [&format!("log:{RECORDS}"), "stats", "wait", "_exit:0"];
    let since_ns = now_ns();
    let mut host = site.start(&url, &[&["new"][..], &verbs].concat());
    let stats = host.json();
    let pid = host.pid();
    let process = Process { pid, since_ns };

    let running = holders(&spool, process);
    assert_eq!(held(&running), RECORDS, "{running:?}");
    assert_eq!(stats["held"], RECORDS, "{stats}");
    assert!(running.iter().all(|holder| holder["alive"] == true && holder["unread"] == 0), "{running:?}");
    assert!(running.iter().any(|holder| holder["oldest"].as_u64() > Some(1_600_000_000)), "{running:?}");
    // None was seen yet, or it is of these years.
    let is_sane = |heartbeat: &Value| heartbeat.as_u64().is_none_or(|at| at > 1_600_000_000);
    assert!(running.iter().all(|holder| is_sane(&holder["heartbeat"])), "{running:?}");
    host.tell();
    host.must_succeed();
    let ended = holders(&spool, process);
    assert_eq!(held(&ended), RECORDS, "{ended:?}");
    assert!(ended.iter().all(|holder| holder["alive"] == false), "{ended:?}");
    let shown = run(maxim_dev(&["spool"]).env("MAXIM_SPOOL_DIR", &spool));
    assert!(shown.contains(&format!("process {pid} ended")), "{shown}");

    let place = copied(&ended, &site.scratch);
    let export = run(&mut maxim_dev(&["spool", "--export", place.to_str().unwrap()]));
    let lines: BTreeSet<&str> = export.lines().collect();
    assert_eq!((lines.len() as u64, export.lines().count() as u64), (RECORDS, RECORDS));
    let file = site.scratch.path().join("export.ndjson");
    std::fs::write(&file, &export).unwrap();
    let elsewhere = Server::start(&["--check-seq", "--seq-start", "1"]);
    let mut replay = maxim_dev(&["replay", file.to_str().unwrap(), "--to", &elsewhere.url()]);
    run(replay.env("MAXIM_API_KEY", "another-key"));
    let writer = &elsewhere.sequences()["writers"]["w"];
    for (name, wanted) in [("unique", RECORDS), ("duplicates", 0), ("missing", 0), ("out_of_order", 0)] {
        assert_eq!(writer[name], wanted, "{name} in {writer}");
    }

    // It only read: the next logger finds them all where they were.
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    run(&mut site.probe(&url, &["new", "cleanup:60000"]));
    server.wait_for("lines", RECORDS, Duration::from_secs(120));
    let writer = &server.sequences()["writers"]["w"];
    assert_eq!((&writer["missing"], &writer["unique"]), (&0.into(), &RECORDS.into()), "{writer}");
    assert_eq!(held(&holders(&spool, process)), 0);
}

#[test]
fn records_and_attachments_below_a_directory_that_others_may_write_to_are_seen_and_readable() {
    let site = Host::new("tests/c/probe.c", "workbench-shared");
    let spool = site.spool();
    std::fs::create_dir_all(&spool).unwrap();
    std::fs::set_permissions(&spool, std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    let (url, _) = nobody();
    run(&mut site.probe(&url, &["new", "log:20", "attach:2:100", "write-to-file:60000", "_exit:0"]));
    let shown = run(&mut maxim_dev(&["spool", spool.to_str().unwrap()]));
    assert!(shown.contains("/maxim-") && !shown.contains("everything that was logged has left"), "{shown}");
    assert!(shown.contains(" {\"record\":") && !shown.contains('\u{fffd}'), "{shown}");
    let found = run(&mut maxim_dev(&["spool", "--json", spool.to_str().unwrap()]));
    let found: Value = serde_json::from_str(&found).unwrap();
    let holders = found["holders"].as_array().unwrap();
    // The attachments' own records are among them.
    assert!(held(holders) >= 20, "{found}");
}

/// What the logger of a process says of itself, once that is so.
fn note_once(spool: &Path, process: Process, holds: impl Fn(&Value, u64) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let found = holders(spool, process);
        let note = found.iter().map(|holder| &holder["note"]).find(|note| note.is_object());
        if let Some(note) = note.filter(|note| holds(note, held(&found))) {
            return note.clone();
        }
        assert!(Instant::now() < end, "{found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn why_records_have_not_left_and_when_they_are_tried_again_is_seen_from_outside_until_they_have_left() {
    let site = Host::new("tests/c/probe.c", "workbench-note");
    let spool = site.spool();
    let (url, port) = nobody();
    let verbs = ["new", &format!("log:{RECORDS}"), "wait", "flush:60000", "wait"];
    let mut command = site.probe(&url, &verbs);
    command.env("PROBE_FLUSH_MS", "20");
    let since_ns = now_ns();
    let mut host = HostProcess::start(command);
    let pid = host.pid();
    let process = Process { pid, since_ns };
    let note = note_once(&spool, process, |note, held| {
        note["next_attempt_ms"].is_u64() && note["accepted"] == RECORDS && held == RECORDS
    });
    assert!(note["last_error"].as_str().is_some_and(|error| !error.is_empty()), "{note}");
    assert!(note["error_at_ms"].as_u64() > Some(1_600_000_000_000), "{note}");
    assert!(note["next_attempt_ms"].as_u64() >= note["error_at_ms"].as_u64(), "{note}");
    assert_eq!((&note["to"], &note["repository"]), (&url.clone().into(), &"probe".into()), "{note}");
    assert_eq!((&note["delivered"], &note["dropped"]), (&0.into(), &0.into()), "{note}");
    assert!(!note.to_string().contains(&format!("key-of{}", spool.display())), "{note}");
    let shown = run(maxim_dev(&["spool"]).env("MAXIM_SPOOL_DIR", &spool));
    assert!(shown.contains(&format!("process {pid} running")) && shown.contains("because"), "{shown}");
    assert!(shown.contains("next attempt"), "{shown}");
    // A look at another directory is no word on these.
    let other = spool.with_extension("other");
    std::fs::create_dir_all(&other).unwrap();
    let mut look = maxim_dev(&["spool", other.to_str().unwrap()]);
    let shown = run(look.env("MAXIM_SPOOL_DIR", &spool));
    std::fs::remove_dir_all(&other).unwrap();
    assert!(shown.contains("has left there") && shown.contains("elsewhere"), "{shown}");

    let server = Server::start(&["--port", &port]);
    host.line();
    host.tell();
    host.line();
    server.wait_for("lines", RECORDS, Duration::from_secs(120));
    let is_over =
        |note: &Value, held| note["delivered"] == RECORDS && note["next_attempt_ms"].is_null() && held == 0;
    let note = note_once(&spool, process, is_over);
    assert_eq!(note["accepted"], RECORDS, "{note}");
    host.tell();
    host.must_succeed();
    assert!(holders(&spool, process).is_empty(), "nothing is left of it");
}

/// A relay in front of a server; it ends with this value.
struct Relay {
    child: Child,
    _stdin: ChildStdin,
    port: u16,
}

impl Relay {
    fn start(store: &Path, port: u16, to: &str) -> Relay {
        let mut command = maxim_dev(&["relay", "--exit-when-stdin-closes", "--to", to, "--port"]);
        command.arg(port.to_string()).arg("--store").arg(store).env("MAXIM_API_KEY", "key-of-the-relay");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
        let stdin = child.stdin.take().unwrap();
        Relay { child, _stdin: stdin, port: port.unwrap_or_else(|| panic!("maxim-dev said {line:?}")) }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_librarys_records_arrive_through_a_relay_that_is_killed_again_and_again() {
    const PART: u64 = 2_000;
    const KILLS: u64 = 10;
    let site = Host::new("tests/c/probe.c", "workbench-relay");
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let store = site.scratch.path().join("relay.db");
    let mut relay = Relay::start(&store, free_port(), &server.url());
    let (port, url) = (relay.port, format!("http://127.0.0.1:{}", relay.port));
    let mut verbs = vec!["new".to_owned()];
    for part in 0..KILLS {
        verbs.extend([format!("log:{PART}:p{part}"), "wait".to_owned()]);
    }
    verbs.extend(["cleanup:60000", "stats"].map(str::to_owned));
    let mut host = site.start(&url, &verbs);
    for _ in 0..KILLS {
        host.line();
        drop(relay);
        relay = Relay::start(&store, port, &server.url());
        host.tell();
    }
    let stats = host.json();
    host.must_succeed();
    assert_eq!(stats["delivered"], PART * KILLS, "{stats}");
    server.wait_for("lines", PART * KILLS, Duration::from_secs(120));
    // Whatever a kill made be sent twice comes as well, and then there is an end.
    let end = Instant::now() + Duration::from_secs(120);
    let totals = loop {
        let totals = server.sequences()["totals"].clone();
        if totals["unique"] == PART * KILLS || Instant::now() > end {
            break totals;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!((&totals["unique"], &totals["missing"]), (&(PART * KILLS).into(), &0.into()), "{totals}");
}
