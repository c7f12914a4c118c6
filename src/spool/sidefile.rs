//! Files beside the segments: content too large to be a record.
//!
//! A side file belongs to one record, whose payload ends with the length (u32, little-endian) and the
//! bytes of the file's path. It is named after that
//! record, by maker and sequence, so that whoever adopts a segment finds the files that go with it.
//!
//! Promises: a side file counts towards the cap on disk as long as its record is held, and goes when the
//! record goes, delivered or not; making room for one follows the overflow policy. Does not: read side files,
//! which is for whoever delivers the record.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::claim::{LOCK, UNFINISHED};
use super::format::{Origin, SegmentKey};
use super::secure_fs::{self, At, Base};
use super::spool::Spool;
use super::state::{Segment, SpoolState};
use super::{Options, Overflow, RecordKind, Refusal, age, candidates, quarantine};
use crate::process::Undisturbed;
use crate::process::unique::Uuid;

/// Its name within the identity's directory.
const DIRECTORY: &str = "attachments";
/// Beside it: since when its files are there.
const NOTE: &str = "attachments.ages";
/// The files of one segment take at most this share of the cap (or are one file), since they are evicted
/// together.
const SEGMENT_SHARE: u64 = 16;

/// A record's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SideFile {
    /// Of its record.
    pub sequence: u64,
    /// In bytes.
    pub size: u64,
}

/// Whether a spool of this identity has ended and left something behind.
pub fn has_orphans(options: &Options) -> bool {
    if options.memory_only {
        return false;
    }
    let names = [options.identity.name(), options.identity.former_name()];
    let directories = candidates::all(options.dir.as_deref(), options.hot_dir.as_deref()).into_iter();
    let bases = directories.filter_map(|directory| Base::open(&directory).ok());
    let roots = bases.flat_map(|base| names.each_ref().map(|name| At::new(&base, name)));
    let mut instances = roots.flat_map(|root| root.entries().unwrap_or_default());
    instances.any(|at| at.name().to_str().and_then(Origin::parse).is_some() && !has_owner(&at))
}

/// Whether somebody holds the lock of an instance's directory.
fn has_owner(instance: &At) -> bool {
    match instance.join(LOCK).open_lock() {
        Ok(lock) => !secure_fs::is_unlocked(&lock),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

impl Spool {
    /// Accepts one record with a file of its own: the payload given, and the length and the path of
    /// a new file that holds `content`. `None`: no such file can be made, and nothing was accepted.
    pub fn append_with_file(
        &self,
        kind: RecordKind,
        payload: &[u8],
        content: &[u8],
    ) -> Result<Option<u64>, Refusal> {
        let size = content.len() as u64;
        let Some(side) = &self.store.cold else { return Ok(None) };
        let _by_ourselves = Undisturbed::by_ourselves();
        // A handler that jumps out of this would leave a file without its record, and the room for it taken. They come in
        // while room is waited for.
        let mut by_handlers = Some(Undisturbed::by_handlers());
        let directory = side.root.join(DIRECTORY);
        let reserved = self.reserve_side_file(size, &mut by_handlers);
        self.clear_litter();
        if !reserved? {
            return Ok(None);
        }
        let partial = directory.join(format!("{}{}", unfinished(&self.store.origin), Uuid::new().as_str()));
        let write = || {
            // Whoever purges or sweeps tells by the instances' directories whether somebody may have files here.
            self.store
                .prepare(side)
                .and_then(|()| directory.private_directory())
                .and_then(|()| partial.create())
                .and_then(|mut file| file.write_all(content))
        };
        // Somebody who sweeps may take the directory away in that moment, as it is empty.
        let written = write().or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                let _ = self.store.check(side);
                write()
            }
            _ => Err(error),
        });
        let accepted = match written {
            Ok(()) => self.append_named(kind, payload, &directory, &partial, size, &mut by_handlers),
            Err(_) => Ok(None),
        };
        by_handlers.get_or_insert_with(Undisturbed::by_handlers);
        if !matches!(accepted, Ok(Some(_))) {
            let _ = partial.remove_file();
            if let Some(mut state) = self.state.lock_in_time() {
                state.cold_bytes -= size;
            }
        }
        self.clear_litter();
        accepted
    }

    /// Charges the space for a side file, as the overflow policy has it; `false` if there is no place
    /// for such a file at all. Handlers come in while it waits.
    fn reserve_side_file(&self, size: u64, by_handlers: &mut Option<Undisturbed>) -> Result<bool, Refusal> {
        let cap = self.disk_cap();
        let in_time = || self.state.lock_in_time().ok_or_else(|| self.stuck());
        let mut state = in_time()?;
        if size > cap || state.cold_failed {
            return Ok(false);
        }
        let mut deadline = None;
        loop {
            if state.closed {
                return Err(Refusal::Closed);
            }
            if state.cold_bytes + size <= cap {
                state.cold_bytes += size;
                return Ok(true);
            }
            // Without tmpfs, segments at rest are in the way.
            if self.store.hot.is_none() && self.give_back_idle(&mut state) {
                continue;
            }
            if self.options.overflow == Overflow::DropOldest && self.evict_from_disk(&mut state) {
                continue;
            }
            *by_handlers = None;
            state = self.wait_for_room(state, &mut deadline)?;
            *by_handlers = Some(Undisturbed::by_handlers());
        }
    }

    /// Gives the file its name and its record, in one moment. Handlers come in while it waits for room.
    fn append_named(
        &self,
        kind: RecordKind,
        payload: &[u8],
        directory: &At,
        partial: &At,
        size: u64,
        by_handlers: &mut Option<Undisturbed>,
    ) -> Result<Option<u64>, Refusal> {
        let named = |sequence| directory.join(name(&self.store.origin, sequence));
        // All of this spool's names are of one length.
        let path_length = named(0).path().as_os_str().len();
        let length = payload.len() + size_of::<u32>() + path_length;
        let path_length = (path_length as u32).to_le_bytes();
        let share = self.disk_cap() / SEGMENT_SHARE;
        // All of them in one lane: who attaches works with files in any case, and lines are in another spool.
        let mut lane = self.lanes[0].0.lock_in_time().ok_or_else(|| self.stuck())?;
        if lane.active.as_ref().is_some_and(|active| {
            let others = active.side_bytes();
            others > 0 && others + size > share
        }) {
            let key = lane.active.as_ref().map(Segment::key);
            // The spool's lock comes first.
            drop(lane);
            let mut state = self.state.lock_in_time().ok_or_else(|| self.stuck())?;
            self.seal_oldest(&mut state, |active| Some(active.key()) == key);
            drop(state);
            lane = self.lanes[0].0.lock_in_time().ok_or_else(|| self.stuck())?;
        }
        if !lane.active.as_ref().is_some_and(|active| active.has_room(length)) {
            // A wait for room may be long.
            *by_handlers = None;
            lane = self.with_room(lane, length)?;
            *by_handlers = Some(Undisturbed::by_handlers());
        }
        let file = named(lane.next);
        if partial.rename(&file).is_err() {
            return Ok(None);
        }
        let path = file.path();
        let parts = [payload, &path_length, path.as_os_str().as_encoded_bytes()];
        let accepted = self.put(&mut lane, kind, &parts[..]);
        match (accepted, &mut lane.active) {
            (Some(sequence), Some(active)) => {
                active.sides.push(SideFile { sequence, size });
                Ok(Some(sequence))
            }
            _ => {
                let _ = file.remove_file();
                Err(Refusal::Full)
            }
        }
    }

    /// Makes room in the spool directory: drops the oldest segment that takes some. Gives whether there
    /// was one.
    fn evict_from_disk(&self, state: &mut SpoolState) -> bool {
        if self.evict_oldest_cold(state) {
            return true;
        }
        // Nothing but the segments in use: the next turn finds one sealed.
        self.seal_oldest(state, |active| active.takes_disk_space() && !active.is_pinned())
    }

    /// Finds the files of a dead owner's segment, and removes those whose records have left.
    pub(super) fn find_side_files(&self, held: &Segment) -> Vec<SideFile> {
        let mut found = Vec::new();
        let last = held.header.base + u64::from(held.records);
        for entry in self.side_entries() {
            let Some((origin, sequence)) = entry.name().to_str().and_then(parse) else { continue };
            if origin != held.header.origin || !(held.header.base..last).contains(&sequence) {
                continue;
            }
            if sequence < held.first_unsettled() {
                let _ = entry.remove_file();
            } else if let Ok(file) = entry.look() {
                found.push(SideFile { sequence, size: file.length });
            }
        }
        found.sort_by_key(|side| side.sequence);
        found
    }

    /// Puts the file of a segment's `count`th record into quarantine, if it has one.
    pub(super) fn set_side_file_aside(&self, segment: SegmentKey, count: u32) {
        let found = self.with_held(segment, |held| {
            let sequence = held.header.base + u64::from(count) - 1;
            held.sides.iter().any(|side| side.sequence == sequence).then_some(sequence)
        });
        let sequence = found.and_then(|(_, sequence)| sequence);
        if let (Some(sequence), Some(cold)) = (sequence, &self.store.cold) {
            let files = self.side_directories().map(|directory| directory.join(name(&segment.0, sequence)));
            let files: Vec<At> = files.filter(|file| !file.is_gone()).collect();
            quarantine::set_aside(&cold.root, &files, quarantine::cap(self.options.max_disk_bytes));
        }
    }

    /// Removes files whose records have left.
    pub(super) fn remove_side_files(&self, maker: &Origin, files: &[SideFile]) {
        if files.is_empty() {
            return;
        }
        for directory in self.side_directories() {
            for file in files {
                // One that stays behind is swept away when it is old.
                let _ = directory.join(name(maker, file.sequence)).remove_file();
            }
        }
    }

    /// Opens the file that a record names. From the directories that are held, which stay in reach whatever root the
    /// host takes on. A host that has taken on another user may not open its earlier files: that is `PermissionDenied`.
    /// `NotFound` and `InvalidData` are certain; any other error may pass.
    pub fn open_side_file(&self, path: &Path) -> io::Result<File> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        };
        let mut is_ours = false;
        for directory in self.side_directories() {
            is_ours |= directory.path() == parent;
            match directory.join(name).open() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                opened => return opened,
            }
        }
        if is_ours {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        // Of a logger with another directory, whose record was taken over from shared memory.
        let directory = Base::open(parent).map_err(io::Error::other)?;
        At::new(&directory, name).open()
    }

    /// Removes side files that no record can name any more, because they are older than records get: a
    /// segment expires when the last of its records is too old.
    pub fn sweep_side_files(&self, max_age: Duration) {
        for directory in self.side_directories() {
            remove_old(&directory, max_age + self.segment_span());
        }
    }

    pub(super) fn side_entries(&self) -> impl Iterator<Item = At> {
        self.side_directories().filter_map(|directory| directory.entries().ok()).flatten()
    }

    /// The own directory, and the one under the identity's former name.
    fn side_directories(&self) -> impl Iterator<Item = At> {
        let roots = self.store.cold.iter().flat_map(|side| side.roots());
        roots.map(|root| root.join(DIRECTORY))
    }
}

/// Removes the old side files of an identity that has no instance, and its directories once nothing is left.
pub(super) fn sweep_given_up(root: &At, max_age: Duration) {
    let directory = root.join(DIRECTORY);
    remove_old(&directory, max_age);
    // An instance that comes at this moment makes them again; both go only if nothing is left.
    let _ = directory.remove_directory();
    if directory.is_gone() {
        let _ = note_of(&directory).remove_file();
        let _ = root.remove_directory();
    }
}

fn remove_old(directory: &At, age: Duration) {
    for file in age::old_entries(directory, &note_of(directory), age) {
        let _ = file.remove_file();
    }
}

/// The file in which the ages of a directory's files are kept.
fn note_of(directory: &At) -> At {
    directory.parent().join(NOTE)
}

/// The name of a record's file.
fn name(maker: &Origin, sequence: u64) -> String {
    format!("{}.{sequence:016x}", maker.name())
}

/// What the names of a maker's unfinished files begin with.
fn unfinished(maker: &Origin) -> String {
    format!("{UNFINISHED}{}-", maker.name())
}

/// Whether `maker`, which lives, may be writing this file at this moment.
pub(super) fn is_being_written(file: &At, maker: &Origin) -> bool {
    file.name().to_str().is_some_and(|name| name.starts_with(&unfinished(maker)))
}

pub(super) fn parse(name: &str) -> Option<(Origin, u64)> {
    let (maker, sequence) = name.rsplit_once('.')?;
    Some((Origin::parse(maker)?, u64::from_str_radix(sequence, 16).ok()?))
}
