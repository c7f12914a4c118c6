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
fetch "OpenTelemetry's SDK for Node from npm" 'npm_has @opentelemetry/api' \
    npm ci --prefix "$work/node" --ignore-scripts --no-audit --no-fund --loglevel=error
fetch "OpenTelemetry's SDK for Go from the module proxy" 'go_proxy_has go.opentelemetry.io/otel' \
    go -C tests/interop/go mod download
(cd tests/interop/go && GOFLAGS=-mod=readonly go build -o "$work/go-program" .)

export INTEROP_GO=$work/go-program INTEROP_NODE=$node INTEROP_SCRIPT=$work/node/main.mjs
cargo test --test interop
