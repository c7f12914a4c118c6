//! Batches out: the oldest that waits for each target, one request at a time, until the service has it.
//!
//! A target that the service does not take from waits alone; the others go on. A batch that is refused for what is in
//! it is halved until the refused record stands alone; that one is put aside with the reason, and the rest goes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::Message as _;

use crate::collect::answer::MAX_ENTRIES;
use crate::delivery::policy::{self, BackoffConfig, Policy};
use crate::model::line;
use crate::model::plain::shorten;
use crate::relay::body::Kind;
use crate::relay::outcome::Outcome;
use crate::relay::shared::Relay;
use crate::relay::store::{Queued, Refused, Store};

/// Bytes of one request, as the library sends them.
const MAX_REQUEST_BYTES: usize = 900 * 1024;
/// The time between two requests for a target while there is less than a request takes, in which what many processes
/// send comes together.
const GATHERING_TIME: Duration = Duration::from_secs(1);
/// The least time between two messages about the same target.
const TOLD_EVERY: Duration = Duration::from_secs(10);

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
