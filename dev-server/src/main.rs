//! `maxim-dev`: a local server that speaks the Maxim log API and the structured log API.
//!
//! It shows what arrives as a tree, counts it exactly, records it, and misbehaves on command; the tests of the
//! library and of its bindings run against it as a process of its own. It binds 127.0.0.1 only, keeps nothing
//! beyond its life but the files it was told to write, and is no part of the library.
//!
//! Requests go one way: [`server`] accepts a connection, [`connection`] reads requests with [`http`] and
//! [`routes`], [`answer`] decides with [`misbehave`], [`store`] counts with [`sequence`] and keeps what [`tree`]
//! draws out of [`traces`] and [`entries`].
#![forbid(unsafe_code)]

mod answer;
mod args;
mod connection;
mod entries;
mod guard;
mod http;
mod limits;
mod line;
mod misbehave;
mod plain;
mod record;
mod routes;
mod sequence;
mod server;
mod store;
mod traces;
mod tree;

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};

use args::{Command, Mode, Options};
use record::Log;
use sequence::Sequences;
use server::Server;
use store::Store;

/// Exit status for a command line that is not understood, as getopt-based tools have it.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let is_terminal = io::stdout().is_terminal();
    let done = match args::parse(std::env::args().skip(1), is_terminal) {
        Ok(Command::Help) => say(&args::help()),
        Ok(Command::Version) => say(concat!("maxim-dev ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::Serve(options)) => serve(*options, is_terminal),
        Err(message) => {
            eprintln!("maxim-dev: {message}");
            return ExitCode::from(USAGE);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("maxim-dev: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until it is told to stop, then shows what arrived.
fn serve(options: Options, is_terminal: bool) -> io::Result<()> {
    let (stop, stopped) = mpsc::channel();
    let signalled = stop.clone();
    ctrlc::set_handler(move || {
        let _ = signalled.send(());
    })
    .map_err(io::Error::other)?;

    let open = |path: &Option<std::path::PathBuf>| {
        path.as_deref().map(|path| Log::open(path).map_err(|error| about(path, &error))).transpose()
    };
    let sequences = options.check_seq.then(|| Sequences::new(options.seq_start));
    let store = Store::new(options.mode, sequences, open(&options.lines)?);
    let record = open(&options.record)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .map_err(|error| about(Path::new(&format!("127.0.0.1:{}", options.port)), &error))?;
    let port = listener.local_addr()?.port();
    let server = Arc::new(Server::new(port, options.allowed_hosts, options.behaviour, store, record));
    let accepting = Arc::clone(&server);
    std::thread::Builder::new().name("accept".into()).spawn(move || server::accept(&listener, &accepting))?;
    if let Some(path) = &options.port_file {
        write_port(path, port).map_err(|error| about(path, &error))?;
    }
    say(&format!("maxim-dev listening on http://127.0.0.1:{port}\n"))?;

    if options.exit_when_stdin_closes {
        std::thread::Builder::new().name("stdin".into()).spawn(move || {
            let mut ignored = [0; 1024];
            let mut stdin = io::stdin();
            while stdin.read(&mut ignored).is_ok_and(|read| read > 0) {}
            let _ = stop.send(());
        })?;
    }
    // An error would mean that no sender is left; the signal handler always holds one.
    let _ = stopped.recv();

    let has_colours = is_terminal && std::env::var_os("NO_COLOR").is_none();
    let store = server.store.lock();
    if let Some(kept) = &store.kept {
        say(&tree::draw(kept, has_colours))?;
    }
    if options.mode != Mode::Quiet {
        say(&tree::summary(&store.stats))?;
    }
    Ok(())
}

/// Writes the port so that a reader sees a whole number or no file.
fn write_port(path: &Path, port: u16) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    // What stands there is no file of ours, and may be a link to somebody's.
    let mut file = OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
    file.write_all(format!("{port}\n").as_bytes())?;
    std::fs::rename(&unfinished, path)
}

fn about(what: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", what.display()))
}

/// Writes to stdout at once; a reader that has gone away is no failure of the server's.
fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
