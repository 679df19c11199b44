"""From a profile and a catalogue to a decision: build every stack, value it, draw, and say why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from bakeoff.base.later import later
from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct
from bakeoff.catalog.model import Catalog, Claim
from bakeoff.catalog.rules import Rules
from bakeoff.decide import explain, flips, smaa
from bakeoff.decide.build import Model, build
from bakeoff.decide.entries import Entry
from bakeoff.decide.model import Component, Decision, Profile, RankedStack, Share, Verdict
from bakeoff.decide.side import LAYER, Trackers
from bakeoff.decide.smaa import Tally
from bakeoff.decide.value import Floats

if TYPE_CHECKING:
    from bakeoff.decide import conflict
else:
    conflict = later("bakeoff.decide.conflict")


class _Run(Struct, frozen=True):
    """A model with its draws."""

    model: Model
    entries: tuple[Entry, ...]
    listed: tuple[int, ...]
    """Positions of the stacks to list, best first."""
    hoped: tuple[int, ...]
    """Positions of stacks that would be first if what is unknown about them held, best first."""
    tally: Tally
    trackers: Trackers


def decide(  # noqa: PLR0913 - the inputs a decision is reproducible from
    profile: Profile,
    catalog: Catalog,
    rules: Rules,
    measured: Sequence[Claim] = (),
    *,
    today: date,
    seed: int = 0,
    draws: int = 10_000,
    top: int = 10,
) -> Decision:
    """The decision for a profile.

    Args:
        profile: What the project needs, as `profile.parse` gives it.
        catalog: What is claimed.
        rules: What words mean.
        measured: Claims from measurements, added to the catalogue's.
        today: Day it is decided for.
        seed: Seed of every draw.
        draws: Most draws to take; fewer are taken when the first place is clear.
        top: Most stacks to list; other choices come before other shades of one choice.

    Returns:
        The decision; its verdict is `impossible`, with conflicts and relaxations, when no stack is feasible.
    """
    model = build(profile, catalog, rules, measured, today=today)
    if not len(model.space.rows):
        return _impossible(model, seed)
    run = _drawn(model, seed=seed, draws=draws, top=top)
    stacks = tuple(_ranked(run, position) for position in run.listed)
    story = explain.story(model, run.entries)
    flipped = flips.flips(model, run.entries)
    share = run.tally.share
    return Decision(
        profile=profile,
        verdict=_verdict(share, rules),
        stacks=stacks,
        near_ties=_near_ties(run),
        feasible=int((model.chance >= 1.0).sum()),
        conditional=tuple(_ranked(run, position) for position in run.hoped if position not in run.listed),
        shares=_shares(run, seed),
        reasons=story.reasons,
        exclusions=explain.exclusions(model),
        flips=flipped,
        pitfalls=explain.pitfalls(model, run.entries[0].stack),
        refuted=explain.refuted(model),
        impression_share=_round(story.impression_share),
        conflicts=(),
        relaxations=(),
        read=tuple(sorted(model.facts.read)),
        draws=run.tally.draws,
        error=_round(math.sqrt(share * (1 - share) / run.tally.draws)),
        seed=seed,
        today=today,
        catalog=catalog.version,
        snapshot=catalog.snapshot,
    )


def _drawn(model: Model, *, seed: int, draws: int, top: int) -> _Run:
    entries = entries_of(model)
    sides = tuple(model.side(entry.stack) for entry in entries)
    listed, hoped = _listed(sides, top), _hoped(model, entries, sides)
    tally = smaa.Sampler(model.values, entries, seed).run(draws, sides, sorted({*listed, *hoped}))
    return _Run(model, entries, listed, hoped, tally, Trackers(model))


def entries_of(model: Model) -> tuple[Entry, ...]:
    """The stacks worth drawing, best expected value first."""
    columns = [index for index, layer in enumerate(model.space.layers) if layer in model.side_layers]
    rows = smaa.choose_entries(model.space, model.expected, columns)
    return tuple(model.entry(row) for row in rows)


def _ranked(run: _Run, position: int) -> RankedStack:
    model, entry, tally = run.model, run.entries[position], run.tally
    taking_part = [index for index, parts in enumerate(tally.drawn.layout.parts) if parts]
    values = tally.drawn.on_axes(position)[taking_part]
    total = np.full(values.shape[1], entry.offset)
    for index, worth in zip(taking_part, values, strict=True):
        total = total + model.values.weights[model.values.axes[index].id] * worth
    claims, doubtful = model.joins(entry.stack)
    conditions = tuple(dict.fromkeys([condition.claim for condition in entry.conditions] + list(doubtful)))
    widths = _central_95(np.concatenate([values, total[None, :]]))
    axes = tuple(
        explain.axis_value(model, entry.stack, axis, _interval(width, model.values.on_axis(entry.stack, axis)))
        for axis, width in zip([model.values.axes[index] for index in taking_part], widths[:-1], strict=True)
    )
    components = [Component(layer, system) for layer, system in entry.stack]
    tracker = run.trackers.best(entry.stack)
    return RankedStack(
        components=(*components, *((Component(LAYER, tracker),) if tracker else ())),
        value=_interval(widths[-1], float(model.totals[entry.row])),
        first_share=_round(tally.firsts[position] / tally.draws),
        top3_share=_round(tally.top3[position] / tally.draws),
        confidence=_round(tally.confidence[position]) if position in tally.confidence else None,
        axes=axes,
        joins=claims,
        conditions=conditions,
    )


def _listed(sides: Sequence[tuple[str, ...]], top: int) -> tuple[int, ...]:
    """Positions of the stacks to list, best first: the best of every side, and shades of one where room is left."""
    best_of = {side: position for position, side in reversed(tuple(enumerate(sides)))}
    chosen = sorted(best_of.values())[:top]
    shades = [position for position in range(len(sides)) if position not in chosen]
    return tuple(sorted([*chosen, *shades[: top - len(chosen)]]))


def _hoped(model: Model, entries: Sequence[Entry], sides: Sequence[tuple[str, ...]]) -> tuple[int, ...]:
    """Positions of stacks that would be first if what is unknown about them held, one for each side, best first."""
    bar = float(model.expected[entries[0].row])
    found: dict[tuple[str, ...], tuple[float, int]] = {}
    for position, entry in enumerate(entries):
        worth, side_of = float(model.totals[entry.row]), sides[position]
        if entry.conditions and worth > bar and position and (side_of not in found or found[side_of][0] < worth):
            found[side_of] = (worth, position)
    ordered = sorted(found.values(), key=lambda pair: (-pair[0], pair[1]))[:5]
    return tuple(position for _, position in ordered)


def _near_ties(run: _Run) -> tuple[int, ...]:
    limit = run.model.rules.constants["near_tie"] * run.tally.draws
    return tuple(place for place, position in enumerate(run.listed) if position and run.tally.beaten[position] >= limit)


def _shares(run: _Run, seed: int) -> tuple[Share, ...]:
    found = []
    for column, layer in enumerate(run.model.space.layers):
        names: dict[str, int] = {}
        groups = [names.setdefault(entry.stack[column][1], len(names)) for entry in run.entries]
        for system, (first, top3) in zip(names, smaa.shares_by(run.tally, groups), strict=True):
            if top3 > 0:
                found.append(Share(system, layer, _round(first), _round(top3)))
    found += run.trackers.shares(run.entries[0].stack, seed)
    order = {layer: index for index, layer in enumerate(run.model.situation.layers)}
    return tuple(sorted(found, key=lambda share: (order.get(share.layer, 99), -share.first, -share.top3, share.id)))


def _verdict(share: float, rules: Rules) -> Verdict:
    if share >= rules.constants["decided"]:
        return Verdict.DECIDED
    return Verdict.LEANING if share >= rules.constants["leaning"] else Verdict.TOSS_UP


def _impossible(model: Model, seed: int) -> Decision:
    conflicts, relaxations = conflict.explain(model)
    return Decision(
        profile=model.situation.profile,
        verdict=Verdict.IMPOSSIBLE,
        stacks=(),
        near_ties=(),
        feasible=0,
        conditional=(),
        shares=(),
        reasons=(),
        exclusions=explain.exclusions(model),
        flips=(),
        pitfalls=explain.pitfalls(model, ()),
        refuted=explain.refuted(model),
        impression_share=0.0,
        conflicts=conflicts,
        relaxations=relaxations,
        read=tuple(sorted(model.facts.read)),
        draws=0,
        error=0.0,
        seed=seed,
        today=model.facts.today,
        catalog=model.facts.catalog.version,
        snapshot=model.facts.catalog.snapshot,
    )


def _central_95(values: Floats) -> list[tuple[float, float]]:
    """The bounds of the middle 95 % of every row, between two draws in proportion."""
    # By hand: `np.quantile` imports the masked arrays of NumPy, which costs half as much as NumPy itself.
    ordered, last = np.sort(values, axis=1), values.shape[1] - 1
    bounds = []
    for place in (0.025 * last, 0.975 * last):
        below, above = ordered[:, int(place)], ordered[:, min(int(place) + 1, last)]
        bounds.append((below + (above - below) * (place - int(place))).tolist())
    return list(zip(*bounds, strict=True))


def _interval(bounds: tuple[float, float], mid: float) -> Interval:
    low, high = bounds
    return Interval(_round(min(low, mid)), _round(mid), _round(max(high, mid)))


def _round(value: float) -> float:
    return round(float(value), 4)
