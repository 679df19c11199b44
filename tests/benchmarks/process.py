"""What `bakeoff decide` costs as a whole process, beside importing NumPy, both in this run.

    python -m tests.benchmarks.process

CPU time of whole processes, the least of several: what runs beside only ever adds. The interpreter's own start is taken
off both sides. Deciding inside a process that has imported what it needs is printed apart; nothing is kept from one
decision to the next but what lies on disk. Every module is read as bytecode, as where a package is installed: NumPy and
ours alike, from a folder of this run.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

PROFILE = Path(__file__).parents[2] / "src" / "bakeoff" / "new" / "tour" / "profile.toml"
BAR = 3.0
"""Times the import of NumPy that a decision may cost."""
TIMES = 7
_IMPORTS = "import bakeoff.api, bakeoff.api.decisions"
_INSIDE = f"""
import gc, sys, time
from pathlib import Path
{_IMPORTS}
from bakeoff.cli.run import relaxed
relaxed()
taken = []
for _ in range(int(sys.argv[2])):
    start = time.process_time()
    bakeoff.api.Bakeoff().decisions.decide(Path(sys.argv[1]))
    taken.append(time.process_time() - start)
print(min(taken[1:] or taken))
"""
_BYTECODE = tempfile.TemporaryDirectory()
_ONE_THREAD = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPYCACHEPREFIX": _BYTECODE.name}
_ONE_THREAD.pop("PYTHONDONTWRITEBYTECODE", None)


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


def inside_s(*, first: bool) -> float:
    """Least CPU seconds of a decision through the product's object, in processes that have imported what it needs.

    Args:
        first: The first one of its process. Else the least of the next three, which read all files anew.
    """
    found = []
    for _ in range(TIMES):
        words = [sys.executable, "-c", _INSIDE, str(PROFILE), "1" if first else "4"]
        done = subprocess.run(words, env=_ONE_THREAD, capture_output=True, text=True, check=True)
        found.append(float(done.stdout))
    return min(found)


def main() -> None:
    """Prints the ratios and whether the bar is met."""
    start = process_s("-c", "pass")
    numpy = process_s("-c", "import numpy") - start
    command = ("-m", "bakeoff.cli.main", "decide", str(PROFILE))
    rows = {
        "the parser imported": process_s("-c", "import typer") - start,
        "the screen imported": process_s("-c", "import rich.console, rich.table") - start,
        "catalogue loaded": process_s("-c", "from bakeoff.catalog.load import load; load()") - start,
        "what deciding needs imported": process_s("-c", _IMPORTS) - start,
        "decide, first in its process": inside_s(first=True),
        "decide, later in its process": inside_s(first=False),
        "bakeoff decide --json, whole process": process_s(*command, "--json") - start,
        "bakeoff decide, whole process": process_s(*command) - start,
    }
    print(f"importing NumPy: {numpy * 1e3:.0f} ms of CPU; bar for a decision {BAR:g} times that")
    for name, taken in rows.items():
        said = f"{'ok' if taken <= BAR * numpy else 'MISSED'}" if "decide" in name else ""
        print(f"  {name:38} {taken * 1e3:7.0f} ms  {taken / numpy:6.2f} x  {said}")


if __name__ == "__main__":
    main()
