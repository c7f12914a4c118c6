"""timberlogs-client with a key, in its default settings: each tenth call sends and waits."""

import os

import timberlogs.client
from measure import URL, WHAT, latency, throughput

# The endpoint is fixed in the package.
timberlogs.client.LOGS_ENDPOINT = f"{URL}/v1/logs"
client = timberlogs.create_timberlogs(
    source="bench", environment="production", api_key="bench-key", min_level="info"
)
data = lambda: {"order": "A-1001", "items": 3, "total": 59.9, "express": True}
if WHAT == "throughput":
    throughput("entries", lambda i: client.info("order placed", {"mark": f"seq-w-{i}"}), client.flush)
else:
    latency("empty", lambda i: None)
    latency("info", lambda i: client.info("order placed", data()))
    latency("debug", lambda i: client.debug("gateway payload", {"bytes": 512}))
    client.flush()
os._exit(0)
