//! Every shape by its fixtures, streams that break off, and the promise that no value panics; what is patched, told or
//! an error stands in tables of their own.
//!
//! A fixture is written by hand after its provider's documentation, which `tests/fixtures/results.md` names. It is `tests/fixtures/results/{name}.json` with what is to come of it in
//! `{name}.expected.json`, where `"<uuid>"` stands for any UUID, `"<now>"` for the time of the test,
//! and `"<as it is>"` for the input.
//! `MAXIM_FIXTURES=write` writes what comes of the inputs, to be read before it is committed.

use super::{Found, Normal, Owner, SHAPES};
use crate::maxim::media::Stored;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

#[path = "../../../tests/corpus/mutate.rs"]
mod mutate;
mod own_shapes;
mod tables;

use mutate::{JUNK, Sequence, mutate};

/// The model that the tests give for responses that name none.
const MODEL: &str = "model-of-the-generation";

/// A generation whose model is not known.
const NOBODY: Owner<'static> = Owner { model: &|| None, extracts_media: true, is_strict: false };

fn normalise(value: Value) -> Normal {
    super::normalise(
        value,
        &Owner { model: &|| Some(MODEL.to_owned()), extracts_media: true, is_strict: false },
    )
}

/// What comes of a value of a known shape.
fn known(value: Value) -> Value {
    let normal = normalise(value);
    assert!(matches!(normal.found, Found::Known(_)), "{:?}: {}", normal.found, normal.value);
    normal.value
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A chat completion with one message.
fn chat(message: Value) -> Value {
    json!({"id": "x", "created": 1, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
}

/// The inputs of all fixtures, by name.
fn fixtures() -> BTreeMap<String, Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/results");
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = std::fs::read_to_string(&path).expect("a fixture");
        found.insert(name.trim_end_matches(".json").to_owned(), parse(&text));
    }
    found
}

fn inputs() -> BTreeMap<String, Value> {
    fixtures().into_iter().filter(|(name, _)| !name.ends_with(".expected")).collect()
}

/// Where `actual` is not what `expected` says, as a way and both values.
fn difference(expected: &Value, actual: &Value, way: &str) -> Option<String> {
    let differs = || Some(format!("{way}: expected {expected}, got {actual}"));
    match (expected, actual) {
        (Value::String(text), _) if text == "<uuid>" => {
            let id = actual.as_str().unwrap_or_default();
            if uuid::Uuid::parse_str(id).is_ok_and(|id| id.get_version_num() == 4) { None } else { differs() }
        }
        (Value::String(text), _) if text == "<now>" => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
            // Set before this reads the clock, and in the same run of the tests.
            let is_now = actual.as_u64().is_some_and(|at| at <= now && now - at < 3600);
            if is_now { None } else { differs() }
        }
        (Value::Object(wanted), Value::Object(given)) => {
            if wanted.keys().any(|name| !given.contains_key(name)) || wanted.len() != given.len() {
                return differs();
            }
            wanted.iter().find_map(|(name, value)| difference(value, &given[name], &format!("{way}.{name}")))
        }
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
            let pairs = wanted.iter().zip(given).enumerate();
            pairs.into_iter().find_map(|(at, (one, other))| difference(one, other, &format!("{way}[{at}]")))
        }
        _ if expected == actual => None,
        _ => differs(),
    }
}

/// Writes what comes of an input, with wildcards for what is another in each run.
fn write_expectation((name, input): (&String, &Value)) {
    fn wild(value: &mut Value, input: &str) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let text = member.as_str().unwrap_or_default();
                    if uuid::Uuid::parse_str(text).is_ok() && !input.contains(text) {
                        *member = "<uuid>".into();
                    } else if name == "created" && member.as_u64().is_some_and(|at| at > 1_790_000_000) {
                        *member = "<now>".into();
                    } else {
                        wild(member, input);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| wild(item, input)),
            _ => {}
        }
    }
    let mut value = normalise(input.clone()).value;
    if value == *input {
        value = "<as it is>".into();
    }
    wild(&mut value, &input.to_string());
    let path = format!("{}/tests/fixtures/results/{name}.expected.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(path, format!("{}\n", serde_json::to_string_pretty(&value).expect("JSON")))
        .expect("a file");
}

/// What streams end in when they break off, each saying "overloaded" in its provider's way.
fn errors() -> Vec<Value> {
    vec![
        json!({"error": {"message": "overloaded", "type": "server_error", "code": "503"}}),
        json!({"error": {"message": "overloaded", "code": 503, "status": "UNAVAILABLE"}}),
        json!({"type": "error", "error": {"message": "overloaded", "type": "overloaded_error"}}),
        json!({"error": "overloaded"}),
        json!({"code": "Throttling", "message": "overloaded", "request_id": "q"}),
        json!({"internalServerException": {"message": "overloaded"}}),
        json!({"error_code": 336100, "error_msg": "overloaded", "id": "as-1"}),
        json!({"message": "overloaded"}),
        json!({"detail": "overloaded"}),
    ]
}

/// What of an answer a user reads.
fn said(value: &Value) -> Vec<Value> {
    let choices = value["choices"].as_array().cloned().unwrap_or_default();
    let mut said: Vec<Value> = Vec::new();
    for choice in &choices {
        let members = ["content", "reasoning_content", "tool_calls", "refusal", "audio", "server_tool_calls"];
        said.extend(members.iter().map(|name| choice["message"][name].clone()));
        said.push(choice["text"].clone());
    }
    for name in ["text", "output", "usage"] {
        said.push(value[name].clone());
    }
    said.iter_mut().for_each(without_ids);
    said
}

/// What is another in each run.
fn without_ids(value: &mut Value) {
    match value {
        Value::String(text) if uuid::Uuid::parse_str(text).is_ok() => *value = "<uuid>".into(),
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        Value::Object(members) => members.values_mut().for_each(without_ids),
        _ => {}
    }
}

#[test]
fn every_stream_that_breaks_off_keeps_what_came_and_has_its_error() {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (name, input) in inputs() {
        let Some(events) = input.as_array().filter(|events| events.len() > 1) else { continue };
        let half = events.len().div_ceil(2);
        for (number, error) in errors().iter().enumerate() {
            for (came, goes_on) in [(events.len(), false), (half, false), (half, true)] {
                let (came, after) = events.split_at(came);
                let after = if goes_on { after } else { &[] };
                let before = normalise(came.iter().chain(after).cloned().collect());
                if !matches!(before.found, Found::Known(_)) {
                    // Its beginning says nothing yet.
                    continue;
                }
                let broken = normalise(came.iter().chain([error]).chain(after).cloned().collect());
                tried += 1;
                let has_error = before.value.get("error").is_some_and(|error| !error.is_null())
                    || broken.value["error"]["message"] == "overloaded";
                let kept = said(&before.value) == said(&broken.value);
                if !has_error || !kept || !matches!(broken.found, Found::Known(_)) {
                    let place = format!("{name}, error {number} behind {} of {}", came.len(), events.len());
                    wrong.push(format!(
                        "{place}: {} became {:?}: {}",
                        before.value, broken.found, broken.value
                    ));
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_fixture_comes_out_as_its_expectation_says() {
    if std::env::var_os("MAXIM_FIXTURES").is_some_and(|wanted| wanted == "write") {
        inputs().iter().for_each(write_expectation);
    }
    let fixtures = fixtures();
    let mut compared = 0;
    let mut differences = Vec::new();
    for (name, input) in fixtures.iter().filter(|(name, _)| !name.ends_with(".expected")) {
        let expected = &fixtures[&format!("{name}.expected")];
        let expected = if expected == "<as it is>" { input } else { expected };
        let normal = normalise(input.clone());
        assert!(!matches!(normal.found, Found::Unknown(_)), "{name}: {:?}", normal.found);
        differences.extend(difference(expected, &normal.value, name));
        compared += 1;
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(compared * 2, fixtures.len(), "each fixture has an expectation, and nothing else is there");
}

#[test]
fn every_fixture_names_its_source() {
    let sources = include_str!("../../../tests/fixtures/results.md");
    let listed = sources.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let listed: Vec<&str> = listed.map(|(name, _)| name).filter(|name| *name != "fixture").collect();
    assert_eq!(listed, inputs().keys().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn every_shape_has_a_fixture() {
    let inputs = inputs();
    for shape in &SHAPES {
        let is_shown = |input: &Value| {
            let first = SHAPES.iter().find(|candidate| (candidate.is)(input));
            first.is_some_and(|first| first.name == shape.name)
        };
        assert!(inputs.values().any(is_shown), "no fixture for {}", shape.name);
    }
}

#[test]
fn the_table_in_the_documentation_is_the_one_that_is_tried() {
    let rows = include_str!("mod.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let documented: Vec<&str> =
        rows.filter_map(|row| row.split(" | ").next()).filter(|name| *name != "shape").collect();
    assert_eq!(documented, SHAPES.map(|shape| shape.name));
}

#[test]
fn what_comes_out_is_left_as_it_is() {
    for (name, input) in inputs() {
        let once = normalise(input).value;
        assert_eq!(super::normalise(once.clone(), &NOBODY).value, once, "{name}");
    }
}

#[test]
fn a_model_is_the_responses_or_the_generations_or_left_out_and_never_empty() {
    let unnamed = json!({"output": {"message": {"content": [{"text": "hi"}]}}, "stopReason": "end_turn"});
    assert_eq!(known(unnamed.clone())["model"], MODEL);
    assert_eq!(super::normalise(unnamed, &NOBODY).value.get("model"), None);
    let named = json!({"candidates": [], "modelVersion": "gemini-2.5-flash"});
    assert_eq!(known(named)["model"], "gemini-2.5-flash");
    let empty = json!({"id": "x", "model": "", "choices": []});
    assert_eq!(known(empty.clone())["model"], MODEL);
    assert_eq!(super::normalise(empty, &NOBODY).value.get("model"), None);
}

#[test]
fn parts_that_the_log_api_takes_are_left_to_it() {
    let message = json!({"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": "u"}]});
    assert_eq!(known(chat(message.clone()))["choices"][0]["message"], message);
}

#[test]
fn counts_that_overflow_saturate() {
    let most = u64::MAX;
    let message = json!({"type": "message", "content": [],
        "usage": {"input_tokens": most, "cache_read_input_tokens": most, "output_tokens": most}});
    let usage = known(message)["usage"].take();
    assert_eq!(usage["prompt_tokens"], most);
    assert_eq!(usage["total_tokens"], most);
}

/// Holds that whatever comes of a value stays as it is.
fn holds_for(value: Value) -> bool {
    let normal = normalise(value.clone());
    let again = super::normalise(normal.value.clone(), &NOBODY).value;
    assert_eq!(again, normal.value, "from {value}");
    !matches!(normal.found, Found::Unknown(_))
}

#[test]
fn damaged_responses_never_panic_and_never_come_out_damaged() {
    const ROUNDS: usize = 300;
    let mut sequence = Sequence(0x9e37_79b9_7f4a_7c15);
    let (mut recognised, mut other) = (0_usize, 0_usize);
    for input in inputs().values() {
        for _ in 0..ROUNDS {
            let mut damaged = input.clone();
            for _ in 0..=sequence.below(4) {
                mutate(&mut damaged, &mut sequence);
            }
            *if holds_for(damaged) { &mut recognised } else { &mut other } += 1;
        }
    }
    // Both ways were really taken.
    assert!(recognised > 1_000 && other > 100, "{recognised} recognised, {other} not");
}

#[test]
fn made_up_values_with_decisive_members_never_panic() {
    const NAMES: [&str; 30] = [
        "id",
        "object",
        "created",
        "model",
        "choices",
        "index",
        "message",
        "delta",
        "text",
        "content",
        "role",
        "type",
        "tool_calls",
        "function",
        "arguments",
        "finish_reason",
        "usage",
        "candidates",
        "parts",
        "usageMetadata",
        "output",
        "stopReason",
        "generation_id",
        "meta",
        "tokens",
        "error",
        "response",
        "content_block",
        "logprobs",
        "prefix",
    ];
    const TEXTS: [&str; 12] = [
        "chat.completion",
        "chat.completion.chunk",
        "text_completion",
        "response",
        "response.completed",
        "message",
        "message_start",
        "message_delta",
        "content_block_start",
        "content_block_delta",
        "text_delta",
        "text",
    ];
    fn make(sequence: &mut Sequence, depth: usize) -> Value {
        match sequence.below(if depth == 0 { 2 } else { 6 }) {
            0 => parse(JUNK[sequence.below(JUNK.len())]),
            1 => Value::from(TEXTS[sequence.below(TEXTS.len())]),
            2 => (0..sequence.below(4)).map(|_| make(sequence, depth - 1)).collect(),
            _ => {
                let members: Map<String, Value> = (0..sequence.below(8))
                    .map(|_| (NAMES[sequence.below(NAMES.len())].to_owned(), make(sequence, depth - 1)))
                    .collect();
                Value::Object(members)
            }
        }
    }
    let mut sequence = Sequence(0xd1b5_4a32_d192_ed03);
    for _ in 0..5_000 {
        holds_for(make(&mut sequence, 6));
    }
}
