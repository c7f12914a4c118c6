//! What the commands that serve share: they listen, say their port in a file, and end with standard input.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::mpsc;

/// Listens on this machine; an error names the port, and what to do about it.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "; --port N takes another one, --port 0 any that is free",
            _ => "",
        };
        io::Error::new(error.kind(), format!("127.0.0.1:{port}: {error}{advice}"))
    })
}

/// Sends on `stop` at the end of standard input.
pub fn stop_when_stdin_closes(stop: mpsc::Sender<()>) -> io::Result<()> {
    let wait = move || {
        let mut ignored = [0; 1024];
        let mut stdin = io::stdin();
        while stdin.read(&mut ignored).is_ok_and(|read| read > 0) {}
        let _ = stop.send(());
    };
    std::thread::Builder::new().name("stdin".into()).spawn(wait).map(drop)
}

/// Writes the port so that a reader sees a whole number or no file.
pub fn write_port(path: &Path, port: u16) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    // What stands there is no file of ours, and may be a link to somebody's.
    let mut file = OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
    file.write_all(format!("{port}\n").as_bytes())?;
    std::fs::rename(&unfinished, path)
}
