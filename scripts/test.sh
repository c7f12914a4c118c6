#!/usr/bin/env bash
# Runs every test of the library and of its bindings. `make test` builds what they need first.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    printf '\n== %s (%ds)\n' "$1" "$SECONDS"
    shift
    "$@"
}

step "library, server and promises" cargo test --workspace --features maxim/test-hooks
step "instructions of the hot calls" scripts/instructions.sh
for binding in scripts/test-*.sh; do
    [ -e "$binding" ] || continue
    name=${binding##*/test-}
    step "binding: ${name%.sh}" "$binding"
done
step "demo" scripts/demo.sh
printf '\nall tests passed in %d s\n' "$SECONDS"
