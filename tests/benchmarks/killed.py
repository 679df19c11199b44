"""Row `killed`: a host killed at random moments, and what its next run finds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from bakeoff.isolate.env import Builder
from bakeoff.isolate.sources import Sources
from bakeoff.lab.campaign import Lab
from bakeoff.lab.raw import Cell, Request
from bakeoff.lab.store import Store
from tests.benchmarks.setup import Setup
from tests.benchmarks.table import OURS, Finding, Row
from tests.lab.test_real import foreign

ROOT = Path(__file__).parents[2]
HOST = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {source!r}]
import tempfile
tempfile.tempdir = {folder!r}
from bakeoff.lab.campaign import run
from bakeoff.lab.store import Store
from tests.benchmarks.killed import REQUEST, lab_in
with Store(Path({folder!r}) / "results.sqlite") as store:
    lab = lab_in(Path({folder!r}), store)
    {before}
    campaign = run(REQUEST, lab, progress=lambda event: print(event.stage.value, event.done, flush=True))
    print("id", campaign.id)
"""
REQUEST = Request(
    "toy",
    cells=(Cell("fast"),),
    threads=1,
    budget_s=3600.0,
    launches=2,
    finalists=200,
    extras=False,
    pythons=dict.fromkeys(("numpy", "fast"), sys.executable),
)
"""Goes on until it is killed."""


def lab_in(folder: Path, store: Store, *, builder: Builder | None = None) -> Lab:
    """A lab of two toy systems on this interpreter."""
    return Lab(
        environments=builder or Builder(folder / "envs", Sources()),
        store=store,
        home=folder / "home",
        adapters=folder / "foreign" / "adapters",
        workloads=folder / "foreign" / "workloads",
        probe_s=0.0,
    )


def prepared(folder: Path) -> Path:
    """A folder with the toy systems."""
    foreign(folder / "foreign")
    for name in ("numpy", "fast"):
        path = folder / "foreign" / "adapters" / name / "toy.py"
        path.write_text(path.read_text().replace("range(60)", "range(20)"))
    return folder


def host(folder: Path, before: str = "") -> subprocess.Popen[str]:
    """A campaign in a process of its own, telling its rounds."""
    script = folder / "host.py"
    script.write_text(HOST.format(root=str(ROOT), source=str(ROOT / "src"), folder=str(folder), before=before))
    with (folder / "host.err").open("a") as errors:
        return subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=errors, text=True)


def told_rounds(process: subprocess.Popen[str], *, kill_after_s: float | None = None, first: int = 1) -> int:
    """The last round a host told of before it ended; it is killed that long after round `first` was told."""
    assert process.stdout is not None
    told, timer = 0, None
    for line in process.stdout:
        stage, _, done = line.partition(" ")
        if stage == "round":
            told = int(done)
            if timer is None and kill_after_s is not None and told >= first:
                timer = threading.Timer(kill_after_s, os.kill, (process.pid, signal.SIGKILL))
                timer.start()
    process.wait()
    process.stdout.close()
    if timer is not None:
        timer.cancel()
    return told


def left(marker: str) -> list[int]:
    """Processes whose command line names `marker`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def gone(marker: str, *, within_s: float = 10.0) -> bool:
    """Whether no such process is left soon."""
    waited = threading.Event()
    for _ in range(int(within_s * 20)):
        if not left(marker):
            return True
        waited.wait(0.05)
    return False


def run(setup: Setup) -> Iterator[Finding]:
    """One campaign, killed and continued again and again."""
    folder = prepared(setup.folder("killed"))
    draw = random.Random(1)  # noqa: S311
    count = setup.trials(10, 50)
    lost, orphans, restarts, torn = [], 0, 0, 0
    identities: set[str] = set()
    for number in range(count):
        setup.say(f"kill -9 of the host {number + 1}/{count}")
        before = _stored(folder)[1] if number else 0
        told = told_rounds(host(folder), kill_after_s=draw.uniform(0.0, 0.6), first=before + 1)
        orphans += not gone(str(folder))
        identity, rounds, whole = _stored(folder)[0:3]
        identities.add(identity)
        lost.append(max(0, told - rounds))
        restarts += rounds < before
        torn += not whole
    with Store(folder / "results.sqlite") as store:
        kept = len(store.listed())
    rounds = _stored(folder)[1]
    good = max(lost) <= 1 and kept == 1 and len(identities) == 1 and not orphans and not restarts and not torn
    yield Finding(
        f"rounds lost by kill -9 of the host, {count} times",
        OURS,
        f"{max(lost)} at most, {torn} torn; {rounds} rounds in {kept} campaign; processes left: {orphans} times",
        "told before the kill, not in the store after it",
        "at most 1",
        good,
    )
    yield Finding(
        "lost by kill -9",
        "optimum-benchmark 0.6.0",
        "the whole benchmark",
        "its report is written at the end (code read)",
    )


def _stored(folder: Path) -> tuple[str, int, bool]:
    """Campaign, its rounds, and whether each has its blocks."""
    with Store(folder / "results.sqlite") as store:
        (listed,) = store.listed()
        raw = store.raw(listed.id)
    numbers = [one.number for one in raw.rounds]
    whole = numbers == list(range(len(numbers))) and {block.round for block in raw.blocks} == set(numbers)
    return listed.id, len(numbers), whole


ROW = Row("killed", "Kill -9 of the host at random moments", run)
