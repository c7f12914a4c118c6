#!/usr/bin/env bash
# Installs the peers from their registries into build/peers, at the versions that the files here pin. One
# that cannot be installed leaves its reason in build/peers/NAME.failed, for the table.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=benches/peers to=build/peers
mkdir -p "$to"

# install NAME STAMP COMMAND...: does nothing when what is pinned is there already.
install() {
    local name=$1 pinned=$2
    shift 2
    cmp -s "$pinned" "$to/$name.installed" && return
    rm -f "$to/$name.installed" "$to/$name.failed"
    if "$@" >"$to/$name.log" 2>&1; then
        cp "$pinned" "$to/$name.installed"
    else
        grep -iE 'error|not found|failed' "$to/$name.log" | tail -n 1 >"$to/$name.failed"
        [ -s "$to/$name.failed" ] || tail -n 1 "$to/$name.log" >"$to/$name.failed"
    fi
}

python() {
    python3 -m venv --clear "$to/py" && "$to/py/bin/pip" install --disable-pip-version-check -r "$here/py/requirements.txt"
}

javascript() {
    local node
    node=$(scripts/install-node.sh) || return
    rm -rf "$to/js"
    mkdir -p "$to/js"
    cp "$here/js/package.json" "$here/js/package-lock.json" "$to/js/"
    # Peer dependencies would bring React Native; scripts of packages are not needed.
    PATH=$(dirname "$node"):$PATH npm ci --prefix "$to/js" --legacy-peer-deps --ignore-scripts --no-audit --no-fund
}

rust() {
    CARGO_TARGET_DIR=$to/rust cargo build --locked --release --manifest-path "$here/rust/Cargo.toml"
}

install py "$here/py/requirements.txt" python
install js "$here/js/package-lock.json" javascript
install rust "$here/rust/Cargo.lock" rust
