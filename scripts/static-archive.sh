#!/usr/bin/env bash
# Makes a static archive of one object whose only global symbols are the exports.
#
# rustc's archive holds the standard library and every dependency with global symbols, which would
# clash with another Rust library in the same program. So: link it all into one object, starting from
# the exports and dropping what they do not reach, then make every other symbol local.
set -euo pipefail

from=$1
to=$2
symbols=$(dirname "$0")/../maxim.symbols
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

undefined=()
while read -r symbol; do
    undefined+=(-u "$symbol")
done <"$symbols"

# Groups are dissolved: of two that are named alike in a program, as any other Rust library has one, a linker drops
# one, with what local symbols of its library refer to. No stack need be executable: psm's assembly does not say so itself in
# the versions that build with Rust 1.85, and one silent object would make the stack of every program with the archive so.
"${LD:-ld}" -r -z noexecstack --force-group-allocation --gc-sections --gc-keep-exported "${undefined[@]}" -o "$work/all.o" "$from"
# Bitcode that the standard library carries along would only confuse link-time optimisers.
"${OBJCOPY:-objcopy}" --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd --keep-global-symbols="$symbols" "$work/all.o" "$work/maxim.o"
"${READELF:-readelf}" -SW "$work/maxim.o" >"$work/sections"
if grep 'note\.GNU-stack.* X ' "$work/sections" >&2; then
    echo "error: $to would make the stacks of programs executable" >&2
    exit 1
fi
rm -f "$to"
"${AR:-ar}" rcsD "$to" "$work/maxim.o"
