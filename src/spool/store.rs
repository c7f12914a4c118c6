//! The two directories of a spool, hot and cold, and the segment files in them.
//!
//! A store makes, reads, moves and removes files; it knows nothing of records. Whatever fails here
//! is an `io::Error` for the spool to fall back on. No descriptor outlives a call, but for the locks.

use super::Identity;
use super::age::{AgeStamp, STAMP_LEN};
use super::claim::Claim;
use super::format::{HEADER_SIZE, Header, Origin};
use super::held_lock::Locks;
use super::secure_fs::{self, At, Base, lacks_descriptors};
use super::segment::Mapping;
use super::state::Location;
use crate::process::{self, unique};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The end of a segment file's name. The rest of the name only makes it unique.
pub(super) const SEGMENT: &str = "seg";
/// The end of a file's name while it is being written.
pub(super) const PARTIAL: &str = "tmp";

/// Where the directories of one identity are, and the instance's own in each.
pub(super) struct Store {
    pub hot: Option<StoreRoot>,
    pub cold: Option<StoreRoot>,
    pub origin: Origin,
    pub locks: Arc<Locks>,
}

/// One of the two roots: `<hot_dir>/<identity>` or `<spool dir>/<identity>`.
pub(super) struct StoreRoot {
    pub root: At,
    /// The same under the identity's former name: what earlier versions left is adopted from there.
    pub former: At,
    /// Where the directories of all identities are.
    pub base: Arc<Base>,
    claim: Mutex<Option<Claim>>,
    /// It was removed and has been made again, which nobody has been told yet.
    renewed: AtomicBool,
    /// It could not be made again, which has been told.
    is_lost: AtomicBool,
}

impl StoreRoot {
    /// Of this identity, in a hot directory or spool directory; to be opened later where there is no descriptor.
    pub fn new(directory: &Path, identity: &Identity) -> io::Result<StoreRoot> {
        let base = match Base::open(directory) {
            Err(error) if lacks_descriptors(&error) => Base::unopened(directory),
            opened => opened?,
        };
        let [root, former] = [identity.name(), identity.former_name()].map(|name| At::new(&base, name));
        let (renewed, is_lost) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(StoreRoot { root, former, base, claim: Mutex::new(None), renewed, is_lost })
    }

    /// The directories of the identity's instances.
    pub fn roots(&self) -> [&At; 2] {
        [&self.root, &self.former]
    }

    /// Whether files can be made in it, as far as is known without asking the file system, which may take long.
    pub fn is_usable(&self) -> bool {
        self.base.is_opened() && !self.is_lost.load(Ordering::Relaxed)
    }

    /// What is to be told of the directory that everything is in, `checked` being what came of looking after it.
    pub fn news(&self, checked: io::Result<()>) -> Option<String> {
        let path = self.base.path().display();
        let is_renewed = self.renewed.swap(false, Ordering::Relaxed);
        match checked {
            Ok(()) => {
                self.is_lost.store(false, Ordering::Relaxed);
                is_renewed.then(|| format!("{path} was removed while it was in use, and has been made again"))
            }
            // It was never opened, or it is in order again as soon as there are some.
            Err(error) if lacks_descriptors(&error) => None,
            Err(error) => {
                (!self.is_lost.swap(true, Ordering::Relaxed)).then(|| match self.base.is_opened() {
                    true => format!(
                        "{path} was removed while it was in use, and cannot be made again yet: {error}"
                    ),
                    false => format!("{path} cannot be opened yet: {error}"),
                })
            }
        }
    }

    fn claim(&self) -> MutexGuard<'_, Option<Claim>> {
        self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Origin {
    pub fn new() -> Origin {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = now.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
        Origin { time, pid: std::process::id(), random: unique::number() }
    }

    /// The name of an instance's directory, and of its segments wherever they go.
    pub fn name(&self) -> String {
        format!("{:020}-{}-{:016x}", self.time, self.pid, self.random)
    }

    pub fn parse(name: &str) -> Option<Origin> {
        let mut parts = name.split('-');
        let origin = Origin {
            time: parts.next()?.parse().ok()?,
            pid: parts.next()?.parse().ok()?,
            random: u64::from_str_radix(parts.next()?, 16).ok()?,
        };
        (parts.next().is_none() && origin.name() == name).then_some(origin)
    }
}

impl Store {
    fn side(&self, location: &Location) -> io::Result<&StoreRoot> {
        let side = match location {
            Location::Hot(_) => self.hot.as_ref(),
            Location::Cold(_) => self.cold.as_ref(),
            Location::Memory => None,
        };
        side.ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))
    }

    /// The name of this instance's n-th file; no other file of any instance has it.
    pub fn file_name(&self, number: u64) -> Box<str> {
        format!("{}.{number:08}.{SEGMENT}", self.origin.name()).into_boxed_str()
    }

    /// Runs `action` in this instance's directory on one side, made when it is first needed.
    fn inside<T>(&self, side: &StoreRoot, action: impl FnOnce(&At) -> io::Result<T>) -> io::Result<T> {
        let mut claim = side.claim();
        let claim = match &mut *claim {
            Some(held) => held,
            none => none.insert(Claim::create(&side.root, &self.origin.name(), &self.locks)?),
        };
        action(claim.directory())
    }

    /// As [`Store::inside`], and once more in a new directory if somebody removed it.
    fn within<T>(&self, side: &StoreRoot, action: impl Fn(&At) -> io::Result<T>) -> io::Result<T> {
        self.again_if_removed(side, || self.inside(side, &action))
    }

    /// Runs `action`, and once more with directories in order if somebody has removed what it needs.
    pub fn again_if_removed<T>(&self, side: &StoreRoot, action: impl Fn() -> io::Result<T>) -> io::Result<T> {
        match action() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let _ = self.check(side);
                action()
            }
            other => other,
        }
    }

    /// Lets go of a directory that is gone, and puts a missing lock file back. An error if what the directories of
    /// all identities are in is gone and cannot be made again.
    pub fn check(&self, side: &StoreRoot) -> io::Result<()> {
        let renewed = side.base.renew();
        side.renewed.fetch_or(renewed.as_ref().is_ok_and(|renewed| *renewed), Ordering::Relaxed);
        let mut claim = side.claim();
        claim.take_if(|held| held.is_lost() || !held.renew());
        renewed.map(|_| ())
    }

    /// Writes a note into this instance's lock file: the hot one if there is one, `everywhere` the other too.
    pub fn note(&self, text: &[u8], everywhere: bool) {
        for side in [&self.hot, &self.cold].into_iter().flatten() {
            if let Some(claim) = side.claim().as_ref() {
                claim.note(text);
                if !everywhere {
                    return;
                }
            }
        }
    }

    /// [`Store::check`], if the host has closed the descriptor of the directory's lock: until then another instance
    /// takes it for one whose owner is dead.
    pub fn check_lock(&self, side: &StoreRoot) {
        let is_unlocked = side.claim().as_ref().is_some_and(|held| !held.is_held());
        if is_unlocked {
            let _ = self.check(side);
        }
    }

    /// Makes and locks the directory on one side now, unless that has been done.
    pub fn prepare(&self, side: &StoreRoot) -> io::Result<()> {
        self.inside(side, |_| Ok(()))
    }

    pub fn at(&self, location: &Location) -> io::Result<At> {
        let (Location::Hot(name) | Location::Cold(name)) = location else {
            return Err(io::Error::from(io::ErrorKind::Unsupported));
        };
        let side = self.side(location)?;
        let claim = side.claim();
        let claim = claim.as_ref().ok_or(io::ErrorKind::NotFound)?;
        Ok(claim.directory().join(&**name))
    }

    /// Makes a mapped segment of `size` bytes at `location`, all of it allocated.
    pub fn create(&self, location: &Location, size: usize) -> io::Result<Mapping> {
        let (Location::Hot(name) | Location::Cold(name)) = location else {
            return Mapping::anonymous(size);
        };
        self.within(self.side(location)?, |directory| {
            let path = directory.join(&**name);
            let file = path.create_allocated(size)?;
            Mapping::of_file(&file, size).inspect_err(|_| {
                let _ = path.remove_file();
            })
        })
    }

    /// Writes a segment whole: header page and records, under a temporary name until complete.
    pub fn write_whole(&self, location: &Location, page: &[u8], records: &[u8]) -> io::Result<()> {
        let (Location::Hot(name) | Location::Cold(name)) = location else {
            return Err(io::Error::from(io::ErrorKind::Unsupported));
        };
        self.within(self.side(location)?, |directory| {
            let partial = directory.join(format!("{name}.{PARTIAL}"));
            let mut file = partial.create()?;
            let written = file.write_all(page).and_then(|()| file.write_all(records));
            let done = written.and_then(|()| partial.rename(&directory.join(&**name)));
            if done.is_err() {
                let _ = partial.remove_file();
            }
            done
        })
    }

    /// Reads a part of a segment file into `buffer`; a short file gives a short buffer.
    pub fn read(&self, location: &Location, from: usize, to: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        read_range(&self.at(location)?.open()?, from, to, buffer)
    }

    /// Writes the cursor of a segment that is not mapped.
    pub fn write_at(&self, location: &Location, at: usize, bytes: &[u8]) -> io::Result<()> {
        secure_fs::write_all_at(&self.at(location)?.open_writable()?, bytes, at)
    }

    /// Whether a file is known not to be there any more.
    pub fn is_gone(&self, location: &Location) -> bool {
        self.at(location).map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |at| at.is_gone())
    }

    pub fn remove(&self, location: &Location) {
        if let Ok(at) = self.at(location) {
            let _ = at.remove_file();
        }
    }

    /// Takes a file of a dead owner into this instance's directory.
    pub fn take(&self, location: &Location, from: &At) -> io::Result<()> {
        let (Location::Hot(name) | Location::Cold(name)) = location else {
            return Err(io::Error::from(io::ErrorKind::Unsupported));
        };
        self.within(self.side(location)?, |directory| from.rename(&directory.join(&**name)))
    }

    /// Gives both directories up; removes those that are empty.
    pub fn release(&self) {
        for side in [&self.hot, &self.cold].into_iter().flatten() {
            if let Some(claim) = side.claim().take() {
                let _ = claim.release();
            }
        }
    }
}

impl Store {
    /// In a forked child that will never use it.
    pub fn close_inherited(&self) {
        self.locks.close_inherited();
        for side in [&self.hot, &self.cold].into_iter().flatten() {
            side.base.close_inherited();
        }
    }
}

/// Reads `from..to` of `file`, or as much of it as there is.
pub(super) fn read_range(mut file: &File, from: usize, to: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
    let length = file.metadata()?.len().min(to as u64).saturating_sub(from as u64);
    buffer.clear();
    process::without_waiting(|| buffer.try_reserve_exact(length as usize))
        .map_err(|_| process::out_of_memory())?;
    file.seek(SeekFrom::Start(from as u64))?;
    file.take(length).read_to_end(buffer).map(|_| ())
}

/// A header page as a file begins with it.
pub(super) fn header_page(
    header: &Header,
    seal: Option<super::format::Seal>,
    cursor: super::format::Cursor,
    stamp: &AgeStamp,
) -> Vec<u8> {
    use super::format::{CURSOR_AT, HEADER_AT, HEADER_LEN, SEAL_AT, SEAL_LEN, STAMP_AT};
    let mut page = vec![0; HEADER_SIZE];
    for at in HEADER_AT {
        page[at..at + HEADER_LEN].copy_from_slice(&header.encode());
    }
    if let Some(seal) = seal {
        page[SEAL_AT..SEAL_AT + SEAL_LEN].copy_from_slice(&seal.encode(header.salt));
    }
    page[STAMP_AT..STAMP_AT + STAMP_LEN].copy_from_slice(&stamp.encode(header.salt));
    page[CURSOR_AT..CURSOR_AT + 8].copy_from_slice(&cursor.pack(header.salt).to_le_bytes());
    page
}
