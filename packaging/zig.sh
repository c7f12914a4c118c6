#!/usr/bin/env bash
# Prints the folder of cargo-zigbuild and of a python3 that has ziglang; installs them there from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/unavailable.sh

zigbuild=0.24.1
zig=0.17.1
kept=build/tools/zig-$zig-$zigbuild
if [ ! -e "$kept/installed" ]; then
    rm -rf "$kept"
    python3 -m venv "$kept" >&2 || unavailable "a virtual environment of Python"
    within "$fetch_seconds" "$kept/bin/pip" install --quiet "cargo-zigbuild==$zigbuild" "ziglang==$zig" >&2 ||
        unavailable "cargo-zigbuild $zigbuild and ziglang $zig from PyPI"
    touch "$kept/installed"
fi
echo "$kept/bin"
