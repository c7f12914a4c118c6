#!/usr/bin/env bash
# Builds the library for Windows and has it keep its promises under Wine: packaging/test-windows.sh
#
# A DLL and its import library, by the nightly toolchain of packaging/toolchain.sh and Debian's mingw-w64; then, against a
# maxim-dev of this machine (Wine shares its loopback): the C quickstart, attachments, 1,000 records over a process that ends itself,
# another 1,000 over one that is killed, a service that is away and comes back, and a spool that is full. What arrived is
# counted. Wine is no Windows: what only Windows can show is in docs/releasing.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/unavailable.sh

command -v x86_64-w64-mingw32-gcc >/dev/null || unavailable "mingw-w64: apt-get install gcc-mingw-w64-x86-64"
command -v wine >/dev/null || unavailable "Wine: apt-get install wine wine64"
sysroot=$(packaging/toolchain.sh | tail -n 1)

work=$(mktemp -d)
. scripts/server.sh
export WINEPREFIX=$work/wine WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=
# shellcheck disable=SC2329 # by the trap
finish() {
    stop_server
    wineserver --kill 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
fail() { echo "error: $*" >&2; exit 1; }
say() { printf -- '-- %s (%ds)\n' "$*" "$SECONDS"; }

target=x86_64-pc-windows-gnu
say "building for $target"
(
    export PATH=$sysroot/bin:$PATH RUSTC=$sysroot/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$PWD/target/windows
    export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc AR_x86_64_pc_windows_gnu=x86_64-w64-mingw32-ar
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc CARGO_PROFILE_DEV_DEBUG=0
    cargo build --quiet --lib --target "$target" -Z build-std=std,panic_unwind
)
built=target/windows/$target/debug
diff <(x86_64-w64-mingw32-nm "$built/libmaxim.dll.a" | sed -n 's/.* T \(maxim_.*\)/\1/p' | sort) <(sort maxim.symbols) ||
    fail "the DLL's exports"

mkdir "$work/bin"
cp "$built/maxim.dll" "$work/bin/"
for program in examples/c/quickstart.c packaging/windows.c; do
    x86_64-w64-mingw32-gcc -std=gnu11 -O1 -D__USE_MINGW_ANSI_STDIO=1 -Iinclude "$program" -static -o "$work/bin/$(basename "$program" .c).exe" \
        -L"$built" -l:libmaxim.dll.a -lpthread
done
# What Windows has and Wine 8 lacks: where the standard library gets randomness from.
cat >"$work/random.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID place, ULONG length);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE place, SIZE_T length) { return SystemFunction036(place, (ULONG)length); }
C
x86_64-w64-mingw32-gcc -shared -O1 "$work/random.c" -o "$work/bin/bcryptprimitives.dll" -ladvapi32
say "wine"
wine wineboot --init >"$work/boot" 2>&1 || { cat "$work/boot"; fail "Wine does not start"; }

start_server --mode quiet --check-seq --seq-start 1
url=http://127.0.0.1:$port
export MAXIM_BASE_URL=$url
seq_of() { curl --noproxy "*" -sf "$url/seq" | python3 -c 'import json, sys; t = json.load(sys.stdin)["totals"]; print(t["unique"], t["missing"])'; }
lines() { curl --noproxy "*" -sf "$url/stats" | python3 -c 'import json, sys; print(json.load(sys.stdin)["lines"])'; }
reset() { curl --noproxy "*" -sf -X POST "$url/control/reset" >/dev/null; }
host=$work/bin/windows.exe

# until_arrived TOTALS WHAT: has process after process adopt what the ones before it left, for two minutes at most.
until_arrived() {
    local start=$SECONDS
    until [ "$(seq_of)" = "$1" ] || [ $((SECONDS - start)) -gt 120 ]; do
        wine "$host" none 0 finish >"$work/said" 2>&1 || { cat "$work/said"; fail "$2"; }
    done
    [ "$(seq_of)" = "$1" ] || { cat "$work/said"; fail "$2: $(seq_of) (unique, missing) instead of $1"; }
    reset
}

# kept: what was logged last is in files, and nothing was told of.
kept() { ! grep "^host:" "$work/said" || fail "not everything is in files"; }

# logged PID FILE WHAT: waits for the host's line that it has logged.
logged() {
    until grep -q "^logged" "$2"; do
        kill -0 "$1" || { cat "$2"; fail "$3"; }
        sleep 0.2
    done
}

say quickstart
wine "$work/bin/quickstart.exe" >"$work/said" 2>&1 || { cat "$work/said"; fail quickstart; }
cat "$work/said"
[ "$(lines)" -ge 20 ] || fail "the quickstart logged $(lines) lines"
reset

say "attachments"
head -c 100000 /dev/zero >"$work/attached"
HOST_FILE=$(wine winepath -w "$work/attached" | tr -d '\r') HOST_PAD=200000 wine "$host" f 0 finish >"$work/said" 2>&1 ||
    { cat "$work/said"; fail attachments; }
uploaded=$(curl --noproxy "*" -sf "$url/stats" | python3 -c 'import json, sys; t = json.load(sys.stdin); print(t["uploads"], t["upload_bytes"])')
[ "$uploaded" = "2 300000" ] || fail "uploads: $uploaded instead of two of 300,000 bytes"
reset

say "a process that ends itself, and one that is killed"
wine "$host" a 1000 kill >"$work/said" 2>&1 || true
cat "$work/said"
grep -q "^logged" "$work/said" || fail "the process that ends itself"
kept
wine "$host" b 1000 wait >"$work/said" 2>&1 &
waiting=$!
logged $waiting "$work/said" "the process that is to be killed"
# Wine's starter becomes the process itself.
kill -KILL $waiting
wait $waiting || true
kept
until_arrived "2000 0" "adoption"

say "a service that is away"
stop_server
wine "$host" c 500 wait >"$work/said" 2>&1 &
waiting=$!
logged $waiting "$work/said" "without a service"
kill -KILL $waiting
wait $waiting || true
wine "$host" d 500 finish >"$work/away" 2>&1 &
away=$!
logged $away "$work/away" "without a service"
start_server --mode quiet --check-seq --seq-start 1 --port "$port"
wait $away || { cat "$work/away"; fail "a service that is back"; }
cat "$work/away"
until_arrived "1000 0" "what was logged while the service was away"

say "a spool that is full"
stop_server
HOST_MEMORY=4000000 HOST_DISK=8000000 HOST_PAD=1000 wine "$host" e 20000 kill >"$work/said" 2>&1 || true
cat "$work/said"
grep -q "^logged" "$work/said" || fail "a spool that is full"
held=$(find "$WINEPREFIX" -path '*maxim*' -type f -printf '%s\n' | awk '{sum += $1} END {print sum + 0}')
[ "$held" -gt 4000000 ] && [ "$held" -le 12500000 ] || fail "$held bytes in files below a cap of 8,000,000 and 4,000,000"
start_server --mode quiet --check-seq --seq-start 1 --port "$port"
wine "$host" none 0 finish >"$work/said" 2>&1 || { cat "$work/said"; fail "after a spool that was full"; }
cat "$work/said"
read -r unique _ < <(seq_of)
[ "$unique" -gt 2000 ] || fail "$unique records of a full spool arrived"
say "all arrived"
