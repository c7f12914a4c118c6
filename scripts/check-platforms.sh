#!/usr/bin/env bash
# Has the compiler check the library for platforms that are in everything others than this machine: one where C's
# `char` is unsigned and the C library is musl, and Windows. Nothing is linked or run (that is `make dist-test`, and
# for Windows packaging/test-windows.sh), so the standard library's sources (packaging/toolchain.sh) and this machine's
# clang are enough; where the sources cannot be had, it says so.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! sysroot=$(packaging/toolchain.sh 2>&1); then
    echo "not checked for other platforms: $(tail -n 1 <<<"$sysroot")"
    exit 0
fi
sysroot=$(tail -n 1 <<<"$sysroot")
export PATH=$sysroot/bin:$PATH RUSTC=$sysroot/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$PWD/target/platforms
for target in aarch64-unknown-linux-musl x86_64-pc-windows-gnu; do
    # clang has no headers of Windows by itself.
    if [[ $target == *-windows-* ]] && ! echo '#include <stdint.h>' | clang --target="$target" -fsyntax-only -x c - 2>/dev/null; then
        echo "not checked for $target: there are no headers of Windows (mingw-w64)"
        continue
    fi
    # ring's C does without a C library's declarations.
    export "CC_${target//-/_}=clang"
    cargo check --quiet --lib --target "$target" -Z build-std=std,panic_unwind
    echo "checked for $target"
done
