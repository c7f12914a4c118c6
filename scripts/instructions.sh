#!/usr/bin/env bash
# Checks how many instructions the hot calls take, against benches/instructions.txt, to 5 %.
# Noise on the machine does not change these counts, so a regression shows where time would not tell.
# --update writes the file anew. Another compiler than the file's makes other code: then the counts
# are reported and nothing fails.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly recorded=benches/instructions.txt tolerance=5
readonly calls=(tag span result info debug)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compiler=$(rustc --version)
${CC:-cc} -std=gnu11 -O2 -g -Wall -Wextra -Iinclude benches/instructions.c -o "$work/instructions" \
    -Lbuild/lib -Wl,-rpath,"$PWD/build/lib" -lmaxim
# No server: the writer's thread is not counted, and waits.
export MAXIM_BASE_URL=http://127.0.0.1:9 MAXIM_SPOOL_DIR=$work/spool

count() {
    valgrind --tool=callgrind --callgrind-out-file="$work/$1.out" --toggle-collect=measured \
        "$work/instructions" "$1" 2000 >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
    awk '/^(summary|totals):/ { print int($2 / 2000 + 0.5); exit }' "$work/$1.out"
}

echo "# Instructions for each call, by scripts/instructions.sh --update" >"$work/now"
echo "# $compiler" >>"$work/now"
for call in "${calls[@]}"; do
    instructions=$(count "$call")
    printf '%s %s\n' "$call" "$instructions" >>"$work/now"
done

if [ "${1-}" = --update ]; then
    cp "$work/now" "$recorded"
    cat "$recorded"
    exit 0
fi

same_compiler=true
grep -qxF "# $compiler" "$recorded" || same_compiler=false
worse=0
for call in "${calls[@]}"; do
    now=$(awk -v call="$call" '$1 == call { print $2 }' "$work/now")
    then=$(awk -v call="$call" '$1 == call { print $2 }' "$recorded")
    verdict=ok
    if [ -z "$then" ]; then
        verdict="not recorded" worse=1
    elif ((now * 100 > then * (100 + tolerance))); then
        verdict="more than $tolerance % above" worse=1
    elif ((now * 100 < then * (100 - tolerance))); then
        verdict="below: run with --update"
    fi
    printf '%-8s %7d instructions, recorded %7d: %s\n' "$call" "$now" "${then:-0}" "$verdict"
done
if ! $same_compiler; then
    echo "recorded with another compiler ($(sed -n '2s/# //p' "$recorded")): not compared"
    exit 0
fi
exit "$worse"
