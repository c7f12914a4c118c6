#!/usr/bin/env python3
"""Checks that every file that prose, a comment or a script names is there.

A path that begins with one of the folders here must be a file or folder of the repository, seen from its root or from
a folder above whoever names it. A file's name in `backticks` must be the end of one's path, and in prose a link must
lead to a file. What is made by a build is not in the repository: `BUILT`.
"""

import os
import re
import subprocess
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

FOLDERS = "src|tests|docs|scripts|bindings|dev-server|tools|benches|examples|packaging|include|cmake"
PATH = re.compile(rf"(?<![\w/.$}}\"'-])(?:{FOLDERS})/[\w./-]+(?![\w./*{{<-])")
LINK = re.compile(r"\]\((?![a-z]+:|#|/)([^)#\s]+)")
NAME = re.compile(r"`([\w./-]+\.(?:rs|md|sh|py|c|h|hpp|cpp|go|js|mjs|rb|toml|shapes|yaml))`")
BUILT = re.compile(r"node_modules|X\.Y\.Z|\.so$|^include/maxim(/|$)")
# What never was here and is spoken of as such.
ABSENT = {("docs/decisions/rust-api.md", "bindings/rust")}
# Data, and names that a machine wrote.
PASSED_OVER = re.compile(r"^tests/(fixtures|corpus|vectors)/|^CHANGELOG\.md$|\.(lock|json|png|svg)$|^LICENSE")


def listed(*options):
    """Files that git knows, whoever owns the checkout."""
    asked = ["git", "-c", "safe.directory=*", "ls-files", "-z", *options]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]


try:
    FILES = listed()
except (OSError, subprocess.CalledProcessError):
    # As in an archive of the sources, which has no list of what belongs to it.
    print("files that are named NOT checked, as there is no repository")
    sys.exit(0)
# A new file may be named before it is added.
NAMED = [*FILES, *listed("--others", "--exclude-standard")]
THERE = set(NAMED)
ENDS = set()
for file in NAMED:
    parts = file.split("/")
    THERE.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    ENDS.update("/".join(parts[depth:]) for depth in range(len(parts)))


def is_seen_from(folder, path):
    """Whether it is there, seen from this folder or one above it."""
    while True:
        if os.path.normpath(os.path.join(folder, path)) in THERE:
            return True
        if not folder:
            return False
        folder = os.path.dirname(folder)


def missing(file, line):
    folder = os.path.dirname(file)
    for path in PATH.findall(line):
        path = path.rstrip("./-")
        if not (is_seen_from(folder, path) or BUILT.search(path) or (file, path) in ABSENT):
            yield path
    if file.endswith(".md"):
        for link in LINK.findall(line):
            if os.path.normpath(os.path.join(folder, link)) not in THERE | {"."}:
                yield link
    for name in NAME.findall(line):
        if name.removeprefix("../") not in ENDS and not BUILT.search(name):
            yield name


failed = False
for file in FILES:
    if PASSED_OVER.search(file) or not os.path.isfile(file):
        continue
    try:
        with open(file, encoding="utf-8") as text:
            lines = text.readlines()
    except UnicodeDecodeError:
        continue
    for number, line in enumerate(lines, 1):
        for path in missing(file, line):
            print(f"{file}:{number}: there is no {path}", file=sys.stderr)
            failed = True
if failed:
    sys.exit(1)
print("every file that is named is there")
