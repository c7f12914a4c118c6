//! Which proxy a request goes through, the configured one or what the environment says; and what went wrong there.
//!
//! The environment is read once, when a pipeline is opened, on the thread that opens it: a host
//! that changes its environment later races with nobody. As is usual: one variable per scheme,
//! lower case before upper case, `ALL_PROXY` for both, `NO_PROXY` names the exceptions (hosts, domains, addresses
//! with or without brackets, networks as in `10.0.0.0/8`, each with or without a port), and this
//! machine is never reached through a proxy from the environment. `HTTP_PROXY` in upper case is
//! ignored in a CGI program, where a client can set it with a `Proxy` header.
//!
//! A proxy is asked for a tunnel (CONNECT) whatever the scheme is, because ureq offers nothing else. Many
//! programs send it plain http requests whole instead, and some proxies allow tunnels to port 443 only:
//! behind those, plain http to another machine (which `allow_plaintext` must allow anyway) does not work.

use std::fmt;
use std::net::IpAddr;

use ureq::Error;

/// The proxies to use, as addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    except: Vec<String>,
}

impl Proxies {
    /// One proxy for everything.
    pub fn explicit(address: &str) -> Proxies {
        Proxies { http: Some(address.to_owned()), https: Some(address.to_owned()), except: Vec::new() }
    }

    /// What the variables say; `variable` looks one up.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Proxies {
        let first = |names: &[&str]| {
            names.iter().find_map(|name| variable(name).filter(|value| !value.trim().is_empty()))
        };
        let all = first(&["all_proxy", "ALL_PROXY"]);
        let http = match variable("REQUEST_METHOD") {
            Some(_) => first(&["http_proxy"]),
            None => first(&["http_proxy", "HTTP_PROXY"]),
        };
        let except = first(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
        // Without any exception of the user's, this machine is one.
        let except = except.split([',', ' ']).chain(["localhost"]);
        Proxies {
            http: http.or_else(|| all.clone()),
            https: first(&["https_proxy", "HTTPS_PROXY"]).or(all),
            except: except.map(|e| e.trim().to_ascii_lowercase()).filter(|e| !e.is_empty()).collect(),
        }
    }

    /// The proxy for a request to `host` (without brackets) over `https` or not.
    pub fn for_request(&self, https: bool, host: &str, port: u16) -> Option<&str> {
        let proxy = if https { self.https.as_deref() } else { self.http.as_deref() };
        proxy.filter(|_| self.except.is_empty() || !self.is_excepted(host, port))
    }

    fn is_excepted(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        if is_loopback(&host) {
            return true;
        }
        self.except.iter().any(|entry| {
            if entry == "*" {
                return true;
            }
            let entry = match entry.rsplit_once(':') {
                // A colon more is an IPv6 address, not a port, unless that stands in brackets.
                Some((name, number)) if !name.contains(':') || name.ends_with(']') => {
                    match number.parse::<u16>() {
                        Ok(number) if port == number => name,
                        _ => return false,
                    }
                }
                _ => entry,
            };
            let entry = without_brackets(entry);
            if let Ok(address) = host.parse::<IpAddr>() {
                return is_in_network(address, entry);
            }
            // `example.com`, `.example.com` and `*.example.com` all mean the domain and what is in it.
            let domain = entry.trim_start_matches('*').trim_start_matches('.');
            host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

/// Whether an address is of a network (`10.0.0.0/8`, `fd00::/8`), or the one that is named.
fn is_in_network(address: IpAddr, network: &str) -> bool {
    let (base, bits) = match network.split_once('/') {
        Some((base, bits)) => (without_brackets(base), bits.parse().ok()),
        None => (network, Some(u32::from(u8::MAX))),
    };
    let (Ok(base), Some(bits)) = (base.parse::<IpAddr>(), bits) else { return false };
    // The bits in which the two differ, at the upper end of 128.
    let (differ, most) = match (address.to_canonical(), base.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits() ^ b.to_bits()) << 96, 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
        _ => return false,
    };
    differ.leading_zeros() >= bits.min(most)
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The proxy at an address, or why there is none. The address is not quoted: it may hold a password.
pub fn tunnel(address: &str) -> Result<ureq::Proxy, String> {
    let scheme = address.split_once("://").map_or("http", |(scheme, _)| scheme).to_ascii_lowercase();
    if scheme.starts_with("socks") {
        return Err(format!("{scheme} proxies are not supported; give one as in http://host:port"));
    }
    let proxy = ureq::Proxy::new(address).ok();
    let proxy = proxy.filter(|proxy| matches!(scheme.as_str(), "http" | "https") && !proxy.host().is_empty());
    proxy.ok_or_else(|| "not an address as in http://host:port or http://user:password@host:port".to_owned())
}

/// Whether `host` is this machine.
pub fn is_loopback(host: &str) -> bool {
    match without_brackets(host).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// No connection, for which the proxy is to blame or the way to it.
#[derive(Debug)]
pub struct ProxyTrouble {
    /// What it answered, if it did.
    pub status: Option<u16>,
    /// Which proxy, and what happened; no user, no password.
    pub why: String,
}

impl ProxyTrouble {
    /// What ureq says of it, in our words.
    pub fn new(proxy: &ureq::Proxy, error: &Error) -> ProxyTrouble {
        // The one place where ureq tells the status.
        const ANSWERED: &str = "proxy server responded ";
        let (host, port) = (proxy.host(), proxy.port());
        let status = match error {
            Error::ConnectProxyFailed(said) => said
                .strip_prefix(ANSWERED)
                .and_then(|said| said.get(..3))
                .and_then(|status| status.parse().ok()),
            _ => None,
        };
        let what = match (status, error) {
            (Some(407), _) => {
                "asks for a user and password, or for others; give them as in http://user:password@host:port \
                 (HTTP 407)"
                    .to_owned()
            }
            (Some(status @ 100..200), _) => {
                format!("sends HTTP {status} before its answer, which is not understood")
            }
            (Some(status), _) => format!("refuses the connection: HTTP {status}"),
            (None, Error::ConnectProxyFailed(said)) => said.clone(),
            (None, Error::Io(error)) => error.to_string(),
            (None, Error::Timeout(phase)) => format!("timed out ({phase})"),
            (None, error) => error.to_string(),
        };
        ProxyTrouble { status, why: format!("the proxy {host}:{port}: {what}") }
    }
}

impl fmt::Display for ProxyTrouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.why)
    }
}

impl std::error::Error for ProxyTrouble {}

impl From<ProxyTrouble> for Error {
    fn from(trouble: ProxyTrouble) -> Error {
        Error::Other(Box::new(trouble))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Proxies {
        Proxies::from_environment(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_scheme_has_its_proxy_and_all_proxy_stands_in() {
        let proxies = environment(&[("https_proxy", "http://a:1"), ("ALL_PROXY", "http://b:2")]);
        assert_eq!(proxies.for_request(true, "example.com", 443), Some("http://a:1"));
        assert_eq!(proxies.for_request(false, "example.com", 80), Some("http://b:2"));
        assert_eq!(environment(&[]).for_request(true, "example.com", 443), None);
        assert_eq!(environment(&[("HTTPS_PROXY", " ")]).for_request(true, "example.com", 443), None);
    }

    #[test]
    fn a_cgi_program_ignores_the_variable_that_its_client_can_set() {
        let cgi = environment(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")]);
        assert_eq!(cgi.for_request(false, "example.com", 80), None);
        let program = environment(&[("HTTP_PROXY", "http://good:1")]);
        assert_eq!(program.for_request(false, "example.com", 80), Some("http://good:1"));
    }

    #[test]
    fn no_proxy_names_hosts_domains_and_ports() {
        let proxies = environment(&[
            ("HTTPS_PROXY", "http://p:1"),
            (
                "NO_PROXY",
                "example.com, .internal,*.corp,10.1.2.3,host:8443,fd00::1,192.168.0.0/16,2001:db8::/32,[fd00::2],[fd00::3]:8443",
            ),
        ]);
        for (host, port, direct) in [
            ("192.168.7.8", 443, true),
            ("192.169.7.8", 443, false),
            ("2001:db8::7", 443, true),
            ("2001:db9::7", 443, false),
            ("fd00::2", 443, true),
            ("fd00::3", 8443, true),
            ("fd00::3", 443, false),
            ("110.1.2.3", 443, false),
            ("example.com", 443, true),
            ("API.example.com", 443, true),
            ("notexample.com", 443, false),
            ("a.internal", 443, true),
            ("a.corp", 443, true),
            ("10.1.2.3", 443, true),
            ("10.1.2.4", 443, false),
            ("host", 8443, true),
            ("host", 443, false),
            ("fd00::1", 443, true),
        ] {
            assert_eq!(proxies.for_request(true, host, port).is_none(), direct, "{host}:{port}");
        }
        let none = environment(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "*")]);
        assert_eq!(none.for_request(true, "example.com", 443), None);
    }

    #[test]
    fn a_proxy_is_http_or_https_and_nothing_else() {
        for proxy in ["http://p:1", "https://p", "p:3128", "http://me:pw@p:1", "http://[::1]:1"] {
            assert!(tunnel(proxy).is_ok(), "{proxy}");
        }
        for (proxy, why) in [
            ("socks5://me:pw@p:1", "socks5 proxies"),
            ("ftp://p", "not an address"),
            ("http://", "not an address"),
        ] {
            assert!(tunnel(proxy).is_err_and(|said| said.contains(why) && !said.contains("pw")), "{proxy}");
        }
    }

    #[test]
    fn this_machine_is_reached_directly_unless_the_proxy_is_explicit() {
        let proxies = environment(&[("ALL_PROXY", "http://p:1")]);
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(proxies.for_request(false, host, 80), None, "{host}");
        }
        assert_eq!(Proxies::explicit("http://p:1").for_request(false, "localhost", 80), Some("http://p:1"));
    }
}
