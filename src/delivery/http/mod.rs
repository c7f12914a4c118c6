//! One API's HTTP: requests with bounded time, bounded memory and no surprises.
//!
//! Promises: every request ends by its deadline (connecting 5 s, first byte 15 s, in all 15 s plus
//! the body at 64 KB/s); at most 64 KiB of an answer are read; a status is an answer, not an error;
//! redirects are not followed; a reused connection that fails before a byte of the answer is
//! replaced once, at once; connections from before a freeze or a fork are not used; a credential
//! is not sent in the clear to another machine or a proxy unless that is allowed, is not copied (but
//! into buffers that are wiped), and neither it nor a query (which may be signed) appears in an error
//! text. No process-wide state is set.
//!
//! Does not: retry, wait, or judge an answer.

mod address;
mod connect;
mod look_ups;
mod message;
mod prepare;
mod proxy;
mod retry_after;
mod socket;
#[cfg(test)]
mod tests;
mod tls;

use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use crate::sync::Mutex;
use ureq::http::{HeaderValue, Method};
use ureq::{Agent, AsSendBody, SendBody};

use crate::process;
pub use address::{Address, StorageUrlRule, checked_url, is_on_this_machine};
use connect::{Connect, Exchange, Names};
use message::FileBody;
pub use message::{Body, Fault, MAX_ANSWER_BYTES, Request, Response, TransportError, without_query};
use proxy::Proxies;
pub use proxy::is_loopback;
pub use tls::check_ca_file;

/// An idle connection is closed after this; common servers keep one for 60 s or more.
const MAX_IDLE: Duration = Duration::from_secs(50);
/// If the wall clock and the monotonic clock disagree by more since the last request, the machine
/// was frozen meanwhile (or its clock was set) and the other end has probably gone.
const FREEZE_GAP: Duration = Duration::from_secs(5);
/// The head of an answer must fit.
const INPUT_BUFFER_BYTES: usize = 32 * 1024;
/// What is handed to the system in one call.
const OUTPUT_BUFFER_BYTES: usize = 256 * 1024;

/// How long a request may take, whatever its deadline.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// Name look-up and connection set-up (TLS included), each.
    pub connect: Duration,
    /// From the end of the request to the head of the answer.
    pub first_byte: Duration,
    /// The whole of a request without its body.
    pub base: Duration,
    /// The slowest link that a body is sent over, in bytes a second.
    pub slowest_link: u64,
}

impl Default for TimeLimits {
    fn default() -> TimeLimits {
        TimeLimits {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(15),
            base: Duration::from_secs(15),
            slowest_link: 64 * 1024,
        }
    }
}

/// What all requests of one pipeline have in common.
#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// PEM certificates to trust instead of the platform's.
    pub ca_file: Option<PathBuf>,
    /// The proxy for every request; otherwise the environment decides.
    pub proxy: Option<String>,
    /// Whether a credential may go over plain http to another machine.
    pub allow_plaintext: bool,
    /// The `User-Agent`.
    pub user_agent: String,
    /// Connections idle for longer are not used again; the standard is 50 s.
    pub max_idle: Option<Duration>,
    /// How long a request may take.
    pub limits: TimeLimits,
}

impl HttpConfig {
    /// Whether requests to an address can be made like this, as far as one can tell without the network: the CA
    /// file can be used, and so can the proxy, which does not get to see the credential. What the environment
    /// says of proxies is not looked at: it was said for all programs, and records are kept until it is right.
    pub fn check(&self, url: &str) -> Result<(), String> {
        if let Some(ca_file) = &self.ca_file {
            tls::check(ca_file)?;
        }
        if let Some(proxy) = &self.proxy {
            proxy::tunnel(proxy).map_err(|why| format!("proxy: {why}"))?;
            let address = Address::of(url).map_err(|error| error.why)?;
            if !address.https && !self.allow_plaintext {
                return Err(format!("proxy: {}", IN_THE_CLEAR_TO_A_PROXY));
            }
        }
        Ok(())
    }
}

/// Why a key is not sent to an http address through a proxy.
const IN_THE_CLEAR_TO_A_PROXY: &str =
    "the API key would travel unencrypted to the proxy; use an https address, or set allow_plaintext";

/// Sends requests, one at a time, over a connection that it keeps.
pub struct Http {
    config: HttpConfig,
    proxies: Proxies,
    agent: Option<Connections>,
    shared: Arc<SharedAgent>,
    last_status: u16,
}

/// What an interrupter must reach.
struct SharedAgent {
    exchange: Arc<Exchange>,
    agent: Mutex<Option<Agent>>,
    siblings: Mutex<Vec<Weak<SharedAgent>>>,
}

/// An agent with its pool, and when and where it was last used.
struct Connections {
    agent: Agent,
    knows_tls: bool,
    epoch: u64,
    used: (Instant, SystemTime),
}

/// Ends a request that another thread is waiting for, and all later ones.
#[derive(Clone)]
pub struct Interrupter(Arc<SharedAgent>);

impl Interrupter {
    /// From now on every request fails at once.
    pub fn interrupt(&self) {
        self.0.interrupt();
        for sibling in self.0.siblings.lock().iter().filter_map(Weak::upgrade) {
            sibling.interrupt();
        }
    }
}

impl SharedAgent {
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
        prepare::prepare();
        let proxies = match &config.proxy {
            Some(address) => Proxies::explicit(address),
            None => Proxies::from_environment(|name| std::env::var(name).ok()),
        };
        let shared =
            SharedAgent { exchange: Arc::default(), agent: Mutex::new(None), siblings: Mutex::default() };
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

    /// Whether no request can be made any more.
    pub fn is_interrupted(&self) -> bool {
        self.shared.exchange.interrupted.load(Ordering::SeqCst)
    }

    /// The status of the last answer; 0 before the first.
    pub fn last_status(&self) -> u16 {
        self.last_status
    }

    /// Sends one request and reads its answer, by `deadline`.
    pub fn send(&mut self, request: Request<'_>, deadline: Instant) -> Result<Response, TransportError> {
        let address = Address::of(request.url)?;
        let is_private = request.credential.is_some() || !request.private.is_empty();
        if is_private && !address.https && !self.config.allow_plaintext {
            let why = if !is_loopback(&address.host) {
                format!(
                    "the API key is not sent over plain http to {} (use https, or set allow_plaintext)",
                    address.host
                )
            } else if self.proxies.for_request(false, &address.host, address.port).is_some() {
                IN_THE_CLEAR_TO_A_PROXY.to_owned()
            } else {
                String::new()
            };
            if !why.is_empty() {
                return Err(TransportError::new(Fault::Refused, why));
            }
        }
        let url = without_query(request.url);
        let further = request.private.iter().map(|(_, secret)| secret);
        let secrets =
            request.credential.map(|(_, secret)| secret).into_iter().chain(further).cloned().collect();
        let outcome = self.exchange(&address, request, deadline);
        if let Some(connections) = &mut self.agent {
            connections.used = (Instant::now(), SystemTime::now());
        }
        let mut response = outcome?;
        self.last_status = response.status;
        response.url = url.into_owned();
        response.secrets = secrets;
        Ok(response)
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
        let length = match request.body {
            Body::Empty => 0,
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(_, length) => length,
        };
        let attempt = Attempt { agent, address, prepared, length, deadline };
        match request.body {
            Body::Empty if request.method == "GET" => self.send_with_reconnect(&attempt, || ()),
            Body::Empty => self.send_with_reconnect(&attempt, || &b""[..]),
            Body::Bytes(bytes) => self.send_with_reconnect(&attempt, || bytes),
            Body::File(file, length) => {
                let mut reader = FileBody { file, left: length, trouble: None };
                let result = {
                    let body = SendBody::from_reader(&mut reader);
                    self.send_once(&attempt, body)
                };
                match reader.trouble {
                    Some(trouble) => Err(trouble),
                    None => result,
                }
            }
        }
    }

    fn send_with_reconnect<B: AsSendBody>(
        &self,
        attempt: &Attempt<'_>,
        body: impl Fn() -> B,
    ) -> Result<Response, TransportError> {
        let first = self.send_once(attempt, body());
        let exchange = &self.shared.exchange;
        let reused = !exchange.connected.load(Ordering::Relaxed);
        let answered = exchange.answered.load(Ordering::Relaxed);
        let interrupted = exchange.interrupted.load(Ordering::Relaxed);
        match first {
            // The failed connection has left the pool, which holds no other.
            Err(error) if error.fault == Fault::Network && reused && !answered && !interrupted => {
                self.send_once(attempt, body())
            }
            outcome => outcome,
        }
    }

    fn send_once<B: AsSendBody>(&self, attempt: &Attempt<'_>, body: B) -> Result<Response, TransportError> {
        let Attempt { agent, address, prepared, length, deadline } = attempt;
        let exchange = &self.shared.exchange;
        exchange.connected.store(false, Ordering::Relaxed);
        exchange.answered.store(false, Ordering::Relaxed);
        let left = deadline.saturating_duration_since(Instant::now());
        let limits = &self.config.limits;
        let limit = limits.base + Duration::from_millis(*length * 1_000 / limits.slowest_link);
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
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.first_byte))
            .build();
        let answer = agent.run(request).and_then(read_answer);
        answer.map_err(|error| match exchange.interrupted.load(Ordering::SeqCst) {
            true => address.trouble("no answer in the time that there was"),
            false => address.explain(error, prepared.proxy.as_ref()),
        })
    }

    /// The agent to use: the one there is, unless its connections are stale or it lacks TLS.
    fn agent_for(&mut self, address: &Address) -> Result<Agent, TransportError> {
        let needs_tls =
            address.https || self.proxies.for_request(false, &address.host, address.port).is_some();
        match self.agent.take() {
            Some(connections) if connections.epoch != process::epoch() => {
                // The sockets are the parent's: closing TLS would speak on them.
                std::mem::forget(connections);
            }
            Some(connections) if !connections.are_stale() && (connections.knows_tls || !needs_tls) => {
                return Ok(self.agent.insert(connections).agent.clone());
            }
            _ => {}
        }
        let tls = if needs_tls { Some(tls::settings(self.config.ca_file.as_deref())?) } else { None };
        let config = Agent::config_builder()
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
        let knows_tls = tls.is_some();
        let exchange = &self.shared.exchange;
        let connect = Connect::new(Arc::clone(exchange), tls);
        let agent = Agent::with_parts(config.build(), connect, Names::new(Arc::clone(exchange)));
        *self.shared.agent.lock() = Some(agent.clone());
        let used = (Instant::now(), SystemTime::now());
        let epoch = process::epoch();
        self.agent = Some(Connections { agent: agent.clone(), knows_tls, epoch, used });
        Ok(agent)
    }

    /// The request's head in ureq's types.
    fn prepare(&self, address: &Address, request: &Request<'_>) -> Result<Prepared, TransportError> {
        let refused = |why: String| TransportError::new(Fault::Refused, why);
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| refused(format!("{:?} is no HTTP method", request.method)))?;
        let mut headers = Vec::with_capacity(request.headers.len() + 2);
        let illegal =
            |name: &str| refused(format!("the header {name:?} holds characters that HTTP does not allow"));
        for (name, value) in request.headers {
            let value = HeaderValue::from_str(value).map_err(|_| illegal(name))?;
            headers.push((header_name(name).ok_or_else(|| illegal(name))?, value));
        }
        let further = request.private.iter().map(|(name, secret)| (name.as_str(), secret));
        for (name, secret) in request.credential.into_iter().chain(further) {
            // Refers to the key where it is kept.
            let value = HeaderValue::from_maybe_shared(secret.expose());
            let mut value = value.map_err(|_| illegal(name))?;
            value.set_sensitive(true);
            headers.push((header_name(name).ok_or_else(|| illegal(name))?, value));
        }
        if let Body::File(_, length) = &request.body {
            headers.push((ureq::http::header::CONTENT_LENGTH, HeaderValue::from(*length)));
        }
        let proxy = match self.proxies.for_request(address.https, &address.host, address.port) {
            None => None,
            Some(proxy) => Some(proxy::tunnel(proxy).map_err(|why| refused(format!("the proxy: {why}")))?),
        };
        Ok(Prepared { method, headers, proxy })
    }
}

/// What the attempts of a request have in common.
struct Attempt<'a> {
    agent: Agent,
    address: &'a Address,
    prepared: Prepared,
    length: u64,
    deadline: Instant,
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

fn header_name(name: &str) -> Option<ureq::http::HeaderName> {
    ureq::http::HeaderName::from_bytes(name.as_bytes()).ok()
}

/// Status, the headers that matter, and the beginning of the body.
fn read_answer(answer: ureq::http::Response<ureq::Body>) -> Result<Response, ureq::Error> {
    let header = |name| answer.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let retry_after = header("retry-after").and_then(|value| retry_after::parse(value, SystemTime::now()));
    let location = header("location").map(|target| without_query(target).into_owned());
    let encoding = header("content-encoding").filter(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    let encoding = encoding.map(str::to_owned);
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    // One byte more tells that there is more.
    answer.into_body().into_reader().take(MAX_ANSWER_BYTES + 1).read_to_end(&mut body)?;
    let is_cut = body.len() as u64 > MAX_ANSWER_BYTES;
    body.truncate(MAX_ANSWER_BYTES as usize);
    Ok(Response { status, retry_after, location, encoding, body, is_cut, ..Response::default() })
}
