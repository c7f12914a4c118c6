#!/usr/bin/env bash
# Makes sure that every tool the tests need is there: installs the missing Debian packages when run
# by root on a system with apt, names them in one line and fails otherwise.
set -euo pipefail

# command, package that brings it
tools=(
    cc:gcc
    c++:g++
    make:make
    objcopy:binutils
    valgrind:valgrind
    strace:strace
    python3:python3
    pkg-config:pkg-config
    cmake:cmake
    clang:clang
)

if ! command -v cargo >/dev/null; then
    echo "error: cargo is missing: install Rust 1.88 or newer (rustup or your distribution)" >&2
    exit 1
fi

missing=()
for tool in "${tools[@]}"; do
    command -v "${tool%%:*}" >/dev/null || missing+=("${tool#*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends "${missing[@]}"
    exit 0
fi
echo "error: missing tools; install these packages: ${missing[*]}" >&2
exit 1
