//! The relay: what it answered is in its store, and gets to the service whatever happens to the relay.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::port::free_port;
use common::{Client, KEY, LOG, Running, STRUCTURED_KEY, start};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const WRITERS: u64 = 3;
const KILLS: u64 = 10;
/// Requests that are answered between two kills.
const ANSWERS_BETWEEN_KILLS: u64 = 12;
const LINES_OF_A_REQUEST: u64 = 20;

struct Relay {
    child: Child,
    port: u16,
}

impl Relay {
    fn start(store: &Path, port: u16, flags: &[&str], key: Option<&str>) -> Relay {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maxim-dev"));
        command.args(["relay", "--port", &port.to_string(), "--store"]).arg(store).args(flags);
        command.env("MAXIM_API_KEY", "upstream-key").env_remove("OTEL_EXPORTER_OTLP_HEADERS");
        if let Some(key) = key {
            command.env("MAXIM_RELAY_KEY", key);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
        let port = port.unwrap_or_else(|| panic!("unexpected first line {line:?}"));
        Relay { child, port }
    }

    fn connect(&self) -> Client {
        connect(self.port).expect("a connection")
    }

    fn stats(&self) -> Value {
        self.connect().request("GET", "/stats", &[], b"").json()
    }

    fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Waits until nothing is held any more.
    fn drained(&self) -> Value {
        loop {
            let stats = self.stats();
            if stats["held"] == 0 {
                return stats;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(port: u16) -> std::io::Result<Client> {
    let stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    Ok(Client { stream: BufReader::new(stream) })
}

/// A store of this test's own.
fn store(name: &str) -> PathBuf {
    let path = common::scratch(name);
    for ending in ["-wal", "-shm"] {
        let mut beside = path.clone().into_os_string();
        beside.push(ending);
        let _ = std::fs::remove_file(beside);
    }
    path
}

fn to(server: &Running) -> String {
    format!("http://127.0.0.1:{}", server.port)
}

/// Sends a request again and again until it has been answered with success.
fn deliver(port: u16, target: &str, headers: &[&str], body: &str) {
    loop {
        let answer = connect(port).and_then(|mut client| {
            client.send_request("POST", target, headers, body.as_bytes());
            client.answer()
        });
        if answer.is_ok_and(|answer| answer.status == 200) {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A client that goes on until each of its requests has been answered with success.
fn write(writer: u64, port: u16, answered: &AtomicU64, stop: &AtomicBool) -> u64 {
    let mut next = 0;
    while !stop.load(Ordering::Relaxed) {
        let lines: Vec<_> = (next..next + LINES_OF_A_REQUEST)
            .map(|n| {
                format!("trace{{id=w{writer}-{n},action=create,data={{\"name\":\"seq-w{writer}-{n}\"}}}}")
            })
            .collect();
        deliver(port, LOG, &[KEY], &lines.join("\n"));
        next += LINES_OF_A_REQUEST;
        answered.fetch_add(1, Ordering::Relaxed);
    }
    next
}

/// Kills the relay and starts another one, each time after some more requests have been answered. The service is away for
/// half of the time, so that the store fills and lives over kills.
fn kill_again_and_again(
    relay: &mut Relay,
    server: &Running,
    answered: &AtomicU64,
    start_again: impl Fn() -> Relay,
) {
    for kill in 0..KILLS {
        let wanted = answered.load(Ordering::Relaxed) + ANSWERS_BETWEEN_KILLS;
        while answered.load(Ordering::Relaxed) < wanted {
            std::thread::sleep(Duration::from_millis(1));
        }
        relay.kill();
        server.control(if kill < KILLS / 2 { "{\"status\": 503}" } else { "{\"status\": null}" });
        *relay = start_again();
    }
}

#[test]
fn what_was_answered_arrives_through_ten_kills_of_the_relay_and_an_outage_of_the_service() {
    let server =
        start(&["--mode", "quiet", "--check-seq", "--random-fail", "20", "--drop-after-accept", "2"]);
    let (path, url) = (store("relay-kills"), to(&server));
    let flags = ["--to", url.as_str()];
    let port = free_port();
    let mut relay = Relay::start(&path, port, &flags, None);
    let (answered, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let sent: u64 = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (answered, stop) = (&answered, &stop);
                scope.spawn(move || write(writer, port, answered, stop))
            })
            .collect();
        kill_again_and_again(&mut relay, &server, &answered, || Relay::start(&path, port, &flags, None));
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().expect("it ends")).sum()
    });
    server.control("{\"random_fail\": null}");
    let stats = relay.drained();
    assert!(sent >= KILLS * ANSWERS_BETWEEN_KILLS * LINES_OF_A_REQUEST);
    let seq = server.get("/seq");
    let of = |name: &str| seq["totals"][name].as_u64();
    assert_eq!((of("missing"), of("unique")), (Some(0), Some(sent)), "{seq}");
    assert_eq!(stats["refused"], 0);
    // A batch whose answer a kill took is there twice, in the store or at the service; nothing is there less than once.
    assert!(stats["accepted"].as_u64() >= Some(sent) && stats["accepted"] == stats["delivered"], "{stats}");
}

#[test]
fn a_record_that_is_refused_is_put_aside_with_the_reason_and_the_others_go() {
    let server = start(&["--mode", "quiet", "--check-seq", "--poison", "poison"]);
    let path = store("relay-poison");
    let mut relay = Relay::start(&path, 0, &["--to", &to(&server)], None);
    let line =
        |n: u64, name: &str| format!("trace{{id=t{n},action=create,data={{\"name\":\"{name} seq-w-{n}\"}}}}");
    let lines: Vec<_> = (0..100).map(|n| line(n, if n == 37 { "poison" } else { "fine" })).collect();
    assert_eq!(relay.connect().log(&lines.join("\n")).status, 200);
    let entries = json!({"logs": [{"message": "a"}, {"message": "poison"}, {"message": "c"}]}).to_string();
    let answer = relay.connect().request("POST", "/v1/logs", &[STRUCTURED_KEY], entries.as_bytes());
    assert_eq!((answer.status, answer.json()["count"].as_u64()), (200, Some(3)));
    relay.connect().request("POST", "/v1/logs?format=text&source=a%20b", &[STRUCTURED_KEY], b"one\ntwo\n");
    let stats = relay.drained();
    let counts = ["accepted", "delivered", "refused"].map(|name| stats[name].as_u64().expect("a number"));
    assert_eq!(counts, [105, 103, 2], "{stats}");
    assert!(stats["last_refused"][1]["record"].as_str().expect("text").contains("seq-w-37"), "{stats}");
    assert!(stats["last_refused"][1]["reason"].as_str().expect("text").contains("400"), "{stats}");
    let arrived = server.get("/stats");
    let counts = ["lines", "entries", "raw_lines"].map(|name| arrived[name].as_u64().expect("a number"));
    assert_eq!(counts, [99, 2, 2], "{arrived}");
    assert_eq!(server.get("/seq")["writers"]["w"]["first_missing"], json!([37]));
    relay.kill();
    let relay = Relay::start(&path, 0, &["--to", &to(&server)], None);
    assert_eq!(relay.stats()["refused"], 2);
}

#[test]
fn a_full_store_leaves_what_comes_with_the_client() {
    let server = start(&["--mode", "quiet", "--status", "503"]);
    let relay = Relay::start(&store("relay-full"), 0, &["--to", &to(&server), "--store-max", "4k"], None);
    let mut taken = 0;
    let refusal = loop {
        let answer = relay.connect().log(&"x".repeat(1000));
        if answer.status != 200 {
            break answer;
        }
        taken += 1;
        assert!(taken < 10);
    };
    assert_eq!((refusal.status, refusal.header("retry-after")), (503, Some("5")));
    assert_eq!(relay.stats()["held"], taken);
    server.control("{\"status\": null}");
    relay.drained();
    assert_eq!(server.get("/stats")["lines"], taken);
    assert_eq!(relay.connect().log("y").status, 200);
}

#[test]
fn only_who_has_the_relays_key_and_asks_this_machine_is_answered() {
    let server = start(&["--mode", "quiet"]);
    let record = common::scratch("relay-record");
    let upstream = start(&["--mode", "quiet", "--record", record.to_str().expect("UTF-8")]);
    let path = store("relay-key");
    let relay = Relay::start(&path, 0, &["--to", &to(&upstream)], Some("right"));
    let status = |headers: &[&str]| relay.connect().request("POST", LOG, headers, b"a").status;
    assert_eq!(status(&[]), 401);
    assert_eq!(status(&["x-maxim-api-key: wrong"]), 401);
    assert_eq!(status(&["x-maxim-api-key: right"]), 200);
    assert_eq!(status(&["x-maxim-api-key: right", "Origin: http://evil.test"]), 403);
    assert_eq!(relay.connect().request("GET", "/control", &[], b"").status, 404);
    // An upload's address is a question to the service, which is asked with the relay's key.
    let target = "/api/sdk/v1/log-repositories/attachments/upload-url?key=a&mimeType=x&size=1";
    let answer = relay.connect().request("GET", target, &["x-maxim-api-key: right"], b"");
    assert!(answer.text().contains(&format!("127.0.0.1:{}/upload/a", upstream.port)), "{}", answer.text());
    relay.drained();
    let requests = std::fs::read_to_string(&record).expect("there");
    assert!(requests.lines().count() == 2 && !requests.contains("right"), "{requests}");
    // Two relays on one store would deliver everything twice.
    let second = Command::new(env!("CARGO_BIN_EXE_maxim-dev"))
        .args(["relay", "--port", "0", "--to", &to(&server), "--store"])
        .arg(&path)
        .env("MAXIM_API_KEY", "k")
        .output()
        .expect("it runs");
    assert_eq!(second.status.code(), Some(1), "{}", String::from_utf8_lossy(&second.stderr));
    for url in ["http://example.invalid", "http://127.0.0.1.evil.invalid"] {
        let refused = Command::new(env!("CARGO_BIN_EXE_maxim-dev"))
            .args(["relay", "--port", "0", "--to", url, "--store"])
            .arg(store("relay-clear"))
            .env("MAXIM_API_KEY", "k")
            .output()
            .expect("it runs");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("https"), "{url}");
    }
}

#[test]
fn lines_of_two_processes_are_folded_into_one_span_through_a_kill_between_them() {
    let server = start(&["--mode", "tree"]);
    let path = store("relay-folds");
    let flags = ["--otlp", &to(&server), "--incomplete-after", "3600"];
    let mut relay = Relay::start(&path, 0, &flags, None);
    let begin = r#"trace{id=t1,action=create,data={"name":"ask","input":"Why?","startTimestamp":"2026-01-02T03:04:05Z"}}
trace{id=t1,action=add-generation,data={"id":"g1","name":"answer","provider":"openai","model":"gpt-4o","messages":[{"role":"user","content":"Why?"}],"startTimestamp":"2026-01-02T03:04:06Z"}}"#;
    let end = r#"generation{id=g1,action=result,data={"result":{"choices":[{"message":{"role":"assistant","content":"Because."},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}}}
generation{id=g1,action=end,data={"endTimestamp":"2026-01-02T03:04:08Z"}}
trace{id=t1,action=end,data={"endTimestamp":"2026-01-02T03:04:09Z"}}"#;
    assert_eq!(relay.connect().log(begin).status, 200);
    let stats = relay.stats();
    assert_eq!((&stats["open_entities"], &stats["accepted"]), (&2.into(), &0.into()), "{stats}");
    relay.kill();
    let relay = Relay::start(&path, 0, &flags, None);
    assert_eq!(relay.connect().log(end).status, 200);
    let entries = br#"{"logs":[{"level":"error","message":"card refused","source":"billing"}]}"#;
    assert_eq!(relay.connect().request("POST", "/v1/logs", &[STRUCTURED_KEY], entries).status, 200);
    let stats = relay.drained();
    let counts = ["folded_lines", "open_entities", "accepted", "delivered", "refused"];
    assert_eq!(counts.map(|name| stats[name].as_u64().expect("a number")), [3 + 2, 0, 3, 3, 0], "{stats}");
    assert_eq!((&server.get("/stats")["spans"], &server.get("/stats")["entries"]), (&2.into(), &1.into()));
    // What the server makes of the spans is what it makes of the lines.
    let direct = start(&["--mode", "tree"]);
    direct.connect().log(&format!("{begin}\n{end}"));
    let spans = |server: &Running| {
        let export = server.get("/export/otlp");
        let mut spans: Vec<Value> = export["resourceSpans"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|resource| resource["scopeSpans"][0]["spans"].as_array().cloned().unwrap_or_default())
            .collect();
        spans.sort_by_key(|span| span["spanId"].to_string());
        let told = |span: &Value| {
            ["traceId", "spanId", "name", "startTimeUnixNano", "endTimeUnixNano"]
                .map(|name| span[name].clone())
        };
        spans.iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(spans(&server), spans(&direct));
    let list = server.connect().request("GET", "/", &[], b"").text();
    assert!(list.contains("/trace/repo-1/t1") && list.contains("7 → 2") || list.contains("Why?"), "{list}");
}

/// The ids of a trace and of a span that folding makes.
fn folded_ids(trace: &str, kind: &str, id: &str) -> (String, String) {
    let digits = |text: &str, bytes: usize| {
        Sha256::digest(text)[..bytes].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    (digits(trace, 16), digits(&format!("{trace}/{kind}/{id}"), 8))
}

/// A client whose entities begin in one request and end in another, until it is told to stop: the ids of their spans.
fn converse(writer: u64, port: u16, answered: &AtomicU64, stop: &AtomicBool) -> BTreeSet<(String, String)> {
    let mut expected = BTreeSet::new();
    for number in 0.. {
        let trace = format!("w{writer}-{number}");
        let mut begin = vec![format!("trace{{id={trace},action=create,data={{\"name\":\"ask\"}}}}")];
        let mut end = Vec::new();
        for (kind, action) in
            [("span", "add-span"), ("retrieval", "add-retrieval"), ("tool_call", "add-tool-call")]
        {
            let id = format!("{trace}-{kind}");
            begin.push(format!("trace{{id={trace},action={action},data={{\"id\":\"{id}\"}}}}"));
            end.push(format!("{kind}{{id={id},action=end,data={{}}}}"));
            expected.insert(folded_ids(&trace, kind, &id));
        }
        end.push(format!("trace{{id={trace},action=end,data={{}}}}"));
        expected.insert(folded_ids(&trace, "trace", &trace));
        for lines in [begin, end] {
            deliver(port, LOG, &[KEY], &lines.join("\n"));
            answered.fetch_add(1, Ordering::Relaxed);
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    expected
}

/// A client that has spans of its own.
fn send_spans(port: u16, answered: &AtomicU64, stop: &AtomicBool) -> BTreeSet<(String, String)> {
    let mut expected = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        let from = expected.len() as u64;
        deliver(port, "/v1/traces", &["Content-Type: application/json"], &spans(from, LINES_OF_A_REQUEST));
        expected.extend(
            (from + 1..=from + LINES_OF_A_REQUEST).map(|n| (format!("{n:032x}"), format!("{n:016x}"))),
        );
        answered.fetch_add(1, Ordering::Relaxed);
    }
    expected
}

#[test]
fn no_span_is_lost_through_ten_kills_of_a_relay_that_folds_and_an_outage_of_its_endpoint() {
    let server = start(&["--mode", "tree", "--random-fail", "20", "--drop-after-accept", "2"]);
    let (path, url) = (store("relay-otlp-kills"), to(&server));
    let flags = ["--otlp", url.as_str()];
    let port = free_port();
    let mut relay = Relay::start(&path, port, &flags, None);
    let (answered, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let expected: BTreeSet<_> = std::thread::scope(|scope| {
        let (answered, stop) = (&answered, &stop);
        let mut writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || converse(writer, port, answered, stop))).collect();
        writers.push(scope.spawn(move || send_spans(port, answered, stop)));
        kill_again_and_again(&mut relay, &server, answered, || Relay::start(&path, port, &flags, None));
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().expect("it ends")).collect()
    });
    server.control("{\"random_fail\": null}");
    let stats = relay.drained();
    let export = server.get("/export/otlp");
    let arrived: BTreeSet<_> = export["resourceSpans"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|resource| resource["scopeSpans"][0]["spans"].as_array().cloned().unwrap_or_default())
        .map(|span| ["traceId", "spanId"].map(|name| span[name].as_str().expect("an id").to_owned()))
        .map(|[trace, span]| (trace, span))
        .collect();
    let missing: Vec<_> = expected.difference(&arrived).collect();
    assert!(missing.is_empty(), "{} of {}: {missing:?}", missing.len(), expected.len());
    assert_eq!(arrived, expected);
    assert_eq!(stats["refused"], 0, "{stats}");
}

#[test]
fn what_is_never_ended_leaves_as_incomplete() {
    let server = start(&["--mode", "tree"]);
    let relay =
        Relay::start(&store("relay-open"), 0, &["--otlp", &to(&server), "--incomplete-after", "1"], None);
    relay.connect().log(r#"trace{id=t1,action=create,data={"name":"ask"}}"#);
    while relay.stats()["accepted"] != 1 {
        std::thread::sleep(Duration::from_millis(20));
    }
    relay.drained();
    assert!(server.get("/export/otlp").to_string().contains("maxim.incomplete"));
}

fn spans(from: u64, count: u64) -> String {
    let spans: Vec<_> = (from..from + count)
        .map(|n| {
            json!({"traceId": format!("{:032x}", n + 1), "spanId": format!("{:016x}", n + 1), "name": format!("seq-w-{n}"),
                   "kind": 1, "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000"})
        })
        .collect();
    json!({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {"name": "s"}, "spans": spans}]}]})
        .to_string()
}

#[test]
fn spans_of_any_program_are_forwarded_once_the_endpoint_takes_them() {
    let server = start(&[
        "--mode",
        "tree",
        "--check-seq",
        "--fail",
        "429:2",
        "--retry-after",
        "1",
        "--max-body",
        "4000",
        // A success by its status alone: nothing has been taken.
        "--error-body",
        "2",
    ]);
    let path = store("relay-otlp");
    let mut relay = Relay::start(&path, 0, &["--otlp", &to(&server)], None);
    let json = ["Content-Type: application/json"];
    for request in 0..4 {
        let answer = relay.connect().request("POST", "/v1/traces", &json, spans(request * 50, 50).as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    relay.kill();
    let relay = Relay::start(&path, 0, &["--otlp", &to(&server)], None);
    let records = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"body":{"stringValue":"hello"}}]}]}]}"#;
    assert_eq!(relay.connect().request("POST", "/v1/logs", &json, records.as_bytes()).status, 200);
    assert_eq!(relay.connect().request("POST", "/v1/traces", &json, b"{\"resourceSpans\": 1}").status, 400);
    // A document in a format of its own has no place in the protocol: its lines are records.
    let raw = relay.connect().request("POST", "/v1/logs?format=csv", &[STRUCTURED_KEY], b"a,b\n1,2\n");
    assert_eq!(raw.status, 200, "{}", raw.text());
    let stats = relay.drained();
    assert_eq!((&stats["delivered"], &stats["refused"]), (&203.into(), &0.into()), "{stats}");
    let seq = server.get("/seq");
    assert_eq!((&seq["totals"]["missing"], &seq["totals"]["unique"]), (&0.into(), &200.into()), "{seq}");
    assert_eq!(server.get("/stats")["entries"], 3);
}

#[test]
fn a_line_too_long_for_a_request_is_folded_and_an_attachment_keeps_nothing_back() {
    let server = start(&["--mode", "tree"]);
    let key = Some("the relay's");
    let relay = Relay::start(&store("relay-large"), 0, &["--otlp", &to(&server)], key);
    let header = ["x-maxim-api-key: the relay's"];
    let upload = |name: &str, content: &[u8]| {
        let target = format!(
            "/api/sdk/v1/log-repositories/attachments/upload-url?key={name}&mimeType=text/plain&size=1"
        );
        let answer = relay.connect().request("GET", &target, &header, b"");
        let url = answer.json()["data"]["url"].as_str().expect("a URL").to_owned();
        let path = &url[url.find("/upload/").expect("this relay")..];
        // Without the token that the address has, nobody puts anything.
        let bare = path.split('?').next().expect("a path");
        assert_eq!(relay.connect().request("PUT", bare, &[], content).status, 403);
        assert_eq!(relay.connect().request("PUT", path, &["Content-Type: text/plain"], content).status, 200);
    };
    let log = |lines: &str| {
        assert_eq!(relay.connect().request("POST", LOG, &header, lines.as_bytes()).status, 200, "{lines}");
    };
    let large =
        format!(r#"trace{{id=t,action=create,data={{"name":"large","input":"{}"}}}}"#, "x".repeat(2 << 20));
    upload("repo-1/large-logs/u", large.as_bytes());
    log("storage{id=u,action=process-large-log,data={\"key\":\"repo-1/large-logs/u\"}}");
    upload("repo-1/files/a", &vec![0; 33 << 20]);
    log(r#"trace{id=t,action=add-attachment,data={"id":"a","name":"picture","key":"repo-1/files/a"}}"#);
    log(r#"trace{id=t,action=end,data={"endTimestamp":"2026-01-02T03:04:05Z"}}"#);
    while relay.stats()["accepted"] != 1 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let stats = relay.drained();
    assert_eq!((&stats["folded_lines"], &stats["contents_left_out"]), (&3.into(), &1.into()), "{stats}");
    let spans = server.get("/export/otlp").to_string();
    assert!(spans.contains("large") && spans.contains("picture") && spans.len() > 2 << 20, "{}", spans.len());
    assert!(!spans.contains("maxim.incomplete"));
}
