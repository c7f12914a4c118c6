"""Runs the measurements and prints one table: ours, each peer, the ratio, the limit.

Called by scripts/bench.sh. Peers are used from build/peers when they are there; a peer that is not
there, or fails, has a row with the reason.
"""
import json, os, pathlib, platform, subprocess, sys, tempfile, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUICK = bool(os.environ.get("QUICK"))
COUNT = 1_000_000
PEER_COUNT = 5_000 if QUICK else 100_000
work = tempfile.TemporaryDirectory()


def output(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def server(*flags):
    port = pathlib.Path(work.name, f"port-{time.monotonic_ns()}")
    process = subprocess.Popen([ROOT / "build/bin/maxim-dev", "--port", "0", "--port-file", port, "--exit-when-stdin-closes", *flags],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    while not port.exists():
        time.sleep(0.01)
    return process, f"http://127.0.0.1:{port.read_text().strip()}"


def calls(url, *arguments):
    with tempfile.TemporaryDirectory() as spool:
        done = subprocess.run([ROOT / "build/bin/calls", *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "MAXIM_BASE_URL": url, "MAXIM_SPOOL_DIR": spool})
    if done.returncode:
        sys.exit(f"calls {arguments}: {done.returncode} {done.stderr}")
    return {name: float(value) for name, value in (field.split("=") for field in done.stdout.split())}


def get(url, path):
    return json.load(urllib.request.urlopen(url + path))


def row(what, *cells):
    print(f"| {what} | " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def latency(url, what, call, pace, threads=1):
    count = COUNT // 4 if QUICK and call == "result" else COUNT
    found = calls(url, "latency", call, pace, count, threads)
    row(what, *(f"{found[name]:.0f}" for name in ("p50", "p99", "p99.9", "max")), f"{found['refused']:.0f} refused", f"{count}")
    return found


def peer(name, package, command, url, ours):
    python = ROOT / "build/peers/py/venv/bin/python"
    if not python.exists():
        row(name, f"not measured: {package} is not installed (run without QUICK)", *[""] * 5)
        return
    done = subprocess.run([python, ROOT / "benches/peers" / command, str(PEER_COUNT), url], capture_output=True, text=True, timeout=300)
    for line in done.stdout.splitlines():
        fields = line.split()
        if len(fields) == 5 and fields[0] in ours:
            row(f"{name} {fields[0]}", *fields[1:], f"{float(fields[1]) / ours[fields[0]]['p50']:.1f} x ours (p50)", PEER_COUNT)
    if done.returncode:
        row(name, f"failed: {(done.stderr.strip().splitlines() or ['no message'])[-1][:120]}", *[""] * 5)


def main():
    processor = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    print(f"{processor}, {os.cpu_count()} cores, Linux {platform.release()}, {output('rustc', '--version')}, Python {platform.python_version()}")
    print(f"load average at start {os.getloadavg()}; ns; time stamp counter, its own cost is in every row of ours\n")
    row("call", "p50", "p99", "p99.9", "max", "note", "calls")
    row(*["---"] * 7)
    up, url = server("--mode", "count")
    latency(url, "nothing (cost of measuring)", "empty", "tight")
    latency(url, "limit: memcpy of 200 bytes", "memcpy", "tight")
    ours = {}
    for name in ("tag", "span", "result", "info", "debug"):
        ours[name] = latency(url, f"{name}, back to back", name, "tight")
    latency(url, "tag, 4 threads", "tag", "tight", 4)
    latency(url, "tag, bursty", "tag", "bursty")
    if not QUICK:
        latency(url, "tag, paced", "tag", "paced")
        disk = subprocess.Popen(["timeout", "20", "sh", "-c", f"while :; do dd if=/dev/zero of={work.name}/busy bs=1M count=64 conv=fsync 2>/dev/null; done"])
        latency(url, "tag, busy disk", "tag", "tight")
        disk.terminate()
        disk.wait()
    latency("http://127.0.0.1:9", "tag, server down", "tag", "tight")
    peer("maxim-py", "maxim-py", "maxim_py.py", url, ours)
    peer("timberlogs-client", "timberlogs-client", "timberlogs.py", url, ours)
    for name in ("@maximai/maxim-js", "@opentelemetry/sdk-trace-node", "timberlogs (crate)", "opentelemetry-otlp (crate)"):
        row(name, "not measured: there is no program for it in benches/peers yet", *[""] * 5)

    print("\nend to end")
    # A server of its own: lines of the runs before must not be counted.
    up.terminate()
    up, url = server("--mode", "count")
    run = calls(url, "throughput", COUNT)
    stats = get(url, "/stats")
    seconds = (stats["last_line_us"] - run["first_us"]) / 1e6
    print(f"1,000,000 lines, first call to last line at the server: {COUNT / seconds:,.0f} lines/s, {COUNT - stats['lines']} missing, "
          f"CPU {run['cpu_s']:.2f} s, peak RSS {run['peak_kb'] / 1024:.1f} MiB")
    up.terminate()
    checking, url = server("--mode", "quiet", "--check-seq")
    calls(url, "throughput", COUNT)
    print("in a second run, followed by number:", json.dumps(get(url, "/seq"))[:400])
    idle = calls(url, "idle", 5 if QUICK else 10)
    print("idle:", ", ".join(f"{name} {value:g}" for name, value in idle.items()))
    checking.terminate()
    print(f"shared library, stripped: {(ROOT / 'build/lib/libmaxim.so').stat().st_size / 1e6:.2f} MB")
    print(f"load average at the end {os.getloadavg()}")


main()
