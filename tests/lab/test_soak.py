"""Random faults in whole campaigns: misbehaving systems, a machine that turns against them, workers killed in between.

`tests/isolate/test_soak.py` has three hundred random faults of single workers; here each ends in its word in a result.
Run by `nox -s env`.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import pytest

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Builder, Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Limits
from bakeoff.isolate.session import Launch, Session
from bakeoff.isolate.sources import Sources
from bakeoff.lab import results
from bakeoff.lab.campaign import Lab, run
from bakeoff.lab.cells import Run
from bakeoff.lab.events import Event, Stage
from bakeoff.lab.raw import Cell, Request
from bakeoff.lab.store import Store
from tests.benchmarks import hostile
from tests.benchmarks.killed import gone, host, prepared, told_rounds
from tests.benchmarks.setup import Setup

pytestmark = [pytest.mark.env, pytest.mark.skipif(sys.platform != "linux", reason="workers are limited by Linux means")]

FAKES = Path(__file__).parents[1] / "fakes"
EXPECTED = tomllib.loads((FAKES / "expected.toml").read_text(encoding="utf-8"))
LIMITS = Limits(memory_bytes=300_000_000, tasks=60, start_s=60.0, call_s=5.0, log_bytes=100_000)
CAMPAIGNS = 6


@dataclass
class Striker:
    """Opens workers within tight limits, and kills a stopped one of a contestant between two rounds."""

    draw: random.Random
    opened: list[tuple[str, Session]] = field(default_factory=list)
    struck: str = ""

    def open(self, env: Env, adapter: Path, launch: Launch) -> Session | Fault:
        found = Session.open(env, adapter, replace(launch, limits=LIMITS))
        if isinstance(found, Session) and adapter.name != "numpy":
            self.opened.append((adapter.name, found))
        return found

    def told(self, event: Event) -> None:
        alive = [(name, one) for name, one in self.opened if one.alive]
        if event.stage is Stage.ROUND and not self.struck and alive and self.draw.random() < 0.2:
            self.struck, session = self.draw.choice(alive)
            os.kill(session.pid, signal.SIGKILL)


@pytest.mark.parametrize("seed", range(10))
def test_random_faults_of_systems_and_machine(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)  # noqa: S311
    for number in range(CAMPAIGNS):
        folder = tmp_path / str(number)
        folder.mkdir()
        if draw.random() < 0.5:
            _misbehaving_systems(draw, folder)
        elif draw.random() < 0.3:
            _host_killed(draw, prepared(folder))
        else:
            name = draw.choice(sorted(hostile.FAULTS))
            said, good = hostile.FAULTS[name](Setup(tmp_path / "setup", full=False), prepared(folder))
            assert good, (name, said)
        assert gone(str(folder)), f"campaign {number} left a process"


def _misbehaving_systems(draw: random.Random, folder: Path) -> None:
    """Two random fakes beside the honest reference arm, and a blow at a random moment."""
    names = draw.sample(sorted(set(EXPECTED) - {"honest"}), 2)
    for name, source in {"numpy": "honest", **dict(zip(names, names, strict=True))}.items():
        shutil.copytree(FAKES / source, folder / "adapters" / name)
        path = folder / "adapters" / name / "adapter.toml"
        path.write_text(re.sub(r'(?m)^system = ".*"$', f'system = "{name}"', path.read_text()))
    request = Request(
        "affine",
        cells=tuple(Cell(name) for name in names),
        threads=1,
        budget_s=0.5,
        launches=1,
        finalists=2,
        extras=False,
        pythons=dict.fromkeys(("numpy", *names), sys.executable),
    )
    striker = Striker(draw)
    builder = Builder(folder / "envs", Sources())
    with Store(folder / "results.sqlite") as store, mock.patch.object(tempfile, "tempdir", str(folder)):
        lab = Lab(builder, store, folder / "home", striker.open, folder / "adapters", FAKES / "workloads", 0.0)
        campaign = run(request, lab, progress=striker.told)
        assert results.verify(store, campaign.id).exact
    for one in campaign.runs:
        _in_its_word(one, struck=striker.struck == one.arm.system)


def _in_its_word(one: Run, *, struck: bool) -> None:
    if one.arm.system == "numpy":
        assert one.outcome.measured, one.detail
        return
    expected = EXPECTED[one.arm.system]
    words = {Outcome(expected["outcome"])} if "outcome" in expected else {Outcome.WRONG, Outcome.OK}
    # Blocks of a loaded machine are called so; who was killed has crashed, unless its own fault came first.
    words |= {Outcome.NOISY} if Outcome.OK in words else set()
    words |= {Outcome.CRASHED} if struck else set()
    assert one.outcome in words, (one.arm.system, one.outcome, one.detail)
    assert one.outcome is Outcome.OK or one.detail


def _host_killed(draw: random.Random, folder: Path) -> None:
    """The host dies at a random moment with its workers stopped; the next one goes on where it was."""
    told = told_rounds(host(folder), kill_after_s=draw.uniform(0.0, 0.6))
    assert gone(str(folder))
    with Store(folder / "results.sqlite") as store:
        (listed,) = store.listed()
        kept = len(store.raw(listed.id).rounds)
    assert kept >= told - 1
    told_rounds(host(folder), kill_after_s=draw.uniform(0.0, 0.6), first=kept + 1)
    with Store(folder / "results.sqlite") as store:
        (again,) = store.listed()
        assert again.id == listed.id
        assert len(store.raw(again.id).rounds) > kept
