//! The pages as a browser gets them: what they show of what arrived, what searches find, and what stays over a restart.

mod common;

use std::io::BufRead as _;
use std::process::Command;

use common::{Client, KEY, LOG, Running, STRUCTURED_KEY, scratch, start, start_by};
use serde_json::Value;

const PAGES: [&str; 9] =
    ["/", "/generations", "/sessions", "/logs", "/flows", "/errors", "/delivery", "/transfer", "/traces"];

fn page(server: &Running, target: &str) -> String {
    let answer = server.connect().request("GET", target, &[], b"");
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer.text()
}

/// A session with two traces of one name, one of them failed, and a generation in each.
fn talk(client: &mut Client) {
    let lines = [
        r#"session{id=s,action=create,data={"name":"support"}}"#,
        r#"trace{id=t1,action=create,data={"name":"ask","sessionId":"s","input":"Why is the sky blue?","tags":{"customer":"acme"},"startTimestamp":"2026-01-02T03:04:05Z"}}"#,
        r#"trace{id=t1,action=add-span,data={"id":"p1","name":"plan","startTimestamp":"2026-01-02T03:04:05Z"}}"#,
        r#"span{id=p1,action=add-generation,data={"id":"g1","name":"answer","provider":"openai","model":"gpt-4o","messages":[{"role":"user","content":"Why is the sky blue?"}],"modelParameters":{"temperature":0.2},"startTimestamp":"2026-01-02T03:04:06Z"}}"#,
        r#"generation{id=g1,action=result,data={"result":{"choices":[{"message":{"role":"assistant","content":"Rayleigh scattering."}}],"usage":{"prompt_tokens":1000000,"completion_tokens":100000}}}}"#,
        r#"generation{id=g1,action=end,data={"endTimestamp":"2026-01-02T03:04:08Z"}}"#,
        r#"trace{id=t1,action=end,data={"endTimestamp":"2026-01-02T03:04:09Z"}}"#,
        r#"trace{id=t2,action=create,data={"name":"ask","sessionId":"s","input":"And the sea?","startTimestamp":"2026-01-02T04:04:05Z"}}"#,
        r#"trace{id=t2,action=add-generation,data={"id":"g2","name":"answer","provider":"anthropic","model":"claude-sonnet-4","startTimestamp":"2026-01-02T04:04:05Z"}}"#,
        r#"generation{id=g2,action=error,data={"error":{"message":"overloaded","type":"overloaded_error"}}}"#,
    ];
    assert_eq!(client.log(&lines.join("\n")).status, 200);
    let entries = r#"{"logs":[
        {"level":"info","message":"begun","flowId":"pay","stepIndex":0},
        {"level":"error","message":"card refused","flowId":"pay","stepIndex":2,"errorName":"CardError","data":{"traceId":"t1"}}]}"#;
    assert_eq!(client.request("POST", "/v1/logs", &[STRUCTURED_KEY], entries.as_bytes()).status, 200);
}

#[test]
fn what_was_answered_is_on_the_pages_at_once() {
    let server = start(&["--mode", "tree"]);
    talk(&mut server.connect());
    let list = page(&server, "/");
    for expected in
        ["/trace/repo-1/t1", "/trace/repo-1/t2", "4.00 s", "1 error", "$3.50", "Why is the sky blue?"]
    {
        assert!(list.contains(expected), "{expected} in {list}");
    }
    let trace = page(&server, "/trace/repo-1/t1?at=generation:g1");
    for expected in ["plan", "gpt-4o", "Rayleigh scattering.", "temperature", "2.00 s", "action=result"] {
        assert!(trace.contains(expected), "{expected} in {trace}");
    }
    let session = page(&server, "/session/repo-1/s");
    assert!(session.contains("And the sea?") && session.contains("Why is the sky blue?"), "{session}");
    let errors = page(&server, "/errors");
    assert!(errors.contains("overloaded_error") && errors.contains("CardError"), "{errors}");
    let flow = page(&server, "/flow/pay");
    assert!(flow.contains("step 1 is missing") && flow.contains("/trace/repo-1/t1"), "{flow}");
    let compared = page(&server, "/compare?id=repo-1%2Ftrace%2Ft1&id=repo-1%2Ftrace%2Ft2");
    assert!(compared.contains("<del>") && compared.contains("<ins>"), "{compared}");
    let share = page(&server, "/share/repo-1/t1?kind=trace");
    assert!(
        share.contains("Rayleigh scattering.") && !share.contains("<script") && !share.contains("href="),
        "{share}"
    );
}

#[test]
fn searches_find_what_they_ask_for_and_nothing_else() {
    let server = start(&["--mode", "tree"]);
    talk(&mut server.connect());
    for (query, first, second) in [
        ("", true, true),
        ("level:error", false, true),
        ("-level:error", true, false),
        ("model:gpt-4o", true, false),
        ("model:GPT", true, false),
        ("model=gpt", false, false),
        ("tag.customer=acme", true, false),
        ("tag.customer=other", false, false),
        ("cost>0.01", true, false),
        ("dur>2s", true, false),
        ("dur>5s", false, false),
        ("tokens>1k model:gpt-4o", true, false),
        ("session:s", true, true),
        ("is:open", false, true),
        ("error:overloaded", false, true),
        ("rayleigh", true, false),
        ("\"sky blue\"", true, false),
        ("\"blue sky\"", false, false),
        ("since:2026-01-02 until:2026-01-03 sea", false, true),
        ("id:g1", true, false),
        ("'); DROP TABLE nodes; --", false, false),
    ] {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let list = page(&server, &format!("/?q={encoded}"));
        let found = (list.contains("/trace/repo-1/t1"), list.contains("/trace/repo-1/t2"));
        assert_eq!(found, (first, second), "{query}");
    }
    assert!(page(&server, "/?q=colour:red").contains("no key “colour”"));
    assert!(page(&server, "/logs?q=level:error").contains("card refused"));
    assert!(!page(&server, "/logs?q=level:info").contains("card refused"));
    let words = |word: &str| server.get(&format!("/complete?word={word}"));
    assert_eq!(words("mod")[0]["text"], "model:");
    assert_eq!(words("model:gpt")[0]["text"], "model:gpt-4o");
    assert_eq!(words("tag.cus")[0]["text"], "tag.customer=");
    assert_eq!(words("tag.customer=")[0]["text"], "tag.customer=acme");
}

#[test]
fn hostile_texts_are_text_on_every_page() {
    let server = start(&["--mode", "tree"]);
    let mut client = server.connect();
    let evil = r#"</script><img src=x onerror=alert(1)>\u001b[31m\u202e\"'`"#;
    let data = format!(
        r#"{{"id":"{evil}","name":"{evil}","input":"{evil}","model":"{evil}","sessionId":"{evil}","tags":{{"{evil}":"{evil}"}},"error":"{evil}","messages":[{{"role":"{evil}","content":"{evil}"}}],"url":"javascript:alert(1)"}}"#
    );
    let kinds =
        ["create", "add-span", "add-generation", "add-error", "add-event", "add-attachment", "update"];
    let lines = kinds.map(|action| format!("trace{{id=<b>x</b>,action={action},data={data}}}")).join("\n");
    client.log(&format!("{lines}\n<b>{{id=<i>,action=<u>,data={data}}}\nbroken <b>"));
    let entry = format!(
        r#"{{"logs":[{{"level":"{evil}","message":"{evil}","flowId":"{evil}","tags":["{evil}"],"source":"{evil}","errorStack":"{evil}"}}]}}"#
    );
    client.request("POST", "/v1/logs", &[STRUCTURED_KEY], entry.as_bytes());
    client.request("PUT", "/upload/picture", &["Content-Type: image/png"], b"png");
    client.log(&format!(
        r#"trace{{id=<b>x</b>,action=add-attachment,data={{"id":"a","key":"picture","name":"{evil}"}}}}"#
    ));
    let id = "%3Cb%3Ex%3C%2Fb%3E";
    let more = [
        format!("/trace/repo-1/{id}"),
        format!("/share/repo-1/{id}?kind=trace"),
        format!("/compare?id=repo-1%2Ftrace%2F{}", id.replace('%', "%25")),
        "/?q=%3Cscript%3Ealert(1)%3C/script%3E:1".to_owned(),
    ];
    for target in PAGES.iter().map(|target| (*target).to_owned()).chain(more) {
        let answer = server.connect().request("GET", &target, &[], b"");
        assert_eq!(answer.status, 200, "{target}");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let text = answer.text();
        for bad in
            ["<img src=x", "<b>", "<i>", "<u>", "</script><img", "href=\"javascript:", "\u{1b}", "\u{202e}"]
        {
            assert!(!text.contains(bad), "{bad:?} in {target}");
        }
        assert_eq!(markup_within_texts(&text), None, "{target}");
    }
    let trace = page(&server, &format!("/trace/repo-1/{id}"));
    assert!(trace.contains("alt=\"attachment &lt;/script&gt;") && trace.contains("[U+202E]"), "{trace}");
}

/// Markup where a browser takes it for text: in the value of an attribute, or in the title.
fn markup_within_texts(page: &str) -> Option<&str> {
    let title =
        page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
    if title.contains('<') {
        return Some(title);
    }
    let tags = page.split('<').skip(1);
    // A tag whose last value has no end.
    tags.filter(|tag| !tag.starts_with('/') && !tag.starts_with('!')).find(|tag| {
        let head = tag.split_inclusive('"').collect::<Vec<_>>();
        let end = (0..head.len()).step_by(2).find(|at| head[*at].contains('>'));
        end.is_none()
    })
}

#[test]
fn a_deep_trace_says_its_levels_where_the_indent_ends() {
    let server = start(&["--mode", "tree"]);
    let below = |n: u32| match n {
        0 => r#"trace{id=t,action=create,data={"name":"n"}}
trace{id=t,action=add-span,data={"id":"s1","name":"n1"}}"#
            .to_owned(),
        n => format!(r#"span{{id=s{n},action=add-span,data={{"id":"s{}","name":"n{}"}}}}"#, n + 1, n + 1),
    };
    server.connect().log(&(0..60).map(below).collect::<Vec<_>>().join("\n"));
    let text = page(&server, "/trace/repo-1/t");
    for (class, twig, name) in
        [("d8", "", "n8"), ("d9", "9", "n9"), ("d24", "24", "n24"), ("d24", "60", "n60")]
    {
        let row = text.split("<a class=\"span-row").find(|row| row.contains(&format!(">{name}</span>")));
        let row = row.unwrap_or_else(|| panic!("no {name} in {text}"));
        assert!(row.split('"').next().is_some_and(|classes| classes.ends_with(class)), "{row}");
        assert!(row.contains(&format!("aria-hidden=\"true\">{twig}</span>")), "{row}");
    }
}

#[test]
fn a_word_of_a_megabyte_is_cut_and_the_page_stays_small() {
    let server = start(&["--mode", "tree"]);
    let word = "x".repeat(1 << 20);
    server
        .connect()
        .log(&format!(r#"trace{{id=t,action=create,data={{"name":"{word}","input":"{word}"}}}}"#));
    for target in ["/", "/trace/repo-1/t", "/share/repo-1/t?kind=trace"] {
        let size = page(&server, target).len();
        assert!(size < 200_000, "{target}: {size}");
    }
}

#[test]
fn a_database_keeps_what_arrived_over_a_restart_and_keeps_to_its_cap() {
    let path = scratch("pages-db");
    let flags = ["--mode", "quiet", "--db", path.to_str().expect("UTF-8"), "--db-max", "1m"];
    let mut server = start(&flags);
    talk(&mut server.connect());
    server.control("{}");
    server.stop();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }
    let mut server = start(&flags);
    assert!(page(&server, "/").contains("/trace/repo-1/t1"));
    // Twice the cap: the oldest goes, the newest stays.
    for batch in 0..40 {
        let lines: Vec<_> = (0..50)
            .map(|n| {
                format!(
                    r#"trace{{id=b{batch}-{n},action=create,data={{"name":"n","input":"{}"}}}}"#,
                    "word ".repeat(150)
                )
            })
            .collect();
        server.connect().log(&lines.join("\n"));
    }
    let list = page(&server, "/");
    assert!(list.contains("b39-49"), "the newest is not there");
    server.stop();
    let size = std::fs::metadata(&path).expect("there").len();
    assert!(size < 3 << 20, "{size} bytes");
    let server = start(&flags);
    assert!(!page(&server, "/?q=id%3Dt1").contains("/trace/repo-1/t1"), "the oldest is still there");
}

#[test]
fn an_export_can_be_imported_elsewhere() {
    let (one, other) = (start(&["--mode", "tree"]), start(&["--mode", "tree"]));
    talk(&mut one.connect());
    let export = one.connect().request("GET", "/export/lines", &[], b"").body;
    assert_eq!(export.iter().filter(|&&byte| byte == b'\n').count(), 12);
    let answer = other.connect().request("POST", "/import", &[], &export);
    assert_eq!((answer.status, answer.json()["imported"].as_u64()), (200, Some(12)));
    assert!(page(&other, "/").contains("/trace/repo-1/t1"));
    assert!(page(&other, "/logs").contains("card refused"));
    assert_eq!(other.connect().request("GET", "/export/lines", &[], b"").body, export);
    let refused = other.connect().request("POST", "/import", &[], b"{\"nothing\": 1}");
    assert_eq!(refused.status, 400);
    let otlp: Value = one.get("/export/otlp");
    let spans = otlp["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans").clone();
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).expect(name).clone();
    assert_eq!(
        named("plan")["parentSpanId"],
        named("ask")["spanId"].clone().as_str().map_or(Value::Null, |_| {
            spans
                .iter()
                .find(|span| span["name"] == "ask" && span["traceId"] == named("plan")["traceId"])
                .expect("its trace")["spanId"]
                .clone()
        })
    );
    assert_eq!(spans.len(), 5);
}

#[test]
fn an_export_has_all_that_was_answered_before_however_long_it_takes_to_be_written() {
    let server = start(&["--mode", "tree"]);
    let lines = log_many(&server);
    assert_eq!(exported(&server), lines);
}

#[test]
fn a_server_that_is_stopped_has_first_written_all_that_it_answered() {
    let path = scratch("pages-stopped");
    let flags = ["--mode", "tree", "--db", path.to_str().expect("UTF-8")];
    let mut server = start(&flags);
    let lines = log_many(&server);
    assert!(server.stop().status.success());
    assert_eq!(exported(&start(&flags)), lines);
}

/// The number of lines that a server has.
fn exported(server: &Running) -> usize {
    let export = server.connect().request("GET", "/export/lines", &[], b"").body;
    export.iter().filter(|byte| **byte == b'\n').count()
}

/// Logs more lines than are written to a database at once; gives how many.
fn log_many(server: &Running) -> usize {
    const REQUESTS: usize = 40;
    const EACH: usize = 1_000;
    let mut client = server.connect();
    for request in 0..REQUESTS {
        let line = |n| {
            format!(r#"trace{{id=t{request}-{n},action=create,data={{"name":"n","input":"some words"}}}}"#)
        };
        assert_eq!(client.log(&(0..EACH).map(line).collect::<Vec<_>>().join("\n")).status, 200);
    }
    REQUESTS * EACH
}

#[test]
fn lines_arrive_in_the_order_in_which_they_were_accepted_at_whoever_watches() {
    let server = start(&["--mode", "tree"]);
    let mut watcher = server.connect();
    watcher.send(b"GET /live/lines HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut line = String::new();
    while line.trim() != "Connection: close" {
        line.clear();
        watcher.stream.read_line(&mut line).expect("a head");
    }
    talk(&mut server.connect());
    let mut seen = Vec::new();
    while seen.len() < 12 {
        line.clear();
        watcher.stream.read_line(&mut line).expect("a line");
        if let Ok(event) = serde_json::from_str::<Value>(&line) {
            seen.push(format!(
                "{} {}",
                event["kind"].as_str().unwrap_or("?"),
                event["id"].as_str().unwrap_or("")
            ));
        }
    }
    assert_eq!(seen[0], "session s");
    assert_eq!(seen[3], "generation g1");
    assert_eq!(seen[11].trim(), "entry");
}

#[test]
fn nothing_is_kept_where_only_counts_were_asked_for_and_delivery_is_shown_all_the_same() {
    let server = start(&["--mode", "count"]);
    server.connect().log("a\nb");
    assert!(page(&server, "/").contains("Nothing is kept"));
    let delivery = page(&server, "/delivery");
    assert!(delivery.contains("/api/sdk/v3/log"), "{delivery}");
    assert_eq!(server.get("/stats")["requests"], 1);
}

#[test]
fn pages_are_never_counted_or_made_to_misbehave() {
    let server = start(&["--mode", "tree", "--status", "503", "--delay-ms", "1"]);
    for target in PAGES {
        page(&server, target);
    }
    let stats = server.get("/stats");
    assert_eq!((&stats["requests"], &stats["connections"]), (&0.into(), &0.into()));
    assert_eq!(server.connect().request("POST", LOG, &[KEY], b"a").status, 503);
    assert!(page(&server, "/delivery").contains("503"));
    assert_eq!(server.connect().request("GET", "/trace/repo-1/none", &[], b"").status, 404);
}

#[test]
fn no_search_and_no_odd_figure_is_a_failure_of_the_server() {
    let server = start(&["--mode", "tree"]);
    talk(&mut server.connect());
    let most = i64::MAX;
    let times = [most.to_string(), (-most).to_string(), "1e300".into(), "\"x\"".into()];
    let entries = times
        .map(|time| format!(r#"{{"message":"odd","flowId":"odd","stepIndex":{most},"timestamp":{time}}}"#));
    let entries = format!("{{\"logs\":[{}]}}", entries.join(","));
    assert_eq!(
        server.connect().request("POST", "/v1/logs", &[STRUCTURED_KEY], entries.as_bytes()).status,
        200
    );
    let lines = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "+262142-12-31T23:59:59Z"].map(|time| {
        format!(r#"trace{{id=odd,action=end,data={{"startTimestamp":"9999-12-31T23:59:59Z","endTimestamp":"{time}"}}}}"#)
    });
    server.connect().log(&lines.join("\n"));
    let many =
        |term: &str| (0..3000).map(|n| term.replace('#', &n.to_string())).collect::<Vec<_>>().join("%20");
    let mut searches = [
        "%00",
        "%22",
        "%22%22",
        "%22unclosed",
        "level%3A",
        "%3Ax",
        "cost%3E",
        "cost%3E1e999",
        "cost%3ENaN",
        "dur%3E1.5.5s",
        "dur%3E9999999999999999h",
        "since%3A-1h",
        "since%3A99999999999999d",
        "tag.%3Dx",
        "tag.",
        "-",
        "--",
        "(",
        ")",
        "*",
        "NEAR(",
        "%5Ea",
        "%7Ba%7D%3Ab",
        "name%3Aa%00b",
        "%25",
        "'%3B--",
        "is%3Anothing",
        "colour%3Ared",
    ]
    .map(str::to_owned)
    .to_vec();
    searches.extend(["a#", "-name%3Ax", "tag.k#%3Dv"].map(many));
    searches.extend(["", "name%3A", "tag.k%3D"].map(|term| term.to_owned() + &"x".repeat(60_000)));
    let pages = ["/", "/logs", "/generations", "/sessions"];
    let mut targets: Vec<_> =
        pages.iter().flat_map(|page| searches.iter().map(move |q| format!("{page}?q={q}"))).collect();
    targets.extend(searches.iter().map(|word| format!("/complete?word={word}")));
    targets.extend(["/", "/logs", "/sessions"].map(|page| format!("{page}?from={}", u64::MAX)));
    targets.extend(
        ["/flows", "/flow/odd", "/trace/repo-1/odd", "/tree", "/share/repo-1/odd", "/export/otlp"]
            .map(str::to_owned),
    );
    for target in targets {
        let answer = server.connect().request("GET", &target, &[], b"");
        assert!(answer.status < 500, "{} for {}", answer.status, &target[..target.len().min(200)]);
    }
}

/// What a server says that does not start.
fn refusal(flags: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_maxim-dev")).args(["--port", "0"]).args(flags).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn a_database_of_somebody_else_of_a_later_version_or_in_use_is_refused_and_an_earlier_one_taken() {
    let path = scratch("pages-foreign");
    let flags = ["--db", path.to_str().expect("UTF-8")];
    std::fs::write(&path, b"no database, but somebody's letters. ".repeat(200)).expect("written");
    let before = std::fs::read(&path).expect("there");
    assert!(refusal(&flags).contains("not a database"));
    assert!(std::fs::read(&path).expect("there") == before, "it was changed");

    for (tables, expected) in [
        ("CREATE TABLE letters (text TEXT); INSERT INTO letters VALUES ('dear')", "of another program"),
        ("CREATE TABLE letters (text TEXT); PRAGMA user_version = 1", "of another program"),
        (
            "CREATE TABLE records (a); CREATE TABLE nodes (a); CREATE TABLE entries (a); CREATE TABLE tags (a); \
             PRAGMA user_version = 99",
            "version 99",
        ),
    ] {
        std::fs::remove_file(&path).expect("removed");
        rusqlite::Connection::open(&path).expect("made").execute_batch(tables).expect("filled");
        let before = std::fs::read(&path).expect("there");
        let said = refusal(&flags);
        assert!(said.contains(expected), "{said}");
        assert!(std::fs::read(&path).expect("there") == before, "changed: {tables}");
    }

    std::fs::remove_file(&path).expect("removed");
    let mut server = start(&[&["--mode", "tree"][..], &flags].concat());
    talk(&mut server.connect());
    let said = refusal(&flags);
    assert!(said.contains("locked: another maxim-dev has it open"), "{said}");
    assert!(page(&server, "/").contains("/trace/repo-1/t1"));
    server.stop();
    // A relay's store is another use of the same program.
    let output = Command::new(env!("CARGO_BIN_EXE_maxim-dev"))
        .args(["relay", "--port", "0", "--to", "http://127.0.0.1:9", "--store", flags[1]])
        .env("MAXIM_API_KEY", "k")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("another use"), "{output:?}");
    // One of the first version, which knew no spans, is taken over.
    let earlier = rusqlite::Connection::open(&path).expect("opened");
    earlier.execute_batch("DROP TABLE spans; PRAGMA user_version = 1").expect("made earlier");
    drop(earlier);
    let again = start(&[&["--mode", "tree"][..], &flags].concat());
    assert!(page(&again, "/").contains("/trace/repo-1/t1"));
}

#[cfg(unix)]
#[test]
fn a_database_that_cannot_grow_costs_the_pages_their_data_and_is_said() {
    let path = scratch("pages-full");
    // As a full disk: in blocks of 512 bytes, and an error instead of a signal.
    let limited = "trap '' XFSZ; ulimit -f 1000; exec \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", limited, "sh", env!("CARGO_BIN_EXE_maxim-dev")]);
    let server = start_by(&mut shell, &["--mode", "tree", "--db", path.to_str().expect("UTF-8")]);
    talk(&mut server.connect());
    let line =
        |n: usize| format!(r#"trace{{id=b{n},action=create,data={{"input":"{}"}}}}"#, "word ".repeat(2000));
    let mut sent = 0;
    while !page(&server, "/delivery").contains("could not be written") {
        let body: Vec<_> = (sent..sent + 20).map(line).collect();
        assert_eq!(server.connect().log(&body.join("\n")).status, 200);
        sent += 20;
        assert!(sent < 2000, "the limit was not met");
    }
    assert!(page(&server, "/?q=id%3Dt1").contains("/trace/repo-1/t1"));
    assert_eq!(server.get("/stats")["lines"], sent + 10);
}
