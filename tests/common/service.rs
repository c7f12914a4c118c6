//! A service of a test's own, which can be asked to keep an upload's sender waiting for ever and refuses
//! content that begins with [`POISON`].

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::json;

use super::scripted::Asked;

/// The service, and what its test sees of it.
pub struct Service {
    pub port: u16,
    pub arrived: mpsc::Receiver<Arrived>,
    /// Whether uploads are answered.
    pub answers: Arc<AtomicBool>,
    /// Uploads that wait for an answer, and their connections.
    pub unanswered: Arc<AtomicUsize>,
    waiting: Arc<Mutex<Vec<TcpStream>>>,
}

/// What content begins with that a service refuses.
pub const POISON: u8 = b'!';

/// What a service got.
#[derive(Debug, PartialEq)]
pub enum Arrived {
    Upload(Vec<u8>),
    Lines(String),
}

impl Service {
    pub fn start() -> Service {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, arrived) = mpsc::channel();
        let answers = Arc::new(AtomicBool::new(false));
        let (unanswered, waiting) = (Arc::default(), Arc::default());
        let service = Service { port, arrived, answers, unanswered, waiting };
        let shared = service.serving(sender);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                // It ends with the connection.
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        service
    }

    fn serving(&self, sender: mpsc::Sender<Arrived>) -> Serving {
        Serving {
            port: self.port,
            sender,
            answers: Arc::clone(&self.answers),
            unanswered: Arc::clone(&self.unanswered),
            waiting: Arc::clone(&self.waiting),
        }
    }

    /// Ends the connections of uploads that wait for an answer.
    pub fn hang_up(&self) {
        for stream in self.waiting.lock().unwrap().drain(..) {
            stream.shutdown(std::net::Shutdown::Both).unwrap();
        }
    }
}

/// A service as its threads have it.
#[derive(Clone)]
struct Serving {
    port: u16,
    sender: mpsc::Sender<Arrived>,
    answers: Arc<AtomicBool>,
    unanswered: Arc<AtomicUsize>,
    waiting: Arc<Mutex<Vec<TcpStream>>>,
}

impl Serving {
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let Serving { port, sender, answers, .. } = self;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut stream = stream;
        loop {
            let asked = Asked::read(&mut reader)?;
            let mut answer = "{}".to_owned();
            if asked.is("GET") {
                answer = json!({"data": {"url": format!("http://127.0.0.1:{port}/storage")}}).to_string();
            } else if asked.is("PUT") {
                let answered = answers.load(Ordering::SeqCst);
                if !answered {
                    self.unanswered.fetch_add(1, Ordering::SeqCst);
                    self.waiting.lock().unwrap().push(stream.try_clone().ok()?);
                }
                let is_poison = asked.body.first() == Some(&POISON);
                sender.send(Arrived::Upload(asked.body)).ok()?;
                if is_poison {
                    write!(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").ok()?;
                    continue;
                }
                if !answered {
                    // Until its sender is no more.
                    let _ = reader.read_exact(&mut [0]);
                    self.unanswered.fetch_sub(1, Ordering::SeqCst);
                    return None;
                }
            } else {
                sender.send(Arrived::Lines(String::from_utf8(asked.body).unwrap())).ok()?;
            }
            let length = answer.len();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{answer}").ok()?;
        }
    }
}
