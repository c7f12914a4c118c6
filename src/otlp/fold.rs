//! Folding: lines of the log API, in order, become spans.
//!
//! An entity is open from its first line on. When both its beginning and its end have been said it is a span and
//! leaves; what is said of it later leaves as a log record. One that is never ended leaves after a while as
//! `maxim.incomplete`. A session is no span: what is said of it leaves as log records.
//!
//! What is open can be kept as records ([`Folder::changed`]), so that the lines may be forgotten; another life
//! takes them over ([`Folder::line`] knows them). The order of such a record and later lines does not matter: what
//! it says is older than any line that is still there. Where records are only ever added, one of an entity that has left
//! meanwhile may still be there when a process is killed: a last one behind it says that it has left, so that no
//! other life takes it for open.
//!
//! Promises: the same lines give the same ids; nothing that a line says is lost but by a line that cannot be read,
//! which is refused; memory grows with what is open, and with a bounded number of entities that have left.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::entity::{Entity, Kind, Known, Line, Parent, Trace};
use super::ids;
use super::json::{Json, ObjectWriter};
use super::left::{ClosedEntity, Departed, Left};
pub use super::left::{KeptEntity, OtherLives};
use super::model::{LogRecord, Span};
use super::span;

/// How a record of an open entity begins.
const FOLDED: &str = "folded";
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

/// Takes what leaves, at once: it borrows from what is being folded.
pub trait Leave {
    /// A finished span.
    fn span(&mut self, span: Span<'_>);
    /// What belongs to no span, or to one that has left.
    fn log(&mut self, record: LogRecord<'_>);
}

/// What has left, kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    /// A finished span.
    Span(Span<'static>),
    /// What belongs to no span, or to one that has left.
    Log(LogRecord<'static>),
}

impl Leave for Vec<Out> {
    fn span(&mut self, span: Span<'_>) {
        self.push(Out::Span(span.into_owned()));
    }

    fn log(&mut self, record: LogRecord<'_>) {
        self.push(Out::Log(record.into_owned()));
    }
}

struct OpenEntity {
    entity: Entity,
    /// Of its kind and id.
    hash: u64,
    /// Of its last change, to tell a record of it from a newer one, and from one of an earlier entity of the same id.
    version: u64,
    /// Whether it is to be kept anew.
    unkept: bool,
    /// The length of its last record.
    bytes: usize,
    /// The version of its last record, if that has not come round.
    waiting: Option<u64>,
    /// Whether a line has told of it in this life.
    is_told: bool,
    /// Whether a line or a record of another life has.
    has_others: bool,
}

impl OpenEntity {
    fn is(&self, kind: Kind, id: &str) -> bool {
        self.entity.kind == kind && *self.entity.id == *id
    }

    /// Whether its trace is unknown, and may become known.
    fn is_orphan(&self) -> bool {
        self.entity.trace.is_none() && self.entity.parent.is_some()
    }

    fn key(&self) -> String {
        key(self.entity.kind, &self.entity.id)
    }
}

fn key(kind: Kind, id: &str) -> String {
    format!("{}/{id}", kind.name())
}

/// The number of one more change.
fn next(versions: &mut u64) -> u64 {
    *versions += 1;
    *versions
}

/// Where an entity belongs.
struct Lineage {
    trace: Arc<Trace>,
    session: Option<Arc<str>>,
    /// The span id of the entity that was asked for, if it is known.
    span_id: Option<[u8; 8]>,
}

impl Lineage {
    /// An entity below the one that was asked for belongs there too.
    fn give(self, entity: &mut Entity) {
        entity.trace = Some(self.trace);
        entity.session = self.session.or(entity.session.take());
        if let Some(parent) = &mut entity.parent {
            parent.span_id = self.span_id;
        }
    }
}

/// Folds lines into spans.
pub struct Folder<L = Vec<Out>> {
    options: FoldOptions,
    /// Tells its own records from another life's.
    name: String,
    hasher: DefaultHashBuilder,
    open: HashTable<OpenEntity>,
    /// The number of the last change of any entity.
    versions: u64,
    left: Departed,
    /// Those that have left and of which a record is kept: that they have.
    closed: Vec<ClosedEntity>,
    others: OtherLives,
    /// Whether the trace of one that is open is unknown, as what it is below has not been told of yet.
    has_orphans: bool,
    out: L,
    expired_ns: u64,
}

impl<L: Leave> Folder<L> {
    /// One of which nothing is known yet; no other has its `name`. Spans and records leave it to `out`.
    pub fn leaving_to(out: L, name: &str, options: FoldOptions) -> Folder<L> {
        Folder {
            options,
            name: name.to_owned(),
            hasher: DefaultHashBuilder::default(),
            open: HashTable::new(),
            versions: 0,
            left: Departed::default(),
            closed: Vec::new(),
            others: OtherLives::default(),
            has_orphans: false,
            out,
            expired_ns: 0,
        }
    }

    /// What has left.
    pub fn out(&mut self) -> &mut L {
        &mut self.out
    }

    /// To be told before a batch is folded: while others' lines and records wait, a record says what has left of what
    /// they tell of.
    pub fn set_others(&mut self, others: OtherLives) {
        self.others = others;
    }

    /// How many entities are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    fn hash(&self, kind: Kind, id: &str) -> u64 {
        self.hasher.hash_one((kind, id))
    }

    /// Folds one line, or one record of an open entity. An error says why it is neither.
    pub fn line(&mut self, line: &[u8], now_ns: u64) -> Result<(), String> {
        if line.starts_with(FOLDED.as_bytes()) {
            return self.entity(line, now_ns);
        }
        let line = Line::parse(line)?;
        let Line { kind, id, action, data } = line;
        let Some(own) = Kind::of(kind) else {
            let data = line.json()?;
            match kind {
                "session" => span::of_session(id, action, data, now_ns, &mut self.out),
                // `feedback`, `error` and `storage` lines of the log API's own making.
                _ => span::of_other(kind, id, action, data, now_ns, &mut self.out),
            }
            return Ok(());
        };
        let known = Known::of(data)?;
        match (own, action) {
            (Kind::Trace | Kind::Span, "add-span") => self.child(Kind::Span, (own, id), data, &known, now_ns),
            (Kind::Trace | Kind::Span, "add-generation") => {
                self.child(Kind::Generation, (own, id), data, &known, now_ns)
            }
            (Kind::Trace | Kind::Span, "add-retrieval") => {
                self.child(Kind::Retrieval, (own, id), data, &known, now_ns)
            }
            (Kind::Trace | Kind::Span, "add-tool-call") => {
                self.child(Kind::ToolCall, (own, id), data, &known, now_ns)
            }
            (_, "create") => {
                self.change(own, id, now_ns, |entity| entity.create(data, &known));
                Ok(())
            }
            _ => {
                let hash = self.hash(own, id);
                if self.open.find(hash, |open| open.is(own, id)).is_none()
                    && let Some(left) = self.left.find(hash, own, id)
                {
                    // Its end came before: what is said of it now has a record of its own.
                    span::of_late(left, action, line.json()?, now_ns, &mut self.out);
                    return Ok(());
                }
                self.change(own, id, now_ns, |entity| entity.apply(action, data, &known, now_ns));
                Ok(())
            }
        }
    }

    /// A new entity below another.
    fn child(
        &mut self,
        kind: Kind,
        (above, above_id): (Kind, &str),
        data: &str,
        known: &Known<'_>,
        now_ns: u64,
    ) -> Result<(), String> {
        let id = known.id.as_deref().ok_or("its data has no id")?;
        // A generation's line may name the span that it belongs to.
        let (above, above_id) = match known.span.as_deref() {
            Some(span) if kind == Kind::Generation => (Kind::Span, span),
            _ => (above, above_id),
        };
        let lineage = self.lineage(above, above_id);
        self.has_orphans |= lineage.is_none();
        self.change(kind, id, now_ns, |entity| {
            entity.span_id = None;
            entity.parent = Some(Parent { kind: above, id: above_id.into(), span_id: None });
            if let Some(lineage) = lineage {
                lineage.give(entity);
            }
            entity.create(data, known);
        });
        Ok(())
    }

    /// The trace and session of an entity: its own, or those of the first above it that has some. Ids are the
    /// program's, and may name each other in a ring.
    fn lineage(&mut self, kind: Kind, id: &str) -> Option<Lineage> {
        let hash = self.hash(kind, id);
        if let Some(OpenEntity { entity, .. }) = self.open.find_mut(hash, |open| open.is(kind, id))
            && let Some(trace) = entity.trace.clone()
        {
            let span_id = Some(entity.span_id(&trace));
            return Some(Lineage { trace, session: entity.session.clone(), span_id });
        }
        let (mut kind, mut id, mut hash, mut is_itself) = (kind, id, hash, true);
        for _ in 0..MAX_DEPTH {
            match self.open.find(hash, |open| open.is(kind, id)).map(|open| &open.entity) {
                Some(Entity { trace: Some(trace), session, .. }) => {
                    return Some(Lineage {
                        trace: Arc::clone(trace),
                        session: session.clone(),
                        span_id: None,
                    });
                }
                Some(Entity { parent: Some(next), .. }) => (kind, id) = (next.kind, &next.id),
                _ => {
                    if let Some(left) = self.left.find(hash, kind, id) {
                        let (trace, session) = (Arc::clone(&left.trace), left.session.clone());
                        return Some(Lineage { trace, session, span_id: is_itself.then_some(left.span_id) });
                    }
                    let trace = (kind == Kind::Trace).then(|| Trace::of(id))?;
                    return Some(Lineage { trace, session: None, span_id: None });
                }
            }
            (hash, is_itself) = (self.hasher.hash_one((kind, id)), false);
        }
        None
    }

    /// Finds the traces of those that were told of before what they are below: a record of an earlier life stands
    /// behind lines that came later. What has ended then leaves.
    fn find_traces(&mut self) {
        if !std::mem::take(&mut self.has_orphans) {
            return;
        }
        let orphans = self.open.iter().filter(|open| open.is_orphan());
        let orphans: Vec<_> = orphans
            .map(|open| (open.hash, open.entity.kind, open.entity.id.clone(), open.entity.parent.clone()))
            .collect();
        for (hash, kind, id, parent) in orphans {
            let lineage = parent.and_then(|above| self.lineage(above.kind, &above.id));
            let (Some(lineage), Some(open)) = (lineage, self.open.find_mut(hash, |open| open.is(kind, &id)))
            else {
                self.has_orphans = true;
                continue;
            };
            lineage.give(&mut open.entity);
            open.version = next(&mut self.versions);
            open.unkept = true;
            self.leave_if_finished(hash, kind, &id);
        }
    }

    fn change(&mut self, kind: Kind, id: &str, now_ns: u64, change: impl FnOnce(&mut Entity)) {
        let hash = self.hash(kind, id);
        let mut found = match self.open.entry(hash, |open| open.is(kind, id), |open| open.hash) {
            Entry::Occupied(found) => found,
            Entry::Vacant(room) => {
                let entity = Entity::new(kind, id, now_ns);
                room.insert(OpenEntity {
                    entity,
                    hash,
                    version: 0,
                    unkept: true,
                    bytes: 0,
                    waiting: None,
                    is_told: true,
                    has_others: false,
                })
            }
        };
        let open = found.get_mut();
        change(&mut open.entity);
        open.is_told = true;
        open.has_others |= self.others.are_read;
        open.entity.touched_ns = now_ns;
        open.version = next(&mut self.versions);
        open.unkept = true;
        if open.entity.is_finished() {
            self.leave_if_finished(hash, kind, id);
        }
    }

    /// A finished entity leaves, unless its trace is still to be told of.
    fn leave_if_finished(&mut self, hash: u64, kind: Kind, id: &str) {
        let Some(OpenEntity { entity, .. }) = self.open.find(hash, |open| open.is(kind, id)) else { return };
        if !entity.is_finished() {
            return;
        }
        if entity.trace.is_none() {
            let Some(Parent { kind, id, .. }) = entity.parent.clone() else { return };
            if self.lineage(kind, &id).is_none() {
                return;
            }
        }
        self.leave(hash, kind, id, false);
    }

    fn leave(&mut self, hash: u64, kind: Kind, id: &str, is_incomplete: bool) {
        let Ok(found) = self.open.find_entry(hash, |open| open.is(kind, id)) else { return };
        let (OpenEntity { mut entity, bytes, waiting, has_others, .. }, _) = found.remove();
        let parent = entity.parent.take();
        let lineage = parent
            .as_ref()
            .filter(|_| entity.trace.is_none() || entity.session.is_none())
            .and_then(|parent| self.lineage(parent.kind, &parent.id));
        let (trace, session) = lineage.map(|lineage| (lineage.trace, lineage.session)).unzip();
        let otherwise = || Trace::of(parent.as_ref().map_or(&entity.id, |parent| &parent.id));
        let trace = entity.trace.take().or(trace).unwrap_or_else(otherwise);
        entity.session = entity.session.take().or(session.flatten());
        entity.parent = parent.map(|mut parent| {
            let made = || ids::span_id(&trace.id, parent.kind.name(), &parent.id);
            parent.span_id = Some(parent.span_id.unwrap_or_else(made));
            parent
        });
        let span_id = entity.span_id(&trace);
        if entity.created {
            let data = entity.data();
            self.out.span(span::of_entity(&entity, &data, &trace, span_id, is_incomplete));
        } else {
            // Its beginning is another process's: what was said of it here.
            span::of_unknown(&Left::of(hash, &entity, &trace, span_id), &entity, &mut self.out);
        }
        let (session, start_us) = (entity.session.take(), entity.start_us);
        let left = Left { hash, kind, id: entity.id, trace, session, span_id, start_us };
        let has_others = has_others && self.others.wait;
        if bytes > 0 || has_others {
            self.close(&left, waiting, has_others);
        }
        self.left.remember(left);
    }

    /// One of which a record is kept has left. Its last one may be `waiting`, or some of other lives.
    fn close(&mut self, left: &Left, waiting: Option<u64>, has_others: bool) {
        let record = (waiting.is_some() || has_others).then(|| {
            let mut record = FOLDED.to_owned();
            let mut object = ObjectWriter::begin(&mut record);
            object.text("by", &self.name);
            left.write(object.name("left"));
            object.end();
            record.into_bytes()
        });
        let kept = KeptEntity { key: key(left.kind, &left.id), is_open: false, record };
        self.closed.push(ClosedEntity { hash: left.hash, waiting, has_others, kept });
    }

    /// A record of an entity: one of its own is known, another life's is what was said before anything else.
    pub fn entity(&mut self, record: &[u8], now_ns: u64) -> Result<(), String> {
        let text = std::str::from_utf8(record).map_err(|_| "a folded record: not UTF-8".to_owned())?;
        let none = "a folded record: not one of this version";
        let kept = Json::parse(text.strip_prefix(FOLDED).unwrap_or(text)).ok_or(none)?;
        let is_own = kept.text_at("by").ok_or(none)? == self.name;
        if let Some(left) = kept.get("left") {
            let left = Left::read(left, |kind, id| self.hash(kind, id)).ok_or(none)?;
            self.has_left(left, is_own);
            return Ok(());
        }
        let read = || Some((kept.get("version")?.as_u64()?, Entity::read(kept.get("entity")?)?));
        let (version, mut earlier) = read().ok_or(none)?;
        let (kind, id) = (earlier.kind, earlier.id.clone());
        let hash = self.hash(kind, &id);
        if is_own {
            // The record is about to be acknowledged.
            if let Some(open) = self.open.find_mut(hash, |open| open.is(kind, &id)) {
                open.unkept |= open.version == version;
                open.waiting = open.waiting.filter(|waiting| *waiting != version);
            } else {
                let is_it =
                    |closed: &&mut ClosedEntity| closed.hash == hash && closed.waiting == Some(version);
                if let Some(closed) = self.closed.iter_mut().find(is_it).filter(|closed| !closed.has_others) {
                    closed.kept.record = None;
                }
            }
            self.leave_if_old(hash, kind, &id, now_ns);
            return Ok(());
        }
        let is_open = self.open.find(hash, |open| open.is(kind, &id)).is_some();
        if !is_open && let Some(left) = self.left.find(hash, kind, &id) {
            if !earlier.created {
                span::of_unknown(left, &earlier, &mut self.out);
                return Ok(());
            }
            if left.is_of(&earlier) {
                // It has left by lines that were still there, or in the life that kept the record.
                return Ok(());
            }
        }
        earlier.seen_ns = earlier.seen_ns.min(now_ns);
        self.has_orphans |= earlier.trace.is_none();
        match self.open.entry(hash, |open| open.is(kind, &id), |open| open.hash) {
            Entry::Occupied(mut found) => {
                let open = found.get_mut();
                if !open.is_told && earlier.touched_ns > open.entity.touched_ns {
                    // Two records, of which this one is the later.
                    std::mem::swap(&mut open.entity, &mut earlier);
                }
                open.entity.merge_earlier(earlier);
                open.version = next(&mut self.versions);
                open.unkept = true;
                open.bytes = open.bytes.max(record.len());
                open.has_others = true;
            }
            Entry::Vacant(room) => {
                room.insert(OpenEntity {
                    entity: earlier,
                    hash,
                    version: next(&mut self.versions),
                    unkept: true,
                    bytes: record.len(),
                    waiting: None,
                    is_told: false,
                    has_others: true,
                });
            }
        }
        self.leave_if_finished(hash, kind, &id);
        self.leave_if_old(hash, kind, &id, now_ns);
        Ok(())
    }

    /// An entity has left, in this life or in an earlier one, and records of it may be open here.
    fn has_left(&mut self, left: Left, is_own: bool) {
        let (hash, kind) = (left.hash, left.kind);
        if is_own {
            // This life knows. Another one is to know as well for as long as others' records can be read.
            if self.others.wait {
                self.close(&left, None, true);
            }
            return;
        }
        let mut own = None;
        if let Ok(found) = self.open.find_entry(hash, |open| open.is(kind, &left.id)) {
            let OpenEntity { entity, .. } = found.get();
            if entity.created && !left.is_of(entity) {
                return;
            }
            let (OpenEntity { entity, is_told, waiting, .. }, _) = found.remove();
            own = waiting;
            if is_told || !entity.created {
                // What was said after it had left, and what was not acknowledged before.
                span::of_unknown(&left, &entity, &mut self.out);
            }
        }
        self.close(&left, own, self.others.wait);
        self.left.remember(left);
    }

    /// Lets what has been open for too long leave, or is too much. Looks for the former at most once a second.
    pub fn expire(&mut self, now_ns: u64) {
        self.find_traces();
        self.make_room(MAX_OPEN, MAX_OPEN_BYTES);
        const LOOK_NS: u64 = 1_000_000_000;
        if now_ns < self.expired_ns.saturating_add(LOOK_NS) && now_ns >= self.expired_ns {
            return;
        }
        self.expired_ns = now_ns;
        let old = self.open.iter().filter(|open| self.is_old(open, now_ns));
        let mut old: Vec<_> = old
            .map(|open| (open.entity.seen_ns, open.entity.kind, open.entity.id.clone(), open.hash))
            .collect();
        old.sort();
        for (_, kind, id, hash) in old {
            self.leave_if_old(hash, kind, &id, now_ns);
        }
    }

    /// Lets those leave that were touched first, until no more than so many are open, of so many bytes.
    pub(super) fn make_room(&mut self, most: usize, most_bytes: usize) {
        let mut bytes: usize = self.open.iter().map(|open| open.bytes).sum();
        if self.open.len() <= most && bytes <= most_bytes {
            return;
        }
        let all = self.open.iter();
        let mut all: Vec<_> = all
            .map(|open| {
                (open.entity.touched_ns, open.bytes, open.entity.kind, open.entity.id.clone(), open.hash)
            })
            .collect();
        all.sort();
        for (_, of_it, kind, id, hash) in all {
            // Some way below, for sorting them costs.
            if self.open.len() <= most - most / 8 && bytes <= most_bytes - most_bytes / 8 {
                break;
            }
            bytes -= of_it;
            self.leave(hash, kind, &id, true);
        }
    }

    /// Forgets everything but what has left.
    pub fn purge(&mut self) {
        self.open.clear();
        self.left = Departed::default();
        self.closed.clear();
    }

    fn is_old(&self, open: &OpenEntity, now_ns: u64) -> bool {
        let most = self.options.incomplete_after.as_nanos() as u64;
        now_ns.saturating_sub(open.entity.touched_ns.max(open.entity.seen_ns)) >= most
    }

    fn leave_if_old(&mut self, hash: u64, kind: Kind, id: &str, now_ns: u64) {
        let open = self.open.find(hash, |open| open.is(kind, id));
        let Some(open) = open.filter(|open| self.is_old(open, now_ns)) else { return };
        let is_incomplete = !open.entity.is_finished();
        self.leave(hash, kind, id, is_incomplete);
    }

    /// Records of what is open and has changed since the last call, and of what has left.
    /// What has no trace yet comes first: whoever reads that the entity above it has ended has read of it before.
    pub fn changed(&mut self) -> Vec<KeptEntity> {
        self.find_traces();
        let mut changed: Vec<KeptEntity> = self.closed.drain(..).map(|closed| closed.kept).collect();
        let mut too_large = Vec::new();
        let mut known = Vec::new();
        for open in &mut self.open {
            if !std::mem::take(&mut open.unkept) {
                continue;
            }
            let mut record = FOLDED.to_owned();
            let mut object = ObjectWriter::begin(&mut record);
            object.text("by", &self.name);
            object.raw("version", &open.version.to_string());
            open.entity.write(object.name("entity"));
            object.end();
            if record.len() > MAX_RECORD_BYTES {
                too_large.push((open.hash, open.entity.kind, open.entity.id.clone()));
                continue;
            }
            open.bytes = record.len();
            open.waiting = Some(open.version);
            let kept = if open.is_orphan() { &mut changed } else { &mut known };
            kept.push(KeptEntity { key: open.key(), is_open: true, record: Some(record.into_bytes()) });
        }
        changed.append(&mut known);
        for (hash, kind, id) in too_large {
            self.leave(hash, kind, &id, true);
        }
        changed.extend(self.closed.drain(..).map(|closed| closed.kept));
        changed
    }

    /// A line that cannot be read leaves as it is.
    pub fn unreadable(&mut self, line: &[u8], why: &str, now_ns: u64) {
        self.out.log(span::of_unreadable(line, why, now_ns));
    }
}
