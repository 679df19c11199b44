"""A worker in this very interpreter, on fake adapters: no index, no framework."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bakeoff.isolate.env import Builder, Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Arrays, Limits, Work
from bakeoff.isolate.session import Launch, Session
from bakeoff.isolate.sources import Sources
from bakeoff.isolate.worker import arrays

FAKES = Path(__file__).parents[1] / "fakes"
SLOTS = 8


@dataclass(frozen=True)
class Ring:
    """Weights and inputs of the fakes' workloads, in memory and in files."""

    folder: Path
    weights: Arrays
    inputs: list[Arrays]

    def work(self, adapter: str, *, workload: str = "affine", episode: int = 0) -> Work:
        return Work(
            workload=FAKES / adapter / f"{workload}.py",
            spec={"rate": 0.1},
            weights=self.folder / "weights.npz",
            inputs=self.folder / "inputs.npz",
            setting="default",
            episode=episode,
            digest_seed=7,
        )


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> Env:
    adopted = Builder(tmp_path_factory.mktemp("envs"), Sources()).adopt(Path(sys.executable))
    assert isinstance(adopted, Env), adopted
    return adopted


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Ring:
    folder = tmp_path_factory.mktemp("ring")
    rng = np.random.default_rng(1)
    weights = {"w": _uniform(rng, 16, 4), "b": _uniform(rng, 4) + 3}
    inputs = [{"x": _uniform(rng, 32, 16), "t": _uniform(rng, 32, 4)} for _ in range(SLOTS)]
    arrays.save_named(str(folder / "weights.npz"), weights)
    arrays.save_steps(str(folder / "inputs.npz"), inputs)
    return Ring(folder, weights, inputs)


Starter = Callable[..., Session]


@pytest.fixture
def start(env: Env, tmp_path: Path) -> Iterator[Starter]:
    """Opens sessions on fakes by name, and closes them all."""
    opened: list[Session] = []

    def begin(
        fake: str, *, threads: int = 1, limits: Limits | None = None, cpus: tuple[int, ...] | None = None
    ) -> Session:
        log = tmp_path / f"{fake}-{len(opened)}.log"
        session = Session.open(env, FAKES / fake, Launch(threads, log, limits or Limits(), cpus=cpus))
        assert not isinstance(session, Fault), session
        opened.append(session)
        return session

    yield begin
    for session in opened:
        session.close()


def sound(answer: object) -> None:
    """Fails with the fault's own words."""
    assert not isinstance(answer, Fault), answer


def _uniform(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.uniform(-1, 1, shape).astype(np.float32)
