#!/usr/bin/env python3
"""Says what is inside a built library: a bill of materials and the licences of every part.

    packaging/sbom.py TARGET FOLDER     writes FOLDER/maxim.cdx.json (CycloneDX 1.5) and
                                        FOLDER/THIRD-PARTY-LICENSES

TARGET is Rust's name of the platform. What is linked is what cargo resolves for it without development and build
dependencies; the files come from the sources that cargo compiled. Nothing depends on the time or the machine.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.I)
# What a release has of its own.
ROOT_PACKAGES = ("maxim", "maxim-dev")


def metadata(target):
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


def linked(data, root):
    """The packages that are linked into a root's product."""
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    start = next(id for id, package in packages.items() if package["name"] == root)
    seen, waiting = set(), [start]
    while waiting:
        id = waiting.pop()
        if id in seen:
            continue
        seen.add(id)
        for dependency in nodes[id]["deps"]:
            macro = any("proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"])
            if not macro and any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return [packages[id] for id in seen if id != start]


def std_version(target):
    """The Rust release whose standard library is inside."""
    rustc = os.environ.get("RUSTC", "rustc")
    return subprocess.run([rustc, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]


def licence_texts(package):
    folder = Path(package["manifest_path"]).parent
    return sorted(file for file in folder.iterdir() if file.is_file() and LICENCE_FILE.search(file.name))


def component(package):
    checksum = CHECKSUMS.get((package["name"], package["version"]))
    made = {
        "type": "library",
        "bom-ref": f"pkg:cargo/{package['name']}@{package['version']}",
        "name": package["name"],
        "version": package["version"],
        "purl": f"pkg:cargo/{package['name']}@{package['version']}",
        "scope": "required",
    }
    if package.get("license"):
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return made


lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
CHECKSUMS = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}


def main(target, folder):
    data = metadata(target)
    version = next(package["version"] for package in data["packages"] if package["name"] == "maxim")
    parts = {}
    for root in ROOT_PACKAGES:
        for package in linked(data, root):
            parts.setdefault((package["name"], package["version"]), (package, []))[1].append(root)
    parts.pop(("maxim", version), None)
    names = sorted(parts)
    components = []
    for name in names:
        package, roots = parts[name]
        made = component(package)
        made["properties"] = [{"name": "linked-into", "value": ", ".join(roots)}]
        components.append(made)
    components.append({
        "type": "library", "bom-ref": "rust-std", "name": "rust-std", "version": std_version(target),
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "description": "The Rust standard library",
    })
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"libmaxim/{version}/{target}/{names}")),
        "version": 1,
        "metadata": {"component": {
            "type": "library", "bom-ref": "libmaxim", "name": "libmaxim", "version": version,
            "licenses": [{"expression": "MIT OR Apache-2.0"}],
            "properties": [{"name": "target", "value": target}],
        }},
        "components": components,
        "dependencies": [{"ref": "libmaxim", "dependsOn": [made["bom-ref"] for made in components]}],
    }
    (folder / "maxim.cdx.json").write_text(json.dumps(bom, indent=2) + "\n")

    text = ["libmaxim and maxim-dev are licensed under MIT or Apache-2.0, at your choice (LICENSE-MIT, LICENSE-APACHE).",
            "Inside them are the following parts, each under its own terms. Where a text is the same for several",
            "parts it stands once.", ""]
    groups = {}
    for name in names:
        package, roots = parts[name]
        files = licence_texts(package)
        if not files and not package.get("license"):
            sys.exit(f"error: {name} has neither a licence nor a licence file")
        text.append(f"  {package['name']} {package['version']} ({package.get('license') or 'see its text'}): {', '.join(roots)}")
        for file in files:
            content = file.read_text(errors="replace").replace("\r\n", "\n").strip()
            groups.setdefault(" ".join(content.split()), (content, []))[1].append(f"{package['name']} {package['version']}")
    text.append(f"  Rust standard library {std_version(target)} (MIT OR Apache-2.0): maxim, maxim-dev")
    text.append("  SQLite (public domain): maxim-dev")
    if target.endswith("musl"):
        text.append("  musl (MIT): maxim-dev")
        text.append("  LLVM libunwind (Apache-2.0 WITH LLVM-exception): maxim, maxim-dev")
        groups.setdefault("musl", (MUSL, []))[1].append("musl")
    for content, users in groups.values():
        text += ["", "=" * 100, *users, "=" * 100, "", content]
    (folder / "THIRD-PARTY-LICENSES").write_text("\n".join(text) + "\n")


MUSL = """musl as a whole is licensed under the following standard MIT license:

Copyright (c) 2005-2020 Rich Felker, et al.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], Path(sys.argv[2]))
