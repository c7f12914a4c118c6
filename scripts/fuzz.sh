#!/usr/bin/env bash
# Looks for what nobody thought of, for about so many seconds (60): half of them calls of every export by
# chance, the other half damage to the spool and texts against serde_json. `make fuzz` builds what it needs
# first. A failure of the calls names its seed (MAXIM_FUZZ_SEED makes the same choices again); one of the
# others shows the smallest input that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
# What one turn of the second half tries: some ten seconds in a debug build.
cases=100
export MAXIM_FUZZ_SEED=${MAXIM_FUZZ_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
MAXIM_FUZZ_SECONDS=$((seconds / 2)) cargo test --test fuzz -- --nocapture
turns=0
end=$((SECONDS + seconds / 2))
until [ "$SECONDS" -ge "$end" ]; do
    PROPTEST_CASES=$cases cargo test --quiet --lib spool::tests::model
    PROPTEST_CASES=$((cases * 50)) cargo test --quiet --lib text::json
    turns=$((turns + 1))
done
printf 'seed %s, %d turns of %d runs of events and %d texts: nothing found\n' \
    "$MAXIM_FUZZ_SEED" "$turns" "$cases" $((cases * 50))
