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

/// Writes to stdout at once; a reader that has gone away is no failure of the server's.
pub fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

pub fn has_colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// An error that says what it is about.
pub fn about(what: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", what.display()))
}
