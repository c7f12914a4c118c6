#!/usr/bin/env bash
# Sends through a real OpenTelemetry Collector, and compares what comes back: what the library says alone, and beside
# OpenTelemetry's own SDKs for Go and Node, whose versions their lock files pin. The Collector is built once, outside
# the tree (scripts/collector.sh). Nothing is sent to another host.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/unavailable.sh

work=$PWD/build/interop
mkdir -p "$work"
COLLECTOR=$(scripts/collector.sh)
go=$(scripts/install-go.sh)
node=$(scripts/install-node.sh)
export COLLECTOR PATH="$(dirname "$node"):$(dirname "$go"):$PATH"

make -C bindings/node all
cp -r tests/interop/node/. "$work/node"
fetch "OpenTelemetry's SDK for Node from npm" "npm_has $(node -p 'Object.entries(require("./tests/interop/node/package.json").dependencies).map((each) => each.join("@")).join(" ")')" \
    npm ci --prefix "$work/node" --ignore-scripts --no-audit --no-fund --loglevel=error
fetch "OpenTelemetry's SDK for Go from the module proxy" "go_proxy_has $(sed -n '/libmaxim/d; s/^\t\([^ ]*\) \(v[^ ]*\).*/\1@\2/p' tests/interop/go/go.mod | paste -sd ' ')" \
    go -C tests/interop/go mod download
# Without what git would say, which refuses a checkout of another owner.
(cd tests/interop/go && GOFLAGS="-mod=readonly -buildvcs=false" go build -o "$work/go-program" .)

export INTEROP_GO=$work/go-program INTEROP_NODE=$node INTEROP_SCRIPT=$work/node/main.mjs
cargo test --test interop
