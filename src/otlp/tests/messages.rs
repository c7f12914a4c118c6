//! Messages and documents, held against the schemas that the convention publishes (tests/fixtures/gen-ai).

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::super::names::gen_ai;
use super::*;

const INPUT: &str = include_str!("../../../tests/fixtures/gen-ai/input-messages.json");
const OUTPUT: &str = include_str!("../../../tests/fixtures/gen-ai/output-messages.json");
const DOCUMENTS: &str = include_str!("../../../tests/fixtures/gen-ai/retrieval-documents.json");

/// Validates as far as these schemas go. Stricter than they are in one point: a part that has the name of one that is
/// defined must be one, though the last of them is a part of any name.
struct Schema(Json);

impl Schema {
    fn of(text: &str) -> Schema {
        Schema(serde_json::from_str(text).unwrap())
    }

    fn check(&self, value: &Json) -> Result<(), String> {
        self.against(&self.0, value)
    }

    fn against(&self, schema: &Json, value: &Json) -> Result<(), String> {
        let fail = |why: &str| Err(format!("{why}: {value} against {}", schema["title"]));
        for (word, rule) in schema.as_object().unwrap() {
            match word.as_str() {
                "$ref" => {
                    let path = rule.as_str().unwrap().trim_start_matches('#');
                    self.against(self.0.pointer(path).unwrap(), value)?;
                }
                "type" => {
                    let is_it = match rule.as_str().unwrap() {
                        "array" => value.is_array(),
                        "object" => value.is_object(),
                        "string" => value.is_string(),
                        "number" => value.is_number(),
                        "null" => value.is_null(),
                        other => panic!("{other}"),
                    };
                    if !is_it {
                        return fail("type");
                    }
                }
                "const" if rule != value => return fail("const"),
                "enum" if !rule.as_array().unwrap().contains(value) => return fail("enum"),
                "required" => {
                    for name in rule.as_array().unwrap() {
                        if value.get(name.as_str().unwrap()).is_none() {
                            return fail(&format!("{name} is missing"));
                        }
                    }
                }
                "properties" => {
                    for (name, schema) in rule.as_object().unwrap() {
                        value.get(name).map_or(Ok(()), |value| self.against(schema, value))?;
                    }
                }
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.against(rule, item)?;
                    }
                }
                "anyOf" | "oneOf" => {
                    let named = rule.as_array().unwrap().iter().find(|choice| {
                        let path = choice["$ref"].as_str().unwrap_or_default().trim_start_matches('#');
                        let known = self.0.pointer(path).map(|known| &known["properties"]["type"]["const"]);
                        known.is_some_and(|known| known.is_string() && Some(known) == value.get("type"))
                    });
                    match named {
                        Some(choice) => self.against(choice, value)?,
                        None => {
                            let mut choices = rule.as_array().unwrap().iter();
                            if !choices.any(|choice| self.against(choice, value).is_ok()) {
                                return fail("none of several");
                            }
                        }
                    }
                }
                "$defs"
                | "title"
                | "description"
                | "default"
                | "format"
                | "additionalProperties"
                | "const"
                | "enum" => {}
                other => panic!("a word of JSON schema that is not known here: {other}"),
            }
        }
        Ok(())
    }
}

/// What a generation with messages and a result says of them.
fn said_of(messages: &Json, result: &Json) -> Vec<(&'static str, Json)> {
    let at = "2026-11-21T02:31:00+00:00";
    let begun = json!({"id": "g", "model": "m", "messages": messages, "startTimestamp": at});
    let lines = [
        line("trace", "t", "add-generation", begun),
        line("generation", "g", "result", json!({"result": result})),
        line("generation", "g", "end", json!({"endTimestamp": at})),
    ];
    let span = spans(fold(&lines)).remove(0);
    let named = |name| attribute(&span.attributes, name).map(|_| text(&span.attributes, name));
    [gen_ai::INPUT_MESSAGES, gen_ai::OUTPUT_MESSAGES]
        .into_iter()
        .filter_map(|name| Some((name, serde_json::from_str(named(name)?).unwrap())))
        .collect()
}

/// Checks both; gives how many there were.
fn check(messages: &Json, result: &Json) -> usize {
    let said = said_of(messages, result);
    for (name, value) in &said {
        let schema = if *name == gen_ai::INPUT_MESSAGES { INPUT } else { OUTPUT };
        if let Err(why) = Schema::of(schema).check(value) {
            panic!("{why}\n{name} of {messages} and {result}");
        }
    }
    said.len()
}

#[test]
fn the_validator_sees_what_is_wrong() {
    for bad in [
        json!({}),
        json!([{"role": "user"}]),
        json!([{"role": 1, "parts": []}]),
        json!([{"role": "user", "parts": [{"content": "no type"}]}]),
        json!([{"role": "user", "parts": [{"type": "text"}]}]),
        json!([{"role": "user", "parts": [{"type": "tool_call", "id": 1, "name": "n"}]}]),
        json!([{"role": "user", "parts": ["text"]}]),
    ] {
        assert!(Schema::of(INPUT).check(&bad).is_err(), "{bad}");
    }
    let good =
        json!([{"role": "user", "parts": [{"type": "text", "content": "c"}, {"type": "own", "x": 1}]}]);
    Schema::of(INPUT).check(&good).unwrap();
    assert!(Schema::of(OUTPUT).check(&good).is_err(), "a reason to finish is missing");
}

#[test]
fn messages_of_all_shapes_are_those_of_the_published_schemas() {
    let contents = [
        json!("Why?"),
        json!(""),
        Json::Null,
        json!(5),
        json!({"a": 1}),
        json!([]),
        json!(["bare", 7, null, [1]]),
        json!([{"type": "text", "text": "t"}, {"type": "input_text", "text": "t"}, {"type": "output_text", "text": 5}]),
        json!([{"text": "no type"}, {"no": "type"}, {"type": 5}, {"type": "text"}]),
        json!([{"type": "image_url", "image_url": {"url": "https://a.test/i.png"}},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
            {"type": "image_url", "image_url": {"url": "data:nothing"}}]),
        json!([{"type": "thinking", "thinking": "so"}, {"type": "reasoning"}, {"type": "reasoning", "content": "c"},
            {"type": "tool_use", "id": "i", "name": "n", "input": {}}, {"type": "tool_result", "content": [1]},
            {"type": "tool_call"}, {"type": "tool_call_response"}, {"type": "blob"}, {"type": "file", "file": {}},
            {"type": "uri"}, {"type": "server_tool_call"}, {"type": "server_tool_call_response"},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]),
    ];
    let calls = [
        Json::Null,
        json!([{"id": "c", "type": "function", "function": {"name": "n", "arguments": "{\"a\":1}"}}]),
        json!([{"id": 5, "function": {"name": "n", "arguments": "no JSON"}}, {"function": {"name": null}}, {}]),
        json!([{"id": "flat", "name": "n", "arguments": {"a": 1}}]),
    ];
    let mut seen = 0;
    for role in [json!("user"), json!("tool"), json!("developer"), Json::Null, json!(3)] {
        for content in &contents {
            for calls in &calls {
                let message =
                    json!({"role": role, "content": content, "tool_calls": calls, "tool_call_id": "c"});
                let choice = json!({"index": 0, "message": message, "finish_reason": "tool_calls"});
                let result = json!({"id": "r", "choices": [choice, {"message": message}, {"text": "t"}]});
                seen += check(&json!([message, {"content": content}, {}]), &result);
                let output = json!([{"type": "message", "role": role, "content": content},
                    {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"},
                    {"type": "function_call"}, {"type": "reasoning", "summary": []}]);
                seen += check(&Json::Null, &json!({"id": "r", "status": "completed", "output": output}));
            }
        }
    }
    assert_eq!(seen, 3 * 5 * contents.len() * calls.len());
}

#[test]
fn messages_of_the_captured_calls_and_answers_are_those_of_the_published_schemas() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    let captured = std::fs::read_to_string(root.join("tests/vectors/maxim.jsonl")).unwrap();
    for step in captured.lines().map(|step| serde_json::from_str::<Json>(step).unwrap()) {
        for request in step["requests"].as_array().unwrap() {
            for line in request["body"].as_str().unwrap().split('\n') {
                let Ok(line) = super::super::entity::Line::parse(line) else { continue };
                let Ok(data) = serde_json::from_str::<Json>(line.data) else { continue };
                seen += check(&data["messages"], &data["result"]);
            }
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn documents_are_those_of_the_published_schema_or_told_in_the_other_dialect_alone() {
    let at = "2026-11-21T02:31:00+00:00";
    let of = |docs: Json| {
        let lines = [
            line("trace", "t", "add-retrieval", json!({"id": "r", "startTimestamp": at})),
            line("retrieval", "r", "update", json!({"docs": docs})),
            line("retrieval", "r", "end", json!({"endTimestamp": at})),
        ];
        spans(fold(&lines)).remove(0)
    };
    let whole = of(json!([{"id": "a", "score": 0.5, "content": "c"}, {"id": 7, "score": 1, "text": "t"}]));
    let documents: Json = serde_json::from_str(text(&whole.attributes, gen_ai::RETRIEVAL_DOCUMENTS)).unwrap();
    Schema::of(DOCUMENTS).check(&documents).unwrap();
    assert_eq!(documents[1], json!({"id": "7", "score": 1, "content": "t"}));
    let bare = of(json!(["plain", {"id": "a", "score": 0.5, "content": "c"}]));
    assert!(attribute(&bare.attributes, gen_ai::RETRIEVAL_DOCUMENTS).is_none());
    assert_eq!(text(&bare.attributes, "retrieval.documents.0.document.content"), "plain");
}
