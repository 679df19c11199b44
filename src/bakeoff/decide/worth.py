"""What knowing one thing exactly would be worth to a set of profiles: the order in which to ask contributors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.decide import draws
from bakeoff.decide.build import Model
from bakeoff.decide.engine import entries_of
from bakeoff.decide.entries import BLOCK, Entry
from bakeoff.decide.feasible import Condition
from bakeoff.decide.smaa import Sampler
from bakeoff.decide.value import Floats

Thing = tuple[str, str]
"""(system, property)."""
_MOST = 60
"""Stacks looked at: more cannot become first by knowing more about one thing."""
_LEAST = 1e-3
"""Points below which a thing moves no stack against another."""


def worths(models: Iterable[Model], *, seed: int = 0) -> dict[Thing, float]:
    """Expected gain, in points of the stack chosen, from knowing each uncertain thing exactly; the mean over models.

    Measures by regression on their own draws, as `plan` values measurements, without the width a measurement leaves;
    unknown answers by the two cases that they hold and that they do not. Things that move no leading stack are absent.

    Args:
        models: One per profile; those without a feasible stack count with no gain.
        seed: Seed of the draws.
    """
    total: dict[Thing, float] = {}
    count = 0
    for model in models:
        count += 1
        for thing, gain in _gains(model, seed).items():
            total[thing] = total.get(thing, 0.0) + gain
    return {thing: round(gain / count, 4) for thing, gain in total.items() if round(gain / count, 4) > 0}


@dataclass(frozen=True, slots=True)
class WeightsWorth:
    """What it would add to know what somebody minds most."""

    all: float
    """Expected gain, in points of the stack chosen, from knowing every weight exactly."""
    axes: tuple[str, ...]
    """Axes that take part, the one whose weight alone is worth most to know first."""


def of_weights(model: Model, *, seed: int = 0) -> WeightsWorth:
    """What knowing the weights of a profile would be worth, over the weights its statements leave open.

    Beliefs stay as they are: this is what a person can answer, not what a measurement could.

    Args:
        model: The model of the profile.
        seed: Seed of the draws.
    """
    taking_part = [axis.id for axis in model.values.axes if model.values.weights[axis.id] > 0]
    entries = entries_of(model)[:_MOST] if len(model.space.rows) else ()
    if len(entries) < 2:
        return WeightsWorth(0.0, tuple(taking_part))
    sampler = Sampler(model.values, entries, seed)
    drawn = sampler.blocks().next()
    by_axis = np.stack([drawn.on_axes(position).mean(axis=1) for position in range(len(entries))], axis=1)
    weights = sampler.weights(BLOCK, 0)
    failed = model.rules.constants["failed_points"]
    fixed = [entry.offset - failed * (1.0 - math.prod(item.chance for item in entry.conditions)) for entry in entries]
    totals = np.repeat(np.array(fixed)[:, None], BLOCK, axis=1)
    for points, weight in zip(by_axis, weights, strict=True):
        totals = totals + points[:, None] * weight
    best = float(totals.mean(axis=1).max())
    alone = {
        axis.id: _linear(totals, weight, best)
        for axis, weight in zip(model.values.axes, weights, strict=True)
        if axis.id in taking_part
    }
    order = sorted(taking_part, key=lambda axis: (-round(alone[axis], 9), axis))
    return WeightsWorth(round(max(0.0, float(totals.max(axis=0).mean()) - best), 4), tuple(order))


def _gains(model: Model, seed: int) -> Mapping[Thing, float]:
    entries = entries_of(model)[:_MOST] if len(model.space.rows) else ()
    if len(entries) < 2:
        return {}
    sampler = Sampler(model.values, entries, seed)
    weights = np.array([model.values.weights[axis.id] for axis in model.values.axes])
    totals = sampler.blocks().next().totals(weights[:, None])
    best = float(totals.mean(axis=1).max())
    found: dict[Thing, float] = {}
    for thing in _measures(model, entries):
        found[thing] = _of_measure(totals, best, thing, seed)
    for condition in _conditions(entries):
        about = _about(model, condition.claim)
        if about is not None:
            found[about] = max(found.get(about, 0.0), _of_answer(totals, best, condition, seed))
    return found


def _of_measure(totals: Floats, best: float, thing: Thing, seed: int) -> float:
    return _linear(totals, draws.normals(("value", *thing), totals.shape[1], seed), best)


def _linear(totals: Floats, drawn: Floats, best: float) -> float:
    """Expected gain from knowing one number the totals are (about) linear in."""
    centred = drawn - drawn.mean()
    spread = float((centred * centred).sum())
    if spread <= 0.0:
        return 0.0
    slope = (totals * centred).sum(axis=1) / spread
    if slope.max() - slope.min() < _LEAST:
        return 0.0
    predicted = totals.mean(axis=1)[:, None] + slope[:, None] * centred
    return max(0.0, float(predicted.max(axis=0).mean()) - best)


def _of_answer(totals: Floats, best: float, condition: Condition, seed: int) -> float:
    holds = draws.uniforms(("holds", condition.claim), totals.shape[1], seed) < condition.chance
    if holds.all() or not holds.any():
        return 0.0
    known = sum(float(totals[:, case].mean(axis=1).max()) * float(case.mean()) for case in (holds, ~holds))
    return max(0.0, known - best)


def _measures(model: Model, entries: Sequence[Entry]) -> list[Thing]:
    found: dict[Thing, None] = {}
    for entry in entries:
        for item in model.values.contributions(entry.stack, model.values.weights):
            if item.term.spread * item.factor > _LEAST:
                found[item.term.system, item.term.property] = None
    return list(found)


def _conditions(entries: Sequence[Entry]) -> list[Condition]:
    return list({item.claim: item for entry in entries for item in entry.conditions}.values())


def _about(model: Model, claim: str) -> Thing | None:
    """System and property of a claim's id; a system's id may hold dots itself."""
    parts = claim.partition("@")[0].split(".")
    for size in range(len(parts) - 1, 0, -1):
        subject = ".".join(parts[:size])
        if subject in model.facts.catalog.systems:
            return subject, parts[size]
    return None
