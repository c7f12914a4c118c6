#!/usr/bin/env bash
# Builds and runs everything of the Node binding and its examples. Needs `make lib server`, a C compiler,
# and npm; a Node that is new enough comes from scripts/install-node.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

node=$(scripts/install-node.sh)
PATH=$(dirname "$node"):$PATH
export PATH
echo "== node: $(node --version)"

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

# The lock file decides what is installed; nothing is fetched when it is there already.
[ bindings/node/node_modules/.package-lock.json -nt bindings/node/package-lock.json ] ||
    npm ci --prefix bindings/node --no-audit --no-fund
make -C bindings/node test

echo "== node: examples"
build/bin/maxim-dev --port 0 --port-file "$work/port" --mode tree >"$work/tree" &
server=$!
for _ in $(seq 100); do
    [ -s "$work/port" ] && break
    sleep 0.05
done
export MAXIM_BASE_URL=http://127.0.0.1:$(cat "$work/port") MAXIM_SPOOL_DIR=$work/spool
for example in examples/node/*.mjs; do
    echo "== $example"
    node "$example"
done
kill -TERM "$server"
wait "$server"
server=
grep -q 'weather question' "$work/tree"

echo "== node: the packed package, installed somewhere else"
make -C bindings/node package
mkdir "$work/user"
npm install --prefix "$work/user" --no-audit --no-fund --offline --omit=optional build/node/*.tgz >/dev/null
(cd "$work/user" && node -e '
    const maxim = require("libmaxim");
    import("libmaxim").then(({ version }) => console.log("libmaxim", version, version === maxim.version));
')
