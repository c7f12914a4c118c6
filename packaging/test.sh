#!/usr/bin/env bash
# Tests what packaging/dist.sh has built, each where nothing else is: packaging/test.sh [PLATFORM...]
# SHORT=1 leaves out the packages, and without names every platform but this machine's processor's glibc.
#
# For each archive: what it needs of the system and tells of its builder; then, in a root that has a C library only
# (by qemu-user for another processor), the C quickstart, 1,000 records over a SIGKILL, and forked children, with
# what arrived counted by a maxim-dev. Then the packages, each installed from a local registry by its manager.
set -euo pipefail
# What sorts names does so as maxim.symbols is sorted.
export LC_ALL=C
cd "$(dirname "$0")/.."

version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
release=$PWD/build/dist/release
here=$(uname -m)
# What the largest has, and little more: whoever adds to it sees it here (docs/releasing.md has what takes the room).
most_bytes=4800000
most_glibc=2.17
if [ $# -gt 0 ]; then platforms=("$@")
elif [ -n "${SHORT:-}" ]; then platforms=("$here-linux-gnu")
else mapfile -t platforms < <(cut -d ' ' -f 1 packaging/platforms)
fi

work=$(mktemp -d)
. scripts/server.sh
. packaging/in-root.sh
# shellcheck disable=SC2329 # by the trap
finish() {
    stop_server
    rm -rf "$work" "$PWD"/build/dist/roots/*/test/*
}
trap finish EXIT
fail() { echo "error: $*" >&2; exit 1; }
say() { printf -- '-- %s (%ds)\n' "$*" "$SECONDS"; }

# totals: "unique missing" of the marked records that arrived.
totals() { curl --noproxy "*" -sf "$url/seq" | python3 -c 'import json, sys; t = json.load(sys.stdin)["totals"]; print(t["unique"], t["missing"])'; }
lines() { curl --noproxy "*" -sf "$url/stats" | python3 -c 'import json, sys; print(json.load(sys.stdin)["lines"])'; }
# expect WHAT COUNT: so many marked records have arrived since the last reset, and none is missing.
expect() {
    local got
    got=$(totals)
    [ "$got" = "$2 0" ] || fail "$1: $got (unique, missing) instead of $2 0"
    curl --noproxy "*" -sf -X POST "$url/control/reset" >/dev/null
}

# binutils NAME ARGUMENTS...: of the processor at hand.
binutils() {
    local name=$1
    shift
    "$arch-linux-gnu-$name" "$@"
}

contents() {
    local library=$archive/lib/libmaxim.so.$version file needs
    for file in include/maxim.h include/maxim.api.json include/maxim/maxim.hpp lib/libmaxim.a lib/pkgconfig/maxim.pc lib/cmake/maxim/maxim-config.cmake \
        bin/maxim-dev share/man/man1/maxim-dev.1 share/man/man3/libmaxim.3 \
        share/{bash-completion/completions/maxim-dev,zsh/site-functions/_maxim-dev,fish/vendor_completions.d/maxim-dev.fish} \
        share/doc/maxim/{README.md,docs/abi.md,LICENSE-MIT,LICENSE-APACHE,THIRD-PARTY-LICENSES,maxim.cdx.json}; do
        [ -s "$archive/$file" ] || fail "$file is missing"
    done
    # Each with its version.
    diff <(binutils nm -D --defined-only "$library" | awk '$3 !~ /^LIBMAXIM/ {print $3}' | sort) \
        <(sed "s/\$/@@LIBMAXIM_${version%.*}/" maxim.symbols) || fail "the shared library's exports"
    diff <(binutils nm -g --defined-only "$archive/lib/libmaxim.a" | awk 'NF == 3 {print $3}' | sort) maxim.symbols ||
        fail "the static library's symbols"
    # Another compiler makes another size: the short form, which any machine may run, only says so.
    [ "$(stat -c %s "$library")" -le $most_bytes ] || [ -n "${SHORT:-}" ] || fail "$library is larger than $most_bytes bytes"
    if [ "$libc" = gnu ]; then
        needs=$(binutils objdump -T "$library" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1)
        [ "$(printf '%s\n' "GLIBC_$most_glibc" "$needs" | sort -V | tail -n 1)" = "GLIBC_$most_glibc" ] || fail "needs $needs"
    fi
    binutils readelf -dW "$library" | grep -q 'BIND_NOW' || fail "not bound at once"
    binutils readelf -lW "$library" | grep -q 'GNU_RELRO' || fail "relocations stay writable"
    binutils readelf -lW "$library" | grep -E 'GNU_STACK' | grep -qv 'E ' || fail "the stack is executable"
    # /libmaxim is what this folder is called in there (packaging/build.sh).
    local folders=(-e "${CARGO_HOME:-$HOME/.cargo}/registry/" -e "${RUSTUP_HOME:-$HOME/.rustup}/toolchains/")
    [ "$PWD" = /libmaxim ] || folders+=(-e "$PWD/src/" -e "$PWD/dev-server/" -e "$PWD/target/" -e "$PWD/build/")
    ! cat "$archive"/lib/lib* "$archive/bin/maxim-dev" | strings | grep -F "${folders[@]}" || fail "folders of the builder are inside"
    echo "shared $(stat -c %s "$library") bytes, static $(stat -c %s "$archive/lib/libmaxim.a") bytes; needs ${needs:-musl}: $(binutils readelf -dW "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | paste -sd ' ')"
}

# until_arrived TOTALS WHAT: has process after process adopt what the ones before it left, for ten minutes at most.
until_arrived() {
    local start=$SECONDS
    until [ "$(totals)" = "$1" ] || [ $((SECONDS - start)) -gt 600 ]; do
        in_root probe new sleep:200 flush:60000 cleanup:60000 exit:0 >"$work/said" 2>&1 || { cat "$work/said"; fail "$2"; }
    done
}

promises() {
    local compiler status
    compiler=$(packaging/cc.sh "$platform")
    root=$(packaging/root.sh "$platform" 2>"$work/root.log") || { cat "$work/root.log"; fail "no root for $platform"; }
    rm -rf "$root"/test/*
    cp -P "$archive"/lib/libmaxim.so* "$root/test/"
    for program in examples/c/quickstart.c tests/c/probe.c; do
        "$compiler" -std=gnu11 -O1 -I"$archive/include" -Itests/c "$program" -o "$root/test/$(basename "$program" .c)" \
            -L"$archive/lib" -lmaxim -lpthread -ldl -lm
    done
    # By the static library too: it links, and says the version.
    "$compiler" -std=gnu11 -O1 -I"$archive/include" examples/c/quickstart.c -o "$root/test/quickstart-static" \
        "$archive/lib/libmaxim.a" -lpthread -ldl -lm
    server_program=$archive/bin/maxim-dev
    for_processor
    if [ -n "$qemu" ]; then
        printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$qemu" "$server_program" >"$work/maxim-dev"
        chmod +x "$work/maxim-dev"
        server_program=$work/maxim-dev
    fi
    start_server --mode quiet --check-seq --seq-start 1
    url=http://127.0.0.1:$port
    key=$platform-$$-$RANDOM

    for program in quickstart quickstart-static; do
        in_root "$program" >"$work/said" 2>&1 || { cat "$work/said"; fail "$program"; }
        [ "$(lines)" -ge 20 ] || fail "$program logged $(lines) lines"
        curl --noproxy "*" -sf -X POST "$url/control/reset" >/dev/null
    done
    status=0
    # The shell that waits says "Killed".
    { in_root probe new log:1000:a kill; } >"$work/said" 2>&1 || status=$?
    [ $status -eq 137 ] || { cat "$work/said"; fail "the process that kills itself ended with $status"; }
    in_root probe new log:10:b flush:60000 cleanup:60000 exit:0 >"$work/said" 2>&1 ||
        { cat "$work/said"; fail "the process after it"; }
    until_arrived "1010 0" "adoption"
    expect "SIGKILL and adoption" 1010
    # qemu-user says that it takes MADV_WIPEONFORK and does not, so that a raw clone, the sixth child's way, goes unnoticed.
    local forks=8
    [ -z "$qemu" ] || forks=5
    in_root probe new log:5:p "forks:$forks:10:300" flush:60000 cleanup:60000 exit:0 >"$work/said" 2>&1 || { cat "$work/said"; fail "forked children"; }
    until_arrived "$((5 + forks * 10)) 0" "forked children"
    expect "forked children" $((5 + forks * 10))
    stop_server
    echo "quickstart (shared and static), 1,010 records over a SIGKILL, $((5 + forks * 10)) of a process and $forks forked children: all arrived"
}

for platform in "${platforms[@]}"; do
    name=libmaxim-$version-$platform
    say "$platform"
    [ -e "$release/$name.tar.gz" ] || fail "$name.tar.gz is missing: make dist"
    tar -xzf "$release/$name.tar.gz" -C "$work"
    archive=$work/$name
    arch=${platform%%-*}
    libc=${platform##*-}
    contents
    promises
done
[ -z "${SHORT:-}" ] || exit 0
say checksums
(cd "$release" && sha256sum --quiet --check SHA256SUMS)
packaging/test-packages.sh
say "all release tests passed"
