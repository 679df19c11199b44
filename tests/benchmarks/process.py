"""What `bakeoff decide` costs as a whole process, beside importing NumPy, both in this run.

    python -m tests.benchmarks.process

CPU time of whole processes, the least of several: what runs beside only ever adds. The interpreter's own start is taken
off both sides. Inside a process that has loaded the catalogue, deciding is printed apart.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import tomllib
from datetime import date
from pathlib import Path

from bakeoff.catalog.load import load
from bakeoff.catalog.rules import load_rules
from bakeoff.decide.engine import decide
from bakeoff.decide.profile import parse

PROFILE = Path(__file__).parents[2] / "src" / "bakeoff" / "new" / "tour" / "profile.toml"
BAR = 3.0
"""Times the import of NumPy that a decision may cost."""
TIMES = 7
_ONE_THREAD = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def process_s(*words: str) -> float:
    """Least CPU seconds of a Python process and its children, over several."""
    found = []
    for _ in range(TIMES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Whatever it says goes nowhere; an undecided profile is no failure of the measurement.
        subprocess.run([sys.executable, *words], env=_ONE_THREAD, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def inside_s() -> float:
    """Least CPU seconds of the decision alone, nothing remembered from the one before."""
    rules = load_rules()
    profile = parse(tomllib.loads(PROFILE.read_text(encoding="utf-8")), rules, load())
    found = []
    for _ in range(TIMES):
        catalog = load()
        start = time.process_time()
        decide(profile, catalog, rules, today=date(2026, 11, 22))
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    """Prints the ratios and whether the bar is met."""
    start = process_s("-c", "pass")
    numpy = process_s("-c", "import numpy") - start
    rows = {
        "catalogue loaded": process_s("-c", "from bakeoff.catalog.load import load; load()") - start,
        "everything imported": process_s("-c", "import bakeoff.api") - start,
        "decide, in a process that is up": inside_s(),
        "bakeoff decide, whole process": process_s("-m", "bakeoff.cli.main", "decide", str(PROFILE)) - start,
    }
    print(f"importing NumPy: {numpy * 1e3:.0f} ms of CPU; bar for a decision {BAR:g} times that")
    for name, taken in rows.items():
        said = f"{'ok' if taken <= BAR * numpy else 'MISSED'}" if "decide" in name else ""
        print(f"  {name:34} {taken * 1e3:7.0f} ms  {taken / numpy:6.2f} x  {said}")


if __name__ == "__main__":
    main()
