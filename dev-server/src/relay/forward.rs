//! Batches out: the oldest that waits for each target, one request at a time, until the service has it.
//!
//! A target that the service does not take from waits alone; the others go on. A batch that is refused for what is in
//! it is halved until the refused record stands alone; that one is put aside with the reason, and the rest goes.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::Message as _;

use crate::collect::answer::MAX_ENTRIES;
use crate::collect::http::Head;
use crate::collect::routes::{decode, origin_form, segment};
use crate::delivery::policy::{self, BackoffConfig, Policy};
use crate::model::line;
use crate::model::plain::shorten;
use crate::relay::outcome::{Answer, Outcome};
use crate::relay::store::{Kind, Queued, Refused, Store};
use crate::relay::{Relay, Target};

/// Bytes of one request, as the library sends them.
const MAX_REQUEST_BYTES: usize = 900 * 1024;
/// Bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;
/// Longest wait for a connection, and for a whole request.
const CONNECT_TIME: Duration = Duration::from_secs(10);
const REQUEST_TIME: Duration = Duration::from_secs(60);
/// The time between two requests for a target while there is less than a request takes, in which what many processes
/// send comes together.
const GATHERING_TIME: Duration = Duration::from_secs(1);
/// The least time between two messages about the same target.
const TOLD_EVERY: Duration = Duration::from_secs(10);

pub struct Client {
    agent: ureq::Agent,
    target: Target,
    key: String,
    headers: Vec<(String, String)>,
}

impl Client {
    pub fn new(target: &Target) -> io::Result<Client> {
        let url = target.url().trim_end_matches('/').to_owned();
        let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|own| {
            url.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let key = environment("MAXIM_API_KEY");
        let headers = match target {
            Target::Maxim(_) => Vec::new(),
            Target::Otlp(_) => headers(&environment("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default()),
        };
        // A collector beside the relay has no key and needs none; a key goes out encrypted or not at all.
        let has_secret = matches!(target, Target::Maxim(_)) || !headers.is_empty();
        let may_be_clear = is_local || !has_secret;
        if !(url.starts_with("https://") || url.starts_with("http://") && may_be_clear) {
            return Err(io::Error::other(
                "an https URL, or http on this machine: the key goes with the data",
            ));
        }
        let (key, target) = match target {
            Target::Maxim(_) => {
                (key.ok_or_else(|| io::Error::other("MAXIM_API_KEY is not set"))?, Target::Maxim(url))
            }
            Target::Otlp(_) => (String::new(), Target::Otlp(url)),
        };
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIME))
            .timeout_global(Some(REQUEST_TIME))
            .build()
            .into();
        Ok(Client { agent, target, key, headers })
    }

    fn send(&self, kind: Kind, target: &str, body: &[u8]) -> Result<Answer, String> {
        let base = self.target.url();
        let (url, key_header, content_type) = match kind {
            Kind::Lines => {
                (format!("{base}/api/sdk/v3/log?id={}", segment(target)), "x-maxim-api-key", "text/plain")
            }
            Kind::Entries => (format!("{base}/v1/logs"), "x-api-key", "application/json"),
            Kind::Raw => (format!("{base}/v1/logs?{target}"), "x-api-key", "text/plain"),
            Kind::Spans => (format!("{base}/v1/traces"), "", "application/x-protobuf"),
            Kind::Logs => (format!("{base}/v1/logs"), "", "application/x-protobuf"),
        };
        let mut request = self.agent.post(&url).header("content-type", content_type);
        if !key_header.is_empty() {
            request = request.header(key_header, &self.key);
        }
        for (name, value) in self.headers.iter().filter(|_| kind.is_otlp()) {
            request = request.header(name, value);
        }
        let answer = if kind.is_otlp() {
            let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
            let zipped =
                zipped.write_all(body).and_then(|()| zipped.finish()).map_err(|error| error.to_string())?;
            request.header("content-encoding", "gzip").send(&zipped[..])
        } else {
            request.send(body)
        };
        read(answer)
    }

    /// Asks the service what a client asked, with the relay's key.
    pub fn ask(&self, head: &Head, key_header: &str, body: &[u8]) -> Result<Answer, String> {
        let url = format!("{}{}", self.target.url(), origin_form(&head.target).0);
        let answer = if head.method == "GET" {
            self.agent.get(&url).header(key_header, &self.key).call()
        } else {
            self.agent
                .post(&url)
                .header(key_header, &self.key)
                .header("content-type", "application/json")
                .send(body)
        };
        read(answer)
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, String> {
    let answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let retry_after =
        answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    let (_, reader) = answer.into_parts();
    reader.into_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut body).map_err(|error| error.to_string())?;
    Ok(Answer { status, retry_after, body })
}

/// `name=value,name=value`, percent-encoded, as `OTEL_EXPORTER_OTLP_HEADERS` has it.
fn headers(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| decode(text.trim(), false).into_owned();
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name).to_ascii_lowercase(), decoded(value)))
        .collect()
}

/// When a target is tried again.
struct Waiting {
    policy: Policy,
    until: Instant,
    told: Option<Instant>,
}

/// Forwards for ever.
pub fn run(relay: &Relay) -> ! {
    let mut targets: HashMap<(Kind, String), Waiting> = HashMap::new();
    loop {
        let now = Instant::now();
        let due = match relay.store.lock().waiting() {
            Ok(waiting) => waiting,
            Err(error) => {
                eprintln!("maxim-dev: the store: {error}");
                Vec::new()
            }
        };
        let ready = due.iter().find(|target| targets.get(target).is_none_or(|waiting| waiting.until <= now));
        let Some((kind, target)) = ready else {
            let next = due.iter().filter_map(|target| targets.get(target)).map(|waiting| waiting.until).min();
            relay.store.rest(next);
            continue;
        };
        let waiting = targets.entry((*kind, target.clone())).or_insert_with(|| Waiting {
            policy: Policy::new(BackoffConfig::default(), policy::random_dice()),
            until: now,
            told: None,
        });
        match forward(relay, *kind, target) {
            Ok(has_more) => {
                waiting.policy.succeeded();
                waiting.until = Instant::now() + if has_more { Duration::ZERO } else { GATHERING_TIME };
                relay.store.lock().trouble = None;
            }
            Err(outcome) => {
                let (wait, why) = match outcome {
                    Outcome::Retry { after, why } => (waiting.policy.after_failure(after), why),
                    Outcome::Unauthorized { why } => (waiting.policy.after_unauthorized(), why),
                    Outcome::Hold { why } | Outcome::TooLarge { why } | Outcome::Refused { why } => {
                        (policy::HOLD, why)
                    }
                    Outcome::Delivered { .. } => (Duration::ZERO, String::new()),
                };
                waiting.until = Instant::now() + wait;
                let held = {
                    let mut store = relay.store.lock();
                    store.trouble = Some(why.clone());
                    store.totals().held
                };
                if waiting.told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
                    waiting.told = Some(Instant::now());
                    let why = shorten(&why);
                    eprintln!("maxim-dev relay: {why}; {held} records held, again in {wait:.1?}");
                }
            }
        }
    }
}

/// Sends one batch for a target, and takes it out of the store; tells whether more was there than a request takes.
fn forward(relay: &Relay, kind: Kind, target: &str) -> Result<bool, Outcome> {
    let stored = |error: rusqlite::Error| Outcome::Retry { after: None, why: format!("the store: {error}") };
    let (bytes, records) = match kind {
        Kind::Raw => (0, 0),
        Kind::Entries => (MAX_REQUEST_BYTES, MAX_ENTRIES as u64),
        _ => (MAX_REQUEST_BYTES, u64::MAX),
    };
    let (sent, has_more) = relay.store.lock().next(kind, target, bytes, records).map_err(stored)?;
    let items = Items::of(kind, &sent);
    let mut refused = Vec::new();
    let rejected = deliver(relay, kind, target, &items, &mut refused)?;
    let settled = |store: &mut Store| store.settle(kind, target, &sent, &refused, rejected);
    settled(&mut relay.store.lock()).map_err(stored)?;
    Ok(has_more)
}

/// What a batch is made of, so that it can be halved.
enum Items {
    /// Lines, entries, or whole raw documents.
    Texts(Vec<Vec<u8>>),
    /// Requests of OpenTelemetry with one item each, or whole ones.
    Requests(Vec<Vec<u8>>),
}

impl Items {
    fn of(kind: Kind, sent: &[Queued]) -> Items {
        let bodies = sent.iter().map(|queued| queued.body.as_slice());
        match kind {
            Kind::Lines | Kind::Entries => {
                Items::Texts(bodies.flat_map(line::split).map(<[u8]>::to_vec).collect())
            }
            Kind::Raw => Items::Texts(bodies.map(<[u8]>::to_vec).collect()),
            Kind::Spans | Kind::Logs => Items::Requests(bodies.map(<[u8]>::to_vec).collect()),
        }
    }

    fn all(&self) -> &[Vec<u8>] {
        let (Items::Texts(all) | Items::Requests(all)) = self;
        all
    }

    /// The body of a request for some of them.
    fn body(kind: Kind, items: &[Vec<u8>]) -> Vec<u8> {
        match kind {
            Kind::Entries => [b"{\"logs\":[".as_slice(), &items.join(&b","[..]), b"]}"].concat(),
            // Requests of protobuf one after the other are one request with the items of all.
            Kind::Spans | Kind::Logs => items.concat(),
            Kind::Lines | Kind::Raw => items.join(&b"\n"[..]),
        }
    }
}

/// Sends items, in halves where the service wants it so; what it refuses alone is noted. Gives how many it rejected
/// in a partial success.
fn deliver(
    relay: &Relay,
    kind: Kind,
    target: &str,
    items: &Items,
    refused: &mut Vec<Refused>,
) -> Result<u64, Outcome> {
    let mut rejected = 0;
    let mut waiting = vec![items.all().to_vec()];
    while let Some(part) = waiting.pop() {
        let answer = relay.client.send(kind, target, &Items::body(kind, &part));
        let outcome = match answer {
            Ok(answer) => Outcome::of(kind, &answer),
            Err(why) => Outcome::Retry { after: None, why },
        };
        match outcome {
            Outcome::Delivered { rejected: more, why } => {
                if more > 0 {
                    eprintln!("maxim-dev relay: {more} items were rejected: {}", shorten(&why));
                }
                rejected += more;
            }
            Outcome::Refused { why } | Outcome::TooLarge { why } => match part.as_slice() {
                [one] => match split_request(kind, one) {
                    Some(parts) => waiting.extend(parts.into_iter().rev().map(|part| vec![part])),
                    None => refused.push(Refused { body: one.clone(), reason: why }),
                },
                _ => {
                    let (first, second) = part.split_at(part.len() / 2);
                    waiting.push(second.to_vec());
                    waiting.push(first.to_vec());
                }
            },
            other => return Err(other),
        }
    }
    Ok(rejected)
}

/// A request of OpenTelemetry as requests of one item each; `None` where it has one.
fn split_request(kind: Kind, body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    // The two signals' types differ by their members' names.
    macro_rules! split {
        ($of:ident, $resources:ident, $scopes:ident, $items:ident) => {
            for resource in $of::decode(body).ok()?.$resources {
                for scope in &resource.$scopes {
                    for item in &scope.$items {
                        let mut one = resource.clone();
                        one.$scopes = vec![scope.clone()];
                        one.$scopes[0].$items = vec![item.clone()];
                        parts.push($of { $resources: vec![one] }.encode_to_vec());
                    }
                }
            }
        };
    }
    match kind {
        Kind::Spans => split!(ExportTraceServiceRequest, resource_spans, scope_spans, spans),
        Kind::Logs => split!(ExportLogsServiceRequest, resource_logs, scope_logs, log_records),
        _ => return None,
    }
    (parts.len() > 1).then_some(parts)
}
