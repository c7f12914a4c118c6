//! A tiny HTTP server that misbehaves on command, for the tests of this room.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use crate::sync::Mutex;

/// One request as it came in.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// The request line and the headers.
    pub head: String,
    pub body: Vec<u8>,
    /// Which connection it came on, counted from 1.
    pub connection: usize,
}

/// What the server does with a request.
pub enum Answer {
    /// Status and body.
    Status(u16, String),
    /// Everything that goes over the wire, after which the connection is closed.
    Raw(String),
    /// Nothing: the connection is closed.
    HangUp,
    /// Nothing for as long as the server lives.
    Silence,
}

/// An answer without words.
pub fn status(status: u16) -> Answer {
    Answer::Status(status, String::new())
}

type Script = Box<dyn FnMut(&Received) -> Answer + Send>;

#[derive(Default)]
struct ServerState {
    requests: Vec<Received>,
    connections: Vec<TcpStream>,
}

/// A server on a loopback port of its own.
pub struct TestServer {
    pub url: String,
    state: Arc<Mutex<ServerState>>,
}

impl TestServer {
    /// Answers every request as `script` says.
    pub fn new(script: impl FnMut(&Received) -> Answer + Send + 'static) -> TestServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(ServerState::default()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut state = shared.lock();
                state.connections.push(stream.try_clone().unwrap());
                let number = state.connections.len();
                drop(state);
                let (shared, script) = (Arc::clone(&shared), Arc::clone(&script));
                std::thread::spawn(move || serve(stream, number, &shared, &script));
            }
        });
        TestServer { url, state }
    }

    pub fn requests(&self) -> Vec<Received> {
        self.state.lock().requests.clone()
    }

    pub fn connections(&self) -> usize {
        self.state.lock().connections.len()
    }

    /// The bodies of all requests, one after the other.
    pub fn bodies(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        for connection in &self.state.lock().connections {
            let _ = connection.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// Serves one connection until it ends.
fn serve(stream: TcpStream, connection: usize, state: &Mutex<ServerState>, script: &Mutex<Script>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(received) = read_request(&mut reader, connection) {
        state.lock().requests.push(received.clone());
        let answer = (script.lock())(&received);
        match answer {
            Answer::Status(status, body) => {
                let length = body.len();
                let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n{body}");
                if stream.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
            Answer::Raw(bytes) => {
                let _ = stream.write_all(bytes.as_bytes());
                let _ = stream.shutdown(std::net::Shutdown::Both);
                return;
            }
            Answer::HangUp => {
                let _ = stream.shutdown(std::net::Shutdown::Both);
                return;
            }
            // Ends when the other side or the server's owner does.
            Answer::Silence => {
                let _ = reader.read(&mut [0]);
            }
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>, connection: usize) -> Option<Received> {
    let mut received = Received { connection, ..Received::default() };
    loop {
        let before = received.head.len();
        if reader.read_line(&mut received.head).ok()? == 0 {
            return None;
        }
        if &received.head[before..] == "\r\n" {
            break;
        }
    }
    let length = received.head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    received.body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut received.body).ok()?;
    Some(received)
}
