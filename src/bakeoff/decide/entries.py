"""The stacks worth drawing, and one block of draws over them: what stacks share is drawn and added up once.

A stack's value on an axis is a weighted sum over its components, or the least of them. Everything is therefore kept per
component and axis; stacks are put together from halves (their first layers, their last layers), of which there are far
fewer than stacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bakeoff.base.record import Struct
from bakeoff.catalog.model import Aggregator
from bakeoff.decide.draws import normals_of, stream_keys, uniforms
from bakeoff.decide.feasible import Condition
from bakeoff.decide.value import Floats, Term, Values, combine

BLOCK = 2_500
"""Draws taken at a time; a multiple of 4."""
_TOGETHER = 24
"""Streams drawn at once: as many as stay near the processor."""
_FARTHEST = 4.33
"""No normal number of a stream is farther out."""

Indexes = npt.NDArray[np.intp]
"""Positions in a table."""
Key = TypeVar("Key")
"""What makes a combination."""


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
    combinations: tuple[tuple[int, ...], ...]
    """Position of the system in each column."""


class _Rest(Struct, frozen=True):
    """What distinguishes stacks beside sums over their layers, each combination once."""

    columns: tuple[int, ...]
    """Layers of which some axis takes the least."""
    systems: Indexes
    """Position of the system in its column, shape (layers, combinations)."""
    offsets: Floats
    """Points that no axis holds, by combination."""


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
        weakest = [axis.aggregator is Aggregator.WEAKEST for axis in values.axes]
        self.added = [() if least else parts for parts, least in zip(self.parts, weakest, strict=True)]
        self.least = [parts if least else () for parts, least in zip(self.parts, weakest, strict=True)]
        self.places = [
            [names.index(entry.stack[column][1]) for entry in entries] for column, names in enumerate(self.systems)
        ]
        middle = (len(layers) + 1) // 2
        halves = [self._half(half) for half in (columns[:middle], columns[middle:]) if half]
        self.halves = tuple(half for half, _ in halves)
        self.rest, of = self._rest()
        # By entry, its combination in each half and in the rest.
        self.sums = tuple(zip(*(places for _, places in halves), of, strict=True))

    def _half(self, columns: tuple[int, ...]) -> tuple[_Half, list[int]]:
        combinations, of = _distinct(zip(*(self.places[column] for column in columns), strict=True))
        return _Half(columns, tuple(combinations)), of

    def _rest(self) -> tuple[_Rest, list[int]]:
        columns = tuple(dict.fromkeys(part.column for parts in self.least for part in parts))
        every = [
            (entry.offset, tuple(self.places[column][position] for column in columns))
            for position, entry in enumerate(self.entries)
        ]
        combinations, of = _distinct(every)
        systems = np.array([places for _, places in combinations], np.intp).T
        return _Rest(columns, systems, np.array([offset for offset, _ in combinations])), of

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


class _Room:
    """Arrays to work in, used again and again: fresh megabytes cost more to come by than to fill."""

    def __init__(self, layout: Layout) -> None:
        rest, systems = len(layout.rest.offsets), [len(names) for names in layout.systems]
        halves = [len(half.combinations) for half in layout.halves]
        table, spare = len(layout.fixed), max(rest, *systems)
        sizes = [table, table, len(layout.entries), _TOGETHER, rest, rest, spare, *systems, *halves]
        # One array for all: for one so large NumPy asks the system for large pages, which are had sooner.
        arrays = np.split(np.empty((sum(sizes), BLOCK)), np.cumsum(sizes)[:-1])
        self.first, self.later, self.totals, self.normals, self.rest, self.worst, self.spare, *others = arrays
        self.worth, self.halves = others[: len(systems)], others[len(systems) :]


class Drawn:
    """One block of draws of what components are worth."""

    def __init__(self, layout: Layout, table: Floats, lost: dict[int, Floats], room: _Room) -> None:
        self.layout = layout
        self.table = table
        self._lost = lost
        self._room = room

    def on_axes(self, position: int) -> Floats:
        """Values of one entry, shape (axes, draws); zero on axes without weight."""
        layout = self.layout
        found = np.zeros((len(layout.axes), self.table.shape[1]))
        for index, (axis, parts) in enumerate(zip(layout.axes, layout.parts, strict=True)):
            if parts:
                rows = [self.table[part.start + layout.places[part.column][position]] for part in parts]
                found[index] = combine(axis.aggregator, rows, [part.share for part in parts])
        return found

    def totals(self, weights: Floats, *, keep: bool = True) -> Floats:
        """Total of every entry, draw by draw, what unknown claims may cost taken off.

        Args:
            weights: By axis and draw, or by axis with one draw (last axis 1) for all.
            keep: Whether they must outlast the next totals.
        """
        layout, room = self.layout, self._room
        self._worth(weights)
        for half, found in zip(layout.halves, room.halves, strict=True):
            _add_up([room.worth[column] for column in half.columns], half.combinations, found)
        self._rest(weights)
        totals = np.empty_like(room.totals) if keep else room.totals
        _add_up([*room.halves, room.rest], layout.sums, totals)
        for position, lost in self._lost.items():
            totals[position] -= lost
        return totals

    def _worth(self, weights: Floats) -> None:
        """What every component adds to a total."""
        layout, room = self.layout, self._room
        new = set(range(len(layout.systems)))
        for parts, weight in zip(layout.added, weights, strict=True):
            for part in parts:
                worth, rows = room.worth[part.column], self._rows(part)
                if part.column in new:
                    np.multiply(rows, weight * part.share, out=worth)
                    new.remove(part.column)
                else:
                    worth += np.multiply(rows, weight * part.share, out=room.spare[: len(rows)])
        for column in new:
            room.worth[column].fill(0.0)

    def _rest(self, weights: Floats) -> None:
        """What is no sum over components: the axes that take the least of them, and what no axis holds."""
        rest, found = self.layout.rest, self._room.rest
        worst, spare = self._room.worst, self._room.spare[: len(found)]
        found[...] = rest.offsets[:, None]
        for parts, weight in zip(self.layout.least, weights, strict=True):
            for place, part in enumerate(parts):
                systems = rest.systems[rest.columns.index(part.column)]
                mine = self._rows(part).take(systems, axis=0, out=spare if place else worst, mode="clip")
                if place:
                    np.minimum(worst, mine, out=worst)
            if parts:
                worst *= weight
                found += worst

    def _rows(self, part: _Part) -> Floats:
        return self.table[part.start : part.start + len(self.layout.systems[part.column])]


class Blocks:
    """Blocks of draws, one after the other; each but the first takes the place of the one before it."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout = layout
        self._seed = seed
        self._start = 0
        self._uses = list(layout.uses.values())
        self._keys = stream_keys((("value", *name) for name in layout.uses), seed)
        drawn = {use.row for uses in self._uses for use in uses}
        self._still = np.array([row for row in range(len(layout.fixed)) if row not in drawn], np.intp)
        self._room = _Room(layout)
        # Bounds as whole rows: NumPy compares two rows at more than twice the speed of a row and a number.
        self._least, self._most = np.zeros(BLOCK), np.empty(BLOCK)

    def next(self) -> Drawn:
        """The next block."""
        layout, room = self._layout, self._room
        table = room.later if self._start else room.first
        table[self._still] = layout.fixed[self._still, None]
        rows, fixed = list(table), layout.fixed.tolist()
        begun: set[int] = set()
        spare = np.empty(BLOCK)
        for first in range(0, len(self._uses), _TOGETHER):
            keys = self._keys[first : first + _TOGETHER]
            normal = normals_of(keys, BLOCK, self._start, room.normals[: len(keys)])
            for stream, uses in zip(normal, self._uses[first : first + _TOGETHER], strict=True):
                for use in uses:
                    row = rows[use.row]
                    if use.row in begun:
                        row += self._points(use, stream, spare)
                    else:
                        begun.add(use.row)
                        self._points(use, stream, row)
                        if fixed[use.row]:
                            row += fixed[use.row]
        found = Drawn(layout, table, self._lost(), room)
        self._start += BLOCK
        return found

    def _points(self, use: _Use, normal: Floats, out: Floats) -> Floats:
        """What a measure is worth draw by draw, without its centre where no draw leaves the scale."""
        np.multiply(normal, use.spread, out=out)
        if use.below or use.above:
            out += use.mid
            if use.below:
                np.maximum(out, self._least, out=out)
            if use.above:
                self._most.fill(use.most)
                np.minimum(out, self._most, out=out)
        return out

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


def _add_up(tables: Sequence[Floats], combinations: Sequence[tuple[int, ...]], out: Floats) -> None:
    """Writes, for every combination, the sum of one row of each table."""
    first, *others = [list(table) for table in tables]
    for total, (place, *places) in zip(out, combinations, strict=True):
        found = first[place]
        for rows, other in zip(others, places, strict=True):
            found = np.add(found, rows[other], out=total)
        if found is not total:
            total[...] = found


def _distinct(combinations: Iterable[Key]) -> tuple[list[Key], list[int]]:
    """Every combination that occurs, in the order of its first row, and the combination of every row."""
    found: dict[Key, int] = {}
    of = [found.setdefault(one, len(found)) for one in combinations]
    return list(found), of
