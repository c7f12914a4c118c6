//! Who may speak to the server: programs of this machine and the server's own pages, not the page of somebody else
//! in the same browser.
//!
//! A foreign page reaches a server on 127.0.0.1 in two ways. It sends requests itself, which the browser marks with
//! its `Origin` (or `Sec-Fetch-Site`); or it lets its own name resolve to 127.0.0.1 (DNS rebinding), which shows in
//! `Host`. Both get 403. The port in `Host` is not compared: no page can choose it without the name, and a tunnel or
//! a test's relay in front of the server has another one. A request in absolute form is one for a forward proxy; a
//! browser sends it only when it was configured to, and then it may name any host, but only for the API.

use crate::collect::http::{Head, Response};
use crate::collect::routes::{Route, authority};

const LOOPBACK_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The answer to a request that comes from elsewhere; `None` lets it in. `allowed` are further names of this server.
pub fn refuse(head: &Head, route: &Route, allowed: &[String]) -> Option<Response> {
    let target_authority = authority(&head.target);
    let is_proxied = target_authority.is_some();
    let host = target_authority.or(head.header("host"));
    let is_tunnel = matches!(route, Route::Connect);
    let is_own = matches!(route, Route::Own(_));
    if !is_tunnel && (is_own || !is_proxied) && !host.is_none_or(|host| is_own_name(host, allowed)) {
        return Some(Response::error(403, "the Host is not this machine"));
    }
    if head.headers.iter().any(|(name, value)| name == "origin" && !is_origin_of(value, host, allowed)) {
        return Some(Response::error(403, "the Origin is not this server"));
    }
    let is_foreign =
        head.header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    if is_foreign && head.header("sec-fetch-mode") != Some("navigate") {
        return Some(Response::error(403, "a page from elsewhere does not read this server"));
    }
    None
}

/// Whether `host[:port]` names this machine's loopback interface, or the server by a name that was allowed.
fn is_own_name(authority: &str, allowed: &[String]) -> bool {
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    };
    let mut names = LOOPBACK_NAMES.into_iter().chain(allowed.iter().map(String::as_str));
    names.any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether an `Origin` is that of the server itself, under the name that the request used.
fn is_origin_of(origin: &str, host: Option<&str>, allowed: &[String]) -> bool {
    let (Some(name), Some(host)) = (origin.strip_prefix("http://"), host) else { return false };
    is_own_name(name, allowed) && name.eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::http::Framing;
    use crate::collect::routes::route;

    fn status(target: &str, headers: &[(&str, &str)]) -> u16 {
        let head = Head {
            method: "GET".into(),
            target: target.into(),
            headers: headers.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
            framing: Framing::Length(0),
            keep_alive: true,
            expects_continue: false,
        };
        refuse(&head, &route("GET", target).0, &["dev.test".to_owned()])
            .map_or(200, |response| response.status)
    }

    #[test]
    fn only_names_of_this_machine_are_hosts() {
        for host in
            ["127.0.0.1", "127.0.0.1:8899", "localhost:1", "LOCALHOST", "[::1]:8899", "[::1]", "dev.test:1"]
        {
            assert_eq!(status("/stats", &[("host", host)]), 200, "{host}");
        }
        let foreign =
            ["evil.test", "127.0.0.1.evil.test", "localhost.evil.test:8899", "", "10.0.0.1", "127.0.0.1:x"];
        for host in foreign {
            assert_eq!(status("/stats", &[("host", host)]), 403, "{host}");
            assert_eq!(status("/v1/logs", &[("host", host)]), 403, "{host}");
        }
    }

    #[test]
    fn an_origin_must_be_the_servers_own() {
        let with = |origin: &str| status("/control", &[("host", "localhost:8899"), ("origin", origin)]);
        assert_eq!(with("http://localhost:8899"), 200);
        for origin in [
            "http://localhost:3000",
            "http://127.0.0.1:8899",
            "https://localhost:8899",
            "null",
            "http://evil.test",
            "",
        ] {
            assert_eq!(with(origin), 403, "{origin}");
        }
        let twice = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://evil.test")];
        assert_eq!(status("/control", &twice), 403);
        // A page of another name cannot be its own origin after its name was bound to 127.0.0.1.
        assert_eq!(status("/stats", &[("host", "evil.test:8899"), ("origin", "http://evil.test:8899")]), 403);
    }

    #[test]
    fn what_a_foreign_page_embeds_is_refused_and_a_link_followed_is_not() {
        let from = |site: &str, mode: &str| {
            status("/stats", &[("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode)])
        };
        assert_eq!(from("cross-site", "no-cors"), 403);
        assert_eq!(from("same-site", "no-cors"), 403);
        assert_eq!(from("cross-site", "navigate"), 200);
        assert_eq!(from("same-origin", "cors"), 200);
        assert_eq!(from("none", "navigate"), 200);
    }

    #[test]
    fn a_proxys_request_may_name_any_host_for_the_api_alone() {
        let host = [("host", "api.test")];
        assert_eq!(status("http://api.test/api/sdk/v3/log?id=r", &host), 200);
        assert_eq!(status("http://evil.test/stats", &[("host", "127.0.0.1")]), 403);
        assert_eq!(status("http://127.0.0.1:1/stats", &host), 200);
    }
}
