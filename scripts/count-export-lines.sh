#!/usr/bin/env bash
# Prints how many lines that are written by hand name an export of an entity: what a new export costs, all in all.
# Generated files (those that say so) do not count; each name that is written in parts, as Go's maxim_go_…, does.
# With -v, the lines of each file.
set -euo pipefail
cd "$(dirname "$0")/.."

# Names with and without their prefix, as in a table of the C functions of one kind.
names=$(python3 - <<'PY'
import json
functions = json.load(open("include/maxim.api.json"))["functions"]
print("|".join(each["name"].removeprefix("maxim_") for each in functions if each.get("entity")))
PY
)
pattern="\\bmaxim_(go_)?($names)\\b"
git ls-files -- '*.c' '*.h' '*.cpp' '*.hpp' '*.rs' '*.go' '*.rb' '*.js' '*.mjs' '*.ts' '*.py' '*.toml' '*.shapes' '*.md' '*.symbols' |
    while read -r file; do
        [ -e "$file" ] || continue
        # What begins by saying that it is generated is.
        head -n 12 "$file" | grep -qiE 'generated (from|by|with)|code generated' && continue
        [ "$file" != maxim.symbols ] || continue
        lines=$(grep -cE "$pattern" "$file" || true)
        [ "$lines" -eq 0 ] || echo "$lines $file"
    done | sort -rn | {
    total=0
    while read -r lines file; do
        total=$((total + lines))
        [ "${1:-}" != -v ] || printf '%5d  %s\n' "$lines" "$file"
    done
    echo "$total lines by hand name an export of an entity (at most 350 are meant to)"
}
