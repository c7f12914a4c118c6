#!/usr/bin/env bash
# Prints the path of an OpenTelemetry Collector, and builds it once, outside the tree, from the Go module proxy.
#
# It is made of the components in examples/fleet/builder.yaml; another manifest makes another one. COLLECTOR names one
# that is there already. The first build takes some minutes and a Go of at least 1.25.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/unavailable.sh

manifest=$PWD/examples/fleet/builder.yaml
version=$(sed -n 's/^  version: //p' "$manifest")
digest=$(sha256sum "$manifest" | cut -c1-12)
place=${XDG_CACHE_HOME:-$HOME/.cache}/maxim/collector-$version-$digest

if [ -n "${COLLECTOR:-}" ]; then
    echo "$COLLECTOR"
    exit 0
fi
if [ ! -x "$place/otelcol" ]; then
    go=$(scripts/install-go.sh)
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # The proxy has newer toolchains as modules, for who has an older Go.
    export GOTOOLCHAIN=auto GOFLAGS="-trimpath -buildvcs=false" CGO_ENABLED=0 PATH=$(dirname "$go"):$PATH
    sed "/^dist:/a\\  output_path: $work/out" "$manifest" >"$work/builder.yaml"
    mapfile -t components < <(sed -n 's/^ *- gomod: \([^ ]*\) \(.*\)/\1@\2/p' "$manifest")
    builder=go.opentelemetry.io/collector/cmd/builder@v$version
    cd "$work"
    fetch "the builder of OpenTelemetry Collector $version from the Go module proxy" "go_proxy_has $builder" env GOBIN="$work" go install "$builder"
    fetch "an OpenTelemetry Collector $version from the Go module proxy" "go_proxy_has ${components[*]}" \
        "$work/builder" --config "$work/builder.yaml"
    mkdir -p "$place"
    mv "$work/out/otelcol" "$place/otelcol"
fi
echo "$place/otelcol"
