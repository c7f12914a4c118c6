//! Every shape by its fixtures, what is patched, told or an error by tables, and the promise that no value panics.
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

/// A chat completion with one message.
fn chat(message: Value) -> Value {
    json!({"id": "x", "created": 1, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
}

/// What is odd in an OpenAI-like body: a way to a member, what is put there (`-`: nothing), and what stands there,
/// or at another way, afterwards.
const PATCHED: &[(&str, &str, &str, &str)] = &[
    ("/id", "-", "/id", "<uuid>"),
    ("/id", "7", "/id", r#""7""#),
    ("/object", "-", "/object", r#""chat.completion""#),
    ("/created", "-", "/created", "<now>"),
    ("/created", "1700000000.5", "/created", "1700000001"),
    ("/created", r#""1700000000""#, "/created", "1700000000"),
    ("/created", r#""2023-11-14T22:13:20Z""#, "/created", "1700000000"),
    ("/model", "-", "/model", r#""model-of-the-generation""#),
    ("/choices/0/index", "-", "/choices/0/index", "0"),
    ("/choices/0/index", r#""0""#, "/choices/0/index", "0"),
    ("/choices/0/finish_reason", "1", "/choices/0/finish_reason", r#""1""#),
    ("/choices/0/finish_reason", r#""model_length""#, "/choices/0/finish_reason", r#""length""#),
    ("/choices/0/message", "-", "/choices/0/message", r#"{"content":null,"role":"assistant"}"#),
    ("/choices/0/message", r#""t""#, "/choices/0/message/content", r#""t""#),
    ("/choices/0/message/role", "-", "/choices/0/message/role", r#""assistant""#),
    ("/choices/0/message/content", "5", "/choices/0/message/content", r#""5""#),
    (
        "/choices/0/message/content",
        r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"},{"type":"reference","reference_ids":[1]}]"#,
        "/choices/0/message",
        r#"{"role":"assistant","tool_calls":[{"function":{"arguments":"{}","name":"f"},"id":"c","type":"function"}],"content":"a","reasoning_content":"hm","other_content":[{"type":"reference","reference_ids":[1]}]}"#,
    ),
    (
        "/choices/0/message/content",
        r#"[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"text","text":"a"}]"#,
        "/choices/0/message/reasoning_content",
        r#""hm""#,
    ),
    ("/choices/0/message/function_call", "[]", "/choices/0/message/function_call", "-"),
    ("/choices/0/message/tool_calls", "{}", "/choices/0/message/tool_calls/0/id", "<uuid>"),
    ("/choices/0/message/tool_calls", "7", "/choices/0/message/tool_calls", "-"),
    ("/choices/0/message/tool_calls/0/id", "-", "/choices/0/message/tool_calls/0/id", "<uuid>"),
    (
        "/choices/0/message/tool_calls/0/function/arguments",
        r#"{"a":1}"#,
        "/choices/0/message/tool_calls/0/function/arguments",
        r#""{\"a\":1}""#,
    ),
    ("/usage", "{}", "/usage", "-"),
    ("/usage", r#""none""#, "/usage", "-"),
    ("/usage/prompt_tokens", "1.0", "/usage/prompt_tokens", "1"),
    ("/usage/prompt_tokens", r#""1""#, "/usage/prompt_tokens", "1"),
    ("/usage/completion_tokens", "-", "/usage/completion_tokens", "2"),
    ("/usage/total_tokens", "null", "/usage/total_tokens", "3"),
    ("/error", r#""it broke""#, "/error/message", r#""it broke""#),
];

#[test]
fn what_the_log_api_would_not_take_of_a_completion_is_patched_in_its_place() {
    let plain = json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "t", "tool_calls":
            [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}, "its_own": {"kept": true}});
    assert_eq!(known(plain.clone()), plain);
    for (way, new, look, wanted) in PATCHED {
        let mut odd = plain.clone();
        let (parent, name) = way.rsplit_once('/').expect("a way");
        let parent = odd.pointer_mut(parent).expect("a parent");
        match (*new, parent.as_object_mut()) {
            ("-", Some(members)) => drop(members.shift_remove(name)),
            (new, Some(members)) => drop(members.insert(name.to_owned(), parse(new))),
            _ => parent[name.parse::<usize>().expect("an index")] = parse(new),
        }
        let patched = known(odd);
        let wanted = match *wanted {
            "-" => None,
            "<uuid>" | "<now>" => Some(Value::from(*wanted)),
            json => Some(parse(json)),
        };
        let got = patched.pointer(look);
        let differs = match (&wanted, got) {
            (Some(wanted), Some(got)) => difference(wanted, got, look),
            (None, None) => None,
            _ => Some(format!("expected {wanted:?}, got {got:?}")),
        };
        assert_eq!(differs, None, "{way} = {new}: {patched}");
        assert_eq!(patched["its_own"], plain["its_own"]);
    }
}

/// What providers send in place of an answer, and what the log API is told: message, code and type.
const ERRORS: &[(&str, [&str; 3])] = &[
    (
        r#"{"error":{"message":"Bad","type":"invalid_request_error","param":null,"code":"invalid_image_url"}}"#,
        ["Bad", "invalid_image_url", "invalid_request_error"],
    ),
    (
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: x"},"request_id":"req_1"}"#,
        ["model: x", "", "not_found_error"],
    ),
    (
        r#"[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}]"#,
        ["Quota", "429", "RESOURCE_EXHAUSTED"],
    ),
    (
        r#"{"message":"The provided model identifier is invalid."}"#,
        ["The provided model identifier is invalid.", "", ""],
    ),
    (r#"{"Message":"Denied","__type":"AccessDeniedException"}"#, ["Denied", "", "AccessDeniedException"]),
    (r#"{"id":"1","message":"invalid api token"}"#, ["invalid api token", "", ""]),
    (
        r#"{"object":"error","message":"Unauthorized","type":"invalid","code":"1900","raw_status_code":401}"#,
        ["Unauthorized", "1900", "invalid"],
    ),
    (r#"{"detail":"Provided API key is invalid."}"#, ["Provided API key is invalid.", "", ""]),
    (
        r#"{"detail":[{"type":"missing","loc":["body","model"],"msg":"Field required"},{"msg":"Another"}]}"#,
        ["Field required; Another", "", ""],
    ),
    (r#"{"error":"model 'x' not found"}"#, ["model 'x' not found", "", ""]),
    (
        r#"{"error":["Error in `inputs.context`: field required"]}"#,
        ["Error in `inputs.context`: field required", "", ""],
    ),
    (r#"{"error":{"code":401,"message":"No"},"user_id":"u"}"#, ["No", "401", ""]),
    (
        r#"[{"modelStreamErrorException":{"message":"Broken","originalStatusCode":500}}]"#,
        ["Broken", "", "modelStreamErrorException"],
    ),
    (r#"{"error_code":110,"error_msg":"Access token invalid"}"#, ["Access token invalid", "110", ""]),
    (
        r#"{"errors":[{"code":"token_limit","message":"Too long"}],"trace":"t","status_code":400}"#,
        ["Too long", "400", ""],
    ),
];

#[test]
fn a_providers_error_is_the_generations() {
    for (body, [message, code, kind]) in ERRORS {
        let normal = normalise(parse(body));
        assert_eq!(normal.found, Found::Failure, "{body}");
        let error = &normal.value["error"];
        assert_eq!(
            [&error["message"], &error["code"], &error["type"]],
            [message, code, kind],
            "{body}: {error}"
        );
        assert!(normal.value["id"].is_string());
    }
}

#[test]
fn a_stream_that_ends_in_an_error_keeps_what_came() {
    let error = json!({"error": {"message": "Overloaded", "type": "overloaded_error"}});
    let streams = [
        json!([{"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "so far"}}]}, error]),
        json!([{"choices": [{"index": 0, "text": "so far"}]}, error]),
        json!([{"type": "message_start", "message": {"id": "m"}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "so far"}},
            {"type": "error", "error": error["error"]}]),
        json!([{"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "so far"}}},
            {"throttlingException": {"message": "Overloaded"}}]),
        json!([{"type": "message-start", "id": "c"},
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "so far"}}}}, error]),
        json!([{"event_type": "text-generation", "text": "so far"}, error]),
        json!([{"candidates": [{"content": {"parts": [{"text": "so far"}]}}]}, error]),
        json!([{"model": "l", "message": {"role": "assistant", "content": "so far"}, "done": false}, error]),
        json!([{"generation": "so far", "stop_reason": null}, error]),
        json!([{"event_type": "step.start", "index": 0, "step": {"type": "model_output"}},
            {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "so far"}}, error]),
    ];
    for stream in streams {
        let came = known(stream.clone());
        let choice = &came["choices"][0];
        let text = choice.pointer("/message/content").or_else(|| choice.get("text"));
        assert_eq!(text, Some(&json!("so far")), "{stream}: {came}");
        assert_eq!(came["error"]["message"], "Overloaded", "{stream}: {came}");
        assert_eq!(choice["finish_reason"], Value::Null);
    }
    let responses =
        known(json!([{"type": "response.created", "response": {"id": "r", "object": "response"}},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "so far"},
        {"type": "error", "code": "rate_limit_exceeded", "message": "Overloaded"}]));
    assert_eq!(responses["output"][0]["content"][0]["text"], "so far");
    assert_eq!(responses["error"]["message"], "Overloaded");
}

#[test]
fn a_new_id_under_a_known_index_is_a_new_call() {
    let chunk = |call: Value| json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
    let stream = json!([
        chunk(json!({"index": 0, "id": "a", "function": {"name": "get_weather", "arguments": "{\"x\""}})),
        chunk(json!({"index": 0, "function": {"arguments": ":1}"}})),
        chunk(json!({"index": 0, "id": "b", "function": {"name": "get_time", "arguments": "{"}})),
        chunk(json!({"index": 0, "id": "b", "function": {"name": "get_time", "arguments": "}"}})),
    ]);
    let calls = known(stream)["choices"][0]["message"]["tool_calls"].take();
    let read: Vec<_> =
        calls.as_array().expect("calls").iter().map(|call| (&call["id"], &call["function"])).collect();
    assert_eq!(
        json!(read),
        json!([
            ["a", {"name": "get_weather", "arguments": "{\"x\":1}"}],
            ["b", {"name": "get_time", "arguments": "{}"}],
        ])
    );
}

#[test]
fn several_answers_in_one_array_are_told_apart() {
    let chunk = |id: &str, text: &str, end: Value| json!({"id": id, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": end}]});
    let two = json!([chunk("a", "one", json!("stop")), chunk("b", "two", json!("stop"))]);
    // Another id alone does not begin another answer.
    let one = json!([chunk("a", "one ", Value::Null), chunk("b", "two", json!("stop"))]);
    let anthropic = |id: &str, text: &str| {
        [
            json!({"type": "message_start", "message": {"id": id}}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": text}}),
        ]
    };
    let messages = json!([anthropic("a", "one"), anthropic("b", "two")].concat());
    let whole = |id: &str, text: &str| json!({"id": id, "created": 1, "choices": [{"message": {"role": "assistant", "content": text}}]});
    let wholes = json!([whole("a", "one"), whole("b", "two")]);
    let text = |value: &Value| value["choices"][0]["message"]["content"].clone();
    assert_eq!(text(&known(one)), "one two");
    for several in [two, messages, wholes] {
        let told = known(several);
        assert_eq!((text(&told), &told["id"]), (json!("two"), &json!("b")), "{told}");
        assert_eq!(
            (text(&told["earlier_responses"][0]), &told["earlier_responses"][0]["id"]),
            (json!("one"), &json!("a"))
        );
    }
    assert_eq!(text(&known(json!([whole("a", "one")]))), "one");
    let response = |id: &str| {
        [
            json!({"type": "response.created", "response": {"id": id, "object": "response", "output": []}}),
            json!({"type": "response.completed", "response": {"id": id, "object": "response", "output": []}}),
        ]
    };
    let told = known(json!([response("a"), response("b")].concat()));
    assert_eq!((&told["id"], &told["earlier_responses"][0]["id"]), (&json!("b"), &json!("a")));
}

/// What is of no known shape, and what a person is told.
const UNKNOWN: &[(&str, &str)] = &[
    (r#"{"id":"x","choices":"bad"}"#, "an object with `id`, `choices` is none"),
    (r#""string""#, "a string is none of the results that are known"),
    ("null", "null is none of the results"),
    ("[]", "an empty array is none of the results"),
    ("{}", "an empty object is none of the results"),
    ("[[[]]]", "an array of arrays is none of the results"),
    (r#"[{"a":1}]"#, "an array that begins with an object with `a` is none of the results"),
    (
        r#"[{"type":"reasoning","id":"rs_1","summary":[]},{"type":"message","role":"assistant","content":[]}]"#,
        "an array that begins with an object with `type`, `id`, `summary` is none of the results",
    ),
    (r#"{"totalTokens":5}"#, "an object with `totalTokens` is none of the results"),
    (r#"{"object":"thread.run","id":"run_1","status":"queued"}"#, "an object with `object`, `id`, `status`"),
    (
        r#"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0}"#,
        "an object with `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`, … is none of the results",
    ),
];

#[test]
fn what_is_of_no_known_shape_comes_out_as_it_came_with_a_reason() {
    for (input, reason) in UNKNOWN {
        let normal = normalise(parse(input));
        assert_eq!(normal.value, parse(input));
        let Found::Unknown(told) = &normal.found else { panic!("{input}: {:?}", normal.found) };
        assert!(told.contains(reason), "{input}\n  told: {told}\n  wanted: {reason}");
    }
}

#[test]
fn a_reason_stays_short_and_whole_whatever_the_names() {
    let normal = normalise(json!({ "é".repeat(10_000): 1 }));
    assert!(matches!(normal.found, Found::Unknown(told) if told.len() < 1_000));
}

#[test]
fn generated_images_and_sounds_are_attached() {
    let bytes = [
        json!({"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}]}}]}),
        json!({"created": 1, "data": [{"b64_json": "aGk="}], "output_format": "png"}),
        json!({"output": {"message": {"content": [{"image": {"format": "png", "source": {"bytes": "aGk="}}}]}}}),
        json!({"object": "interaction", "steps": [{"type": "model_output", "content": [{"type": "image", "mime_type": "image/png", "data": "aGk="}]}]}),
    ];
    for response in bytes {
        let normal = normalise(response);
        let [(id, media)] = &normal.media[..] else { panic!("{}", normal.value) };
        assert_eq!((media.mime(), &media.content), (Some("image/png"), &Stored::Bytes(b"hi".to_vec())));
        let image = &normal.value["choices"][0]["message"]["images"][0];
        assert_eq!(
            (&image["attachment_id"], &image["mime_type"]),
            (&json!(id.as_str()), &json!("image/png"))
        );
    }
    let links = [
        json!({"created": 1, "data": [{"url": "https://images.test/1.png", "revised_prompt": "A cat"}]}),
        json!({"id": "p", "status": "succeeded", "output": ["https://images.test/1.png"], "urls": {}}),
    ];
    for response in links {
        let normal = normalise(response);
        let [(_, media)] = &normal.media[..] else { panic!("{}", normal.value) };
        assert_eq!(media.content, Stored::Url("https://images.test/1.png".to_owned()));
        assert_eq!(normal.value["choices"][0]["message"]["images"][0]["url"], "https://images.test/1.png");
    }
}

#[test]
fn of_embeddings_the_numbers_of_values_are_kept_and_not_the_values() {
    for body in [
        json!({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.25, 0.5, 0.75]}], "model": "m"}),
        json!({"embeddings": [[0.25, 0.5, 0.75]], "model": "m"}),
        json!({"embedding": {"values": [0.25, 0.5, 0.75]}}),
        json!({"id": "e", "embeddings": {"float": [[0.25, 0.5, 0.75]]}, "texts": ["t"]}),
        json!([[0.25, 0.5, 0.75], [0.25, 0.5, 0.75]]),
        json!([0.25, 0.5, 0.75]),
    ] {
        let told = known(body.clone()).to_string();
        assert!(told.contains(r#"{"dimensions":3}"#) && !told.contains("0.25"), "{body}: {told}");
    }
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
