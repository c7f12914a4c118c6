//! The process: how it starts, what it says, and how it ends.

mod common;

use std::process::Command;

use common::{scratch, start};

fn run(flags: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_maxim-dev")).args(flags).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn help_and_version_are_answered_and_an_unknown_flag_is_named() {
    let (code, help, _) = run(&["--help"]);
    assert!(code == Some(0) && help.contains("--drop-after-accept"), "{help}");
    assert_eq!(run(&["--version"]).1, format!("maxim-dev {}\n", env!("CARGO_PKG_VERSION")));
    let (code, stdout, stderr) = run(&["--colour"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("unknown flag \"--colour\""), "{stderr}");
}

#[test]
fn a_port_in_use_is_a_clear_failure() {
    let server = start(&[]);
    let (code, _, stderr) = run(&["--port", &server.port.to_string()]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("127.0.0.1:{}", server.port)), "{stderr}");
}

#[test]
fn the_port_file_names_the_port() {
    let path = scratch("port");
    let server = start(&["--port-file", path.to_str().expect("UTF-8")]);
    assert_eq!(std::fs::read_to_string(&path).expect("a port file").trim(), server.port.to_string());
}

#[test]
fn the_tree_is_shown_at_the_end_of_standard_input_without_colours_on_a_pipe() {
    let mut server = start(&["--mode", "tree"]);
    server.connect().log("trace{id=t,action=create,data={\"name\":\"chat\"}}");
    let ended = server.stop();
    assert!(ended.status.success());
    let (tree, summary) = ended.stdout.split_once("1 requests").expect("tree, then summary");
    assert_eq!(tree, "repository  repo-1\n└─ trace  chat  t\n");
    assert!(summary.contains("1 lines"), "{summary}");
}

#[cfg(unix)]
#[test]
fn a_termination_signal_ends_it_with_success() {
    for signal in ["TERM", "INT"] {
        let mut server = start(&["--mode", "count"]);
        server.connect().log("a\nb\n");
        let sent = Command::new("kill").args(["-s", signal, &server.pid().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let ended = server.wait();
        assert_eq!(ended.status.code(), Some(0), "{signal}");
        assert!(ended.stdout.contains("2 lines"), "{}", ended.stdout);
    }
}
