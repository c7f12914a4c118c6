//! Results as hostile or careless sides have them: each ends its generation, what can be read of it is read, what
//! cannot arrives whole. Through the C ABI, against a real server: what arrived is looked at.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::vectors::recorded;
use common::{Scratch, Server, compile};
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

/// What is expected of a body.
enum Wanted {
    /// The text of the answer.
    Text(&'static str),
    /// The text of the answer, and the message of the error it ended in.
    BrokenOff(&'static str, &'static str),
    /// The body itself, as one text.
    Whole,
}

/// A chat completion that says `Héllo`.
fn answer() -> String {
    json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "Héllo"}, "finish_reason": "stop"}]})
    .to_string()
}

fn chunk(text: &str) -> String {
    json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
        {"index": 0, "delta": {"content": text}}]})
    .to_string()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, mark: bool, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(to_bytes).collect()
}

/// As Python prints a value.
fn python(json: &str) -> String {
    json.replace('"', "'").replace("null", "None").replace("true", "True")
}

fn bodies() -> Vec<(&'static str, Vec<u8>, Wanted)> {
    use Wanted::{BrokenOff, Text, Whole};
    let (answer, one, two) = (answer(), chunk("Hé"), chunk("llo"));
    let hello = || Text("Héllo");
    let text = |text: String| text.into_bytes();
    let with = |member: &str| text(answer.replacen("\"created\":1", member, 1));
    let error = r#"{"error":{"message":"Overloaded","type":"overloaded_error"}}"#;
    vec![
        ("gzip", gzip(&answer), hello()),
        ("gzip of a stream", gzip(&format!("data: {one}\n\ndata: {two}\n\n")), hello()),
        ("zlib", zlib(&answer), hello()),
        ("UTF-16 with a mark, little-endian", utf16(&answer, true, u16::to_le_bytes), hello()),
        ("UTF-16 with a mark, big-endian", utf16(&answer, true, u16::to_be_bytes), hello()),
        ("UTF-16", utf16(&answer, false, u16::to_le_bytes), hello()),
        ("a byte order mark", text(format!("\u{feff}{answer}")), hello()),
        ("bytes that are no UTF-8", answer.replace('é', "\u{1}").bytes().map(|b| if b == 1 { 0xe9 } else { b }).collect(), Text("H\u{fffd}llo")),
        ("NaN", with("\"created\":NaN"), hello()),
        ("Infinity", with("\"created\":1,\"score\":-Infinity"), hello()),
        ("a number beyond 64 bits", with("\"created\":123456789012345678901234567890"), hello()),
        ("a number beyond a double", with("\"created\":1e999"), hello()),
        ("a name twice", with("\"created\":1,\"id\":\"d\",\"id\":\"e\""), hello()),
        ("a comma before the end", text(answer.replace('}', ",}")), hello()),
        ("a control character in a text", text(answer.replace('é', "\n")), Text("H\nllo")),
        ("comments", text(format!("/* from a cache */ {answer} // end")), hello()),
        ("Python's way", text(python(&answer)), hello()),
        ("Python's list of chunks", text(python(&format!("[{one}, {two}]"))), hello()),
        ("Python's objects", text("ChatCompletion(id='c', choices=[Choice(finish_reason='stop', index=0, message=ChatCompletionMessage(content='Héllo', role='assistant', tool_calls=None))], created=1, model='m')".to_owned()), hello()),
        ("a block of code", text(format!("```json\n{answer}\n```\n")), hello()),
        ("an HTTP response", text(format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{answer}")), hello()),
        ("a text of a text of a text", text(json!(json!(answer).to_string()).to_string()), hello()),
        ("events without an end", text(format!("data: {one}\n\ndata: {two}")), hello()),
        ("events with lines of CRLF", text(format!(": hi\r\nevent: x\r\ndata:{one}\r\n\r\n: still here\r\n\r\ndata: {two}\r\n\r\ndata: [DONE]\r\n\r\n")), hello()),
        ("events with lines of CR", text(format!("data: {one}\r\rdata: {two}\r\rdata:[DONE]\r\r")), hello()),
        ("events behind the head of a response", text(format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {one}\n\ndata: {two}\n\n")), hello()),
        ("events in pieces", text(json!([format!("data: {}", &one[..20]), format!("{}\n\nda", &one[20..]), format!("ta: {two}\n\n")]).to_string()), hello()),
        ("events of Python's dicts", text(format!("data: {}\n\ndata: {}\n\n", python(&one), python(&two))), hello()),
        ("lines of CRLF", text(format!("\r\n{one}\r\n\r\n{two}\r\n")), hello()),
        ("values one behind the other", text(format!("{one}{two}")), hello()),
        ("events that end in an error", text(format!("data: {one}\n\ndata: {error}\n\n")), BrokenOff("Hé", "Overloaded")),
        ("lines that end in an error", text(format!("{one}\n{error}\n")), BrokenOff("Hé", "Overloaded")),
        ("10,000 levels", with(&format!("\"deep\":{}{}", "[".repeat(10_000), "]".repeat(10_000))), Whole),
        ("10,000 levels that never end", text("{'a':[".repeat(5_000)), Whole),
        ("10,000 calls in calls", text("f(a=".repeat(10_000)), Whole),
        ("a call in a model's text", text("get_weather(city='Paris')".to_owned()), Whole),
        ("a list of calls", text("[f(a=1)]".to_owned()), Whole),
        ("lines of calls", text("f(a=1)\ng(b=2)\n".to_owned()), Whole),
        ("a call of an object", text("f({\"a\":1})".to_owned()), Whole),
        ("a call like an error", text("notify(message='Done')".to_owned()), Whole),
        ("Python's chunks, line by line", text(["Chunk(id='c', choices=[Choice(index=0, delta=Delta(content='Hé'))])", "Chunk(id='c', choices=[Choice(index=0, delta=Delta(content='llo'))])"].join("\n")), hello()),
        ("Python's object with an answer in it", text(format!("Response(status=200, body={})", python(&answer))), hello()),
        ("chunks in the lines of a log", text(format!("2024-05-01T12:00:00.123Z INFO chunk={one}\n2024-05-01T12:00:01.456Z INFO chunk={two}\n2024-05-01T12:00:02.789Z INFO [DONE]\n")), hello()),
        ("an answer in somebody's text", text(format!("Model A said: {answer}, which I had not expected.")), Whole),
        ("an answer in a callback", text(format!("callback({answer});")), hello()),
        ("a page", text("<html>\n<title>502</title>\nNo \"answer\" {today}\n</html>\n".to_owned()), Whole),
        ("a word", text("upstream timed out (504)".to_owned()), Whole),
    ]
}

#[test]
fn every_result_ends_its_generation_and_loses_nothing_that_can_be_read() {
    let scratch = Scratch::new("odd-results");
    let (server, record) = Server::writing("record", &scratch);
    let program = compile("tests/c/corpus.c", &scratch);
    let bodies = bodies();
    let mut child = Command::new(program)
        .arg(server.url())
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .env("MAXIM_WARNINGS", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // All of it fits into what the program reads before it answers, or is read while it is written.
    let mut stdin = child.stdin.take().unwrap();
    let given: Vec<Vec<u8>> = bodies.iter().map(|(_, body, _)| body.clone()).collect();
    let feeder = std::thread::spawn(move || {
        for body in given {
            stdin.write_all(format!("{}\n", body.len()).as_bytes()).unwrap();
            stdin.write_all(&body).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(output.status.success(), "the program ended with {}", output.status);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), bodies.len());

    let bodies_of_requests: Vec<String> =
        recorded(&record).iter().map(|request| request["body"].as_str().unwrap().to_owned()).collect();
    let lines: Vec<&str> = bodies_of_requests.iter().flat_map(|body| body.lines()).collect();
    for (at, ((name, body, wanted), said)) in bodies.iter().zip(said.lines()).enumerate() {
        let is_recognised = !matches!(wanted, Wanted::Whole);
        assert_eq!(said, format!("0 {}", u8::from(is_recognised)), "{name}");
        let of = |action: &str| {
            let begin = format!("generation{{id=c{at},action={action},data=");
            let mut found = lines.iter().filter_map(|line| line.strip_prefix(&begin));
            let data = found.next().unwrap_or_else(|| panic!("{name}: no {action}"));
            assert_eq!(found.next(), None, "{name}: {action} twice");
            serde_json::from_str::<Value>(data.strip_suffix('}').unwrap()).unwrap()
        };
        of("end");
        let result = &of("result")["result"];
        let content = &result["choices"][0]["message"]["content"];
        match wanted {
            Wanted::Text(text) => assert_eq!(content, text, "{name}: {result}"),
            Wanted::BrokenOff(text, why) => {
                assert_eq!(
                    (content, &result["error"]["message"]),
                    (&json!(text), &json!(why)),
                    "{name}: {result}"
                );
            }
            Wanted::Whole => assert_eq!(result.as_str(), std::str::from_utf8(body).ok(), "{name}"),
        }
    }
}
