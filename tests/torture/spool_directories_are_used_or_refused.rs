//! A spool directory that somebody named is used, if need be by a private one within it, or `maxim_logger_new`
//! says why not; records that are in memory only are reported at once.
//!
//! Needs root, to become somebody else.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::bench::{Row, Stage, files_below, nobody, wait_until};
use crate::common::host::HostProcess;
use crate::common::{Server, both, probe};

const USER: u32 = 65_534;

/// Runs the probe as another user, with the program and the library where that user can find them.
fn run_as_user(
    stage: &mut Stage,
    spool: &Path,
    mounts: &str,
    env: &[(&str, &str)],
    verbs: &[&str],
) -> Output {
    stage.open_to_others();
    let (url, _) = nobody();
    let inner = probe(&stage.program, &url, spool, verbs);
    let script = format!(
        "set -e; {{ {mounts}; }} || {{ echo 'cannot mount: these tests need root' >&2; exit 77; }}; \
         exec setpriv --reuid={USER} --regid={USER} --clear-groups \"$0\" \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(inner.get_program()).args(inner.get_args());
    command.env("LD_LIBRARY_PATH", stage.scratch.path()).env_remove("HOME").env_remove("XDG_STATE_HOME");
    command
        .env("MAXIM_BASE_URL", &url)
        .env("MAXIM_SPOOL_DIR", spool)
        .env("MAXIM_API_KEY", "key-of-a-directory");
    command.envs(env.iter().copied()).output().unwrap()
}

/// The host asks which directory is in use.
fn says_the_directory(output: &Output, wanted: &str) {
    let wanted = format!("spool-dir {wanted}\n");
    assert!(both(output).contains(&wanted), "no {wanted:?} in {}", both(output));
}

const OWN_SHM: &str =
    "mount -t tmpfs -o mode=1777 tmpfs /dev/shm; mount -t tmpfs -o mode=1777 tmpfs /var/tmp";
const VERBS: [&str; 5] = ["new", "log:10", "write-to-file:60000", "expect:MAXIM_OK", "spool-dir"];

#[test]
fn in_a_directory_that_others_write_to_a_private_one_is_made() {
    let row = &mut Row::new("spool directories that others may write to");
    for mode in [0o777, 0o1777, 0o2775, 0o775] {
        let mut stage = Stage::new("shared");
        let shared = stage.scratch.path().join("shared");
        std::fs::create_dir(&shared).unwrap();
        // As with an fsGroup: somebody else's, and written to by the group.
        chown(&shared, Some(0), Some(USER)).unwrap();
        std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(mode)).unwrap();
        let output = run_as_user(&mut stage, &shared, OWN_SHM, &[], &VERBS);
        assert!(output.status.success(), "{mode:o}: {}", both(&output));
        let private = shared.join(format!("maxim-{USER}"));
        says_the_directory(&output, &private.to_string_lossy());
        let found = std::fs::metadata(&private).unwrap();
        assert_eq!((found.mode() & 0o777, found.uid()), (0o700, USER), "{mode:o}");
        assert!(std::fs::read_dir(&private).unwrap().count() > 0, "{mode:o}: nothing is in it");
    }
    row.note = "emptyDir, fsGroup, sticky, group".into();
}

#[test]
fn a_named_link_leads_where_it_leads() {
    let _row = Row::new("a spool directory that is a symbolic link");
    let mut stage = Stage::new("link");
    let (target, link) = (stage.scratch.path().join("target"), stage.scratch.path().join("link"));
    std::fs::create_dir(&target).unwrap();
    chown(&target, Some(USER), Some(USER)).unwrap();
    symlink(&target, &link).unwrap();
    let output = run_as_user(&mut stage, &link, OWN_SHM, &[], &VERBS);
    assert!(output.status.success(), "{}", both(&output));
    says_the_directory(&output, &target.to_string_lossy());
    assert!(std::fs::read_dir(&target).unwrap().count() > 0);
}

/// Every file and directory below one.
fn below(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(below(&path));
        }
        all.push(path);
    }
    all
}

#[test]
fn a_umask_that_takes_our_own_access_keeps_nobody_from_what_is_written() {
    let row = &mut Row::new("a umask of 0177, 0377 and 0777");
    for umask in [0o177, 0o377, 0o777] {
        let mut stage = Stage::new("umask");
        let shared = stage.scratch.path().join("shared");
        std::fs::create_dir(&shared).unwrap();
        std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o1777)).unwrap();
        let around = shared.join("around");
        let spool = around.join("spool");
        let output = run_as_user(&mut stage, &spool, &format!("{OWN_SHM}; umask {umask:o}"), &[], &VERBS);
        assert!(output.status.success(), "{umask:o}: {}", both(&output));
        says_the_directory(&output, &spool.to_string_lossy());
        let made = below(&spool);
        assert!(made.iter().any(|path| path.is_file()), "{umask:o}: nothing was written");
        for path in made.iter().chain([&spool, &around]) {
            let found = std::fs::metadata(path).unwrap();
            let wanted = if found.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(found.mode() & 0o777, wanted, "{umask:o}: {path:?}");
        }
        // Once more: what the first one has made is no obstacle.
        let output = run_as_user(&mut stage, &spool, OWN_SHM, &[], &VERBS);
        assert!(output.status.success(), "{umask:o}: {}", both(&output));
    }
    row.note = "directories are 0700, files 0600".into();
}

#[test]
fn one_that_cannot_be_used_is_an_error_that_says_what_to_do() {
    let _row = Row::new("a spool directory that cannot be used");
    let mut stage = Stage::new("refused");
    let closed = stage.scratch.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = run_as_user(&mut stage, &closed, OWN_SHM, &[], &["new", "expect:MAXIM_ERR_IO"]);
    let said = both(&output);
    for part in ["closed", "user 0", "0755", "65534"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    // By option it is a report, and another directory is used.
    let fallback = [("MAXIM_SPOOL_DIR_FALLBACK", "1")];
    let output = run_as_user(&mut stage, &closed, OWN_SHM, &fallback, &[&VERBS[..], &["told"]].concat());
    let said = both(&output);
    assert!(output.status.success(), "{said}");
    says_the_directory(&output, "/var/tmp/maxim-65534");
    assert!(said.contains("kept in /var/tmp/maxim-65534") && said.contains("closed"), "{said}");
}

#[test]
fn memory_only_is_reported_at_once() {
    let _row = Row::new("directories that another user has made first");
    let mut stage = Stage::new("squatted");
    let squatted = format!("{OWN_SHM}; mkdir /dev/shm/maxim-{USER} /var/tmp/maxim-{USER}");
    let output =
        run_as_user(&mut stage, Path::new(""), &squatted, &[], &["new", "log:1", "spool-dir", "told"]);
    says_the_directory(&output, "none");
    let said = both(&output);
    assert!(said.contains("in this process's memory only"), "{said}");
    assert!(said.contains("/dev/shm/maxim-65534") && said.contains("/var/tmp/maxim-65534"), "{said}");
}

/// Until it is gone, whatever its owner makes in it meanwhile.
fn remove(directory: &Path) {
    wait_until("it is removed", || {
        let removed = std::fs::remove_dir_all(directory);
        removed.is_ok() || !directory.exists()
    });
}

/// A file where the last of the places for a spool directory would be: a user without a home then has none.
struct Squatted(PathBuf);

impl Squatted {
    fn of(stage: &mut Stage) -> Squatted {
        stage.spool = PathBuf::new();
        let name = stage.own_shared_memory().file_name().unwrap().to_owned();
        let place = Path::new("/var/tmp").join(name);
        std::fs::write(&place, b"").unwrap();
        Squatted(place)
    }

    fn probe(stage: &Stage, url: &str, verbs: &[&str]) -> Command {
        let mut command = stage.probe(url, verbs);
        command.env_remove("HOME").env_remove("XDG_STATE_HOME");
        command
    }
}

impl Drop for Squatted {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn without_a_spool_directory_what_waited_for_descriptors_goes_to_shared_memory() {
    let mut row =
        Row::new("no descriptor when the logger is made and no spool directory, some later, killed");
    let mut stage = Stage::of_another_user("late-hot");
    let _squatted = Squatted::of(&mut stage);
    let (url, port) = nobody();
    let verbs = ["few-descriptors", "new", "log:1000:late", "free-descriptors", "wait"];
    let mut host = HostProcess::start(Squatted::probe(&stage, &url, &verbs));
    host.line();
    // They fit into one segment, which appears under its name as a whole.
    let is_kept = |path: &PathBuf| {
        let is_segment = path.extension().is_some_and(|extension| extension == "seg");
        is_segment && std::fs::read(path).is_ok_and(|bytes| bytes.windows(4).any(|part| part == b"late"))
    };
    wait_until("they are in a file", || files_below(&stage.own_shared_memory()).iter().any(is_kept));
    host.kill();
    row.accepted = 1_000;
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    stage.adopt_all(&url, &server, 1_000);
    row.delivered = server.sequences()["totals"]["unique"].as_u64().unwrap();
    assert_eq!(row.delivered, row.accepted);
    let _ = std::fs::remove_dir_all(stage.own_shared_memory());
}

#[test]
fn a_directory_that_is_removed_is_made_again_by_no_other_user() {
    let _row = Row::new("the spool directory removed under a logger whose process has become another user");
    let stage = Stage::new("become");
    // Where anybody could make it.
    std::fs::set_permissions(stage.scratch.path(), std::fs::Permissions::from_mode(0o1777)).unwrap();
    let (url, _) = nobody();
    let verbs = ["new", "log:10", &format!("become:{USER}"), "wait", "until-no-files", "wait"];
    let mut host = HostProcess::start(stage.probe(&url, &verbs));
    host.line();
    remove(&stage.spool);
    host.tell();
    host.line();
    assert!(!stage.spool.exists(), "somebody else has made it");
    host.kill();
}

#[test]
fn a_directory_in_which_no_file_can_be_made_is_an_error_that_says_so() {
    let _row = Row::new("/proc as the spool directory");
    let mut stage = Stage::new("of-the-kernel");
    let (url, _) = nobody();
    stage.spool = PathBuf::from("/proc");
    let output = stage.probe(&url, &["new", "expect:MAXIM_ERR_IO"]).output().unwrap();
    let said = both(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("/proc cannot be") && said.contains("name a directory"), "{said}");
}

#[test]
fn a_write_to_files_that_fails_says_what_the_file_system_says() {
    let _row = Row::new("a file where the spool directory was");
    let stage = Stage::new("said");
    let (url, _) = nobody();
    let verbs = ["new", "log:10", "wait", "write-to-file:60000", "expect:MAXIM_OK"];
    let said = stage.scratch.path().join("said");
    let mut command = stage.probe(&url, &verbs);
    command.stderr(File::create(&said).unwrap());
    let mut host = HostProcess::start(command);
    host.line();
    put_instead(&stage.spool, |path| std::fs::write(path, b""));
    host.tell();
    // The probe ends over the answer that it did not expect.
    let found = || std::fs::read_to_string(&said).unwrap();
    wait_until("it says why", || found().contains("got MAXIM_ERR_IO"));
    wait_until("it says what the system says", || found().contains("os error"));
    let answer = found();
    let answer = answer.lines().find(|line| line.contains("got MAXIM_ERR_IO")).unwrap();
    assert!(answer.contains("cannot be written to: ") && answer.contains("10 records"), "{answer}");
    host.kill();
}

/// Has something else under the name of a directory that somebody may be making again.
fn put_instead(directory: &Path, put: impl Fn(&Path) -> std::io::Result<()>) {
    wait_until("something else is there", || {
        remove(directory);
        put(directory).is_ok()
    });
}

#[test]
fn a_link_in_the_place_of_a_removed_directory_is_not_followed() {
    let _row = Row::new("a symbolic link where the spool directory was");
    let stage = Stage::new("link-instead");
    let (url, _) = nobody();
    let elsewhere = stage.scratch.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o700)).unwrap();
    let said = stage.scratch.path().join("said");
    let mut command = stage.probe(&url, &["new", "log:10", "wait", "write-to-file:60000", "log:10", "wait"]);
    command.stderr(File::create(&said).unwrap());
    let mut host = HostProcess::start(command);
    host.line();
    put_instead(&stage.spool, |path| symlink(&elsewhere, path));
    host.tell();
    host.line();
    let is_told = || std::fs::read_to_string(&said).unwrap().contains("cannot be made again yet");
    wait_until("that is told", is_told);
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0, "the link was followed");
    std::fs::remove_file(&stage.spool).unwrap();
    wait_until("it is made again", || stage.spool.is_dir());
    host.kill();
}

/// A logger logs, somebody removes its directories, and it logs again; then it is killed, or goes on.
fn outlives_removal(name: &str, is_cold: bool, is_hot: bool, is_killed: bool) {
    outlives_removal_with(name, is_cold, is_hot, is_killed, true);
}

/// The same for a logger that has a spool directory or none.
fn outlives_removal_with(name: &str, is_cold: bool, is_hot: bool, is_killed: bool, has_cold: bool) {
    let mut row = Row::new(name);
    let mut stage = Stage::of_another_user("removed");
    let _squatted = (!has_cold).then(|| Squatted::of(&mut stage));
    let (url, port) = nobody();
    let verbs = ["new", "log:1000:before", "wait", "log:1000:after", "wait", "cleanup:60000", "stats"];
    let said = stage.scratch.path().join("said");
    let mut command =
        if has_cold { stage.probe(&url, &verbs) } else { Squatted::probe(&stage, &url, &verbs) };
    command.stderr(File::create(&said).unwrap());
    let mut host = HostProcess::start(command);
    host.line();
    let of_both = [(is_cold, stage.spool.clone()), (is_hot, stage.own_shared_memory())];
    let removed: Vec<PathBuf> =
        of_both.into_iter().filter(|(is_meant, _)| *is_meant).map(|(_, at)| at).collect();
    removed.iter().for_each(|directory| remove(directory));
    wait_until("each is made again", || removed.iter().all(|directory| directory.exists()));
    let maps = format!("/proc/{}/maps", host.pid());
    let holds_removed =
        || std::fs::read_to_string(&maps).unwrap().lines().any(|line| line.ends_with("(deleted)"));
    wait_until("nothing is kept in removed files", || !holds_removed());
    let is_told = || std::fs::read_to_string(&said).unwrap().contains("was removed while it was in use");
    // Without a spool directory there was a report of that kind just before, and this one waits.
    if has_cold {
        wait_until("that is told", is_told);
    }
    host.tell();
    host.line();
    row.accepted = 2_000;
    if is_killed {
        host.kill();
    }
    let server = Server::start(&["--port", &port, "--check-seq", "--seq-start", "1"]);
    if is_killed {
        stage.adopt_all(&url, &server, 2_000);
    } else {
        host.tell();
        let stats = host.json();
        assert_eq!((&stats["delivered"], &stats["held"]), (&2_000.into(), &0.into()), "{stats}");
        host.must_succeed();
    }
    row.delivered = server.sequences()["totals"]["unique"].as_u64().unwrap();
    assert_eq!(row.delivered, row.accepted);
    let _ = std::fs::remove_dir_all(stage.own_shared_memory());
}

#[test]
fn a_spool_directory_that_is_removed_while_it_is_used_is_made_again() {
    outlives_removal("the spool directory removed under a logger, which is killed", true, false, true);
    outlives_removal("the spool directory removed under a logger, which goes on", true, false, false);
}

#[test]
fn a_directory_in_shared_memory_that_is_removed_while_it_is_used_is_made_again() {
    outlives_removal(
        "the directory in shared memory removed under a logger, which is killed",
        false,
        true,
        true,
    );
    outlives_removal(
        "the directory in shared memory removed under a logger, which goes on",
        false,
        true,
        false,
    );
}

#[test]
fn without_a_spool_directory_the_one_in_shared_memory_is_made_again_too() {
    let name = "the directory in shared memory removed under a logger with no other, which is killed";
    outlives_removal_with(name, false, true, true, false);
}

#[test]
fn both_directories_that_are_removed_while_they_are_used_are_made_again() {
    outlives_removal("both directories removed under a logger, which is killed", true, true, true);
    outlives_removal("both directories removed under a logger, which goes on", true, true, false);
}
