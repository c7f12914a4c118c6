//! The commands beside the server: what they print, and that a reader through a pipe gets plain lines.

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use common::{KEY, LOG, Running, STRUCTURED_KEY, scratch, start};
use serde_json::Value;

fn maxim_dev(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maxim-dev"));
    command.args(arguments);
    command
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn log(server: &Running, lines: &str) {
    assert_eq!(server.connect().request("POST", LOG, &[KEY], lines.as_bytes()).status, 200);
}

#[test]
fn tail_prints_what_the_query_asks_for_without_anything_that_steers_a_terminal() {
    let server = start(&["--mode", "tree"]);
    let port = server.port.to_string();
    for (flag, expected) in [(None, "failed�[31m"), (Some("--json"), "\"name\":\"failed\\u001b[31m\"")] {
        let mut tail = maxim_dev(&["tail", "--port", &port, "level:error", "name:failed"])
            .args(flag)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut lines = BufReader::new(tail.stdout.take().expect("a pipe")).lines();
        let (give, take) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let _ = give.send(lines.next().expect("a line").expect("text"));
        });
        // It begins with what arrives once it watches, which nobody else can see: so it is logged until it shows.
        let line = loop {
            log(&server, "trace{id=a,action=create,data={\"name\":\"fine\"}}");
            log(&server, "trace{id=b,action=create,data={\"name\":\"failed\\u001b[31m\",\"error\":\"x\"}}");
            if let Ok(line) = take.recv_timeout(std::time::Duration::from_millis(50)) {
                break line;
            }
        };
        tail.kill().expect("killed");
        tail.wait().expect("ended");
        reader.join().expect("read");
        assert!(line.contains(expected) && !line.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn who_watches_the_server_through_a_pipe_sees_a_line_for_each_thing() {
    let mut child = maxim_dev(&["--port", "0", "--mode", "tree", "--live"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("text");
    let port = first.rsplit(':').next().expect("a port").to_owned();
    let file = scratch("piped");
    std::fs::write(&file, "trace{id=a,action=create,data={\"name\":\"unused\"}}\n").expect("written");
    let (code, said, _) = output(maxim_dev(&["import", "--port", &port]).arg(&file));
    assert_eq!((code, said.starts_with("1 lines")), (Some(0), true), "{said}");
    assert!(lines.next().expect("a line").expect("text").contains("import"));
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn an_export_is_replayed_to_an_endpoint_in_its_order() {
    let (from, to) = (start(&["--mode", "tree"]), start(&["--mode", "tree", "--check-seq"]));
    let lines: Vec<_> =
        (0..500).map(|n| format!("trace{{id=t{n},action=create,data={{\"name\":\"seq-w-{n}\"}}}}")).collect();
    log(&from, &lines.join("\n"));
    from.connect().request("POST", "/v1/logs", &[STRUCTURED_KEY], b"{\"logs\":[{\"message\":\"m\"}]}");
    let (code, export, _) = output(&mut maxim_dev(&["export", "--port", &from.port.to_string()]));
    assert_eq!((code, export.lines().count()), (Some(0), 501));
    let file = scratch("export");
    std::fs::write(&file, &export).expect("written");
    let url = format!("http://127.0.0.1:{}", to.port);
    let replay = |url: &str| {
        let path = file.to_str().expect("UTF-8").to_owned();
        output(maxim_dev(&["replay", &path, "--to", url]).env("MAXIM_API_KEY", "k"))
    };
    assert_eq!(replay(&url).1, format!("501 records were sent to {url}\n"));
    let stats = to.get("/stats");
    assert_eq!((&stats["lines"], &stats["entries"]), (&500.into(), &1.into()));
    let seq = to.get("/seq");
    assert_eq!((&seq["totals"]["missing"], &seq["totals"]["out_of_order"]), (&0.into(), &0.into()));
    // A key does not go out in clear, not even to a name that only begins like this machine's.
    for url in [
        "http://example.invalid",
        "http://127.0.0.1.evil.invalid",
        "http://localhost@evil.invalid",
        "http://127.0.0.1:80@evil.invalid",
    ] {
        let (code, _, said) = replay(url);
        assert!(code == Some(1) && said.contains("https"), "{url}: {said}");
    }
    to.control("{\"status\": 503}");
    let (code, _, said) = replay(&url);
    assert!(code == Some(1) && said.contains("503"), "{said}");
}

#[test]
fn the_tree_and_completion_are_printed_and_a_server_that_is_not_there_is_named() {
    let server = start(&["--mode", "tree"]);
    log(&server, "trace{id=a,action=create,data={\"name\":\"chat\"}}");
    let (code, tree, _) = output(&mut maxim_dev(&["tree", "--port", &server.port.to_string()]));
    assert_eq!((code, tree.as_str()), (Some(0), "repository  repo-1\n└─ trace  chat  a\n"));
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, _) = output(&mut maxim_dev(&["completion", shell]));
        assert!(code == Some(0) && script.contains("drop-after-accept"), "{script}");
        for choices in [["tree", "count", "quiet"], ["bash", "zsh", "fish"]] {
            assert!(script.contains(&choices.join(" ")), "{shell} does not offer {choices:?}: {script}");
        }
    }
    let (code, _, said) = output(&mut maxim_dev(&["tail", "--port", "1"]));
    assert!(code == Some(1) && said.contains("no maxim-dev at 127.0.0.1:1"), "{said}");
    assert_eq!(output(&mut maxim_dev(&["tail", "--port", "1", "colour:red"])).0, Some(1));
    assert_eq!(output(&mut maxim_dev(&["import"])).0, Some(2));
}

#[test]
fn an_empty_spool_says_so_and_rubbish_in_it_is_no_harm() {
    let place = scratch("spool");
    let instance = place.join("identity").join("1700000000000000000-4194305-abc");
    std::fs::create_dir_all(place.join("identity/quarantine")).expect("made");
    std::fs::create_dir_all(&instance).expect("made");
    let directory = place.to_str().expect("UTF-8").to_owned();
    let (code, said, _) = output(&mut maxim_dev(&["spool", &directory]));
    assert!(code == Some(0) && said.contains("everything that was logged has left there\n"), "{said}");
    std::fs::write(instance.join("x.seg"), [0xff; 9000]).expect("written");
    let aside = r#"{"time":1,"reason":"400 bad \u001b[31m","kind":0,"record":"trace{…}"}"#;
    std::fs::write(place.join("identity/quarantine/0000000001-x.json"), aside).expect("written");
    let (_, said, _) = output(&mut maxim_dev(&["spool", &directory]));
    assert!(said.contains("1 segments could not be read") && said.contains("400 bad �[31m"), "{said}");
    let (_, json, _) = output(&mut maxim_dev(&["spool", "--json", &directory]));
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&json["holders"][0]["alive"], &json["holders"][0]["pid"]),
        (&false.into(), &4_194_305.into())
    );
}

#[test]
fn the_spool_of_each_user_below_a_directory_is_seen_and_what_is_no_directory_is_refused() {
    let place = scratch("spool-shared");
    let instance = place.join("maxim-4711/identity/1700000000000000000-4194305-abc");
    std::fs::create_dir_all(&instance).expect("made");
    std::fs::write(instance.join("x.seg"), [0xff; 9000]).expect("written");
    let directory = place.to_str().expect("UTF-8").to_owned();
    let (code, said, _) = output(&mut maxim_dev(&["spool", &directory]));
    assert!(code == Some(0) && said.contains("1 segments could not be read"), "{said}");
    let (_, said, _) = output(maxim_dev(&["spool", "--json"]).env("MAXIM_SPOOL_DIR", &directory));
    assert!(said.contains("maxim-4711/identity"), "{said}");
    let file = instance.join("x.seg").to_str().expect("UTF-8").to_owned();
    for wrong in [format!("{directory}-misspelt"), file] {
        for flag in [None, Some("--json"), Some("--export")] {
            let (code, said, why) = output(maxim_dev(&["spool", &directory, &wrong]).args(flag));
            assert!(code == Some(1) && said.is_empty() && why.contains(&wrong), "{said}{why}");
        }
    }
}

#[test]
fn a_file_without_a_record_is_no_success_and_lines_of_other_text_are_counted() {
    let server = start(&["--mode", "tree"]);
    let (port, url) = (server.port.to_string(), format!("http://127.0.0.1:{}", server.port));
    let file = scratch("foreign");
    let path = file.to_str().expect("UTF-8").to_owned();
    let import = || output(&mut maxim_dev(&["import", "--port", &port, &path]));
    let replay = |key: Option<&str>| {
        let mut command = maxim_dev(&["replay", &path, "--to", &url]);
        output(command.env_remove("MAXIM_API_KEY").envs(key.map(|key| ("MAXIM_API_KEY", key))))
    };
    for foreign in ["my-host\n", "[1]\n", "\"text\"\n", "\n\nname,age\na,1\n", "{\"a\":1}\n"] {
        std::fs::write(&file, foreign).expect("written");
        for (code, said, why) in [import(), replay(Some("k"))] {
            assert!(
                code == Some(1) && said.is_empty() && why.contains("neither a line"),
                "{foreign}: {said}{why}"
            );
        }
    }
    assert_eq!((&server.get("/stats")["requests"], &server.get("/stats")["lines"]), (&0.into(), &0.into()));
    // As `--lines` writes it where raw documents came too.
    std::fs::write(&file, "some words\ntrace{id=a,action=create,data={}}\nmore words\r\n").expect("written");
    let (code, said, _) = import();
    assert!(code == Some(0) && said.starts_with("1 lines") && said.contains("2 others"), "{said}");
    for key in [None, Some(""), Some(" ")] {
        let (code, _, why) = replay(key);
        assert!(code == Some(1) && why.contains("MAXIM_API_KEY is not set"), "{why}");
    }
    let (code, said, _) = replay(Some("k"));
    assert!(code == Some(0) && said.starts_with("1 records") && said.contains("2 others"), "{said}");
    assert_eq!(server.get("/stats")["lines"], 1);
    server.control("{\"unauthorized\": true}");
    let (code, _, why) = replay(Some("k"));
    assert!(code == Some(1) && why.contains("401") && why.contains("MAXIM_API_KEY"), "{why}");
    std::fs::write(&file, "").expect("written");
    assert_eq!(import().0, Some(0), "the export of an empty server");
    let counting = start(&["--mode", "count"]);
    let (code, _, why) = output(maxim_dev(&["import", "--port", &counting.port.to_string()]).arg(&file));
    assert!(code == Some(1) && why.contains("--mode tree"), "{why}");
}

#[test]
fn a_port_that_is_in_use_is_named_with_what_to_do() {
    let server = start(&[]);
    let port = server.port.to_string();
    let store = scratch("in-use");
    let relay = ["relay", "--to", "http://127.0.0.1:9", "--store", store.to_str().expect("UTF-8")];
    for words in [&[][..], &relay] {
        let mut command = maxim_dev(words);
        let (code, _, why) = output(command.args(["--port", &port]).env("MAXIM_API_KEY", "k"));
        assert!(code == Some(1) && why.contains(&format!("127.0.0.1:{port}")), "{why}");
        assert!(why.contains("--port N"), "{why}");
    }
}

#[test]
fn the_tree_has_what_was_imported_and_what_a_file_kept() {
    let path = scratch("tree-kept");
    let flags = ["--mode", "tree", "--db", path.to_str().expect("UTF-8")];
    let tree = |server: &Running| output(&mut maxim_dev(&["tree", "--port", &server.port.to_string()])).1;
    let mut server = start(&flags);
    log(&server, "trace{id=a,action=create,data={\"name\":\"chat\"}}");
    let raw = "/v1/logs?format=csv&source=shop";
    server.connect().request("POST", raw, &[STRUCTURED_KEY], b"a,b\n1,2\n");
    server.connect().request("POST", raw, &[STRUCTURED_KEY], b"c,d\n");
    let expected = "repository  repo-1\n└─ trace  chat  a\napplication logs\n\
                    ├─ raw  csv  2 lines, 8 B\n│     options  source=shop\n│     a,b\n│     1,2\n\
                    └─ raw  csv  1 lines, 4 B\n      options  source=shop\n      c,d\n";
    assert_eq!(tree(&server), expected);
    assert!(server.stop().stdout.contains(expected));
    let mut server = start(&flags);
    assert_eq!(tree(&server), expected);
    let file = scratch("tree-import");
    std::fs::write(&file, "trace{id=b,action=create,data={\"name\":\"brought\"}}\n").expect("written");
    output(maxim_dev(&["import", "--port", &server.port.to_string()]).arg(&file));
    assert!(tree(&server).contains("brought") && tree(&server).contains("chat"));
    // A reset leaves the file as it is, and the tree without what it keeps.
    server.connect().request("POST", "/control/reset", &[], b"");
    assert_eq!(tree(&server), "nothing arrived\n");
    log(&server, "trace{id=c,action=create,data={\"name\":\"later\"}}");
    assert_eq!(tree(&server), "repository  repo-1\n└─ trace  later  c\n");
    // At the end: what this run has seen.
    let said = server.stop().stdout;
    assert!(said.contains("later") && !said.contains("chat"), "{said}");
}

#[test]
fn a_command_ends_when_nobody_reads_it() {
    let server = start(&["--mode", "tree"]);
    let port = server.port.to_string();
    let mut tail = maxim_dev(&["tail", "--port", &port]).stdout(Stdio::piped()).spawn().expect("it runs");
    drop(tail.stdout.take());
    // It notices when it has something to say.
    let status = loop {
        log(&server, "trace{id=a,action=create,data={}}");
        match tail.try_wait().expect("a status") {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    };
    assert!(status.success(), "{status}");
}
