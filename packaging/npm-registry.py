#!/usr/bin/env python3
"""Serves packed npm packages as a registry does, to this machine only: packaging/npm-registry.py FOLDER PORT-FILE

It has what `npm install` asks for: each package's description, made of the package.json inside, and the packed file. So
npm chooses among the platforms' packages by itself (`os`, `cpu`, `libc`), as it does with the public registry.
"""

import base64
import hashlib
import http.server
import json
import sys
import tarfile
import urllib.parse
from pathlib import Path

files = {}


class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        # npm asks for @scope%2fname.
        content = files.get(urllib.parse.unquote(self.path))
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
base = f"http://127.0.0.1:{server.server_address[1]}"
for path in sorted(Path(sys.argv[1]).glob("*.tgz")):
    content = path.read_bytes()
    with tarfile.open(path) as archive:
        manifest = json.load(archive.extractfile("package/package.json"))
    name, version = manifest["name"], manifest["version"]
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    manifest["dist"] = {"tarball": f"{base}/-/{path.name}", "integrity": f"sha512-{digest}"}
    files[f"/-/{path.name}"] = content
    files[f"/{name}"] = json.dumps({"name": name, "dist-tags": {"latest": version}, "versions": {version: manifest}}).encode()
# Whole before it is seen.
part = Path(f"{sys.argv[2]}.part")
part.write_text(str(server.server_address[1]))
part.rename(sys.argv[2])
server.serve_forever()
