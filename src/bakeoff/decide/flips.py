"""What would change the answer: weights in closed form, values, a requirement, time, something unknown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import numpy as np

from bakeoff.catalog.model import Aggregator, Axis
from bakeoff.decide.build import Known, Model, Stack, assemble
from bakeoff.decide.entries import Entry
from bakeoff.decide.facts import Facts
from bakeoff.decide.feasible import Candidate
from bakeoff.decide.model import Flip
from bakeoff.decide.smaa import ranked
from bakeoff.decide.value import Contribution, Values

_DAYS = (182, 365, 730)
_FARTHEST = 0.5
"""Share of weight beyond which nobody would move it."""
_ORDER = ("unknown", "value", "weight", "requirement", "date")


def flips(model: Model, entries: Sequence[Entry]) -> tuple[Flip, ...]:
    """Changes that give another framework, serving system or primary component, nearest first by kind."""
    own = model.side(entries[0].stack)
    others = _rivals(model, entries, own)
    found = [
        *_unknown(model, entries, own),
        *_value(model, entries[0], others),
        *_weight(model, entries[0], others),
        *_requirement(model, own),
        *_date(model, entries, own),
    ]
    return tuple(sorted(found, key=lambda flip: (_ORDER.index(flip.kind), flip.distance, flip.what)))


def shown(stack: Stack) -> str:
    """A stack in one line: `layer=system` joined by spaces."""
    return " ".join(f"{layer}={system}" for layer, system in stack)


def tipping_weight(weight: float, gap: float, on_axis: float) -> float | None:
    """The weight of one axis at which two alternatives tie, the others keeping their proportions.

    Args:
        weight: Its weight now, 0..1.
        gap: Lead of the first alternative now, in points.
        on_axis: Its lead on that axis alone, in points before weighting.

    Returns:
        The weight, or None when none from 0 to 1 makes them tie.

    >>> round(tipping_weight(0.5, 5.0, 20.0), 3)
    0.333
    """
    if weight >= 1.0:
        return None
    rest = (gap - weight * on_axis) / (1.0 - weight)
    if on_axis == rest:
        return None
    tie = rest / (rest - on_axis)
    return tie if 0.0 <= tie <= 1.0 else None


def _rivals(model: Model, entries: Sequence[Entry], own: tuple[str, ...]) -> list[Entry]:
    best: dict[tuple[str, ...], Entry] = {}
    for entry in entries[1:]:
        best.setdefault(model.side(entry.stack), entry)
    return [entry for name, entry in best.items() if name != own][:12]


def _weight(model: Model, first: Entry, others: Sequence[Entry]) -> list[Flip]:
    found = []
    for axis in model.values.axes:
        weight = model.values.weights[axis.id]
        if not weight:
            continue
        own = model.values.on_axis(first.stack, axis)
        nearest: tuple[float, float, Entry] | None = None
        for other in others:
            gap = float(model.expected[first.row] - model.expected[other.row])
            on_axis = own - model.values.on_axis(other.stack, axis)
            tie = tipping_weight(weight, gap, on_axis)
            if (
                tie is not None
                and abs(tie - weight) <= _FARTHEST
                and (nearest is None or abs(tie - weight) < nearest[0])
            ):
                nearest = (abs(tie - weight), tie, other)
        if nearest is not None:
            far, tie, other = nearest
            turn = "above" if tie > weight else "below"
            text = f"{turn} {tie:.0%} (now {weight:.0%})"
            found.append(Flip("weight", axis.id, text, shown(other.stack), round(far, 4)))
    return found


def _value(model: Model, first: Entry, others: Sequence[Entry]) -> list[Flip]:
    nearest: dict[str, Flip] = {}
    for other in others:
        gap = float(model.expected[first.row] - model.expected[other.row])
        for item, needed in _tipping_values(model, first, other, gap):
            what = f"{item.term.system}.{item.term.property}"
            turn = "at least" if needed > item.term.mid else "at most"
            text = f"{turn} {needed:.0f} points (now {item.term.mid:.0f})"
            flip = Flip("value", what, text, shown(other.stack), round(abs(needed - item.term.mid), 4))
            if what not in nearest or flip.distance < nearest[what].distance:
                nearest[what] = flip
    return sorted(nearest.values(), key=lambda flip: (flip.distance, flip.what))[:8]


def _tipping_values(model: Model, first: Entry, other: Entry, gap: float) -> Iterator[tuple[Contribution, float]]:
    """Measures that only one of two stacks has, with the points at which the two would tie."""
    mine, theirs = _given(model, first.stack), _given(model, other.stack)
    own, strange = {(item.axis, item.term) for item in mine}, {(item.axis, item.term) for item in theirs}
    for item in theirs:
        if (item.axis, item.term) not in own and item.factor > 0 and item.term.mid + gap / item.factor <= 100.0:
            yield item, item.term.mid + gap / item.factor
    for item in mine:
        if (item.axis, item.term) not in strange and item.factor > 0 and item.term.mid - gap / item.factor >= 0.0:
            yield item, item.term.mid - gap / item.factor


def _given(model: Model, stack: Stack) -> list[Contribution]:
    return model.values.contributions(stack, model.values.weights)


def _requirement(model: Model, own: tuple[str, ...]) -> list[Flip]:
    """Dropping one requirement, its favours and weights staying: what would its hard demands alone give way to?"""
    tokens = {item.requirement for group in model.judged.values() for one in group for item in one.exclusions}
    tokens |= {need.token for need in model.needs}
    leading, known = _leading(model), Known(model.joiner, model.values)
    found = []
    for token in sorted(tokens):
        judged = {
            layer: tuple(item for item in group if item.system in leading[layer] or _opened(item, token))
            for layer, group in model.judged.items()
        }
        opened = assemble(model.facts, model.rules, judged, model.needs, frozenset({token}), known)
        order = ranked(opened.space, opened.expected, 1)
        if not len(order):
            continue
        stack = opened.space.stack(int(order[0]))
        if opened.side(stack) != own:
            best = float(opened.expected[int(order[0])] - np.max(model.expected))
            found.append(Flip("requirement", token, "dropped", shown(stack), round(max(0.0, best), 4)))
    return found


def _leading(model: Model, most: int = 6) -> dict[str, set[str]]:
    """Systems of each layer whose best stack is among the best: the only company a newly opened one can win in."""
    found: dict[str, set[str]] = {layer: set() for layer in model.judged}
    for column, layer in enumerate(model.space.layers):
        best = np.full(len(model.space.systems[column]), -np.inf)
        np.maximum.at(best, model.space.rows[:, column], model.expected)
        places = sorted((-value, name) for value, name in zip(best, model.space.systems[column], strict=True))
        found[layer] = {name for _, name in places[:most]}
    return found


def _opened(candidate: Candidate, token: str) -> bool:
    return bool(candidate.exclusions) and candidate.without(frozenset({token}))


def _date(model: Model, entries: Sequence[Entry], own: tuple[str, ...]) -> list[Flip]:
    """The first of a few future days on which today's evidence, by then old, gives another winner."""
    leading = entries[:60]
    lasts = _Lasting(model)
    if all(lasts.component(*part, axis) for entry in leading for part in entry.stack for axis in model.values.axes):
        return []
    layers = [layer for layer, _ in entries[0].stack]
    parts = {axis.id: model.values.parts(axis, layers) for axis in model.values.axes if model.values.weights[axis.id]}
    for days in _DAYS:
        day = model.facts.today + timedelta(days=days)
        facts = Facts(model.facts.catalog, model.situation, model.rules.constants, day)
        then = _Day(model.values, Values(facts, model.rules, model.judged), lasts, parts)
        best = max(leading, key=then.total)
        if model.side(best.stack) != own:
            text = "unless its evidence is renewed by then"
            return [Flip("date", day.isoformat(), text, shown(best.stack), float(days))]
    return []


class _Lasting:
    """Which components are worth the same on an axis whatever the day; worked out once for all days."""

    def __init__(self, model: Model) -> None:
        self._values = model.values
        self._known: dict[tuple[str, str, str], bool] = {}

    def component(self, layer: str, system: str, axis: Axis) -> bool:
        """Whether time changes nothing; an axis without weight changes nothing."""
        key = (layer, system, axis.id)
        if key not in self._known:
            self._known[key] = not self._values.weights[axis.id] or self._values.lasts(layer, system, axis)
        return self._known[key]


class _Day:
    """What stacks are worth on one later day."""

    def __init__(
        self, now: Values, later: Values, lasts: _Lasting, parts: Mapping[str, Sequence[tuple[int, float]]]
    ) -> None:
        self._now = now
        self._later = later
        self._lasts = lasts
        self._parts = parts
        self._known: dict[tuple[str, str, str], float] = {}

    def total(self, entry: Entry) -> float:
        """Value of a stack, less what unknown claims may cost."""
        failed = self._now.rules.constants["failed_points"]
        total = entry.offset - failed * (1.0 - math.prod(condition.chance for condition in entry.conditions))
        for axis in self._now.axes:
            parts = self._parts.get(axis.id, ())
            worth = [self._mid(*entry.stack[column], axis) for column, _ in parts]
            if axis.aggregator is Aggregator.WEAKEST:
                on_axis = min(worth, default=0.0)
            else:
                on_axis = sum(share * mid for (_, share), mid in zip(parts, worth, strict=True))
            total += self._now.weights[axis.id] * on_axis
        return total

    def _mid(self, layer: str, system: str, axis: Axis) -> float:
        key = (layer, system, axis.id)
        found = self._known.get(key)
        if found is None:
            values = self._now if self._lasts.component(layer, system, axis) else self._later
            found = self._known[key] = values.mid(layer, system, axis)
        return found


def _unknown(model: Model, entries: Sequence[Entry], own: tuple[str, ...]) -> list[Flip]:
    bar = float(model.expected[entries[0].row])
    found: dict[tuple[str, ...], Flip] = {}
    for entry in entries[1:]:
        name = model.side(entry.stack)
        worth = float(model.totals[entry.row])
        if entry.conditions and name != own and name not in found and worth > bar:
            what = " and ".join(condition.claim for condition in entry.conditions)
            found[name] = Flip("unknown", what, "holds", shown(entry.stack), round(worth - bar, 4))
    return list(found.values())[:5]
