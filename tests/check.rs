//! `maxim_check` tells whether the repository exists, and why not, without logging anything.

mod common;

use std::process::Command;

use common::{Scratch, Server, compile, nobody, run};

/// What the program says of a service.
fn said(scratch: &Scratch, url: &str) -> String {
    let program = compile("tests/c/check.c", scratch);
    run(Command::new(program)
        .env("MAXIM_BASE_URL", url)
        .env("MAXIM_API_KEY", "key")
        .env("MAXIM_LOG_REPO_ID", "a-repository")
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool")))
}

#[test]
fn a_repository_that_exists_is_told_from_one_that_does_not_and_from_a_service_that_is_away() {
    let scratch = Scratch::new("check");
    let server = Server::start(&[]);
    assert_eq!(said(&scratch, &server.url()).trim(), "MAXIM_OK");
    assert_eq!(server.count("lines"), 0);

    let unknown = Server::start(&["--unknown-repository"]);
    let answer = said(&scratch, &unknown.url());
    assert!(answer.starts_with("MAXIM_ERR_REJECTED") && answer.contains("no such repository"), "{answer}");

    let answer = said(&scratch, &nobody().0);
    assert!(answer.starts_with("MAXIM_ERR_NETWORK") || answer.starts_with("MAXIM_ERR_TIMEOUT"), "{answer}");
}
