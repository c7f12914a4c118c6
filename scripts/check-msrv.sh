#!/usr/bin/env bash
# Has the oldest compiler that Cargo.toml promises check the library and maxim-dev, where rustup has it. Elsewhere
# it says so; clippy's `incompatible_msrv` watches the use of the standard library there all the same.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v rustup >/dev/null || ! rustup run "$version" rustc --version >/dev/null 2>&1; then
    echo "not checked with Rust $version, which is not installed (rustup toolchain install $version)"
    exit 0
fi
CARGO_TARGET_DIR=$PWD/target/msrv rustup run "$version" cargo check --quiet --locked --workspace
echo "checked with Rust $version"
