//! Host programs, and a host process that is told things while it runs: it prints lines, and goes on at its `wait` verbs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;

use super::{Scratch, compile, probe};

/// A C program of the tests' own, in a directory of its own, where its spool is too.
pub struct Host {
    pub scratch: Scratch,
    pub program: PathBuf,
}

impl Host {
    pub fn new(source: &str, name: &str) -> Host {
        let scratch = Scratch::new(name);
        let program = compile(source, &scratch);
        Host { scratch, program }
    }

    pub fn spool(&self) -> PathBuf {
        self.scratch.path().join("spool")
    }

    pub fn probe<I: AsRef<OsStr>>(&self, url: &str, verbs: &[I]) -> Command {
        probe(&self.program, url, &self.spool(), verbs)
    }

    /// That process, for one that is told things.
    pub fn start<I: AsRef<OsStr>>(&self, url: &str, verbs: &[I]) -> HostProcess {
        HostProcess::start(self.probe(url, verbs))
    }
}

/// A running host process; it ends with this value.
pub struct HostProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl HostProcess {
    pub fn start(mut command: Command) -> HostProcess {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        HostProcess { child, stdin, stdout }
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the process has ended: {:?}", self.child.wait());
        line.trim().to_owned()
    }

    pub fn json(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Lets it go on after a `wait`.
    pub fn tell(&mut self) {
        self.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: kill touches no memory; the child is ours and not yet waited for.
        assert_eq!(unsafe { libc::kill(self.pid(), signal) }, 0);
    }

    pub fn end(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub fn must_succeed(&mut self) {
        let status = self.end();
        assert!(status.success(), "{status}");
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
