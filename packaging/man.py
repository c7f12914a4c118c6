#!/usr/bin/env python3
"""Writes the manual page of the library: packaging/man.py FOLDER makes FOLDER/libmaxim.3 of the header."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M).group(1)


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def functions(header):
    """Each function's prototype, and the first paragraph of the comment before it."""
    found = []
    pattern = re.compile(r"/\*\*\n(?P<comment>(?: \*.*\n)+?) \*/\n(?P<prototype>[^/#;{]*?\bmaxim_\w+\([^;{]*\));", re.M)
    for match in pattern.finditer(header):
        comment = "\n".join(line[3:] for line in match["comment"].splitlines())
        prototype = " ".join(match["prototype"].split())
        prototype = re.sub(r'^MAXIM_DEPRECATED\(".*?"\) ', "", prototype)
        if not prototype.startswith("typedef"):
            found.append((prototype, comment.split("\n\n")[0].replace("\n", " ")))
    return found


def library_page():
    header = (ROOT / "include/maxim.h").read_text()
    every = functions(header)
    if len(every) < 100:
        sys.exit(f"error: the header was not understood: {len(every)} functions")
    page = [f'.TH LIBMAXIM 3 "" "libmaxim {VERSION}" "Library Functions Manual"', ".SH NAME",
            "libmaxim \\- log what AI applications do", ".SH LIBRARY", ".B \\-lmaxim", ".SH SYNOPSIS",
            ".B #include <maxim.h>", ".SH DESCRIPTION",
            "Sessions, traces, spans, generations, retrievals, tool calls and application logs are logged from any",
            "thread without I/O on the caller's; records survive the process and are sent by a thread of the library.",
            "Conventions, structures and errors are described in", ".IR maxim.h .", ".SH FUNCTIONS"]
    for prototype, text in every:
        page += [".TP", f".B {escaped(prototype)};", escaped(text)]
    page += [".SH ENVIRONMENT"]
    for name, text in (("MAXIM_API_KEY", "The key, where the configuration has none."),
                       ("MAXIM_LOG_REPO_ID", "The repository, where the configuration has none."),
                       ("MAXIM_BASE_URL", "The service's address."),
                       ("MAXIM_SPOOL_DIR", "Where records are kept that cannot be sent yet.")):
        page += [".TP", f".B {name}", text]
    page += [".SH SEE ALSO", ".BR maxim\\-dev (1)"]
    return "\n".join(page) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "libmaxim.3").write_text(library_page())
