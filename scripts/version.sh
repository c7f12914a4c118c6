#!/usr/bin/env bash
# Sets the version everywhere: scripts/version.sh 0.2.0. Cargo.toml is the one place that decides; the packages of
# other languages repeat it, the header has it as a constant, and documents and tests of the build name the ABI's version.
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
# Before 1.0 major.minor is the ABI's version: of the SONAME, the symbols, Debian's package, CMake's request.
old=${from%.*} new=${to%.*}
if [ "$old" != "$new" ]; then
    dots=${old//./\\.}
    # Before that, what is said of the one after it.
    after=${old%.*}.$((${old#*.} + 1)) next=${new%.*}.$((${new#*.} + 1))
    sed -i -E "s/(so\.|^|[^0-9.])${after//./\\.}([^0-9]|\$)/\1$next\2/g" docs/abi.md
    sed -i -E "s/(libmaxim\.so\.|LIBMAXIM_|libmaxim|find_package\(maxim |[Ww]ithin |any )$dots([^0-9]|\$)/\1$new\2/g" \
        README.md docs/abi.md docs/troubleshooting.md docs/releasing.md bindings/cpp/README.md bindings/cpp/tests/consumer/CMakeLists.txt
fi
cargo update --quiet --workspace --offline
make --silent header
grep -q "MAXIM_VERSION_STRING \"$to\"" include/maxim.h || { echo "error: the header does not have $to" >&2; exit 1; }
git --no-pager diff --stat
# What names the old one still: an example of a form, or something that was forgotten above.
stale="\"${from//./\\.}\""
[ "$old" = "$new" ] || stale+="|(libmaxim\.so\.|LIBMAXIM_|libmaxim|find_package\(maxim |@|v)${old//./\\.}([^0-9]|\$)"
git --no-pager grep -nE "$stale" -- . ':!*.lock' ':!*package-lock.json' ':!benches' ':!CHANGELOG.md' || true
