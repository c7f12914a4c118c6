//! Records of what is open, and of what has left: written, and read again by this life or another.

use hashbrown::hash_table::Entry;

use super::entity::FoldedEntity;
use super::fold::{FOLDED, Folder, OpenEntity, key, next};
use super::json::{JsonText, ObjectWriter};
use super::left::{ClosedEntity, KeptEntity, Left};
use super::model::Leave;
use super::span;

/// An entity whose record would be larger leaves as it is, for it could not be kept.
const MAX_RECORD_BYTES: usize = 4 << 20;

impl<L: Leave> Folder<L> {
    /// A record of an entity: one of its own is known, another life's is what was said before anything else.
    pub fn entity(&mut self, record: &str, now_ns: u64) -> Result<(), String> {
        let none = "a folded record: not one of this version";
        let kept = JsonText::parse(record.strip_prefix(FOLDED).unwrap_or(record)).ok_or(none)?;
        let is_own = kept.text_at("by").ok_or(none)? == self.name;
        if let Some(left) = kept.get("left") {
            let left = Left::read(left, |kind, id| self.hash(kind, id)).ok_or(none)?;
            self.has_left(left, is_own);
            return Ok(());
        }
        let read = || Some((kept.get("version")?.as_u64()?, FoldedEntity::read(kept.get("entity")?)?));
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
        let open = self.open.find(hash, |open| open.is(kind, &id)).map(|open| &open.entity);
        if open.is_none() && !earlier.created {
            if let Some(left) = self.left.find(hash, kind, &id) {
                span::of_unknown(left, &earlier, &mut self.out);
                return Ok(());
            }
        }
        let is_another = |open: &FoldedEntity| open.created && open.start_us != earlier.start_us;
        if earlier.created && open.is_none_or(is_another) && self.left.has(hash, &earlier) {
            // It has left by lines that were still there, or in the life that kept the record.
            return Ok(());
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
                room.insert(Box::new(OpenEntity {
                    version: next(&mut self.versions),
                    bytes: record.len(),
                    is_told: false,
                    has_others: true,
                    ..OpenEntity::of(earlier, hash)
                }));
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
            let entity = &found.get().entity;
            if entity.created && !left.is_of(entity) {
                // Another one of that id. What was kept of the one that has left may still be read, here or in a
                // later life.
                if self.others.wait {
                    self.close(&left, None, true);
                }
                self.left.remember(left);
                return;
            }
            let OpenEntity { entity, is_told, waiting, .. } = *found.remove().0;
            own = waiting;
            if is_told || !entity.created {
                // What was said after it had left, and what was not acknowledged before.
                span::of_unknown(&left, &entity, &mut self.out);
            }
        }
        self.close(&left, own, self.others.wait);
        self.left.remember(left);
    }

    /// One of which a record is kept has left. Its last one may be `waiting`, or some of other lives.
    pub(super) fn close(&mut self, left: &Left, waiting: Option<u64>, has_others: bool) {
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
}
