//! The header stands alone in every language version that we name, documents every export, and
//! agrees with what the libraries export.

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{Scratch, cc, exported_functions, root, run};

const STRICT: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"];

#[test]
fn the_header_compiles_alone_in_c_and_cpp() {
    let header = root().join("include/maxim.h");
    for standard in ["c99", "c11", "c17", "c2x"] {
        run(cc()
            .args(STRICT)
            .args(["-fsyntax-only", "-x", "c"])
            .arg(format!("-std={standard}"))
            .arg(&header));
    }
    for standard in ["c++11", "c++14", "c++17", "c++20", "c++2b"] {
        run(Command::new("c++")
            .args(STRICT)
            .args(["-fsyntax-only", "-x", "c++"])
            .arg(format!("-std={standard}"))
            .arg(&header));
    }
}

#[test]
fn the_header_may_be_included_twice() {
    let header = root().join("include/maxim.h");
    run(cc()
        .args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-include"])
        .arg(&header)
        .arg(&header));
}

#[test]
fn every_name_of_the_header_has_its_prefix() {
    let output = run(cc().args(["-E", "-dM", "-x", "c"]).arg(root().join("include/maxim.h")));
    let without = run(cc()
        .args(["-E", "-dM", "-x", "c", "-include", "stdbool.h", "-include", "stdint.h"])
        .args(["-include", "string.h", "-include", "stddef.h", "/dev/null"]));
    let before: BTreeSet<&str> = without.lines().collect();
    let foreign: Vec<&str> =
        output.lines().filter(|line| !before.contains(line) && !line.starts_with("#define MAXIM_")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let header = std::fs::read_to_string(root().join("include/maxim.h")).unwrap();
    let foreign: Vec<&str> = header
        .lines()
        .filter(|line| {
            ["typedef struct ", "typedef enum ", "struct ", "enum "].iter().any(|kind| line.starts_with(kind))
        })
        .filter(|line| !line.contains(" maxim_"))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn every_export_is_documented() {
    let functions = exported_functions();
    let bare: Vec<_> = functions.iter().filter(|f| f.doc.is_empty()).map(|f| &f.name).collect();
    assert!(bare.is_empty(), "without a comment: {bare:?}");
}

#[test]
fn the_libraries_export_exactly_what_the_header_declares() {
    let functions = exported_functions();
    let count = functions.len();
    let declared: BTreeSet<String> = functions.into_iter().map(|f| f.name).collect();
    assert_eq!(declared.len(), count, "a function is declared twice");
    let listed: BTreeSet<String> =
        std::fs::read_to_string(root().join("maxim.symbols")).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(declared, listed, "maxim.symbols does not list what include/maxim.h declares");
    for (library, flags) in
        [("lib/libmaxim.so", &["-D", "--defined-only"][..]), ("lib/libmaxim.a", &["-g", "--defined-only"])]
    {
        let symbols = run(Command::new("nm").args(flags).arg(common::built(library)));
        // Behind the name may stand its version; the version has a symbol of its own.
        let name = |line: &str| Some(line.split_whitespace().nth(2)?.split('@').next()?.to_owned());
        let is_version = |name: &String| name.starts_with("LIBMAXIM_");
        let exported: BTreeSet<String> =
            symbols.lines().filter_map(name).filter(|name| !is_version(name)).collect();
        assert_eq!(exported, listed, "{library}");
    }
}

#[test]
fn every_export_of_the_release_library_has_the_symbol_version_of_its_minor_release() {
    let version = format!("LIBMAXIM_{}", env!("CARGO_PKG_VERSION").rsplit_once('.').unwrap().0);
    let symbols = run(Command::new("objdump").arg("-T").arg(common::built("lib/libmaxim.so")));
    let versions: Vec<(&str, &str)> = symbols
        .lines()
        .filter(|line| line.contains(" g ") && !line.contains("*UND*"))
        .filter_map(|line| {
            let mut words = line.split_whitespace().rev();
            Some((words.next()?, words.next()?)).filter(|(name, _)| *name != version)
        })
        .collect();
    assert_eq!(versions.len(), exported_functions().len(), "{symbols}");
    let others: Vec<_> = versions.iter().filter(|(_, of)| *of != version).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn the_static_library_links_beside_another_rust_library_and_into_a_rust_program() {
    let scratch = Scratch::new("beside");
    let archive = common::built("lib/libmaxim.a");
    let rustc = || {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(scratch.path()).args(["--edition", "2024", "-O"]);
        rustc
    };
    let file = |name: &str, text: &str| std::fs::write(scratch.path().join(name), text).unwrap();
    file(
        "other.rs",
        r#"#[unsafe(no_mangle)]
        pub extern "C" fn other(n: u64) -> u64 {
            std::thread::spawn(move || std::panic::catch_unwind(|| format!("{n}").parse().unwrap()).unwrap()).join().unwrap()
        }"#,
    );
    run(rustc().args(["--crate-type", "staticlib", "other.rs"]));
    file(
        "main.c",
        r#"#include <maxim.h>
        unsigned long other(unsigned long);
        int main(void) { return maxim_version()[0] == 0 || other(7) != 7; }"#,
    );
    let other = scratch.path().join("libother.a");
    for order in [[&archive, &other], [&other, &archive]] {
        let program = scratch.path().join("program");
        let include = root().join("include");
        run(cc()
            .arg("-I")
            .arg(include)
            .arg(scratch.path().join("main.c"))
            .args(order)
            .arg("-o")
            .arg(&program)
            .args(["-lpthread", "-ldl", "-lm"]));
        run(&mut Command::new(program));
    }

    file(
        "main.rs",
        r#"#[link(name = "maxim", kind = "static")]
        unsafe extern "C" {
            fn maxim_version() -> *const std::ffi::c_char;
        }
        fn main() {
            std::panic::catch_unwind(|| panic!("of its own")).unwrap_err();
            assert_ne!(unsafe { *maxim_version() }, 0);
        }"#,
    );
    run(rustc().arg("main.rs").arg("-L").arg(archive.parent().unwrap()));
    run(&mut Command::new(scratch.path().join("main")));
}

#[test]
fn the_shared_library_has_a_soname_and_stays_loaded() {
    let dynamic = run(Command::new("readelf").arg("-d").arg(common::built("lib/libmaxim.so")));
    let version = env!("CARGO_PKG_VERSION").rsplit_once('.').unwrap().0;
    assert!(dynamic.contains(&format!("soname: [libmaxim.so.{version}]")), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

#[test]
fn the_layout_of_the_structs_is_the_one_that_was_promised() {
    let scratch = Scratch::new("layout");
    run(&mut Command::new(common::compile("tests/c/layout.c", &scratch)));
}

/// The header with each struct that may grow as an edit makes it, in a directory of its own.
fn edited(scratch: &Scratch, name: &str, edit: impl Fn(&mut Vec<&str>)) -> std::path::PathBuf {
    let mut header = std::fs::read_to_string(root().join("include/maxim.h")).unwrap();
    for structure in common::sized_structs().keys() {
        let (before, rest) = header.split_once(&format!("typedef struct {structure} {{\n")).unwrap();
        let (fields, after) = rest.split_once(&format!("}} {structure};")).unwrap();
        let mut fields: Vec<&str> = fields.split_inclusive(";\n").collect();
        edit(&mut fields);
        header = format!("{before}typedef struct {structure} {{\n{}}} {structure};{after}", fields.concat());
    }
    let directory = scratch.path().join(name);
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("maxim.h"), header).unwrap();
    directory
}

#[test]
fn programs_of_an_older_and_of_a_newer_header_run_with_this_library() {
    let scratch = Scratch::new("versions");
    // An older one did not have the last field of each struct; a newer one has another behind it.
    let older = edited(&scratch, "older", |fields| {
        fields.pop();
    });
    let newer = edited(&scratch, "newer", |fields| fields.push("    maxim_str added_later;\n"));
    let lib = common::library("lib/libmaxim.so");
    let mut lines = Vec::new();
    for headers in [edited(&scratch, "same", |_| ()), older, newer] {
        let server = common::Server::start(&[]);
        let program = headers.join("quickstart");
        run(cc()
            .args(["-std=gnu11", "-Wall", "-Werror", "-I"])
            .arg(&headers)
            .arg(root().join("examples/c/quickstart.c"))
            .arg("-o")
            .arg(&program)
            .arg(&lib)
            .arg(format!("-Wl,-rpath,{}", lib.parent().unwrap().display())));
        run(Command::new(program)
            .env("MAXIM_BASE_URL", server.url())
            .env("MAXIM_SPOOL_DIR", headers.join("spool")));
        lines.push(server.count("lines"));
        assert_eq!(server.count("malformed_lines"), 0, "{}", headers.display());
    }
    assert!(lines[0] > 20 && lines.iter().all(|count| *count == lines[0]), "{lines:?}");
}
