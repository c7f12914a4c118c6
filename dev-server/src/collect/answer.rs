//! What each request is answered: the API as the services have it, and the server's own routes.
//!
//! A batch is accepted here or nowhere, and always whole.

use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::collect::counts::{Content, Data, on_one_line};
use crate::collect::http::{Head, Response};
use crate::collect::misbehave::{Behaviour, Ending, Failure, Verdict};
use crate::collect::otlp;
use crate::collect::routes::{Own, Route, encode_path};
use crate::collect::server::Server;
use crate::draw::tree;
use crate::model::clock::now_us;
use crate::model::otlp::{Signal, Span, entry};

use crate::store::archive::{Item, keeps_upload};

/// Entries that the structured log API takes in one request.
pub const MAX_ENTRIES: usize = 100;
/// Headers that an upload to somebody else's storage must not carry.
const CREDENTIAL_HEADERS: [&str; 3] = ["x-maxim-api-key", "x-api-key", "authorization"];

/// A whole request of the API.
pub struct Request<'a> {
    pub route: &'a Route,
    pub head: &'a Head,
    pub content: Content<'a>,
    pub arrived_us: u64,
}

/// What the client gets.
pub enum Reply {
    Answer(Response),
    /// The start of this answer.
    Truncate(Response),
    Close,
}

#[derive(Deserialize)]
struct Entries<'a> {
    #[serde(borrow)]
    logs: Vec<&'a RawValue>,
}

/// Answers a request of the API and takes its data in when it is accepted.
pub fn api(server: &Server, request: &Request<'_>) -> Reply {
    let text = request.content.text.unwrap_or_default();
    let inflated = match request.route {
        Route::Spans | Route::Entries => otlp::inflated(request.head, text),
        _ => Ok(None),
    };
    match inflated {
        Ok(None) => answered(server, request),
        Ok(Some(text)) => {
            let content = Content { tally: request.content.tally, text: Some(&text) };
            answered(server, &Request { content, ..*request })
        }
        Err(refusal) => Reply::Answer(refusal),
    }
}

/// The signal of the OpenTelemetry protocol that a request carries, if it is one.
fn signal(request: &Request<'_>) -> Option<Signal> {
    match request.route {
        Route::Spans => Some(Signal::Spans),
        Route::Entries => {
            otlp::is_logs(request.head, request.content.text.unwrap_or_default()).then_some(Signal::Logs)
        }
        _ => None,
    }
}

fn answered(server: &Server, request: &Request<'_>) -> Reply {
    let is_ingestion = request.route.is_ingestion();
    let signal = signal(request);
    if is_ingestion {
        match server.behaviour.lock().ingestion(request.content.tally.bytes, request.content.text) {
            Verdict::Proceed => {}
            Verdict::Fail(failure) => return Reply::Answer(failed(failure)),
            Verdict::Drop => return Reply::Close,
            Verdict::Truncate => return Reply::Truncate(success()),
        }
    }
    if let Some(name) = request.route.key_header().filter(|_| signal.is_none()) {
        if let Some(failure) = server.behaviour.lock().refuse_everyone() {
            return Reply::Answer(failed(failure));
        }
        if request.head.header(name).is_none_or(str::is_empty) {
            return Reply::Answer(Response::error(401, &format!("the header {name} is missing")));
        }
    }
    if let Some(signal) = signal {
        return open_telemetry(server, request, signal).unwrap_or_else(Reply::Answer);
    }
    let answer = match request.route {
        Route::Log { repository } => log(server, request, repository.as_deref()),
        Route::Repository { id } => repository(server, id.as_deref()),
        Route::UploadUrl { key } => upload_url(server, request, key.as_deref()),
        Route::Upload { key } => upload(server, request, key),
        Route::Entries => entries(server, request),
        Route::Raw { query } => raw(server, request, query),
        Route::Flow => flow(server, request),
        Route::Connect => Err(Response::error(405, "no tunnels here; send the absolute target")),
        Route::Own(_) | Route::Spans | Route::Unknown => Err(Response::error(404, "there is no such route")),
    };
    match answer {
        Ok(reply) => reply,
        Err(refusal) => Reply::Answer(refusal),
    }
}

/// Accepts data that is in order, unless misbehaviour has a last word.
fn accept(server: &Server, request: &Request<'_>, data: Data<'_>, response: Response) -> Reply {
    let ending = if request.route.is_ingestion() { server.behaviour.lock().ending() } else { Ending::Accept };
    if ending == Ending::ErrorBody {
        return Reply::Answer(Response::error(200, "error_body on command"));
    }
    let item = server.library.as_ref().and_then(|_| item(&data));
    server.store.lock().accept(data, request.arrived_us, now_us());
    if let Some((library, item)) = server.library.as_ref().zip(item) {
        library.take(item, request.arrived_us as i64);
    }
    if ending == Ending::AcceptAndDrop { Reply::Close } else { Reply::Answer(response) }
}

/// Accepted data as the library takes it.
fn item(data: &Data<'_>) -> Option<Item> {
    Some(match data {
        Data::Lines { repository, content } => {
            Item::Lines { repo: (*repository).to_owned(), text: content.text?.to_vec() }
        }
        Data::Entries { entries, .. } => {
            Item::Entries(entries.iter().map(|entry| on_one_line(entry).into_owned()).collect())
        }
        // Only where there is no library to take it.
        Data::Counted { .. } => return None,
        Data::Raw { query, content } => Item::Raw { query: query.to_vec(), text: content.text?.to_vec() },
        Data::Spans { units, .. } => Item::Spans(units.to_vec()),
        Data::Flow { id, name } => Item::Flow { id: (*id).to_owned(), name: (*name).to_owned() },
        Data::UploadUrl => return None,
        Data::Upload { key, mime, content } => Item::Upload {
            key: (*key).to_owned(),
            mime: (*mime).to_owned(),
            bytes: content.tally.bytes,
            content: content.text.filter(|text| keeps_upload(key, text.len() as u64)).map(Into::into),
        },
    })
}

fn log(server: &Server, request: &Request<'_>, repository: Option<&str>) -> Result<Reply, Response> {
    let repository = repository.ok_or_else(|| missing("the parameter id"))?;
    Ok(accept(server, request, Data::Lines { repository, content: request.content }, success()))
}

fn repository(server: &Server, id: Option<&str>) -> Result<Reply, Response> {
    let id = id.ok_or_else(|| missing("the parameter loggerId"))?;
    if server.behaviour.lock().unknown_repository() {
        return Err(Response::error(200, "there is no such repository"));
    }
    Ok(Reply::Answer(Response::json(200, &json!({"data": {"id": id}}))))
}

fn upload_url(server: &Server, request: &Request<'_>, key: Option<&str>) -> Result<Reply, Response> {
    if let Some(failure) = server.behaviour.lock().upload_url() {
        return Err(failed(failure));
    }
    let key = key.ok_or_else(|| missing("the parameter key"))?;
    let url = format!("http://127.0.0.1:{}/upload/{}", server.port, encode_path(key));
    let response = Response::json(200, &json!({"data": {"url": url}}));
    Ok(accept(server, request, Data::UploadUrl, response))
}

fn upload(server: &Server, request: &Request<'_>, key: &str) -> Result<Reply, Response> {
    if CREDENTIAL_HEADERS.iter().any(|name| request.head.header(name).is_some()) {
        server.store.lock().stats.credential_leaks += 1;
    }
    if let Some(failure) = server.behaviour.lock().upload() {
        return Err(failed(failure));
    }
    let mime = request.head.header("content-type").unwrap_or_default();
    let data = Data::Upload { key, mime, content: request.content };
    Ok(accept(server, request, data, Response::text(200, String::new())))
}

fn entries(server: &Server, request: &Request<'_>) -> Result<Reply, Response> {
    let text = request.content.text.unwrap_or_default();
    let Entries { logs } = serde_json::from_slice(text)
        .map_err(|error| Response::error(400, &format!("the body is not {{\"logs\":[…]}}: {error}")))?;
    if logs.len() > MAX_ENTRIES {
        let message = format!("{} entries are more than {MAX_ENTRIES}", logs.len());
        return Err(Response::error(400, &message));
    }
    if let Some(at) = logs.iter().position(|entry| !entry.get().starts_with('{')) {
        return Err(Response::error(400, &format!("entry {at} is not an object")));
    }
    let response = Response::json(200, &json!({"success": true, "count": logs.len()}));
    let data = Data::Entries { entries: &logs, bytes: request.content.tally.bytes };
    Ok(accept(server, request, data, response))
}

/// Spans or log records of OpenTelemetry. What is no such thing is rejected on its own, as the protocol has it.
fn open_telemetry(server: &Server, request: &Request<'_>, signal: Signal) -> Result<Reply, Response> {
    let head = request.head;
    if otlp::is_protobuf(head) && server.library.is_none() && !server.store.lock().reads_lines() {
        let bytes = request.content.tally.bytes;
        let (mut taken, mut rejected, mut why) =
            otlp::counted(signal, request.content.text.unwrap_or_default())?;
        let on_command = server.behaviour.lock().take_rejects(taken);
        if on_command > 0 {
            (taken, rejected, why) = (taken - on_command, rejected + on_command, "reject on command");
        }
        let response = otlp::answer(signal, head, rejected, why);
        return Ok(accept(server, request, Data::Counted { signal, items: taken, bytes }, response));
    }
    let mut units = otlp::decode(signal, head, request.content.text.unwrap_or_default())?;
    let on_command = server.behaviour.lock().take_rejects(units.len() as u64);
    units.drain(..on_command as usize);
    let mut why = if on_command > 0 { "reject on command" } else { "" };
    let mut rejected = on_command;
    if signal == Signal::Spans {
        units.retain(|unit| match Span::new(unit) {
            Ok(_) => true,
            Err(problem) => {
                rejected += 1;
                why = problem;
                false
            }
        });
    }
    let response = otlp::answer(signal, head, rejected, why);
    let bytes = request.content.tally.bytes;
    if signal == Signal::Spans {
        if let Some(repository) = head.header("x-maxim-repo-id") {
            units.iter_mut().for_each(|unit| named(unit, repository));
        }
        let units: Vec<_> = units.iter().map(Value::to_string).collect();
        return Ok(accept(server, request, Data::Spans { units: &units, bytes }, response));
    }
    let entries: Vec<_> =
        units.iter().filter_map(|unit| serde_json::value::to_raw_value(&entry(unit)).ok()).collect();
    let entries: Vec<&RawValue> = entries.iter().map(AsRef::as_ref).collect();
    Ok(accept(server, request, Data::Entries { entries: &entries, bytes }, response))
}

/// Notes the repository that a header named among the attributes of the resource.
fn named(unit: &mut Value, repository: &str) {
    let attribute = json!({"key": "maxim.repository.id", "value": {"stringValue": repository}});
    match unit["resource"]["attributes"].as_array_mut() {
        Some(attributes) => attributes.push(attribute),
        None => unit["resource"] = json!({"attributes": [attribute]}),
    }
}

fn raw(server: &Server, request: &Request<'_>, query: &[(String, String)]) -> Result<Reply, Response> {
    if request.content.tally.bytes == 0 {
        return Err(Response::error(400, "the body is empty"));
    }
    let response = Response::json(200, &json!({"success": true}));
    Ok(accept(server, request, Data::Raw { query, content: request.content }, response))
}

fn flow(server: &Server, request: &Request<'_>) -> Result<Reply, Response> {
    let text = request.content.text.unwrap_or_default();
    let document: Value = serde_json::from_slice(text).unwrap_or_default();
    let name = document["name"].as_str().ok_or_else(|| missing("the member name"))?;
    let id = server.flow_id(name);
    let response = Response::json(200, &json!({"flowId": id, "name": name}));
    Ok(accept(server, request, Data::Flow { id: &id, name }, response))
}

/// Answers a request to the server itself.
pub fn own(server: &Server, own: Own, body: &[u8]) -> Response {
    match own {
        Own::Stats => match serde_json::to_value(&server.store.lock().stats) {
            Ok(stats) => Response::json(200, &stats),
            Err(error) => Response::error(500, &error.to_string()),
        },
        Own::Seq => match &server.store.lock().sequences {
            Some(sequences) => Response::json(200, &sequences.to_json()),
            None => Response::error(409, "start with --check-seq to have sequences checked"),
        },
        Own::Tree => {
            let Some(library) = &server.library else {
                return Response::error(409, "start with --mode tree or --db FILE to have what arrives kept");
            };
            let kept = library.read_all().kept(server.forgotten.load(Ordering::Relaxed));
            match kept {
                Ok(kept) => Response::text(200, tree::draw(&kept, false)),
                Err(error) => Response::error(500, &error.to_string()),
            }
        }
        Own::ReadControl => Response::json(200, &server.behaviour.lock().to_json()),
        Own::Control => {
            let changes: Value = match serde_json::from_slice(body) {
                Ok(changes) => changes,
                Err(error) => return Response::error(400, &format!("the body is not JSON: {error}")),
            };
            let Some(changes) = changes.as_object() else {
                return Response::error(400, "the body is not an object of settings");
            };
            let mut behaviour = server.behaviour.lock();
            match behaviour.change(changes) {
                Ok(()) => Response::json(200, &behaviour.to_json()),
                Err(message) => Response::error(400, &message),
            }
        }
        Own::Reset => {
            let reset = {
                let mut behaviour = server.behaviour.lock();
                *behaviour = Behaviour::default();
                behaviour.to_json()
            };
            server.store.lock().clear();
            server.attempts.lock().clear();
            match &server.library {
                Some(library) if server.is_library_kept => {
                    let newest = library.read_all().newest().unwrap_or(0);
                    server.forgotten.store(newest, Ordering::Relaxed);
                }
                Some(library) => library.take(Item::Clear, 0),
                None => {}
            }
            Response::json(200, &reset)
        }
        Own::Live | Own::Page | Own::Import => Response::error(404, "there is no such route"),
    }
}

fn success() -> Response {
    Response::json(200, &json!({"data": {"success": true}}))
}

fn missing(what: &str) -> Response {
    Response::error(400, &format!("{what} is missing"))
}

fn failed(failure: Failure) -> Response {
    let mut response = Response::error(failure.status, &failure.message);
    response.headers.extend(failure.retry_after.map(|value| ("Retry-After", value)));
    response.headers.extend(failure.location.map(|value| ("Location", value)));
    response
}
