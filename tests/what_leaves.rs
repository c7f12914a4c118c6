//! What must not leave does not: masks, content, samples, limits and the switch-off, through the C ABI, searched byte
//! by byte in what the server got, in the spool, in quarantine and in debug lines.
//!
//! `tests/masks.json` has the texts, and what of each must be found nowhere; the bindings' tests use it too.
//! `tests/c/what_leaves.c` gives each text in every place that takes one.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use common::{Scratch, Server, both, compile_into, library, nobody, root};
use serde_json::{Value, json};

/// The program, made once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<(Scratch, PathBuf)> = OnceLock::new();
    let made = PROGRAM.get_or_init(|| {
        let scratch = Scratch::new("what-leaves-program");
        let program = compile_into("tests/c/what_leaves.c", scratch.path(), &library("lib/libmaxim.so"));
        (scratch, program)
    });
    &made.1
}

/// The rules and the texts of the table.
fn table() -> (String, Vec<(String, Vec<String>)>) {
    let table: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("tests/masks.json")).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let texts =
        table["texts"].as_array().unwrap().iter().map(|each| {
            (text(&each["text"]), each["secrets"].as_array().unwrap().iter().map(text).collect())
        });
    (table["rules"].to_string(), texts.collect())
}

/// One run's places.
struct Stage {
    scratch: Scratch,
}

impl Stage {
    fn new(name: &str) -> Stage {
        Stage { scratch: Scratch::new(name) }
    }

    fn spool(&self) -> PathBuf {
        self.scratch.path().join("spool")
    }

    fn record(&self) -> PathBuf {
        self.scratch.path().join("requests")
    }

    /// Of the repository and the source.
    fn name(&self) -> String {
        self.scratch.path().file_name().unwrap().to_str().unwrap().to_owned()
    }

    fn server(&self) -> Server {
        Server::start(&["--record", self.record().to_str().unwrap()])
    }

    fn command(&self, url: &str, how: &str) -> Command {
        let mut command = Command::new(program());
        command.arg(how).env("MAXIM_BASE_URL", url).env("MAXIM_SPOOL_DIR", self.spool());
        command.env("MAXIM_API_KEY", format!("key-of{}", self.scratch.path().display()));
        command.env("WHAT_LEAVES_NAME", self.name()).stdin(Stdio::null());
        command
    }

    /// Everything that the program left: what the server recorded, and every file.
    fn left(&self, output: &Output) -> Vec<u8> {
        let mut all = [&output.stdout[..], &output.stderr].concat();
        all.extend(std::fs::read(self.record()).unwrap_or_default());
        files(&self.spool(), &mut all);
        all
    }
}

/// The contents of all files below a directory, with their names.
fn files(directory: &Path, out: &mut Vec<u8>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        out.extend_from_slice(path.as_os_str().as_encoded_bytes());
        match path.is_dir() {
            true => files(&path, out),
            false => out.extend(std::fs::read(path).unwrap_or_default()),
        }
    }
}

/// The contents of all files below a directory in which a name is found.
fn segments(directory: &Path, name: &str) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => all.extend(segments(&path, name)),
            false => {
                all.extend(std::fs::read(path).ok().filter(|bytes| has(bytes, name)).unwrap_or_default())
            }
        }
    }
    all
}

/// A text as it may stand in JSON, in JSON in a JSON string, and so on, and in a URL.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    for _ in 0..3 {
        let quoted = serde_json::to_string(forms.last().unwrap()).unwrap();
        forms.push(quoted[1..quoted.len() - 1].to_owned());
    }
    let encoded = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    forms.push(secret.bytes().map(encoded).collect());
    forms
}

fn has(all: &[u8], form: &str) -> bool {
    memchr::memmem::find(all, form.as_bytes()).is_some()
}

fn assert_nothing_of(texts: &[(String, Vec<String>)], all: &[u8]) {
    let found: BTreeSet<&String> = texts
        .iter()
        .flat_map(|(_, secrets)| secrets)
        .filter(|secret| forms(secret).iter().any(|form| has(all, form)))
        .collect();
    for secret in &found {
        let at = forms(secret).iter().find_map(|form| memchr::memmem::find(all, form.as_bytes())).unwrap();
        let around = &all[at.saturating_sub(200)..(at + 100).min(all.len())];
        eprintln!("{secret}: …{}…", String::from_utf8_lossy(around));
    }
    assert!(found.is_empty(), "left this machine, or lie on its disk: {found:?}");
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    output
}

/// One number of the printed stats.
fn printed(output: &Output, who: &str, name: &str) -> u64 {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with(who)).unwrap_or_else(|| panic!("{text}"));
    let mut words = line.split(' ').skip_while(|word| *word != name);
    words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {name} in {line}"))
}

#[test]
fn no_secret_of_the_table_reaches_the_server() {
    let (rules, texts) = table();
    assert_eq!(texts.len(), 76);
    let stage = Stage::new("masks-sent");
    let server = stage.server();
    let output = run(stage
        .command(&server.url(), "send")
        .args(texts.iter().map(|(text, _)| text))
        .env("MAXIM_MASKS", rules));
    let lines = printed(&output, "lines", "delivered");
    assert!(lines > 76 * 70 && lines == printed(&output, "lines", "accepted"), "{}", both(&output));
    assert_eq!(printed(&output, "entries", "delivered"), printed(&output, "entries", "accepted"));
    assert_eq!(server.count("malformed_lines"), 0);
    let all = stage.left(&output);
    assert_nothing_of(&texts, &all);
    for mark in ["[email]", "[card]", "[api_key]", "[phone]", "[ip]", "[masked]", "***", "[customer]"] {
        assert!(has(&all, mark), "{mark} is nowhere");
    }
}

#[test]
fn no_secret_of_the_table_reaches_the_server_where_a_lossy_call_cuts_through_it() {
    let (rules, texts) = table();
    let stage = Stage::new("masks-cut");
    let server = stage.server();
    let mut command = stage.command(&server.url(), "send");
    let output = run(command
        .args(texts.iter().map(|(text, _)| text))
        .env("WHAT_LEAVES_LOSSY", "1")
        .env("MAXIM_MASKS", rules));
    assert_eq!(printed(&output, "entries", "delivered"), 2 * 76);
    assert_eq!(printed(&output, "lines", "delivered"), 7 * 76);
    let all = stage.left(&output);
    assert!(has(&all, "characters left out"), "nothing was cut");
    assert_nothing_of(&texts, &all);
    // Nor half of one: what stands before the at sign.
    for half in ["ada.lovelace@", "grace.hopper+navy@", "radia@"] {
        assert!(!has(&all, half), "{half} left this machine");
    }
}

#[test]
fn without_masks_every_secret_would_be_found() {
    let (_, texts) = table();
    let stage = Stage::new("no-masks");
    let server = stage.server();
    let output = run(stage.command(&server.url(), "send").args(texts.iter().map(|(text, _)| text)));
    let all = stage.left(&output);
    for (text, secrets) in &texts {
        assert!(secrets.iter().any(|secret| forms(secret).iter().any(|form| has(&all, form))), "{text}");
    }
}

#[test]
fn no_secret_of_the_table_lies_in_the_spool() {
    let (rules, texts) = table();
    let stage = Stage::new("masks-kept");
    let (url, _) = nobody();
    let output =
        run(stage.command(&url, "keep").args(texts.iter().map(|(text, _)| text)).env("MAXIM_MASKS", rules));
    let mut all = stage.left(&output);
    assert!(has(&all, "[email]"), "nothing was kept");
    // Shared memory is everybody's: what has the name of this run is its own.
    let user = String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap();
    let found = segments(&PathBuf::from(format!("/dev/shm/maxim-{}", user.trim())), &stage.name());
    assert!(!found.is_empty(), "entries lie nowhere");
    all.extend(found);
    assert_nothing_of(&texts, &all);
}

#[test]
fn no_secret_of_the_table_lies_in_quarantine_or_is_told() {
    let (rules, texts) = table();
    let stage = Stage::new("masks-refused");
    let server = stage.server();
    server.control(json!({"status": 400}));
    // Each record is refused by itself: a few texts make enough of them.
    for part in texts.chunks(20) {
        let given = part.iter().map(|(text, _)| text);
        let mut command = stage.command(&server.url(), "send");
        run(command.args(given.take(2)).env("MAXIM_MASKS", &rules).env("WHAT_LEAVES_REFUSED", "1"));
    }
    let output = run(stage
        .command(&server.url(), "send")
        .args(texts.iter().map(|(text, _)| text).skip(57))
        .env("MAXIM_MASKS", &rules)
        .env("WHAT_LEAVES_REFUSED", "1"));
    assert!(printed(&output, "lines", "quarantined") > 0, "{}", both(&output));
    let all = stage.left(&output);
    assert!(has(&all, "quarantine"), "there is no quarantine");
    assert_nothing_of(&texts, &all);
}

#[test]
fn the_callback_replaces_texts_and_a_failure_costs_the_text_alone() {
    let stage = Stage::new("mask-callback");
    let server = stage.server();
    let texts = ["it is hunter2", "{\"x\":[\"hunter2\"]}", "let it fail"];
    let output = run(stage.command(&server.url(), "send").args(texts).env("WHAT_LEAVES_CALLBACK", "1"));
    let all = stage.left(&output);
    assert!(has(&all, "it is *******") && has(&all, "[dropped: a mask failed]"));
    // Names of members are the rules' to mask, not the callback's.
    for request in std::fs::read_to_string(stage.record()).unwrap().lines() {
        let body: Value = serde_json::from_str(request).unwrap();
        for line in body["body"].as_str().unwrap_or_default().lines() {
            let Some((_, data)) = line.split_once(",data=") else { continue };
            let data: Value = serde_json::from_str(data.strip_suffix('}').unwrap()).unwrap();
            assert_no_value_has(&data, "hunter2");
            assert_no_value_has(&data, "let it fail");
        }
    }
    assert!(printed(&output, "lines", "masks_failed") > 50, "{}", both(&output));
    assert!(printed(&output, "entries", "masks_failed") > 5, "{}", both(&output));
    assert_eq!(printed(&output, "lines", "delivered"), printed(&output, "lines", "accepted"));
}

#[test]
fn a_text_that_a_lossy_call_cuts_is_masked_once() {
    let stage = Stage::new("mask-once");
    let server = stage.server();
    let mut command = stage.command(&server.url(), "send");
    let output =
        run(command.arg("some text").env("WHAT_LEAVES_LOSSY", "1").env("WHAT_LEAVES_CALLBACK", "wrap"));
    assert_eq!(printed(&output, "entries", "delivered"), 2);
    let all = stage.left(&output);
    assert!(has(&all, "characters left out"), "nothing was cut");
    // A mask may have been too late, which drops its text.
    assert!(has(&all, "<x") || has(&all, "[dropped: a mask failed]"), "{}", both(&output));
    assert!(!has(&all, "<<"), "a mask was given what it had made");
}

fn assert_no_value_has(value: &Value, what: &str) {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => assert_no_value_has(&inner, what),
            _ => assert!(!text.contains(what), "{text}"),
        },
        Value::Array(items) => items.iter().for_each(|item| assert_no_value_has(item, what)),
        Value::Object(members) => members.values().for_each(|member| assert_no_value_has(member, what)),
        _ => {}
    }
}

#[test]
fn without_content_names_and_tags_go_and_inputs_and_outputs_stay() {
    let stage = Stage::new("no-content");
    let server = stage.server();
    let text = "the-text-of-this-test";
    let mut command = stage.command(&server.url(), "send");
    let output = run(command.arg(text).env("MAXIM_CAPTURE_CONTENT", "0"));
    assert_eq!(server.count("malformed_lines"), 0);
    assert_eq!(server.count("uploads"), 0);
    assert_eq!(server.count("raw_requests"), 0);
    let all = stage.left(&output);
    let mut actions = BTreeSet::new();
    for request in std::fs::read_to_string(stage.record()).unwrap().lines() {
        let request: Value = serde_json::from_str(request).unwrap();
        let body = request["body"].as_str().unwrap_or_default();
        let batch = serde_json::from_str::<Value>(body).unwrap_or_default();
        if let Some(entries) = batch["logs"].as_array() {
            for entry in entries {
                assert!(entry["message"] == "[withheld]" && entry.get("data").is_none(), "{entry}");
                assert!(entry.get("errorStack").is_none() && entry["level"].is_string(), "{entry}");
            }
            continue;
        }
        for line in body.lines().filter(|line| line.contains(",data=")) {
            let (head, data) = line.split_once(",data=").unwrap();
            let data: Value = serde_json::from_str(data.strip_suffix('}').unwrap()).unwrap();
            let (entity, action) = (head.split('{').next().unwrap(), head.rsplit('=').next().unwrap());
            actions.insert(format!("{entity} {action}"));
            for content in ["input", "output", "args", "variables", "comment", "whatever"] {
                assert!(data.get(content).is_none(), "{line}");
            }
            for list in ["messages", "docs"] {
                assert!(data.get(list).is_none_or(|value| *value == json!([])), "{line}");
            }
            // A result without the model's words; a name may be the text, and an error's message is one.
            if let Some(result) = data.get("result").filter(|result| result.get("error").is_none()) {
                assert!(!result.to_string().contains(text), "{line}");
            }
            if let Some(parameters) = data.get("modelParameters") {
                assert!(!parameters.to_string().contains(text), "{line}");
            }
        }
    }
    for wanted in [
        "trace create",
        "generation result",
        "tool_call end",
        "retrieval update",
        "trace add-error",
        "session add-feedback",
    ] {
        assert!(actions.contains(wanted), "{wanted} is not among {actions:?}");
    }
    assert!(!actions.iter().any(|action| action.ends_with("add-attachment")), "{actions:?}");
    // Names, tags, models, tokens.
    assert!(has(&all, text) && has(&all, "prompt_tokens"));
}

#[test]
fn disabled_leaves_no_trace() {
    let stage = Stage::new("disabled");
    let recorded = stage.server();
    let mut command = Command::new(program());
    command.args(["send", "a text"]).env_clear().env("MAXIM_DISABLED", "1").env("WHAT_LEAVES_PAUSE", "1");
    command.env("HOME", stage.scratch.path().join("home")).env("MAXIM_BASE_URL", recorded.url());
    command.env("MAXIM_SPOOL_DIR", stage.spool());
    // What stands behind the runner's own error output is not looked at.
    command.stderr(Stdio::null());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut heard = Vec::new();
    while heard.last().is_none_or(|line| line != "paused") {
        heard.push(said.next().unwrap_or_else(|| panic!("{heard:?}")).unwrap());
    }
    let of_process = |what: &str| std::fs::read_dir(format!("/proc/{}/{what}", child.id())).unwrap();
    assert_eq!(of_process("task").count(), 1, "a thread was made");
    // Pipes and the terminal are what the test, and whoever runs it, gave it.
    let open = of_process("fd").map(|fd| std::fs::read_link(fd.unwrap().path()).unwrap());
    let is_given = |path: &PathBuf| {
        path.starts_with("/dev") && !path.starts_with("/dev/shm")
            || path.to_str().unwrap().starts_with("pipe:")
    };
    let made: Vec<PathBuf> = open.filter(|path| !is_given(path)).collect();
    assert!(made.is_empty(), "{made:?}");
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(heard.iter().any(|line| line.starts_with("lines accepted 0 ")), "{heard:?}");
    assert!(!stage.spool().exists() && !stage.scratch.path().join("home").exists());
    assert_eq!(recorded.count("requests"), 0);
}

/// The choice as the header documents it.
fn is_chosen(id: &str, rate: f64) -> bool {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(id.as_bytes());
    let number = u64::from_be_bytes(*digest.first_chunk().unwrap()) >> 11;
    (number as f64) < rate * 2_f64.powi(53)
}

#[test]
fn a_sample_has_whole_traces_and_every_error_and_feedback() {
    let stage = Stage::new("sampled");
    let server = stage.server();
    let ids: Vec<String> = (0..40).map(|number| format!("trace-{number}")).collect();
    let chosen = ids.iter().filter(|id| is_chosen(id, 0.3)).count() as u64;
    assert!((5..25).contains(&chosen));
    let output = run(stage.command(&server.url(), "trace").args(&ids).env("MAXIM_SAMPLE_RATE", "0.3"));
    let recorded = std::fs::read_to_string(stage.record()).unwrap();
    for id in &ids {
        let created = recorded.contains(&format!("trace{{id={id},action=create,"));
        assert_eq!(created, is_chosen(id, 0.3), "{id}");
        assert!(recorded.contains(&format!("trace{{id={id},action=add-error,")), "{id}");
        assert!(recorded.contains(&format!("trace{{id={id},action=add-feedback,")), "{id}");
    }
    // Below a trace that is not in the sample, nothing goes either.
    for action in ["add-span", "add-generation", "add-attachment"] {
        assert_eq!(recorded.matches(&format!(",action={action},")).count() as u64, chosen, "{action}");
    }
    assert_eq!(recorded.matches(",action=end,").count() as u64, 3 * chosen);
    assert_eq!(recorded.matches("generation{id=").count() as u64, 2 * chosen);
    let left_out = 40 - chosen;
    // Of a trace's eleven records, two are an error and feedback.
    assert_eq!(printed(&output, "lines", "sampled_out"), 9 * left_out, "{}", both(&output));
    assert_eq!(printed(&output, "lines", "accepted"), 11 * chosen + 2 * left_out, "{}", both(&output));
}

#[test]
fn what_lies_in_quarantine_expires_if_it_is_to() {
    let stage = Stage::new("expiring");
    let server = stage.server();
    server.control(json!({"status": 400}));
    run(stage.command(&server.url(), "send").arg("refused").env("WHAT_LEAVES_REFUSED", "1"));
    let refused = |stage: &Stage| {
        let mut all = Vec::new();
        files(&stage.spool(), &mut all);
        // A file in quarantine says why it is there.
        has(&all, "\"reason\"")
    };
    assert!(refused(&stage), "nothing is in quarantine");
    server.control(json!({"status": null}));
    // It stays unless its age is limited; then the next logger that looks after its directory removes it.
    run(stage.command(&server.url(), "send").arg("more"));
    assert!(refused(&stage), "it was not to expire");
    // Ages are in whole seconds, so that takes two of them at least.
    let start = Instant::now();
    while refused(&stage) {
        assert!(start.elapsed() < Duration::from_secs(60), "it is still in quarantine");
        run(stage.command(&server.url(), "send").arg("more").env("WHAT_LEAVES_QUARANTINE_MS", "1"));
    }
}

#[test]
fn a_long_text_is_cut_and_marked_and_not_refused() {
    let stage = Stage::new("cut");
    let server = stage.server();
    let text = "0123456789".repeat(2_000);
    let mut command = stage.command(&server.url(), "send");
    let output = run(command.arg(&text).env("WHAT_LEAVES_FIELD_BYTES", "100"));
    assert_eq!(printed(&output, "lines", "delivered"), printed(&output, "lines", "accepted"));
    assert_eq!(printed(&output, "entries", "delivered"), printed(&output, "entries", "accepted"));
    let record = std::fs::read_to_string(stage.record()).unwrap();
    assert!(record.contains(&format!("{}… [cut from 20000 bytes]", "0123456789".repeat(10))));
    let of_trace = record.lines().filter(|line| line.contains("trace{id="));
    assert!(of_trace.count() > 0);
}

#[test]
fn with_memory_only_no_file_is_made() {
    let stage = Stage::new("memory-only");
    let server = stage.server();
    let mut command = stage.command(&server.url(), "send");
    let output = run(command.arg("a text").env("WHAT_LEAVES_MEMORY_ONLY", "1"));
    let accepted = printed(&output, "lines", "accepted");
    assert!(accepted > 50 && printed(&output, "lines", "delivered") == accepted, "{}", both(&output));
    assert!(!stage.spool().exists());
}
