//! Requests: to a running server on this machine, and to an endpoint.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::collect::routes::may_have_key;
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
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    // Who refuses a request may do so before its end: the answer tells more than that it was not taken.
    if answer.read_line(&mut line).is_ok_and(|read| read == 0) || line.is_empty() {
        let why = sent.err().map_or_else(|| "it gave no answer".to_owned(), |error| error.to_string());
        return Err(io::Error::other(format!("the server at 127.0.0.1:{port}: {why}")));
    }
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

/// Longest wait for a connection, and for a whole request.
const CONNECT_TIME: Duration = Duration::from_secs(10);
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// Requests to an endpoint at this URL. This machine is reached without a proxy, whatever the environment says.
pub fn agent(url: &str) -> ureq::Agent {
    let is_here = url.starts_with("http://") && may_have_key(url);
    ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIME))
        .timeout_global(Some(REQUEST_TIME))
        .proxy(if is_here { None } else { ureq::Proxy::try_from_env() })
        .build()
        .into()
}
