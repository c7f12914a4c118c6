//! Purging: what is held here goes, and with it every byte of it in the directories of this identity.
//!
//! For requests to delete, which concern what was said and not where it happens to lie: records of this instance and
//! of dead owners, in memory and in files, the files beside them, the quarantine, and the segments kept for their
//! next use, in which records that have left can still be read. What other living instances hold is theirs to purge.
//! Files are removed, not overwritten.

use super::adopt::instances_in;
use super::lanes::Lane;
use super::reader::Reader;
use super::state::{BlankSegment, Dropped, Location, Segment, SpoolState};
use super::store::StoreRoot;
use super::{Batch, Spool, quarantine, sidefile};
use std::io;
use std::sync::atomic::Ordering;

impl Spool {
    /// Drops everything, and removes it from the directories. What cannot be removed or read is the error; the rest is
    /// gone all the same.
    pub fn purge(&self) -> io::Result<()> {
        // Nobody moves, adopts or sets anything aside meanwhile.
        let left = self.left.lock();
        if *left {
            return Ok(());
        }
        self.unread_orphans.store(0, Ordering::Relaxed);
        for orphan in self.orphans() {
            self.adopt_claimed(&orphan.name());
        }
        let (held, spares, next) = self.take_all();
        // The reader gives damaged segments up at any moment: from here on it finds none of them.
        self.set_damaged_aside();
        self.clear_litter();
        let mut purged = match self.unread_orphans.load(Ordering::Relaxed) {
            0 => Ok(()),
            count => {
                Err(io::Error::other(format!("{count} files of loggers that have ended cannot be read")))
            }
        };
        let places = held.iter().map(|held| &held.location).chain(spares.iter().map(|spare| &spare.location));
        for location in places.filter(|location| **location != Location::Memory) {
            purged = purged.and(gone(self.store.at(location).and_then(|at| at.remove_file())));
        }
        purged = purged.and(self.purge_side_files(&held, next));
        for side in self.sides() {
            for root in side.roots() {
                purged = purged.and(quarantine::clear(root));
            }
        }
        drop(left);
        self.prepare_spare();
        purged
    }

    /// Takes every segment off the books, and counts what it held; gives the number of the next record too.
    fn take_all(&self) -> (Vec<Segment>, Vec<BlankSegment>, u64) {
        let seal = |next: &mut u64, state: &mut SpoolState, lane: &mut Lane| {
            self.seal_active(state, lane);
            // Records with files are in the first.
            if lane.index == 0 {
                *next = lane.next;
            }
        };
        let (mut state, next) = self.survey(|_| 0, seal);
        let keys: Vec<_> = state.adopted.iter().chain(&state.sealed).map(Segment::key).collect();
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(held) = state.take(key) {
                state.count_dropped(Dropped::Purged, held.unsettled(), self.is_own(key));
                all.push(held);
            }
        }
        let spares = std::mem::take(&mut state.spares);
        for spare in &spares {
            state.uncharge(&spare.location, spare.map.len() as u64);
        }
        self.space.notify_all();
        (all, spares, next)
    }

    /// Removes the files of these segments' records, and those that no record of a living instance can name.
    fn purge_side_files(&self, held: &[Segment], next: u64) -> io::Result<()> {
        let own = self.store.origin;
        // Listed before it is asked who is there: an instance has its directory before it has a file here.
        let entries: Vec<_> = self.side_entries().collect();
        let others =
            self.sides().flat_map(StoreRoot::roots).flat_map(instances_in).any(|origin| origin != own);
        let mut purged = Ok(());
        for entry in entries {
            let goes = match entry.name().to_str().and_then(sidefile::parse) {
                Some((maker, sequence)) if maker == own => sequence < next,
                Some((maker, sequence)) => {
                    let is_named = |held: &Segment| {
                        held.header.origin == maker && held.sides.iter().any(|side| side.sequence == sequence)
                    };
                    !others || held.iter().any(is_named)
                }
                // Never finished, unless its writer lives: told by who there is, and by no clock.
                None => !others && !sidefile::is_being_written(&entry, &own),
            };
            if goes {
                purged = purged.and(gone(entry.remove_file()));
            }
        }
        purged
    }

    fn sides(&self) -> impl Iterator<Item = &StoreRoot> {
        [&self.store.hot, &self.store.cold].into_iter().flatten()
    }
}

impl Reader {
    /// Whether the spool still holds the first record of a batch: a purge takes records away that are on their way.
    pub fn holds(&self, batch: &Batch) -> bool {
        let first = batch.waiting().first().map(|entry| batch.pieces[entry.piece as usize].key);
        first.is_none_or(|key| self.spool.with_held(key, |_| ()).is_some())
    }
}

/// What is not there need not be removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}
