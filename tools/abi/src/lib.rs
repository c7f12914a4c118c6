//! The one description of the C ABI.
//!
//! `src/ffi` is the truth: this reads it ([`shapes`] first, which makes the entity exports of one table, then
//! [`read`]) into a [`model`], and writes what follows from it: the exports themselves, `include/maxim.api.json`,
//! `include/maxim.h`, the symbols, the layout test, the calls of the tests in C and C++, the tables and constants of the
//! bindings and their reference. The library's build script calls it, with `MAXIM_HEADER=write` (`make header`) or `MAXIM_HEADER=verify` (`make check`).

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

/// Everything that is generated from `src/ffi` below `root`.
pub fn outputs(root: &Path, version: &str) -> Result<Vec<Output>, String> {
    let ffi = root.join("src/ffi");
    let table = fs::read_to_string(ffi.join("entities.shapes"))
        .map_err(|error| format!("entities.shapes: {error}"))?;
    let structs =
        fs::read_to_string(ffi.join("structs.rs")).map_err(|error| format!("structs.rs: {error}"))?;
    let exports = shapes::expand(&table, &read::defaults(&structs)?)?;
    let api = read::api(&ffi, &exports, version)?;
    let mut outputs = vec![
        output("src/ffi/exports.rs", exports),
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
