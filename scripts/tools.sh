#!/usr/bin/env bash
# Makes sure that every tool the tests need is there: installs the missing Debian packages when run
# by root on a system with apt, names them in one line and fails otherwise. Go and Node, which Debian
# has too old, are seen to by install-go.sh and install-node.sh.
set -euo pipefail

# command:package that brings it
commands=(
    cc:gcc c++:g++ make:make objcopy:binutils clang:clang cmake:cmake pkg-config:pkg-config
    valgrind:valgrind strace:strace python3:python3 curl:curl
    ruby:ruby rake:rake puma:puma unicorn:unicorn npm:npm
)
# Packages without a command of their own.
packages=(
    libc6-dev ca-certificates libgtest-dev nlohmann-json3-dev libspdlog-dev
    ruby-dev ruby-minitest ruby-rack ruby-activesupport
)

if ! command -v cargo >/dev/null; then
    echo "error: cargo is missing: install Rust 1.88 or newer (rustup or your distribution)" >&2
    exit 1
fi

missing=()
for entry in "${commands[@]}"; do
    command -v "${entry%%:*}" >/dev/null || missing+=("${entry#*:}")
done
if command -v dpkg-query >/dev/null; then
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
fi
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
