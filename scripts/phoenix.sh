#!/usr/bin/env bash
# Sends an agent's conversation to Arize Phoenix and asks it, through its API, what it has; leaves pictures of its pages
# in build/phoenix. Phoenix comes from PyPI, with the versions of tests/interop/phoenix/requirements.txt, into a
# virtual environment outside of the tree (about 1 GB). It runs without telemetry, in a network namespace of its own, in
# which there is no other host. Needs python3 with venv, and unshare.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/unavailable.sh

requirements=$PWD/tests/interop/phoenix/requirements.txt
place=${PHOENIX_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/maxim/phoenix-$(sha256sum "$requirements" | cut -c1-12)}
if [ ! -e "$place/complete" ]; then
    python3 -m venv "$place"
    fetch "Arize Phoenix from PyPI" "pypi_has $place/bin/python arize-phoenix" \
        "$place/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes \
        --requirement "$requirements"
    touch "$place/complete"
fi

work=$PWD/build/phoenix
rm -rf "$work"
mkdir -p "$work"
cc -std=gnu11 -O1 -Iinclude tests/c/otlp.c -o "$work/otlp" -Lbuild/lib -Wl,-rpath,"$PWD/build/lib" -lmaxim -lpthread
unshare --user --map-root-user --net "$place/bin/python" tests/interop/phoenix/check.py "$work" "$work/otlp"
