//! Runs the library over a corpus of providers' answers that is given by its path, through the C ABI, and prints
//! for each provider and shape: tried, accepted, refused by right, refused, wrong, lost.
//!
//! A corpus is a folder with `NAME.jsonl`, one object a line (`provider`, `shape`, and `body` or `body_text`),
//! and `NAME.facts.jsonl`, whose lines say what an independent reader expects of the same lines: `expect` accepted or
//! refused, and texts, thinking, tool calls, finish reasons, model, id, usage, numbers of citations, media, server
//! tools and log probabilities, as far as it has an opinion. "Refused" is a result that was told to be
//! unrecognised, or came out as an error or as what is no answer of a model. Every generation must have ended.
//!
//! `corpus DIRECTORY [MUTATIONS]`: with a number, as many mutations of the bodies go through the normaliser too,
//! none of which may be refused or panic. `corpus --fixtures MUTATIONS` does that with the project's own fixtures.

#[path = "../common/mod.rs"]
mod common;
mod facts;
mod mutate;
mod mutations;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use common::service::{Arrived, Service};
use common::{Scratch, compile};
use facts::{Judgement, Outcome};
use serde::de::IgnoredAny;
use serde_json::Value;

/// One answer of a provider.
struct Answer {
    file: String,
    line: usize,
    provider: String,
    shape: String,
    /// As the caller would give it.
    body: String,
    facts: Value,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(directory) = arguments.next() else {
        eprintln!("usage: corpus DIRECTORY [MUTATIONS] | --fixtures MUTATIONS");
        std::process::exit(2);
    };
    let count: u64 = arguments.next().map_or(0, |count| count.parse().expect("a number of mutations"));
    if directory == "--fixtures" {
        return mutations::run(&fixtures(), count);
    }
    let answers = read(Path::new(&directory));
    assert!(!answers.is_empty(), "{directory} has no NAME.jsonl with NAME.facts.jsonl");
    println!("corpus {directory}: {} answers", answers.len());
    let outcomes = log(&answers);
    let bad = table(&answers, &outcomes);
    if count > 0 {
        let bodies = answers.iter().filter_map(|answer| parse(&answer.body));
        mutations::run(&bodies.collect::<Vec<_>>(), count);
    }
    std::process::exit(i32::from(bad > 0));
}

/// The project's own, one for each shape.
fn fixtures() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/results");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the fixtures").flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    paths.sort();
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("a fixture");
    paths.iter().map(|path| parse(&text(path)).expect("JSON")).collect()
}

fn read(directory: &Path) -> Vec<Answer> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(directory).expect("the corpus").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut answers = Vec::new();
    for facts in paths.iter().filter(|path| path.to_string_lossy().ends_with(".facts.jsonl")) {
        let name = facts.file_name().unwrap().to_string_lossy().replace(".facts.jsonl", "");
        let bodies = std::fs::read_to_string(directory.join(format!("{name}.jsonl"))).expect("the bodies");
        let facts = std::fs::read_to_string(facts).expect("the facts");
        for (at, (body, facts)) in bodies.lines().zip(facts.lines()).enumerate() {
            answers.push(answer(&name, at + 1, body, parse(facts).expect("facts")));
        }
    }
    answers
}

fn answer(file: &str, line: usize, record: &str, facts: Value) -> Answer {
    let members: BTreeMap<String, &str> = members(record).expect("a record");
    let text = |name: &str| members.get(name).map(|value| (*value).to_owned());
    let string = |name: &str| text(name).and_then(|text| Some(parse(&text)?.as_str()?.to_owned()));
    Answer {
        file: file.to_owned(),
        line,
        provider: string("provider").unwrap_or_default(),
        shape: string("shape").unwrap_or_default(),
        body: string("body_text").or_else(|| text("body")).expect("a body"),
        facts,
    }
}

/// The members of an object on one line, their values' own text kept, whatever is odd in it.
fn members(record: &str) -> Option<BTreeMap<String, &str>> {
    let mut members = BTreeMap::new();
    let mut rest = record.trim_start().strip_prefix('{')?;
    while !rest.trim_start().starts_with('}') {
        let mut names = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let name = names.next()?.ok()?;
        rest = rest[names.byte_offset()..].trim_start().strip_prefix(':')?.trim_start();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let end = values.byte_offset();
        members.insert(name, &rest[..end]);
        rest = rest[end..].trim_start().trim_start_matches(',');
    }
    Some(members)
}

/// JSON, with escapes that are no characters replaced as the library replaces them.
fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| {
        let mut replaced = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("\\ud") {
            replaced.push_str(&rest[..at]);
            replaced.push_str("\\ufffd");
            rest = &rest[at + 6..];
        }
        replaced.push_str(rest);
        serde_json::from_str(&replaced).ok()
    })
}

/// A body as JSON; of the text of a stream, its events or lines.
fn events(body: &str) -> Value {
    parse(body).unwrap_or_else(|| {
        let lines = body.lines().map(|line| line.strip_prefix("data:").unwrap_or(line));
        Value::Array(lines.filter_map(|line| parse(line.trim())).collect())
    })
}

/// What a program that logs all answers sends.
fn log(answers: &[Answer]) -> Vec<Outcome> {
    let scratch = Scratch::new("corpus");
    let program = compile("tests/c/corpus.c", &scratch);
    let service = Service::start();
    service.answers.store(true, Ordering::SeqCst);
    let mut child = Command::new(program)
        .arg(format!("http://127.0.0.1:{}", service.port))
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().unwrap();
    let bodies: Vec<String> = answers.iter().map(|answer| answer.body.clone()).collect();
    let feeder = std::thread::spawn(move || {
        for body in bodies {
            write!(stdin, "{}\n{body}", body.len()).unwrap();
        }
    });
    let output = child.wait_with_output().expect("the program's end");
    feeder.join().unwrap();
    assert!(output.status.success(), "the program failed");
    let said = String::from_utf8(output.stdout).unwrap();
    let mut outcomes: Vec<Outcome> = said.lines().map(Outcome::new).collect();
    assert_eq!(outcomes.len(), answers.len(), "one answer for each body");
    while let Ok(arrived) = service.arrived.try_recv() {
        match arrived {
            Arrived::Lines(lines) => lines.lines().for_each(|line| note(line, &mut outcomes)),
            // A line that is too large for a batch goes through the storage.
            Arrived::Upload(line) => {
                String::from_utf8(line).iter().for_each(|line| note(line, &mut outcomes))
            }
        }
    }
    outcomes
}

/// Notes what a line says of its generation.
fn note(line: &str, outcomes: &mut [Outcome]) {
    let Some((id, rest)) = line.strip_prefix("generation{id=c").and_then(|line| line.split_once(",action="))
    else {
        return;
    };
    let Some(outcome) = id.parse().ok().and_then(|at: usize| outcomes.get_mut(at)) else { return };
    let Some((action, data)) = rest.split_once(",data=") else { return };
    let data = data.strip_suffix('}').and_then(parse);
    match action {
        "result" => outcome.result = data.map(|mut data| data["result"].take()),
        "end" => outcome.ended = true,
        "add-attachment" => outcome.attachments += 1,
        _ => {}
    }
}

/// Prints the table; how many answers are not as they should be.
fn table(answers: &[Answer], outcomes: &[Outcome]) -> usize {
    let mut rows: BTreeMap<(&str, &str), [usize; 6]> = BTreeMap::new();
    let mut bad = 0;
    for (answer, outcome) in answers.iter().zip(outcomes) {
        let row = rows.entry((&answer.provider, &answer.shape)).or_default();
        let judgement = outcome.judge(&answer.facts, &events(&answer.body));
        row[0] += 1;
        row[match &judgement {
            Judgement::Accepted => 1,
            Judgement::RefusedByRight => 2,
            Judgement::Refused(_) => 3,
            Judgement::Wrong(_) => 4,
            Judgement::Lost(_) => 5,
        }] += 1;
        if let Judgement::Refused(why) | Judgement::Wrong(why) | Judgement::Lost(why) = judgement {
            bad += 1;
            println!("{}:{} {} {}: {why}", answer.file, answer.line, answer.provider, answer.shape);
        }
    }
    println!(
        "{:<18} {:<24} {:>6} {:>9} {:>17} {:>8} {:>6} {:>5}",
        "provider", "shape", "tried", "accepted", "refused by right", "refused", "wrong", "lost"
    );
    let mut all = [0; 6];
    for ((provider, shape), row) in &rows {
        print_row(provider, shape, row);
        all.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
    }
    print_row("all", "", &all);
    bad
}

fn print_row(provider: &str, shape: &str, row: &[usize; 6]) {
    let [tried, accepted, by_right, refused, wrong, lost] = row;
    println!(
        "{provider:<18} {shape:<24} {tried:>6} {accepted:>9} {by_right:>17} {refused:>8} {wrong:>6} {lost:>5}"
    );
}
