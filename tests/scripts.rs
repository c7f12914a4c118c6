//! What the repository's scripts say of machines and registries: what cannot be had is told from what is broken, and
//! no registry holds them for ever. Stand-ins take npm's and Go's place.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A program of that name in a folder, which is a shell script.
fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&path).status().unwrap().success());
}

/// How `fetch` ends, and what it says, where npm installs and answers like this, within these seconds.
fn fetched(install: &str, view: &str, seconds: &str) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    program(folder.path(), "npm", &format!("case $1 in view) {view} ;; *) {install} ;; esac"));
    ended(
        Command::new("bash")
            .args(["-euc", r#". scripts/unavailable.sh; fetch "two things" "npm_has one another" npm install one another"#])
            .env("PATH", format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap()))
            .env("FETCH_SECONDS", seconds)
            .env("ASK_SECONDS", seconds)
            .env("MARK", folder.path().join("mark"))
            .current_dir(ROOT),
    )
}

/// With which status a command ends, and all that it says.
fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

const CANNOT_BE_HAD: Option<i32> = Some(75);
const PATIENT: &str = "600";

#[test]
fn what_a_registry_lacks_or_breaks_off_cannot_be_had_and_is_named() {
    for said in [
        "npm error code E404",
        "npm ERR! code ETIMEDOUT",
        "npm ERR! code ETARGET",
        "go: example.test/m@v1: reading https://proxy.test/m/@v/v1.info: 410 Gone",
        "go: example.test/m@v1: Get \"https://proxy.test/m\": dial tcp: lookup proxy.test: no such host",
        "ERROR: No matching distribution found for one",
        "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool: Read timed out.",
        "E: Unable to locate package one",
    ] {
        let (status, told) = fetched(&format!("echo '{said}' >&2; exit 1"), "exit 0", PATIENT);
        assert_eq!(status, CANNOT_BE_HAD, "{told}");
        assert!(told.contains(&format!("cannot be had here: two things: {said}")), "{told}");
    }
}

#[test]
fn a_registry_that_hangs_holds_no_script() {
    let (status, told) = fetched("sleep 3000", "exit 0", "1");
    assert_eq!(status, CANNOT_BE_HAD, "{told}");
    assert!(told.contains("two things: not within 1 s"), "{told}");
    // Nor while it is asked whether it has a thing.
    let (status, told) = fetched("exit 1", "sleep 3000", "1");
    assert_eq!(status, CANNOT_BE_HAD, "{told}");
}

#[test]
fn a_registry_that_has_only_one_of_two_things_has_not_got_them() {
    let (status, told) = fetched("exit 1", r#"case "$*" in *another*) exit 1 ;; esac"#, PATIENT);
    assert_eq!(status, CANNOT_BE_HAD, "{told}");
}

#[test]
fn what_fails_twice_although_the_registry_has_it_is_a_fault() {
    for said in
        ["npm error code EINTEGRITY", "npm error code EUSAGE", "main.go:1:1: syntax error: unexpected EOF"]
    {
        let (status, told) = fetched(&format!("echo '{said}'; exit 1"), "exit 0", PATIENT);
        assert_eq!(status, Some(1), "{told}");
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn what_fails_once_is_tried_again() {
    let (status, told) = fetched(r#"[ -e "$MARK" ] || { touch "$MARK"; exit 1; }"#, "exit 0", PATIENT);
    assert_eq!(status, Some(0), "{told}");
}

#[test]
fn checks_that_go_by_a_repository_say_so_where_there_is_none() {
    let copy = copy_of_the_checks();
    for script in ["check-spelling.sh", "check-paths.py"] {
        let (status, told) = check(&copy, script, &[]);
        assert_eq!(status, Some(0), "{told}");
        assert!(told.contains("NOT checked"), "{told}");
    }
}

#[test]
fn checks_that_go_by_a_repository_take_one_of_another_owner_and_know_files_that_are_not_added_yet() {
    let copy = copy_of_the_checks();
    // Put together, as all that this file says is looked at as well.
    let new = ["docs", "new.md"].join("/");
    git(&copy, &["init", "--quiet"]);
    fs::create_dir(copy.path().join("docs")).unwrap();
    fs::write(copy.path().join("docs/page.md"), format!("See {new}.\n")).unwrap();
    git(&copy, &["add", "docs/page.md", ".codespellrc"]);
    let foreign = [("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")];

    let (status, told) = check(&copy, "check-paths.py", &foreign);
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains(&format!("docs/page.md:1: there is no {new}")), "{told}");
    fs::write(copy.path().join(&new), "Something.\n").unwrap();
    assert_eq!(check(&copy, "check-paths.py", &foreign).0, Some(0));

    assert_eq!(check(&copy, "check-spelling.sh", &foreign).0, Some(0));
    fs::write(copy.path().join("docs/page.md"), format!("See t{}h page.\n", 'e')).unwrap();
    let (status, told) = check(&copy, "check-spelling.sh", &foreign);
    assert_ne!(status, Some(0), "{told}");
    assert!(told.contains("docs/page.md"), "{told}");
}

/// A folder with the checks alone.
fn copy_of_the_checks() -> TempDir {
    let copy = TempDir::new().unwrap();
    fs::create_dir(copy.path().join("scripts")).unwrap();
    for file in ["scripts/check-spelling.sh", "scripts/check-paths.py", ".codespellrc"] {
        fs::copy(Path::new(ROOT).join(file), copy.path().join(file)).unwrap();
    }
    copy
}

fn git(folder: &TempDir, arguments: &[&str]) {
    let (status, told) = ended(Command::new("git").args(arguments).current_dir(folder));
    assert_eq!(status, Some(0), "{told}");
}

/// How a check ends in that folder; no repository above it counts.
fn check(folder: &TempDir, script: &str, settings: &[(&str, &str)]) -> (Option<i32>, String) {
    ended(
        Command::new(folder.path().join("scripts").join(script))
            .env("GIT_CEILING_DIRECTORIES", std::env::temp_dir())
            .envs(settings.iter().copied())
            .current_dir(folder),
    )
}
