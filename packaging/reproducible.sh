#!/usr/bin/env bash
# Builds one platform's libraries again, from a clone of HEAD in another folder with a toolchain of its own, and
# compares them bit by bit with those of build/dist: packaging/reproducible.sh [PLATFORM]. Takes as long as a build.
set -euo pipefail
cd "$(dirname "$0")/.."

platform=${1:-$(uname -m)-linux-gnu}
[ -z "$(git status --porcelain --untracked-files=no)" ] || { echo "error: commit first: the clone has HEAD only" >&2; exit 1; }
[ -d "build/dist/$platform/lib" ] || packaging/build.sh "$platform" lib
other=$(mktemp -d)
trap 'rm -rf "$other"' EXIT
git clone -q . "$other/elsewhere"
(cd "$other/elsewhere" && packaging/build.sh "$platform" lib)
for file in "build/dist/$platform"/lib/*; do
    cmp "$file" "$other/elsewhere/$file"
done
echo "$platform: two builds in different folders are equal bit by bit"
