//! The pages: rendered here, escaped by the template crate, with a little script of our own for what must move.
//!
//! [`answer`] finds the page of a path. Each page reads the library once and makes its markup; [`layout`] puts it into
//! the frame that all share. A list's rows can be asked for alone (`fragment=rows`), which is how pages stay live.

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

use maud::{Markup, html};

use crate::collect::http::{Head, Response};
use crate::collect::routes::{decode, origin_form, pairs, segment};
use crate::collect::server::Server;
use crate::model::clock::{now_us, utc_offset_us};
use crate::store::archive::Archive;
use crate::store::query::{self, Now, Term};

/// What a browser asks for.
pub struct Ask<'a> {
    pub server: &'a Server,
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    pub body: &'a [u8],
    pub now: Now,
    /// The place in the feed before the page was made: what comes after it is news to the page.
    pub since: u64,
}

/// Why there is no page.
pub enum Refusal {
    NotFound(&'static str),
    Bad(String),
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Refusal::Database(error)
    }
}

pub type Page = Result<Response, Refusal>;

impl Ask<'_> {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str) -> u64 {
        // The database counts with signs.
        self.parameter(name)
            .and_then(|value| value.parse().ok())
            .filter(|&number| i64::try_from(number).is_ok())
            .unwrap_or(0)
    }

    pub fn is_fragment(&self) -> bool {
        self.parameter("fragment").is_some()
    }

    /// The search that was asked for, and what is wrong with it.
    pub fn terms(&self) -> (Vec<Term>, Option<String>) {
        match query::parse(self.parameter("q").unwrap_or_default(), self.now) {
            Ok(terms) => (terms, None),
            Err(error) => (Vec::new(), Some(error)),
        }
    }

    /// The address with one parameter changed, from the first row on.
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut query: Vec<_> = self
            .query
            .iter()
            .filter(|(known, _)| known != name && known != "fragment" && known != "from")
            .cloned()
            .collect();
        if !value.is_empty() {
            query.push((name.to_owned(), value.to_owned()));
        }
        let path = text::path(&self.path.iter().map(String::as_str).collect::<Vec<_>>());
        let query: Vec<_> =
            query.iter().map(|(name, value)| format!("{}={}", segment(name), segment(value))).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

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

/// Words for a number of things.
pub fn plural(number: u64, what: &str) -> Markup {
    let (stem, ending) = match what.strip_suffix('y') {
        _ if number == 1 => (what, ""),
        Some(stem) => (stem, "ies"),
        None => (what, "s"),
    };
    html! { (crate::model::figures::count(number)) " " (stem) (ending) }
}
