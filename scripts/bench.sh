#!/usr/bin/env bash
# Measures calls and throughput beside the peers. QUICK=1 takes under a minute: it installs no peer, and
# uses those that an earlier run has installed below build/peers.
set -euo pipefail
cd "$(dirname "$0")/.."

${CC:-cc} -std=gnu11 -O2 -Wall -Wextra -Iinclude benches/calls.c -o build/bin/calls -Lbuild/lib \
    -Wl,-rpath,"$PWD/build/lib" -lmaxim -lpthread
if [ -z "${QUICK-}" ] && [ ! -x build/peers/py/venv/bin/python ]; then
    mkdir -p build/peers/py
    python3 -m venv build/peers/py/venv
    # A failure shows in the table.
    build/peers/py/venv/bin/pip install -q maxim-py timberlogs-client || true
fi
exec python3 benches/run.py
