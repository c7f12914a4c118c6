"""Runs the measurements and prints them as Markdown: ours, each peer, the ratio, the goal, the limit.

Called by scripts/bench.sh, which has prepared build/bench and build/peers. A peer or binding that is not
there, or fails, has a row with the reason. How it is measured and how to read it: benches/README.md.
"""

import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT, PEERS = ROOT / "build/bench", ROOT / "build/peers"
QUICK = bool(os.environ.get("QUICK"))
REPEATS = 1 if QUICK else 3
CALLS = 200_000 if QUICK else 1_000_000
RESULTS = 50_000 if QUICK else 1_000_000
PACED_CALLS = 40_000 if QUICK else 200_000
PEER_CALLS = 1_000 if QUICK else 30_000
LINES = 1_000_000
PEER_SHARE = 20 if QUICK else 1  # of the lines that a peer sends in the throughput run
ARRIVAL_PAUSE_S = 1 if QUICK else 5  # nothing for so long: no more will arrive

# Of issue "as fast as memory": p50, p99, p99.9 in ns on two cores.
GOALS = {
    "tag": (80, 250, 2000),
    "span": (200, 500, 3000),
    "result": (2500, 5000, 15000),
    "info": (250, 600, 3000),
    "debug": (10, None, None),
}
NAMES = {
    "tag": "`trace_add_tag`",
    "span": "`trace_add_span`, name and two tags",
    "result": "`generation_result`, 2 KB",
    "info": "`log_info`, 4 members",
    "debug": "`log_debug`, filtered",
}

PYTHON, PY, JS, RUST = (
    PEERS / "py/bin/python",
    ROOT / "benches/peers/py",
    ROOT / "benches/peers/js",
    PEERS / "rust/release",
)
NODE = pathlib.Path(os.environ["NODE"])
# Name, how it is installed, its program, which server it speaks to, lines in its throughput run, environment.
PEER_LIST = [
    ("maxim-py", "py", [PYTHON, PY / "maxim_py.py"], "maxim-dev", 100_000, {}),
    ("@maximai/maxim-js", "js", [NODE, JS / "maxim_js.mjs"], "maxim-dev", 200_000, {}),
    ("timberlogs-client (Python)", "py", [PYTHON, PY / "timberlogs_client.py"], "maxim-dev", 20_000, {}),
    ("timberlogs (crate)", "rust", [RUST / "timberlogs"], "maxim-dev", 100_000, {}),
    ("opentelemetry-otlp (crate)", "rust", [RUST / "otel"], "otlp", 1_000_000, {}),
    (
        "the same, a queue for all, batches of 8,192",
        "rust",
        [RUST / "otel"],
        "otlp",
        1_000_000,
        {"OTEL_BSP_MAX_QUEUE_SIZE": "1000000", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8192"},
    ),
    ("@opentelemetry/sdk-trace-node", "js", [NODE, JS / "otel.mjs"], "otlp", 200_000, {}),
]

scratch = None  # a directory on the disk, not on tmpfs


def output(*command):
    with contextlib.suppress(OSError):
        return subprocess.run([*map(str, command)], capture_output=True, text=True).stdout.strip()
    return ""


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*titles):
    print()
    row(*titles)
    row(*["---"] * len(titles))


class Server:
    """A server that counts, of its own for each run: lines of another run are never in its counts."""

    def __init__(self, kind="maxim-dev", *flags):
        port = pathlib.Path(tempfile.mkdtemp(dir=scratch), "port")
        if kind == "otlp":
            self.process = subprocess.Popen(
                [RUST / "otlp_count"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            number = self.process.stdout.readline()
        else:
            flags = flags or ("--mode", "count")
            self.process = subprocess.Popen(
                [
                    ROOT / "build/bin/maxim-dev",
                    "--port",
                    "0",
                    "--port-file",
                    port,
                    "--exit-when-stdin-closes",
                    *flags,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
            while not port.exists():
                time.sleep(0.01)
            number = port.read_text()
        self.url = f"http://127.0.0.1:{number.strip()}"

    def get(self, path):
        return json.load(urllib.request.urlopen(self.url + path))

    def arrived(self, sent):
        """The counts when all has arrived, or nothing more does."""
        stats, changed = self.get("/stats"), time.monotonic()
        while stats["lines"] + stats["entries"] < sent and time.monotonic() - changed < ARRIVAL_PAUSE_S:
            time.sleep(0.05)
            now = self.get("/stats")
            if now != stats:
                stats, changed = now, time.monotonic()
        return stats

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def run(command, url, **environment):
    """What a program prints: per line a word or two, then `name=value` fields. A spool of its own."""
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as home:
        own = {
            "MAXIM_BASE_URL": url,
            "MAXIM_SPOOL_DIR": home,
            "HOME": home,
            "TMPDIR": home,
            "PEERS": str(PEERS / "js/package.json"),
        }
        done = subprocess.run(
            [*map(str, command)],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, **own, **environment},
        )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise RuntimeError(next((line for line in said if "Error" in line), said[-1])[:120])
    found = []
    for line in done.stdout.splitlines():
        fields = dict(field.split("=") for field in line.split() if "=" in field)
        if fields:
            found.append((line.split()[1], {name: float(value) for name, value in fields.items()}))
    return found


def ours(url, *arguments, within=()):
    return run([*within, BUILT / "calls", *arguments], url)[0][1]


def best(measure):
    """The repeat with the lowest mean: what other work on the machine has disturbed least."""
    return min((measure() for _ in range(REPEATS)), key=lambda found: found["mean"])


def figures(found):
    shown = (found[name] for name in ("p50", "p99", "p99.9", "mean"))
    return [f"{value:,.0f}" if value >= 10 else f"{value:.1f}" for value in shown]


def at_most(what, value, limit):
    return f"{what}≤ {limit:,}" + ("" if value <= limit else " **missed**")


def goal(call, found):
    limits = zip(("p50", "p99", "p99.9"), GOALS[call])
    parts = [at_most(f"{name} ", found[name], limit) for name, limit in limits if limit is not None]
    return "; ".join([*parts, preempted(found)])


def preempted(found):
    return f"preempted in {1e6 * found['preempted'] / found['calls']:,.0f} of a million"


def versions():
    yield "maxim " + re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    yield output("rustc", "--version")
    yield output(os.environ.get("CC", "cc"), "--version").splitlines()[0]
    yield f"Python {output(PYTHON, '--version').removeprefix('Python ')}"
    yield f"Node {output(NODE, '--version')}"
    for pinned, pattern in (
        (PY / "requirements.txt", r"^(maxim-py|timberlogs-client)==(.*)"),
        (JS / "package.json", r'"(@maximai/[^"]*|@opentelemetry/[^"]*)": "(.*)"'),
        (ROOT / "benches/peers/rust/Cargo.toml", r'^(timberlogs|opentelemetry[a-z-]*) = "=(.*)"'),
    ):
        for name, version in re.findall(pattern, pinned.read_text(), re.MULTILINE):
            yield f"{name} {version}"


def print_head():
    processor = next(
        line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{processor}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}"
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"- {datetime.datetime.now():%Y-%m-%d %H:%M}, {machine}")
    print(f"- Load average at the start: {loads}" + (" (QUICK: few calls, once)" if QUICK else ""))
    print("- Versions: " + "; ".join(versions()))
    print(
        "- Times in ns. Ours: time stamp counter around each call; its cost is the first row, and in all others."
    )
    print(
        f"  Peers: the clock of their language; its cost is named. Of {REPEATS} runs, the one with the lowest mean."
    )


def latency():
    """What one call costs, ours and the peers'; gives ours."""
    head("call", "library", "p50", "p99", "p99.9", "mean", "p50 to ours", "mean to ours", "goal, or note")
    with Server() as up:
        for call, name in (
            ("empty", "nothing: the cost of measuring"),
            ("memcpy", "limit: memcpy of 200 bytes"),
            ("clock", "limit: one time stamp"),
        ):
            found = best(lambda: ours(up.url, "latency", call, "tight", CALLS, 1))
            row(name, "–", *figures(found), "", "", "")
    mine = {}
    for call in GOALS:
        with Server() as up:
            mine[call] = best(
                lambda: ours(up.url, "latency", call, "tight", RESULTS if call == "result" else CALLS, 1)
            )
        note = goal(call, mine[call]) if call != "debug" else preempted(mine[call])
        row(f"**{NAMES[call]}**", "**libmaxim**", *figures(mine[call]), "", "", note)
    # A call that costs less than the readings around it.
    with Server() as up:
        found = best(lambda: ours(up.url, "latency", "debug", "grouped", CALLS // 100, 1))
    row(f"**{NAMES['debug']}**, of 100 between two readings", "**libmaxim**", *figures(found), "", "", goal("debug", found))
    conditions(mine)
    for name, kind, command, server, _, environment in PEER_LIST:
        if not environment:
            peer_latency(name, kind, command, server, mine)
    return mine


def conditions(mine):
    def measure(what, call, pace, count=CALLS, threads=1, url=None, note="", limit=None, within=()):
        with Server() as up:
            found = best(lambda: ours(url or up.url, "latency", call, pace, count, threads, within=within))
        notes = [note] if note else []
        if limit is not None:
            notes.append(at_most("p50 ", found["p50"], limit))
        if found["refused"]:
            notes.append(f"{found['refused']:,.0f} refused")
        row(
            f"{NAMES[call]}, {what}",
            "libmaxim",
            *figures(found),
            f"{found['p50'] / mine[call]['p50']:.1f}×",
            f"{found['mean'] / mine[call]['mean']:.1f}×",
            "; ".join([*notes, preempted(found)]),
        )

    # What the call itself does, without what the machine's other work does to it. Needs root.
    undisturbed = ("chrt", "--fifo", "10")
    if output(*undisturbed, "echo", "allowed"):
        for call in ("tag", "span", "result", "info"):
            count = RESULTS if call == "result" else CALLS
            measure("real-time priority", call, "tight", count, within=undisturbed)
    measure("4 threads", "tag", "tight", threads=4, limit=200)
    measure("bursts of 100", "tag", "bursty")
    for call in ("tag", "span", "result", "info"):
        measure("20,000 a second", call, "paced", PACED_CALLS)
    measure("server down", "tag", "tight", url="http://127.0.0.1:9")
    busy = f"while :; do dd if=/dev/zero of={scratch}/busy bs=1M count=64 conv=fsync 2>/dev/null; done"
    disk = subprocess.Popen(["timeout", "240", "sh", "-c", busy])
    measure("busy disk", "tag", "tight", note="beside a loop of dd and fsync")
    measure("busy disk, server down", "tag", "tight", url="http://127.0.0.1:9", note="the same")
    disk.terminate()
    disk.wait()


def threads():
    """What threads that share a logger get out of it, ours and the anchors' in one run: in bursts that the memory holds,
    and ours for longer than that."""
    rounds, milliseconds = (5, 15) if QUICK else (31, 15)
    threads_head(milliseconds)
    our_threads(rounds, milliseconds)
    for name, server, program, why in (
        ("Quill", "maxim-dev", [BUILT / "quill_threads", rounds, milliseconds], "not built: QUILL names no headers"),
        ("opentelemetry-otlp (crate)", "otlp", [RUST / "otel", "URL", "threads", rounds], missing("rust")),
    ):
        if not program[0].exists():
            row("", name, *"–" * 8, why or "not built")
            continue
        with Server(server) as up:
            command = [up.url if part == "URL" else part for part in program]
            for count, fields in run(command, up.url, TURN_MS=str(milliseconds)):
                threads_row(name, count, fields, "")
    rounds, milliseconds = (1, 300) if QUICK else (7, 1000)
    threads_head(milliseconds)
    our_threads(rounds, milliseconds)


def threads_head(milliseconds):
    head(
        f"one logger, {os.cpu_count()} cores, {milliseconds} ms",
        "library",
        "calls/s",
        "to 1 thread",
        "p50",
        "p99",
        "p99.9",
        "processor, ns a call",
        "context switches in 10,000 calls",
        "of them waits",
        "goal",
    )


def our_threads(rounds, milliseconds):
    with Server() as up:
        found = run([BUILT / "threads", rounds, milliseconds], up.url)
    of_two = next(fields["ratio"] for count, fields in found if count == "2")
    for count, fields in found:
        least = {"1": None, "2": 1.7}.get(count, of_two)
        met = "" if least is None or fields["ratio"] >= 0.95 * least else " **missed**"
        threads_row("libmaxim", count, fields, "" if least is None else f"≥ {least:.2f}×{met}")


def threads_row(name, count, fields, note):
    row(
        f"{count} thread{'s' if count != '1' else ''}",
        name,
        f"{fields['calls_per_s']:,.0f}",
        f"{fields['ratio']:.2f}×",
        *(f"{fields[name]:,.0f}" for name in ("p50", "p99", "p99.9", "cpu_ns")),
        *(f"{fields[name]:.1f}" if name in fields else "–" for name in ("switches", "waits")),
        note,
    )


def missing(kind):
    failed = PEERS / f"{kind}.failed"
    if failed.exists():
        return f"not installed: {failed.read_text().strip()[:120]}"
    if not (PEERS / f"{kind}.installed").exists():
        return "not installed yet" + (": `make bench` without QUICK does" if QUICK else "")
    return None


def peer_latency(name, kind, command, server, mine):
    reason = missing(kind)
    rows = {}
    try:
        for _ in range(0 if reason else REPEATS):
            with Server(server) as up:
                for call, found in run([*command, up.url, "latency", PEER_CALLS], up.url):
                    if call not in rows or found["mean"] < rows[call]["mean"]:
                        rows[call] = found
                sent = PEER_CALLS * len([call for call in rows if call not in ("empty", "debug")])
                stats = up.arrived(sent)
                share = (stats["lines"] + stats["entries"]) / sent
        for call, found in rows.items():
            if call != "empty":
                note = f"clock {rows['empty']['p50']:.0f}"
                if share < 1:
                    note += f"; {100 * share:.0f} % of these calls arrived"
                ratios = (f"{found[figure] / mine[call][figure]:.1f}×" for figure in ("p50", "mean"))
                row(NAMES[call], name, *figures(found), *ratios, note)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        reason = f"failed: {error}"
    if reason:
        row("", name, *[""] * 6, reason)


def throughput():
    """First call to last line at the server, counted there."""
    head("end to end", "lines", "lines/s", "not arrived", "twice", "CPU, s", "peak RSS, MiB", "goal, or note")

    def measure(name, server, sent, start, is_numbered=False, is_ours=False):
        with Server(server, *(("--mode", "count", "--check-seq") if is_numbered else ())) as up:
            found = start(up.url)
            stats = up.arrived(sent)
            arrived, twice = stats["lines"] + stats["entries"], "–"
            if is_numbered:
                # maxim-py and maxim-js send a few lines besides those that they were told to.
                seen = up.get("/seq")["totals"]
                arrived, twice = seen["unique"], seen["duplicates"]
        rate = arrived / (stats["last_line_us"] - found["first_us"]) * 1e6 if arrived else 0
        lost, cpu, rss = sent - arrived, found["cpu_s"], found["peak_kb"] / 1024
        note = ""
        if is_ours:  # nothing but counting keeps the server from reading
            speed = "≥ 2,000,000 lines/s" + ("" if rate >= 2e6 else " **missed**")
            note = "; ".join(
                (speed, at_most("not arrived ", lost, 0), at_most("CPU ", cpu, 0.6), at_most("RSS ", rss, 48))
            )
        row(name, f"{sent:,}", f"{rate:,.0f}", f"{lost:,}", twice, f"{cpu:.2f}", f"{rss:.1f}", note)

    start = lambda url: ours(url, "throughput", LINES)
    for _ in range(REPEATS):
        measure("libmaxim", "maxim-dev", LINES, start, is_ours=True)
    measure("libmaxim, each line followed by its number", "maxim-dev", LINES, start, is_numbered=True)
    if (RUST / "otlp_count").exists():
        start_spans = lambda url: ours(url, "spans", LINES // PEER_SHARE)
        measure("libmaxim, spans by OTLP", "otlp", LINES // PEER_SHARE, start_spans)
    for name, kind, command, server, lines, environment in PEER_LIST:
        sent = lines // PEER_SHARE
        start = lambda url: run([*command, url, "throughput", sent], url, **environment)[0][1]
        reason = missing(kind)
        try:
            if not reason:
                measure(name, server, sent, start, is_numbered=name.startswith(("maxim-py", "@maximai")))
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            reason = f"failed: {error}"
        if reason:
            row(name, *[""] * 6, reason)


def links():
    """Default settings to a server whose answers come late: from the first call until a flush says that all has arrived."""
    head("over distance", "answers after", "records", "records/s", "CPU, s", "peak RSS, MiB", "goal")
    for name, call, milliseconds, count, least in (
        ("`log_info`, one member", "entry", 50, 100_000, 20_000),
        ("`trace_set_input`, 130 bytes, in order", "input", 100, LINES, 200_000),
    ):
        count //= PEER_SHARE
        with Server("maxim-dev", "--mode", "count", "--delay-ms", str(milliseconds)) as up:
            found = ours(up.url, "link", call, count)
        rate = count / found["flushed_s"]
        told = f"≥ {least:,}" + ("" if rate >= least else " **missed**")
        told += f"; flush answered {found['flush_status']:.0f}" if found["flush_status"] else ""
        usage = (f"{found['cpu_s']:.2f}", f"{found['peak_kb'] / 1024:.1f}")
        row(name, f"{milliseconds} ms", f"{count:,}", f"{rate:,.0f}", *usage, told)


def bindings():
    """Mean of a round of tag calls, best of many rounds, through each binding."""
    head("`trace_add_tag` through", "ns", "C", "difference", "goal")
    in_cpp = {}

    def measure(name, found, built, limit):
        if not built.exists():
            log = f"see build/bench/{found.__name__}.log"
            return row(
                name,
                "",
                "",
                "",
                "not built" + (" yet: `make bench` without QUICK does" if QUICK else f": {log}"),
            )
        try:
            with Server() as up, tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as spool:
                environment = {
                    **os.environ,
                    "MAXIM_BASE_URL": up.url,
                    "MAXIM_SPOOL_DIR": spool,
                    "CALLS": "20000",
                }
                options = dict(env=environment, capture_output=True, text=True, timeout=120, check=True)
                cost, in_c = found(
                    lambda *command, cwd=ROOT: subprocess.run([*map(str, command)], cwd=cwd, **options).stdout
                )
        except (subprocess.SubprocessError, AttributeError) as error:
            return row(name, "", "", "", f"failed: {str(error)[:120]}")
        # Node and Ruby have no C beside them: theirs is that of C++, a few seconds before.
        base = in_cpp.get("ns") if in_c is None else in_c
        told = at_most("", cost, limit) if in_c is None else at_most("difference ", cost - in_c, limit)
        row(name, f"{cost:.0f}", *((f"{base:.0f}", f"{cost - base:+.1f}") if base else ("–", "–")), told)

    def cpp(run):
        told = json.loads(run(BUILT / "cpp"))
        in_cpp["ns"] = told["c_ns"]
        return told["cpp_ns"], told["c_ns"]

    def go(run):
        told = run(
            BUILT / "go",
            "-test.run=^$",
            "-test.bench=TagAgainstC",
            f"-test.benchtime={500 if QUICK else 3000}x",
            cwd=ROOT / "bindings/go",
        )
        return tuple(float(re.search(rf"([\d.]+) ns/{name}-call", told)[1]) for name in ("Go", "C"))

    def node(run):
        return (
            float(re.search(r"addTag: (\d+) ns", run(NODE, "test/bench.mjs", cwd=ROOT / "bindings/node"))[1]),
            None,
        )

    def ruby(run):
        return (
            float(
                re.search(
                    r"add_tag (\d+) ns", run("ruby", "-Ilib", "bench/tag_call.rb", cwd=ROOT / "bindings/ruby")
                )[1]
            ),
            None,
        )

    measure("C++", cpp, BUILT / "cpp", 5)
    measure("Go", go, BUILT / "go", 60)
    measure("Node", node, ROOT / "build/node/maxim.node", 250)
    measure("Ruby", ruby, ROOT / "bindings/ruby/lib/maxim/maxim_ext.so", 250)


def at_rest():
    head("a logger at rest", "figure", "goal")
    with Server() as up:
        found = ours(up.url, "idle", 5 if QUICK else 10)
    size = (ROOT / "build/lib/libmaxim.so").stat().st_size / 1e6
    for name, value, limit, unit in (
        ("`maxim_logger_new`, p50", found["new_p50_ms"], 2, "ms"),
        ("`maxim_flush` of nothing, p50", found["flush_p50_us"], 50, "µs"),
        ("wake-ups", found["wake_ups_per_s"], 2, "/s"),
        ("CPU", found["cpu_percent"], 0.1, "%"),
        ("RSS", found["rss_kb"] / 1024, 10, "MiB"),
        ("shared library, stripped", size, 4, "MB"),
    ):
        row(name, f"{value:.2f} {unit}", at_most("", value, limit))


def main():
    global scratch
    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT, ignore_cleanup_errors=True) as directory:
        scratch, began = directory, time.monotonic()
        print_head()
        latency()
        threads()
        throughput()
        links()
        bindings()
        at_rest()
    print(
        "\nLoad average at the end: "
        + ", ".join(f"{load:.1f}" for load in os.getloadavg())
        + f"; {time.monotonic() - began:.0f} s in all"
    )


main()
