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


exports = {each["name"]: each.get("deprecated_for") for each in functions if not each.get("for_c")}

binding = "".join(
    path.read_text()
    for path in sorted((root / "bindings/cpp/include/maxim").glob("*.hpp"))
    if path.name != "entity_functions.hpp"
)
# Comments reach nothing.
binding = re.sub(r"//.*", "", binding)
used = set(re.findall(r"::(maxim_\w+)", binding))
# A method over the table of a kind's functions is there for each kind that has the function.
used_verbs = set(re.findall(r"\b(?:F|Functions)::(\w+)", binding))
used_verbs_of = set(re.findall(r"\b(\w+_functions::\w+)", binding))
for function in functions:
    entity = function.get("entity")
    if entity and not function.get("for_c"):
        verb = function["name"].removeprefix(f"maxim_{entity}_")
        if verb in used_verbs or f"{entity}_functions::{verb}" in used_verbs_of:
            used.add(function["name"])
missing = [name for name, instead in exports.items() if (instead or name) not in used]
if missing:
    sys.exit("not reached by the C++ binding: " + " ".join(missing))
print(f"the C++ binding reaches all {len(exports)} exports")
