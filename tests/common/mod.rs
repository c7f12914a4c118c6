//! What the tests share: the built library, a C compiler, a `maxim-dev` process, and host processes.
//!
//! Tests check promises through the C ABI of the release library against a real server, so they need
//! both built: `make test` does that, and `make lib server` before a single `cargo test --test name`.
//!
//! `make sanitize` runs the same tests otherwise: `MAXIM_TEST_LIBRARY` names another build of the shared
//! library, `MAXIM_TEST_CFLAGS` further flags for the C programs, and `MAXIM_TEST_UNDER` a command that
//! runs them (valgrind).

#![allow(dead_code)] // Each test uses its part of this.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

pub mod collector;
pub mod host;
pub mod ids;
pub mod port;
pub mod scripted;
pub mod service;
pub mod vectors;

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Something that `make test` has built.
pub fn built(path: &str) -> PathBuf {
    let path = root().join("build").join(path);
    assert!(path.exists(), "{} is missing: run `make test`, or `make lib server hooks` once", path.display());
    path
}

/// A directory of the test's own, removed at its end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("maxim-test-{name}-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running `maxim-dev`; it ends with this value.
pub struct Server {
    child: Child,
    _stdin: ChildStdin,
    pub port: u16,
}

impl Server {
    /// Starts a server on any port, or on the one given in `flags`.
    pub fn start(flags: &[&str]) -> Server {
        let mut command = Command::new(built("bin/maxim-dev"));
        if !flags.contains(&"--port") {
            command.args(["--port", "0"]);
        }
        let mut child = command
            .args(["--exit-when-stdin-closes", "--mode", "quiet"])
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("maxim-dev said {line:?}"));
        let stdin = child.stdin.take().unwrap();
        Server { child, _stdin: stdin, port }
    }

    /// A server that writes what arrives to a file of this kind, `record` or `lines`, and the file.
    pub fn writing(kind: &str, scratch: &Scratch) -> (Server, PathBuf) {
        let file = scratch.path().join(kind);
        (Server::start(&[&format!("--{kind}"), file.to_str().unwrap()]), file)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The JSON answer of a GET.
    pub fn get(&self, path: &str) -> Value {
        let body = http(self.port, "GET", path, "");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("GET {path}: {error}: {body}"))
    }

    /// Exact counts of what arrived.
    pub fn stats(&self) -> Value {
        self.get("/stats")
    }

    /// One count of `/stats`.
    pub fn count(&self, name: &str) -> u64 {
        let stats = self.stats();
        stats[name].as_u64().unwrap_or_else(|| panic!("no count {name} in {stats}"))
    }

    /// What became of the marked records: needs `--check-seq`.
    pub fn sequences(&self) -> Value {
        self.get("/seq")
    }

    /// Changes how the server behaves.
    pub fn control(&self, behaviour: Value) {
        http(self.port, "POST", "/control", &behaviour.to_string());
    }

    /// Waits until a count has reached a value.
    pub fn wait_for(&self, name: &str, at_least: u64, timeout: Duration) {
        let start = Instant::now();
        loop {
            let count = self.count(name);
            if count >= at_least {
                return;
            }
            assert!(start.elapsed() < timeout, "{name} is {count} after {timeout:?}, not {at_least}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A URL of this machine at which nobody answers until the test has a server there, and its port.
pub fn nobody() -> (String, String) {
    let port = port::free_port();
    (format!("http://127.0.0.1:{port}"), port.to_string())
}

/// The files that hold a text: in a spool directory, and in shared memory, which is everybody's.
pub fn kept_with(spool: &Path, text: &[u8]) -> Vec<PathBuf> {
    fn look(directory: &Path, text: &[u8], found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => look(&path, text, found),
                false => {
                    let bytes = std::fs::read(&path).unwrap_or_default();
                    found.extend(memchr::memmem::find(&bytes, text).map(|_| path));
                }
            }
        }
    }
    let user = String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap();
    let mut found = Vec::new();
    for directory in [spool, &Path::new("/dev/shm").join(format!("maxim-{}", user.trim()))] {
        look(directory, text, &mut found);
    }
    found
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn http(port: u16, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {head}: {body}");
    body.to_owned()
}

/// The C compiler.
pub fn cc() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

/// What `tools/abi` says of the ABI.
pub fn api() -> serde_json::Value {
    let file = std::fs::File::open(root().join("include/maxim.api.json")).unwrap();
    serde_json::from_reader(std::io::BufReader::new(file)).unwrap()
}

/// The text of a member of it.
fn word(of: &serde_json::Value, name: &str) -> String {
    of[name].as_str().unwrap_or_else(|| panic!("no {name} in {of}")).to_owned()
}

/// Type and name of each item of a list of it.
pub fn typed(list: &serde_json::Value) -> Vec<(String, String)> {
    list.as_array().unwrap().iter().map(|item| (word(item, "c"), word(item, "name"))).collect()
}

/// One function of the header.
pub struct Function {
    pub returns: String,
    pub name: String,
    /// Type and name of each.
    pub parameters: Vec<(String, String)>,
    /// The statuses that it can give.
    pub statuses: Vec<String>,
    pub doc: String,
}

/// Every exported function.
pub fn exported_functions() -> Vec<Function> {
    let function = |of: &serde_json::Value| Function {
        returns: word(&of["returns"], "c"),
        name: word(of, "name"),
        parameters: typed(&of["parameters"]),
        statuses: of["statuses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each.as_str().unwrap().to_owned())
            .collect(),
        doc: word(of, "doc"),
    };
    api()["functions"].as_array().unwrap().iter().map(function).collect()
}

/// The fields of every struct that begins with its size, by the struct's name.
pub fn sized_structs() -> BTreeMap<String, Vec<(String, String)>> {
    let api = api();
    let structs = api["structs"].as_array().unwrap().iter().filter(|each| each["sized"] == true);
    structs.map(|each| (word(each, "name"), typed(&each["fields"]))).collect()
}

/// The shared library: the one given here, unless another is under test.
pub fn library(usual: &str) -> PathBuf {
    std::env::var_os("MAXIM_TEST_LIBRARY").map_or_else(|| built(usual), PathBuf::from)
}

/// The file name that programs look for the shared library under.
pub fn soname() -> String {
    let (major_minor, _) = env!("CARGO_PKG_VERSION").rsplit_once('.').expect("a version has three parts");
    format!("libmaxim.so.{major_minor}")
}

/// The words of an environment variable.
pub fn words(name: &str) -> Vec<String> {
    std::env::var(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// Compiles a C program against the release shared library and gives its path.
pub fn compile(source: &str, scratch: &Scratch) -> PathBuf {
    compile_with(source, scratch, &library("lib/libmaxim.so"))
}

/// Compiles a C program against a shared library and gives its path.
pub fn compile_with(source: &str, scratch: &Scratch, lib: &Path) -> PathBuf {
    compile_into(source, scratch.path(), lib)
}

/// As [`compile_with`], for a program that outlives a test.
pub fn compile_into(source: &str, directory: &Path, lib: &Path) -> PathBuf {
    let source = root().join(source);
    let program = directory.join(source.file_stem().unwrap());
    // Put in its place when it is whole: another run of the tests may be at the same one.
    let unfinished = program.with_extension(std::process::id().to_string());
    let lib = lib.parent().unwrap();
    let mut rpath = std::ffi::OsString::from("-Wl,-rpath,");
    rpath.push(lib);
    run(cc()
        .args(["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-deprecated-declarations"])
        .arg("-I")
        .arg(root().join("include"))
        .arg("-I")
        .arg(root().join("tests/c"))
        .arg(&source)
        .arg("-o")
        .arg(&unfinished)
        .arg("-L")
        .arg(lib)
        .arg(rpath)
        .args(["-lmaxim", "-lpthread", "-lm"])
        .args(words("MAXIM_TEST_CFLAGS")));
    std::fs::rename(&unfinished, &program).unwrap();
    under(program)
}

/// A program, or a script that runs it under the command asked for.
pub fn under(program: PathBuf) -> PathBuf {
    let command = words("MAXIM_TEST_UNDER");
    if command.is_empty() {
        return program;
    }
    let script = program.with_extension("under");
    let text = format!("#!/bin/sh\nexec {} '{}' \"$@\"\n", command.join(" "), program.display());
    std::fs::write(&script, text).unwrap();
    run(Command::new("chmod").arg("+x").arg(&script));
    script
}

/// Runs a command that must succeed, and gives what it printed.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, both(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a process printed, for a failure's message.
pub fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A host process of the tests' own: see `tests/c/probe.c` for its verbs.
pub fn probe<I: AsRef<OsStr>>(program: &Path, server: &str, spool: &Path, verbs: &[I]) -> Command {
    let mut command = Command::new(program);
    // Records in shared memory belong to server and key; ports come round again, and this key does not.
    let key = format!("key-of{}", spool.display());
    command.args(verbs).env("MAXIM_BASE_URL", server).env("MAXIM_SPOOL_DIR", spool).env("MAXIM_API_KEY", key);
    command.stdin(Stdio::null());
    command
}
