#!/usr/bin/env bash
# Measures calls and throughput beside the peers, and prints it all as Markdown; benches/README.md tells
# how. QUICK=1 takes under a minute: it makes fewer calls, and installs and builds nothing but the C
# programs, so that of peers and bindings it shows those that an earlier run has prepared.
set -euo pipefail
cd "$(dirname "$0")/.."

to=build/bench
mkdir -p "$to"
link=(-Iinclude -Lbuild/lib -Wl,-rpath,"$PWD/build/lib" -lmaxim -lpthread)
${CC:-cc} -std=gnu11 -O2 -Wall -Wextra benches/calls.c -o "$to/calls" "${link[@]}"
${CC:-cc} -std=gnu11 -O2 -Wall -Wextra benches/threads.c -o "$to/threads" "${link[@]}"

NODE=$(scripts/install-node.sh)
export NODE

# Tells what it does only if it fails: then the table has a row without figures.
prepare() {
    local name=$1
    shift
    "$@" >"$to/$name.log" 2>&1 || { echo "$name cannot be measured: see $to/$name.log" >&2; rm -f "$to/$name"; }
}

go_bench() {
    local go
    go=$(scripts/install-go.sh)
    (cd bindings/go && GOTOOLCHAIN=local "$go" test -c -o "../../$to/go" .)
}
node_bench() {
    export PATH=${NODE%/*}:$PATH
    [ -d bindings/node/node_modules/node-api-headers ] || npm ci --prefix bindings/node --prefer-offline --no-audit --no-fund
    make -C bindings/node all
}
ruby_bench() {
    (cd bindings/ruby && rake --silent compile)
}

if [ -z "${QUICK-}" ]; then
    benches/peers/install.sh
    # Its headers are in no registry: measured where somebody has them.
    if [ -n "${QUILL-}" ]; then
        prepare quill_threads "${CXX:-g++}" -std=c++20 -O2 -I"$QUILL" benches/peers/cpp/quill_threads.cpp \
            -o "$to/quill_threads" -lpthread
    fi
    prepare cpp "${CXX:-g++}" -std=c++17 -O2 -Ibindings/cpp/include bindings/cpp/bench/add_tag.cpp \
        -o "$to/cpp" "${link[@]}"
    prepare go go_bench
    prepare node node_bench
    prepare ruby ruby_bench
fi
exec python3 benches/run.py
