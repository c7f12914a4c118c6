#!/usr/bin/env bash
# Prints the folder of a Rust toolchain that carries the sources of its standard library, which the
# builds for other processors and C libraries compile anew (-Zbuild-std); makes one in build/dist when
# none is installed.
#
# Where rustup's server answers, `rustup component add rust-src` is all it takes. Where only Debian's
# archive does, its newer suites have the sources as a package; they fit a toolchain of the same minor
# version, such as the nightly that came before that release. The sources go into a copy of it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

made=build/dist/toolchain
suites=(forky sid trixie-backports)

complete() { [ -e "$1/lib/rustlib/src/rust/library/std/src/lib.rs" ]; }

for sysroot in "${MAXIM_DIST_SYSROOT:-}" "$(rustc --print sysroot)" "$PWD/$made"; do
    if [ -n "$sysroot" ] && complete "$sysroot"; then
        echo "$sysroot"
        exit 0
    fi
done

# installed MINOR: the folder of an installed toolchain 1.MINOR.
installed() {
    local rustc
    for rustc in "$(rustc --print sysroot)/bin/rustc" "${RUSTUP_HOME:-$HOME/.rustup}"/toolchains/*/bin/rustc; do
        [ -x "$rustc" ] || continue
        if "$rustc" --version | grep -q "^rustc 1\.$1\."; then
            dirname "$(dirname "$rustc")"
            return
        fi
    done
    return 1
}

command -v apt-get >/dev/null || unavailable "rust-src: rustup component add rust-src"
mirror=$(debian_archive)
[ -n "$mirror" ] || unavailable "rust-src: it is not installed, and apt knows no Debian archive"
for suite in "${suites[@]}"; do
    # Lists of its own: the machine's are not touched.
    own=$PWD/build/dist/apt/$suite
    mkdir -p "$own/lists/partial" "$own/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$own/sources.list"
    options=(-q -o "Dir::Etc::SourceList=$own/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$own/lists" -o "Dir::Cache=$own/cache" -o APT::Sandbox::User=root
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
    within "$ask_seconds" apt-get "${options[@]}" update >&2 || continue
    minor=$(apt-cache "${options[@]}" policy rust-src | sed -n 's/^ *Candidate: 1\.\([0-9]*\)\..*/\1/p')
    [ -n "$minor" ] && from=$(installed "$minor") || continue
    (cd "$own" && rm -f rust-src_*.deb && within "$fetch_seconds" apt-get "${options[@]}" download rust-src >&2) || continue
    rm -rf "$made" "$own/unpacked"
    dpkg-deb --extract "$own"/rust-src_*.deb "$own/unpacked"
    # Without copying what is on the same file system anyway; and not into what an interrupted run has left.
    rm -rf "$made.part"
    cp -al "$from" "$made.part" 2>/dev/null || { rm -rf "$made.part"; cp -a "$from" "$made.part"; }
    mkdir -p "$made.part/lib/rustlib/src/rust"
    cp -a "$own"/unpacked/usr/src/rustc-*/. "$made.part/lib/rustlib/src/rust/"
    rm -rf "$own/unpacked"
    mv "$made.part" "$made"
    complete "$made" || unavailable "the standard library's sources: Debian's rust-src is laid out otherwise than expected"
    echo "$PWD/$made"
    exit 0
done
unavailable "the standard library's sources of an installed toolchain: rustup component add rust-src"
