//! What the torture tests share: their size, host processes that can be told things, what those
//! processes accepted, and the rows of the table.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::host::HostProcess;
pub use crate::common::nobody;
use crate::common::{Scratch, Server, both, cc, compile_into, library, probe, root, run, soname};

/// Slots of the tally: see `tests/c/torture.h`.
const TALLY_SLOTS: usize = 4096;
/// The slot of the first forked child.
pub const CHILD_SLOTS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(120);
/// Numbers of users that no system gives to anybody.
const OTHER_USERS: u32 = 60_000;
/// Tests of one run that have one.
const USERS_OF_ONE_RUN: u32 = 16;

/// `full` in a run of `make torture`, else `short`.
pub fn scaled<T>(short: T, full: T) -> T {
    if std::env::var_os("MAXIM_TORTURE").is_some_and(|size| size == "full") { full } else { short }
}

/// Which of the three protocols a test speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Client {
    Maxim,
    Structured,
    /// A record is a trace: two lines, and the span that they become.
    Otlp,
}

impl Client {
    /// What `maxim-dev` counts of it.
    pub fn records_of(self, server: &Server) -> u64 {
        server.count(match self {
            Client::Maxim => "lines",
            Client::Structured => "entries",
            Client::Otlp => "spans",
        })
    }

    /// Whether a logger's stats may say so of so many delivered records: what is open is put back meanwhile, and counts.
    pub fn is_booked(self, delivered: u64, records: u64) -> bool {
        match self {
            Client::Maxim | Client::Structured => delivered == records,
            Client::Otlp => delivered >= 3 * records,
        }
    }

    /// Whether a process that ends between the two steps of its records has them sent twice.
    pub fn repeats(self) -> bool {
        self == Client::Otlp
    }

    /// The directories in shared memory that one logger has.
    pub fn instances(self) -> usize {
        if self == Client::Otlp { 2 } else { 1 }
    }

    /// The most records of so many bytes in one batch: architecture.md, delivery. One of application logs is up to 16
    /// requests of 100 at a time where answers take more than 10 ms, as on a busy machine.
    pub fn batch(self, record_bytes: u64) -> u64 {
        match self {
            Client::Maxim => 5_000_000 / record_bytes.max(1),
            Client::Structured => 16 * 100,
            // A span of the probe's takes no less; in the average there are also the heads of small requests, of which a
            // busy machine sends more.
            Client::Otlp => (900 << 10) / record_bytes.clamp(1, 128),
        }
    }
}

/// Makes three tests of a function: one for each client.
macro_rules! for_all_clients {
    ($($test:ident)+) => {
        $crate::bench::for_both_clients! { $($test)+ }
        mod by_otlp { $(
            #[test]
            fn $test() {
                super::$test($crate::bench::Client::Otlp);
            }
        )+ }
    };
}
pub(crate) use for_all_clients;

/// Makes two tests of a function: one for each service.
macro_rules! for_both_clients {
    ($($test:ident)+) => { $(
        mod $test {
            #[test]
            fn of_the_maxim_logger() {
                super::$test($crate::bench::Client::Maxim);
            }

            #[test]
            fn of_the_log_client() {
                super::$test($crate::bench::Client::Structured);
            }
        }
    )+ };
}
pub(crate) use for_both_clients;

/// A row of the table: written when it is dropped, failed if that happens in a panic.
pub struct Row {
    test: String,
    start: Instant,
    pub accepted: u64,
    pub delivered: u64,
    pub held: u64,
    pub dropped: u64,
    pub duplicates: u64,
    pub crashes: u64,
    /// Figures that have no column.
    pub note: String,
}

impl Row {
    pub fn new(test: &str) -> Row {
        Row::of(test, Client::Maxim)
    }

    pub fn of(test: &str, client: Client) -> Row {
        Row {
            test: match client {
                Client::Maxim => test.to_owned(),
                Client::Structured => format!("{test}; application logs"),
                Client::Otlp => format!("{test}; OTLP"),
            },
            start: Instant::now(),
            accepted: 0,
            delivered: 0,
            held: 0,
            dropped: 0,
            duplicates: 0,
            crashes: 0,
            note: String::new(),
        }
    }

    /// Adds what a process says of its logger.
    pub fn add_stats(&mut self, stats: &Value) {
        let of = |name: &str| stats[name].as_u64().unwrap_or_else(|| panic!("no {name} in {stats}"));
        let dropped =
            of("dropped_memory") + of("dropped_disk") + of("dropped_expired") + of("dropped_corrupt");
        let sum = of("delivered") + of("held") + dropped + of("quarantined");
        assert_eq!(of("accepted") + of("adopted"), sum, "the books do not balance: {stats}");
        self.accepted += of("accepted");
        self.delivered += of("delivered");
        self.held += of("held");
        self.dropped += dropped + of("quarantined");
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        let verdict = if std::thread::panicking() { "FAILED" } else { "ok" };
        let line = format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{verdict}\t{:.1}\t{}\n",
            self.test,
            self.accepted,
            self.delivered,
            self.held,
            self.dropped,
            self.duplicates,
            self.crashes,
            self.start.elapsed().as_secs_f64(),
            self.note,
        );
        print!("{line}");
        if let Some(path) = std::env::var_os("MAXIM_TORTURE_TABLE") {
            let table = File::options().append(true).create(true).open(path);
            // A row that cannot be written must not become a second panic.
            let _ = table.and_then(|mut table| table.write_all(line.as_bytes()));
        }
    }
}

/// The probe, compiled once for all tests.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("torture");
        std::fs::create_dir_all(&directory).unwrap();
        compile_into("tests/c/probe.c", &directory, &library("lib/libmaxim.so"))
    })
}

/// What misbehaves under a process that it is preloaded into: see `tests/c/shim.c`.
pub fn shim(stage: &Stage) -> PathBuf {
    let library = stage.scratch.path().join("shim.so");
    let source = root().join("tests/c/shim.c");
    run(cc()
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"])
        .arg(source)
        .arg("-o")
        .arg(&library)
        .arg("-ldl"));
    library
}

/// Everything that a test of this kind has about it. What its processes leave in shared memory is removed
/// at its end.
pub struct Stage {
    pub scratch: Scratch,
    pub program: PathBuf,
    pub spool: PathBuf,
    client: Client,
    /// Who its processes belong to, if not to whoever tests.
    user: Option<u32>,
}

/// The verbs of a host process, or other words.
pub fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}

impl Stage {
    pub fn new(name: &str) -> Stage {
        Stage::of(name, Client::Maxim)
    }

    pub fn of(name: &str, client: Client) -> Stage {
        let scratch = Scratch::new(name);
        let program = program().to_owned();
        let spool = scratch.path().join("spool");
        Stage { scratch, program, spool, client, user: None }
    }

    /// One whose processes are those of a user that no other test has. In shared memory all loggers of a user look
    /// after what anybody left, and count what is too old as their own. Needs root.
    pub fn of_another_user(name: &str) -> Stage {
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        let mut stage = Stage::new(name);
        let one_of_ours = TAKEN.fetch_add(1, Ordering::Relaxed) as u32;
        let user = OTHER_USERS + std::process::id() % 300 * USERS_OF_ONE_RUN + one_of_ours % USERS_OF_ONE_RUN;
        stage.open_to_others();
        chown(stage.scratch.path(), Some(user), Some(user)).expect("these tests need root");
        stage.user = Some(user);
        stage
    }

    /// Where its user's loggers are in shared memory, if it has one of its own.
    pub fn own_shared_memory(&self) -> PathBuf {
        PathBuf::from(format!("/dev/shm/maxim-{}", self.user.expect("a user of its own")))
    }

    /// Puts program and library where another user finds them.
    pub fn open_to_others(&mut self) {
        let place = self.scratch.path().to_owned();
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).unwrap();
        // By another process: while this one has a program open to write it, no thread of its can run it.
        let copy = |from: &Path, name: &str| {
            let to = place.join(name);
            run(Command::new("cp").args([from, &to]));
            to
        };
        copy(&library("lib/libmaxim.so"), &soname());
        self.program = copy(program(), "probe");
    }

    pub fn probe<I: AsRef<OsStr>>(&self, url: &str, verbs: &[I]) -> Command {
        let mut command = probe(&self.program, url, &self.spool, verbs);
        // The port of a server that has gone is another test's before long, and so would be its records.
        command.env("PROBE_REPOSITORY", self.scratch.path().file_name().unwrap());
        command.env("PROBE_PLACES", self.places());
        match self.client {
            Client::Maxim => &mut command,
            Client::Structured => command.env("PROBE_CLIENT", "structured"),
            Client::Otlp => command.env("PROBE_CLIENT", "otlp"),
        };
        if let Some(user) = self.user {
            command.uid(user).gid(user).env("LD_LIBRARY_PATH", self.scratch.path());
        }
        command
    }

    fn places(&self) -> PathBuf {
        self.scratch.path().join("places")
    }

    /// The directories in shared memory that hold this test's instances.
    pub fn hot_directories(&self) -> Vec<PathBuf> {
        let places = std::fs::read_to_string(self.places()).unwrap_or_default();
        let mut places: Vec<PathBuf> = places.lines().map(PathBuf::from).collect();
        places.sort();
        places.dedup();
        places
    }

    /// The instances that have a directory in shared memory at this moment.
    pub fn hot_instances(&self) -> Vec<PathBuf> {
        let entries = |directory: PathBuf| std::fs::read_dir(directory).into_iter().flatten().flatten();
        self.hot_directories().into_iter().flat_map(entries).map(|entry| entry.path()).collect()
    }

    /// A host process that waits to be told to go on at each `wait`.
    pub fn host(&self, url: &str, verbs: &[&str], env: &[(&str, String)]) -> HostProcess {
        let mut command = self.probe(url, verbs);
        command.envs(env.iter().map(|(name, value)| (*name, value)));
        command.stderr(Stdio::null());
        HostProcess::start(command)
    }

    /// Lets a process adopt everything until the server has `records` different ones. Gives its stats.
    pub fn adopt_all(&self, url: &str, server: &Server, records: u64) -> Value {
        let mut host =
            self.host(url, &["new", "wait", "cleanup:60000", "stats"], &[("PROBE_FLUSH_MS", "50".into())]);
        host.line();
        wait_for_unique(server, records);
        host.tell();
        let stats = host.json();
        host.must_succeed();
        stats
    }

    pub fn tally(&self) -> Tally {
        Tally(self.scratch.path().join("tally"))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for directory in self.hot_directories() {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

/// Waits until something is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the server has had so many different records, as long as more of them come: a slow machine has logged
/// more of them in a test's course, and needs longer for each.
pub fn wait_for_unique(server: &Server, records: u64) {
    let mut since = (Instant::now(), 0);
    loop {
        let totals = &server.sequences()["totals"];
        let unique = totals["unique"].as_u64().unwrap();
        if unique >= records {
            return;
        }
        if unique > since.1 {
            since = (Instant::now(), unique);
        }
        assert!(since.0.elapsed() < PATIENCE, "{records} records accepted, but the server has {totals}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What writers had accepted, in a file that outlives them.
pub struct Tally(PathBuf);

impl Tally {
    pub fn env(&self) -> (&'static str, String) {
        ("PROBE_TALLY", self.0.to_str().unwrap().to_owned())
    }

    pub fn of(&self, slot: usize) -> u64 {
        let bytes = std::fs::read(&self.0).unwrap_or_default();
        bytes.get(slot * 8..slot * 8 + 8).map_or(0, |word| u64::from_le_bytes(word.try_into().unwrap()))
    }

    pub fn sum(&self) -> u64 {
        (0..TALLY_SLOTS).map(|slot| self.of(slot)).sum()
    }

    pub fn forget(&self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs a command; gives the JSON lines that it printed. It must not have crashed.
pub fn json_lines(command: &mut Command) -> Vec<Value> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, both(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A different number each time, evenly spread; the same run of numbers in every run.
pub fn random(below: u64) -> u64 {
    static STATE: AtomicU64 = AtomicU64::new(0);
    let step = STATE.fetch_add(1, Ordering::Relaxed) + 1;
    let mut mixed = step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % below
}

/// The clock of the probe's `leaving`.
pub fn monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec of ours, and the clock exists on every POSIX system.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Every file below a directory.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
