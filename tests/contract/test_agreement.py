"""Every system in its own environment: each workload in each setting agrees with the oracle or is a declared gap.

Builds real environments (from the user's package sources) and starts real workers, hence the marker. A system that
cannot be had on this machine (no compiler, no CPU build in the sources) is skipped with the words of the outcome.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import pytest

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Builder, Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.session import Launch, Session
from bakeoff.isolate.sources import Sources
from bakeoff.lab import correct
from bakeoff.lab.cells import Agreement
from bakeoff.lab.correct import Truth
from tests.contract.foreign import ADAPTERS, CELLS, WORKLOADS, file_of

pytestmark = pytest.mark.env

SEED = 20_261_122
NOT_HERE = (Outcome.MISSING, Outcome.REFUSED)
THREADS = 2


class Bench:
    """Environments and answers of this test run, each made once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._builder = Builder(root / "envs", Sources.discover(os.environ, root))
        self._envs: dict[str, Env | Fault] = {}
        self._truths: dict[str, tuple[Truth, list[Truth]]] = {}

    def env(self, system: str) -> Env:
        """The environment of a system; skips where it cannot be had here."""
        if system not in self._envs:
            self._envs[system] = self._builder.ensure(ADAPTERS[system].spec)
        return available(self._envs[system])

    def open(self, system: str, setting: str, *, threads: int) -> Session:
        """A started worker that has imported its system."""
        chosen = ADAPTERS[system].settings[setting]
        log = self._root / "logs" / f"{system}-{setting}-{os.urandom(4).hex()}.log"
        launch = Launch(threads=threads, log=log, environ=chosen.env, needs=chosen.needs)
        session = available(Session.open(self.env(system), ADAPTERS[system].folder, launch))
        hello = session.hello()
        if isinstance(hello, Fault):
            session.close()
            available(hello)
        return session

    def truths(self, name: str) -> tuple[Truth, list[Truth]]:
        """The answers of a workload at its default size and at every edge shape."""
        if name not in self._truths:
            workload = WORKLOADS[name]
            folder = self._root / "truths" / name
            spec = workload.sizes[workload.size("")]
            edges = [
                correct.truth(workload, edge, seed=SEED + number, folder=folder / f"edge{number}", edge=True)
                for number, edge in enumerate(workload.edges)
            ]
            self._truths[name] = correct.truth(workload, spec, seed=SEED, folder=folder / "size"), edges
        return self._truths[name]


T = TypeVar("T")


def available(found: T | Fault) -> T:
    """What was found, skipping when this machine lacks it and failing when it broke."""
    if isinstance(found, Fault):
        words = f"{found.outcome}: {found.detail}\n{found.log}"
        if found.outcome in NOT_HERE:
            pytest.skip(words)
        pytest.fail(words)
    return found


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Shared by all tests of this file, since environments take minutes."""
    return Bench(tmp_path_factory.mktemp("contract"))


@pytest.mark.parametrize(("system", "setting", "name"), CELLS)
def test_it_agrees_or_the_gap_is_declared(bench: Bench, system: str, setting: str, name: str) -> None:
    gap = ADAPTERS[system].gap(name, setting)
    checked, edges = bench.truths(name)
    module = file_of(system, name)
    with bench.open(system, setting, threads=THREADS) as session:
        prepared = session.prepare(checked.work(module, setting))
        found = (
            prepared if isinstance(prepared, Fault) else correct.agrees(session, checked, module, setting, edges=edges)
        )
    if gap is None:
        assert isinstance(found, Agreement), found
        assert found.passed, found.detail
        assert found.error_ratio <= WORKLOADS[name].factor
    else:
        works = isinstance(found, Agreement) and found.passed
        assert not works, f"the declared gap is none any more ({gap.why}); remove it from adapter.toml"


@pytest.mark.parametrize(("system", "setting"), sorted({cell[:2] for cell in CELLS}))
def test_one_thread_means_one(bench: Bench, system: str, setting: str, tmp_path: Path) -> None:
    workload = WORKLOADS["gemm"]
    spec = workload.sizes["large"]
    checked = correct.truth(workload, spec, seed=SEED, folder=tmp_path, edge=True)
    with bench.open(system, setting, threads=1) as session:
        available(session.prepare(checked.work(file_of(system, "gemm"), setting)))
        block = available(session.run([0, 1, 2], min_sample_s=1e-3, drop=0))
    used = (block.cpu_ns - block.outside_cpu_ns) / (block.wall_ns - block.outside_ns - block.readback_ns)
    assert used <= 1.15, f"asked for 1 thread, used {used:.2f}"
