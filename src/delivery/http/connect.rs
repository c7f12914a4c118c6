//! How connections are made: the parts of ureq that its defaults would do differently.
//!
//! - Names are resolved on a thread with all signals blocked, and only when there is a name to
//!   resolve; a thread that can't be had is an error (ureq's own resolver starts a thread for
//!   every connection, with the caller's signal mask, and panics without it).
//! - TLS is set up with settings of our own ([`super::tls`]), built once for an agent.
//! - What has been sent is wiped in the buffer it was sent from: a request's head holds the API key.
//! - The host may close their descriptors ([`super::socket`]).
//! - An error says whether the proxy or the service is to blame.
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
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, Transport,
};
use ureq::{Error, Timeout};

use super::address::host_and_port;
use super::look_ups;
use super::proxy::ProxyTrouble;
use super::socket::Sockets;
use super::tls::Tls;
use crate::process::spawn_masked;

/// How often a wait for a name looks whether it has been interrupted.
const INTERRUPT_CHECK: Duration = Duration::from_millis(50);
/// How often a wait for a turn to look up a name looks whether there is one.
const TURN_CHECK: Duration = Duration::from_millis(5);
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

/// A way to a transport, or to none.
type Way = Box<dyn Connector<Out = Box<dyn Transport>>>;

/// Proxy or TCP, then TLS.
pub struct Connect {
    proxy: Way,
    tcp: Way,
    tls: Option<Arc<rustls::ClientConfig>>,
    exchange: Arc<Exchange>,
}

impl Connect {
    /// Connections that report to `exchange`; without TLS settings, none to an https address.
    pub fn new(exchange: Arc<Exchange>, tls: Option<Arc<rustls::ClientConfig>>) -> Connect {
        let proxy = Box::new(().chain(ConnectProxyConnector::default()).chain(Boxed));
        let tcp = Box::new(().chain(Sockets).chain(Boxed));
        Connect { proxy, tcp, tls, exchange }
    }
}

impl Connector for Connect {
    type Out = Watched;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Watched>, Error> {
        self.exchange.connected.store(true, Ordering::Relaxed);
        let transport = match details.config.proxy() {
            Some(proxy) => {
                self.proxy.connect(details, chained).map_err(|error| ProxyTrouble::new(proxy, &error).into())
            }
            None => self.tcp.connect(details, chained),
        };
        let Some(mut transport) = transport? else { return Ok(None) };
        if details.needs_tls() {
            let tls = self.tls.as_ref().ok_or(Error::TlsRequired)?;
            transport = Box::new(Tls::over(transport, tls, details)?);
        }
        Ok(Some(Watched { transport, exchange: Arc::clone(&self.exchange) }))
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

/// A connection that notes the first byte of an answer, and wipes what it has sent.
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
        let sent = self.transport.transmit_output(amount, timeout);
        // The buffer lives on, in a box that nobody sees into: no store to it can be left out.
        self.transport.buffers().output()[..amount].fill(0);
        sent
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
        let started = Instant::now();
        let turn = loop {
            match look_ups::take() {
                Some(turn) => break turn,
                None => std::thread::sleep(TURN_CHECK),
            }
            self.go_on(started, timeout)?;
        };
        let (answer, answered) = crossbeam_channel::bounded(1);
        let question = host.to_owned();
        spawn_masked("maxim-names", move || {
            let _turn = turn;
            let addresses = (question.as_str(), port).to_socket_addrs().map(|found| found.collect());
            // Nobody listens any more once the time is up.
            let _ = answer.send(addresses);
        })?;
        loop {
            match answered.recv_timeout(INTERRUPT_CHECK) {
                Ok(addresses) => return Ok(addresses?),
                Err(RecvTimeoutError::Disconnected) => return Err(Error::HostNotFound),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.go_on(started, timeout)?;
        }
    }

    /// Whether a look-up is still to be waited for.
    fn go_on(&self, started: Instant, timeout: NextTimeout) -> Result<(), Error> {
        if self.exchange.interrupted.load(Ordering::Relaxed) {
            return Err(io::Error::from(io::ErrorKind::Interrupted).into());
        }
        if started.elapsed() >= *timeout.after {
            return Err(Error::Timeout(Timeout::Resolve));
        }
        Ok(())
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
