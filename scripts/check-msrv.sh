#!/usr/bin/env bash
# Has the oldest compiler that Cargo.toml promises (rust-version) check the library, maxim-dev and the tools, with the
# crates of Cargo.lock: this system's own, if it is of that version, else rustup's, else that of Debian's packages, which
# are unpacked into build/tools/msrv and not installed. Where none can be had it says so, and ends with 75
# (scripts/unavailable.sh). With arguments it runs that cargo with them instead: `scripts/check-msrv.sh build --release`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
kept=$PWD/build/tools/msrv/$version

# is_it COMMAND...: whether this compiler runs, and is of that version.
is_it() { [[ $("$@" --version 2>/dev/null) == "rustc $version".* ]]; }
# Debian's, where it was unpacked, and with the libraries that this system lacks.
unpacked() {
    local libraries
    libraries=$(printf "%s:" "$kept"{/usr,}/lib/*-linux-gnu)
    LD_LIBRARY_PATH=${libraries%:} PATH=$kept/usr/bin:$PATH "$@"
}

# The packages of Debian's compiler, with the version that this system's sources have of them.
known() {
    local names found name
    for names in "rustc-web cargo-web libstd-rust-web-dev" "rustc cargo libstd-rust-dev"; do
        found=$(apt-cache madison "${names%% *}" | awk -v start="$version." 'index($3, start) == 1 { print $3; exit }')
        for name in $names; do
            [ -z "$found" ] || echo "$name=$found"
        done
        [ -z "$found" ] || return 0
    done
    return 1
}

unpack() {
    local packages package
    command -v apt-get >/dev/null || unavailable "Rust $version: rustup toolchain install $version"
    if ! packages=$(known) && [ "$(id -u)" -eq 0 ]; then
        within "$ask_seconds" apt-get update -q >&2 || unavailable "Debian's list of packages"
        packages=$(known) || true
    fi
    [ -n "$packages" ] ||
        unavailable "Rust $version: rustup has not got it (rustup toolchain install $version), and apt knows no rustc or rustc-web of that version"
    rm -rf "$kept" "$kept.part"
    mkdir -p "$kept.part/archives/partial"
    # With what they depend on and this system has not got.
    # Words on purpose.
    # shellcheck disable=SC2086
    within "$fetch_seconds" apt-get install -q --yes --download-only --no-install-recommends --allow-downgrades \
        -o Debug::NoLocking=1 -o "Dir::Cache::Archives=$kept.part/archives" $packages >&2 || unavailable "Debian's" $packages
    for package in "$kept.part"/archives/*.deb; do
        dpkg-deb --extract "$package" "$kept.part"
    done
    rm -rf "$kept.part/archives"
    mv "$kept.part" "$kept"
}

if is_it rustc; then
    run=()
elif is_it rustup run "$version" rustc; then
    run=(rustup run "$version")
else
    is_it unpacked rustc || unpack
    is_it unpacked rustc || unavailable "Rust $version: Debian's package does not run here"
    run=(unpacked)
fi
export CARGO_TARGET_DIR=$PWD/target/msrv
if [ $# -gt 0 ]; then
    "${run[@]}" cargo "$@"
else
    "${run[@]}" cargo check --quiet --locked --workspace
    echo "checked with $("${run[@]}" rustc --version)"
fi
