//! Directories that are missing, unsafe, full or taken away.

use super::*;
use crate::process::monotonic::VirtualTime;
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
    let (site, spool, reader) = Site::with(0..1000);
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
    let (site, spool, mut reader) = Site::with(0..1000);
    for root in [site.hot.path(), site.cold.path()] {
        for entry in std::fs::read_dir(root).unwrap().flatten() {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    append(&spool, 1000..2000);
    reader.upkeep();
    append(&spool, 2000..3000);
    site.assert_heir_delivers(spool, reader, 0..3000);
}

/// Whether with a spool directory or without one.
fn with_and_without_disk(site: &Site) -> [Options; 2] {
    [site.options(), Options { max_disk_bytes: 0, ..site.options() }]
}

#[test]
fn records_in_memory_for_want_of_a_file_survive_from_the_next_upkeep_on() {
    let site = Site::new();
    for options in with_and_without_disk(&site) {
        let (spool, mut reader) = open(options);
        {
            let mut state = spool.state.lock();
            while let Some(spare) = state.spares.pop() {
                state.discard(spare);
            }
            (state.hot_failed, state.cold_failed) = (true, true);
        }
        // Several segments; the one in use is in memory too.
        append(&spool, 0..3000);
        reader.upkeep();
        append(&spool, 3000..3100);
        check(&spool);
        site.assert_heir_delivers(spool, reader, 0..3100);
    }
}

#[test]
fn what_stays_in_memory_takes_no_more_of_it_at_each_upkeep() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    let fail = |spool: &Spool| {
        let mut state = spool.state.lock();
        while let Some(spare) = state.spares.pop() {
            state.discard(spare);
        }
        (state.hot_failed, state.cold_failed) = (true, true);
    };
    fail(&spool);
    append(&spool, 0..10);
    let segments = spool.segments_waiting();
    // Files where the directories were: nothing can be made in them.
    for root in [site.hot.path(), site.cold.path()] {
        std::fs::remove_dir_all(root).unwrap();
        std::fs::write(root, b"").unwrap();
    }
    for _ in 0..10 {
        reader.upkeep();
        append(&spool, 0..1);
    }
    assert_eq!(spool.segments_waiting(), segments);
    for root in [site.hot.path(), site.cold.path()] {
        std::fs::remove_file(root).unwrap();
    }
    reader.upkeep();
    crash(spool, reader);
    let (_spool, mut reader) = site.open_as_heir();
    assert_eq!(deliver_all(&mut reader).len(), 20);
}

#[test]
fn records_of_a_removed_directory_survive_without_a_spool_directory_too() {
    let site = Site::new();
    for options in with_and_without_disk(&site) {
        let (spool, mut reader) = open(options);
        append(&spool, 0..1000);
        std::fs::remove_dir_all(site.hot.path()).unwrap();
        reader.upkeep();
        append(&spool, 1000..2000);
        site.assert_heir_delivers(spool, reader, 0..2000);
    }
}

#[test]
fn a_record_is_set_aside_though_the_spool_directory_has_been_removed() {
    let (site, spool, mut reader) = Site::with(0..2);
    std::fs::remove_dir_all(site.cold.path()).unwrap();
    let mut batch = next(&mut reader).unwrap();
    let file = reader.quarantine(&mut batch, "400 bad line").unwrap();
    assert!(std::fs::read_to_string(file).unwrap().contains("record 0"));
    drop(batch);
    check(&spool);
}

/// The descriptors of this process for a file or directory.
fn descriptors_of(path: &Path) -> Vec<i32> {
    let all = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let those = all.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == path));
    those.map(|entry| entry.file_name().to_string_lossy().parse().unwrap()).collect()
}

/// As a host closes what it does not know.
fn close_all_of(path: &Path) {
    for descriptor in descriptors_of(path) {
        // SAFETY: its owner looks whether it is still there before it uses it.
        unsafe { libc::close(descriptor) };
    }
}

#[test]
fn a_directory_whose_descriptor_is_closed_is_opened_once_and_made_out_when_it_is_another() {
    let site = Site::new();
    let place = site.hot.path().canonicalize().unwrap().join("base");
    candidates::private(&place).unwrap();
    let base = Base::open(&place).unwrap();
    for _ in 0..50 {
        close_all_of(&place);
        let together = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    base.look(Path::new("")).map(drop).unwrap();
                });
            }
        });
        assert_eq!(descriptors_of(&place).len(), 1);
    }
    assert!(!base.renew().unwrap());
    // Somebody has made it again before it is looked at.
    close_all_of(&place);
    std::fs::rename(&place, site.hot.path().join("before")).unwrap();
    candidates::private(&place).unwrap();
    assert!(base.look(Path::new("")).is_err());
    assert!(base.renew().unwrap());
    assert!(base.look(Path::new("")).is_ok());
}

#[test]
fn cold_files_removed_by_somebody_else_are_counted() {
    let (site, spool, mut reader) = Site::with(0..1000);
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
    let (site, spool, mut reader) = Site::with(0..10);
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

#[test]
fn what_a_trial_of_a_directory_left_is_no_obstacle_to_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let tried = directory.path().join(".try");
    let entries = || std::fs::read_dir(directory.path()).unwrap().count();
    // Root writes to a file of any mode, but to no directory.
    for is_file in [true, false] {
        if is_file {
            std::fs::write(&tried, "").unwrap();
            std::fs::set_permissions(&tried, std::fs::Permissions::from_mode(0o000)).unwrap();
        } else {
            std::fs::create_dir(&tried).unwrap();
        }
        assert_eq!(
            candidates::spool_directory(Some(directory.path())).unwrap(),
            directory.path().canonicalize().unwrap()
        );
        assert_eq!(entries(), usize::from(!is_file));
    }
}

#[test]
fn a_directory_without_a_lock_is_taken_over_when_it_has_been_seen_so_for_long_whatever_the_clock_says() {
    let time = VirtualTime::start();
    let site = Site::new();
    site.crash_with(0..10);
    for file in site.files().into_iter().filter(|file| file.ends_with("lock")) {
        std::fs::remove_file(file).unwrap();
    }
    // Just now, as it is for ever where the system's clock is late. One look may miss it, as another test has the list.
    let (spool, mut reader) = site.open_as_heir();
    let mut look = || {
        for _ in 0..1_000 {
            reader.upkeep();
            if spool.stats().adopted > 0 {
                break;
            }
            std::thread::yield_now();
        }
        spool.stats().adopted
    };
    assert_eq!(look(), 0);
    time.advance(std::time::Duration::from_secs(200));
    assert_eq!(look(), 0);
    time.advance(std::time::Duration::from_secs(200));
    assert_eq!(look(), 10);
    assert_eq!(deliver_all(&mut reader), lines(0..10));
    check(&spool);
}

#[test]
fn a_directory_in_which_nothing_can_be_made_is_refused() {
    let tried = |place: &str| candidates::spool_directory(Some(Path::new(place)));
    let refused = tried("/proc").unwrap_err();
    assert!(refused.0.contains("/proc cannot be"), "{refused:?}");
    let site = Site::new();
    assert!(tried(site.cold.path().to_str().unwrap()).is_ok());
    assert_eq!(std::fs::read_dir(site.cold.path()).unwrap().count(), 0, "it leaves nothing");
}
