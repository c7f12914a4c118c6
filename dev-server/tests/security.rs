//! What a page of somebody else, a hostile text, a slow or endless peer and a planted link cannot do.

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use common::{KEY, LOG, STRUCTURED_KEY, scratch, start};

/// Sends one request as it stands, and returns the status of its answer.
fn status(port: u16, head: &str) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn a_foreign_host_or_origin_gets_403_on_every_route_and_changes_nothing() {
    let server = start(&["--mode", "tree"]);
    let own = format!("127.0.0.1:{}", server.port);
    for (method, target) in [
        ("GET", "/"),
        ("GET", "/stats"),
        ("GET", "/tree"),
        ("POST", "/control"),
        ("POST", "/control/reset"),
        ("POST", LOG),
        ("POST", "/v1/logs"),
        ("PUT", "/upload/k"),
        ("GET", "/nowhere"),
    ] {
        for headers in [
            "Host: evil.test".to_owned(),
            format!("Host: evil.test:{}", server.port),
            format!("Host: {own}\r\nOrigin: http://evil.test"),
            format!("Host: {own}\r\nOrigin: null"),
            format!("Host: {own}\r\nOrigin: http://localhost:{}", server.port),
            format!("Host: {own}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors"),
        ] {
            let head =
                format!("{method} {target} HTTP/1.1\r\n{headers}\r\n{KEY}\r\nConnection: close\r\n\r\n");
            assert_eq!(status(server.port, &head), 403, "{method} {target} {headers}");
        }
    }
    let stats = server.get("/stats");
    assert_eq!((&stats["lines"], &stats["uploads"], &stats["answered"]), (&0.into(), &0.into(), &0.into()));
    let own_origin = format!("Host: {own}\r\nOrigin: http://{own}\r\nConnection: close");
    assert_eq!(status(server.port, &format!("GET /stats HTTP/1.1\r\n{own_origin}\r\n\r\n")), 200);
}

#[test]
fn no_field_carries_a_control_character_to_a_terminal() {
    // Each form that one can arrive in: as it is where the wire allows it, and escaped in JSON.
    const WIRE: &str = "\u{1b}[31m\u{9b}2J\u{202e}\u{2066}\u{7f}";
    const JSON: &str = "\\u001b[31m\\u009b2J\\u202e\\u2066\\u007f\\u0007\\u061c";
    let mut server = start(&["--mode", "tree"]);
    let mut client = server.connect();
    let everywhere = format!(
        "{{\"id\":\"x{JSON}\",\"name\":\"{JSON}\",\"input\":\"{JSON}\",\"output\":\"{JSON}\",\"provider\":\"{JSON}\",\
         \"model\":\"{JSON}\",\"sessionId\":\"{JSON}\",\"tags\":{{\"{JSON}\":\"{JSON}\"}},\"mimeType\":\"{JSON}\",\
         \"url\":\"{JSON}\",\"key\":\"{JSON}\",\"score\":\"{JSON}\",\"comment\":\"{JSON}\",\"message\":\"{JSON}\",\
         \"errorType\":\"{JSON}\",\"code\":\"{JSON}\",\"error\":{{\"message\":\"{JSON}\"}},\
         \"messages\":[{{\"role\":\"{JSON}\",\"content\":\"{JSON}\"}}],\"docs\":[\"{JSON}\"],\"cost\":{{\"total\":\"{JSON}\"}},\
         \"variables\":{{\"{JSON}\":\"{JSON}\"}},\"result\":{{\"choices\":[{{\"finish_reason\":\"{JSON}\",\"message\":\
         {{\"tool_calls\":[{{\"function\":{{\"name\":\"{JSON}\",\"arguments\":\"{JSON}\"}}}}]}}}}]}}}}"
    );
    let mut body = format!("broken {WIRE}\n{WIRE}{{id={WIRE},action={WIRE},data={everywhere}}}\n");
    for action in
        ["create", "add-span", "add-generation", "add-error", "add-event", "add-feedback", "add-attachment"]
    {
        body.push_str(&format!("trace{{id=t{WIRE},action={action},data={everywhere}}}\n"));
    }
    body.push_str(&format!("generation{{id=x{WIRE},action=result,data={everywhere}}}\n"));
    let log = format!("{}{}", LOG.trim_end_matches("repo-1"), "r%1b%5b31m%c2%9b");
    assert_eq!(client.request("POST", &log, &[KEY], body.as_bytes()).status, 200);
    let entry = format!(
        "{{\"level\":\"{JSON}\",\"message\":\"{JSON}\",\"flowId\":\"{JSON}\",\"source\":\"{JSON}\",\"tags\":[\"{JSON}\"],\
         \"errorName\":\"{JSON}\",\"errorStack\":\"{JSON}\",\"data\":{{\"{JSON}\":[\"{JSON}\"]}}}}"
    );
    let entries = format!("{{\"logs\":[{entry}]}}");
    assert_eq!(client.request("POST", "/v1/logs", &[STRUCTURED_KEY], entries.as_bytes()).status, 200);
    let raw = format!("a{WIRE},b\n");
    let target = "/v1/logs?format=%1b%5b31m&%1b%c2%9bx=%1b";
    assert_eq!(client.request("POST", target, &[STRUCTURED_KEY], raw.as_bytes()).status, 200);
    let flow = format!("{{\"name\":\"{JSON}\"}}");
    let mut shown = client.request("POST", "/v1/flows", &[STRUCTURED_KEY], flow.as_bytes()).text();
    for target in ["/tree", "/stats", "/control"] {
        shown.push_str(&client.request("GET", target, &[], b"").text());
    }
    shown.push_str(&server.stop().stdout);
    assert!(shown.contains("tool_calls") || shown.contains("calls"), "{shown}");
    let bad = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let found: Vec<_> = shown.lines().filter(|line| line.contains(bad)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[cfg(unix)]
#[test]
fn recorded_files_are_private_hold_no_key_and_are_no_link_to_elsewhere() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (record, lines) = (scratch("private-record"), scratch("private-lines"));
    std::fs::write(&lines, "old\n").expect("written");
    std::fs::set_permissions(&lines, std::fs::Permissions::from_mode(0o644)).expect("readable to all");
    let server =
        start(&["--record", record.to_str().expect("UTF-8"), "--lines", lines.to_str().expect("UTF-8")]);
    let secret = "sk-mx-0123456789-abcdef";
    for header in ["x-maxim-api-key", "X-API-Key", "Authorization", "Proxy-Authorization", "Cookie"] {
        let header = format!("{header}: {secret}");
        server.connect().request("POST", LOG, &[KEY, &header], b"one");
        server.connect().request("POST", "/v1/logs", &[STRUCTURED_KEY, &header], b"{\"logs\":[{}]}");
    }
    for path in [&record, &lines] {
        assert_eq!(std::fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(!std::fs::read_to_string(path).expect("text").contains(secret));
    }
    let victim = scratch("victim");
    std::fs::write(&victim, "untouched").expect("written");
    let (link, second) = (scratch("link"), scratch("second-name"));
    symlink(&victim, &link).expect("linked");
    std::fs::hard_link(&victim, &second).expect("linked");
    for flag in ["--record", "--lines"] {
        for path in [&link, &second, &"/dev/null".into()] {
            let output = Command::new(env!("CARGO_BIN_EXE_maxim-dev"))
                .args(["--port", "0", flag])
                .arg(path)
                .output()
                .expect("it runs");
            assert_eq!(output.status.code(), Some(1), "{flag} {}", path.display());
        }
    }
    assert_eq!(std::fs::read_to_string(&victim).expect("there"), "untouched");
}

#[test]
fn an_endless_body_is_refused_at_its_bound() {
    let server = start(&[]);
    for head in ["Content-Length: 99999999999", "Transfer-Encoding: chunked"] {
        let mut client = server.connect();
        client.send(format!("POST /control HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n").as_bytes());
        let chunk = [b"100000\r\n".as_slice(), &vec![b'x'; 1 << 20], b"\r\n"].concat();
        for _ in 0..3 {
            client.send(&chunk);
        }
        assert_eq!(client.answer().expect("an answer").status, 413, "{head}");
    }
    // Of a log body that says it is too large, nothing needs to arrive.
    let mut client = server.connect();
    client.send(
        format!("POST {LOG} HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\nContent-Length: 99999999999\r\n\r\n")
            .as_bytes(),
    );
    assert_eq!(client.answer().expect("an answer").status, 413);
}

#[test]
fn connections_beyond_the_bound_are_closed_and_those_that_are_there_go_on() {
    let server = start(&["--mode", "count"]);
    let mut first = server.connect();
    assert_eq!(first.log("a").status, 200);
    let connect = |_| TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
    let held: Vec<_> = (0..940).map(connect).collect();
    held.iter().for_each(|stream| stream.set_nonblocking(true).expect("not blocking"));
    let is_closed = |mut stream: &TcpStream| matches!(stream.read(&mut [0]), Ok(0));
    // Connections are taken in their order, so this is so when the last ones were looked at.
    let has_closed = (0..3000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        held.iter().any(is_closed)
    });
    assert!(has_closed, "all {} connections were taken", held.len());
    assert_eq!(first.log("b").status, 200);
    drop(held);
    let stats = (0..3000).find_map(|_| {
        let mut client = server.connect();
        client.send_request("GET", "/stats", &[], b"");
        client.answer().ok().or_else(|| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            None
        })
    });
    assert_eq!(stats.expect("places are given back").json()["lines"], 2);
}
