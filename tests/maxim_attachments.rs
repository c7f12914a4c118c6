//! Attachments through the C ABI, counted at the server: what is uploaded, what is told of it, and that
//! neither is lost when the service fails or the process is killed in between.

mod common;

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use common::host::HostProcess;
use common::scripted::{Scripted, answer};
use common::service::{Arrived, POISON, Service};
use common::{Scratch, Server, compile, probe, root, run};
use serde_json::{Value, json};

/// Time enough for a handful of backoffs on a busy machine.
const FLUSH: &str = "flush:30000";

struct Host {
    scratch: Scratch,
    server: Server,
    program: PathBuf,
}

impl Host {
    fn new(name: &str) -> Host {
        Host::with(name, &[])
    }

    fn with(name: &str, flags: &[&str]) -> Host {
        let scratch = Scratch::new(name);
        let program = compile("tests/c/uploads.c", &scratch);
        Host { server: Server::start(flags), scratch, program }
    }

    fn command(&self, verbs: &[&str]) -> std::process::Command {
        probe(&self.program, &self.server.url(), &self.scratch.path().join("spool"), verbs)
    }

    /// The documents that the verbs print.
    fn run(&self, verbs: &[&str]) -> Vec<Value> {
        let said = run(&mut self.command(verbs));
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn check(&self, uploads: u64, bytes: u64, lines: u64) {
        let stats = self.server.stats();
        let got = ["uploads", "upload_bytes", "lines"].map(|name| stats[name].as_u64().unwrap());
        assert_eq!(got, [uploads, bytes, lines], "uploads, bytes, lines: {stats}");
        assert_eq!(stats["malformed_lines"], 0, "{stats}");
        assert_eq!(stats["credential_leaks"], 0, "{stats}");
    }

    /// The files beside the spool that hold large bytes.
    fn side_files(&self) -> usize {
        fn files(path: &Path) -> usize {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
            entries
                .map(|entry| match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    true => files(&entry.path()),
                    false => usize::from(path.ends_with("attachments")),
                })
                .sum()
        }
        files(&self.scratch.path().join("spool"))
    }
}

/// Large enough to go through a file of its own.
const LARGE: u64 = 200_000;

#[test]
fn each_kind_is_uploaded_and_told_of_once() {
    let host = Host::new("attach-kinds");
    let picture = root().join("tests/vectors/files/tiny.png");
    let file = format!("file:2:{}", picture.display());
    let said = host.run(&["new", &file, "data:3:1000", &format!("data:2:{LARGE}"), "url:4", FLUSH, "stats"]);
    host.check(7, 2 * 70 + 3 * 1000 + 2 * LARGE, 11);
    // An upload is a record, and so is the line that it makes.
    let expected = json!({"accepted": 18, "adopted": 0, "delivered": 18, "held": 0, "dropped": 0, "quarantined": 0, "errors": 0});
    assert_eq!(said, [expected]);
    assert_eq!(host.side_files(), 0, "content that was uploaded is still there");
}

#[test]
fn a_failing_service_delays_uploads_and_loses_none() {
    let host = Host::new("attach-failing");
    host.server.control(json!({"upload_url_fail": "500:2", "upload_fail": "500:2", "upload_drop": 1}));
    let said = host.run(&["new", "data:3:1000", &format!("data:1:{LARGE}"), "flush:60000", "stats"]);
    host.check(4, 3000 + LARGE, 4);
    assert_eq!((&said[0]["delivered"], &said[0]["held"]), (&json!(8), &json!(0)), "{said:?}");
}

#[test]
fn no_line_tells_of_an_upload_that_has_not_succeeded() {
    let host = Host::with("attach-no-line", &["--upload-fail", "500:1000000"]);
    // All but the two uploads leave, however long that takes.
    host.run(&["new", "data:2:1000", "url:1", "flush:1500", "expect:MAXIM_ERR_TIMEOUT", "held:0:2"]);
    host.check(0, 0, 1);
}

#[test]
fn each_flush_waits_for_its_own() {
    let host = Host::with("attach-flushes", &["--upload-fail", "500:1000000"]);
    host.run(&[
        "new",
        "data:1:1000",
        "line:3:10",
        "flush-commit-logs:30000",
        "expect:MAXIM_OK",
        "flush-attachments:500",
        "expect:MAXIM_ERR_TIMEOUT",
    ]);
    host.check(0, 0, 3);
}

#[test]
fn a_killed_process_leaves_its_uploads_to_the_next() {
    let host = Host::with("attach-killed", &["--upload-fail", "500:1000000"]);
    let killed =
        host.command(&["new", "data:3:1000", &format!("data:2:{LARGE}"), "flush:300", "kill"]).status();
    assert!(!killed.unwrap().success(), "the process was to be killed");
    assert_eq!(host.side_files(), 2);
    host.check(0, 0, 0);
    host.server.control(json!({"upload_fail": null}));
    // The system may still be busy taking the killed process down; then a later logger finds it.
    for _ in 0..10 {
        host.run(&["new", "flush-log-files:30000", "cleanup:30000"]);
        if host.server.count("uploads") > 0 {
            break;
        }
    }
    host.check(5, 3000 + 2 * LARGE, 5);
    assert_eq!(host.side_files(), 0);
}

#[test]
fn a_process_killed_between_upload_and_delivered_line_loses_neither() {
    let host = Host::with("attach-between", &["--status", "503"]);
    // The uploads arrive; their lines do not.
    let mut child = host.command(&["new", "data:2:1000", "flush-attachments:30000", "kill"]).spawn().unwrap();
    assert!(!child.wait().unwrap().success(), "the process was to be killed");
    assert_eq!(host.server.count("uploads"), 2);
    assert_eq!(host.server.count("lines"), 0);
    host.server.control(json!({"status": null}));
    for _ in 0..10 {
        host.run(&["new", "flush-log-files:30000", "cleanup:30000"]);
        if host.server.count("lines") >= 2 {
            break;
        }
    }
    // The lines had been accepted, so the uploads are not made again.
    host.check(2, 2000, 2);
}

#[test]
fn a_process_killed_before_it_knows_of_its_upload_has_it_made_again_and_told_of_once() {
    let scratch = Scratch::new("attach-window");
    let program = compile("tests/c/uploads.c", &scratch);
    let service = Service::start();
    let command = |verbs: &[&str]| {
        let url = format!("http://127.0.0.1:{}", service.port);
        probe(&program, &url, &scratch.path().join("spool"), verbs)
    };
    let mut child = command(&["new", "data:1:1000", "flush-attachments:60000"]).spawn().unwrap();
    assert_eq!(service.arrived.recv(), Ok(Arrived::Upload(vec![1; 1000])));
    child.kill().unwrap();
    child.wait().unwrap();
    service.answers.store(true, Ordering::SeqCst);
    run(&mut command(&["new", "flush-log-files:30000", "expect:MAXIM_OK"]));
    assert_eq!(service.arrived.recv(), Ok(Arrived::Upload(vec![1; 1000])));
    let told = service.arrived.recv().unwrap();
    assert!(
        matches!(&told, Arrived::Lines(lines) if lines.matches("action=add-attachment").count() == 1),
        "{told:?}"
    );
    assert!(service.arrived.try_recv().is_err(), "something was sent twice");
}

#[test]
fn a_file_is_sent_with_its_name_its_size_and_the_type_that_its_content_or_else_its_name_says() {
    let scratch = Scratch::new("attach-types");
    let program = compile("tests/c/uploads.c", &scratch);
    let service = Service::start();
    service.answers.store(true, Ordering::SeqCst);
    let png = std::fs::read(root().join("tests/vectors/files/tiny.png")).unwrap();
    let files = [
        ("report.CSV", &b"a,b\n1,2\n"[..], "text/csv"),
        ("picture.csv", &png, "image/png"),
        ("notes", &b"no mark"[..], "application/octet-stream"),
    ];
    let mut verbs = vec!["new".to_owned()];
    for (name, content, _) in &files {
        let path = scratch.path().join(name);
        std::fs::write(&path, content).unwrap();
        verbs.push(format!("file:1:{}", path.display()));
    }
    verbs.push(FLUSH.to_owned());
    let url = format!("http://127.0.0.1:{}", service.port);
    run(&mut probe(&program, &url, &scratch.path().join("spool"), &verbs));
    let mut sent = Vec::new();
    while let Ok(arrived) = service.arrived.try_recv() {
        let Arrived::Lines(lines) = arrived else { continue };
        sent.extend(lines.lines().filter_map(|line| {
            let (_, data) = line.strip_suffix('}')?.split_once("action=add-attachment,data=")?;
            let data: Value = serde_json::from_str(data).unwrap();
            Some(["name", "size", "mimeType"].map(|member| data[member].to_string()))
        }));
    }
    sent.sort();
    let mut expected = files.map(|(name, content, mime)| {
        [json!(name), json!(content.len()), json!(mime)].map(|member| member.to_string())
    });
    expected.sort_unstable();
    assert_eq!(sent, expected);
}

#[test]
fn a_file_that_cannot_be_read_is_refused_by_the_call() {
    let host = Host::new("attach-unreadable");
    let scratch = host.scratch.path();
    let missing = format!("file:1:{}", scratch.join("missing").display());
    let directory = format!("file:1:{}", scratch.display());
    // Opening it would wait for a writer.
    let pipe = scratch.join("pipe");
    run(std::process::Command::new("mkfifo").arg(&pipe));
    let pipe = format!("file:1:{}", pipe.display());
    // The system says that it is empty.
    let of_system = "file:1:/proc/self/status";
    let refused = "expect:MAXIM_ERR_IO";
    let said = host.run(&[
        "new", &missing, refused, &directory, refused, &pipe, refused, of_system, refused, FLUSH, "stats",
    ]);
    host.check(0, 0, 0);
    assert_eq!((&said[0]["accepted"], &said[0]["errors"]), (&json!(0), &json!(0)), "{said:?}");
}

#[test]
fn files_that_vanish_are_told_of_counted_and_hold_nothing_back() {
    let host = Host::new("attach-vanished");
    let file = host.scratch.path().join("file");
    std::fs::write(&file, [0; 100]).unwrap();
    let (attach, unlink) = (format!("file:3:{}", file.display()), format!("unlink:{}", file.display()));
    let verbs = ["new", &attach, "expect:MAXIM_OK", &unlink, "data:1:1000", "cleanup:30000", "stats"];
    let said: Value = serde_json::from_str(&run(host.command(&verbs).env("UPLOADS_MANUAL", "1"))).unwrap();
    host.check(1, 1000, 1);
    // The first is told of at once, the others of its kind together in the end.
    let expected = json!({"accepted": 5, "adopted": 0, "delivered": 2, "held": 0, "dropped": 0, "quarantined": 3,
        "errors": 3});
    assert_eq!(said, expected);
}

#[test]
fn what_is_above_the_limit_is_refused() {
    let host = Host::new("attach-limit");
    let file = host.scratch.path().join("file");
    std::fs::write(&file, [0; 1001]).unwrap();
    let file = format!("file:1:{}", file.display());
    let refused = "expect:MAXIM_ERR_TOO_LARGE";
    let verbs = ["new", "data:1:1001", refused, &file, refused, "data:1:1000", "expect:MAXIM_OK", FLUSH];
    run(host.command(&verbs).env("UPLOADS_MOST", "1000"));
    host.check(1, 1000, 1);
}

#[test]
fn a_repository_whose_uploads_fail_holds_no_other_back() {
    for (what, first_fails) in
        [("upload_url_fail", true), ("upload_url_fail", false), ("upload_fail", true), ("upload_fail", false)]
    {
        let host = Host::new("attach-sinks");
        let sink = Server::start(&[]);
        let (well, ill) = if first_fails { (&sink, &host.server) } else { (&host.server, &sink) };
        ill.control(json!({what: "500:1000000"}));
        let attach = format!("data:2:{LARGE}");
        let add_sink = format!("sink:{}", sink.url());
        let mut host_process = HostProcess::start(host.command(&[
            "new",
            &add_sink,
            "data:3:1000",
            &attach,
            "line:2:10",
            "flush:1000",
            "expect:MAXIM_ERR_TIMEOUT",
            // Of the one whose uploads fail, the lines leave.
            if first_fails { "held:1:0" } else { "held:0:0" },
            if first_fails { "held:0:5" } else { "held:1:5" },
            "stats:0",
            "stats:1",
            "wait",
            "flush:60000",
            "expect:MAXIM_OK",
        ]));
        let (own, other) = (host_process.json(), host_process.json());
        let (held_ill, held_well) = if first_fails { (own, other) } else { (other, own) };
        assert_eq!((&held_well["held"], &held_ill["held"]), (&json!(0), &json!(5)), "{what}");
        assert_eq!((well.count("uploads"), well.count("lines")), (5, 7), "{what}");
        assert_eq!((ill.count("uploads"), ill.count("lines")), (0, 2), "{what}");
        ill.control(json!({what: null}));
        host_process.tell();
        host_process.must_succeed();
        for server in [well, ill] {
            assert_eq!((server.count("uploads"), server.count("lines")), (5, 7), "{what}");
            assert_eq!(server.count("upload_bytes"), 3000 + 2 * LARGE);
        }
        assert_eq!(host.side_files(), 0);
    }
}

#[test]
fn a_repository_without_room_keeps_nothing_of_a_call_from_another() {
    let host = Host::with("attach-tiny", &["--status", "503"]);
    let sink = Server::start(&[]);
    let verbs = [
        "new",
        &format!("sink:{}", sink.url()),
        // To the last corner.
        "line:100:2000",
        "line:100:10",
        "expect:MAXIM_ERR_SPOOL_FULL",
        "result:1",
        "expect:MAXIM_ERR_SPOOL_FULL",
        "image:1:100000",
        "expect:MAXIM_ERR_SPOOL_FULL",
        "flush:2000",
        "held:1:0",
        "stats:1",
    ];
    let said: Value = serde_json::from_str(&run(host.command(&verbs).env("UPLOADS_TINY", "1"))).unwrap();
    assert_eq!(said["held"], 0);
    assert_eq!(host.server.count("lines"), 0);
    // A result is two lines; a message's images make one each.
    assert_eq!((sink.count("lines"), sink.count("uploads")), (200 + 2 + 1 + 2, 2));
}

#[test]
fn an_upload_that_gets_nowhere_holds_no_line_back() {
    for flush in ["flush:600000", "flush-async:600000"] {
        let scratch = Scratch::new("attach-crawling");
        let program = compile("tests/c/uploads.c", &scratch);
        let service = Service::start();
        let url = format!("http://127.0.0.1:{}", service.port);
        let verbs = ["new", "data:1:1000", "line:3:10", flush, "wait"];
        let mut command = probe(&program, &url, &scratch.path().join("spool"), &verbs);
        command.env("UPLOADS_MANUAL", "1");
        let mut host = HostProcess::start(command);
        let mut first_two: Vec<Arrived> = service.arrived.iter().take(2).collect();
        first_two.sort_by_key(|arrived| matches!(arrived, Arrived::Lines(_)));
        // The upload is made again when nobody has answered for a while: that must not come first.
        let [Arrived::Upload(_), Arrived::Lines(lines)] = &first_two[..] else { panic!("{first_two:?}") };
        assert_eq!(lines.matches("seq-w-").count(), 3);
        host.kill();
    }
}

#[test]
fn four_uploads_are_under_way_at_a_time_and_what_they_take_is_bounded() {
    const IN_FLIGHT: usize = 4;
    /// Two locks and a connection each for lines and uploads; then a connection more for each further
    /// upload, and a file for each.
    const MOST_DESCRIPTORS: usize = 10 + (IN_FLIGHT - 1) + IN_FLIGHT;
    let scratch = Scratch::new("attach-together");
    let program = compile("tests/c/uploads.c", &scratch);
    let service = Service::start();
    let file = scratch.path().join("file");
    std::fs::write(&file, [9; 1000]).unwrap();
    let url = format!("http://127.0.0.1:{}", service.port);
    let attach = format!("file:10:{}", file.display());
    let verbs = ["new", "line:1:10", &attach, "flush:0", "wait", "flush:60000", "expect:MAXIM_OK"];
    let mut host = HostProcess::start(probe(&program, &url, &scratch.path().join("spool"), &verbs));
    let mut uploads = 0;
    while uploads < IN_FLIGHT {
        let arrived = service.arrived.recv_timeout(PATIENCE).expect("fewer uploads are under way");
        uploads += usize::from(matches!(arrived, Arrived::Upload(_)));
    }
    // Pipes and devices are the host's, or a sanitizer's.
    let open = std::fs::read_dir(format!("/proc/{}/fd", host.pid())).unwrap().flatten();
    let open: Vec<PathBuf> = open
        .filter(|entry| {
            let kind = std::fs::metadata(entry.path()).map(|found| found.file_type());
            kind.is_ok_and(|kind| kind.is_file() || kind.is_socket())
        })
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .collect();
    assert!(open.len() <= MOST_DESCRIPTORS, "{open:#?}");
    assert_eq!(service.unanswered.load(Ordering::SeqCst), IN_FLIGHT);
    // What has not been answered is sent again.
    service.answers.store(true, Ordering::SeqCst);
    service.hang_up();
    host.tell();
    host.must_succeed();
    let rest: Vec<Arrived> = service.arrived.try_iter().collect();
    let told: usize = rest
        .iter()
        .map(|arrived| match arrived {
            Arrived::Lines(lines) => lines.matches("action=add-attachment").count(),
            Arrived::Upload(_) => 0,
        })
        .sum();
    assert_eq!(told, 10);
    assert_eq!(rest.iter().filter(|arrived| matches!(arrived, Arrived::Upload(_))).count(), 10);
}

#[test]
fn content_that_the_storage_refuses_for_ever_holds_no_other_back_for_ever() {
    let scratch = Scratch::new("attach-poison");
    let program = compile("tests/c/uploads.c", &scratch);
    let service = Service::start();
    service.answers.store(true, Ordering::SeqCst);
    let file = scratch.path().join("file");
    std::fs::write(&file, [POISON; 500]).unwrap();
    let url = format!("http://127.0.0.1:{}", service.port);
    let attach = format!("file:1:{}", file.display());
    let verbs = ["new", "data:2:1000", &attach, "data:8:1000", "flush:120000", "expect:MAXIM_OK", "stats"];
    let said = run(&mut probe(&program, &url, &scratch.path().join("spool"), &verbs));
    let said: Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!((&said["quarantined"], &said["delivered"]), (&json!(1), &json!(20)));
    let arrived: Vec<Arrived> = service.arrived.try_iter().collect();
    let uploads = |poison| arrived.iter().filter(|arrived| is_upload(arrived, poison)).count();
    assert_eq!(uploads(false), 10);
    // Some times beside others, and until it stands alone.
    assert!(uploads(true) > 5);
}

fn is_upload(arrived: &Arrived, poison: bool) -> bool {
    matches!(arrived, Arrived::Upload(body) if (body.first() == Some(&POISON)) == poison)
}

#[test]
fn an_upload_that_has_succeeded_is_not_repeated_for_one_beside_it_that_has_not() {
    let host = Host::new("attach-beside");
    let file = host.scratch.path().join("file");
    std::fs::write(&file, [0; 500]).unwrap();
    let (attach, unlink) = (format!("file:1:{}", file.display()), format!("unlink:{}", file.display()));
    // Of each four, one fails for a while or for good.
    host.server.control(json!({"upload_fail": "500:2"}));
    let verbs = [
        "new",
        "data:2:1000",
        &attach,
        "data:3:1000",
        &unlink,
        "data:1:1000",
        "flush:60000",
        "expect:MAXIM_OK",
        "stats",
    ];
    let said: Value = serde_json::from_str(&run(host.command(&verbs).env("UPLOADS_MANUAL", "1"))).unwrap();
    host.check(6, 6000, 6);
    assert_eq!((&said["quarantined"], &said["held"]), (&json!(1), &json!(0)), "{said}");
    // Each fails or arrives, and is asked for no more often than that.
    assert_eq!(host.server.count("upload_url_requests"), 8);
}

/// What is too long for anything that works, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn large_bytes_count_towards_the_cap_on_disk() {
    const MOST: u64 = 4 << 20;
    const COUNT: u64 = 40;
    for policy in ["0", "1"] {
        let host = Host::with("attach-cap", &["--upload-fail", "500:1000000"]);
        let attach = format!("data:{COUNT}:{LARGE}");
        let mut command =
            host.command(&["new", &attach, "stats", "wait", "flush:60000", "expect:MAXIM_OK", "stats"]);
        let mut process = HostProcess::start({
            command.env("UPLOADS_DISK", MOST.to_string()).env("UPLOADS_OVERFLOW", policy);
            command
        });
        let full = process.json();
        let number = |document: &Value, name: &str| document[name].as_u64().unwrap();
        let held = number(&full, "held");
        assert!(held > 10 && held * LARGE <= MOST, "{full}");
        assert_eq!(host.side_files() as u64, held, "{full}");
        // Under policy 0 the oldest go and are counted, under 1 the newest are not accepted.
        let expected = if policy == "0" { (COUNT, COUNT - held) } else { (held, 0) };
        assert_eq!((number(&full, "accepted"), number(&full, "dropped")), expected, "{full}");
        host.server.control(json!({"upload_fail": null}));
        process.tell();
        let done = process.json();
        assert_eq!((number(&done, "delivered"), number(&done, "held")), (2 * held, 0), "{done}");
        process.must_succeed();
        host.check(held, held * LARGE, held);
        assert_eq!(host.side_files(), 0);
    }
}

#[test]
fn a_caller_that_waits_for_room_on_disk_goes_on_when_an_upload_has_made_some() {
    const COUNT: u64 = 40;
    let host = Host::new("attach-block");
    let attach = format!("data:{COUNT}:{LARGE}");
    let verbs = ["new", &attach, "expect:MAXIM_OK", "flush:60000", "expect:MAXIM_OK"];
    let mut command = host.command(&verbs);
    run(command.env("UPLOADS_DISK", (4 << 20).to_string()).env("UPLOADS_OVERFLOW", "2"));
    host.check(COUNT, COUNT * LARGE, COUNT);
    assert_eq!(host.side_files(), 0);
}

#[test]
fn a_logger_that_runs_makes_the_uploads_of_one_that_died() {
    let host = Host::with("attach-rescan", &["--upload-fail", "500:1000000"]);
    // It has looked for such when it was made, and attaches nothing itself.
    let mut heir = HostProcess::start(host.command(&["new", "stats", "wait", "cleanup:30000", "stats"]));
    assert_eq!(heir.json()["adopted"], 0);
    let killed =
        host.command(&["new", "data:2:1000", &format!("data:1:{LARGE}"), "flush:300", "kill"]).status();
    assert!(!killed.unwrap().success(), "the process was to be killed");
    assert_eq!(host.server.count("uploads"), 0);
    host.server.control(json!({"upload_fail": null}));
    host.server.wait_for("uploads", 3, PATIENCE + PATIENCE);
    heir.tell();
    assert_eq!(heir.json()["adopted"], 3);
    heir.must_succeed();
    host.check(3, 2000 + LARGE, 3);
    assert_eq!(host.side_files(), 0);
}

#[test]
fn two_hundred_files_of_20_megabytes_need_little_memory() {
    const FILES: u64 = 200;
    const BYTES: u64 = 20_000_000;
    const MOST_KIB: u64 = 64 * 1024;
    /// At rest, lines and uploads together, and the connections of three uploads beside the first, which
    /// stay for a while.
    const MOST_DESCRIPTORS: u64 = 6 + 3;
    let host = Host::new("attach-many");
    let file = host.scratch.path().join("file");
    std::fs::write(&file, vec![7; BYTES as usize]).unwrap();
    let said = host.run(&["new", &format!("file:{FILES}:{}", file.display()), "flush:300000", "peak"]);
    host.check(FILES, FILES * BYTES, FILES);
    let peak = said[0]["peak_kib"].as_u64().unwrap();
    assert!(peak <= MOST_KIB, "the peak of memory was {peak} KiB, above {MOST_KIB}");
    let descriptors = said[0]["descriptors"].as_u64().unwrap();
    assert!(descriptors <= MOST_DESCRIPTORS, "{descriptors} descriptors");
}

#[test]
fn a_flush_gives_each_repository_all_of_its_time() {
    let scratch = Scratch::new("attach-share");
    let program = compile("tests/c/uploads.c", &scratch);
    // None answers before all three have been asked: whoever waits for one after the other waits in vain.
    let asked = Arc::new((Mutex::new(0_usize), Condvar::new()));
    let together = || {
        let asked = Arc::clone(&asked);
        Scripted::start(move |_| {
            let (count, changed) = &*asked;
            let mut count = count.lock().unwrap();
            *count += 1;
            changed.notify_all();
            let all = count.next_multiple_of(3);
            drop(changed.wait_while(count, |count| *count < all).unwrap());
            answer("200 OK", "{}")
        })
    };
    let (own, sinks) = (together(), [together(), together()]);
    let [first, second] = sinks.each_ref().map(|sink| format!("sink:{}", sink.url()));
    for flush in ["flush:60000", "flush-commit-logs:60000"] {
        let verbs = ["new", &first, &second, "line:1:10", flush, "expect:MAXIM_OK"];
        let mut host = probe(&program, &own.url(), &scratch.path().join("spool"), &verbs);
        run(host.env("UPLOADS_MANUAL", "1"));
    }
    assert_eq!([&own, &sinks[0], &sinks[1]].map(|server| server.asked().len()), [2, 2, 2]);
}
