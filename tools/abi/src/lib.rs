//! The one description of the C ABI.
//!
//! `src/ffi` is the truth: this reads it ([`shapes`] first, which makes the entity exports of one table, then
//! [`read`]) into a [`model`], and writes what follows from it: `include/maxim.api.json`,
//! `include/maxim.h`, the symbols, the layout test, the calls of the tests in C and C++, the tables and constants of the
//! bindings and their reference. The library's build script calls it: for the exports at each build, for the rest with
//! `MAXIM_HEADER=write` (`make header`) or `MAXIM_HEADER=verify` (`make check`).

#![forbid(unsafe_code)]

mod bindings;
mod calls;
mod constants;
mod header;
pub mod model;
mod output;
mod read;
mod reference;
mod shapes;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

pub use output::Output;
use output::output;

/// The exports of the entities, as Rust: what the library includes.
pub fn exports(root: &Path) -> Result<String, String> {
    let read = |name: &str| {
        fs::read_to_string(root.join("src/ffi").join(name)).map_err(|error| format!("{name}: {error}"))
    };
    shapes::expand(&read("entities.shapes")?, &read::defaults(&read("structs.rs")?)?)
}

/// Everything that is written into the tree at `root`, generated from its `src/ffi`.
pub fn outputs(root: &Path, version: &str) -> Result<Vec<Output>, String> {
    let api = read::api(&root.join("src/ffi"), &exports(root)?, version)?;
    let mut outputs = vec![
        output(
            "include/maxim.api.json",
            serde_json::to_string_pretty(&api).map_err(|error| error.to_string())? + "\n",
        ),
        output("include/maxim.h", header::header(&api)),
        output("maxim.symbols", symbols(&api)),
        output("maxim.map", version_script(&api)),
        output("tests/c/layout.c", header::layout(&api)),
        output("tests/c/entity_calls.h", calls::calls(&api)),
        output("bindings/cpp/tests/entity_calls.hpp", calls::cpp(&api)),
    ];
    outputs.extend(bindings::outputs(&api));
    outputs.extend(constants::outputs(&api)?);
    outputs.extend(reference::outputs(&api));
    Ok(outputs)
}

fn sorted(api: &model::Api) -> Vec<&str> {
    let mut names: Vec<&str> = api.functions.iter().map(|function| &*function.name).collect();
    names.sort_unstable();
    names
}

fn symbols(api: &model::Api) -> String {
    sorted(api).into_iter().map(|name| format!("{name}\n")).collect()
}

/// What a linker gives the exports' version: it stays with a symbol for as long as its signature does.
fn version_script(api: &model::Api) -> String {
    let minor = api.version.rsplit_once('.').map_or(&*api.version, |(minor, _)| minor);
    let names: String = sorted(api).into_iter().map(|name| format!("        {name};\n")).collect();
    format!("LIBMAXIM_{minor} {{\n    global:\n{names}    local:\n        *;\n}};\n")
}

/// Writes what is not as it should be, and says what that was.
pub fn write(root: &Path, version: &str) -> Result<Vec<PathBuf>, String> {
    let stale = stale(root, version)?;
    for output in &stale {
        fs::write(root.join(&output.path), &output.content)
            .map_err(|error| format!("{}: {error}", output.path.display()))?;
    }
    Ok(stale.into_iter().map(|output| output.path).collect())
}

/// The files that are not what would be written.
pub fn stale(root: &Path, version: &str) -> Result<Vec<Output>, String> {
    let mut outputs = outputs(root, version)?;
    outputs
        .retain(|output| fs::read_to_string(root.join(&output.path)).unwrap_or_default() != output.content);
    Ok(outputs)
}
