//! A process that is killed at any moment, while 3 or 16 threads log and batches are on their way, loses
//! no record that it accepted; the processes after it send them.

use std::time::Duration;

use crate::bench::{Client, Row, Stage, files_below, for_all_clients, nobody, random, scaled, wait_until};
use crate::common::Server;

for_all_clients! { killed_processes_lose_nothing killed_processes_with_many_threads_lose_nothing }

fn killed_processes_lose_nothing(client: Client) {
    kill(client, 3);
}

fn killed_processes_with_many_threads_lose_nothing(client: Client) {
    kill(client, 16);
}

/// So many threads log with one logger in each of the processes.
fn kill(client: Client, threads: usize) {
    let mut row = Row::of(&format!("SIGKILL at a random moment, {threads} threads"), client);
    let stage = Stage::of("sigkill", client);
    let background = format!("background:{threads}");
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let kills = scaled(if threads > 3 { 6 } else { 12 }, 200);
    let tally = stage.tally();
    let mut accepted: Vec<(String, u64)> = Vec::new();
    for kill in 0..kills {
        tally.forget();
        let env = [
            tally.env(),
            ("PROBE_FLUSH_MS", "20".into()),
            ("PROBE_PACE_US", "500".into()),
            ("PROBE_WRITER", format!("k{kill}")),
        ];
        let mut host = stage.host(&server.url(), &["new", &background, "wait"], &env);
        // The moment is what is random here: from before the logger is there to well into its work.
        std::thread::sleep(Duration::from_micros(random(120_000)));
        host.kill();
        accepted.extend((0..threads).map(|thread| (format!("k{kill}t{thread}"), tally.of(thread))));
    }
    row.accepted = accepted.iter().map(|(_, count)| count).sum();
    // More may have been accepted than was noted, or begun and not ended: what the first process is told to leave
    // behind is sent by the next one.
    wait_until("everything has been sent", || {
        let stats = stage.adopt_all(&server.url(), &server, row.accepted);
        assert_eq!(stats["dropped_corrupt"], 0, "{stats}");
        stats["held"] == 0
    });

    let sequences = server.sequences();
    row.delivered = sequences["totals"]["unique"].as_u64().unwrap();
    row.duplicates = sequences["totals"]["duplicates"].as_u64().unwrap();
    for (name, count) in accepted.iter().filter(|(_, count)| *count > 0) {
        let writer = &sequences["writers"][name];
        // One more may have been accepted than the writer lived to note.
        let most = writer["max"].as_u64().unwrap_or(0);
        assert!((*count..=count + 1).contains(&most), "{name} had {count} accepted: {writer}");
        assert_eq!(writer["missing"], 0, "{name}: {writer}");
    }
    let server_stats = server.stats();
    assert_eq!(server_stats["malformed_lines"], 0, "{server_stats}");
    // A killed process cannot say what it gave up.
    let set_aside: Vec<_> = files_below(&stage.spool);
    assert!(set_aside.is_empty(), "nothing is left to wait, so this was put aside: {set_aside:?}");
    let batch = client.batch(server.count("bytes") / client.records_of(&server).max(1));
    assert!(row.duplicates <= kills * batch, "{} duplicates in {kills} kills", row.duplicates);
    row.note = format!("{kills} kills");
}

#[test]
fn orphaned_records_are_sent_oldest_owner_first() {
    let mut row = Row::new("order of dead instances");
    let stage = Stage::new("order");
    let (url, port) = nobody();
    let names: Vec<String> = (0..16).map(|number| format!("o{number}")).collect();
    // All in one process and within one second, so that neither of the two can tell them apart.
    let verbs: Vec<String> = names.iter().flat_map(|name| ["new".into(), format!("log:10:{name}")]).collect();
    let verbs: Vec<&str> = verbs.iter().map(String::as_str).chain(["_exit:0"]).collect();
    assert!(stage.probe(&url, &verbs).status().unwrap().success());
    row.accepted = 10 * names.len() as u64;

    let lines = stage.scratch.path().join("lines");
    let flags = ["--port", &port, "--check-seq", "--seq-start", "1", "--lines", lines.to_str().unwrap()];
    let server = Server::start(&flags);
    stage.adopt_all(&url, &server, row.accepted);
    row.delivered = server.count("lines");
    let text = std::fs::read_to_string(&lines).unwrap();
    let marks = text.lines().filter_map(|line| line.split("seq-").nth(1)?.split('-').next());
    let mut arrived: Vec<&str> = marks.collect();
    arrived.dedup();
    assert_eq!(arrived, names);
}
