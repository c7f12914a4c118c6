//! The pages: rendered here, escaped by the template crate, with a little script of our own for what must move.
//!
//! [`answer`] finds the page of a path. Each page reads the library once and makes its markup; [`layout`] puts it into
//! the frame that all share. A list's rows can be asked for alone (`fragment=rows`), which is how pages stay live.

pub mod ask;
pub mod assets;
pub mod chat;
pub mod compare;
pub mod delivery;
pub mod detail;
pub mod errors;
pub mod layout;
pub mod live;
pub mod logs;
pub mod otlp;
pub mod share;
pub mod text;
pub mod trace;
pub mod traces;
pub mod transfer;

use maud::html;

use crate::collect::http::{Head, Response};
use crate::collect::routes::{decode, origin_form, pairs};
use crate::collect::server::Server;
use crate::model::clock::{now_us, utc_offset_us};
use crate::store::archive::Archive;
use crate::store::query::Now;
use crate::web::ask::{Ask, Page, Refusal};

pub fn answer(server: &Server, head: &Head, body: &[u8]) -> Response {
    let target = origin_form(&head.target).0;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path.trim_matches('/').split('/').filter(|part| !part.is_empty());
    let ask = Ask {
        server,
        path: path.map(|part| decode(part, false).into_owned()).collect(),
        query: pairs(query),
        body,
        now: Now { us: now_us() as i64, utc_offset_us: utc_offset_us() },
        since: server.library.as_ref().map_or(0, |library| library.feed.now()),
    };
    let first = ask.path.first().map_or("", String::as_str);
    if matches!(first, "assets" | "favicon.ico") {
        return assets::answer(&ask);
    }
    let page = match (&server.library, first) {
        (_, "delivery") => delivery::page(&ask),
        (None, _) => Ok(layout::not_kept(&ask)),
        (Some(library), first) => {
            let mut archive = match first {
                "export" | "share" => library.read_all(),
                _ => library.read(),
            };
            page(&ask, &mut archive, first)
        }
    };
    page.unwrap_or_else(|refusal| {
        let (status, message) = match refusal {
            Refusal::NotFound(message) => (404, message.to_owned()),
            Refusal::Bad(message) => (400, message),
            Refusal::Database(error) => (500, error.to_string()),
        };
        let body = html! { h1 { "There is nothing to show" } p.empty { (text::shown(&message)) } };
        layout::page(&ask, status, "nothing", body)
    })
}

fn page(ask: &Ask<'_>, archive: &mut Archive, first: &str) -> Page {
    let rest: Vec<&str> = ask.path.iter().skip(1).map(String::as_str).collect();
    match (first, rest.as_slice()) {
        ("" | "traces" | "generations" | "sessions", []) => traces::page(ask, archive, first),
        ("trace", [repo, id]) => trace::page(ask, archive, repo, id),
        ("session", [repo, id]) => trace::session(ask, archive, repo, id),
        ("share", [repo, id]) => share::page(ask, archive, repo, id),
        ("compare", []) => compare::page(ask, archive),
        ("logs", []) => logs::page(ask, archive),
        ("flows", []) => logs::flows(ask, archive),
        ("flow", [id]) => logs::flow(ask, archive, id),
        ("errors", []) => errors::page(ask, archive),
        ("transfer", []) => transfer::page(ask, archive),
        ("export", [format]) => transfer::export(ask, archive, format),
        ("import", []) => transfer::import(ask, archive),
        ("complete", []) => traces::complete(ask, archive),
        ("attachment", []) => detail::attachment(ask, archive),
        _ => Err(Refusal::NotFound("There is no such page.")),
    }
}
