//! Attachments through the C ABI, counted at the server: what is uploaded, what is told of it, and that
//! neither is lost when the service fails or the process is killed in between.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

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
    let expected =
        json!({"accepted": 18, "adopted": 0, "delivered": 18, "held": 0, "quarantined": 0, "errors": 0});
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
    host.run(&["new", "data:2:1000", "url:1", "flush:1500", "expect:MAXIM_ERR_TIMEOUT"]);
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

/// A service of the test's own, which can be asked to keep an upload's sender waiting for ever.
struct Service {
    port: u16,
    arrived: mpsc::Receiver<Arrived>,
    answers: Arc<AtomicBool>,
}

/// What a service got.
#[derive(Debug, PartialEq)]
enum Arrived {
    Upload(Vec<u8>),
    Lines(String),
}

impl Service {
    fn start() -> Service {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, arrived) = mpsc::channel();
        let answers = Arc::new(AtomicBool::new(false));
        let service = Service { port, arrived, answers: Arc::clone(&answers) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (sender, answers) = (sender.clone(), Arc::clone(&answers));
                // It ends with the connection.
                std::thread::spawn(move || serve(stream, port, &sender, &answers));
            }
        });
        service
    }
}

fn serve(stream: TcpStream, port: u16, sender: &mpsc::Sender<Arrived>, answers: &AtomicBool) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).ok()?;
        let mut answer = "{}".to_owned();
        if head.starts_with("get ") {
            answer = json!({"data": {"url": format!("http://127.0.0.1:{port}/storage")}}).to_string();
        } else if head.starts_with("put ") {
            sender.send(Arrived::Upload(body)).ok()?;
            if !answers.load(Ordering::SeqCst) {
                // Until its sender is no more.
                let _ = reader.read_exact(&mut [0]);
                return None;
            }
        } else {
            sender.send(Arrived::Lines(String::from_utf8(body).unwrap())).ok()?;
        }
        let length = answer.len();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{answer}").ok()?;
    }
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
fn a_file_that_cannot_be_read_is_told_of_counted_and_holds_nothing_back() {
    let host = Host::new("attach-missing");
    let scratch = host.scratch.path();
    let vanished = format!("file:1:{}", scratch.join("vanished").display());
    let directory = format!("file:1:{}", scratch.display());
    // Opening it would wait for a writer.
    let pipe = scratch.join("pipe");
    run(std::process::Command::new("mkfifo").arg(&pipe));
    let pipe = format!("file:1:{}", pipe.display());
    let said = host.run(&["new", &vanished, &directory, &pipe, "data:1:1000", "cleanup:30000", "stats"]);
    host.check(1, 1000, 1);
    // One kind of trouble is told of once in ten seconds, and counted each time.
    let expected =
        json!({"accepted": 5, "adopted": 0, "delivered": 2, "held": 0, "quarantined": 3, "errors": 1});
    assert_eq!(said, [expected]);
}

#[test]
fn what_is_above_the_limit_is_refused() {
    let host = Host::new("attach-limit");
    let file = host.scratch.path().join("file");
    std::fs::write(&file, [0; 1001]).unwrap();
    let file = format!("file:1:{}", file.display());
    let verbs = [
        "new",
        "data:1:1001",
        "expect:MAXIM_ERR_TOO_LARGE",
        &file,
        "data:1:1000",
        "expect:MAXIM_OK",
        FLUSH,
        "stats",
    ];
    let said = run(host.command(&verbs).env("UPLOADS_MOST", "1000"));
    host.check(1, 1000, 1);
    let said: Value = serde_json::from_str(said.trim()).unwrap();
    // A file is looked at when its turn comes.
    let expected =
        json!({"accepted": 3, "adopted": 0, "delivered": 2, "held": 0, "quarantined": 1, "errors": 1});
    assert_eq!(said, expected);
}

#[test]
fn two_hundred_files_of_20_megabytes_need_little_memory() {
    const FILES: u64 = 200;
    const BYTES: u64 = 20_000_000;
    const MOST_KIB: u64 = 64 * 1024;
    const MOST_DESCRIPTORS: u64 = 6;
    let host = Host::new("attach-many");
    let file = host.scratch.path().join("file");
    std::fs::write(&file, vec![7; BYTES as usize]).unwrap();
    let said = host.run(&["new", &format!("file:{FILES}:{}", file.display()), "flush:300000", "peak"]);
    host.check(FILES, FILES * BYTES, FILES);
    let peak = said[0]["peak_kib"].as_u64().unwrap();
    assert!(peak <= MOST_KIB, "the peak of memory was {peak} KiB, above {MOST_KIB}");
    // At rest, lines and uploads together; a file is open while it is uploaded.
    let descriptors = said[0]["descriptors"].as_u64().unwrap();
    assert!(descriptors <= MOST_DESCRIPTORS, "{descriptors} descriptors");
}
