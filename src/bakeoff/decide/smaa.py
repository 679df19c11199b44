"""The draws of one decision: which stacks to draw, their totals draw by draw, and how often each is first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bakeoff.catalog.model import Axis
from bakeoff.decide import draws as streams
from bakeoff.decide.feasible import Condition
from bakeoff.decide.space import Space
from bakeoff.decide.value import Floats, Term, Values, combine

Ints = npt.NDArray[np.int64]
"""Positions."""

BLOCK = 2_500
"""Draws taken at a time; a multiple of 4."""


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


@dataclass(frozen=True, slots=True)
class Tally:
    """What the draws showed."""

    firsts: Ints
    """How often each entry was first."""
    top3: Ints
    """How often each entry was among the first three."""
    beaten: Ints
    """How often each entry beat the first entry."""
    draws: int
    """Number of draws."""
    axis_values: Floats
    """Values by axis in the first block, shape (axes, entries, BLOCK)."""
    confidence: Floats
    """Confidence factor by entry; NaN where it was not asked for."""
    winners: Ints
    """Position of the first entry, draw by draw."""
    leaders: Ints
    """Positions of the first three, draw by draw, shape (3, draws)."""


class Sampler:
    """Draws values and weights by block."""

    def __init__(self, values: Values, entries: Sequence[Entry], seed: int) -> None:
        self.values = values
        self.entries = entries
        self.seed = seed
        self.axes: tuple[Axis, ...] = values.axes

    def run(self, most: int, sides: Sequence[tuple[str, ...]], asked: int) -> Tally:
        """Draws until the share of the first entry's side is known well enough, or `most` is reached.

        Args:
            most: Upper limit of draws, rounded up to whole blocks.
            sides: For each entry, what it has in common with the others that would be the same answer.
            asked: Number of leading entries whose confidence factor is wanted.
        """
        error = self.values.rules.constants["draw_error"]
        same = np.array([side == sides[0] for side in sides])
        count = len(self.entries)
        firsts, top3, beaten = (np.zeros(count, np.int64) for _ in range(3))
        winners, leaders = [], []
        kept: Floats | None = None
        central = np.zeros((len(self.axes), count))
        start = 0
        while start < most:
            weights = self.weights(BLOCK, start)
            by_axis = self.axis_block(start)
            totals = self.totals(by_axis, weights, start)
            kept = by_axis if kept is None else kept
            first = totals.argmax(axis=0)
            best = _best_three(totals, first)
            firsts += np.bincount(first, minlength=count)
            for place in best:
                top3 += np.bincount(place, minlength=count)
            beaten += (totals > totals[0]).sum(axis=1)
            for index in np.unique(first):
                central[:, index] += weights[:, first == index].sum(axis=1)
            winners.append(first)
            leaders.append(best)
            start += BLOCK
            share = float(same[np.concatenate(winners)].mean())
            if np.sqrt(share * (1 - share) / start) < error and start >= 2 * BLOCK:
                break
        confidence = self._confidence(kept if kept is not None else np.zeros((0, 0, 0)), central, firsts, asked)
        return Tally(
            firsts, top3, beaten, start, kept if kept is not None else np.zeros((0, 0, 0)), confidence,
            np.concatenate(winners), np.concatenate(leaders, axis=1),
        )  # fmt: skip

    def weights(self, count: int, start: int) -> Floats:
        """Weight vectors by what the user stated: weights a little blurred, an order, or around the centre."""
        profile, constants = self.values.situation.profile, self.values.rules.constants
        if profile.order and not profile.weights:
            names = [axis.id for axis in self.axes]
            return streams.weights_ordered(profile.order, names, count, self.seed, start)
        spread = constants["stated_spread" if profile.weights else "weight_spread"]
        return streams.weights_around(self.values.weights, count, self.seed, spread, start)

    def axis_block(self, start: int) -> Floats:
        """Values of every entry on every axis, shape (axes, entries, BLOCK)."""
        memo: dict[tuple[str, str], Floats] = {}
        parts: dict[tuple[str, str, str], Floats] = {}
        found = np.zeros((len(self.axes), len(self.entries), BLOCK))
        for index, axis in enumerate(self.axes):
            if not self.values.weights.get(axis.id):
                continue
            for position, entry in enumerate(self.entries):
                layers = [layer for layer, _ in entry.stack]
                chosen = self.values.parts(axis, layers)
                columns = []
                for column, _ in chosen:
                    layer, system = entry.stack[column]
                    key = (layer, system, axis.id)
                    if key not in parts:
                        parts[key] = self._component(self.values.terms(layer, system, axis), memo, start)
                    columns.append(parts[key])
                found[index, position] = combine(axis.aggregator, columns, [share for _, share in chosen])
        return found

    def totals(self, by_axis: Floats, weights: Floats, start: int) -> Floats:
        """Total of every entry, draw by draw, what unknown claims may cost taken off."""
        total = np.repeat(np.array([entry.offset for entry in self.entries])[:, None], by_axis.shape[2], axis=1)
        for index in range(len(self.axes)):
            total = total + by_axis[index] * weights[index]
        failed = self.values.rules.constants["failed_points"]
        holds: dict[str, npt.NDArray[np.bool_]] = {}
        for position, entry in enumerate(self.entries):
            for condition in entry.conditions:
                if condition.claim not in holds:
                    uniform = streams.uniforms(("holds", condition.claim), BLOCK, self.seed, start)
                    holds[condition.claim] = uniform < condition.chance
            if entry.conditions:
                every = np.logical_and.reduce([holds[condition.claim] for condition in entry.conditions])
                total[position] = total[position] - failed * ~every
        return total

    def _component(self, terms: Sequence[Term], memo: dict[tuple[str, str], Floats], start: int) -> Floats:
        total = np.zeros(BLOCK)
        for term in terms:
            key = (term.system, term.property)
            if key not in memo:
                memo[key] = streams.normals(("value", *key), BLOCK, self.seed, start)
            drawn = np.minimum(100.0, np.maximum(0.0, term.mid + term.spread * memo[key]))
            total = total + term.share * drawn
        return total

    def _confidence(self, by_axis: Floats, central: Floats, firsts: Ints, asked: int) -> Floats:
        found = np.full(len(self.entries), np.nan)
        for position in range(min(asked, len(self.entries))):
            if not firsts[position]:
                found[position] = 0.0
                continue
            own = central[:, position] / firsts[position]
            totals = self.totals(by_axis, np.repeat(own[:, None], by_axis.shape[2], axis=1), 0)
            found[position] = float((totals.argmax(axis=0) == position).mean())
        return found


def choose_entries(
    space: Space, expected: Floats, sides: Sequence[int], *, most: int = 120, each: int = 60
) -> list[int]:
    """Rows worth drawing: the best ones, and the best of every side, in the order of their expected value.

    A row is left out only when `most` rows and one of its own side are better at the centre of all beliefs.
    """
    kept = ranked(space, expected, most).tolist()
    if sides and len(space.rows):
        key = np.zeros(len(space.rows), np.int64)
        for column in sides:
            key = key * len(space.systems[column]) + space.rows[:, column]
        best = np.full(int(key.max()) + 1, -np.inf)
        np.maximum.at(best, key, expected)
        tops = np.flatnonzero(expected >= best[key])
        ordered = tops[_order(space, expected, tops)]
        _, firsts = np.unique(key[ordered], return_index=True)
        kept += ordered[np.sort(firsts)][:each].tolist()
    unique = np.array(sorted(set(kept)), np.int64)
    return [int(row) for row in unique[_order(space, expected, unique)]]


def ranked(space: Space, expected: Floats, most: int | None = None) -> Ints:
    """Rows by expected value, best first, at most so many; equals by the names of their components."""
    rows = np.arange(len(space.rows))
    if most is not None and len(rows) > most:
        # Everything that ties with the last place stays in until the names have decided.
        bar = np.partition(expected, len(expected) - most)[len(expected) - most]
        rows = np.flatnonzero(expected >= bar - 1e-9)
    return rows[_order(space, expected, rows)][:most]


def _order(space: Space, expected: Floats, rows: Ints) -> Ints:
    names = [np.argsort(np.argsort(np.array(systems or ("",)))) for systems in space.systems]
    keys: list[npt.NDArray[np.generic]] = [names[column][space.rows[rows, column]] for column in range(len(names))]
    return np.lexsort((*reversed(keys), -np.round(expected[rows], 9)))


def shares_by(tally: Tally, members: Mapping[str, Sequence[int]]) -> dict[str, tuple[float, float]]:
    """For groups of entries, how often one of them is first, and how often one is among the first three."""
    found = {}
    for name, positions in members.items():
        inside = np.zeros(len(tally.firsts), np.bool_)
        inside[list(positions)] = True
        first = float(inside[tally.winners].mean())
        top3 = float(inside[tally.leaders].any(axis=0).mean())
        found[name] = (first, top3)
    return found


def _best_three(totals: Floats, first: Ints) -> Ints:
    count, draws = totals.shape
    if count <= 3:
        return np.argsort(-totals, axis=0, kind="stable")[: min(3, count)]
    rest = totals.copy()
    places = [first]
    columns = np.arange(draws)
    for _ in range(2):
        rest[places[-1], columns] = -np.inf
        places.append(rest.argmax(axis=0))
    return np.stack(places)
