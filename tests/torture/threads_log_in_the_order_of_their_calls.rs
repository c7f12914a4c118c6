//! Records arrive in the order in which their calls returned, over all threads, however many log at the same time.

use crate::bench::{Row, Stage, json_lines, scaled};
use crate::common::{Server, compile_into, library};

/// Logs as `tests/c/handoffs.c` is told; all that was logged has arrived once and in order.
fn log(row: &mut Row, how: &str, count: u64) {
    let stage = Stage::new("handoffs");
    let program = compile_into("tests/c/handoffs.c", stage.scratch.path(), &library("lib/libmaxim.so"));
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    let mut command = std::process::Command::new(program);
    command.args([how, &count.to_string()]).env("MAXIM_BASE_URL", server.url());
    command.env("MAXIM_SPOOL_DIR", &stage.spool).env("MAXIM_API_KEY", "key-of-handoffs");
    command.env("MAXIM_LOG_REPO_ID", stage.scratch.path().file_name().unwrap());
    let lines = json_lines(&mut command);
    row.add_stats(&lines[1]);
    assert_eq!((row.held, row.dropped), (0, 0));
    let totals = server.sequences()["totals"].clone();
    assert_eq!((&totals["unique"], &totals["duplicates"]), (&lines[0]["logged"], &0.into()), "{totals}");
    assert_eq!((&totals["out_of_order"], &totals["missing"]), (&0.into(), &0.into()), "{totals}");
}

#[test]
fn a_thread_that_was_told_to_log_comes_behind_who_told_it() {
    for how in ["mutex", "queue", "atomic"] {
        let mut row = Row::new(&format!("handed on by {how}, two others in the way"));
        log(&mut row, how, scaled(30_000, 1_000_000));
    }
}

#[test]
fn sixteen_threads_lose_repeat_and_disorder_nothing() {
    let mut row = Row::new("16 threads, one logger");
    log(&mut row, "many", scaled(30_000, 1_000_000));
}

#[test]
fn a_thread_that_is_stopped_in_a_call_or_leaves_it_costs_no_other_a_record() {
    for (how, count) in [("jumps", scaled(200, 5_000)), ("stops", scaled(3, 20))] {
        let mut row = Row::new(&format!("a fifth thread's handler: {count} {how}"));
        log(&mut row, how, count);
    }
}
