#!/usr/bin/env bash
# Removes what scripts/install.sh put below a folder, and the folders of the library's own.
set -euo pipefail
prefix=$1
list=$prefix/share/maxim/files
[ -e "$list" ] || { echo "error: nothing that make install installed is below $prefix" >&2; exit 1; }
cmake=$(grep '/cmake/maxim/maxim-config.cmake$' "$list")
cmake=${cmake%/*}
while read -r file; do
    [ "$file" = share/maxim/files ] || rm -f "$prefix/$file"
done <"$list"
rm -f "$list"
for folder in share/maxim share/doc/maxim/docs/decisions share/doc/maxim/docs share/doc/maxim include/maxim "$cmake"; do
    [ ! -d "$prefix/$folder" ] || rmdir --ignore-fail-on-non-empty "$prefix/$folder"
done
