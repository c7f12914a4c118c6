//! Directories that are missing, unsafe, full or taken away.

use super::*;
use crate::spool::secure_fs::{At, Base};
use crate::spool::{StorageKind, candidates};
use std::os::unix::fs::{PermissionsExt, symlink};

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_directory_that_others_may_write_to_is_refused() {
    for mode in [0o720, 0o702, 0o777, 0o1777] {
        let site = Site::new();
        let (refused, good) = (site.hot.path().join("refused"), site.hot.path().join("good"));
        for directory in [&refused, &good] {
            std::fs::create_dir(directory).unwrap();
        }
        set_mode(&good, 0o700);
        set_mode(&refused, mode);
        assert!(candidates::private(&good).is_ok());
        assert!(candidates::private(&refused).is_err(), "mode {mode:o}");
        let options = Options { hot_dir: Some(refused.clone()), max_disk_bytes: 0, ..site.options() };
        let (spool, _reader) = open(options);
        append(&spool, 0..10);
        assert_eq!(std::fs::read_dir(&refused).unwrap().count(), 0, "mode {mode:o}: {:?}", spool.location());
        // The same way in, to a directory that is fine.
        let (spool, _reader) = open(Options { hot_dir: Some(good.clone()), ..site.options() });
        assert!(matches!(spool.location(), StorageKind::Hot { hot, .. } if hot.starts_with(&good)));
    }
}

#[test]
fn records_that_move_while_they_are_read_are_delivered_all_the_same() {
    let site = Site::new();
    site.crash_with(0..100);
    let (spool, mut reader) = site.open();
    reader.upkeep();
    let first = |spool: &Spool| {
        let state = spool.state.lock();
        (state.adopted[0].key(), state.adopted[0].location.clone())
    };
    // Between the reader's look at the books and at the file, another thread moves it: it is not where it was.
    let (key, before) = first(&spool);
    assert!(spool.spill_all());
    reader.abandon(key, &before);
    assert_eq!(check(&spool).held, 100);
    assert_eq!(deliver_all(&mut reader), lines(0..100));
}

#[test]
fn any_thread_may_move_records_while_others_are_read() {
    let site = Site::new();
    let (spool, mut reader) = open(Options { max_disk_bytes: 64 << 20, ..site.options() });
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                spool.spill_all();
            }
        });
        for round in 0..200 {
            append(&spool, round * 100..(round + 1) * 100);
            assert_eq!(deliver_all(&mut reader), lines(round * 100..(round + 1) * 100));
        }
        is_done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let stats = check(&spool);
    assert_eq!((stats.delivered, stats.held, stats.dropped_corrupt), (20_000, 0, 0));
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let site = Site::new();
    let link = site.hot.path().join("link");
    symlink(site.cold.path(), &link).unwrap();
    assert!(candidates::private(&link).is_err());
    std::fs::write(site.hot.path().join("file"), b"").unwrap();
    symlink(site.hot.path().join("file"), site.hot.path().join("link to a file")).unwrap();
    let link = At::new(&Base::open(site.hot.path()).unwrap(), "link to a file");
    assert!(link.open().is_err());
    assert!(link.open_writable().is_err());
    assert!(link.create().is_err());
    let link = At::new(&Base::open(site.hot.path()).unwrap(), "link");
    assert!(link.private_directory().is_err());
    assert!(link.entries().is_err());
}

#[test]
fn files_and_directories_are_private() {
    let site = Site::new();
    let (spool, reader) = site.open();
    append(&spool, 0..1000);
    reader.spool.spill_all();
    append(&spool, 0..1000);
    for file in site.files() {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file:?}");
        let mode = std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{file:?}");
    }
}

#[test]
fn without_any_file_system_memory_serves() {
    let site = Site::new();
    let (spool, mut reader) = open(Options { memory_only: true, ..site.options() });
    assert_eq!(spool.location(), StorageKind::Memory);
    append(&spool, 0..3000);
    assert_eq!(deliver_all(&mut reader), lines(0..3000));
    check(&spool);
    reader.finish();
    assert!(site.files().is_empty());
}

#[test]
fn directories_removed_under_our_feet_cost_nothing_that_is_in_memory() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    append(&spool, 0..1000);
    for root in [site.hot.path(), site.cold.path()] {
        for entry in std::fs::read_dir(root).unwrap().flatten() {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    append(&spool, 1000..2000);
    reader.upkeep();
    append(&spool, 2000..3000);
    crash(spool, reader);
    let (spool, mut reader) = site.open_as_heir();
    assert_eq!(deliver_all(&mut reader), lines(0..3000));
    check(&spool);
}

#[test]
fn cold_files_removed_by_somebody_else_are_counted() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    append(&spool, 0..1000);
    assert!(reader.spool.spill_all());
    append(&spool, 1000..1100);
    for file in site.files().into_iter().filter(|file| file.starts_with(site.cold.path())) {
        std::fs::remove_file(file).unwrap();
    }
    assert_eq!(deliver_all(&mut reader), lines(1000..1100));
    let stats = check(&spool);
    assert_eq!((stats.dropped_corrupt, stats.delivered), (1000, 100));
}

#[test]
fn a_lock_file_that_somebody_removed_is_put_back() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    append(&spool, 0..10);
    let lock = site.files().into_iter().find(|file| file.ends_with("lock")).unwrap();
    std::fs::remove_file(&lock).unwrap();
    let (other, mut other_reader) = site.open();
    other_reader.maintain();
    assert_eq!(other.stats().adopted, 0);
    reader.upkeep();
    assert!(lock.exists());
    other_reader.upkeep();
    assert_eq!(other.stats().adopted, 0);
    assert_eq!(deliver_all(&mut reader), lines(0..10));
    check(&spool);
}

#[test]
fn a_spool_holds_few_descriptors() {
    let count = || {
        let all = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let links = all.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        links.filter(|target| target.to_string_lossy().contains("few-descriptors")).count()
    };
    let site = Site::new();
    let below = |directory: &Path| Some(directory.join("few-descriptors"));
    let options = Options { dir: below(site.cold.path()), hot_dir: below(site.hot.path()), ..site.options() };
    let (spool, mut reader) = open(options);
    append(&spool, 0..20_000);
    reader.spill();
    let batch = next(&mut reader);
    // A base and a lock on each side.
    assert!(count() <= 4, "{}", count());
    drop(batch);
    check(&spool);
}
