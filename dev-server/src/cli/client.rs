//! Requests to a running server on this machine.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use crate::model::plain::shorten;

fn connect(port: u16) -> io::Result<TcpStream> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("no maxim-dev at 127.0.0.1:{port} ({error}); start it, or give --port"),
        )
    })
}

/// The body of an answer that is no failure, as it comes.
pub fn get(port: u16, target: &str) -> io::Result<Box<dyn io::BufRead>> {
    request(port, "GET", target, b"")
}

pub fn request(port: u16, method: &str, target: &str, body: &[u8]) -> io::Result<Box<dyn io::BufRead>> {
    let mut stream = connect(port)?;
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let status: u16 = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    while !line.trim().is_empty() {
        line.clear();
        answer.read_line(&mut line)?;
    }
    if (200..300).contains(&status) {
        return Ok(Box::new(answer));
    }
    let mut text = String::new();
    let _ = answer.take(4096).read_to_string(&mut text);
    let error: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(message) = error["error"]["message"].as_str() {
        text = message.to_owned();
    }
    Err(io::Error::other(format!("the server answered {status}: {}", shorten(&text))))
}
