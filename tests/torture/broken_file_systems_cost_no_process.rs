//! Full, read-only, forbidden and vanishing file systems: no signal, no abort, and every record is
//! delivered, held or counted as dropped.
//!
//! The file systems are small tmpfs mounts in a mount namespace of the process's own, so this needs
//! root; without it the tests fail and say so.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::bench::{Row, Stage, json_lines, nobody, scaled};
use crate::common::{Server, probe};

/// Runs the probe after `mounts`, shell commands in which `$SPOOL` is the spool directory.
fn within(stage: &Stage, mounts: &str, url: &str, verbs: &[&str]) -> Command {
    within_as(stage, "", mounts, url, verbs)
}

/// As [`within`], through a command that becomes somebody else.
fn within_as(stage: &Stage, user: &str, mounts: &str, url: &str, verbs: &[&str]) -> Command {
    std::fs::create_dir_all(&stage.spool).unwrap();
    std::fs::set_permissions(&stage.spool, std::fs::Permissions::from_mode(0o700)).unwrap();
    let script = format!(
        "set -e; {{ {mounts}; }} || {{ echo 'cannot mount: these tests need root' >&2; exit 77; }}; exec {user} \"$0\" \"$@\""
    );
    let mut command = Command::new("unshare");
    let inner = probe(&stage.program, url, &stage.spool, verbs);
    command.args(["--mount", "sh", "-c", &script]).arg(inner.get_program()).args(inner.get_args());
    command.env("MAXIM_BASE_URL", url).env("MAXIM_SPOOL_DIR", &stage.spool).env("SPOOL", &stage.spool);
    command.env("MAXIM_SPOOL_DIR_FALLBACK", "1");
    command.env("HOME", &stage.spool).env("PROBE_PAD", "500").env("PROBE_FLUSH_MS", "100");
    // Far less than is logged, so that there is something to drop.
    command.env("PROBE_MEMORY", "8388608").env("PROBE_DISK", "16777216");
    command
}

const SMALL_SHM: &str = "mount -t tmpfs -o size=2m tmpfs /dev/shm";

/// One misery: the records that no server takes must all be accounted for.
fn survive(name: &'static str, mounts: &str) {
    let mut row = Row::new(name);
    let stage = Stage::new("files");
    let (url, _) = nobody();
    let log = format!("threads:16:{}", scaled(2_500, 25_000));
    let stats = json_lines(&mut within(
        &stage,
        mounts,
        &url,
        &["new", &log, "flush:300", &log, "cleanup:2000", "stats"],
    ));
    row.add_stats(&stats[0]);
    assert!(row.accepted > 0, "{}", stats[0]);
}

/// What is in shared memory counts towards a container's limit, beyond which the kernel kills.
#[test]
fn a_container_with_little_memory_has_an_eighth_of_it_in_shared_memory() {
    let mut row = Row::new("container of 16 MiB, records of 30 MB, server down");
    let stage = Stage::new("container");
    let (url, _) = nobody();
    let used = stage.scratch.path().join("used");
    const VERBS: [&str; 4] = ["new", "log:30000", "stats", "_exit:0"];
    let mounts = "mount -t tmpfs -o size=64m tmpfs /dev/shm; mount -t tmpfs tmpfs /sys/fs/cgroup; \
                  echo 16777216 > /sys/fs/cgroup/memory.max";
    let mut command = within_as(
        &stage,
        "sh -c '\"$0\" \"$@\"; du -sb /dev/shm | cut -f1 >\"$USED\"'",
        mounts,
        &url,
        &VERBS,
    );
    command.env_remove("PROBE_MEMORY").env_remove("PROBE_DISK").env("PROBE_PAD", "1000").env("USED", &used);
    row.add_stats(&json_lines(&mut command)[0]);
    assert_eq!((row.accepted, row.held), (30_000, 30_000));
    let used: u64 = std::fs::read_to_string(used).unwrap().trim().parse().unwrap();
    row.note = format!("{used} bytes in shared memory");
    // Segments that are being filled or moved are beside the 2 MiB; by default it would be 64.
    assert!(used <= 6 << 20, "{used} bytes are in shared memory");
}

#[test]
fn a_full_disk() {
    survive("disk full", &format!("{SMALL_SHM}; mount -t tmpfs -o size=6m,mode=700 tmpfs $SPOOL"));
}

#[test]
fn a_full_shared_memory() {
    survive(
        "/dev/shm full",
        "mount -t tmpfs -o size=1m tmpfs /dev/shm; head -c 1m /dev/zero > /dev/shm/full || true",
    );
}

#[test]
fn no_room_anywhere() {
    let full = "mount -t tmpfs -o size=64k tmpfs /dev/shm; mount -t tmpfs -o size=64k,mode=700 tmpfs $SPOOL; \
                mount -t tmpfs -o size=64k tmpfs /var/tmp";
    survive("no room anywhere", full);
}

#[test]
fn no_inodes() {
    let mounts = "mount -t tmpfs -o size=8m,nr_inodes=12 tmpfs /dev/shm; \
                  mount -t tmpfs -o size=8m,nr_inodes=8,mode=700 tmpfs $SPOOL";
    survive("inode exhaustion", mounts);
}

#[test]
fn read_only_directories() {
    let mounts = "mount -t tmpfs -o ro tmpfs /dev/shm; mount -t tmpfs -o ro,mode=700 tmpfs $SPOOL; \
                  mount -t tmpfs -o ro tmpfs /var/tmp";
    survive("read-only file systems", mounts);
}

#[test]
fn permission_denied() {
    let mut row = Row::new("permission denied");
    let mut stage = Stage::new("denied");
    stage.open_to_others();
    let (url, _) = nobody();
    let mounts = "mount -t tmpfs -o mode=700 tmpfs /dev/shm; mount -t tmpfs -o mode=700 tmpfs /var/tmp";
    let verbs = ["new", "threads:4:5000", "cleanup:1000", "stats"];
    let mut command =
        within_as(&stage, "setpriv --reuid=65534 --regid=65534 --clear-groups", mounts, &url, &verbs);
    command.env("LD_LIBRARY_PATH", stage.scratch.path());
    row.add_stats(&json_lines(&mut command)[0]);
    assert_eq!(row.accepted, 20_000);
}

#[test]
fn directories_removed_under_our_feet() {
    let mut row = Row::new("directories removed under our feet");
    let stage = Stage::new("removed");
    let (url, port) = nobody();
    let verbs = ["new", "threads:16:500", "wait", "threads:16:500", "wait", "flush:60000", "stats"];
    let mut host = stage.host(&url, &verbs, &[("PROBE_FLUSH_MS", "50".into())]);
    host.line();
    // Both places: the spool directory, and the hot files that this very process has open.
    let _ = std::fs::remove_dir_all(&stage.spool);
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", host.pid())).unwrap();
    let hot: Vec<&str> =
        maps.lines().filter_map(|line| line.split_once("/dev/shm/").map(|(_, path)| path)).collect();
    assert!(!hot.is_empty(), "no segment is mapped from /dev/shm:\n{maps}");
    let directory = std::path::Path::new("/dev/shm").join(hot[0]).parent().unwrap().to_owned();
    std::fs::remove_dir_all(&directory).unwrap();
    host.tell();
    host.line();
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    host.tell();
    row.add_stats(&host.json());
    host.must_succeed();
    assert_eq!(row.accepted, 16_000);
    assert_eq!(server.sequences()["totals"]["count"], row.delivered);
}
