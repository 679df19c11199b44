"""Wrong programs are caught: every fault of workloads/mutators.toml, laid over an adapter, is seen by the oracle."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Outputs, Prepared, Work
from bakeoff.isolate.worker import arrays
from bakeoff.lab import correct, workload
from bakeoff.lab.correct import Truth
from bakeoff.lab.workload import Workload
from tests.contract import mutated
from tests.contract.bench import Bench, available
from tests.contract.foreign import ADAPTERS, WORKLOADS, file_of

MUTATORS: list[dict[str, Any]] = tomllib.loads((workload.ROOT / "mutators.toml").read_text())["mutator"]
SEED = 11
ELSEWHERE = ("jax", "mlx", "onnxruntime", "openvino", "tensorflow")
"""Systems besides the reference arm in which every fault of what they do is tried, in real workers."""


class InProcess:
    """What `correct.agrees` asks of a worker, answered here: the reference arm needs nothing but NumPy."""

    def __init__(self, fault: dict[str, Any], file: Path) -> None:
        self._extra = {"fault": fault, "file": str(file)}
        self._program: Any = None

    def prepare(self, work: Work) -> Prepared | Fault:
        """Builds the mutated program and takes the worker's two steps."""
        weights, inputs = arrays.load_named(str(work.weights)), arrays.load_steps(str(work.inputs))
        spec = {**work.spec, **self._extra}
        step, reset, _ = self._program = mutated.build(spec, weights, inputs, work.setting)
        step(0)
        step(1)
        reset()
        return Prepared(0.0, 0.0, 0.0)

    def outputs(self, order: Any) -> Outputs | Fault:
        """Every output from fresh weights, copied at once."""
        step, reset, read = self._program
        reset()
        steps = tuple({name: np.array(value) for name, value in step(slot).items()} for slot in order)
        state = {name: np.array(value) for name, value in read().items()}
        dtypes = {f"{i}/{name}": value.dtype.name for i, one in enumerate(steps) for name, value in one.items()}
        return Outputs(steps=steps, state=state, dtypes=dtypes)


def reduced(chosen: Workload) -> dict[str, Any]:
    """The default size, with less of what makes it slow: the faults do not depend on that, nor on how many episodes."""
    small: dict[str, Any] = {
        "encoder-infer": {"seq": 4},
        "decoder-train": {"batch": 2, "seq": 8, "vocab": 48, "ffn": 96},
        "gemm": {"m": 96, "k": 96, "n": 96},
        "fused-chain": {"rows": 8},
    }
    return {**chosen.sizes[chosen.size("")], **small.get(chosen.id, {})}


@pytest.fixture(scope="module")
def truths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Truth]:
    """The answers of each workload."""
    root = tmp_path_factory.mktemp("mutators")
    return {
        name: only_first(correct.truth(short(one), reduced(one), seed=SEED, folder=root / name, edge=not one.training))
        for name, one in WORKLOADS.items()
    }


def short(chosen: Workload) -> Workload:
    """With an episode of eight steps: a fault must show in it."""
    return replace(chosen, episode=min(chosen.episode, 8))


def only_first(checked: Truth) -> Truth:
    """With one order of inputs: a fault must show in any."""
    return replace(checked, played=checked.played[:1])


def judged(fault: dict[str, Any], name: str, checked: Truth) -> Any:
    """What the lab says of the reference arm with a fault."""
    worker = InProcess(fault, file_of("numpy", name))
    prepared = worker.prepare(checked.work(file_of("numpy", name), "blas"))
    assert isinstance(prepared, Prepared)
    return correct.agrees(worker, checked, file_of("numpy", name), "blas", edges=[])


def test_there_are_enough_and_each_is_told_apart() -> None:
    assert len(MUTATORS) >= 40
    assert len({one["id"] for one in MUTATORS}) == len(MUTATORS)
    assert {one["workload"] for one in MUTATORS} == set(WORKLOADS)
    allowed = {"id", "workload", "why", "spec", "weights", "inputs", "step", "edit", "drop"}
    assert [
        one["id"]
        for one in MUTATORS
        if set(one) - allowed or not set(one) & (allowed - {"id", "workload", "why", "drop"})
    ] == []


EDITED = [one for one in MUTATORS if "edit" in one]


@pytest.mark.parametrize("fault", EDITED, ids=lambda one: one["id"])
def test_an_edit_fits_the_reference_arm_and_two_more_systems_at_least(fault: dict[str, Any]) -> None:
    assert "numpy" in fault["edit"]
    assert len(fault["edit"]) >= 3
    for system, edits in fault["edit"].items():
        honest = file_of(system, fault["workload"]).read_text(encoding="utf-8")
        changed = mutated.edited(honest, edits)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(honest))


def test_an_edit_of_a_text_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="occurs 0 times"):
        mutated.edited("abc", [("d", "e")])
    with pytest.raises(ValueError, match="occurs 2 times"):
        mutated.edited("aa", [("a", "e")])


@pytest.mark.parametrize("name", WORKLOADS)
def test_nothing_changed_is_right(name: str, truths: dict[str, Truth]) -> None:
    found = judged({}, name, truths[name])
    assert found.passed, found.detail


@pytest.mark.parametrize("fault", MUTATORS, ids=lambda one: one["id"])
def test_each_fault_is_caught(fault: dict[str, Any], truths: dict[str, Truth]) -> None:
    found = judged(fault, fault["workload"], truths[fault["workload"]])
    assert not found.passed
    assert found.error_ratio > 2 * WORKLOADS[fault["workload"]].factor, "too near the tolerance to be sure of"


def test_a_pattern_that_fits_nothing_is_an_error() -> None:
    fault = {"weights": [{"op": "fill", "names": "absent", "by": 0}]}
    spec = {**reduced(WORKLOADS["gemm"]), "fault": fault, "file": str(file_of("numpy", "gemm"))}
    with pytest.raises(KeyError, match="no array is called"):
        mutated.build(spec, {"b": np.ones((2, 2))}, [], "blas")


@pytest.mark.env
@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("system", ELSEWHERE)
def test_each_fault_is_caught_in_other_systems(bench: Bench, truths: dict[str, Truth], system: str, name: str) -> None:
    setting = next(iter(ADAPTERS[system].settings))
    if ADAPTERS[system].gap(name, setting):
        pytest.skip("a declared gap")
    checked, file = truths[name], file_of(system, name)
    work = checked.work(Path(mutated.__file__), setting)
    missed = []
    with bench.open(system, setting, threads=1) as session:
        mine = [one for one in MUTATORS if one["workload"] == name and system in one.get("edit", {system: ()})]
        for fault in ({"id": "none"}, *mine):
            available(session.prepare(replace(work, spec={**work.spec, "file": str(file), "fault": fault})))
            found = available(correct.agrees(session, checked, file, setting, edges=[]))
            if found.passed != (fault["id"] == "none"):
                missed.append(f"{fault['id']}: {found.error_ratio:.3g}, {found.detail}")
    assert missed == []
