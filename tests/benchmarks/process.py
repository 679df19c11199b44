"""What `bakeoff decide` costs as a whole process, beside importing NumPy, both in this run.

    python -m tests.benchmarks process

CPU time of whole processes, the least of several: what runs beside only ever adds. The interpreter's own start is taken
off both sides. Deciding inside a process that has imported what it needs is printed apart; nothing is kept from one
decision to the next but what lies on disk, and the home is empty. Everything is as where a package is installed: every
module is read as bytecode, NumPy's and ours alike, and the catalogue lies compiled, as in the wheel.

Two catalogues are decided on: the one there is, and the twelve systems the bar was set for, with all formats, devices
and trackers.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bakeoff.catalog import load, snapshot
from bakeoff.catalog.model import Catalog, Layer
from tests.benchmarks.setup import Setup
from tests.benchmarks.table import OURS, Finding, Row

PROFILE = Path(__file__).parents[2] / "examples" / "cpu-serving.toml"
BAR = 3.0
"""Times the import of NumPy that a decision may cost."""
TIMES = 9
TWELVE = (
    "pytorch", "jax", "tensorflow", "keras", "mlx", "tinygrad", "paddlepaddle", "onnxruntime", "openvino", "llama.cpp",
    "vllm", "candle",
)  # fmt: skip
BESIDE = (Layer.FORMAT, Layer.DEVICE, Layer.TRACKER)
"""Layers taken whole."""
NEEDED = ("none", "custom", "transformers", "pytorch-eager", "jax-runtime", "tensorflow-runtime")
"""What fills a slot of their stacks where none of them does: nothing, one's own, the frameworks' own runtimes."""
_FROM = "import sys; from pathlib import Path; from bakeoff.catalog import load; load.DATA = Path(sys.argv.pop(1)); "
_COMMAND = _FROM + "from bakeoff.cli.main import program; program()"
_IMPORTS = "import bakeoff.api, bakeoff.api.decisions; "
_INSIDE = (
    _FROM
    + _IMPORTS
    + """
import time
from bakeoff.cli.run import relaxed
relaxed()
taken = []
for _ in range(int(sys.argv[2])):
    start = time.process_time()
    bakeoff.api.Bakeoff().decisions.decide(Path(sys.argv[1]))
    taken.append(time.process_time() - start)
print(min(taken[1:] or taken))
"""
)


class Bench:
    """Processes with a home, a bytecode folder and compiled catalogues of their own."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._environment = {
            **os.environ,
            "BAKEOFF_HOME": str(place / "home"),
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPYCACHEPREFIX": str(place / "bytecode"),
        }
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def compiled(self, name: str, catalog: Catalog) -> str:
        """A folder with a catalogue and the rules, compiled as in a wheel."""
        folder = self._place / name
        folder.mkdir()
        (folder / load.SNAPSHOT).write_text(snapshot.encode(catalog), encoding="utf-8")
        (folder / load.RULES).write_text(load.compile_rules(), encoding="utf-8")
        return str(folder)

    def least_s(self, programs: Mapping[str, Sequence[str]]) -> dict[str, float]:
        """Least CPU seconds of each program over several turns, taken one after the other: all see the same machine.

        A program that prints a number has measured itself; of the others it is that of the process and its children.
        """
        found: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(TIMES):
            for name, words in programs.items():
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                command = [sys.executable, "-c", *words]
                done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                found[name].append(float(done.stdout) if words[0] == _INSIDE else spent)
        return {name: min(taken) for name, taken in found.items()}


def twelve(catalog: Catalog) -> Catalog:
    """The catalogue cut down to the twelve systems and what their stacks need."""
    kept = {*TWELVE, *NEEDED, *(name for layer in BESIDE for name in catalog.by_layer[layer])}
    return replace(
        catalog,
        systems={name: system for name, system in catalog.systems.items() if name in kept},
        by_layer={layer: tuple(name for name in names if name in kept) for layer, names in catalog.by_layer.items()},
    )


def run(setup: Setup) -> Iterator[Finding]:
    """Decisions on both catalogues, in a process that has imported what it needs and as whole commands."""
    whole = load.load()
    bench = Bench(setup.folder("process"))
    programs: dict[str, Sequence[str]] = {
        "the interpreter": ["pass"],
        "NumPy": ["import numpy"],
        "Rich": ["import rich.console, rich.table"],
        "what deciding needs": [_IMPORTS],
    }
    decisions: list[str] = []
    for name, catalog in (("first", twelve(whole)), ("all", whole)):
        data, profile = bench.compiled(name, catalog), str(PROFILE)
        mine: dict[str, Sequence[str]] = {
            "decide, first in its process": [_INSIDE, data, profile, "1"],
            "decide, later in its process": [_INSIDE, data, profile, "4"],
            "bakeoff decide --json": [_COMMAND, data, "decide", profile, "--json"],
            "bakeoff decide": [_COMMAND, data, "decide", profile],
        }
        titled = {f"{name}, {len(catalog.systems)} systems: {what}": words for what, words in mine.items()}
        programs |= titled
        decisions += titled
    taken = bench.least_s(programs)
    start = taken.pop("the interpreter")
    numpy = taken["NumPy"] - start
    for name, spent in taken.items():
        cost = spent if programs[name][0] == _INSIDE else spent - start
        value = f"{cost * 1e3:.0f} ms = {cost / numpy:.2f}x"
        if name in decisions:
            yield Finding(name, OURS, value, bar=f"≤ {BAR:g}x", met=cost <= BAR * numpy)
        else:
            yield Finding("imported", OURS if "needs" in name else name, value)


ROW = Row("process", "what a decision costs, beside importing NumPy", run)
