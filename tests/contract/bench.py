"""Real environments and workers for the tests that need them, each environment built once a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Builder, Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.session import Launch, Session
from bakeoff.isolate.sources import Sources
from bakeoff.lab import correct
from bakeoff.lab.correct import Truth
from tests.contract.foreign import ADAPTERS, WORKLOADS

SEED = 20_261_122
NOT_HERE = (Outcome.MISSING, Outcome.REFUSED)
"""Outcomes that say something of this machine, not of the adapter."""
T = TypeVar("T")


class Bench:
    """Environments and answers of this test run, each made once."""

    def __init__(self, root: Path, brought: Mapping[str, Path]) -> None:
        self._root = root
        self._builder = Builder(root / "envs", Sources.discover(os.environ, root))
        self._envs: dict[str, Env | Fault] = {system: self._builder.adopt(path) for system, path in brought.items()}
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


def available(found: T | Fault) -> T:
    """What was found, skipping when this machine lacks it and failing when it broke."""
    if isinstance(found, Fault):
        words = f"{found.outcome}: {found.detail}\n{found.log}"
        if found.outcome in NOT_HERE:
            pytest.skip(words)
        pytest.fail(words)
    return found
