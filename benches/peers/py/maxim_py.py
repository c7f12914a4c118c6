"""maxim-py in its default settings."""

import logging
import os

from measure import COMPLETION, URL, WHAT, latency, throughput

os.environ["MAXIM_BASE_URL"] = URL
from maxim import Config, Maxim
from maxim.logger import LoggerConfig

logging.disable(logging.CRITICAL)
maxim = Maxim(Config(api_key="bench-key", base_url=URL))
logger = maxim.logger(LoggerConfig(id="bench"))
trace = "3f0c9d52-7a41-4c57-9be1-08a6d1f2c3e4"
tags = {"step": "1", "agent": "weather"}
if WHAT == "throughput":
    throughput("tags", lambda i: logger.trace_add_tag(trace, "mark", f"seq-w-{i}"), maxim.cleanup)
else:
    latency("empty", lambda i: None)
    latency("tag", lambda i: logger.trace_add_tag(trace, "user", "ada"))
    latency(
        "span",
        lambda i: logger.trace_add_span(trace, {"id": f"span-{i}", "name": "agent step", "tags": tags}),
    )
    latency("result", lambda i: logger.generation_result(trace, COMPLETION))
    # As its documentation ends a program.
    maxim.cleanup()
