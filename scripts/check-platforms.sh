#!/usr/bin/env bash
# Has the compiler check the library for a platform that is in everything another than this machine: C's `char`
# is unsigned there, and the C library is musl. Nothing is linked or run (that is `make dist-test`), so the
# standard library's sources (packaging/toolchain.sh) and this machine's clang are enough; where the sources
# cannot be had, it says so.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! sysroot=$(packaging/toolchain.sh 2>&1); then
    echo "not checked for other platforms: $(tail -n 1 <<<"$sysroot")"
    exit 0
fi
sysroot=$(tail -n 1 <<<"$sysroot")
export PATH=$sysroot/bin:$PATH RUSTC=$sysroot/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$PWD/target/platforms
target=aarch64-unknown-linux-musl
# ring's C does without a C library's declarations.
export "CC_${target//-/_}=clang"
cargo check --quiet --lib --target "$target" -Z build-std=std,panic_unwind
echo "checked for $target"
