"""FOREIGN: the numpy adapter, whose account of memory is a plain loop over the program just prepared.

So the harness's figure and the bare loop's are taken in one process, in turns: nothing but the harness lies between.
"""

from __future__ import annotations

import statistics
import sys
import time
import types

import numpy as np

SHARED = sys.modules.setdefault("bakeoff_bare", types.ModuleType("bakeoff_bare"))


def describe():
    return {"versions": {"numpy": np.__version__}, "build": "", "devices": ["cpu"]}


def device(settings):
    pass


def sync(x):
    pass


def to_numpy(x):
    return x


def memory():
    """Seconds per step of a plain loop, each step timed by itself and all of them together."""
    step, count = SHARED.step, SHARED.count
    times = []
    begin = time.perf_counter()
    for index in range(count):
        before = time.perf_counter()
        step(index % 8)
        times.append(time.perf_counter() - before)
    return {"median_s": statistics.median(times), "mean_s": (time.perf_counter() - begin) / count}
