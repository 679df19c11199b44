"""What every row shares: counts, scratch space, environments, peers, and load made on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bakeoff.base.files import home
from bakeoff.isolate.env import Builder
from bakeoff.isolate.sources import Sources
from tests.benchmarks.peers.venvs import Peers

FOREIGN = Path(__file__).parent / "foreign"
"""Adapters and workloads of the benchmarks themselves."""
_SPIN = """
import os
host = os.getppid()
while os.getppid() == host:
    for _ in range(100_000):
        pass
"""
"""Ends with whoever started it, and not before: a load that gives up earlier makes a quiet machine of a loaded one."""


@dataclass
class Setup:
    """One run of the benchmarks."""

    scratch: Path
    """Goes away with the run."""
    full: bool
    """The counts of the proof, instead of quick ones that show the same."""
    conditions: tuple[bool, ...] = (False, True)
    """Whether to measure on the machine as it is, and on one loaded on purpose."""
    asked: int | None = None
    """Trials asked for; None for the row's own count."""
    sources: Sources = field(init=False)
    """Where packages come from."""
    builder: Builder = field(init=False)
    """Environments of the systems."""
    peers: Peers = field(init=False)
    """Environments of the peers."""
    shared: dict[str, object] = field(default_factory=dict)
    """What several rows read from one measurement."""

    def __post_init__(self) -> None:
        self.sources = sources = Sources.discover(os.environ, self.scratch)
        self.builder = Builder(home() / "envs", sources)
        self.peers = Peers(home() / "peers", self.builder, sources)

    def count(self, quick: int, full: int) -> int:
        """How often to repeat."""
        return full if self.full else quick

    def trials(self, quick: int, full: int) -> int:
        """How many trials a rate rests on: as many as were asked for, else as usual."""
        return self.asked or self.count(quick, full)

    def folder(self, name: str) -> Path:
        """A new folder."""
        path = self.scratch / f"{name}-{len(list(self.scratch.glob(f'{name}-*')))}"
        path.mkdir(parents=True)
        return path

    def say(self, text: str) -> None:
        """Progress, apart from the table."""
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Processes that do nothing but use the processor, until the context ends."""
    running = [subprocess.Popen([sys.executable, "-S", "-c", _SPIN]) for _ in range(processes)]
    try:
        yield
        assert all(one.poll() is None for one in running), "the load ended before what was measured under it"
    finally:
        for one in running:
            one.kill()
            one.wait()


@contextmanager
def loaded(wanted: bool) -> Iterator[None]:  # noqa: FBT001 - reads as `with loaded(busy)`
    """One spinning process for every processor, or a quiet machine."""
    with load(len(os.sched_getaffinity(0)) if wanted else 0):
        yield
