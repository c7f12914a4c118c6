//! What is around a program: another service's header, and what the environment says of OpenTelemetry.

use std::os::unix::ffi::OsStrExt as _;

use super::*;

#[test]
fn a_trace_goes_on_below_another_services_span_and_names_its_own_to_the_next() {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-joined");
    let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer = host.run(&collector.url(), &["joined", header]);
    assert!(answer.starts_with("MAXIM_ERR_INVALID_ARGUMENT traceparent: \"00-nonsense-01\""), "{answer}");
    let spans = collector.spans();
    let spans = named(&spans);
    let (trace, span) = (spans["joined"], spans["span"]);
    let hex = common::collector::hex;
    assert_eq!(hex(&trace.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&trace.parent_span_id), "b7ad6b7169203331");
    assert_eq!(span.parent_span_id, trace.span_id);
    let next = answer.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap();
    assert_eq!(next, format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id)));
}

#[test]
fn a_header_is_read_as_w3c_has_it_and_another_one_is_refused() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";
    let good = [
        format!("00-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-00"),
        format!("00-{TRACE}-{SPAN}-ff"),
        format!("  00-{TRACE}-{SPAN}-01\t"),
        // Later versions, as far as this one knows them.
        format!("01-{TRACE}-{SPAN}-01"),
        format!("cc-{TRACE}-{SPAN}-01-What.Is.New"),
        format!("fe-{TRACE}-{SPAN}-01-"),
    ];
    let upper = (TRACE.to_uppercase(), SPAN.to_uppercase());
    let zeros = "0".repeat(32);
    let bad = [
        String::new(),
        "00".to_owned(),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{zeros}-{SPAN}-01"),
        format!("00-{TRACE}-{}-01", &zeros[..16]),
        format!("00-{}-{SPAN}-01", upper.0),
        format!("00-{TRACE}-{}-01", upper.1),
        format!("CC-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-0A"),
        format!("00-{TRACE}-{SPAN}"),
        format!("00-{TRACE}-{SPAN}-"),
        format!("00-{TRACE}-{SPAN}-1"),
        format!("00-{TRACE}-{SPAN}-011"),
        format!("00-{TRACE}-{SPAN}-01-more"),
        format!("cc-{TRACE}-{SPAN}-01more"),
        format!("0-{TRACE}-{SPAN}-01"),
        format!("00-{}-{SPAN}-01", &TRACE[1..]),
        format!("00-{TRACE}-{SPAN}0-01"),
        format!("00-{}g-{SPAN}-01", &TRACE[1..]),
        format!("00_{TRACE}_{SPAN}_01"),
        format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"),
    ];
    let collector = Collector::start(|_| taken());
    let host = host("otlp-headers");
    let all: Vec<&str> = good.iter().chain(&bad).map(String::as_str).collect();
    let answer = host.run(&collector.url(), &[&["headers"], &all[..]].concat());
    let lines: Vec<&str> = answer.lines().collect();
    for (header, line) in all.iter().zip(&lines) {
        let expected = match good.iter().any(|known| known == header) {
            true => format!("MAXIM_OK {TRACE}-{SPAN}-"),
            false => "MAXIM_ERR_INVALID_ARGUMENT traceparent".to_owned(),
        };
        assert!(line.starts_with(&expected), "{header:?}: {line}");
    }
    let spans = collector.spans();
    assert_eq!(spans.len(), good.len());
    let hex = common::collector::hex;
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE && hex(&span.parent_span_id) == SPAN));
    assert_eq!(ids_of(&spans).len(), good.len(), "each is a span of its own");
}

/// The paths that a program's requests go to, with these variables beside an endpoint.
fn paths(verbs: &[&str], variables: &[(&str, String)]) -> BTreeSet<String> {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-paths");
    let mut command = host.command(&format!("{}/base/", collector.url()), verbs);
    for (name, path) in variables {
        command.env(name, format!("{}{path}", collector.url()));
    }
    said(command.output().unwrap());
    collector.taken().into_iter().map(|request| request.path).collect()
}

#[test]
fn a_signals_path_is_added_to_the_base_address_and_to_no_other() {
    let of = |path: &str| BTreeSet::from([path.to_owned()]);
    let traces = |path: &str| [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", path.to_owned())];
    let logs = |path: &str| [("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", path.to_owned())];
    assert_eq!(paths(&["traces", "t", "2"], &[]), of("/base/v1/traces"));
    assert_eq!(paths(&["traces", "t", "2"], &traces("/exact")), of("/exact"));
    assert_eq!(paths(&["traces", "t", "2"], &traces("/exact/")), of("/exact/"));
    assert_eq!(paths(&["traces", "t", "2"], &logs("/other")), of("/base/v1/traces"));
    assert_eq!(paths(&["entries", "2"], &[]), of("/base/v1/logs"));
    assert_eq!(paths(&["entries", "2"], &logs("/my/logs")), of("/my/logs"));
}

#[test]
fn compression_is_what_the_environment_says() {
    for (value, is_gzip) in [("gzip", true), ("none", false)] {
        let collector = Collector::start(|_| taken());
        let host = host("otlp-compression");
        let mut command = match is_gzip {
            // On this machine it is never chosen, elsewhere always.
            true => host.command(&collector.url(), &["traces", "c", "20"]),
            false => host.elsewhere(&collector, &["traces", "c", "20"]),
        };
        said(command.env("OTEL_EXPORTER_OTLP_COMPRESSION", value).output().unwrap());
        assert_eq!(ids_of(&collector.spans()), expected("c", 0..20), "{value}");
        let is_compressed = |request: &common::collector::Arrived| {
            request.headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip")
        };
        assert!(collector.taken().iter().all(|request| is_compressed(request) == is_gzip), "{value}");
    }
    let collector = Collector::start(|_| taken());
    let host = host("otlp-compression");
    let mut command = host.command(&collector.url(), &["traces", "c", "1"]);
    let output = command.env("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd").output().unwrap();
    assert!(both(&output).contains("\"zstd\" is neither gzip nor none"), "{}", both(&output));
}

#[test]
fn a_request_that_takes_longer_than_the_environment_allows_is_made_again() {
    // Nobody answers the first two; their connections stay open.
    let mut asked = 0;
    let collector = Collector::start_with_silence(move |_| {
        asked += 1;
        (asked > 2).then(taken)
    });
    let host = host("otlp-timeout");
    let mut command = host.command(&collector.url(), &["traces", "t", "5"]);
    // Without it, a request may take 15 s; here both of them have the time of one.
    command.env("OTEL_EXPORTER_OTLP_TIMEOUT", "2000").env("CLEANUP_MS", "60000");
    let answer = said(command.output().unwrap());
    assert!(answer.contains("MAXIM_OK") && answer.contains("timed out"), "{answer}");
    assert_eq!(ids_of(&collector.spans()), expected("t", 0..5));
    assert!(collector.seen().len() >= 3);
    let mut command = host.command(&collector.url(), &["traces", "t", "1"]);
    let output = command.env("OTEL_EXPORTER_OTLP_TIMEOUT", "soon").output().unwrap();
    assert!(both(&output).contains("a number of milliseconds is needed"), "{}", both(&output));
}

#[test]
fn a_close_that_ends_while_nobody_answers_says_that_and_promises_no_other_attempt() {
    let collector = Collector::start_with_silence(|_| None);
    let host = host("otlp-closed");
    let mut command = host.command(&collector.url(), &["traces", "c", "1"]);
    let said = both(&command.env("CLEANUP_MS", "5000").output().unwrap());
    assert!(said.contains("no answer in the time that there was; kept for the next logger"), "{said}");
    assert!(!said.contains("next attempt") && !said.contains("disconnected"), "{said}");
}

#[test]
fn a_time_to_try_again_is_kept_to() {
    let times = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&times);
    let collector = Collector::start(move |_| {
        let mut times = seen.lock().unwrap();
        times.push(std::time::Instant::now());
        match times.len() {
            1 => (503, "Retry-After: 2\r\n".to_owned(), Vec::new()),
            2 => (429, "Retry-After: 1\r\n".to_owned(), Vec::new()),
            _ => taken(),
        }
    });
    let host = host("otlp-retry-after");
    // Nobody is in a hurry, so nothing is tried before its time.
    let answer = host.run(&collector.url(), &["patient", "r", "3"]);
    assert!(answer.contains("held 0 balance 1"), "{answer}");
    assert_eq!(ids_of(&collector.spans()), expected("r", 0..3));
    let times = times.lock().unwrap();
    let waits: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert!(waits[0] >= 1_900 && waits[1] >= 900, "{waits:?}");
}

#[test]
fn what_the_environment_says_wrongly_is_refused_by_the_name_of_the_variable() {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-malformed");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://127.0.0.1/"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:99999/v1/traces"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://[::1"),
        // What a trace is told after its end goes there.
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "nonsense"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "=value"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x=%ff"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x=a%0d%0ab: c"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "two words=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "Content-Length=1"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/xml"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "br"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s"),
        ("OTEL_RESOURCE_ATTRIBUTES", "nonsense"),
        // Quotes that a file of variables has kept, and other schemes.
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "\"http://127.0.0.1:4318\""),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "unix:///run/collector"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://127.0.0.1:4317"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "\"x-key=1\""),
    ] {
        let mut command = host.command(&collector.url(), &["traces", "m", "1"]);
        let said = both(&command.env(name, value).output().unwrap());
        assert!(said.contains(&format!("MAXIM_ERR_INVALID_ARGUMENT {name}: ")), "{name}={value}: {said}");
    }
    for (name, value) in
        [("OTEL_EXPORTER_OTLP_HEADERS", &b"x-key=\xff"[..]), ("OTEL_EXPORTER_OTLP_TIMEOUT", b"\xff")]
    {
        let mut command = host.command(&collector.url(), &["traces", "m", "1"]);
        let said = both(&command.env(name, std::ffi::OsStr::from_bytes(value)).output().unwrap());
        assert!(said.contains(&format!("MAXIM_ERR_INVALID_ARGUMENT {name}: ")), "{name}, no text: {said}");
    }
    assert_eq!(collector.seen().len(), 0);
    // Anything but "true" leaves it on, as the specification has it.
    for (number, (name, value)) in [
        ("OTEL_SDK_DISABLED", "1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", " , x-a = b%2 ,"),
        ("OTEL_EXPORTER_OTLP_HEADERS", ""),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", " 10000 "),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", " "),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", " HTTP/Protobuf "),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "None"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team%2Cname=a%3Db"),
    ]
    .into_iter()
    .enumerate()
    {
        let prefix = format!("m{number}");
        let mut command = host.command(&collector.url(), &["traces", &prefix, "1"]);
        said(command.env(name, value).output().unwrap());
        assert!(ids_of(&collector.spans()).is_superset(&expected(&prefix, 0..1)), "{name}={value}");
    }
}
