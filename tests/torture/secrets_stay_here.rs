//! The API key is in no file, no debug output and no error text, and goes to no other host.

use std::process::Command;

use serde_json::json;

use crate::bench::{Row, Stage, files_below, json_lines};
use crate::common::{Server, both, compile_into, library};

/// The part of the probe's key, `probe-key-0123456789`, that a truncated copy would show.
const PART: &str = "key-01234";
/// How a record of `maxim-dev` shows the key: by the start of its SHA-256.
const KEY_DIGEST: &str = "sha256:951ec44a2fb078e2";

#[test]
fn the_key_is_in_no_file_and_no_output_and_goes_to_no_other_host() {
    let mut row = Row::new("credentials");
    let stage = Stage::new("secrets");
    let elsewhere = Server::start(&[]);
    let recorded = stage.scratch.path().join("requests");
    let server = Server::start(&["--record", recorded.to_str().unwrap()]);
    let mut output = String::new();
    for misbehaviour in [
        json!({"unauthorized": true}),
        json!({"unauthorized": false, "redirect": format!("{}/elsewhere", elsewhere.url())}),
        json!({"redirect": null, "fail": "400:100"}),
        json!({"fail": "500:100"}),
    ] {
        // A refused key ends a flush at once, and the others that wait as long as they are told.
        let flush = if misbehaviour["unauthorized"] == true { "flush:60000" } else { "flush:1500" };
        let verbs = ["new", "log:100", flush, "write-to-file:60000", "stats", "_exit:0"];
        server.control(misbehaviour);
        let ended = stage.probe(&server.url(), &verbs).env("PROBE_DEBUG", "1").output().unwrap();
        assert!(ended.status.success(), "{}", both(&ended));
        output.push_str(&both(&ended));
    }
    // The key did travel where it belongs, or this test would show nothing.
    assert!(std::fs::read_to_string(&recorded).unwrap().contains(KEY_DIGEST));
    assert!(output.contains("MAXIM_ERR_"), "no error was told:\n{output}");
    assert!(!output.contains(PART), "{output}");
    assert_eq!(elsewhere.count("requests"), 0);
    let files = files_below(&stage.spool);
    assert!(!files.is_empty());
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let found = bytes.windows(PART.len()).any(|window| window == PART.as_bytes());
        assert!(!found && !file.to_string_lossy().contains(PART), "the key is in {}", file.display());
    }
    row.note = format!("{} files, {} bytes of output searched", files.len(), output.len());
}

#[test]
fn the_key_is_in_one_place_of_memory_for_each_handle_and_in_none_after_they_are_freed() {
    let mut row = Row::new("the memory of a host that has freed its logger and its log client");
    let stage = Stage::new("key-memory");
    let server = Server::start(&[]);
    let library = library("lib/libmaxim.so");
    let program = compile_into("tests/c/key_memory.c", stage.scratch.path(), &library);
    let mut host = Command::new(program);
    host.env("MAXIM_BASE_URL", server.url()).env("MAXIM_SPOOL_DIR", &stage.spool);
    let found = &json_lines(&mut host)[0];
    // While they live it is found, or the search would show nothing.
    assert_eq!((&found["before"], &found["after"]), (&2.into(), &0.into()), "{found}");
    row.note = "one copy for each handle, none after".into();
}

#[test]
fn plain_http_to_another_host_is_refused() {
    let mut row = Row::new("http to another host");
    let stage = Stage::new("plain");
    let output = stage.probe("http://192.0.2.1", &["new"]).output().unwrap();
    assert!(both(&output).contains("unencrypted"), "{}", both(&output));
    row.note = "refused when the logger is made".into();
}
