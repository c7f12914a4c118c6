#!/usr/bin/env python3
"""Fails for an export of maxim.h that the C++ binding does not reach.

A function that maxim.h marks as deprecated counts as reached by the one that its note names.
"""
import json
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
functions = json.loads((root / "include/maxim.api.json").read_text())["functions"]


def for_c(function):
    """Initialisers and lists of tags: here JSON does."""
    return function.get("is_initialiser") or any(each["c"] == "const maxim_tag *" for each in function["parameters"])


exports = {each["name"]: each.get("deprecated_for") for each in functions if not for_c(each)}

binding = "".join(path.read_text() for path in sorted((root / "bindings/cpp/include/maxim").glob("*.hpp")))
# Comments reach nothing.
binding = re.sub(r"//.*", "", binding)
used = set(re.findall(r"::(maxim_\w+)", binding))
missing = [name for name, instead in exports.items() if (instead or name) not in used]
if missing:
    sys.exit("not reached by the C++ binding: " + " ".join(missing))
print(f"the C++ binding reaches all {len(exports)} exports")
