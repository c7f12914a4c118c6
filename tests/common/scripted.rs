//! A service that answers as its test says, byte for byte, and keeps what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request as it came in.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The request line and the headers, in lower case but for the first line.
    pub head: String,
    /// The headers as they came.
    raw: String,
    pub body: Vec<u8>,
}

impl Asked {
    /// The next request of a connection, unless that has ended.
    pub fn read(reader: &mut impl BufRead) -> Option<Asked> {
        let mut asked = Asked::default();
        while !asked.head.ends_with("\r\n\r\n") {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            asked.raw.push_str(&line);
            asked.head.push_str(&if asked.head.is_empty() { line } else { line.to_lowercase() });
        }
        asked.body = vec![0; asked.header("content-length").unwrap_or("0").parse().unwrap()];
        reader.read_exact(&mut asked.body).ok()?;
        Some(asked)
    }

    pub fn is(&self, method: &str) -> bool {
        self.head.split(' ').next() == Some(method)
    }

    /// All headers by their names in lower case.
    pub fn headers(&self) -> BTreeMap<String, String> {
        let header = |line: &str| {
            line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        };
        self.raw.lines().skip(1).filter_map(header).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A status with a body of a type.
pub fn answer(status: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    answer_with(status, "", body)
}

/// The same with further header lines.
pub fn answer_with(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The service; it lives until the test's process ends.
pub struct Scripted {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Script = Box<dyn Fn(&Asked) -> Vec<u8> + Send + Sync>;

impl Scripted {
    /// Answers every request as `script` says; an empty answer hangs up.
    pub fn start(script: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (notes, script): (_, Arc<Script>) = (Arc::clone(&asked), Arc::new(Box::new(script)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (notes, script) = (Arc::clone(&notes), Arc::clone(&script));
                // It ends with the connection.
                std::thread::spawn(move || serve(stream, &notes, &script));
            }
        });
        Scripted { port, asked }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, notes: &Mutex<Vec<Asked>>, script: &Script) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let asked = Asked::read(&mut reader)?;
        notes.lock().unwrap().push(asked.clone());
        let answer = script(&asked);
        if answer.is_empty() {
            let _ = stream.shutdown(Shutdown::Both);
            return None;
        }
        stream.write_all(&answer).ok()?;
    }
}
