#!/usr/bin/env bash
# Prints the path of a go command of at least the version that bindings/go needs, and installs one if
# there is none.
#
# Debian 12's own Go (1.19) is too old to build the binding, but not to fetch a newer one: toolchains
# are modules of the Go module proxy (golang.org/toolchain), verified by its checksum database like any
# other module. That needs no further source of packages.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

need=1.24                # as in bindings/go/go.mod
version=1.24.11          # what is installed when there is none
own=build/go             # where it goes

new_enough() {
    local found
    found=$("$1" env GOVERSION 2>/dev/null) || return 1
    [ "$(printf '%s\n' "$need" "${found#go}" | sort -V | head -n 1)" = "$need" ]
}

# The directory of another project must not choose the toolchain, nor the network be asked for one here.
export GOTOOLCHAIN=local

for go in "${GO:-go}" "$PWD/$own/bin/go" /usr/local/go/bin/go; do
    if new_enough "$go"; then
        command -v "$go"
        exit 0
    fi
done

command -v go >/dev/null || install_packages "go is missing: install Go $need or newer" golang-go ca-certificates
if ! new_enough go; then
    case $(uname -m) in
        x86_64) arch=amd64 ;;
        aarch64) arch=arm64 ;;
        *) echo "error: no Go toolchain for $(uname -m) is known here: install Go $need or newer" >&2; exit 1 ;;
    esac
    cache=$(mktemp -d)
    trap 'chmod -R u+w "$cache"; rm -rf "$cache"' EXIT
    # Outside of any module, so that no go.mod of a newer version is read.
    (cd "$cache" && GOPATH=$cache GOFLAGS=-modcacherw within "$fetch_seconds" go mod download "golang.org/toolchain@v0.0.1-go$version.linux-$arch") >&2 ||
        unavailable "Go $version from the module proxy"
    rm -rf "$own"
    mkdir -p build
    mv "$cache/pkg/mod/golang.org/toolchain@v0.0.1-go$version.linux-$arch" "$own"
    # Module archives do not carry permissions.
    chmod -R u+w "$own"
    find "$own/bin" "$own/pkg/tool" -type f -exec chmod +x {} +
    new_enough "$PWD/$own/bin/go" || { echo "error: the Go that was installed does not run" >&2; exit 1; }
    echo "$PWD/$own/bin/go"
    exit 0
fi
command -v go
