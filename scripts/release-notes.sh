#!/usr/bin/env bash
# Prints the release notes of the version: what CHANGELOG.md says under its heading.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
notes=$(awk -v heading="## $version" 'index($0, heading) == 1 {inside = 1; next} /^## / {inside = 0} inside' CHANGELOG.md)
[ -n "$notes" ] || { echo "error: CHANGELOG.md says nothing about $version" >&2; exit 1; }
printf '# libmaxim %s\n%s\n' "$version" "$notes"
