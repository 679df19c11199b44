"""What is worth measuring: expected value of partial perfect information, per measurement the lab could run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.base.record import replace
from bakeoff.catalog.model import Catalog, Claim
from bakeoff.catalog.rules import Rules
from bakeoff.decide import draws
from bakeoff.decide.build import Model, build
from bakeoff.decide.engine import entries_of
from bakeoff.decide.entries import Entry
from bakeoff.decide.flips import shown
from bakeoff.decide.model import Decision, Offer, Plan, PlannedMeasurement
from bakeoff.decide.smaa import Sampler
from bakeoff.decide.value import Floats

_Z = 1.959963984540054
_MOST = 120
"""Stacks looked at: more cannot become first by knowing more about a few of their measures."""
_BLOCKS = 2


@dataclass(frozen=True, slots=True)
class _Ground:
    """Values of the leading stacks at central weights, draw by draw."""

    model: Model
    entries: tuple[Entry, ...]
    totals: Floats
    """Shape (entries, draws)."""


def plan(
    decision: Decision,
    catalog: Catalog,
    rules: Rules,
    offers: Sequence[Offer],
    measured: Sequence[Claim] = (),
    *,
    seed: int = 0,
) -> Plan:
    """The offers worth running for a decision, best value first.

    An offer is worth what knowing its beliefs to the width it promises would add, on average, to the value of the stack
    chosen then: never how likely it changes the pick.

    Args:
        decision: What was decided.
        catalog: What is claimed.
        rules: What words mean.
        offers: What the lab could run, here or elsewhere.
        measured: Claims from measurements already made.
        seed: Seed of the draws.
    """
    model = build(decision.profile, catalog, rules, measured, today=decision.today)
    if not len(model.space.rows):
        return Plan((), 0.0, (), "nothing is feasible, so no measurement can help: drop a requirement first", seed)
    ground = _ground(model, seed)
    best = ground.totals.mean(axis=1).max()
    evpi = max(0.0, float(ground.totals.max(axis=0).mean() - best))
    planned = [_worth(ground, _canonical(offer, catalog), seed) for offer in offers]
    least = rules.constants["worth_points"]
    worth = sorted((item for item in planned if item.evppi >= least), key=_order)
    here = tuple(item for item in worth if item.offer.here)
    elsewhere = tuple(item for item in worth if not item.offer.here)
    return Plan(here, round(evpi, 4), elsewhere, _note(ground, offers, planned, here=here, elsewhere=elsewhere), seed)


def remaining(
    decision: Decision,
    catalog: Catalog,
    rules: Rules,
    offer: Offer,
    measured: Sequence[Claim] = (),
    *,
    seed: int = 0,
) -> float:
    """What one offer is still worth, in points, however little: to show that a measurement used it up."""
    model = build(decision.profile, catalog, rules, measured, today=decision.today)
    if not len(model.space.rows):
        return 0.0
    return _worth(_ground(model, seed), _canonical(offer, catalog), seed).evppi


def _ground(model: Model, seed: int) -> _Ground:
    entries = entries_of(model)[:_MOST]
    sampler = Sampler(model.values, entries, seed)
    weights = np.array([model.values.weights[axis.id] for axis in model.values.axes])
    blocks = sampler.blocks()
    totals = [blocks.next().totals(weights[:, None]) for _ in range(_BLOCKS)]
    return _Ground(model, entries, np.concatenate(totals, axis=1))


def _canonical(offer: Offer, catalog: Catalog) -> Offer:
    names = catalog.aliases
    return replace(offer, settles=tuple((names.get(system, system), name) for system, name in offer.settles))


def _worth(ground: _Ground, offer: Offer, seed: int) -> PlannedMeasurement:
    """Expected gain, by regressing every total on the draws of what the offer settles.

    For additive values this is exact: the total given a measure is linear in it. Where an axis takes the weakest part
    it is the best linear prediction. Source: Strong, Oakley and Brennan, "Estimating multiparameter partial expected
    value of perfect information", Medical Decision Making 34 (2014).
    """
    totals = ground.totals
    predicted = np.repeat(totals.mean(axis=1)[:, None], totals.shape[1], axis=1)
    narrows = []
    for system, name in dict.fromkeys(offer.settles):
        spread = _spread(ground, system, name)
        left = offer.expected_width / _Z
        if spread <= left:
            continue
        drawn = draws.normals(("value", system, name), totals.shape[1], seed)
        centred = drawn - drawn.mean()
        slope = (totals * centred).sum(axis=1) / (centred * centred).sum()
        # A measurement leaves a width of its own: only the part of the belief it removes can move the choice.
        kept = np.sqrt(1.0 - (left / spread) ** 2)
        if np.abs(slope).max() > 1e-9:
            predicted = predicted + kept * slope[:, None] * centred
            narrows.append(f"{system}.{name}")
    gain = float(predicted.max(axis=0).mean() - predicted.mean(axis=1).max())
    leaders = np.bincount(predicted.argmax(axis=0), minlength=len(ground.entries))
    # The first of the decision itself: of two that are nearly equal the draws' own mean would name either.
    own = ground.model.side(ground.entries[0].stack)
    flips = _others(ground, leaders, own)
    return PlannedMeasurement(offer, round(max(0.0, gain), 4), tuple(narrows), flips)


def _spread(ground: _Ground, system: str, name: str) -> float:
    """Standard deviation of a belief, where a leading stack's value depends on it; else 0."""
    for entry in ground.entries:
        for item in ground.model.values.contributions(entry.stack, ground.model.values.weights):
            if item.term.system == system and item.term.property == name:
                return item.term.spread
    return 0.0


def _others(ground: _Ground, leaders: Iterable[int], own: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[tuple[str, ...], str] = {}
    ranked = sorted(enumerate(leaders), key=lambda pair: (-pair[1], pair[0]))
    for position, count in ranked:
        side = ground.model.side(ground.entries[position].stack)
        if count and side != own:
            found.setdefault(side, shown(ground.entries[position].stack))
    return tuple(found.values())[:5]


def _order(item: PlannedMeasurement) -> tuple[float, float, str]:
    return (-item.evppi, item.offer.cost_s, item.offer.id)


def _note(
    ground: _Ground,
    offers: Sequence[Offer],
    planned: Sequence[PlannedMeasurement],
    *,
    here: Sequence[PlannedMeasurement],
    elsewhere: Sequence[PlannedMeasurement],
) -> str:
    if here:
        return ""
    if elsewhere:
        return f"nothing that can be measured here would matter; elsewhere it would: {elsewhere[0].offer.title}"
    if not offers:
        return "the lab has no measurement to offer for this profile"
    touched = [item for item in planned if item.narrows]
    if not touched:
        wanted = _decisive(ground)
        offered = {f"{system}.{name}" for item in planned for system, name in item.offer.settles}
        if offered & set(wanted):
            return "what could be measured is known already, as well as measuring it again would tell"
        missing = ", ".join(wanted) or "nothing uncertain"
        return f"none of the measurements on offer is about what this choice rests on: {missing}"
    return "what could be measured would not change the choice: its value is next to nothing"


def _decisive(ground: _Ground) -> list[str]:
    """The beliefs that move the lead most: what a measurement would have to be about."""
    model = ground.model
    given = {}
    for entry in ground.entries[:20]:
        for item in model.values.contributions(entry.stack, model.values.weights):
            given[f"{item.term.system}.{item.term.property}"] = item.factor * item.term.spread
    return sorted(given, key=lambda name: (-given[name], name))[:3]
