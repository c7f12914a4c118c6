#!/usr/bin/env python3
"""Makes the packages that are archives of a known form, of an unpacked release archive:

    packaging/packages.py wheel PLATFORM ARCHIVE OUT      a PyPI wheel with the shared library
    packaging/packages.py deb PLATFORM ARCHIVE OUT        libmaxim<soversion>, libmaxim-dev, maxim-dev
    packaging/packages.py go VERSION OUT ARCHIVE...       PLATFORM=ARCHIVE each: a module as a Go proxy
                                                          has it (GOPROXY=file://OUT)

Times in them are SOURCE_DATE_EPOCH, so that they can be made again bit by bit.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
SOVERSION = VERSION.rsplit(".", 1)[0]
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))
SUMMARY = "Log what AI applications do: sessions, traces, generations, tool calls, and application logs"
# Nobody has registered a name yet (docs/releasing.md): the module is published under the path that is set here.
GO_MODULE = os.environ.get("GO_MODULE", "example.com/libmaxim/maxim")


def write_zip(path, files):
    """A zip of name -> (content, mode), in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    when = time.gmtime(max(EPOCH, 315532800))[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (content, mode) in files.items():
            entry = zipfile.ZipInfo(name, when)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def wheel(platform, archive, out):
    arch, _, libc = platform.split("-")
    tag = f"py3-none-{'musllinux_1_2' if libc == 'musl' else 'manylinux_2_17'}_{arch}"
    info = f"libmaxim-{VERSION}.dist-info"
    init = (ROOT / "packaging/python/libmaxim/__init__.py").read_text().replace("@VERSION@", VERSION)
    files = {
        "libmaxim/__init__.py": init.encode(),
        "libmaxim/libmaxim.so": (archive / "lib/libmaxim.so").read_bytes(),
        **{f"libmaxim/include/{name}": (archive / "include" / name).read_bytes() for name in ("maxim.h", "maxim.api.json")},
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: libmaxim\nVersion: {VERSION}\nSummary: {SUMMARY}\n"
                            f"License: MIT OR Apache-2.0\nRequires-Python: >=3.8\n\n{init.split(chr(34) * 3)[1]}".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: libmaxim\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    for name in ("LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY-LICENSES"):
        files[f"{info}/licenses/{name}"] = (archive / "share/doc/maxim" / name).read_bytes()
    record = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append(f"{name},sha256={digest},{len(content)}")
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    modes = {name: 0o100755 if name.endswith(".so") else 0o100644 for name in files}
    write_zip(out / f"libmaxim-{VERSION}-{tag}.whl", {name: (files[name], modes[name]) for name in files})


def go(version, out, archives):
    """The binding's sources with a static library for each platform inside."""
    source = ROOT / "bindings/go"
    prefix = f"{GO_MODULE}@v{version}/"
    files = {}

    def add(name, content):
        files[prefix + name] = (content if isinstance(content, bytes) else content.encode(), 0o100644)

    for path in sorted(source.rglob("*")):
        if not path.is_file() or path.name.endswith("_test.go") or path.name == "link_static.go" or "internal" in path.parts:
            continue
        text = path.read_text().replace("libmaxim/maxim", GO_MODULE) if path.suffix in (".go", ".mod") else path.read_text()
        if path.suffix == ".go" and "//go:build" not in text:
            # So that without cgo nothing but nocgo.go is left, whose one error says what is needed.
            text = f"//go:build cgo\n\n{text}"
        add(str(path.relative_to(source)), text.replace("-I${SRCDIR}/../../include", "-I${SRCDIR}/include"))
    for platform, archive in archives:
        arch, _, libc = platform.split("-")
        goarch = {"x86_64": "amd64", "aarch64": "arm64"}[arch]
        tag = "musl" if libc == "musl" else "!musl"
        name = f"linux_{goarch}_{libc}"
        add(f"lib/{name}/libmaxim.a", (archive / "lib/libmaxim.a").read_bytes())
        # A folder without Go files would not be taken along by `go mod vendor`.
        add(f"lib/{name}/lib.go", f"// Package {name} keeps a static library's folder in vendored copies.\npackage {name}\n")
        add(f"link_{libc}_linux_{goarch}.go",
            f"//go:build linux && {goarch} && {tag} && !maxim_dynamic\n\npackage maxim\n\n"
            f"// #cgo LDFLAGS: ${{SRCDIR}}/lib/{name}/libmaxim.a -lpthread -ldl -lm\n"
            f'import "C"\n\nimport _ "{GO_MODULE}/lib/{name}"\n')
        add("include/maxim.h", (archive / "include/maxim.h").read_bytes())
        for licence in ("LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY-LICENSES"):
            add(licence, (archive / "share/doc/maxim" / licence).read_bytes())
    folder = out / GO_MODULE / "@v"
    folder.mkdir(parents=True, exist_ok=True)
    mod = files[prefix + "go.mod"][0]
    (folder / f"v{version}.mod").write_bytes(mod)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
    (folder / f"v{version}.info").write_text(json.dumps({"Version": f"v{version}", "Time": when}) + "\n")
    (folder / "list").write_text(f"v{version}\n")
    write_zip(folder / f"v{version}.zip", dict(sorted(files.items())))


COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: libmaxim
Comment: the licences of the parts that are linked in stand below, each with the names of its parts.

Files: *
Copyright: the libmaxim authors
License: MIT or Apache-2.0
 On Debian systems, the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0. The MIT
 licence is the following.
 .
"""


def indented(text):
    return "".join(f" {line}\n" if line.strip() else " .\n" for line in text.rstrip().splitlines())


def deb(platform, archive, out):
    arch, _, _ = platform.split("-")
    debian = {"x86_64": "amd64", "aarch64": "arm64"}[arch]
    multiarch = f"usr/lib/{arch}-linux-gnu"
    library = f"libmaxim{SOVERSION}"
    doc = archive / "share/doc/maxim"
    manual = archive / "share/man"
    exports = (ROOT / "maxim.symbols").read_text().split()
    node = f"LIBMAXIM_{SOVERSION}"
    changes = f"libmaxim ({VERSION}-1) unstable; urgency=medium\n\n  * Release {VERSION}; see CHANGELOG.md.\n\n" \
              f" -- The libmaxim authors <libmaxim@example.com>  {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(EPOCH))}\n"
    third = (doc / "THIRD-PARTY-LICENSES").read_text()

    def package(name, section, depends, description, files, links=(), control=(), multi="same"):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            root.chmod(0o755)
            for source, target, mode in files:
                place = root / target
                place.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(source, bytes):
                    place.write_bytes(source)
                else:
                    shutil.copyfile(source, place)
                place.chmod(mode)
            docs = root / "usr/share/doc" / name
            docs.mkdir(parents=True, exist_ok=True)
            (docs / "copyright").write_text(COPYRIGHT + indented((doc / "LICENSE-MIT").read_text()) + "\nLicense: third-parties\n" + indented(third))
            for page in [docs / "changelog.Debian", *root.glob("usr/share/man/man*/*")]:
                if page.name == "changelog.Debian":
                    page.write_text(changes)
                subprocess.run(["gzip", "-9n", page], check=True)
            for link, to in links:
                place = root / link
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(to)
            meta = root / "DEBIAN"
            meta.mkdir()
            for file, text in control:
                (meta / file).write_text(text)
            sums = []
            size = 0
            for path in sorted(root.rglob("*")):
                if path.is_file() and not path.is_symlink() and meta not in path.parents:
                    content = path.read_bytes()
                    size += (len(content) + 1023) // 1024
                    sums.append(f"{hashlib.md5(content).hexdigest()}  {path.relative_to(root)}\n")
            (meta / "md5sums").write_text("".join(sums))
            (meta / "control").write_text(
                f"Package: {name}\nSource: libmaxim\nVersion: {VERSION}-1\nArchitecture: {debian}\nMulti-Arch: {multi}\n"
                f"Maintainer: The libmaxim authors <libmaxim@example.com>\nInstalled-Size: {size}\nDepends: {depends}\n"
                f"Section: {section}\nPriority: optional\nHomepage: https://www.getmaxim.ai\nDescription: {description}\n")
            for path in root.rglob("*"):
                if path.is_dir():
                    path.chmod(0o755)
            out.mkdir(parents=True, exist_ok=True)
            subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, out / f"{name}_{VERSION}-1_{debian}.deb"],
                           check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)})

    long = " Sessions, traces, spans, generations, retrievals, tool calls and application\n" \
           " logs go to the Maxim log APIs. A call formats one record, copies it into\n" \
           " memory that survives the process, and returns; no I/O, no waiting."
    package(
        library, "libs", "libc6 (>= 2.17), libgcc-s1 (>= 3.3), ca-certificates", f"log what AI applications do - shared library\n{long}",
        [(archive / f"lib/libmaxim.so.{VERSION}", f"{multiarch}/libmaxim.so.{VERSION}", 0o644)],
        [(f"{multiarch}/libmaxim.so.{SOVERSION}", f"libmaxim.so.{VERSION}")],
        [("shlibs", f"libmaxim {SOVERSION} {library} (>= {VERSION})\n"),
         ("symbols", f"libmaxim.so.{SOVERSION} {library} (>= {VERSION})\n"
          + "".join(f" {name}@{node} {VERSION}\n" for name in [node, *exports])),
         ("triggers", "activate-noawait ldconfig\n")])
    pc = (archive / "lib/pkgconfig/maxim.pc").read_text().replace("${pcfiledir}/../..", "/usr") \
        .replace("${prefix}/lib", f"${{prefix}}/lib/{arch}-linux-gnu").replace("Cflags: -I${includedir}\n", "Cflags:\n")
    # Two folders deeper than the archive's lib/cmake/maxim: usr/lib/<multiarch>/cmake/maxim.
    config = (archive / "lib/cmake/maxim/maxim-config.cmake").read_text() \
        .replace("/../../..\"", "/../../../..\"").replace("${maxim_prefix}/lib/", f"${{maxim_prefix}}/lib/{arch}-linux-gnu/")
    files = [(archive / "lib/libmaxim.a", f"{multiarch}/libmaxim.a", 0o644), (pc.encode(), f"{multiarch}/pkgconfig/maxim.pc", 0o644),
             (config.encode(), f"{multiarch}/cmake/maxim/maxim-config.cmake", 0o644),
             (manual / "man3/libmaxim.3", "usr/share/man/man3/libmaxim.3", 0o644)]
    for name in ("maxim-config-version.cmake", "maxim-targets.cmake"):
        files.append((archive / "lib/cmake/maxim" / name, f"{multiarch}/cmake/maxim/{name}", 0o644))
    for header in sorted(path for path in (archive / "include").rglob("*") if path.is_file()):
        files.append((header, f"usr/include/{header.relative_to(archive / 'include')}", 0o644))
    package("libmaxim-dev", "libdevel", f"{library} (= {VERSION}-1)", f"log what AI applications do - development files\n{long}\n"
            " .\n This package has the headers for C and C++, the static library, and files for\n pkg-config and CMake.",
            files, [(f"{multiarch}/libmaxim.so", f"libmaxim.so.{SOVERSION}")])
    # Debian's zsh looks for them elsewhere than zsh's own default.
    completions = {name: name.replace("zsh/site-functions", "zsh/vendor-completions") for name in (
        "bash-completion/completions/maxim-dev", "zsh/site-functions/_maxim-dev", "fish/vendor_completions.d/maxim-dev.fish")}
    package("maxim-dev", "devel", "libc6", "local server for the Maxim log APIs\n"
            " A server for development and tests: applications that log with libmaxim send to\n"
            " it what they would send to the service, and it shows, counts and checks that.",
            [(archive / "bin/maxim-dev", "usr/bin/maxim-dev", 0o755), (manual / "man1/maxim-dev.1", "usr/share/man/man1/maxim-dev.1", 0o644),
             *((archive / "share" / name, f"usr/share/{place}", 0o644) for name, place in completions.items())],
            multi="foreign")


if __name__ == "__main__":
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    if kind in ("wheel", "deb"):
        {"wheel": wheel, "deb": deb}[kind](sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    elif kind == "go":
        pairs = (pair.split("=", 1) for pair in sys.argv[4:])
        go(sys.argv[2], Path(sys.argv[3]), [(name, Path(path)) for name, path in pairs])
    else:
        sys.exit(__doc__)
