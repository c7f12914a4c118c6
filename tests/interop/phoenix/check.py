"""Phoenix shows what the library sends: asked through its API, and a picture taken.

Run by scripts/phoenix.sh in a network namespace of its own, so that nothing can leave: DIRECTORY PROGRAM.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PORT = 6006
URL = f"http://127.0.0.1:{PORT}"
PATIENCE_S = 300


def raise_loopback():
    """A new network namespace has a loopback interface that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up = struct.pack("16sh", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS


def refuse_other_networks():
    interfaces = [name for _, name in socket.if_nameindex()]
    assert interfaces == ["lo"], f"this is no namespace of its own: {interfaces}"


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def wait_until(what, holds):
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            found = holds()
            if found:
                return found
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        assert time.monotonic() < end, f"Phoenix never {what}"
        time.sleep(0.5)


def spans():
    return ask("/v1/projects/default/spans?limit=100")["data"]


def check(found):
    by_name = {span["name"]: span for span in found}
    for name, parent, kind in [
        ("question", None, "CHAIN"),
        ("step", "question", "CHAIN"),
        ("chat gpt-4o", "step", "LLM"),
        ("more", None, "CHAIN"),
        ("retrieval wiki", "more", "RETRIEVER"),
        ("execute_tool weather", "more", "TOOL"),
    ]:
        span = by_name[name]
        assert span["span_kind"] == kind, (name, span["span_kind"])
        above = by_name[parent]["context"]["span_id"] if parent else None
        assert (span["parent_id"] or None) == above, (name, span["parent_id"])
        assert span["start_time"] <= span["end_time"], name
    answer = by_name["chat gpt-4o"]["attributes"]
    assert answer["llm.token_count.total"] == 30, answer
    assert answer["llm.model_name"] == "gpt-4o", answer
    assert by_name["more"]["attributes"]["session.id"] == "session-1"
    return by_name["question"]["context"]["trace_id"]


def summed_up():
    """The project, once its counts and sessions are there."""
    project = ask("/graphql", {"query": """{ projects { edges { node { id name traceCount tokenCountTotal
        sessions(first: 10) { edges { node { sessionId numTraces } } } } } } }"""})
    assert "errors" not in project, project
    nodes = [edge["node"] for edge in project["data"]["projects"]["edges"]]
    default = next(node for node in nodes if node["name"] == "default")
    sessions = [edge["node"] for edge in default["sessions"]["edges"]]
    print(f"counts: {default['traceCount']} traces, {default['tokenCountTotal']} tokens, sessions {sessions}")
    is_right = default["traceCount"] == 2 and default["tokenCountTotal"] == 30
    return is_right and sessions == [{"sessionId": "session-1", "numTraces": 1}] and default["id"]


def photograph(directory, project, trace):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        print("no picture: there is no Chromium")
        return
    for name, path in [("spans", f"/projects/{project}/spans"), ("trace", f"/projects/{project}/traces/{trace}")]:
        picture = os.path.join(directory, f"{name}.png")
        subprocess.run(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/chromium",
             "--window-size=1400,900", "--virtual-time-budget=20000", "--timeout=60000", f"--screenshot={picture}",
             URL + path],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE_S)
        print(f"picture: {picture}")


def main(directory, program):
    raise_loopback()
    refuse_other_networks()
    environment = dict(
        os.environ,
        PHOENIX_TELEMETRY_ENABLED="false",
        PHOENIX_HOST="127.0.0.1",
        PHOENIX_PORT=str(PORT),
        PHOENIX_GRPC_PORT="4317",
        PHOENIX_WORKING_DIR=os.path.join(directory, "data"),
    )
    phoenix = os.path.join(os.path.dirname(sys.executable), "phoenix")
    with open(os.path.join(directory, "phoenix.log"), "wb") as log:
        server = subprocess.Popen([phoenix, "serve"], env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until("answered", lambda: ask("/v1/projects"))
        # Its OTLP endpoint takes protobuf only.
        subprocess.run(
            [program, "conversation"], check=True, timeout=PATIENCE_S,
            env=dict(os.environ, OTEL_EXPORTER_OTLP_ENDPOINT=URL, OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
                     MAXIM_SPOOL_DIR=os.path.join(directory, "spool")))
        found = wait_until("had all spans", lambda: (lambda all_: len(all_) >= 6 and all_)(spans()))
        trace = check(found)
        photograph(directory, wait_until("had summed up", summed_up), trace)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    print("Phoenix has the spans as LLM, TOOL, RETRIEVER and CHAIN, with tokens and session")


if __name__ == "__main__":
    main(*sys.argv[1:])
