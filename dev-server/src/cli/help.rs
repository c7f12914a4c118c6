//! What `--help` says, and the tables that it is made of: also completion, and the tests of manual and README, go by
//! them.

use crate::collect::misbehave::SETTINGS;

/// A flag, and `VALUE|what it does`; no value for a switch.
pub type Flag = (&'static str, &'static str);

/// A command beside serving.
pub struct CommandInfo {
    pub name: &'static str,
    /// What stands behind its flags.
    pub words: &'static str,
    pub help: &'static str,
    pub flags: &'static [Flag],
}

const PORT: Flag = ("--port", "N|the port of the running server (default 8899)");

pub const COMMANDS: &[CommandInfo] = &[
    CommandInfo {
        name: "tail",
        words: "[QUERY]",
        help: "print what arrives at a running server, a line each; a QUERY filters",
        flags: &[PORT, ("--json", "|each event as a line of JSON")],
    },
    CommandInfo { name: "tree", words: "", help: "print the tree of a running server", flags: &[PORT] },
    CommandInfo {
        name: "spool",
        words: "[DIR...]",
        help: "show what has not left this machine, why and until when, and what was set aside and why",
        flags: &[
            ("--json", "|all of it as JSON"),
            ("--export", "|the records themselves, as export has them"),
        ],
    },
    CommandInfo {
        name: "export",
        words: "",
        help: "print what a running server holds, as lines of JSON or as OTLP/JSON",
        flags: &[PORT, ("--otlp", "|the traces as OTLP/JSON")],
    },
    CommandInfo {
        name: "import",
        words: "FILE",
        help: "bring a file of an export, a record or lines into a running server; - is standard input",
        flags: &[PORT],
    },
    CommandInfo {
        name: "replay",
        words: "FILE",
        help: "send such a file to an endpoint, with the key of MAXIM_API_KEY",
        flags: &[
            ("--to", "URL|the endpoint"),
            ("--repository", "ID|where lines go that name no repository of their own"),
        ],
    },
    CommandInfo {
        name: "relay",
        words: "",
        help: "take what many processes send, store it, and forward it to another Maxim endpoint or to one of OpenTelemetry",
        flags: &[
            ("--to", "URL|a Maxim endpoint, with the key of MAXIM_API_KEY"),
            ("--otlp", "URL|an endpoint of OpenTelemetry, with the headers of OTEL_EXPORTER_OTLP_HEADERS"),
            ("--store", "FILE|where records wait (default $XDG_STATE_HOME/maxim/relay.db)"),
            ("--store-max", "BYTES|beyond it, requests get 503 and clients keep what they have (default 1g)"),
            ("--no-sync", "|no fsync of commits: SIGKILL loses nothing, a power loss the last moments"),
            (
                "--incomplete-after",
                "SECONDS|with --otlp: what has not ended for so long leaves as incomplete (default 3600)",
            ),
            ("--port", "N|port to listen on; 0 takes a free one (default 8899)"),
            ("--port-file", "FILE|write the port to FILE once it listens"),
            ("--allow-host", "NAME|also take requests whose Host is NAME"),
            ("--exit-when-stdin-closes", "|stop when standard input ends"),
        ],
    },
    CommandInfo {
        name: "completion",
        words: "bash|zsh|fish",
        help: "print completion for a shell",
        flags: &[],
    },
];

/// Every flag of the server but for misbehaviour, with its value, and what it does.
pub const FLAGS: &[Flag] = &[
    ("--port", "N|port to listen on; 0 takes a free one (default 8899)"),
    ("--db", "FILE|keep what arrives in FILE over restarts (default: in memory)"),
    ("--db-max", "BYTES|delete the oldest beyond that size; 64k, 512m, 2g (default 512m)"),
    ("--prices", "FILE|the table of models and prices that costs are estimated with"),
    ("--live", "|print a line for each thing that arrives (default where somebody watches)"),
    (
        "--mode",
        "tree|count|quiet|tree keeps what arrives for the pages, and draws it when the server stops (default); \
         count only counts, fast; quiet checks and counts by action (default with --exit-when-stdin-closes)",
    ),
    ("--record", "FILE|append each request to FILE as one JSON line, keys as digests"),
    ("--lines", "FILE|append each accepted log line and entry to FILE"),
    ("--check-seq", "|follow the markers seq-<writer>-<number> and report on GET /seq"),
    ("--seq-start", "N|the first number each writer is expected to send (default 0)"),
    ("--allow-host", "NAME|also take requests whose Host is NAME, beside 127.0.0.1, localhost and [::1]"),
    ("--port-file", "FILE|write the port to FILE once the server listens"),
    ("--exit-when-stdin-closes", "|stop when standard input ends"),
];

/// Columns that `--help` keeps to.
const HELP_WIDTH: usize = 100;

/// One row of `--help`, its text broken into lines.
fn help_row(name: &str, text: &str) -> String {
    let mut row = format!("  {name:<29}");
    let mut width = row.chars().count();
    for word in text.split_whitespace() {
        if width + word.len() + 1 > HELP_WIDTH {
            row.push_str(&format!("\n{:31}", ""));
            width = 31;
        }
        row.push(' ');
        row.push_str(word);
        width += word.len() + 1;
    }
    row + "\n"
}

fn flag_row((flag, help): &Flag) -> String {
    let (value, help) = help.rsplit_once('|').unwrap_or(("", help));
    help_row(&format!("{flag} {value}"), help)
}

/// The text of a command's `--help`.
pub fn help_of(name: &str) -> String {
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else { return help() };
    let flags = if command.flags.is_empty() { "" } else { " [flags]" };
    let mut text =
        format!("maxim-dev {name}: {}\n\nUsage: maxim-dev {name}{flags} {}\n", command.help, command.words);
    text.truncate(text.trim_end().len());
    text.push_str("\n\n");
    command.flags.iter().for_each(|flag| text.push_str(&flag_row(flag)));
    if command.words == "[QUERY]" {
        text.push_str(QUERIES);
    }
    text
}

const QUERIES: &str = "\nQueries: level:error model:gpt-4o tag.k=v cost>0.01 dur>2s since:yesterday \"free text\" -name:retry\n";

/// The text of `--help`.
pub fn help() -> String {
    let mut text = "maxim-dev: a local server for the Maxim log API and the structured log API, and a view of what arrives

Usage: maxim-dev [flags]          serve; open the URL that it prints. It binds 127.0.0.1 only
       maxim-dev COMMAND …        --port N names a running server (default 8899)

"
    .to_owned();
    for command in COMMANDS {
        text.push_str(&help_row(command.name, command.help));
    }
    text.push_str("\nmaxim-dev COMMAND --help has the flags of a command. Those of the server:\n");
    text.push('\n');
    FLAGS.iter().for_each(|flag| text.push_str(&flag_row(flag)));
    text.push_str(&help_row("--help, --version", ""));
    text.push_str(
        "\nMisbehaviour, also at run time: POST /control with the same names ({\"drop_before_read\": 2})\n\n",
    );
    for setting in SETTINGS {
        text.push_str(&help_row(&format!("{} {}", setting.flag(), setting.value), setting.help));
    }
    text.push_str(QUERIES);
    text.push_str("GET /stats, /seq, /tree and /control tell the state; POST /control/reset clears counts and misbehaviour.\n");
    text
}
