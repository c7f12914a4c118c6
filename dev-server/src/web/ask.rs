//! What a browser asks for, and what it may get.

use crate::collect::http::Response;
use crate::collect::routes::segment;
use crate::collect::server::Server;
use crate::store::query::{self, Now, Term};
use crate::web::text;

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
