#!/usr/bin/env bash
# Attacks the promise that nothing is lost and nobody harmed, at full size, and prints one table.
# `make torture` builds what it needs first. A name as argument runs the tests that contain it.
set -euo pipefail
cd "$(dirname "$0")/.."

# Two tests at a time, as most of them wait. The limit is longer than any run has taken; a run that hangs has failed.
limit_s=1500
table=$(mktemp)
trap 'rm -f "$table"' EXIT
verdict=0
MAXIM_TORTURE=${MAXIM_TORTURE:-full} MAXIM_TORTURE_TABLE=$table \
    timeout "$limit_s" cargo test --test torture -- --test-threads 2 "$@" || verdict=$?

printf '\n'
{
    printf 'test\taccepted\tdelivered\theld\tdropped\tduplicates\tcrashes\tverdict\tseconds\tfigures\n'
    sort "$table"
} | column -t -s $'\t'
exit "$verdict"
