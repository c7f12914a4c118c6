//! Whether what was sent of an answer is what an independent reader expects of it.

use std::collections::BTreeSet;

use serde_json::Value;

/// What became of an answer.
#[derive(Default)]
pub struct Outcome {
    status: i64,
    recognised: bool,
    pub result: Option<Value>,
    pub ended: bool,
    pub attachments: usize,
}

/// How that compares with what is expected.
pub enum Judgement {
    Accepted,
    RefusedByRight,
    Refused(String),
    Wrong(String),
    Lost(String),
}

/// The model that the generations were begun with.
const MODEL: &str = "model-of-the-generation";

impl Outcome {
    /// From what the program printed: the status of the call, and whether the result was recognised.
    pub fn new(said: &str) -> Outcome {
        let mut words = said.split(' ').map(|word| word.parse().expect("a number"));
        let (status, recognised) = (words.next().expect("a status"), words.next() == Some(1));
        Outcome { status, recognised, ..Outcome::default() }
    }

    /// `body` is what the answer was.
    pub fn judge(&self, facts: &Value, body: &Value) -> Judgement {
        if self.status != 0 {
            return Judgement::Refused(format!("the call answered {}", self.status));
        }
        let (Some(result), true) = (&self.result, self.ended) else {
            return Judgement::Lost("no result and end arrived".to_owned());
        };
        let is_answer =
            self.recognised && ["choices", "output"].iter().any(|name| result.get(*name).is_some());
        let broke_off = result.get("error").is_some_and(|error| !error.is_null());
        match (facts["expect"].as_str(), is_answer) {
            (Some("refused"), true) if broke_off => Judgement::RefusedByRight,
            // What is no generation may be told all the same, if there is something to tell.
            (Some("refused"), true) if texts(result).concat().is_empty() && self.attachments == 0 => {
                Judgement::Wrong("came out as an empty answer".to_owned())
            }
            (Some("refused"), _) => Judgement::RefusedByRight,
            (_, false) => {
                let kind = if broke_off { "an error" } else { "unrecognised" };
                Judgement::Refused(format!("came out as {kind}: {:.200}", result.to_string()))
            }
            (_, true) => self.compare(result, facts, body),
        }
    }

    /// A stream of Responses has every text in its deltas and in its last event. The corpus has shortened both, each in
    /// its way: what the last event has will do in the place of what is expected of the deltas.
    fn compare(&self, result: &Value, facts: &Value, body: &Value) -> Judgement {
        let last = last_response(body);
        let mut wrong = Vec::new();
        let mut lost = Vec::new();
        let mut check = |what: &str, expected: String, got: String| {
            if got != expected {
                let list = if got.is_empty() { &mut lost } else { &mut wrong };
                list.push(format!("{what} is {got:.300?}, not {expected:.300?}"));
            }
        };
        let joined = |name: &str| {
            facts[name].as_array().map(|texts| texts.iter().filter_map(Value::as_str).collect::<String>())
        };
        let is_of_last = |read: fn(&Value) -> Vec<String>, got: &str| {
            last.map(|last| read(last).concat()).is_some_and(|text| !text.is_empty() && text == got)
        };
        if let Some(text) = joined("text") {
            let got = texts(result).concat();
            let got = if is_of_last(texts, &got) { text.clone() } else { got };
            check("text", text, got);
        }
        if let Some(thinking) = joined("think") {
            let got = thoughts(result).concat();
            // Of summaries and texts of the same thoughts, either will do.
            let is_same = got.contains(&thinking) || is_of_last(thoughts, &got);
            let got = if is_same { thinking.clone() } else { got };
            check("thinking", thinking, got);
        }
        if let Some(refusal) = facts["refusal"].as_str() {
            check("refusal", refusal.to_owned(), all(result, &["refusal"]).concat());
        }
        if let Some(tools) = facts["tools"].as_array() {
            let calls = calls(result);
            let expected: Vec<String> = tools.iter().map(|tool| call(&tool[1], &tool[2])).collect();
            let mut got: Vec<String> =
                calls.iter().map(|(_, name, arguments)| call(name, arguments)).collect();
            // Of several answers in one array, a reader may take a call of any.
            let earlier = items(result, "earlier_responses").iter().flat_map(self::calls);
            let earlier: Vec<String> = earlier.map(|(_, name, arguments)| call(&name, &arguments)).collect();
            let is_one_of_all = |call: &String| got.contains(call) || earlier.contains(call);
            if !earlier.is_empty() && expected.iter().all(is_one_of_all) {
                got.clone_from(&expected);
            }
            check("tool calls", expected.join(" "), got.join(" "));
            for (tool, (id, ..)) in tools.iter().zip(&calls) {
                if let Some(expected) = tool[0].as_str() {
                    check(
                        "a tool call's id",
                        expected.to_owned(),
                        id.as_str().unwrap_or_default().to_owned(),
                    );
                }
            }
        }
        if let Some(finish) = facts["finish"].as_array() {
            let got = finishes(result);
            for (at, reason) in finish.iter().enumerate() {
                if let Some(reason) = reason.as_str() {
                    check("a finish reason", reason.to_owned(), got.get(at).cloned().unwrap_or_default());
                }
            }
        }
        for name in ["model", "id"] {
            if let Some(expected) = facts[name].as_str().filter(|text| !text.is_empty()) {
                check(name, expected.to_owned(), result[name].as_str().unwrap_or_default().to_owned());
            }
        }
        if facts["model"].is_null() && result["model"].as_str().is_none_or(str::is_empty) {
            check("model", MODEL.to_owned(), String::new());
        }
        for (name, places) in USAGE {
            if let Some(expected) = facts["usage"][name].as_u64() {
                let got = places.iter().find_map(|place| result["usage"].pointer(place)?.as_u64());
                check(name, expected.to_string(), got.map(|count| count.to_string()).unwrap_or_default());
            }
        }
        for (name, members) in COUNTED {
            let expected = facts[name].as_u64().unwrap_or_default() as usize;
            let mut got = count(result, members);
            if name == "media" {
                got += self.attachments;
            }
            // The chunks of a stream may repeat a list, and the corpus counts all: of these, each will do once.
            let needed = match distinct(body, members) {
                0 => expected,
                different => expected.min(different),
            };
            if got < needed {
                let got = if got == 0 { String::new() } else { got.to_string() };
                check(name, needed.to_string(), got);
            }
        }
        match (wrong.is_empty(), lost.is_empty()) {
            (true, true) => Judgement::Accepted,
            (false, _) => Judgement::Wrong(wrong.join("; ")),
            (true, false) => Judgement::Lost(lost.join("; ")),
        }
    }
}

const USAGE: [(&str, &[&str]); 6] = [
    ("inp", &["/prompt_tokens", "/input_tokens"]),
    ("out", &["/completion_tokens", "/output_tokens"]),
    ("total", &["/total_tokens"]),
    (
        "cached",
        &[
            "/prompt_tokens_details/cached_tokens",
            "/input_tokens_details/cached_tokens",
            "/cached_tokens",
            "/prompt_cache_hit_tokens",
        ],
    ),
    (
        "cwrite",
        &[
            "/prompt_tokens_details/cache_creation_tokens",
            "/prompt_tokens_details/cache_write_tokens",
            "/cache_creation_input_tokens",
            "/cache_write_input_tokens",
        ],
    ),
    (
        "reasoning",
        &[
            "/completion_tokens_details/reasoning_tokens",
            "/output_tokens_details/reasoning_tokens",
            "/reasoning_tokens",
        ],
    ),
];

/// Members whose items are counted, wherever they are.
const COUNTED: [(&str, &[&str]); 4] = [
    (
        "cites",
        &[
            "citations",
            "annotations",
            "search_results",
            "groundingChunks",
            "groundingSupports",
            "grounding_chunks",
            "citationSources",
        ],
    ),
    ("server", &["server_tool_calls", "other_content", "executed_tools", "output"]),
    ("media", &["images", "audio"]),
    ("logprobs", &["logprobs", "logprobsResult", "top_logprobs"]),
];

/// The response that the last event of a stream of Responses has, if it has one with something in it.
fn last_response(body: &Value) -> Option<&Value> {
    let response = body.as_array()?.iter().rev().find_map(|event| event.get("response"))?;
    response["output"].as_array().is_some_and(|items| !items.is_empty()).then_some(response)
}

/// How many different items such members have.
fn distinct(value: &Value, names: &[&str]) -> usize {
    fn note(value: &Value, names: &[&str], seen: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| note(item, names, seen)),
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::Array(items) if names.contains(&name.as_str()) => {
                            seen.extend(items.iter().map(Value::to_string));
                        }
                        Value::Object(items) if names.contains(&name.as_str()) => {
                            seen.extend(items.iter().map(|(name, item)| format!("{name}{item}")));
                        }
                        member => note(member, names, seen),
                    }
                }
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    note(value, names, &mut seen);
    seen.len()
}

/// How many items such members have.
fn count(value: &Value, names: &[&str]) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| count(item, names)).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| match member {
                Value::Array(items) if names.contains(&name.as_str()) => items.len(),
                Value::Object(items) if names.contains(&name.as_str()) => items.len(),
                member => count(member, names),
            })
            .sum(),
        _ => 0,
    }
}

/// The texts of such members, wherever they are.
fn all(value: &Value, names: &[&str]) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| all(item, names)).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match member {
                Value::String(text) if names.contains(&name.as_str()) => vec![text.clone()],
                member => all(member, names),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// What the model said, choice by choice or item by item.
fn texts(result: &Value) -> Vec<String> {
    let choices = items(result, "choices").iter().map(|choice| {
        let content = &choice["message"]["content"];
        match (content, choice["text"].as_str()) {
            (_, Some(text)) => text.to_owned(),
            (Value::String(text), _) => text.clone(),
            (content, _) => all(content, &["text"]).concat(),
        }
    });
    let messages = items(result, "output").iter().filter(|item| item["type"] == "message");
    let parts = messages.flat_map(|item| items(item, "content")).filter(|part| part["type"] == "output_text");
    choices.chain(parts.map(|part| part["text"].as_str().unwrap_or_default().to_owned())).collect()
}

fn thoughts(result: &Value) -> Vec<String> {
    let of_choices = items(result, "choices").iter().flat_map(|choice| {
        let message = &choice["message"];
        ["reasoning_content", "reasoning"].iter().find_map(|name| message[*name].as_str()).map(str::to_owned)
    });
    let reasoning = items(result, "output").iter().filter(|item| item["type"] == "reasoning");
    let of_items = reasoning.flat_map(|item| {
        let parts = items(item, "summary").iter().chain(items(item, "content"));
        parts.filter_map(|part| Some(part["text"].as_str()?.to_owned())).collect::<Vec<_>>()
    });
    of_choices.chain(of_items).collect()
}

/// Id, name and arguments of each call of the caller's tools.
fn calls(result: &Value) -> Vec<(Value, Value, Value)> {
    let mut calls = Vec::new();
    for choice in items(result, "choices") {
        let message = &choice["message"];
        for call in items(message, "tool_calls") {
            let function = if call["function"].is_null() { &call["custom"] } else { &call["function"] };
            let arguments =
                if function["arguments"].is_null() { &function["input"] } else { &function["arguments"] };
            calls.push((call["id"].clone(), function["name"].clone(), arguments.clone()));
        }
        if let Some(call) = message["function_call"].as_object() {
            calls.push((Value::Null, call["name"].clone(), call["arguments"].clone()));
        }
    }
    for item in items(result, "output") {
        let arguments = match item["type"].as_str() {
            Some("function_call") => &item["arguments"],
            Some("custom_tool_call") => &item["input"],
            _ => continue,
        };
        calls.push((item["call_id"].clone(), item["name"].clone(), arguments.clone()));
    }
    calls
}

/// A call to compare: arguments as JSON, however they are written; none, an empty text and `∅` are the same.
fn call(name: &Value, arguments: &Value) -> String {
    let text = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
    let parsed: Option<Value> = serde_json::from_str(&text).ok();
    let is_none = matches!(text.as_str(), "" | "∅" | "null" | "{}");
    let sorted = |value: &Value| sort(value).to_string();
    let arguments = if is_none { "{}".to_owned() } else { parsed.as_ref().map_or(text, sorted) };
    format!("{}({arguments})", name.as_str().unwrap_or_default())
}

fn sort(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let sorted: std::collections::BTreeMap<&String, Value> =
                members.iter().map(|(name, member)| (name, sort(member))).collect();
            sorted.into_iter().map(|(name, member)| (name.clone(), member)).collect()
        }
        Value::Array(items) => items.iter().map(sort).collect(),
        other => other.clone(),
    }
}

fn finishes(result: &Value) -> Vec<String> {
    let of_choices = items(result, "choices")
        .iter()
        .map(|choice| choice["finish_reason"].as_str().unwrap_or_default().to_owned());
    of_choices
        .chain(result["status"].as_str().filter(|_| result["choices"].is_null()).map(str::to_owned))
        .collect()
}
