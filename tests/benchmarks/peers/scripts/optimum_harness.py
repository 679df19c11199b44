"""FOREIGN: optimum-benchmark's own launcher and trackers around a program of ours, beside a bare loop."""

import importlib.util
import json
import logging
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from optimum_benchmark.benchmark.report import BenchmarkReport
from optimum_benchmark.launchers.process.config import ProcessConfig
from optimum_benchmark.launchers.process.launcher import ProcessLauncher
from optimum_benchmark.trackers.latency import LatencySessionTracker


def program(request):
    """The adapter's step on the same weights and inputs."""
    spec = importlib.util.spec_from_file_location("program", request["file"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    weights = dict(np.load(request["weights"]))
    slots = {}
    for key, value in np.load(request["inputs"]).items():
        slot, _, name = key.partition("/")
        slots.setdefault(int(slot), {})[name] = value
    return module.build(request["spec"], weights, [slots[slot] for slot in sorted(slots)], request["setting"])[0]


def tracked(request):
    """What its inference scenario does: warm up, then a tracked session."""
    step = program(request)
    for index in range(10):
        step(index % 8)
    tracker = LatencySessionTracker(device="cpu", backend="numpy")
    with ExitStack() as stack:
        stack.enter_context(tracker.session())
        while tracker.elapsed() < request["seconds"] or tracker.count() < 10:
            with tracker.track():
                step(tracker.count() % 8)
        latency = tracker.get_latency()
    report = BenchmarkReport.from_list(["forward"])
    report.forward.latency = latency
    return report


def bare(request):
    """A loop with a clock around each step."""
    step = program(request)
    for index in range(10):
        step(index % 8)
    times = []
    end = time.perf_counter() + request["seconds"]
    while time.perf_counter() < end:
        begin = time.perf_counter()
        step(len(times) % 8)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def launched(request):
    """Median reported through its process launcher, and the share of a core its parent used."""
    launcher = ProcessLauncher(ProcessConfig(start_method="spawn"))
    wall, own = time.perf_counter(), time.process_time()
    report = launcher.launch(tracked, [request])
    share = (time.process_time() - own) / (time.perf_counter() - wall)
    return float(report.forward.latency.p50), share


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    request = json.loads(Path(sys.argv[1]).read_text())
    rows = []
    for _ in range(request["repeats"]):
        alone = bare(request)
        inline = float(tracked(request).forward.latency.p50)
        process, share = launched(request)
        rows.append({"bare": alone, "inline": inline, "process": process, "parent": share})
    print(json.dumps(rows))
