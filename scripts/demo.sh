#!/usr/bin/env bash
# Runs the C examples against a local maxim-dev and shows what arrived: as a tree, and with KEEP=1 in a browser until
# it is stopped.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
. scripts/server.sh
trap 'stop_server; rm -rf "$work"' EXIT

start_server --port "${PORT:-0}" --mode tree
export MAXIM_BASE_URL=http://127.0.0.1:$port MAXIM_SPOOL_DIR=$work/spool

for example in examples/c/*.c; do
    name=$(basename "$example" .c)
    echo "== $name"
    ${CC:-cc} -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror -Iinclude "$example" \
        -o "$work/$name" -Lbuild/lib -Wl,-rpath,"$PWD/build/lib" -lmaxim
    "$work/$name"
done

if [ -n "${KEEP:-}" ]; then
    echo
    echo "== what arrived"
    build/bin/maxim-dev tree --port "$port"
    echo
    echo "The same in a browser, until Ctrl-C: http://127.0.0.1:$port/"
    trap - INT
    wait "$server" || true
    server=
    exit 0
fi

echo
finish_server
echo "To see the same in a browser: make demo KEEP=1 PORT=8899, then http://127.0.0.1:8899/"
