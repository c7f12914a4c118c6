//! Lines of many processes, folded into spans with the library's own code; and what is open, so that it can be stored.
//!
//! An entity may be begun by one process and ended by another: the relay sees the lines of both. What is open is
//! stored in the same commit as what has left, so the lines themselves need not be kept.

use std::collections::HashMap;
use std::time::Duration;

use crate::collect::routes::decode;
use crate::model::clock::now_us;
use crate::otlp::encode::{self, Encoding, Signal};
use crate::otlp::entry;
use crate::otlp::fold::{FoldOptions, Folder};
use crate::otlp::model::{Attributes, Leave, LogRecord, OtlpSpan, Resource};
use crate::relay::body::{Kind, Put};

/// A record of an open entity by its repository and key; none where it has left.
pub type Changed = (String, String, Option<Vec<u8>>);

pub struct Folders {
    options: FoldOptions,
    /// Of this life alone.
    name: String,
    by_repository: HashMap<String, Folder<Pieces>>,
    known: Attributes<'static>,
}

/// What has left, as it stands in requests: the pieces of each signal and how many there are.
#[derive(Default)]
struct Pieces {
    spans: (u64, Vec<u8>),
    records: (u64, Vec<u8>),
}

impl Leave for Pieces {
    fn span(&mut self, span: OtlpSpan<'_>) {
        self.spans.0 += 1;
        encode::push_span(&mut self.spans.1, &span, Encoding::Protobuf);
    }

    fn log(&mut self, record: LogRecord<'_>) {
        self.records.0 += 1;
        encode::push_log(&mut self.records.1, &record, Encoding::Protobuf);
    }
}

impl Folders {
    /// Those that know what an earlier life left open.
    pub fn new(incomplete_after: Duration, kept: Vec<(String, Vec<u8>)>) -> Folders {
        let name = format!("relay-{}-{}", std::process::id(), now_us());
        let by_repository = HashMap::new();
        let mut folders = Folders {
            options: FoldOptions { incomplete_after },
            name,
            by_repository,
            known: known_attributes(),
        };
        for (repository, record) in kept {
            if let Err(why) = folders.of(&repository).line(&record, now_ns()) {
                eprintln!("maxim-dev: an open entity in the store cannot be read: {why}");
            }
        }
        folders
    }

    fn of(&mut self, repository: &str) -> &mut Folder<Pieces> {
        let Folders { name, options, by_repository, .. } = self;
        by_repository
            .entry(repository.to_owned())
            .or_insert_with(|| Folder::leaving_to(Pieces::default(), name, *options))
    }

    pub fn open(&self) -> usize {
        self.by_repository.values().map(Folder::open).sum()
    }

    /// Folds lines for a repository. A line that cannot be read leaves as it is, as a log record.
    pub fn lines<'a>(&mut self, repository: &str, lines: impl Iterator<Item = &'a [u8]>) {
        let (now, folder) = (now_ns(), self.of(repository));
        for line in lines {
            if let Err(why) = folder.line(line, now) {
                folder.unreadable(line, &why, now);
            }
        }
    }

    pub fn expire(&mut self) {
        let now = now_ns();
        self.by_repository.values_mut().for_each(|folder| folder.expire(now));
    }

    /// What has left, as requests, and what has changed of what is open.
    pub fn take(&mut self) -> (Vec<Put>, Vec<Changed>) {
        let (mut puts, mut changed) = (Vec::new(), Vec::new());
        for (repository, folder) in &mut self.by_repository {
            // An entity that is too large to be kept leaves when it is asked for.
            let open = folder.changed();
            changed.extend(open.into_iter().map(|kept| {
                let record = kept.record.filter(|_| kept.is_open);
                (repository.clone(), kept.key, record)
            }));
            let Pieces { spans, records } = std::mem::take(folder.out());
            let resource = resource(&self.known, repository);
            puts.extend(put(Signal::Traces, &resource, spans));
            puts.extend(put(Signal::Logs, &resource, records));
        }
        (puts, changed)
    }

    /// Entries as log records; what is none is given back with the reason.
    pub fn entries<'a>(&self, entries: impl Iterator<Item = &'a [u8]>) -> Vec<Put> {
        let mut groups: Vec<(entry::EntryOrigin, Pieces)> = Vec::new();
        for entry in entries {
            // The door has seen that it is an object.
            let Ok((origin, record)) = entry::fold(entry, now_ns()) else { continue };
            let at = groups.iter().position(|(known, _)| *known == origin).unwrap_or_else(|| {
                groups.push((origin, Pieces::default()));
                groups.len() - 1
            });
            groups[at].1.log(record);
        }
        let requests = groups.into_iter().filter_map(|(origin, pieces)| {
            let resource = Resource { attributes: origin.resource(&self.known) };
            put(Signal::Logs, &resource, pieces.records)
        });
        requests.collect()
    }
}

/// A request around pieces, if there are any.
fn put(signal: Signal, resource: &Resource, (records, pieces): (u64, Vec<u8>)) -> Option<Put> {
    let kind = if signal == Signal::Traces { Kind::Spans } else { Kind::Logs };
    let body = (records > 0).then(|| encode::request(signal, resource, &pieces, Encoding::Protobuf))?;
    Some(Put { kind, target: String::new(), records, body })
}

fn resource(known: &Attributes<'static>, repository: &str) -> Resource {
    let mut attributes = known.clone();
    if !attributes.iter().any(|(name, _)| name == "service.name") {
        attributes.push(("service.name".into(), repository.to_owned().into()));
    }
    attributes.push(("maxim.repository.id".into(), repository.to_owned().into()));
    Resource { attributes }
}

/// What the standard environment says of the resource.
fn known_attributes() -> Attributes<'static> {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut attributes = Attributes::new();
    if let Some(name) = environment("OTEL_SERVICE_NAME") {
        attributes.push(("service.name".into(), name.into()));
    }
    let text = environment("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    for (name, value) in text.split(',').filter_map(|pair| pair.split_once('=')) {
        let name = decode(name.trim(), false).into_owned();
        if !attributes.iter().any(|(known, _)| *known == name) {
            attributes.push((name.into(), decode(value.trim(), false).into_owned().into()));
        }
    }
    attributes
}

fn now_ns() -> u64 {
    now_us() * 1000
}
