#!/usr/bin/env bash
# Makes a release of this tree: scripts/release.sh 0.2.0 [PLATFORM...]. Sets the version everywhere, builds the archives and
# packages of every platform, or of those named, tests each where nothing else is, and writes the notes beside them.
# Publishes, commits and tags nothing. SKIP_BUILD=1 takes the libraries that an earlier run has built.
set -euo pipefail
cd "$(dirname "$0")/.."

to=${1:-}
[ -n "$to" ] || { echo "usage: scripts/release.sh MAJOR.MINOR.PATCH [PLATFORM...]" >&2; exit 2; }
shift
[ "$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)" = "$to" ] || scripts/version.sh "$to"
# First, as it is what is most often forgotten, and the rest takes long.
notes=$(scripts/release-notes.sh)
rm -rf build/dist/release
packaging/dist.sh "$@"
printf '%s\n' "$notes" >"build/dist/release-notes-$to.md"
packaging/test.sh "$@"
printf '\nReleased into build/dist/release, notes in build/dist/release-notes-%s.md. Left to do: make test, commit, tag v%s, publish.\n' "$to" "$to"
