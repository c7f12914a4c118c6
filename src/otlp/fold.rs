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
use std::time::Duration;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::entity::{EntityKind, FoldedEntity, Known, Line, OtlpTrace, Parent};
use super::ids;
pub use super::left::OtherLives;
use super::left::{ClosedEntity, Departed, Left};
use super::model::{Leave, Out};
use super::span;

/// How a record of an open entity begins.
pub const FOLDED: &str = "folded";
/// So many entities may be open, and so many bytes of their records; above that, those that were touched first leave
/// as incomplete: a program that never ends anything must not fill its memory.
const MAX_OPEN: usize = 50_000;
/// Room is kept for so many at most.
const MAX_SPARE: usize = 64;
const MAX_OPEN_BYTES: usize = 24 << 20;

/// How to fold.
#[derive(Clone, Copy, Debug)]
pub struct FoldOptions {
    /// An entity that has not ended for so long leaves as incomplete.
    pub incomplete_after: Duration,
}

/// An entity that is open, and what is kept of it.
pub(super) struct OpenEntity {
    pub entity: FoldedEntity,
    /// Of its kind and id.
    pub hash: u64,
    /// Of its last change, to tell a record of it from a newer one, and from one of an earlier entity of the same id.
    pub version: u64,
    /// Whether it is to be kept anew.
    pub unkept: bool,
    /// The length of its last record.
    pub bytes: usize,
    /// The version of its last record, if that has not come round.
    pub waiting: Option<u64>,
    /// Whether a line has told of it in this life.
    pub is_told: bool,
    /// Whether a line or a record of another life has.
    pub has_others: bool,
}

impl OpenEntity {
    pub fn of(entity: FoldedEntity, hash: u64) -> OpenEntity {
        let (unkept, is_told) = (true, true);
        OpenEntity { entity, hash, version: 0, unkept, bytes: 0, waiting: None, is_told, has_others: false }
    }

    /// Of what it holds now nothing is kept.
    fn begin(&mut self, hash: u64) {
        (self.hash, self.version, self.bytes) = (hash, 0, 0);
        (self.unkept, self.waiting, self.is_told, self.has_others) = (true, None, true, false);
    }

    pub fn is(&self, kind: EntityKind, id: &str) -> bool {
        self.entity.kind == kind && *self.entity.id == *id
    }

    /// Whether its trace is unknown, and may become known.
    pub fn is_orphan(&self) -> bool {
        self.entity.trace.is_none() && self.entity.parent.is_some()
    }

    pub fn key(&self) -> String {
        key(self.entity.kind, &self.entity.id)
    }
}

pub(super) fn key(kind: EntityKind, id: &str) -> String {
    format!("{}/{id}", kind.name())
}

/// The number of one more change.
pub(super) fn next(versions: &mut u64) -> u64 {
    *versions += 1;
    *versions
}

/// Whether an entity that has left opens again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opens {
    /// It does: it begins anew.
    Again,
    /// It does not: something was said of it too late.
    Once,
}

/// Folds lines into spans.
pub struct Folder<L = Vec<Out>> {
    options: FoldOptions,
    /// Tells its own records from another life's.
    pub(super) name: String,
    pub(super) hasher: DefaultHashBuilder,
    pub(super) open: HashTable<Box<OpenEntity>>,
    /// Room for others, of those that have left: it goes into the table and out of it as it is.
    #[allow(clippy::vec_box)]
    spare: Vec<Box<OpenEntity>>,
    /// The number of the last change of any entity.
    pub(super) versions: u64,
    pub(super) left: Departed,
    /// Those that have left and of which a record is kept: that they have.
    pub(super) closed: Vec<ClosedEntity>,
    pub(super) others: OtherLives,
    /// Whether the trace of one that is open is unknown, as what it is below has not been told of yet.
    pub(super) has_orphans: bool,
    pub(super) out: L,
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
            spare: Vec::new(),
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

    #[inline]
    pub(super) fn hash(&self, kind: EntityKind, id: &str) -> u64 {
        self.hasher.hash_one((kind, id))
    }

    /// Folds one line, or one record of an open entity. An error says why it is neither.
    pub fn line(&mut self, line: &[u8], now_ns: u64) -> Result<(), String> {
        self.text(std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?, now_ns)
    }

    /// [`Folder::line`] of what is known to be text.
    pub fn text(&mut self, line: &str, now_ns: u64) -> Result<(), String> {
        if line.starts_with(FOLDED) {
            return self.entity(line, now_ns);
        }
        let line = Line::parse(line)?;
        let Line { kind, id, action, data } = line;
        let Some(own) = EntityKind::of(kind) else {
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
            (EntityKind::Trace | EntityKind::Span, "add-span") => {
                self.child(EntityKind::Span, (own, id), data, &known, now_ns)
            }
            (EntityKind::Trace | EntityKind::Span, "add-generation") => {
                self.child(EntityKind::Generation, (own, id), data, &known, now_ns)
            }
            (EntityKind::Trace | EntityKind::Span, "add-retrieval") => {
                self.child(EntityKind::Retrieval, (own, id), data, &known, now_ns)
            }
            (EntityKind::Trace | EntityKind::Span, "add-tool-call") => {
                self.child(EntityKind::ToolCall, (own, id), data, &known, now_ns)
            }
            (_, "create") => {
                self.change((own, id), Opens::Again, now_ns, |entity| entity.create(data, &known));
                Ok(())
            }
            _ => {
                let apply = |entity: &mut FoldedEntity| entity.apply(action, data, &known, now_ns);
                let has_left = !self.change((own, id), Opens::Once, now_ns, apply);
                let left = if has_left { self.left.find(self.hash(own, id), own, id) } else { None };
                if let Some(left) = left {
                    // Its end came before: what is said of it now has a record of its own.
                    span::of_late(left, action, line.json()?, now_ns, &mut self.out);
                }
                Ok(())
            }
        }
    }

    /// A new entity below another.
    fn child(
        &mut self,
        kind: EntityKind,
        (above, above_id): (EntityKind, &str),
        data: &str,
        known: &Known<'_>,
        now_ns: u64,
    ) -> Result<(), String> {
        let id = known.id.as_deref().ok_or("its data has no id")?;
        // A generation's line may name the span that it belongs to.
        let (above, above_id) = match known.span.as_deref() {
            Some(span) if kind == EntityKind::Generation => (EntityKind::Span, span),
            _ => (above, above_id),
        };
        let lineage = self.lineage(above, above_id);
        self.has_orphans |= lineage.is_none();
        self.change((kind, id), Opens::Again, now_ns, |entity| {
            entity.span_id = None;
            entity.parent = Some(Parent { kind: above, id: above_id.into(), span_id: None });
            if let Some(lineage) = lineage {
                lineage.give(entity);
            }
            entity.create(data, known);
        });
        Ok(())
    }

    /// Something is said of an entity; `false` if nothing was changed, for it has left and does not open again.
    fn change(
        &mut self,
        (kind, id): (EntityKind, &str),
        opens: Opens,
        now_ns: u64,
        change: impl FnOnce(&mut FoldedEntity),
    ) -> bool {
        let hash = self.hash(kind, id);
        let mut found = match self.open.entry(hash, |open| open.is(kind, id), |open| open.hash) {
            Entry::Occupied(found) => found,
            Entry::Vacant(_) if opens == Opens::Once && self.left.find(hash, kind, id).is_some() => {
                return false;
            }
            Entry::Vacant(room) => {
                let open = match self.spare.pop() {
                    Some(mut open) => {
                        open.entity.begin(kind, id, now_ns);
                        open.begin(hash);
                        open
                    }
                    None => Box::new(OpenEntity::of(FoldedEntity::new(kind, id, now_ns), hash)),
                };
                room.insert(open)
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
            if open.entity.trace.is_some() {
                let (open, _) = found.remove();
                self.let_leave(open, false);
            } else {
                self.leave_if_finished(hash, kind, id);
            }
        }
        true
    }

    /// A finished entity leaves, unless its trace is still to be told of.
    pub(super) fn leave_if_finished(&mut self, hash: u64, kind: EntityKind, id: &str) {
        let Some(open) = self.open.find(hash, |open| open.is(kind, id)) else { return };
        let entity = &open.entity;
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

    pub(super) fn leave(&mut self, hash: u64, kind: EntityKind, id: &str, is_incomplete: bool) {
        let Ok(found) = self.open.find_entry(hash, |open| open.is(kind, id)) else { return };
        let (open, _) = found.remove();
        self.let_leave(open, is_incomplete);
    }

    fn let_leave(&mut self, mut open: Box<OpenEntity>, is_incomplete: bool) {
        let OpenEntity { entity, hash, bytes, waiting, has_others, .. } = &mut *open;
        let (hash, kind) = (*hash, entity.kind);
        let parent = entity.parent.take();
        let lineage = parent
            .as_ref()
            .filter(|_| entity.trace.is_none() || entity.session.is_none())
            .and_then(|parent| self.lineage_so_far(parent.kind, &parent.id));
        let (trace, session) = lineage.map(|lineage| (lineage.trace, lineage.session)).unzip();
        let otherwise = || OtlpTrace::of(parent.as_ref().map_or(&entity.id, |parent| &parent.id));
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
            self.out.span(span::of_entity(entity, &data, &trace, span_id, is_incomplete));
        } else {
            // Its beginning is another process's: what was said of it here.
            span::of_unknown(&Left::of(hash, entity, &trace, span_id), entity, &mut self.out);
        }
        let (session, start_us) = (entity.session.take(), entity.start_us);
        let id = std::mem::take(&mut entity.id);
        let left = Left { hash, kind, id, trace, session, span_id, start_us };
        let has_others = *has_others && self.others.wait;
        if *bytes > 0 || has_others {
            self.close(&left, *waiting, has_others);
        }
        self.left.remember(left);
        if self.spare.len() < MAX_SPARE && open.entity.is_small() {
            // Its room, and nothing of what was in it.
            open.entity.empty();
            self.spare.push(open);
        }
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
            let open = self.open.find(hash, |open| open.is(kind, &id));
            let is_incomplete = !open.is_some_and(|open| open.entity.is_finished());
            self.leave(hash, kind, &id, is_incomplete);
        }
    }

    /// Forgets everything but what has left.
    pub fn purge(&mut self) {
        self.open.clear();
        self.left = Departed::default();
        self.closed.clear();
        self.spare.clear();
    }

    fn is_old(&self, open: &OpenEntity, now_ns: u64) -> bool {
        let most = self.options.incomplete_after.as_nanos() as u64;
        now_ns.saturating_sub(open.entity.touched_ns.max(open.entity.seen_ns)) >= most
    }

    pub(super) fn leave_if_old(&mut self, hash: u64, kind: EntityKind, id: &str, now_ns: u64) {
        let open = self.open.find(hash, |open| open.is(kind, id));
        let Some(open) = open.filter(|open| self.is_old(open, now_ns)) else { return };
        let is_incomplete = !open.entity.is_finished();
        self.leave(hash, kind, id, is_incomplete);
    }

    /// A line that cannot be read leaves as it is.
    pub fn unreadable(&mut self, line: &[u8], why: &str, now_ns: u64) {
        self.out.log(span::of_unreadable(line, why, now_ns));
    }
}
