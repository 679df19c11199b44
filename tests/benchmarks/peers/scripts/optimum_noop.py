"""FOREIGN: what is reported of a call that does nothing, by optimum-benchmark's tracker and by torch's Timer."""

import json
import logging
import statistics
import sys
import time
from pathlib import Path

import torch.utils.benchmark
from optimum_benchmark.trackers.latency import LatencySessionTracker

NOTHING = {"y": 0}


def nothing(_slot):
    """The program."""
    return NOTHING


def tracker(count):
    """Median value and wall time of its loop, per call."""
    found = LatencySessionTracker(device="cpu", backend="numpy")
    begin = time.perf_counter()
    with found.session():
        for index in range(count):
            with found.track():
                nothing(index)
        wall = time.perf_counter() - begin
        return statistics.median(found.get_latency().values), wall / count


def bare(count):
    """A loop over the call and nothing else, per call."""
    begin = time.perf_counter()
    for index in range(count):
        nothing(index)
    return (time.perf_counter() - begin) / count


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    request = json.loads(Path(sys.argv[1]).read_text())
    timer = torch.utils.benchmark.Timer("nothing(0)", globals={"nothing": nothing})
    rows = []
    for _ in range(request["repeats"]):
        value, wall = tracker(20_000)
        rows.append({"bare": bare(20_000), "tracker": value, "loop": wall, "timer": timer.timeit(20_000).median})
    print(json.dumps(rows))
