//! Requests in. An answer of success leaves when the store has what came; anything else leaves it with the client.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::cli::args::Target;
use crate::collect::answer::MAX_ENTRIES;
use crate::collect::counts::on_one_line;
use crate::collect::guard;
use crate::collect::http::{Body, Connection, Head, ReadError, Response};
use crate::collect::limits::{BODY_TIME, MAX_COUNTED_BYTES};
use crate::collect::otlp;
use crate::collect::routes::{Own, Route, authority, encode_path, pairs, route};
use crate::model::clock::now_us;
use crate::model::line::{self, LARGE_LOG_FOLDER};
use crate::model::otlp::Signal;
use crate::relay::body::{Kind, Put};
use crate::relay::intake::Refusal;
use crate::relay::shared::Relay;

/// Largest body: a request of the library is far smaller, and memory is taken for as many as come at a time.
const MAX_BODY_BYTES: u64 = 32 << 20;
/// Seconds after which a client is asked to come back when the store is full.
const FULL_SECONDS: u32 = 5;
/// Serves a connection until one side ends it.
pub fn serve(stream: TcpStream, relay: &Relay) {
    let mut connection = Connection::new(stream);
    loop {
        let head = match connection.read_head() {
            Ok(Some(head)) => head,
            Ok(None) | Err(ReadError::Ended) => return,
            Err(ReadError::Bad(status, message)) => {
                let _ = connection.send(&Response::error(status, message), false, true);
                return connection.close_early();
            }
        };
        let (route, _) = route(&head.method, &head.target);
        if let Some(refusal) = guard::refuse(&head, &route, &relay.allowed_hosts) {
            let _ = connection.send(&refusal, false, head.method != "HEAD");
            return connection.close_early();
        }
        if head.expects_continue && connection.send_continue().is_err() {
            return;
        }
        let response = match read_body(&mut connection, &head, is_kept(&route)) {
            Ok(text) => answer(relay, &head, &route, text).unwrap_or_else(|refusal| refusal),
            Err(ReadError::Ended) => return,
            Err(ReadError::Bad(status, message)) => {
                let _ = connection.send(&Response::error(status, message), false, true);
                return connection.close_early();
            }
        };
        let is_sent = connection.send(&response.guarded(), head.keep_alive, head.method != "HEAD").is_ok();
        if !is_sent || !head.keep_alive {
            return;
        }
    }
}

/// Whether a request's body is needed: all but an attachment's content, which does not go on.
fn is_kept(route: &Route) -> bool {
    !matches!(route, Route::Upload { key } if line_of(key).is_none())
}

/// The repository that an upload is for whose text is a log line of its own.
fn line_of(key: &str) -> Option<&str> {
    key.rsplit_once(LARGE_LOG_FOLDER).map(|(repository, _)| repository)
}

fn read_body(
    connection: &mut Connection<TcpStream>,
    head: &Head,
    is_kept: bool,
) -> Result<Vec<u8>, ReadError> {
    const TOO_LARGE: ReadError = ReadError::Bad(413, "the body is larger than this relay takes");
    let most = if is_kept { MAX_BODY_BYTES } else { MAX_COUNTED_BYTES };
    let mut body = Body::new(head.framing);
    if body.declared().is_some_and(|length| length > most) {
        return Err(TOO_LARGE);
    }
    connection.limit_time(Some(BODY_TIME));
    let (mut text, mut read) = (Vec::new(), 0);
    while let Some(piece) = connection.next_piece(&mut body, usize::MAX)? {
        read += piece.len() as u64;
        if read > most {
            return Err(TOO_LARGE);
        }
        if is_kept {
            text.extend_from_slice(piece);
        }
    }
    Ok(text)
}

fn answer(relay: &Relay, head: &Head, route: &Route, text: Vec<u8>) -> Result<Response, Response> {
    if let Route::Own(own) = route {
        return own_answer(relay, *own);
    }
    let text = otlp::inflated(head, &text)?.unwrap_or(text);
    let is_otlp = match route {
        Route::Spans => true,
        Route::Entries => otlp::is_logs(head, &text),
        _ => false,
    };
    if !is_otlp {
        check_key(relay, head, route)?;
    }
    if is_otlp {
        let signal = if *route == Route::Spans { Signal::Spans } else { Signal::Logs };
        return open_telemetry(relay, head, signal, &text);
    }
    let success = || Response::json(200, &json!({"data": {"success": true}}));
    match route {
        Route::Log { repository } => {
            let repository = repository.as_deref().ok_or_else(|| missing("the parameter id"))?;
            let records = line::split(&text).count() as u64;
            put(relay, Put { kind: Kind::Lines, target: repository.to_owned(), records, body: text })?;
            Ok(success())
        }
        Route::Entries => {
            let entries = entries(&text)?;
            let count = entries.len();
            let body = entries.join("\n").into_bytes();
            put(relay, Put { kind: Kind::Entries, target: String::new(), records: count as u64, body })?;
            Ok(Response::json(200, &json!({"success": true, "count": count})))
        }
        Route::Raw { query } => {
            if text.is_empty() {
                return Err(Response::error(400, "the body is empty"));
            }
            if is_folding(relay) {
                put(relay, raw_entries(query, &text))?;
                return Ok(Response::json(200, &json!({"success": true})));
            }
            let target = head.target.split_once('?').map_or("", |(_, query)| query).to_owned();
            let records = line::split(&text).count() as u64;
            put(relay, Put { kind: Kind::Raw, target, records, body: text })?;
            Ok(Response::json(200, &json!({"success": true})))
        }
        Route::Repository { id } => {
            let id = id.as_deref().ok_or_else(|| missing("the parameter loggerId"))?;
            Ok(Response::json(200, &json!({"data": {"id": id}})))
        }
        Route::UploadUrl { key } if is_folding(relay) => {
            let key = key.as_deref().ok_or_else(|| missing("the parameter key"))?;
            let host = authority(&head.target).or(head.header("host")).unwrap_or_default();
            let url = format!("http://{host}/upload/{}?token={}", encode_path(key), token(relay, key));
            Ok(Response::json(200, &json!({"data": {"url": url}})))
        }
        Route::Upload { key } if is_folding(relay) => {
            upload(relay, head, key, text)?;
            Ok(Response::text(200, String::new()))
        }
        // These are questions, and the service alone knows the answer.
        Route::UploadUrl { .. } | Route::Flow => ask(relay, head, route, &text),
        Route::Connect => Err(Response::error(405, "no tunnels here")),
        _ => Err(Response::error(404, "there is no such route")),
    }
}

fn own_answer(relay: &Relay, own: Own) -> Result<Response, Response> {
    match own {
        Own::Stats => {
            let stats = relay.store.lock().to_json();
            stats
                .map(|mut stats| {
                    stats["contents_left_out"] = relay.contents.load(Ordering::Relaxed).into();
                    Response::json(200, &stats)
                })
                .map_err(|error| Response::error(500, &error.to_string()))
        }
        _ => Err(Response::error(404, "a relay has GET /stats alone")),
    }
}

fn check_key(relay: &Relay, head: &Head, route: &Route) -> Result<(), Response> {
    let Some(name) = route.key_header() else { return Ok(()) };
    let given = head.header(name).unwrap_or_default();
    let is_right = match &relay.key {
        // Digests take as long to compare whatever is equal in them.
        Some(key) => Sha256::digest(key) == Sha256::digest(given),
        None => !given.is_empty(),
    };
    if is_right {
        Ok(())
    } else {
        Err(Response::error(401, &format!("the header {name} is not what it should be")))
    }
}

fn put(relay: &Relay, put: Put) -> Result<(), Response> {
    if put.records == 0 {
        return Ok(());
    }
    relay.intake.put(put).map_err(|refusal| {
        let message = match &refusal {
            Refusal::Full => "the relay's store is full",
            Refusal::Failed(_) => "the relay's store cannot be written",
        };
        let mut response = Response::error(503, message);
        response.headers.push(("Retry-After", FULL_SECONDS.to_string()));
        response
    })
}

#[derive(Deserialize)]
struct Entries<'a> {
    #[serde(borrow)]
    logs: Vec<&'a RawValue>,
}

fn entries(text: &[u8]) -> Result<Vec<String>, Response> {
    let Entries { logs } = serde_json::from_slice(text)
        .map_err(|error| Response::error(400, &format!("the body is not {{\"logs\":[…]}}: {error}")))?;
    if logs.len() > MAX_ENTRIES {
        return Err(Response::error(400, &format!("{} entries are more than {MAX_ENTRIES}", logs.len())));
    }
    if let Some(at) = logs.iter().position(|entry| !entry.get().starts_with('{')) {
        return Err(Response::error(400, &format!("entry {at} is not an object")));
    }
    Ok(logs.iter().map(|entry| on_one_line(entry).into_owned()).collect())
}

/// What other OpenTelemetry programs send goes on as it is, to an endpoint of that protocol.
fn open_telemetry(relay: &Relay, head: &Head, signal: Signal, text: &[u8]) -> Result<Response, Response> {
    if !matches!(relay.target, Target::Otlp(_)) {
        return Err(Response::error(404, "a relay to a Maxim endpoint takes lines and entries alone"));
    }
    let (records, body) = otlp::encoded(signal, head, text)?;
    let kind = if signal == Signal::Spans { Kind::Spans } else { Kind::Logs };
    put(relay, Put { kind, target: String::new(), records, body })?;
    Ok(otlp::answer(signal, head, 0, ""))
}

/// Has the service answer, in the same words.
fn ask(relay: &Relay, head: &Head, route: &Route, text: &[u8]) -> Result<Response, Response> {
    if !matches!(relay.target, Target::Maxim(_)) {
        return Err(Response::error(404, "an OpenTelemetry endpoint has no flows"));
    }
    let answer = relay.client.ask(head, route.key_header().unwrap_or_default(), text);
    let answer = answer.map_err(|why| Response::error(503, &why))?;
    let mut response = Response::text(answer.status, String::new());
    response.content_type = "application/json";
    response.body = answer.body;
    response.headers.extend(answer.retry_after.map(|value| ("Retry-After", value)));
    Ok(response)
}

/// Whether it makes spans and log records of what comes.
fn is_folding(relay: &Relay) -> bool {
    matches!(relay.target, Target::Otlp(_))
}

/// The lines of a document in a format of its own as entries, for OpenTelemetry has nothing like it.
fn raw_entries(query: &[(String, String)], text: &[u8]) -> Put {
    let (at, data) = (now_us() / 1000, query.iter().cloned().collect::<BTreeMap<_, _>>());
    let format = data.get("format").map_or("", String::as_str);
    let entry = |line: &[u8]| {
        let message = String::from_utf8_lossy(line);
        json!({"level": "info", "message": message, "source": format!("raw {format}"), "timestamp": at, "data": data})
            .to_string()
    };
    let entries: Vec<_> = line::split(text).map(entry).collect();
    let records = entries.len() as u64;
    Put { kind: Kind::Entries, target: String::new(), records, body: entries.join("\n").into_bytes() }
}

/// Takes an upload in. A line that was too long for a request is one like the others; the content of an attachment does
/// not go on, as the library sends none by OpenTelemetry either.
fn upload(relay: &Relay, head: &Head, key: &str, text: Vec<u8>) -> Result<(), Response> {
    let query = head.target.split_once('?').map_or("", |(_, query)| query);
    let given = pairs(query).into_iter().find(|(name, _)| name == "token").map(|(_, token)| token);
    if given.is_none_or(|given| Sha256::digest(given) != Sha256::digest(token(relay, key))) {
        return Err(Response::error(403, "the token is not the one of this upload"));
    }
    match line_of(key) {
        Some(repository) => {
            put(relay, Put { kind: Kind::Lines, target: repository.to_owned(), records: 1, body: text })
        }
        None => {
            relay.contents.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }
}

/// What shows that the relay itself gave the address of an upload, for an upload carries no key.
fn token(relay: &Relay, key: &str) -> String {
    let secret = relay.key.as_deref().unwrap_or_default();
    let digest = Sha256::new().chain_update(secret).chain_update(Sha256::digest(key)).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn missing(what: &str) -> Response {
    Response::error(400, &format!("{what} is missing"))
}
