//! How delivery stands for each logger of this machine: what it says of itself, and what its segments still hold.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::note::Note;
use crate::model::spool::Holder;

/// One logger, wherever its files are.
pub struct Logger {
    pub pid: u32,
    pub is_alive: bool,
    pub places: Vec<PathBuf>,
    pub note: Option<Note>,
    /// Records that have not left.
    pub waiting: u64,
    /// The first of them.
    pub first: Option<Vec<u8>>,
    /// Unix seconds since when the oldest of them has waited, at most; and of the owner's last sign of life.
    pub oldest: Option<u64>,
    pub heartbeat: Option<u64>,
    /// Segments that could not be read.
    pub unread: u64,
}

impl Logger {
    /// Records accepted so far. The note may be older than what the segments hold.
    pub fn accepted(&self) -> Option<u64> {
        let note = self.note.as_ref()?;
        let settled = note.delivered + note.dropped + note.purged + note.quarantined;
        Some(note.accepted.max((settled + self.waiting).saturating_sub(note.adopted)))
    }

    /// The trouble that keeps records here at present.
    pub fn trouble(&self) -> Option<&str> {
        let note = self.note.as_ref()?;
        note.last_error.as_deref().filter(|_| note.next_attempt_ms.is_some())
    }
}

/// The loggers of these directories: those that run first, and of those the ones that wait longest.
pub fn loggers(holders: &[Holder]) -> Vec<Logger> {
    let mut by_instance = BTreeMap::<(&str, &str), Logger>::new();
    for holder in holders {
        let logger = by_instance.entry((&holder.instance, &holder.identity)).or_insert_with(|| Logger {
            pid: holder.pid,
            is_alive: false,
            places: Vec::new(),
            note: None,
            waiting: 0,
            first: None,
            oldest: None,
            heartbeat: None,
            unread: 0,
        });
        logger.is_alive |= holder.is_alive;
        logger.places.push(holder.place.clone());
        let at = |note: &Option<Note>| note.as_ref().map(|note| note.at_ms);
        if at(&holder.note) > at(&logger.note) {
            logger.note.clone_from(&holder.note);
        }
        logger.waiting += holder.waiting();
        let is_older = logger.oldest.is_none_or(|oldest| holder.oldest.is_some_and(|at| at <= oldest));
        if let Some(first) = holder.records.first().filter(|_| is_older || logger.first.is_none()) {
            logger.first = Some(first.clone());
        }
        logger.oldest = logger.oldest.into_iter().chain(holder.oldest).min();
        logger.heartbeat = logger.heartbeat.max(holder.heartbeat);
        logger.unread += holder.unread;
    }
    let mut loggers: Vec<_> = by_instance.into_values().collect();
    loggers.sort_by_key(|logger| (!logger.is_alive, logger.oldest.unwrap_or(u64::MAX)));
    loggers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(place: &str, records: &[&str], oldest: Option<u64>, note: Option<Note>) -> Holder {
        Holder {
            identity: "i".into(),
            instance: "1-7-a".into(),
            pid: 7,
            is_alive: place == "hot",
            place: place.into(),
            records: records.iter().map(|record| record.as_bytes().to_vec()).collect(),
            counted: 0,
            unread: 0,
            settled: 0,
            oldest,
            heartbeat: None,
            note,
        }
    }

    #[test]
    fn the_places_of_a_logger_are_one_logger_with_its_latest_note() {
        let note = |at_ms, delivered| Some(Note { at_ms, delivered, ..Note::default() });
        let holders =
            [holder("hot", &["c"], Some(9), note(2, 5)), holder("cold", &["a", "b"], Some(3), note(1, 4))];
        let loggers = loggers(&holders);
        let [logger] = loggers.as_slice() else { panic!("{} loggers", loggers.len()) };
        assert!(logger.is_alive && logger.places.len() == 2);
        assert_eq!((logger.waiting, logger.oldest, logger.first.as_deref()), (3, Some(3), Some(&b"a"[..])));
        assert_eq!(logger.accepted(), Some(8));
    }
}
