"""The stacks worth drawing, and one block of draws over them: what stacks share is drawn and added up once.

A stack's value on an axis is a weighted sum over its components, or the least of them. Everything is therefore kept per
component and axis; stacks are put together from halves (their first layers, their last layers), of which there are far
fewer than stacks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bakeoff.base.record import Struct
from bakeoff.catalog.model import Aggregator
from bakeoff.decide.draws import normals_of, stream_keys, uniforms
from bakeoff.decide.feasible import Condition
from bakeoff.decide.value import Floats, Term, Values, combine

BLOCK = 2_500
"""Draws taken at a time; a multiple of 4."""
_TOGETHER = 8
"""Streams drawn at once: as many as stay near the processor."""
_FARTHEST = 4.33
"""No normal number of a stream is farther out."""

Indexes = npt.NDArray[np.intp]
"""Positions in a table."""


class Entry(Struct, frozen=True):
    """One stack to draw."""

    row: int
    """Its row in the space."""
    stack: tuple[tuple[str, str], ...]
    """(layer, system)."""
    offset: float
    """Points of the total that no axis holds: conversions."""
    conditions: tuple[Condition, ...]
    """Unknown claims that must hold."""


class _Use(Struct, frozen=True):
    """One measure of one component, as it enters the table of an axis."""

    row: int
    """Row of the table of values."""
    mid: float
    """Centre, times its share of the component's value."""
    spread: float
    """Standard deviation, times that share."""
    most: float
    """Its upper end: 100 points, times that share."""
    below: bool
    """A draw may fall below 0."""
    above: bool
    """A draw may rise above the upper end."""


class _Part(Struct, frozen=True):
    """The components of one layer on one axis."""

    column: int
    """The layer."""
    share: float
    """Share of the layer on the axis."""
    start: int
    """First row of the table of values; one row for each system of the column follows."""


class _Half(Struct, frozen=True):
    """Some layers of the stacks, each combination that occurs once."""

    columns: tuple[int, ...]
    """The layers."""
    systems: Indexes
    """Position of the system in its column, shape (layers, combinations)."""
    of: Indexes
    """Combination of every entry."""


class _Rest(Struct, frozen=True):
    """What distinguishes stacks beside sums over their layers, each combination once."""

    columns: tuple[int, ...]
    """Layers of which some axis takes the least."""
    systems: Indexes
    """Position of the system in its column, shape (layers, combinations)."""
    offsets: Floats
    """Points that no axis holds, by combination."""
    of: Indexes
    """Combination of every entry."""


class Layout:
    """What has to be drawn for some entries, and how entries are put together from it."""

    def __init__(self, values: Values, entries: Sequence[Entry]) -> None:
        layers = [layer for layer, _ in entries[0].stack]
        self.entries = entries
        self.axes = values.axes
        self.failed = values.rules.constants["failed_points"]
        columns = tuple(range(len(layers)))
        self.systems = [list(dict.fromkeys(entry.stack[column][1] for entry in entries)) for column in columns]
        self.parts: list[tuple[_Part, ...]] = []
        self.uses: dict[tuple[str, str], list[_Use]] = {}
        fixed: list[float] = []
        for axis in values.axes:
            found = []
            for column, share in values.parts(axis, layers) if values.weights.get(axis.id) else ():
                found.append(_Part(column, share, len(fixed)))
                for system in self.systems[column]:
                    fixed.append(self._planned(values.terms(layers[column], system, axis), len(fixed)))
            self.parts.append(tuple(found))
        self.fixed = np.array(fixed or [0.0])
        self.places = [
            np.array([names.index(entry.stack[column][1]) for entry in entries])
            for column, names in enumerate(self.systems)
        ]
        middle = (len(layers) + 1) // 2
        self.halves = tuple(self._half(half) for half in (columns[:middle], columns[middle:]) if half)
        self.rest = self._rest()

    def _half(self, columns: tuple[int, ...]) -> _Half:
        combinations, of = _distinct([self.places[column].tolist() for column in columns])
        return _Half(columns, np.array(combinations).T, of)

    def _rest(self) -> _Rest:
        weakest = [
            part for axis, parts in zip(self.axes, self.parts, strict=True) for part in parts
            if axis.aggregator is Aggregator.WEAKEST
        ]  # fmt: skip
        columns = tuple(dict.fromkeys(part.column for part in weakest))
        offsets = [entry.offset for entry in self.entries]
        combinations, of = _distinct([offsets, *(self.places[column].tolist() for column in columns)])
        systems = np.array([one[1:] for one in combinations], np.intp).T
        return _Rest(columns, systems, np.array([one[0] for one in combinations], np.float64), of)

    def _planned(self, terms: Sequence[Term], row: int) -> float:
        """Notes what must be drawn for one component on one axis; gives the points that never vary."""
        fixed = 0.0
        for term in terms:
            reach = _FARTHEST * term.spread
            below, above = term.mid - reach < 0.0, term.mid + reach > 100.0
            mid, spread = term.share * term.mid, term.share * term.spread
            if not spread:
                fixed += term.share * min(100.0, max(0.0, term.mid))
                continue
            if not (below or above):
                fixed += mid
            use = _Use(row, mid, spread, term.share * 100.0, below, above)
            self.uses.setdefault((term.system, term.property), []).append(use)
        return fixed


class Drawn:
    """One block of draws of what components are worth."""

    def __init__(self, layout: Layout, table: Floats, lost: dict[int, Floats]) -> None:
        self.layout = layout
        self._table = table
        self._lost = lost

    def on_axes(self, position: int) -> Floats:
        """Values of one entry, shape (axes, draws); zero on axes without weight."""
        layout = self.layout
        found = np.zeros((len(layout.axes), self._table.shape[1]))
        for index, (axis, parts) in enumerate(zip(layout.axes, layout.parts, strict=True)):
            if parts:
                rows = [self._table[part.start + layout.places[part.column][position]] for part in parts]
                found[index] = combine(axis.aggregator, rows, [part.share for part in parts])
        return found

    def totals(self, weights: Floats) -> Floats:
        """Total of every entry, draw by draw, what unknown claims may cost taken off.

        Args:
            weights: By axis and draw, or by axis with one draw (last axis 1) for all.
        """
        layout = self.layout
        worth = [np.zeros((len(names), self._table.shape[1])) for names in layout.systems]
        least: list[tuple[tuple[_Part, ...], Floats]] = []
        for axis, parts, weight in zip(layout.axes, layout.parts, weights, strict=True):
            if axis.aggregator is Aggregator.WEAKEST and parts:
                least.append((parts, weight))
                continue
            for part in parts:
                worth[part.column] += self._rows(part) * (weight * part.share)
        first, *others = layout.halves
        total: Floats = self._sum(first, worth)[first.of]
        # Into one array again and again: a fresh one of megabytes costs more to come by than to fill.
        room = np.empty_like(total)
        for half in others:
            total += self._sum(half, worth).take(half.of, axis=0, out=room, mode="clip")
        total += self._rest(least).take(layout.rest.of, axis=0, out=room, mode="clip")
        for position, lost in self._lost.items():
            total[position] -= lost
        return total

    def _rows(self, part: _Part) -> Floats:
        return self._table[part.start : part.start + len(self.layout.systems[part.column])]

    def _sum(self, half: _Half, worth: Sequence[Floats]) -> Floats:
        found: Floats = worth[half.columns[0]][half.systems[0]]
        for column, systems in zip(half.columns[1:], half.systems[1:], strict=True):
            found += worth[column][systems]
        return found

    def _rest(self, least: Sequence[tuple[tuple[_Part, ...], Floats]]) -> Floats:
        """What is no sum over components: the axes that take the least of them, and what no axis holds."""
        rest = self.layout.rest
        found = np.empty((len(rest.offsets), self._table.shape[1]))
        found[...] = rest.offsets[:, None]
        for parts, weight in least:
            worst: Floats | None = None
            for part in parts:
                mine = self._rows(part)[rest.systems[rest.columns.index(part.column)]]
                worst = mine if worst is None else np.minimum(worst, mine, out=worst)
            if worst is not None:
                worst *= weight
                found += worst
        return found


class Blocks:
    """Blocks of draws, one after the other."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout = layout
        self._seed = seed
        self._start = 0
        self._uses = list(layout.uses.values())
        self._keys = stream_keys((("value", *name) for name in layout.uses), seed)

    def next(self) -> Drawn:
        """The next block."""
        layout = self._layout
        table = np.empty((len(layout.fixed), BLOCK))
        table[...] = layout.fixed[:, None]
        drawn, room = np.empty(BLOCK), np.empty((_TOGETHER, BLOCK))
        for first in range(0, len(self._uses), _TOGETHER):
            keys = self._keys[first : first + _TOGETHER]
            normal = normals_of(keys, BLOCK, self._start, room[: len(keys)])
            for row, uses in zip(normal, self._uses[first : first + _TOGETHER], strict=True):
                for use in uses:
                    np.multiply(row, use.spread, out=drawn)
                    if use.below or use.above:
                        drawn += use.mid
                    if use.below:
                        np.maximum(drawn, 0.0, out=drawn)
                    if use.above:
                        np.minimum(drawn, use.most, out=drawn)
                    table[use.row] += drawn
        found = Drawn(layout, table, self._lost())
        self._start += BLOCK
        return found

    def _lost(self) -> dict[int, Floats]:
        """By entry, the points it loses draw by draw because something unknown about it does not hold."""
        holds: dict[str, npt.NDArray[np.bool_]] = {}
        found = {}
        for position, entry in enumerate(self._layout.entries):
            for condition in entry.conditions:
                if condition.claim not in holds:
                    drawn = uniforms(("holds", condition.claim), BLOCK, self._seed, self._start)
                    holds[condition.claim] = drawn < condition.chance
            if entry.conditions:
                every = np.logical_and.reduce([holds[condition.claim] for condition in entry.conditions])
                found[position] = self._layout.failed * ~every
        return found


def _distinct(columns: Sequence[Sequence[float]]) -> tuple[list[tuple[float, ...]], Indexes]:
    """Every combination that occurs, in the order of its first row, and the combination of every row."""
    found: dict[tuple[float, ...], int] = {}
    of = np.array([found.setdefault(one, len(found)) for one in zip(*columns, strict=True)])
    return list(found), of
