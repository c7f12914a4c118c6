//! How connections are made: the parts of ureq that its defaults would do differently.
//!
//! - Names are resolved on a thread with all signals blocked, and only when there is a name to
//!   resolve; a thread that can't be had is an error (ureq's own resolver starts a thread for
//!   every connection, with the caller's signal mask, and panics without it).
//! - The TLS configuration, with its parsed roots, is built once per agent although every request
//!   brings its own timeouts.
//! - [`Exchange`] tells whether a failed request had used an old connection and whether any byte
//!   of an answer had arrived: what must be known to retry it safely at once.
//!
//! These are ureq's `unversioned` traits: a new ureq may need this file to follow.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector,
    Transport,
};
use ureq::{Error, Timeout};

use crate::process::spawn_masked;

/// How often a wait for a name looks whether it has been interrupted.
const INTERRUPT_CHECK: Duration = Duration::from_millis(50);
/// As many addresses of one name as ureq keeps.
const MAX_ADDRESSES: usize = 16;

/// What happened on the wire during one request.
#[derive(Debug, Default)]
pub struct Exchange {
    /// A connection was made for it.
    pub connected: AtomicBool,
    /// A byte of an answer arrived.
    pub answered: AtomicBool,
    /// Set from another thread: stop waiting.
    pub interrupted: AtomicBool,
}

/// Proxy, TCP and TLS, one after the other.
pub struct Connect {
    chain: Box<dyn Connector<Out = Box<dyn Transport>>>,
    exchange: Arc<Exchange>,
}

impl Connect {
    /// Connections that report to `exchange`.
    pub fn new(exchange: Arc<Exchange>) -> Connect {
        let chain = ().chain(ConnectProxyConnector::default());
        let chain = chain.chain(TcpConnector::default()).chain(RustlsConnector::default());
        Connect { chain: Box::new(chain.chain(Boxed)), exchange }
    }
}

impl Connector for Connect {
    type Out = Watched;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Watched>, Error> {
        // All requests of an agent share its TLS settings; said so, the connector keeps what it
        // built from them.
        let details = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: false,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        self.exchange.connected.store(true, Ordering::Relaxed);
        let transport = self.chain.connect(&details, chained)?;
        Ok(transport.map(|transport| Watched { transport, exchange: Arc::clone(&self.exchange) }))
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Connect")
    }
}

/// The end of the chain: whatever transport came of it, in a box.
#[derive(Debug)]
struct Boxed;

impl<In: Transport> Connector<In> for Boxed {
    type Out = Box<dyn Transport>;

    fn connect(&self, _: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|transport| Box::new(transport) as Box<dyn Transport>))
    }
}

/// A connection that notes the first byte of an answer.
#[derive(Debug)]
pub struct Watched {
    transport: Box<dyn Transport>,
    exchange: Arc<Exchange>,
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let progress = self.transport.await_input(timeout)?;
        if progress {
            self.exchange.answered.store(true, Ordering::Relaxed);
        }
        Ok(progress)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}

/// Names to addresses, within a timeout.
#[derive(Debug)]
pub struct Names {
    exchange: Arc<Exchange>,
}

impl Names {
    /// Look-ups that an interrupt of `exchange` ends.
    pub fn new(exchange: Arc<Exchange>) -> Names {
        Names { exchange }
    }

    /// Asks the system on a thread of its own: the question can't be taken back, only left alone.
    fn look_up(&self, host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Error> {
        let (answer, answered) = crossbeam_channel::bounded(1);
        let question = host.to_owned();
        spawn_masked("maxim-names", move || {
            let addresses = (question.as_str(), port).to_socket_addrs().map(|found| found.collect());
            // Nobody listens any more once the time is up.
            let _ = answer.send(addresses);
        })?;
        let started = Instant::now();
        loop {
            match answered.recv_timeout(INTERRUPT_CHECK) {
                Ok(addresses) => return Ok(addresses?),
                Err(RecvTimeoutError::Disconnected) => return Err(Error::HostNotFound),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.exchange.interrupted.load(Ordering::Relaxed) {
                return Err(io::Error::from(io::ErrorKind::Interrupted).into());
            }
            if started.elapsed() >= *timeout.after {
                return Err(Error::Timeout(Timeout::Resolve));
            }
        }
    }
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let (host, port) = host_and_port(uri).ok_or(Error::HostNotFound)?;
        let mut addresses = self.empty();
        match host.parse::<IpAddr>() {
            Ok(address) => addresses.push(SocketAddr::new(address, port)),
            Err(_) => {
                for address in self.look_up(host, port, timeout)?.into_iter().take(MAX_ADDRESSES) {
                    addresses.push(address);
                }
            }
        }
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
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
