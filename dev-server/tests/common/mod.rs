//! A running `maxim-dev` and a client that writes raw bytes to it. The process ends with the value that holds it.
#![allow(dead_code, reason = "each test program uses a part of it")]

#[path = "../../../tests/common/port.rs"]
pub mod port;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A wait that no healthy run comes near to.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Running {
    child: Child,
    /// Closing it ends the server.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    pub port: u16,
}

/// What a server left behind.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
}

pub fn start(flags: &[&str]) -> Running {
    start_by(&mut Command::new(env!("CARGO_BIN_EXE_maxim-dev")), flags)
}

/// Starts it with a command that ends in the program.
pub fn start_by(command: &mut Command, flags: &[&str]) -> Running {
    let mut child = command
        .args(["--port", "0", "--exit-when-stdin-closes"])
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("maxim-dev starts");
    let stdin = child.stdin.take();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    let port = line
        .trim_end()
        .strip_prefix("maxim-dev listening on http://127.0.0.1:")
        .and_then(|port| port.parse().ok())
        .unwrap_or_else(|| panic!("unexpected first line {line:?}"));
    Running { child, stdin, stdout, port }
}

impl Running {
    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Client { stream: BufReader::new(stream) }
    }

    pub fn get(&self, target: &str) -> Value {
        self.connect().request("GET", target, &[], b"").json()
    }

    pub fn control(&self, body: &str) {
        let answer = self.connect().request("POST", "/control", &[], body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end that something else brings about.
    pub fn wait(&mut self) -> Ended {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).expect("text");
        Ended { status: self.child.wait().expect("a status"), stdout }
    }

    pub fn stop(&mut self) -> Ended {
        drop(self.stdin.take());
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Client {
    pub stream: BufReader<TcpStream>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl Client {
    /// Sends bytes as they are; whether the peer still takes them is seen when an answer is read.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes);
    }

    pub fn send_request(&mut self, method: &str, target: &str, headers: &[&str], body: &[u8]) {
        let mut head =
            format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        self.send(&[head.as_bytes(), b"\r\n", body].concat());
    }

    pub fn request(&mut self, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Answer {
        self.send_request(method, target, headers, body);
        self.answer().unwrap_or_else(|error| panic!("no answer to {method} {target}: {error}"))
    }

    /// Pushes log lines.
    pub fn log(&mut self, body: &str) -> Answer {
        self.request("POST", LOG, &[KEY], body.as_bytes())
    }

    pub fn answer(&mut self) -> std::io::Result<Answer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("no status line: {line:?}")))?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => break,
            }
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        answer.body = vec![0; length];
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).map(|_| rest)
    }
}

pub const LOG: &str = "/api/sdk/v3/log?id=repo-1";
pub const KEY: &str = "x-maxim-api-key: test";
pub const STRUCTURED_KEY: &str = "X-API-Key: test";

/// A path for a file of this test, in a folder that cargo clears.
pub fn scratch(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}
