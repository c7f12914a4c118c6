//! A receiver of OTLP of a test's own, which decodes with the published definitions and answers as it is told.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::scripted::Asked;

/// One request as it came.
#[derive(Clone, Debug, Default)]
pub struct Arrived {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    pub spans: Vec<Span>,
    pub records: Vec<LogRecord>,
    pub resource: BTreeMap<String, String>,
}

/// What is answered: a status, further headers and a body.
pub type Answer = (u16, String, Vec<u8>);

type Answers = dyn FnMut(&Arrived) -> Option<Answer> + Send;

pub struct Collector {
    pub port: u16,
    taken: Arc<Mutex<Vec<Arrived>>>,
    seen: Arc<Mutex<Vec<Arrived>>>,
}

/// An answer that says that everything is taken.
pub fn taken() -> Answer {
    (200, String::new(), Vec::new())
}

impl Collector {
    /// One that answers each request as `answers` says, and has taken those that it answers with a success.
    pub fn start(answers: impl FnMut(&Arrived) -> Answer + Send + 'static) -> Collector {
        Collector::start_at(0, answers)
    }

    /// The same at a port.
    pub fn start_at(port: u16, mut answers: impl FnMut(&Arrived) -> Answer + Send + 'static) -> Collector {
        Collector::serve_at(port, move |arrived| Some(answers(arrived)))
    }

    /// The same, but a request for which there is no answer gets none, and its connection stays open.
    pub fn start_with_silence(answers: impl FnMut(&Arrived) -> Option<Answer> + Send + 'static) -> Collector {
        Collector::serve_at(0, answers)
    }

    fn serve_at(port: u16, answers: impl FnMut(&Arrived) -> Option<Answer> + Send + 'static) -> Collector {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (taken, seen): (Arc<Mutex<Vec<_>>>, Arc<Mutex<Vec<_>>>) = Default::default();
        let answers: Arc<Mutex<Box<Answers>>> = Arc::new(Mutex::new(Box::new(answers)));
        let shared = (Arc::clone(&taken), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, shared) = (Arc::clone(&answers), shared.clone());
                // It ends with the connection.
                std::thread::spawn(move || serve(stream, &answers, &shared.0, &shared.1));
            }
        });
        Collector { port, taken, seen }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests that were taken.
    pub fn taken(&self) -> Vec<Arrived> {
        self.taken.lock().unwrap().clone()
    }

    /// All requests.
    pub fn seen(&self) -> Vec<Arrived> {
        self.seen.lock().unwrap().clone()
    }

    /// The spans of the requests that were taken.
    pub fn spans(&self) -> Vec<Span> {
        self.taken().into_iter().flat_map(|arrived| arrived.spans).collect()
    }

    /// The log records of the requests that were taken.
    pub fn records(&self) -> Vec<LogRecord> {
        self.taken().into_iter().flat_map(|arrived| arrived.records).collect()
    }
}

fn serve(
    stream: TcpStream,
    answers: &Mutex<Box<Answers>>,
    taken: &Mutex<Vec<Arrived>>,
    seen: &Mutex<Vec<Arrived>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let asked = Asked::read(&mut reader)?;
        if asked.head.starts_with("CONNECT ") {
            // As its own proxy: what is asked next is for whoever is at the other end, which is this one.
            write!(stream, "HTTP/1.1 200 Connected\r\n\r\n").ok()?;
            continue;
        }
        let path = asked.head.split(' ').nth(1).unwrap().to_owned();
        let arrived = decoded(path, asked.headers(), asked.body);
        let answer = (answers.lock().unwrap())(&arrived);
        seen.lock().unwrap().push(arrived.clone());
        let Some((status, more, content)) = answer else {
            // Until whoever asked has had enough.
            let _ = reader.read(&mut [0]);
            return None;
        };
        if status < 300 {
            taken.lock().unwrap().push(arrived);
        }
        let length = content.len();
        write!(stream, "HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n{more}\r\n").ok()?;
        stream.write_all(&content).ok()?;
    }
}

fn decoded(path: String, headers: BTreeMap<String, String>, body: Vec<u8>) -> Arrived {
    let body = match headers.get("content-encoding").map(String::as_str) {
        Some("gzip") => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
            plain
        }
        other => {
            assert_eq!(other, None);
            body
        }
    };
    let mut arrived = Arrived { path, headers, ..Arrived::default() };
    if arrived.headers.get("content-type").is_some_and(|kind| kind == "application/x-protobuf") {
        if arrived.path.ends_with("/logs") {
            for group in ExportLogsServiceRequest::decode(&body[..]).unwrap().resource_logs {
                arrived.resource = texts(&group.resource.unwrap_or_default().attributes);
                arrived.records.extend(group.scope_logs.into_iter().flat_map(|scope| scope.log_records));
            }
        } else {
            for group in ExportTraceServiceRequest::decode(&body[..]).unwrap().resource_spans {
                arrived.resource = texts(&group.resource.unwrap_or_default().attributes);
                arrived.spans.extend(group.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
    }
    arrived.body = body;
    arrived
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Attributes by name, as texts.
pub fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        Some(Any::DoubleValue(number)) => number.to_string(),
        Some(Any::BoolValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|pair| (pair.key.clone(), text(pair))).collect()
}
