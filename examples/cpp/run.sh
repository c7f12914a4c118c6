#!/usr/bin/env bash
# Builds and runs the C++ examples, or those that are named (quickstart, app_logs), against a maxim-dev of
# its own, and shows what arrived. Needs `make lib server`.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

build/bin/maxim-dev --port 0 --port-file "$work/port" --mode tree >"$work/tree" &
server=$!
until [ -s "$work/port" ]; do
    kill -0 "$server"
    sleep 0.05
done
MAXIM_BASE_URL=http://127.0.0.1:$(cat "$work/port")
export MAXIM_BASE_URL MAXIM_SPOOL_DIR=$work/spool

[ $# -gt 0 ] || set -- quickstart app_logs
for name in "$@"; do
    echo "== $name"
    "${CXX:-c++}" -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude -Ibindings/cpp/include \
        "examples/cpp/$name.cpp" -o "$work/$name" -Lbuild/lib -Wl,-rpath,"$PWD/build/lib" -lmaxim
    "$work/$name"
done

# Told to stop, the server draws what it got.
kill -TERM "$server"
wait "$server"
server=
echo "== what arrived"
sed 1d "$work/tree"
