//! `maxim-dev`: a local server that speaks the Maxim log API and the structured log API, and shows what arrives.
//!
//! It shows what arrives in a browser and as a tree, counts it exactly, records it, and misbehaves on command; the
//! tests of the library and of its bindings run against it as a process of its own. It binds 127.0.0.1 only and is
//! no part of the library.
//!
//! | room | job |
//! |---|---|
//! | [`cli`] | the command line, and the commands beside the server |
//! | [`serve`] | the server as a command, and its connections |
//! | [`web`] | pages for a browser, and what is told to those who watch |
//! | [`collect`] | requests in: both protocols, misbehaviour, exact counts, records |
//! | [`store`] | what arrived, in a database that can be searched |
//! | [`draw`] | what arrived, as a tree of lines for a terminal |
//! | [`model`] | what lines, entries and spans say |
//! | [`relay`] | the server for a fleet: stores what many processes send, and forwards it |
//! | [`delivery`], [`otlp`], [`process`], [`text`] | files of the library that the relay shares; `model/spool.rs` includes another |
#![forbid(unsafe_code)]

mod cli;
mod collect;
mod delivery;
mod draw;
mod model;
mod otlp;
mod process;
mod relay;
mod serve;
mod store;
mod text;
mod web;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use cli::args::{self, Command};
use cli::{help, is_unread, say, spool, tail, transfer};

/// Exit status for a command line that is not understood, as getopt-based tools have it.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let done = match args::parse(std::env::args_os().skip(1), io::stdout().is_terminal()) {
        Ok(Command::Help(None)) => say(&help::help()),
        Ok(Command::Help(Some(name))) => say(&help::help_of(&name)),
        Ok(Command::Version) => say(concat!("maxim-dev ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::Serve(options)) => serve::run(*options),
        Ok(Command::Tail(options)) => tail::tail(&options),
        Ok(Command::Spool(options)) => spool::run(&options),
        Ok(Command::Print { port, target }) => transfer::print(port, target),
        Ok(Command::Import { port, path }) => transfer::import(port, &path),
        Ok(Command::Replay(options)) => transfer::replay(&options),
        Ok(Command::Relay(options)) => relay::run(*options),
        Ok(Command::Completion(script)) => say(&script),
        Err(message) => {
            eprintln!("maxim-dev: {message}");
            return ExitCode::from(USAGE);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_unread(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("maxim-dev: {error}");
            ExitCode::FAILURE
        }
    }
}
