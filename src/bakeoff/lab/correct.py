"""Correct before fast: what the mathematics says of a workload, and whether a worker agrees with it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import ml_dtypes
import numpy as np

from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Digest, Outputs, Prepared, Work
from bakeoff.isolate.worker import arrays
from bakeoff.lab.cells import Agreement
from bakeoff.lab.workload import Array, Named, Spec, Workload
from bakeoff.numerics.compare import (
    Match,
    Rule,
    compare_projections,
    compare_steps,
    error_base,
    float_type,
    looks_like,
)

EPISODES = 4
"""Different orders of inputs a training episode can have; the oracle knows the loss at every step of each."""
WORST_RATIO = 1e30
"""Shown for an error that has no ratio (NaN, another shape): records hold finite numbers only."""
_EDGE_STEPS = 3


class Answering(Protocol):
    """The part of a worker that correctness needs."""

    def prepare(self, work: Work) -> Prepared | Fault:
        """Builds a workload."""

    def outputs(self, order: Sequence[int]) -> Outputs | Fault:
        """Outputs after each step, and the final state."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the oracle says of one order of inputs."""

    order: tuple[int, ...]
    """Slots."""
    steps: tuple[Named, ...]
    """float64 outputs after each step, only the compared ones."""
    own: tuple[Named, ...]
    """The same computed by NumPy in the arm's numeric type."""
    state: Named
    """float64 weights after the last step; empty for inference or when they are not compared."""
    own_state: Named
    """The same in the arm's numeric type."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One workload at one size with its answers, and the files a worker reads."""

    workload: Workload
    """What is computed."""
    spec: Spec
    """Parameters of the size."""
    seed: int
    """Seed of weights and inputs."""
    rule: Rule
    """How strictly."""
    weights: Path
    """`.npz` of the weights."""
    inputs: Path
    """`.npz` of the ring."""
    played: tuple[Played, ...]
    """Inference: one order through the ring. Training: the episodes that blocks are made of."""
    suspects: Mapping[str, tuple[Named, ...]]
    """Steps of the first order recomputed from weights and inputs rounded to a shorter type, by its name."""
    projections: Mapping[tuple[int, int, str], tuple[tuple[float, ...], float, int]]
    """By (order, step, output): projections of the truth, the allowed base of the error, number of elements."""

    def work(self, module: Path, setting: str) -> Work:
        """What to ask a worker to prepare."""
        return Work(
            workload=module,
            spec=self.spec,
            weights=self.weights,
            inputs=self.inputs,
            setting=setting,
            dtype=self.rule.dtype,
            episode=self.workload.episode,
            digest_seed=self.seed,
        )

    def digest_ratio(self, digest: Digest, episodes: Sequence[int]) -> tuple[float, str]:
        """Error ratio of one digest taken while the clock was off, and words for it.

        Args:
            digest: As the worker gave it.
            episodes: Training: which of `played` each episode of the block was. Ignored for inference.
        """
        training = self.workload.training
        order = episodes[digest.first // self.workload.episode] if training else 0
        step = digest.step - 1 if training else digest.slot
        worst = (0.0, "")
        for name in self.workload.compare:
            if name == "state":
                continue
            sums, base, count = self.projections[order, step, name]
            found = digest.arrays.get(name)
            if found is None or found.sums is None:
                return float("inf"), f"{name} at step {step}: {'missing' if found is None else 'not finite'}"
            if found.dtype != self.rule.dtype and not found.dtype.startswith(("int", "uint", "bool")):
                return float("inf"), f"{name} at step {step}: type {found.dtype}, declared {self.rule.dtype}"
            ratio = compare_projections(found.sums, sums, base, count)
            if ratio >= worst[0]:
                worst = (ratio, f"{name} of input {digest.slot}, step {step}: error {ratio:.3g} × the allowed base")
        return worst


def truth(workload: Workload, spec: Spec, *, seed: int, folder: Path, edge: bool = False) -> Truth:
    """Computes the answers of a workload and writes the files a worker reads.

    Args:
        workload: What is computed.
        spec: Parameters of the size.
        seed: Seed of weights, inputs and orders.
        folder: Where the two `.npz` files go; created.
        edge: A further shape that is only checked, so a few steps are enough and no digests are needed.
    """
    oracle = workload.oracle
    weights = oracle.weights(spec, seed)
    inputs = oracle.inputs(spec, seed, workload.ring)
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "weights.npz", folder / "inputs.npz"
    arrays.save_named(str(files[0]), _stored(weights))
    arrays.save_steps(str(files[1]), [_stored(slot) for slot in inputs])
    kind = float_type(workload.dtype)
    played = []
    for order in _orders(workload, seed, edge=edge):
        steps, state = oracle.run(spec, weights, inputs, order, np.float64)
        own, own_state = oracle.run(spec, _cast(weights, kind), [_cast(slot, kind) for slot in inputs], order, kind)
        played.append(
            Played(
                order,
                tuple(_chosen(step, workload.compare) for step in steps),
                tuple(_chosen(step, workload.compare) for step in own),
                state if "state" in workload.compare else {},
                own_state if "state" in workload.compare else {},
            )
        )
    return Truth(
        workload=workload,
        spec=spec,
        seed=seed,
        rule=Rule(dtype=workload.dtype, factor=workload.factor),
        weights=files[0],
        inputs=files[1],
        played=tuple(played),
        suspects={} if edge else _suspects(workload, spec, weights, inputs, played[0].order),
        projections={} if edge else _projections(workload, played, seed),
    )


def agrees(
    worker: Answering, checked: Truth, module: Path, setting: str, *, edges: Sequence[Truth]
) -> Agreement | Fault:
    """Asks a prepared worker for its outputs and compares them; then the edge shapes.

    The worker must have been prepared with `checked`. Each order is played twice for determinism. Stops at the first
    shape that disagrees.
    """
    parts: list[Match] = []
    deterministic = True
    for played in checked.played[:3]:
        answers = [worker.outputs(played.order) for _ in range(2)]
        for answer in answers:
            if isinstance(answer, Fault):
                return answer
        first, second = (answer for answer in answers if isinstance(answer, Outputs))
        deterministic = deterministic and _identical(first, second)
        parts.append(_compared(first, played, checked, where=checked.workload.id))
    merged = Match.merged(parts)
    if not merged.passed:
        return _agreement(merged, deterministic=deterministic, checked=checked, worker=worker)
    for number, edge in enumerate(edges, start=1):
        prepared = worker.prepare(edge.work(module, setting))
        if isinstance(prepared, Fault):
            return Fault(prepared.outcome, f"edge shape {number} {dict(edge.spec)}: {prepared.detail}", prepared.log)
        for played in edge.played:
            answer = worker.outputs(played.order)
            if isinstance(answer, Fault):
                return answer
            parts.append(_compared(answer, played, edge, where=f"edge shape {number} {dict(edge.spec)}"))
    return _agreement(Match.merged(parts), deterministic=deterministic, checked=checked, worker=None)


def _orders(workload: Workload, seed: int, *, edge: bool) -> list[tuple[int, ...]]:
    draw = random.Random(f"orders/{seed}")  # noqa: S311  # reproducible, not secret
    slots = tuple(range(workload.ring))
    if edge:
        return [slots[:_EDGE_STEPS]]
    if not workload.training:
        return [slots]
    return [tuple(draw.choice(slots) for _ in range(workload.episode)) for _ in range(EPISODES)]


def _compared(answer: Outputs, played: Played, checked: Truth, *, where: str) -> Match:
    for key, dtype in answer.dtypes.items():
        name = key.partition("/")[2]
        known = played.steps[0].get(name)
        if known is not None and known.dtype.kind == "f" and dtype != checked.rule.dtype:
            detail = f"{where}: {name}: type {dtype}, declared {checked.rule.dtype}"
            return Match(passed=False, ratio=float("inf"), checks=1, detail=detail)
    found = [_chosen(step, checked.workload.compare) for step in answer.steps]
    parts = [compare_steps(found, played.steps, played.own, checked.rule, where=where)]
    if played.state:
        parts.append(
            compare_steps(
                [answer.state], [played.state], [played.own_state], checked.rule, where=f"{where}: final state"
            )
        )
    return Match.merged(parts)


def _agreement(match: Match, *, deterministic: bool, checked: Truth, worker: Answering | None) -> Agreement:
    detail = match.detail
    if not match.passed and worker is not None:
        named = _named_precision(worker, checked)
        detail = f"{detail}; {named}" if named else detail
    return Agreement(match.passed, min(match.ratio, WORST_RATIO), deterministic, match.checks, detail)


def _named_precision(worker: Answering, checked: Truth) -> str:
    """Whether a disagreement looks like a silent short type, from the outputs of the first order."""
    answer = worker.outputs(checked.played[0].order)
    if isinstance(answer, Fault):
        return ""
    for name, known in checked.played[0].steps[0].items():
        truths = [step[name] for step in checked.played[0].steps]
        found = [step[name] for step in answer.steps if name in step]
        shapes = [array.shape for array in found] == [array.shape for array in truths]
        if known.dtype.kind != "f" or not shapes or not all(np.isfinite(array).all() for array in found):
            continue
        suspects = {kind: [step[name] for step in steps] for kind, steps in checked.suspects.items()}
        named = looks_like(found, truths, suspects)
        if named:
            return named
    return ""


def _identical(first: Outputs, second: Outputs) -> bool:
    def same(a: Mapping[str, Array], b: Mapping[str, Array]) -> bool:
        return a.keys() == b.keys() and all(
            np.array_equal(a[name], b[name], equal_nan=_floating(a[name])) for name in a
        )

    return same(first.state, second.state) and all(same(a, b) for a, b in zip(first.steps, second.steps, strict=True))


def _floating(array: Array) -> bool:
    return array.dtype.kind == "f"


def _suspects(
    workload: Workload, spec: Spec, weights: Named, inputs: Sequence[Named], order: Sequence[int]
) -> dict[str, tuple[Named, ...]]:
    if workload.dtype not in ("float32", "float64"):
        return {}
    suspects = {}
    for name, short in (("bf16", ml_dtypes.bfloat16), ("fp16 or TF32", np.float16)):
        with np.errstate(over="ignore", invalid="ignore"):
            rounded = _cast(_cast(weights, short), np.float64)
            slots = [_cast(_cast(slot, short), np.float64) for slot in inputs]
            steps, _ = workload.oracle.run(spec, rounded, slots, order, np.float64)
        suspects[name] = tuple(_chosen(step, workload.compare) for step in steps)
    return suspects


def _projections(
    workload: Workload, played: Sequence[Played], seed: int
) -> dict[tuple[int, int, str], tuple[tuple[float, ...], float, int]]:
    table = {}
    for number, one in enumerate(played):
        for name in one.steps[0]:
            pooled = error_base([step[name] for step in one.steps], [step[name] for step in one.own], workload.dtype)
            for index, step in enumerate(one.steps):
                flat = np.asarray(step[name], dtype=np.float64).reshape(-1)
                base = max(pooled, error_base([step[name]], [one.own[index][name]], workload.dtype))
                sums = tuple(float(value) for value in arrays.project(flat, seed, name))
                table[number, index, name] = (sums, base, flat.size)
    return table


def _chosen(step: Mapping[str, Array], names: Sequence[str]) -> Named:
    return {name: step[name] for name in names if name in step}


def _cast(named: Mapping[str, Array], kind: type) -> Named:
    return {name: array.astype(kind) if array.dtype.kind in "fV" else array for name, array in named.items()}


def _stored(named: Mapping[str, Array]) -> Named:
    return _cast(named, np.float32)
