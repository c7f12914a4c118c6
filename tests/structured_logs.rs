//! Structured logs through the C ABI: what the public client sent for a call, this one sends too; and
//! the promises that no captured request shows.
//!
//! Each test writes a C program of calls (`tests/c/vector_calls.h`), runs it against `maxim-dev`, and
//! looks at what was answered and what arrived.

mod common;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use common::vectors::{json_str, json_text, recorded, text, vectors};
use common::{Scratch, Server, compile, run};
use serde_json::{Value, json};

/// Where this client differs from the captured one on purpose.
///
/// | what | captured | here |
/// |---|---|---|
/// | every entry | no `timestamp` | `timestamp`: when the call was made |
/// | steps 74, 75: an empty source | refused by the log call | refused when the client is made |
/// | step 27: after clearing the ids | the clearing is not in the sample | cleared before it |
const CLEARED_BEFORE: i64 = 27;
const REFUSED_AT_CREATION: i64 = 74;

/// A C expression for the options of a call.
fn options(value: &Value) -> String {
    match value["$opt"].get("tags") {
        Some(tags) => format!("&(maxim_log_options[]){{tagged({})}}[0]", json_text(tags)),
        None => "NULL".to_owned(),
    }
}

fn number(name: &Value, names: &[&str]) -> i64 {
    names.iter().position(|known| name == known).map_or(99, |at| at as i64)
}

const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];
const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];
const FORMATS: [&str; 6] = ["json", "jsonl", "syslog", "text", "csv", "obl"];

/// The C code that makes a client; `fields` as captured.
fn client(fields: &Value, url: &str) -> String {
    let mut code = String::from(
        "maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;\n\
         if (client) { maxim_log_client_free(client); client = NULL; }\n",
    );
    writeln!(code, "config.endpoint = {};", text(url)).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        let (name, value) = match name.as_str() {
            "environment" => ("environment", number(value, &ENVIRONMENTS).to_string()),
            "min_level" => ("min_level", number(value, &LEVELS).to_string()),
            "flush_interval" => ("flush_interval_ms", (value.as_u64().unwrap() * 1000).to_string()),
            "batch_size" => ("batch_size", value.to_string()),
            name => (name, text(value.as_str().unwrap())),
        };
        writeln!(code, "config.{name} = {value};").unwrap();
    }
    code + "status = maxim_log_client_new(&config, &client);\n"
}

/// The C expression of one log call, of a client (`maxim_log_`) or a flow (`maxim_flow_`).
fn log_call(prefix: &str, on: &str, level: &str, args: &[Value], stack: &str) -> String {
    let null = Value::Null;
    let message = text(args[0].as_str().unwrap());
    let data = args.get(1).unwrap_or(&null);
    let options = options(args.get(2).unwrap_or(&null));
    match data.get("$exc") {
        Some(said) => format!(
            "{prefix}error_with({on}, {message}, &(maxim_log_error_info){{.struct_size = \
             sizeof(maxim_log_error_info), .name = {}, .message = {}, .stack = {}}}, {options})",
            text("ValueError"),
            text(said.as_str().unwrap()),
            text(stack)
        ),
        None => format!("{prefix}{level}({on}, {message}, {}, {options})", json_text(data)),
    }
}

/// The stack that the captured client sent for an exception, which only the capture knows.
fn stack_of(requests: &Value, message: &Value) -> String {
    requests
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|request| serde_json::from_str::<Value>(request["body"].as_str()?).ok())
        .flat_map(|body| body["logs"].as_array().cloned().unwrap_or_default())
        .find(|entry| &entry["message"] == message)
        .and_then(|entry| entry["errorStack"].as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The C code of one captured step; it leaves the answer in `status`.
fn step(vector: &Value, url: &str) -> String {
    let args = vector["args"].as_array().unwrap();
    let requests = &vector["requests"];
    match vector["call"].as_str().unwrap() {
        "client" => client(&args[0], url),
        call @ ("set_user_id" | "set_session_id") => {
            format!("status = maxim_log_{call}(client, {});\n", json_str(&args[0]))
        }
        level @ ("debug" | "info" | "warn" | "error") => {
            let stack = stack_of(requests, &args[0]);
            format!("status = {};\n", log_call("maxim_log_", "client", level, args, &stack))
        }
        "log" => {
            let mut code = String::from("maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;\n");
            for (name, value) in args[0]["$entry"].as_object().unwrap() {
                let (name, value) = match name.as_str() {
                    "level" => ("level", number(value, &LEVELS).to_string()),
                    "step_index" => ("step_index", value.to_string()),
                    "data" => ("data_json", json_text(value)),
                    "tags" => ("tags_json", json_text(value)),
                    name => (name, json_str(value)),
                };
                writeln!(code, "entry.{name} = {value};").unwrap();
            }
            code + "status = maxim_log(client, &entry);\n"
        }
        call @ ("flow" | "flow_async") => {
            let name = text(args[0].as_str().unwrap());
            let mut code = match call {
                "flow" => format!("status = maxim_flow_new(client, {name}, &flow);\n"),
                _ => format!("status = maxim_flow_new_remote(client, {name}, 60000, &flow);\n"),
            };
            for entry in args[1].as_array().unwrap() {
                let entry = entry.as_array().unwrap();
                let stack = stack_of(requests, &entry[1]);
                let call = log_call("maxim_flow_", "flow", entry[0].as_str().unwrap(), &entry[1..], &stack);
                writeln!(code, "if (!status) status = {call};").unwrap();
            }
            code + "maxim_flow_free(flow);\n"
        }
        call @ ("ingest_raw" | "ingest_raw_async") => {
            let body = args[0].as_str().unwrap();
            let mut code = String::from("maxim_raw_options raw = MAXIM_RAW_OPTIONS_INIT;\n");
            if let Some(given) = args.get(2).and_then(|options| options["$raw"].as_object()) {
                for (name, value) in given {
                    let value = match name.as_str() {
                        "environment" => number(value, &ENVIRONMENTS).to_string(),
                        "level" => number(value, &LEVELS).to_string(),
                        _ => json_str(value),
                    };
                    writeln!(code, "raw.{name} = {value};").unwrap();
                }
            }
            let timeout = if call == "ingest_raw" { ", 60000" } else { "" };
            let format = number(&args[1], &FORMATS);
            writeln!(
                code,
                "maxim_str body = {};\nstatus = maxim_{call}(client, (const uint8_t *)body.data, body.len, \
                 {format}, &raw{timeout});",
                text(body)
            )
            .unwrap();
            code
        }
        other => panic!("the vectors have a new call, {other}"),
    }
}

/// Compiles and runs a program of numbered steps, and gives what it printed.
fn run_steps(steps: &[(i64, String)], scratch: &Scratch, spool: &Path) -> String {
    let mut program = String::from("#include \"vector_calls.h\"\n");
    for (number, code) in steps {
        write!(program, "static void step_{number}(void) {{\nmaxim_status status = MAXIM_OK;\n{code}")
            .unwrap();
        writeln!(program, "step({number}, status);\n}}").unwrap();
    }
    program += "int main(void) {\n(void)flow;\n(void)tagged;\n";
    for (number, _) in steps {
        writeln!(program, "step_{number}();").unwrap();
    }
    program += "maxim_log_client_free(client);\nreturn 0;\n}\n";
    let source = scratch.path().join("steps.c");
    std::fs::write(&source, program).unwrap();
    run(Command::new(compile(source.to_str().unwrap(), scratch)).env("MAXIM_SPOOL_DIR", spool))
}

/// A body as it is compared: entries without their timestamps and random ids, other bodies as they are.
fn comparable(body: &str, timestamped: bool) -> Value {
    let Ok(mut body) = serde_json::from_str::<Value>(body) else { return json!(body) };
    for entry in body["logs"].as_array_mut().into_iter().flatten() {
        let entry = entry.as_object_mut().unwrap();
        let timestamp = entry.remove("timestamp");
        assert_eq!(timestamp.is_some_and(|time| time.is_i64()), timestamped, "{entry:?}");
        let Some(Value::String(id)) = entry.get_mut("flowId") else { continue };
        if let Some((name, _)) = id.rsplit_once('-').filter(|(_, digits)| digits.len() == 8) {
            *id = format!("{name}-********");
        }
    }
    body
}

#[test]
fn every_captured_call_sends_what_the_public_client_sent() {
    let scratch = Scratch::new("structured-vectors");
    let (server, record) = Server::writing("record", &scratch);
    let vectors = vectors("structured-logs.jsonl");
    let steps: Vec<(i64, String)> = vectors
        .iter()
        .map(|vector| {
            let number = vector["step"].as_i64().unwrap();
            let mut code = step(vector, &server.url());
            if number == CLEARED_BEFORE {
                let absent = json_text(&Value::Null);
                code = format!(
                    "maxim_log_set_user_id(client, {absent});\nmaxim_log_set_session_id(client, {absent});\n{code}"
                );
            }
            (number, code)
        })
        .collect();
    let said = run_steps(&steps, &scratch, &scratch.path().join("spool"));
    let statuses: Vec<(i64, &str)> =
        said.lines().filter_map(|line| line.split_once(' ')).map(|(n, s)| (n.parse().unwrap(), s)).collect();
    assert_eq!(statuses.len(), vectors.len(), "{said}");
    for (vector, (number, status)) in vectors.iter().zip(&statuses) {
        let refused = !vector["raised"].is_null() || *number == REFUSED_AT_CREATION;
        assert_eq!(*status != "MAXIM_OK", refused, "step {number} was answered with {status}: {vector}");
    }
    let expected: Vec<&Value> =
        vectors.iter().flat_map(|vector| vector["requests"].as_array().unwrap()).collect();
    let requests = recorded(&record);
    for (expected, got) in expected.iter().zip(&requests) {
        assert_eq!(got["method"], expected["method"]);
        assert_eq!(got["target"], expected["target"]);
        let headers = got["headers"].to_string().to_lowercase();
        assert!(headers.contains(expected["content_type"].as_str().unwrap()), "{headers}");
        assert!(headers.contains("x-api-key"), "{headers}");
        let expected = comparable(expected["body"].as_str().unwrap(), false);
        assert_eq!(comparable(got["body"].as_str().unwrap(), true), expected, "{}", got["target"]);
    }
    assert_eq!(requests.len(), expected.len());
    // A raw document without entries, or one more request, would hide behind `zip`.
    assert!(expected.len() > 20, "the vectors are cut short");
}

/// A client for the tests below, which sends only when told to.
fn plain_client(url: &str) -> String {
    let fields = json!({"source": "svc", "environment": "staging", "api_key": "key-1", "batch_size": 1000,
        "flush_interval": 3600, "min_level": "info"});
    client(&fields, url)
}

#[test]
fn limits_count_characters_and_name_field_limit_and_length() {
    let scratch = Scratch::new("structured-limits");
    let server = Server::start(&[]);
    let mut steps = vec![(1, plain_client(&server.url()))];
    let fields = [
        ("message", 10_000),
        ("error_name", 200),
        ("error_stack", 10_000),
        ("user_id", 100),
        ("session_id", 100),
        ("request_id", 100),
        ("flow_id", 50),
        ("dataset", 50),
        ("ip_address", 100),
        ("country", 10),
    ];
    for (index, (field, limit)) in fields.iter().enumerate() {
        for (over, shift) in [(0, 10), (1, 50)] {
            let value = text("é".repeat(limit + over));
            let code = format!(
                "maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;\nentry.level = MAXIM_LEVEL_INFO;\n\
                 entry.message = MAXIM_STR(\"m\");\nentry.{field} = {value};\n\
                 status = maxim_log(client, &entry);\nif (status) printf(\"%s\\n\", maxim_last_error());\n"
            );
            steps.push((shift + index as i64, code));
        }
    }
    let said = run_steps(&steps, &scratch, &scratch.path().join("spool"));
    for (index, (field, limit)) in fields.iter().enumerate() {
        assert!(said.contains(&format!("{} MAXIM_OK\n", 10 + index)), "{field}: {said}");
        assert!(said.contains(&format!("{} MAXIM_ERR_INVALID_ARGUMENT\n", 50 + index)), "{field}: {said}");
        let detail =
            said.lines().find(|line| line.starts_with(field)).unwrap_or_else(|| panic!("{field}: {said}"));
        let digits = detail.replace(',', "");
        assert!(digits.contains(&limit.to_string()) && digits.contains(&(limit + 1).to_string()), "{detail}");
    }
    assert_eq!(server.count("entries"), fields.len() as u64);
}

#[test]
fn a_filtered_or_keyless_call_does_nothing() {
    let scratch = Scratch::new("structured-filter");
    let server = Server::start(&[]);
    let keyless = json!({"source": "svc", "environment": "staging"});
    let steps = [
        (1, plain_client(&server.url())),
        // Not UTF-8, and no JSON: nobody looks.
        (
            2,
            "status = maxim_log_debug(client, maxim_str_n(\"\\377\", 1), MAXIM_STR(\"{\"), NULL);".to_owned(),
        ),
        (
            3,
            "status = maxim_log_info(client, maxim_str_n(\"\\377\", 1), MAXIM_STR(\"{}\"), NULL);".to_owned(),
        ),
        (4, client(&keyless, &server.url())),
        (5, "status = maxim_log_info(client, MAXIM_STR(\"m\"), MAXIM_STR(\"{}\"), NULL);".to_owned()),
        (
            6,
            "maxim_stats s = MAXIM_STATS_INIT;\nstatus = maxim_log_client_stats(client, &s);\n\
             printf(\"ignored %d accepted %d\\n\", (int)s.ignored, (int)s.accepted);"
                .to_owned(),
        ),
        (
            7,
            "status = maxim_ingest_raw_async(client, (const uint8_t *)\"x\", 1, MAXIM_FORMAT_TEXT, NULL);"
                .to_owned(),
        ),
    ];
    let said = run_steps(&steps, &scratch, &scratch.path().join("spool"));
    let expected = "1 MAXIM_OK\n2 MAXIM_OK\n3 MAXIM_ERR_INVALID_UTF8\n4 MAXIM_OK\n5 MAXIM_OK\n\
                    ignored 1 accepted 0\n6 MAXIM_OK\n7 MAXIM_ERR_NOT_CONFIGURED\n";
    assert_eq!(said, expected);
    assert_eq!(server.count("requests"), 0);
}

#[test]
fn a_document_of_an_impossible_length_is_refused_before_a_byte_of_it_is_looked_at() {
    let scratch = Scratch::new("structured-impossible");
    let server = Server::start(&["--mode", "quiet"]);
    let code = |len: &str| {
        format!(
            "status = maxim_ingest_raw_async(client, (const uint8_t *)\"x\", {len}, MAXIM_FORMAT_TEXT, NULL);"
        )
    };
    let steps = [
        (1, plain_client(&server.url())),
        (2, code("(size_t)1 << 40")),
        (3, code("(size_t)PTRDIFF_MAX")),
        (4, code("SIZE_MAX")),
        (5, code("1")),
    ];
    let said = run_steps(&steps, &scratch, &scratch.path().join("spool"));
    let refused = "2 MAXIM_ERR_TOO_LARGE\n3 MAXIM_ERR_TOO_LARGE\n4 MAXIM_ERR_INVALID_ARGUMENT\n";
    assert!(said.contains(refused) && said.contains("5 MAXIM_OK\n"), "{said}");
    assert_eq!(server.count("raw_bytes"), 1);
}

#[test]
fn query_values_are_escaped() {
    let scratch = Scratch::new("structured-query");
    let (server, record) = Server::writing("record", &scratch);
    let code = |call: &str, timeout: &str| {
        format!(
            "maxim_raw_options raw = MAXIM_RAW_OPTIONS_INIT;\nraw.source = {};\nraw.level = MAXIM_LEVEL_WARN;\n\
             raw.environment = MAXIM_ENVIRONMENT_STAGING;\nraw.dataset = MAXIM_STR(\"a b\");\n\
             status = {call}(client, (const uint8_t *)\"x,y\", 3, MAXIM_FORMAT_CSV, &raw{timeout});",
            text("a&b=é/?#")
        )
    };
    let steps = [
        (1, plain_client(&server.url())),
        (2, code("maxim_ingest_raw", ", 60000")),
        (3, code("maxim_ingest_raw_async", "")),
    ];
    run_steps(&steps, &scratch, &scratch.path().join("spool"));
    let requests = recorded(&record);
    assert_eq!(requests.len(), 2);
    for request in requests {
        let target =
            "/v1/logs?format=csv&source=a%26b%3D%C3%A9%2F%3F%23&environment=staging&level=warn&dataset=a%20b";
        assert_eq!(request["target"], target);
        assert_eq!(request["body"], "x,y");
    }
}

#[test]
fn concurrent_steps_of_a_flow_have_every_index_once_and_end_at_a_thousand() {
    let scratch = Scratch::new("structured-flow");
    let (server, lines) = Server::writing("lines", &scratch);
    let program = compile("tests/c/flow_threads.c", &scratch);
    let said =
        run(Command::new(program).arg(server.url()).env("MAXIM_SPOOL_DIR", scratch.path().join("spool")));
    assert_eq!(said, "accepted 1001, exhausted 599, next 1001\nafter free MAXIM_ERR_CLOSED\n");
    let lines = std::fs::read_to_string(&lines).unwrap();
    let mut steps: Vec<u64> = lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(&line[line.find('{')?..]).ok())
        .filter_map(|entry| entry["stepIndex"].as_u64())
        .collect();
    // With a backlog a client has several connections, whose requests may pass each other; a step has its index.
    steps.sort_unstable();
    assert_eq!(steps, (0..=1_000).collect::<Vec<u64>>());
}

#[test]
fn one_bad_entry_costs_only_itself() {
    let scratch = Scratch::new("structured-poison");
    let server = Server::start(&["--poison", "rotten"]);
    let code = "for (int i = 0; i < 100 && !status; i++) {\n\
                status = maxim_log_info(client, maxim_str_z(i == 41 ? \"rotten\" : \"good\"), maxim_str_n(NULL, 0), NULL);\n}";
    let stats = "maxim_stats s = MAXIM_STATS_INIT;\nstatus = maxim_log_client_stats(client, &s);\n\
                 printf(\"delivered %d quarantined %d held %d\\n\", (int)s.delivered, (int)s.quarantined, (int)s.held);";
    let steps = [(1, plain_client(&server.url())), (2, code.to_owned()), (3, stats.to_owned())];
    let said = run_steps(&steps, &scratch, &scratch.path().join("spool"));
    assert!(said.contains("delivered 99 quarantined 1 held 0\n"), "{said}");
    assert_eq!(server.count("entries"), 99);
}

/// Runs `tests/c/raw_document.c`.
fn raw_document(program: &Path, server: &Server, spool: &Path, bytes: u64, end: &str) -> Command {
    let mut command = Command::new(program);
    command.args([&server.url(), &bytes.to_string(), end]).env("MAXIM_SPOOL_DIR", spool);
    command
}

#[test]
fn a_raw_document_survives_a_killed_process() {
    let scratch = Scratch::new("structured-crash");
    let spool = scratch.path().join("spool");
    let server = Server::start(&["--status", "503"]);
    let program = compile("tests/c/raw_document.c", &scratch);
    let killed = raw_document(&program, &server, &spool, 1 << 20, "kill").status().unwrap();
    assert!(!killed.success(), "the process was to be killed");
    server.control(json!({"status": null}));
    run(&mut raw_document(&program, &server, &spool, 0, "send"));
    assert_eq!(server.count("raw_requests"), 1);
    assert_eq!(server.count("raw_bytes"), 1 << 20);
}

#[test]
fn a_document_of_50_megabytes_is_not_held_twice() {
    const BYTES: u64 = 50_000_000;
    /// The caller's copy, the record's (on tmpfs, which counts as resident while it is mapped), and room
    /// for code, stacks and buffers; a third copy does not fit.
    const MOST_KIB: u64 = (2 * BYTES + 30_000_000) / 1024;
    let scratch = Scratch::new("structured-large");
    let server = Server::start(&["--mode", "quiet"]);
    let program = compile("tests/c/raw_document.c", &scratch);
    let said = run(&mut raw_document(&program, &server, &scratch.path().join("spool"), BYTES, "send"));
    let peak: u64 = said.trim().parse().unwrap();
    assert!(peak < MOST_KIB, "the peak of memory was {peak} KiB, not below {MOST_KIB}");
    assert_eq!(server.count("raw_bytes"), BYTES);
}

#[test]
fn a_batch_is_due_by_count_or_interval_and_has_at_most_100_entries() {
    let scratch = Scratch::new("structured-batches");
    let (server, record) = Server::writing("record", &scratch);
    let log = |count: u32, wait: bool| {
        // Nobody flushes: the batch is due by itself, or the wait ends with what is not there.
        let wait = match wait {
            true => format!(
                "for (int i = 0; s.delivered < {count} && i < 12000; i++) {{ usleep(10000); \
                 maxim_log_client_stats(client, &s); }}\nprintf(\"unasked %d\\n\", (int)s.delivered);"
            ),
            false => String::new(),
        };
        format!(
            "maxim_stats s = MAXIM_STATS_INIT;\n(void)s;\nfor (int i = 0; i < {count} && !status; i++) \
             status = maxim_log_info(client, MAXIM_STR(\"m\"), maxim_str_n(NULL, 0), NULL);\n{wait}"
        )
    };
    let by = |batch_size: u32, flush_interval: u32| {
        let fields = json!({"source": format!("by-{batch_size}"), "environment": "staging", "api_key": "key-1",
            "batch_size": batch_size, "flush_interval": flush_interval});
        client(&fields, &server.url())
    };
    let steps = [
        (1, by(5, 3600)),
        (2, log(5, true)),
        (3, by(1000, 1)),
        (4, log(3, true)),
        (5, by(1001, 3600)),
        (6, log(250, false)),
    ];
    let said = run_steps(&steps, &scratch, &scratch.path().join("spool"));
    assert!(said.contains("unasked 5\n2 MAXIM_OK") && said.contains("unasked 3\n4 MAXIM_OK"), "{said}");
    let sizes: Vec<usize> = recorded(&record)
        .iter()
        .map(|request| serde_json::from_str::<Value>(request["body"].as_str().unwrap()).unwrap())
        .map(|body| body["logs"].as_array().unwrap().len())
        .collect();
    assert!(sizes.iter().all(|size| *size <= 100), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 5 + 3 + 250, "{sizes:?}");
}
