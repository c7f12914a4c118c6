//! Generates `include/maxim.h` with cbindgen when asked to, and gives the shared library its SONAME.
//!
//! A plain `cargo build` never writes into the source tree: `MAXIM_HEADER=write` (what `make header`
//! sets) writes the header, `MAXIM_HEADER=verify` fails when the committed one is not what would be
//! written.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-env-changed=MAXIM_HEADER");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=include/maxim.h");
    link_arguments();
    let Ok(wish) = env::var("MAXIM_HEADER") else { return };
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let header = Path::new(&root).join("include/maxim.h");
    let bindings = abi(Path::new(&root)).expect("cbindgen reads src/ffi");
    match wish.as_str() {
        "write" => {
            bindings.write_to_file(&header);
        }
        "verify" => {
            let mut fresh = Vec::new();
            bindings.write(&mut fresh);
            let committed = std::fs::read(&header).unwrap_or_default();
            assert!(committed == fresh, "include/maxim.h is not up to date: run `make header` and commit it");
        }
        other => panic!("MAXIM_HEADER is `{other}`; it can be `write` or `verify`"),
    }
}

/// What src/ffi declares, and nothing of the other rooms: their constants and enums are not the ABI.
/// cbindgen follows the `mod` lines of a file it is given.
fn abi(root: &Path) -> Result<cbindgen::Bindings, cbindgen::Error> {
    let mut config = cbindgen::Config::from_root_or_default(root);
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets the version");
    // cbindgen has no way to write a text constant.
    config.after_includes = config.after_includes.map(|text| text.replace("@VERSION@", &version));
    cbindgen::Builder::new().with_config(config).with_src(root.join("src/ffi/mod.rs")).generate()
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
