//! Lines of many processes, folded into spans with the library's own code; and what is open, so that it can be stored.
//!
//! An entity may be begun by one process and ended by another: the relay sees the lines of both. What is open is
//! stored in the same commit as what has left, so the lines themselves need not be kept.

use std::collections::HashMap;
use std::time::Duration;

use crate::collect::routes::decode;
use crate::collect::server::now_us;
use crate::otlp::encode::{self, Encoding};
use crate::otlp::entry;
use crate::otlp::fold::{FoldOptions, Folder, Out};
use crate::otlp::model::{Attributes, LogRecord, Resource};
use crate::relay::store::{Kind, Put};

/// A record of an open entity by its repository and key; none where it has left.
pub type Changed = (String, String, Option<Vec<u8>>);

pub struct Folders {
    options: FoldOptions,
    /// Of this life alone.
    name: String,
    by_repository: HashMap<String, Folder>,
    known: Attributes,
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
            if let Err(why) = folders.of(&repository).entity(&record, now_ns()) {
                eprintln!("maxim-dev: an open entity in the store cannot be read: {why}");
            }
        }
        folders
    }

    fn of(&mut self, repository: &str) -> &mut Folder {
        let Folders { name, options, by_repository, .. } = self;
        by_repository.entry(repository.to_owned()).or_insert_with(|| Folder::named(name, *options))
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
            changed.extend(open.into_iter().map(|(key, record)| (repository.clone(), key, record)));
            let (mut spans, mut records) = (Vec::new(), Vec::new());
            for out in folder.take() {
                match out {
                    Out::Span(span) => spans.push(span),
                    Out::Log(record) => records.push(record),
                }
            }
            let resource = resource(&self.known, repository);
            if !spans.is_empty() {
                let body = encode::traces(&resource, &spans, Encoding::Protobuf);
                puts.push(Put {
                    kind: Kind::Spans,
                    target: String::new(),
                    records: spans.len() as u64,
                    body,
                });
            }
            puts.extend(logs(&resource, &records));
        }
        (puts, changed)
    }

    /// Entries as log records; what is none is given back with the reason.
    pub fn entries<'a>(&self, entries: impl Iterator<Item = &'a [u8]>) -> Vec<Put> {
        let mut groups: Vec<(entry::Origin, Vec<LogRecord>)> = Vec::new();
        for entry in entries {
            // The door has seen that it is an object.
            let Ok((origin, record)) = entry::fold(entry, now_ns()) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == origin) {
                Some((_, records)) => records.push(record),
                None => groups.push((origin, vec![record])),
            }
        }
        let requests = groups.iter().filter_map(|(origin, records)| {
            logs(&Resource { attributes: origin.resource(&self.known) }, records)
        });
        requests.collect()
    }
}

fn logs(resource: &Resource, records: &[LogRecord]) -> Option<Put> {
    let body = (!records.is_empty()).then(|| encode::logs(resource, records, Encoding::Protobuf))?;
    Some(Put { kind: Kind::Logs, target: String::new(), records: records.len() as u64, body })
}

fn resource(known: &Attributes, repository: &str) -> Resource {
    let mut attributes = known.clone();
    if !attributes.iter().any(|(name, _)| name == "service.name") {
        attributes.push(("service.name".to_owned(), repository.into()));
    }
    attributes.push(("maxim.repository.id".to_owned(), repository.into()));
    Resource { attributes }
}

/// What the standard environment says of the resource.
fn known_attributes() -> Attributes {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut attributes = Attributes::new();
    if let Some(name) = environment("OTEL_SERVICE_NAME") {
        attributes.push(("service.name".to_owned(), name.into()));
    }
    let text = environment("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    for (name, value) in text.split(',').filter_map(|pair| pair.split_once('=')) {
        let name = name.trim();
        if !attributes.iter().any(|(known, _)| known == name) {
            attributes.push((name.to_owned(), decode(value.trim(), false).into_owned().into()));
        }
    }
    attributes
}

fn now_ns() -> u64 {
    now_us() * 1000
}
