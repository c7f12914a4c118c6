#!/usr/bin/env bash
# Prints the path of a Node that has what the binding needs (20.16, 22.3 or newer); gets one through npm when the
# system's is older.
#
# Debian 12 brings Node 18 and npm (packages nodejs and npm), which is enough for npm to fetch the package
# `node`: it carries the official binaries. It is kept in build/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

version=22.23.3          # what is installed when there is none
kept=build/tools/node
fits() { [ -x "$1" ] && "$1" -e 'process.exit(process.getBuiltinModule ? 0 : 1)' 2>/dev/null; }

for node in "$(command -v node || true)" "$PWD/$kept/node_modules/node/bin/node"; do
    if fits "$node"; then
        echo "$node"
        exit 0
    fi
done

if ! command -v npm >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "error: Node 20.16 or newer is missing, and npm to get it: install nodejs and npm" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2
    apt-get install -y -q --no-install-recommends nodejs npm >&2
fi
mkdir -p "$kept"
npm install --prefix "$kept" --no-audit --no-fund --silent "node@$version" >&2
echo "$PWD/$kept/node_modules/node/bin/node"
