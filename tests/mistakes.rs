//! A new user's most likely mistakes in C: the status is true, and the message names the option or argument, the value
//! (never a key), and what to do. Each binding has such a table of its own.

mod common;

use std::process::Command;

use common::{Scratch, compile, run};

/// The mistake (a line of tests/c/mistakes.c), its status, and words of the message.
const MISTAKES: [(&str, &str, &[&str]); 20] = [
    ("no key", "NOT_CONFIGURED", &["api_key", "give it", "MAXIM_API_KEY"]),
    ("no repository", "NOT_CONFIGURED", &["repository_id", "give it", "MAXIM_LOG_REPO_ID"]),
    ("a key with a line break", "INVALID_ARGUMENT", &["api_key", "byte 4 of 4", "line break"]),
    ("a URL without a scheme", "INVALID_ARGUMENT", &["base_url", "scheme", "as in https://"]),
    ("plain http", "INVALID_ARGUMENT", &["base_url", "app.example.test", "use https", "allow_plaintext"]),
    ("a directory that cannot be used", "IO", &["spool_dir", "/proc/nowhere", "name a directory"]),
    ("a CA file that is not there", "IO", &["ca_file", "/nowhere/ca.pem", "name a PEM file"]),
    ("a CA file that has no end", "IO", &["ca_file", "/dev/zero", "not a regular file"]),
    ("a CA file that nobody writes to", "IO", &["ca_file", ".pipe", "not a regular file"]),
    ("a rate in per cent", "INVALID_ARGUMENT", &["sample_rate", "50", "0.5"]),
    ("a struct without its INIT", "INVALID_ARGUMENT", &["maxim_logger_config", "struct_size is 0", "_INIT"]),
    ("a handle that was never made", "NULL_POINTER", &["logger", "NULL"]),
    ("an id with a space", "INVALID_ID", &["trace_id", "order 17", "A-Z"]),
    ("an id that a refused call did not write", "INVALID_ID", &["trace_id", "empty", "refused"]),
    ("JSON in single quotes", "INVALID_JSON", &["metadata_json", "column 2", "quotes"]),
    ("an array for an object", "INVALID_JSON", &["metadata_json", "expected an object"]),
    ("text in Latin-1", "INVALID_UTF8", &["input", "byte 3", "lossy"]),
    ("a call after cleanup", "CLOSED", &["closed", "log before that"]),
    ("a call after free", "INVALID_HANDLE", &["logger", "freed"]),
    ("a client without a source", "INVALID_ARGUMENT", &["source", "must be given"]),
];

#[test]
fn each_mistake_is_answered_with_the_option_the_value_and_the_remedy() {
    let scratch = Scratch::new("mistakes");
    let program = compile("tests/c/mistakes.c", &scratch);
    let said = run(Command::new(program)
        .env_remove("MAXIM_API_KEY")
        .env_remove("MAXIM_LOG_REPO_ID")
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool")));
    let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), MISTAKES.len(), "{said}");
    for (line, (name, status, words)) in lines.iter().zip(MISTAKES) {
        assert_eq!((line[0], line[1]), (name, &*format!("MAXIM_ERR_{status}")), "{line:?}");
        for word in words {
            assert!(line[2].contains(word), "{word:?} is not in {line:?}");
        }
    }
}
