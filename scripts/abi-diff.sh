#!/usr/bin/env bash
# Compares the ABI with that of another commit or release (BASE): abi-diff.sh BASE. Fails for a change that breaks
# programs: a symbol that is gone, a signature that differs, a field that has moved. Additions are printed.
#
# Both headers are compiled into a library of empty functions, so that no release has to be kept or built.
set -euo pipefail
cd "$(dirname "$0")/.."

base=${1:-$(git describe --tags --abbrev=0 2>/dev/null || true)}
[ -n "$base" ] || { echo "there is no release yet to compare with: give a commit"; exit 2; }
command -v abidiff >/dev/null || { echo "error: there is no abidiff: install abigail-tools" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# stub DIRECTORY: a library that exports what the header in it declares.
stub() {
    python3 - "$1/maxim.api.json" >"$1/stub.c" <<'PY'
import json, sys
print("#define MAXIM_DEPRECATED(note)\n#include <maxim.h>\n#include <stdlib.h>")
for each in json.load(open(sys.argv[1]))["functions"]:
    parameters = ", ".join(f"{p['c']} {p['name']}" for p in each["parameters"]) or "void"
    print(f"{each['returns']['c']} {each['name']}({parameters}) {{ abort(); }}")
PY
    cc -std=gnu11 -w -g -fPIC -shared -I"$1" "$1/stub.c" -o "$1/libmaxim.so" -Wl,-soname,libmaxim.so.0
}

mkdir "$work/old" "$work/new"
for file in maxim.h maxim.api.json; do
    git cat-file -e "$base:include/$file" || { echo "error: there is no include/$file in $base to compare with" >&2; exit 2; }
    git show "$base:include/$file" >"$work/old/$file"
    cp "include/$file" "$work/new/"
done
stub "$work/old"
stub "$work/new"

# Offsets first: what was promised then must hold now. Sizes may have grown.
git show "$base:tests/c/layout.c" | grep -v '^OF(' | sed '/^static int failures/,$d' >"$work/layout.c"
cc -std=gnu11 -I"$work/new" -fsyntax-only "$work/layout.c"

# 4: something changed; 8: in a way that breaks programs.
code=0
abidiff --headers-dir1 "$work/old" --headers-dir2 "$work/new" "$work/old/libmaxim.so" "$work/new/libmaxim.so" || code=$?
[ $((code & 3)) = 0 ] || { echo "error: abidiff itself failed" >&2; exit 1; }
[ $((code & 8)) = 0 ] || { echo "error: programs that were built with $base break" >&2; exit 1; }
python3 - "$work/old/maxim.api.json" "$work/new/maxim.api.json" <<'PY'
import json, sys
old, new = (json.load(open(path)) for path in sys.argv[1:])
signature = lambda each: ([p["c"] for p in each["parameters"]], each["returns"]["c"])
now = {each["name"]: signature(each) for each in new["functions"]}
broken = [each["name"] for each in old["functions"] if now.get(each["name"]) != signature(each)]
values = lambda api: {value["name"]: value["value"] for each in api["enums"] for value in each["values"]}
broken += [name for name, value in values(old).items() if values(new).get(name) != value]
sys.exit("error: gone or different: " + " ".join(broken) if broken else 0)
PY
echo "programs that were built with $base go on"
