//! One API's HTTP: requests with bounded time, bounded memory and no surprises.
//!
//! Promises: every request ends by its deadline (connecting 5 s, first byte 15 s, in all 15 s plus
//! the body at 64 KB/s); at most 64 KiB of an answer are read; a status is an answer, not an error;
//! redirects are not followed; a reused connection that fails before a byte of the answer is
//! replaced once, at once; connections from before a freeze or a fork are not used; a credential
//! is not sent in the clear to another machine unless that is allowed, and neither it nor a query
//! (which may be signed) appears in an error text. No process-wide state is set.
//!
//! Does not: retry, wait, or judge an answer.

mod connect;
mod once;
mod proxy;
mod retry_after;
#[cfg(test)]
mod tests;
mod tls;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use crate::sync::Mutex;
use ureq::http::{HeaderValue, Method, Uri};
use ureq::{Agent, AsSendBody, SendBody};

use crate::process;
use connect::{Connect, Exchange, Names, host_and_port};
use proxy::Proxies;
pub use proxy::is_loopback;

/// Name look-up and connection set-up (TLS included), each.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the end of the request to the head of the answer.
const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(15);
/// The whole of a request without its body.
const BASE_TIMEOUT: Duration = Duration::from_secs(15);
/// The slowest link that a body is sent over, in bytes a second.
const SLOWEST_LINK: u64 = 64 * 1024;
/// As much of an answer as is read.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;
/// An idle connection is closed after this; common servers keep one for 60 s or more.
const MAX_IDLE: Duration = Duration::from_secs(50);
/// If the wall clock and the monotonic clock disagree by more since the last request, the machine
/// was frozen meanwhile (or its clock was set) and the other end has probably gone.
const FREEZE_GAP: Duration = Duration::from_secs(5);
/// The head of an answer must fit.
const INPUT_BUFFER_BYTES: usize = 32 * 1024;
/// What is handed to the system in one call.
const OUTPUT_BUFFER_BYTES: usize = 256 * 1024;

/// What all requests of one pipeline have in common.
#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// PEM certificates to trust beside the platform's.
    pub ca_file: Option<PathBuf>,
    /// The proxy for every request; otherwise the environment decides.
    pub proxy: Option<String>,
    /// Whether a credential may go over plain http to another machine.
    pub allow_plaintext: bool,
    /// The `User-Agent`.
    pub user_agent: String,
    /// Connections idle for longer are not used again; the standard is 50 s.
    pub max_idle: Option<Duration>,
}

/// One request.
pub struct Request<'a> {
    /// `GET`, `POST` or `PUT`.
    pub method: &'a str,
    /// An absolute http or https address.
    pub url: &'a str,
    /// Headers that may be seen.
    pub headers: &'a [(&'a str, &'a str)],
    /// The header that may not: sent like the others, but never in the clear to another machine
    /// unless [`HttpConfig::allow_plaintext`], and struck out of everything that comes back.
    pub credential: Option<(&'a str, &'a str)>,
    /// What to send.
    pub body: Body<'a>,
}

/// The body of a request.
pub enum Body<'a> {
    /// None.
    Empty,
    /// From memory.
    Bytes(&'a [u8]),
    /// This many bytes from the file's position on, read in pieces.
    File(File, u64),
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After` in either form, between 1 s and 15 min.
    pub retry_after: Option<Duration>,
    /// Where a redirect points, without its query.
    pub location: Option<String>,
    /// The first 64 KiB of the body, the request's credential struck out.
    pub body: Vec<u8>,
}

/// Whose fault it is that there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The network, the name service, the proxy, TLS or the other end: may work later.
    Network,
    /// The configuration: will not work until somebody changes it.
    Refused,
    /// The body could not be read: will not work with this body.
    Body,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// Whose fault it is.
    pub fault: Fault,
    /// What happened; holds no credential.
    pub why: String,
}

impl TransportError {
    fn new(fault: Fault, why: impl Into<String>) -> TransportError {
        TransportError { fault, why: why.into() }
    }
}

/// Sends requests, one at a time, over a connection that it keeps.
pub struct Http {
    config: HttpConfig,
    proxies: Proxies,
    agent: Option<Connections>,
    shared: Arc<Shared>,
    last_status: u16,
}

/// What an interrupter must reach.
struct Shared {
    exchange: Arc<Exchange>,
    agent: Mutex<Option<Agent>>,
    siblings: Mutex<Vec<Weak<Shared>>>,
}

/// An agent with its pool, and when and where it was last used.
struct Connections {
    agent: Agent,
    knows_tls: bool,
    generation: u64,
    used: (Instant, SystemTime),
}

/// Ends a request that another thread is waiting for, and all later ones.
#[derive(Clone)]
pub struct Interrupter(Arc<Shared>);

impl Interrupter {
    /// From now on every request fails at once.
    pub fn interrupt(&self) {
        self.0.interrupt();
        for sibling in self.0.siblings.lock().iter().filter_map(Weak::upgrade) {
            sibling.interrupt();
        }
    }
}

impl Shared {
    fn interrupt(&self) {
        self.exchange.interrupted.store(true, Ordering::SeqCst);
        let agent = self.agent.lock().take();
        if let Some(agent) = agent {
            agent.shutdown();
        }
    }
}

impl Http {
    /// Reads the environment's proxies; opens nothing.
    pub fn new(config: HttpConfig) -> Http {
        once::prepare();
        let proxies = match &config.proxy {
            Some(address) => Proxies::explicit(address),
            None => Proxies::from_environment(|name| std::env::var(name).ok()),
        };
        let shared = Shared { exchange: Arc::default(), agent: Mutex::new(None), siblings: Mutex::default() };
        Http { config, proxies, agent: None, shared: Arc::new(shared), last_status: 0 }
    }

    /// The means to end a request from another thread.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(Arc::clone(&self.shared))
    }

    /// One more of the same configuration, for requests at the same time; who interrupts this one
    /// interrupts that one too.
    pub fn sibling(&self) -> Http {
        let sibling = Http::new(self.config.clone());
        let mut siblings = self.shared.siblings.lock();
        siblings.retain(|known| known.strong_count() > 0);
        siblings.push(Arc::downgrade(&sibling.shared));
        if self.shared.exchange.interrupted.load(Ordering::SeqCst) {
            sibling.shared.interrupt();
        }
        drop(siblings);
        sibling
    }

    /// The status of the last answer; 0 before the first.
    pub fn last_status(&self) -> u16 {
        self.last_status
    }

    /// Sends one request and reads its answer, by `deadline`.
    pub fn send(&mut self, request: Request<'_>, deadline: Instant) -> Result<Response, TransportError> {
        let secret = request.credential.map_or("", |(_, value)| value);
        let address = Address::of(request.url)?;
        if request.credential.is_some()
            && !address.https
            && !self.config.allow_plaintext
            && !is_loopback(&address.host)
        {
            let why = format!(
                "the API key is not sent over plain http to {} (use https, or set allow_plaintext)",
                address.host
            );
            return Err(TransportError::new(Fault::Refused, why));
        }
        let outcome = self.exchange(&address, request, deadline);
        if let Some(connections) = &mut self.agent {
            connections.used = (Instant::now(), SystemTime::now());
        }
        match outcome {
            Ok(mut response) => {
                self.last_status = response.status;
                strike_out(&mut response.body, secret);
                Ok(response)
            }
            Err(mut error) => {
                let mut why = error.why.into_bytes();
                strike_out(&mut why, secret);
                error.why = String::from_utf8_lossy(&why).into_owned();
                Err(error)
            }
        }
    }

    /// Once, or once more where that can't do harm.
    fn exchange(
        &mut self,
        address: &Address,
        request: Request<'_>,
        deadline: Instant,
    ) -> Result<Response, TransportError> {
        let agent = self.agent_for(address)?;
        let prepared = self.prepare(address, &request)?;
        match request.body {
            Body::Empty if request.method == "GET" => {
                self.twice(&agent, address, &prepared, 0, deadline, || ())
            }
            Body::Empty => self.twice(&agent, address, &prepared, 0, deadline, || &b""[..]),
            Body::Bytes(bytes) => {
                self.twice(&agent, address, &prepared, bytes.len() as u64, deadline, || bytes)
            }
            Body::File(file, length) => {
                let mut reader = FileBody { file, left: length, trouble: None };
                let result = {
                    let body = SendBody::from_reader(&mut reader);
                    self.once(&agent, address, &prepared, length, deadline, body)
                };
                match reader.trouble {
                    Some(why) => Err(TransportError::new(Fault::Body, why)),
                    None => result,
                }
            }
        }
    }

    fn twice<B: AsSendBody>(
        &self,
        agent: &Agent,
        address: &Address,
        prepared: &Prepared,
        length: u64,
        deadline: Instant,
        body: impl Fn() -> B,
    ) -> Result<Response, TransportError> {
        let first = self.once(agent, address, prepared, length, deadline, body());
        let exchange = &self.shared.exchange;
        let reused = !exchange.connected.load(Ordering::Relaxed);
        let answered = exchange.answered.load(Ordering::Relaxed);
        let interrupted = exchange.interrupted.load(Ordering::Relaxed);
        match first {
            // The failed connection has left the pool, which holds no other.
            Err(error) if error.fault == Fault::Network && reused && !answered && !interrupted => {
                self.once(agent, address, prepared, length, deadline, body())
            }
            outcome => outcome,
        }
    }

    fn once<B: AsSendBody>(
        &self,
        agent: &Agent,
        address: &Address,
        prepared: &Prepared,
        length: u64,
        deadline: Instant,
        body: B,
    ) -> Result<Response, TransportError> {
        let exchange = &self.shared.exchange;
        exchange.connected.store(false, Ordering::Relaxed);
        exchange.answered.store(false, Ordering::Relaxed);
        let left = deadline.saturating_duration_since(Instant::now());
        let limit = BASE_TIMEOUT + Duration::from_millis(length * 1_000 / SLOWEST_LINK);
        if left.is_zero() || exchange.interrupted.load(Ordering::SeqCst) {
            return Err(TransportError::new(Fault::Network, "no time left for a request"));
        }
        let mut request = ureq::http::Request::new(body);
        *request.method_mut() = prepared.method.clone();
        *request.uri_mut() = address.uri.clone();
        for (name, value) in &prepared.headers {
            request.headers_mut().append(name.clone(), value.clone());
        }
        let request = agent
            .configure_request(request)
            .proxy(prepared.proxy.clone())
            .timeout_global(Some(left.min(limit)))
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(FIRST_BYTE_TIMEOUT))
            .build();
        let answer = agent.run(request).and_then(read_answer);
        answer.map_err(|error| address.explain(error))
    }

    /// The agent to use: the one there is, unless its connections are stale or it lacks TLS.
    fn agent_for(&mut self, address: &Address) -> Result<Agent, TransportError> {
        let needs_tls =
            address.https || self.proxies.for_request(false, &address.host, address.port).is_some();
        match self.agent.take() {
            Some(connections) if connections.generation != process::generation() => {
                // The sockets are the parent's: closing TLS would speak on them.
                std::mem::forget(connections);
            }
            Some(connections) if !connections.are_stale() && (connections.knows_tls || !needs_tls) => {
                return Ok(self.agent.insert(connections).agent.clone());
            }
            _ => {}
        }
        let roots = if needs_tls { Some(tls::roots(self.config.ca_file.as_deref())?) } else { None };
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(&self.config.user_agent)
            .accept("application/json")
            .max_idle_connections(1)
            .max_idle_connections_per_host(1)
            .max_idle_age(self.config.max_idle.unwrap_or(MAX_IDLE))
            .max_response_header_size(INPUT_BUFFER_BYTES)
            .input_buffer_size(INPUT_BUFFER_BYTES)
            .output_buffer_size(OUTPUT_BUFFER_BYTES);
        let knows_tls = roots.is_some();
        if let Some(roots) = roots {
            config = config.tls_config(roots);
        }
        let exchange = &self.shared.exchange;
        let connect = Connect::new(Arc::clone(exchange));
        let agent = Agent::with_parts(config.build(), connect, Names::new(Arc::clone(exchange)));
        *self.shared.agent.lock() = Some(agent.clone());
        let used = (Instant::now(), SystemTime::now());
        let generation = process::generation();
        self.agent = Some(Connections { agent: agent.clone(), knows_tls, generation, used });
        Ok(agent)
    }

    /// The request's head in ureq's types.
    fn prepare(&self, address: &Address, request: &Request<'_>) -> Result<Prepared, TransportError> {
        let refused = |why: String| TransportError::new(Fault::Refused, why);
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| refused(format!("{:?} is no HTTP method", request.method)))?;
        let mut headers = Vec::with_capacity(request.headers.len() + 2);
        let sensitive = request.credential.iter().map(|header| (header, true));
        for ((name, value), sensitive) in
            request.headers.iter().map(|header| (header, false)).chain(sensitive)
        {
            let illegal =
                || refused(format!("the header {name:?} holds characters that HTTP does not allow"));
            let name = ureq::http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| illegal())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| illegal())?;
            value.set_sensitive(sensitive);
            headers.push((name, value));
        }
        if let Body::File(_, length) = &request.body {
            headers.push((ureq::http::header::CONTENT_LENGTH, HeaderValue::from(*length)));
        }
        let proxy = match self.proxies.for_request(address.https, &address.host, address.port) {
            None => None,
            Some(proxy) => Some(tunnel(proxy).ok_or_else(|| {
                // Not quoted: it may hold a password.
                refused("the proxy is not an http or https address".into())
            })?),
        };
        Ok(Prepared { method, headers, proxy })
    }
}

/// The part of a request that both of its attempts share.
struct Prepared {
    method: Method,
    headers: Vec<(ureq::http::HeaderName, HeaderValue)>,
    proxy: Option<ureq::Proxy>,
}

impl Connections {
    /// Whether the machine stood still since the last request.
    fn are_stale(&self) -> bool {
        let (instant, time) = self.used;
        let monotonic = instant.elapsed();
        let wall = match time.elapsed() {
            Ok(forward) => forward,
            Err(_) => return true,
        };
        wall.abs_diff(monotonic) > FREEZE_GAP
    }
}

/// An http or https proxy; other kinds are not built in.
fn tunnel(address: &str) -> Option<ureq::Proxy> {
    let proxy = ureq::Proxy::new(address).ok()?;
    matches!(proxy.protocol(), ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https).then_some(proxy)
}

/// Where a request goes.
struct Address {
    uri: Uri,
    https: bool,
    host: String,
    port: u16,
}

impl Address {
    fn of(url: &str) -> Result<Address, TransportError> {
        let parsed = url.parse::<Uri>().ok().and_then(|uri| {
            let (host, port) = host_and_port(&uri)?;
            let (host, https) = (host.to_owned(), uri.scheme_str() == Some("https"));
            Some(Address { uri, https, host, port })
        });
        // Not quoted: a query may be signed.
        parsed.ok_or_else(|| TransportError::new(Fault::Refused, "not an absolute http or https address"))
    }

    /// ureq's error in our words: which host, what happened, and nothing that was sent.
    fn explain(&self, error: ureq::Error) -> TransportError {
        use ureq::Error;
        let (fault, what) = match error {
            Error::BadUri(_) | Error::Http(_) => (Fault::Refused, "not a valid request".to_owned()),
            Error::Timeout(phase) => (Fault::Network, format!("timed out ({phase})")),
            Error::Io(error) => (Fault::Network, error.to_string()),
            other => (Fault::Network, other.to_string()),
        };
        TransportError::new(fault, format!("{}:{}: {what}", self.host, self.port))
    }
}

/// Status, the headers that matter, and the beginning of the body.
fn read_answer(answer: ureq::http::Response<ureq::Body>) -> Result<Response, ureq::Error> {
    let header = |name| answer.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let retry_after = header("retry-after").and_then(|value| retry_after::parse(value, SystemTime::now()));
    let location = header("location").map(|target| target.split(['?', '#']).next().unwrap_or("").to_owned());
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    answer.into_body().into_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut body)?;
    Ok(Response { status, retry_after, location, body })
}

/// Replaces every occurrence of `secret` by asterisks.
fn strike_out(text: &mut [u8], secret: &str) {
    if secret.is_empty() {
        return;
    }
    let mut from = 0;
    while let Some(at) = text[from..].windows(secret.len()).position(|window| window == secret.as_bytes()) {
        text[from + at..from + at + secret.len()].fill(b'*');
        from += at + secret.len();
    }
}

/// Exactly `left` bytes of a file; a file that ends early is trouble, not a shorter body.
struct FileBody {
    file: File,
    left: u64,
    trouble: Option<String>,
}

impl Read for FileBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        match self.file.read(&mut buffer[..wanted]) {
            Ok(0) => {
                self.trouble = Some(format!("the file ends {} bytes early", self.left));
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.trouble = Some(format!("the file cannot be read: {error}"));
                }
                Err(error)
            }
        }
    }
}
