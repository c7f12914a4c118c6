#!/usr/bin/env bash
# Builds and runs the C++ examples, or those that are named (quickstart, app_logs), against a maxim-dev of
# its own, and shows what arrived. Needs `make lib server`.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
. scripts/server.sh
trap 'stop_server; rm -rf "$work"' EXIT

start_server --mode tree
export MAXIM_BASE_URL=http://127.0.0.1:$port MAXIM_SPOOL_DIR=$work/spool

[ $# -gt 0 ] || set -- quickstart app_logs
for name in "$@"; do
    echo "== $name"
    "${CXX:-c++}" -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude -Ibindings/cpp/include \
        "examples/cpp/$name.cpp" -o "$work/$name" -Lbuild/lib -Wl,-rpath,"$PWD/build/lib" -lmaxim
    "$work/$name"
done

finish_server
