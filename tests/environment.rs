//! The table of environment variables (`docs/environment.md`) has every variable that the library reads, and no other.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{api, root};

/// The variables of ours that are named in quotes in the sources of a directory.
fn named(directory: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.ends_with("tests") || path.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            named(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let quoted = source.split('"');
            names.extend(quoted.filter(|text| is_variable(text)).map(str::to_owned));
        }
    }
}

fn is_variable(text: &str) -> bool {
    text.len() > "MAXIM_".len()
        && text.starts_with("MAXIM_")
        && !text.starts_with("MAXIM_ERR_")
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
}

#[test]
fn every_variable_that_the_library_reads_is_in_the_table_and_no_other() {
    let mut read = BTreeSet::new();
    named(&root().join("src"), &mut read);
    // Constants of the header are no variables.
    let api = api();
    let constants: BTreeSet<String> = ["constants", "enums"]
        .iter()
        .flat_map(|kind| api[kind].to_string().split('"').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    read.retain(|name| !constants.contains(name));
    let table = std::fs::read_to_string(root().join("docs/environment.md")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let written: BTreeSet<String> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap().split('`').map(str::to_owned))
        .filter(|text| is_variable(text))
        .collect();
    assert!(read.len() > 5, "{read:?}");
    assert_eq!(written, read);
}
