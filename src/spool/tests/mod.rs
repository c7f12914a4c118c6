//! The promises of the spool, each by a test named after it. What they share is here.

mod crash;
mod damage;
mod delivery;
mod lanes;
mod layout;
mod model;
mod overflow;
mod places;
mod sidefiles;

use super::{Batch, BatchLimits, Identity, Options, Reader, RecordKind, Spool, Wakeup};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// A place for spools: a hot and a cold directory that vanish with the test.
struct Site {
    hot: TempDir,
    cold: TempDir,
}

impl Site {
    fn new() -> Site {
        let directory = |name: &str| tempfile::Builder::new().prefix(name).tempdir().unwrap();
        Site { hot: directory("hot"), cold: directory("cold") }
    }

    /// A place with an owner that has logged these lines.
    fn with(numbers: std::ops::Range<u64>) -> (Site, Arc<Spool>, Reader) {
        let site = Site::new();
        let (spool, reader) = site.open();
        append(&spool, numbers);
        (site, spool, reader)
    }

    fn options(&self) -> Options {
        let identity = Identity {
            protocol: "test",
            base_url: "https://localhost".into(),
            repository: "repository".into(),
            key_fingerprint: "fingerprint".into(),
        };
        Options {
            dir: Some(self.cold.path().into()),
            hot_dir: Some(self.hot.path().into()),
            max_memory_bytes: 512 << 10,
            max_disk_bytes: 2 << 20,
            ..Options::new(identity)
        }
    }

    fn open(&self) -> (Arc<Spool>, Reader) {
        open(self.options())
    }

    /// What takes over from whoever is gone.
    fn open_as_heir(&self) -> (Arc<Spool>, Reader) {
        let (spool, mut reader) = self.open();
        reader.maintain();
        (spool, reader)
    }

    /// An owner that logs these lines and crashes.
    fn crash_with(&self, numbers: std::ops::Range<u64>) {
        let (spool, reader) = self.open();
        append(&spool, numbers);
        crash(spool, reader);
    }

    /// What an owner that crashes left is these lines.
    #[track_caller]
    fn assert_heir_delivers(&self, spool: Arc<Spool>, reader: Reader, numbers: std::ops::Range<u64>) {
        crash(spool, reader);
        let (spool, mut reader) = self.open_as_heir();
        assert_eq!(deliver_all(&mut reader), lines(numbers));
        check(&spool);
    }

    /// Every segment below both directories.
    fn segments(&self) -> Vec<PathBuf> {
        self.files().into_iter().filter(|file| file.extension().is_some()).collect()
    }

    /// Changes one byte of each segment.
    fn damage_segments(&self, at: usize) {
        self.segments().iter().for_each(|segment| flip_byte(segment, at));
    }

    /// Nothing is left, neither of records nor of whoever had them.
    #[track_caller]
    fn assert_empty(&self) {
        assert_eq!(self.files(), Vec::<PathBuf>::new());
    }

    /// Every file below both directories.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for root in [self.hot.path(), self.cold.path()] {
            files_below(root, &mut files);
        }
        files.sort();
        files
    }
}

fn files_below(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => files_below(&entry.path(), files),
            false => files.push(entry.path()),
        }
    }
}

fn open(options: Options) -> (Arc<Spool>, Reader) {
    let spool = Arc::new(Spool::open(options, Arc::new(Wakeup::new())));
    let reader = Reader::new(Arc::clone(&spool));
    (spool, reader)
}

const LIMITS: BatchLimits =
    BatchLimits { max_bytes: 5 << 20, max_records: usize::MAX, per_record_overhead: 1 };

fn line(number: u64) -> Vec<u8> {
    format!("record {number} {}", "x".repeat(number as usize % 97)).into_bytes()
}

/// Appends the lines `from..to` and checks that they get the next sequences.
fn append(spool: &Spool, numbers: std::ops::Range<u64>) {
    for number in numbers {
        spool.append(RecordKind(0), &line(number)).unwrap();
    }
}

fn next(reader: &mut Reader) -> Option<Batch> {
    reader.next_batch(&LIMITS, &|_, _| false)
}

/// Changes one bit of a byte.
fn flip_byte(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

/// Has so many records of the next batch delivered.
fn deliver_some(reader: &mut Reader, count: usize) {
    let mut batch = next(reader).unwrap();
    reader.acknowledge(&mut batch, count);
}

/// Delivers everything there is, in order.
fn deliver_all(reader: &mut Reader) -> Vec<Vec<u8>> {
    let mut delivered = Vec::new();
    while let Some(mut batch) = next(reader) {
        delivered.extend(batch.records().map(|record| record.payload.to_vec()));
        acknowledge_all(reader, &mut batch);
    }
    delivered
}

fn acknowledge_all(reader: &mut Reader, batch: &mut Batch) {
    let all = batch.len();
    reader.acknowledge(batch, all);
}

fn lines(numbers: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    numbers.map(line).collect()
}

fn sorted(mut lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    lines.sort();
    lines
}

/// The invariant, at any moment.
#[track_caller]
fn check(spool: &Spool) -> super::SpoolStats {
    let s = spool.stats();
    let gone = s.delivered + s.dropped_memory + s.dropped_disk + s.dropped_expired + s.dropped_corrupt;
    assert_eq!(s.accepted + s.adopted, gone + s.held + s.quarantined, "{s:?}");
    s
}

/// Ends a spool as a crash does: no destructor runs, only the locks go, as the kernel frees them.
fn crash(spool: Arc<Spool>, reader: Reader) {
    spool.after_fork_in_child();
    std::mem::forget(reader);
    std::mem::forget(spool);
}
