//! Which request is which: method and target in, [`Route`] out. Nothing is answered here.

use std::borrow::Cow;

#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// Log lines for a repository of the Maxim log API.
    Log {
        repository: Option<String>,
    },
    /// Does the repository exist?
    Repository {
        id: Option<String>,
    },
    UploadUrl {
        key: Option<String>,
    },
    Upload {
        key: String,
    },
    /// Structured log entries.
    Entries,
    /// A structured log document in a format of its own.
    Raw {
        query: Vec<(String, String)>,
    },
    Flow,
    /// Spans of the OpenTelemetry protocol; its logs come by [`Route::Entries`].
    Spans,
    Own(Own),
    /// A tunnel is asked for.
    Connect,
    Unknown,
}

/// The server's own routes: never recorded, counted or made to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    Stats,
    Seq,
    Tree,
    ReadControl,
    Control,
    Reset,
    /// What arrives, as it arrives.
    Live,
    /// Something for a browser; [`crate::web`] knows what.
    Page,
    /// A file that is brought in.
    Import,
}

/// The first parts of the paths that are pages.
const PAGES: [&str; 18] = [
    "",
    "traces",
    "generations",
    "sessions",
    "trace",
    "session",
    "compare",
    "logs",
    "flows",
    "flow",
    "errors",
    "delivery",
    "transfer",
    "export",
    "share",
    "assets",
    "complete",
    "attachment",
];

impl Route {
    /// Whether data arrives by it that misbehaviour of ingestion applies to.
    pub fn is_ingestion(&self) -> bool {
        matches!(self, Route::Log { .. } | Route::Entries | Route::Raw { .. } | Route::Flow | Route::Spans)
    }

    /// The header that carries the API key, where one is required.
    pub fn key_header(&self) -> Option<&'static str> {
        match self {
            Route::Log { .. } | Route::Repository { .. } | Route::UploadUrl { .. } => Some("x-maxim-api-key"),
            Route::Entries | Route::Raw { .. } | Route::Flow => Some("x-api-key"),
            _ => None,
        }
    }
}

/// Finds the route; the flag tells whether the target had the absolute form that goes to a proxy.
pub fn route(method: &str, target: &str) -> (Route, bool) {
    if method == "CONNECT" {
        return (Route::Connect, true);
    }
    let (target, proxied) = origin_form(target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parameter = |name: &str| {
        pairs(query)
            .into_iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value)
    };
    let route = match (method, path) {
        ("POST", "/api/sdk/v3/log") => Route::Log { repository: parameter("id") },
        ("GET", "/api/sdk/v3/log-repositories") => Route::Repository { id: parameter("loggerId") },
        ("GET", "/api/sdk/v1/log-repositories/attachments/upload-url") => {
            Route::UploadUrl { key: parameter("key") }
        }
        ("PUT", path) if path.len() > "/upload/".len() && path.starts_with("/upload/") => {
            Route::Upload { key: decode(&path["/upload/".len()..], false).into_owned() }
        }
        ("POST", "/v1/logs") if parameter("format").is_some() => Route::Raw { query: pairs(query) },
        ("POST", "/v1/logs") => Route::Entries,
        ("POST", "/v1/flows") => Route::Flow,
        ("POST", "/v1/traces") => Route::Spans,
        ("GET", "/stats") => Route::Own(Own::Stats),
        ("GET", "/seq") => Route::Own(Own::Seq),
        ("GET", "/tree") => Route::Own(Own::Tree),
        ("GET", "/control") => Route::Own(Own::ReadControl),
        ("POST", "/control") => Route::Own(Own::Control),
        ("POST", "/control/reset") => Route::Own(Own::Reset),
        ("GET", "/live" | "/live/lines") => Route::Own(Own::Live),
        ("POST", "/import") => Route::Own(Own::Import),
        ("GET" | "HEAD", "/favicon.ico") => Route::Own(Own::Page),
        ("GET" | "HEAD", path) if PAGES.contains(&first_part(path)) => Route::Own(Own::Page),
        _ => Route::Unknown,
    };
    (route, proxied)
}

/// The target without scheme and host, if it has them.
pub fn origin_form(target: &str) -> (&str, bool) {
    match after_scheme(target) {
        Some(rest) => (rest.find(['/', '?']).map_or("/", |at| &rest[at..]), true),
        None => (target, false),
    }
}

/// The `host[:port]` of a target in absolute form.
pub fn authority(target: &str) -> Option<&str> {
    after_scheme(target).map(|rest| rest.split(['/', '?']).next().unwrap_or_default())
}

/// Whether a URL is one that a key may go to: https, or http to this machine and nothing that only looks so.
pub fn may_have_key(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let has_user = uri.authority().is_none_or(|authority| authority.as_str().contains('@'));
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) if !has_user => ["127.0.0.1", "localhost", "[::1]"].contains(&host),
        _ => false,
    }
}

fn after_scheme(target: &str) -> Option<&str> {
    ["http://", "https://"].iter().find_map(|scheme| {
        let start = target.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| &target[scheme.len()..])
    })
}

fn first_part(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

pub fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name, true).into_owned(), decode(value, true).into_owned()))
        .collect()
}

/// Undoes percent-encoding; in a query a plus sign is a blank. What is no valid escape stays as it is.
pub fn decode(text: &str, in_query: bool) -> Cow<'_, str> {
    let has_escape = text.contains('%') || in_query && text.contains('+');
    if !has_escape {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let [first, rest @ ..] = bytes {
        let escaped = match (first, rest) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        decoded.push(match (first, escaped) {
            (_, Some(byte)) => byte,
            (b'+', _) if in_query => b' ',
            (byte, _) => *byte,
        });
        bytes = if escaped.is_some() { &rest[2..] } else { rest };
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// Percent-encodes a key for use as a path; its slashes stay.
pub fn encode_path(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The same for one part of a path, whatever it holds.
pub fn segment(part: &str) -> String {
    match encode_path(part).replace('/', "%2F") {
        // A browser would take these for steps in the path.
        dots if dots == "." => "%2E".into(),
        dots if dots == ".." => "%2E%2E".into(),
        encoded => encoded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_routes_of_both_protocols_are_known() {
        let plain = |method, target| route(method, target).0;
        assert_eq!(plain("POST", "/api/sdk/v3/log?id=r-1"), Route::Log { repository: Some("r-1".into()) });
        assert_eq!(plain("POST", "/api/sdk/v3/log?id="), Route::Log { repository: None });
        let upload_url = "/api/sdk/v1/log-repositories/attachments/upload-url?key=a%2Fb&mimeType=x&size=1";
        assert_eq!(plain("GET", upload_url), Route::UploadUrl { key: Some("a/b".into()) });
        assert_eq!(plain("PUT", "/upload/a%20b/c+d"), Route::Upload { key: "a b/c+d".into() });
        assert_eq!(plain("PUT", "/upload/"), Route::Unknown);
        assert_eq!(plain("POST", "/v1/logs"), Route::Entries);
        let query = vec![("format".into(), "json".into()), ("source".into(), "a b".into())];
        assert_eq!(plain("POST", "/v1/logs?format=json&source=a+b"), Route::Raw { query });
        assert_eq!(plain("GET", "/v1/logs"), Route::Unknown);
        assert_eq!(plain("POST", "/control/reset"), Route::Own(Own::Reset));
    }

    #[test]
    fn a_proxys_target_is_served_as_its_path() {
        assert_eq!(route("POST", "http://host:1/v1/flows"), (Route::Flow, true));
        assert_eq!(route("GET", "HTTP://host/nowhere"), (Route::Unknown, true));
        assert_eq!(route("CONNECT", "host:443"), (Route::Connect, true));
    }

    #[test]
    fn a_key_goes_out_encrypted_or_not_at_all() {
        for url in [
            "https://a.test",
            "http://127.0.0.1:1/x",
            "http://localhost",
            "http://[::1]:8899",
            "https://me:pw@a.test",
        ] {
            assert!(may_have_key(url), "{url}");
        }
        for url in [
            "http://a.test",
            "http://127.0.0.1.a.test",
            "http://127.0.0.1:80@a.test",
            "http://localhost:1@a.test/",
            "http://localhost@a.test",
            "ftp://127.0.0.1",
            "127.0.0.1",
            "",
        ] {
            assert!(!may_have_key(url), "{url}");
        }
    }

    #[test]
    fn escapes_go_both_ways() {
        let key = "r/ü %/x~1";
        assert_eq!(decode(&encode_path(key), false), key);
        assert_eq!(decode("100%", true), "100%");
        assert_eq!(decode("%zz%4", true), "%zz%4");
    }
}
