//! Makes the exports of the entities of `src/ffi/entities.shapes`, has `tools/abi` write the header and all else that is
//! generated from `src/ffi` when asked to, and gives the shared library its SONAME.
//!
//! A plain `cargo build` never writes into the source tree: `MAXIM_HEADER=write` (what `make header` sets) does,
//! `MAXIM_HEADER=verify` fails when what is committed is not what would be written.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-env-changed=MAXIM_HEADER");
    println!("cargo::rerun-if-changed=tools/abi");
    println!("cargo::rerun-if-changed=src");
    link_arguments();
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let root = Path::new(&root);
    let exports = maxim_abi::exports(root).unwrap_or_else(|error| panic!("{error}"));
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("exports.rs"), exports).expect("cargo makes OUT_DIR");
    let Ok(wish) = env::var("MAXIM_HEADER") else { return };
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets the version");
    for output in maxim_abi::outputs(root, &version).unwrap_or_else(|error| panic!("{error}")) {
        println!("cargo::rerun-if-changed={}", output.path.display());
    }
    match wish.as_str() {
        "write" => {
            maxim_abi::write(root, &version).unwrap_or_else(|error| panic!("{error}"));
        }
        "verify" => {
            let stale = maxim_abi::stale(root, &version).unwrap_or_else(|error| panic!("{error}"));
            let names: Vec<_> = stale.iter().map(|output| output.path.display().to_string()).collect();
            assert!(names.is_empty(), "not up to date: {}; run `make header` and commit", names.join(", "));
        }
        other => panic!("MAXIM_HEADER is `{other}`; it can be `write` or `verify`"),
    }
}

/// The shared library's name for the dynamic linker carries major.minor before 1.0, because a minor
/// release may then change the ABI. It is never unloaded: its threads and thread-locals outlive
/// `dlclose`.
fn link_arguments() {
    let version = |part: &str| env::var(format!("CARGO_PKG_VERSION_{part}")).expect("cargo sets the version");
    match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux" | "freebsd" | "android") => {
            let soname = format!("libmaxim.so.{}.{}", version("MAJOR"), version("MINOR"));
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{soname}");
            println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
        Ok("macos") => {
            let name = format!("libmaxim.{}.{}.dylib", version("MAJOR"), version("MINOR"));
            println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/{name}");
        }
        _ => {}
    }
}
