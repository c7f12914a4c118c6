//! Every shape by its fixtures, refusals by a table, and the promise that no value panics.
//!
//! A fixture is `tests/fixtures/results/{name}.json` with what is to come of it in
//! `{name}.expected.json`, where `"<uuid>"` stands for any UUID, `"<now>"` for the time of the test,
//! and `"<as it is>"` for the input.

use super::{SHAPES, normalise};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The model that the tests give for responses that name none.
const MODEL: &str = "model-of-the-generation";

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
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

#[test]
fn every_fixture_comes_out_as_its_expectation_says() {
    let fixtures = fixtures();
    let mut compared = 0;
    for (name, input) in fixtures.iter().filter(|(name, _)| !name.ends_with(".expected")) {
        let expected = &fixtures[&format!("{name}.expected")];
        let expected = if expected == "<as it is>" { input } else { expected };
        let actual =
            normalise(input.clone(), Some(MODEL)).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        assert_eq!(difference(expected, &actual, name), None);
        compared += 1;
    }
    assert_eq!(compared * 2, fixtures.len(), "each fixture has an expectation, and nothing else is there");
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
    let rows = include_str!("mod.rs").lines().filter_map(|line| line.strip_prefix("//! | a"));
    let documented: Vec<String> =
        rows.filter_map(|row| row.split(" | ").next()).map(|name| format!("a{name}")).collect();
    assert_eq!(documented, SHAPES.map(|shape| shape.name));
}

#[test]
fn what_comes_out_is_accepted_as_it_is() {
    for (name, input) in inputs() {
        let once = normalise(input, Some(MODEL)).expect("a known shape");
        assert_eq!(normalise(once.clone(), None), Ok(once), "{name}");
    }
}

#[test]
fn without_a_model_anywhere_the_model_is_empty_and_the_response_comes_before_the_hint() {
    let unnamed = json!({"output": {"message": {"content": [{"text": "hi"}]}}, "stopReason": "end_turn"});
    assert_eq!(normalise(unnamed, None).expect("Converse")["model"], "");
    let named = json!({"candidates": [], "modelVersion": "gemini-2.5-flash"});
    assert_eq!(normalise(named, Some(MODEL)).expect("Gemini")["model"], "gemini-2.5-flash");
}

#[test]
fn parts_that_the_log_api_takes_are_left_to_it() {
    let completion = chat(
        json!({"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": "u"}]}),
    );
    assert_eq!(normalise(completion.clone(), None), Ok(completion));
}

#[test]
fn counts_that_overflow_saturate() {
    let most = u64::MAX;
    let message = json!({"type": "message", "content": [],
        "usage": {"input_tokens": most, "cache_read_input_tokens": most, "output_tokens": most}});
    let usage = normalise(message, None).expect("a message")["usage"].take();
    assert_eq!(usage["prompt_tokens"], most);
    assert_eq!(usage["total_tokens"], most);
}

/// A chat completion with one message.
fn chat(message: Value) -> Value {
    json!({"id": "x", "created": 1, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
}

/// What is refused, and what a person is told.
const REFUSED: &[(&str, &str)] = &[
    // The four that the public client refuses, of the wire vectors (steps 135 to 141).
    (r#"{"id":"x","choices":"bad"}"#, "looks like an OpenAI chat completion, but `created` is missing"),
    (r#""string""#, "a string is none of the known results: an OpenAI chat completion stream, "),
    (
        r#"{"object":"chat.completion","choices":[{"message":{"content":"no id/created"}}],
            "usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}"#,
        "looks like an OpenAI chat completion, but `id` is missing",
    ),
    (
        r#"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o",
            "choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1.5,"completion_tokens":1,"total_tokens":2}}"#,
        "looks like an OpenAI chat completion, but `usage.prompt_tokens` is not an integer",
    ),
    // OpenAI.
    (r#"{"id":"x","created":1,"choices":"bad"}"#, "but `choices` is not an array"),
    (r#"{"id":7,"created":1,"choices":[]}"#, "but `id` is not a string"),
    (r#"{"object":"chat.completion","id":"x","created":1}"#, "but `choices` is missing"),
    (r#"{"id":"x","created":1e3,"choices":[]}"#, "but `created` is not an integer"),
    (r#"{"id":"x","created":1,"choices":[7]}"#, "but `choices[0]` is not an object"),
    (r#"{"id":"x","created":1,"choices":[{"index":0}]}"#, "but `choices[0].message` is missing"),
    (r#"{"id":"x","created":1,"choices":[{"message":{"role":"r"}}]}"#, "but `choices[0].index` is missing"),
    (
        r#"{"id":"x","created":1,"choices":[{"index":0,"message":{"content":"t"}}]}"#,
        "but `choices[0].message.role` is missing",
    ),
    (
        r#"{"id":"x","created":1,"choices":[{"index":0,"message":{"role":"r","content":5}}]}"#,
        "but `choices[0].message.content` is not a string",
    ),
    (
        r#"{"id":"x","created":1,"choices":[{"index":0,"message":{"role":"r","content":[
            {"type":"audio"},{"type":"video"}]}}]}"#,
        "but `choices[0].message.content[1].type` is none of `text`, `audio`, `image_url`",
    ),
    (
        r#"{"id":"x","created":1,"choices":[{"index":0,"message":{"role":"r","tool_calls":[{"function":{}}]}}]}"#,
        "but `choices[0].message.tool_calls[0].id` is missing",
    ),
    (r#"{"id":"x","created":1,"choices":[],"usage":"none"}"#, "but `usage` is not an object"),
    (
        r#"{"id":"x","created":1,"choices":[{"index":0,"text":3}]}"#,
        "looks like an OpenAI text completion, but `choices[0].text` is not a string",
    ),
    (r#"{"object":"response","id":"r"}"#, "looks like an OpenAI Responses object, but `output` is missing"),
    (
        r#"{"object":"response","id":"r","output":[],
            "usage":{"input_tokens":"many","output_tokens":0,"total_tokens":0}}"#,
        "but `usage.input_tokens` is not an integer",
    ),
    (
        r#"[{"type":"response.output_text.delta","delta":"x","output_index":0,"content_index":0}]"#,
        "looks like an OpenAI Responses stream, but it has no event that carries the response",
    ),
    (r#"[{"type":"response.created","response":{}}]"#, "but `object` is missing"),
    (
        r#"[{"type":"response.created","response":{}},{"type":"error","code":"rate_limit_exceeded","message":"x"}]"#,
        "but the stream has an error in it (rate_limit_exceeded): log it as the generation's error",
    ),
    (
        r#"[{"type":"response.completed","response":{"object":"answer","id":"r","output":[]}}]"#,
        "but `[0].response.object` is not `response`",
    ),
    (
        r#"[{"object":"chat.completion.chunk"},{"error":{"type":"server_error","message":"secret"}}]"#,
        "but the stream has an error in it (server_error): log it as the generation's error",
    ),
    (
        r#"[{"object":"chat.completion.chunk","choices":[{"delta":"x"},{"delta":{"tool_calls":4}}]}]"#,
        "but `[0].choices[1].delta.tool_calls` is not an array",
    ),
    (r#"[{"object":"text_completion","choices":{}}]"#, "but `[0].choices` is not an array"),
    // Anthropic.
    (r#"{"type":"message","content":"t"}"#, "looks like an Anthropic message, but `content` is not an array"),
    (r#"{"type":"message","content":[{"text":"t"}]}"#, "but `content[0].type` is missing"),
    (
        r#"{"type":"message","content":[],"usage":{"input_tokens":-1}}"#,
        "but `usage.input_tokens` is not a count",
    ),
    (
        r#"[{"type":"message_start","message":{}},{"type":"content_block_delta","index":3,"delta":{}}]"#,
        "looks like an Anthropic message stream, but `[1].index` is of a block that was not started",
    ),
    (
        r#"[{"type":"message_start","message":{}},{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}]"#,
        "but the stream has an error in it (overloaded_error)",
    ),
    // Others.
    (r#"{"candidates":{}}"#, "looks like a Google Gemini response, but `candidates` is not an array"),
    (r#"{"candidates":[],"createTime":"yesterday"}"#, "but `createTime` is not an RFC 3339 time"),
    (
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}"#,
        "but `candidates[0].content.parts[0].functionCall.name` is missing",
    ),
    (
        r#"{"output":{"message":{}},"stopReason":"end_turn"}"#,
        "looks like an AWS Bedrock Converse response, but `output.message.content` is missing",
    ),
    (
        r#"{"choices":[{"message":{"content":[{"type":"text"}]}}]}"#,
        "looks like a Mistral chat completion, but `choices[0].message.content[0].text` is missing",
    ),
    (
        r#"{"message":{"content":[{}]},"finish_reason":"COMPLETE"}"#,
        "looks like a Cohere chat response (v2), but `message.content[0].type` is missing",
    ),
    (
        r#"{"text":[],"generation_id":"g"}"#,
        "looks like a Cohere chat response (v1), but `text` is not a string",
    ),
    (
        r#"{"text":"t","generation_id":"g","meta":{"tokens":{"input_tokens":1.5}}}"#,
        "but `meta.tokens.input_tokens` is not a count",
    ),
    // Errors, and what is no response at all.
    (
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: x"}}"#,
        "is an error of the provider (not_found_error), not a result: log it as the generation's error",
    ),
    (
        r#"[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}]"#,
        "is an error of the provider (RESOURCE_EXHAUSTED), not",
    ),
    (r#"{"error":"it broke"}"#, "is an error of the provider (of no kind), not a result"),
    ("null", "null is none of the known results"),
    ("[]", "an empty array is none of the known results"),
    ("{}", "an empty object is none of the known results"),
    ("[[[]]]", "an array of arrays is none of the known results"),
    (r#"[{"a":1}]"#, "an array that begins with an object with `a` is none of the known results"),
    (r#"{"text":"t","b":1}"#, "an object with `text`, `b` is none of the known results"),
    (
        r#"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0}"#,
        "an object with `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`, … is none of the known results",
    ),
];

#[test]
fn what_is_not_a_result_is_refused_with_its_reason() {
    for (input, reason) in REFUSED {
        let refused = normalise(parse(input), Some(MODEL)).expect_err(input);
        assert!(refused.reason.contains(reason), "{input}\n  told: {refused}\n  wanted: {reason}");
    }
}

#[test]
fn a_reason_for_an_unknown_value_names_every_known_shape() {
    let refused = normalise(Value::Null, None).expect_err("null");
    assert!(SHAPES.iter().all(|shape| refused.reason.contains(shape.name)), "{refused}");
}

#[test]
fn a_reason_stays_short_and_whole_whatever_the_names() {
    let long = "é".repeat(10_000);
    let refused = normalise(json!({ long.clone(): 1 }), None).expect_err("an unknown object");
    assert!(refused.reason.len() < 1_000);
    let refused = normalise(json!({"error": {"type": long}}), None).expect_err("an error");
    assert!(refused.reason.len() < 1_000);
}

/// A sequence of numbers that looks random and is the same in every run (xorshift64).
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below a usize")
    }
}

/// Values that readers trip over.
fn junk(sequence: &mut Sequence) -> Value {
    const TEXTS: [&str; 16] = [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e400",
        "-0",
        "18446744073709551615",
        "99999999999999999999999",
        "2.0",
        r#""""#,
        r#""\u0000👋""#,
        "[]",
        "{}",
        "[[null]]",
        r#"{"type":"text","text":{}}"#,
    ];
    parse(TEXTS[sequence.below(TEXTS.len())])
}

/// Replaces, removes, repeats or swaps something at a random depth.
fn mutate(value: &mut Value, sequence: &mut Sequence) {
    let goes_deeper = sequence.below(8) != 0;
    match value {
        Value::Array(items) if goes_deeper && !items.is_empty() => {
            let at = sequence.below(items.len());
            match sequence.below(8) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.swap(0, at),
                _ => mutate(&mut items[at], sequence),
            }
        }
        Value::Object(members) if goes_deeper && !members.is_empty() => {
            let name = members.keys().nth(sequence.below(members.len())).expect("a member").clone();
            match sequence.below(8) {
                0 => drop(members.remove(&name)),
                _ => mutate(&mut members[&name], sequence),
            }
        }
        other => *other = junk(sequence),
    }
}

/// Holds that a value is refused with a reason, or comes out as something that is accepted as it is.
fn holds_for(value: Value) -> bool {
    match normalise(value.clone(), Some(MODEL)) {
        Ok(result) => {
            assert_eq!(normalise(result.clone(), None), Ok(result), "from {value}");
            true
        }
        Err(refused) => {
            assert!(!refused.reason.is_empty());
            false
        }
    }
}

#[test]
fn damaged_responses_never_panic_and_never_come_out_damaged() {
    const ROUNDS: usize = 400;
    let mut sequence = Sequence(0x9e37_79b9_7f4a_7c15);
    let (mut accepted, mut refused) = (0_usize, 0_usize);
    for input in inputs().values() {
        for _ in 0..ROUNDS {
            let mut damaged = input.clone();
            for _ in 0..=sequence.below(4) {
                mutate(&mut damaged, &mut sequence);
            }
            *if holds_for(damaged) { &mut accepted } else { &mut refused } += 1;
        }
    }
    // Both ways were really taken.
    assert!(accepted > 1_000 && refused > 1_000, "{accepted} accepted, {refused} refused");
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
            0 => junk(sequence),
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
