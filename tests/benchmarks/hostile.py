"""Row `faults`: what happens to a whole campaign when the machine turns against it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from bakeoff.isolate.env import Builder, EnvSpec
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.session import Session
from bakeoff.lab import campaign as campaigns
from bakeoff.lab import results
from bakeoff.lab.cells import Campaign
from bakeoff.lab.events import Event, Stage
from bakeoff.lab.raw import Request
from bakeoff.lab.store import Store
from tests.benchmarks.killed import REQUEST, _stored, gone, host, lab_in, prepared, told_rounds
from tests.benchmarks.setup import Setup
from tests.benchmarks.table import OURS, Finding, Row

SHORT = replace(REQUEST, budget_s=0.1, launches=1, finalists=1)
"""Twelve rounds."""


def run(setup: Setup) -> Iterator[Finding]:
    """Each fault on a campaign of its own; what it ended in, and what was left."""
    for name, fault in FAULTS.items():
        setup.say(f"fault: {name}")
        folder = prepared(setup.folder("hostile"))
        said, good = fault(setup, folder)
        clean = gone(str(folder))
        yield Finding(
            name,
            OURS,
            f"{said}{'' if clean else '; LEFT PROCESSES'}",
            "",
            "its word, nothing lost, no orphan",
            good and clean,
        )


def _two_at_once(_setup: Setup, folder: Path) -> tuple[str, bool]:
    first = host(folder)
    assert first.stdout is not None
    while not first.stdout.readline().startswith("round"):
        pass
    second = host(folder)
    told = told_rounds(second)
    words = (folder / "host.err").read_text().strip().splitlines()[-2:]
    first.kill()
    first.wait()
    first.stdout.close()
    said = " ".join(words)[:160]
    return f"the second: {said}", second.returncode != 0 and told == 0 and "another campaign is running" in said


def _environment_deleted(setup: Setup, folder: Path) -> tuple[str, bool]:
    """The contestant's environment vanishes after its first launches; later ones cannot start."""
    builder = Builder(folder / "own-envs", setup.sources)
    env = builder.ensure(EnvSpec("fast", ">=3.11", ("numpy",)))
    if isinstance(env, Fault):
        return f"not here: {env.detail[:80]}", False
    deleted = False

    def watch(event: Event) -> None:
        nonlocal deleted
        if event.stage is Stage.ROUND and not deleted:
            deleted = True
            shutil.rmtree(env.path)

    request = replace(SHORT, finalists=4, budget_s=20.0, pythons={"numpy": sys.executable, "fast": str(env.python)})
    campaign = _here(folder, request, progress=watch)
    run = next(one for one in campaign.runs if one.arm.system == "fast")
    return f"{run.outcome}: {run.detail[:110]}", run.outcome.value == "missing" and deleted


def _full_disk(_setup: Setup, folder: Path) -> tuple[str, bool]:
    """No file may grow beyond what the store has when the rounds begin."""
    limit = 300_000
    before = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    )
    process = host(folder, before)
    told = told_rounds(process)
    said = " ".join(line.strip() for line in (folder / "host.err").read_text().strip().splitlines()[-2:])[:200]
    identity, kept, whole = _stored(folder)
    told_again = told_rounds(host(folder), kill_after_s=0.2, first=kept + 1)
    again, more, _ = _stored(folder)
    good = process.returncode == 1 and kept >= told - 1 and whole and more > kept and again == identity
    return f"{said}; {kept} of {told} rounds kept; goes on to {max(more, told_again)} with room", good


def _clock_jumps(_setup: Setup, folder: Path) -> tuple[str, bool]:
    """The calendar jumps a day ahead and a year back between rounds."""

    class Jumping(datetime):
        calls = 0

        @classmethod
        def now(cls, _tz: object = None) -> datetime:  # type: ignore[override]
            cls.calls += 1
            jump = timedelta(days=1) if cls.calls % 2 else -timedelta(days=365)
            return datetime.now(UTC) + jump

    with mock.patch.object(campaigns, "datetime", Jumping):
        campaign = _here(folder, SHORT)
    ok = all(run.outcome.measured for run in campaign.runs) and campaign.rounds >= 12 and campaign.finished is not None
    with Store(folder / "results.sqlite") as store:
        exact = results.verify(store, campaign.id).exact
    return f"{campaign.rounds} rounds, every run measured, verifies: {exact}", ok and exact


def _workers_killed(_setup: Setup, folder: Path) -> tuple[str, bool]:
    """A stopped worker of the contestant is killed between two rounds."""
    killed: list[int] = []
    opened: list[int] = []
    open_worker = Session.open

    def opening(env: object, adapter: Path, launch: object) -> Session | Fault:
        found = open_worker(env, adapter, launch)  # type: ignore[arg-type]
        if isinstance(found, Session) and adapter.name == "fast":
            opened.append(found.pid)
        return found

    def strike(event: Event) -> None:
        if event.stage is Stage.ROUND and not killed and opened:
            os.kill(opened[-1], signal.SIGKILL)
            killed.append(opened[-1])

    campaign = _here(folder, SHORT, progress=strike, open_worker=opening)
    run = next(one for one in campaign.runs if one.arm.system == "fast")
    others = [one for one in campaign.runs if one is not run]
    good = run.outcome.value == "crashed" and all(one.outcome.measured for one in others)
    return f"{run.outcome}: {run.detail[:90]}; the other arms keep theirs", good and bool(killed)


def _here(
    folder: Path,
    request: Request,
    *,
    progress: Callable[[Event], None] = lambda _: None,
    open_worker: object = None,
) -> Campaign:
    with Store(folder / "results.sqlite") as store, mock.patch.object(tempfile, "tempdir", str(folder)):
        lab = lab_in(folder, store)
        if open_worker is not None:
            lab = replace(lab, open_worker=open_worker)  # type: ignore[arg-type]
        return campaigns.run(request, lab, progress=progress)


FAULTS = {
    "two campaigns at once": _two_at_once,
    "an environment deleted mid-run": _environment_deleted,
    "no room left for the results": _full_disk,
    "a calendar that jumps": _clock_jumps,
    "a stopped worker killed": _workers_killed,
}
ROW = Row("faults", "Whole campaigns on a machine that turns against them", run)
