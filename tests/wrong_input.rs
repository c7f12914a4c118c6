//! Wrong input gets the right status and message, never a crash or a broken line; right input beside
//! it arrives. Under valgrind as well: no invalid access, no leak after cleanup
//! (what is "possibly lost" is std's handle of the main thread, kept through a pointer into its middle).

mod common;

use std::path::Path;
use std::process::Command;

use common::{Scratch, Server, both, compile};

fn check(mut command: Command, server: &Server, spool: &Path) {
    let output = command
        .env("MAXIM_BASE_URL", server.url())
        .env("MAXIM_SPOOL_DIR", spool)
        .env_remove("MAXIM_API_KEY")
        .env_remove("MAXIM_LOG_REPO_ID")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", output.status, both(&output));
    let stats = server.stats();
    assert_eq!(stats["lines"], 7, "{stats}");
    assert_eq!(stats["malformed_lines"], 0, "{stats}");
    let writer = &server.sequences()["writers"]["w"];
    assert_eq!((&writer["unique"], &writer["missing"]), (&6.into(), &0.into()), "{writer}");
}

#[test]
fn wrong_input_is_refused_with_its_reason_and_costs_nothing_else() {
    let scratch = Scratch::new("wrong");
    let program = compile("tests/c/wrong_input.c", &scratch);
    let server = Server::start(&["--check-seq", "--seq-start", "1"]);
    check(Command::new(program), &server, &scratch.path().join("spool"));
}

#[test]
fn valgrind_finds_no_error_and_no_leak() {
    let scratch = Scratch::new("valgrind");
    let file = common::root().join("tests/vectors/files/tiny.png");
    for program in ["tests/c/wrong_input.c", "examples/c/quickstart.c", "tests/c/every_call.c"] {
        let program = compile(program, &scratch);
        let server = Server::start(&["--check-seq", "--seq-start", "1"]);
        let output = Command::new("valgrind")
            .args([
                "--quiet",
                "--error-exitcode=99",
                "--leak-check=full",
                "--show-leak-kinds=definite,indirect",
            ])
            .args(["--errors-for-leak-kinds=definite,indirect", "--fair-sched=yes"])
            .arg(&program)
            .arg(&file)
            .env("MAXIM_BASE_URL", server.url())
            .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
            .env_remove("MAXIM_API_KEY")
            .env_remove("MAXIM_LOG_REPO_ID")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}: {}: {}", program.display(), output.status, both(&output));
        assert!(server.count("lines") >= 3);
    }
}

#[test]
fn a_text_of_200_mib_is_refused_before_a_byte_of_it_is_read() {
    let scratch = Scratch::new("too-long");
    let program = compile("tests/c/too_long.c", &scratch);
    for lossy in ["0", "1"] {
        let server = Server::start(&[]);
        let mut command = Command::new(&program);
        command.arg(lossy).env("MAXIM_BASE_URL", server.url());
        let said = common::run(command.env("MAXIM_SPOOL_DIR", scratch.path().join(lossy)));
        let lines: u64 = said.trim().parse().unwrap();
        assert!(lines > 20, "the calls without a text log: {said}");
        assert_eq!(server.count("lines"), lines);
        assert_eq!(server.count("malformed_lines"), 0);
    }
}
