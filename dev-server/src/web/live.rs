//! What arrives, as it arrives: server-sent events for pages, and lines of JSON for `maxim-dev tail`.
//!
//! A page is told at most four times a second that something has changed, and fetches what it shows; a terminal gets
//! every event.

use std::time::Duration;

use crate::collect::http::{Connection, Head, ReadError, Response, Transport};
use crate::collect::routes::{origin_form, pairs};
use crate::collect::server::Server;

/// Least time between two messages to a page.
const PAGE_PAUSE: Duration = Duration::from_millis(250);
/// How long it is quiet before a sign of life goes out, by which a peer that has gone is noticed.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

pub fn serve<S: Transport>(
    connection: &mut Connection<S>,
    server: &Server,
    head: &Head,
) -> Result<(), ReadError> {
    let Some(library) = &server.library else {
        let refusal = Response::error(409, "start with --mode tree or --db to have what arrives kept");
        return Ok(connection.send(&refusal.guarded(), false, true)?);
    };
    let target = origin_form(&head.target).0;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_page = path == "/live";
    let since =
        pairs(query).into_iter().find(|(name, _)| name == "since").and_then(|(_, at)| at.parse().ok());
    let mut next = since.unwrap_or_else(|| library.feed.now()).min(library.feed.now());
    let content_type = if is_page { "text/event-stream" } else { "application/x-ndjson" };
    let start = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n"
    );
    connection.send_bytes(start.as_bytes())?;
    if is_page {
        connection.send_bytes(format!("retry: 1000\nid: {next}\ndata: 0\n\n").as_bytes())?;
    }
    loop {
        let news = library.feed.wait(next, SIGN_OF_LIFE);
        let is_quiet = news.events.is_empty();
        next = news.next;
        let text = match (is_page, is_quiet) {
            (true, true) => ":\n\n".to_owned(),
            (true, false) => format!("id: {next}\ndata: {}\n\n", news.events.len()),
            (false, true) => "\n".to_owned(),
            (false, false) => {
                let mut text = String::new();
                if news.left_out > 0 {
                    text.push_str(&format!("{{\"left_out\":{}}}\n", news.left_out));
                }
                for event in &news.events {
                    text.push_str(event);
                    text.push('\n');
                }
                text
            }
        };
        connection.send_bytes(text.as_bytes())?;
        if is_page {
            std::thread::sleep(PAGE_PAUSE);
        }
    }
}
