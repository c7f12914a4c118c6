//! The table of hostile values (`tests/hostile_values.json`, which says what it promises) through the C ABI: every
//! value at every place gives one entry or line, in which it can still be seen.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::{Scratch, Server, both, compile, root};
use regex_lite::Regex;
use serde_json::Value;

/// A value at a place.
struct Case {
    number: usize,
    name: String,
    place: String,
    /// `text` or `json`, and the bytes.
    form: &'static str,
    bytes: Vec<u8>,
    /// A JSON text that is the argument, not a value in it.
    is_whole: bool,
    arrives: String,
}

/// What C can say of the table: all but the values that only languages with objects have.
fn cases() -> Vec<Case> {
    let table = std::fs::read_to_string(root().join("tests/hostile_values.json")).unwrap();
    let table: Value = serde_json::from_str(&table).unwrap();
    let values = table["values"].as_array().unwrap();
    let at =
        values.iter().flat_map(|value| value["at"].as_array().unwrap().iter().map(move |at| (value, at)));
    let all = at.enumerate().filter(|(_, (value, _))| value["needs"] != "objects");
    all.map(|(number, (value, at))| {
        let (form, bytes) = given(value);
        let place = at.as_str().unwrap().to_owned();
        let arrives = value["arrives_at"].get(&place).unwrap_or(&value["arrives"]);
        Case {
            number,
            name: value["name"].as_str().unwrap().to_owned(),
            form,
            bytes,
            is_whole: value.get("json").is_some() || value.get("json_hex").is_some(),
            arrives: arrives.as_str().unwrap().to_owned(),
            place,
        }
    })
    .collect()
}

fn given(value: &Value) -> (&'static str, Vec<u8>) {
    let times = value["times"].as_u64().unwrap_or(1) as usize;
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    if let Some(hex) = text("hex") {
        return ("text", unhexed(&hex).repeat(times));
    }
    if let Some(words) = text("text") {
        return ("text", words.into_bytes().repeat(times));
    }
    if let Some(json) = text("json") {
        return ("json", json.into_bytes());
    }
    if let Some(hex) = text("json_hex") {
        return ("json", unhexed(&hex));
    }
    let json = match value["value"].as_str().unwrap() {
        "huge_integer" => (1_u128 << 70).to_string(),
        "exact_integer" => ((1_u64 << 53) + 1).to_string(),
        "deep" => format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000)),
        // As C's own writers print them.
        number @ ("NaN" | "Infinity" | "-Infinity") => number.to_owned(),
        other => panic!("no value {other} in C"),
    };
    ("json", json.into_bytes())
}

fn unhexed(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_hostile_value_gives_one_entry_in_which_it_can_be_seen() {
    let scratch = Scratch::new("hostile-values");
    let (server, lines) = Server::writing("lines", &scratch);
    let program = compile("tests/c/hostile_values.c", &scratch);
    let cases = cases();
    let mut child = Command::new(program)
        .env("MAXIM_BASE_URL", server.url())
        .env("MAXIM_API_KEY", format!("key-of{}", scratch.path().display()))
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for case in &cases {
        let hex: String = case.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let whole = if case.is_whole { "whole" } else { "within" };
        writeln!(input, "{} {} {whole} {} {hex}", case.number, case.place, case.form).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", both(&output));

    assert_eq!(server.count("malformed_lines"), 0);
    let arrived = std::fs::read_to_string(&lines).unwrap();
    let arrived: Vec<String> = arrived.lines().map(|line| line.replace("\\ufffd", "\u{fffd}")).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let id = format!("case-{:04}", case.number);
        let found: Vec<&String> = arrived.iter().filter(|line| line.contains(&id)).collect();
        let arrives = Regex::new(&case.arrives).unwrap();
        if found.len() != 1 || !arrives.is_match(found[0]) {
            let start: Vec<String> = found.iter().map(|line| line.chars().take(300).collect()).collect();
            wrong.push(format!("{id} {} as {}: {} is not in {start:?}", case.name, case.place, case.arrives));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(arrived.len(), cases.len(), "more arrived than was logged");
}
