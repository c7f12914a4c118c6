#!/usr/bin/env bash
# Builds and runs everything of the Node binding and its examples. Needs `make lib server`, a C compiler,
# and npm; a Node that is new enough comes from scripts/install-node.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

node=$(scripts/install-node.sh)
PATH=$(dirname "$node"):$PATH
export PATH
echo "== node: $(node --version)"

work=$(mktemp -d)
. scripts/server.sh
trap 'stop_server; rm -rf "$work"' EXIT

# The lock file decides what is installed, by hash; nothing is fetched that is there already.
[ bindings/node/node_modules/.package-lock.json -nt bindings/node/package-lock.json ] ||
    npm ci --prefix bindings/node --prefer-offline --no-audit --no-fund
make -C bindings/node test

echo "== node: the same tests in Bun and Deno"
# kept_tools NAME: installs what the lock file of test/NAME has into build/tools/NAME, unless it is there. No install
# script runs: packages of platforms have the binaries.
kept_tools() {
    local from=bindings/node/test/$1 to=$PWD/build/tools/$1
    cmp -s "$from/package-lock.json" "$to/node_modules/installed-lock.json" && return
    mkdir -p "$to"
    cp "$from"/package*.json "$to"
    timeout 600 npm ci --prefix "$to" --prefer-offline --ignore-scripts --no-audit --no-fund >"$work/$1" 2>&1 &&
        cp "$to/package-lock.json" "$to/node_modules/installed-lock.json"
}
runtimes=$PWD/build/tools/runtimes
kept_tools runtimes || true
# run_in NAME BINARY ARGUMENTS...
run_in() {
    local name=$1
    shift
    if [ ! -x "$1" ]; then
        echo "SKIPPED: $name cannot be had: $(grep -m 1 'npm error' "$work/runtimes" || echo "no package for this platform")"
        return
    fi
    (cd bindings/node && "$@" test/*.test.mjs) >"$work/tests" 2>&1 || { cat "$work/tests" >&2; return 1; }
    # Without colours, the line that counts.
    echo "$name $("$1" --version | grep -m 1 -oE '[0-9]+(\.[0-9]+)+'): $(sed 's/\x1b\[[0-9;]*m//g' "$work/tests" | grep -E '[0-9]+ pass' | tail -n 1)"
}
run_in Bun "$(compgen -G "$runtimes/node_modules/@oven/*/bin/bun" | head -n 1)" test --timeout 60000
export DENO_DIR=$runtimes/cache DENO_V8_FLAGS=--expose-gc DENO_NO_UPDATE_CHECK=1
run_in Deno "$(compgen -G "$runtimes/node_modules/@deno/*/deno" | head -n 1)" test --allow-all --no-check

echo "== node: examples"
start_server --mode tree
export MAXIM_BASE_URL=http://127.0.0.1:$port MAXIM_SPOOL_DIR=$work/spool
for example in examples/node/*.mjs; do
    echo "== $example"
    node "$example"
done

echo "== node: the packed package, installed somewhere else"
rm -f build/node/*.tgz
make -C bindings/node package
mkdir "$work/user"
npm install --prefix "$work/user" --no-audit --no-fund --offline --omit=optional build/node/*.tgz >/dev/null
(cd "$work/user" && node -e '
    const assert = require("node:assert");
    const maxim = require("libmaxim");
    const { optionalDependencies, version } = require("libmaxim/package.json");
    const { name, os, cpu, libc, main } = require(`./node_modules/${Object.keys(optionalDependencies)
        .find((name) => require("node:fs").existsSync(`node_modules/${name}`))}/package.json`);
    assert.equal(maxim.version, version);
    for (const each of ["libmaxim", name])
        for (const licence of ["MIT", "APACHE"]) assert.ok(require("node:fs").existsSync(`node_modules/${each}/LICENSE-${licence}`));
    assert.ok(Object.values(optionalDependencies).every((each) => each === version));
    assert.deepEqual([os, cpu, libc?.length, main], [[process.platform], [process.arch], 1, "maxim.node"]);
    import("libmaxim").then(({ version }) => console.log("libmaxim", version, "with", name, libc[0]));
')

echo "== node: the README's example, as a user runs it"
sed -n '/^```js$/,/^```$/{/^```/d;p};/^## Attachments/q' bindings/node/README.md >"$work/user/example.mjs"
echo 'globalThis.openai = { chat: { completions: { create: async () => ({ object: "chat.completion", id: "c", created: 1,
    model: "gpt-4o", choices: [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }] }) } } };
process.on("warning", (warning) => { throw warning; });' >"$work/user/yours.mjs"
(cd "$work/user" && MAXIM_API_KEY=key node --import ./yours.mjs example.mjs)
# In other weathers it ends as well, and says what is wrong: example WEATHER CODE.
sed -i '/^process.on/d' "$work/user/yours.mjs"
example() {
    (cd "$work/user" && MAXIM_API_KEY=key MAXIM_SPOOL_DIR=$work/spool-$1 timeout 120 node --import ./yours.mjs example.mjs) \
        >"$work/$1" 2>&1 || { echo "error: the README's example ends badly: $1" >&2; cat "$work/$1" >&2; return 1; }
    grep -q "\[$2\] MaximWarning: " "$work/$1" || { echo "error: $1 is not told of" >&2; cat "$work/$1" >&2; return 1; }
    echo "$1: $(grep -m 1 MaximWarning "$work/$1")"
}
# Nobody answers at that port; the example waits for its half minute meanwhile.
MAXIM_BASE_URL=http://127.0.0.1:9 example away MAXIM_ERR_NETWORK &
away=$!
curl -fsS -X POST -d '{"unauthorized": true}' "$MAXIM_BASE_URL/control" >/dev/null
example refused MAXIM_ERR_UNAUTHORIZED
curl -fsS -X POST -d '{"unauthorized": false}' "$MAXIM_BASE_URL/control" >/dev/null

echo "== node: the README's application logs, in three weathers"
sed -n '/^## Application logs/,/^```$/{/^```js$/,/^```$/{/^```/d;p}}' bindings/node/README.md >"$work/user/logs.mjs"
echo 'globalThis.apiKey = process.env.MAXIM_API_KEY;' >"$work/user/key.mjs"
(cd "$work/user" && "$root/scripts/weathers.sh" "the README's application logs" 'card declined' node --import ./key.mjs logs.mjs)

echo "== node: bundled by esbuild, webpack and Rollup, and tested with Jest"
kept_tools bundlers || { cat "$work/bundlers" >&2; exit 1; }
# The public SDK's types lie there too.
bindings/node/node_modules/.bin/tsc -p bindings/node/test/types/peer
node bindings/node/test/bundlers/run.mjs "$work/user" "$PWD/build/tools/bundlers" "$MAXIM_BASE_URL"
wait "$away"
kill -TERM "$server"
wait "$server"
server=
for bundle in esbuild webpack Rollup Jest; do
    grep -q "from $bundle" "$work/server" || { echo "error: not logged: from $bundle" >&2; exit 1; }
done
for words in 'weather question' 'Do I need an umbrella' 'look it up'; do
    grep -q "$words" "$work/server" || { echo "error: not logged: $words" >&2; exit 1; }
done
