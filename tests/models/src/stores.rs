//! The stores into mapped segments, in the order in which they were made, and what of them a crash can
//! leave.
//!
//! A killed process leaves what its processor had stored, and in what order that was done the compiler
//! (and, for whoever looks from another core, the processor) may choose within the rules of the memory
//! model: a release store comes after everything before it; a plain or relaxed store may come earlier or
//! later, but not past a lock, nor past another store to the same place. So a crash leaves any set of
//! stores that has, with each of its members, all those that must come before it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// What the spool stores at least.
const HALF: usize = 4;
/// A run of plain stores is taken apart into so many bytes at its start, as many at its end, and the rest.
const EDGE: usize = 8;
/// Free stores between two locks at most: every set of them is tried.
const FREE_MAX: usize = 12;

/// Segment files by path.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

struct Store {
    file: PathBuf,
    at: usize,
    bytes: Vec<u8>,
    releases: bool,
}

#[derive(Default)]
struct Recorder {
    /// The files as they were at the last lock, and as they were at the last store.
    before: Files,
    now: Files,
    /// Since the last lock.
    stores: Vec<Store>,
    /// Everything that a crash could have left.
    left: BTreeSet<Files>,
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// What a crash during `action` can leave in the segment files that are mapped.
pub fn left_by_a_crash_in(action: impl FnOnce()) -> BTreeSet<Files> {
    let files = read(&mapped());
    RECORDER.set(Some(Recorder { before: files.clone(), now: files, ..Recorder::default() }));
    action();
    note_lock();
    RECORDER.take().map_or_else(BTreeSet::new, |recorder| recorder.left)
}

/// A lock is taken: what comes after it does not come before it.
pub(crate) fn note_lock() {
    RECORDER.with_borrow_mut(|recorder| {
        let Some(recorder) = recorder else { return };
        recorder.note_plain(&mapped());
        recorder.close();
    });
}

/// An atomic store that is about to be made.
pub(crate) fn note_atomic(address: usize, bytes: &[u8], ordering: Ordering) {
    RECORDER.with_borrow_mut(|recorder| {
        let Some(recorder) = recorder else { return };
        let maps = mapped();
        recorder.note_plain(&maps);
        let (file, start) = maps.iter().rfind(|(_, start)| *start <= address).expect("in a segment");
        let releases = !matches!(ordering, Ordering::Relaxed);
        recorder.note(Store { file: file.clone(), at: address - start, bytes: bytes.to_vec(), releases });
    });
}

/// The segment files that are mapped, and where, by address.
fn mapped() -> Vec<(PathBuf, usize)> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("a Linux system");
    let mut found: Vec<(PathBuf, usize)> = maps
        .lines()
        .filter(|line| line.ends_with(".seg"))
        .filter_map(|line| {
            let start = usize::from_str_radix(line.split('-').next()?, 16).ok()?;
            Some((PathBuf::from(line.split_whitespace().last()?), start))
        })
        .collect();
    found.sort_by_key(|(_, start)| *start);
    found
}

fn read(maps: &[(PathBuf, usize)]) -> Files {
    let content = |path: &PathBuf| Some((path.clone(), std::fs::read(path).ok()?));
    maps.iter().filter_map(|(path, _)| content(path)).collect()
}

impl Recorder {
    /// Notes what has been stored since the last look, other than by an atomic.
    fn note_plain(&mut self, maps: &[(PathBuf, usize)]) {
        for (file, bytes) in read(maps) {
            let known = self.now.entry(file.clone()).or_insert_with(|| vec![0; bytes.len()]);
            self.before.entry(file.clone()).or_insert_with(|| vec![0; bytes.len()]);
            for (at, end) in runs(known, &bytes) {
                let first = (at + EDGE).min(end);
                let last = first.max(end.saturating_sub(EDGE));
                for (from, to) in [(at, first), (first, last), (last, end)].into_iter().filter(|(a, b)| a < b)
                {
                    let bytes = bytes[from..to].to_vec();
                    self.stores.push(Store { file: file.clone(), at: from, bytes, releases: false });
                }
            }
            self.now.insert(file, bytes);
        }
    }

    fn note(&mut self, store: Store) {
        let known = self.now.get_mut(&store.file).expect("looked at before");
        known[store.at..store.at + store.bytes.len()].copy_from_slice(&store.bytes);
        self.stores.push(store);
    }

    /// Adds what a crash between the last two locks could have left.
    fn close(&mut self) {
        let stores = std::mem::take(&mut self.stores);
        // Everything up to a release store, and any of the free ones behind it.
        let releases = stores.iter().enumerate().filter(|(_, store)| store.releases);
        for floor in [0].into_iter().chain(releases.map(|(index, _)| index + 1)) {
            let free: Vec<&Store> = stores[floor..].iter().filter(|store| !store.releases).collect();
            assert!(
                free.len() <= FREE_MAX,
                "{} free stores are too many to try every set of them",
                free.len()
            );
            for set in 0..1_u32 << free.len() {
                let chosen = free.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
                let mut files = self.before.clone();
                stores[..floor].iter().chain(chosen.map(|(_, store)| *store)).for_each(|store| {
                    let file = files.get_mut(&store.file).expect("looked at before");
                    file[store.at..store.at + store.bytes.len()].copy_from_slice(&store.bytes);
                });
                self.left.insert(files);
            }
        }
        self.before.clone_from(&self.now);
    }
}

/// Where two contents differ; neighbours are one run.
fn runs(old: &[u8], new: &[u8]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for at in (0..new.len()).step_by(HALF) {
        let end = (at + HALF).min(new.len());
        if old.get(at..end) == new.get(at..end) {
            continue;
        }
        match runs.last_mut() {
            Some(last) if last.1 == at => last.1 = end,
            _ => runs.push((at, end)),
        }
    }
    runs
}
