//! Folding: lines of the log API, in order, become spans.
//!
//! An entity is open from its first line on. When both its beginning and its end have been said it is a span and
//! leaves; what is said of it later leaves as a log record. One that is never ended leaves after a while as
//! `maxim.incomplete`. A session is no span: what is said of it leaves as log records.
//!
//! What is open can be kept as records ([`Folder::changed`]), so that the lines may be forgotten; another life
//! takes them over ([`Folder::line`] knows them). The order of such a record and later lines does not matter: what
//! it says is older than any line that is still there.
//!
//! Promises: the same lines give the same ids; nothing that a line says is lost but by a line that cannot be read,
//! which is refused; memory grows with what is open, and with a bounded number of entities that have left.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::entity::{Entity, Happened, Line};
use super::model::{LogRecord, Span};
use super::span;

/// How a record of an open entity begins.
const FOLDED: &[u8] = b"folded{";
/// So many entities that have left are remembered, for what comes after their end and for their children.
const REMEMBERED: usize = 16_384;
/// An entity whose record would be larger leaves as it is, for it could not be kept.
const MAX_RECORD_BYTES: usize = 4 << 20;

/// How far up a trace is looked for.
const MAX_DEPTH: usize = 64;
/// So many entities may be open, and so many bytes of their records; above that, those that were touched first leave
/// as incomplete: a program that never ends anything must not fill its memory.
const MAX_OPEN: usize = 50_000;
const MAX_OPEN_BYTES: usize = 24 << 20;

/// How to fold.
#[derive(Clone, Copy, Debug)]
pub struct FoldOptions {
    /// An entity that has not ended for so long leaves as incomplete.
    pub incomplete_after: Duration,
}

/// What leaves.
#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    /// A finished span.
    Span(Span),
    /// What belongs to no span, or to one that has left.
    Log(LogRecord),
}

/// What is remembered of an entity that has left.
#[derive(Clone)]
pub struct Left {
    /// Its trace.
    pub trace: String,
    /// Its session.
    pub session: Option<String>,
}

struct Open {
    entity: Entity,
    /// Counts the changes, to tell a record of it from a newer one.
    version: u64,
    /// Whether it is to be kept anew.
    unkept: bool,
    /// The length of its last record.
    bytes: usize,
}

/// A record of an open entity.
#[derive(Serialize, Deserialize)]
struct Kept {
    by: String,
    version: u64,
    entity: Entity,
}

/// Folds lines into spans.
pub struct Folder {
    options: FoldOptions,
    /// Tells its own records from another life's.
    name: String,
    open: HashMap<String, Open>,
    left: HashMap<String, Left>,
    order: VecDeque<String>,
    closed: HashSet<String>,
    out: Vec<Out>,
    expired_ns: u64,
}

fn key(kind: &str, id: &str) -> String {
    format!("{kind}/{id}")
}

impl Folder {
    /// One of which nothing is known yet; no other has its `name`.
    pub fn named(name: &str, options: FoldOptions) -> Folder {
        Folder {
            options,
            name: name.to_owned(),
            open: HashMap::new(),
            left: HashMap::new(),
            order: VecDeque::new(),
            closed: HashSet::new(),
            out: Vec::new(),
            expired_ns: 0,
        }
    }

    /// How many entities are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// What has left since the last call, in order.
    pub fn take(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.out)
    }

    /// Folds one line, or one record of an open entity. An error says why it is neither.
    pub fn line(&mut self, line: &[u8], now_ns: u64) -> Result<(), String> {
        if line.starts_with(FOLDED) {
            return self.entity(line, now_ns);
        }
        let Line { kind, id, action, data } = Line::parse(line)?;
        match (kind, action) {
            ("session", _) => {
                span::of_session(id, action, &data, now_ns, &mut self.out);
            }
            ("trace" | "span", "add-span") => self.child("span", (kind, id), data, now_ns)?,
            ("trace" | "span", "add-generation") => self.child("generation", (kind, id), data, now_ns)?,
            ("trace" | "span", "add-retrieval") => self.child("retrieval", (kind, id), data, now_ns)?,
            ("trace" | "span", "add-tool-call") => self.child("tool_call", (kind, id), data, now_ns)?,
            ("trace" | "span" | "generation" | "retrieval" | "tool_call", "create") => {
                self.change(kind, id, now_ns, |entity| entity.create(data));
            }
            ("trace" | "span" | "generation" | "retrieval" | "tool_call", _) => {
                let known = key(kind, id);
                if !self.open.contains_key(&known)
                    && let Some(left) = self.left.get(&known)
                {
                    // Its end came before: what is said of it now has a record of its own.
                    span::of_late(left, kind, id, action, &data, now_ns, &mut self.out);
                    return Ok(());
                }
                self.change(kind, id, now_ns, |entity| entity.apply(action, data, now_ns));
            }
            // `feedback`, `error` and `storage` lines of the log API's own making.
            _ => span::of_other(kind, id, action, &data, now_ns, &mut self.out),
        }
        Ok(())
    }

    /// A new entity below another.
    fn child(
        &mut self,
        kind: &str,
        parent: (&str, &str),
        data: Map<String, Value>,
        now_ns: u64,
    ) -> Result<(), String> {
        let id = data.get("id").and_then(Value::as_str).ok_or("its data has no id")?.to_owned();
        // A generation's line may name the span that it belongs to.
        let parent = match data.get("spanId").and_then(Value::as_str) {
            Some(span) if kind == "generation" => ("span", span),
            _ => parent,
        };
        let parent = (parent.0.to_owned(), parent.1.to_owned());
        let (trace, session) = self.lineage(&parent).unzip();
        self.change(kind, &id, now_ns, |entity| {
            entity.trace = trace.or(entity.trace.take());
            entity.session = session.flatten().or(entity.session.take());
            entity.parent = Some(parent);
            entity.create(data);
        });
        Ok(())
    }

    /// The trace and session of an entity: its own, or those of the first above it that has some. Ids are the
    /// program's, and may name each other in a ring.
    fn lineage(&self, parent: &(String, String)) -> Option<(String, Option<String>)> {
        let mut above = parent;
        for _ in 0..MAX_DEPTH {
            let known = key(&above.0, &above.1);
            match self.open.get(&known).map(|open| &open.entity) {
                Some(Entity { trace: Some(trace), session, .. }) => {
                    return Some((trace.clone(), session.clone()));
                }
                Some(Entity { parent: Some(next), .. }) => above = next,
                _ => {
                    let left = self.left.get(&known).map(|left| (left.trace.clone(), left.session.clone()));
                    return left.or_else(|| (above.0 == "trace").then(|| (above.1.clone(), None)));
                }
            }
        }
        None
    }

    fn change(&mut self, kind: &str, id: &str, now_ns: u64, change: impl FnOnce(&mut Entity)) {
        let key = key(kind, id);
        let open = self.open.entry(key.clone()).or_insert_with(|| Open {
            entity: Entity::new(kind, id, now_ns),
            version: 0,
            unkept: true,
            bytes: 0,
        });
        change(&mut open.entity);
        open.entity.touched_ns = now_ns;
        open.version += 1;
        open.unkept = true;
        self.leave_if_finished(&key);
    }

    /// A finished entity leaves, unless its trace is still to be told of.
    fn leave_if_finished(&mut self, key: &str) {
        let Some(open) = self.open.get(key).filter(|open| open.entity.is_finished()) else { return };
        let parent = open.entity.parent.clone();
        if open.entity.trace.is_none() && parent.and_then(|parent| self.lineage(&parent)).is_none() {
            return;
        }
        self.leave(key, false);
    }

    fn leave(&mut self, key: &str, is_incomplete: bool) {
        let Some(Open { mut entity, .. }) = self.open.remove(key) else { return };
        let lineage = entity.parent.as_ref().and_then(|parent| self.lineage(parent));
        let (trace, session) = lineage.unzip();
        let parent_id = || entity.parent.as_ref().map_or(&entity.id, |(_, id)| id).clone();
        let trace = entity.trace.clone().or(trace).unwrap_or_else(parent_id);
        entity.session = entity.session.take().or(session.flatten());
        let left = Left { trace: trace.clone(), session: entity.session.clone() };
        if entity.created {
            self.out.push(Out::Span(span::of_entity(&entity, &trace, is_incomplete)));
        } else {
            // Its beginning is another process's: what was said of it here.
            span::of_unknown(&left, &entity, &mut self.out);
        }
        self.remember(key.to_owned(), left);
        self.closed.insert(key.to_owned());
    }

    fn remember(&mut self, key: String, left: Left) {
        if self.left.insert(key.clone(), left).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.left.remove(&oldest);
        }
    }

    /// A record of an open entity: one of its own is known, another life's is what was said before anything else.
    pub fn entity(&mut self, record: &[u8], now_ns: u64) -> Result<(), String> {
        let json = record.strip_prefix(&FOLDED[..FOLDED.len() - 1]).unwrap_or(record);
        let kept: Kept = serde_json::from_slice(json).map_err(|error| format!("a folded record: {error}"))?;
        let key = key(&kept.entity.kind, &kept.entity.id);
        if kept.by == self.name {
            if let Some(open) = self.open.get_mut(&key)
                && open.version == kept.version
            {
                // The record is about to be acknowledged.
                open.unkept = true;
            }
            self.leave_if_old(&key, now_ns);
            return Ok(());
        }
        if self.left.contains_key(&key) && !self.open.contains_key(&key) {
            // Its lines were still there, and it has left by them.
            return Ok(());
        }
        let seen_ns = kept.entity.seen_ns.min(now_ns);
        let mut earlier = kept.entity;
        earlier.seen_ns = seen_ns;
        match self.open.get_mut(&key) {
            Some(open) => {
                open.entity.merge_earlier(earlier);
                open.version += 1;
                open.unkept = true;
            }
            None => {
                self.open.insert(
                    key.clone(),
                    Open { entity: earlier, version: 1, unkept: true, bytes: record.len() },
                );
            }
        }
        self.leave_if_finished(&key);
        self.leave_if_old(&key, now_ns);
        Ok(())
    }

    /// Lets what has been open for too long leave, or is too much. Looks for the former at most once a second.
    pub fn expire(&mut self, now_ns: u64) {
        self.make_room(MAX_OPEN, MAX_OPEN_BYTES);
        const LOOK_NS: u64 = 1_000_000_000;
        if now_ns < self.expired_ns.saturating_add(LOOK_NS) && now_ns >= self.expired_ns {
            return;
        }
        self.expired_ns = now_ns;
        let mut old: Vec<(u64, String)> = self
            .open
            .iter()
            .filter(|(_, open)| self.is_old(open, now_ns))
            .map(|(key, open)| (open.entity.seen_ns, key.clone()))
            .collect();
        old.sort();
        for (_, key) in old {
            self.leave_if_old(&key, now_ns);
        }
    }

    /// Lets those leave that were touched first, until no more than so many are open, of so many bytes.
    pub(super) fn make_room(&mut self, most: usize, most_bytes: usize) {
        let mut bytes: usize = self.open.values().map(|open| open.bytes).sum();
        if self.open.len() <= most && bytes <= most_bytes {
            return;
        }
        let mut all: Vec<(u64, usize, String)> =
            self.open.iter().map(|(key, open)| (open.entity.touched_ns, open.bytes, key.clone())).collect();
        all.sort();
        for (_, of_it, key) in all {
            // Some way below, for sorting them costs.
            if self.open.len() <= most - most / 8 && bytes <= most_bytes - most_bytes / 8 {
                break;
            }
            bytes -= of_it;
            self.leave(&key, true);
        }
    }

    /// Forgets everything.
    pub fn purge(&mut self) {
        self.open.clear();
        self.left.clear();
        self.order.clear();
        self.closed.clear();
        self.out.clear();
    }

    fn is_old(&self, open: &Open, now_ns: u64) -> bool {
        let most = self.options.incomplete_after.as_nanos() as u64;
        now_ns.saturating_sub(open.entity.touched_ns.max(open.entity.seen_ns)) >= most
    }

    fn leave_if_old(&mut self, key: &str, now_ns: u64) {
        let Some(open) = self.open.get(key).filter(|open| self.is_old(open, now_ns)) else { return };
        let is_incomplete = !open.entity.is_finished();
        self.leave(key, is_incomplete);
    }

    /// Records of what is open and has changed since the last call, by key; `None` where it has left.
    pub fn changed(&mut self) -> Vec<(String, Option<Vec<u8>>)> {
        let mut changed: Vec<_> = self.closed.drain().map(|key| (key, None)).collect();
        let mut too_large = Vec::new();
        for (key, open) in &mut self.open {
            if !std::mem::take(&mut open.unkept) {
                continue;
            }
            let mut record = FOLDED[..FOLDED.len() - 1].to_vec();
            let kept = KeptRef { by: &self.name, version: open.version, entity: &open.entity };
            if serde_json::to_writer(&mut record, &kept).is_err() || record.len() > MAX_RECORD_BYTES {
                too_large.push(key.clone());
                continue;
            }
            open.bytes = record.len();
            changed.push((key.clone(), Some(record)));
        }
        for key in too_large {
            self.leave(&key, true);
            self.closed.remove(&key);
            changed.push((key, None));
        }
        changed
    }

    /// A line that cannot be read leaves as it is.
    pub fn unreadable(&mut self, line: &[u8], why: &str, now_ns: u64) {
        self.out.push(Out::Log(span::of_unreadable(line, why, now_ns)));
    }
}

/// As [`Kept`], borrowed.
#[derive(Serialize)]
struct KeptRef<'a> {
    by: &'a str,
    version: u64,
    entity: &'a Entity,
}

/// What happened, for those that make records of it.
pub(super) fn happened(action: &str, data: &Map<String, Value>) -> Happened {
    Happened { action: action.to_owned(), data: data.clone() }
}
