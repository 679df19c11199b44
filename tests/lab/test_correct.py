"""Truth: the oracle's answers, digests held to the same rule, silent low precision named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import ArrayDigest, Digest
from bakeoff.isolate.worker import arrays
from bakeoff.lab import workload
from bakeoff.lab.correct import EPISODES, Truth, agrees, truth
from tests.lab.simulated import Behaviour, Simulated, World, write_workloads


def made(tmp_path: Path, name: str) -> Truth:
    root = tmp_path / "workloads"
    if not root.exists():
        write_workloads(root)
    found = workload.load(root / name)
    return truth(found, found.sizes["small"], seed=3, folder=tmp_path / name)


def worker(tmp_path: Path, checked: Truth, behaviour: Behaviour) -> tuple[Simulated, Path]:
    module = tmp_path / "adapters" / "one" / checked.workload.module
    made_worker = Simulated(World({"one": behaviour}), "one", behaviour, 0.0)
    made_worker.prepare(checked.work(module, "only"))
    return made_worker, module


def digest(checked: Truth, at: int, slot: int, step: int, first: int, value: Any) -> Digest:
    name = checked.workload.compare[0]
    plain = arrays.digest(value, checked.seed, name)
    sums = None if plain["sums"] is None else tuple(plain["sums"])
    return Digest(
        at, slot, step, first, {name: ArrayDigest(tuple(plain["shape"]), plain["dtype"], sums, plain["nonfinite"])}
    )


def test_training_knows_several_episodes_and_their_losses(tmp_path: Path) -> None:
    checked = made(tmp_path, "toy-train")
    assert len(checked.played) == EPISODES
    assert all(len(played.order) == 6 for played in checked.played)
    assert all(played.state for played in checked.played)
    second = checked.played[2]
    loss: Any = np.asarray(second.own[4]["loss"])
    ratio, _ = checked.digest_ratio(digest(checked, 10, second.order[4], 5, 6, loss), [0, 2])
    assert ratio <= 1.01
    ratio, words = checked.digest_ratio(digest(checked, 10, second.order[4], 5, 6, loss * np.float32(1.001)), [0, 2])
    assert ratio > 8
    assert "step 4" in words


def test_digests_of_the_wrong_input_type_or_not_finite_are_caught(tmp_path: Path) -> None:
    checked = made(tmp_path, "toy")
    steps: Any = checked.played[0].own
    assert checked.digest_ratio(digest(checked, 7, 2, 1, 7, steps[2]["c"]), [])[0] <= 2
    assert checked.digest_ratio(digest(checked, 7, 2, 1, 7, steps[3]["c"]), [])[0] > 1e4
    assert np.isinf(checked.digest_ratio(digest(checked, 7, 2, 1, 7, steps[2]["c"].astype(np.float64)), [])[0])
    assert np.isinf(checked.digest_ratio(digest(checked, 7, 2, 1, 7, steps[2]["c"] * np.float32(np.nan)), [])[0])
    assert np.isinf(checked.digest_ratio(Digest(7, 2, 1, 7, {}), [])[0])


def agreement_of(tmp_path: Path, name: str, behaviour: Behaviour) -> str:
    checked = made(tmp_path, name)
    asked, module = worker(tmp_path, checked, behaviour)
    found = agrees(asked, checked, module, "only", edges=())
    assert not isinstance(found, Fault)
    return "" if found.passed else found.detail


def test_an_honest_worker_agrees(tmp_path: Path) -> None:
    assert agreement_of(tmp_path, "toy", Behaviour()) == ""
    assert agreement_of(tmp_path, "toy-train", Behaviour()) == ""


@pytest.mark.parametrize(
    ("distort", "words"),
    [
        (lambda value: value.astype(ml_dtypes.bfloat16).astype(np.float32), "looks like bf16"),
        (lambda value: value.astype(np.float16).astype(np.float32), "looks like fp16"),
        (lambda value: value.T.copy(), "shape (8, 4), expected (4, 8)"),
        (lambda value: value * np.float32(1 + 1e-4), "rms error"),
    ],
)
def test_what_disagrees_is_named(tmp_path: Path, distort: Callable[[Any], Any], words: str) -> None:
    assert words in agreement_of(tmp_path, "toy", Behaviour(distort=distort))


def test_a_worker_that_gives_other_outputs_each_time_is_labelled(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    checked = made(tmp_path, "toy")
    shaking = Behaviour(distort=lambda value: np.nextafter(value, value + np.float32(rng.choice([-1, 1]))))
    asked, module = worker(tmp_path, checked, shaking)
    found = agrees(asked, checked, module, "only", edges=())
    assert not isinstance(found, Fault)
    assert found.passed
    assert not found.deterministic


def test_edge_shapes_count(tmp_path: Path) -> None:
    checked = made(tmp_path, "toy")
    edge = truth(checked.workload, checked.workload.edges[0], seed=3, folder=tmp_path / "edge", edge=True)
    only_small = Behaviour(distort=lambda value: value if value.shape == (4, 8) else value + np.float32(1))
    asked, module = worker(tmp_path, checked, only_small)
    found = agrees(asked, checked, module, "only", edges=[edge])
    assert not isinstance(found, Fault)
    assert not found.passed
    assert "edge shape 1" in found.detail
