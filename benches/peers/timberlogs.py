"""The calls of the table through timberlogs-client: prints `CALL p50 p99 p99.9 max` in ns."""
import os, sys, time

sys.path.pop(0)  # this file has the package's name
COUNT = int(sys.argv[1])
from timberlogs import create_timberlogs

# Without a key the client keeps entries and sends nothing: its endpoint is fixed, so no server is involved.
client = create_timberlogs(source="bench", environment="production", min_level="info")


def measure(name, call):
    samples = []
    for _ in range(COUNT):
        start = time.perf_counter_ns()
        call()
        samples.append(time.perf_counter_ns() - start)
    samples.sort()
    at = lambda share: samples[int((COUNT - 1) * share)]
    print(name, at(0.5), at(0.99), at(0.999), at(1.0), flush=True)


measure("info", lambda: client.info("order placed", {"order": "A-1001", "items": 3, "total": 59.9, "express": True}))
measure("debug", lambda: client.debug("gateway payload", {"bytes": 512}))
os._exit(0)
