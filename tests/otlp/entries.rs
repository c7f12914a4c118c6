//! Entries as log records: compression, limits, refusals and SIGKILL.

use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::*;

/// The numbers of entries, in the order of their arrival.
fn numbers(collector: &Collector) -> Vec<usize> {
    let number = |record: &LogRecord| texts(&record.attributes)["number"].parse().unwrap();
    collector.records().iter().map(number).collect()
}

#[test]
fn entries_keep_to_a_limit_that_is_learned_and_one_that_is_refused_is_set_aside_alone() {
    const ENTRIES: usize = 3_000;
    const LIMIT: usize = 64 * 1024;
    let is_poison = |record: &LogRecord| texts(&record.attributes)["number"] == "1234";
    let collector = Collector::start(move |request| match request.body.len() {
        length if length > LIMIT => (413, String::new(), Vec::new()),
        _ if request.records.iter().any(is_poison) => (400, String::new(), b"a poisonous record".to_vec()),
        _ => taken(),
    });
    let host = host("otlp-entries-limit");
    let answer = host.run(&collector.url(), &["entries", &ENTRIES.to_string()]);
    assert!(answer.contains("quarantined 1 dropped 0 held 0 balance 1"), "{answer}");
    let mut arrived = numbers(&collector);
    arrived.sort_unstable();
    assert_eq!(arrived, (0..ENTRIES).filter(|number| *number != 1_234).collect::<Vec<_>>());
}

#[test]
fn a_partial_success_of_entries_is_told_and_not_sent_again() {
    // partial_success { rejected_log_records: 2, error_message: "no" }
    let body = [&[0x0a, 6, 0x08, 2, 0x12, 2][..], b"no"].concat();
    let collector = Collector::start(move |_| (200, String::new(), body.clone()));
    let host = host("otlp-entries-partial");
    let answer = host.run(&collector.url(), &["entries", "20"]);
    assert!(answer.contains("refused 2 of a request: no"), "{answer}");
    assert!(answer.contains("held 0 balance 1"), "{answer}");
    let mut arrived = numbers(&collector);
    arrived.sort_unstable();
    assert_eq!(arrived, (0..20).collect::<Vec<_>>());
}

#[test]
fn entries_of_killed_processes_are_sent_by_the_next() {
    const EACH: usize = 2_000;
    let collector = Collector::start(|_| taken());
    let host = host("otlp-entries-killed");
    for first in [0, EACH, 2 * EACH] {
        let (first, each) = (first.to_string(), EACH.to_string());
        let output = host.command(&collector.url(), &["entries", &first, &each]).output().unwrap();
        assert!(!output.status.success(), "it was to be killed");
    }
    // What one does not come to in its time, it leaves for another.
    for turn in 1.. {
        let answer = host.run(&collector.url(), &["entries", "0"]);
        assert!(answer.contains("quarantined 0 dropped 0") && answer.contains("balance 1"), "{answer}");
        let arrived: BTreeSet<usize> = numbers(&collector).into_iter().collect();
        if arrived == (0..3 * EACH).collect() {
            break;
        }
        assert!(turn < 10, "{} of {} arrived: {answer}", arrived.len(), 3 * EACH);
    }
}

#[test]
fn entries_arrive_as_log_records_compressed_once_an_endpoint_elsewhere_has_taken_some() {
    let collector = Collector::start(|_| taken());
    let host = host("otlp-entries");
    let answer = said(host.elsewhere(&collector, &["entries", "300"]).output().unwrap());
    assert!(answer.contains("MAXIM_OK MAXIM_ERR_NOT_CONFIGURED"), "raw documents are refused: {answer}");
    let records = collector.records();
    let numbers: BTreeSet<String> =
        records.iter().map(|record| texts(&record.attributes)["number"].clone()).collect();
    assert_eq!(numbers.len(), 300);
    assert!(records.iter().all(|record| record.severity_number == 9 && record.time_unix_nano > 0));
    let taken = collector.taken();
    assert_eq!(taken[0].resource["service.version"], "1.2");
    assert_eq!(taken[0].resource["deployment.environment.name"], "staging");
    assert!(!taken[0].headers.contains_key("content-encoding"));
    assert!(taken[1..].iter().any(|request| request.headers.contains_key("content-encoding")));
}

#[test]
fn an_endpoint_that_refuses_gzip_gets_what_it_takes() {
    let collector = Collector::start(|request| match request.headers.contains_key("content-encoding") {
        true => (415, String::new(), Vec::new()),
        false => taken(),
    });
    let host = host("otlp-gzip");
    said(host.elsewhere(&collector, &["entries", "300"]).output().unwrap());
    assert_eq!(collector.records().len(), 300);
    assert!(collector.seen().len() > collector.taken().len(), "compression was never tried");
}
