//! The Maxim logger through the C ABI: what the public Python client sent for a call, this one sends too.
//!
//! Each captured step becomes a C call whose arguments are written by the types and names of the header's
//! parameters. The program (`tests/c/vector_steps.h`) runs against a real `maxim-dev` and waits after each
//! step, so that its requests can be compared as `tests/vectors/README.md` says. Within a step the order of
//! uploads is free, as they run beside the lines; that a line follows its upload is not.

mod common;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::vectors::{json_str, json_text, recorded, text, vectors};
use common::{Function, Scratch, Server, compile, exported_functions, root, sized_structs};
use serde_json::{Value, json};

/// What this client does instead.
enum Instead {
    /// The call is refused with this status.
    Refused(&'static str),
    /// This member's values are texts; they hold the JSON text of what is none.
    Texts(&'static str),
    /// The data of the first line has these members too.
    With(Value),
    /// The data of the first line has another value in this place.
    At(&'static str, Value),
    /// The data of the attachment's line has these members too.
    Attached(Value),
    /// These lines are sent.
    Lines(&'static [&'static str]),
}

/// Where this client differs from the captured one on purpose: steps, what it does, and why.
fn differences() -> Vec<(&'static [i64], Instead, &'static str)> {
    use Instead::*;
    vec![
        (
            &[6],
            At(
                "/tags",
                json!({"i": "1", "f": "1.5", "b": "true", "n": "null", "l": "[1,\"a\"]",
                "d": {"x": "1", "y": {"z": "null"}}, "dt": "2024-01-02T03:04:05+00:00"}),
            ),
            "values of tags that are not strings are their JSON text, not Python's; a time is a text in JSON",
        ),
        (
            &[9, 15, 54, 56, 67],
            Texts("tags"),
            "the captured client sends tags that are no strings as they are; every value is a string",
        ),
        (&[49], With(json!({"tags": {}})), "tags that are null are tags that are absent: there are none"),
        (&[58], Refused("MAXIM_ERR_INVALID_ARGUMENT"), "null is absent in C, and an absent text is told"),
        (&[62], Refused("MAXIM_ERR_INVALID_UTF8"), "bytes that are not UTF-8 are no text"),
        (
            &[73],
            Refused("MAXIM_ERR_INVALID_ARGUMENT"),
            "an absent text is told, where it was silently ignored",
        ),
        (&[84], Refused("MAXIM_ERR_INVALID_ARGUMENT"), "a metric without a value is none; NaN is not JSON"),
        (&[85], With(json!({"id": "err-1"})), "the captured client omits the id of an error"),
        (&[87], With(json!({"id": "err-3"})), "the captured client omits the id of an error"),
        (&[159], With(json!({"id": "err-9"})), "the captured client omits the id of an error"),
        (
            &[96],
            Lines(&["trace{id=bbbbbbbb-0000-4000-8000-000000000002,action=add-tool-call,data={\"id\":\
                \"00000000-1111-4111-8111-000000000000\",\"name\":\"noid\",\
                \"startTimestamp\":\"2026-11-21T02:31:00+00:00\"}}"]),
            "an entity without an id gets one",
        ),
        (
            &[158],
            Lines(&["trace{id=bbbbbbbb-0000-4000-8000-000000000002,action=add-span,data={\"id\":\
                \"dddddddd-0000-4000-8000-000000000004-5\",\"tags\":{},\
                \"startTimestamp\":\"2024-01-02T03:04:05+00:00\"}}"]),
            "a span within a span is made by maxim_span_add_sub_span; a span's configuration names no other",
        ),
        (
            &[23, 27, 31, 35, 39],
            Attached(json!({"size": 70})),
            "maxim-js and maxim-go say how large a file is",
        ),
        (
            &[43],
            Attached(json!({"name": "unknown.bin", "size": 256})),
            "maxim-js and maxim-go name a file that was given no name after itself",
        ),
        // A result is never refused for its shape.
        (
            &[135],
            Lines(&[
                "generation{id=cccccccc-0000-4000-8000-000000000003,action=result,data={\"result\":{\"id\":\"x\",\"choices\":\"bad\"}}}",
                "generation{id=cccccccc-0000-4000-8000-000000000003,action=end,data={\"endTimestamp\":\"2026-11-21T02:31:00+00:00\"}}",
            ]),
            "what is of no known shape is sent as it is, where it was silently dropped",
        ),
        (
            &[137],
            Lines(&[
                "generation{id=cccccccc-0000-4000-8000-000000000003,action=result,data={\"result\":\"string\"}}",
                "generation{id=cccccccc-0000-4000-8000-000000000003,action=end,data={\"endTimestamp\":\"2026-11-21T02:31:00+00:00\"}}",
            ]),
            "what is of no known shape is sent as it is, where it was silently dropped",
        ),
        (
            &[139],
            Lines(&[
                "generation{id=cccccccc-0000-4000-8000-000000000003,action=result,data={\"result\":{\"object\":\"chat.completion\",\"id\":\"db54342b-261a-49a8-bac5-a9555a3cbd1f\",\"created\":1790000000,\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"no id/created\"}}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20,\"total_tokens\":30}}}}",
                "generation{id=cccccccc-0000-4000-8000-000000000003,action=end,data={\"endTimestamp\":\"2026-11-21T02:31:00+00:00\"}}",
            ]),
            "what the log API needs is filled in, the model of the generation too",
        ),
        (
            &[141],
            Lines(&[
                "generation{id=cccccccc-0000-4000-8000-000000000003,action=result,data={\"result\":{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello!\"},\"finish_reason\":\"stop\",\"logprobs\":null}],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":1,\"total_tokens\":2}}}}",
                "generation{id=cccccccc-0000-4000-8000-000000000003,action=end,data={\"endTimestamp\":\"2026-11-21T02:31:00+00:00\"}}",
            ]),
            "a count that is no integer becomes one",
        ),
        (&[190], Refused("MAXIM_ERR_INVALID_ID"), "an id that ends in a newline would break the line"),
    ]
}

/// The requests of one step, as they are compared.
#[derive(Debug, PartialEq)]
struct Sent {
    /// But for those of attachments, in order.
    lines: Vec<Value>,
    /// In any order, so sorted.
    attachments: Vec<Value>,
    /// Type and content, sorted.
    uploads: Vec<Value>,
}

impl Sent {
    fn new(requests: &[Value]) -> Sent {
        let mut sent = Sent { lines: Vec::new(), attachments: Vec::new(), uploads: Vec::new() };
        let mut asked: HashMap<String, Value> = HashMap::new();
        for request in requests {
            let target = percent_decoded(request["target"].as_str().unwrap());
            let (path, query) = target.split_once('?').unwrap_or((&target, ""));
            match (request["method"].as_str().unwrap(), path) {
                ("POST", "/api/sdk/v3/log") => {
                    assert_eq!(query, "id=repo-1");
                    for line in request["body"].as_str().unwrap().split('\n') {
                        let line = parsed(line);
                        match line["action"] == "add-attachment" {
                            true => sent.attachments.push(line),
                            false => sent.lines.push(line),
                        }
                    }
                }
                ("GET", "/api/sdk/v1/log-repositories/attachments/upload-url") => {
                    let key = query.strip_prefix("key=").unwrap().split('&').next().unwrap();
                    asked.insert(key.to_owned(), json!(wildcards(query)));
                }
                ("PUT", path) => {
                    let key = path.strip_prefix("/upload/").unwrap();
                    let query = asked.get(key).unwrap_or_else(|| panic!("{key} was uploaded unasked"));
                    sent.uploads.push(json!([
                        query,
                        wildcards(key),
                        content_type(request),
                        content(request)
                    ]));
                }
                other => panic!("an unknown request: {other:?}"),
            }
        }
        sent.attachments.sort_by_key(Value::to_string);
        sent.uploads.sort_by_key(Value::to_string);
        sent
    }
}

fn content_type(request: &Value) -> &Value {
    match request.get("content_type") {
        Some(captured) => captured,
        None => &request["headers"]["content-type"],
    }
}

/// An upload's bytes in base64: the capture has nothing else, our server writes text as text.
fn content(request: &Value) -> Value {
    match (request.get("content_type"), request.get("body_b64")) {
        (Some(_), _) => request["body"].clone(),
        (None, Some(encoded)) => encoded.clone(),
        (None, None) => json!(STANDARD.encode(request["body"].as_str().unwrap())),
    }
}

fn percent_decoded(target: &str) -> String {
    let mut parts = target.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// A line taken apart, its data as it is compared.
fn parsed(line: &str) -> Value {
    let parts = line.split_once("{id=").and_then(|(entity, rest)| {
        let (id, rest) = rest.split_once(",action=")?;
        let (action, data) = rest.split_once(",data=")?;
        Some((entity, id, action, serde_json::from_str::<Value>(data.strip_suffix('}')?).ok()?))
    });
    let (entity, id, action, data) = parts.unwrap_or_else(|| panic!("not a line: {line:?}"));
    json!({"entity": entity, "id": wildcards(id), "action": action, "data": comparable(data)})
}

/// Makes equal what counts as equal: current times, generated ids, texts of JSON, texts of one instant.
fn comparable(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.into_iter().map(|(name, value)| (name, comparable(value))).collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(values) => values.into_iter().map(comparable).collect(),
        Value::String(text) => match (serde_json::from_str(&text), instant(&text)) {
            (Ok(inner @ (Value::Object(_) | Value::Array(_))), _) => json!({"json text": comparable(inner)}),
            // The capture and the test are both of this age; the times given to a call are of 2024.
            (_, Some(at)) if at > CAPTURE_BEGAN_US => json!("now"),
            (_, Some(at)) => json!({"instant": at}),
            _ => json!(wildcards(&text)),
        },
        // The time of a result that has none is the call's.
        Value::Number(number) if number.as_i64().is_some_and(|at| at > CAPTURE_BEGAN_US / 1_000_000) => {
            json!("now")
        }
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.as_i64().is_none() => json!(value),
            _ => Value::Number(number),
        },
        other => other,
    }
}

/// 2026-01-01T00:00:00Z.
const CAPTURE_BEGAN_US: i64 = 1_767_225_600_000_000;

/// The microseconds of an ISO 8601 date and time; one without an offset is UTC.
fn instant(text: &str) -> Option<i64> {
    let with_offset = chrono::DateTime::parse_from_rfc3339(text).map(|at| at.timestamp_micros());
    with_offset
        .or_else(|_| text.parse::<chrono::NaiveDateTime>().map(|at| at.and_utc().timestamp_micros()))
        .ok()
}

/// The text with each generated UUID as a wildcard.
fn wildcards(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (next, taken) = match rest.get(..36) {
            Some(head) if is_generated(head) => ("(uuid)", 36),
            _ => (&rest[..first.len_utf8()], first.len_utf8()),
        };
        out.push_str(next);
        rest = &rest[taken..];
    }
    out
}

/// Whether it is a UUID of version 4, and none of those of the vectors, which have zeros in the middle.
fn is_generated(text: &str) -> bool {
    let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let shaped = text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'4',
        _ => digits(byte),
    });
    shaped && !text.contains("-0000-4000-8000-")
}

/// What a step is to send: what was captured, but for the difference.
fn expected(vector: &Value, instead: Option<&Instead>) -> Sent {
    let requests = vector["requests"].as_array().unwrap();
    match instead {
        Some(Instead::Refused(_)) => return Sent::new(&[]),
        Some(Instead::Lines(lines)) => {
            let target = "/api/sdk/v3/log?id=repo-1";
            return Sent::new(&[json!({"method": "POST", "target": target, "body": lines.join("\n")})]);
        }
        _ => {}
    }
    let mut sent = Sent::new(requests);
    match instead {
        Some(Instead::Texts(member)) => {
            let values = sent.lines[0]["data"][member].as_object_mut().unwrap();
            values.values_mut().for_each(as_text);
        }
        Some(Instead::With(members)) => {
            let line = &mut sent.lines[0];
            line["data"].as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            line["data"] = comparable(line["data"].take());
        }
        Some(Instead::Attached(members)) => {
            let line = &mut sent.attachments[0];
            line["data"].as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            line["data"] = comparable(line["data"].take());
        }
        Some(Instead::At(place, value)) => {
            *sent.lines[0]["data"].pointer_mut(place).unwrap() = comparable(value.clone());
        }
        _ => {}
    }
    sent
}

/// A tag's value as text; within an object, its members'.
fn as_text(value: &mut Value) {
    match value {
        Value::String(_) => {}
        Value::Object(members) => members.values_mut().for_each(as_text),
        other => *other = json!(other.to_string()),
    }
}

/// The names of a struct's fields.
fn fields(name: &str) -> Vec<String> {
    sized_structs().remove(name).unwrap().into_iter().map(|(_, name)| name).collect()
}

/// A captured argument with the texts that stand for times and bytes put in.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => match value.get("$dt") {
            Some(time) => time.clone(),
            None => members.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        },
        other => other.clone(),
    }
}

/// The C code that fills a struct from a captured object, and the expression to pass.
fn filled(kind: &str, given: &Value, code: &mut String) -> String {
    let init = kind.to_uppercase();
    writeln!(code, "{kind} given = {init}_INIT;").unwrap();
    let known = fields(kind);
    for (name, value) in given.as_object().unwrap() {
        let json_name = format!("{name}_json");
        let assignment = match name.as_str() {
            "start_timestamp" => {
                format!("start_timestamp_us = {}", instant(value["$dt"].as_str().unwrap()).unwrap())
            }
            "timestamp" => format!("timestamp_s = {value}"),
            "kind" => format!(
                "kind = {}",
                match value.as_str().unwrap() {
                    "file" => "MAXIM_ATTACHMENT_FILE",
                    "file_data" => "MAXIM_ATTACHMENT_DATA",
                    _ => "MAXIM_ATTACHMENT_URL",
                }
            ),
            "path" => {
                let path = root().join("tests/vectors").join(value.as_str().unwrap());
                format!("path = {}", text(path.to_str().unwrap()))
            }
            "data" => {
                let bytes = text(bytes(value));
                format!("data = (const uint8_t *){bytes}.data;\ngiven.data_len = {bytes}.len")
            }
            _ if known.contains(&json_name) => format!("{json_name} = {}", json_text(&plain(value))),
            _ if known.contains(name) => format!("{name} = {}", json_str(value)),
            // The captured client ignores what it does not know; C has no way to say it.
            _ => continue,
        };
        writeln!(code, "given.{assignment};").unwrap();
    }
    "&given".to_owned()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value["$b64"].as_str().unwrap()).unwrap()
}

/// A captured value as a text: null is absent, what is neither text nor bytes is its JSON text.
fn as_c_text(value: &Value) -> String {
    match value {
        Value::String(given) => text(given),
        value if value.get("$b64").is_some() => text(bytes(value)),
        // A number as it is compared: 1e+22 is 1e22.
        value => json_text(&comparable(value.clone())),
    }
}

/// The C code of one call; each parameter takes the next captured argument.
fn call(function: &Function, args: &[Value]) -> String {
    let mut code = String::new();
    let mut args = args.iter();
    let mut cost = Value::Null;
    let mut passed = Vec::new();
    for (kind, name) in &function.parameters {
        let kind = kind.trim_start_matches("const ").trim_end_matches(" *");
        passed.push(match (kind, name.as_str()) {
            ("maxim_logger", _) => "logger".to_owned(),
            (_, "out_id") => "NULL".to_owned(),
            (_, "flags") => "0".to_owned(),
            ("double", member) => {
                if cost.is_null() {
                    cost = args.next().unwrap().clone();
                }
                let value = cost.get(member.trim_end_matches("_usd")).unwrap_or(&cost);
                if value.is_null() { "NAN".to_owned() } else { value.to_string() }
            }
            ("maxim_str", name) => match args.next() {
                Some(value) if name.ends_with("_json") => json_text(&plain(value)),
                Some(value) => as_c_text(value),
                None => json_text(&Value::Null),
            },
            (kind, _) => {
                let given = args.next().unwrap();
                let given = given.get("$att").unwrap_or(given);
                filled(kind.trim_end_matches('*').trim(), given, &mut code)
            }
        });
    }
    assert!(args.next().is_none(), "{} does not take all arguments", function.name);
    writeln!(code, "status = {}({});", function.name, passed.join(", ")).unwrap();
    code
}

/// The C code of one captured step; it leaves the answer in `status`.
fn code(vector: &Value, functions: &HashMap<String, Function>) -> String {
    let args = vector["args"].as_array().unwrap();
    let name = vector["call"].as_str().unwrap();
    let find = |name: &str| {
        functions.get(name).unwrap_or_else(|| panic!("the vectors have a call without a function: {name}"))
    };
    match name {
        "session" | "trace" => call(find(&format!("maxim_{name}_create")), args),
        "trace_evaluate.with_evaluators.with_variables" => {
            let evaluators = call(find("maxim_trace_evaluate_with_evaluators"), &args[..2]);
            let with = [args[0].clone(), args[2].clone(), args[1].clone()];
            evaluators + "if (!status) " + &call(find("maxim_trace_evaluate_with_variables"), &with)
        }
        "retrieval_input" if !args[1].is_string() => call(find("maxim_retrieval_set_input_json"), args),
        name if name.ends_with("_event") => {
            let parts = ["id", "name", "tags", "metadata"].into_iter().zip(&args[1..]);
            let event = parts
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.to_owned(), value.clone()));
            call(find(&format!("maxim_{name}")), &[args[0].clone(), Value::Object(event.collect())])
        }
        name => call(find(&format!("maxim_{}", name.replace('.', "_"))), args),
    }
}

/// Writes, compiles and starts the program of all steps.
fn program(vectors: &[Value], server: &Server, scratch: &Scratch) -> Command {
    let functions: HashMap<String, Function> =
        exported_functions().into_iter().map(|function| (function.name.clone(), function)).collect();
    let mut source = String::from("#include \"vector_steps.h\"\n");
    let mut main = String::from("int main(void) {\nstart();\n");
    for vector in vectors {
        let number = &vector["step"];
        let code = code(vector, &functions);
        writeln!(
            source,
            "static void step_{number}(void) {{\nmaxim_status status;\n{code}step({number}, status);\n}}"
        )
        .unwrap();
        writeln!(main, "step_{number}();").unwrap();
    }
    let path = scratch.path().join("steps.c");
    std::fs::write(&path, source + &main + "return maxim_logger_free(logger);\n}\n").unwrap();
    let mut command = Command::new(compile(path.to_str().unwrap(), scratch));
    command
        .env("MAXIM_BASE_URL", server.url())
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// How a record shows the key that the program has, `key-1`: by the start of its SHA-256.
const KEY_DIGEST: &str = "sha256:be2974546978e373";

/// That each request carries the key, but none that goes to the storage, and no line comes too early.
fn check_order_and_credentials(number: i64, requests: &[Value], record: &Path) {
    let mut uploaded = Vec::new();
    for request in requests {
        let headers = &request["headers"];
        if request["method"] == "PUT" {
            assert_eq!(headers.get("x-maxim-api-key"), None, "step {number}: the storage got the key");
            uploaded.push(percent_decoded(request["target"].as_str().unwrap()));
            continue;
        }
        assert_eq!(headers["x-maxim-api-key"], KEY_DIGEST, "step {number}: {}", record.display());
        assert!(headers["x-maxim-sdk-version"].is_string(), "step {number}");
        for line in request["body"].as_str().unwrap_or_default().lines() {
            let Some((_, data)) = line.split_once("action=add-attachment,data=") else { continue };
            let data: Value = serde_json::from_str(data.strip_suffix('}').unwrap()).unwrap();
            let upload = format!("/upload/{}", data["key"].as_str().unwrap());
            assert!(
                data["type"] == "url" || uploaded.contains(&upload),
                "step {number}: {line} before its upload"
            );
        }
    }
}

#[test]
fn every_captured_call_sends_what_the_public_client_sent() {
    let scratch = Scratch::new("maxim-vectors");
    let (server, record) = Server::writing("record", &scratch);
    let vectors = vectors("maxim.jsonl");
    assert!(vectors.len() > 100, "the vectors are cut short: {}", vectors.len());
    let differences = differences();
    let steps: Vec<i64> = vectors.iter().map(|vector| vector["step"].as_i64().unwrap()).collect();
    let unknown = differences.iter().flat_map(|(of, ..)| *of).find(|step| !steps.contains(step));
    assert_eq!(unknown, None, "a difference from a step that is not there");
    let mut child = program(&vectors, &server, &scratch).spawn().unwrap();
    let mut go_on = child.stdin.take().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = 0;
    let mut wrong = Vec::new();
    for vector in &vectors {
        let number = vector["step"].as_i64().unwrap();
        let name = format!("step {number}, {}", vector["call"]);
        let line = said.next().unwrap_or_else(|| panic!("{name}: the program has ended")).unwrap();
        let status = line.strip_prefix(&format!("{number} ")).unwrap();
        let requests = recorded(&record).split_off(seen);
        seen += requests.len();
        let instead = differences.iter().find(|(steps, ..)| steps.contains(&number));
        check_order_and_credentials(number, &requests, &record);
        let expected = expected(vector, instead.map(|(_, instead, _)| instead));
        let got = Sent::new(&requests);
        let answered = match instead {
            Some((_, Instead::Refused(refusal), _)) => status == *refusal,
            // What the captured client sent nothing for, it refused: by an exception, or silently.
            _ => (status != "MAXIM_OK") == (expected.lines.is_empty() && expected.attachments.is_empty()),
        };
        if got != expected || !answered {
            let why = instead.map_or("", |(.., why)| why);
            wrong.push(format!("{name}: {status} {why}\n  got  {got:?}\n  want {expected:?}"));
        }
        go_on.write_all(b"\n").unwrap();
    }
    assert!(child.wait().unwrap().success());
    assert!(wrong.is_empty(), "{} steps differ:\n{}", wrong.len(), wrong.join("\n"));
}
