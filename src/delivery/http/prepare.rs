//! What ureq makes once in a process and a request waits for, made before a thread of ours could be the one
//! who makes it.
//!
//! A fork copies one thread. If another one was in the middle of making such a thing, it is never made in the
//! child, and whoever waits for it there waits for ever. In ureq 3.5 and what it uses there is one such thing
//! on the way of a request, the value of `Accept-Encoding`; it is needed by the first request and then
//! stands. So the first logger of a process sends a request to nowhere before it starts a thread. Should
//! a fork meet even that, the child's caller goes on (nobody waits here), and of its threads only the one waits
//! that would send: its records are held, and left to its successor.
//!
//! What else is made once was looked at and needs no such care: TLS configuration and roots belong to an
//! agent, of which a child makes its own; rustls is given its provider and keeps none; ring's processor
//! features and getrandom's are made by whoever comes, twice if need be. libc sees to its own locks in
//! `fork`, but for those of name look-ups, which have a thread of their own and a time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ureq::Error;
use ureq::config::Config;
use ureq::http::{Request, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::connect::Connect;

/// To be called before a thread is started that sends requests. Takes microseconds, the first time.
pub fn prepare() {
    static BEGUN: AtomicBool = AtomicBool::new(false);
    if BEGUN.swap(true, Ordering::Relaxed) {
        return;
    }
    let agent = ureq::Agent::with_parts(Config::default(), Connect::new(Arc::default(), None), Nowhere);
    let mut request = Request::new(());
    *request.uri_mut() = Uri::from_static("http://localhost/");
    // It fails where an address would be needed.
    let _ = agent.run(request);
}

/// Knows no address.
#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Err(Error::HostNotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_nowhere_gets_as_far_as_the_search_for_an_address() {
        let agent = ureq::Agent::with_parts(Config::default(), Connect::new(Arc::default(), None), Nowhere);
        let outcome = agent.get("http://localhost/").call();
        assert!(matches!(outcome, Err(Error::HostNotFound)), "{outcome:?}");
    }
}
