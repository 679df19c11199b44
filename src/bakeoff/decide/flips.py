"""What would change the answer: weights in closed form, values, a requirement, time, something unknown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from bakeoff.catalog.model import Axis
from bakeoff.decide.build import Known, Model, Stack, assemble
from bakeoff.decide.entries import Entry
from bakeoff.decide.facts import Facts
from bakeoff.decide.feasible import Candidate
from bakeoff.decide.model import Flip
from bakeoff.decide.smaa import ranked
from bakeoff.decide.value import Contribution, Floats, Values, combine

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
    mine = _given(model, first.stack)
    for other in others:
        gap = float(model.expected[first.row] - model.expected[other.row])
        for item, needed in _tipping_values(mine, _given(model, other.stack), gap):
            what = f"{item.term.system}.{item.term.property}"
            far = round(abs(needed - item.term.mid), 4)
            if what not in nearest or far < nearest[what].distance:
                turn = "at least" if needed > item.term.mid else "at most"
                text = f"{turn} {needed:.0f} points (now {item.term.mid:.0f})"
                nearest[what] = Flip("value", what, text, shown(other.stack), far)
    return sorted(nearest.values(), key=lambda flip: (flip.distance, flip.what))[:8]


_Given = Mapping[tuple[str, str, str, str], Contribution]
"""Contributions by axis, layer, system and measure."""


def _tipping_values(mine: _Given, theirs: _Given, gap: float) -> Iterator[tuple[Contribution, float]]:
    """Measures that only one of two stacks has, with the points at which the two would tie."""
    for key, item in theirs.items():
        if key not in mine and item.factor > 0 and item.term.mid + gap / item.factor <= 100.0:
            yield item, item.term.mid + gap / item.factor
    for key, item in mine.items():
        if key not in theirs and item.factor > 0 and item.term.mid - gap / item.factor >= 0.0:
            yield item, item.term.mid - gap / item.factor


def _given(model: Model, stack: Stack) -> _Given:
    given = model.values.contributions(stack, model.values.weights)
    return {(item.axis, item.term.layer, item.term.system, item.term.property): item for item in given}


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
    later = _Later(model, leading)
    for days in _DAYS if later.moves else ():
        day = model.facts.today + timedelta(days=days)
        best = leading[int(np.argmax(later.totals(day)))]
        if model.side(best.stack) != own:
            text = "unless its evidence is renewed by then"
            return [Flip("date", day.isoformat(), text, shown(best.stack), float(days))]
    return []


class _Column:
    """The components of one layer among some stacks, as they enter one axis."""

    def __init__(self, values: Values, axis: Axis, parts: Sequence[tuple[str, str]], share: float) -> None:
        places = {part: place for place, part in enumerate(dict.fromkeys(parts))}
        self.axis = axis
        self.share = share
        self.moving = [(part, place) for part, place in places.items() if not values.lasts(*part, axis)]
        """Components whose value is not the same on every later day."""
        self._places = np.array([places[part] for part in parts])
        self._mids = np.array([values.mid(*part, axis) for part in places])

    def worth(self, later: Values) -> Floats:
        """By stack, the value on a later day."""
        mids = self._mids.copy()
        for part, place in self.moving:
            mids[place] = later.mid(*part, self.axis)
        found: Floats = mids[self._places]
        return found


class _Later:
    """What some stacks are worth on later days: only what time changes is worked out anew."""

    def __init__(self, model: Model, entries: Sequence[Entry]) -> None:
        self._model = model
        failed = model.rules.constants["failed_points"]
        chances = [math.prod(condition.chance for condition in entry.conditions) for entry in entries]
        self._own = [entry.offset - failed * (1.0 - chance) for entry, chance in zip(entries, chances, strict=True)]
        stacks = list(zip(*[entry.stack for entry in entries], strict=True))
        self._axes = [
            (axis, [_Column(model.values, axis, stacks[column], share) for column, share in parts])
            for axis in model.values.axes
            if model.values.weights[axis.id]
            and (parts := model.values.parts(axis, [layer for layer, _ in entries[0].stack]))
        ]
        self.moves = any(column.moving for _, columns in self._axes for column in columns)
        """Whether time changes anything."""

    def totals(self, day: date) -> Floats:
        """Value of every stack, less what unknown claims may cost."""
        model = self._model
        facts = Facts(model.facts.catalog, model.situation, model.rules.constants, day)
        values = Values(facts, model.rules, model.judged)
        total = np.array(self._own)
        for axis, columns in self._axes:
            worth = [column.worth(values) for column in columns]
            on_axis = combine(axis.aggregator, worth, [column.share for column in columns])
            total = total + values.weights[axis.id] * on_axis
        return total


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
