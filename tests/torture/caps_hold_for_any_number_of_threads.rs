//! With 16 threads as with one, a logger keeps to its caps, counts each record that it gives up, and sends the others
//! once and in order; where calls wait for room, none is given up.

use std::fs::File;

use serde_json::Value;

use crate::bench::{Row, Stage, files_below, nobody, scaled, wait_until};
use crate::common::Server;
use crate::common::host::HostProcess;

/// In bytes: together far less than what is logged.
const MEMORY: u64 = 4 << 20;
const DISK: u64 = 8 << 20;
/// Values of `overflow_policy`.
const DROP_OLDEST: u64 = 0;
const DROP_NEWEST: u64 = 1;
const BLOCK: u64 = 2;
/// How long a call waits for room: longer than any test.
const BLOCK_MS: u64 = 600_000;

fn of(stats: &Value, name: &str) -> u64 {
    stats[name].as_u64().unwrap_or_else(|| panic!("no {name} in {stats}"))
}

fn records_of_each(threads: u64) -> u64 {
    scaled(40_000, 400_000) / threads
}

/// Logs with so many threads while nobody takes anything, and then somebody does.
fn without_a_server(threads: u64, policy: u64, name: &str) {
    let mut row = Row::new(&format!("caps of 4 and 8 MiB, {threads} threads, {name}"));
    let stage = Stage::new("caps");
    let (url, port) = nobody();
    let (each, env) = (records_of_each(threads), env(policy));
    let log = format!("threads:{threads}:{each}");
    let told = stage.scratch.path().join("told");
    let mut command = stage.probe(&url, &["new", &log, "stats", "wait", "cleanup:120000", "stats"]);
    command.envs(env.iter().map(|(name, value)| (*name, value)));
    command.stderr(File::create(&told).unwrap());
    let mut host = HostProcess::start(command);
    let full = host.json();
    assert_eq!(of(&full, "accepted") + of(&full, "refused"), threads * each, "{full}");
    let is_refused = of(&full, "refused") > 0;
    let is_dropped = of(&full, "dropped_memory") + of(&full, "dropped_disk") > 0;
    assert_eq!((is_dropped, is_refused), (policy == DROP_OLDEST, policy == DROP_NEWEST), "{full}");
    assert!(of(&full, "bytes_held") <= MEMORY + DISK, "{full}");
    let on_disk: u64 =
        files_below(&stage.spool).iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    assert!(on_disk <= DISK + (64 << 10), "{on_disk} bytes in files");
    host.line();
    if is_dropped {
        wait_until("the host is told of dropped records", || {
            std::fs::read_to_string(&told).unwrap().contains("so the oldest were dropped: ")
        });
    }

    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    host.tell();
    let sent = host.json();
    host.must_succeed();
    row.add_stats(&sent);
    // Going to files may have cost older ones meanwhile.
    assert_eq!((row.held, row.delivered), (0, row.accepted - row.dropped), "{sent}");
    assert_eq!(row.dropped > 0, policy == DROP_OLDEST, "{sent}");
    let totals = server.sequences()["totals"].clone();
    row.duplicates = of(&totals, "duplicates");
    assert_eq!((of(&totals, "unique"), row.duplicates), (row.delivered, 0), "{totals}");
    assert_eq!(of(&totals, "out_of_order"), 0, "{totals}");
}

fn env(policy: u64) -> [(&'static str, String); 5] {
    [
        ("PROBE_MEMORY", MEMORY.to_string()),
        ("PROBE_DISK", DISK.to_string()),
        ("PROBE_PAD", "500".into()),
        ("PROBE_OVERFLOW", policy.to_string()),
        ("PROBE_BLOCK_MS", BLOCK_MS.to_string()),
    ]
}

#[test]
fn what_is_dropped_is_counted_and_the_rest_comes_in_order() {
    for threads in [1, 16] {
        without_a_server(threads, DROP_OLDEST, "the oldest are dropped");
        without_a_server(threads, DROP_NEWEST, "the newest are refused");
    }
}

#[test]
fn nothing_is_dropped_where_calls_wait_for_room() {
    for threads in [1, 16] {
        let mut row = Row::new(&format!("caps of 4 and 8 MiB, {threads} threads, calls wait"));
        let stage = Stage::new("caps");
        let server = Server::start(&["--check-seq", "--seq-start", "1", "--delay-ms", "50"]);
        let (each, env) = (records_of_each(threads), env(BLOCK));
        let log = format!("threads:{threads}:{each}");
        let mut host = stage.host(&server.url(), &["new", &log, "cleanup:120000", "stats"], &env);
        let stats = host.json();
        host.must_succeed();
        row.add_stats(&stats);
        let numbers = (row.accepted, row.delivered, row.held, of(&stats, "refused"));
        assert_eq!(numbers, (threads * each, threads * each, 0, 0), "{stats}");
        let totals = server.sequences()["totals"].clone();
        row.duplicates = of(&totals, "duplicates");
        assert_eq!((of(&totals, "unique"), row.duplicates), (row.delivered, 0), "{totals}");
        assert_eq!((of(&totals, "missing"), of(&totals, "out_of_order")), (0, 0), "{totals}");
    }
}
