#!/usr/bin/env bash
# Prints the path of a Node that has what the binding needs (20.16, 22.3 or newer); gets one through npm when the
# system's is older.
#
# Debian 12 brings Node 18 and npm (packages nodejs and npm), which is enough for npm to fetch the package
# `node`: it carries the official binaries. It is kept in build/tools.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

version=22.23.3          # what is installed when there is none
kept=build/tools/node
fits() { [ -x "$1" ] && "$1" -e 'process.exit(process.getBuiltinModule ? 0 : 1)' 2>/dev/null; }

for node in "$(command -v node || true)" "$PWD/$kept/node_modules/node/bin/node"; do
    if fits "$node"; then
        echo "$node"
        exit 0
    fi
done

command -v npm >/dev/null ||
    install_packages "Node 20.16 or newer is missing, and npm to get it: install nodejs and npm" nodejs npm
mkdir -p "$kept"
within "$fetch_seconds" npm install --prefix "$kept" --no-audit --no-fund --silent "node@$version" >&2 || unavailable "Node $version from npm"
echo "$PWD/$kept/node_modules/node/bin/node"
