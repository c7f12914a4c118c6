//! One connection: reads its requests one after the other, has them answered, and carries out what
//! [`crate::collect::misbehave`] decided, such as a pause, half an answer or a reset.

use std::thread::sleep;
use std::time::Duration;

use crate::collect::answer::{self, Reply, Request};
use crate::collect::attempts::{self, Attempt};
use crate::collect::counts::{Content, Outcome};
use crate::collect::guard;
use crate::collect::http::{Body, Connection, Framing, Head, ReadError, Response, Transport};
use crate::collect::limits::{BODY_TIME, MAX_COLLECTED_BYTES, MAX_COUNTED_BYTES, MAX_OWN_BYTES};
use crate::collect::record;
use crate::collect::routes::{Own, Route, route};
use crate::collect::server::Server;
use crate::model::clock::now_us;
use crate::store::archive::keeps_upload;
use crate::store::kept::Tally;
use crate::web::{self, live};

/// Steps a second that a slowed body is read in.
const SLOW_STEPS: u64 = 20;
/// Body buffers above this size are given back after the request.
const KEPT_BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// What becomes of the connection after a request.
enum Next {
    KeepAlive,
    Close,
    Reset,
}

/// Serves a connection until one side ends it.
pub fn serve<S: Transport>(stream: S, server: &Server) {
    let mut connection = Connection::new(stream);
    let mut text = Vec::new();
    let mut is_counted = false;
    loop {
        let head = match connection.read_head() {
            Ok(Some(head)) => head,
            Ok(None) | Err(ReadError::Ended) => return,
            Err(ReadError::Bad(status, message)) => {
                server.store.lock().finish(Outcome::Rejected);
                let _ = connection.send(&Response::error(status, message), false, true);
                return connection.close_early();
            }
        };
        text.clear();
        text.shrink_to(KEPT_BUFFER_BYTES);
        let (route, is_proxied) = route(&head.method, &head.target);
        if let Some(refusal) = guard::refuse(&head, &route, &server.allowed_hosts) {
            if !matches!(route, Route::Own(_)) {
                server.store.lock().finish(Outcome::Rejected);
            }
            let _ = connection.send(&refusal, false, head.method != "HEAD");
            return connection.close_early();
        }
        let next = if let Route::Own(own) = route {
            serve_own(&mut connection, server, &head, own, &mut text)
        } else {
            {
                let stats = &mut server.store.lock().stats;
                stats.connections += u64::from(!is_counted);
                stats.proxied += u64::from(is_proxied);
            }
            is_counted = true;
            serve_api(&mut connection, server, &head, &route, &mut text)
        };
        match next {
            Ok(Next::KeepAlive) if head.keep_alive => {}
            Ok(Next::KeepAlive | Next::Close) | Err(ReadError::Ended) => return,
            Ok(Next::Reset) => return connection.reset(),
            Err(ReadError::Bad(status, message)) => {
                let _ = connection.send(&Response::error(status, message), false, true);
                return connection.close_early();
            }
        }
    }
}

/// A request to the server itself.
fn serve_own<S: Transport>(
    connection: &mut Connection<S>,
    server: &Server,
    head: &Head,
    own: Own,
    text: &mut Vec<u8>,
) -> Result<Next, ReadError> {
    if head.expects_continue {
        connection.send_continue()?;
    }
    let mut body = Body::new(head.framing);
    let limit = if own == Own::Import { MAX_COLLECTED_BYTES } else { MAX_OWN_BYTES };
    read_body(connection, &mut body, 0, limit, Some(text))?;
    let response = match own {
        Own::Live => return live::serve(connection, server, head).map(|()| Next::Close),
        Own::Page | Own::Import => web::answer(server, head, text),
        own => answer::own(server, own, text),
    };
    connection.send(&response.guarded(), head.keep_alive, head.method != "HEAD")?;
    Ok(Next::KeepAlive)
}

/// A request of the API: every way through here ends in one outcome.
fn serve_api<S: Transport>(
    connection: &mut Connection<S>,
    server: &Server,
    head: &Head,
    route: &Route,
    text: &mut Vec<u8>,
) -> Result<Next, ReadError> {
    let arrived_us = now_us();
    let finish = |body: &[u8], tally: Tally, status: u16, outcome: Outcome| {
        server.attempts.lock().note(Attempt {
            at_us: arrived_us,
            method: attempts::kept(&head.method),
            path: attempts::kept(head.target.split('?').next().unwrap_or_default()),
            status,
            outcome,
            bytes: tally.bytes,
            lines: if matches!(route, Route::Log { .. } | Route::Raw { .. }) { tally.lines() } else { 0 },
            took_us: now_us().saturating_sub(arrived_us),
            agent: attempts::kept(head.header("user-agent").unwrap_or_default()),
        });
        if let Some(record) = &server.record {
            record.lock().append(&record::request_line(head, body, status, arrived_us));
        }
        server.store.lock().finish(outcome);
    };

    let plan = Plan::new(server, head, route);
    if plan.resets {
        finish(b"", Tally::default(), 0, Outcome::Dropped);
        return Ok(Next::Reset);
    }
    if head.expects_continue {
        if plan.is_too_large {
            finish(b"", Tally::default(), 413, Outcome::Rejected);
            connection.send(&Response::error(413, "the body is larger than max_body"), false, true)?;
            return Ok(Next::Close);
        }
        connection.send_continue()?;
    }

    let mut body = Body::new(head.framing);
    if plan.resets_within_body {
        let half = if let Framing::Length(length) = head.framing { length / 2 } else { 0 };
        let mut read = 0;
        while read < half {
            let limit = usize::try_from(half - read).unwrap_or(usize::MAX);
            let Some(piece) = connection.next_piece(&mut body, limit)? else { break };
            read += piece.len() as u64;
        }
        finish(b"", Tally::default(), 0, Outcome::Dropped);
        return Ok(Next::Reset);
    }
    let collected = plan.collects.then_some(&mut *text);
    let limit = if plan.collects { MAX_COLLECTED_BYTES } else { MAX_COUNTED_BYTES };
    let tally = match read_body(connection, &mut body, plan.bytes_per_second, limit, collected) {
        Ok(tally) => tally,
        Err(error) => {
            let is_rejected = matches!(error, ReadError::Bad(..));
            server.store.lock().finish(if is_rejected { Outcome::Rejected } else { Outcome::Aborted });
            return Err(error);
        }
    };
    // The lock goes first, or every connection would wait for this one's delay.
    let delay = server.behaviour.lock().delay_ms();
    sleep(Duration::from_millis(delay));

    let content = Content { tally, text: plan.collects.then_some(text) };
    let reply = answer::api(server, &Request { route, head, content, arrived_us });
    match reply {
        Reply::Answer(response) => {
            let outcome = if response.is_error { Outcome::Rejected } else { Outcome::Answered };
            finish(text, tally, response.status, outcome);
            connection.send(&response, head.keep_alive, head.method != "HEAD")?;
            Ok(Next::KeepAlive)
        }
        Reply::Truncate(response) => {
            finish(text, tally, 0, Outcome::Dropped);
            connection.send_truncated(&response)?;
            Ok(Next::Close)
        }
        Reply::Close => {
            finish(text, tally, 0, Outcome::Dropped);
            Ok(Next::Close)
        }
    }
}

/// What is decided about a request before its body is read.
struct Plan {
    resets: bool,
    resets_within_body: bool,
    is_too_large: bool,
    bytes_per_second: u64,
    /// Whether the body's text is needed, or its size and number of lines will do.
    collects: bool,
}

impl Plan {
    fn new(server: &Server, head: &Head, route: &Route) -> Self {
        let mut behaviour = server.behaviour.lock();
        let is_ingestion = route.is_ingestion();
        let is_upload = matches!(route, Route::Upload { .. });
        let length = if let Framing::Length(length) = head.framing { length } else { 0 };
        let resets = is_ingestion && behaviour.take_drop_before_read();
        let resets_within_body = is_upload && behaviour.take_upload_drop();
        let is_too_large = is_ingestion && behaviour.exceeds(length);
        let bytes_per_second = behaviour.slow_body_bps();
        let reads_bodies = behaviour.reads_bodies();
        drop(behaviour);
        let is_needed = match route {
            Route::Log { .. } | Route::Raw { .. } => {
                reads_bodies || server.library.is_some() || server.store.lock().reads_lines()
            }
            Route::Entries | Route::Flow | Route::Spans => true,
            Route::Upload { key } => server.library.is_some() && keeps_upload(key, length),
            _ => false,
        };
        let collects = is_needed || server.record.is_some();
        Plan { resets, resets_within_body, is_too_large, bytes_per_second, collects }
    }
}

/// Reads a body to its end, slowly if asked to (0 is full speed), and keeps its text if asked to. A body of more
/// than `max_bytes` is refused.
fn read_body<S: Transport>(
    connection: &mut Connection<S>,
    body: &mut Body,
    bytes_per_second: u64,
    max_bytes: u64,
    mut text: Option<&mut Vec<u8>>,
) -> Result<Tally, ReadError> {
    const TOO_LARGE: ReadError = ReadError::Bad(413, "the body is larger than this server takes");
    if body.declared().is_some_and(|length| length > max_bytes) {
        return Err(TOO_LARGE);
    }
    connection.limit_time((bytes_per_second == 0).then_some(BODY_TIME));
    let limit = match bytes_per_second {
        0 => usize::MAX,
        bytes => usize::try_from((bytes / SLOW_STEPS).max(1)).unwrap_or(usize::MAX),
    };
    let mut tally = Tally::default();
    while let Some(piece) = connection.next_piece(body, limit)? {
        tally.add(piece);
        if tally.bytes > max_bytes {
            return Err(TOO_LARGE);
        }
        if let Some(text) = &mut text {
            text.extend_from_slice(piece);
        }
        if bytes_per_second > 0 {
            sleep(Duration::from_secs_f64(piece.len() as f64 / bytes_per_second as f64));
        }
    }
    Ok(tally)
}
