//! Addresses: which of them a request may go to.
//!
//! The service's address is the configuration's: https, or http to this machine, or http anywhere if that is
//! allowed. An address that the service names for an upload ([`StorageUrlRule`]) is held to the same: never less
//! than the service's own, never another scheme, never a link-local address (where machines in a cloud are
//! told their secrets).

use std::io;
use std::net::IpAddr;

use ureq::http::Uri;

use super::proxy::ProxyTrouble;
use super::{Fault, TransportError, is_loopback};
use crate::status::{Error, Result, Status};

/// Where a request goes.
pub struct Address {
    /// As ureq has it.
    pub uri: Uri,
    /// Whether it is encrypted.
    pub https: bool,
    /// Without the brackets of IPv6.
    pub host: String,
    /// The scheme's own unless one is given.
    pub port: u16,
}

impl Address {
    /// Reads an absolute http or https address.
    pub fn of(url: &str) -> std::result::Result<Address, TransportError> {
        let parsed = url.parse::<Uri>().ok().and_then(|uri| {
            let (host, port) = host_and_port(&uri)?;
            let (host, https) = (host.to_owned(), uri.scheme_str() == Some("https"));
            Some(Address { uri, https, host, port })
        });
        // Not quoted: a query may be signed.
        parsed.ok_or_else(|| TransportError::new(Fault::Refused, "not an absolute http or https address"))
    }

    /// A failure of the network, of which only we know the reason.
    pub fn trouble(&self, what: &str) -> TransportError {
        TransportError::new(Fault::Network, format!("{}:{}: {what}", self.host, self.port))
    }

    /// ureq's error in our words: which host, through which proxy, what happened, and nothing that was sent.
    pub fn explain(&self, error: ureq::Error, proxy: Option<&ureq::Proxy>) -> TransportError {
        use ureq::Error;
        let names_proxy = matches!(&error, Error::Other(inner) if inner.is::<ProxyTrouble>());
        let through = match proxy.filter(|_| !names_proxy) {
            Some(proxy) => format!(" (through the proxy {}:{})", proxy.host(), proxy.port()),
            None => String::new(),
        };
        let (fault, what) = match error {
            Error::BadUri(_) | Error::Http(_) => (Fault::Refused, "not a valid request".to_owned()),
            Error::Timeout(phase) => (Fault::Network, format!("timed out ({phase})")),
            Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                (Fault::Network, "the connection ended before an answer was complete".to_owned())
            }
            Error::Io(error) => (Fault::Network, error.to_string()),
            Error::Protocol(error) => {
                let said = error.to_string();
                // What does not even begin as HTTP does.
                let is_foreign = !self.https && proxy.is_none() && said.contains("HTTP version");
                let advice = if is_foreign { " (is it https rather than http?)" } else { "" };
                (Fault::Network, format!("no answer that can be read: {said}{advice}"))
            }
            Error::Other(inner) => match inner.downcast_ref::<ProxyTrouble>() {
                Some(ProxyTrouble { status: Some(status @ 407), why }) => {
                    (Fault::Proxy { status: *status }, why.clone())
                }
                _ => (Fault::Network, inner.to_string()),
            },
            Error::TlsRequired => (Fault::Network, "TLS is needed and was not set up".to_owned()),
            other => (Fault::Network, other.to_string()),
        };
        TransportError::new(fault, format!("{}:{}: {what}{through}", self.host, self.port))
    }

    /// Whether it is of the network that needs no router, where cloud machines are told their secrets.
    fn is_link_local(&self) -> bool {
        match self.host.parse() {
            Ok(IpAddr::V4(address)) => address.is_link_local(),
            Ok(IpAddr::V6(address)) => {
                address.is_unicast_link_local()
                    || address.to_ipv4_mapped().is_some_and(|address| address.is_link_local())
            }
            // The one name of such an address that is known everywhere.
            Err(_) => self.host.trim_end_matches('.').eq_ignore_ascii_case("metadata.google.internal"),
        }
    }

    fn has_user(&self) -> bool {
        self.uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
    }
}

/// Whether an address is one of this machine.
pub fn is_on_this_machine(url: &str) -> bool {
    Address::of(url).is_ok_and(|address| is_loopback(&address.host))
}

/// Which addresses of uploads are good, by the service's own address.
#[derive(Clone, Copy, Debug)]
pub struct StorageUrlRule {
    http: PlainHttp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlainHttp {
    Never,
    ToThisMachine,
    Anywhere,
}

impl StorageUrlRule {
    /// The rule for a service at `base_url`.
    pub fn of(base_url: &str) -> StorageUrlRule {
        let http = match Address::of(base_url) {
            Ok(base) if !base.https && is_loopback(&base.host) => PlainHttp::ToThisMachine,
            // The configuration allows plain http, or it would have been refused.
            Ok(base) if !base.https => PlainHttp::Anywhere,
            _ => PlainHttp::Never,
        };
        StorageUrlRule { http }
    }

    /// Whether content may be sent to `url`, or why not.
    pub fn check(self, url: &str) -> std::result::Result<(), String> {
        let refused = |why: String| Err(format!("the service names an upload URL that is not used: {why}"));
        let Ok(address) = Address::of(url) else {
            return refused("it is not an absolute http or https address".to_owned());
        };
        let host = &address.host;
        match self.http {
            _ if address.has_user() => refused(format!("it holds a user name ({host})")),
            _ if address.is_link_local() => refused(format!("{host} is a link-local address")),
            _ if address.https => Ok(()),
            PlainHttp::Never => {
                refused(format!("plain http to {host}, while the service's own address is https"))
            }
            PlainHttp::ToThisMachine if !is_loopback(host) => {
                refused(format!("plain http to another machine ({host})"))
            }
            PlainHttp::ToThisMachine | PlainHttp::Anywhere => Ok(()),
        }
    }
}

/// Checks a URL that credentials are sent to, and removes slashes at its end.
pub fn checked_url(name: &str, url: &str, allow_plaintext: bool) -> Result<String> {
    let refuse = |reason: String| Err(Error::new(Status::InvalidArgument, format!("{name}: {reason}")));
    let uri: Uri = match url.parse() {
        Ok(uri) => uri,
        Err(error) => return refuse(format!("not a URL ({error})")),
    };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return refuse("a URL with a host is needed, as in https://app.getmaxim.ai".to_owned());
    };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return refuse("a URL must not hold a user name or password".to_owned());
    }
    let after_host = authority.strip_prefix(host).unwrap_or_default();
    if !after_host.is_empty() && uri.port_u16().is_none_or(|port| port == 0) {
        return refuse(format!("\"{after_host}\" is not a port"));
    }
    if uri.query().is_some() || url.contains('#') {
        return refuse("a URL without a query or fragment is needed".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if allow_plaintext || is_loopback(host) => {}
        Some("http") => {
            return refuse(format!(
                "the API key would travel unencrypted to {host}; use https, or set allow_plaintext"
            ));
        }
        scheme => {
            let found = scheme.map_or_else(|| "there is none".to_owned(), |scheme| format!("not {scheme}"));
            return refuse(format!(
                "the scheme must be https or http, {found}; as in https://app.getmaxim.ai"
            ));
        }
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// The host of an address without the brackets of IPv6, and its port or the scheme's.
pub fn host_and_port(uri: &Uri) -> Option<(&str, u16)> {
    let host = uri.host()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let standard = match uri.scheme_str()? {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    Some((host, uri.port_u16().unwrap_or(standard)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_url_is_held_to_the_rule_of_the_services_own() {
        let table = [
            ("https://api.test", "https://storage.test/put?sig=1", true),
            ("https://api.test", "http://storage.test/put", false),
            ("https://api.test", "http://127.0.0.1:1/put", false),
            ("https://api.test", "https://169.254.169.254/latest", false),
            ("https://api.test", "https://[fe80::1]/", false),
            ("https://api.test", "https://[::ffff:169.254.169.254]/", false),
            ("https://api.test", "https://user:pw@storage.test/", false),
            ("https://api.test", "ftp://storage.test/", false),
            ("https://api.test", "file:///etc/passwd", false),
            ("https://api.test", "/relative", false),
            ("https://api.test", "", false),
            ("http://127.0.0.1:1", "http://127.0.0.1:2/put", true),
            ("http://127.0.0.1:1", "http://[::1]:2/put", true),
            ("http://127.0.0.1:1", "https://storage.test/put", true),
            ("http://127.0.0.1:1", "http://storage.test/put", false),
            ("http://127.0.0.1:1", "http://169.254.169.254/latest", false),
            ("http://api.test", "http://storage.test/put", true),
            ("http://api.test", "http://169.254.169.254/latest", false),
        ];
        for (base, url, good) in table {
            assert_eq!(StorageUrlRule::of(base).check(url).is_ok(), good, "{base} {url}");
        }
    }

    #[test]
    fn a_service_is_reached_encrypted_or_on_this_machine() {
        let check = |url: &str| checked_url("base_url", url, false).map_err(|error| error.into_detail());
        for url in ["https://api.test/", "http://127.0.0.1:8899", "http://[::1]:8899", "http://localhost"] {
            assert_eq!(check(url).as_deref(), Ok(url.trim_end_matches('/')));
        }
        for (url, why) in [
            ("http://api.test", "unencrypted"),
            ("http://[2001:db8::1]:80", "unencrypted"),
            ("https://api.test:99999", "not a port"),
            ("https://api.test:0", "not a port"),
            ("https://api.test/#x", "fragment"),
            ("https://api.test/?x", "query"),
            ("https://me:pw@api.test", "user name"),
            ("https://api.test\n", "not a URL"),
            ("ftp://api.test", "scheme"),
            ("api.test", "scheme"),
        ] {
            assert!(check(url).is_err_and(|said| said.contains(why)), "{url}: {:?}", check(url));
        }
    }
}
