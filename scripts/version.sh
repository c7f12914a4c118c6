#!/usr/bin/env bash
# Sets the version everywhere: scripts/version.sh 0.2.0. Cargo.toml is the one place that decides; the packages of
# other languages repeat it, and the header has it as a constant.
set -euo pipefail
cd "$(dirname "$0")/.."

to=${1:-}
[[ $to =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "usage: scripts/version.sh MAJOR.MINOR.PATCH" >&2; exit 2; }
from=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)

sed -i "0,/^version = \".*\"/s//version = \"$to\"/" Cargo.toml
sed -i "s/^  VERSION = \".*\"/  VERSION = \"$to\"/" bindings/ruby/lib/maxim/version.rb
sed -i "0,/\"version\": \".*\"/s//\"version\": \"$to\"/" bindings/node/package.json
sed -i "1,12s/\"version\": \"$from\"/\"version\": \"$to\"/" bindings/node/package-lock.json
sed -i "s/^## $from, not yet released$/## $to, not yet released/" CHANGELOG.md
cargo update --quiet --workspace --offline
make --silent header
grep -q "MAXIM_VERSION_STRING \"$to\"" include/maxim.h || { echo "error: the header does not have $to" >&2; exit 1; }
git --no-pager diff --stat
