"""What the Python peers share: the command line `PROGRAM URL latency|throughput COUNT`, the timing of
calls by perf_counter_ns, and the lines that benches/run.py reads."""

import json
import resource
import sys
import time

URL, WHAT, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])

# A chat completion of 2 KB, as a program has it in its hands: see benches/workload.h.
PROSE = 'Take an umbrella: it rains from noon, says "Yr", and clears at six.\n' * 21
COMPLETION = {
    "id": "chatcmpl-9x",
    "object": "chat.completion",
    "created": 1767323045,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": PROSE, "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 31, "completion_tokens": 417, "total_tokens": 448},
}


def latency(name, call):
    """Times each call; `empty` is what that alone costs."""
    samples = []
    for i in range(COUNT):
        start = time.perf_counter_ns()
        call(i)
        samples.append(time.perf_counter_ns() - start)
    samples.sort()
    at = lambda share: samples[int((COUNT - 1) * share)]
    print(
        f"latency {name} p50={at(0.5)} p99={at(0.99)} p99.9={at(0.999)} max={at(1.0)} mean={sum(samples) // COUNT} "
        f"calls={COUNT}",
        flush=True,
    )


def throughput(name, call, flush):
    """Makes all calls, lets the library send what it has, and says what it took."""
    first_us = time.time_ns() // 1000
    before = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    for i in range(COUNT):
        call(i)
    flush()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"throughput {name} first_us={first_us} cpu_s={sum(usage[:2]) - before:.3f} peak_kb={usage.ru_maxrss}",
        flush=True,
    )
