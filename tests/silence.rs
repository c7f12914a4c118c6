//! Nothing is refused in silence: refused calls are counted by reason, and where nobody hears of errors there is one
//! line on standard error for each kind. Through the C ABI.

mod common;

use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{Scratch, Server, compile, run};

struct Program {
    scratch: Scratch,
    path: PathBuf,
}

impl Program {
    fn new() -> Program {
        let scratch = Scratch::new("silence");
        let path = compile("tests/c/silence.c", &scratch);
        Program { scratch, path }
    }

    fn command(&self, server: &Server, what: &str) -> Command {
        let mut command = Command::new(&self.path);
        command.arg(what).env("MAXIM_BASE_URL", server.url()).env("MAXIM_LOG_ENDPOINT", server.url());
        command.env("MAXIM_SPOOL_DIR", self.scratch.path().join("spool"));
        command.env("MAXIM_API_KEY", format!("key-of{}", self.scratch.path().display()));
        command
    }
}

/// What it printed, and the lines of its standard error.
fn said(command: &mut Command) -> (String, Vec<String>) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr).lines().map(str::to_owned).collect())
}

const COUNTS: &str = "accepted 0 invalid 200 too large 0 closed 1 other 0 ignored 0\n";

#[test]
fn refused_calls_are_counted_by_reason_and_each_kind_is_said_once() {
    let (server, program) = (Server::start(&[]), Program::new());
    let (counts, warnings) = said(&mut program.command(&server, "refused"));
    assert_eq!(counts, COUNTS);
    assert_eq!(warnings.len(), 3, "{warnings:#?}");
    for (warning, words) in warnings.iter().zip([
        ["trace_id", "INVALID_ID"],
        ["metadata_json", "INVALID_JSON"],
        ["closed", "CLOSED"],
    ]) {
        assert!(warning.starts_with("maxim: ") && warning.contains("MAXIM_WARNINGS=0"), "{warning}");
        assert!(words.iter().all(|word| warning.contains(word)), "{words:?} is not in {warning}");
    }
}

#[test]
fn a_callback_or_the_environment_keeps_standard_error_clean() {
    let (server, program) = (Server::start(&[]), Program::new());
    assert_eq!(said(&mut program.command(&server, "hears")), (COUNTS.to_owned(), vec![]));
    let silent = said(program.command(&server, "refused").env("MAXIM_WARNINGS", "0"));
    assert_eq!(silent, (COUNTS.to_owned(), vec![]));
}

#[test]
fn a_handle_that_was_never_made_is_said_once() {
    let (server, program) = (Server::start(&[]), Program::new());
    let (printed, warnings) = said(&mut program.command(&server, "no-handle"));
    assert_eq!(printed, "");
    // More of them only where a hundred calls took longer than ten seconds.
    assert!((1..10).contains(&warnings.len()), "{warnings:#?}");
    assert!(warnings[0].contains("logger: must not be NULL; make one first"), "{warnings:#?}");
}

#[test]
fn a_key_that_is_refused_and_a_client_without_one_are_said() {
    let (server, program) = (Server::start(&["--status", "401"]), Program::new());
    let (closed, warnings) = said(&mut program.command(&server, "delivers"));
    // The time has not run out, and the status does not say so.
    assert!(closed.starts_with("cleanup MAXIM_ERR_UNAUTHORIZED\n"), "{closed}");
    assert!(
        warnings.iter().any(|line| line.contains("UNAUTHORIZED") && line.contains("401")),
        "{warnings:#?}"
    );
    let (counts, warnings) = said(program.command(&server, "without-key").env_remove("MAXIM_API_KEY"));
    assert!(counts.ends_with("ignored 1\n"), "{counts}");
    assert!(warnings.len() == 1 && warnings[0].contains("MAXIM_API_KEY is not set"), "{warnings:#?}");
}

#[test]
fn whoever_debugs_is_told_of_a_tag_on_a_trace_that_was_never_made() {
    let (server, program) = (Server::start(&[]), Program::new());
    let (counts, lines) = said(&mut program.command(&server, "debugs"));
    assert!(counts.starts_with("accepted 6 "), "{counts}");
    let told: Vec<&String> = lines.iter().filter(|line| line.contains("without a creation")).collect();
    assert!(told.len() == 1 && told[0].contains("trace never-made: update"), "{lines:#?}");
    assert_eq!(server.count("lines"), 6);
}

#[test]
fn nobody_waits_for_a_standard_error_that_is_full_or_closed() {
    let (server, program) = (Server::start(&[]), Program::new());
    // A pipe that is full and that nobody reads: a write that waited would wait for ever.
    let (reader, writer) = std::io::pipe().unwrap();
    // SAFETY: the descriptor is this test's own, and the buffer is readable.
    unsafe {
        libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK);
        while libc::write(writer.as_raw_fd(), [0_u8; 4096].as_ptr().cast(), 4096) > 0 {}
        libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, 0);
    }
    let full = writer.try_clone().unwrap();
    assert_eq!(run(program.command(&server, "refused").stderr(Stdio::from(full))), COUNTS);
    drop(reader);
    // Now a write would raise SIGPIPE, which ends a process.
    assert_eq!(run(program.command(&server, "refused").stderr(Stdio::from(writer))), COUNTS);
    let closed = format!("exec {} refused 2>&-", program.path.display());
    let mut shell = program.command(&server, "refused");
    let environment: Vec<_> =
        shell.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
    shell = Command::new("sh");
    assert_eq!(run(shell.args(["-c", &closed]).envs(environment)), COUNTS);
}
