//! What a crash leaves, and who takes it over.

use super::*;
use crate::spool::format::{CURSOR_AT, HEADER_AT, HEADER_LEN, Header, Opening};
use std::time::{Duration, Instant};

#[test]
fn what_was_acknowledged_before_a_crash_is_not_delivered_again() {
    let (site, spool, mut reader) = Site::with(0..3000);
    deliver_some(&mut reader, 1234);
    crash(spool, reader);
    let (spool, mut reader) = site.open_as_heir();
    assert_eq!(deliver_all(&mut reader), lines(1234..3000));
    let stats = check(&spool);
    assert_eq!((stats.adopted, stats.delivered, stats.held), (1766, 1766, 0));
}

#[test]
fn a_living_owner_keeps_its_records() {
    let site = Site::new();
    let (first, mut first_reader) = site.open();
    append(&first, 0..3000);
    first_reader.spill();
    let (second, mut second_reader) = site.open();
    second_reader.maintain();
    assert_eq!(second.stats().adopted, 0);
    assert_eq!(deliver_all(&mut first_reader), lines(0..3000));
}

#[test]
fn records_of_another_identity_are_left_alone() {
    let site = Site::new();
    site.crash_with(0..10);
    let mut options = site.options();
    options.identity.key_fingerprint = "another".into();
    let (spool, mut reader) = open(options);
    reader.maintain();
    assert_eq!(spool.stats().adopted, 0);
}

#[test]
fn what_an_earlier_version_left_under_the_former_name_is_adopted() {
    let (site, spool, reader) = Site::with(0..100);
    let content = spool.append_with_file(RecordKind(1), b"", &[b'x'; 1000]).unwrap();
    assert_eq!(content, Some(101));
    crash(spool, reader);
    let identity = site.options().identity;
    for root in [site.hot.path(), site.cold.path()] {
        std::fs::rename(root.join(identity.name()), root.join(identity.former_name())).unwrap();
    }
    let (spool, mut reader) = site.open_as_heir();
    assert_eq!(check(&spool).bytes_held, spool.state.lock().adopted[0].unsettled_bytes() + 1000);
    assert_eq!(deliver_all(&mut reader)[..100], lines(0..100));
    reader.finish();
    site.assert_empty();
}

#[test]
fn no_two_identities_share_a_directory() {
    let of = |base_url: &str, repository: &str| {
        let identity = super::super::Identity {
            base_url: base_url.into(),
            repository: repository.into(),
            ..Site::new().options().identity
        };
        identity.name()
    };
    // What is told apart by the parts' ends alone.
    let names = [of("a", "b\0c"), of("a\0b", "c"), of("a", "bc"), of("ab", "c"), of("", "abc")];
    assert!(names.iter().all(|name| name.len() == 32));
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}

#[test]
fn a_clean_end_leaves_what_was_not_sent_on_disk_for_the_next() {
    let (site, spool, reader) = Site::with(0..3000);
    assert_eq!(reader.finish().held, 3000);
    drop(spool);
    assert!(site.files().iter().all(|file| file.starts_with(site.cold.path())));
    let (_spool, mut reader) = site.open_as_heir();
    assert_eq!(deliver_all(&mut reader), lines(0..3000));
    reader.finish();
    site.assert_empty();
}

#[test]
fn a_segment_that_is_hot_and_cold_is_delivered_once_with_the_further_cursor() {
    let (site, spool, mut reader) = Site::with(0..1000);
    let before: Vec<_> = site.segments();
    let hot: Vec<(std::path::PathBuf, Vec<u8>)> =
        before.into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect();
    deliver_some(&mut reader, 300);
    assert!(reader.spool.spill_all());
    // As if the process had died before it removed the hot files.
    for (file, content) in hot {
        std::fs::write(file, content).unwrap();
    }
    crash(spool, reader);
    let (spool, mut reader) = site.open_as_heir();
    assert_eq!(deliver_all(&mut reader), lines(300..1000));
    assert_eq!(check(&spool).adopted, 700);
    reader.finish();
    site.assert_empty();
}

#[test]
fn the_oldest_owner_comes_first_and_takeovers_can_be_repeated() {
    let site = Site::new();
    for start in [0, 100, 200] {
        let (spool, reader) = site.open_as_heir();
        append(&spool, start..start + 100);
        crash(spool, reader);
    }
    let (spool, mut reader) = site.open_as_heir();
    let seen = deliver_all(&mut reader);
    assert_eq!(check(&spool).delivered, 300);
    // Instances of the same second are in no particular order.
    assert_eq!(sorted(seen), sorted(lines(0..300)));
}

#[test]
fn own_records_are_not_kept_waiting_by_adopted_ones() {
    let site = Site::new();
    let (spool, reader) = site.open();
    for _ in 0..100 {
        spool.append(RecordKind(9), b"left behind").unwrap();
    }
    crash(spool, reader);
    let (spool, mut reader) = site.open_as_heir();
    append(&spool, 0..100);
    let limits = BatchLimits { max_records: 1, ..LIMITS };
    let mut kinds = Vec::new();
    for _ in 0..16 {
        let mut batch = reader.next_batch(&limits, &|_, _| false).unwrap();
        kinds.push(batch.get(0).unwrap().kind.0);
        reader.acknowledge(&mut batch, 1);
    }
    assert_eq!(kinds.iter().filter(|kind| **kind == 9).count(), 4);
}

#[test]
fn many_who_start_at_once_take_each_record_once() {
    let site = Site::new();
    for start in 0..20 {
        let (spool, reader) = site.open();
        append(&spool, start * 100..(start + 1) * 100);
        if start % 2 == 0 {
            reader.spool.spill_all();
        }
        crash(spool, reader);
    }
    let adopters: Vec<_> = (0..8)
        .map(|_| {
            let options = site.options();
            std::thread::spawn(move || {
                let (_spool, mut reader) = open(options);
                reader.maintain();
                let seen = deliver_all(&mut reader);
                reader.finish();
                seen
            })
        })
        .collect();
    let seen: Vec<Vec<u8>> = adopters.into_iter().flat_map(|adopter| adopter.join().unwrap()).collect();
    // Whoever came while another one held the locks found nothing; nobody may have found it twice.
    assert_eq!(sorted(seen), sorted(lines(0..2000)));
    site.assert_empty();
}

#[test]
fn a_cursor_that_is_damaged_costs_a_second_delivery_and_no_record() {
    let (site, spool, mut reader) = Site::with(0..100);
    deliver_some(&mut reader, 50);
    crash(spool, reader);
    site.damage_segments(CURSOR_AT);
    let (_spool, mut reader) = site.open_as_heir();
    assert_eq!(deliver_all(&mut reader), lines(0..100));
}

#[test]
fn records_of_a_long_lived_owner_are_not_taken_for_old_ones() {
    let (site, spool, mut reader) = Site::with(0..10);
    reader.upkeep();
    crash(spool, reader);
    // As if the owner had put its segment into use at the beginning of time.
    for file in site.files().into_iter().filter(|file| file.extension().is_some()) {
        let mut bytes = std::fs::read(&file).unwrap();
        if let Opening::Segment(header) = Header::open(&bytes) {
            let aged = Header { created: 1, ..header }.encode();
            HEADER_AT.into_iter().for_each(|at| bytes[at..at + HEADER_LEN].copy_from_slice(&aged));
            std::fs::write(file, bytes).unwrap();
        }
    }
    let (spool, mut reader) = site.open();
    reader.upkeep();
    reader.upkeep();
    assert_eq!(deliver_all(&mut reader), lines(0..10));
    assert_eq!(check(&spool).dropped_expired, 0);
}

#[test]
fn a_short_lived_process_begins_small_and_leaves_orphans_alone_at_first() {
    let site = Site::new();
    site.crash_with(0..10);
    let before = std::time::Instant::now();
    let (spool, mut reader) =
        open(Options { short_lived: true, max_memory_bytes: 64 << 20, ..site.options() });
    assert!(reader.next_upkeep() >= before + std::time::Duration::from_secs(1));
    append(&spool, 0..10);
    let sizes = || site.files().iter().map(|file| file.metadata().unwrap().len()).max();
    assert_eq!(sizes(), Some(64 << 10));
    // It turns out to log a lot.
    append(&spool, 10..2_000);
    assert_eq!(sizes(), Some(1 << 20));
    reader.upkeep();
    assert_eq!(deliver_all(&mut reader).len(), 2_010);
    assert_eq!(check(&spool).adopted, 10);
}

#[test]
fn what_is_too_old_of_other_identities_is_removed_and_counted() {
    let site = Site::new();
    let of = |fingerprint: &str, max_age| {
        let mut options = Options { max_age, given_up_after: max_age, ..site.options() };
        options.identity.key_fingerprint = fingerprint.into();
        open(options)
    };
    const SHORT: Duration = Duration::from_secs(1);
    const LONG: Duration = Duration::from_secs(3600);
    let (dead, reader) = of("given up", SHORT);
    append(&dead, 0..10);
    crash(dead, reader);
    let (living, mut living_reader) = of("in use", SHORT);
    append(&living, 0..5);

    let (patient, _reader) = of("patient", LONG);
    patient.sweep_foreign(&mut patient.foreign());
    assert_eq!(patient.stats().adopted, 0);
    drop(patient);

    let (sweeper, _reader) = of("sweeper", SHORT);
    let patience = Instant::now() + Duration::from_secs(60);
    while sweeper.stats().adopted == 0 && Instant::now() < patience {
        sweeper.sweep_foreign(&mut sweeper.foreign());
        std::thread::sleep(Duration::from_millis(20));
    }
    let stats = check(&sweeper);
    assert_eq!((stats.adopted, stats.dropped_expired, stats.held), (10, 10, 0));
    sweeper.sweep_foreign(&mut sweeper.foreign());
    assert_eq!(sweeper.stats().adopted, 10, "what has a living owner is not touched, however old");
    assert_eq!(deliver_all(&mut living_reader), lines(0..5));
}

#[test]
fn the_age_of_what_was_left_does_not_grow_with_each_who_takes_it_over() {
    let site = Site::new();
    let open_here = || {
        let options = site.options();
        open(Options { max_age: Duration::from_secs(8 * 3600), ..options })
    };
    let (spool, reader) = open_here();
    append(&spool, 0..10);
    crash(spool, reader);
    for _ in 0..3 {
        let (spool, mut reader) = open_here();
        reader.maintain();
        let stats = check(&spool);
        assert_eq!(stats.held, 10);
        // It was written a moment ago, whatever a moment is on this machine.
        assert!(stats.oldest_held_ms < 1_800_000, "{stats:?}");
        reader.spill();
        spool.spill_all();
        crash(spool, reader);
    }
}

#[test]
fn an_empty_directory_that_somebody_else_holds_or_has_left_without_a_lock_hides_nothing() {
    for is_locked in [true, false] {
        let site = Site::new();
        let (spool, reader) = site.open();
        append(&spool, 0..10);
        assert!(reader.spool.spill_all());
        crash(spool, reader);
        let hot = |file: &&PathBuf| file.starts_with(site.hot.path());
        let files = site.files();
        files.iter().filter(hot).filter(|file| file.extension().is_some()).for_each(|file| {
            std::fs::remove_file(file).unwrap();
        });
        let lock = files.iter().filter(hot).find(|file| file.ends_with("lock")).unwrap();
        let holder = std::fs::File::open(lock).unwrap();
        if is_locked {
            assert!(crate::spool::secure_fs::try_lock(&holder));
        } else {
            std::fs::remove_file(lock).unwrap();
        }
        let (spool, mut reader) = site.open_as_heir();
        assert_eq!(deliver_all(&mut reader), lines(0..10), "locked: {is_locked}");
        check(&spool);
    }
}
