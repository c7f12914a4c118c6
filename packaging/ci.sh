#!/usr/bin/env bash
# For CI: builds the release archive of this machine's platform and tests it where nothing else is (`make dist` and
# `make dist-test` with SHORT=1), so that packaging/ does not rot unseen.
#
# What that needs beyond `make test` is looked for first: room on the disk, the right to mount, the sources of
# Rust's standard library, zig, an old glibc, crates. What cannot be had is said by name, and ends this well, as a
# registry that does not answer is no fault of the tree (scripts/unavailable.sh); a script of ours that is broken, or a
# Cargo.lock that is out of date, is one. Nothing is fetched after that, so that what fails then is the tree's.
# The whole of it ends after CEILING seconds (780), well too: then the machine was too slow or too busy.
set -euo pipefail
cd "$(dirname "$0")/.."

ceiling=${CEILING:-780}
arch=$(uname -m)
platform=$arch-linux-gnu
room_mb=5000
seen_with=1.97
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/log"

# skip WHY: ends this well, with what the last command said.
skip() {
    tail -n 5 "$work/log" | sed 's/^/    /'
    echo "release archive: NOT built or tested to the end here, after $SECONDS s: $*"
    exit 0
}

# within SECONDS COMMAND...: with what it says in the log, and never beyond the ceiling.
within() {
    local seconds=$1 left=$((ceiling - SECONDS))
    shift
    [ "$seconds" -le $left ] || seconds=$left
    [ "$seconds" -gt 0 ] || return 124
    timeout --kill-after=10 "$seconds" "$@" >"$work/log" 2>&1 </dev/null
}

free_mb() { df -Pm . | awk 'NR == 2 { print $4 }'; }

# at_its_end WHAT: ends this well if the disk or the memory is full.
at_its_end() {
    [ "$(free_mb)" -ge 200 ] || skip "$1: the disk is full"
    ! grep -q 'signal: 9, SIGKILL\|No space left on device\|Cannot allocate memory' "$work/log" ||
        skip "$1: out of memory or room"
}

# fault WHAT: ends this badly.
fault() {
    cat "$work/log"
    echo "error: the release archive of $platform: $1" >&2
    exit 1
}

# obtain SECONDS WHAT COMMAND...: of a script of packaging/ only 75 says that it cannot be had here.
obtain() {
    local seconds=$1 what=$2 status=0
    shift 2
    within "$seconds" "$@" || status=$?
    case $status:$1 in
        0:*) echo "release archive: there is $what ($SECONDS s)" ;;
        124:* | 137:*) skip "no $what within $seconds s" ;;
        75:packaging/*) skip "no $what" ;;
        *:packaging/*)
            at_its_end "$what"
            fault "$1 is broken: it ended with $status"
            ;;
        *)
            ! grep -q 'because --locked was passed' "$work/log" || fault "Cargo.lock is out of date"
            skip "no $what"
            ;;
    esac
}

# holds WHAT COMMAND...: what fails now is a fault, unless the machine was at its end.
holds() {
    local what=$1 status=0 left=$((ceiling - SECONDS))
    shift
    within "$ceiling" "$@" || status=$?
    [ $status -ne 0 ] || { echo "release archive: $what ($SECONDS s)"; return; }
    case $status in 124 | 137) skip "$what took longer than the $left s that were left of $ceiling" ;; esac
    at_its_end "$what"
    fault "not $what: it ended with $status"
}

# What a namespace of its own is for in packaging/test.sh.
cat >"$work/rights" <<'END_OF_RIGHTS'
mkdir "$1/proc" "$1/dev"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
chroot / true
END_OF_RIGHTS

grep -q "^$platform " packaging/platforms || skip "$platform is not in packaging/platforms"
for tool in "$arch-linux-gnu-"{strip,ld,objcopy,ar,nm,objdump,readelf} strings curl unshare chroot apt-get dpkg-deb git gzip; do
    command -v "$tool" >/dev/null || skip "no $tool"
done
obtain 30 "Python with tomllib and venv" python3 -c 'import ensurepip, tomllib, venv'
obtain 30 "right to mount and to change the root" unshare --mount --propagation private sh -eu "$work/rights" "$work"
[ "$(free_mb)" -ge $room_mb ] || skip "$(free_mb) MB are left on the disk, of $room_mb that it may take"
obtain 240 "Rust toolchain with the sources of its standard library" packaging/toolchain.sh
sysroot=$(packaging/toolchain.sh)
[ -e "$sysroot/lib/rustlib/src/rust/library/std/src/lib.rs" ] || fault "packaging/toolchain.sh is broken: $sysroot has no sources"
# What another compiler makes of it is for a release to see.
compiler=$("$sysroot/bin/rustc" --version)
[[ $compiler == "rustc $seen_with."* ]] || skip "$compiler is not $seen_with, with which this was seen to work"
obtain 240 "zig" packaging/zig.sh
obtain 180 "old glibc" packaging/root.sh "$platform"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
fetch=(env RUSTC_BOOTSTRAP=1 "RUSTC=$sysroot/bin/rustc" "$sysroot/bin/cargo" fetch --locked)
obtain 180 "set of crates" "${fetch[@]}"
obtain 180 "set of the standard library's crates" "${fetch[@]}" --manifest-path "$sysroot/lib/rustlib/src/rust/library/Cargo.toml"

export CARGO_NET_OFFLINE=true SHORT=1
holds "built" packaging/dist.sh "$platform"
holds "tested" packaging/test.sh "$platform"
cat "$work/log"
