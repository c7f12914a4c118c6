"""The calls of the table through maxim-py: prints `CALL p50 p99 p99.9 max` in ns, timed by perf_counter_ns."""
import os, sys, time

COUNT = int(sys.argv[1])
os.environ["MAXIM_BASE_URL"] = sys.argv[2]
from maxim import Config, Maxim
from maxim.logger import LoggerConfig

maxim = Maxim(Config(api_key="bench-key", base_url=sys.argv[2]))
logger = maxim.logger(LoggerConfig(id="bench"))
trace = logger.trace({"id": "3f0c9d52-7a41-4c57-9be1-08a6d1f2c3e4", "name": "bench"})


def measure(name, call):
    samples = []
    for i in range(COUNT):
        start = time.perf_counter_ns()
        call(i)
        samples.append(time.perf_counter_ns() - start)
    samples.sort()
    at = lambda share: samples[int((COUNT - 1) * share)]
    print(name, at(0.5), at(0.99), at(0.999), at(1.0), flush=True)


measure("tag", lambda i: logger.trace_add_tag(trace.id, "user", "ada"))
measure("span", lambda i: logger.trace_add_span(trace.id, {"id": f"span-{i}", "name": "agent step", "tags": {"step": "1", "agent": "weather"}}))
os._exit(0)
