//! A server that fails in every way in turn costs time, never a record, and no order; callers do not
//! notice. The same for one bad record among good ones, and for a server that is away for long.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bench::{
    Client, Row, Stage, files_below, for_all_clients, json_lines, nobody, scaled, wait_until,
};
use crate::common::Server;
use crate::common::scripted::{Scripted, answer};

const MIB: u64 = 1 << 20;

for_all_clients! {
    a_hostile_server_loses_nothing_and_keeps_the_order
    an_absent_server_costs_bounded_memory_and_disk
    one_poisoned_record_is_set_aside_and_the_others_arrive
}

fn a_hostile_server_loses_nothing_and_keeps_the_order(client: Client) {
    let mut row = Row::of("hostile server", client);
    let stage = Stage::of("hostile", client);
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let full = if client == Client::Maxim { 120 } else { 60 };
    let (seconds, rate) = (scaled(4, full), 2_000);
    let pace = format!("pace:{}:{rate}", seconds * rate);
    let env = [("PROBE_FLUSH_MS", "20".into()), ("PROBE_LATENCY", "1".into()), ("PROBE_DEBUG", "1".into())];
    let mut host = stage.host(
        &server.url(),
        &["new", &pace, "latency", "wait", "flush:60000", "expect:MAXIM_OK", "stats"],
        &env,
    );
    let behaviours = [
        json!({"random_fail": 50}),
        json!({"fail": "429:2", "retry_after": "1"}),
        json!({"drop_before_read": 2}),
        json!({"delay_ms": 150}),
        json!({"truncate": 2}),
        json!({"drop": 2}),
        json!({"max_body": 20_000}),
        json!({"error_body": 1}),
    ];
    let start = Instant::now();
    // Each behaviour has its turn for half a second, until the writer has written everything.
    for behaviour in behaviours.iter().cycle() {
        if start.elapsed() > Duration::from_secs(seconds) {
            break;
        }
        server.control(behaviour.clone());
        std::thread::sleep(Duration::from_millis(500));
        // What is left of a countdown would make the next turn a different one.
        server.control(json!({
            "random_fail": 0, "fail": null, "retry_after": null, "delay_ms": 0, "max_body": null,
            "drop_before_read": 0, "truncate": 0, "drop": 0, "error_body": 0,
        }));
    }
    let latency = host.json();
    row.accepted = seconds * rate;
    host.line();
    // A backoff may last up to a minute by now; a flush tries at once.
    host.tell();
    let stats = host.json();
    host.must_succeed();

    let writer = server.sequences()["writers"]["w"].clone();
    row.delivered = writer["unique"].as_u64().unwrap();
    row.duplicates = writer["duplicates"].as_u64().unwrap();
    assert_eq!(writer["missing"], 0, "{writer}");
    // Entries say themselves when they were made; to a slow service several requests are under way.
    if client == Client::Maxim {
        assert_eq!(writer["out_of_order"], 0, "{writer}");
    }
    assert!(client.is_booked(stats["delivered"].as_u64().unwrap(), row.accepted), "{stats}");
    assert_eq!(stats["held"], 0, "{stats}");
    assert!(stats["retries"].as_u64().unwrap() > 0, "the server was not hostile: {stats}");
    row.note = format!("p99.9 of a call {} ns, retries {}", latency["p999"], stats["retries"]);
}

#[test]
fn a_server_that_refuses_the_key_is_asked_again_after_a_flush() {
    let mut row = Row::new("401 for a while");
    let stage = Stage::new("unauthorized");
    let server = Server::start(&["--check-seq", "--seq-start", "1", "--unauthorized"]);
    let verbs =
        ["new", "log:1000", "flush:60000", "expect:MAXIM_ERR_UNAUTHORIZED", "wait", "flush:60000", "stats"];
    let mut host = stage.host(&server.url(), &verbs, &[]);
    host.line();
    assert_eq!(server.count("lines"), 0);
    server.control(json!({"unauthorized": false}));
    host.tell();
    row.add_stats(&host.json());
    host.must_succeed();
    assert_eq!((row.delivered, row.held), (1000, 0));
}

fn an_absent_server_costs_bounded_memory_and_disk(client: Client) {
    let mut row = Row::of("server down for good, then back", client);
    let stage = Stage::of("absent", client);
    let (url, port) = nobody();
    let (records, rate) = scaled((20_000, 10_000), (300_000, 5_000));
    let pace = format!("pace:{records}:{rate}");
    let env = [("PROBE_FLUSH_MS", "200".into()), ("PROBE_LATENCY", "1".into()), ("PROBE_PAD", "100".into())];
    let verbs = ["new", "memory", &pace, "memory", "latency", "stats", "wait", "flush:60000", "stats"];
    let mut host = stage.host(&url, &verbs, &env);
    let before: u64 = host.line().parse().unwrap();
    let after: u64 = host.line().parse().unwrap();
    let latency = host.json();
    let held = host.json();
    host.line();
    let growth = after.saturating_sub(before);
    assert!(growth <= 40 * MIB, "resident memory grew by {growth} bytes");
    // Lines that have not been folded are two for each span.
    let most = if client == Client::Otlp { 2 * records } else { records };
    assert!((records..=most).contains(&held["held"].as_u64().unwrap()), "{held}");
    let disk: u64 =
        files_below(&stage.spool).iter().filter_map(|file| file.metadata().ok()).map(|m| m.len()).sum();
    assert!(disk <= 1024 * MIB, "{disk} bytes in the spool directory");

    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let start = Instant::now();
    host.tell();
    row.add_stats(&host.json());
    let rate_back = records as f64 / start.elapsed().as_secs_f64();
    host.must_succeed();
    let writer = server.sequences()["writers"]["w"].clone();
    row.duplicates = writer["duplicates"].as_u64().unwrap();
    assert!(client.is_booked(row.delivered, records), "{} of {records}", row.delivered);
    assert_eq!((row.held, row.dropped), (0, 0));
    assert_eq!(writer["missing"], 0, "{writer}");
    if client == Client::Maxim {
        assert_eq!(writer["out_of_order"], 0, "{writer}");
    }
    row.note = format!(
        "RSS +{:.1} MiB, disk {:.1} MiB, p99.9 {} ns, max {} us, back at {rate_back:.0}/s",
        growth as f64 / MIB as f64,
        disk as f64 / MIB as f64,
        latency["p999"],
        latency["max"].as_u64().unwrap_or(0) / 1000,
    );
}

fn one_poisoned_record_is_set_aside_and_the_others_arrive(client: Client) {
    let mut row = Row::of("1 poison among 1,000", client);
    let stage = Stage::of("poison", client);
    let server = Server::start(&["--check-seq", "--seq-start", "1", "--poison", "seq-w-500 "]);
    let mut command = stage.probe(&server.url(), &["new", "log:1000", "flush:60000", "stats"]);
    let stats = json_lines(&mut command).remove(0);
    row.add_stats(&stats);
    assert!(client.is_booked(stats["delivered"].as_u64().unwrap() + 1, 1_000), "{stats}");
    assert_eq!((&stats["quarantined"], &stats["held"]), (&json!(1), &json!(0)), "{stats}");
    let totals = server.sequences()["totals"].clone();
    assert_eq!((&totals["unique"], &totals["duplicates"]), (&json!(999), &json!(0)), "{totals}");
    let requests = server.count("requests");
    // In one batch: 1 in vain and 10 times two halves. In batches of 100, 9 go through at once, and the
    // tenth is halved at most 7 times.
    let most = if client == Client::Structured { 9 + 1 + 7 * 2 } else { 21 };
    assert!(requests <= most, "{requests} requests");
    let kept = files_below(&stage.spool);
    let found = kept.iter().any(|file| {
        let bytes = std::fs::read(file).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains("seq-w-500 ")
    });
    assert!(found, "the quarantined record is in none of {kept:?}");
    row.note = format!("{requests} requests");
}

#[test]
fn a_silent_server_does_not_hold_a_waiting_call_beyond_its_timeout() {
    let mut row = Row::new("flush and cleanup with a silent server");
    let stage = Stage::new("silent");
    // It takes connections into its backlog and never says a word.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let verbs = [
        "new",
        "log:100",
        "leaving",
        "flush:700",
        "expect:MAXIM_ERR_TIMEOUT",
        "leaving",
        // Less than a request may take, and more than the files do on any machine.
        "write-to-file:10000",
        "expect:MAXIM_OK",
        "leaving",
        "stats",
        "cleanup:700",
        "expect:MAXIM_ERR_TIMEOUT",
        "leaving",
    ];
    let mut host = stage.host(&url, &verbs, &[]);
    let mut clock = || host.line();
    let times: Vec<u64> = (0..3).map(|_| clock().parse().unwrap()).collect();
    row.add_stats(&host.json());
    let end: u64 = host.line().parse().unwrap();
    host.must_succeed();
    assert_eq!(row.held, 100);
    let took = |from: u64, to: u64| (to - from) / 1_000_000;
    row.note = format!(
        "flush of 700 ms {} ms, write to file {} ms, cleanup of 700 ms {} ms",
        took(times[0], times[1]),
        took(times[1], times[2]),
        took(times[2], end)
    );
}

/// Takes connections, reads a little, and resets them with most of the request still on its way.
fn resetting_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            // Closed with unread data in its buffer, a connection is reset.
        }
    });
    url
}

#[test]
fn a_reset_connection_is_no_signal_for_the_host() {
    let mut row = Row::new("SIGPIPE");
    let stage = Stage::new("sigpipe");
    // The signal would end the host if it came.
    let killed = stage.probe("http://127.0.0.1:9", &["default-sigpipe", "break-pipe"]).status().unwrap();
    assert_eq!(killed.signal(), Some(libc::SIGPIPE));
    let verbs = ["new", "default-sigpipe", "log:50", "flush-until-retries:2:300", "stats"];
    // On the writer's thread, and on the host's own.
    for lambda in [false, true] {
        let mut command = stage.probe(&resetting_server(), &verbs);
        command.env("PROBE_PAD", "100000");
        if lambda {
            command.env("AWS_LAMBDA_FUNCTION_NAME", "f");
        }
        let stats = json_lines(&mut command).remove(0);
        assert!(stats["retries"].as_u64().unwrap() > 1, "no connection was reset: {stats}");
        row.add_stats(&stats);
    }
    assert_eq!((row.accepted, row.held), (100, 100));
}

#[test]
fn a_service_that_is_away_is_not_asked_without_a_pause() {
    let mut row = Row::of("retry delays of 0", Client::Structured);
    let stage = Stage::of("no-delay", Client::Structured);
    let server = Scripted::start(|_| answer("500 Error", ""));
    let start = Instant::now();
    let env = [("PROBE_NO_DELAY", "1".into()), ("PROBE_FLUSH_MS", "10".into())];
    let mut host = stage.host(&server.url(), &["new", "log:1", "sleep:1500", "wait", "stats"], &env);
    host.line();
    wait_until("it is asked again", || server.asked().len() > 1);
    let (asked, waited) = (server.asked().len() as u128, start.elapsed().as_millis());
    host.tell();
    row.add_stats(&host.json());
    host.must_succeed();
    // Without a least wait they are thousands.
    assert!(asked < 40 * waited / 1000, "{asked} requests in {waited} ms");
    row.note = format!("{asked} requests in {waited} ms");
}
