#!/usr/bin/env bash
# Checks how many instructions the hot calls take against benches/instructions.txt; a rise above the
# tolerance fails. --update writes the file anew.
#
# Counted by callgrind on the calling thread, with nobody listening: neither noise on the machine nor
# what the writer does changes the counts, so a regression shows where time would not tell. COUNT calls
# and their warm-up stay within half a segment of the spool, so that no rotation and no wake-up, whose
# moment varies, is among them.
#
# Why a tolerance at all: eight runs of one library differed by 0.05 %, builds of the same source in
# other directories by 0.8 %; another processor gets other string functions from the C library. Another
# compiler makes other code: then the counts are printed and nothing fails.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly recorded=benches/instructions.txt tolerance=5
readonly calls=(tag span result info debug) count=200
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compiler=$(rustc --version)
${CC:-cc} -std=gnu11 -O2 -g -Wall -Wextra -Iinclude benches/instructions.c -o "$work/instructions" \
    -Lbuild/lib -Wl,-rpath,"$PWD/build/lib" -lmaxim
MAXIM_BASE_URL=http://127.0.0.1:9 MAXIM_SPOOL_DIR=$work/spool \
    valgrind --tool=callgrind --callgrind-out-file="$work/dump" --toggle-collect=measured --dump-after=measured \
    "$work/instructions" "$count" "${calls[@]}" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

{
    echo "# Instructions for each call, by scripts/instructions.sh --update"
    echo "# $compiler"
    for i in "${!calls[@]}"; do
        awk -v call="${calls[i]}" -v count="$count" \
            '/^totals:/ { print call, int($2 / count + 0.5); found = 1 } END { exit !found }' "$work/dump.$((i + 1))"
    done
} >"$work/now"

if [ "${1-}" = --update ]; then
    cp "$work/now" "$recorded"
    cat "$recorded"
    exit 0
fi

rose=0 fell=0
for call in "${calls[@]}"; do
    now=$(awk -v call="$call" '$1 == call { print $2 }' "$work/now")
    then=$(awk -v call="$call" '$1 == call { print $2 }' "$recorded")
    verdict=ok
    if [ -z "$then" ]; then
        verdict="NOT RECORDED" rose=1
    elif ((now * 100 > then * (100 + tolerance))); then
        verdict="MORE THAN $tolerance % ABOVE" rose=1
    elif ((now * 100 < then * (100 - tolerance))); then
        verdict="more than $tolerance % below" fell=1
    fi
    printf '%-8s %7d instructions, recorded %7d: %s\n' "$call" "$now" "${then:-0}" "$verdict"
done
if ! grep -qxF "# $compiler" "$recorded"; then
    echo "recorded with $(sed -n '2s/# //p' "$recorded"), this is $compiler: printed only"
elif ((rose)); then
    echo "error: a hot call takes more instructions. If that is worth it, say why in the commit and run" \
        "scripts/instructions.sh --update" >&2
    exit 1
elif ((fell)); then
    echo "A hot call takes fewer instructions: keep that by scripts/instructions.sh --update"
fi
