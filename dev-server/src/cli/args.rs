//! The command line: text in, [`Command`] out.
//!
//! Every misbehaviour of [`crate::collect::misbehave`] is a flag under its own name with dashes (`drop_before_read` is
//! `--drop-before-read`), taken from that module's table, so that flags and `POST /control` cannot drift apart.
//! Nothing is opened and nothing is printed here.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::cli::completion;
use crate::cli::help::COMMANDS;
use crate::collect::counts::Mode;
use crate::collect::misbehave::{Behaviour, SETTINGS};

/// How large the database of the pages may be when nothing else is asked for.
const DEFAULT_MAX_DB_BYTES: u64 = 512 << 20;
/// How much a relay keeps for a service that does not take it.
const DEFAULT_MAX_STORE_BYTES: u64 = 1 << 30;
/// The port when none is asked for.
pub const DEFAULT_PORT: u16 = 8899;

#[derive(Debug)]
pub struct Options {
    pub port: u16,
    pub allowed_hosts: Vec<String>,
    pub port_file: Option<PathBuf>,
    pub mode: Mode,
    pub record: Option<PathBuf>,
    pub lines: Option<PathBuf>,
    pub check_seq: bool,
    pub seq_start: u64,
    pub exit_when_stdin_closes: bool,
    /// The database of the pages; in memory without a file.
    pub db: Option<PathBuf>,
    pub max_db_bytes: u64,
    pub prices: Option<PathBuf>,
    /// One line on standard output for each thing that arrives.
    pub is_live: bool,
    pub behaviour: Behaviour,
}

#[derive(Debug)]
pub struct TailOptions {
    pub port: u16,
    pub is_json: bool,
    pub query: String,
}

#[derive(Debug, Default)]
pub struct SpoolOptions {
    /// The usual places without one.
    pub places: Vec<PathBuf>,
    /// The records themselves, as an export has them.
    pub is_export: bool,
    pub is_json: bool,
}

#[derive(Debug)]
pub struct ReplayOptions {
    pub path: PathBuf,
    /// The base URL of a Maxim endpoint.
    pub to: String,
    /// Instead of the repository that each line came for.
    pub repository: Option<String>,
}

/// Where a relay forwards to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The base URL of a Maxim endpoint.
    Maxim(String),
    /// The base URL of an OpenTelemetry endpoint.
    Otlp(String),
}

impl Target {
    pub fn url(&self) -> &str {
        let (Target::Maxim(url) | Target::Otlp(url)) = self;
        url
    }
}

#[derive(Debug)]
pub struct RelayOptions {
    pub port: u16,
    pub port_file: Option<PathBuf>,
    pub allowed_hosts: Vec<String>,
    pub target: Target,
    /// The queue; the usual place without one.
    pub store: Option<PathBuf>,
    pub max_bytes: u64,
    /// Whether each commit is synced, so that it survives a power loss as well.
    pub is_synced: bool,
    /// An entity that has not ended for so long goes to an OpenTelemetry endpoint as incomplete.
    pub incomplete_after: Duration,
    pub exit_when_stdin_closes: bool,
}

#[derive(Debug)]
pub enum Command {
    Serve(Box<Options>),
    Tail(TailOptions),
    Spool(SpoolOptions),
    /// Prints what a running server answers there.
    Print {
        port: u16,
        target: &'static str,
    },
    Import {
        port: u16,
        path: PathBuf,
    },
    Replay(ReplayOptions),
    Relay(Box<RelayOptions>),
    Completion(String),
    /// Of one command, or of all.
    Help(Option<String>),
    Version,
}

/// A flag and its value: what stands behind its equals sign, or the next argument. Only names of files may be anything
/// but UTF-8.
struct Flag<'a> {
    name: String,
    attached: Option<OsString>,
    takes_value: bool,
    rest: &'a mut dyn Iterator<Item = OsString>,
}

impl<'a> Flag<'a> {
    fn new(arg: &OsStr, rest: &'a mut dyn Iterator<Item = OsString>) -> Result<Flag<'a>, String> {
        let (name, attached) = match arg.as_bytes().iter().position(|&byte| byte == b'=') {
            Some(at) if arg.as_bytes().starts_with(b"--") => {
                let (name, value) = arg.as_bytes().split_at(at);
                (OsStr::from_bytes(name), Some(OsString::from_vec(value[1..].to_vec())))
            }
            _ => (arg, None),
        };
        Ok(Flag { name: utf8(name.to_owned())?, attached, takes_value: false, rest })
    }

    fn value(&mut self) -> Result<OsString, String> {
        self.takes_value = true;
        let value = self.attached.take().or_else(|| self.rest.next());
        value.ok_or_else(|| format!("{} needs a value", self.name))
    }

    fn text(&mut self) -> Result<String, String> {
        self.value().and_then(utf8)
    }

    fn path(&mut self) -> Result<PathBuf, String> {
        self.value().map(PathBuf::from)
    }

    fn number<N: std::str::FromStr>(&mut self) -> Result<N, String> {
        let text = self.text()?;
        number(&self.name, &text)
    }

    fn bytes(&mut self) -> Result<u64, String> {
        let text = self.text()?;
        bytes(&self.name, &text)
    }

    /// Nothing is left of it that nobody took.
    fn end(self) -> Result<(), String> {
        match self.attached {
            Some(_) if !self.takes_value => Err(format!("{} takes no value", self.name)),
            _ => Ok(()),
        }
    }
}

fn utf8(word: OsString) -> Result<String, String> {
    word.into_string().map_err(|word| format!("{word:?} is no UTF-8, which only the name of a file may be"))
}

/// Reads the arguments after the program's name. `interactive` (stdout is a terminal) decides the default mode.
pub fn parse<A: Into<OsString>>(
    args: impl IntoIterator<Item = A>,
    interactive: bool,
) -> Result<Command, String> {
    let mut options = Options {
        port: DEFAULT_PORT,
        allowed_hosts: Vec::new(),
        port_file: None,
        mode: Mode::Tree,
        record: None,
        lines: None,
        check_seq: false,
        seq_start: 0,
        exit_when_stdin_closes: false,
        db: None,
        max_db_bytes: DEFAULT_MAX_DB_BYTES,
        prices: None,
        is_live: false,
        behaviour: Behaviour::default(),
    };
    let mut mode = None;
    let mut args = args.into_iter().map(Into::into).peekable();
    let is_command = |first: &OsString| COMMANDS.iter().any(|command| first == command.name);
    if let Some(name) = args.next_if(is_command) {
        return command(&utf8(name)?, args);
    }
    while let Some(arg) = args.next() {
        let mut flag = Flag::new(&arg, &mut args)?;
        match flag.name.as_str() {
            "-h" | "--help" => return Ok(Command::Help(None)),
            "-V" | "--version" => return Ok(Command::Version),
            "--check-seq" => options.check_seq = true,
            "--exit-when-stdin-closes" => options.exit_when_stdin_closes = true,
            "--port" => options.port = flag.number()?,
            "--db" => options.db = Some(flag.path()?),
            "--db-max" => options.max_db_bytes = flag.bytes()?,
            "--prices" => options.prices = Some(flag.path()?),
            "--live" => options.is_live = true,
            "--allow-host" => options.allowed_hosts.push(flag.text()?),
            "--seq-start" => options.seq_start = flag.number()?,
            "--port-file" => options.port_file = Some(flag.path()?),
            "--record" => options.record = Some(flag.path()?),
            "--lines" => options.lines = Some(flag.path()?),
            "--mode" => {
                mode = Some(match flag.text()?.as_str() {
                    "tree" => Mode::Tree,
                    "count" => Mode::Count,
                    "quiet" => Mode::Quiet,
                    other => return Err(format!("--mode is tree, count or quiet, not {other:?}")),
                });
            }
            name => {
                if !name.starts_with('-') {
                    return Err(format!("unknown command {name:?}; --help lists them all"));
                }
                let setting = SETTINGS
                    .iter()
                    .find(|setting| setting.flag() == name)
                    .ok_or_else(|| format!("unknown flag {name:?}; --help lists them all"))?;
                let given = if setting.is_switch() { Value::Bool(true) } else { Value::String(flag.text()?) };
                options.behaviour.set(setting.name, &given)?;
            }
        }
        flag.end()?;
    }
    // A test that closes standard input wants counts; a person, on a terminal or through a pipe, wants to see.
    let is_watched = !options.exit_when_stdin_closes;
    options.is_live |= is_watched && mode.is_none_or(|mode| mode == Mode::Tree && interactive);
    options.mode = mode.unwrap_or(if is_watched { Mode::Tree } else { Mode::Quiet });
    if options.mode == Mode::Count && options.db.is_some() {
        return Err("--mode count keeps nothing, so it goes with no --db".into());
    }
    Ok(Command::Serve(Box::new(options)))
}

/// Reads the arguments behind a command's name.
fn command(name: &str, mut args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut port = DEFAULT_PORT;
    let (mut is_json, mut is_otlp, mut is_export) = (false, false, false);
    let (mut to, mut repository, mut otlp) = (None, None, None);
    let (mut store, mut store_max, mut is_synced) = (None, DEFAULT_MAX_STORE_BYTES, true);
    let mut incomplete_after = Duration::from_secs(3600);
    let (mut port_file, mut allowed_hosts, mut exit_when_stdin_closes) = (None, Vec::new(), false);
    let mut words = Vec::new();
    while let Some(arg) = args.next() {
        // In a query a dash is a "not"; alone it is standard input.
        if arg == "-" || !arg.as_bytes().starts_with(b"-") || name == "tail" && !is_flag(&arg) {
            words.push(arg);
            continue;
        }
        let mut flag = Flag::new(&arg, &mut args)?;
        match (flag.name.as_str(), name) {
            ("-h" | "--help", _) => return Ok(Command::Help(Some(name.to_owned()))),
            ("--port", "tail" | "tree" | "export" | "import" | "relay") => port = flag.number()?,
            ("--json", "tail" | "spool") => is_json = true,
            ("--export", "spool") => is_export = true,
            ("--otlp", "export") => is_otlp = true,
            ("--otlp", "relay") => otlp = Some(flag.text()?),
            ("--store", "relay") => store = Some(flag.path()?),
            ("--store-max", "relay") => store_max = flag.bytes()?,
            ("--incomplete-after", "relay") => incomplete_after = Duration::from_secs(flag.number()?),
            ("--no-sync", "relay") => is_synced = false,
            ("--port-file", "relay") => port_file = Some(flag.path()?),
            ("--allow-host", "relay") => allowed_hosts.push(flag.text()?),
            ("--exit-when-stdin-closes", "relay") => exit_when_stdin_closes = true,
            ("--to", "replay" | "relay") => to = Some(flag.text()?),
            ("--repository", "replay") => repository = Some(flag.text()?),
            (flag, _) => {
                return Err(format!("unknown flag {flag:?} of {name}; maxim-dev {name} --help lists them"));
            }
        }
        flag.end()?;
    }
    let one = |what: &str| match words.as_slice() {
        [word] => Ok(word.clone()),
        _ => Err(format!("{name} needs one {what}")),
    };
    if let ("tree" | "export" | "relay", Some(word)) = (name, words.first()) {
        return Err(format!("unknown word {word:?} of {name}"));
    }
    Ok(match name {
        "tail" => {
            let query = words.into_iter().map(utf8).collect::<Result<Vec<_>, _>>()?.join(" ");
            Command::Tail(TailOptions { port, is_json, query })
        }
        "spool" => {
            let places = words.iter().map(PathBuf::from).collect();
            Command::Spool(SpoolOptions { places, is_export, is_json })
        }
        "tree" => Command::Print { port, target: "/tree" },
        "export" => Command::Print { port, target: if is_otlp { "/export/otlp" } else { "/export/lines" } },
        "import" => Command::Import { port, path: one("file")?.into() },
        "replay" => {
            let to = to.ok_or("replay needs --to URL")?;
            Command::Replay(ReplayOptions { path: one("file")?.into(), to, repository })
        }
        "relay" => {
            let target = match (to, otlp) {
                (Some(url), None) => Target::Maxim(url),
                (None, Some(url)) => Target::Otlp(url),
                _ => return Err("relay needs one of --to URL and --otlp URL".into()),
            };
            Command::Relay(Box::new(RelayOptions {
                port,
                port_file,
                allowed_hosts,
                target,
                store,
                max_bytes: store_max,
                is_synced,
                incomplete_after,
                exit_when_stdin_closes,
            }))
        }
        _ => {
            let shell = utf8(one("shell: bash, zsh or fish")?)?;
            Command::Completion(completion::script(&shell).ok_or("completion is for bash, zsh or fish")?)
        }
    })
}

/// Whether a word is a flag rather than a part of a query.
fn is_flag(word: &OsStr) -> bool {
    word.as_bytes().starts_with(b"--") || word == "-h"
}

/// A size in bytes, also as `64k`, `512m` or `2g`.
fn bytes(flag: &str, text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last().map(u8::to_ascii_lowercase) {
        Some(b'k') => (&text[..text.len() - 1], 10),
        Some(b'm') => (&text[..text.len() - 1], 20),
        Some(b'g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let bytes = number::<u64>(flag, digits)?.checked_mul(1 << shift).filter(|&bytes| bytes > 0);
    bytes.ok_or_else(|| format!("{flag} needs a size, not {text:?}"))
}

fn number<N: std::str::FromStr>(flag: &str, text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{flag} needs a number in its range, not {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::{self, FLAGS, help};

    fn parse_line(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned), false)
    }

    fn options(line: &str) -> Options {
        match parse_line(line) {
            Ok(Command::Serve(options)) => *options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_come_after_a_blank_or_an_equals_sign() {
        let given = options("--port 0 --mode=count --record a.jsonl --lines=b.txt --check-seq");
        assert_eq!((given.port, given.mode, given.check_seq), (0, Mode::Count, true));
        assert_eq!(options("--db-max 2k").max_db_bytes, 2048);
        assert_eq!(given.record, Some("a.jsonl".into()));
        assert_eq!(given.lines, Some("b.txt".into()));
    }

    #[test]
    fn only_the_name_of_a_file_may_be_other_than_utf_8() {
        let bytes = |text: &[u8]| OsString::from_vec(text.to_vec());
        let parsed = |words: &[&[u8]]| parse(words.iter().map(|word| bytes(word)), false);
        let Ok(Command::Import { path, port: 7 }) = parsed(&[b"import", b"--port=7", b"a\xff"]) else {
            panic!("no import")
        };
        assert_eq!(path.into_os_string(), bytes(b"a\xff"));
        let Ok(Command::Serve(options)) = parsed(&[b"--db=b\xff=c"]) else { panic!("no server") };
        assert_eq!(options.db.map(PathBuf::into_os_string), Some(bytes(b"b\xff=c")));
        for words in
            [&[b"\xff" as &[u8]][..], &[b"--mode", b"\xff"], &[b"tail", b"\xff"], &[b"tail", b"--\xff"]]
        {
            assert!(parsed(words).is_err_and(|error| error.contains("no UTF-8")), "{words:?}");
        }
        // A dash in a query is a "not".
        let Ok(Command::Tail(options)) = parsed(&[b"tail", b"-name:retry", b"tag.k=v"]) else {
            panic!("no tail")
        };
        assert_eq!(options.query, "-name:retry tag.k=v");
    }

    #[test]
    fn who_watches_decides_what_is_shown() {
        let of =
            |line: &str, interactive| match parse(line.split_whitespace().map(str::to_owned), interactive) {
                Ok(Command::Serve(options)) => (options.mode, options.is_live),
                other => panic!("{other:?}"),
            };
        assert_eq!(of("", true), (Mode::Tree, true));
        assert_eq!(of("", false), (Mode::Tree, true));
        assert_eq!(of("--mode tree", false), (Mode::Tree, false));
        assert_eq!(of("--mode tree", true), (Mode::Tree, true));
        assert_eq!(of("--exit-when-stdin-closes", true), (Mode::Quiet, false));
        assert_eq!(of("--mode count", true), (Mode::Count, false));
    }

    #[test]
    fn misbehaviour_is_set_by_flags() {
        let given = options("--fail 503:2 --unauthorized --retry-after 7").behaviour.to_json();
        assert_eq!(given["fail"], "503:2");
        assert_eq!(given["unauthorized"], true);
        assert_eq!(given["retry_after"], "7");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, expected) in [
            ("--prot 1", "unknown flag \"--prot\""),
            ("stray", "unknown command \"stray\""),
            ("tree stray", "unknown word \"stray\" of tree"),
            ("export stray", "unknown word \"stray\" of export"),
            ("spool -x", "unknown flag \"-x\" of spool"),
            ("tail --json=yes", "--json takes no value"),
            ("tree --port=x", "--port needs a number"),
            ("tail --otlp", "unknown flag \"--otlp\" of tail"),
            ("--port", "--port needs a value"),
            ("--port 99999", "--port needs a number"),
            ("--mode loud", "--mode is tree, count or quiet"),
            ("--check-seq=yes", "--check-seq takes no value"),
            ("--unauthorized=yes", "--unauthorized takes no value"),
            ("--fail soon", "fail"),
        ] {
            let error = parse_line(line).expect_err(line);
            assert!(error.contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn help_readme_and_manual_name_every_flag_and_command() {
        let readme = include_str!("../../README.md");
        let manual = include_str!("../../maxim-dev.1");
        let help = help();
        let settings = SETTINGS.iter().map(|setting| setting.flag());
        for flag in FLAGS.iter().map(|(flag, _)| (*flag).to_owned()).chain(settings) {
            assert!(help.contains(&flag), "--help lacks {flag}");
            assert!(readme.contains(&format!("`{flag}")), "README.md lacks {flag}");
            assert!(manual.contains(&flag.replace('-', "\\-")), "maxim-dev.1 lacks {flag}");
        }
        for command in COMMANDS {
            let name = command.name;
            assert!(
                help.contains(name)
                    && readme.contains(&format!("`maxim-dev {name}"))
                    && manual.contains(name),
                "{name}"
            );
            for (flag, _) in command.flags {
                assert!(manual.contains(&flag.replace('-', "\\-")), "maxim-dev.1 lacks {flag} of {name}");
            }
        }
    }

    #[test]
    fn the_help_of_a_command_names_the_flags_that_it_takes_and_no_other() {
        for command in COMMANDS {
            let said = parse_line(&format!("{} --help", command.name));
            assert!(matches!(said, Ok(Command::Help(Some(name))) if name == command.name));
            let help = help::help_of(command.name);
            for known in COMMANDS.iter().flat_map(|command| command.flags).map(|(flag, _)| *flag) {
                let said = parse_line(&format!("{} {known} 1", command.name));
                let is_taken = !said.is_err_and(|error| error.contains("unknown flag"));
                let is_named = command.flags.iter().any(|(flag, _)| *flag == known);
                assert_eq!(is_taken, is_named, "{known} of {}", command.name);
                assert_eq!(help.contains(&format!("  {known}")), is_named, "{known} in {help}");
            }
        }
    }
}
