//! No export without a call: each function of the header is called by a C program of the tests or
//! examples, and `tests/c/every_call.c`, which calls them with checked statuses, runs.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{Scratch, Server, compile, exported_functions, root, run};

/// The C code of a directory without its comments and strings, which call nothing.
fn code(directory: &Path) -> String {
    let mut code = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "c" || extension == "h") {
            code.push_str(&bare(&std::fs::read_to_string(path).unwrap()));
        }
    }
    code
}

fn bare(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => string_end(rest),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            other => {
                out.push(other);
                rest = &rest[other.len_utf8()..];
                continue;
            }
        };
        out.push(' ');
        rest = &rest[end..];
    }
    out
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The names that are followed by an opening parenthesis.
fn called(code: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices('(')
        .map(|(at, _)| {
            let name = code[..at].trim_end();
            &name[name.rfind(|c| !is_name(c)).map_or(0, |before| before + 1)..]
        })
        .collect()
}

#[test]
fn every_export_is_called_by_a_c_program() {
    let sources = code(&root().join("tests/c")) + &code(&root().join("examples/c"));
    let called = called(&sources);
    let functions = exported_functions();
    assert!(functions.len() > 100, "the header was not understood: {} functions", functions.len());
    let missing: Vec<&str> =
        functions.iter().map(|function| &*function.name).filter(|name| !called.contains(name)).collect();
    assert!(missing.is_empty(), "called by no file in tests/c or examples/c: {missing:?}");
}

#[test]
fn a_mention_is_not_a_call() {
    let source = "/* one(1) */ \"two(2)\\\" two(2)\" // three(3)\nfour (4); five; six(seven(7));";
    assert_eq!(called(&bare(source)), BTreeSet::from(["four", "six", "seven"]));
}

#[test]
fn every_call_is_answered_and_what_it_logs_arrives() {
    let scratch = Scratch::new("every-call");
    let server = Server::start(&[]);
    let program = compile("tests/c/every_call.c", &scratch);
    let said = run(Command::new(program)
        .arg(root().join("tests/vectors/files/tiny.png"))
        .env("MAXIM_BASE_URL", server.url())
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool")));
    let words: Vec<&str> = said.split_whitespace().collect();
    for count in words.chunks(2) {
        assert_eq!(server.count(count[0]), count[1].parse::<u64>().unwrap(), "{} of {said}", count[0]);
    }
    assert_eq!(words.len(), 8, "{said}");
    assert_eq!(server.count("malformed_lines"), 0);
    assert_eq!(server.count("credential_leaks"), 0);
}
