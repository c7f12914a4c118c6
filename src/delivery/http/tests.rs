//! Requests against a server that misbehaves.

use std::fs::File;
use std::io::Write;
use std::sync::mpsc;

use super::*;
use crate::delivery::test_server::{Answer, TestServer, status};
use crate::secret::Secret;

const KEY: &str = "sk-very-secret-1234";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn key() -> &'static Secret {
    static SECRET: std::sync::OnceLock<Secret> = std::sync::OnceLock::new();
    SECRET.get_or_init(|| Secret::new(KEY))
}

fn post<'a>(url: &'a str, body: &'a [u8]) -> Request<'a> {
    let credential = Some(("x-key", key()));
    Request {
        method: "POST",
        url,
        headers: &[("x-seen", "yes")],
        credential,
        private: &[],
        body: Body::Bytes(body),
    }
}

fn http() -> Http {
    Http::new(HttpConfig { user_agent: "maxim-test/1".into(), ..HttpConfig::default() })
}

#[test]
fn requests_share_one_connection_and_carry_their_headers() {
    let server = TestServer::new(|_| Answer::Status(201, "{}".into()));
    let mut http = http();
    for _ in 0..3 {
        let response = http.send(post(&server.url, b"hello"), soon()).unwrap();
        assert_eq!((response.status, response.body.as_slice()), (201, &b"{}"[..]));
    }
    assert_eq!((server.requests().len(), server.connections(), http.last_status()), (3, 1, 201));
    let request = server.requests().remove(0);
    let head = request.head.to_ascii_lowercase();
    for line in ["post / http/1.1", "x-seen: yes", &format!("x-key: {KEY}"), "user-agent: maxim-test/1"] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(request.body, b"hello");
}

#[test]
fn a_body_of_megabytes_arrives_whole() {
    let server = TestServer::new(|_| status(200));
    let body: Vec<u8> = (0..5_000_000u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(http().send(post(&server.url, &body), soon()).unwrap().status, 200);
    assert!(server.requests()[0].body == body);
}

#[test]
fn a_reused_connection_that_fails_is_replaced_once_at_once() {
    let server = TestServer::new(|request| match request.connection {
        1 if request.body == b"second" => Answer::HangUp,
        _ => status(200),
    });
    let mut http = http();
    http.send(post(&server.url, b"first"), soon()).unwrap();
    assert_eq!(http.send(post(&server.url, b"second"), soon()).unwrap().status, 200);
    assert_eq!((server.requests().len(), server.connections()), (3, 2));
}

#[test]
fn a_fresh_connection_that_fails_is_an_error_at_once() {
    let server = TestServer::new(|_| Answer::HangUp);
    let error = http().send(post(&server.url, b"first"), soon()).unwrap_err();
    assert_eq!((error.fault, server.requests().len()), (Fault::Network, 1));
}

#[test]
fn a_reused_connection_that_fails_within_the_answer_is_not_retried() {
    let server = TestServer::new(|request| match request.body.as_slice() {
        b"first" => status(200),
        _ => Answer::Raw("HTTP/1.1 200 OK\r\nContent-Le".into()),
    });
    let mut http = http();
    http.send(post(&server.url, b"first"), soon()).unwrap();
    let error = http.send(post(&server.url, b"second"), soon()).unwrap_err();
    assert_eq!((error.fault, server.requests().len()), (Fault::Network, 2));
}

#[test]
fn a_truncated_answer_is_an_error_and_not_a_success() {
    let server =
        TestServer::new(|_| Answer::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"da".into()));
    assert_eq!(http().send(post(&server.url, b"x"), soon()).unwrap_err().fault, Fault::Network);
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = TestServer::new(|_| status(200));
    let target = format!("{}/moved?signature=secret", elsewhere.url);
    let server = TestServer::new(move |_| {
        Answer::Raw(format!("HTTP/1.1 307 Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"))
    });
    let response = http().send(post(&server.url, b"x"), soon()).unwrap();
    assert_eq!((response.status, elsewhere.requests().len()), (307, 0));
    assert_eq!(response.location, Some(format!("{}/moved", elsewhere.url)));
}

#[test]
fn a_huge_answer_is_read_only_in_part() {
    let server = TestServer::new(|_| Answer::Status(200, "x".repeat(1_000_000)));
    let mut http = http();
    for _ in 0..2 {
        let response = http.send(post(&server.url, b"x"), soon()).unwrap();
        assert_eq!(response.body.len() as u64, MAX_ANSWER_BYTES);
    }
}

#[test]
fn retry_after_comes_with_the_answer() {
    let server = TestServer::new(|_| {
        Answer::Raw("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n".into())
    });
    let response = http().send(post(&server.url, b"x"), soon()).unwrap();
    assert_eq!((response.status, response.retry_after), (429, Some(Duration::from_secs(7))));
}

#[test]
fn a_credential_is_not_sent_in_the_clear_to_another_machine() {
    // An address for documentation (RFC 5737): nothing answers there, and nothing is asked.
    let error = http().send(post("http://192.0.2.1:9/v1", b"x"), soon()).unwrap_err();
    assert_eq!(error.fault, Fault::Refused);
    assert!(error.why.contains("192.0.2.1") && !error.why.contains(KEY), "{}", error.why);
    let mut allowed = Http::new(HttpConfig {
        allow_plaintext: true,
        proxy: Some("http://127.0.0.1:1".into()),
        ..HttpConfig::default()
    });
    assert_eq!(allowed.send(post("http://192.0.2.1:9/v1", b"x"), soon()).unwrap_err().fault, Fault::Network);
}

#[test]
fn a_credential_is_struck_out_of_whatever_comes_back() {
    let server = TestServer::new(|_| Answer::Status(500, format!("bad key {KEY}, really: {KEY}")));
    let response = http().send(post(&server.url, b"x"), soon()).unwrap();
    assert_eq!(response.shown(), "bad key ***, really: ***");
    assert_eq!(response.strike_out(KEY), "***");
}

#[test]
fn an_error_text_shows_no_header_value_no_query_and_no_password_of_a_proxy() {
    let illegal = Secret::new("broken\nvalue-with-secret");
    let credential = Some(("x-key", &illegal));
    let request = Request {
        method: "POST",
        url: "http://127.0.0.1:1/",
        headers: &[],
        credential,
        private: &[],
        body: Body::Empty,
    };
    let error = http().send(request, soon()).unwrap_err();
    assert_eq!(error.fault, Fault::Refused);
    assert!(error.why.contains("x-key") && !error.why.contains("secret"), "{}", error.why);

    let request =
        |url| Request { method: "GET", url, headers: &[], credential: None, private: &[], body: Body::Empty };
    for url in ["http://127.0.0.1:1/up?signature=secret", "nonsense://secret", "http://h:99999/?secret"] {
        let error = http().send(request(url), soon()).unwrap_err();
        assert!(!error.why.contains("secret"), "{}", error.why);
    }
    for proxy in ["socks5://me:secret@127.0.0.1:1", "http://me:secret@127.0.0.1:1"] {
        let mut http = Http::new(HttpConfig { proxy: Some(proxy.into()), ..HttpConfig::default() });
        let error = http.send(request("http://127.0.0.1:1/"), soon()).unwrap_err();
        assert!(!error.why.contains("secret"), "{}", error.why);
    }
}

#[test]
fn an_explicit_proxy_is_asked_for_a_tunnel() {
    let proxy = TestServer::new(|_| Answer::Raw("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".into()));
    let mut http = Http::new(HttpConfig { proxy: Some(proxy.url.clone()), ..HttpConfig::default() });
    let error = http.send(post("https://example.invalid/log", b"x"), soon()).unwrap_err();
    assert_eq!(error.fault, Fault::Network);
    let head = &proxy.requests()[0].head;
    assert!(head.starts_with("CONNECT example.invalid:443 ") && !head.contains(KEY), "{head}");
}

#[test]
fn what_goes_wrong_behind_a_proxy_is_told_with_its_name() {
    let page = "HTTP/1.1 200 OK\r\n\r\n<html>log in</html>";
    for (answer, https, said) in [
        (page, false, "through the proxy"),
        (page, true, "through the proxy"),
        ("HTTP/1.1 100 Continue\r\n\r\n", true, "sends HTTP 100 before its answer"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", true, "refuses the connection: HTTP 502"),
    ] {
        let proxy = TestServer::new(move |_| Answer::Raw(answer.into()));
        let address = proxy.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let config = HttpConfig {
            proxy: Some(format!("http://me:secret@{address}")),
            allow_plaintext: true,
            ..HttpConfig::default()
        };
        let url = if https { "https://example.invalid/log" } else { "http://example.invalid/log" };
        let why = Http::new(config).send(post(url, b"x"), soon()).unwrap_err().why;
        assert_eq!(why.matches(&format!("the proxy {address}")).count(), 1, "{why}");
        assert!(why.contains(said) && !why.contains("secret") && !why.contains("rather than http"), "{why}");
    }
}

#[test]
fn a_file_is_sent_with_its_length_and_a_short_one_condemns_the_record() {
    let server = TestServer::new(|_| status(200));
    let path = std::env::temp_dir().join(format!("maxim-http-test-{}", std::process::id()));
    let content: Vec<u8> = (0..700_000u32).map(|n| (n % 241) as u8).collect();
    File::create(&path).unwrap().write_all(&content).unwrap();
    let put = |length| {
        let body = Body::File(File::open(&path).unwrap(), length);
        let headers = &[("Content-Type", "text/plain")];
        http().send(
            Request { method: "PUT", url: &server.url, headers, credential: None, private: &[], body },
            soon(),
        )
    };
    let whole = put(content.len() as u64).map(|response| response.status);
    let part = put(1_000).map(|response| response.status);
    let short = put(content.len() as u64 + 1).map_err(|error| error.fault);
    std::fs::remove_file(&path).unwrap();
    assert_eq!((whole, part), (Ok(200), Ok(200)));
    assert_eq!(short.err(), Some(Fault::Body));
    let requests = server.requests();
    assert!(requests[0].body == content && requests[1].body == content[..1_000]);
    assert!(!requests[0].head.to_ascii_lowercase().contains("chunked"));
}

#[test]
fn a_silent_server_costs_no_more_than_the_deadline() {
    let server = TestServer::new(|_| Answer::Silence);
    let error = http().send(post(&server.url, b"x"), Instant::now() + Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.fault, Fault::Network);
    assert!(error.why.contains("timed out"), "{}", error.why);
}

/// Why a request of `bytes` bytes fails that nobody is in a hurry for, within these limits.
fn timed_out(url: &str, limits: TimeLimits, bytes: usize) -> String {
    let mut http = Http::new(HttpConfig { limits, ..HttpConfig::default() });
    let error = http.send(post(url, &vec![b'x'; bytes]), soon()).unwrap_err();
    assert_eq!(error.fault, Fault::Network);
    error.why
}

#[test]
fn a_request_has_time_limits_of_its_own_however_far_its_deadline() {
    let (moment, never) = (Duration::from_millis(50), Duration::from_secs(86_400));
    let endless = TimeLimits { connect: never, first_byte: never, base: never, slowest_link: 1 };
    let silent = TestServer::new(|_| Answer::Silence);
    // Until the first byte; in all; and in all, but for the time that the body may take.
    let why = timed_out(&silent.url, TimeLimits { first_byte: moment, ..endless }, 1);
    assert!(why.contains("timed out (receive response)"), "{why}");
    let why = timed_out(&silent.url, TimeLimits { base: moment, slowest_link: u64::MAX, ..endless }, 1);
    assert!(why.contains("timed out (global)"), "{why}");
    let start = Instant::now();
    let narrow = TimeLimits { base: moment, slowest_link: 10, ..endless };
    assert!(timed_out(&silent.url, narrow, 3).contains("timed out (global)"));
    assert!(start.elapsed() >= moment + Duration::from_millis(300));
    // One that accepts a connection and says nothing to TLS.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let why = timed_out(&url, TimeLimits { connect: moment, ..endless }, 1);
    assert!(why.contains("timed out while TLS was set up"), "{why}");
}

/// A server that says when it is asked, and nothing to whoever asked.
fn silent() -> (TestServer, mpsc::Receiver<()>) {
    let (asked, was_asked) = mpsc::channel();
    let server = TestServer::new(move |_| {
        asked.send(()).unwrap();
        Answer::Silence
    });
    (server, was_asked)
}

#[test]
fn an_interrupt_ends_a_request_and_refuses_the_next() {
    let (server, was_asked) = silent();
    let mut http = http();
    let interrupter = http.interrupter();
    let url = server.url.clone();
    let request = std::thread::spawn(move || {
        let first = http.send(post(&url, b"x"), soon()).unwrap_err();
        let second = http.send(post(&url, b"x"), soon()).unwrap_err();
        (first.fault, second.fault)
    });
    was_asked.recv().unwrap();
    interrupter.interrupt();
    assert_eq!(request.join().unwrap(), (Fault::Network, Fault::Network));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_interrupt_ends_the_requests_of_siblings_too() {
    let (server, was_asked) = silent();
    let http = http();
    let interrupter = http.interrupter();
    let (mut early, url) = (http.sibling(), server.url.clone());
    let request = std::thread::spawn(move || early.send(post(&url, b"x"), soon()).unwrap_err().fault);
    was_asked.recv().unwrap();
    interrupter.interrupt();
    assert_eq!(request.join().unwrap(), Fault::Network);
    let late = http.sibling().send(post(&server.url, b"x"), soon());
    assert_eq!(late.unwrap_err().fault, Fault::Network);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn connections_from_before_a_freeze_are_not_used() {
    let server = TestServer::new(|_| status(200));
    let mut http = http();
    http.send(post(&server.url, b"x"), soon()).unwrap();
    http.agent.as_mut().unwrap().used.1 -= Duration::from_secs(60);
    http.send(post(&server.url, b"x"), soon()).unwrap();
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_ca_file_that_cannot_be_used_is_named_and_may_be_there_the_next_time() {
    let config = HttpConfig { ca_file: Some("/no/such/roots.pem".into()), ..HttpConfig::default() };
    assert!(config.check("https://127.0.0.1:1").is_err_and(|why| why.contains("/no/such/roots.pem")));
    let error = Http::new(config).send(post("https://127.0.0.1:1/", b"x"), soon()).unwrap_err();
    assert_eq!(error.fault, Fault::Network);
    assert!(error.why.contains("/no/such/roots.pem"), "{}", error.why);
}

#[test]
fn a_proxy_that_refuses_is_named_and_asks_for_a_password_as_a_service_for_a_key() {
    for (status, fault) in [(407, Fault::Proxy { status: 407 }), (403, Fault::Network)] {
        let proxy = TestServer::new(move |_| {
            Answer::Raw(format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"))
        });
        let mut http = Http::new(HttpConfig { proxy: Some(proxy.url.clone()), ..HttpConfig::default() });
        let error = http.send(post("https://example.invalid/log", b"x"), soon()).unwrap_err();
        let port = proxy.url.rsplit(':').next().unwrap();
        assert_eq!(error.fault, fault, "{}", error.why);
        assert!(error.why.contains(&format!("the proxy 127.0.0.1:{port}: ")), "{}", error.why);
        assert!(error.why.contains(&status.to_string()), "{}", error.why);
    }
    let config = HttpConfig { proxy: Some("http://127.0.0.1:1".into()), ..HttpConfig::default() };
    let error = Http::new(config).send(post("https://example.invalid/log", b"x"), soon()).unwrap_err();
    assert!(error.why.contains("the proxy 127.0.0.1:1: "), "{}", error.why);
}

#[test]
fn a_credential_is_not_sent_in_the_clear_through_a_proxy() {
    let proxy = TestServer::new(|_| status(200));
    let config = HttpConfig { proxy: Some(proxy.url.clone()), ..HttpConfig::default() };
    assert!(config.check("http://localhost:1").is_err_and(|why| why.contains("unencrypted to the proxy")));
    assert_eq!(config.check("https://example.invalid"), Ok(()));
    let error = Http::new(config.clone()).send(post("http://localhost:1/", b"x"), soon()).unwrap_err();
    assert_eq!((error.fault, proxy.requests().len()), (Fault::Refused, 0));
    let allowed = HttpConfig { allow_plaintext: true, ..config };
    assert_eq!(allowed.check("http://localhost:1"), Ok(()));
}

#[test]
fn what_does_not_speak_tls_is_called_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            // Until the other end has had enough.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    let error = http().send(post(&url, b"x"), soon()).unwrap_err();
    assert_eq!(error.fault, Fault::Network);
    assert!(error.why.contains("this does not look like TLS"), "{}", error.why);
}
