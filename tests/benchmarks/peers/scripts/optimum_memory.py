"""FOREIGN: what optimum-benchmark's memory tracker sees of 100 MiB that are touched and freed."""

import json
import logging
import os
import sys
from pathlib import Path

import numpy as np
import psutil
from optimum_benchmark.trackers.memory import MemoryTracker

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    request = json.loads(Path(sys.argv[1]).read_text())
    tracker = MemoryTracker(device="cpu", backend="numpy")
    seen = []
    for _ in range(request["repeats"]):
        tracker.reset()
        before = psutil.Process(os.getpid()).memory_info().rss
        with tracker.track():
            np.ones(100 * 2**20, dtype=np.uint8)
        seen.append((tracker.get_max_memory().max_ram * 1e6 - before) / 2**20)
    print(json.dumps(seen))
