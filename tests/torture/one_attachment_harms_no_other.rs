//! An attachment that cannot be uploaded holds no other back, whatever is wrong with it; what is uploaded is what was
//! attached, and goes where a service may send it.

use std::process::Output;

use serde_json::{Value, json};

use crate::bench::{Row, scaled, wait_until};
use crate::common::both;
use crate::common::host::{Host, HostProcess};
use crate::common::scripted::{Asked, Scripted, answer};

/// What content begins with that the storage refuses.
const POISON: u8 = b'!';

fn host(name: &str) -> Host {
    Host::new("tests/c/uploads.c", name)
}

impl Host {
    fn run(&self, server: &Scripted, verbs: &[&str]) -> (Value, Output) {
        let output = self.probe(&server.url(), verbs).output().unwrap();
        assert!(output.status.success(), "{}", both(&output));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (said.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default(), output)
    }

    /// Lets it go on after the verbs when something has come of them, in view of what it has been told. Gives its
    /// stats, and what it was told.
    fn run_until(&self, server: &Scripted, verbs: &[&str], is_so: impl Fn(&str) -> bool) -> (Value, String) {
        let told = self.scratch.path().join("told");
        let mut command = self.probe(&server.url(), &[&["new"], verbs, &["wait", "stats"]].concat());
        command.stderr(std::fs::File::create(&told).unwrap());
        let mut process = HostProcess::start(command);
        let read = || std::fs::read_to_string(&told).unwrap();
        wait_until(&format!("something comes of {verbs:?}"), || is_so(&read()));
        process.tell();
        let stats = process.json();
        process.must_succeed();
        (stats, read())
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.scratch.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// A service whose storage answers poison with `refusal`, and requests of more than 8 KiB of head as nginx does.
fn service(refusal: &'static str) -> Scripted {
    Scripted::start(move |asked| match asked {
        _ if asked.head.len() > 8 * 1024 => answer("414 URI Too Long", "<html>414</html>"),
        _ if asked.is("GET") => {
            let host = asked.header("host").unwrap();
            answer("200 OK", json!({"data": {"url": format!("http://{host}/put")}}).to_string())
        }
        _ if asked.is("PUT") && asked.body.first() == Some(&POISON) => match refusal {
            "" => Vec::new(),
            refusal => answer(refusal, ""),
        },
        _ => answer("200 OK", "{}"),
    })
}

fn good_uploads(server: &Scripted) -> usize {
    let is_good = |asked: &&Asked| asked.is("PUT") && asked.body.first() != Some(&POISON);
    server.asked().iter().filter(is_good).count()
}

#[test]
fn refused_uploads_step_aside() {
    let mut row = Row::new("40 attachments that the storage refuses before 20 others");
    let all = ["403 Forbidden", "500 Error", "", "400 Bad Request", "404 Not Found", "302 Found"];
    for refusal in &all[..scaled(3, all.len())] {
        let host = host("aside");
        let server = service(refusal);
        let poison = format!("file:40:{}", host.file("poison", &[POISON; 300]));
        host.run_until(&server, &[&poison, "data:20:1000", "flush-attachments:4000"], |told| {
            good_uploads(&server) >= 20 && told.contains("upload of ")
        });
        assert_eq!(good_uploads(&server), 20, "{refusal}");
        row.accepted += 60;
        row.delivered += 20;
        row.held += 40;
    }
}

#[test]
fn hundreds_of_refused_uploads_stop_no_good_one() {
    let mut row = Row::new("270 attachments that the storage refuses before 20 others");
    let host = host("hundreds");
    let server = service("403 Forbidden");
    let poison = format!("file:270:{}", host.file("poison", &[POISON; 300]));
    // The good ones come when the others fill what waits.
    let verbs = ["new", &poison, "flush:0", "wait", "data:20:1000", "flush:0", "wait"];
    let mut process = host.start(&server.url(), &verbs);
    wait_until("some have been refused", || server.asked().len() > 20);
    process.tell();
    wait_until("the good ones have been uploaded", || good_uploads(&server) >= 20);
    process.tell();
    process.must_succeed();
    row.accepted = 290;
    row.delivered = 20;
    row.held = 270;
}

#[test]
fn a_mime_type_that_cannot_be_sent_stops_nothing() {
    let mut row = Row::new("MIME types of 70 KB and with line breaks");
    let host = host("mime");
    let server = service("");
    let refused = "expect:MAXIM_ERR_INVALID_ARGUMENT";
    let long = format!("typed:10:image/{}", "a".repeat(3_000));
    let verbs = [
        "new",
        "media:4:0",
        "media:4:70000",
        "typed:10:image/png\r\nX-Evil: 1",
        refused,
        &long,
        refused,
        "typed:10:nonsense",
        refused,
        "typed:10:text/plain; charset=utf-8",
        "data:19:1000",
        "flush:60000",
        "expect:MAXIM_OK",
        "stats",
    ];
    let (stats, output) = host.run(&server, &verbs);
    assert_eq!((&stats["held"], &stats["quarantined"]), (&json!(0), &json!(0)), "{}", both(&output));
    let asked = server.asked();
    assert_eq!(good_uploads(&server), 28);
    assert!(asked.iter().all(|asked| asked.header("x-evil").is_none()));
    let typed = |kind| {
        asked.iter().filter(|asked| asked.is("PUT") && asked.header("content-type") == Some(kind)).count()
    };
    assert_eq!((typed("application/octet-stream"), typed("text/plain; charset=utf-8")), (8 + 19, 1));
    row.accepted = 28;
    row.delivered = 28;
}

#[test]
fn what_is_uploaded_is_what_was_attached() {
    let mut row = Row::new("files that change before their upload");
    let host = host("swapped");
    let server = service("");
    let secret = host.file("secret", b"SECRET of somebody else");
    let (swapped, grown, edited, cut) = (
        host.file("swapped", b"harmless"),
        host.file("grown", b"a line\n"),
        host.file("edited", b"before"),
        host.file("cut", b"more than that"),
    );
    let attach = |path: &str| format!("file:1:{path}");
    let verbs = [
        "new",
        &attach(&swapped),
        &attach(&grown),
        &attach(&edited),
        &attach(&cut),
        "data:1:10",
        &format!("replace:{swapped}:{secret}"),
        &format!("append:{grown}"),
        "stats",
        "wait",
        "flush:60000",
        "expect:MAXIM_OK",
        "stats",
    ];
    let mut command = host.probe(&server.url(), &verbs);
    command.env("UPLOADS_MANUAL", "1");
    let mut process = HostProcess::start(command);
    // Its records are made; a file of the same size with another time has been edited.
    process.json();
    std::fs::write(&edited, b"after!").unwrap();
    std::fs::write(&cut, b"less").unwrap();
    process.tell();
    let stats = process.json();
    process.must_succeed();
    let mut uploaded: Vec<String> =
        server.asked().iter().filter(|asked| asked.is("PUT")).map(Asked::text).collect();
    uploaded.sort();
    assert_eq!(uploaded, ["\u{1}".repeat(10), "a line\n".to_owned()], "{stats}");
    assert_eq!(stats["quarantined"], 3, "{stats}");
    row.accepted = 5;
    row.delivered = 2;
    row.dropped = 3;
}

#[test]
fn content_goes_nowhere_but_where_a_service_may_send_it() {
    let mut row = Row::new("upload URLs of a hostile service");
    let urls = [
        "http://169.254.169.254/latest/meta-data",
        "http://192.0.2.1/put",
        "https://[fe80::1]/put",
        "ftp://127.0.0.1/put",
        "file:///etc/hostname",
        "http://user:password@127.0.0.1/put",
        "//127.0.0.1/put",
        "put",
        "",
    ];
    for url in urls {
        let host = host("upload-url");
        let server = Scripted::start(move |asked| match asked.is("GET") {
            true => answer("200 OK", json!({"data": {"url": url}}).to_string()),
            false => answer("200 OK", "{}"),
        });
        let verbs = ["data:1:1000", "flush-attachments:300"];
        let (stats, told) =
            host.run_until(&server, &verbs, |told| told.contains("an upload URL that is not used"));
        assert_eq!((&stats["held"], &stats["delivered"]), (&json!(1), &json!(0)), "{url}");
        assert!(!told.contains("password"), "{url}: {told}");
        row.accepted += 1;
        row.held += 1;
    }
}
