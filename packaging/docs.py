#!/usr/bin/env python3
"""Writes the documents that are installed: packaging/docs.py FOLDER has README.md, CHANGELOG.md and docs/ there.

What a link leads to that is not installed stays as its text, with the path that it has in the sources.
"""

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = {Path("README.md"), Path("CHANGELOG.md"), *(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*") if path.is_file())}
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def adapted(file, text):
    """A document as it is installed."""
    def link(match):
        to = Path(os.path.normpath(file.parent / match[3]))
        folder_is_there = any(to in each.parents for each in INSTALLED) and to != Path(".")
        if to in INSTALLED or folder_is_there:
            return match[0]
        return f"{match[2]} (`{to}` of the sources)" if match[2].strip("`") != str(to) else f"{match[2]} of the sources"
    return LINK.sub(link, text)


if __name__ == "__main__":
    out = Path(sys.argv[1])
    for file in sorted(INSTALLED):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            (out / file).write_text(adapted(file, (ROOT / file).read_text()))
        else:
            shutil.copyfile(ROOT / file, out / file)
