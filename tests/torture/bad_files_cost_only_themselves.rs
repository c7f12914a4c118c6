//! Files in the spool directory that are damaged, cut, from the future or somebody else's: no crash, nothing in
//! the way of other records, and no record more than they cost by themselves.
//!
//! What a file looks like is told by the opening comment of `src/spool/mod.rs`. Every single bit is flipped in
//! `src/spool/tests/damage.rs`; here it is real files, real processes, and many of them.

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bench::{Row, Stage, files_below, nobody, random, scaled, wait_for_unique};
use crate::common::{Server, run};

const RECORDS: u64 = 100;
const HEADER: [usize; 2] = [0, 128];
const SEAL: usize = 256;
const CURSOR: usize = 320;
const FIRST_RECORD: usize = 4096;
/// What the header's checksum covers, and where the checksum is.
const HEADER_CHECKED: usize = 72;
const VERSION: usize = 8;
const SEGMENT_NUMBER: usize = 40;
/// Files in `quarantine/`: `src/spool/quarantine.rs`.
const QUARANTINE_FILES: usize = 1000;

/// The directory of a dead process with `RECORDS` records of `writer` in one file, taken out of the spool
/// directory so that no other process finds it.
fn orphan(stage: &Stage, url: &str, writer: &str) -> PathBuf {
    let log = format!("log:{RECORDS}:{writer}");
    let verbs = ["new", &log, "write-to-file:60000", "expect:MAXIM_OK", "_exit:0"];
    assert!(stage.probe(url, &verbs).status().unwrap().success());
    let file = files_below(&stage.spool).into_iter().find(|file| is_segment(file)).unwrap();
    let kept = stage.scratch.path().join("kept").join(writer);
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    std::fs::rename(file.parent().unwrap(), &kept).unwrap();
    kept
}

fn is_segment(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "seg")
}

/// The directory in the spool directory to which they are brought back.
fn identity(stage: &Stage) -> PathBuf {
    // Made by the first process, and empty by now.
    let name = stage.hot_directories()[0].file_name().unwrap().to_owned();
    let directory = stage.spool.join(name);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700)).unwrap();
    directory
}

/// Brings a directory back under the name of an instance that is surely dead.
fn bring_back(identity: &Path, kept: &Path, number: usize) {
    std::fs::rename(kept, identity.join(format!("{number:020}-1-{number:016x}"))).unwrap();
}

/// Where each record of a segment begins and ends.
fn records(segment: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = FIRST_RECORD;
    while let Some(word) = segment.get(at..at + 4) {
        let length = u32::from_le_bytes(word.try_into().unwrap()) as usize;
        if length == 0 {
            break;
        }
        found.push(at..at + length);
        at += length.next_multiple_of(8);
    }
    found
}

/// Makes the header's checksums fit its content.
fn resign(segment: &mut [u8]) {
    for at in HEADER {
        let sum = crc32c::crc32c(&segment[at..at + HEADER_CHECKED]);
        segment[at + HEADER_CHECKED..at + HEADER_CHECKED + 4].copy_from_slice(&sum.to_le_bytes());
    }
}

/// One way to damage the file of a segment. Gives how many of its records are still to come.
type Damage = fn(&Path, Vec<u8>) -> u64;

fn rewrite(file: &Path, content: &[u8], survivors: u64) -> u64 {
    std::fs::write(file, content).unwrap();
    survivors
}

fn overwritten(file: &Path, mut bytes: Vec<u8>, range: std::ops::Range<usize>, survivors: u64) -> u64 {
    bytes[range].iter_mut().for_each(|byte| *byte ^= 0xff);
    rewrite(file, &bytes, survivors)
}

/// Something else under the file's name.
fn replaced(file: &Path, by: impl FnOnce(&Path)) -> u64 {
    std::fs::remove_file(file).unwrap();
    by(file);
    0
}

const DAMAGES: [(&str, Damage); 22] = [
    ("none", |_, _| RECORDS),
    ("empty", |file, _| rewrite(file, b"", 0)),
    ("cut in the header", |file, bytes| rewrite(file, &bytes[..100], 0)),
    ("cut behind the header", |file, bytes| rewrite(file, &bytes[..FIRST_RECORD], 0)),
    ("cut in a record", |file, bytes| rewrite(file, &bytes[..records(&bytes)[42].start + 20], 42)),
    ("grown", |file, bytes| rewrite(file, &[&bytes[..], &[0xa5; 5000]].concat(), RECORDS)),
    ("first header", |file, bytes| overwritten(file, bytes, HEADER[0]..HEADER[0] + 80, RECORDS)),
    ("second header", |file, bytes| overwritten(file, bytes, HEADER[1]..HEADER[1] + 80, RECORDS)),
    ("both headers", |file, bytes| overwritten(file, bytes, 0..SEAL, 0)),
    ("seal", |file, bytes| overwritten(file, bytes, SEAL..SEAL + 24, RECORDS)),
    ("cursor", |file, bytes| overwritten(file, bytes, CURSOR..CURSOR + 8, RECORDS)),
    ("payload", |file, bytes| {
        let at = records(&bytes)[17].start + 20;
        overwritten(file, bytes, at..at + 1, RECORDS - 1)
    }),
    ("length too large", |file, bytes| {
        let at = records(&bytes)[17].start;
        overwritten(file, bytes, at..at + 4, RECORDS - 1)
    }),
    ("length zero", |file, mut bytes| {
        let at = records(&bytes)[17].start;
        bytes[at..at + 4].fill(0);
        rewrite(file, &bytes, RECORDS - 1)
    }),
    ("last record", |file, bytes| {
        let last = records(&bytes).pop().unwrap();
        overwritten(file, bytes, last, RECORDS - 1)
    }),
    ("another version", |file, mut bytes| {
        HEADER.iter().for_each(|at| bytes[at + VERSION] = 4);
        resign(&mut bytes);
        rewrite(file, &bytes, 0)
    }),
    ("somebody else's", |file, _| rewrite(file, b"dear diary", 0)),
    ("magic and noise", |file, bytes| rewrite(file, &[&bytes[..8], &[0x5a; 9000]].concat(), 0)),
    ("symbolic link", |file, _| replaced(file, |file| symlink("/etc/passwd", file).unwrap())),
    ("directory", |file, _| replaced(file, |file| std::fs::create_dir(file).unwrap())),
    ("pipe", |file, _| replaced(file, |file| drop(run(std::process::Command::new("mkfifo").arg(file))))),
    ("a terabyte of nothing", |file, _| {
        File::options().write(true).open(file).unwrap().set_len(1 << 40).unwrap();
        0
    }),
];

/// Starts a process that takes everything over; gives its stats once `expected` records have arrived.
fn take_over(stage: &Stage, server: &Server, expected: u64) -> Value {
    let verbs = ["new", "wait", "flush-log-files:60000", "stats", "cleanup:60000"];
    let mut host = stage.host(&server.url(), &verbs, &[]);
    host.line();
    wait_for_unique(server, expected);
    host.tell();
    let stats = host.json();
    host.must_succeed();
    stats
}

#[test]
fn every_kind_of_damage_costs_what_it_hit() {
    let mut row = Row::new("damaged files of every kind");
    let stage = Stage::new("damaged");
    let (url, port) = nobody();
    let mut expected = Vec::new();
    let mut kept = Vec::new();
    for (number, (_, damage)) in DAMAGES.iter().enumerate() {
        let directory = orphan(&stage, &url, &format!("d{number}"));
        let file = files_below(&directory).into_iter().find(|file| is_segment(file)).unwrap();
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(records(&bytes).len() as u64, RECORDS);
        expected.push(damage(&file, bytes));
        kept.push(directory);
    }
    let identity = identity(&stage);
    for (number, directory) in kept.iter().enumerate() {
        bring_back(&identity, directory, number + 1);
    }
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let stats = take_over(&stage, &server, expected.iter().sum());
    row.add_stats(&stats);
    row.accepted = RECORDS * DAMAGES.len() as u64;
    let sequences = server.sequences();
    for (number, (name, _)) in DAMAGES.iter().enumerate() {
        let unique = sequences["writers"][format!("d{number}")]["unique"].as_u64().unwrap_or(0);
        assert_eq!(unique, expected[number], "{name}: {stats}");
    }
    row.duplicates = sequences["totals"]["duplicates"].as_u64().unwrap();
    assert_eq!(row.duplicates, 0);
    let left: Vec<_> = files_below(&identity).into_iter().filter(|file| is_segment(file)).collect();
    assert!(left.is_empty(), "{left:?}");
    row.note = format!("{} kinds", DAMAGES.len());
}

#[test]
fn a_file_of_which_no_record_is_whole_is_set_aside_and_not_removed() {
    let mut row = Row::new("files of which no record is whole");
    let stage = Stage::new("all-damaged");
    let (url, port) = nobody();
    let directory = orphan(&stage, &url, "w");
    let file = files_below(&directory).into_iter().find(|file| is_segment(file)).unwrap();
    let mut damaged = std::fs::read(&file).unwrap();
    let payloads = records(&damaged);
    // One byte of each record.
    payloads.iter().for_each(|record| damaged[record.start + 20] ^= 1);
    std::fs::write(&file, &damaged).unwrap();
    let identity = identity(&stage);
    bring_back(&identity, &directory, 1);
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    let mut host =
        stage.host(&server.url(), &["new", "flush-log-files:60000", "cleanup:10000", "stats"], &[]);
    let stats = host.json();
    host.must_succeed();
    assert_eq!((&stats["adopted"], &stats["dropped_corrupt"]), (&RECORDS.into(), &RECORDS.into()), "{stats}");
    row.add_stats(&stats);
    let aside = files_below(&identity.join("quarantine"));
    assert_eq!(aside.len(), 1, "{aside:?}");
    // All but what its last owner noted of itself in the first page is as it was.
    let kept = std::fs::read(&aside[0]).unwrap();
    assert!(kept[FIRST_RECORD..] == damaged[FIRST_RECORD..], "{}", aside[0].display());
    row.note = "counted as corrupt, and in quarantine".into();
}

/// What a random file holds. `segment` is a real one.
fn noise(segment: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..random(300)).map(|_| random(256) as u8).collect();
    match random(4) {
        0 => bytes,
        1 => [&segment[..8], &bytes].concat(),
        // A sound header with noise behind it.
        2 => {
            let mut page = segment[..FIRST_RECORD].to_vec();
            for at in HEADER {
                page[at + SEGMENT_NUMBER..at + SEGMENT_NUMBER + 8]
                    .copy_from_slice(&random(u64::MAX).to_le_bytes());
            }
            // Both copies say the same.
            page.copy_within(HEADER[0]..HEADER[0] + 80, HEADER[1]);
            resign(&mut page);
            page.append(&mut bytes);
            page
        }
        // A piece of a real one from anywhere.
        _ => {
            let from = random(segment.len() as u64) as usize;
            segment[from..(from + bytes.len()).min(segment.len())].to_vec()
        }
    }
}

/// Names that a file may have: mostly those of segments.
fn name(number: usize) -> String {
    match random(8) {
        0 => format!("{number}"),
        1 => format!("{number}.tmp"),
        2 => format!("\u{e9} \n%s{number}.seg"),
        _ => format!("{number:08}.seg"),
    }
}

#[test]
fn any_number_of_random_files_is_cleared_away() {
    let mut row = Row::new("random files in the spool directory");
    let (directories, files) = scaled((2, 1_000), (10, 20_000));
    let mut slowest = Duration::ZERO;
    for _ in 0..directories {
        let stage = Stage::new("random");
        let (url, port) = nobody();
        let directory = orphan(&stage, &url, "r");
        let segment =
            std::fs::read(files_below(&directory).into_iter().find(|file| is_segment(file)).unwrap());
        let segment = segment.unwrap();
        for number in 0..files {
            std::fs::write(directory.join(name(number)), noise(&segment)).unwrap();
        }
        let identity = identity(&stage);
        bring_back(&identity, &directory, 1);
        let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
        let start = Instant::now();
        let stats = take_over(&stage, &server, RECORDS);
        slowest = slowest.max(start.elapsed());
        row.add_stats(&stats);
        let totals = server.sequences()["totals"].clone();
        assert_eq!(
            (&totals["unique"], &totals["duplicates"]),
            (&RECORDS.into(), &0.into()),
            "{totals}; {stats}"
        );
        let left = files_below(&identity);
        assert!(left.len() <= QUARANTINE_FILES, "{} files are left", left.len());
        assert!(!left.iter().any(|file| is_segment(file)), "a segment is left");
    }
    row.note = format!("{} files, {files} in {} ms at most", directories * files, slowest.as_millis());
}
