//! What does not say that it has the records does not have them: pages, other encodings, errors in an answer
//! that looks like a success. They are held, the host is told what was found instead, and they arrive when the
//! service is back.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::bench::{Client, Row, Stage, for_both_clients, json_lines, wait_until, words};
use crate::common::host::HostProcess;
use crate::common::scripted::{Asked, Scripted, answer, answer_with};

const PAGE: &str =
    "<!DOCTYPE html><html><head><title>Login</title></head><body>Accept the terms</body></html>";

for_both_clients! {
    an_answer_that_does_not_say_success_is_none
    an_answer_that_says_success_is_one
}

/// `{"error":{"message":"no"}}`, compressed.
const GZIPPED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 45, 42, 202, 47, 82, 178, 170, 86, 202, 77, 45, 46, 78, 76,
    79, 85, 178, 82, 202, 203, 87, 170, 173, 5, 0, 220, 130, 108, 238, 26, 0, 0, 0,
];

/// How many of the probe's records a request holds.
fn records(asked: &Asked) -> usize {
    asked.text().matches("seq-w-").count()
}

fn an_answer_that_does_not_say_success_is_none(client: Client) {
    let mut row = Row::of("answers that are no success", client);
    let late = format!("{{\"data\":\"{}\",\"error\":{{\"message\":\"late\"}}}}", "x".repeat(200_000));
    let endless = format!("HTTP/1.1 200 OK\r\nX-Much: {}", "x".repeat(1 << 20));
    let answers: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a login page", answer("200 OK", PAGE), "Accept the terms"),
        ("a login page with 207", answer("207 Multi-Status", PAGE), "HTTP 207"),
        ("text", answer("200 OK", "It works!"), "It works!"),
        ("no object", answer("200 OK", "[]"), "not the service's JSON"),
        ("errors", answer("207 Multi-Status", r#"{"success":[],"errors":[{"status":400}]}"#), "with errors"),
        ("an error", answer("200 OK", r#"{"error":{"message":"quota"}}"#), "quota"),
        ("no success", answer("200 OK", r#"{"success":false,"message":"used up"}"#), "used up"),
        ("no success within", answer("200 OK", r#"{"data":{"success":false}}"#), "no success"),
        ("a status of its own", answer("200 OK", r#"{"statusCode":500,"body":""}"#), "no success"),
        ("an error behind a mark", answer("200 OK", "\u{feff}{\"error\":\"marked\"}"), "marked"),
        ("an error far behind", answer("200 OK", late), "more than is read"),
        ("gzip", answer_with("200 OK", "Content-Encoding: gzip\r\n", GZIPPED), "gzip"),
        ("gzip that is not called so", answer("200 OK", GZIPPED), "not the service's JSON"),
        ("half an object", answer("200 OK", "{\"data\":"), "not the service's JSON"),
        ("TLS", b"\x15\x03\x01\x00\x02\x02\x46".to_vec(), "https rather than http"),
        ("a header without end", endless.into_bytes(), "header is too big"),
        ("a wrong address", answer("404 Not Found", PAGE), "is the base URL right?"),
        ("a refused key", answer("401 Unauthorized", ""), "is the API key"),
        ("a proxy's question", answer("407 Proxy Authentication Required", ""), "user and password"),
    ];
    for (what, found, said) in &answers {
        let stage = Stage::of("no-success", client);
        let is_well = Arc::new(AtomicBool::new(false));
        let (well, found) = (Arc::clone(&is_well), found.clone());
        let server = Scripted::start(move |_| match well.load(Ordering::SeqCst) {
            true => answer("200 OK", "{}"),
            false => found.clone(),
        });
        let verbs = words("new log:10 flush:1000 stats wait flush:60000 expect:MAXIM_OK stats free");
        let told = stage.scratch.path().join("told");
        let mut command = stage.probe(&server.url(), &verbs);
        let mut host = HostProcess::start({
            command.stderr(File::create(&told).unwrap());
            command
        });
        let held = host.json();
        assert_eq!((&held["delivered"], &held["held"]), (&0.into(), &10.into()), "{what}: {held}");
        // A slow machine may not have had an answer in that time.
        wait_until(&format!("the host is told of {what}"), || {
            std::fs::read_to_string(&told).is_ok_and(|told| told.contains(said))
        });
        is_well.store(true, Ordering::SeqCst);
        host.line();
        host.tell();
        row.add_stats(&host.json());
        host.must_succeed();
        let asked = server.asked();
        assert_eq!(asked.last().map(records), Some(10), "{what}");
    }
    assert_eq!(row.delivered, 10 * answers.len() as u64);
    row.note = format!("{} answers", answers.len());
}

fn an_answer_that_says_success_is_one(client: Client) {
    let mut row = Row::of("answers that are a success", client);
    let answers = [
        answer("200 OK", ""),
        answer("202 Accepted", "\r\n"),
        b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        answer("200 OK", "{}"),
        answer("201 Created", r#"{"data":{"success":true},"error":null}"#),
        answer("200 OK", r#"{"error":"","errors":[]}"#),
        answer("200 OK", r#"{"error":false}"#),
        answer("200 OK", r#"{"success":true,"status":"ok","statusCode":200,"message":"no complaint"}"#),
        answer("200 OK", "\u{feff}{}"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_vec(),
    ];
    for found in &answers {
        let stage = Stage::of("success", client);
        let bytes = found.clone();
        let server = Scripted::start(move |_| bytes.clone());
        let verbs = ["new", "log:10", "flush:60000", "expect:MAXIM_OK", "stats"];
        let stats = json_lines(&mut stage.probe(&server.url(), &verbs)).remove(0);
        row.add_stats(&stats);
        assert_eq!(server.asked().iter().map(records).sum::<usize>(), 10);
    }
    assert_eq!(row.delivered, 10 * answers.len() as u64);
}

#[test]
fn a_request_says_who_asks() {
    let stage = Stage::new("user-agent");
    let server = Scripted::start(|_| answer("200 OK", "{}"));
    json_lines(&mut stage.probe(&server.url(), &["new", "log:1", "flush:60000", "stats"]));
    let agent = format!("libmaxim/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(server.asked()[0].header("user-agent"), Some(&*agent));
}
