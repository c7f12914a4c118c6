//! Every field of both configurations has its effect: each case shows something that happens only with the
//! field set, and a field without a case fails.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::scripted::{Asked, Scripted, answer};
use common::{Scratch, compile_into, library, nobody, run, sized_structs};

/// However busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a field of a C type is set from a text.
fn setter(c: &str, name: &str) -> String {
    let callback = |function: &str| format!("config->{name} = {function}; (void)value;");
    match c {
        "maxim_str" => format!("config->{name} = maxim_str_z(value);"),
        "double" => format!("config->{name} = strtod(value, NULL);"),
        "maxim_error_callback" => callback("on_error"),
        "maxim_debug_callback" => callback("on_debug"),
        "maxim_mask_callback" => callback("on_mask"),
        "void *" => format!("config->{name} = value;"),
        _ => format!("config->{name} = ({c})strtoll(value, NULL, 10);"),
    }
}

/// The C program: `set` for both configurations, and `tests/c/settings.h`.
fn program(scratch: &Scratch) -> PathBuf {
    let mut code = String::from(
        "#include <maxim.h>\n#include <stdatomic.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <time.h>\n\
         static atomic_uint told, failed;\n\
         static void on_error(void *data, maxim_status status, const char *message, uint64_t records) {\n\
         (void)records; atomic_fetch_add(&told, 1); printf(\"error %s %s (%s)\\n\", maxim_status_str(status), message, data ? (char *)data : \"none\"); }\n\
         static void on_debug(void *data, const char *line) { (void)data; atomic_fetch_add(&failed, strstr(line, \"next attempt\") != NULL); printf(\"debug %s\\n\", line); }\n\
         static int32_t on_mask(void *data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out) {\n\
         (void)data; (void)entity; (void)field; (void)text; (void)length;\n\
         nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL); *out = MAXIM_STR(\"instead\"); return 0; }\n",
    );
    for (function, name) in [("set_logger", "maxim_logger_config"), ("set_client", "maxim_log_client_config")]
    {
        writeln!(code, "static void {function}({name} *config, const char *name, char *value) {{").unwrap();
        for (c, field) in &sized_structs()[name] {
            let set = setter(c, field);
            writeln!(code, "if (strcmp(name, \"{field}\") == 0) {{ {set} return; }}").unwrap();
        }
        code.push_str("exit(5);\n}\n");
    }
    code.push_str("#include \"settings.h\"\n");
    let source = scratch.path().join("settings.c");
    std::fs::write(&source, code).unwrap();
    compile_into(source.to_str().unwrap(), scratch.path(), &library("lib/libmaxim.so"))
}

/// A service that takes everything, answers with a status, and gives upload URLs of its own.
fn service(status: &'static str) -> Scripted {
    Scripted::start(move |_| answer(status, ""))
}

/// Whether a file anywhere below a directory holds a text.
fn is_in_a_file(directory: &Path, text: &str) -> bool {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| match path.is_dir() {
        true => is_in_a_file(&path, text),
        false => std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes())),
    })
}

struct Stage {
    scratch: Scratch,
    program: PathBuf,
    kind: &'static str,
    shown: BTreeSet<&'static str>,
    runs: usize,
}

impl Stage {
    fn new(kind: &'static str) -> Stage {
        let scratch = Scratch::new(&format!("settings-{kind}"));
        let program = program(&scratch);
        Stage { scratch, program, kind, shown: BTreeSet::new(), runs: 0 }
    }

    /// A spool directory that no other run has.
    fn spool(&mut self) -> PathBuf {
        self.runs += 1;
        self.scratch.path().join(format!("spool-{}", self.runs))
    }

    /// What the program says; `words` as in its first comment, separated by spaces, `_` for a space in them.
    fn says(&mut self, url: &str, words: &str) -> String {
        let spool = self.spool();
        self.says_in(&spool, url, words)
    }

    fn says_in(&mut self, spool: &Path, url: &str, words: &str) -> String {
        let address = if self.kind == "client" { "endpoint" } else { "base_url" };
        let name = if self.kind == "client" { "source" } else { "repository_id" };
        let words = words.split(' ').map(|word| word.replace('_', " "));
        // Field names have underscores themselves.
        let words = words.map(|word| match word.split_once('=') {
            Some((field, value)) => format!("{}={value}", field.replace(' ', "_")),
            None => match word.split_once(':') {
                Some(("until", count)) => format!("until:{}", count.replace(' ', "_")),
                _ => word,
            },
        });
        run(Command::new(&self.program)
            .arg(self.kind)
            .args([format!("{address}={url}"), format!("{name}=the-{name}")])
            // A port may come round again, and somebody's records in shared memory with it; this key does not.
            .arg(format!("api_key=key-of{}", self.scratch.path().display()))
            .arg(format!("spool_dir={}", spool.display()))
            .args(words)
            .env_remove("MAXIM_API_KEY")
            .env_remove("MAXIM_LOG_REPO_ID")
            .env_remove("MAXIM_SPOOL_DIR")
            .env_remove("MAXIM_SPOOL_DIR_FALLBACK")
            .env("XDG_STATE_HOME", self.scratch.path())
            .env("MAXIM_BASE_URL", "http://127.0.0.1:9")
            .stdin(Stdio::null()))
    }

    fn shows(&mut self, field: &'static str) {
        self.shown.insert(field);
    }

    /// Shows a field by what the program says with and without it: `wanted` is there only with it.
    fn shows_by(&mut self, field: &'static str, url: &str, with: &str, without: &str, wanted: &str) {
        let (with, without) = (self.says(url, with), self.says(url, without));
        assert!(with.contains(wanted), "{}: {field}: no {wanted:?} in\n{with}", self.kind);
        assert!(!without.contains(wanted), "{}: {field}: {wanted:?} without it in\n{without}", self.kind);
        self.shows(field);
    }

    /// Shows a field by what a service is sent with and without it: `wanted` is there only with it.
    fn shows_by_request(&mut self, field: &'static str, with: &str, without: &str, wanted: &str) {
        let arrived = |requests: &[Asked]| {
            requests.iter().map(|asked| format!("{}{}\n", asked.head, asked.text())).collect::<String>()
        };
        for (words, is_wanted) in [(with, true), (without, false)] {
            let service = service("200 OK");
            let said = self.says(&service.url(), &words.replace("URL", &service.url()));
            let arrived = arrived(&service.asked());
            let is_there = arrived.contains(wanted);
            assert_eq!(is_there, is_wanted, "{}: {field}: {wanted:?} in\n{arrived}\n{said}", self.kind);
        }
        self.shows(field);
    }

    /// What both configurations have.
    fn shows_common_fields(&mut self) {
        let (url, _) = nobody();
        let well = service("200 OK");
        let sent = "new log:the_text flush:60000";
        let other = |field: &str, value: &str, rest: &str| format!("{field}={value} {rest}");
        self.shows_by_request("api_key", &other("api_key", "key-2", sent), sent, "key-2");
        // A flush is told of a refusal after the callbacks.
        let busy = service("401 No");
        let (told, why) = ("new log:a flush:60000", "debug HTTP 401");
        let (one, other_one) = (format!("debug_callback=1 {told}"), format!("is_debug=1 {told}"));
        let both = format!("debug_callback=1 is_debug=1 {told}");
        self.shows_by("is_debug", &busy.url(), &both, &one, why);
        self.shows_by("debug_callback", &busy.url(), &both, &other_one, why);

        let spool = self.spool();
        self.says_in(&spool, &url, "new log:a flush:1");
        assert!(spool.exists(), "spool_dir");
        self.shows("spool_dir");
        let no_directory = |rest: &str| format!("spool_dir=/dev/null {rest}");
        let with = no_directory("spool_dir_fallback=1 new");
        self.shows_by("spool_dir_fallback", &url, &with, &no_directory("new"), "new MAXIM_OK");
        let spool = self.spool();
        let said = self.says_in(&spool, &url, "memory_only=1 new log:a flush:1 stats");
        assert!(!spool.exists() && said.contains("accepted=1"), "memory_only: {said}");
        self.shows("memory_only");

        // Twelve MiB of records that nobody takes, into what is configured.
        let (full, narrow) = ("fill MAXIM_ERR_SPOOL_FULL", "memory_only=1 max_memory_bytes=2000000");
        let fill = |before: &str| format!("{before} new fill:12000");
        let newest = fill(&format!("{narrow} overflow_policy=1"));
        self.shows_by("max_memory_bytes", &url, &newest, &fill("memory_only=1 overflow_policy=1"), full);
        self.shows_by("overflow_policy", &url, &newest, &fill(narrow), full);
        let both = "max_memory_bytes=2000000 overflow_policy=1";
        let with = fill(&format!("{both} max_disk_bytes=2000000"));
        self.shows_by("max_disk_bytes", &url, &with, &fill(both), full);
        // The same to a service that takes them: whoever may wait finds room.
        let block = format!("{narrow} overflow_policy=2");
        let said = self.says(&well.url(), &format!("{block} block_timeout_ms=60000 new fill:30000"));
        assert!(said.contains("fill MAXIM_OK"), "block_timeout_ms: {said}");
        let said = self.says(&url, &fill(&block));
        assert!(said.contains(full), "block_timeout_ms: {said}");
        self.shows("block_timeout_ms");

        let missing = "ca_file=/nowhere/ca.pem new";
        self.shows_by("ca_file", &url, missing, "new", "the CA file /nowhere/ca.pem");
        let proxy = service("502 Bad Gateway");
        self.says(&url, &format!("proxy={} allow_plaintext=1 new log:a flush:1 until:retries", proxy.url()));
        assert!(proxy.asked().iter().any(|asked| asked.is("CONNECT")), "proxy: {:?}", proxy.asked());
        self.shows("proxy");
        let refused = "the API key would travel unencrypted";
        self.shows_by("allow_plaintext", "http://maxim.test", "new", "allow_plaintext=1 new", refused);

        self.shows_by(
            "error_callback",
            &busy.url(),
            &other("error_callback", "1", told),
            told,
            "error MAXIM_ERR_UNAUTHORIZED",
        );
        let told = "error_callback=1 new log:a flush:60000";
        self.shows_by("user_data", &busy.url(), &other("user_data", "the_host", told), told, "(the host)");

        self.shows_by("disabled", &well.url(), "disabled=1 new log:a stats", "new log:a stats", "accepted=0");
        let input = "new input:the_content flush:60000";
        let silent = other("capture_content", "2", input);
        self.shows_by_request("capture_content", input, &silent, "the content");
        let email = "new log:to_a@b.example flush:60000";
        let masks = "masks_json=[{\"preset\":\"email\"}]";
        self.shows_by_request("masks_json", email, &format!("{masks} {email}"), "a@b.example");
        // The callback takes 50 ms.
        let replaced = "mask_callback=1 mask_budget_us=60000000 new log:the_text flush:60000";
        self.shows_by_request("mask_callback", replaced, sent, "instead");
        let hurried = "mask_callback=1 mask_budget_us=1 new log:the_text flush:60000";
        self.shows_by_request("mask_budget_us", replaced, hurried, "instead");
        let long = format!("new log:{}end flush:60000", "x".repeat(100));
        self.shows_by_request("max_field_bytes", &long, &format!("max_field_bytes=60 {long}"), "xxxend");
        self.shows_by("lossy", &well.url(), "lossy=1 new bytes", "new bytes", "bytes MAXIM_OK");

        let waits = "new log:a until:dropped_expired";
        let said = self.says(&url, &format!("max_age_ms=1 {waits}"));
        assert!(said.contains("until dropped_expired 1"), "max_age_ms: {said}");
        self.shows("max_age_ms");
    }

    /// What they have of OpenTelemetry.
    fn shows_otlp_fields(&mut self) {
        let sent = if self.kind == "client" { "log:the_text" } else { "trace:the_text" };
        let plain = format!("protocol=1 new {sent} flush:60000");
        let protobuf = "content-type: application/x-protobuf";
        self.shows_by_request("protocol", &plain, &format!("new {sent} flush:60000"), protobuf);
        // Short requests are not worth compressing.
        let long = plain.replace("the_text", &"x".repeat(2_000));
        let gzip = "content-encoding: gzip";
        self.shows_by_request("otlp_compression", &format!("otlp_compression=1 {long}"), &long, gzip);
        let cases = [
            ("otlp_encoding", "2", "content-type: application/json"),
            ("otlp_url", "URL/own/path", "POST /own/path "),
            ("otlp_headers", "x-of-the-test=b%20c", "x-of-the-test: b c"),
            ("service_name", "the-service", "the-service"),
            ("resource_attributes", "of.test=its-value", "its-value"),
        ];
        for (field, value, wanted) in cases {
            self.shows_by_request(field, &format!("{field}={value} {plain}"), &plain, wanted);
        }
    }

    /// Of two that were made one after the other, the first is told to wait and the second is not.
    fn shows_by_waiting(&mut self, field: &'static str, first: &str, second: &str) {
        let service = service("200 OK");
        let words = format!("{first} new log:the_first {second} new log:the_second until:delivered");
        let said = self.says(&service.url(), &words);
        let bodies: String = service.asked().iter().map(Asked::text).collect();
        assert!(bodies.contains("the second") && !bodies.contains("the first"), "{field}: {bodies}\n{said}");
        self.shows(field);
    }

    /// What is refused is in quarantine, and for no longer than it may be.
    fn shows_the_age_of_quarantine(&mut self) {
        let service = service("400 Bad");
        let spool = self.spool();
        self.says_in(&spool, &service.url(), "new log:the_poison flush:60000 until:quarantined");
        self.says_in(&spool, &service.url(), "new log:b flush:60000");
        assert!(is_in_a_file(&spool, "the poison"), "not in quarantine, or removed although it may stay");
        // Whoever logs there next removes it, once it is a second old by the file's time.
        let start = Instant::now();
        while is_in_a_file(&spool, "the poison") {
            assert!(start.elapsed() < PATIENCE, "quarantine_max_age_ms: it stays");
            self.says_in(&spool, &service.url(), "quarantine_max_age_ms=1 new log:c flush:60000");
        }
        self.shows("quarantine_max_age_ms");
    }

    fn with_common_fields_shown(kind: &'static str) -> Stage {
        let mut stage = Stage::new(kind);
        stage.shows_common_fields();
        stage.shows_the_age_of_quarantine();
        stage
    }

    fn shows_all_of(mut self, config: &str) {
        self.shows("struct_size"); // tests/wrong_input.rs
        let fields: BTreeSet<String> = sized_structs()[config].iter().map(|(_, name)| name.clone()).collect();
        let shown: BTreeSet<String> =
            std::mem::take(&mut self.shown).into_iter().map(str::to_owned).collect();
        assert_eq!(fields, shown, "a field without a case, or a case without a field");
    }
}

#[test]
fn every_field_of_a_loggers_configuration_has_its_effect() {
    let mut stage = Stage::with_common_fields_shown("logger");
    // The environment's address is that of nobody.
    let sent = "new log:the_text flush:60000";
    stage.shows_by_request("base_url", sent, "base_url=http://127.0.0.1:9 new log:a flush:1", "the text");
    // As it is in the URL: encoded.
    let odd = format!("repository_id=a&b=c#d/ü% {sent}");
    stage.shows_by_request("repository_id", &odd, sent, "?id=a%26b%3Dc%23d%2F%C3%BC%25 ");
    stage.shows_by_waiting("auto_flush", "flush_interval_ms=1 auto_flush=0", "auto_flush=1");
    stage.shows_by_waiting("flush_interval_ms", "flush_interval_ms=3600000", "flush_interval_ms=1");
    let attach = |limit| format!("max_attachment_bytes={limit} new attach");
    stage.shows_by("max_attachment_bytes", "http://127.0.0.1:9", &attach(9), &attach(10), "ERR_TOO_LARGE");
    // The image is for a storage that this service has not got, and a flush would wait for its upload.
    let (inside, outside) = ("extract_media=2 new media flush:60000", "new media flush:2000");
    stage.shows_by_request("extract_media", inside, outside, "data:image/png");
    let sampled = format!("sample_rate=-1 {sent} stats");
    stage.shows_by("sample_rate", "http://127.0.0.1:9", &sampled, "new log:a stats", "sampled_out=1");
    stage.shows_otlp_fields();
    stage.shows("incomplete_after_ms"); // tests/otlp.rs
    stage.shows_all_of("maxim_logger_config");
}

#[test]
fn every_field_of_a_log_clients_configuration_has_its_effect() {
    let mut stage = Stage::with_common_fields_shown("client");
    let sent = "new log:the_text flush:60000";
    stage.shows_by_request("endpoint", sent, "endpoint=http://127.0.0.1:9 new log:a flush:1", "the text");
    let texts = [
        ("source", "other-source"),
        ("version", "9.8.7"),
        ("dataset", "the-set"),
        ("user_id", "u-77"),
        ("session_id", "s-77"),
    ];
    for (field, value) in texts {
        stage.shows_by_request(field, &format!("{field}={value} {sent}"), sent, value);
    }
    stage.shows_by_request("environment", &format!("environment=2 {sent}"), sent, "production");
    let debug = "new debug:the_text flush:60000";
    stage.shows_by_request("min_level", debug, &format!("min_level=1 {debug}"), "the text");
    let hour = "flush_interval_ms=3600000";
    stage.shows_by_waiting("batch_size", &format!("{hour} batch_size=100"), "batch_size=1");
    stage.shows_by_waiting("flush_interval_ms", hour, "flush_interval_ms=1");
    let away = service("503 Away");
    let told = "error_callback=1 new log:a flush:0 until:told";
    stage.shows_by("max_retries", &away.url(), &format!("max_retries=0 {told}"), told, "giving up for now");

    // The waits are random below a bound that is a month or more, or a second or less.
    let longest = |said: &str| -> f64 {
        let waits = said.lines().filter(|line| line.starts_with("debug ")).filter_map(|line| {
            line.split_once("next attempt in ")?.1.split_once(" s")?.0.parse::<f64>().ok()
        });
        waits.fold(0.0, f64::max)
    };
    let lines = format!("is_debug=1 debug_callback=1 {hour}");
    let once = "new log:a attempts:1";
    let most = u32::MAX;
    let said =
        stage.says(&away.url(), &format!("{lines} initial_delay_ms={most} max_delay_ms={most} {once}"));
    assert!(longest(&said) > 1.0, "initial_delay_ms: {said}");
    let said = stage.says(&away.url(), &format!("{lines} max_delay_ms={most} {once}"));
    assert!(longest(&said) <= 1.0, "initial_delay_ms: {said}");
    stage.shows("initial_delay_ms");
    // Each flush is an attempt, and each doubles the bound.
    let often = "max_retries=1000 initial_delay_ms=60000 new log:a attempts:25";
    let said = stage.says(&away.url(), &format!("{lines} max_delay_ms={most} {often}"));
    assert!(longest(&said) > 60.0, "max_delay_ms: {said}");
    let said = stage.says(&away.url(), &format!("{lines} max_delay_ms=1000 {often}"));
    assert!(longest(&said) <= 60.0, "max_delay_ms: {said}");
    stage.shows("max_delay_ms");
    stage.shows_otlp_fields();
    stage.shows_all_of("maxim_log_client_config");
}

#[test]
fn an_empty_key_counts_as_none_and_a_sink_says_its_number() {
    let mut logger = Stage::new("logger");
    let said = logger.says("http://127.0.0.1:9", "api_key= new");
    assert!(said.contains("MAXIM_ERR_NOT_CONFIGURED"), "{said}");
    let (first, second) = (service("200 OK"), service("200 OK"));
    let words =
        format!("new sink base_url={} repository_id=other sink log:the_text flush:60000", second.url());
    let said = logger.says(&first.url(), &words);
    assert!(said.contains("number 1\n") && said.contains("number 2\n"), "{said}");
    assert!(second.asked().iter().any(|asked| asked.text().contains("the text")), "{:?}", second.asked());
    let mut client = Stage::new("client");
    let said = client.says("http://127.0.0.1:9", "api_key= new log:a stats");
    assert!(said.contains("accepted=0") && said.contains("ignored=1"), "{said}");
}

#[test]
fn whatever_a_repository_is_called_it_is_one_value_of_the_query() {
    let mut logger = Stage::new("logger");
    let service = service("200 OK");
    let said = logger.says(&service.url(), "repository_id=a&id=b/#é% new log:x flush:60000");
    let asked = service.asked();
    let wanted = "/api/sdk/v3/log?id=a%26id%3Db%2F%23%C3%A9%25 ";
    let lines: Vec<_> = asked.iter().filter(|asked| asked.is("POST")).collect();
    assert!(!lines.is_empty() && lines.iter().all(|asked| asked.head.contains(wanted)), "{asked:?}: {said}");
}
