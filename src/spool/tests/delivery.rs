//! In, through and out: the ordinary life of records.

use super::*;

#[test]
fn records_come_out_once_and_in_order_over_many_segments() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    let mut seen = Vec::new();
    for round in 0..50 {
        append(&spool, round * 100..(round + 1) * 100);
        seen.extend(deliver_all(&mut reader));
        reader.maintain();
    }
    assert_eq!(seen, lines(0..5000));
    let stats = check(&spool);
    assert_eq!((stats.delivered, stats.held), (5000, 0));
    assert_eq!(spool.settled(), 5000);
}

#[test]
fn an_instance_that_ends_empty_leaves_no_files() {
    let site = Site::new();
    let (spool, mut reader) = site.open();
    append(&spool, 0..1000);
    deliver_all(&mut reader);
    reader.finish();
    drop(spool);
    assert_eq!(site.files(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn what_a_crash_leaves_is_adopted_by_the_next_instance() {
    let site = Site::new();
    let (spool, reader) = site.open();
    append(&spool, 0..5000);
    crash(spool, reader);
    let (spool, mut reader) = site.open();
    append(&spool, 5000..5010);
    reader.maintain();
    let mut seen = deliver_all(&mut reader);
    seen.rotate_left(10);
    assert_eq!(seen, lines(0..5010));
    assert_eq!(check(&spool).adopted, 5000);
    reader.finish();
    assert_eq!(site.files(), Vec::<std::path::PathBuf>::new());
}
