"""The stacks worth drawing, and one block of draws over them: what stacks share is drawn and added up once.

A stack's value on an axis is a weighted sum over its components, or the least of them. Everything is therefore kept per
component and axis; stacks are put together from halves (their first layers, their last layers), of which there are far
fewer than stacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bakeoff.base.quick import quick
from bakeoff.catalog.model import Aggregator
from bakeoff.decide.draws import Stream, uniforms
from bakeoff.decide.feasible import Condition
from bakeoff.decide.value import Floats, Term, Values, combine

BLOCK = 2_500
"""Draws taken at a time; a multiple of 4."""
_FARTHEST = 4.33
"""No normal number of a stream is farther out."""

Indexes = npt.NDArray[np.intp]
"""Positions in a table."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stack to draw."""

    row: int
    """Its row in the space."""
    stack: tuple[tuple[str, str], ...]
    """(layer, system)."""
    offset: float
    """Points of the total that no axis holds: conversions."""
    conditions: tuple[Condition, ...]
    """Unknown claims that must hold."""


@quick
@dataclass(frozen=True, slots=True)
class _Use:
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


@dataclass(frozen=True, slots=True)
class _Part:
    """The components of one layer on one axis."""

    column: int
    """The layer."""
    share: float
    """Share of the layer on the axis."""
    start: int
    """First row of the table of values; one row for each system of the column follows."""


@dataclass(frozen=True, slots=True)
class _Half:
    """Some layers of the stacks, each combination that occurs once."""

    columns: tuple[int, ...]
    """The layers."""
    systems: Indexes
    """Position of the system in its column, shape (layers, combinations)."""
    of: Indexes
    """Combination of every entry."""


class Layout:
    """What has to be drawn for some entries, and how entries are put together from it."""

    def __init__(self, values: Values, entries: Sequence[Entry]) -> None:
        layers = [layer for layer, _ in entries[0].stack]
        self.entries = entries
        self.axes = values.axes
        self.failed = values.rules.constants["failed_points"]
        self.offsets = np.array([entry.offset for entry in entries])
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
        places = [
            np.array([names.index(entry.stack[column][1]) for entry in entries])
            for column, names in enumerate(self.systems)
        ]
        self.places = places
        middle = (len(layers) + 1) // 2
        self.halves = tuple(_half(half, places) for half in (columns[:middle], columns[middle:]) if half)

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
        total = np.repeat(layout.offsets[:, None], self._table.shape[1], axis=1)
        for put in self._put_together(weights):
            total += put
        for position, lost in self._lost.items():
            total[position] -= lost
        return total

    def _put_together(self, weights: Floats) -> Iterator[Floats]:
        layout = self.layout
        worth = [np.zeros((len(names), self._table.shape[1])) for names in layout.systems]
        for axis, parts, weight in zip(layout.axes, layout.parts, weights, strict=True):
            if not parts:
                continue
            if axis.aggregator is Aggregator.WEAKEST:
                yield self._over({part.column: self._rows(part) for part in parts}, np.minimum) * weight
            else:
                for part in parts:
                    worth[part.column] += self._rows(part) * (weight * part.share)
        yield from (self._sum(half, worth)[half.of] for half in layout.halves)

    def _rows(self, part: _Part) -> Floats:
        return self._table[part.start : part.start + len(self.layout.systems[part.column])]

    def _sum(self, half: _Half, worth: Sequence[Floats]) -> Floats:
        found: Floats = worth[half.columns[0]][half.systems[0]]
        for column, systems in zip(half.columns[1:], half.systems[1:], strict=True):
            found += worth[column][systems]
        return found

    def _over(self, rows: dict[int, Floats], op: Callable[[Floats, Floats], Floats]) -> Floats:
        """The numbers of some layers put together by `op`, for every entry."""
        found: Floats | None = None
        for half in self.layout.halves:
            mine: Floats | None = None
            for column, systems in zip(half.columns, half.systems, strict=True):
                if column in rows:
                    one = rows[column][systems]
                    mine = one if mine is None else op(mine, one)
            if mine is not None:
                found = mine[half.of] if found is None else op(found, mine[half.of])
        return np.zeros((1, 1)) if found is None else found


class Blocks:
    """Blocks of draws, one after the other."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout = layout
        self._seed = seed
        self._start = 0
        self._streams = [(Stream(("value", *key), seed), uses) for key, uses in layout.uses.items()]

    def next(self) -> Drawn:
        """The next block."""
        layout = self._layout
        table = np.repeat(layout.fixed[:, None], BLOCK, axis=1)
        drawn = np.empty(BLOCK)
        for stream, uses in self._streams:
            normal = stream.normals(BLOCK)
            for use in uses:
                np.multiply(normal, use.spread, out=drawn)
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


def _half(columns: tuple[int, ...], places: Sequence[Indexes]) -> _Half:
    combinations: dict[tuple[int, ...], int] = {}
    chosen = zip(*(places[column].tolist() for column in columns), strict=True)
    of = np.array([combinations.setdefault(one, len(combinations)) for one in chosen])
    return _Half(columns, np.array(list(combinations)).T, of)
