//! A request to delete data is kept: what was held is in no file afterwards, is counted, and never arrives; what is
//! logged later does. Through the C ABI, with a service that refuses, is away and comes back.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{Scratch, Server, compile, kept_with, nobody};

/// One host process, stepped.
struct Host {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Host {
    fn start(program: &Path, stage: &Stage, steps: &[&str]) -> Host {
        Host::start_with(program, stage, steps, None)
    }

    /// With a maximum age in milliseconds.
    fn start_with(program: &Path, stage: &Stage, steps: &[&str], max_age_ms: Option<&str>) -> Host {
        let mut command = Command::new(program);
        command.envs(max_age_ms.map(|max_age_ms| ("PURGE_MAX_AGE_MS", max_age_ms)));
        command.arg(&stage.secret).args(steps).env("PURGE_NAME", &stage.name);
        command.env("MAXIM_BASE_URL", &stage.url).env("MAXIM_SPOOL_DIR", stage.spool());
        command.env("MAXIM_API_KEY", format!("key-of-{}", stage.name));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Host { child, said }
    }

    /// What it says as far as its next `wait`.
    fn until_ready(&mut self) -> String {
        let mut all = String::new();
        while !all.ends_with("ready\n") {
            assert_ne!(self.said.read_line(&mut all).unwrap(), 0, "it ended: {all}");
        }
        all
    }

    fn go_on(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    fn end(mut self) -> String {
        let said = self.said.lines().map(Result::unwrap).collect::<Vec<_>>().join("\n");
        assert!(self.child.wait().unwrap().success(), "{said}");
        said
    }
}

struct Stage {
    scratch: Scratch,
    name: String,
    /// What must be found nowhere; no other run's text.
    secret: String,
    url: String,
    port: String,
}

impl Stage {
    fn new(name: &str) -> Stage {
        let scratch = Scratch::new(name);
        let name = scratch.path().file_name().unwrap().to_str().unwrap().to_owned();
        let secret = format!("to be deleted {}", name.chars().rev().collect::<String>());
        let (url, port) = nobody();
        Stage { scratch, name, secret, url, port }
    }

    fn spool(&self) -> PathBuf {
        self.scratch.path().join("spool")
    }

    fn server(&self, flags: &[&str]) -> Server {
        Server::start(&[&["--port", &self.port], flags].concat())
    }

    /// A server that is there again gets what is logged from now on, and no byte of what was logged before.
    fn expect_only_later_records(&self, mut host: Host) {
        let record = self.scratch.path().join("requests");
        let _server = self.server(&["--record", record.to_str().unwrap()]);
        host.go_on();
        let said = host.end();
        // An attachment is an upload and a line.
        let delivered = (number(&said, "lines", "delivered"), number(&said, "entries", "delivered"));
        assert_eq!(delivered, (302, 300), "{said}");
        let sent = std::fs::read(record).unwrap();
        assert!(memchr::memmem::find(&sent, b"logged afterwards").is_some());
        assert!(memchr::memmem::find(&sent, self.secret.as_bytes()).is_none());
    }

    /// The files that hold the secret: in the spool directory, and in shared memory, which is everybody's.
    fn found(&self) -> Vec<PathBuf> {
        kept_with(&self.spool(), self.secret.as_bytes())
    }
}

/// One number of the last line of the stats that begins with `who`.
fn number(said: &str, who: &str, name: &str) -> u64 {
    let line = said.lines().rfind(|line| line.starts_with(who)).unwrap_or_else(|| panic!("{said}"));
    let mut words = line.split(' ').skip_while(|word| *word != name);
    words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {name} in {line}"))
}

fn in_directories(found: &[PathBuf], name: &str) -> bool {
    found.iter().any(|path| path.components().any(|part| part.as_os_str() == name))
}

#[test]
fn no_byte_of_what_was_purged_is_left_or_arrives_and_later_records_do() {
    let stage = Stage::new("purge");
    let program = compile("tests/c/purge.c", &stage.scratch);

    // Refused for good, so that it lies in quarantine.
    let refusing = stage.server(&[]);
    refusing.control(serde_json::json!({"status": 400}));
    let said = Host::start(&program, &stage, &["log", "flush", "refused", "stats"]).end();
    assert!(number(&said, "entries", "quarantined") > 0, "{said}");
    drop(refusing);
    assert!(in_directories(&stage.found(), "quarantine"));

    // Left by a process that was killed, in shared memory and in files.
    let mut killed = Host::start(&program, &stage, &["log", "files", "log", "wait"]);
    killed.until_ready();
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    // As if it had been killed while it wrote one more.
    let files = stage.found();
    let one = files.iter().find(|path| path.parent().unwrap().ends_with("attachments")).unwrap();
    let unfinished = one.with_file_name(".new-of-a-process-that-was-killed");
    std::fs::write(&unfinished, &stage.secret).unwrap();

    let steps = [
        "log", "files", "log", "flush", "stats", "wait", "purge", "stats", "wait", "after", "send", "stats",
        "clean",
    ];
    let mut host = Host::start(&program, &stage, &steps);
    host.until_ready();
    let before = stage.found();
    for place in ["quarantine", "attachments", "dev"] {
        assert!(in_directories(&before, place), "{place} is not among {} files", before.len());
    }

    host.go_on();
    let said = host.until_ready();
    assert_eq!(stage.found(), Vec::<PathBuf>::new());
    for who in ["lines", "entries"] {
        assert_eq!(number(&said, who, "in"), number(&said, who, "out"), "{said}");
        assert_eq!(number(&said, who, "held"), 0, "{said}");
        // The own ones and those of the process that was killed.
        assert!(number(&said, who, "purged") >= 2 * 2 * 300, "{said}");
        assert!(number(&said, who, "adopted") >= 2 * 300, "{said}");
    }

    stage.expect_only_later_records(host);
}

#[test]
fn what_is_older_than_the_maximum_age_is_given_up_and_counted_and_never_arrives() {
    let stage = Stage::new("max-age");
    let program = compile("tests/c/purge.c", &stage.scratch);
    let steps = ["log", "expire", "stats", "wait", "after", "send", "stats", "clean"];
    // Long enough for a busy machine to send what is logged afterwards.
    let mut host = Host::start_with(&program, &stage, &steps, Some("8000"));
    let said = host.until_ready();
    for (who, records) in [("lines", 301), ("entries", 300)] {
        assert_eq!((number(&said, who, "expired"), number(&said, who, "held")), (records, 0), "{said}");
        assert_eq!(number(&said, who, "in"), number(&said, who, "out"), "{said}");
    }

    stage.expect_only_later_records(host);
}
