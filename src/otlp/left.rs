//! The entities that have left last: for what comes after their end, and for their children; and what is to be kept of
//! them while earlier records of them may be read.

use std::sync::Arc;

use super::entity::{EntityKind, FoldedEntity, OtlpTrace};
use super::ids;
use super::json::{JsonText, ObjectWriter};

/// So many are remembered: a power of two, as numbers wrap.
const REMEMBERED: usize = 16_384;
/// Places to begin looking for one.
const HEADS: usize = 2 * REMEMBERED;

/// What is remembered of an entity that has left.
pub struct Left {
    /// Of its kind and id.
    pub hash: u64,
    /// What it is.
    pub kind: EntityKind,
    /// Its id.
    pub id: Box<str>,
    /// Its trace.
    pub trace: Arc<OtlpTrace>,
    /// Its session.
    pub session: Option<Arc<str>>,
    /// Its span id.
    pub span_id: [u8; 8],
    /// When it began: tells it from another one that was given the same id.
    pub start_us: Option<i64>,
}

impl Left {
    /// What is to be remembered of an entity.
    pub fn of(hash: u64, entity: &FoldedEntity, trace: &Arc<OtlpTrace>, span_id: [u8; 8]) -> Left {
        let (trace, session) = (Arc::clone(trace), entity.session.clone());
        let (kind, id, start_us) = (entity.kind, entity.id.clone(), entity.start_us);
        Left { hash, kind, id, trace, session, span_id, start_us }
    }

    /// Whether it is an entity that another life has kept a record of.
    pub fn is_of(&self, entity: &FoldedEntity) -> bool {
        entity.start_us == self.start_us
    }

    /// Writes it as JSON.
    pub fn write(&self, out: &mut String) {
        let mut object = ObjectWriter::begin(out);
        object.text("kind", self.kind.name());
        object.text("id", &self.id);
        object.text("trace", &self.trace.id);
        if let Some(session) = &self.session {
            object.text("session", session);
        }
        if let Some(time) = self.start_us {
            object.raw("start_us", &time.to_string());
        }
        object.end();
    }

    /// Reads what [`Left::write`] wrote; `hash` is that of a kind and an id.
    pub fn read(json: JsonText<'_>, hash: impl Fn(EntityKind, &str) -> u64) -> Option<Left> {
        let (kind, id) = (EntityKind::of(&json.text_at("kind")?)?, json.text_at("id")?);
        let trace = OtlpTrace::of(&json.text_at("trace")?);
        Some(Left {
            hash: hash(kind, &id),
            kind,
            span_id: ids::span_id(&trace.id, kind.name(), &id),
            id: (*id).into(),
            trace,
            session: json.text_at("session").map(|session| (*session).into()),
            start_us: json.get("start_us").and_then(JsonText::as_i64),
        })
    }
}

/// What is to be kept of an entity, instead of what was kept of it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEntity {
    /// The same for each record of it.
    pub key: String,
    /// Whether it is open.
    pub is_open: bool,
    /// The record. Of one that has left: where earlier records stay there until they have been read, and some may.
    pub record: Option<Vec<u8>>,
}

/// One that has left and of which a record is kept.
pub struct ClosedEntity {
    /// Of its kind and id.
    pub hash: u64,
    /// The version of its last record, if that has not come round.
    pub waiting: Option<u64>,
    /// Whether other lives may have kept some.
    pub has_others: bool,
    /// What is to be kept of it.
    pub kept: KeptEntity,
}

/// What is known of other lives when a batch is folded.
#[derive(Clone, Copy, Debug, Default)]
pub struct OtherLives {
    /// Whether the batch is theirs.
    pub are_read: bool,
    /// Whether more of theirs waits.
    pub wait: bool,
    /// Whether some of that can be read before long: what may say more is waited for.
    pub are_ready: bool,
}

/// The last of them, one behind the other. Each names the one before it of about the same hash, so that remembering one
/// looks at no other; what has been overwritten is known by its number.
#[derive(Default)]
pub struct Departed {
    ring: Vec<(Left, u32)>,
    /// The number of the last one, for some bits of a hash. Numbers may wrap: whatever is found is looked at.
    heads: Vec<u32>,
    /// The number of the next one.
    next: u32,
}

impl Departed {
    /// The one of that kind and id; of several, the last.
    pub fn find(&self, hash: u64, kind: EntityKind, id: &str) -> Option<&Left> {
        self.find_that(hash, |left| left.kind == kind && *left.id == *id)
    }

    /// Whether it is an entity that another life has kept a record of, though others of its id may have left since.
    pub fn has(&self, hash: u64, entity: &FoldedEntity) -> bool {
        let is_it = |left: &Left| left.kind == entity.kind && left.id == entity.id && left.is_of(entity);
        self.find_that(hash, is_it).is_some()
    }

    /// The last one that it is.
    fn find_that(&self, hash: u64, is_it: impl Fn(&Left) -> bool) -> Option<&Left> {
        let mut number = *self.heads.get(head(hash))?;
        let mut youngest = 1;
        loop {
            // How many have been remembered since, and this one.
            let age = self.next.wrapping_sub(number) as usize;
            if age < youngest || age > self.ring.len() {
                return None;
            }
            let (left, before) = &self.ring[number as usize % REMEMBERED];
            if left.hash == hash && is_it(left) {
                return Some(left);
            }
            (number, youngest) = (*before, age + 1);
        }
    }

    /// Remembers one, and forgets the oldest if there is no room.
    pub fn remember(&mut self, left: Left) {
        if self.heads.is_empty() {
            // Numbers of which none has been given.
            self.heads.resize(HEADS, REMEMBERED as u32);
        }
        let number = self.next;
        self.next = number.wrapping_add(1);
        let before = std::mem::replace(&mut self.heads[head(left.hash)], number);
        match self.ring.get_mut(number as usize % REMEMBERED) {
            Some(place) => *place = (left, before),
            None => self.ring.push((left, before)),
        }
    }
}

fn head(hash: u64) -> usize {
    hash as usize % HEADS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_wrap_hide_nobody() {
        let left = |number: u32| {
            let (id, trace) = (number.to_string().into(), OtlpTrace::of("t"));
            let (hash, span_id) = (u64::from(number % 7), u64::from(number).to_le_bytes());
            Left { hash, kind: EntityKind::Span, id, trace, session: None, span_id, start_us: None }
        };
        let mut departed = Departed::default();
        departed.remember(left(0));
        // As if so many had come and gone, all but the last of other hashes.
        departed.next = u32::MAX - 10;
        departed.ring.clear();
        departed.heads.fill(departed.next.wrapping_sub(REMEMBERED as u32 + 1));
        for _ in 0..departed.next as usize % REMEMBERED {
            departed.ring.push((left(1_000_000), departed.next.wrapping_sub(REMEMBERED as u32 + 1)));
        }
        for number in 0..30_u32 {
            departed.remember(left(number));
        }
        for number in 0..30_u32 {
            let found = departed.find(u64::from(number % 7), EntityKind::Span, &number.to_string());
            assert_eq!(found.map(|left| left.span_id), Some(u64::from(number).to_le_bytes()));
        }
        assert!(departed.find(3, EntityKind::Span, "31").is_none());
    }

    #[test]
    fn the_last_ones_are_remembered_and_older_ones_forgotten() {
        let mut departed = Departed::default();
        let trace = OtlpTrace::of("t");
        // Few hashes: some share one.
        let hash = |number: usize| (number % 4096) as u64;
        for number in 0..REMEMBERED + 100 {
            let (id, trace) = (number.to_string().into(), Arc::clone(&trace));
            let span_id = (number as u64).to_le_bytes();
            departed.remember(Left {
                hash: hash(number),
                kind: EntityKind::Span,
                id,
                trace,
                session: None,
                span_id,
                start_us: None,
            });
            if number == 50 {
                // The same again stands in front of what was said of it before.
                let again = Left {
                    hash: hash(50),
                    kind: EntityKind::Span,
                    id: "50".into(),
                    trace: OtlpTrace::of("u"),
                    session: None,
                    span_id,
                    start_us: None,
                };
                departed.remember(again);
            }
        }
        let find = |number: usize| departed.find(hash(number), EntityKind::Span, &number.to_string());
        assert!((0..100).all(|number| find(number).is_none()));
        for number in [100, 101, REMEMBERED, REMEMBERED + 99] {
            assert_eq!(find(number).map(|left| left.span_id), Some((number as u64).to_le_bytes()));
        }
        assert!(departed.find(hash(100), EntityKind::Trace, "100").is_none());
    }
}
