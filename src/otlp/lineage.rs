//! Where an entity belongs: the trace and the session of the first above it that has some.
//!
//! While others' records wait, one may be among them that says in which session a trace is: what is below a trace of which
//! no beginning is known waits as well.

use std::sync::Arc;

use super::entity::{EntityKind, FoldedEntity, OtlpTrace};
use super::fold::{Folder, next};
use super::model::Leave;

/// How far up a trace is looked for.
const MAX_DEPTH: usize = 64;

/// Where an entity belongs.
pub(super) struct Lineage {
    pub trace: Arc<OtlpTrace>,
    pub session: Option<Arc<str>>,
    /// The span id of the entity that was asked for, if it is known.
    span_id: Option<[u8; 8]>,
}

impl Lineage {
    /// An entity below the one that was asked for belongs there too.
    pub fn give(self, entity: &mut FoldedEntity) {
        entity.trace = Some(self.trace);
        entity.session = self.session.or(entity.session.take());
        if let Some(parent) = &mut entity.parent {
            parent.span_id = self.span_id;
        }
    }
}

impl<L: Leave> Folder<L> {
    /// [`Folder::lineage_so_far`], unless a record that is still to be read may say more of it.
    pub(super) fn lineage(&mut self, kind: EntityKind, id: &str) -> Option<Lineage> {
        self.find_lineage(kind, id, self.others.are_read || self.others.are_ready)
    }

    /// The trace and session of an entity: its own, or those of the first above it that has some.
    pub(super) fn lineage_so_far(&mut self, kind: EntityKind, id: &str) -> Option<Lineage> {
        self.find_lineage(kind, id, false)
    }

    /// Ids are the program's, and may name each other in a ring.
    fn find_lineage(&mut self, kind: EntityKind, id: &str, may_come: bool) -> Option<Lineage> {
        let is_unknown = |entity: &FoldedEntity| {
            may_come && entity.kind == EntityKind::Trace && !entity.created && entity.session.is_none()
        };
        let hash = self.hash(kind, id);
        let open = self.open.find_mut(hash, |open| open.is(kind, id)).map(|open| &mut open.entity);
        if let Some(entity) = open.filter(|entity| !is_unknown(entity)) {
            if let Some(trace) = entity.trace.clone() {
                let span_id = Some(entity.span_id(&trace));
                return Some(Lineage { trace, session: entity.session.clone(), span_id });
            }
        }
        let (mut kind, mut id, mut hash, mut is_itself) = (kind, id, hash, true);
        for _ in 0..MAX_DEPTH {
            match self.open.find(hash, |open| open.is(kind, id)).map(|open| &open.entity) {
                Some(entity) if is_unknown(entity) => return None,
                Some(FoldedEntity { trace: Some(trace), session, .. }) => {
                    return Some(Lineage {
                        trace: Arc::clone(trace),
                        session: session.clone(),
                        span_id: None,
                    });
                }
                Some(FoldedEntity { parent: Some(next), .. }) => (kind, id) = (next.kind, &next.id),
                _ => {
                    if let Some(left) = self.left.find(hash, kind, id) {
                        let (trace, session) = (Arc::clone(&left.trace), left.session.clone());
                        return Some(Lineage { trace, session, span_id: is_itself.then_some(left.span_id) });
                    }
                    let trace = (kind == EntityKind::Trace && !may_come).then(|| OtlpTrace::of(id))?;
                    return Some(Lineage { trace, session: None, span_id: None });
                }
            }
            (hash, is_itself) = (self.hash(kind, id), false);
        }
        None
    }

    /// Finds the traces of those that were told of before what they are below: a record of an earlier life stands
    /// behind lines that came later. What has ended then leaves. To be called when a batch has been folded.
    pub(super) fn find_traces(&mut self) {
        if !std::mem::take(&mut self.has_orphans) {
            return;
        }
        let orphans = self.open.iter().filter(|open| open.is_orphan());
        let orphans: Vec<_> = orphans
            .map(|open| (open.hash, open.entity.kind, open.entity.id.clone(), open.entity.parent.clone()))
            .collect();
        for (hash, kind, id, parent) in orphans {
            let may_come = self.others.are_ready;
            let lineage = parent.and_then(|above| self.find_lineage(above.kind, &above.id, may_come));
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
}
