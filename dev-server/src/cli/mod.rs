//! The command line and the commands beside the server.

pub mod args;
pub mod client;
pub mod completion;
pub mod help;
pub mod listening;
pub mod spool;
pub mod tail;
pub mod transfer;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

/// That nobody reads what is printed any more, as behind `| head`: the end of a command, and no failure of it.
#[derive(Debug)]
pub struct NobodyReads;

impl std::fmt::Display for NobodyReads {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("nobody reads what is printed")
    }
}

impl std::error::Error for NobodyReads {}

/// Writes to stdout at once; when nobody reads it any more the error is [`NobodyReads`].
pub fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::other(NobodyReads),
        _ => error,
    })
}

/// The same for a server, which goes on although nobody reads.
pub fn announce(text: &str) -> io::Result<()> {
    say(text).or_else(|error| if is_unread(&error) { Ok(()) } else { Err(error) })
}

pub fn is_unread(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<NobodyReads>())
}

pub fn has_colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// An error that says what it is about.
pub fn about(what: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", what.display()))
}
