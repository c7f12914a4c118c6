#!/usr/bin/env python3
"""Fails for an export of maxim.h that the C++ binding does not reach.

A function that maxim.h marks as deprecated counts as reached by the one that its note names.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
header = (root / "include/maxim.h").read_text()
declared = re.compile(r'(?:MAXIM_DEPRECATED\("use (\w+)"\)\s*)?^[a-z][\w* ]*?\b(maxim_\w+)\([^;{}]*\);', re.M)
exports = {name: instead for instead, name in declared.findall(header)}

listed = set((root / "maxim.symbols").read_text().split())
if set(exports) != listed:
    sys.exit(f"maxim.h and maxim.symbols differ: {sorted(set(exports) ^ listed)}")

binding = "".join(path.read_text() for path in sorted((root / "bindings/cpp/include/maxim").glob("*.hpp")))
# Comments reach nothing.
binding = re.sub(r"//.*", "", binding)
used = set(re.findall(r"::(maxim_\w+)", binding))
missing = [name for name, instead in exports.items() if (instead or name) not in used]
if missing:
    sys.exit("not reached by the C++ binding: " + " ".join(missing))
print(f"the C++ binding reaches all {len(exports)} exports")
